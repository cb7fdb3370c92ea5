/* fs/iso9660.h and fs/volume.h on CDs made in memory: what is found and read, and what damage leads
 * to. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cache.h"
#include "failing_source.h"
#include "iso_image.h"
#include "volume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The CD of these tests ---------------------------------------------------------------------- */

enum { RIDGE = 1, JOLIET = 2 }; /* what it has besides plain names */
enum { BLOCKS = 96, MANY = 70 };

/* First blocks, for the rows to name. */
enum thing {
    NOTHING,
    KERNEL,
    README,
    LONG,
    CASE_UPPER,
    CASE_LOWER,
    WIDE,
    DEEP,
    MULTI,
    BEHIND, /* an extended attribute record */
    LAST,   /* of many */
    TWIN,
    THINGS
};

struct cd {
    struct iso_image image;
    u32 blocks[THINGS];
    u8 *multi[2]; /* the records of a file that has two */
};

static u32 add(struct cd *cd, struct iso_directory *directory, enum thing thing, const char *plain,
               const char *ridge, u32 size) {
    u32 block = iso_data(&cd->image, size);
    cd->blocks[thing] = block;
    iso_file(&cd->image, directory, plain, ridge, block, size, 0);
    return block;
}

/* A name in three fields, the last two in a continuation, which goes on somewhere else again. */
static void add_long_name(struct cd *cd, struct iso_directory *root) {
    u32 area = iso_take(&cd->image, 2), block = iso_data(&cd->image, 77);
    struct iso_record record = iso_record("LONG_NAM.TEX;1", 14, block, 77, 0);
    struct iso_record first = {.size = 0}, second = {.size = 0};
    iso_nm(&record, 1, "a long ");
    iso_nm(&first, 1, "name, with ");
    iso_nm(&second, 0, "spaces.text");
    iso_ce(&first, area + 1, 100, second.size);
    iso_ce(&record, area, 2048 - first.size, first.size);
    memcpy(iso_block(&cd->image, area + 1) - first.size, first.bytes, first.size);
    memcpy(iso_block(&cd->image, area + 1) + 100, second.bytes, second.size);
    iso_put(&cd->image, root, &record);
    cd->blocks[LONG] = block;
}

/* /deep is a record that is no directory, and says where its directory is; at that place the
 * directory is marked as moved. */
static void add_moved(struct cd *cd, struct iso_directory *root) {
    struct iso_directory away = iso_directory(&cd->image, 1, root->block, NULL);
    struct iso_directory deep = iso_directory(&cd->image, 1, away.block, NULL);
    struct iso_record link = iso_record("DEEP", 4, 0, 0, 0);
    struct iso_record moved = iso_record("DEEP", 4, deep.block, 2048, ISO_DIRECTORY);
    add(cd, &deep, DEEP, "FILE.;1", "file", 9);
    iso_nm(&link, 0, "deep");
    iso_number(&link, "CL", deep.block);
    iso_nm(&moved, 0, "deep");
    iso_field(&moved, "RE", "", 0);
    iso_file(&cd->image, root, "RR_MOVED", "rr_moved", away.block, 2048, ISO_DIRECTORY);
    iso_put(&cd->image, &away, &moved);
    iso_put(&cd->image, root, &link);
}

/* Files that have more than one record, or one that says something unusual. */
static void add_unusual(struct cd *cd, struct iso_directory *root) {
    u32 block = iso_data(&cd->image, 2 * 2048 + 5);
    cd->blocks[MULTI] = block;
    cd->multi[0] = iso_file(&cd->image, root, "MULTI.BIN;1", "multi.bin", block, 4096, ISO_MORE);
    cd->multi[1] = iso_file(&cd->image, root, "MULTI.BIN;1", "multi.bin", block + 2, 5, 0);
    iso_file(&cd->image, root, "APART.BIN;1", "apart.bin", block, 4096, ISO_MORE);
    iso_file(&cd->image, root, "APART.BIN;1", "apart.bin", block + 1, 5, 0);
    iso_file(&cd->image, root, "INTER.BIN;1", "inter.bin", block, 5, 0)[27] = 1;
    iso_file(&cd->image, root, "UNIT.BIN;1", "unit.bin", block, 5, 0)[26] = 1;
    u32 twin = iso_data(&cd->image, 6);
    cd->blocks[TWIN] = twin;
    iso_file(&cd->image, root, "TWIN.;1", "twin", block, 5, ISO_ASSOCIATED);
    iso_file(&cd->image, root, "TWIN.;1", "twin", twin, 6, 0);
    u32 behind = iso_take(&cd->image, 1) + 1;
    cd->blocks[BEHIND] = behind;
    iso_data(&cd->image, 7);
    iso_file(&cd->image, root, "BEHIND.;1", "behind", behind - 1, 7, 0)[1] = 1;
    iso_file(&cd->image, root, "PAST.;1", "past", BLOCKS - 1, 2049, 0);
    iso_file(&cd->image, root, "ATEND.;1", "at end", BLOCKS - 1, 2048, 0);
    iso_file(&cd->image, root, "FAR.;1", "far", 0xffffffff, 1, 0);
    struct iso_record link = iso_record("LINK.;1", 7, 0, 0, 0);
    iso_nm(&link, 0, "link");
    iso_field(&link, "SL", "\0\0\4boot", 7);
    iso_put(&cd->image, root, &link);
}

