/* paging/: the rows of the formats, tables written out by hand, and every error. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "build.h"
#include "format.h"
#include "walk.h"

#include <stdlib.h>
#include <string.h>

#define ALL_FEATURES (CPU_PSE | CPU_PAE | CPU_NX | CPU_LONG_MODE | CPU_PAGE_1G | CPU_LA57 | CPU_PGE)
#define ARENA_PHYS   0x300000
#define NX           ENTRY_NO_EXECUTE

enum { FRAMES_MAX = 24, ENTRIES_MAX = 12 };

static struct paging_options options_of(enum paging_format_id id, u32 features) {
    return (struct paging_options){.format = &paging_formats[id], .cpu_features = features};
}

static struct table_arena arena_of(u64 phys, u32 frame_count) {
    u8 *bytes = aligned_alloc(PAGE_SIZE, frame_count * PAGE_SIZE);
    memset(bytes, 0xa5, frame_count * PAGE_SIZE);
    return (struct table_arena){.bytes = bytes, .phys = phys, .frame_count = frame_count};
}

static u64 entry_at(const struct paging_format *format, const u8 *table, u32 index) {
    u64 entry = 0;
    memcpy(&entry, table + index * format->entry_size, format->entry_size);
    return entry;
}

static void put_entry(const struct paging_format *format, u8 *table, u32 index, u64 entry) {
    memcpy(table + index * format->entry_size, &entry, format->entry_size);
}

/* The whole of the tables: these entries, and nothing else. */
struct golden {
    const char *name;
    enum paging_format_id format;
    u32 features;
    bool small_only;
    struct map rows[4];
    u32 frames;
    struct {
        u32 frame, index, count;
        u64 entry, step;
    } entries[ENTRIES_MAX];
};

#define LINK(frame) (ARENA_PHYS + (frame)*0x1000 + 7)

static const struct golden goldens[] = {
    {.name = "nothing", .format = PAGING_4LEVEL, .frames = 1},
    {.name = "32-bit: identity page and a kernel at 3 GiB",
     .format = PAGING_32,
     .features = ALL_FEATURES,
     .rows = {{0x7000, 0x7000, 0x1000, MAP_EXECUTE, 0},
              {0xc0100000, 0x100000, 0x300000, MAP_WRITE | MAP_GLOBAL, 0}},
     .frames = 3,
     .entries = {{0, 0, 1, LINK(1), 0},
                 {0, 0x300, 1, LINK(2), 0},
                 {1, 7, 1, 0x7001, 0},
                 {2, 0x100, 0x300, 0x100103, 0x1000}}},
    {.name = "32-bit: 4 MiB is 1024 pages without PSE",
     .format = PAGING_32,
     .features = CPU_PSE,
     .rows = {{0x400000, 0, 0x400000, MAP_WRITE, 0}},
     .frames = 2,
     .entries = {{0, 1, 1, LINK(1), 0}, {1, 0, 1024, 0x3, 0x1000}}},
    {.name = "PSE: small leaves up to 4 MiB, then a large one",
     .format = PAGING_32_PSE,
     .features = CPU_PSE,
     .rows = {{0xc0100000, 0x100000, 0x700000, MAP_WRITE | MAP_GLOBAL, 0}},
     .frames = 2,
     .entries = {{0, 0x300, 1, LINK(1), 0},
                 {0, 0x301, 1, 0x400083, 0},
                 {1, 0x100, 0x300, 0x100003, 0x1000}}},
    {.name = "PSE: two large leaves up to the end of the address space",
     .format = PAGING_32_PSE,
     .features = CPU_PSE | CPU_PGE,
     .rows = {{0xff800000, 0xff800000, 0x800000, MAP_UNCACHED | MAP_WRITE | MAP_GLOBAL, 0}},
     .frames = 1,
     .entries = {{0, 0x3fe, 2, 0xff80019b, 0x400000}}},
    {.name = "PAE: a root without rights, data without execution",
     .format = PAGING_PAE,
     .features = CPU_PAE | CPU_NX,
     .rows = {{0, 0, 0x200000, MAP_EXECUTE, 0}, {0xc0000000, 0x100000000, 0x201000, MAP_WRITE, 0}},
     .frames = 4,
     .entries = {{0, 0, 1, ARENA_PHYS + 0x1001, 0},
                 {0, 3, 1, ARENA_PHYS + 0x2001, 0},
                 {1, 0, 1, 0x81, 0},
                 {2, 0, 1, NX | 0x100000083, 0},
                 {2, 1, 1, LINK(3), 0},
                 {3, 0, 1, NX | 0x100200003, 0}}},
    {.name = "PAE without NX",
     .format = PAGING_PAE,
     .features = CPU_PAE,
     .rows = {{0x1000, 0x2000, 0x1000, MAP_USER, 0}},
     .frames = 3,
     .entries = {{0, 0, 1, ARENA_PHYS + 0x1001, 0}, {1, 0, 1, LINK(2), 0}, {2, 1, 1, 0x2005, 0}}},
    {.name = "4-level: 1 GiB leaf between smaller ones",
     .format = PAGING_4LEVEL,
     .features = ALL_FEATURES,
     .rows = {{0x3fdff000, 0x3fdff000, 0x40402000, MAP_EXECUTE | MAP_WRITE, 0}},
     .frames = 6,
     .entries = {{0, 0, 1, LINK(1), 0},
                 {1, 0, 1, LINK(2), 0},
                 {2, 510, 1, LINK(3), 0},
                 {3, 511, 1, 0x3fdff003, 0},
                 {2, 511, 1, 0x3fe00083, 0},
                 {1, 1, 1, 0x40000083, 0},
                 {1, 2, 1, LINK(4), 0},
                 {4, 0, 1, 0x80000083, 0},
                 {4, 1, 1, LINK(5), 0},
                 {5, 0, 1, 0x80200003, 0}}},
    {.name = "4-level: 1 GiB without the feature",
     .format = PAGING_4LEVEL,
     .features = ALL_FEATURES & ~CPU_PAGE_1G,
     .rows = {{0x40000000, 0x40000000, 0x40000000, MAP_EXECUTE, 0}},
     .frames = 3,
     .entries = {{0, 0, 1, LINK(1), 0}, {1, 1, 1, LINK(2), 0}, {2, 0, 512, 0x40000081, 0x200000}}},
    {.name = "4-level: the top 2 GiB and the bottom",
     .format = PAGING_4LEVEL,
     .features = CPU_LONG_MODE | CPU_PAE,
     .rows = {{0x8000, 0x8000, 0x1000, MAP_EXECUTE, 0},
              {0xffffffff80000000, 0x1000000, 0x200000, MAP_SMALL | MAP_WRITE | MAP_EXECUTE, 0},
              {0xfffffffffffff000, 0x5000, 0x1000, MAP_WRITE, 0}},
     .frames = 9,
     .entries = {{0, 0, 1, LINK(1), 0},
                 {0, 511, 1, LINK(4), 0},
                 {1, 0, 1, LINK(2), 0},
                 {2, 0, 1, LINK(3), 0},
                 {3, 8, 1, 0x8001, 0},
                 {4, 510, 1, LINK(5), 0},
                 {4, 511, 1, LINK(7), 0},
                 {5, 0, 1, LINK(6), 0},
                 {6, 0, 512, 0x1000003, 0x1000},
                 {7, 511, 1, LINK(8), 0},
                 {8, 511, 1, 0x5003, 0}}},
    {.name = "4-level: --pages=4k",
     .format = PAGING_4LEVEL,
     .features = ALL_FEATURES,
     .small_only = true,
     .rows = {{0x200000, 0, 0x200000, MAP_EXECUTE, 0}},
     .frames = 4,
     .entries = {{0, 0, 1, LINK(1), 0},
                 {1, 0, 1, LINK(2), 0},
                 {2, 1, 1, LINK(3), 0},
                 {3, 0, 512, 0x1, 0x1000}}},
    {.name = "4-level: three rows in one table, small leaves for what is not aligned alike",
     .format = PAGING_4LEVEL,
     .features = ALL_FEATURES,
     .rows = {{0x1000, 0x9000, 0x1000, MAP_EXECUTE, 0},
              {0x2000, 0x4000, 0x2000, MAP_USER, 0},
              {0x200000, 0x401000, 0x200000, MAP_EXECUTE, 0}},
     .frames = 5,
     .entries = {{0, 0, 1, LINK(1), 0},
                 {1, 0, 1, LINK(2), 0},
                 {2, 0, 1, LINK(3), 0},
                 {2, 1, 1, LINK(4), 0},
                 {3, 1, 1, 0x9001, 0},
                 {3, 2, 2, NX | 0x4005, 0x1000},
                 {4, 0, 512, 0x401001, 0x1000}}},
    {.name = "5-level: lower half and upper half",
     .format = PAGING_5LEVEL,
     .features = ALL_FEATURES,
     .rows = {{0x00fffffffffff000, 0x000ffffffffff000, 0x1000, MAP_EXECUTE, 0},
              {0xff00000000000000, 0x40000000, 0x80000000, MAP_WRITE, 0}},
     .frames = 7,
     .entries = {{0, 255, 1, LINK(1), 0},
                 {0, 256, 1, LINK(5), 0},
                 {1, 511, 1, LINK(2), 0},
                 {2, 511, 1, LINK(3), 0},
                 {3, 511, 1, LINK(4), 0},
                 {4, 511, 1, 0x000ffffffffff001, 0},
                 {5, 0, 1, LINK(6), 0},
                 {6, 0, 2, NX | 0x40000083, 0x40000000}}},
};

