/* elf/relocate.h: every form of table in both classes, every error, whole files as linkers lay them
 * out, and every small damage to them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "elf_image.h"
#include "relocate.h"

#include <stdlib.h>
#include <string.h>

/* The numbers of the gABI, written out anew. */
enum {
    T_PLTRELSZ = 2,
    T_RELA = 7,
    T_RELASZ,
    T_RELAENT,
    T_REL = 17,
    T_RELSZ,
    T_RELENT,
    T_PLTREL,
    T_JMPREL = 23,
    T_RELRSZ = 35,
    T_RELR,
    T_RELRENT,
    RELATIVE = 8,
};

/* ---- an image of two segments in memory ---- */

enum {
    TEXT_VIRT = 0x1000,
    TEXT_SIZE = 0x200,
    DATA_VIRT = 0x2000, /* the dynamic section is at its start */
    DATA_SIZE = 0x800,
    TABLE = TEXT_VIRT + 0x80,
    DYNAMIC_SIZE = 0x100,
};

#define SLIDE  0x12345000
#define TARGET 0x2345

/* The bytes of each segment are allocated on their own, so that the sanitizer sees what is outside.
 */
struct world {
    struct image image;
    struct elf_piece pieces[2];
    u32 tags; /* of the dynamic section so far */
};

static void make_world(u32 bits, u64 slide, struct world *world) {
    u8 *text = malloc(TEXT_SIZE), *data = malloc(DATA_SIZE);
    memset(text, 0xcc, TEXT_SIZE);
    for (u32 i = 0; i < DATA_SIZE; i++)
        data[i] = (u8)(i * 7 + i / 256);
    memset(data, 0, DYNAMIC_SIZE);
    *world = (struct world){
        .image = {.name = "kernel",
                  .bits = bits,
                  .relocatable = true,
                  .slide = bits == 32 ? (u32)slide : slide,
                  .dynamic = {bits == 32 ? (u32)(DATA_VIRT + slide) : DATA_VIRT + slide,
                              DYNAMIC_SIZE}},
        .pieces = {{TEXT_VIRT, TEXT_SIZE, text}, {DATA_VIRT, DATA_SIZE, data}}};
}

static void free_world(const struct world *world) {
    free(world->pieces[0].bytes);
    free(world->pieces[1].bytes);
}

static u8 *bytes_at(struct world *world, u64 virt) {
    struct elf_piece *piece = &world->pieces[virt >= DATA_VIRT];
    return piece->bytes + (virt - piece->virt);
}

static u64 get(const u8 *at, u32 width) {
    u64 value = 0;
    for (u32 i = 0; i < width; i++)
        value |= (u64)at[i] << (8 * i);
    return value;
}

static void add_tag(struct world *world, u64 tag, u64 value) {
    u32 word = world->image.bits / 8;
    u8 *at = world->pieces[1].bytes + world->tags++ * 2 * word;
    elf_put(at, word, tag);
    elf_put(at + word, word, value);
}

static struct error relocate(const struct world *world) {
    return elf_relocate(&world->image, world->pieces, 2);
}

/* ---- one relocation ---- */

enum form { REL, RELA, RELR, PLT_REL, PLT_RELA };

struct tag {
    u64 tag, value;
};

/* A table of one entry. `more` tags come last, and so count. */
struct row {
    const char *name;
    u32 bits;
    enum form form;
    u64 place;
    u64 info; /* of REL and RELA */
    struct tag more[3];
    enum error_code code;
    u64 number[3];
    const char *other;
};