static void add_many(struct cd *cd, struct iso_directory *root) {
    struct iso_directory many = iso_directory(&cd->image, 4, root->block, NULL);
    char plain[16], ridge[64];
    for (u32 i = 0; i < MANY; i++) {
        snprintf(plain, sizeof(plain), "FILE%03u.;1", i);
        snprintf(ridge, sizeof(ridge), "one of many, number %03u", i);
        add(cd, &many, LAST, plain, ridge, i == MANY - 1 ? 3 : 0);
    }
    iso_file(&cd->image, root, "MANY", "many", many.block, many.blocks * 2048, ISO_DIRECTORY);
}

static struct iso_directory make_primary(struct cd *cd) {
    struct iso_record fields = {.size = 0};
    iso_sp(&fields, 0);
    iso_er(&fields, "RRIP_1991A");
    struct iso_directory root = iso_directory(&cd->image, 2, 0, &fields);
    struct iso_record self = {.size = 0};
    iso_nm(&self, 2, ""); /* "this is the directory itself" */
    struct iso_directory boot = iso_directory(&cd->image, 1, root.block, &self);
    iso_file(&cd->image, &root, "BOOT", "boot", boot.block, 2048, ISO_DIRECTORY);
    add(cd, &boot, KERNEL, "KERNEL.ELF;1", "kernel.elf", 5001);
    add(cd, &root, README, "README.;1", "ReadMe", 10);
    iso_file(&cd->image, &root, "EMPTY.;1", "empty", 0, 0, 0);
    iso_file(&cd->image, &root, "EMPTY2.;1", "empty2", 0xfffffff0, 0, 0);
    add(cd, &root, CASE_UPPER, "CASE.;1", "Case", 11);
    add(cd, &root, CASE_LOWER, "CASE0.;1", "case", 12);
    add_long_name(cd, &root);
    add_moved(cd, &root);
    add_unusual(cd, &root);
    add_many(cd, &root);
    return root;
}

static struct iso_directory make_wide(struct cd *cd) {
    struct iso_directory root = iso_directory(&cd->image, 1, 0, NULL);
    struct iso_directory boot = iso_directory(&cd->image, 1, root.block, NULL);
    iso_wide_file(&cd->image, &root, "boot", boot.block, 2048, ISO_DIRECTORY);
    iso_wide_file(&cd->image, &boot, "kernel.elf;1", cd->blocks[KERNEL], 5001, 0);
    u32 block = iso_data(&cd->image, 21);
    cd->blocks[WIDE] = block;
    iso_wide_file(&cd->image, &root, "A Joliet name;1", block, 21, 0);
    iso_wide_file(&cd->image, &root, "stop.;1", block, 21, 0);
    u8 *odd = iso_wide_file(&cd->image, &root, "wide;1", block, 21, 0);
    odd[33] = 1; /* another letter, whose low byte is 'w' */
    return root;
}

static struct cd make_cd(u32 has) {
    struct cd cd = {.image = iso_make(BLOCKS)};
    struct iso_directory root = make_primary(&cd), wide = make_wide(&cd);
    assert_true(cd.image.free < BLOCKS);
    iso_descriptor(&cd.image, 0, 1, &root);
    iso_descriptor(&cd.image, 1, 0, NULL);
    iso_joliet(&cd.image, 2, 'E', &wide);
    iso_descriptor(&cd.image, 3, 255, NULL);
    if (!(has & RIDGE))
        iso_block(&cd.image, root.block)[34] = 'X';
    if (!(has & JOLIET))
        iso_block(&cd.image, 18)[90] = 'X';
    return cd;
}

static struct iso open_cd(const struct source *source) {
    struct iso iso;
    bool found;
    assert_int_equal(iso_open(source, &iso, &found).code, ERROR_NONE);
    assert_true(found);
    return iso;
}

/* Finding ------------------------------------------------------------------------------------ */

#define TEN(s)   s s s s s s s s s s
#define NAME_255 TEN("abcdefghijklmnopqrstuvwxy") "fives"