static u32 row_count_of(const struct map *rows) {
    u32 count = 0;
    while (count < 4 && rows[count].size)
        count++;
    return count;
}

static void expect_tables(const struct golden *golden, const struct table_arena *arena) {
    const struct paging_format *format = &paging_formats[golden->format];
    u8 *expected = calloc(golden->frames, PAGE_SIZE);
    for (u32 i = 0; i < ENTRIES_MAX; i++)
        for (u32 n = 0; n < golden->entries[i].count; n++)
            put_entry(format, expected + golden->entries[i].frame * PAGE_SIZE,
                      golden->entries[i].index + n,
                      golden->entries[i].entry + n * golden->entries[i].step);
    u32 per_frame = (u32)PAGE_SIZE / format->entry_size;
    for (u32 i = 0; i < golden->frames * per_frame; i++) {
        u64 want = entry_at(format, expected, i), got = entry_at(format, arena->bytes, i);
        if (want != got)
            fail_msg("%s: frame %u entry %u is %#llx, not %#llx", golden->name, i / per_frame,
                     i % per_frame, (unsigned long long)got, (unsigned long long)want);
    }
    free(expected);
}

static void test_golden_tables(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(goldens); i++) {
        const struct golden *golden = &goldens[i];
        struct paging_options options = options_of(golden->format, golden->features);
        options.small_only = golden->small_only;
        u32 row_count = row_count_of(golden->rows);
        u64 frames = 0;
        struct error error = paging_count(&options, golden->rows, row_count, &frames);
        if (error.code || frames != golden->frames)
            fail_msg("%s: error %d, %llu frames", golden->name, (int)error.code,
                     (unsigned long long)frames);
        struct table_arena arena = arena_of(ARENA_PHYS, (u32)frames);
        arena.used = 99; /* what an earlier build left there does not matter */
        error = paging_build(&options, golden->rows, row_count, &arena);
        if (error.code || arena.used != frames)
            fail_msg("%s: error %d, %u frames used", golden->name, (int)error.code, arena.used);
        expect_tables(golden, &arena);
        free(arena.bytes);
    }
}

