/* plan/memory.h: the BIOS's list made a map, claims, and finding room. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "machines.h"
#include "random.h"

#include <stdio.h>

enum { ROWS_MAX = 16 };
#define TOP        (~(u64)0)
#define LAST_PAGE  0xfffffffffffff000
#define ULL(value) ((unsigned long long)(value))

/* ---- the map ---- */

struct map_test {
    const char *name;
    struct e820_row raw[ROWS_MAX];
    struct e820_row map[ROWS_MAX]; /* start, size, kind */
};

static const struct map_test map_tests[] = {
    {"nothing", {{0}}, {{0}}},
    {"one range", {{0x1000, 0x2000, 1}}, {{0x1000, 0x2000, 1}}},
    {"unsorted",
     {{0x5000, 0x1000, 2}, {0x1000, 0x1000, 1}, {0x3000, 0x1000, 1}},
     {{0x1000, 0x1000, 1}, {0x3000, 0x1000, 1}, {0x5000, 0x1000, 2}}},
    {"empty ranges",
     {{0x1000, 0, 1}, {0x2000, 0x1000, 1}, {0x2800, 0, 2}, {0x3000, 0, 2}},
     {{0x2000, 0x1000, 1}}},
    {"neighbours of a kind are joined",
     {{0x1000, 0x1000, 1}, {0x2000, 0x1000, 1}, {0x3000, 0x1000, 3}, {0x4000, 0x1000, 1}},
     {{0x1000, 0x2000, 1}, {0x3000, 0x1000, 3}, {0x4000, 0x1000, 1}}},
    {"a hole of one byte parts them",
     {{0x1000, 0xfff, 1}, {0x2000, 0x1000, 1}},
     {{0x1000, 0xfff, 1}, {0x2000, 0x1000, 1}}},
    {"the same twice", {{0x1000, 0x1000, 1}, {0x1000, 0x1000, 1}}, {{0x1000, 0x1000, 1}}},
    {"the same with two kinds", {{0x1000, 0x1000, 1}, {0x1000, 0x1000, 2}}, {{0x1000, 0x1000, 2}}},
    {"reserved in the middle of RAM",
     {{0x1000, 0x9000, 1}, {0x4000, 0x1000, 2}},
     {{0x1000, 0x3000, 1}, {0x4000, 0x1000, 2}, {0x5000, 0x5000, 1}}},
    {"RAM in the middle of reserved",
     {{0x1000, 0x9000, 2}, {0x4000, 0x1000, 1}},
     {{0x1000, 0x9000, 2}}},
    {"overlap at the end",
     {{0x1000, 0x3000, 1}, {0x3000, 0x3000, 2}},
     {{0x1000, 0x2000, 1}, {0x3000, 0x3000, 2}}},
    {"overlap at the start",
     {{0x1000, 0x3000, 2}, {0x3000, 0x3000, 1}},
     {{0x1000, 0x3000, 2}, {0x4000, 0x2000, 1}}},
    {"each kind beats the one before",
     {{0, 0xa000, 1},
      {0x2000, 0x6000, 2},
      {0x3000, 0x4000, 3},
      {0x4000, 0x2000, 4},
      {0x4800, 0x800, 5}},
     {{0, 0x2000, 1},
      {0x2000, 0x1000, 2},
      {0x3000, 0x1000, 3},
      {0x4000, 0x800, 4},
      {0x4800, 0x800, 5},
      {0x5000, 0x1000, 4},
      {0x6000, 0x1000, 3},
      {0x7000, 0x1000, 2},
      {0x8000, 0x2000, 1}}},
    {"ends that are no pages",
     {{0, 0x9fc01, 1}, {0x9fc00, 0x3ff, 2}},
     {{0, 0x9fc00, 1}, {0x9fc00, 0x3ff, 2}}},
    {"wraps", {{0x1000, TOP, 2}}, {{0x1000, LAST_PAGE - 0x1000, 2}}},
    {"ends at 2^64", {{LAST_PAGE - 0x1000, 0x2000, 1}}, {{LAST_PAGE - 0x1000, 0x1000, 1}}},
    {"everything", {{0, TOP, 1}}, {{0, LAST_PAGE, 1}}},
    {"the last page alone", {{0x1000, 0x1000, 1}, {LAST_PAGE, 0x1000, 1}}, {{0x1000, 0x1000, 1}}},
    {"the last byte", {{TOP, 1, 1}, {TOP, TOP, 2}, {0, 1, 1}}, {{0, 1, 1}}},
    {"types that nobody knows",
     {{0, 0x1000, 6}, {0x2000, 0x1000, 7}, {0x4000, 0x1000, 12}, {0x6000, 0x1000, 0xffffffff}},
     {{0, 0x1000, 2}, {0x2000, 0x1000, 2}, {0x4000, 0x1000, 2}, {0x6000, 0x1000, 2}}},
};