static void add_table_tags(struct world *world, enum form form, u64 virt, u64 size) {
    u32 word = world->image.bits / 8;
    switch (form) {
    case REL:
    case RELA: {
        bool with_addend = form == RELA;
        add_tag(world, with_addend ? T_RELA : T_REL, virt);
        add_tag(world, with_addend ? T_RELASZ : T_RELSZ, size);
        add_tag(world, with_addend ? T_RELAENT : T_RELENT, word * (with_addend ? 3 : 2));
        return;
    }
    case RELR:
        add_tag(world, T_RELR, virt);
        add_tag(world, T_RELRSZ, size);
        add_tag(world, T_RELRENT, word);
        return;
    default:
        add_tag(world, T_JMPREL, virt);
        add_tag(world, T_PLTRELSZ, size);
        add_tag(world, T_PLTREL, form == PLT_RELA ? T_RELA : T_REL);
    }
}

static u32 put_entry(u8 *at, u32 word, enum form form, u64 place, u64 info) {
    elf_put(at, word, place);
    if (form == RELR)
        return word;
    elf_put(at + word, word, info);
    if (form == REL || form == PLT_REL)
        return 2 * word;
    elf_put(at + 2 * word, word, TARGET);
    return 3 * word;
}

static void make_row(const struct row *row, struct world *world) {
    u32 word = row->bits / 8;
    make_world(row->bits, SLIDE, world);
    u32 size = put_entry(bytes_at(world, TABLE), word, row->form, row->place, row->info);
    add_table_tags(world, row->form, TABLE, size);
    for (u32 i = 0; i < ARRAY_COUNT(row->more) && row->more[i].tag; i++)
        add_tag(world, row->more[i].tag, row->more[i].value);
}

