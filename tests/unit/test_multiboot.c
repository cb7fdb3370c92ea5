/* Multiboot: headers, images and the information of both versions, on values; the information is
 * read back by a parser of its own. */
#include "bytes.h"
#include "load.h"
#include "machines.h"
#include "multiboot.h"
#include "multiboot_file.h"
#include "native.h"
#include "protocol.h"
#include "wipe_check.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "failing_source.h"

#define E(code) ERROR_MULTIBOOT_##code

/* ---- headers ---- */

struct header_row {
    const char *name;
    u32 version; /* that is made; 0 for none */
    u32 wished;
    bool force;
    u32 at; /* in the file */
    u32 flags;
    u32 words[14]; /* the fields, or the tags */
    u32 count;
    enum error_code code;
    u32 number; /* the first of the error's */
    struct multiboot_header expected;
};

#define HEADER(v, offset_, ...) \
    { .version = (v), .offset = (offset_), __VA_ARGS__ }
#define VIDEO(...) .video = {__VA_ARGS__}

static const struct header_row header_rows[] = {
    {"1, nothing", 1, 1, .expected = HEADER(1, 0)},
    {"1, all harmless flags", 1, 1, .flags = 0xfffe0003, .expected = HEADER(1, 0)},
    {"1, at the last place", 1, 1, .at = 8192 - 12, .expected = HEADER(1, 8192 - 12)},
    {"1, past it", 1, 1, .at = 8192 - 8, .code = E(PLACE), .number = 8192 - 8},
    {"1, far past it", 1, 1, .at = 0x9000, .code = E(PLACE), .number = 0x9000},
    {"1, at the end of a chunk", 1, 1, .at = 1020, .flags = 0x10000, .words = {1, 2, 3, 4, 5},
     .count = 5,
     .expected = HEADER(1, 1020, .has_addresses = true, .has_entry = true, .header_address = 1,
                        .load = 2, .load_end = 3, .bss_end = 4, .entry = 5)},
    {"1, addresses without the flag", 1, 1, .words = {1, 2, 3, 4, 5}, .count = 5,
     .expected = HEADER(1, 0)},
    {"1, flag 3", 1, 1, .flags = 8, .code = E(DEMAND), .number = 3},
    {"1, flag 15", 1, 1, .flags = 0x8007, .code = E(DEMAND), .number = 15},
    {"1, flag 15 by force", 1, 1, true, .flags = 0x8000, .expected = HEADER(1, 0)},
    {"1, pixels", 1, 1, .flags = 4, .words = {0, 0, 0, 0, 0, 0, 800, 600, 32}, .count = 9,
     .expected = HEADER(1, 0, VIDEO(VIDEO_PIXELS, 800, 600, 32))},
    {"1, text", 1, 1, .flags = 4, .words = {0, 0, 0, 0, 0, 1, 80, 25, 0}, .count = 9,
     .expected = HEADER(1, 0, VIDEO(VIDEO_TEXT, 80, 25, 0))},
    {"1, no such video", 1, 1, .flags = 4, .words = {0, 0, 0, 0, 0, 2}, .count = 6,
     .code = E(DEMAND), .number = 2},
    {"1, no such video by force", 1, 1, true, .flags = 4, .words = {0, 0, 0, 0, 0, 2}, .count = 6,
     .expected = HEADER(1, 0, VIDEO(VIDEO_TEXT, 0, 0, 0))},
    {"2, nothing", 2, 2, .expected = HEADER(2, 0)},
    {"2, at the last place", 2, 2, .at = 32768 - 16, .expected = HEADER(2, 32768 - 16)},
    {"2, past it", 2, 2, .at = 32768, .code = E(PLACE), .number = 32768},
    {"2, not at a multiple of 8", 2, 2, .at = 0x104, .code = E(PLACE), .number = 0x104},
    {"2, under the command of 1", 2, 1, .at = 0x20, .expected = HEADER(2, 0x20)},
    {"1, under the command of 2", 1, 2, .at = 0x20, .expected = HEADER(1, 0x20)},
    {"none", 0, 1, .code = E(NO_HEADER), .number = 8192},
    {"none of 2", 0, 2, .code = E(NO_HEADER), .number = 32768},
    {"2, addresses and entry", 2, 2,
     .words = {2, 24, 0x100008, 0x100000, 0x102000, 0x103000, 3, 12, 0x100040}, .count = 10,
     .expected =
         HEADER(2, 0, .has_addresses = true, .has_entry = true, .header_address = 0x100008,
                .load = 0x100000, .load_end = 0x102000, .bss_end = 0x103000, .entry = 0x100040)},
    {"2, the file's first byte first", 2, 2, .at = 0x40,
     .words = {2, 24, 0x100040, ~0u, 0, 0, 3, 12, 0x100050}, .count = 10,
     .expected = HEADER(2, 0x40, .has_addresses = true, .has_entry = true,
                        .header_address = 0x100040, .load = 0x100000, .entry = 0x100050)},
    {"2, addresses alone", 2, 2, .words = {2, 24, 8, 0, 0, 0}, .count = 6, .code = E(NO_ENTRY)},
    {"2, entry alone", 2, 2, .words = {3, 12, 0x100040, 0}, .count = 4,
     .expected = HEADER(2, 0, .has_entry = true, .entry = 0x100040)},
    {"2, everything that needs nothing", 2, 2,
     .words = {4, 12, 3, 0, 6, 8, 7, 8, 8, 12, 1, 0, 9, 12}, .count = 14, .expected = HEADER(2, 0)},
    {"2, framebuffer", 2, 2, .words = {5, 20, 1024, 768, 24, 0}, .count = 6,
     .expected = HEADER(2, 0, VIDEO(VIDEO_PIXELS, 1024, 768, 24))},
    {"2, relocatable", 2, 2, .words = {10, 24, 0x400000, 0x800000, 0x1000, 2}, .count = 6,
     .expected = HEADER(2, 0, .relocatable = true, .lowest = 0x400000, .highest = 0x800000,
                        .align = 0x1000, .preference = 2)},
    {"2, requests of every kind", 2, 2, .words = {1, 40, 1, 6, 11, 12, 17, 18, 20, 21}, .count = 10,
     .expected = HEADER(2, 0)},
    {"2, a request beyond", 2, 2, .words = {1, 16, 21, 22}, .count = 4, .code = E(DEMAND),
     .number = 22},
    {"2, a request beyond, behind a low one", 2, 2, .words = {1, 16, 1, 22}, .count = 4,
     .code = E(DEMAND), .number = 22},
    {"2, an optional one", 2, 2, .words = {0x10001, 16, 21, 22}, .count = 4,
     .expected = HEADER(2, 0)},
    {"2, by force", 2, 2, true, .words = {1, 16, 21, 22}, .count = 4, .expected = HEADER(2, 0)},
    {"2, unknown tag", 2, 2, .words = {0x63, 8}, .count = 2, .code = E(DEMAND), .number = 0x63},
    {"2, the first unknown one", 2, 2, .words = {11, 8}, .count = 2, .code = E(DEMAND),
     .number = 11},
    {"2, optional unknown tag", 2, 2, .words = {0x10063, 12, 1, 0}, .count = 4,
     .expected = HEADER(2, 0)},
    {"2, unknown tag by force", 2, 2, true, .words = {0x63, 8}, .count = 2,
     .expected = HEADER(2, 0)},
    {"2, tag of no size", 2, 2, .words = {0x10063, 0}, .count = 2, .code = E(TAG_SIZE),
     .number = 0x63},
    {"2, tag of 7", 2, 2, .words = {6, 7}, .count = 2, .code = E(TAG_SIZE), .number = 6},
    {"2, entry too short", 2, 2, .words = {3, 8}, .count = 2, .code = E(TAG_SIZE), .number = 3},
    {"2, tag too long", 2, 2, .words = {6, 0x80000000}, .count = 2, .code = E(TAG_SIZE),
     .number = 6},
    {"2, tag that wraps", 2, 2, .words = {6, 0xffffffff}, .count = 2, .code = E(TAG_SIZE),
     .number = 6},
    {"2, padding", 2, 2, .words = {3, 12, 7, 0xffffffff, 5, 20, 1, 2, 3, 0xffffffff}, .count = 10,
     .expected = HEADER(2, 0, .has_entry = true, .entry = 7, VIDEO(VIDEO_PIXELS, 1, 2, 3))},
};

static void test_headers(void **state) {
    (void)state;
    static struct made_file file;
    for (size_t i = 0; i < ARRAY_COUNT(header_rows); i++) {
        const struct header_row *row = &header_rows[i];
        memset(&file, 0, sizeof file);
        file.size = 0xa000;
        if (row->version == 1)
            put_header_1(&file, row->at, row->flags, row->words, row->count);
        if (row->version == 2)
            put_header_2(&file, row->at, row->words, row->count);
        struct bytes bytes = {file.bytes, file.size};
        struct source source = source_memory(&bytes, "kernel");
        struct multiboot_header header;
        struct error error = multiboot_header_read(&source, row->wished, row->force, &header);
        if (error.code != row->code)
            fail_msg("%s: error %d instead of %d", row->name, error.code, row->code);
        if (row->code && error.values.number[0] != row->number)
            fail_msg("%s: number %llu", row->name, (unsigned long long)error.values.number[0]);
        if (!row->code && memcmp(&header, &row->expected, sizeof header))
            fail_msg("%s: another header", row->name);
    }
}