static const struct row {
    u32 has;
    const char *path;
    enum error_code code;
    enum thing thing;
    u64 size;
    const char *other; /* of the error */
} rows[] = {
    {0, "/BOOT/KERNEL.ELF", .thing = KERNEL, .size = 5001},
    {0, "/boot/kernel.elf", .thing = KERNEL, .size = 5001},
    {0, "//boot///kernel.elf", .thing = KERNEL, .size = 5001},
    {0, "/boot/../boot/./kernel.elf", .thing = KERNEL, .size = 5001},
    {0, "/boot/kernel.elf;1", .code = ERROR_FILE_NOT_FOUND},
    {0, "/boot/kernel.el", .code = ERROR_FILE_NOT_FOUND},
    {0, "/boot/kernel.elf2", .code = ERROR_FILE_NOT_FOUND},
    {0, "/readme", .thing = README, .size = 10},
    {0, "/readme.", .code = ERROR_FILE_NOT_FOUND},
    {0, "/twin", .thing = TWIN, .size = 6},
    {0, "/case0", .thing = CASE_LOWER, .size = 12},
    {0, "/many/file069", .thing = LAST, .size = 3},
    {0, "/long_nam.tex", .thing = LONG, .size = 77},
    {0, "/a long name, with spaces.text", .code = ERROR_FILE_NOT_FOUND},
    {0, "/empty", .size = 0},
    {0, "/empty2", .size = 0},
    {0, "/multi.bin", .thing = MULTI, .size = 4101},
    {0, "/apart.bin", .code = ERROR_ISO_FILE, .other = "in pieces that do not follow each other"},
    {0, "/inter.bin", .code = ERROR_ISO_FILE, .other = "interleaved"},
    {0, "/unit.bin", .code = ERROR_ISO_FILE, .other = "interleaved"},
    {0, "/behind", .thing = BEHIND, .size = 7},
    {0, "/past", .code = ERROR_ISO_PAST_END},
    {0, "/atend", .thing = NOTHING, .size = 2048},
    {0, "/far", .code = ERROR_ISO_PAST_END},
    {0, "boot", .code = ERROR_FILE_PATH, .other = "it does not start with /"},
    {0, "", .code = ERROR_FILE_PATH, .other = "it does not start with /"},
    {0, "/" NAME_255, .code = ERROR_FILE_NOT_FOUND},
    {0, "/" NAME_255 "x", .code = ERROR_FILE_PATH,
     .other = "a name in it has more than 255 characters"},
    {0, "/boot/kernel.elf/x", .code = ERROR_FILE_NOT_DIRECTORY, .other = "/x"},
    {0, "/boot/kernel.elf/", .code = ERROR_FILE_NOT_DIRECTORY, .other = "/"},
    {0, "/boot", .code = ERROR_FILE_IS_DIRECTORY},
    {0, "/", .code = ERROR_FILE_IS_DIRECTORY},

    {RIDGE, "/boot/kernel.elf", .thing = KERNEL, .size = 5001},
    {RIDGE, "/boot/../boot/./KERNEL.elf", .thing = KERNEL, .size = 5001},
    {RIDGE, "/README", .thing = README, .size = 10},
    {RIDGE, "/ReadMe;1", .code = ERROR_FILE_NOT_FOUND},
    {RIDGE, "/Case", .thing = CASE_UPPER, .size = 11},
    {RIDGE, "/case", .thing = CASE_LOWER, .size = 12},
    {RIDGE, "/CASE", .thing = CASE_UPPER, .size = 11},
    {RIDGE, "/case0", .code = ERROR_FILE_NOT_FOUND},
    {RIDGE, "/a long name, with spaces.text", .thing = LONG, .size = 77},
    {RIDGE, "/a long name, with spaces.tex", .code = ERROR_FILE_NOT_FOUND},
    {RIDGE, "/a long name, with spaces.text ", .code = ERROR_FILE_NOT_FOUND},
    {RIDGE, "/a long ", .code = ERROR_FILE_NOT_FOUND},
    {RIDGE, "/many/One Of Many, number 069", .thing = LAST, .size = 3},
    {RIDGE, "/many/one of many, number 070", .code = ERROR_FILE_NOT_FOUND},
    {RIDGE, "/deep/file", .thing = DEEP, .size = 9},
    {RIDGE, "/deep", .code = ERROR_FILE_IS_DIRECTORY},
    {RIDGE, "/rr_moved/deep/file", .code = ERROR_FILE_NOT_FOUND},
    {RIDGE, "/link", .code = ERROR_ISO_FILE, .other = "a symbolic link"},
    {RIDGE, "/link/kernel.elf", .code = ERROR_ISO_FILE, .other = "a symbolic link"},
    {RIDGE, "/multi.bin", .thing = MULTI, .size = 4101},
    {RIDGE, "/apart.bin", .code = ERROR_ISO_FILE,
     .other = "in pieces that do not follow each other"},
    {RIDGE, "/twin", .thing = TWIN, .size = 6},

    {JOLIET, "/boot/kernel.elf", .thing = KERNEL, .size = 5001},
    {JOLIET, "/boot/../BOOT/./Kernel.elf", .thing = KERNEL, .size = 5001},
    {JOLIET, "/a joliet name", .thing = WIDE, .size = 21},
    {JOLIET, "/a joliet name;1", .code = ERROR_FILE_NOT_FOUND},
    {JOLIET, "/stop.", .thing = WIDE, .size = 21},
    {JOLIET, "/stop", .code = ERROR_FILE_NOT_FOUND},
    {JOLIET, "/wide", .code = ERROR_FILE_NOT_FOUND},
    {JOLIET, "/readme", .code = ERROR_FILE_NOT_FOUND},
    {RIDGE | JOLIET, "/a joliet name", .code = ERROR_FILE_NOT_FOUND},
    {RIDGE | JOLIET, "/readme", .thing = README, .size = 10},
};

/* All of a file, in one request for its data. */
static void check_data(const struct source *data, struct failing *probe, u32 block) {
    u8 *bytes = malloc(data->size + 1);
    u32 before = probe->reads;
    assert_int_equal(source_read(data, 0, bytes, data->size).code, ERROR_NONE);
    assert_int_equal(probe->reads - before, data->size ? 1 : 0);
    for (u32 i = 0; block && i < data->size; i++)
        if (bytes[i] != iso_pattern(block, i))
            fail_msg("byte %u is another", i);
    if (data->size > 3) {
        assert_int_equal(source_read(data, 3, bytes, 1).code, ERROR_NONE);
        assert_true(!block || bytes[0] == iso_pattern(block, 3));
    }
    assert_int_equal(source_read(data, data->size, bytes, 1).code, ERROR_SOURCE_PAST_END);
    free(bytes);
}

