/* tools/draw.h: nothing overlaps, nothing is left out, for plans of many shapes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "draw.h"
#include "machines.h"
#include "rows.h"

enum { TITLE_LONG = 400, MODULES = 3, MANY = 40 };

static const struct part higher_half[] = {{0xc0100000, 0x100000, 0x3000, 0x3000, 5},
                                          {0xc0104000, 0x104000, 0xc00, 0xc00, 4},
                                          {0xc0105000, 0x105000, 0x20, 0x140, 6},
                                          {0}};
static const struct part low[] = {{0x100000, 0x100000, 0x3000, 0x3000, 7}, {0}};
static const struct part top_2g[] = {{0xffffffff80100000, 0x100000, 0x3000, 0x3000, 5},
                                     {0xffffffff80104000, 0x104000, 0x20, 0x90000, 6},
                                     {0}};
static const struct part in_direct_map[] = {{0xffff800000100000, 0x100000, 0x3000, 0x3000, 5},
                                            {0xffff800000104000, 0x104000, 0, 0x240000, 6},
                                            {0}};
static const struct part scattered[] = {{0xc0100000, 0x800000, 0x3000, 0x3000, 5},
                                        {0xc0200000, 0x400000, 0x3000, 0x3000, 6},
                                        {0xd0000000, 0x600000, 0x3000, 0x3000, 4},
                                        {0x400000, 0x200000, 0, 0x5000, 6},
                                        {0}};
static const struct part side_by_side[] = {
    {0xc0100000, 0x100000, 0x1000, 0x1000, 5}, {0xc0101000, 0x300000, 0x1000, 0x1000, 5}, {0}};
static const struct part up_to_the_end[] = {{0xfffffffffffff000, 0x100000, 0x1000, 0x1000, 7}, {0}};
static const struct part above_4g[] = {{0xffffffff80100000, 0x100000, 0x3000, 0x3000, 5},
                                       {0xffffffff90000000, 0x100000000, 0x10000, 0x20000, 6},
                                       {0}};
static const struct part one_page_shared[] = {
    {0xc0100000, 0x100000, 0x800, 0x800, 5}, {0xc0100800, 0x100800, 0x100, 0x100, 6}, {0}};

static const struct {
    const char *name;
    const struct part *parts;
    u32 bits;
    const struct e820_row *memory;
    u32 cpu, physical_bits;
    const char *options;
    u32 modules;
} cases[] = {
    {"higher half", higher_half, 32, qemu_128m, CPU_QEMU64, 40, "", 0},
    {"higher half, little memory", higher_half, 32, qemu_16m, CPU_I486, 32, "", 0},
    {"higher half, much memory", higher_half, 32, qemu_5g, CPU_QEMU64, 40, "", 0},
    {"PAE", higher_half, 32, qemu_5g, CPU_QEMU64, 40, "--paging=pae", 0},
    {"no direct map", higher_half, 32, qemu_128m, CPU_QEMU64, 40, "--direct-map=none", 0},
    {"modules", higher_half, 32, qemu_128m, CPU_QEMU64, 40, "", MODULES},
    {"identity", low, 32, qemu_128m, CPU_QEMU64, 40, "--identity=all", 0},
    {"paging off", low, 32, qemu_128m, CPU_QEMU64, 40, "--paging=off", 0},
    {"paging off, much memory", low, 32, qemu_5g, CPU_QEMU64, 40, "--paging=off", MODULES},
    {"top 2 GiB", top_2g, 64, qemu_5g, CPU_MAX, 40, "", 0},
    {"top 2 GiB, 5 levels", top_2g, 64, qemu_5g, CPU_MAX, 40, "--paging=5level", MODULES},
    {"top 2 GiB, all identity", top_2g, 64, qemu_5g, CPU_MAX, 40, "--identity=all", 0},
    {"direct map elsewhere", top_2g, 64, qemu_5g, CPU_MAX, 40, "--direct-map=0x100000000000", 0},
    {"kernel in the direct map", in_direct_map, 64, office_pc, CPU_MAX, 39, "", MODULES},
    {"scattered", scattered, 32, office_pc, CPU_PENTIUM, 32, "", MODULES},
    {"neighbours from two places", side_by_side, 32, qemu_128m, CPU_QEMU64, 40, "", 0},
    {"up to the end", up_to_the_end, 64, qemu_128m, CPU_QEMU64, 40, "", 0},
    {"above 4 GiB", above_4g, 64, qemu_5g, CPU_QEMU64, 40, "--pages=4k", 0},
    {"shared page", one_page_shared, 32, qemu_16m, CPU_PENTIUM, 32, "--stack=4K", 0},
};

struct drawn {
    struct machine machine;
    struct image image;
    struct plan plan;
    struct picture picture;
};

static void draw(struct drawn *drawn, const char *options_words, u32 modules,
                 const struct draw_wish *text) {
    struct kernel_options options = options_of(options_words);
    static const u64 sizes[MODULES] = {1, 5000, 1000003};
    struct plan_request wish = {.machine = &drawn->machine,
                                .image = &drawn->image,
                                .options = &options,
                                .module_count = modules,
                                .module_sizes = sizes,
                                .info_size = 3000};
    struct error error = plan_make(&wish, &drawn->plan);
    assert_int_equal(error.code, ERROR_NONE);
    struct draw_wish picture = *text;
    picture.machine = &drawn->machine;
    picture.plan = &drawn->plan;
    error = draw_plan(&picture, &drawn->picture);
    assert_int_equal(error.code, ERROR_NONE);
}

/* ---- what must hold of every picture ---- */

