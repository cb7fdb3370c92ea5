/* elf/image.h: one row per error and boundary, and every small damage to a valid file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "elf_image.h"
#include "failing_source.h"
#include "image.h"
#include "notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES = 0x400, PARTS_MAX = 5, NOTES_AT = 0x300 };

/* A field of the file overwritten after it was made. */
struct patch {
    u32 offset, width;
    u64 value;
};

/* What a test file says. Zeroes mean the usual: see file_of(). */
struct spec {
    u32 bits; /* 0: 64 */
    u64 entry;
    u64 table; /* file offset of the program headers */
    u32 size;
    struct patch patches[2];
    struct elf_part parts[PARTS_MAX];
    const char *notes; /* bytes at NOTES_AT */
    u32 notes_size;
};

#define TEXT \
    { 1, 5, 0x200, 0xffffffff80100000, 0x100000, 0x80, 0x80 }
#define DATA \
    { 1, 6, 0x280, 0xffffffff80101000, 0x101000, 0x80, 0x1000 }
#define TEXT32 \
    { 1, 5, 0x200, 0xc0100000, 0x100000, 0x80, 0x80 }
#define ENTRY64 0xffffffff80100010

/* The file of a spec, as long as spec->size, in memory of exactly that size. */
static struct bytes file_of(const struct spec *spec) {
    static u8 file[FILE_BYTES];
    u32 bits = spec->bits ? spec->bits : 64, count = 0;
    u64 table = spec->table ? spec->table : 64;
    memset(file, 0, sizeof(file));
    for (; count < PARTS_MAX && spec->parts[count].flags; count++)
        elf_put_part(file + table + count * elf_part_size(bits), bits, &spec->parts[count]);
    elf_put_header(file, bits, spec->entry, table, count);
    if (spec->notes)
        memcpy(file + NOTES_AT, spec->notes, spec->notes_size);
    for (u32 i = 0; i < ARRAY_COUNT(spec->patches); i++)
        elf_put(file + spec->patches[i].offset, spec->patches[i].width, spec->patches[i].value);
    size_t size = spec->size ? spec->size : FILE_BYTES;
    u8 *copy = malloc(size);
    memcpy(copy, file, size);
    return (struct bytes){copy, size};
}

static struct error read_bytes(struct bytes bytes, struct image *image) {
    struct source source = source_memory(&bytes, "kernel");
    return elf_read(&source, image);
}

static struct error read_spec(const struct spec *spec, struct image *image) {
    struct bytes bytes = file_of(spec);
    struct error error = read_bytes(bytes, image);
    free((void *)(uintptr_t)bytes.at);
    return error;
}

/* What elf_read() gives for a file that can be read. */
static bool is_elf_error(enum error_code code) {
    return (code >= ERROR_ELF_MAGIC && code <= ERROR_ELF_VIRT_OVERLAP) ||
           (code >= ERROR_ELF_PART && code <= ERROR_ELF_OPTIONS_CHARACTER);
}

struct error_row_test {
    const char *name;
    struct spec spec;
    enum error_code code;
    u64 number[4];
    const char *other;
};

/* Offsets of fields in ELF64 and ELF32 headers. */
#define E_TYPE(value) \
    { 16, 2, value }
#define E_MACHINE(value) \
    { 18, 2, value }
#define E_PHENTSIZE(value) \
    { 54, 2, value }
#define E_PHNUM(value) \
    { 56, 2, value }
#define HIGH 0xffffffff80100000

/* Program headers behind PT_LOAD, and notes. A flag, so that a row of zeros ends the list. */
#define PART(type, virt, file_size, memory_size) \
    { type, 4, 0x280, virt, 0, file_size, memory_size }
#define NOTES(size) \
    { 4, 4, NOTES_AT, 0, 0, size, size }
#define BYTES(string) .notes = (string), .notes_size = sizeof(string) - 1
/* p_align of the program header `n` of an ELF64 file. */
#define P_ALIGN(n, value) \
    { 64 + 56 * (n) + 48, 8, value }

#define ALOFT(size)  "\6\0\0\0" size "\1\0\0\0Aloft\0\0\0"
#define GNU_ID(size) "\4\0\0\0" size "\3\0\0\0GNU\0"
#define X16          "xxxxxxxxxxxxxxxx"