static void finds(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        struct cd cd = make_cd(row->has);
        struct failing probe = {.bytes = cd.image.view};
        struct source source = failing_source(&probe, "cd");
        struct iso iso = open_cd(&source);
        struct iso_file file;
        struct source data;
        print_message("  %u %s\n", row->has, row->path);
        struct error error = iso_find(&iso, row->path, &file);
        if (!error.code)
            error = iso_source(&iso, &file, &data);
        assert_int_equal(error.code, row->code);
        if (row->code) {
            assert_string_equal(error.values.name, row->path);
            assert_true(!row->other || !strcmp(error.values.other, row->other));
        } else {
            assert_string_equal(data.name, row->path);
            assert_int_equal(data.size, row->size);
            assert_true(!row->thing || file.block == cd.blocks[row->thing]);
            check_data(&data, &probe, cd.blocks[row->thing]);
        }
        iso_free(&cd.image);
    }
}

/* A file of more than 4 GiB: its records add up. */
static void large_file(void **state) {
    (void)state;
    struct cd cd = make_cd(0);
    struct source source = source_memory(&cd.image.view, "cd");
    source.size = (u64)1 << 40;
    struct iso iso = open_cd(&source);
    struct iso_file file;
    u32 first = 0xfffff800, second = 0xfffffff0;
    iso_both(cd.multi[0] + 10, 4, first);
    iso_both(cd.multi[1] + 2, 4, cd.blocks[MULTI] + (first >> 11));
    iso_both(cd.multi[1] + 10, 4, second);
    assert_int_equal(iso_find(&iso, "/multi.bin", &file).code, ERROR_NONE);
    assert_int_equal(file.size, (u64)first + second);
    iso_both(cd.multi[1] + 2, 4, cd.blocks[MULTI] + (first >> 11) + 1);
    assert_int_equal(iso_find(&iso, "/multi.bin", &file).code, ERROR_ISO_FILE);
    iso_free(&cd.image);
}

/* Opening ------------------------------------------------------------------------------------ */

struct patch {
    u32 offset, width, value; /* width 0: none */
};

static const struct open_row {
    const char *name;
    u32 has;
    struct patch patches[2];
    bool is_there;
    enum error_code code;
    enum iso_names names;
    const char *other;
    u32 value;
} open_rows[] = {
    {"plain", 0, .is_there = true, .names = ISO_PLAIN},
    {"Rock Ridge", RIDGE, .is_there = true, .names = ISO_ROCK_RIDGE},
    {"Joliet", JOLIET, .is_there = true, .names = ISO_JOLIET},
    {"both", RIDGE | JOLIET, .is_there = true, .names = ISO_ROCK_RIDGE},
    {"Joliet 1", JOLIET, {{18 * 2048 + 90, 1, '@'}}, true, .names = ISO_JOLIET},
    {"Joliet 2", JOLIET, {{18 * 2048 + 90, 1, 'C'}}, true, .names = ISO_JOLIET},
    {"another character set", JOLIET, {{18 * 2048 + 89, 1, '-'}}, true, .names = ISO_PLAIN},
    {"no supplementary", JOLIET, {{18 * 2048, 1, 3}}, true, .names = ISO_PLAIN},
    {"the last comes before", JOLIET, {{17 * 2048, 1, 255}}, true, .names = ISO_PLAIN},
    {"not even a descriptor", JOLIET, {{17 * 2048 + 5, 1, '2'}}, true, .names = ISO_PLAIN},
    {"no last one", RIDGE, {{19 * 2048 + 1, 1, 0}}, true, .names = ISO_ROCK_RIDGE},
    {"SP without check", RIDGE, {{24 * 2048 + 38, 1, 0}}, true, .names = ISO_PLAIN},
    {"SP too long", RIDGE, {{24 * 2048 + 36, 1, 8}}, true, .names = ISO_PLAIN},
    {"SP beyond the record", RIDGE, {{24 * 2048, 1, 40}}, true, .names = ISO_PLAIN},
    {"SP far beyond the record", RIDGE, {{24 * 2048, 1, 20}}, true, .names = ISO_PLAIN},
    {"no ER", RIDGE, {{24 * 2048 + 41, 1, 'Q'}}, true, .names = ISO_PLAIN},
    {"ER of something else", RIDGE, {{24 * 2048 + 49, 1, 'Q'}}, true, .names = ISO_PLAIN},
    {"no ER, but Joliet", RIDGE | JOLIET, {{24 * 2048 + 41, 1, 'Q'}}, true, .names = ISO_JOLIET},
    {"ST before ER", RIDGE, {{24 * 2048 + 41, 2, 'S' | 'T' << 8}}, true, .names = ISO_PLAIN},
    {"ER too short", RIDGE, {{24 * 2048 + 43, 1, 11}}, true, .names = ISO_PLAIN},
    {"another primary", RIDGE, {{17 * 2048, 1, 1}}, true, .names = ISO_ROCK_RIDGE},
    {"no CD001", RIDGE, {{16 * 2048 + 1, 1, 'X'}}, .is_there = false},
    {"another version", RIDGE, {{16 * 2048 + 6, 1, 2}}, .is_there = false},
    {"no primary",
     RIDGE,
     {{16 * 2048, 1, 3}},
     true,
     ERROR_ISO_BAD,
     .other = "the number of primary descriptors"},
    {"small blocks",
     RIDGE,
     {{16 * 2048 + 128, 2, 512}},
     true,
     ERROR_ISO_BAD,
     .other = "the logical block size",
     .value = 512},
    {"a root past the end",
     RIDGE,
     {{16 * 2048 + 158, 4, BLOCKS}},
     true,
     .code = ERROR_VOLUME_PAST_END},
};