static void check_labels(const struct picture *picture) {
    assert_true(picture->label_count > 0 && picture->label_count <= DRAW_LABELS_MAX);
    for (u32 i = 0; i < picture->label_count; i++) {
        const struct draw_label *a = &picture->labels[i];
        assert_true(a->x + a->width <= picture->width && a->y + a->height <= picture->height);
        assert_true(a->width * 100 >= strlen(a->text) * draw_font_size(a->style) * 61);
        assert_true(a->height > draw_font_size(a->style));
        for (u32 other = i + 1; other < picture->label_count; other++) {
            const struct draw_label *b = &picture->labels[other];
            bool apart = a->x + a->width <= b->x || b->x + b->width <= a->x ||
                         a->y + a->height <= b->y || b->y + b->height <= a->y;
            if (!apart)
                fail_msg("\"%s\" and \"%s\" overlap", a->text, b->text);
        }
    }
}

/* Swatches are no labels, but must not lie under one. */
static void check_swatches(const struct picture *picture) {
    for (u32 i = 0; i < picture->swatch_count; i++) {
        const struct draw_swatch *swatch = &picture->swatches[i];
        assert_true(swatch->x + DRAW_SWATCH <= picture->width);
        assert_true(swatch->y + DRAW_SWATCH <= picture->height);
        for (u32 n = 0; n < picture->label_count; n++) {
            const struct draw_label *label = &picture->labels[n];
            assert_true(
                label->x >= swatch->x + DRAW_SWATCH || label->x + label->width <= swatch->x ||
                label->y >= swatch->y + DRAW_SWATCH || label->y + label->height <= swatch->y);
        }
    }
}

/* Each cell stands on the one before, in the picture as in memory. */
static void check_column(const struct picture *picture, const struct draw_column *column) {
    assert_true(column->cell_count > 0 && column->cell_count <= DRAW_CELLS_MAX);
    assert_int_equal(column->cells[0].start, 0);
    assert_true(column->x + column->width <= picture->width);
    for (u32 i = 0; i < column->cell_count; i++) {
        const struct draw_cell *cell = &column->cells[i];
        assert_true(cell->size && cell->height >= 24 && cell->name[0]);
        assert_true(cell->y + cell->height <= picture->height);
        if (!i)
            continue;
        const struct draw_cell *below = &column->cells[i - 1];
        assert_int_equal(cell->start, below->start + below->size);
        assert_int_equal(cell->y + cell->height, below->y);
    }
}

/* The text of a cell lies in it. */
static void check_cell_text(const struct picture *picture, const struct draw_column *column) {
    for (u32 i = 0; i < column->cell_count; i++) {
        const struct draw_cell *cell = &column->cells[i];
        u32 found = 0;
        for (u32 n = 0; n < picture->label_count; n++) {
            const struct draw_label *label = &picture->labels[n];
            found += !strcmp(label->text, cell->name) && label->y >= cell->y &&
                     label->y + label->height <= cell->y + cell->height && label->x >= column->x &&
                     label->x + label->width <= column->x + column->width;
        }
        assert_true(found >= 1);
    }
}

static const struct draw_cell *cell_at(const struct draw_column *column, u64 address) {
    for (u32 i = 0; i < column->cell_count; i++)
        if (address - column->cells[i].start < column->cells[i].size)
            return &column->cells[i];
    return NULL;
}