static const struct error_row_test error_tests[] = {
    {"not ELF", {.patches = {{0, 4, 0x464c4580}}}, ERROR_ELF_MAGIC, {0x80454c46}, NULL},
    {"a script", {.patches = {{0, 4, 0x622f2123}}}, ERROR_ELF_MAGIC, {0x23212f62}, NULL},
    {"class 0", {.patches = {{4, 1, 0}}}, ERROR_ELF_CLASS, {0}, NULL},
    {"class 3", {.patches = {{4, 1, 3}}}, ERROR_ELF_CLASS, {3}, NULL},
    {"big-endian", {.patches = {{5, 1, 2}}}, ERROR_ELF_BYTE_ORDER, {2}, NULL},
    {"no byte order", {.patches = {{5, 1, 0}}}, ERROR_ELF_BYTE_ORDER, {0}, NULL},
    {"AArch64", {.patches = {E_MACHINE(183)}}, ERROR_ELF_MACHINE, {183}, "AArch64"},
    {"RISC-V", {.patches = {E_MACHINE(243)}}, ERROR_ELF_MACHINE, {243}, "RISC-V"},
    {"ARM", {.bits = 32, .patches = {E_MACHINE(40)}}, ERROR_ELF_MACHINE, {40}, "ARM"},
    {"unknown machine", {.patches = {E_MACHINE(4242)}}, ERROR_ELF_MACHINE, {4242}, "unknown"},
    {"i386 in ELF64",
     {.patches = {E_MACHINE(3)}},
     ERROR_ELF_MACHINE,
     {3},
     "i386 code in a 64-bit file"},
    {"x32",
     {.bits = 32, .patches = {E_MACHINE(62)}},
     ERROR_ELF_MACHINE,
     {62},
     "x86-64 code in a 32-bit file"},
    {"no type", {.patches = {E_TYPE(0)}}, ERROR_ELF_TYPE, {0}, "none"},
    {"object", {.patches = {E_TYPE(1)}}, ERROR_ELF_TYPE, {1}, "relocatable object"},
    {"core", {.patches = {E_TYPE(4)}}, ERROR_ELF_TYPE, {4}, "core file"},
    {"odd type", {.patches = {E_TYPE(0xfe00)}}, ERROR_ELF_TYPE, {0xfe00}, "unknown"},
    {"ELF32's phentsize",
     {.parts = {TEXT}, .patches = {E_PHENTSIZE(32)}},
     ERROR_ELF_HEADER_SIZE,
     {32, 56},
     NULL},
    {"phentsize 0",
     {.parts = {TEXT}, .patches = {E_PHENTSIZE(0)}},
     ERROR_ELF_HEADER_SIZE,
     {0, 56},
     NULL},
    {"phentsize 33",
     {.bits = 32, .parts = {TEXT32}, .patches = {{42, 2, 33}}},
     ERROR_ELF_HEADER_SIZE,
     {33, 32},
     NULL},
    {"table past the end",
     {.parts = {TEXT}, .patches = {{32, 8, FILE_BYTES - 55}}},
     ERROR_ELF_HEADERS,
     {FILE_BYTES - 55, 1, 56, FILE_BYTES},
     NULL},
    {"table far away",
     {.parts = {TEXT}, .patches = {{32, 8, ~(u64)0}}},
     ERROR_ELF_HEADERS,
     {~(u64)0, 1, 56, FILE_BYTES},
     NULL},
    {"too many for the file",
     {.patches = {E_PHNUM(ELF_PROGRAM_HEADERS_MAX)}},
     ERROR_ELF_HEADERS,
     {64, ELF_PROGRAM_HEADERS_MAX, 56, FILE_BYTES},
     NULL},
    {"too many headers",
     {.patches = {E_PHNUM(ELF_PROGRAM_HEADERS_MAX + 1)}},
     ERROR_ELF_TOO_MANY,
     {ELF_PROGRAM_HEADERS_MAX},
     "program headers"},
    {"PN_XNUM",
     {.patches = {E_PHNUM(0xffff)}},
     ERROR_ELF_TOO_MANY,
     {ELF_PROGRAM_HEADERS_MAX},
     "program headers"},
    {"no headers", {.patches = {E_PHENTSIZE(0)}}, ERROR_ELF_NO_LOAD, {0}, NULL},
    {"no PT_LOAD", {.parts = {{2, 6, 0, HIGH, 0x100000, 8, 8}}}, ERROR_ELF_NO_LOAD, {0}, NULL},
    {"only empty PT_LOADs",
     {.parts = {{1, 5, 0x9999, HIGH, 0x100000, 0, 0}}},
     ERROR_ELF_NO_LOAD,
     {0},
     NULL},
    {"past the end by 1",
     {.entry = ENTRY64, .parts = {TEXT, {1, 6, 0x380, HIGH + 0x1000, 0, 0x81, 0x81}}},
     ERROR_ELF_TRUNCATED,
     {1, FILE_BYTES + 1, FILE_BYTES},
     NULL},
    {"offset wraps",
     {.parts = {{1, 5, ~(u64)0x7f, HIGH, 0, 0x100, 0x100}}},
     ERROR_ELF_TRUNCATED,
     {0, ~(u64)0, FILE_BYTES},
     NULL},
    {"more in the file than in memory",
     {.parts = {{1, 5, 0x200, HIGH, 0, 0x81, 0x80}}},
     ERROR_ELF_SIZES,
     {0, 0x81, 0x80},
     NULL},
    {"nothing in memory",
     {.parts = {{1, 5, 0x200, HIGH, 0, 1, 0}}},
     ERROR_ELF_SIZES,
     {0, 1, 0},
     NULL},
    {"physical wraps",
     {.parts = {{1, 5, 0x200, HIGH, ~(u64)0xfff, 0x80, 0x1000}}},
     ERROR_ELF_WRAP,
     {0, ~(u64)0xfff, 0x1000},
     "physical"},
    {"virtual wraps",
     {.parts = {{1, 5, 0x200, ~(u64)0xfff, 0, 0x80, 0x1001}}},
     ERROR_ELF_WRAP,
     {0, ~(u64)0xfff, 0x1001},
     "virtual"},
    {"virtual passes 4 GiB",
     {.bits = 32, .parts = {{1, 5, 0x200, 0xfffff000, 0, 0x80, 0x1001}}},
     ERROR_ELF_WRAP,
     {0, 0xfffff000, 0x1001},
     "virtual"},
    {"runs into the gap",
     {.parts = {{1, 5, 0x200, 0x00fffffffffff000, 0, 0x80, 0x1001}}},
     ERROR_ELF_WRAP,
     {0, 0x00fffffffffff000, 0x1001},
     "virtual"},
    {"runs over the gap",
     {.parts = {{1, 5, 0x200, 0x1000, 0, 0x80, 0xff80000000000000}}},
     ERROR_ELF_WRAP,
     {0, 0x1000, 0xff80000000000000},
     "virtual"},
    {"not canonical",
     {.parts = {{1, 5, 0x200, 0x0fffffff80100000, 0, 0x80, 0x80}}},
     ERROR_ELF_CANONICAL,
     {0, 0x0fffffff80100000, HIGH},
     NULL},
    {"bit 56 alone",
     {.parts = {TEXT, {1, 5, 0x200, 0x0100000000001000, 0, 0x80, 0x80}}},
     ERROR_ELF_CANONICAL,
     {1, 0x0100000000001000, 0x1000},
     NULL},
    {"entry nowhere", {.entry = 0x1234, .parts = {TEXT, DATA}}, ERROR_ELF_ENTRY, {0x1234}, NULL},
    {"entry at the end",
     {.entry = HIGH + 0x80, .parts = {TEXT}},
     ERROR_ELF_ENTRY,
     {HIGH + 0x80},
     NULL},
    {"entry just before", {.entry = HIGH - 1, .parts = {TEXT}}, ERROR_ELF_ENTRY, {HIGH - 1}, NULL},
    {"entry at the physical end",
     {.entry = 0x100080, .parts = {TEXT}},
     ERROR_ELF_ENTRY,
     {0x100080},
     NULL},
    {"entry in data",
     {.entry = HIGH + 0x1010, .parts = {TEXT, DATA}},
     ERROR_ELF_ENTRY,
     {HIGH + 0x1010},
     NULL},
    {"entry in data, physically",
     {.entry = 0x101010, .parts = {TEXT, DATA}},
     ERROR_ELF_ENTRY,
     {0x101010},
     NULL},
    {"overlap by 1 byte",
     {.entry = ENTRY64, .parts = {TEXT, {1, 4, 0x200, HIGH + 0x7f, 0x200000, 0, 0x80}}},
     ERROR_ELF_VIRT_OVERLAP,
     {0, 1, HIGH + 0x7f},
     NULL},
    {"overlap from below",
     {.parts = {TEXT, {1, 4, 0, 0, 0, 0, 0}, {1, 4, 0, HIGH - 0x7f, 0x200000, 0, 0x80}}},
     ERROR_ELF_VIRT_OVERLAP,
     {0, 2, HIGH},
     NULL},
    {"one inside the other",
     {.parts = {DATA, {1, 5, 0x200, HIGH + 0x1100, 0x200000, 8, 8}}},
     ERROR_ELF_VIRT_OVERLAP,
     {0, 1, HIGH + 0x1100},
     NULL},
    {"dynamic section before the segment",
     {.entry = ENTRY64, .parts = {TEXT, DATA, PART(2, HIGH + 0xfff, 8, 8)}},
     ERROR_ELF_PART,
     {HIGH + 0xfff, 8},
     "PT_DYNAMIC"},
    {"dynamic section over the end",
     {.entry = ENTRY64, .parts = {PART(2, HIGH + 0x79, 8, 8), TEXT}},
     ERROR_ELF_PART,
     {HIGH + 0x79, 8},
     "PT_DYNAMIC"},
    {"dynamic section of a huge size",
     {.entry = ENTRY64, .parts = {TEXT, PART(2, HIGH + 8, 8, ~(u64)0)}},
     ERROR_ELF_PART,
     {HIGH + 8, ~(u64)0},
     "PT_DYNAMIC"},
    {"RELRO past the page",
     {.entry = ENTRY64, .parts = {TEXT, PART(0x6474e552, HIGH + 0x40, 8, 0xfc1)}},
     ERROR_ELF_PART,
     {HIGH + 0x40, 0xfc1},
     "PT_GNU_RELRO"},
    {"RELRO behind the segment",
     {.entry = ENTRY64, .parts = {TEXT, PART(0x6474e552, HIGH + 0x80, 8, 8)}},
     ERROR_ELF_PART,
     {HIGH + 0x80, 8},
     "PT_GNU_RELRO"},
    {"TLS template outside",
     {.entry = ENTRY64, .parts = {TEXT, PART(7, HIGH + 0x78, 9, 9)}},
     ERROR_ELF_PART,
     {HIGH + 0x78, 9},
     "PT_TLS"},
    {"TLS larger in the file",
     {.entry = ENTRY64, .parts = {TEXT, PART(7, HIGH, 9, 8)}},
     ERROR_ELF_TLS,
     {9, 8, 0x1000},
     NULL},
    {"odd TLS alignment",
     {.entry = ENTRY64, .parts = {TEXT, PART(7, HIGH, 8, 8)}, .patches = {P_ALIGN(1, 24)}},
     ERROR_ELF_TLS,
     {8, 8, 24},
     NULL},
    {"notes past the end",
     {.entry = ENTRY64, .parts = {TEXT, NOTES(0x101)}},
     ERROR_SOURCE_PAST_END,
     {NOTES_AT, 0x101, FILE_BYTES},
     NULL},
    {"name larger than the notes",
     {.entry = ENTRY64, .parts = {TEXT, NOTES(16)}, BYTES("\5\0\0\0\0\0\0\0\1\0\0\0abcd")},
     ERROR_ELF_NOTE,
     {0, 5, 0, 16},
     NULL},
    {"descriptor larger than the notes",
     {.entry = ENTRY64, .parts = {TEXT, NOTES(44)}, BYTES("\0\0\0\0" GNU_ID("\x19\0\0\0") X16)},
     ERROR_ELF_NOTE,
     {4, 4, 25, 40},
     NULL},
    {"sizes that wrap",
     {.entry = ENTRY64, .parts = {TEXT, NOTES(44)}, BYTES("\xfd\xff\xff\xff\xff\xff\xff\xff")},
     ERROR_ELF_NOTE,
     {0, 0xfffffffd, 0xffffffff, 44},
     NULL},
    {"a name size that wraps",
     {.entry = ENTRY64, .parts = {TEXT, NOTES(44)}, BYTES("\xfd\xff\xff\xff")},
     ERROR_ELF_NOTE,
     {0, 0xfffffffd, 0, 44},
     NULL},
    {"a header cut short",
     {.entry = ENTRY64, .parts = {TEXT, NOTES(11)}, BYTES(GNU_ID("\0\0\0\0"))},
     ERROR_ELF_NOTE,
     {0, 4, 0, 11},
     NULL},
    {"a line feed",
     {.entry = ENTRY64, .parts = {TEXT, NOTES(24)}, BYTES(ALOFT("\4\0\0\0") "ab\n")},
     ERROR_ELF_OPTIONS_CHARACTER,
     {2, 10},
     NULL},
    {"a NUL inside",
     {.entry = ENTRY64, .parts = {TEXT, NOTES(24)}, BYTES(ALOFT("\4\0\0\0") "a\0b")},
     ERROR_ELF_OPTIONS_CHARACTER,
     {1, 0},
     NULL},
    {"a DEL",
     {.entry = ENTRY64, .parts = {TEXT, NOTES(24)}, BYTES(ALOFT("\1\0\0\0") "\x7f")},
     ERROR_ELF_OPTIONS_CHARACTER,
     {0, 0x7f},
     NULL},
    {"empty file", {.size = 1, .patches = {{0, 1, 0}}}, ERROR_ELF_MAGIC, {0}, NULL},
    {"three bytes", {.size = 3}, ERROR_ELF_MAGIC, {0x7f454c00}, NULL},
    {"only the magic", {.size = 4}, ERROR_ELF_CLASS, {0}, NULL},
    {"header cut short", {.size = 63}, ERROR_SOURCE_PAST_END, {0, 64, 63}, NULL},
    {"ELF32 header cut short", {.bits = 32, .size = 51}, ERROR_SOURCE_PAST_END, {0, 52, 51}, NULL},
};