static void opens(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(open_rows); i++) {
        const struct open_row *row = &open_rows[i];
        struct cd cd = make_cd(row->has);
        struct source source = source_memory(&cd.image.view, "cd");
        struct iso iso;
        bool found;
        for (u32 j = 0; j < ARRAY_COUNT(row->patches); j++)
            for (u32 k = 0; k < row->patches[j].width; k++)
                cd.image.bytes[row->patches[j].offset + k] = (u8)(row->patches[j].value >> (8 * k));
        print_message("  %s\n", row->name);
        struct error error = iso_open(&source, &iso, &found);
        assert_int_equal(error.code, row->code);
        assert_int_equal(found, row->is_there);
        bool there;
        assert_int_equal(iso_is_there(&source, &there).code, ERROR_NONE);
        assert_int_equal(there, row->is_there);
        if (row->is_there && !row->code)
            assert_int_equal(iso.names, row->names);
        if (row->other) {
            assert_string_equal(error.values.other, row->other);
            assert_int_equal(error.values.number[0], row->value);
        }
        iso_free(&cd.image);
    }
}

/* Fields that start later in each record, as SP says; in the root's own record they do not. */
static void skips(void **state) {
    (void)state;
    for (u8 skip = 0; skip < 20; skip += 5) {
        struct iso_image image = iso_make(40);
        struct iso_record fields = {.size = 0};
        iso_sp(&fields, skip);
        iso_er(&fields, "IEEE_P1282");
        struct iso_directory root = iso_directory(&image, 1, 0, &fields);
        u32 block = iso_data(&image, 5);
        struct iso_record record = iso_record("F.;1", 4, block, 5, 0);
        memset(record.bytes + record.size, 'N', skip);
        record.size += skip;
        iso_nm(&record, 0, "found");
        iso_put(&image, &root, &record);
        iso_descriptor(&image, 0, 1, &root);
        struct source source = source_memory(&image.view, "cd");
        struct iso iso = open_cd(&source);
        struct iso_file file;
        assert_int_equal(iso.names, ISO_ROCK_RIDGE);
        assert_int_equal(iso_find(&iso, "/found", &file).code, ERROR_NONE);
        assert_int_equal(iso_find(&iso, "/f", &file).code, ERROR_FILE_NOT_FOUND);
        iso_free(&image);
    }
}

/* Damage ------------------------------------------------------------------------------------- */

/* The first record behind ".." of the root is overwritten. */
static const struct record_row {
    const char *name;
    u32 offset;
    u8 value;
    enum error_code code;
} record_rows[] = {
    {"too short", 0, 33, ERROR_ISO_RECORD},
    {"shorter than its name", 32, 200, ERROR_ISO_RECORD},
    {"shorter than its name by one", 32, 22, ERROR_ISO_RECORD},
    {"as long as its name", 32, 21, ERROR_FILE_NOT_FOUND},
    {"the end of the sector", 0, 0, ERROR_FILE_NOT_FOUND},
};

static void damaged_records(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(record_rows); i++) {
        const struct record_row *row = &record_rows[i];
        struct iso_image image = iso_make(40);
        struct iso_directory root = iso_directory(&image, 1, 0, NULL);
        u32 at = root.used;
        iso_file(&image, &root, "A;1", "seventeen letters", 30, 5, 0);
        iso_block(&image, root.block)[at] = 54;
        iso_descriptor(&image, 0, 1, &root);
        iso_block(&image, root.block)[at + row->offset] = row->value;
        struct source source = source_memory(&image.view, "cd");
        struct iso iso = open_cd(&source);
        struct iso_file file;
        struct error error = iso_find(&iso, "/b", &file);
        print_message("  %s\n", row->name);
        assert_int_equal(error.code, row->code);
        if (row->code == ERROR_ISO_RECORD) {
            assert_int_equal(error.values.number[0], root.block);
            assert_int_equal(error.values.number[1], at);
        }
        iso_free(&image);
    }
}

/* Records that reach up to the end of a sector, and one byte further. */
static void end_of_sector(void **state) {
    (void)state;
    struct iso_image image = iso_make(40);
    struct iso_directory root = iso_directory(&image, 1, 0, NULL);
    while (root.used < 2000)
        iso_file(&image, &root, "FILLER;1", NULL, 0, 0, 0);
    u8 *last = iso_file(&image, &root, "L;1", NULL, 30, 5, 0);
    u32 at = (u32)(last - iso_block(&image, root.block));
    iso_descriptor(&image, 0, 1, &root);
    struct source source = source_memory(&image.view, "cd");
    struct iso iso = open_cd(&source);
    struct iso_file file;
    last[0] = (u8)(2048 - at);
    assert_int_equal(iso_find(&iso, "/l", &file).code, ERROR_NONE);
    last[0]++;
    struct error error = iso_find(&iso, "/l", &file);
    assert_int_equal(error.code, ERROR_ISO_RECORD);
    assert_int_equal(error.values.number[1], at);
    iso_free(&image);
}

static const struct field_row {
    const char *name;
    u32 offset, size; /* of the continuation, whose block is that of the continuation itself */
    enum error_code code;
} field_rows[] = {
    {"a continuation of nothing", 100, 0, ERROR_FILE_NOT_FOUND},
    {"of zeros", 100, 28, ERROR_FILE_NOT_FOUND},
    {"too short for a field", 0, 3, ERROR_FILE_NOT_FOUND},
    {"a circle", 0, 28, ERROR_ISO_FIELDS},
    {"too long", 0, 2049, ERROR_ISO_FIELDS},
    {"past the end of the volume", 0x7fffffff, 28, ERROR_VOLUME_PAST_END},
};