/* Which one is taken, and what is said of wrong sums. */
static void test_find(void **state) {
    (void)state;
    static struct made_file file;
    struct bytes bytes = {file.bytes, sizeof file.bytes};
    struct source source = source_memory(&bytes, "kernel");
    struct multiboot_places places;
    struct multiboot_header header;
    put_words(&file, 0x10, (u32[]){0x1badb002, 1, 2}, 3);
    put_header_1(&file, 0x30, 0, NULL, 0);
    put_header_1(&file, 0x60, 3, NULL, 0);
    put_words(&file, 0x80, (u32[]){0xe85250d6, 4, 16, -(0xe85250d6 + 20)}, 4); /* MIPS */
    put_header_2(&file, 0xa0, NULL, 0);
    assert_int_equal(multiboot_find(&source, 0, &places).code, 0);
    assert_int_equal(places.good[0], 0x30);
    assert_int_equal(places.bad[0], 0x10);
    assert_int_equal(places.good[1], 0xa0);
    assert_int_equal(places.bad[1], 0x80);
    assert_int_equal(multiboot_header_read(&source, 1, false, &header).code, 0);
    assert_int_equal(header.version, 1);
    assert_int_equal(multiboot_header_read(&source, 2, false, &header).code, 0);
    assert_int_equal(header.version, 2);
    memset(file.bytes + 0x30, 0, 0x100);
    struct error error = multiboot_header_read(&source, 1, false, &header);
    assert_int_equal(error.code, E(CHECKSUM));
    assert_int_equal(error.values.number[0], 0x10);
    assert_int_equal(error.values.number[1], 2);
    assert_int_equal(error.values.number[2], (u32) - (0x1badb002 + 1));
    error = multiboot_header_read(&source, 2, false, &header); /* the other version's is shown */
    assert_int_equal(error.code, E(CHECKSUM));
    assert_string_equal(error.values.other, "Multiboot");
}

/* ---- images by load addresses ---- */

struct address_row {
    const char *name;
    u32 header_address, load, load_end, bss_end, entry;
    enum error_code code;
    u32 offset, file_size, memory_size;
};

/* The header is at 0x40 of a file of 0x1000 bytes. */
static const struct address_row address_rows[] = {
    {"all of it", 0x100040, 0x100000, 0, 0, 0x100000, 0, 0, 0x1000, 0x1000},
    {"from the header on", 0x100000, 0x100000, 0, 0, 0x100fbf, 0, 0x40, 0xfc0, 0xfc0},
    {"an end", 0x100040, 0x100000, 0x100800, 0, 0x1007ff, 0, 0, 0x800, 0x800},
    {"a BSS", 0x100040, 0x100000, 0x100800, 0x109000, 0x108fff, 0, 0, 0x800, 0x9000},
    {"a BSS behind the file", 0x100040, 0x100000, 0, 0x109000, 0x100000, 0, 0, 0x1000, 0x9000},
    {"nothing but BSS", 0x100000, 0x100000, 0x100000, 0x101000, 0x100000, 0, 0x40, 0, 0x1000},
    {"at the end of memory", 0xfffff040, 0xfffff000, 0, 0, 0xfffff000, .code = E(ADDRESSES)},
    {"just below it", 0xffffe040, 0xffffe000, 0, 0, 0xffffe000, 0, 0, 0x1000, 0x1000},
    {"no bytes at all", 0x100000, 0x100000, 0x100000, 0, 0x100000, .code = E(ADDRESSES)},
    {"header before the load", 0xfffff, 0x100000, 0, 0, 0x100000, .code = E(ADDRESSES)},
    {"header too far from it", 0x100041, 0x100000, 0, 0, 0x100000, .code = E(ADDRESSES)},
    {"end before the load", 0x100040, 0x100000, 0xfffff, 0, 0x100000, .code = E(ADDRESSES)},
    {"end past the file", 0x100040, 0x100000, 0x101001, 0, 0x100000, .code = E(ADDRESSES)},
    {"BSS within the load", 0x100040, 0x100000, 0x100800, 0x1007ff, 0x100000, .code = E(ADDRESSES)},
    {"BSS before it", 0x100040, 0x100000, 0x100800, 0x1000, 0x100000, .code = E(ADDRESSES)},
    {"entry behind", 0x100040, 0x100000, 0, 0, 0x101000, .code = E(ENTRY)},
    {"entry before", 0x100040, 0x100000, 0, 0, 0xfffff, .code = E(ENTRY)},
};

static void test_load_addresses(void **state) {
    (void)state;
    static struct made_file file;
    struct bytes bytes = {file.bytes, 0x1000};
    struct source source = source_memory(&bytes, "kernel");
    for (size_t i = 0; i < ARRAY_COUNT(address_rows); i++) {
        const struct address_row *row = &address_rows[i];
        const struct multiboot_header header = {1,
                                                0x40,
                                                .has_addresses = true,
                                                .has_entry = true,
                                                .header_address = row->header_address,
                                                .load = row->load,
                                                .load_end = row->load_end,
                                                .bss_end = row->bss_end,
                                                .entry = row->entry};
        struct image image;
        struct multiboot_symbols symbols;
        struct error error = multiboot_image(&source, &header, true, &image, &symbols);
        if (error.code != row->code)
            fail_msg("%s: error %d instead of %d", row->name, error.code, row->code);
        if (row->code)
            continue;
        const struct segment *segment = &image.segments[0];
        if (image.segment_count != 1 || segment->offset != row->offset ||
            segment->file_size != row->file_size || segment->memory_size != row->memory_size ||
            segment->phys != row->load || segment->virt != row->load ||
            image.entry_phys != row->entry || image.bits != 32 || symbols.run.end)
            fail_msg("%s: another image", row->name);
    }
}

/* ---- images by ELF headers ---- */

static struct error read_elf(struct made_file *file, struct image *image, bool kludge,
                             bool elf_first) {
    struct bytes bytes = {file->bytes, file->size};
    struct source source = source_memory(&bytes, "kernel");
    const struct multiboot_header header = {1,
                                            0x100,
                                            .has_addresses = kludge,
                                            .has_entry = kludge,
                                            .header_address = 0x200100,
                                            .load = 0x200000,
                                            .bss_end = 0x280000,
                                            .entry = 0x200200};
    struct multiboot_symbols symbols;
    return multiboot_image(&source, &header, elf_first, image, &symbols);
}

/* What elf_read() refuses and Multiboot kernels are: entry, class, virtual addresses. */
static void test_elf_habits(void **state) {
    (void)state;
    static struct made_file file;
    static const struct {
        const char *name;
        u32 bits;
        u64 virt, entry;
        u32 type;
        enum error_code code;
        u64 entry_phys;
    } rows[] = {
        {"virtual entry", 32, 0xc0100000, 0xc0100020, 2, 0, 0x100020},
        {"physical entry", 32, 0xc0100000, 0x100020, 2, 0, 0x100020},
        {"entry in the BSS", 32, 0xc0100000, 0xc0103fff, 2, 0, 0x103fff},
        {"entry behind it", 32, 0xc0100000, 0xc0104000, 2, E(ENTRY), 0},
        {"above 4 GiB", 64, 0xffffffff80100000, 0xffffffff80100010, 2, 0, 0x100010},
        {"not canonical", 64, 0x0100000000000000, 0x100010, 2, 0, 0x100010},
        {"shared object", 64, 0x0, 0x40, 3, 0, 0x100040},
        {"shared object, 32-bit", 32, 0x0, 0x40, 3, 0, 0x100040},
        {"object file", 32, 0x0, 0x40, 1, ERROR_ELF_TYPE, 0},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct image image;
        make_elf(&file, rows[i].bits, rows[i].virt, 0x100000, 0x4000);
        elf_put(file.bytes + 16, 2, rows[i].type);
        elf_put(file.bytes + 24, rows[i].bits / 8, rows[i].entry);
        elf_put(file.bytes + elf_header_size(rows[i].bits) + (rows[i].bits == 64 ? 4 : 24), 4, 4);
        struct error error = read_elf(&file, &image, false, false);
        if (error.code != rows[i].code)
            fail_msg("%s: error %d", rows[i].name, error.code);
        if (!error.code &&
            (image.entry_phys != rows[i].entry_phys || image.bits != 32 ||
             image.segments[0].virt != 0x100000 || image.entry_virt != image.entry_phys))
            fail_msg("%s: entry %llx", rows[i].name, (unsigned long long)image.entry_phys);
    }
}

/* Two PT_LOADs at one virtual address, an empty one at 0, unaligned addresses; load addresses win,
 * unless. */
static void test_elf_parts(void **state) {
    (void)state;
    static struct made_file file;
    static const struct elf_part parts[] = {{1, 0, 0, 0, 0, 0, 0},
                                            {1, 6, 0, 0x3000, 0x300123, 0, 0x5000},
                                            {3, 4, 0x1000, 0x100000, 0x100000, 16, 16},
                                            {7, 4, 0x1000, 0x100000, 0x100000, 16, 0x4000},
                                            {1, 4, 0x1000, 0x3000, 0x100777, 0x100, 0x100}};
    struct image image;
    make_elf(&file, 32, 0, 0x100000, 0x4000);
    elf_put_header(file.bytes, 32, 0x3008, 52, ARRAY_COUNT(parts));
    for (u32 i = 0; i < ARRAY_COUNT(parts); i++)
        elf_put_part(file.bytes + 52 + 32 * i, 32, &parts[i]);
    assert_int_equal(read_elf(&file, &image, false, false).code, 0);
    assert_int_equal(image.segment_count, 2);
    assert_int_equal(image.segments[0].number, 1);
    assert_int_equal(image.segments[0].phys, 0x300123);
    assert_int_equal(image.segments[1].phys, 0x100777);
    assert_int_equal(image.entry_phys, 0x30012b); /* the first of two that have it */
    assert_int_equal(read_elf(&file, &image, true, false).code, 0);
    assert_int_equal(image.segment_count, 1);
    assert_int_equal(image.entry_phys, 0x200200);
    assert_int_equal(image.segments[0].memory_size, 0x80000);
    assert_int_equal(read_elf(&file, &image, true, true).code,
                     E(ENTRY)); /* by ELF, but for the entry */
}

static void test_not_elf(void **state) {
    (void)state;
    static struct made_file file;
    struct image image;
    make_elf(&file, 32, 0, 0x100000, 0x4000);
    for (u32 i = 0; i < 4; i++) {
        file.bytes[i] ^= 0x80;
        struct error error = read_elf(&file, &image, false, true);
        assert_int_equal(error.code, E(NOT_ELF));
        assert_int_equal(error.values.number[0], 0x100);
        assert_string_equal(error.values.other, "Multiboot");
        assert_int_equal(read_elf(&file, &image, true, true).code, 0);
        assert_int_equal(image.segments[0].memory_size, 0x80000);
        file.bytes[i] ^= 0x80;
    }
}