static void test_errors(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(error_tests); i++) {
        const struct error_row_test *row = &error_tests[i];
        static struct image image;
        struct error error = read_spec(&row->spec, &image);
        bool same = error.code == row->code &&
                    !memcmp(error.values.number, row->number, sizeof(row->number)) &&
                    (row->other ? error.values.other && !strcmp(error.values.other, row->other)
                                : !error.values.other) &&
                    !strcmp(error.values.name, "kernel");
        if (!same)
            fail_msg("%s: error %d {%#llx %#llx %#llx %#llx} %s", row->name, (int)error.code,
                     (unsigned long long)error.values.number[0],
                     (unsigned long long)error.values.number[1],
                     (unsigned long long)error.values.number[2],
                     (unsigned long long)error.values.number[3],
                     error.values.other ? error.values.other : "-");
    }
}

/* Every ELF_* error of elf_read() has a row above or, ELF_OPTIONS_LONG, a test of its own. */
static void test_every_error_has_a_row(void **state) {
    (void)state;
    for (size_t i = 0; i < error_row_count; i++) {
        enum error_code code = error_rows[i].code;
        bool found = !is_elf_error(code) || code == ERROR_ELF_OPTIONS_LONG;
        for (size_t j = 0; j < ARRAY_COUNT(error_tests); j++)
            found = found || error_tests[j].code == code;
        if (!found)
            fail_msg("no row for %s", error_names[i]);
    }
}

struct entry_test {
    const char *name;
    struct spec spec;
    enum entry_kind kind;
    u64 virt, phys;
};