/* Every row is in a cell of its own colour, and a band leads from there to its physical memory. */
static void check_rows(const struct drawn *drawn) {
    const struct picture *picture = &drawn->picture;
    for (u32 i = 0; i < drawn->plan.row_count; i++) {
        const struct map *row = &drawn->plan.rows[i];
        const struct draw_cell *cell = cell_at(&picture->virtual, row->virt);
        const struct draw_cell *from = cell_at(&picture->physical, row->phys);
        const struct draw_cell *to = cell_at(&picture->physical, row->phys + row->size - 1);
        u32 found = 0;
        assert_non_null(cell);
        assert_non_null(from);
        assert_non_null(to);
        assert_true(row->virt + row->size - 1 - cell->start < cell->size);
        assert_true(string_starts(cell->name, row_owner_name(row->owner)) ||
                    row->owner == ROW_HANDOFF);
        assert_int_not_equal(from->paint, PAINT_GAP);
        for (u32 n = 0; n < picture->band_count; n++) {
            const struct draw_band *band = &picture->bands[n];
            if (band->right_top != cell->y || band->paint != cell->paint)
                continue;
            found++;
            assert_int_equal(band->right_bottom, cell->y + cell->height);
            assert_true(band->left_top <= to->y + to->height && band->left_top < band->left_bottom);
            assert_true(band->left_bottom >= from->y && band->left_bottom <= picture->height);
        }
        assert_int_equal(found, 1);
    }
}

/* A claim of the kernel or a module is a cell with its name. */
static void check_claims(const struct drawn *drawn) {
    for (u32 i = 0; i < drawn->plan.claims.count; i++) {
        const struct claim *claim = &drawn->plan.claims.claims[i];
        const struct draw_cell *cell = cell_at(&drawn->picture.physical, claim->start);
        assert_non_null(cell);
        switch (claim->kind) {
        case CLAIM_KERNEL: assert_int_equal(cell->paint, PAINT_KERNEL); break;
        case CLAIM_MODULE: assert_int_equal(cell->paint, PAINT_MODULE); break;
        case CLAIM_TABLES: assert_int_equal(cell->paint, PAINT_TABLES); break;
        case CLAIM_HANDOFF: assert_int_equal(cell->paint, PAINT_HANDOFF); break;
        case CLAIM_TRAMPOLINE: assert_int_equal(cell->paint, PAINT_TRAMPOLINE); break;
        default: break;
        }
        if (claim->kind == CLAIM_MODULE) {
            char buffer[64];
            struct text name = TEXT_IN(buffer);
            claim_name(claim, &name);
            assert_string_equal(cell->name, buffer);
        }
    }
}

static bool is_edge(const struct draw_column *column, u32 y) {
    for (u32 i = 0; i < column->cell_count; i++)
        if (column->cells[i].y == y || column->cells[i].y + column->cells[i].height == y)
            return true;
    return false;
}

/* Addresses stand beside the columns, level with the ends of cells. */
static void check_addresses(const struct picture *picture) {
    u32 end = picture->physical.x + picture->physical.width, found = 0;
    for (u32 i = 0; i < picture->label_count; i++) {
        const struct draw_label *label = &picture->labels[i];
        bool left = label->x + label->width < picture->physical.x;
        if (label->style != STYLE_ADDRESS)
            continue;
        found++;
        assert_true(left || label->x > picture->virtual.x + picture->virtual.width);
        assert_true(left == (label->x < end));
        assert_true(
            is_edge(left ? &picture->physical : &picture->virtual, label->y + label->height / 2));
    }
    assert_int_equal(found, picture->physical.cell_count + picture->virtual.cell_count + 2);
}

static void check_picture(const struct drawn *drawn) {
    const struct picture *picture = &drawn->picture;
    const struct draw_cell *top = &picture->virtual.cells[picture->virtual.cell_count - 1];
    check_labels(picture);
    check_swatches(picture);
    check_column(picture, &picture->physical);
    check_column(picture, &picture->virtual);
    check_cell_text(picture, &picture->physical);
    check_cell_text(picture, &picture->virtual);
    assert_int_equal(top->start + top->size, drawn->image.bits == 64 ? 0 : 4 * GIB);
    assert_int_equal(top->y, picture->physical.cells[picture->physical.cell_count - 1].y);
    check_addresses(picture);
    check_rows(drawn);
    check_claims(drawn);
}

