/* Memory that runs out: a boot with modules on machines of n pages, for every n. Whatever has no
 * room is named, no plan lies on anything else, and what fits into n pages fits into n + 1. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "handoff_check.h"
#include "load.h"

enum { PAGES_MAX = 600, MODULES = 2, NAMES_MAX = 16, RAM_END = 0x100000 + PAGES_MAX * PAGE_SIZE };

static const struct part parts_32[] = {
    {0xc0100000, 0x100000, 0x3000, 0x3000, 5}, {0xc0103000, 0x103000, 0x800, 0x2000, 6}, {0}};
static const struct part parts_64[] = {{0xffffffff80100000, 0x100000, 0x3000, 0x3000, 5},
                                       {0xffffffff80103000, 0x103000, 0x800, 0x2000, 6},
                                       {0}};

static const struct row {
    const char *name;
    u32 features, bits;
    const char *options;
} rows[] = {
    {"486", CPU_I486, 32, "--pages=4k"},
    {"PAE", CPU_QEMU64, 32, "--paging=pae --recursive=auto"},
    {"4-level", CPU_QEMU64, 64, ""},
    {"5-level, all tables", CPU_MAX, 64, "--paging=5level --pages=4k --share-upper --temporary"},
    {"off", CPU_QEMU64, 32, "--paging=off"},
};

/* Which things found no room. */
struct names {
    const char *at[NAMES_MAX];
    u32 count;
};

static void add_name(struct names *names, const char *name) {
    for (u32 i = 0; i < names->count; i++)
        if (!strcmp(names->at[i], name))
            return;
    assert_true(names->count < NAMES_MAX);
    names->at[names->count++] = name;
}

static bool has_name(const struct names *names, const char *part) {
    for (u32 i = 0; i < names->count; i++)
        if (strstr(names->at[i], part))
            return true;
    return false;
}

static void check_refusal(const struct plan_case *c, const struct error *error,
                          struct names *names) {
    char words[256];
    struct text text = TEXT_IN(words);
    error_text(error, &text);
    HOLDS(error->code == ERROR_PLAN_MEMORY || error->code == ERROR_PLAN_NO_RAM ||
          error->code == ERROR_PLAN_RAM_ENDS);
    HOLDS(strstr(words, error->values.name));
    HOLDS(text.used < sizeof words);
    add_name(names, error->values.name);
}

/* Boots the row with so many pages from 1 MiB on, of which every `gap`th is missing (0: none). True
 * if there is a plan. */
static bool with_pages(const struct row *row, u32 pages, u32 gap, struct names *names) {
    static struct e820_row memory[PAGES_MAX / 8 + 4];
    static struct plan plan;
    u32 count = 0;
    memory[count++] = (struct e820_row){0, LOADER_END, 1};
    for (u32 at = 0; at < pages; at += gap ? gap : pages) {
        u32 run = gap && at + gap <= pages ? gap - 1 : pages - at;
        memory[count++] =
            (struct e820_row){0x100000 + (u64)at * PAGE_SIZE, (u64)run * PAGE_SIZE, 1};
    }
    memory[count] = (struct e820_row){0};
    struct machine machine = machine_of(memory, row->features, 36);
    struct image image;
    image_of(row->bits, row->bits == 64 ? parts_64 : parts_32, &image);
    if (strstr(row->options, "off"))
        for (u32 i = 0; i < image.segment_count; i++)
            image.segments[i].virt = image.segments[i].phys;
    image.entry = image.entry_virt = image.segments[0].virt;
    struct kernel_options options = options_of(row->options);
    u64 sizes[MODULES] = {5 * PAGE_SIZE, 1};
    struct boot_request boot = {
        .options = options,
        .kernel = {.path = "/k", .arguments = ""},
        .module_count = MODULES,
        .modules = {{.path = "/one", .arguments = ""}, {.path = "/two", .arguments = ""}}};
    struct plan_request request = {.machine = &machine,
                                   .image = &image,
                                   .options = &options,
                                   .module_count = MODULES,
                                   .module_sizes = sizes,
                                   .info_size = native_info_size(&machine, &image, &boot)};
    struct plan_case plan_case = {row->name, &request, &plan}, *c = &plan_case;
    struct error error = plan_make(&request, &plan);
    if (error.code)
        check_refusal(c, &error, names);
    else
        check_plan(c);
    return !error.code;
}