static const struct entry_test entry_tests[] = {
    {"virtual", {.entry = ENTRY64, .parts = {TEXT, DATA}}, ENTRY_VIRTUAL, ENTRY64, 0x100010},
    {"first byte", {.entry = HIGH, .parts = {DATA, TEXT}}, ENTRY_VIRTUAL, HIGH, 0x100000},
    {"last byte", {.entry = HIGH + 0x7f, .parts = {TEXT}}, ENTRY_VIRTUAL, HIGH + 0x7f, 0x10007f},
    {"physical", {.entry = 0x100010, .parts = {TEXT, DATA}}, ENTRY_PHYSICAL, ENTRY64, 0x100010},
    {"virtual wins",
     {.entry = 0x2010,
      .parts = {{1, 5, 0x200, 0x1000, 0x2000, 0x80, 0x80},
                {1, 5, 0x200, 0x2000, 0x1000, 0x80, 0x80}}},
     ENTRY_VIRTUAL,
     0x2010,
     0x1010},
    {"virtual data does not win",
     {.entry = 0x2010,
      .parts = {{1, 5, 0x200, 0x1000, 0x2000, 0x80, 0x80},
                {1, 6, 0x200, 0x2000, 0x1000, 0x80, 0x80}}},
     ENTRY_PHYSICAL,
     0x1010,
     0x2010},
    {"nothing is executable",
     {.entry = HIGH + 0x1010, .parts = {{1, 4, 0x200, HIGH, 0x100000, 0x80, 0x80}, DATA}},
     ENTRY_VIRTUAL,
     HIGH + 0x1010,
     0x101010},
    {"nothing is executable, physical",
     {.entry = 0x101010, .parts = {DATA}},
     ENTRY_PHYSICAL,
     HIGH + 0x1010,
     0x101010},
    {"32-bit",
     {.bits = 32, .entry = 0xc0100010, .parts = {TEXT32}},
     ENTRY_VIRTUAL,
     0xc0100010,
     0x100010},
    {"32-bit physical",
     {.bits = 32, .entry = 0x10000c, .parts = {TEXT32}},
     ENTRY_PHYSICAL,
     0xc010000c,
     0x10000c},
    {"32-bit, up to 4 GiB",
     {.bits = 32, .entry = 0xfffff000, .parts = {{1, 5, 0x200, 0xfffff000, 0, 0x80, 0x1000}}},
     ENTRY_VIRTUAL,
     0xfffff000,
     0},
    {"5-level address",
     {.entry = 0xff10000000000004, .parts = {{1, 5, 0x200, 0xff10000000000000, 0x100000, 8, 8}}},
     ENTRY_VIRTUAL,
     0xff10000000000004,
     0x100004},
    {"up to the gap",
     {.entry = 0x00fffffffffff000, .parts = {{1, 5, 0x200, 0x00fffffffffff000, 0, 8, 0x1000}}},
     ENTRY_VIRTUAL,
     0x00fffffffffff000,
     0},
    {"segments that touch",
     {.entry = ENTRY64, .parts = {TEXT, {1, 6, 0, HIGH + 0x80, 0x300000, 0, 0x80}}},
     ENTRY_VIRTUAL,
     ENTRY64,
     0x100010},
    {"table at the very end",
     {.entry = ENTRY64, .table = FILE_BYTES - 56, .parts = {TEXT}},
     ENTRY_VIRTUAL,
     ENTRY64,
     0x100010},
    {"same bytes twice",
     {.entry = ENTRY64, .parts = {TEXT, {1, 4, 0x200, 0x1000, 0x1000, 0x80, 0x80}}},
     ENTRY_VIRTUAL,
     ENTRY64,
     0x100010},
    {"segment up to the end of the file",
     {.entry = ENTRY64, .parts = {TEXT, {1, 4, 0x380, 0x1000, 0x1000, 0x80, 0x80}}},
     ENTRY_VIRTUAL,
     ENTRY64,
     0x100010},
};

static void test_entries(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(entry_tests); i++) {
        const struct entry_test *row = &entry_tests[i];
        static struct image image;
        struct error error = read_spec(&row->spec, &image);
        if (error.code || image.entry_kind != row->kind || image.entry_virt != row->virt ||
            image.entry_phys != row->phys || image.entry != row->spec.entry)
            fail_msg("%s: error %d, kind %d, %#llx -> %#llx", row->name, (int)error.code,
                     (int)image.entry_kind, (unsigned long long)image.entry_virt,
                     (unsigned long long)image.entry_phys);
    }
}

/* Dropped PT_LOADs keep their numbers, other types have none, rights lose the bits above. */
static void test_image(void **state) {
    (void)state;
    static struct image image;
    struct spec spec = {.entry = ENTRY64,
                        .parts = {{1, 4, 0x7777, 0, 0, 0, 0},
                                  {6, 4, 64, HIGH, 0, 8, 8},
                                  {1, 0xfff00005, 0x200, HIGH, 0x100000, 0x80, 0x81},
                                  {1, 6, 0x123456, HIGH + 0x1000, 0x101000, 0, 0x3000}}};
    assert_int_equal(read_spec(&spec, &image).code, ERROR_NONE);
    assert_string_equal(image.name, "kernel");
    assert_int_equal(image.bits, 64);
    assert_int_equal(image.file_size, FILE_BYTES);
    assert_int_equal(image.segment_count, 2);
    const struct segment text = {.number = 1,
                                 .rights = 5,
                                 .offset = 0x200,
                                 .file_size = 0x80,
                                 .memory_size = 0x81,
                                 .phys = 0x100000,
                                 .virt = HIGH,
                                 .align = 0x1000};
    const struct segment bss = {.number = 2,
                                .rights = 6,
                                .memory_size = 0x3000,
                                .phys = 0x101000,
                                .virt = HIGH + 0x1000,
                                .align = 0x1000};
    assert_memory_equal(&image.segments[0], &text, sizeof(text));
    assert_memory_equal(&image.segments[1], &bss, sizeof(bss));
}

static void test_image_32(void **state) {
    (void)state;
    static struct image image;
    struct spec spec = {.bits = 32,
                        .entry = 0xc0100000,
                        .table = 52,
                        .parts = {{1, 7, 0x210, 0xc0100000, 0x100000, 0x20, 0x40}}};
    assert_int_equal(read_spec(&spec, &image).code, ERROR_NONE);
    assert_int_equal(image.bits, 32);
    assert_int_equal(image.segment_count, 1);
    const struct segment all = {.rights = 7,
                                .offset = 0x210,
                                .file_size = 0x20,
                                .memory_size = 0x40,
                                .phys = 0x100000,
                                .virt = 0xc0100000,
                                .align = 0x1000};
    assert_memory_equal(&image.segments[0], &all, sizeof(all));
}