static void test_relocate(void **state) {
    (void)state;
    static const struct {
        const char *name;
        u32 lowest, highest, align, preference;
        enum error_code code;
        u32 to;
    } rows[] = {
        {"low", 0x400000, 0x4000000, 0x200000, 1, 0, 0x400000},
        {"no preference", 0x400001, 0x4000000, 0x200000, 0, 0, 0x600000},
        {"high", 0x400000, 0x4000000, 0x200000, 2, 0, 0x3e00000},
        {"high, to the byte", 0x400000, 0x403000, 0, 2, 0, 0x400000},
        {"below 1 MiB", 0, 0x100000, 0x1000, 1, 0, 0x1000},
        {"too narrow", 0x400000, 0x402fff, 1, 2, E(RELOCATE), 0},
        {"the wrong way round", 0x800000, 0x400000, 1, 1, E(RELOCATE), 0},
        {"no RAM", 0x20000000, 0x30000000, 1, 1, E(RELOCATE), 0},
        {"no such alignment", 0x400000, 0x4000000, 0xffffffff, 1, E(RELOCATE), 0},
        {"to the end of memory", 0, 0xffffffff, 0x1000, 2, 0, 0x7fdd000},
    };
    const struct machine machine = machine_of(qemu_128m, CPU_QEMU64, 40);
    static const struct part parts[] = {
        {0x200000, 0x200000, 0x800, 0x1000, 5}, {0x202000, 0x202000, 0x10, 0x1000, 6}, {0}};
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct multiboot_header header = {2,
                                                0,
                                                .relocatable = true,
                                                .lowest = rows[i].lowest,
                                                .highest = rows[i].highest,
                                                .align = rows[i].align,
                                                .preference = rows[i].preference};
        struct image image;
        image_of(32, parts, &image);
        struct error error = multiboot_relocate(&machine, &header, &image);
        if (error.code != rows[i].code)
            fail_msg("%s: error %d", rows[i].name, error.code);
        if (!error.code &&
            (image.segments[0].phys != rows[i].to ||
             image.segments[1].virt != rows[i].to + 0x2000u || image.entry_phys != rows[i].to))
            fail_msg("%s: at %llx", rows[i].name, (unsigned long long)image.segments[0].phys);
    }
}

/* ---- whole boots ---- */

enum { RAM_SIZE = 0x800000, RSDP = 0xf5a00, SMBIOS = 0xf5b00 };

static struct {
    struct machine machine;
    struct boot_request request;
    u64 module_sizes[CONFIG_MODULES_MAX];
    u8 module_bytes[4][0x3000];
    struct image image;
    struct opened opened;
    struct plan plan;
    struct cpu_entry entry;
    u8 *ram;
    struct made_file file;
} scene;

static const struct boot boot = {&scene.machine, &scene.request, scene.module_sizes,
                                 &scene.image,   &scene.opened,  NULL};

static const struct e820_row ram_8m[] = {
    QEMU_LOW, {0x100000, 0x6e0000, 1}, {0x7e0000, 0x20000, 3}, {0x100000000, 0x1000, 2}, {0}};

static void set_scene(enum boot_protocol protocol) {
    free(scene.ram);
    memset(&scene, 0, sizeof scene);
    scene.ram = malloc(RAM_SIZE);
    memset(scene.ram, 0xcc, RAM_SIZE);
    scene.machine = machine_of(ram_8m, CPU_QEMU64, 40);
    scene.machine.drive.partition = 2;
    scene.machine.drive.partition_start = 4096;
    scene.request =
        (struct boot_request){.protocol = protocol,
                              .options = kernel_options_default(),
                              .kernel = {.path = "/boot/k", .arguments = "root=\"a b\" x"}};
}

static void add_module(const char *arguments, u32 size) {
    u32 number = scene.request.module_count++;
    scene.request.modules[number] = (struct file_request){.path = "/m", .arguments = arguments};
    scene.module_sizes[number] = size;
    for (u32 i = 0; i < size; i++)
        scene.module_bytes[number][i] = (u8)(i * 5 + number);
}

/* Does what stage 2 and the trampoline do. */
static struct error boot_file(const u8 *file, u32 size) {
    struct bytes bytes = {file, size};
    struct source kernel = source_memory(&bytes, "kernel");
    const struct ram ram = {scene.ram, 0, RAM_SIZE};
    TRY(protocol_open(&boot, &kernel));
    TRY(protocol_plan(&boot, &scene.plan));
    for (u32 i = 0; i < scene.plan.load_count; i++) {
        const struct load *load = &scene.plan.loads[i];
        struct bytes module = {scene.module_bytes[load->file ? load->file - 1 : 0], 0x3000};
        struct source source = source_memory(&module, "module");
        TRY(load_file(load, load->file ? &source : &kernel, &ram));
    }
    memset(scene.ram + LOADER_START, 0xcc, LOADER_BUFFER - LOADER_START);
    memset(scene.ram + LOADER_BUFFER_END, 0xcc, LOADER_END - LOADER_BUFFER_END);
    TRY(protocol_finish(&boot, &scene.plan, &ram, &scene.entry));
    for (u32 i = 0; i < scene.entry.move_count; i++) {
        const struct move *move = &scene.entry.moves[i];
        memcpy(scene.ram + move->to, scene.ram + move->from, move->size);
        memset(scene.ram + move->to + move->size, 0, move->zero_size);
    }
    assert_int_equal(left_of_loader(&scene.plan, scene.ram), LOADER_END);
    return OK;
}

static u32 word_at(u64 phys) {
    assert_true(phys + 4 <= RAM_SIZE);
    return load32(scene.ram + phys);
}

static const char *string_at(u64 phys) {
    assert_true(phys < RAM_SIZE && memchr(scene.ram + phys, 0, RAM_SIZE - phys));
    return (const char *)scene.ram + phys;
}

static void check_bytes(u64 phys, const u8 *expected, u32 size) {
    assert_true(phys + size <= RAM_SIZE);
    assert_memory_equal(scene.ram + phys, expected, size);
}

/* What both versions agree on: the registers, and that the block is where it may be. */
static void check_entry(u32 magic) {
    const struct cpu_entry *entry = &scene.entry;
    assert_int_equal(entry->bits, 32);
    assert_int_equal(entry->ax, magic);
    assert_int_equal(entry->di, 0);
    assert_int_equal(entry->cr0, 0x11);
    assert_int_equal(entry->cr4, 0);
    assert_int_equal(entry->efer, 0);
    assert_int_equal(entry->pat, 0);
    assert_int_equal(entry->ip, scene.image.entry_phys);
    assert_int_equal(load16(entry->gdt_virtual), 23);
    u64 gdt = load64(entry->gdt_virtual + 2);
    const u8 descriptors[24] = {0, 0,    0,    0, 0,    0,    0, 0, 0xff, 0xff, 0,    0,
                                0, 0x9b, 0xcf, 0, 0xff, 0xff, 0, 0, 0,    0x93, 0xcf, 0};
    check_bytes(gdt, descriptors, 24);
    assert_int_equal(entry->bx & 7, 0);
    assert_true(entry->sp >= scene.plan.handoff_phys &&
                entry->sp < scene.plan.handoff_phys + scene.plan.stack_size);
    struct range pages[3] = {{entry->bx, gdt + 24 - entry->bx},
                             {entry->trampoline, 4096},
                             {scene.plan.handoff_phys, scene.plan.stack_size}};
    for (u32 i = 0; i < 3; i++)
        for (u32 j = 0; j < scene.image.segment_count; j++)
            assert_false(range_overlaps(
                range_pages_outward(pages[i]),
                range_pages_outward((struct range){scene.image.segments[j].phys,
                                                   scene.image.segments[j].memory_size})));
}

static void check_modules(u32 number, u32 start, u32 end, u64 string) {
    assert_int_equal(end - start, scene.module_sizes[number]);
    assert_int_equal(start & 0xfff, 0);
    check_bytes(start, scene.module_bytes[number], end - start);
    assert_string_equal(string_at(string), scene.request.modules[number].arguments);
}

/* The ranges of ram_8m, as they stand there. */
static void check_memory(u32 number, u64 phys) {
    assert_int_equal(load64(scene.ram + phys), ram_8m[number].start);
    assert_int_equal(load64(scene.ram + phys + 8), ram_8m[number].size);
    assert_int_equal(word_at(phys + 16), ram_8m[number].type);
}

/* make_elf()'s sections: addresses, and the bytes there. */
static void check_sections(u64 table, u32 count, u32 size, u32 names, u64 virt) {
    assert_int_equal(count, 6);
    assert_int_equal(names, 5);
    for (u32 i = 0; i < count; i++) {
        const u8 *at = scene.ram + table + i * size;
        u64 address = size == 64 ? load64(at + 16) : load32(at + 12);
        u64 offset = size == 64 ? load64(at + 24) : load32(at + 16);
        u64 bytes = size == 64 ? load64(at + 32) : load32(at + 20);
        if (i == 3 || i == 5)
            check_bytes(address, scene.file.bytes + offset, (u32)bytes);
        else
            assert_int_equal(address, i == 1 ? virt : i == 2 ? virt + 0x1800 : 0);
    }
}

