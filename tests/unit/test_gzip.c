/* fs/gzip.h: files packed by the system's zlib come back whole, in any order of reading; damaged
 * ones never do. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "gzip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { PACKED_ROOM = 3 << 20 };

/* ---- files ---- */

struct form {
    const char *name;
    int level, strategy;
    const char *extra, *file_name, *comment;
    bool header_crc;
};

static const struct form plain = {.name = "plain", .level = 6};

static const struct form forms[] = {
    {"plain", 6, Z_DEFAULT_STRATEGY, NULL, NULL, NULL, false},
    {"stored", 0, Z_DEFAULT_STRATEGY, NULL, NULL, NULL, false},
    {"fixed codes", 9, Z_FIXED, NULL, NULL, NULL, false},
    {"no matches", 6, Z_HUFFMAN_ONLY, NULL, NULL, NULL, false},
    {"runs", 6, Z_RLE, NULL, NULL, NULL, false},
    {"best, with a name", 9, Z_DEFAULT_STRATEGY, NULL, "kernel.elf", NULL, false},
    {"comment", 1, Z_DEFAULT_STRATEGY, NULL, NULL, "a comment", false},
    {"extra field", 6, Z_DEFAULT_STRATEGY, "extra", NULL, NULL, false},
    {"all fields", 6, Z_DEFAULT_STRATEGY, "xy", "", "c", true},
    {"header checksum alone", 6, Z_DEFAULT_STRATEGY, NULL, NULL, NULL, true},
};

