/* fs/cache.h: the bytes are those of the source, and the requests that reach it are the promised.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = CACHE_LINE_SIZE, LOG_MAX = 8, LINES_MAX = CACHE_LINES_MAX };

struct request {
    u64 offset;
    size_t size;
};

/* A source that keeps a list of what was asked of it, and has one bad byte where wanted. */
struct disk {
    u64 bad; /* the byte that cannot be read; ~0 for none */
    u32 count;
    struct request log[LOG_MAX];
};

static u8 disk_byte(u64 offset) {
    return (u8)(offset ^ offset >> 7 ^ offset >> 13);
}

static struct error disk_read(void *context, u64 offset, void *to, size_t size) {
    struct disk *disk = context;
    if (disk->count < LOG_MAX)
        disk->log[disk->count] = (struct request){offset, size};
    disk->count++;
    if (disk->bad >= offset && disk->bad - offset < size) {
        memset(to, 0xbd, size);
        return error_make(ERROR_DISK_READ, .name = "disk", .number = {disk->bad, 4});
    }
    for (size_t i = 0; i < size; i++)
        ((u8 *)to)[i] = disk_byte(offset + i);
    return OK;
}

struct fixture {
    struct disk disk;
    struct cache cache;
    struct source under, source;
    u8 *storage;
};

static void set_up(struct fixture *f, u64 size, u32 lines) {
    *f = (struct fixture){.disk = {.bad = ~(u64)0}};
    f->under =
        (struct source){.read = disk_read, .context = &f->disk, .size = size, .name = "disk"};
    f->storage = malloc(lines * (size_t)LINE);
    f->source = cache_over(&f->cache, &f->under, f->storage, lines);
}

static void tear_down(struct fixture *f) {
    free(f->storage);
}

static void check_read(struct fixture *f, u64 offset, size_t size) {
    u8 *to = malloc(size + 1);
    memset(to, 0xee, size + 1);
    struct error error = source_read(&f->source, offset, to, size);
    assert_int_equal(error.code, ERROR_NONE);
    for (size_t i = 0; i < size; i++)
        assert_int_equal(to[i], disk_byte(f->source.start + offset + i));
    assert_int_equal(to[size], 0xee);
    free(to);
}

/* A row: reads made in turn on a source of 10 lines and 100 bytes through 2 lines, and the requests
 * that must reach the source. */
struct row {
    const char *name;
    struct request reads[5];
    u32 request_count;
    struct request requests[5];
};

static const struct row rows[] = {
    {"a small read fills a line", {{10, 4}}, 1, {{0, LINE}}},
    {"the line serves again", {{10, 4}, {0, LINE - 1}, {LINE - 1, 1}}, 1, {{0, LINE}}},
    {"a small read over two lines", {{LINE - 2, 4}}, 2, {{0, LINE}, {LINE, LINE}}},
    {"half of it is there", {{LINE, 1}, {LINE - 2, 4}}, 2, {{LINE, LINE}, {0, LINE}}},
    {"the last line is clipped", {{10 * LINE + 99, 1}}, 1, {{10 * LINE, 100}}},
    {"into the clipped line", {{10 * LINE - 50, 150}}, 2, {{9 * LINE, LINE}, {10 * LINE, 100}}},
    {"one byte below a line is small", {{1, LINE - 1}}, 1, {{0, LINE}}},
    {"a line is large", {{0, LINE}}, 1, {{0, LINE}}},
    {"a large one fills no line", {{0, LINE}, {0, 1}}, 2, {{0, LINE}, {0, LINE}}},
    {"a large one at an odd place", {{5, 3 * LINE}}, 1, {{5, 3 * LINE}}},
    {"its start is there", {{7, 1}, {5, 3 * LINE}}, 2, {{0, LINE}, {LINE, 2 * LINE + 5}}},
    {"two lines are there",
     {{7, 1}, {LINE, 1}, {5, 3 * LINE}},
     3,
     {{0, LINE}, {LINE, LINE}, {2 * LINE, LINE + 5}}},
    {"all of it is there", {{7, 1}, {LINE, 1}, {5, LINE}}, 2, {{0, LINE}, {LINE, LINE}}},
    {"a short rest goes direct as well",
     {{7, 1}, {LINE, 1}, {5, 2 * LINE}},
     3,
     {{0, LINE}, {LINE, LINE}, {2 * LINE, 5}}},
    {"only its middle is there", {{LINE, 1}, {5, 3 * LINE}}, 2, {{LINE, LINE}, {5, 3 * LINE}}},
    {"the oldest line goes",
     {{0, 1}, {LINE, 1}, {2 * LINE, 1}, {LINE, 1}, {0, 1}},
     4,
     {{0, LINE}, {LINE, LINE}, {2 * LINE, LINE}, {0, LINE}}},
    {"no bytes", {{0, 0}}, 0, {{0, 0}}},
};