/* An arena that is too small is filled to its end and not beyond (the sanitizer watches). */
static void test_tables_full(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(goldens); i++)
        for (u32 frames = 0; frames < goldens[i].frames; frames++) {
            const struct golden *golden = &goldens[i];
            struct paging_options options = options_of(golden->format, golden->features);
            options.small_only = golden->small_only;
            struct table_arena arena = arena_of(ARENA_PHYS, frames ? frames : 1);
            arena.frame_count = frames;
            struct error error =
                paging_build(&options, golden->rows, row_count_of(golden->rows), &arena);
            assert_int_equal(error.code, ERROR_PAGING_TABLES_FULL);
            assert_int_equal(error.values.number[0], frames);
            assert_int_equal(arena.used, frames);
            free(arena.bytes);
        }
}

/* 2^51 bytes in 4 KiB leaves make 2^30 tables: four times as many are no number of 32 bits. */
static void test_count_beyond_32_bits(void **state) {
    (void)state;
    const u64 size = (u64)1 << 51;
    const u64 per_row = (1u << 30) + (1u << 21) + (1u << 12) + 8;
    struct paging_options options = options_of(PAGING_5LEVEL, ALL_FEATURES);
    options.small_only = true;
    struct map rows[4];
    for (u32 i = 0; i < 4; i++)
        rows[i] = (struct map){.virt = i * size, .phys = 0, .size = size};
    u64 frames = 0;
    assert_int_equal(paging_count(&options, rows, 4, &frames).code, ERROR_NONE);
    assert_int_equal(frames, 4 * per_row + 1);
}

struct refusal {
    const char *name;
    enum paging_format_id format;
    struct map rows[2];
    enum error_code code; /* ERROR_NONE: just inside the bounds */
    u64 number;
};

#define LOW_END  0x00007ffffffff000
#define HIGH_END 0xfffffffffffff000

static const struct refusal refusals[] = {
    {"virtual", PAGING_32, {{0x1001, 0, 0x1000, 0, 0}}, ERROR_PAGING_UNALIGNED, 0x1001},
    {"physical", PAGING_32, {{0x1000, 0x800, 0x1000, 0, 0}}, ERROR_PAGING_UNALIGNED, 0x1000},
    {"size", PAGING_32, {{0x1000, 0, 0x1004, 0, 0}}, ERROR_PAGING_UNALIGNED, 0x1000},
    {"empty",
     PAGING_32,
     {{0x1000, 0, 0, 0, 0}, {0x2000, 0, 0x1000, 0, 0}},
     ERROR_PAGING_UNALIGNED,
     0x1000},
    {"touch", PAGING_32, {{0x1000, 0, 0x1000, 0, 0}, {0x2000, 0, 0x1000, 0, 0}}, ERROR_NONE, 0},
    {"overlap",
     PAGING_32,
     {{0x1000, 0, 0x2000, 0, 0}, {0x2000, 0, 0x1000, 0, 0}},
     ERROR_PAGING_OVERLAP,
     0x2000},
    {"same",
     PAGING_4LEVEL,
     {{0x1000, 0, 0x1000, 0, 0}, {0x1000, 0, 0x1000, 0, 0}},
     ERROR_PAGING_OVERLAP,
     0x1000},
    {"not sorted",
     PAGING_4LEVEL,
     {{0x5000, 0, 0x1000, 0, 0}, {0x1000, 0, 0x1000, 0, 0}},
     ERROR_PAGING_OVERLAP,
     0x1000},
    {"after the last page",
     PAGING_4LEVEL,
     {{HIGH_END, 0, 0x1000, 0, 0}, {0, 0, 0x1000, 0, 0}},
     ERROR_PAGING_OVERLAP,
     0},
    {"last page of 32-bit", PAGING_32, {{0xfffff000, 0xfffff000, 0x1000, 0, 0}}, ERROR_NONE, 0},
    {"past 4 GiB", PAGING_32, {{0xfffff000, 0, 0x2000, 0, 0}}, ERROR_PAGING_RANGE, 0xfffff000},
    {"at 4 GiB", PAGING_PAE, {{0x100000000, 0, 0x1000, 0, 0}}, ERROR_PAGING_RANGE, 0x100000000},
    {"physical past 4 GiB", PAGING_32_PSE, {{0, 0xfffff000, 0x2000, 0, 0}}, ERROR_PAGING_RANGE, 0},
    {"physical 4 GiB in PAE", PAGING_PAE, {{0, 0x100000000, 0x1000, 0, 0}}, ERROR_NONE, 0},
    {"last page below the gap", PAGING_4LEVEL, {{LOW_END, 0, 0x1000, 0, 0}}, ERROR_NONE, 0},
    {"into the gap", PAGING_4LEVEL, {{LOW_END, 0, 0x2000, 0, 0}}, ERROR_PAGING_RANGE, LOW_END},
    {"in the gap",
     PAGING_4LEVEL,
     {{0x800000000000, 0, 0x1000, 0, 0}},
     ERROR_PAGING_RANGE,
     0x800000000000},
    {"not in the gap of 5-level",
     PAGING_5LEVEL,
     {{0x800000000000, 0, 0x1000, 0, 0}},
     ERROR_NONE,
     0},
    {"last page of all", PAGING_4LEVEL, {{HIGH_END, 0, 0x1000, 0, 0}}, ERROR_NONE, 0},
    {"wraps", PAGING_4LEVEL, {{HIGH_END, 0, 0x2000, 0, 0}}, ERROR_PAGING_RANGE, HIGH_END},
    {"nearly everything", PAGING_4LEVEL, {{0x1000, 0, HIGH_END, 0, 0}}, ERROR_PAGING_RANGE, 0x1000},
    {"physical wraps", PAGING_4LEVEL, {{0, HIGH_END, 0x2000, 0, 0}}, ERROR_PAGING_RANGE, 0},
    {"over the gap",
     PAGING_4LEVEL,
     {{LOW_END, 0, 0xffff800000002000, 0, 0}},
     ERROR_PAGING_RANGE,
     LOW_END},
    {"last physical page", PAGING_4LEVEL, {{0, 0xffffffffff000, 0x1000, 0, 0}}, ERROR_NONE, 0},
    {"physical 2^52", PAGING_4LEVEL, {{0, 0xffffffffff000, 0x2000, 0, 0}}, ERROR_PAGING_RANGE, 0},
};