/* Whatever went in, a map is sorted, disjoint, free of empty ranges, and its ends round up. */
static void check_is_map(const char *name, const struct memory_map *map) {
    u64 end = 0;
    for (u32 i = 0; i < map->count; i++) {
        const struct memory_range *range = &map->ranges[i];
        if (!range->size || range->start < end || range->start + range->size > LAST_PAGE ||
            range->kind < MEMORY_USABLE || range->kind > MEMORY_TRAMPOLINE)
            fail_msg("%s: range %u is %#llx + %#llx, kind %u", name, i, ULL(range->start),
                     ULL(range->size), range->kind);
        end = range->start + range->size;
    }
}

static void test_maps(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(map_tests); i++) {
        const struct map_test *row = &map_tests[i];
        struct memory_range raw[ROWS_MAX];
        struct memory_map map;
        u32 count = e820_raw(row->raw, raw);
        assert_int_equal(memory_normalise(raw, count, &map).code, ERROR_NONE);
        check_is_map(row->name, &map);
        u32 expected = 0;
        for (; row->map[expected].type; expected++) {
            const struct e820_row *range = &row->map[expected];
            const struct memory_range *got = &map.ranges[expected];
            if (expected >= map.count || got->start != range->start || got->size != range->size ||
                got->kind != range->type)
                fail_msg("%s: range %u of %u is %#llx + %#llx, kind %u", row->name, expected,
                         map.count, ULL(got->start), ULL(got->size), got->kind);
        }
        if (map.count != expected)
            fail_msg("%s: %u ranges instead of %u", row->name, map.count, expected);
    }
}

static void test_real_maps(void **state) {
    (void)state;
    struct machine machine = machine_of(office_pc, CPU_MAX, 36);
    assert_int_equal(machine.memory.count, 15);
    assert_true(memory_usable_end(&machine.memory) == 0x21e600000);
    assert_true(memory_usable_bytes(&machine.memory) ==
                0x9d800 + 0x1ff00000 + 0x1fe04000 + 0x9a5cc400 + 0x11e600000);
    assert_int_equal(memory_at(&machine.memory, 0xda5d1400)->kind, MEMORY_ACPI);
    assert_int_equal(memory_at(&machine.memory, 0xda5d13ff)->kind, MEMORY_USABLE);
    assert_int_equal(memory_at(&machine.memory, 0xda5da400)->kind, MEMORY_NVS);
    assert_null(memory_at(&machine.memory, 0xa0000));
    assert_null(memory_at(&machine.memory, 0xdaa00000));
    assert_null(memory_at(&machine.memory, TOP));
    machine = machine_of(qemu_16m, CPU_I486, 32);
    assert_true(memory_usable_end(&machine.memory) == 0xfe0000);
    machine.memory.count = 0;
    assert_true(memory_usable_end(&machine.memory) == 0 &&
                memory_usable_bytes(&machine.memory) == 0);
}

/* BIOS types are kept beside the kind, and part ranges that differ in them. */
static void test_bios_types(void **state) {
    (void)state;
    static const enum memory_kind kinds[] = {MEMORY_RESERVED, MEMORY_USABLE, MEMORY_RESERVED,
                                             MEMORY_ACPI,     MEMORY_NVS,    MEMORY_BAD};
    for (u32 type = 0; type < 20; type++)
        assert_int_equal(memory_kind_of_bios_type(type),
                         type < ARRAY_COUNT(kinds) ? kinds[type] : MEMORY_RESERVED);
    struct memory_range raw[] = {{0, 0x1000, 2, 2},
                                 {0x1000, 0x1000, 2, 7},
                                 {0x2000, 0x1000, 2, 7},
                                 {0x3000, 0x1000, 99, 99}};
    struct memory_map map;
    assert_int_equal(memory_normalise(raw, 4, &map).code, ERROR_NONE);
    assert_int_equal(map.count, 3);
    assert_int_equal(map.ranges[1].bios_type, 7);
    assert_true(map.ranges[1].size == 0x2000);
    assert_int_equal(map.ranges[2].kind, MEMORY_RESERVED);
    assert_int_equal(map.ranges[2].bios_type, 99);
}