static void test_info_1(void **state) {
    (void)state;
    for (u32 bits = 32; bits <= 64; bits += 32) {
        u64 virt = bits == 64 ? 0xffffffff80100000 : 0xc0100000;
        set_scene(PROTOCOL_MULTIBOOT1);
        make_elf(&scene.file, bits, virt, 0x100000, 0x4000);
        put_header_1(&scene.file, 0x100, 3, NULL, 0);
        add_module("one \"two three\"", 0x1234);
        add_module("", 0);
        add_module("three", 0x2000);
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        check_entry(0x2badb002);
        u64 info = scene.entry.bx, modules = word_at(info + 24), memory = word_at(info + 48);
        assert_int_equal(info, 0x10000);
        assert_int_equal(word_at(info), 0x126f);
        assert_int_equal(word_at(info + 4), 639);
        assert_int_equal(word_at(info + 8), 0x6e0000 / 1024);
        assert_int_equal(word_at(info + 12), 0x8001ffff);
        assert_string_equal(string_at(word_at(info + 16)), "root=\"a b\" x");
        assert_int_equal(word_at(info + 20), 3);
        for (u32 i = 0; i < 3; i++) {
            u64 at = modules + 16 * i;
            check_modules(i, word_at(at), word_at(at + 4), word_at(at + 8));
            assert_int_equal(word_at(at + 12), 0);
        }
        check_sections(word_at(info + 36), word_at(info + 28), word_at(info + 32),
                       word_at(info + 40), virt);
        assert_int_equal(word_at(info + 32), bits == 64 ? 64 : 40);
        assert_int_equal(word_at(info + 44), 6 * 24);
        for (u32 i = 0; i < 6; i++) {
            assert_int_equal(word_at(memory + 24 * i), 20);
            check_memory(i, memory + 24 * i + 4);
        }
        assert_string_equal(string_at(word_at(info + 64)), ALOFT_NAME " (GRUB 2 command line)");
        assert_int_equal(load64(scene.ram + info + 88), 0xb8000);
        assert_int_equal(word_at(info + 96), 160);
        assert_int_equal(word_at(info + 100), 80);
        assert_int_equal(word_at(info + 104), 25);
        assert_int_equal(word_at(info + 108), 2 << 8 | 16);
        for (u32 i = 0; i < 0x1800; i++)
            assert_int_equal(scene.ram[0x100000 + i], (u8)(i * 7));
        for (u32 i = 0x1800; i < 0x4000; i++)
            assert_int_equal(scene.ram[0x100000 + i], 0);
        assert_int_equal(scene.ram[0x104000], 0xcc);
    }
}

/* A tag of the information, its size checked; 0 if there is none. The tags must be in GRUB's order.
 */
static u64 find_tag(u32 type, u32 size) {
    static const u8 order[] = {21, 1, 2, 10, 3, 6, 9, 4, 5, 7, 8, 13, 14, 15, 0};
    u64 at = scene.entry.bx, end = at + word_at(at), found = 0;
    u32 place = 0;
    assert_int_equal(word_at(at + 4), 0);
    for (at += 8; at < end; at += (word_at(at + 4) + 7) & ~7u) {
        while (place < sizeof order && order[place] != word_at(at))
            place++;
        assert_true(place < sizeof order);
        assert_true(word_at(at + 4) >= 8);
        if (word_at(at) == type && !found)
            found = at;
    }
    assert_int_equal(at, end);
    assert_int_equal(word_at(end - 8), 0);
    assert_int_equal(word_at(end - 4), 8);
    if (found && size)
        assert_int_equal(word_at(found + 4), size);
    return found;
}

static void put_firmware_tables(void) {
    memcpy(scene.ram + RSDP, "RSD PTR ", 8);
    scene.ram[RSDP + 15] = 2;
    store32(scene.ram + RSDP + 20, 36);
    memcpy(scene.ram + SMBIOS, "_SM_", 4);
    scene.ram[SMBIOS + 5] = 31;
    scene.ram[SMBIOS + 6] = 2;
    scene.ram[SMBIOS + 7] = 8;
    scene.machine.rsdp = RSDP;
    scene.machine.smbios = SMBIOS;
}

static void test_info_2(void **state) {
    (void)state;
    for (u32 bits = 32; bits <= 64; bits += 32) {
        u64 virt = bits == 64 ? 0xffffffff80100000 : 0xc0100000, at;
        set_scene(PROTOCOL_MULTIBOOT2);
        make_elf(&scene.file, bits, virt, 0x100000, 0x4000);
        put_header_2(&scene.file, 0x200, NULL, 0);
        put_firmware_tables();
        scene.request.flags = REQUEST_CMDLINE_PATH;
        scene.machine.apm = (struct apm){0x102, 0xf000, 0x1234, 1, 2, 3, 4, 5, 6};
        add_module("one \"two three\"", 0x1234);
        add_module("", 0x3000);
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        check_entry(0x36d76289);
        assert_int_equal(word_at(find_tag(21, 12) + 8), 0x100000);
        assert_string_equal(string_at(find_tag(1, 8 + 8 + 12 + 1) + 8), "/boot/k root=\"a b\" x");
        assert_string_equal(string_at(find_tag(2, 8 + sizeof ALOFT_NAME) + 8), ALOFT_NAME);
        const u8 apm[20] = {2, 1, 0, 0xf0, 0x34, 0x12, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0};
        check_bytes(find_tag(10, 28) + 8, apm, 20);
        at = find_tag(3, 16 + 16);
        check_modules(0, word_at(at + 8), word_at(at + 12), at + 16);
        at += 32;
        assert_int_equal(word_at(at + 4), 17);
        check_modules(1, word_at(at + 8), word_at(at + 12), at + 16);
        at = find_tag(6, 16 + 6 * 24);
        assert_int_equal(word_at(at + 8), 24);
        assert_int_equal(word_at(at + 12), 0);
        for (u32 i = 0; i < 6; i++) {
            check_memory(i, at + 16 + 24 * i);
            assert_int_equal(word_at(at + 16 + 24 * i + 20), 0);
        }
        at = find_tag(9, 20 + 6 * (bits == 64 ? 64 : 40));
        check_sections(at + 20, word_at(at + 8), word_at(at + 12), word_at(at + 16), virt);
        at = find_tag(4, 16);
        assert_int_equal(word_at(at + 8), 639);
        assert_int_equal(word_at(at + 12), 0x6e0000 / 1024);
        const u8 device[12] = {0x80, 0, 0, 0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};
        check_bytes(find_tag(5, 20) + 8, device, 12);
        assert_int_equal(find_tag(7, 0), 0);
        const u8 screen[24] = {0,  0x80, 0xb, 0, 0,  0, 0, 0, 160, 0, 0, 0,
                               80, 0,    0,   0, 25, 0, 0, 0, 16,  2, 0, 0};
        check_bytes(find_tag(8, 32) + 8, screen, 24);
        at = find_tag(13, 16 + 31);
        assert_int_equal(word_at(at + 8), 0x0802);
        check_bytes(at + 16, scene.ram + SMBIOS, 31);
        check_bytes(find_tag(14, 28) + 8, scene.ram + RSDP, 20);
        check_bytes(find_tag(15, 44) + 8, scene.ram + RSDP, 36);
    }
}

/* A root pointer of version 1 has no more than its 20 bytes; one with an absurd length is not
 * believed. */
static void test_old_acpi(void **state) {
    (void)state;
    static const struct {
        u8 version;
        u32 length;
        bool whole;
    } rows[] = {{0, 36, false}, {1, 36, false}, {2, 36, true},
                {2, 64, true},  {2, 65, false}, {2, ~0u, false}};
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        set_scene(PROTOCOL_MULTIBOOT2);
        make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
        put_header_2(&scene.file, 0x200, NULL, 0);
        put_firmware_tables();
        scene.ram[RSDP + 15] = rows[i].version;
        store32(scene.ram + RSDP + 20, rows[i].length);
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        assert_true(find_tag(14, 28));
        assert_int_equal(find_tag(15, 0) != 0, rows[i].whole);
    }
}

/* Memory between segments stays as it was, also within a page; and zeros end where the segment
 * does. */
static void test_gaps(void **state) {
    (void)state;
    static const struct elf_part parts[] = {{1, 5, BODY, 0x100000, 0x100000, 0x101, 0x203},
                                            {1, 6, BODY + 0x800, 0x100801, 0x100801, 0x10, 0x10},
                                            {1, 6, 0, 0x300001, 0x300001, 0, 0x77}};
    set_scene(PROTOCOL_MULTIBOOT1);
    make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
    put_header_1(&scene.file, 0x100, 3, NULL, 0);
    elf_put_header(scene.file.bytes, 32, 0x100010, 52, ARRAY_COUNT(parts));
    for (u32 i = 0; i < ARRAY_COUNT(parts); i++)
        elf_put_part(scene.file.bytes + 52 + 32 * i, 32, &parts[i]);
    add_module("", 0x3000);
    assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
    check_bytes(0x100000, scene.file.bytes + BODY, 0x101);
    check_bytes(0x100801, scene.file.bytes + BODY + 0x800, 0x10);
    for (u32 at = 0x100000; at < 0x301000; at++) {
        bool zero = (at >= 0x100101 && at < 0x100203) || (at >= 0x300001 && at < 0x300078);
        bool bytes = at < 0x100101 || (at >= 0x100801 && at < 0x100811);
        if (!bytes && scene.ram[at] != (zero ? 0 : 0xcc))
            fail_msg("%x: %x", at, scene.ram[at]);
    }
}

/* What the machine lacks is not claimed. */
static void test_bare_machine(void **state) {
    (void)state;
    for (u32 version = 1; version <= 2; version++) {
        static const u32 fields[] = {0x100100, 0x100000, 0, 0, 0x100200};
        static const u32 tags[] = {2, 24, 0x100100, 0x100000, 0, 0, 3, 12, 0x100200, 0};
        set_scene(version == 1 ? PROTOCOL_MULTIBOOT1 : PROTOCOL_MULTIBOOT2);
        scene.machine.screen.kind = SCREEN_NONE;
        /* A partition that begins where the drive does is none. */
        scene.machine.drive.partition = version - 1;
        scene.machine.drive.partition_start = 0;
        scene.request.kernel.arguments = "";
        scene.file.size = 0x1800;
        if (version == 1)
            put_header_1(&scene.file, 0x100, 0x10000, fields, 5);
        else
            put_header_2(&scene.file, 0x100, tags, 10);
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        check_bytes(0x100000, scene.file.bytes, 0x1800);
        if (version == 1) {
            assert_int_equal(word_at(scene.entry.bx), 0x247);
            assert_int_equal(word_at(scene.entry.bx + 12), 0x80ffffff);
            assert_int_equal(word_at(scene.entry.bx + 20), 0);
            assert_string_equal(string_at(word_at(scene.entry.bx + 16)), "");
            continue;
        }
        static const u8 absent[] = {3, 7, 8, 10, 13, 14, 15};
        for (u32 i = 0; i < sizeof absent; i++)
            assert_int_equal(find_tag(absent[i], 0), 0);
        assert_int_equal(word_at(find_tag(9, 20) + 8), 0); /* there and empty */
        assert_int_equal(word_at(find_tag(1, 9) + 8) & 0xff, 0);
        assert_int_equal(word_at(find_tag(5, 20) + 12), ~0u);
    }
}