static void test_refusals(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
        const struct refusal *row = &refusals[i];
        struct paging_options options = options_of(row->format, ALL_FEATURES);
        struct table_arena arena = arena_of(ARENA_PHYS, FRAMES_MAX);
        u32 row_count = row->rows[1].size ? 2 : 1;
        u64 frames;
        struct error count = paging_count(&options, row->rows, row_count, &frames);
        struct error build = paging_build(&options, row->rows, row_count, &arena);
        if (count.code != row->code || build.code != row->code ||
            count.values.number[0] != row->number)
            fail_msg("%s: errors %d and %d, %#llx", row->name, (int)count.code, (int)build.code,
                     (unsigned long long)count.values.number[0]);
        free(arena.bytes);
    }
}

static void test_arena_address(void **state) {
    (void)state;
    const struct {
        enum paging_format_id format;
        u64 phys;
        enum error_code code;
    } rows[] = {
        {PAGING_32, 0xfffff000, ERROR_NONE},
        {PAGING_32, 0x100000000, ERROR_PAGING_RANGE},
        {PAGING_PAE, 0x100000000, ERROR_NONE},
        {PAGING_4LEVEL, 0x1800, ERROR_PAGING_RANGE},
        {PAGING_4LEVEL, 0xffffffffff000, ERROR_NONE},
        {PAGING_4LEVEL, (u64)1 << 52, ERROR_PAGING_RANGE},
        {PAGING_4LEVEL, HIGH_END, ERROR_PAGING_RANGE},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct paging_options options = options_of(rows[i].format, ALL_FEATURES);
        struct table_arena arena = arena_of(rows[i].phys, 1);
        assert_int_equal(paging_build(&options, NULL, 0, &arena).code, rows[i].code);
        free(arena.bytes);
    }
}

struct run_test {
    const char *name;
    enum paging_format_id format;
    u32 features;
    struct map rest;
    u32 level;
    u64 count;
};

static const struct run_test run_tests[] = {
    {"up to 4 MiB", PAGING_32_PSE, CPU_PSE, {0xc0100000, 0x100000, 0x700000, 0, 0}, 0, 768},
    {"one large", PAGING_32_PSE, CPU_PSE, {0xc0400000, 0x400000, 0x400000, 0, 0}, 1, 1},
    {"one page short", PAGING_32_PSE, CPU_PSE, {0xc0400000, 0x400000, 0x3ff000, 0, 0}, 0, 1023},
    {"large and a rest", PAGING_32_PSE, CPU_PSE, {0, 0, 0xbff000, 0, 0}, 1, 2},
    {"gap, then too little", PAGING_32_PSE, CPU_PSE, {0x3ff000, 0x3ff000, 0x400000, 0, 0}, 0, 1024},
    {"gap, then enough", PAGING_32_PSE, CPU_PSE, {0x3ff000, 0x3ff000, 0x401000, 0, 0}, 0, 1},
    {"not alike", PAGING_32_PSE, CPU_PSE, {0x400000, 0x401000, 0x800000, 0, 0}, 0, 2048},
    {"MAP_SMALL", PAGING_4LEVEL, CPU_PAGE_1G, {0, 0, 0x40000000, MAP_SMALL, 0}, 0, 0x40000},
    {"1 GiB", PAGING_4LEVEL, CPU_PAGE_1G, {0, 0, 0x80000000, 0, 0}, 2, 2},
    {"1 GiB not there", PAGING_4LEVEL, 0, {0, 0, 0x80000000, 0, 0}, 1, 1024},
    {"2 MiB up to 1 GiB",
     PAGING_4LEVEL,
     CPU_PAGE_1G,
     {0x200000, 0x200000, 0x80000000, 0, 0},
     1,
     511},
    {"2 MiB, 1 GiB not alike",
     PAGING_5LEVEL,
     CPU_PAGE_1G,
     {0x200000, 0, 0x80000000, 0, 0},
     1,
     1024},
    {"no 512 GiB leaf", PAGING_5LEVEL, CPU_PAGE_1G, {0, 0, (u64)1 << 40, 0, 0}, 2, 1024},
};

static void test_first_run(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(run_tests); i++) {
        const struct run_test *row = &run_tests[i];
        struct paging_options options = options_of(row->format, row->features);
        struct leaf_run run = paging_first_run(&options, &row->rest);
        if (run.level != row->level || run.count != row->count || run.virt != row->rest.virt ||
            run.phys != row->rest.phys)
            fail_msg("%s: level %u, %llu leaves", row->name, run.level,
                     (unsigned long long)run.count);
    }
}

static void test_formats(void **state) {
    (void)state;
    for (u32 id = 0; id < PAGING_FORMAT_COUNT; id++) {
        const struct paging_format *format = &paging_formats[id];
        u32 shift = 12;
        for (u32 level = 0; level < format->level_count; level++) {
            const struct paging_level *row = &format->levels[level];
            assert_int_equal(row->shift, shift);
            assert_true(((u32)format->entry_size << row->index_bits) <= PAGE_SIZE);
            assert_true(level ? row->link_bits & ENTRY_PRESENT : row->leaf && !row->leaf_needs);
            shift += row->index_bits;
        }
        assert_int_equal(shift, format->virtual_bits);
        assert_int_equal(format->cr4 & CR4_PAE ? 8 : 4, format->entry_size);
        assert_int_equal(!!(format->efer & EFER_LME), format->kernel_bits == 64);
        assert_int_equal(!!(format->needs & CPU_LONG_MODE), format->kernel_bits == 64);
        assert_int_equal(!!(format->needs & CPU_PAE), !!(format->cr4 & CR4_PAE));
        assert_int_equal(!!(format->needs & CPU_LA57), !!(format->cr4 & CR4_LA57));
        assert_int_equal(!!(format->needs & CPU_PSE), !!(format->cr4 & CR4_PSE));
        assert_int_equal(format->needs & CPU_NX, 0);
    }
}