static const struct row error_tests[] = {
    {"a symbol",
     64,
     RELA,
     0x2200,
     0x500000001,
     {{0}},
     ERROR_ELF_RELOCATION,
     {0x2200, 1},
     "R_X86_64_64"},
    {"GOT", 64, RELA, 0x2200, 6, {{0}}, ERROR_ELF_RELOCATION, {0x2200, 6}, "R_X86_64_GLOB_DAT"},
    {"GOT 32", 32, REL, 0x2200, 0x306, {{0}}, ERROR_ELF_RELOCATION, {0x2200, 6}, "R_386_GLOB_DAT"},
    {"PLT",
     64,
     PLT_RELA,
     0x2200,
     7,
     {{0}},
     ERROR_ELF_RELOCATION,
     {0x2200, 7},
     "R_X86_64_JUMP_SLOT"},
    {"PLT 32", 32, PLT_REL, 0x2200, 7, {{0}}, ERROR_ELF_RELOCATION, {0x2200, 7}, "R_386_JMP_SLOT"},
    {"ifunc",
     64,
     RELA,
     0x2200,
     37,
     {{0}},
     ERROR_ELF_RELOCATION,
     {0x2200, 37},
     "R_X86_64_IRELATIVE"},
    {"ifunc 32", 32, REL, 0x2200, 42, {{0}}, ERROR_ELF_RELOCATION, {0x2200, 42}, "R_386_IRELATIVE"},
    {"text relocation",
     32,
     REL,
     0x1010,
     0x102,
     {{0}},
     ERROR_ELF_RELOCATION,
     {0x1010, 2},
     "R_386_PC32"},
    {"TLS", 64, RELA, 0x2200, 18, {{0}}, ERROR_ELF_RELOCATION, {0x2200, 18}, "R_X86_64_TPOFF64"},
    {"type 264", 64, RELA, 0x2200, 264, {{0}}, ERROR_ELF_RELOCATION, {0x2200, 264}, "unknown here"},
    {"type 9 32", 32, REL, 0x2200, 9, {{0}}, ERROR_ELF_RELOCATION, {0x2200, 9}, "unknown here"},
    {"x86-64's name is not i386's",
     32,
     REL,
     0x2200,
     37,
     {{0}},
     ERROR_ELF_RELOCATION,
     {0x2200, 37},
     "unknown here"},

    {"between the segments",
     64,
     RELA,
     0x1800,
     8,
     {{0}},
     ERROR_ELF_RELOCATION_PLACE,
     {0x1800},
     NULL},
    {"over the end of one", 64, RELA, 0x27f9, 8, {{0}}, ERROR_ELF_RELOCATION_PLACE, {0x27f9}, NULL},
    {"over the end of one, 32",
     32,
     REL,
     0x27fd,
     8,
     {{0}},
     ERROR_ELF_RELOCATION_PLACE,
     {0x27fd},
     NULL},
    {"before one", 64, REL, 0x1fff, 8, {{0}}, ERROR_ELF_RELOCATION_PLACE, {0x1fff}, NULL},
    {"at the top", 64, REL, ~(u64)0, 8, {{0}}, ERROR_ELF_RELOCATION_PLACE, {~(u64)0}, NULL},
    {"where it will be",
     64,
     RELA,
     0x2200 + SLIDE,
     8,
     {{0}},
     ERROR_ELF_RELOCATION_PLACE,
     {0x2200 + SLIDE},
     NULL},
    {"RELR outside", 64, RELR, 0x2800, 0, {{0}}, ERROR_ELF_RELOCATION_PLACE, {0x2800}, NULL},
    {"a bitmap first", 32, RELR, 3, 0, {{0}}, ERROR_ELF_RELOCATION_PLACE, {0}, NULL},

    {"table outside",
     64,
     RELA,
     0x2200,
     8,
     {{T_RELA, 0x1800}},
     ERROR_ELF_RELOCATION_TABLE,
     {0x1800, 24, 24},
     "DT_RELA"},
    {"table over the end",
     64,
     RELA,
     0x2200,
     8,
     {{T_RELA, 0x11f0}},
     ERROR_ELF_RELOCATION_TABLE,
     {0x11f0, 24, 24},
     "DT_RELA"},
    {"huge table",
     64,
     REL,
     0x2200,
     8,
     {{T_RELSZ, -(u64)16}},
     ERROR_ELF_RELOCATION_TABLE,
     {TABLE, -(u64)16, 16},
     "DT_REL"},
    {"half an entry",
     64,
     RELA,
     0x2200,
     8,
     {{T_RELASZ, 36}},
     ERROR_ELF_RELOCATION_TABLE,
     {TABLE, 36, 24},
     "DT_RELA"},
    {"half an entry 32",
     32,
     REL,
     0x2200,
     8,
     {{T_RELSZ, 12}},
     ERROR_ELF_RELOCATION_TABLE,
     {TABLE, 12, 8},
     "DT_REL"},
    {"half a word",
     32,
     RELR,
     0x2200,
     0,
     {{T_RELRSZ, 6}},
     ERROR_ELF_RELOCATION_TABLE,
     {TABLE, 6, 4},
     "DT_RELR"},
    {"ELF32's entries",
     64,
     RELA,
     0x2200,
     8,
     {{T_RELAENT, 12}},
     ERROR_ELF_RELOCATION_TABLE,
     {TABLE, 24, 12},
     "DT_RELA"},
    {"RELA's entries in REL",
     32,
     REL,
     0x2200,
     8,
     {{T_RELENT, 12}},
     ERROR_ELF_RELOCATION_TABLE,
     {TABLE, 8, 12},
     "DT_REL"},
    {"odd RELR entries",
     64,
     RELR,
     0x2200,
     0,
     {{T_RELRENT, 4}},
     ERROR_ELF_RELOCATION_TABLE,
     {TABLE, 8, 4},
     "DT_RELR"},
    {"PLT outside",
     64,
     PLT_RELA,
     0x2200,
     7,
     {{T_JMPREL, 0}},
     ERROR_ELF_RELOCATION_TABLE,
     {0, 24, 24},
     "DT_JMPREL"},
};