/* Pixels of both kinds, with the blocks of VBE. */
static void test_screens(void **state) {
    (void)state;
    for (u32 row = 0; row < 4; row++) {
        bool first = row & 1, indexed = row & 2;
        set_scene(first ? PROTOCOL_MULTIBOOT1 : PROTOCOL_MULTIBOOT2);
        make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
        put_header_1(&scene.file, 0x100, 3, NULL, 0);
        put_header_2(&scene.file, 0x200, NULL, 0);
        scene.machine.screen = (struct screen){SCREEN_PIXELS,
                                               0xfd000000,
                                               800,
                                               600,
                                               3200,
                                               indexed ? 8 : 32,
                                               {indexed ? 0 : 16, indexed ? 0 : 8},
                                               {8, 8},
                                               {0, 7}};
        struct vbe *vbe = &scene.machine.vbe;
        *vbe = (struct vbe){true, 0x4118, 0xc000, 0x10, 0x20, .colour_count = 16};
        for (u32 i = 0; i < 512; i++)
            vbe->controller[i] = (u8)(i + 1);
        vbe->controller_phys = 0x3a4c8;
        for (u32 i = 0; i < 256; i++)
            vbe->mode_info[i] = (u8)(255 - i);
        for (u32 i = 0; i < 48; i++)
            vbe->colours[i / 3][i % 3] = (u8)(i + 7);
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        u64 info = scene.entry.bx, screen, colours;
        const u8 interface[8] = {0x18, 0x41, 0, 0xc0, 0x10, 0, 0x20, 0},
                 rgb[6] = {16, 8, 8, 8, 0, 7};
        if (first) {
            assert_int_equal(word_at(info) & 0x1800, 0x1800);
            check_bytes(word_at(info + 72), vbe->controller, 512);
            check_bytes(word_at(info + 76), vbe->mode_info, 256);
            check_bytes(info + 80, interface, 8);
            screen = info + 88;
            colours = indexed ? word_at(info + 112) : info + 112;
            assert_int_equal(indexed ? word_at(info + 116) : 16, 16);
        } else {
            u64 tag = find_tag(7, 784);
            check_bytes(tag + 8, interface, 8);
            check_bytes(tag + 16, vbe->controller, 512);
            check_bytes(tag + 528, vbe->mode_info, 256);
            screen = find_tag(8, indexed ? 34 + 48 : 38) + 8;
            colours = screen + (indexed ? 26 : 24);
            assert_int_equal(indexed ? word_at(screen + 24) & 0xffff : 16, 16);
        }
        assert_int_equal(word_at(screen), 0xfd000000);
        assert_int_equal(word_at(screen + 8), 3200);
        assert_int_equal(word_at(screen + 20) & 0xffff, indexed ? 8 : 0x120);
        check_bytes(colours, indexed ? vbe->colours[0] : rgb, indexed ? 48 : 6);
    }
}

/* What the controller's block points to follows it, if it lies in the block. */
static void test_controller_pointers(void **state) {
    (void)state;
    static const struct {
        const char *name;
        u32 field;
        u16 offset, segment;
        u32 into; /* the block; 0 for a pointer that stays */
    } rows[] = {{"string, in the block", 6, 0x0008, 0x3a5d, 0x110},
                {"modes, in the block", 14, 0xa4ea, 0x3000, 0x22},
                {"vendor, at the end of the block", 22, 0xa6c7, 0x3000, 0x1ff},
                {"product, behind the block", 26, 0xa6c8, 0x3000, 0},
                {"product, in front of the block", 26, 0xa4c7, 0x3000, 0},
                {"revision, in the block", 30, 0x0, 0x3a50, 0x38},
                {"modes, in a ROM", 14, 0x1234, 0xc000, 0},
                {"no pointer", 10, 0xa4ea, 0x3000, 0}};
    for (size_t i = 0; i < 2 * ARRAY_COUNT(rows); i++) {
        u32 row = (u32)i >> 1;
        struct vbe *vbe = &scene.machine.vbe;
        set_scene(i & 1 ? PROTOCOL_MULTIBOOT2 : PROTOCOL_MULTIBOOT1);
        make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
        put_header_1(&scene.file, 0x100, 3, NULL, 0);
        put_header_2(&scene.file, 0x200, NULL, 0);
        *vbe = (struct vbe){.present = true, .mode = 0x4118, .controller_phys = 0x3a4c8};
        store16(vbe->controller + rows[row].field, rows[row].offset);
        store16(vbe->controller + rows[row].field + 2, rows[row].segment);
        scene.machine.screen =
            (struct screen){.kind = SCREEN_PIXELS, .phys = 0xfd000000, .depth = 32, .red = {16, 8}};
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        u64 at = i & 1 ? find_tag(7, 784) + 16 : word_at(scene.entry.bx + 72);
        const u8 *pointer = scene.ram + at + rows[row].field;
        u32 linear = ((u32)rows[row].segment << 4) + rows[row].offset;
        if (rows[row].into)
            linear = (u32)at + rows[row].into;
        if (((u32)load16(pointer + 2) << 4) + load16(pointer) != linear)
            fail_msg("%s: %x", rows[row].name, load32(pointer));
    }
}