/* Where nothing is marked executable, everything is. */
static void test_image_without_rights(void **state) {
    (void)state;
    static struct image image;
    struct spec spec = {.entry = HIGH, .parts = {{1, 4, 0x200, HIGH, 0x100000, 8, 8}, DATA}};
    assert_int_equal(read_spec(&spec, &image).code, ERROR_NONE);
    assert_int_equal(image.segments[0].rights, RIGHT_READ | RIGHT_EXECUTE);
    assert_int_equal(image.segments[1].rights, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE);
}

/* With one that is executable, whichever, the others stay as they are. */
static void test_image_with_rights(void **state) {
    (void)state;
    static struct image image;
    for (u32 executable = 0; executable < 3; executable++) {
        struct spec spec = {.entry = HIGH + executable * 0x1000};
        for (u32 i = 0; i < 3; i++)
            spec.parts[i] = (struct elf_part){
                1, i == executable ? 5 : 4, 0x200, HIGH + i * 0x1000, 0x100000 + i * 0x1000, 8, 8};
        assert_int_equal(read_spec(&spec, &image).code, ERROR_NONE);
        for (u32 i = 0; i < 3; i++)
            assert_int_equal(image.segments[i].rights,
                             RIGHT_READ | (i == executable ? RIGHT_EXECUTE : 0));
    }
}

/* `count` PT_LOADs of a page each. */
static struct error read_many(u32 count, u32 memory_size, struct image *image) {
    size_t size = 64 + (size_t)count * 56;
    u8 *file = calloc(1, size);
    elf_put_header(file, 64, 0x100000, 64, count);
    for (u32 i = 0; i < count; i++)
        elf_put_part(
            file + 64 + i * 56, 64,
            &(struct elf_part){1, 5, 0, 0x100000 + i * 0x1000, i * 0x1000, 0, memory_size});
    struct error error = read_bytes((struct bytes){file, size}, image);
    free(file);
    return error;
}

static void test_limits(void **state) {
    (void)state;
    static struct image image;
    assert_int_equal(read_many(ELF_SEGMENTS_MAX, 0x1000, &image).code, ERROR_NONE);
    assert_int_equal(image.segment_count, ELF_SEGMENTS_MAX);
    assert_int_equal(image.segments[63].number, 63);
    assert_int_equal(image.segments[63].virt, 0x13f000);
    struct error error = read_many(ELF_SEGMENTS_MAX + 1, 0x1000, &image);
    assert_int_equal(error.code, ERROR_ELF_TOO_MANY);
    assert_int_equal(error.values.number[0], ELF_SEGMENTS_MAX);
    assert_string_equal(error.values.other, "PT_LOAD segments");
    assert_int_equal(read_many(ELF_PROGRAM_HEADERS_MAX, 0, &image).code, ERROR_ELF_NO_LOAD);
    assert_int_equal(read_many(ELF_PROGRAM_HEADERS_MAX + 1, 0, &image).code, ERROR_ELF_TOO_MANY);
}

/* ---- what else the program headers tell ---- */

static void test_facts(void **state) {
    (void)state;
    static struct image image;
    struct spec spec = {.entry = ENTRY64,
                        .patches = {E_TYPE(3), P_ALIGN(3, 64)},
                        .parts = {PART(2, HIGH + 0x1010, 0x20, 0x30),
                                  PART(0x6474e552, HIGH + 0x1000, 0x100, 0x1000),
                                  {0x6474e551, 7, 0, 0, 0, 0, 0},
                                  PART(7, HIGH + 0x1f00, 0x100, 0x10000),
                                  {1, 7, 0x200, HIGH, 0x100000, 0x80, 0x2000}}};
    assert_int_equal(read_spec(&spec, &image).code, ERROR_NONE);
    assert_true(image.relocatable);
    assert_int_equal(image.slide, 0);
    assert_true(image.dynamic.virt == HIGH + 0x1010 && image.dynamic.size == 0x30);
    assert_true(image.relro.virt == HIGH + 0x1000 && image.relro.size == 0x1000);
    assert_true(image.tls.virt == HIGH + 0x1f00 && image.tls.file_size == 0x100);
    assert_true(image.tls.memory_size == 0x10000 && image.tls.align == 64);
    assert_true(image.stack_stated);
    assert_int_equal(image.stack_rights, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE);
    assert_int_equal(image.build_id_size, 0);
    assert_string_equal(image.options, "");
}

/* An image that was used before keeps nothing of the earlier file. */
static void test_no_facts(void **state) {
    (void)state;
    static struct image image;
    memset(&image, 0xff, sizeof image);
    struct spec spec = {.entry = ENTRY64, .parts = {TEXT}};
    assert_int_equal(read_spec(&spec, &image).code, ERROR_NONE);
    assert_true(!image.relocatable && !image.stack_stated && !image.slide);
    assert_true(!image.dynamic.size && !image.relro.size && !image.tls.memory_size);
    assert_true(!image.build_id_size && !*image.options);
}

/* What a linker may write, and is no error. */
static const struct {
    const char *name;
    struct spec spec;
} accepted_tests[] = {
    {"RELRO up to the end of the page",
     {.entry = ENTRY64, .parts = {TEXT, PART(0x6474e552, HIGH + 0x40, 8, 0xfc0)}}},
    {"dynamic section up to the end",
     {.entry = ENTRY64, .parts = {TEXT, PART(2, HIGH + 0x78, 8, 8)}}},
    {"an empty dynamic section anywhere", {.entry = ENTRY64, .parts = {TEXT, PART(2, 0, 0, 0)}}},
    {"TLS that is all zero", {.entry = ENTRY64, .parts = {TEXT, PART(7, 0x77, 0, 0x100)}}},
    {"TLS without an alignment",
     {.entry = ENTRY64, .parts = {TEXT, PART(7, HIGH, 8, 8)}, .patches = {P_ALIGN(1, 0)}}},
    {"an empty PT_NOTE", {.entry = ENTRY64, .parts = {TEXT, NOTES(0)}}},
    {"a PT_NOTE of less than a word", {.entry = ENTRY64, .parts = {TEXT, NOTES(3)}, BYTES("xyz")}},
    {"a last descriptor without its padding",
     {.entry = ENTRY64, .parts = {TEXT, NOTES(17)}, BYTES("\1\0\0\0\1\0\0\0\1\0\0\0x\0\0\0y")}},
    {"PIE at 0",
     {.patches = {E_TYPE(3)}, .parts = {{1, 5, 0, 0, 0, 0x200, 0x200}, PART(2, 0x1f0, 16, 16)}}},
};

static void test_accepted(void **state) {
    (void)state;
    static struct image image;
    for (size_t i = 0; i < ARRAY_COUNT(accepted_tests); i++) {
        struct error error = read_spec(&accepted_tests[i].spec, &image);
        if (error.code)
            fail_msg("%s: error %d", accepted_tests[i].name, (int)error.code);
    }
}