static void check_error(const char *name, struct error error, enum error_code code,
                        const u64 *number, const char *other) {
    const u64 *n = error.values.number;
    if (error.code != code || n[0] != number[0] || n[1] != number[1] || n[2] != number[2] || n[3] ||
        strcmp(error.values.name, "kernel") ||
        (other ? !error.values.other || strcmp(error.values.other, other) : !!error.values.other))
        fail_msg("%s: error %d {%#llx %#llx %#llx} %s", name, (int)error.code,
                 (unsigned long long)n[0], (unsigned long long)n[1], (unsigned long long)n[2],
                 error.values.other ? error.values.other : "-");
}

static void test_errors(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(error_tests); i++) {
        const struct row *row = &error_tests[i];
        struct world world;
        make_row(row, &world);
        check_error(row->name, relocate(&world), row->code, row->number, row->other);
        free_world(&world);
    }
}

static void test_dynamic_outside(void **state) {
    (void)state;
    static const struct {
        u64 virt, size;
    } rows[] = {
        {0x1800, 16}, {0x27f8, 16}, {0x2000, DATA_SIZE + 1}, {~(u64)0, 16}, {0x2000, ~(u64)0}};
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct world world;
        make_world(64, 0, &world);
        world.image.dynamic = (struct image_part){rows[i].virt, rows[i].size};
        const u64 number[] = {rows[i].virt, rows[i].size, 16};
        check_error("PT_DYNAMIC", relocate(&world), ERROR_ELF_RELOCATION_TABLE, number,
                    "PT_DYNAMIC");
        assert_int_equal(elf_relocate(&world.image, NULL, 0).code, ERROR_ELF_RELOCATION_TABLE);
        free_world(&world);
    }
}

static const struct row applied_tests[] = {
    {.name = "REL 32", .bits = 32, .form = REL, .place = 0x2200, .info = 8},
    {.name = "REL 64", .bits = 64, .form = REL, .place = 0x2200, .info = 8},
    {.name = "RELA 32", .bits = 32, .form = RELA, .place = 0x2200, .info = 8},
    {.name = "RELA 64", .bits = 64, .form = RELA, .place = 0x2200, .info = 8},
    {.name = "RELR 32", .bits = 32, .form = RELR, .place = 0x2200},
    {.name = "RELR 64", .bits = 64, .form = RELR, .place = 0x2200},
    {.name = "a symbol beside it 32", .bits = 32, .form = REL, .place = 0x2200, .info = 0x12345608},
    {.name = "a symbol beside it 64",
     .bits = 64,
     .form = RELA,
     .place = 0x2200,
     .info = 0x700000008},
    {.name = "unaligned 32", .bits = 32, .form = REL, .place = 0x2203, .info = 8},
    {.name = "unaligned 64", .bits = 64, .form = RELA, .place = 0x2207, .info = 8},
    {.name = "the first word", .bits = 64, .form = RELA, .place = 0x1000, .info = 8},
    {.name = "the last word of the text", .bits = 64, .form = REL, .place = 0x11f8, .info = 8},
    {.name = "the last word of all 32", .bits = 32, .form = REL, .place = 0x27fc, .info = 8},
    {.name = "the last word of all 64", .bits = 64, .form = RELR, .place = 0x27f8},
    {.name = "no entry size",
     .bits = 64,
     .form = RELA,
     .place = 0x2200,
     .info = 8,
     .more = {{T_RELAENT, 0}}},
    {.name = "unknown tags",
     .bits = 64,
     .form = RELA,
     .place = 0x2200,
     .info = 8,
     .more = {{0x6ffffff9, 1}, {38, 1}, {~(u64)0, 1}}},
    {.name = "the other tables are empty",
     .bits = 64,
     .form = RELA,
     .place = 0x2200,
     .info = 8,
     .more = {{T_RELR, 0x9999}, {T_REL, 0x9999}, {T_JMPREL, 0x9999}}},
};