static void damaged_fields(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(field_rows); i++) {
        const struct field_row *row = &field_rows[i];
        struct iso_image image = iso_make(40);
        struct iso_record fields = {.size = 0}, record = iso_record("F.;1", 4, 30, 5, 0);
        struct iso_record area = {.size = 0};
        iso_sp(&fields, 0);
        iso_er(&fields, "RRIP_1991A");
        struct iso_directory root = iso_directory(&image, 1, 0, &fields);
        iso_ce(&area, 39, row->offset, row->size);
        iso_ce(&record, 39, row->offset, row->size);
        memcpy(iso_block(&image, 39), area.bytes, area.size);
        iso_put(&image, &root, &record);
        iso_descriptor(&image, 0, 1, &root);
        struct source source = source_memory(&image.view, "cd");
        struct iso iso = open_cd(&source);
        struct iso_file file;
        print_message("  %s\n", row->name);
        struct error error = iso_find(&iso, "/g", &file);
        assert_int_equal(error.code, row->code);
        if (row->code == ERROR_ISO_FIELDS)
            assert_int_equal(error.values.number[0], 39);
        iso_free(&image);
    }
}

/* Fields that are too short to say anything, and a full stop that ends a name without a version. */
static void short_fields(void **state) {
    (void)state;
    static const u8 junk[20] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    struct iso_image image = iso_make(40);
    struct iso_record fields = {.size = 0}, ce = iso_record("CE.;1", 5, 30, 5, 0);
    struct iso_record cl = iso_record("CL.;1", 5, 31, 6, 0);
    iso_sp(&fields, 0);
    iso_er(&fields, "RRIP_1991A");
    struct iso_directory root = iso_directory(&image, 1, 0, &fields);
    iso_field(&ce, "CE", junk, 20);
    iso_nm(&ce, 0, "continued");
    iso_field(&cl, "CL", junk, 7);
    iso_nm(&cl, 0, "child");
    iso_put(&image, &root, &ce);
    iso_put(&image, &root, &cl);
    iso_file(&image, &root, "STOP.", NULL, 32, 7, 0);
    iso_descriptor(&image, 0, 1, &root);
    static const char *const names[] = {"/continued", "/child", "/stop"};
    struct source source = source_memory(&image.view, "cd");
    struct iso iso = open_cd(&source);
    for (u32 i = 0; i < ARRAY_COUNT(names); i++) {
        struct iso_file file;
        assert_int_equal(iso_find(&iso, names[i], &file).code, ERROR_NONE);
        assert_int_equal(file.block, 30 + i);
        assert_int_equal(file.size, 5 + i);
    }
    iso_free(&image);
}

/* Rock Ridge that the root tells of in a continuation; and that cannot be read. */
static void continued_root(void **state) {
    (void)state;
    struct iso_image image = iso_make(40);
    struct iso_record fields = {.size = 0}, area = {.size = 0};
    iso_er(&area, "RRIP_1991A");
    iso_sp(&fields, 0);
    iso_ce(&fields, 39, 100, area.size);
    memcpy(iso_block(&image, 39) + 100, area.bytes, area.size);
    struct iso_directory root = iso_directory(&image, 1, 0, &fields);
    iso_descriptor(&image, 0, 1, &root);
    struct failing probe = {.bytes = image.view};
    const struct source source = failing_source(&probe, "cd");
    assert_int_equal(open_cd(&source).names, ISO_ROCK_RIDGE);
    u32 reads = probe.reads;
    for (probe.fail_at = 1; probe.fail_at <= reads; probe.fail_at++) {
        struct iso iso;
        bool found;
        probe.reads = 0;
        assert_true(has_failed(&probe, iso_open(&source, &iso, &found)));
    }
    iso_free(&image);
}

static const char *const paths[] = {"/boot/kernel.elf",
                                    "/a long name, with spaces.text",
                                    "/deep/file",
                                    "/multi.bin",
                                    "/case",
                                    "/many/one of many, number 069",
                                    "/a joliet name",
                                    "/boot/../readme"};

struct outcome {
    u32 good;   /* what went well */
    u32 unread; /* what failed because the medium did */
};

static void count(struct outcome *outcome, struct error error) {
    outcome->good += !error.code;
    outcome->unread += error.code == ERROR_DISK_READ;
}

/* Opens and reads everything: any error will do, but nothing worse. */
static struct outcome try_everything(const struct source *source) {
    struct partition whole = {.size = source->size};
    struct volume volume;
    struct volume_identity identity;
    struct outcome outcome = {0};
    struct error error = volume_open(source, &whole, &volume);
    count(&outcome, error);
    if (error.code)
        return outcome;
    count(&outcome, volume_identity(&volume, &identity));
    for (u32 i = 0; i < ARRAY_COUNT(paths); i++) {
        struct file file;
        u8 buffer[8192];
        error = volume_file(&volume, paths[i], &file);
        if (!error.code)
            error = source_read(
                &file.data, 0, buffer,
                (size_t)(file.data.size < sizeof(buffer) ? file.data.size : sizeof(buffer)));
        count(&outcome, error);
    }
    return outcome;
}

/* Each read fails once. The first two are of a FAT boot record and an ext superblock: without them
 * it is still a CD. */