/* Ranges of a page with a page between two of them; `more` of them overlap so that each makes two.
 */
static struct error normalise_many(u32 count, struct memory_map *map) {
    struct memory_range raw[MEMORY_RANGES_MAX + 1];
    for (u32 i = 0; i < count; i++)
        raw[count - 1 - i] = (struct memory_range){i * 0x2000, 0x1000, 1 + (i & 1), 1};
    return memory_normalise(raw, count, map);
}

static void test_many_ranges(void **state) {
    (void)state;
    struct memory_map map;
    assert_int_equal(normalise_many(MEMORY_RANGES_MAX, &map).code, ERROR_NONE);
    assert_int_equal(map.count, MEMORY_RANGES_MAX);
    assert_true(map.ranges[127].start == 127 * 0x2000);
    check_is_map("128 ranges", &map);
    struct error error = normalise_many(MEMORY_RANGES_MAX + 1, &map);
    assert_int_equal(error.code, ERROR_MEMORY_MAP_FULL);
    assert_int_equal(error.values.number[0], MEMORY_RANGES_MAX);
    /* 128 entries that make more than 128 ranges: one long, the others cut it. */
    struct memory_range raw[MEMORY_RANGES_MAX] = {{0, GIB, MEMORY_USABLE, 1}};
    for (u32 i = 1; i < MEMORY_RANGES_MAX; i++)
        raw[i] = (struct memory_range){i * 0x2000, 0x1000, MEMORY_RESERVED, 2};
    assert_int_equal(memory_normalise(raw, 64, &map).code, ERROR_NONE);
    assert_int_equal(map.count, 127);
    assert_int_equal(memory_normalise(raw, 65, &map).code, ERROR_MEMORY_MAP_FULL);
    assert_int_equal(memory_normalise(raw, 128, &map).code, ERROR_MEMORY_MAP_FULL);
}

/* The kind at an address by the rule of the header, without a map. */
static u32 kind_by_rule(const struct memory_range *raw, u32 count, u64 at) {
    u32 kind = 0;
    for (u32 i = 0; i < count; i++) {
        bool in = at >= raw[i].start && at - raw[i].start < raw[i].size;
        u32 known = raw[i].kind >= 1 && raw[i].kind <= 5 ? raw[i].kind : 2;
        if (in && at < LAST_PAGE && known > kind)
            kind = known;
    }
    return kind;
}

/* Random lists in a small space, so that everything meets everything: each address of it is asked.
 */
static void test_random_lists(void **state) {
    (void)state;
    u64 seed = 0x5eed;
    for (u32 round = 0; round < 3000; round++) {
        struct memory_range raw[12];
        struct memory_map map;
        u32 count = 1 + (u32)(next_random(&seed) >> 40) % 12;
        u64 base = round % 3 == 0 ? LAST_PAGE - 32 : 0;
        for (u32 i = 0; i < count; i++)
            raw[i] = (struct memory_range){base + (next_random(&seed) >> 40) % 64,
                                           (next_random(&seed) >> 40) % 24,
                                           (u32)(next_random(&seed) >> 40) % 7, 1};
        assert_int_equal(memory_normalise(raw, count, &map).code, ERROR_NONE);
        check_is_map("random list", &map);
        for (u64 at = base; at < base + 96; at++) {
            const struct memory_range *range = memory_at(&map, at);
            assert_int_equal(range ? range->kind : 0, kind_by_rule(raw, count, at));
        }
        for (u32 i = 1; i < map.count; i++)
            assert_false(map.ranges[i].start == map.ranges[i - 1].start + map.ranges[i - 1].size &&
                         map.ranges[i].kind == map.ranges[i - 1].kind);
    }
}

/* ---- claims ---- */