static const struct {
    const char *name, *notes;
    u32 size;
    const char *build_id, *options;
} note_tests[] = {
#define NOTE_TEST(name, bytes, id, options) \
    { name, bytes, sizeof(bytes) - 1, id, options }
    NOTE_TEST("a build-id", GNU_ID("\x14\0\0\0") "0123456789abcdefghij", "0123456789abcdefghij",
              ""),
    NOTE_TEST("a longer one", GNU_ID("\x18\0\0\0") "0123456789abcdefghijklmn",
              "0123456789abcdefghij", ""),
    NOTE_TEST("a short one", GNU_ID("\3\0\0\0") "abc", "abc", ""),
    NOTE_TEST("another type of GNU's", "\4\0\0\0\4\0\0\0\5\0\0\0GNU\0abcd", "", ""),
    NOTE_TEST("GNU without its NUL", "\3\0\0\0\4\0\0\0\3\0\0\0GNU\0abcd", "", ""),
    NOTE_TEST("options", ALOFT("\xd\0\0\0") "--paging=pae\0\0\0\0", "", "--paging=pae"),
    NOTE_TEST("options without NUL", ALOFT("\xc\0\0\0") "--paging=pae", "", "--paging=pae"),
    NOTE_TEST("options with NULs", ALOFT("\x10\0\0\0") "--paging=pae\0\0\0\0", "", "--paging=pae"),
    NOTE_TEST("no options", ALOFT("\1\0\0\0") "\0\0\0\0", "", ""),
    NOTE_TEST("no descriptor", ALOFT("\0\0\0\0"), "", ""),
    NOTE_TEST("twice", ALOFT("\3\0\0\0") "-a\0\0" ALOFT("\3\0\0\0") "-b\0\0", "", "-a -b"),
    NOTE_TEST("all but ASCII", ALOFT("\4\0\0\0") "\xc3\xa9 ~", "", "\xc3\xa9 ~"),
    NOTE_TEST("another type of ours", "\6\0\0\0\4\0\0\0\2\0\0\0Aloft\0\0\0abcd", "", ""),
    NOTE_TEST("another name", "\6\0\0\0\4\0\0\0\1\0\0\0Alofd\0\0\0abcd", "", ""),
    NOTE_TEST("a name with more", "\7\0\0\0\4\0\0\0\1\0\0\0Aloft\0x\0abcd", "", ""),
    NOTE_TEST("a long name",
              "\x11\0\0\0\1\0\0\0\1\0\0\0" X16 "x\0\0\0y\0\0\0" GNU_ID("\1\0\0\0") "i", "i", ""),
    NOTE_TEST("padding between and behind",
              ALOFT("\1\0\0\0") "o\0\0\0\0\0\0\0" GNU_ID("\1\0\0\0") "i\0\0\0\0\0\0\0", "i", "o"),
};

static void test_pvh_notes(void **state) {
    (void)state;
    static const struct {
        const char *notes;
        u32 size;
        u64 entry;
    } rows[] = {
#define PVH_TEST(bytes, entry) {bytes, sizeof(bytes) - 1, entry}
        PVH_TEST("\4\0\0\0\4\0\0\0\x12\0\0\0Xen\0\x78\x56\x34\x12", 0x12345678),
        PVH_TEST("\4\0\0\0\10\0\0\0\x12\0\0\0Xen\0\x78\x56\x34\x12\1\0\0\0", 0x112345678),
        PVH_TEST("\4\0\0\0\x10\0\0\0\x12\0\0\0Xen\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20",
                 0x807060504030201),
        PVH_TEST("\4\0\0\0\2\0\0\0\x12\0\0\0Xen\0\x78\x56\0\0", 0x5678),
        PVH_TEST("\4\0\0\0\4\0\0\0\x11\0\0\0Xen\0\x78\x56\x34\x12", 0),
        PVH_TEST("\4\0\0\0\4\0\0\0\x12\0\0\0Xem\0\x78\x56\x34\x12", 0),
    };
    static struct image image;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct spec spec = {.entry = ENTRY64,
                            .parts = {TEXT, NOTES(rows[i].size)},
                            .notes = rows[i].notes,
                            .notes_size = rows[i].size};
        assert_int_equal(read_spec(&spec, &image).code, ERROR_NONE);
        assert_true(image.pvh_entry == rows[i].entry);
    }
}

static void test_notes(void **state) {
    (void)state;
    static struct image image;
    for (size_t i = 0; i < ARRAY_COUNT(note_tests); i++) {
        struct spec spec = {.entry = ENTRY64,
                            .parts = {TEXT, NOTES(note_tests[i].size)},
                            .notes = note_tests[i].notes,
                            .notes_size = note_tests[i].size};
        struct error error = read_spec(&spec, &image);
        size_t id_size = strlen(note_tests[i].build_id);
        if (error.code || image.build_id_size != id_size ||
            memcmp(image.build_id, note_tests[i].build_id, id_size) ||
            strcmp(image.options, note_tests[i].options))
            fail_msg("%s: error %d, build-id of %u bytes, options \"%s\"", note_tests[i].name,
                     (int)error.code, image.build_id_size, image.options);
    }
}

/* A file with `count` notes with options, each of `size` characters. */
static struct error read_options(u32 count, u32 size, bool with_nul, struct image *image) {
    u32 each = 20 + ((size + with_nul + 3) & ~3u);
    u8 *file = calloc(1, 64 + 2 * 56 + count * each);
    elf_put_header(file, 64, HIGH, 64, 2);
    elf_put_part(file + 64, 64, &(struct elf_part){1, 5, 0, HIGH, 0, 8, 8});
    elf_put_part(file + 120, 64,
                 &(struct elf_part){4, 4, 64 + 2 * 56, 0, 0, count * each, count * each});
    for (u32 i = 0; i < count; i++) {
        u8 *note = file + 64 + 2 * 56 + i * each;
        memcpy(note, ALOFT("\0\0\0\0"), 20);
        elf_put(note + 4, 4, size + with_nul);
        memset(note + 20, 'a', size);
    }
    struct error error = read_bytes((struct bytes){file, 64 + 2 * 56 + count * each}, image);
    free(file);
    return error;
}