/* gfxpayload is for kernels whose header speaks of the screen, and for those of `kernel`. */
static void test_gfxpayload(void **state) {
    (void)state;
    static const struct {
        enum boot_protocol protocol;
        u32 flags, type; /* of the Multiboot 1 header, or of a Multiboot 2 tag if not 0 */
        const char *payload, *option, *list;
    } rows[] = {
        {PROTOCOL_MULTIBOOT1, 3, 0, "640x480", "", ""},
        {PROTOCOL_MULTIBOOT1, 7, 0, "640x480", "", "640x480"},
        {PROTOCOL_MULTIBOOT1, 7, 1, "640x480", "", "640x480"},
        {PROTOCOL_MULTIBOOT1, 7, 0, "text", "", "text"},
        {PROTOCOL_MULTIBOOT1, 7, 0, "", "", "800x600x32,auto"},
        {PROTOCOL_MULTIBOOT1, 7, 1, "", "", ""},
        {PROTOCOL_MULTIBOOT2, 0, 0, "640x480", "", ""},
        {PROTOCOL_MULTIBOOT2, 0, 5, "640x480", "", "640x480"},
        {PROTOCOL_MULTIBOOT2, 0, 5, "", "", "800x600x32,auto"},
        {PROTOCOL_NATIVE, 3, 0, "640x480", "", "640x480"},
        {PROTOCOL_NATIVE, 3, 0, "640x480", "1024x768", "1024x768"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const u32 fields[] = {0, 0, 0, 0, 0, rows[i].type, 800, 600, 32};
        const u32 tag[] = {rows[i].type, 20, 800, 600, 32, 0};
        set_scene(rows[i].protocol);
        make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
        if (rows[i].protocol == PROTOCOL_MULTIBOOT2)
            put_header_2(&scene.file, 0x200, tag, rows[i].type ? 6 : 0);
        else
            put_header_1(&scene.file, 0x100, rows[i].flags, fields, 9);
        struct bytes bytes = {scene.file.bytes, scene.file.size};
        struct source kernel = source_memory(&bytes, "kernel");
        scene.request.gfxpayload = rows[i].payload;
        scene.request.options.video = rows[i].option;
        assert_int_equal(protocol_open(&boot, &kernel).code, 0);
        assert_string_equal(protocol_video(&boot), rows[i].list);
    }
}

/* In text mode the mode's block is made up; drives and ROM table are passed on. */
static void test_firmware_1(void **state) {
    (void)state;
    set_scene(PROTOCOL_MULTIBOOT1);
    make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
    put_header_1(&scene.file, 0x100, 3, NULL, 0);
    scene.machine.vbe = (struct vbe){.present = true, .mode = 3};
    scene.machine.config_table = 0xfe6f5;
    scene.machine.apm = (struct apm){0x102, 0xf000, 0x1234, 1, 2, 3, 4, 5, 6};
    scene.machine.drive_count = 2;
    scene.machine.drives[0] = (struct bios_drive){0x80, true, 16, 63, 1024};
    scene.machine.drives[1] = (struct bios_drive){0x81, false, 4, 17, 300};
    assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
    u64 info = scene.entry.bx, mode = word_at(info + 76), drives = word_at(info + 56);
    assert_int_equal(word_at(info), 0x1fe7);
    assert_int_equal(word_at(info + 60), 0xfe6f5);
    assert_int_equal(word_at(info + 52), 24);
    const u8 expected[24] = {12, 0, 0, 0, 0x80, 1, 0,    4, 16, 63, 0, 0,
                             12, 0, 0, 0, 0x81, 0, 0x2c, 1, 4,  17, 0, 0};
    check_bytes(drives, expected, 24);
    assert_int_equal(load16(scene.ram + mode + 18), 80);
    assert_int_equal(load16(scene.ram + mode + 20), 25);
    assert_int_equal(scene.ram[mode + 27], 0);
    assert_int_equal(word_at(word_at(info + 68) + 4), 0x1234);
}

/* An a.out file with symbols: the size, the symbols, the strings with their size. */
static void test_aout_symbols(void **state) {
    (void)state;
    static const struct {
        u32 magic, text_offset;
        bool found;
        u32 strings; /* what they say of their size, if that is not 12 */
        bool cut;    /* the file, before that */
    } rows[] = {
        {0407, 32, true, 0, false},    {0410, 32, true, 0, false},  {0413, 1024, true, 0, false},
        {0413, 4096, true, 0, false},  {0314, 0, true, 0, false},   {0406, 32, false, 0, false},
        {0413, 2048, false, 0, false}, {0407, 32, false, 3, false}, {0407, 32, false, 13, false},
        {0407, 32, false, 0, true},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        static const u32 fields[] = {0x100028, 0x100000, 0x100800, 0x102000, 0x100100};
        u32 start = rows[i].text_offset + 0x1800, size = 24;
        set_scene(PROTOCOL_MULTIBOOT1);
        put_words(&scene.file, 0,
                  (u32[]){rows[i].magic | 0x640000, 0x1000, 0x800, 0x400, size, 0, 0, 0}, 8);
        put_header_1(&scene.file, 0x28, 0x10000, fields, 5);
        for (u32 at = 0; at < size; at++)
            scene.file.bytes[start + at] = (u8)(at + 100);
        u32 strings = rows[i].strings ? rows[i].strings : 12;
        put_words(&scene.file, start + size, (u32[]){strings, 0x41424344, 0x45}, 3);
        if (strings < 4)
            scene.file.size = start + size + strings;
        if (rows[i].cut)
            scene.file.size = start + size + 2;
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        u64 info = scene.entry.bx, symbols = word_at(info + 36);
        assert_int_equal(word_at(info) & 0x30, rows[i].found ? 0x10 : 0);
        if (!rows[i].found)
            continue;
        assert_int_equal(word_at(info + 28), 24);
        assert_int_equal(word_at(info + 32), 12);
        assert_int_equal(word_at(symbols), 24);
        check_bytes(symbols + 4, scene.file.bytes + start, 36);
    }
}

/* The kernel lands on the places that its information would have. */
static void test_kernel_in_the_way(void **state) {
    (void)state;
    static const struct {
        u32 phys, size;
        u64 info_from, info_to;
    } rows[] = {{0x8000, 0x6000, 0x70000, 0x9f000},   {0xf000, 0x1801, 0x70000, 0x9f000},
                {0x1f000, 0x4000, 0x10000, 0x10000},  {0x500, 0x9f000, 0x200000, 0x7e0000},
                {0x7f000, 0x10000, 0x10000, 0x10000}, {0x10000, 0x70000, 0x88000, 0x9f000},
                {0x5000, 0x2f00, 0x10000, 0x10000}};
    for (u32 i = 0; i < 2 * ARRAY_COUNT(rows); i++) {
        u32 size = rows[i / 2].size, phys = rows[i / 2].phys;
        set_scene(i & 1 ? PROTOCOL_MULTIBOOT2 : PROTOCOL_MULTIBOOT1);
        make_elf(&scene.file, 32, phys, phys, size);
        put_header_1(&scene.file, 0x100, 3, NULL, 0);
        put_header_2(&scene.file, 0x200, NULL, 0);
        add_module("m", 0x3000);
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        check_entry(i & 1 ? 0x36d76289 : 0x2badb002);
        check_bytes(phys, scene.file.bytes + BODY, (u32)min_u64(size, 0x1800));
        for (u32 at = 0x1800; at < size; at++)
            assert_int_equal(scene.ram[phys + at], 0);
        if (scene.entry.bx < rows[i / 2].info_from || scene.entry.bx > rows[i / 2].info_to)
            fail_msg("kernel at %x: information at %llx", phys, (unsigned long long)scene.entry.bx);
    }
}

/* Where modules go: behind a gap, in their order, in the first 4 MiB where that is possible. */
static void test_module_places(void **state) {
    (void)state;
    static const struct {
        u64 phys, size;
        u32 sizes[3];
        u64 places[3];
    } rows[] = {
        {0x100000, 0x5004, {0x1000, 0, 0x1001}, {0x206000, 0x207000, 0x208000}},
        {0x100000, 0x200000, {0x3000, 0x3000, 0x3000}, {0x310000, 0x313000, 0x316000}},
        {0x100000, 0x300000, {0x3000, 0x3000, 0x3000}, {0x500000, 0x503000, 0x506000}},
        {0x600000, 0x100000, {0x3000, 0x3000, 0x3000}, {0x100000, 0x103000, 0x106000}},
        {0x80000, 0x2000, {0x3000, 0x3000, 0x3000}, {0x200000, 0x203000, 0x206000}},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        set_scene(PROTOCOL_MULTIBOOT1);
        make_elf(&scene.file, 32, rows[i].phys, rows[i].phys, rows[i].size);
        put_header_1(&scene.file, 0x100, 3, NULL, 0);
        for (u32 m = 0; m < 3; m++)
            add_module("", rows[i].sizes[m]);
        if (i == 1) /* as much as just fits below 4 MiB with the small gap */
            scene.module_sizes[2] = 0xea000;
        const struct bytes bytes = {scene.file.bytes, scene.file.size};
        struct source kernel = source_memory(&bytes, "kernel");
        assert_int_equal(protocol_open(&boot, &kernel).code, 0);
        assert_int_equal(protocol_plan(&boot, &scene.plan).code, 0);
        for (u32 m = 0; m < 3; m++)
            if (plan_module_phys(&scene.plan, m) != rows[i].places[m])
                fail_msg("row %zu, module %u: %llx", i, m,
                         (unsigned long long)plan_module_phys(&scene.plan, m));
    }
}

/* Notes: the other version's header, and symbols that are left out. */
static void test_notes(void **state) {
    (void)state;
    static const struct {
        const char *name;
        enum boot_protocol wished;
        bool one, two;
        u32 section_count, symbols_size;
        enum boot_protocol booted;
        enum error_code note;
    } rows[] = {
        {"both", PROTOCOL_MULTIBOOT1, true, true, 6, 0x200, PROTOCOL_MULTIBOOT1, 0},
        {"both, 2", PROTOCOL_MULTIBOOT2, true, true, 6, 0x200, PROTOCOL_MULTIBOOT2, 0},
        {"the other one", PROTOCOL_MULTIBOOT1, false, true, 6, 0x200, PROTOCOL_MULTIBOOT2,
         E(OTHER)},
        {"the other one, 1", PROTOCOL_MULTIBOOT2, true, false, 6, 0x200, PROTOCOL_MULTIBOOT1,
         E(OTHER)},
        {"too many sections", PROTOCOL_MULTIBOOT1, true, false, 2049, 0x200, PROTOCOL_MULTIBOOT1,
         E(SYMBOLS)},
        {"headers past the end", PROTOCOL_MULTIBOOT1, true, false, 7, 0x200, PROTOCOL_MULTIBOOT1,
         E(SYMBOLS)},
        {"a section past it", PROTOCOL_MULTIBOOT1, true, false, 6, 0x10000, PROTOCOL_MULTIBOOT1,
         E(SYMBOLS)},
        {"none at all", PROTOCOL_MULTIBOOT1, true, false, 0, 0x200, PROTOCOL_MULTIBOOT1, 0},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        set_scene(rows[i].wished);
        make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
        if (rows[i].one)
            put_header_1(&scene.file, 0x100, 3, NULL, 0);
        if (rows[i].two)
            put_header_2(&scene.file, 0x200, NULL, 0);
        elf_put(scene.file.bytes + 48, 2, rows[i].section_count);
        elf_put(scene.file.bytes + 0x3400 + 3 * 40 + 20, 4, rows[i].symbols_size);
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        bool sections =
            scene.request.protocol != PROTOCOL_MULTIBOOT1 || word_at(scene.entry.bx) & 32;
        if (scene.request.protocol != rows[i].booted ||
            scene.plan.note_count != (rows[i].note != 0) ||
            (rows[i].note && scene.plan.notes[0].code != rows[i].note) ||
            sections != (rows[i].note != E(SYMBOLS) && rows[i].section_count))
            fail_msg("%s", rows[i].name);
    }
    /* Without room for them the kernel boots all the same. */
    set_scene(PROTOCOL_MULTIBOOT2);
    make_elf(&scene.file, 32, 0x100000, 0x100000, 0x6e0000);
    put_header_2(&scene.file, 0x200, NULL, 0);
    assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
    assert_int_equal(scene.plan.notes[0].code, E(SYMBOLS));
    assert_int_equal(word_at(find_tag(9, 20) + 8), 0);
}

static void test_no_room(void **state) {
    (void)state;
    static char long_line[RAM_SIZE];
    memset(long_line, 'a', sizeof long_line - 1);
    set_scene(PROTOCOL_MULTIBOOT1);
    make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
    put_header_1(&scene.file, 0x100, 3, NULL, 0);
    add_module("", 0x3000);
    scene.module_sizes[0] = 0x6e0000;
    assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, ERROR_PLAN_MEMORY);
    scene.module_sizes[0] = 0x3000;
    scene.request.modules[0].arguments = long_line; /* more information than memory */
    assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, ERROR_PLAN_MEMORY);
    scene.module_sizes[0] = 0xffffffffffff0000;
    assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, ERROR_PLAN_MEMORY);
    scene.request.protocol = PROTOCOL_LINUX;
    assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, ERROR_LINUX_MAGIC);
}

/* ---- memory_fit() ---- */