static void test_feature_names(void **state) {
    (void)state;
    const char *unknown = cpu_feature_name(1u << 31);
    assert_string_equal(unknown, "unknown");
    for (u32 bit = 0; bit < 11; bit++) {
        const char *name = cpu_feature_name(1u << bit);
        assert_string_not_equal(name, unknown);
        for (u32 other = 0; other < bit; other++)
            assert_string_not_equal(name, cpu_feature_name(1u << other));
    }
    assert_string_equal(cpu_feature_name(CPU_LONG_MODE), "long mode");
}

static void test_canonical(void **state) {
    (void)state;
    const struct {
        enum paging_format_id format;
        u64 virt, canonical;
    } rows[] = {
        {PAGING_32, 0xffffffff, 0xffffffff},
        {PAGING_PAE, 0x1c0000000, 0xc0000000},
        {PAGING_4LEVEL, 0x7fffffffffff, 0x7fffffffffff},
        {PAGING_4LEVEL, 0x800000000000, 0xffff800000000000},
        {PAGING_4LEVEL, 0xffffffff80000000, 0xffffffff80000000},
        {PAGING_4LEVEL, 0xff00000000001000, 0x1000},
        {PAGING_5LEVEL, 0x800000000000, 0x800000000000},
        {PAGING_5LEVEL, 0x0100000000000000, 0xff00000000000000},
        {PAGING_5LEVEL, 0xfeffffffffffffff, 0x00ffffffffffffff},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct paging_format *format = &paging_formats[rows[i].format];
        assert_true(paging_make_canonical(format, rows[i].virt) == rows[i].canonical);
        assert_int_equal(paging_is_canonical(format, rows[i].virt),
                         rows[i].virt == rows[i].canonical);
    }
}

/* Walks of tables that were damaged by hand. The tables map 0x201000 and 0x202000 by small leaves,
 * and from 0x400000 on by a large one; frame n is the table of step n. */
struct walk_test {
    const char *name;
    enum paging_format_id format;
    u32 features, physical_bits;
    u64 virt;
    u32 step; /* whose entry is changed */
    u64 set, clear;
    enum walk_result result;
    u32 step_count;
    u32 attributes; /* of a mapped page */
};

#define RWXU   (MAP_WRITE | MAP_EXECUTE | MAP_USER)
#define SMALL  0x201abc
#define LARGE  0x400def
#define BIT(n) ((u64)1 << (n))
#define F4     (CPU_LONG_MODE | CPU_PAE | CPU_NX | CPU_PGE | CPU_PAT)
#define F5     (F4 | CPU_LA57)
#define PAE    (CPU_PAE | CPU_NX | CPU_PGE)

