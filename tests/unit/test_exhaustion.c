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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_size),
                                       cmocka_unit_test(test_pieces)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