static void failing_reads(void **state) {
    (void)state;
    for (u32 has = 0; has < 4; has++) {
        struct cd cd = make_cd(has);
        struct failing probe = {.bytes = cd.image.view};
        struct source source = failing_source(&probe, "cd");
        u32 all = try_everything(&source).good, reads = probe.reads;
        for (u32 i = 1; i <= reads; i++) {
            probe.reads = 0;
            probe.fail_at = i;
            struct outcome outcome = try_everything(&source);
            assert_int_equal(outcome.unread, i > 2);
            assert_true(i <= 2 ? outcome.good == all : i == 3 ? !outcome.good : true);
        }
        iso_free(&cd.image);
    }
}

static void truncations(void **state) {
    (void)state;
    struct cd cd = make_cd(RIDGE | JOLIET);
    struct source source = source_memory(&cd.image.view, "cd");
    assert_int_equal(try_everything(&source).good, 1 + 1 + 7);
    for (size_t size = 0; size<cd.image.size; size += size> 32700 && size < 50000 ? 1 : 97) {
        u8 *bytes = malloc(size ? size : 1); /* of this size, for the sanitizer to see its end */
        memcpy(bytes, cd.image.bytes, size);
        struct bytes view = {bytes, size};
        source = source_memory(&view, "cd");
        try_everything(&source);
        free(bytes);
    }
    iso_free(&cd.image);
}

/* Each byte that is not a file's, in turn, with three other values. */
static void mutations(void **state) {
    (void)state;
    for (u32 has = RIDGE; has <= JOLIET; has++) {
        struct cd cd = make_cd(has);
        struct source source = source_memory(&cd.image.view, "cd");
        for (size_t at = 16 * 2048; at < cd.image.size; at++) {
            u8 before = cd.image.bytes[at];
            if (!before && at % 7)
                continue;
            static const u8 changes[] = {0xff, 0x80, 0x01};
            for (u32 i = 0; i < ARRAY_COUNT(changes); i++) {
                cd.image.bytes[at] = before ^ changes[i];
                try_everything(&source);
            }
            cd.image.bytes[at] = before;
        }
        iso_free(&cd.image);
    }
}

/* Volumes ------------------------------------------------------------------------------------ */

static const struct date_row {
    const char *label, *date; /* in the descriptor */
    const char *seen_label, *seen_date;
} date_rows[] = {
    {"A LABEL", "2026112114550700", "A LABEL", "2026-11-21-14-55-07-00"},
    {"                                ", "1980010100000001", "", "1980-01-01-00-00-00-01"},
    {"abcdefghijklmnopqrstuvwxyz012345", "9999999999999999", "abcdefghijklmnopqrstuvwxyz012345",
     "9999-99-99-99-99-99-99"},
    {" x y  ", "0000000000000000", " x y", ""},
    {"x", "2026112114550 00", "x", ""},
    {"x", "/026112114550700", "x", ""},
    {"x", "202611211455070:", "x", ""},
};

static void identities(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(date_rows); i++) {
        const struct date_row *row = &date_rows[i];
        struct cd cd = make_cd(RIDGE);
        struct source source = source_memory(&cd.image.view, "cd");
        struct partition whole = {.size = source.size};
        struct volume volume;
        struct volume_identity identity;
        u8 *at = iso_block(&cd.image, 16);
        memset(at + 40, ' ', 32);
        memcpy(at + 40, row->label, strlen(row->label));
        memcpy(at + 830, row->date, 16);
        assert_int_equal(volume_open(&source, &whole, &volume).code, ERROR_NONE);
        assert_int_equal(volume.kind, VOLUME_ISO);
        assert_int_equal(volume_identity(&volume, &identity).code, ERROR_NONE);
        assert_string_equal(identity.label, row->seen_label);
        assert_string_equal(identity.uuid, row->seen_date);
        iso_free(&cd.image);
    }
}

/* A volume in a partition, and what is said where there is none. */
static void volumes(void **state) {
    (void)state;
    struct cd cd = make_cd(RIDGE);
    u8 *bytes = calloc(cd.image.size + 4096, 1);
    struct bytes view = {bytes, cd.image.size + 4096};
    struct source disk = source_memory(&view, "disk");
    struct partition partition = {.number = 2, .start = 1536, .size = cd.image.size};
    struct volume volume;
    struct file file;
    bool found = true;
    memcpy(bytes + 1536, cd.image.bytes, cd.image.size);
    assert_int_equal(volume_open(&disk, &partition, &volume).code, ERROR_NONE);
    assert_int_equal(volume.partition.number, 2);
    assert_int_equal(volume_file(&volume, "/boot/kernel.elf", &file).code, ERROR_NONE);
    u8 byte;
    assert_int_equal(source_read(&file.data, 5000, &byte, 1).code, ERROR_NONE);
    assert_int_equal(byte, iso_pattern(cd.blocks[KERNEL], 5000));
    assert_int_equal(volume_try(&volume, "/none", &file, &found).code, ERROR_NONE);
    assert_false(found);
    partition.start = 1024;
    assert_int_equal(volume_open(&disk, &partition, &volume).code, ERROR_FAT_BAD);
    partition.start = 8192;
    assert_int_equal(volume_open(&disk, &partition, &volume).code, ERROR_SOURCE_PAST_END);
    free(bytes);
    iso_free(&cd.image);
}

