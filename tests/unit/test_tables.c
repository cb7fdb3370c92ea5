/* tools/tables.h: leaves and frames read back from built tables, for every format. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tables.h"

#include <stdlib.h>
#include <string.h>

enum { FRAMES_MAX = 64, ALL_FEATURES = 0xffff };

#define ARENA_PHYS 0x7000000

struct built {
    struct image image;
    struct plan plan;
    struct table_arena arena;
    struct table_view view;
};

/* An identity map of 8 MiB with an uncached part, a read-only page, and pages at the very top. */
static const struct map rows[] = {
    {0, 0, 0xa0000, MAP_WRITE, ROW_IDENTITY},
    {0xa0000, 0xa0000, 0x20000, MAP_WRITE | MAP_UNCACHED, ROW_IDENTITY},
    {0xc0000, 0xc0000, 0x740000, MAP_WRITE, ROW_IDENTITY},
    {0x800000, 0x800000, 0x1000, MAP_WRITE, ROW_DIRECT}, /* equal but for its owner */
    {0xc0000000, 0x801000, 0x2000, MAP_EXECUTE, ROW_KERNEL},
    {0xc0002000, 0x100000, 0x1000, MAP_EXECUTE, ROW_KERNEL}, /* elsewhere physically */
    {0xfffff000, 0x200000, 0x1000, MAP_WRITE, ROW_HANDOFF},
};

static const struct {
    enum paging_format_id format;
    bool recursive;
    u32 slot;
} cases[] = {
    {PAGING_32, false, 0},      {PAGING_32_PSE, false, 0},  {PAGING_PAE, false, 0},
    {PAGING_4LEVEL, false, 0},  {PAGING_5LEVEL, false, 0},  {PAGING_32, true, 1022},
    {PAGING_4LEVEL, true, 300}, {PAGING_5LEVEL, true, 511},
};

/* In the wide formats the last row lies at the end of the upper half. */
static void build(u32 number, struct built *built) {
    const struct paging_format *format = &paging_formats[cases[number].format];
    memset(built, 0, sizeof *built);
    built->image.bits = format->kernel_bits;
    built->plan = (struct plan){.image = &built->image,
                                .paging = true,
                                .physical_bits = 36,
                                .options = {.format = format,
                                            .cpu_features = ALL_FEATURES,
                                            .recursive = cases[number].recursive,
                                            .recursive_slot = cases[number].slot},
                                .row_count = ARRAY_COUNT(rows)};
    memcpy(built->plan.rows, rows, sizeof rows);
    if (format->kernel_bits == 64)
        built->plan.rows[ARRAY_COUNT(rows) - 1].virt =
            0xfffffffffffff000 - (cases[number].slot == 511 ? 1ull << 48 : 0);
    built->arena = (struct table_arena){.bytes = aligned_alloc(4096, FRAMES_MAX * PAGE_SIZE),
                                        .phys = ARENA_PHYS,
                                        .frame_count = FRAMES_MAX};
    struct error error =
        paging_build(&built->plan.options, built->plan.rows, built->plan.row_count, &built->arena);
    assert_int_equal(error.code, ERROR_NONE);
    built->view = (struct table_view){&built->plan, &built->arena};
}

/* Leaves come in order, whole, and no two neighbours could be one. */
static void check_order(const struct leaves *last, const struct leaves *leaves) {
    u64 size = last->page_size * last->count;
    assert_true(leaves->virt >= last->virt + size && leaves->virt > last->virt);
    assert_false(leaves->virt == last->virt + size && leaves->phys == last->phys + size &&
                 leaves->page_size == last->page_size && leaves->attributes == last->attributes &&
                 leaves->owner == last->owner);
}

static u64 bytes_of_rows(void) {
    u64 bytes = 0;
    for (u32 i = 0; i < ARRAY_COUNT(rows); i++)
        bytes += rows[i].size;
    return bytes;
}

static void check_leaves(const struct built *built) {
    struct leaf_cursor cursor = {0};
    struct leaves leaves, last = {0};
    u64 bytes = 0;
    bool recursive = built->plan.options.recursive, in_slot = false;
    while (tables_next_leaves(&built->view, &cursor, &leaves)) {
        const struct map *row = tables_row(&built->plan, leaves.virt);
        u64 size = leaves.page_size * leaves.count;
        if (last.count)
            check_order(&last, &leaves);
        last = leaves;
        if (!row) {
            assert_true(recursive);
            assert_string_equal(leaves.owner, "recursive slot");
            in_slot = true;
            continue;
        }
        u64 into = leaves.virt - row->virt;
        assert_true(size <= row->size - into);
        assert_int_equal(leaves.phys, row->phys + into);
        assert_int_equal(leaves.attributes & MAP_WRITE, row->attributes & MAP_WRITE);
        assert_int_equal(leaves.attributes & MAP_UNCACHED, row->attributes & MAP_UNCACHED);
        bytes += size;
    }
    assert_int_equal(bytes, bytes_of_rows());
    assert_int_equal(in_slot, recursive);
    assert_false(tables_next_leaves(&built->view, &cursor, &leaves));
}