static void test_names(void **state) {
    (void)state;
    static const struct {
        struct claim claim;
        const char *name;
        u32 memory_kind;
        const char *kind_name;
    } rows[] = {
        {{0, 1, CLAIM_BIOS, 0}, "interrupt vectors and BIOS data", MEMORY_BIOS, "BIOS data"},
        {{0, 1, CLAIM_LOADER, 0}, "Aloft itself", 0, "reserved"},
        {{0, 1, CLAIM_KERNEL, 2}, "PT_LOAD 2", MEMORY_KERNEL, "kernel"},
        {{0, 1, CLAIM_MODULE, 31}, "module 31", MEMORY_MODULE, "module"},
        {{0, 1, CLAIM_TABLES, 0}, "page tables", MEMORY_TABLES, "page tables"},
        {{0, 1, CLAIM_HANDOFF, 0},
         "stack, information, trampoline",
         MEMORY_HANDOFF,
         "stack and information"},
        {{0, 1, CLAIM_TRAMPOLINE, 0}, "page tables for the jump", MEMORY_TRAMPOLINE, "trampoline"},
        {{0, 1, CLAIM_STAGING, 1}, "staging", 0, "reserved"},
        {{0, 1, CLAIM_HELD, 0}, "the kernel's file", 0, "reserved"},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char buffer[64];
        struct text text = TEXT_IN(buffer);
        claim_name(&rows[i].claim, &text);
        assert_string_equal(buffer, rows[i].name);
        assert_int_equal(claim_memory_kind(&rows[i].claim), rows[i].memory_kind);
        assert_string_equal(memory_kind_name(rows[i].memory_kind), rows[i].kind_name);
    }
    static const char *const kinds[] = {"reserved",     "usable",  "reserved", "ACPI tables",
                                        "ACPI storage", "bad RAM", "reserved"};
    for (u32 kind = 0; kind < ARRAY_COUNT(kinds); kind++)
        assert_string_equal(memory_kind_name(kind), kinds[kind]);
}

static void test_claims_are_sorted(void **state) {
    (void)state;
    static const u64 starts[] = {0x5000, 0x1000, 0x9000, 0x3000, 0x3000, 0, 0x7000};
    struct claims claims = {.count = 0};
    for (u32 i = 0; i < ARRAY_COUNT(starts); i++)
        assert_int_equal(
            claims_add(&claims, (struct claim){starts[i], 0x1000, CLAIM_KERNEL, i}).code,
            ERROR_NONE);
    static const u32 order[] = {5, 1, 3, 4, 0, 6, 2};
    for (u32 i = 0; i < ARRAY_COUNT(order); i++)
        assert_int_equal(claims.claims[i].index, order[i]);
    while (claims.count < CLAIMS_MAX)
        assert_int_equal(claims_add(&claims, (struct claim){claims.count, 1, CLAIM_KERNEL, 0}).code,
                         ERROR_NONE);
    struct error error = claims_add(&claims, (struct claim){0, 1, CLAIM_KERNEL, 0});
    assert_int_equal(error.code, ERROR_PLAN_TOO_MANY);
    assert_int_equal(error.values.number[0], CLAIMS_MAX);
    assert_int_equal(claims.count, CLAIMS_MAX);
}

static const struct claims some_claims = {4,
                                          {{0, 0x500, CLAIM_BIOS, 0},
                                           {0x1000, 0x5000, CLAIM_LOADER, 0},
                                           {0x100800, 0x1000, CLAIM_KERNEL, 0},
                                           {0x104000, 0x2000, CLAIM_KERNEL, 1}}};

static void test_claims_meet(void **state) {
    (void)state;
    static const struct {
        const char *name;
        struct range range;
        int meets; /* index into some_claims, -1 for none */
    } rows[] = {
        {"just below", {0x100000, 0x800}, -1},
        {"one byte in", {0x100000, 0x801}, 2},
        {"last byte", {0x1017ff, 1}, 2},
        {"just behind", {0x101800, 0x2800}, -1},
        {"behind into the next", {0x101800, 0x2801}, 3},
        {"both: the lower one", {0x100000, 0x10000}, 2},
        {"nothing at all", {0x104800, 0}, -1},
        {"the loader does not count", {0x1000, 0x5000}, -1},
        {"first byte of all", {0, 1}, 0},
        {"up to the top", {0x106000, TOP - 0x106000}, -1},
        {"everything", {0, TOP}, 0},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct claim *claim = claims_meet(&some_claims, rows[i].range);
        if ((claim ? (int)(claim - some_claims.claims) : -1) != rows[i].meets)
            fail_msg("%s: meets %d", rows[i].name, claim ? (int)(claim - some_claims.claims) : -1);
    }
}