/* The words at `places` have moved, and nothing else. */
static void check_moved(const char *name, struct world *world, struct world *before, u64 slide,
                        const u64 *places, u32 count) {
    u32 word = world->image.bits / 8;
    for (u32 i = 0; i < count; i++)
        elf_put(bytes_at(before, places[i]), word, get(bytes_at(before, places[i]), word) + slide);
    for (u32 i = 0; i < 2; i++)
        if (memcmp(world->pieces[i].bytes, before->pieces[i].bytes, world->pieces[i].size))
            fail_msg("%s: other bytes than expected in piece %u", name, i);
}

static void test_applied(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(applied_tests); i++) {
        const struct row *row = &applied_tests[i];
        struct world world, before;
        make_row(row, &world);
        make_row(row, &before);
        if (row->form == RELA) /* what stands in the place does not matter */
            elf_put(bytes_at(&before, row->place), row->bits / 8, TARGET);
        assert_int_equal(relocate(&world).code, ERROR_NONE);
        check_moved(row->name, &world, &before, SLIDE, &row->place, 1);
        free_world(&world);
        free_world(&before);
    }
}

static const struct {
    const char *name;
    u32 bits;
    u64 slide, before, after;
} slide_tests[] = {
    {"none", 64, 0, 0x1234, 0x1234},
    {"up", 64, 0xffffffff80000000, 0x1234, 0xffffffff80001234},
    {"down", 64, -(u64)0x1000, 0x1234, 0x234},
    {"a carry over 32 bits", 64, 0x80000000, 0x80000000, 0x100000000},
    {"up 32", 32, 0xc0000000, 0x1234, 0xc0001234},
    {"down 32", 32, (u32)-0x1000, 0x1234, 0x234},
};

/* Everything in the world is as linked, so only the word tells of the slide. */
static void test_slides(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(slide_tests); i++)
        for (enum form form = REL; form <= RELR; form++) {
            u32 word = slide_tests[i].bits / 8;
            struct world world;
            make_world(slide_tests[i].bits, slide_tests[i].slide, &world);
            u8 *table = bytes_at(&world, TABLE), *place = bytes_at(&world, 0x2208);
            u32 size = put_entry(table, word, form, 0x2208, RELATIVE);
            elf_put(form == RELA ? table + 2 * word : place, word, slide_tests[i].before);
            add_table_tags(&world, form, TABLE, size);
            assert_int_equal(relocate(&world).code, ERROR_NONE);
            if (get(place, word) != slide_tests[i].after)
                fail_msg("%s, form %d", slide_tests[i].name, (int)form);
            free_world(&world);
        }
}

/* ---- whole tables ---- */

static const struct {
    const char *name;
    u32 bits;
    u64 entries[4];
    u32 entry_count;
    u64 places[5];
    u32 place_count;
} packed_tests[] = {
    {"bitmaps 64", 64, {0x2100, 0xb, 0x8000000000000001}, 3, {0x2100, 0x2108, 0x2118, 0x24f0}, 4},
    {"bitmaps 32", 32, {0x2100, 0xb, 0x80000001}, 3, {0x2100, 0x2104, 0x210c, 0x21f8}, 4},
    {"an empty bitmap 64", 64, {0x2100, 1, 3}, 3, {0x2100, 0x2300}, 2},
    {"an empty bitmap 32", 32, {0x2100, 1, 3}, 3, {0x2100, 0x2180}, 2},
    {"addresses only", 64, {0x2300, 0x2102, 0x27f8}, 3, {0x2300, 0x2102, 0x27f8}, 3},
    {"a bitmap after two", 64, {0x2100, 0x2200, 5}, 3, {0x2100, 0x2200, 0x2210}, 3},
    {"nothing", 64, {0}, 0, {0}, 0},
};