static void test_leaves(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(cases); i++) {
        struct built *built = malloc(sizeof *built);
        build(i, built);
        check_leaves(built);
        free(built->arena.bytes);
        free(built);
    }
}

static void test_frames(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(cases); i++) {
        struct built *built = malloc(sizeof *built);
        u32 frames[PAGING_LEVELS_MAX], sum = 0;
        build(i, built);
        tables_count(&built->view, frames);
        for (u32 level = 0; level < PAGING_LEVELS_MAX; level++)
            sum += frames[level];
        assert_int_equal(sum, built->arena.used);
        assert_int_equal(frames[built->plan.options.format->level_count - 1], 1);
        free(built->arena.bytes);
        free(built);
    }
}

/* PAE's slots stand in the last directory, not in the root: its links must not count twice. */
static void test_frames_of_recursive_pae(void **state) {
    const struct table_wish wish = {0xc0000000, 0x40000000, 1};
    struct built *built = malloc(sizeof *built);
    u32 frames[PAGING_LEVELS_MAX];
    (void)state;
    build(2, built);
    built->arena.used = 0;
    built->plan.options.recursive = true;
    built->plan.options.recursive_slot = 504;
    built->plan.options.wish_count = 1;
    built->plan.options.wishes = &wish;
    struct error error =
        paging_build(&built->plan.options, built->plan.rows, built->plan.row_count, &built->arena);
    assert_int_equal(error.code, ERROR_NONE);
    tables_count(&built->view, frames);
    assert_int_equal(frames[2], 1);
    assert_int_equal(frames[1], 2); /* of the first and the last GiB */
    assert_int_equal(frames[0] + 3, built->arena.used);
    free(built->arena.bytes);
    free(built);
}

static void test_owner(void **state) {
    struct built *built = malloc(sizeof *built);
    (void)state;
    build(6, built);
    assert_string_equal(tables_owner(&built->plan, 0xc0002fff), "kernel");
    assert_string_equal(tables_owner(&built->plan, 0xc0003000), "nobody");
    assert_string_equal(tables_owner(&built->plan, ~(u64)0), "stack and information");
    assert_string_equal(tables_owner(&built->plan, 0xffff960000000000), "recursive slot");
    assert_string_equal(tables_owner(&built->plan, 0xffff968000000000), "nobody");
    free(built->arena.bytes);
    free(built);
}

/* The check value of the catalogue of CRCs, and an empty run. */
static void test_crc32(void **state) {
    (void)state;
    assert_int_equal(crc32_of((const u8 *)"123456789", 9), 0xcbf43926);
    assert_int_equal(crc32_of((const u8 *)"", 0), 0);
}

static void test_text(void **state) {
    static const struct {
        u32 attributes;
        const char *text;
    } rights[] = {
        {0, "r---"},
        {MAP_WRITE, "rw--"},
        {MAP_EXECUTE, "r-x-"},
        {MAP_WRITE | MAP_UNCACHED, "rw-u"},
        {MAP_WRITE | MAP_WRITE_COMBINING, "rw-c"},
        {MAP_WRITE | MAP_UNCACHED | MAP_GLOBAL, "rw-u"},
        {MAP_WRITE | MAP_EXECUTE | MAP_USER | MAP_GLOBAL, "rwxg user"},
    };
    static const struct {
        u64 start, size;
        u32 digits;
        const char *text;
    } ends[] = {
        {0, 0, 8, "0x00000000"},
        {0xfffff000, 0x1000, 8, "0x100000000"},
        {0xfffffffffffff000, 0x1000, 16, "0x10000000000000000"},
        {0x1000, 0x1000, 4, "0x2000"},
    };
    char buffer[64];
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(rights); i++) {
        struct text text = TEXT_IN(buffer);
        text_rights(&text, rights[i].attributes);
        assert_string_equal(buffer, rights[i].text);
    }
    for (u32 i = 0; i < ARRAY_COUNT(ends); i++) {
        struct text text = TEXT_IN(buffer);
        text_end(&text, ends[i].start, ends[i].size, ends[i].digits);
        assert_string_equal(buffer, ends[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaves),
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_frames_of_recursive_pae),
        cmocka_unit_test(test_owner),
        cmocka_unit_test(test_crc32),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
