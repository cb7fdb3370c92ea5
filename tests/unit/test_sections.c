/* tools/sections.h: what is found in a file with everything, and that nothing is read outside one
 * that is cut short or spoilt at any place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "elf_image.h"
#include "sections.h"

#include <stdlib.h>

/* | header | 2 program headers | code, data | names | symbols | section headers | */
enum {
    FILE_SIZE = 1024,
    CODE = 256,
    DATA = 272,
    NAMES = 288,
    SYMBOLS = 384,
    HEADERS = 512,
    SECTIONS = 6
};

#define NAMES_TEXT "\0.text\0.data\0.bss\0.strtab\0.symtab\0start\0.Llocal\0end"

/* A section header; its name is the one that begins so in NAMES_TEXT. */
struct row {
    const char *name;
    u32 type, flags, link;
    u64 address, offset, size;
};

static const struct row rows[SECTIONS] = {
    {"", 0, 0, 0, 0, 0, 0},
    {".text", 1, 6, 0, 0xc0100000, CODE, 16},
    {".data", 1, 3, 0, 0xc0101000, DATA, 16},
    {".bss", 8, 3, 0, 0xc0101010, DATA, 0x100},
    {".strtab", 3, 0, 0, 0, NAMES, sizeof NAMES_TEXT},
    {".symtab", 2, 0, 4, 0, SYMBOLS, 0},
};

static u32 name_at(const char *name) {
    for (u32 i = 0; i < sizeof NAMES_TEXT; i++)
        if (!strcmp(&NAMES_TEXT[i], name))
            return i;
    abort();
}

/* gABI 4.1, figure 4-8. */
static void put_section(u8 *at, u32 bits, const struct row *row, u64 size) {
    u32 w = bits / 8;
    elf_put(at, 4, name_at(row->name));
    elf_put(at + 4, 4, row->type);
    elf_put(at + 8, w, row->flags);
    elf_put(at + 8 + w, w, row->address);
    elf_put(at + 8 + 2 * w, w, row->offset);
    elf_put(at + 8 + 3 * w, w, size);
    elf_put(at + 8 + 4 * w, 4, row->link);
}

/* Figure 4-15. */
static void put_symbol(u8 *at, u32 bits, const char *name, u32 kind, u64 value) {
    elf_put(at, 4, name_at(name));
    elf_put(at + (bits == 64 ? 8 : 4), bits / 8, value);
    elf_put(at + (bits == 64 ? 4 : 12), 1, kind);
    elf_put(at + (bits == 64 ? 6 : 14), 2, 1);
}

static void make_file(u32 bits, u8 file[FILE_SIZE]) {
    const struct elf_part loads[] = {
        {ELF_PT_LOAD, 5, CODE, 0xc0100000, 0x100000, 16, 16},
        {ELF_PT_LOAD, 6, DATA, 0xc0101000, 0x101000, 16, 0x110},
    };
    u32 symbol_size = bits == 64 ? 24 : 16, header_size = bits == 64 ? 64 : 40;
    memset(file, 0, FILE_SIZE);
    elf_put_header(file, bits, 0xc0100000, elf_header_size(bits), 2);
    for (u32 i = 0; i < 2; i++)
        elf_put_part(file + elf_header_size(bits) + i * elf_part_size(bits), bits, &loads[i]);
    memcpy(file + NAMES, NAMES_TEXT, sizeof NAMES_TEXT);
    put_symbol(file + SYMBOLS, bits, "start", 0, 0xc0100000);
    put_symbol(file + SYMBOLS + symbol_size, bits, ".Llocal", 0, 0xc0100004);
    put_symbol(file + SYMBOLS + 2 * symbol_size, bits, ".data", 3, 0xc0100006);
    put_symbol(file + SYMBOLS + 3 * symbol_size, bits, "end", 0, 0xc0100008);
    for (u32 i = 0; i < SECTIONS; i++)
        put_section(file + HEADERS + i * header_size, bits, &rows[i],
                    rows[i].type == 2 ? 4 * symbol_size : rows[i].size);
    elf_put(file + (bits == 64 ? 40 : 32), bits / 8, HEADERS);
    elf_put(file + (bits == 64 ? 58 : 46), 2, header_size);
    elf_put(file + (bits == 64 ? 60 : 48), 2, SECTIONS);
    elf_put(file + (bits == 64 ? 62 : 50), 2, 4);
}

static void check_sections(const struct sections *sections) {
    struct section section;
    for (u32 i = 0; i < SECTIONS; i++) {
        assert_true(section_read(sections, i, &section));
        assert_string_equal(section_name(sections, &section).text, rows[i].name);
        assert_int_equal(section.type, rows[i].type);
        assert_int_equal(section.flags, rows[i].flags);
        assert_int_equal(section.address, rows[i].address);
        assert_int_equal(section.offset, rows[i].offset);
        assert_int_equal(section.link, rows[i].link);
    }
    assert_false(section_read(sections, SECTIONS, &section));
    assert_true(section_at(sections, 0xc010100f, &section));
    assert_string_equal(section_name(sections, &section).text, ".data");
    assert_true(section_at(sections, 0xc0101010, &section));
    assert_string_equal(section_name(sections, &section).text, ".bss");
    assert_false(section_at(sections, 0xc0101110, &section));
    assert_false(section_at(sections, 0, &section)); /* .strtab is in no memory */
}