static void test_option_limits(void **state) {
    (void)state;
    static struct image image;
    for (u32 nul = 0; nul < 2; nul++) {
        assert_int_equal(read_options(1, 255, nul, &image).code, ERROR_NONE);
        assert_int_equal(strlen(image.options), 255);
        struct error error = read_options(1, 256, nul, &image);
        assert_int_equal(error.code, ERROR_ELF_OPTIONS_LONG);
        assert_int_equal(error.values.number[0], 255);
        assert_int_equal(read_options(2, 127, nul, &image).code, ERROR_NONE);
        assert_int_equal(strlen(image.options), 255);
        assert_int_equal(read_options(2, 128, nul, &image).code, ERROR_ELF_OPTIONS_LONG);
    }
    assert_int_equal(read_options(2, 255, false, &image).code, ERROR_ELF_OPTIONS_LONG);
    assert_int_equal(read_options(ELF_NOTES_MAX, 0, false, &image).code, ERROR_NONE);
    struct error error = read_options(ELF_NOTES_MAX + 1, 0, false, &image);
    assert_int_equal(error.code, ERROR_ELF_TOO_MANY);
    assert_int_equal(error.values.number[0], ELF_NOTES_MAX);
    assert_string_equal(error.values.other, "notes");
}

/* A PT_NOTE of `size` bytes that one note fills. */
static struct error read_large_note(u32 size, struct image *image) {
    u8 *file = calloc(1, 0xb0 + size);
    elf_put_header(file, 64, HIGH, 64, 2);
    elf_put_part(file + 64, 64, &(struct elf_part){1, 5, 0, HIGH, 0, 8, 8});
    elf_put_part(file + 120, 64, &(struct elf_part){4, 4, 0xb0, 0, 0, size, size});
    memcpy(file + 0xb0, GNU_ID("\0\0\0\0"), 16);
    elf_put(file + 0xb4, 4, size - 16);
    struct error error = read_bytes((struct bytes){file, 0xb0 + size}, image);
    free(file);
    return error;
}

static void test_large_notes(void **state) {
    (void)state;
    static struct image image;
    assert_int_equal(read_large_note(ELF_NOTES_SIZE_MAX, &image).code, ERROR_NONE);
    assert_int_equal(image.build_id_size, ELF_BUILD_ID_MAX);
    struct error error = read_large_note(ELF_NOTES_SIZE_MAX + 1, &image);
    assert_int_equal(error.code, ERROR_ELF_TOO_MANY);
    assert_int_equal(error.values.number[0], ELF_NOTES_SIZE_MAX);
    assert_string_equal(error.values.other, "bytes of notes");
}

/* ---- slides ---- */

#define NO (~(u64)0)

static const struct slide_test {
    const char *name;
    u32 bits;
    bool phys;
    u64 first, second, size; /* addresses of two segments, their size */
    u64 slide;
    u64 then_first, then_second;
    u32 fails_at; /* the PT_LOAD that cannot be moved */
} slide_tests[] = {
    {"up", 64, false, 0, 0x1000, 0x1000, HIGH, HIGH, HIGH + 0x1000, 0},
    {"not at all", 64, false, 0, 0x1000, 0x1000, 0, 0, 0x1000, 0},
    {"down", 64, false, HIGH, HIGH + 0x1000, 0x1000, -HIGH, 0, 0x1000, 0},
    {"below 0", 64, false, 0x1000, 0x4000, 0x1000, -(u64)0x3000, NO, 0, 1},
    {"all below 0", 64, false, 0x1000, 0x2000, 0x1000, -(u64)0x8000, -(u64)0x7000, -(u64)0x6000, 0},
    {"over the top", 64, false, HIGH, HIGH + 0x4000, 0x1000, -(HIGH + 0x3000), NO, 0, 1},
    {"onto the top", 64, false, 0, 0x1000, 0x1000, -(u64)0x2000, NO, 0, 1},
    {"up to the gap", 64, false, 0, 0x1000, 0x1000, 0xffffffffffe000, 0xffffffffffe000,
     0xfffffffffff000, 0},
    {"into the gap", 64, false, 0, 0x1000, 0x1001, 0xffffffffffe000, NO, 0, 1},
    {"wholly into the gap", 64, false, 0, 0x1000, 0x1000, 0x100000000000000, NO, 0, 0},
    {"32-bit up", 32, false, 0x100000, 0x101000, 0x1000, 0xc0000000, 0xc0100000, 0xc0101000, 0},
    {"32-bit down", 32, false, 0xc0100000, 0xc0101000, 0x1000, -(u64)0xc0000000, 0x100000, 0x101000,
     0},
    {"32-bit down by 32 bits", 32, false, 0xc0100000, 0xc0101000, 0x1000, 0x40000000, 0x100000,
     0x101000, 0},
    {"up to 4 GiB", 32, false, 0, 0x1000, 0x1000, 0xffffe000, 0xffffe000, 0xfffff000, 0},
    {"over 4 GiB", 32, false, 0, 0x1000, 0x1001, 0xffffe000, NO, 0, 1},
    {"round 4 GiB", 32, false, 0, 0x1000, 0x1000, 0xfffff000, NO, 0, 1},
    {"physical up", 64, true, 0x100000, 0x200000, 0x1000, 0x300000, 0x400000, 0x500000, 0},
    {"physical down", 64, true, 0x300000, 0x200000, 0x1000, -(u64)0x200000, 0x100000, 0, 0},
    {"physical below 0", 64, true, 0x300000, 0x100000, 0x1000, -(u64)0x200000, NO, 0, 1},
    {"physical over the top", 64, true, 0, 0x1000, 0x1000, -(u64)0x2000, NO, 0, 1},
    {"physical over 4 GiB", 32, true, 0, 0x1000, 0x1000, 0xfffff000, 0xfffff000, 0x100000000, 0},
};

static void make_image(const struct slide_test *row, struct image *image) {
    *image = (struct image){.name = "kernel",
                            .bits = row->bits,
                            .relocatable = true,
                            .entry = row->first + 8,
                            .entry_virt = row->first + 8,
                            .entry_phys = row->first + 8,
                            .dynamic = {row->second + 16, 16},
                            .relro = {row->second, 32},
                            .tls = {row->second + 24, 8, 8, 8},
                            .segment_count = 2};
    const u64 starts[] = {row->first, row->second};
    for (u32 i = 0; i < 2; i++)
        image->segments[i] = (struct segment){.number = i,
                                              .rights = 7,
                                              .memory_size = row->size,
                                              .virt = starts[i],
                                              .phys = starts[i]};
}

/* `then` with the addresses that a slide of that kind must leave alone put back. */
static void check_slid(const struct slide_test *row, const struct image *image) {
    static struct image then;
    struct slide_test moved = *row;
    moved.first = row->then_first;
    moved.second = row->then_second;
    make_image(row->phys ? row : &moved, &then);
    then.entry = row->first + 8;
    then.slide = row->phys ? 0 : row->bits == 32 ? (u32)row->slide : row->slide;
    then.segments[0].phys = row->phys ? row->then_first : row->first;
    then.segments[1].phys = row->phys ? row->then_second : row->second;
    then.entry_phys = then.segments[0].phys + 8;
    if (memcmp(&then, image, sizeof then))
        fail_msg("%s: another image than expected", row->name);
}