static void test_every_size(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct names names = {.count = 0};
        u32 least = 0;
        for (u32 pages = 0; pages <= PAGES_MAX; pages++) {
            bool fits = with_pages(&rows[i], pages, 0, &names);
            if (least && !fits)
                fail_msg("%s: %u pages are enough and %u are not", rows[i].name, least, pages);
            if (!least && fits)
                least = pages;
        }
        if (!least)
            fail_msg("%s: %u pages are not enough", rows[i].name, PAGES_MAX);
        printf("%s: from %u pages on; no room for:", rows[i].name, least);
        for (u32 n = 0; n < names.count; n++)
            printf(" %s%s", names.at[n], n + 1 < names.count ? "," : "\n");
        assert_true(has_name(&names, "kernel") && has_name(&names, "module") &&
                    has_name(&names, "stack"));
        assert_true(has_name(&names, "tables") == !strstr(rows[i].options, "off"));
    }
}

/* Memory in pieces: each thing has to find one. */
static void test_pieces(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
        for (u32 gap = 8; gap < 60; gap++) {
            struct names names = {.count = 0};
            for (u32 pages = 0; pages <= PAGES_MAX; pages += 7)
                with_pages(&rows[i], pages, gap, &names);
        }
}

/* ---- rows, claims, addresses ---- */

#define SOME_MAPS                                                    \
    " --map=0xe1000000+4K@0xd0000000 --map=0xe2000000+4K@0xd1000000" \
    " --map=0xe3000000+4K@0xd2000000 --map=0xe4000000+4K@0xd3000000" \
    " --map=0xe5000000+4K@0xd4000000 --map=0xe6000000+4K@0xd5000000"

static const char *const row_options[] = {
    "--paging=pae --recursive=auto --temporary --identity=all",
    "--paging=pae --recursive=auto --temporary --identity=tables" SOME_MAPS,
    "--paging=32 --pages=4k --identity=all --null-page=mapped",
    "--paging=pae --direct-map=0x80000000 --identity=none --temporary" SOME_MAPS,
};

static const struct screen pixels = {SCREEN_PIXELS, 0xe0000000, 1024,  768, 4096, 32,
                                     {16, 8},       {8, 8},     {0, 8}};

/* `segments` pieces of a kernel; the first `shared` + 1 have each a page with the next. */
static void many_segments(u64 virt, u64 phys, u32 segments, u32 shared, struct image *image) {
    struct part parts[ELF_SEGMENTS_MAX + 1] = {{0}};
    u64 at = 0x800;
    for (u32 i = 0; i < segments; i++) {
        u64 size = i < shared ? 0x2000 : 0x1000;
        if (i >= shared)
            at = (at + 0xfff) & ~(u64)0xfff;
        parts[i] = (struct part){virt + at, phys + at, 0x10, size, 5 + (i & 1)};
        at += i < shared ? size : 0x2000;
    }
    image_of(32, parts, image);
}

/* Memory in as many ranges as there may be, which the linear maps show one by one. */
static void many_ranges(struct machine *machine, u32 count) {
    struct memory_map *map = &machine->memory;
    map->count = 0;
    map->ranges[map->count++] = (struct memory_range){0, 0xa0000, MEMORY_USABLE, 1};
    map->ranges[map->count++] = (struct memory_range){MIB, 15 * MIB, MEMORY_USABLE, 1};
    for (u32 i = 2; i < count; i++)
        map->ranges[map->count++] =
            (struct memory_range){16 * MIB + i * 0x20000, 0x10000, MEMORY_ACPI, 3};
}