/* ---- finding room ---- */

struct find_test {
    const char *name;
    struct e820_row ram[4];
    struct claim claims[4];
    struct memory_wish wish;
    bool found;
    u64 phys;    /* where it is found */
    u64 largest; /* where it is not */
};

#define RAM                       \
    {                             \
        { 0x100000, 0x100000, 1 } \
    }
#define FREE  \
    {         \
        { 0 } \
    }

static const struct find_test find_tests[] = {
    {"top", RAM, FREE, {0x1000, 0, TOP}, true, 0x1ff000, 0},
    {"rounded up", RAM, FREE, {0x1001, 0, TOP}, true, 0x1fe000, 0},
    {"exact fit", RAM, FREE, {0x100000, 0, TOP}, true, 0x100000, 0},
    {"a byte more", RAM, FREE, {0x100001, 0, TOP}, false, 0, 0x100000},
    {"below", RAM, FREE, {0x1000, 0, 0x180000}, true, 0x17f000, 0},
    {"below, no page", RAM, FREE, {0x1000, 0, 0x180fff}, true, 0x17f000, 0},
    {"exact fit below", RAM, FREE, {0x80000, 0, 0x180000}, true, 0x100000, 0},
    {"a page more below", RAM, FREE, {0x81000, 0, 0x180000}, false, 0, 0x80000},
    {"below everything", RAM, FREE, {0x1000, 0, 0x100000}, false, 0, 0},
    {"below nothing", RAM, FREE, {0x1000, 0, 0}, false, 0, 0},
    {"above", RAM, FREE, {0x1000, 0x1ff000, TOP}, true, 0x1ff000, 0},
    {"above, no page", RAM, FREE, {0x1000, 0x1fe001, TOP}, true, 0x1ff000, 0},
    {"above the last page", RAM, FREE, {0x1000, 0x1ff001, TOP}, false, 0, 0},
    {"exact fit above", RAM, FREE, {0x80000, 0x180000, TOP}, true, 0x180000, 0},
    {"a page more above", RAM, FREE, {0x81000, 0x180000, TOP}, false, 0, 0x80000},
    {"partial pages", {{0x100800, 0x2000, 1}}, FREE, {0x1000, 0, TOP}, true, 0x101000, 0},
    {"partial pages have less", {{0x100800, 0x2000, 1}}, FREE, {0x1001, 0, TOP}, false, 0, 0x1000},
    {"less than a page", {{0x100800, 0xf00, 1}}, FREE, {1, 0, TOP}, false, 0, 0},
    {"reserved", {{0x100000, 0x100000, 2}}, FREE, {0x1000, 0, TOP}, false, 0, 0},
    {"ACPI", {{0x100000, 0x100000, 3}}, FREE, {0x1000, 0, TOP}, false, 0, 0},
    {"the higher range",
     {{0x100000, 0x100000, 1}, {0x300000, 0x1000, 1}},
     FREE,
     {0x1000, 0, TOP},
     true,
     0x300000,
     0},
    {"the higher range is too small",
     {{0x100000, 0x100000, 1}, {0x300000, 0x1000, 1}},
     FREE,
     {0x2000, 0, TOP},
     true,
     0x1fe000,
     0},
    {"blocks do not add up",
     {{0x100000, 0x2000, 1}, {0x102000, 0x1000, 2}, {0x103000, 0x3000, 1}},
     FREE,
     {0x4000, 0, TOP},
     false,
     0,
     0x3000},
    {"under a claim",
     RAM,
     {{0x1ff000, 0x1000, CLAIM_KERNEL, 0}},
     {0x1000, 0, TOP},
     true,
     0x1fe000,
     0},
    {"over a claim",
     RAM,
     {{0x1f0000, 0x1000, CLAIM_KERNEL, 0}},
     {0xf000, 0, TOP},
     true,
     0x1f1000,
     0},
    {"a page more than over a claim",
     RAM,
     {{0x1f0000, 0x1000, CLAIM_KERNEL, 0}},
     {0x10000, 0, TOP},
     true,
     0x1e0000,
     0},
    {"a claim of a byte costs its page",
     RAM,
     {{0x1fe7ff, 1, CLAIM_KERNEL, 0}},
     {0x1000, 0, TOP},
     true,
     0x1ff000,
     0},
    {"... on both sides",
     {{0x100000, 0x3000, 1}},
     {{0x1017ff, 1, CLAIM_KERNEL, 0}},
     {0x1001, 0, TOP},
     false,
     0,
     0x1000},
    {"a claim over a page's border costs both",
     {{0x100000, 0x4000, 1}},
     {{0x101fff, 2, CLAIM_KERNEL, 0}},
     {0x1001, 0, TOP},
     false,
     0,
     0x1000},
    {"between two claims",
     RAM,
     {{0x1f0000, 0x10000, CLAIM_KERNEL, 0}, {0x1e0000, 0x8000, CLAIM_KERNEL, 1}},
     {0x8000, 0, TOP},
     true,
     0x1e8000,
     0},
    {"not between two claims",
     RAM,
     {{0x1f0000, 0x10000, CLAIM_KERNEL, 0}, {0x1e0000, 0x8000, CLAIM_KERNEL, 1}},
     {0x8001, 0, TOP},
     true,
     0x1d7000,
     0},
    {"claims that touch",
     RAM,
     {{0x180000, 0x40000, CLAIM_KERNEL, 0}, {0x1c0000, 0x40000, CLAIM_KERNEL, 1}},
     {0x80000, 0, TOP},
     true,
     0x100000,
     0},
    {"claims that share a page",
     RAM,
     {{0x1c0000, 0x800, CLAIM_KERNEL, 0}, {0x1c0800, 0x3f800, CLAIM_KERNEL, 1}},
     {0x1000, 0, TOP},
     true,
     0x1bf000,
     0},
    {"a claim inside the loader's",
     {{0x1000, 0x7000, 1}},
     {{0x3000, 0x4000, CLAIM_LOADER, 0}, {0x6000, 0x1000, CLAIM_KERNEL, 0}},
     {0x2000, 0, TOP},
     true,
     0x1000,
     0},
    {"the loader's is taken too",
     {{0x1000, 0x5000, 1}},
     {{0x1000, 0x5000, CLAIM_LOADER, 0}},
     {1, 0, TOP},
     false,
     0,
     0},
    {"all is claimed", RAM, {{0x100000, 0x100000, CLAIM_KERNEL, 0}}, {1, 0, TOP}, false, 0, 0},
    {"a claim that starts below the range",
     RAM,
     {{0xff000, 0x2000, CLAIM_KERNEL, 0}},
     {0xff000, 0, TOP},
     true,
     0x101000,
     0},
    {"a claim that ends above the bound",
     RAM,
     {{0x17f000, 0x2000, CLAIM_KERNEL, 0}},
     {0x1000, 0, 0x180000},
     true,
     0x17e000,
     0},
    {"the largest of what is free",
     RAM,
     {{0x110000, 0x1000, CLAIM_KERNEL, 0}, {0x1a0000, 0x1000, CLAIM_KERNEL, 0}},
     {0x100000, 0, TOP},
     false,
     0,
     0x8f000},
    {"a range in the last page of all",
     {{0xfffffffffffff800, 0x400, 1}},
     FREE,
     {1, 0, TOP},
     false,
     0,
     0},
    {"a range up to 2^64",
     {{0xffffffffffffd000, 0x3000, 1}},
     FREE,
     {0x2000, 0, TOP},
     true,
     0xffffffffffffd000,
     0},
    {"a wish of all there could be", RAM, FREE, {0xfffffffffffff000, 0, TOP}, false, 0, 0x100000},
};

static void test_find(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(find_tests); i++) {
        const struct find_test *row = &find_tests[i];
        struct machine machine = machine_of(row->ram, CPU_I486, 32);
        struct claims claims = {.count = 0};
        for (u32 j = 0; j < ARRAY_COUNT(row->claims) && row->claims[j].size; j++)
            assert_int_equal(claims_add(&claims, row->claims[j]).code, ERROR_NONE);
        u64 phys = 0, largest = TOP;
        bool found = memory_find(&machine.memory, &claims, row->wish, &phys, &largest);
        if (found != row->found || (found && phys != row->phys) ||
            (!found && largest != row->largest))
            fail_msg("%s: found %d, %#llx, largest %#llx", row->name, found, ULL(phys),
                     ULL(largest));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_real_maps),
        cmocka_unit_test(test_bios_types),
        cmocka_unit_test(test_many_ranges),
        cmocka_unit_test(test_random_lists),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_claims_are_sorted),
        cmocka_unit_test(test_claims_meet),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