static const struct walk_test walk_tests[] = {
    {"whole", PAGING_4LEVEL, F4, 40, SMALL, 0, 0, 0, WALK_MAPPED, 4, RWXU},
    {"whole, large", PAGING_4LEVEL, F4, 40, LARGE, 0, 0, 0, WALK_MAPPED, 3, RWXU},
    {"not canonical", PAGING_4LEVEL, F4, 40, BIT(47), 0, 0, 0, WALK_NOT_CANONICAL, 0, 0},
    {"5-level canonical", PAGING_5LEVEL, F5, 40, BIT(47), 0, 0, 0, WALK_ABSENT, 2, 0},
    {"above 4 GiB", PAGING_PAE, PAE, 40, BIT(32), 0, 0, 0, WALK_NOT_CANONICAL, 0, 0},
    {"root entry absent", PAGING_4LEVEL, F4, 40, BIT(46), 0, 0, 0, WALK_ABSENT, 1, 0},
    {"leaf absent", PAGING_4LEVEL, F4, 40, 0x203000, 0, 0, 0, WALK_ABSENT, 4, 0},
    {"link made absent", PAGING_4LEVEL, F4, 40, SMALL, 2, 0, 1, WALK_ABSENT, 3, 0},
    {"absent entries have no reserved bits", PAGING_4LEVEL, F4, 40, SMALL, 1, ~(u64)1, 1,
     WALK_ABSENT, 2, 0},
    {"link out of the tables", PAGING_4LEVEL, F4, 40, SMALL, 2, BIT(30), 0, WALK_OUTSIDE, 3, 0},
    {"link below the tables", PAGING_4LEVEL, F4, 40, SMALL, 1, 0, 0x3ff000, WALK_OUTSIDE, 2, 0},
    {"link in 32-bit out of the tables", PAGING_32, 0, 32, SMALL, 0, BIT(31), 0, WALK_OUTSIDE, 1,
     0},

    {"no write in the leaf", PAGING_4LEVEL, F4, 40, SMALL, 3, 0, 2, WALK_MAPPED, 4,
     RWXU & ~MAP_WRITE},
    {"no write in the PDE", PAGING_4LEVEL, F4, 40, SMALL, 2, 0, 2, WALK_MAPPED, 4,
     RWXU & ~MAP_WRITE},
    {"no write in the root", PAGING_4LEVEL, F4, 40, LARGE, 0, 0, 2, WALK_MAPPED, 3,
     RWXU & ~MAP_WRITE},
    {"no user in the PDPTE", PAGING_4LEVEL, F4, 40, LARGE, 1, 0, 4, WALK_MAPPED, 3,
     RWXU & ~MAP_USER},
    {"no user in the leaf", PAGING_32, 0, 32, SMALL, 1, 0, 4, WALK_MAPPED, 2, RWXU & ~MAP_USER},
    {"no execution in the root", PAGING_5LEVEL, F5, 40, SMALL, 0, BIT(63), 0, WALK_MAPPED, 5,
     RWXU & ~MAP_EXECUTE},
    {"no execution in the leaf", PAGING_PAE, PAE, 40, LARGE, 1, BIT(63), 0, WALK_MAPPED, 2,
     RWXU & ~MAP_EXECUTE},
    {"PCD and PWT", PAGING_4LEVEL, F4, 40, LARGE, 2, 0x18, 0, WALK_MAPPED, 3, RWXU | MAP_UNCACHED},
    {"PCD alone", PAGING_4LEVEL, F4, 40, LARGE, 2, 0x10, 0, WALK_MAPPED, 3, RWXU},
    {"PCD and PWT of a link", PAGING_4LEVEL, F4, 40, SMALL, 2, 0x18, 0, WALK_MAPPED, 4, RWXU},
    {"global", PAGING_4LEVEL, F4, 40, LARGE, 2, BIT(8), 0, WALK_MAPPED, 3, RWXU | MAP_GLOBAL},
    {"global without PGE", PAGING_4LEVEL, F4 & ~CPU_PGE, 40, LARGE, 2, BIT(8), 0, WALK_MAPPED, 3,
     RWXU},
    {"accessed, dirty, free bits", PAGING_4LEVEL, F4, 40, SMALL, 3, 0xe60 | BIT(52) | BIT(62), 0,
     WALK_MAPPED, 4, RWXU},
    {"PAT of a small leaf", PAGING_4LEVEL, F4, 40, SMALL, 3, BIT(7), 0, WALK_MAPPED, 4, RWXU},
    {"PAT of a large leaf", PAGING_4LEVEL, F4, 40, LARGE, 2, BIT(12), 0, WALK_MAPPED, 3, RWXU},

    {"bit 63 without NX", PAGING_4LEVEL, F4 & ~CPU_NX, 40, SMALL, 3, BIT(63), 0, WALK_RESERVED, 4,
     0},
    {"bit 63 without NX in the root", PAGING_4LEVEL, F4 & ~CPU_NX, 40, SMALL, 0, BIT(63), 0,
     WALK_RESERVED, 1, 0},
    {"first bit above MAXPHYADDR", PAGING_4LEVEL, F4, 40, SMALL, 3, BIT(40), 0, WALK_RESERVED, 4,
     0},
    {"last bit of the address", PAGING_4LEVEL, F4, 40, LARGE, 2, BIT(39), 0, WALK_MAPPED, 3, RWXU},
    {"bit 51", PAGING_4LEVEL, F4, 40, LARGE, 2, BIT(51), 0, WALK_RESERVED, 3, 0},
    {"bit 51 of 52", PAGING_4LEVEL, F4, 52, LARGE, 2, BIT(51), 0, WALK_MAPPED, 3, RWXU},
    {"bit 40 in a link", PAGING_4LEVEL, F4, 40, LARGE, 1, BIT(40), 0, WALK_RESERVED, 2, 0},
    {"PS in a PML4E", PAGING_4LEVEL, F4, 40, SMALL, 0, BIT(7), 0, WALK_RESERVED, 1, 0},
    {"PS in a PML5E", PAGING_5LEVEL, F5, 40, SMALL, 0, BIT(7), 0, WALK_RESERVED, 1, 0},
    {"PS in a PML4E below", PAGING_5LEVEL, F5, 40, SMALL, 1, BIT(7), 0, WALK_RESERVED, 2, 0},
    {"PS in a PDPTE", PAGING_4LEVEL, F4, 40, SMALL, 1, BIT(7), 0, WALK_RESERVED, 2, 0},
    {"PS in a PDPTE with 1 GiB pages", PAGING_4LEVEL, F4 | CPU_PAGE_1G, 40, SMALL, 1, BIT(7),
     0x3ff000, WALK_MAPPED, 2, RWXU},
    {"1 GiB, bit 29", PAGING_4LEVEL, F4 | CPU_PAGE_1G, 40, SMALL, 1, BIT(7) | BIT(29), 0x3ff000,
     WALK_RESERVED, 2, 0},
    {"2 MiB, bit 13", PAGING_4LEVEL, F4, 40, LARGE, 2, BIT(13), 0, WALK_RESERVED, 3, 0},
    {"2 MiB, bit 20", PAGING_PAE, PAE, 40, LARGE, 1, BIT(20), 0, WALK_RESERVED, 2, 0},
    {"4 MiB, bit 13", PAGING_32_PSE, CPU_PSE, 32, LARGE, 0, BIT(13), 0, WALK_RESERVED, 1, 0},
    {"4 MiB, bit 21", PAGING_32_PSE, CPU_PSE, 32, LARGE, 0, BIT(21), 0, WALK_RESERVED, 1, 0},
    {"4 MiB, PAT", PAGING_32_PSE, CPU_PSE | CPU_PAT, 32, LARGE, 0, BIT(12), 0, WALK_MAPPED, 1,
     RWXU},
    {"4 MiB, no PAT", PAGING_32_PSE, CPU_PSE, 32, LARGE, 0, BIT(12), 0, WALK_RESERVED, 1, 0},
    {"4 KiB, PAT", PAGING_32, CPU_PAT, 32, SMALL, 1, BIT(7), 0, WALK_MAPPED, 2, RWXU},
    {"4 KiB, no PAT", PAGING_32, 0, 32, SMALL, 1, BIT(7), 0, WALK_RESERVED, 2, 0},
    {"2 MiB in PAE, no PAT", PAGING_PAE, CPU_PAE, 40, LARGE, 1, BIT(12), 0, WALK_RESERVED, 2, 0},
    {"PS ignored in 32-bit", PAGING_32, 0, 32, SMALL, 0, BIT(7), 0, WALK_MAPPED, 2, RWXU},
    {"PAE root, bit 1", PAGING_PAE, PAE, 40, SMALL, 0, BIT(1), 0, WALK_RESERVED, 1, 0},
    {"PAE root, bit 2", PAGING_PAE, PAE, 40, SMALL, 0, BIT(2), 0, WALK_RESERVED, 1, 0},
    {"PAE root, bit 3", PAGING_PAE, PAE, 40, SMALL, 0, BIT(3), 0, WALK_MAPPED, 3, RWXU},
    {"PAE root, bit 4", PAGING_PAE, PAE, 40, SMALL, 0, BIT(4), 0, WALK_MAPPED, 3, RWXU},
    {"PAE root, bit 5", PAGING_PAE, PAE, 40, SMALL, 0, BIT(5), 0, WALK_RESERVED, 1, 0},
    {"PAE root, bit 6", PAGING_PAE, PAE, 40, SMALL, 0, BIT(6), 0, WALK_RESERVED, 1, 0},
    {"PAE root, bit 7", PAGING_PAE, PAE, 40, SMALL, 0, BIT(7), 0, WALK_RESERVED, 1, 0},
    {"PAE root, bit 8", PAGING_PAE, PAE, 40, SMALL, 0, BIT(8), 0, WALK_RESERVED, 1, 0},
    {"PAE root, bit 9", PAGING_PAE, PAE, 40, SMALL, 0, BIT(9), 0, WALK_MAPPED, 3, RWXU},
    {"PAE root, bit 62", PAGING_PAE, PAE, 40, SMALL, 0, BIT(62), 0, WALK_RESERVED, 1, 0},
    {"PAE root, bit 63", PAGING_PAE, PAE, 40, SMALL, 0, BIT(63), 0, WALK_RESERVED, 1, 0},
    {"PAE leaf, bit 52", PAGING_PAE, PAE, 52, SMALL, 2, BIT(52), 0, WALK_RESERVED, 3, 0},
    {"PAE leaf, bit 62", PAGING_PAE, PAE, 52, SMALL, 2, BIT(62), 0, WALK_RESERVED, 3, 0},
    {"PAE leaf, bit 63 without NX", PAGING_PAE, CPU_PAE, 52, SMALL, 2, BIT(63), 0, WALK_RESERVED, 3,
     0},
};