static void requests(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(rows); i++) {
        struct fixture f;
        set_up(&f, 10 * LINE + 100, 2);
        print_message("  %s\n", rows[i].name);
        for (u32 j = 0; j < ARRAY_COUNT(rows[i].reads); j++)
            check_read(&f, rows[i].reads[j].offset, rows[i].reads[j].size);
        assert_int_equal(f.disk.count, rows[i].request_count);
        for (u32 j = 0; j < f.disk.count; j++) {
            assert_int_equal(f.disk.log[j].offset, rows[i].requests[j].offset);
            assert_int_equal(f.disk.log[j].size, rows[i].requests[j].size);
        }
        tear_down(&f);
    }
}

static u32 random_below(u32 *seed, u32 bound) {
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % bound;
}

static void random_reads(void **state) {
    (void)state;
    static const u32 line_counts[] = {1, 2, 3, LINES_MAX};
    u32 seed = 1;
    for (u32 i = 0; i < ARRAY_COUNT(line_counts); i++) {
        struct fixture f;
        u32 size = 20 * LINE + 1234;
        set_up(&f, size, line_counts[i]);
        for (u32 n = 0; n < 500; n++) {
            u32 offset = random_below(&seed, size);
            u32 limit = n & 1 ? 64 : size;
            u32 room = size - offset < limit ? size - offset : limit;
            check_read(&f, offset, random_below(&seed, room + 1));
        }
        tear_down(&f);
    }
}

/* All lines are used before the first is replaced. */
static void lines_in_turn(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, 64 * LINE, LINES_MAX);
    for (u32 pass = 0; pass < 3; pass++)
        for (u32 i = 0; i < LINES_MAX; i++)
            check_read(&f, i * (u64)LINE + pass, 9);
    assert_int_equal(f.disk.count, LINES_MAX);
    check_read(&f, LINES_MAX * (u64)LINE, 1);
    check_read(&f, 1 * (u64)LINE, 1);
    assert_int_equal(f.disk.count, LINES_MAX + 1);
    check_read(&f, 0, 1);
    assert_int_equal(f.disk.count, LINES_MAX + 2);
    tear_down(&f);
}

static void over_a_slice(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, 64 * LINE, 2);
    struct source slice;
    assert_int_equal(source_slice(&f.under, 12345, 2 * LINE, &slice).code, ERROR_NONE);
    struct source source = cache_over(&f.cache, &slice, f.storage, 2);
    u8 byte;
    assert_int_equal(source_read(&source, 2 * LINE - 1, &byte, 1).code, ERROR_NONE);
    assert_int_equal(byte, disk_byte(12345 + 2 * LINE - 1));
    assert_int_equal(f.disk.log[0].offset, 12345 + LINE);
    assert_int_equal(source_read(&source, 2 * LINE, &byte, 1).code, ERROR_SOURCE_PAST_END);
    assert_string_equal(source.name, "disk");
    tear_down(&f);
}

static void slice_of_a_cache(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, 64 * LINE, 2);
    assert_int_equal(source_slice(&f.source, 777, 5 * LINE, &f.source).code, ERROR_NONE);
    check_read(&f, 0, 10);
    check_read(&f, 1, 3 * LINE);
    check_read(&f, 5 * LINE - 1, 1);
    tear_down(&f);
}

static void beyond_4_gib(void **state) {
    (void)state;
    struct fixture f;
    set_up(&f, (u64)1 << 40, 2);
    check_read(&f, 123, 4);
    check_read(&f, ((u64)1 << 32) + 123, 4);
    check_read(&f, ((u64)1 << 39) + 123, 2 * LINE);
    check_read(&f, ((u64)1 << 40) - 1, 1);
    tear_down(&f);
}

/* A bad sector takes nothing but itself: not its neighbours, and not what is cached. */
static void bad_sector(void **state) {
    (void)state;
    struct fixture f;
    u8 bytes[8];
    set_up(&f, 8 * LINE, 1);
    check_read(&f, 0, 8);
    f.disk.bad = LINE + 100;
    assert_int_equal(source_read(&f.source, LINE + 96, bytes, 8).code, ERROR_DISK_READ);
    assert_int_equal(source_read(&f.source, LINE + 96, bytes, 8).values.number[0], LINE + 100);
    check_read(&f, LINE + 101, 8);
    check_read(&f, LINE + 92, 8);
    check_read(&f, 0, 8);
    check_read(&f, LINE - 8, 108);
    assert_int_equal(source_read(&f.source, 0, f.storage, 0).code, ERROR_NONE);
    f.disk.bad = ~(u64)0;
    check_read(&f, LINE + 96, 8);
    tear_down(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),         cmocka_unit_test(random_reads),
        cmocka_unit_test(lines_in_turn),    cmocka_unit_test(over_a_slice),
        cmocka_unit_test(slice_of_a_cache), cmocka_unit_test(beyond_4_gib),
        cmocka_unit_test(bad_sector),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