/* A plan for that; whatever it has too many of is named. */
static struct error plan_for(const char *name, const struct machine *machine,
                             const struct image *image, const struct kernel_options *options) {
    static struct plan plan;
    struct plan_request request = {
        .machine = machine, .image = image, .options = options, .info_size = 0x1000};
    struct plan_case plan_case = {name, &request, &plan};
    struct error error = plan_make(&request, &plan);
    if (!error.code)
        check_plan(&plan_case);
    return error;
}

/* Rows run out at every place that lays one: with each option, segment and range of memory more,
 * the next one. */
static void test_rows(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(row_options); i++) {
        u32 full = 0, fits = 0;
        for (u32 ranges = 50; ranges <= 126; ranges++) {
            for (u32 shared = 112; shared < 2 * ELF_SEGMENTS_MAX; shared++) {
                struct machine machine = machine_of(qemu_16m, CPU_QEMU64, 36);
                struct image image;
                struct kernel_options options = options_of(row_options[i]);
                many_ranges(&machine, ranges);
                if (options.temporary)
                    machine.screen = pixels;
                many_segments(0xc0200000, 0x200000, ELF_SEGMENTS_MAX - (~shared & 1), shared / 2,
                              &image);
                struct error error = plan_for(row_options[i], &machine, &image, &options);
                full += error.code == ERROR_PLAN_TOO_MANY;
                fits += !error.code;
                if (error.code && error.code != ERROR_MEMORY_MAP_FULL)
                    assert_string_equal(error.values.name, "mappings");
            }
        }
        printf("%s: %u fit, %u do not\n", row_options[i], fits, full);
        assert_true(full > 20 && fits > 20);
    }
}

/* A kernel that is all of the address space but for `free` times 4 MiB below the top: windows are
 * given out in their order until there is no address left, each as a whole. */
static void test_windows(void **state) {
    (void)state;
    static const struct e820_row all[] = {{0, 0xfffff000, 1}, {0}};
    u32 refused = 0;
    for (u32 free = 0; free < 8; free++) {
        struct machine machine = machine_of(all, CPU_QEMU64, 36);
        struct kernel_options options =
            options_of("--paging=32 --temporary --identity=none --direct-map=none");
        const struct part parts[] = {
            {0x400000, 0x400000, 0x1000, 0xff800000 - 0x400000 * (u64)free, 7}, {0}};
        struct image image;
        image_of(32, parts, &image);
        machine.screen = pixels;
        struct error error = plan_for("windows", &machine, &image, &options);
        printf("%u: %d\n", free, error.code);
        assert_true(!error.code || error.code == ERROR_PLAN_NO_WINDOW);
        assert_true(error.code || free >= refused);
        refused += error.code != 0;
    }
    assert_int_equal(refused, 3);
}

/* A framebuffer that is not at a large page's start: it keeps its place within one, and may need
 * one more. */
static void test_screen_places(void **state) {
    (void)state;
    for (u64 into = 0; into < 4 * MIB; into += 0x41000) {
        static struct plan plan;
        struct machine machine = machine_of(qemu_16m, CPU_QEMU64, 36);
        struct kernel_options options = options_of("--paging=32");
        struct image image;
        image_of(32, parts_32, &image);
        machine.screen = pixels;
        machine.screen.phys += into;
        struct plan_request request = {
            .machine = &machine, .image = &image, .options = &options, .info_size = 0x1000};
        struct plan_case plan_case = {"screen", &request, &plan}, *c = &plan_case;
        SUCCEEDS(plan_make(&request, &plan));
        check_plan(c);
        HOLDS(plan.screen_virt % (4 * MIB) == machine.screen.phys % (4 * MIB));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_size),
                                       cmocka_unit_test(test_pieces), cmocka_unit_test(test_rows),
                                       cmocka_unit_test(test_windows),
                                       cmocka_unit_test(test_screen_places)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