static struct walk walk_damaged(const struct walk_test *row) {
    const struct paging_format *format = &paging_formats[row->format];
    struct paging_options options = options_of(row->format, row->features);
    const struct map rows[] = {{0x201000, 0x601000, 0x2000, RWXU, 0},
                               {0x400000, 0x800000, 0x400000, RWXU, 0}};
    struct table_arena arena = arena_of(ARENA_PHYS, 8);
    assert_int_equal(paging_build(&options, rows, 2, &arena).code, ERROR_NONE);
    if (row->set | row->clear) {
        u8 *table = arena.bytes + row->step * PAGE_SIZE;
        u32 index = paging_index(format, format->level_count - 1u - row->step, row->virt);
        u64 entry = entry_at(format, table, index);
        put_entry(format, table, index, (entry & ~row->clear) | row->set);
    }
    struct walk walk = paging_walk(&options, &arena, row->physical_bits, row->virt);
    free(arena.bytes);
    return walk;
}

static void test_walks(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(walk_tests); i++) {
        const struct walk_test *row = &walk_tests[i];
        struct walk walk = walk_damaged(row);
        if (walk.result != row->result || walk.step_count != row->step_count)
            fail_msg("%s: result %d after %u steps", row->name, (int)walk.result, walk.step_count);
        if (walk.result == WALK_MAPPED && walk.attributes != row->attributes)
            fail_msg("%s: attributes %#x", row->name, walk.attributes);
    }
}

static void test_walk_of_a_page(void **state) {
    (void)state;
    const struct walk_test small = {"", PAGING_PAE, PAE, 40, SMALL, 0, 0, 0, WALK_MAPPED, 3, 0};
    struct walk walk = walk_damaged(&small);
    assert_int_equal(walk.phys, 0x601abc);
    assert_int_equal(walk.page_size, 0x1000);
    const struct walk_step last = {
        .level = 0, .table = ARENA_PHYS + 0x2000, .index = 1, .entry = 0x601007};
    assert_int_equal(walk.steps[0].level, 2);
    assert_int_equal(walk.steps[0].table, ARENA_PHYS);
    assert_int_equal(walk.steps[0].entry, ARENA_PHYS + 0x1001);
    assert_memory_equal(&walk.steps[2], &last, sizeof(last));
    struct walk_test large = small;
    large.virt = 0x7fffff;
    walk = walk_damaged(&large);
    assert_int_equal(walk.phys, 0xbfffff);
    assert_int_equal(walk.page_size, 0x200000);
}

/* Any byte of the tables may be anything: the walk ends, and stays within the arena. */
static void test_walks_of_mutated_tables(void **state) {
    (void)state;
    const struct map rows[] = {{0x201000, 0x601000, 0x2000, RWXU, 0}};
    for (u32 id = 0; id < PAGING_FORMAT_COUNT; id++) {
        struct paging_options options = options_of(id, ALL_FEATURES);
        struct table_arena arena = arena_of(ARENA_PHYS, 8);
        assert_int_equal(paging_build(&options, rows, 1, &arena).code, ERROR_NONE);
        arena.bytes = realloc(arena.bytes, arena.used * PAGE_SIZE);
        arena.frame_count = arena.used;
        u32 results[WALK_NOT_CANONICAL + 1] = {0};
        for (u32 at = 0; at < arena.used * PAGE_SIZE; at++) {
            u8 kept = arena.bytes[at];
            for (u32 value = 0; kept && value < 256; value++) {
                arena.bytes[at] = (u8)value;
                results[paging_walk(&options, &arena, 36, SMALL).result]++;
            }
            arena.bytes[at] = kept;
        }
        assert_true(results[WALK_MAPPED] && results[WALK_ABSENT] && results[WALK_OUTSIDE]);
        assert_true(results[WALK_RESERVED] || id == PAGING_32);
        free(arena.bytes);
    }
}