static void test_pictures(void **state) {
    struct drawn *drawn = malloc(sizeof *drawn);
    const struct draw_wish text = {.title = "kernel.elf, 32-bit",
                                   .detail_count = 2,
                                   .details = {"paging 4-level", "machine pc"}};
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(cases); i++) {
        print_message("%s\n", cases[i].name);
        drawn->machine = machine_of(cases[i].memory, cases[i].cpu, cases[i].physical_bits);
        image_of(cases[i].bits, cases[i].parts, &drawn->image);
        draw(drawn, cases[i].options, cases[i].modules, &text);
        check_picture(drawn);
    }
    free(drawn);
}

/* Many segments, each at an offset of its own, in another order physically. */
static void test_many_segments(void **state) {
    struct drawn *drawn = malloc(sizeof *drawn);
    struct part parts[MANY + 1] = {{0}};
    const struct draw_wish text = {.title = "many"};
    (void)state;
    for (u32 i = 0; i < MANY; i++)
        parts[i] =
            (struct part){0xffffffff80000000 + i * 0x20000, 0x200000 + (i * 37 % MANY) * 0x10000,
                          0x1000, 0x1800, i % 2 ? 6 : 5};
    drawn->machine = machine_of(qemu_5g, CPU_MAX, 40);
    image_of(64, parts, &drawn->image);
    draw(drawn, "", MODULES, &text);
    check_picture(drawn);
    free(drawn);
}

/* A title without end is cut; a long one makes the picture wider. */
static void test_long_title(void **state) {
    struct drawn *drawn = malloc(sizeof *drawn);
    char title[TITLE_LONG];
    (void)state;
    memset(title, 'x', sizeof title - 1);
    drawn->machine = machine_of(qemu_128m, CPU_MAX, 40);
    image_of(32, low, &drawn->image);
    for (u32 length = 1; length < TITLE_LONG; length += 13) {
        title[length] = 0;
        draw(drawn, "", 0,
             &(struct draw_wish){.title = title, .detail_count = 1, .details = {title}});
        check_picture(drawn);
        const char *drawn_title = drawn->picture.labels[0].text;
        size_t drawn_length = strlen(drawn_title);
        assert_int_equal(drawn_length, length < DRAW_TEXT_MAX ? length : DRAW_TEXT_MAX - 1);
        assert_int_equal(drawn_title[drawn_length - 1], length < DRAW_TEXT_MAX ? 'x' : '.');
        title[length] = 'x';
    }
    free(drawn);
}

/* What a reader looks for in the classic picture. */
static void test_content(void **state) {
    static const struct {
        bool physical;
        u64 start, size;
        enum draw_paint paint;
        const char *name;
    } expected[] = {
        {true, 0, 0x1000, PAINT_FIRMWARE, "BIOS data"},
        {true, 0x1000, 0x9e000, PAINT_USABLE, "usable"},
        {true, 0xa0000, 0x50000, PAINT_DEVICE, "video memory, ROMs"},
        {true, 0x100000, 0x3000, PAINT_KERNEL, "PT_LOAD 0"},
        {true, 0x105000, 0x1000, PAINT_KERNEL, "PT_LOAD 2"},
        {false, 0xc0000000, 0x100000, PAINT_DIRECT, "direct map rw--"},
        {false, 0xc0100000, 0x3000, PAINT_KERNEL, "kernel r-x-"},
        {false, 0xc0104000, 0x1000, PAINT_KERNEL, "kernel r---"},
        {false, 0xff800000, 0, PAINT_GAP, "not mapped"},
        {false, 0xff801000, 0x10000, PAINT_HANDOFF, "stack rw--"},
        {false, 0xff811000, 0x1000, PAINT_GAP, "guard page"},
        {false, 0xff812000, 0x1000, PAINT_HANDOFF, "information, GDT rw--"},
    };
    struct drawn *drawn = malloc(sizeof *drawn);
    (void)state;
    drawn->machine = machine_of(qemu_128m, CPU_QEMU64, 40);
    image_of(32, higher_half, &drawn->image);
    draw(drawn, "", 0, &(struct draw_wish){.title = "t"});
    for (u32 i = 0; i < ARRAY_COUNT(expected); i++) {
        const struct draw_cell *cell =
            cell_at(expected[i].physical ? &drawn->picture.physical : &drawn->picture.virtual,
                    expected[i].start);
        assert_non_null(cell);
        assert_string_equal(cell->name, expected[i].name);
        assert_int_equal(cell->paint, expected[i].paint);
        if (!expected[i].size)
            continue;
        assert_int_equal(cell->start, expected[i].start);
        assert_int_equal(cell->size, expected[i].size);
    }
    free(drawn);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_many_segments),
        cmocka_unit_test(test_long_title),
        cmocka_unit_test(test_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