/* A CD, or its image on a disk, whose first sector has a partition table. */
static const struct table_row {
    const char *name;
    u32 sector_size;
    struct {
        u8 status, type;
        u32 start, count; /* in sectors of 512 bytes */
    } entries[2];
    bool no_iso, no_signature;
    enum error_code code;
    u32 count;
    u32 numbers[3]; /* 0: the whole disk */
} table_rows[] = {
    {.name = "a CD", .sector_size = 2048, .no_signature = true, .count = 1},
    {.name = "a CD that is a disk too", 2048, {{0x80, 0x17, 0, BLOCKS * 4}}, .count = 1},
    {.name = "no CD, large sectors",
     2048,
     {{0, 0x0c, 3, 3}},
     .no_iso = true,
     .count = 1,
     .numbers = {1}},
    {.name = "no table", 512, .no_signature = true, .count = 1},
    {.name = "an empty table", 512, .count = 1},
    {.name = "an empty table, no CD", 512, .no_iso = true, .code = ERROR_VOLUME_NONE},
    {.name = "from 0 on", 512, {{0x80, 0x17, 0, BLOCKS * 4}}, .count = 1, .numbers = {1}},
    {.name = "from 0 on, not said to be anything",
     512,
     {{0x80, 0, 0, BLOCKS * 4}, {0, 0xef, 200, 8}},
     .count = 2,
     .numbers = {2, 0}},
    {.name = "from 1 on", 512, {{0x80, 0xcd, 1, BLOCKS * 4 - 1}}, .count = 2, .numbers = {1, 0}},
    {.name = "protective", 512, {{0, 0xee, 1, BLOCKS * 4 - 1}}, .count = 1, .numbers = {0}},
    {.name = "beside others",
     512,
     {{0, 0x0c, 200, 8}, {0, 0x17, 63, 90}},
     .count = 3,
     .numbers = {1, 2, 0}},
    {.name = "under others",
     512,
     {{0, 0x0c, 200, 8}, {0, 0x0c, 64, 90}},
     .count = 2,
     .numbers = {1, 2}},
    {.name = "from 1 on, no CD",
     512,
     {{0x80, 0x0c, 1, 8}},
     .no_iso = true,
     .count = 1,
     .numbers = {1}},
};

static void make_table(const struct table_row *row, u8 *sector) {
    for (u32 i = 0; i < ARRAY_COUNT(row->entries); i++) {
        u8 *at = sector + 446 + 16 * i, both[8];
        at[0] = row->entries[i].status;
        at[4] = row->entries[i].type;
        iso_both(both, 4, row->entries[i].start);
        memcpy(at + 8, both, 4);
        iso_both(both, 4, row->entries[i].count);
        memcpy(at + 12, both, 4);
    }
    memcpy(sector + 510, "\x55\xaa", row->no_signature ? 0 : 2);
}

static void partitions(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(table_rows); i++) {
        const struct table_row *row = &table_rows[i];
        struct cd cd = make_cd(RIDGE);
        struct source source = source_memory(&cd.image.view, "cd");
        struct partition_table table;
        make_table(row, cd.image.bytes);
        if (row->no_iso)
            iso_block(&cd.image, 16)[1] = 'X';
        print_message("  %s\n", row->name);
        assert_int_equal(partition_list(&source, row->sector_size, &table).code, row->code);
        if (!row->code)
            assert_int_equal(table.count, row->count);
        for (u32 j = 0; j < row->count; j++) {
            const struct partition *partition = &table.partitions[j];
            u32 number = row->numbers[j];
            u64 start = number ? (u64)row->entries[number - 1].start * row->sector_size : 0;
            assert_int_equal(partition->number, number);
            assert_int_equal(partition->start, start);
            if (!number)
                assert_int_equal(partition->size, cd.image.size);
        }
        iso_free(&cd.image);
    }
}

/* A disk that is partitioned as usual is not asked for more than its table. */
static void spared_reads(void **state) {
    (void)state;
    struct cd cd = make_cd(RIDGE);
    struct table_row row = {.entries = {{0x80, 0x0c, 64, 90}}};
    struct failing probe = {.bytes = cd.image.view};
    struct source source = failing_source(&probe, "cd");
    struct partition_table table;
    make_table(&row, cd.image.bytes);
    assert_int_equal(partition_list(&source, 512, &table).code, ERROR_NONE);
    assert_int_equal(probe.reads, 1);
    iso_free(&cd.image);
}

/* A cache between the volume and the CD, as in the loader: how many reads a boot needs. */
static void cached_reads(void **state) {
    (void)state;
    static u8 storage[12 * CACHE_LINE_SIZE];
    struct cd cd = make_cd(RIDGE | JOLIET);
    struct failing probe = {.bytes = cd.image.view};
    struct source source = failing_source(&probe, "cd");
    struct cache cache;
    struct source cached = cache_over(&cache, &source, storage, 12);
    struct iso iso = open_cd(&cached);
    struct iso_file file;
    assert_true(probe.reads <= 3); /* the descriptors, the root */
    assert_int_equal(iso_find(&iso, "/boot/kernel.elf", &file).code, ERROR_NONE);
    assert_true(probe.reads <= 5);
    iso_free(&cd.image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens),           cmocka_unit_test(finds),
        cmocka_unit_test(skips),           cmocka_unit_test(large_file),
        cmocka_unit_test(damaged_records), cmocka_unit_test(end_of_sector),
        cmocka_unit_test(damaged_fields),  cmocka_unit_test(failing_reads),
        cmocka_unit_test(short_fields),    cmocka_unit_test(continued_root),
        cmocka_unit_test(truncations),     cmocka_unit_test(mutations),
        cmocka_unit_test(identities),      cmocka_unit_test(volumes),
        cmocka_unit_test(cached_reads),    cmocka_unit_test(partitions),
        cmocka_unit_test(spared_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