static void test_slides(void **state) {
    (void)state;
    static struct image image, before;
    for (size_t i = 0; i < ARRAY_COUNT(slide_tests); i++) {
        const struct slide_test *row = &slide_tests[i];
        memset(&image, 0, sizeof image);
        make_image(row, &image);
        before = image;
        struct error error =
            elf_slide(&image, row->phys ? 0 : row->slide, row->phys ? row->slide : 0);
        if (error.code != (row->then_first == NO ? ERROR_ELF_SLIDE : ERROR_NONE))
            fail_msg("%s: error %d", row->name, (int)error.code);
        if (!error.code) {
            check_slid(row, &image);
            continue;
        }
        assert_memory_equal(&image, &before, sizeof image);
        u64 start = row->fails_at ? row->second : row->first;
        const u64 *number = error.values.number;
        if (number[0] != row->fails_at || number[1] != start || number[2] != start ||
            number[3] != (row->phys ? 0 : row->slide))
            fail_msg("%s: another error than expected", row->name);
    }
}

/* Two slides are one, and a slide and its opposite are none. */
static void test_slides_add_up(void **state) {
    (void)state;
    static struct image image, once;
    make_image(&slide_tests[10], &image);
    make_image(&slide_tests[10], &once);
    assert_int_equal(elf_slide(&image, 0x1000000, 0).code, ERROR_NONE);
    assert_int_equal(elf_slide(&image, 0x2000000, 0).code, ERROR_NONE);
    assert_int_equal(elf_slide(&once, 0x3000000, 0).code, ERROR_NONE);
    assert_memory_equal(&image, &once, sizeof image);
    assert_int_equal(image.slide, 0x3000000);
    assert_int_equal(elf_slide(&image, -(u64)0x3000000, 0).code, ERROR_NONE);
    make_image(&slide_tests[10], &once);
    assert_memory_equal(&image, &once, sizeof image);
}

/* What image.h promises of an image, whatever the file said. */
static void check_promises(const struct image *image, u64 size) {
    assert_in_range(image->segment_count, 1, ELF_SEGMENTS_MAX);
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *s = &image->segments[i];
        u64 end;
        assert_true(s->offset <= size && s->file_size <= size - s->offset);
        assert_true(s->memory_size >= 1 && s->file_size <= s->memory_size);
        assert_false(__builtin_add_overflow(s->phys, s->memory_size, &end));
        assert_false(__builtin_add_overflow(s->virt, s->memory_size, &end));
        assert_true(image->bits == 64 || end <= (u64)1 << 32);
    }
    assert_true(image->tls.file_size <= image->tls.memory_size);
    assert_true(!(image->tls.align & (image->tls.align - 1)));
    assert_true(image->build_id_size <= ELF_BUILD_ID_MAX);
    assert_true(strlen(image->options) < ELF_OPTIONS_MAX);
    for (const char *at = image->options; *at; at++)
        assert_true((u8)*at >= ' ' && *at != 0x7f);
}

static const struct spec valid_specs[] = {
    {.entry = ENTRY64,
     .parts = {TEXT, DATA, NOTES(0x38), PART(7, HIGH + 0x1000, 8, 0x20),
               PART(0x6474e552, HIGH + 0x1000, 8, 0x40)},
     BYTES(GNU_ID("\x8\0\0\0") "12345678" ALOFT("\xc\0\0\0") "--paging=pae")},
    {.bits = 32,
     .entry = 0x10000c,
     .table = 52,
     .patches = {{16, 2, 3}},
     .parts = {TEXT32,
               {1, 6, 0x280, 0xc0101000, 0x101000, 0x80, 0x800},
               NOTES(0x18),
               PART(2, 0xc0101000, 8, 0x40),
               PART(0x6474e551, 0, 0, 0)},
     BYTES(ALOFT("\4\0\0\0") "-a\0\0")},
};

static void test_mutations(void **state) {
    (void)state;
    static struct image image;
    u32 accepted = 0, refused = 0;
    for (size_t s = 0; s < ARRAY_COUNT(valid_specs); s++) {
        struct bytes bytes = file_of(&valid_specs[s]);
        u8 *file = (u8 *)(uintptr_t)bytes.at;
        for (size_t i = 0; i < bytes.size; i++) {
            if (i == 64 + PARTS_MAX * 56)
                i = NOTES_AT; /* what lies between is never read */
            u8 kept = file[i];
            for (u32 value = 0; value < 256; value++) {
                file[i] = (u8)value;
                struct error error = read_bytes(bytes, &image);
                refused += error.code != 0;
                accepted += !error.code;
                if (!error.code)
                    check_promises(&image, bytes.size);
                else
                    assert_true(is_elf_error(error.code) || error.code == ERROR_SOURCE_PAST_END);
            }
            file[i] = kept;
        }
        assert_int_equal(read_bytes(bytes, &image).code, ERROR_NONE);
        free(file);
    }
    assert_true(accepted > 1000 && refused > 1000);
}

static void test_truncations(void **state) {
    (void)state;
    static struct image image;
    for (size_t s = 0; s < ARRAY_COUNT(valid_specs); s++)
        for (u32 size = 1; size <= 0x348; size++) {
            struct spec spec = valid_specs[s];
            spec.size = size;
            struct error error = read_spec(&spec, &image);
            if (!error.code != (size >= NOTES_AT + valid_specs[s].notes_size))
                fail_msg("cut to %u bytes: error %d", size, (int)error.code);
        }
    struct bytes nothing = {NULL, 0};
    assert_int_equal(read_bytes(nothing, &image).code, ERROR_ELF_MAGIC);
}

/* The failure of any read comes through as it is. */
static void test_failing_reads(void **state) {
    (void)state;
    static struct image image;
    struct failing failing = {.bytes = file_of(&valid_specs[0])};
    const struct source source = failing_source(&failing, "kernel");
    for (failing.fail_at = 1;; failing.fail_at++) {
        failing.reads = 0;
        struct error error = elf_read(&source, &image);
        if (!has_failed(&failing, error)) {
            assert_int_equal(error.code, 0);
            break;
        }
    }
    assert_int_equal(failing.fail_at, 7); /* headers, a batch of program headers, 2 for each note */
    free((void *)(uintptr_t)failing.bytes.at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_every_error_has_a_row),
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_image),
        cmocka_unit_test(test_image_32),
        cmocka_unit_test(test_image_without_rights),
        cmocka_unit_test(test_image_with_rights),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_mutations),
        cmocka_unit_test(test_truncations),
        cmocka_unit_test(test_failing_reads),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_no_facts),
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_pvh_notes),
        cmocka_unit_test(test_option_limits),
        cmocka_unit_test(test_large_notes),
        cmocka_unit_test(test_slides),
        cmocka_unit_test(test_slides_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