static void test_packed(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(packed_tests); i++) {
        struct world worlds[2];
        u32 word = packed_tests[i].bits / 8;
        for (u32 w = 0; w < 2; w++) {
            make_world(packed_tests[i].bits, SLIDE, &worlds[w]);
            for (u32 e = 0; e < packed_tests[i].entry_count; e++)
                elf_put(bytes_at(&worlds[w], TABLE) + e * word, word, packed_tests[i].entries[e]);
            add_table_tags(&worlds[w], RELR, TABLE, packed_tests[i].entry_count * word);
        }
        assert_int_equal(relocate(&worlds[0]).code, ERROR_NONE);
        check_moved(packed_tests[i].name, &worlds[0], &worlds[1], SLIDE, packed_tests[i].places,
                    packed_tests[i].place_count);
        free_world(&worlds[0]);
        free_world(&worlds[1]);
    }
}

/* All three tables of one kernel, with types 0 among them. */
static void test_all_tables(void **state) {
    (void)state;
    static const u64 places[] = {0x2200, 0x2210, 0x1010, 0x2220, 0x2300};
    for (u32 bits = 32; bits <= 64; bits += 32) {
        u32 word = bits / 8;
        struct world worlds[2];
        for (u32 w = 0; w < 2; w++) {
            struct world *world = &worlds[w];
            make_world(bits, SLIDE, world);
            u8 *rel = bytes_at(world, 0x1020), *rela = bytes_at(world, 0x1081);
            rel += put_entry(rel, word, REL, 0x2200, RELATIVE);
            rel += put_entry(rel, word, REL, 0x9999, 0);
            rel += put_entry(rel, word, REL, 0x2210, RELATIVE);
            rela += put_entry(rela, word, RELA, 0x1010, RELATIVE);
            rela += put_entry(rela, word, RELA, 0, 0);
            rela += put_entry(rela, word, RELA, 0x2220, RELATIVE);
            put_entry(bytes_at(world, 0x1100), word, RELR, 0x2300, 0);
            put_entry(bytes_at(world, 0x1110), word, PLT_RELA, 0x2300, 0);
            add_table_tags(world, REL, 0x1020, 6 * word);
            add_table_tags(world, RELA, 0x1081, 9 * word);
            add_table_tags(world, RELR, 0x1100, word);
            add_table_tags(world, PLT_RELA, 0x1110, 3 * word);
        }
        elf_put(bytes_at(&worlds[1], 0x1010), word, TARGET);
        elf_put(bytes_at(&worlds[1], 0x2220), word, TARGET);
        assert_int_equal(relocate(&worlds[0]).code, ERROR_NONE);
        check_moved("all tables", &worlds[0], &worlds[1], SLIDE, places, ARRAY_COUNT(places));
        free_world(&worlds[0]);
        free_world(&worlds[1]);
    }
}

/* What stands behind DT_NULL, or past the size, is no tag. */
static void test_end_of_dynamic(void **state) {
    (void)state;
    struct world world;
    make_world(64, SLIDE, &world);
    add_tag(&world, 0, 0);
    add_table_tags(&world, RELA, 0, 24);
    assert_int_equal(relocate(&world).code, ERROR_NONE);
    free_world(&world);

    make_world(64, SLIDE, &world);
    add_tag(&world, 0x6ffffffb, 0);
    add_table_tags(&world, RELA, 0, 24);
    world.image.dynamic.size = 2 * 16 + 15; /* up to the address of the table, but not its size */
    assert_int_equal(relocate(&world).code, ERROR_NONE);
    world.image.dynamic.size = 3 * 16;
    assert_int_equal(relocate(&world).code, ERROR_ELF_RELOCATION_TABLE);
    free_world(&world);
}

static void test_nothing_to_do(void **state) {
    (void)state;
    struct world world;
    make_row(&error_tests[0], &world);
    world.image.relocatable = false;
    assert_int_equal(relocate(&world).code, ERROR_NONE);
    world.image.relocatable = true;
    world.image.dynamic.size = 0;
    assert_int_equal(relocate(&world).code, ERROR_NONE);
    free_world(&world);
}