/* Tables that exist without a mapping: counted exactly, made once, shared with those of the rows.
 */
static void test_wishes(void **state) {
    (void)state;
    static const struct {
        const char *name;
        enum paging_format_id format;
        struct map row;
        struct table_wish wishes[2];
        u32 frames;
    } cases[] = {
        {"one table for an empty place", PAGING_32, {0, 0, 0x1000, 0, 0}, {{0xff800000, 1, 0}}, 3},
        {"a table that the row makes too",
         PAGING_32,
         {0, 0, 0x1000, 0, 0},
         {{0x3ff000, 0x1000, 0}},
         2},
        {"the upper half of a page directory",
         PAGING_32,
         {0xc0000000, 0, 0x1000, 0, 0},
         {{0x80000000, 0x80000000, 0}},
         513},
        {"the last directory of PAE", PAGING_PAE, {0, 0, 0x1000, 0, 0}, {{0xc0000000, 1, 1}}, 4},
        {"the upper half of 4 levels",
         PAGING_4LEVEL,
         {0xffffffff80000000, 0, 0x1000, 0, 0},
         {{0xffff800000000000, 0x800000000000, 2}},
         1 + 256 + 2},
        {"two levels down to a table",
         PAGING_4LEVEL,
         {0, 0, 0x1000, 0, 0},
         {{0x40000000, 0x200000, 0}, {0xffffffffffe00000, 0x200000, 0}},
         4 + 2 + 3},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct paging_options options = options_of(cases[i].format, ALL_FEATURES);
        options.small_only = true;
        options.wishes = cases[i].wishes;
        options.wish_count = cases[i].wishes[1].size ? 2 : 1;
        u64 frames = 0;
        assert_int_equal(paging_count(&options, &cases[i].row, 1, &frames).code, ERROR_NONE);
        if (frames != cases[i].frames)
            print_error("%s: %llu frames\n", cases[i].name, (unsigned long long)frames);
        assert_int_equal(frames, cases[i].frames);
        struct table_arena arena = arena_of(ARENA_PHYS, (u32)frames);
        assert_int_equal(paging_build(&options, &cases[i].row, 1, &arena).code, ERROR_NONE);
        assert_int_equal(arena.used, frames);
        u64 last = options.wishes[0].virt + (options.wishes[0].size - 1);
        struct walk walk = paging_walk(&options, &arena, 40, last);
        assert_int_equal(walk.step_count, options.format->level_count - options.wishes[0].level);
        free(arena.bytes);
    }
}

/* Through the recursive slot every table is where the formulas of docs/handoff.md say. */
static void test_recursive_slot(void **state) {
    (void)state;
    static const struct {
        enum paging_format_id format;
        u32 slot;
        u64 virt;  /* of a mapped page */
        u64 table; /* where its lowest table is seen */
        u64 root;  /* where the root is seen (PAE: the last directory) */
    } cases[] = {
        {PAGING_32, 1023, 0xc0100000, 0xfff00000, 0xfffff000},
        {PAGING_32_PSE, 1023, 0xc0100000, 0xfff00000, 0xfffff000},
        {PAGING_PAE, 508, 0xc0100000, 0xffe00000, 0xfffff000},
        {PAGING_4LEVEL, 511, 0xffff800000100000, 0xffffffc000000000, 0xfffffffffffff000},
        {PAGING_4LEVEL, 300, 0x200000, 0xffff960000001000, 0},
        {PAGING_5LEVEL, 511, 0x200000, 0xffff000000001000, 0xfffffffffffff000},
    };
    for (size_t i = 0; i < ARRAY_COUNT(cases); i++) {
        struct paging_options options = options_of(cases[i].format, ALL_FEATURES);
        const struct table_wish last_directory = {0xc0000000, 1, 1};
        options.small_only = true;
        options.recursive = true;
        options.recursive_slot = cases[i].slot;
        options.wishes = &last_directory;
        options.wish_count = cases[i].format == PAGING_PAE;
        struct map row = {cases[i].virt, 0x100000, 0x1000, MAP_WRITE, 0};
        struct table_arena arena = arena_of(ARENA_PHYS, FRAMES_MAX);
        assert_int_equal(paging_build(&options, &row, 1, &arena).code, ERROR_NONE);

        struct walk direct = paging_walk(&options, &arena, 40, cases[i].virt);
        struct walk seen = paging_walk(&options, &arena, 40, cases[i].table);
        assert_int_equal(seen.result, WALK_MAPPED);
        assert_int_equal(seen.phys, direct.steps[direct.step_count - 1].table);
        assert_int_equal(seen.attributes, MAP_WRITE | (options.format->has_nx ? 0 : MAP_EXECUTE));
        struct range range = paging_recursive_range(options.format, cases[i].slot);
        assert_true(cases[i].table - range.start < range.size);
        if (cases[i].root) {
            struct walk root = paging_walk(&options, &arena, 40, cases[i].root);
            assert_int_equal(root.result, WALK_MAPPED);
            u32 level = options.format->recursive_level;
            struct walk high = paging_walk(&options, &arena, 40, range.start + (range.size - 1));
            assert_int_equal(root.phys, high.steps[options.format->level_count - 1 - level].table);
        }
        free(arena.bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_tables),
        cmocka_unit_test(test_tables_full),
        cmocka_unit_test(test_count_beyond_32_bits),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_arena_address),
        cmocka_unit_test(test_first_run),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_feature_names),
        cmocka_unit_test(test_canonical),
        cmocka_unit_test(test_walks),
        cmocka_unit_test(test_walk_of_a_page),
        cmocka_unit_test(test_walks_of_mutated_tables),
        cmocka_unit_test(test_wishes),
        cmocka_unit_test(test_recursive_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