static void test_fit(void **state) {
    (void)state;
    static const struct {
        const char *name;
        struct memory_fit fit;
        bool found;
        u32 at;
    } rows[] = {
        {"low", {0x1000, 0, 0x100000, 0x1000, false, false}, true, 0x1000},
        {"over the loader", {0x1000, 0x2000, 0x100000, 0x1000, false, true}, true, 0x2000},
        {"behind the loader", {0x1000, 0x2000, 0x100000, 0x1000, false, false}, true, 0x8000},
        {"not in the claim's last page",
         {0x1000, 0x100000, 0x200000, 0x1000, false, false},
         true,
         0x103000},
        {"high", {0x1000, 0, 0x102000, 0x1000, true, false}, true, 0xff000},
        {"high, hopping", {0x3000, 0, 0x106000, 0x1000, true, false}, true, 0x103000},
        {"high, too large above", {0x4000, 0, 0x106000, 0x1000, true, false}, true, 0xfc000},
        {"aligned", {0x1000, 0x100000, 0x200000, 0x8000, false, false}, true, 0x108000},
        {"aligned, high", {0x1000, 0, 0x110000, 0x80000, true, false}, true, 0x80000},
        {"exactly", {0x7000, 0x1000, 0x8000, 0x1000, false, true}, true, 0x1000},
        {"one too many", {0x8000, 0x1000, 0x8000, 0x1000, false, true}, false, 0},
        {"larger than memory", {0xf0000000, 0, ~0u, 0x1000, false, true}, false, 0},
        {"nothing between", {0x1000, 0x5000, 0x5000, 0x1000, false, true}, false, 0},
        {"high at the end", {0x1000, 0, ~0u, 0x1000, true, false}, true, 0xffffe000},
        {"alignment beyond all", {0x1000, 1, ~0u, 0x80000000, false, false}, true, 0x80000000},
    };
    const struct memory_map map = {
        2, {{0, 0x200000, MEMORY_USABLE, 1}, {0x70000000, 0x1000000000, MEMORY_USABLE, 1}}};
    struct claims claims = {.count = 0};
    assert_int_equal(claims_add(&claims, (struct claim){0, 0x500, CLAIM_BIOS, 0}).code, 0);
    assert_int_equal(claims_add(&claims, (struct claim){0x2000, 0x6000, CLAIM_LOADER, 0}).code, 0);
    assert_int_equal(claims_add(&claims, (struct claim){0x100800, 0x2700, CLAIM_KERNEL, 0}).code,
                     0);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        u32 at = 0;
        bool found = memory_fit(&map, &claims, &rows[i].fit, &at);
        if (found != rows[i].found || (found && at != rows[i].at))
            fail_msg("%s: %d, %x", rows[i].name, found, at);
    }
}

/* A header that all agrees with, but for the machine it is for. */
static void test_architecture(void **state) {
    (void)state;
    static struct made_file file;
    struct multiboot_header header;
    memset(&file, 0, sizeof file);
    file.size = 0x1000;
    put_header_2(&file, 0x40, NULL, 0);
    store32(file.bytes + 0x44, 4);
    store32(file.bytes + 0x4c, load32(file.bytes + 0x4c) - 4);
    struct bytes bytes = {file.bytes, file.size};
    struct source source = source_memory(&bytes, "kernel");
    struct error error = multiboot_header_read(&source, 2, false, &header);
    assert_int_equal(error.code, ERROR_MULTIBOOT_ARCHITECTURE);
    assert_int_equal(error.values.number[1], 4);
}

/* The size that a header asks for; of what is 0 nothing is said. */
static void test_video_of_headers(void **state) {
    (void)state;
    static const struct {
        u32 width, height, depth;
        const char *list;
    } rows[] = {{800, 600, 32, "800x600x32,auto"},
                {800, 600, 0, "800x600,auto"},
                {800, 0, 32, "auto"},
                {0, 600, 32, "auto"},
                {0, 0, 0, "auto"}};
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const u32 fields[] = {0, 0, 0, 0, 0, 0, rows[i].width, rows[i].height, rows[i].depth};
        set_scene(PROTOCOL_MULTIBOOT1);
        make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
        put_header_1(&scene.file, 0x100, 7, fields, 9);
        struct bytes bytes = {scene.file.bytes, scene.file.size};
        struct source kernel = source_memory(&bytes, "kernel");
        assert_int_equal(protocol_open(&boot, &kernel).code, 0);
        assert_string_equal(scene.opened.video, rows[i].list);
    }
}

/* Memory that begins neither at 0 nor at 1 MiB: both sizes are 0. */
static void test_no_usual_memory(void **state) {
    (void)state;
    static const struct e820_row rows[] = {{0, 0x1000, 2},
                                           {0x1000, 0x9e000, 1},
                                           {0x100000, 0x100000, 2},
                                           {0x200000, 0x5e0000, 1},
                                           {0}};
    for (u32 version = 1; version <= 2; version++) {
        set_scene(version == 1 ? PROTOCOL_MULTIBOOT1 : PROTOCOL_MULTIBOOT2);
        scene.machine.memory = machine_of(rows, CPU_QEMU64, 40).memory;
        make_elf(&scene.file, 32, 0x200000, 0x200000, 0x4000);
        put_header_1(&scene.file, 0x100, 3, NULL, 0);
        put_header_2(&scene.file, 0x200, NULL, 0);
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        u64 sizes = version == 1 ? scene.entry.bx + 4 : find_tag(4, 16) + 8;
        assert_int_equal(word_at(sizes), 0);
        assert_int_equal(word_at(sizes + 4), 0);
    }
}

/* As many segments as there may be: information and modules lie behind all of them. */
static void test_most_segments(void **state) {
    (void)state;
    for (u32 low = 0; low < 2; low++) {
        set_scene(PROTOCOL_MULTIBOOT1);
        scene.file.size = BODY + ELF_SEGMENTS_MAX;
        elf_put_header(scene.file.bytes, 32, 0x100000, 52, ELF_SEGMENTS_MAX);
        put_header_1(&scene.file, 0xa00, 3, NULL, 0);
        for (u32 i = 0; i < ELF_SEGMENTS_MAX; i++) {
            u32 phys = (low ? 0x100000 : 0x13f000) + (low ? i : -i) * 0x1000;
            elf_put_part(scene.file.bytes + 52 + 32 * i, 32,
                         &(struct elf_part){1, 7, BODY + i, phys, phys, 1, 0x1000});
            scene.file.bytes[BODY + i] = (u8)(i + 1);
        }
        add_module("m", 0x3000);
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        for (u32 i = 0; i < ELF_SEGMENTS_MAX; i++)
            assert_int_equal(word_at((low ? 0x100000 : 0x13f000) + (low ? i : -i) * 0x1000), i + 1);
        assert_int_equal(plan_module_phys(&scene.plan, 0), 0x240000);
    }
}

/* Without paging everything can be executed: an entry may lie beside what is marked so. */
static void test_entry_in_data(void **state) {
    (void)state;
    set_scene(PROTOCOL_MULTIBOOT1);
    make_elf(&scene.file, 32, 0x100000, 0x100000, 0x2000);
    scene.file.bytes[52 + 24] = 6;
    elf_put_part(scene.file.bytes + 52 + 32, 32,
                 &(struct elf_part){1, 5, BODY, 0x200000, 0x200000, 0x100, 0x100});
    elf_put(scene.file.bytes + 44, 2, 2);
    put_header_1(&scene.file, 0x100, 3, NULL, 0);
    assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
    assert_int_equal(scene.entry.ip, 0x100010);
    assert_int_equal(scene.image.segments[0].rights, 7);
}

/* More section headers than are read at once. */
static void test_many_sections(void **state) {
    (void)state;
    enum { COUNT = 300 };
    set_scene(PROTOCOL_MULTIBOOT2);
    make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
    for (u32 i = 6; i < COUNT; i++)
        put_section(scene.file.bytes + 0x3400 + i * 40, 32,
                    &(struct made_section){i, 1, 0, 0x3000 + i, i == COUNT - 1 ? 9 : 0});
    elf_put(scene.file.bytes + 48, 2, COUNT);
    scene.file.size = 0x3400 + COUNT * 40;
    put_header_2(&scene.file, 0x200, NULL, 0);
    assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
    u64 tag = find_tag(9, 20 + COUNT * 40);
    assert_int_equal(word_at(tag + 8), COUNT);
    u64 last = tag + 20 + (COUNT - 1) * 40;
    assert_int_equal(word_at(last), COUNT - 1);
    check_bytes(word_at(last + 12), scene.file.bytes + 0x3000 + COUNT - 1, 9);
}

/* More information than there is room for where GRUB has it: it goes elsewhere, whole. */
static void test_much_information(void **state) {
    (void)state;
    static char line[0x11000];
    memset(line, 'a', sizeof line - 1);
    for (u32 version = 1; version <= 2; version++) {
        set_scene(version == 1 ? PROTOCOL_MULTIBOOT1 : PROTOCOL_MULTIBOOT2);
        make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
        put_header_1(&scene.file, 0x100, 3, NULL, 0);
        put_header_2(&scene.file, 0x200, NULL, 0);
        add_module(line, 0x1000);
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        assert_true(scene.entry.bx < 0x10000 || scene.entry.bx >= 0x20000);
        u64 text = version == 1 ? word_at(word_at(scene.entry.bx + 24) + 8)
                                : find_tag(3, 16 + sizeof line) + 16;
        assert_string_equal(string_at(text), line);
    }
}

/* The kernel's path in front of its arguments, and alone where there are none. */
static void test_path_in_the_line(void **state) {
    (void)state;
    static const char *const arguments[] = {"a b", ""}, *const lines[] = {"/boot/k a b", "/boot/k"};
    for (u32 i = 0; i < 2; i++) {
        set_scene(PROTOCOL_MULTIBOOT1);
        make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
        put_header_1(&scene.file, 0x100, 3, NULL, 0);
        scene.request.flags = REQUEST_CMDLINE_PATH;
        scene.request.kernel.arguments = arguments[i];
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        assert_string_equal(string_at(word_at(scene.entry.bx + 16)), lines[i]);
    }
}

/* What is kept of the kernel's file while its hash is checked is nobody's place. */
static void test_held(void **state) {
    (void)state;
    set_scene(PROTOCOL_MULTIBOOT1);
    make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
    put_header_1(&scene.file, 0x100, 3, NULL, 0);
    add_module("m", 0x3000);
    struct bytes bytes = {scene.file.bytes, scene.file.size};
    struct source kernel = source_memory(&bytes, "kernel");
    assert_int_equal(protocol_open(&boot, &kernel).code, 0);
    assert_int_equal(protocol_plan(&boot, &scene.plan).code, 0);
    const struct range held = {plan_module_phys(&scene.plan, 0), 0x5000};
    struct boot holding = boot;
    holding.held = &held;
    assert_int_equal(protocol_plan(&holding, &scene.plan).code, 0);
    assert_true(plan_module_phys(&scene.plan, 0) >= held.start + held.size);
    const struct claim *claim = claims_meet(&scene.plan.claims, held);
    assert_int_equal(claim->kind, CLAIM_HELD);
    assert_true(claim->start == held.start && claim->size == held.size);
    scene.request.options.kaslr = true;
    assert_int_equal(protocol_plan(&holding, &scene.plan).code, ERROR_PLAN_NOT_PIE);
}