/* A word that lies half in one piece and half in the one behind it is refused, as is a table. */
static void test_straddling(void **state) {
    (void)state;
    for (u32 bits = 32; bits <= 64; bits += 32) {
        u32 word = bits / 8;
        struct world world;
        make_world(bits, 0, &world);
        put_entry(bytes_at(&world, TABLE), word, REL, 0x2400 - word / 2, RELATIVE);
        add_table_tags(&world, REL, TABLE, 2 * word);
        u8 *data = world.pieces[1].bytes;
        const struct elf_piece pieces[] = {{0x2400, 0x400, data + 0x400},
                                           {0x1000, 0x200, world.pieces[0].bytes},
                                           {0x2000, 0x400, data}};
        struct error error = elf_relocate(&world.image, pieces, 3);
        assert_int_equal(error.code, ERROR_ELF_RELOCATION_PLACE);
        assert_int_equal(error.values.number[0], 0x2400 - word / 2);
        elf_put(bytes_at(&world, TABLE), word, 0x2400);
        assert_int_equal(elf_relocate(&world.image, pieces, 3).code, ERROR_NONE);
        elf_put(bytes_at(&world, TABLE), word, 0x2400 - word);
        assert_int_equal(elf_relocate(&world.image, pieces, 3).code, ERROR_NONE);
        add_tag(&world, T_REL, 0x2400 - word);
        assert_int_equal(elf_relocate(&world.image, pieces, 3).code, ERROR_ELF_RELOCATION_TABLE);
        free_world(&world);
    }
}

/* ---- whole files ---- */

enum { FILE_BYTES = 0x500, FILE_PARTS = 7, FILE_PLACES = 3 };

/* A static PIE as GNU ld lays it out: headers and tables read-only, code, data with the dynamic
 * section at its start. */
static const struct elf_part file_parts[FILE_PARTS] = {
    {1, 4, 0, 0, 0, 0x300, 0x300},
    {1, 5, 0x300, 0x1300, 0x1300, 0x20, 0x20},
    {1, 6, 0x380, 0x2380, 0x2380, 0x180, 0x200},
    {2, 6, 0x380, 0x2380, 0x2380, 0x80, 0x80},
    {4, 4, 0x2e0, 0x2e0, 0x2e0, 0x18, 0x18},
    {0x6474e551, 6, 0, 0, 0, 0, 0},
    {0x6474e552, 4, 0x380, 0x2380, 0x2380, 0x80, 0xc80},
};

static const u64 file_places[FILE_PLACES] = {0x2440, 0x2448, 0x24f8};
static const u64 file_targets[FILE_PLACES] = {0x1304, 0x2400, 0x2500};

static void put_tags(u8 *at, u32 word, const u64 *tags, u32 count) {
    for (u32 i = 0; i < 2 * count; i++)
        elf_put(at + i * word, word, tags[i]);
}

static void make_file(u32 bits, enum form form, u8 *file) {
    u32 word = bits / 8, words = form == RELA ? 3 : form == REL ? 2 : 1;
    u64 tag = form == RELA ? T_RELA : form == REL ? T_REL : T_RELR;
    memset(file, 0, FILE_BYTES);
    for (u32 i = 0; i < FILE_PARTS; i++)
        elf_put_part(file + 0x40 + i * elf_part_size(bits), bits, &file_parts[i]);
    elf_put_header(file, bits, 0x1300, 0x40, FILE_PARTS);
    elf_put(file + 16, 2, 3);
    memcpy(file + 0x2e0, "\6\0\0\0\3\0\0\0\1\0\0\0Aloft\0\0\0-a", 23);
    u8 *entry = file + 0x220;
    for (u32 i = 0; i < FILE_PLACES; i++) {
        entry += put_entry(entry, word, form, file_places[i], RELATIVE);
        if (form == RELA)
            elf_put(entry - word, word, file_targets[i]);
        else
            elf_put(file + file_places[i] - 0x2000, word, file_targets[i]);
    }
    const u64 tags[] = {tag,
                        0x220,
                        form == RELR ? tag - 1 : tag + 1,
                        FILE_PLACES * words * word,
                        form == RELR ? tag + 1 : tag + 2,
                        words * word,
                        0x6ffffffb,
                        0x8000000};
    put_tags(file + 0x380, word, tags, 4);
}