static void check_loads(const struct sections *sections) {
    static const char *const holds[] = {".text", ".data.bss"};
    struct section_load load;
    struct section section;
    for (u32 i = 0; i < 2; i++) {
        char names[32] = "";
        assert_true(section_load(sections, i, &load));
        for (u32 j = 0; section_read(sections, j, &section); j++)
            if (section_in_load(&section, &load))
                strcat(names, section_name(sections, &section).text);
        assert_string_equal(names, holds[i]);
    }
    assert_int_equal(load.rights, 6);
    assert_int_equal(load.offset, DATA);
    assert_int_equal(load.virt, 0xc0101000);
    assert_int_equal(load.phys, 0x101000);
    assert_int_equal(load.file_size, 16);
    assert_int_equal(load.memory_size, 0x110);
    assert_false(section_load(sections, 2, &load));
}

static void check_symbols(const struct sections *sections) {
    struct symbol symbol;
    assert_true(section_symbol(sections, 0xc0100007, 16, &symbol));
    assert_string_equal(symbol.name.text, "start");
    assert_int_equal(symbol.value, 0xc0100000);
    assert_true(section_symbol(sections, 0xc0100008, 16, &symbol));
    assert_string_equal(symbol.name.text, "end");
    assert_false(section_symbol(sections, 0xc0100007, 7, &symbol));
    assert_true(section_symbol(sections, 0xc0100007, 8, &symbol));
    assert_false(section_symbol(sections, 0xc00fffff, 16, &symbol));
}

static void test_everything_is_found(void **state) {
    (void)state;
    for (u32 bits = 32; bits <= 64; bits += 32) {
        u8 file[FILE_SIZE];
        make_file(bits, file);
        struct sections sections = sections_of((struct bytes){file, FILE_SIZE}, bits);
        check_sections(&sections);
        check_loads(&sections);
        check_symbols(&sections);
    }
}

/* Asks everything; the sanitizers watch. Counts of sections and segments have 16 bits. */
static void ask(const u8 *file, size_t size, u32 bits) {
    u8 *copy = malloc(size ? size : 1); /* nothing of it behind its end */
    memcpy(copy, file, size);
    struct sections sections = sections_of((struct bytes){copy, size}, bits);
    struct section section;
    struct section_load load = {0};
    struct symbol symbol;
    for (u32 i = 0; section_load(&sections, i, &load); i++)
        assert_true(i < 65536);
    for (u32 i = 0; section_read(&sections, i, &section); i++) {
        assert_true(strlen(section_name(&sections, &section).text) < sizeof(struct section_text));
        (void)section_in_load(&section, &load);
        assert_true(i < 65536);
    }
    (void)section_at(&sections, 0xc0101008, &section);
    (void)section_symbol(&sections, 0xc0100009, ~(u64)0, &symbol);
    free(copy);
}

static void test_cut_short(void **state) {
    (void)state;
    for (u32 bits = 32; bits <= 64; bits += 32) {
        u8 file[FILE_SIZE];
        make_file(bits, file);
        for (size_t size = 0; size <= FILE_SIZE; size++)
            ask(file, size, bits);
    }
}

/* A symbol table that is out of reach hides no other one's symbols, and is not made up. */
static void test_table_behind_the_end(void **state) {
    (void)state;
    u8 file[FILE_SIZE];
    struct symbol symbol;
    make_file(32, file);
    struct sections whole = sections_of((struct bytes){file, HEADERS + 6 * 40}, 32);
    struct sections cut = sections_of((struct bytes){file, HEADERS + 6 * 40 - 1}, 32);
    assert_true(section_symbol(&whole, 0xc0100008, 16, &symbol));
    assert_false(section_symbol(&cut, 0xc0100008, 16, &symbol));
}

static void test_spoilt(void **state) {
    (void)state;
    static const u8 values[] = {0, 1, 2, 8, 0x7f, 0x80, 0xff};
    for (u32 bits = 32; bits <= 64; bits += 32) {
        u8 file[FILE_SIZE];
        make_file(bits, file);
        for (size_t at = 0; at < FILE_SIZE; at++) {
            u8 was = file[at];
            for (size_t i = 0; i < ARRAY_COUNT(values); i++) {
                file[at] = values[i];
                ask(file, FILE_SIZE, bits);
            }
            file[at] = was;
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_is_found),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_table_behind_the_end),
        cmocka_unit_test(test_spoilt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