/* Tables of the firmware that lie where no memory is, or say more than they can hold. */
static void test_odd_firmware(void **state) {
    (void)state;
    for (u32 row = 0; row < 4; row++) {
        set_scene(PROTOCOL_MULTIBOOT2);
        make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
        put_header_2(&scene.file, 0x200, NULL, 0);
        scene.machine.smbios = row == 1 ? RAM_SIZE : SMBIOS;
        scene.machine.rsdp = row == 3 ? RAM_SIZE : RSDP;
        scene.ram[SMBIOS + 5] = row == 2 ? 33 : 31;
        scene.ram[RSDP + 15] = 0;
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        bool smbios = false, rsdp = false;
        for (u64 at = scene.entry.bx + 8; word_at(at); at += (word_at(at + 4) + 7) & ~7u) {
            smbios |= word_at(at) == 13;
            rsdp |= word_at(at) == 14;
        }
        assert_int_equal(smbios, row == 0 || row == 3);
        assert_int_equal(rsdp, row != 3);
    }
}

/* ---- little room ---- */

/* All that either version tells of: a palette or colours, VBE, APM, drives, tables, modules. */
static void set_rich_scene(bool first, bool indexed) {
    set_scene(first ? PROTOCOL_MULTIBOOT1 : PROTOCOL_MULTIBOOT2);
    make_elf(&scene.file, 32, 0x100000, 0x100000, 0x4000);
    put_header_1(&scene.file, 0x100, 3, NULL, 0);
    put_header_2(&scene.file, 0x200, NULL, 0);
    struct machine *machine = &scene.machine;
    machine->screen = (struct screen){
        SCREEN_PIXELS,        0xfd000000, 800, 600, 3200, 32, {indexed ? 0 : 16, indexed ? 0 : 8},
        {indexed ? 0 : 8, 8}, {0, 8}};
    machine->vbe = (struct vbe){true, 0x4118, 0xc000, 0x10, 0x20, .colour_count = 16};
    machine->apm = (struct apm){0x102, 0xf000, 0x1234, 1, 2, 3, 4, 5, 6};
    machine->drive_count = 2;
    machine->rsdp = RSDP;
    machine->smbios = SMBIOS;
    scene.ram[RSDP + 15] = 2;
    store32(scene.ram + RSDP + 20, 36);
    scene.ram[SMBIOS + 5] = 31;
    add_module("first one", 0x100);
    add_module("", 0x200);
}

/* The information in `size` bytes; nothing is written behind them. */
static struct error finish_in(u64 size) {
    enum { BEHIND = 0x800 };
    const struct ram ram = {scene.ram, 0, RAM_SIZE};
    u8 *end = scene.ram + scene.plan.info_phys + size;
    memset(end, 0xa7, BEHIND);
    scene.plan.info_size = size;
    struct error error = protocol_finish(&boot, &scene.plan, &ram, &scene.entry);
    for (u32 i = 0; i < BEHIND; i++)
        assert_int_equal(end[i], 0xa7);
    return error;
}

/* Room for the information that grows by a byte until it is enough. */
static void test_little_room(void **state) {
    (void)state;
    for (u32 row = 0; row < 4; row++) {
        set_rich_scene(row & 1, row & 2);
        assert_int_equal(boot_file(scene.file.bytes, scene.file.size).code, 0);
        u64 planned = scene.plan.info_size, size = GDT_SIZE;
        for (struct error error; (error = finish_in(size)).code; size++) {
            assert_int_equal(error.code, ERROR_PLAN_TOO_MANY);
            assert_string_equal(error.values.name, "bytes of boot information");
            assert_int_equal(error.values.number[0], size - GDT_SIZE);
            assert_true(size < planned);
        }
        assert_true(size > 1000);
        const struct ram none = {scene.ram, 0, scene.plan.info_phys};
        struct error error = protocol_finish(&boot, &scene.plan, &none, &scene.entry);
        assert_int_equal(error.code, ERROR_PLAN_MEMORY);
        assert_string_equal(error.values.name, "the handoff");
    }
}

/* ---- hostile files ---- */

static void make_seed(u32 number) {
    static const u32 fields[] = {0x100100, 0x100000, 0x102000, 0x104000, 0x100200, 0, 800, 600, 32};
    static const u32 tags[] = {
        1, 16, 6,  17,  2,   24, 0x100200, 0x100000, 0,  0x108000, 3,        12,     0x100300,
        0, 5,  20, 800, 600, 32, 0,        10,       24, 0x200000, 0x700000, 0x1000, 2};
    set_scene(number & 1 ? PROTOCOL_MULTIBOOT2 : PROTOCOL_MULTIBOOT1);
    make_elf(&scene.file, number & 2 ? 64 : 32, 0xc0100000, 0x100000, 0x4000);
    if (number & 1)
        put_header_2(&scene.file, 0x200, tags + (number & 4 ? 0 : 14), number & 4 ? 26 : 12);
    else
        put_header_1(&scene.file, 0x100, number & 4 ? 0x10007 : 3, fields, 9);
    add_module("a", 0x100);
}

/* Every truncation, and every byte changed in several ways: whatever comes of it, nothing is read
 * or written out of bounds, and it ends. */
static void test_hostile(void **state) {
    (void)state;
    static struct made_file good;
    u32 booted = 0;
    for (u32 seed = 0; seed < 8; seed++) {
        make_seed(seed);
        good = scene.file;
        assert_int_equal(boot_file(good.bytes, good.size).code, 0);
        for (u32 size = 0; size < good.size; size += size < 0x300 || size > 0x33f0 ? 1 : 97) {
            u8 *copy =
                malloc(size ? size : 1); /* of its exact size, so that a read past it is seen */
            memcpy(copy, good.bytes, size);
            (void)boot_file(copy, size).code;
            free(copy);
        }
        static const u8 changes[] = {0xff, 0x80, 0x01, 0x7f};
        for (u32 at = 0; at < good.size; at++) {
            if (at == 0x300)
                at = 0x3400;
            for (u32 change = 0; change < sizeof changes; change++) {
                scene.file = good;
                scene.request.protocol = seed & 1 ? PROTOCOL_MULTIBOOT2 : PROTOCOL_MULTIBOOT1;
                scene.file.bytes[at] ^= changes[change];
                booted += !boot_file(scene.file.bytes, good.size).code;
            }
        }
    }
    assert_true(booted > 1000);
}

/* ---- a disk that fails ---- */

static struct error read_header_and_image(const struct source *source, u32 version) {
    static struct image image;
    struct multiboot_header header;
    struct multiboot_symbols symbols;
    TRY(multiboot_header_read(source, version, false, &header));
    return multiboot_image(source, &header, false, &image, &symbols);
}

/* Each read fails in turn, and each time that is what is told. The last try reads all: it ends as
 * it does from memory. */
static void fail_each_read(const struct made_file *file, u32 version, u32 least) {
    struct failing medium = {.bytes = {file->bytes, file->size}};
    struct source source = failing_source(&medium, "kernel"),
                  whole = source_memory(&medium.bytes, "kernel");
    struct error error, expected = read_header_and_image(&whole, version);
    for (medium.fail_at = 1;; medium.fail_at++) {
        medium.reads = 0;
        error = read_header_and_image(&source, version);
        if (!has_failed(&medium, error))
            break;
    }
    assert_int_equal(error.code, expected.code);
    assert_true(medium.fail_at > least);
}

static void test_failing_reads(void **state) {
    (void)state;
    static struct made_file file;
    static const u32 addresses[] = {0x100100, 0x100000, 0, 0, 0x100010};
    static const u32 requests[] = {1, 16, 21, 20};
    for (u32 bits = 32; bits <= 64; bits += 32) {
        make_elf(&file, bits, 0x100000, 0x100000, 0x1800);
        put_header_1(&file, 0x100, 0, NULL, 0);
        fail_each_read(&file, 1, 6);
        make_elf(&file, bits, 0x100000, 0x100000, 0x1800);
        put_header_2(&file, 0x100, requests, 4);
        fail_each_read(&file, 2, 8);
    }
    memset(&file, 0, sizeof file); /* no header at all, and one whose sum is wrong */
    file.size = 0x3000;
    fail_each_read(&file, 1, 12);
    put_header_1(&file, 0x100, 0, NULL, 0);
    file.bytes[0x108] ^= 1;
    fail_each_read(&file, 1, 12);
    memset(&file, 0, sizeof file); /* an a.out file, whose strings have a size */
    elf_put(file.bytes, 4, 0413);
    elf_put(file.bytes + 4, 4, 0x1000);
    elf_put(file.bytes + 16, 4, 12);
    put_header_1(&file, 0x100, 0x10000, addresses, ARRAY_COUNT(addresses));
    file.size = 0x3000;
    fail_each_read(&file, 1, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),          cmocka_unit_test(test_find),
        cmocka_unit_test(test_load_addresses),   cmocka_unit_test(test_elf_habits),
        cmocka_unit_test(test_elf_parts),        cmocka_unit_test(test_not_elf),
        cmocka_unit_test(test_relocate),         cmocka_unit_test(test_info_1),
        cmocka_unit_test(test_info_2),           cmocka_unit_test(test_bare_machine),
        cmocka_unit_test(test_old_acpi),         cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_screens),          cmocka_unit_test(test_controller_pointers),
        cmocka_unit_test(test_gfxpayload),       cmocka_unit_test(test_firmware_1),
        cmocka_unit_test(test_aout_symbols),     cmocka_unit_test(test_kernel_in_the_way),
        cmocka_unit_test(test_module_places),    cmocka_unit_test(test_notes),
        cmocka_unit_test(test_no_room),          cmocka_unit_test(test_fit),
        cmocka_unit_test(test_failing_reads),    cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_little_room),      cmocka_unit_test(test_architecture),
        cmocka_unit_test(test_video_of_headers), cmocka_unit_test(test_no_usual_memory),
        cmocka_unit_test(test_many_sections),    cmocka_unit_test(test_entry_in_data),
        cmocka_unit_test(test_most_segments),    cmocka_unit_test(test_held),
        cmocka_unit_test(test_odd_firmware),     cmocka_unit_test(test_much_information),
        cmocka_unit_test(test_path_in_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