/* What becomes of a file: read, moved, loaded into pieces of exactly its segments' sizes, and
 * relocated. */
struct loaded {
    struct image image;
    struct elf_piece pieces[ELF_SEGMENTS_MAX];
};

static struct error load_file(const u8 *file, u64 slide, struct loaded *loaded) {
    const struct bytes bytes = {file, FILE_BYTES};
    struct source source = source_memory(&bytes, "kernel");
    struct image *image = &loaded->image;
    memset(loaded, 0, sizeof *loaded);
    TRY(elf_read(&source, image));
    TRY(elf_slide(image, slide, 0));
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        /* Of a damaged file any size: what is past the file's part need not be there. */
        u64 size = segment->memory_size > 0x1000 ? segment->file_size : segment->memory_size;
        u64 linked = segment->virt - image->slide;
        loaded->pieces[i] = (struct elf_piece){image->bits == 32 ? (u32)linked : linked, size,
                                               calloc(1, size ? size : 1)};
        memcpy(loaded->pieces[i].bytes, file + segment->offset, segment->file_size);
    }
    return elf_relocate(image, loaded->pieces, image->segment_count);
}

static void unload(struct loaded *loaded) {
    for (u32 i = 0; i < loaded->image.segment_count && i < ELF_SEGMENTS_MAX; i++)
        free(loaded->pieces[i].bytes);
}

#define EACH_FORM(bits, form)                   \
    for (u32 bits = 32; bits <= 64; bits += 32) \
        for (enum form form = REL; form <= RELR; form++)

static void test_files(void **state) {
    (void)state;
    static struct loaded loaded;
    u8 file[FILE_BYTES];
    EACH_FORM(bits, form) {
        u64 slide = bits == 64 ? 0xffffffff80000000 : 0xc0000000;
        make_file(bits, form, file);
        assert_int_equal(load_file(file, slide, &loaded).code, ERROR_NONE);
        assert_true(loaded.image.entry_virt == 0x1300 + slide);
        assert_true(loaded.image.segments[2].virt == 0x2380 + slide);
        assert_int_equal(loaded.image.segments[2].phys, 0x2380);
        assert_string_equal(loaded.image.options, "-a");
        for (u32 i = 0; i < FILE_PLACES; i++)
            assert_true(get(loaded.pieces[2].bytes + file_places[i] - 0x2380, bits / 8) ==
                        file_targets[i] + slide);
        unload(&loaded);
    }
}

/* Each byte of the headers, of the tables and of the dynamic section with other values: an error or
 * none, and nothing touched outside of the pieces. */
static void test_mutations(void **state) {
    (void)state;
    static struct loaded loaded;
    static const u8 flips[] = {0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff, 0x7f};
    u8 file[FILE_BYTES];
    u32 accepted = 0, refused = 0;
    EACH_FORM(bits, form) {
        make_file(bits, form, file);
        for (u32 i = 0; i < FILE_BYTES; i++)
            for (u32 f = 0; f < ARRAY_COUNT(flips); f++) {
                file[i] ^= flips[f];
                struct error error = load_file(file, 0x100000, &loaded);
                accepted += !error.code;
                refused += error.code != 0;
                unload(&loaded);
                file[i] ^= flips[f];
            }
    }
    assert_true(accepted > 10000 && refused > 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),         cmocka_unit_test(test_dynamic_outside),
        cmocka_unit_test(test_applied),        cmocka_unit_test(test_slides),
        cmocka_unit_test(test_packed),         cmocka_unit_test(test_all_tables),
        cmocka_unit_test(test_end_of_dynamic), cmocka_unit_test(test_nothing_to_do),
        cmocka_unit_test(test_straddling),     cmocka_unit_test(test_files),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