static struct bytes pack(const struct form *form, struct bytes data) {
    u8 *room = malloc(PACKED_ROOM);
    z_stream stream = {.next_in = (u8 *)data.at,
                       .avail_in = (uInt)data.size,
                       .next_out = room,
                       .avail_out = PACKED_ROOM};
    gz_header header = {.extra = (u8 *)form->extra,
                        .extra_len = form->extra ? (uInt)strlen(form->extra) : 0,
                        .name = (u8 *)form->file_name,
                        .comment = (u8 *)form->comment,
                        .hcrc = form->header_crc,
                        .time = 0x12345678,
                        .os = 3};
    assert_int_equal(deflateInit2(&stream, form->level, Z_DEFLATED, 31, 8, form->strategy), Z_OK);
    assert_int_equal(deflateSetHeader(&stream, &header), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t size = stream.total_out;
    deflateEnd(&stream);
    u8 *exact = malloc(size);
    memcpy(exact, room, size);
    free(room);
    return (struct bytes){exact, size};
}

static u32 next_random(u32 *seed) {
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Contents that make matches near and far, and long literals. */
static struct bytes content(size_t size) {
    u8 *bytes = malloc(size + 1);
    u32 seed = (u32)size;
    for (size_t i = 0; i < size;) {
        u32 kind = next_random(&seed) % 4, length = next_random(&seed) % 700 + 1;
        u32 back = next_random(&seed) % 32768 + 1;
        for (; length && i < size; length--, i++)
            bytes[i] = kind == 0               ? (u8)next_random(&seed)
                       : kind == 1             ? (u8) "a kernel "[i % 9]
                       : kind == 2 || i < back ? 0
                                               : bytes[i - back];
    }
    return (struct bytes){bytes, size};
}

/* A medium that counts, and fails where it is told to. */
struct medium {
    struct bytes bytes;
    u32 reads;
    u32 failing; /* the number of the read that fails, from 1; 0: none */
    u64 amount;
};

static struct error medium_read(void *context, u64 offset, void *to, size_t size) {
    struct medium *medium = context;
    medium->amount += size;
    if (++medium->reads == medium->failing)
        return error_make(ERROR_DISK_READ, .name = "disk", .number = {offset, 4});
    memcpy(to, medium->bytes.at + offset, size);
    return OK;
}

struct opened {
    struct medium medium;
    struct gzip_file file;
    struct source data;
};

static struct inflater inflater;

static struct error open_packed(struct bytes packed, struct opened *opened) {
    opened->medium = (struct medium){.bytes = packed};
    opened->data = (struct source){.read = medium_read,
                                   .context = &opened->medium,
                                   .size = packed.size,
                                   .name = "/boot/kernel.gz"};
    return gzip_open(&opened->file, &inflater, &opened->data);
}

static void check_range(const struct opened *opened, struct bytes data, u64 offset, size_t size) {
    u8 *to = malloc(size + 1); /* exact, for the address sanitizer */
    to[size] = 0xee;
    struct error error = source_read(&opened->data, offset, to, size);
    if (error.code)
        print_error("error %d at %llu + %zu\n", error.code, (unsigned long long)offset, size);
    assert_int_equal(error.code, ERROR_NONE);
    assert_memory_equal(to, data.at + offset, size);
    assert_int_equal(to[size], 0xee);
    free(to);
}

/* ---- whole files ---- */

static void read_in_many_ways(const struct form *form, struct bytes data) {
    struct bytes packed = pack(form, data);
    struct opened opened;
    assert_int_equal(open_packed(packed, &opened).code, ERROR_NONE);
    assert_int_equal(opened.data.size, data.size);
    assert_string_equal(opened.data.name, "/boot/kernel.gz");
    check_range(&opened, data, 0, data.size);
    check_range(&opened, data, 0, data.size);
    for (size_t at = 0, step = 1; at < data.size; at += step, step = step * 2 + 1)
        check_range(&opened, data, at, step < data.size - at ? step : data.size - at);
    u32 seed = 1;
    for (u32 i = 0; data.size && i < 20; i++) {
        size_t at = next_random(&seed) % data.size;
        check_range(&opened, data, at, next_random(&seed) % (data.size - at) + 1);
    }
    check_range(&opened, data, data.size, 0);
    free((void *)packed.at);
}

static void test_forms_and_sizes(void **state) {
    (void)state;
    static const size_t sizes[] = {0,     1,     2,     257,   258,   259,    4095,   4096,
                                   16384, 32767, 32768, 32769, 65537, 300001, 1 << 20};
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        struct bytes data = content(sizes[i]);
        for (size_t j = 0; j < ARRAY_COUNT(forms); j++)
            read_in_many_ways(&forms[j], data);
        free((void *)data.at);
    }
}

/* A header as long as several pieces of the packed file. */
static void test_long_header(void **state) {
    (void)state;
    static char name[40000];
    memset(name, 'n', sizeof name - 1);
    struct form form = {"long name", 6, Z_DEFAULT_STRATEGY, "", name, name, true};
    struct bytes data = content(10000);
    read_in_many_ways(&form, data);
    free((void *)data.at);
}

/* ---- what is read of the packed file ---- */

static void test_forward_reads_once(void **state) {
    (void)state;
    struct bytes data = content(500000), packed = pack(&plain, data);
    struct opened opened;
    assert_int_equal(open_packed(packed, &opened).code, ERROR_NONE);
    assert_int_equal(opened.medium.amount, 8); /* magic and size */
    opened.medium.reads = 0;
    opened.medium.amount = 0;
    check_range(&opened, data, 0, 52);
    check_range(&opened, data, 52, 96);
    check_range(&opened, data, 4096, 100000);
    check_range(&opened, data, 104096, 300000);
    check_range(&opened, data, 450000, 50000);
    assert_int_equal(opened.medium.amount, packed.size);
    assert_int_equal(opened.medium.reads, (packed.size + GZIP_PIECE - 1) / GZIP_PIECE);
    free((void *)packed.at);
    free((void *)data.at);
}

static void test_two_files_share_the_inflater(void **state) {
    (void)state;
    struct bytes one = content(70000), two = content(90000);
    struct bytes packed_one = pack(&plain, one), packed_two = pack(&forms[2], two);
    struct opened a, b;
    assert_int_equal(open_packed(packed_one, &a).code, ERROR_NONE);
    assert_int_equal(open_packed(packed_two, &b).code, ERROR_NONE);
    for (u32 i = 0; i < 6; i++) {
        check_range(&a, one, i * 10000, 9000);
        check_range(&b, two, i * 10000 + 5, 9000);
    }
    /* The same place in memory, for another file. */
    check_range(&a, one, 0, 100);
    assert_int_equal(open_packed(packed_two, &a).code, ERROR_NONE);
    check_range(&a, two, 200, 20000);
    /* What was read of one is no check of another; an empty one has nothing to check. */
    check_range(&a, two, 0, two.size);
    assert_int_equal(gzip_check(&a.file).code, ERROR_NONE);
    u64 amount = b.medium.amount;
    check_range(&b, two, 0, 10);
    assert_int_equal(gzip_check(&b.file).code, ERROR_NONE);
    assert_int_equal(b.medium.amount, amount + packed_two.size);
    struct bytes none = content(0), packed_none = pack(&plain, none);
    struct opened empty;
    assert_int_equal(open_packed(packed_none, &empty).code, ERROR_NONE);
    assert_int_equal(gzip_check(&empty.file).code, ERROR_NONE);
    assert_int_equal(empty.medium.amount, 8);
    free((void *)packed_none.at);
    free((void *)none.at);
    free((void *)packed_one.at);
    free((void *)packed_two.at);
    free((void *)one.at);
    free((void *)two.at);
}

/* Each read of the medium fails in turn; the next try goes well. */
static void test_failing_reads(void **state) {
    (void)state;
    struct bytes data = content(200000), packed = pack(&plain, data);
    struct opened opened;
    u8 *to = malloc(data.size);
    u32 failures = 0;
    for (bool failed = true; failed; failures += failed) {
        assert_int_equal(open_packed(packed, &opened).code, ERROR_NONE);
        opened.medium.reads = 0;
        opened.medium.failing = failures + 1;
        check_range(&opened, data, 0, failures ? 52 : 0);
        struct error error = source_read(&opened.data, 100, to, data.size - 100);
        failed = error.code != ERROR_NONE;
        if (failed) {
            assert_int_equal(error.code, ERROR_DISK_READ);
            check_range(&opened, data, 60, 1000);
            check_range(&opened, data, 2000, data.size - 2000);
        }
    }
    assert_true(failures >= packed.size / GZIP_PIECE);
    free(to);
    free((void *)packed.at);
    free((void *)data.at);
}

/* A file whose header, or whose trailer, lies where one piece of the packed file ends: each read
 * fails in turn, those of gzip_open() too. */
static void fail_each_read(const struct form *form, struct bytes data) {
    struct bytes packed = pack(form, data);
    struct opened opened;
    struct error error = {.code = ERROR_DISK_READ};
    u8 *to = malloc(data.size);
    u32 n = 0;
    while (error.code) {
        opened.medium = (struct medium){.bytes = packed, .failing = ++n};
        opened.data = (struct source){.read = medium_read,
                                      .context = &opened.medium,
                                      .size = packed.size,
                                      .name = "/boot/kernel.gz"};
        error = gzip_open(&opened.file, &inflater, &opened.data);
        if (!error.code)
            error = source_read(&opened.data, data.size / 2, to, data.size - data.size / 2);
        assert_true(!error.code || (error.code == ERROR_DISK_READ && opened.medium.reads == n));
    }
    assert_memory_equal(to, data.at + data.size / 2, data.size - data.size / 2);
    assert_true(n > 2 + packed.size / GZIP_PIECE);
    free(to);
    free((void *)packed.at);
}

static void test_failures_between_pieces(void **state) {
    (void)state;
    static char name[GZIP_PIECE + 1];
    struct bytes data = content(40000), small = content(20);
    for (u32 length = GZIP_PIECE - 50; length < GZIP_PIECE; length++) {
        const struct form in_name = {"name", 6, 0, "abcd", name, "comment", true};
        const struct form in_extra = {"extra", 6, 0, name, "name", "comment", true};
        memset(name, 'n', length);
        name[length] = 0;
        fail_each_read(&in_name, data);
        fail_each_read(&in_extra, data);
        fail_each_read(&in_name, small);
    }
    free((void *)data.at);
    free((void *)small.at);
}

/* What is not read to the end is checked all the same; what was read is not unpacked again. */
static void test_check(void **state) {
    (void)state;
    struct bytes data = content(100000), packed = pack(&plain, data);
    struct opened opened;
    struct gzip_file not_packed = {.inflater = NULL};
    assert_int_equal(gzip_check(&not_packed).code, ERROR_NONE);
    assert_int_equal(open_packed(packed, &opened).code, ERROR_NONE);
    check_range(&opened, data, 0, 60000);
    assert_int_equal(gzip_check(&opened.file).code, ERROR_NONE);
    assert_int_equal(opened.medium.amount, packed.size + 8);
    assert_int_equal(gzip_check(&opened.file).code, ERROR_NONE);
    assert_int_equal(opened.medium.amount, packed.size + 8);
    check_range(&opened, data, 99000, 1000);
    ((u8 *)packed.at)[packed.size - 5] ^= 1;
    assert_int_equal(open_packed(packed, &opened).code, ERROR_NONE);
    check_range(&opened, data, 0, 99999);
    assert_int_equal(gzip_check(&opened.file).code, ERROR_GZIP_CRC);
    assert_int_equal(gzip_check(&opened.file).code, ERROR_GZIP_CRC);
    /* Then another file, which is none, in the same place. */
    assert_int_equal(open_packed((struct bytes){data.at, 1000}, &opened).code, ERROR_NONE);
    assert_int_equal(gzip_check(&opened.file).code, ERROR_NONE);
    free((void *)packed.at);
    free((void *)data.at);
}

/* ---- no gzip files ---- */

static void test_other_files_stay(void **state) {
    (void)state;
    static const struct {
        const char *name, *bytes;
        size_t size;
    } rows[] = {
        {"empty", "", 0},
        {"one byte", "\x1f", 1},
        {"three bytes", "\x1f\x8b\x08", 3},
        {"an ELF file",
         "\x7f"
         "ELF\1\1\1 and so on, for some bytes",
         40},
        {"another first byte", "\x1e\x8b\x08 and so on, for some bytes", 32},
        {"another second byte", "\x1f\x8c\x08 and so on, for some bytes", 32},
        {"another method", "\x1f\x8b\x07 and so on, for some bytes", 32},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct opened opened;
        struct bytes bytes = {(const u8 *)rows[i].bytes, rows[i].size};
        assert_int_equal(open_packed(bytes, &opened).code, ERROR_NONE);
        assert_int_equal(opened.data.size, rows[i].size);
        assert_ptr_equal(opened.data.context, &opened.medium);
    }
}

/* ---- damaged files ---- */

static void test_too_short(void **state) {
    (void)state;
    struct opened opened;
    struct bytes bytes = {(const u8 *)"\x1f\x8b\x08\0\0\0\0\0\0\3\3\0\0\0\0\0\0\0", 17};
    assert_int_equal(open_packed(bytes, &opened).code, ERROR_GZIP_TRUNCATED);
}

/* Reads to the end in pieces, as far as it goes; what comes must be the content. */
static struct error read_to_end(const struct opened *opened, struct bytes data) {
    u8 piece[1000];
    for (u64 at = 0; at < opened->data.size; at += sizeof piece) {
        u64 left = opened->data.size - at;
        TRY(source_read(&opened->data, at, piece,
                        left < sizeof piece ? (size_t)left : sizeof piece));
        assert_true(at < data.size + 2 * sizeof piece); /* a wrong size is found soon */
    }
    return OK;
}

static struct error read_damaged(struct bytes packed, struct bytes data) {
    struct opened opened;
    TRY(open_packed(packed, &opened));
    TRY(read_to_end(&opened, data));
    if (opened.data.size)
        check_range(&opened, data, 0, data.size);
    return OK;
}

struct damage {
    const char *name;
    int at;   /* offset; from the end if negative */
    u32 flip; /* bits of the four bytes there */
    int cut;  /* bytes cut off the end (negative: added) */
    enum error_code code;
    const char *text;
};

/* The content is 1000 bytes. With all fields, the header is 10 + 4 + 1 + 2 + 2 bytes. */
static const struct damage damages[] = {
    {"reserved flag", 3, 0x20, 0, ERROR_GZIP_HEADER,
     "its gzip header is damaged: it has flags that do not exist"},
    {"highest reserved flag", 3, 0x80, 0, ERROR_GZIP_HEADER, "flags that do not exist"},
    {"header checksum", 4, 1, 0, ERROR_GZIP_HEADER,
     "its gzip header is damaged: its checksum is wrong"},
    {"its own bytes", 17, 0x4000, 0, ERROR_GZIP_HEADER, "its checksum is wrong"},
    {"checksum", -8, 0x100, 0, ERROR_GZIP_CRC, "unpacked, its CRC-32 is 0x"},
    {"one byte too many", -4, 1000 ^ 1001, 0, ERROR_GZIP_SIZE,
     "does not unpack to the 1001 bytes that its last bytes say"},
    {"one byte too few", -4, 1000 ^ 999, 0, ERROR_GZIP_SIZE, "does not unpack to the 999 bytes"},
    {"4 GiB", -4, ~(u32)1000, 0, ERROR_GZIP_SIZE, "does not unpack to the 3.9 GiB"},
    {"nothing but a size of 0", -4, 1000, 0, ERROR_NONE, ""},
    {"block type 3", 19, 6, 0, ERROR_GZIP_DATA, "damaged before offset 0x"},
    {"no trailer", -1, 0, 8, ERROR_NONE, NULL},
    {"a byte behind it", -1, 0, -1, ERROR_NONE, NULL},
};

static void check_damage(const struct damage *damage, struct bytes packed, struct bytes data) {
    u8 *bytes = malloc(packed.size + 1);
    char buffer[300];
    struct text text = TEXT_IN(buffer);
    memcpy(bytes, packed.at, packed.size);
    bytes[packed.size] = 0;
    u8 *at = bytes + (damage->at < 0 ? (int)packed.size : 0) + damage->at;
    for (u32 i = 0; i < 4 && damage->flip >> 8 * i; i++)
        at[i] ^= (u8)(damage->flip >> 8 * i);
    struct bytes damaged = {bytes, packed.size - (size_t)damage->cut};
    struct error error = read_damaged(damaged, data);
    error_text(&error, &text);
    if (damage->text &&
        (error.code != damage->code || (error.code && !strstr(buffer, damage->text))))
        fail_msg("%s: %d %s", damage->name, error.code, buffer);
    if (!damage->text && !error.code)
        fail_msg("%s: no error", damage->name);
    free(bytes);
}

static void test_damages(void **state) {
    (void)state;
    struct bytes data = content(1000), packed = pack(&forms[8], data);
    for (size_t i = 0; i < ARRAY_COUNT(damages); i++)
        check_damage(&damages[i], packed, data);
    free((void *)packed.at);
    free((void *)data.at);
}

/* The CRC-32 that is told is the one of the content, and the one that the file has. */
static void test_checksums_told(void **state) {
    (void)state;
    struct bytes data = content(5000), packed = pack(&plain, data);
    u8 *trailer = (u8 *)packed.at + packed.size - 8;
    u32 right = (u32)crc32(0, data.at, 5000);
    assert_int_equal(load32(trailer), right);
    store32(trailer, 0x12345678);
    struct error error = read_damaged(packed, data);
    assert_int_equal(error.code, ERROR_GZIP_CRC);
    assert_int_equal(error.values.number[0], right);
    assert_int_equal(error.values.number[1], 0x12345678);
    free((void *)packed.at);
    free((void *)data.at);
}

/* Two members, the second as long as the first, shorter, longer: never taken for one file. */
static void test_members(void **state) {
    (void)state;
    static const size_t sizes[] = {3000, 1, 2999, 3001, 50000};
    struct bytes one = content(3000), first = pack(&plain, one);
    for (size_t i = 0; i < ARRAY_COUNT(sizes); i++) {
        struct bytes two = content(sizes[i]), second = pack(&plain, two);
        u8 *both = malloc(first.size + second.size);
        memcpy(both, first.at, first.size);
        memcpy(both + first.size, second.at, second.size);
        struct error error = read_damaged((struct bytes){both, first.size + second.size}, two);
        assert_int_equal(error.code, ERROR_GZIP_SIZE);
        free(both);
        free((void *)second.at);
        free((void *)two.at);
    }
    free((void *)first.at);
    free((void *)one.at);
}

/* The size at the end of a file that was cut off is any number: one that no deflate data of this
 * length has is refused before room is looked for. Zeros, which pack best, are not. */
static void test_sizes_that_cannot_be(void **state) {
    (void)state;
    struct bytes zeros = {calloc(1 << 20, 1), 1 << 20}, packed = pack(&plain, zeros);
    struct gzip_file file;
    struct source source = source_memory(&packed, "zeros");
    assert_int_equal(gzip_open(&file, &inflater, &source).code, ERROR_NONE);
    assert_int_equal(source.size, 1 << 20);
    store32((u8 *)packed.at + packed.size - 4, (u32)(packed.size * 1032 + 1));
    source = source_memory(&packed, "zeros");
    struct error error = gzip_open(&file, &inflater, &source);
    assert_int_equal(error.code, ERROR_GZIP_SIZE);
    assert_int_equal(error.values.number[0], packed.size * 1032 + 1);
    free((void *)packed.at);
    free((void *)zeros.at);
}

/* The member ends where a piece of the file ends, and something stands behind it. */
static void test_member_of_one_piece(void **state) {
    (void)state;
    static char name[GZIP_PIECE];
    struct bytes data = content(3000), packed = pack(&plain, data);
    memset(name, 'n', GZIP_PIECE - packed.size - 1);
    free((void *)packed.at);
    packed = pack(&(struct form){.level = 6, .file_name = name}, data);
    assert_int_equal(packed.size, GZIP_PIECE);
    assert_int_equal(read_damaged(packed, data).code, ERROR_NONE);
    u8 *more = malloc(packed.size + 4);
    memcpy(more, packed.at, packed.size);
    store32(more + packed.size, 3000);
    assert_int_equal(read_damaged((struct bytes){more, packed.size + 4}, data).code,
                     ERROR_GZIP_SIZE);
    free(more);
    free((void *)packed.at);
    free((void *)data.at);
}

/* A damaged file is refused, or it reads as it did (a changed date or name). */
static void test_truncations_and_mutations(void **state) {
    (void)state;
    struct bytes data = content(3000);
    for (size_t j = 0; j < ARRAY_COUNT(forms); j++) {
        struct bytes packed = pack(&forms[j], data);
        for (size_t size = 4; size < packed.size; size++) {
            u8 *cut = malloc(size);
            memcpy(cut, packed.at, size);
            struct error error = read_damaged((struct bytes){cut, size}, data);
            if (size < 18)
                assert_int_equal(error.code, ERROR_GZIP_TRUNCATED);
            if (error.code != ERROR_GZIP_TRUNCATED && error.code != ERROR_GZIP_SIZE)
                /* What stands last is taken for the size. */
                assert_true(!error.code && load32(cut + size - 4) == 0);
            free(cut);
        }
        for (size_t at = 3; at < packed.size; at++)
            for (u32 bit = 0; bit < 8; bit++) {
                ((u8 *)packed.at)[at] ^= (u8)(1 << bit);
                struct error error = read_damaged(packed, data);
                assert_true(!error.code ||
                            (error.code >= ERROR_GZIP_HEADER && error.code <= ERROR_GZIP_SIZE));
                ((u8 *)packed.at)[at] ^= (u8)(1 << bit);
            }
        free((void *)packed.at);
    }
    free((void *)data.at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms_and_sizes),
        cmocka_unit_test(test_long_header),
        cmocka_unit_test(test_forward_reads_once),
        cmocka_unit_test(test_two_files_share_the_inflater),
        cmocka_unit_test(test_failing_reads),
        cmocka_unit_test(test_failures_between_pieces),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_other_files_stay),
        cmocka_unit_test(test_too_short),
        cmocka_unit_test(test_damages),
        cmocka_unit_test(test_checksums_told),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_sizes_that_cannot_be),
        cmocka_unit_test(test_member_of_one_piece),
        cmocka_unit_test(test_truncations_and_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
