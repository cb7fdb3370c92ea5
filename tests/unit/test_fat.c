/* fs/fat.h and fs/volume.h on volumes made in memory: what is found and read, how often the volume
 * is asked for it, and what damage leads to. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "cache.h"
#include "fat_image.h"
#include "volume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A source over an image that counts requests, and lets one fail. */
struct probe {
    const struct image *image;
    u32 small, large; /* requests for FAT entries; others */
    u32 fail_at;      /* the how-manieth request fails, from 1; 0 for none */
};

static struct error probe_read(void *context, u64 offset, void *to, size_t size) {
    struct probe *probe = context;
    bool small = size <= 4 || size == FAT_WINDOW;
    probe->small += small;
    probe->large += !small;
    if (probe->small + probe->large == probe->fail_at)
        return error_make(ERROR_DISK_READ, .name = "volume");
    memcpy(to, probe->image->bytes + offset, size);
    return OK;
}

static struct source probe_over(struct probe *probe, const struct image *image) {
    *probe = (struct probe){.image = image};
    return (struct source){
        .read = probe_read, .context = probe, .size = image->size, .name = "volume"};
}

static struct fat open_image(struct probe *probe, const struct image *image) {
    struct source source = probe_over(probe, image);
    struct fat fat;
    assert_int_equal(fat_open(&source, &fat).code, ERROR_NONE);
    return fat;
}

static void assert_text(const struct error *error, const char *expected) {
    char buffer[200];
    struct text text = TEXT_IN(buffer);
    error_text(error, &text);
    assert_string_equal(buffer, expected);
}

/* Opening ---------------------------------------------------------------------------------- */

static const struct {
    struct image_format format;
    u32 bits;
} geometries[] = {
    {{.bits = 12, .clusters = 1}, 12},
    {{.bits = 12, .clusters = 340, .fats = 1}, 12},
    {{.bits = 12, .clusters = 341, .root_entries = 16}, 12}, /* the FAT just outgrows a sector */
    {{.bits = 12, .clusters = 2847, .root_entries = 224}, 12},
    {{.bits = 12, .clusters = 4084}, 12},
    {{.bits = 12, .clusters = 4084, .cluster_sectors = 2, .spare_sectors = 1}, 12},
    {{.bits = 12, .clusters = 500, .sector_size = 4096, .root_entries = 3}, 12},
    {{.bits = 16, .clusters = 4085}, 16},
    {{.bits = 16, .clusters = 4085, .cluster_sectors = 4, .spare_sectors = 3}, 16},
    {{.bits = 16, .clusters = 65524, .root_entries = 512}, 16},
    {{.bits = 16, .clusters = 5000, .sector_size = 2048, .reserved = 77, .fats = 3}, 16},
    {{.bits = 32, .clusters = 65525}, 32},
    {{.bits = 32, .clusters = 70000, .fats = 1}, 32},
    {{.bits = 32, .clusters = 100, .cluster_sectors = 128}, 32}, /* smaller than allowed */
    {{.bits = 32, .clusters = 2, .sector_size = 1024, .reserved = 9}, 32},
};

static void opens(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(geometries); i++) {
        struct image image = image_make(geometries[i].format);
        struct probe probe;
        struct fat fat = open_image(&probe, &image);
        print_message("  row %u\n", i);
        assert_int_equal(fat.entry_bits, geometries[i].bits);
        assert_int_equal(fat.sector_size, image.format.sector_size);
        assert_int_equal(fat.cluster_size, image.cluster_size);
        assert_int_equal((u64)1 << fat.cluster_shift, image.cluster_size);
        assert_int_equal(fat.cluster_count, image.format.clusters);
        assert_int_equal(fat.fat_start, image.fat_start);
        assert_int_equal(fat.fat_size, image.fat_size);
        assert_int_equal(fat.root_start, fat.entry_bits == 32 ? 0 : image.root_start);
        assert_int_equal(fat.root_size, image.root_size);
        assert_int_equal(fat.root_cluster, fat.entry_bits == 32 ? 2 : 0);
        assert_int_equal(fat.data_start, image.data_start);
        assert_int_equal(fat.volume.size, image.size);
        image_free(&image);
    }
}

struct field_patch {
    u32 offset, width, value;
};

/* A boot record with some fields overwritten. */
struct bad_row {
    u32 bits;
    struct field_patch patches[2];
    const char *field; /* NULL: it opens */
    u32 value;
};

static const struct bad_row bad_rows[] = {
    {12, {{510, 2, 0}}, "the signature", 0},
    {12, {{511, 1, 0x55}}, "the signature", 0x5555},
    {12, {{11, 2, 0}}, "the sector size", 0},
    {12, {{11, 2, 256}}, "the sector size", 256},
    {12, {{11, 2, 520}}, "the sector size", 520},
    {12, {{11, 2, 8192}}, "the sector size", 8192},
    {12, {{13, 1, 0}}, "the number of sectors in a cluster", 0},
    {12, {{13, 1, 3}}, "the number of sectors in a cluster", 3},
    {12, {{14, 2, 0}}, "the number of reserved sectors", 0},
    {12, {{16, 1, 0}}, "the number of FATs", 0},
    {12, {{17, 2, 0}}, "the number of root entries", 0},
    {32, {{17, 2, 1}}, "the number of root entries", 1},
    {32, {{36, 4, 0}}, "the number of sectors in a FAT", 0},
    {32, {{40, 2, 0x81}}, NULL, 0},
    {32, {{40, 2, 0x82}}, "the active FAT", 2},
    {32, {{40, 2, 0x02}}, NULL, 0}, /* mirrored: the number means nothing */
    {32, {{42, 2, 1}}, "the version", 1},
    {32, {{44, 4, 0}}, "the root cluster", 0},
    {32, {{44, 4, 1}}, "the root cluster", 1},
    {32, {{44, 4, 101}}, NULL, 0},
    {32, {{44, 4, 102}}, "the root cluster", 102},
    {12, {{19, 2, 0}}, "the number of sectors", 0},
    {12, {{19, 2, 1 + 2 + 4}}, "the number of sectors", 7},
    {12, {{19, 2, 1 + 2 + 4 + 1}}, NULL, 0},
    {12, {{13, 1, 128}}, "the number of clusters", 0},
    {12, {{16, 1, 255}}, "the number of sectors", 107},
    {32, {{36, 4, 0xffffffff}}, "the number of sectors", 134},
    /* 512 bytes hold 341 entries of 12 bits, of which 2 are for no cluster */
    {12, {{19, 2, 7 + 339}}, NULL, 0},
    {12, {{19, 2, 7 + 340}}, "the number of sectors in a FAT", 1},
    {12, {{19, 2, 7 + 4085}}, "the number of sectors in a FAT", 1},
    {16, {{19, 2, 0}, {32, 4, 37 + 65525}}, "the number of clusters", 65525},
    {16, {{22, 2, 15}}, "the number of sectors in a FAT", 15},
    {32, {{32, 4, 34 + 126}}, NULL, 0},
    {32, {{32, 4, 34 + 127}}, "the number of sectors in a FAT", 1},
    {32, {{32, 4, 0xffffffff}}, "the number of clusters", 0xffffffff - 34},
};

static void bad_boot_records(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(bad_rows); i++) {
        const struct bad_row *row = &bad_rows[i];
        u32 clusters = row->bits == 16 ? 4085 : 100;
        struct image image =
            image_make((struct image_format){.bits = row->bits, .clusters = clusters});
        struct probe probe;
        struct source source = probe_over(&probe, &image);
        struct fat fat;
        for (u32 j = 0; j < ARRAY_COUNT(row->patches); j++)
            image_put(image.bytes + row->patches[j].offset, row->patches[j].width,
                      row->patches[j].value);
        print_message("  row %u: %s\n", i, row->field ? row->field : "good");
        struct error error = fat_open(&source, &fat);
        assert_int_equal(error.code, row->field ? ERROR_FAT_BAD : ERROR_NONE);
        if (row->field) {
            assert_string_equal(error.values.other, row->field);
            assert_string_equal(error.values.name, "volume");
            assert_int_equal(error.values.number[0], row->value);
        }
        image_free(&image);
    }
}

/* Finding ---------------------------------------------------------------------------------- */

#define TEN(s)       s s s s s s s s s s
#define NAME_255     TEN("abcdefghijklmnopqrstuvwxy") "fives"
#define NAME_13      "exact13.chars"
#define NAME_26      "exactly-26-characters.text"
#define MANY_ENTRIES 700

/* Everything that a name may look like. The label and what is deleted come first under names that
 * are in use further on. */
static void fill_image(struct image *image) {
    static const u16 umlaut[] = {0xdc, 'b', 'e', 'r', '.', 't', 'x', 't'};
    static const u16 wide[] = {0x141, 'x'}; /* its low byte is 'A' */
    struct image_directory root = image_root(image);
    image_add(image, &root, NULL, "KERNEL  ELF", IMAGE_LABEL, 0, 0);
    image_add(image, &root, NULL, "KERNEL  ELF", IMAGE_FILE, 5, 99)[0] = 0xe5;
    image_file(image, &root, NULL, "KERNEL  ELF", 20001, 1);
    image_file(image, &root, "a long name, with spaces.text", "ALONGN~1TEX", 7001, 3);
    image_file(image, &root, NAME_13, "EXACT1~1CHA", 13, 1);
    image_file(image, &root, NAME_26, "EXACTL~1TEX", 26, 1);
    image_file(image, &root, NAME_255, "ABCDEF~1   ", 255, 1);
    image_long_name(image, &root, umlaut, ARRAY_COUNT(umlaut), image_checksum("BER~1   TXT"));
    image_file(image, &root, NULL, "BER~1   TXT", 8, 1);
    image_long_name(image, &root, wide, ARRAY_COUNT(wide), image_checksum("WIDE    TXT"));
    image_file(image, &root, NULL, "WIDE    TXT", 2, 1);
    image_file(image, &root, NULL, "EMPTY   TXT", 0, 1);
    image_file(image, &root, NULL, "README     ", 6, 1);
    image_file(image, &root, NULL, "lower   txt", 5, 1);
    image_file(image, &root, "@[`{ signs", "SIGNS~1    ", 4, 1);
    image_file(image, &root, NULL, "\x81       TXT", 9, 1);
    struct image_directory boot = image_subdirectory(image, &root, NULL, "BOOT       ");
    struct image_directory grub = image_subdirectory(image, &boot, "grub", "GRUB       ");
    image_file(image, &grub, "grub.cfg", "GRUB    CFG", 1234, 2);
    image_file(image, &grub, ".config-of-mine", "CONFIG~1   ", 77, 2);
    image_add(image, &root, NULL, "SIZED      ", IMAGE_DIRECTORY, boot.cluster, 77);
    struct image_directory many = image_subdirectory(image, &root, "many files", "MANYFI~1   ");
    for (u32 i = 0; i < MANY_ENTRIES; i++) {
        char name[12];
        snprintf(name, sizeof(name), "FILE%04uDAT", i);
        image_add(image, &many, NULL, name, IMAGE_FILE, 0, i);
        if (i % 50 == 0) /* so that the directory's clusters do not lie together */
            image->free++;
    }
    image_file(image, &many, "the last one", "THELAS~1   ", 3000, 2);
    u8 *end = image_entry(image, &many, 1);
    memset(end, 0, 32);
    image_add(image, &many, NULL, "BEHIND     ", IMAGE_FILE, 0, 1);
}

enum { DIRECTORY = 0xffffffff };

struct find_row {
    const char *path;
    enum error_code code;
    u32 size;          /* DIRECTORY for one */
    const char *other; /* of the error */
};

static const struct find_row find_rows[] = {
    {"/", 0, DIRECTORY, 0},
    {"//", 0, DIRECTORY, 0},
    {"/kernel.elf", 0, 20001, 0},
    {"/KERNEL.ELF", 0, 20001, 0},
    {"///KeRnEl.ElF", 0, 20001, 0},
    {"/@[`{ SIGNS", 0, 4, 0},
    {"/`[`{ signs", ERROR_FILE_NOT_FOUND, 0, 0}, /* no letters, though 32 apart as those are */
    {"/@{`{ signs", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/kernel.el", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/kernel.elff", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/kernelxelf", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/kernel..elf", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/kernel .elf", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/kernel", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/.elf", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/a long name, with spaces.text", 0, 7001, 0},
    {"/A LONG NAME, WITH SPACES.TEXT", 0, 7001, 0},
    {"/a long name, with spaces.tex", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/a long name, with spaces.text1", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/a long name,", ERROR_FILE_NOT_FOUND, 0, 0}, /* 13 characters, one whole entry */
    {"/a long name, with spaces.", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/alongn~1.tex", 0, 7001, 0},
    {"/" NAME_13, 0, 13, 0},
    {"/exact13.char", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/exact13.charss", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/" NAME_26, 0, 26, 0},
    {"/exactly-26-c", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/" NAME_255, 0, 255, 0},
    {"/" NAME_255 "x", ERROR_FILE_PATH, 0, "a name in it has more than 255 characters"},
    {"/boot/" NAME_255 "x/", ERROR_FILE_PATH, 0, "a name in it has more than 255 characters"},
    {"/abcdef~1", 0, 255, 0},
    {"/\xdc"
     "ber.txt",
     ERROR_FILE_NOT_FOUND, 0, 0},
    {"/\xc3\x9c"
     "ber.txt",
     ERROR_FILE_NOT_FOUND, 0, 0},
    {"/?ber.txt", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/ber~1.txt", 0, 8, 0},
    {"/Ax", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/wide.txt", 0, 2, 0},
    {"/\x81.txt", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/empty.txt", 0, 0, 0},
    {"/readme", 0, 6, 0},
    {"/readme.", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/lower.TXT", 0, 5, 0},
    {"/boot", 0, DIRECTORY, 0},
    {"/boot/", 0, DIRECTORY, 0},
    {"/boot/grub", 0, DIRECTORY, 0},
    {"/sized", 0, DIRECTORY, 0},
    {"/boot/grub/grub.cfg", 0, 1234, 0},
    {"/Boot//GRUB///Grub.Cfg", 0, 1234, 0},
    {"/boot/grub/.config-of-mine", 0, 77, 0},
    {"/boot/grub.cfg", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/grub/grub.cfg", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/boot/./grub/./grub.cfg", 0, 1234, 0},
    {"/boot/grub/../grub/grub.cfg", 0, 1234, 0},
    {"/boot/../kernel.elf", 0, 20001, 0},
    {"/boot/grub/../../kernel.elf", 0, 20001, 0},
    {"/boot/..", 0, DIRECTORY, 0},
    {"/boot/...", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/.", ERROR_FILE_NOT_FOUND, 0, 0}, /* the root has no such entries */
    {"/..", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/kernel.elf/", ERROR_FILE_NOT_DIRECTORY, 0, "/"},
    {"/kernel.elf/x", ERROR_FILE_NOT_DIRECTORY, 0, "/x"},
    {"/boot/grub/grub.cfg//x/y", ERROR_FILE_NOT_DIRECTORY, 0, "//x/y"},
    {"/many files/file0000.dat", 0, 0, 0},
    {"/many files/file0001.dat", 0, 1, 0},
    {"/many files/file0699.dat", 0, 699, 0},
    {"/many files/file0700.dat", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/manyfi~1/the last one", 0, 3000, 0},
    {"/many files/behind", ERROR_FILE_NOT_FOUND, 0, 0}, /* behind the end mark */
    {"/many files/../boot", 0, DIRECTORY, 0},
    {"/nothing", ERROR_FILE_NOT_FOUND, 0, 0},
    {"/nothing/at/all", ERROR_FILE_NOT_FOUND, 0, 0},
    {"", ERROR_FILE_PATH, 0, "it does not start with /"},
    {"kernel.elf", ERROR_FILE_PATH, 0, "it does not start with /"},
    {"./kernel.elf", ERROR_FILE_PATH, 0, "it does not start with /"},
};

static const struct image_format formats[] = {
    {.bits = 12, .clusters = 2000, .root_entries = 128},
    {.bits = 12, .clusters = 900, .cluster_sectors = 8, .root_entries = 111, .fats = 1},
    {.bits = 12, .clusters = 500, .sector_size = 4096, .root_entries = 100},
    {.bits = 16, .clusters = 4500, .root_entries = 512},
    {.bits = 16, .clusters = 4085, .sector_size = 1024, .cluster_sectors = 2, .root_entries = 96},
    {.bits = 32, .clusters = 66000},
    {.bits = 32, .clusters = 1000, .sector_size = 2048},
};

/* Reads a file in one request and compares it with what image_data() put there. */
static void check_contents(struct fat_file *file, size_t size) {
    struct source source;
    assert_int_equal(fat_source(file, &source).code, ERROR_NONE);
    assert_int_equal(source.size, size);
    u8 *bytes = malloc(size + 1);
    bytes[size] = 0xee;
    assert_int_equal(source_read(&source, 0, bytes, size).code, ERROR_NONE);
    for (u32 i = 0; i < size; i++)
        assert_int_equal(bytes[i], image_pattern(file->first_cluster, i));
    assert_int_equal(bytes[size], 0xee);
    free(bytes);
}

static void check_find(const struct fat *fat, const struct find_row *row) {
    struct fat_file file;
    struct source source;
    struct error error = fat_find(fat, row->path, &file);
    if (error.code != row->code)
        print_message("  %s\n", row->path);
    assert_int_equal(error.code, row->code);
    if (row->code)
        assert_ptr_equal(error.values.name, row->path);
    if (row->other)
        assert_string_equal(error.values.other, row->other);
    if (row->code)
        return;
    assert_int_equal(file.is_directory, row->size == DIRECTORY);
    assert_int_equal(file.size, row->size == DIRECTORY ? 0 : row->size);
    if (file.is_directory)
        assert_int_equal(fat_source(&file, &source).code, ERROR_FILE_IS_DIRECTORY);
    else if (file.first_cluster)
        check_contents(&file, row->size);
}

static void finds(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(formats); i++) {
        struct image image = image_make(formats[i]);
        struct probe probe;
        fill_image(&image);
        struct fat fat = open_image(&probe, &image);
        print_message("  format %u\n", i);
        for (u32 j = 0; j < ARRAY_COUNT(find_rows); j++)
            check_find(&fat, &find_rows[j]);
        image_free(&image);
    }
}

/* The first sector of a root directory that has no end mark is not its end; the last one is. */
static void full_root(void **state) {
    (void)state;
    struct image image =
        image_make((struct image_format){.bits = 12, .clusters = 50, .root_entries = 37});
    struct image_directory root = image_root(&image);
    for (u32 i = 0; i < 36; i++)
        image_add(&image, &root, NULL, "SOME       ", IMAGE_FILE, 0, 0);
    image_add(&image, &root, NULL, "LAST       ", IMAGE_FILE, 0, 1);
    image_add(&image, &root, NULL, "OUTSIDE    ", IMAGE_FILE, 0, 1);
    struct probe probe;
    struct fat fat = open_image(&probe, &image);
    check_find(&fat, &(struct find_row){"/last", 0, 1, 0});
    check_find(&fat, &(struct find_row){"/outside", ERROR_FILE_NOT_FOUND, 0, 0});
    image_free(&image);
}

/* 65536 entries are looked at: the limit that FAT itself has. */
static void full_directory(void **state) {
    (void)state;
    struct image image =
        image_make((struct image_format){.bits = 16, .clusters = 4500, .cluster_sectors = 2});
    struct image_directory root = image_root(&image);
    struct image_directory full = image_subdirectory(&image, &root, NULL, "FULL       ");
    for (u32 i = 2; i < 65535; i++)
        memcpy(image_entry(&image, &full, 1), "SOME       ", 11);
    image_add(&image, &full, NULL, "LAST       ", IMAGE_FILE, 0, 1);
    image_add(&image, &full, NULL, "OUTSIDE    ", IMAGE_FILE, 0, 1);
    struct probe probe;
    struct fat fat = open_image(&probe, &image);
    check_find(&fat, &(struct find_row){"/full/last", 0, 1, 0});
    check_find(&fat, &(struct find_row){"/full/outside", ERROR_FILE_NOT_FOUND, 0, 0});
    image_free(&image);
}

/* Damage to the entries of a long name: entries 0 to 2 are its parts 3 to 1, 3 is the 8.3 entry. */
static const struct {
    const char *name;
    u32 entry, offset, value;
    bool long_found, short_found;
} long_rows[] = {
    {"intact", 0, 0, 0x43, true, true},
    {"case bits", 3, 12, 0x18, true, true},
    {"checksum of the first", 0, 13, 0, false, true},
    {"checksum of the second", 1, 13, 0, false, true},
    {"checksum of the third", 2, 13, 0, false, true},
    {"the 8.3 name", 3, 0, 'X', false, false},
    {"the last part is not marked", 0, 0, 0x03, false, true},
    {"the last part is another", 0, 0, 0x44, false, true},
    {"the last part claims to be all", 0, 0, 0x41, false, true},
    {"order 0", 0, 0, 0x40, false, true},
    {"the parts are out of order", 1, 0, 1, false, true},
    {"a part twice", 2, 0, 2, false, true},
    {"a second last part", 1, 0, 0x42, false, true},
    {"a last part at the end", 2, 0, 0x41, false, true},
    {"the first part is deleted", 0, 0, 0xe5, false, true},
    {"the second part is deleted", 1, 0, 0xe5, false, true},
    {"the third part is deleted", 2, 0, 0xe5, false, true},
    {"a part is a file", 1, 11, 0x20, false, true},
    {"the file is deleted", 3, 0, 0xe5, false, false},
    {"the file is a label", 3, 11, 0x08, false, false},
    {"another character", 2, 3, 'X', false, true},
    {"a character beyond ASCII", 2, 4, 1, false, true},
    {"an end too early", 0, 3, 0, false, true},
    {"no end", 0, 5, 'x', false, true},
    {"garbage behind the end", 0, 7, 'x', true, true},
    {"the end of the directory", 0, 0, 0, false, false},
};

static void long_names(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(long_rows); i++) {
        struct image image = image_make((struct image_format){.bits = 12, .clusters = 50});
        struct image_directory root = image_root(&image);
        image_add(&image, &root, "abcdefghijklmnopqrstuvwxyz.0", "ABCDEF~10  ", IMAGE_FILE, 0, 0);
        image.bytes[image.root_start + long_rows[i].entry * 32 + long_rows[i].offset] =
            (u8)long_rows[i].value;
        struct probe probe;
        struct fat_file file;
        struct fat fat = open_image(&probe, &image);
        print_message("  %s\n", long_rows[i].name);
        assert_int_equal(fat_find(&fat, "/abcdefghijklmnopqrstuvwxyz.0", &file).code,
                         long_rows[i].long_found ? 0 : ERROR_FILE_NOT_FOUND);
        assert_int_equal(fat_find(&fat, "/abcdef~1.0", &file).code,
                         long_rows[i].short_found ? 0 : ERROR_FILE_NOT_FOUND);
        image_free(&image);
    }
}

/* Parts of a long name that belong to the file behind them by their checksum, and yet do not. */
static void void_long_names(void **state) {
    (void)state;
    struct image image = image_make((struct image_format){.bits = 12, .clusters = 50});
    struct image_directory root = image_root(&image);
    image_add(&image, &root, "deleted",
              "\xe5"
              "ELETED   ",
              IMAGE_FILE, 0, 0);
    image_add(&image, &root, "before a label", "LABEL      ", IMAGE_LABEL, 0, 0);
    image_add(&image, &root, NULL, "LABEL      ", IMAGE_FILE, 0, 1);
    u8 *first_part = image.bytes + image.root_start + root.used + 32;
    image_add(&image, &root, "without its start", "NOSTART    ", IMAGE_FILE, 0, 2);
    memcpy(first_part, first_part + 32, 32);
    memset(first_part + 32, 0, 32);
    struct probe probe;
    struct fat fat = open_image(&probe, &image);
    check_find(&fat, &(struct find_row){"/deleted", ERROR_FILE_NOT_FOUND, 0, 0});
    check_find(&fat, &(struct find_row){"/before a label", ERROR_FILE_NOT_FOUND, 0, 0});
    check_find(&fat, &(struct find_row){"/label", 0, 1, 0});
    check_find(&fat, &(struct find_row){"/without its start", ERROR_FILE_NOT_FOUND, 0, 0});
    check_find(&fat, &(struct find_row){"/nostart", 0, 2, 0});
    image_free(&image);
}

/* Reading ---------------------------------------------------------------------------------- */

static u32 random_below(u32 *seed, u32 bound) {
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % bound;
}

static void check_piece(const struct source *source, u32 cluster, u32 offset, u32 size) {
    u8 *bytes = malloc(size + 1);
    bytes[size] = 0xee;
    assert_int_equal(source_read(source, offset, bytes, size).code, ERROR_NONE);
    for (u32 i = 0; i < size; i++)
        assert_int_equal(bytes[i], image_pattern(cluster, offset + i));
    assert_int_equal(bytes[size], 0xee);
    free(bytes);
}

static void random_pieces(struct fat *fat, const char *path, u32 *seed) {
    struct fat_file file;
    struct source source;
    assert_int_equal(fat_find(fat, path, &file).code, ERROR_NONE);
    assert_int_equal(fat_source(&file, &source).code, ERROR_NONE);
    for (u32 n = 0; n < 100; n++) {
        u32 offset = random_below(seed, file.size);
        u32 room = file.size - offset;
        u32 size = random_below(seed, (n % 3 && room > 600 ? 600 : room) + 1);
        check_piece(&source, file.first_cluster, offset, size);
    }
    u8 byte;
    assert_int_equal(source_read(&source, file.size, &byte, 1).code, ERROR_SOURCE_PAST_END);
}

/* Files that lie together, with gaps, and half and half, read in pieces with and without a cache.
 */
static void random_reads(void **state) {
    (void)state;
    u32 seed = 1;
    for (u32 i = 0; i < ARRAY_COUNT(formats); i++) {
        struct image image = image_make(formats[i]);
        struct image_directory root = image_root(&image);
        u32 size = (u32)image.cluster_size * 50;
        image_file(&image, &root, NULL, "TOGETHER   ", size, 1);
        image_file(&image, &root, NULL, "APART      ", size - 1, 3);
        u32 first = image_file(&image, &root, NULL, "BOTH       ", size - 77, 1);
        u32 from = first + 20, to = image.free++;
        image_set(&image, from - 1, to);
        image_set(&image, to, from + 1);
        memcpy(image_cluster(&image, to), image_cluster(&image, from), image.cluster_size);
        memset(image_cluster(&image, from), 0, image.cluster_size);

        struct probe probe;
        struct cache cache;
        u8 *lines = malloc(2 * CACHE_LINE_SIZE);
        for (u32 cached = 0; cached < 2; cached++) {
            struct source source = probe_over(&probe, &image);
            if (cached)
                source = cache_over(&cache, &source, lines, 2);
            struct fat fat;
            assert_int_equal(fat_open(&source, &fat).code, ERROR_NONE);
            random_pieces(&fat, "/together", &seed);
            random_pieces(&fat, "/apart", &seed);
            random_pieces(&fat, "/both", &seed);
        }
        free(lines);
        image_free(&image);
    }
}

/* A chain over all clusters of the largest FAT of each kind: FAT12 has entries in two sectors, and
 * with the cache in two lines. */
static void whole_fats(void **state) {
    (void)state;
    static const struct image_format whole[] = {{.bits = 12, .clusters = 4084},
                                                {.bits = 16, .clusters = 65524},
                                                {.bits = 32, .clusters = 65600}};
    for (u32 i = 0; i < ARRAY_COUNT(whole); i++) {
        struct image image = image_make(whole[i]);
        struct image_directory root = image_root(&image);
        u32 clusters = whole[i].clusters - (whole[i].bits == 32);
        image_file(&image, &root, NULL, "ALL        ", clusters * 512, 1);
        struct probe probe;
        struct cache cache;
        struct fat fat;
        struct fat_file file;
        u8 *lines = malloc(CACHE_LINE_SIZE);
        struct source under = probe_over(&probe, &image);
        struct source source = cache_over(&cache, &under, lines, 1);
        assert_int_equal(fat_open(&source, &fat).code, ERROR_NONE);
        assert_int_equal(fat_find(&fat, "/all", &file).code, ERROR_NONE);
        check_contents(&file, clusters * 512);
        assert_in_range(probe.large, 1, 10 + image.fat_size / CACHE_LINE_SIZE + 1);
        free(lines);
        image_free(&image);
    }
}

struct counts {
    u32 small, large;
};

static struct counts count_read(struct probe *probe, const struct source *source, u32 cluster,
                                u32 offset, u32 size) {
    probe->small = probe->large = 0;
    check_piece(source, cluster, offset, size);
    return (struct counts){probe->small, probe->large};
}

static void assert_counts(struct counts counts, u32 small, u32 large) {
    assert_int_equal(counts.small, small);
    assert_int_equal(counts.large, large);
}

/* The entries of 32 clusters cost one request, and none again; neighbours are joined. */
static void request_counts(void **state) {
    (void)state;
    struct image image = image_make((struct image_format){.bits = 16, .clusters = 5000});
    struct image_directory root = image_root(&image);
    image_file(&image, &root, NULL, "TOGETHER   ", 5120, 1);
    image_file(&image, &root, NULL, "APART      ", 5120, 2);
    struct probe probe;
    struct fat_file file;
    struct source source;
    struct fat fat = open_image(&probe, &image);

    assert_int_equal(probe.small + probe.large, 1);
    assert_int_equal(fat_find(&fat, "/together", &file).code, ERROR_NONE);
    assert_int_equal(probe.small + probe.large, 2);
    assert_int_equal(fat_source(&file, &source).code, ERROR_NONE);
    assert_int_equal(probe.small + probe.large, 2);
    u32 first = file.first_cluster;
    assert_counts(count_read(&probe, &source, first, 0, 5120), 1, 1);
    assert_counts(count_read(&probe, &source, first, 5000, 120), 0, 1);
    assert_counts(count_read(&probe, &source, first, 0, 512), 0, 1);
    assert_counts(count_read(&probe, &source, first, 512, 512), 0, 1);
    assert_counts(count_read(&probe, &source, first, 1000, 25), 0, 1);
    assert_counts(count_read(&probe, &source, first, 1025, 100), 0, 1);
    assert_counts(count_read(&probe, &source, first, 4000, 1120), 0, 1);
    assert_counts(count_read(&probe, &source, first, 4603, 5), 0, 1);

    assert_int_equal(fat_find(&fat, "/apart", &file).code, ERROR_NONE);
    first = file.first_cluster;
    assert_counts(count_read(&probe, &source, first, 0, 5120), 1, 10);
    struct counts all = {0, 0};
    file.cursor_cluster = 0;
    for (u32 offset = 0; offset < 5120; offset += 128) {
        struct counts counts = count_read(&probe, &source, first, offset, 128);
        all.small += counts.small;
        all.large += counts.large;
    }
    assert_counts(all, 0, 40);
    image_free(&image);
}

/* Damage ----------------------------------------------------------------------------------- */

/* What a FAT entry can be set to, and where. */
enum target { FREE, ONE, PAST, LAST, BAD, RESERVED, END_LOW, END_HIGH, NTH };

struct chain_row {
    const char *name;
    u32 link; /* the entry of the link-th cluster of the file */
    enum target target;
    u32 nth; /* for NTH: the cluster that it then points to */
    enum error_code code;
    u32 index; /* of the error: the clusters that were walked */
};

/* A file of 10 clusters. */
static const struct chain_row chain_rows[] = {
    {"free", 4, FREE, 0, ERROR_FAT_CHAIN, 4},
    {"free, after the first", 0, FREE, 0, ERROR_FAT_CHAIN, 0},
    {"free, before the last", 8, FREE, 0, ERROR_FAT_CHAIN, 8},
    {"free, the last: not needed", 9, FREE, 0, 0, 0},
    {"reserved 1", 4, ONE, 0, ERROR_FAT_CHAIN, 4},
    {"one past the last cluster", 4, PAST, 0, ERROR_FAT_CHAIN, 4},
    {"bad cluster", 4, BAD, 0, ERROR_FAT_CHAIN, 4},
    {"reserved mark", 4, RESERVED, 0, ERROR_FAT_CHAIN, 4},
    {"the least end mark", 4, END_LOW, 0, ERROR_FAT_SHORT, 4},
    {"the usual end mark", 4, END_HIGH, 0, ERROR_FAT_SHORT, 4},
    {"an end after the first", 0, END_HIGH, 0, ERROR_FAT_SHORT, 0},
    {"an end before the last", 8, END_HIGH, 0, ERROR_FAT_SHORT, 8},
    {"the first at itself", 0, NTH, 0, ERROR_FAT_LOOP, 0},
    {"one at itself", 5, NTH, 5, ERROR_FAT_LOOP, 5},
    {"one at the first", 4, NTH, 0, ERROR_FAT_LOOP, 4},
    {"the last but one at the first", 8, NTH, 0, ERROR_FAT_LOOP, 8},
    {"one at the one before", 3, NTH, 2, ERROR_FAT_LOOP, 3},
    {"one at the third", 4, NTH, 2, ERROR_FAT_LOOP, 6},
};

static u32 target_value(const struct image *image, u32 first, const struct chain_row *row) {
    u32 end = image_end_mark(image);
    u32 last = image->format.clusters + 1;
    switch (row->target) {
    case FREE: return 0;
    case ONE: return 1;
    case PAST: return last + 1;
    case LAST: return last;
    case BAD: return end - 8;
    case RESERVED: return end - 15;
    case END_LOW: return end - 7;
    case END_HIGH: return end;
    default: return first + row->nth * 2;
    }
}

/* The cluster whose entry is read last: a loop has been walked through more than once. */
static u32 fault_link(const struct chain_row *row) {
    u32 loop = row->link + 1 - row->nth;
    return row->index <= row->link ? row->index : row->nth + (row->index - row->nth) % loop;
}

static void check_chain_error(const struct image *image, const struct chain_row *row,
                              const struct error *error, u32 first) {
    u32 cluster = first + fault_link(row) * 2;
    u32 sector = image_fat_sector(image, cluster);
    assert_string_equal(error->values.name, "/file");
    switch (row->code) {
    case ERROR_FAT_CHAIN:
        assert_int_equal(error->values.number[0], cluster);
        assert_int_equal(error->values.number[1], target_value(image, first, row));
        assert_int_equal(error->values.number[2], sector);
        break;
    case ERROR_FAT_LOOP:
        assert_int_equal(error->values.number[0], row->index + 1);
        assert_int_equal(error->values.number[1], sector);
        break;
    default:
        assert_int_equal(error->values.number[0], 10 * image->cluster_size);
        assert_int_equal(error->values.number[1], (row->index + 1) * image->cluster_size);
        assert_int_equal(error->values.number[2], sector);
    }
}

static void check_chain(const struct image_format *format, const struct chain_row *row) {
    struct image image = image_make(*format);
    struct image_directory root = image_root(&image);
    image.free += 330; /* FAT12 entries that straddle two sectors are among them */
    u32 size = 10 * (u32)image.cluster_size;
    u32 first = image_file(&image, &root, NULL, "FILE       ", size, 2);
    image_set(&image, first + row->link * 2, target_value(&image, first, row));
    struct probe probe;
    struct fat_file file;
    struct source source;
    struct fat fat = open_image(&probe, &image);
    u8 *bytes = malloc(size);
    assert_int_equal(fat_find(&fat, "/file", &file).code, ERROR_NONE);
    assert_int_equal(fat_source(&file, &source).code, ERROR_NONE);
    struct error error = source_read(&source, 0, bytes, size);
    assert_int_equal(error.code, row->code);
    if (row->code) {
        check_chain_error(&image, row, &error, first);
        /* in other pieces it is the same; and what lies before the fault can be read */
        assert_int_equal(source_read(&source, size - 1, bytes, 1).code, row->code);
        check_piece(&source, first, 0, (row->link + 1) * (u32)image.cluster_size);
    }
    free(bytes);
    image_free(&image);
}

static void broken_chains(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(formats); i++)
        for (u32 j = 0; j < ARRAY_COUNT(chain_rows); j++) {
            print_message("  format %u: %s\n", i, chain_rows[j].name);
            check_chain(&formats[i], &chain_rows[j]);
        }
}

/* The first cluster is the directory's to say. A row: cluster and size there, error, its numbers.
 */
static void first_clusters(void **state) {
    (void)state;
    static const struct {
        u32 cluster, size;
        enum error_code code;
        u64 number[3];
    } rows[] = {
        {0, 0, 0, {0}},
        {0, 5, ERROR_FAT_SHORT, {5, 0, 1}},
        {1, 5, ERROR_FAT_FIRST, {1, 101}},
        {101, 5, 0, {0}},
        {102, 5, ERROR_FAT_FIRST, {102, 101}},
        {0xffff, 5, ERROR_FAT_FIRST, {0xffff, 101}},
        {101, 0xffffffff, ERROR_FAT_CHAIN, {101, 0, 1}},
    };
    for (u32 i = 0; i < ARRAY_COUNT(rows); i++) {
        struct image image = image_make((struct image_format){.bits = 12, .clusters = 100});
        struct image_directory root = image_root(&image);
        image_add(&image, &root, NULL, "FILE       ", IMAGE_FILE, rows[i].cluster, rows[i].size);
        struct probe probe;
        struct fat_file file;
        struct source source;
        u8 byte;
        struct fat fat = open_image(&probe, &image);
        assert_int_equal(fat_find(&fat, "/file", &file).code, ERROR_NONE);
        assert_int_equal(fat_source(&file, &source).code, ERROR_NONE);
        u64 offset = rows[i].size ? rows[i].size - 1 : 0;
        struct error error = source_read(&source, offset, &byte, rows[i].size != 0);
        print_message("  row %u\n", i);
        assert_int_equal(error.code, rows[i].code);
        for (u32 j = 0; j < ARRAY_COUNT(rows[i].number); j++)
            assert_int_equal(error.values.number[j], rows[i].number[j]);
        image_free(&image);
    }
}

/* FAT32 has 32 bits of it, and FAT16 only 16: the rest belongs to others (OS/2 attributes). */
static void high_half(void **state) {
    (void)state;
    static const u32 bits[] = {16, 32};
    for (u32 i = 0; i < ARRAY_COUNT(bits); i++) {
        struct image image = image_make((struct image_format){.bits = bits[i], .clusters = 70000});
        struct image_directory root = image_root(&image);
        if (bits[i] == 32)
            image.free = 65600;
        image_file(&image, &root, NULL, "FILE       ", 2000, 2);
        struct probe probe;
        struct fat_file file;
        if (bits[i] == 16) { /* 65524 is the most: cut it to that */
            image_put(image.bytes + image.root_start + 20, 2, 0x1234);
            image_put(image.bytes + 32, 4, image.data_start / 512 + 65524);
        }
        struct fat fat = open_image(&probe, &image);
        assert_int_equal(fat_find(&fat, "/file", &file).code, ERROR_NONE);
        check_contents(&file, 2000);
        image_free(&image);
    }
}

/* A loop that no mark has met when the volume's clusters are used up. */
static void loop_over_all(void **state) {
    (void)state;
    struct image image = image_make((struct image_format){.bits = 12, .clusters = 8});
    struct image_directory root = image_root(&image);
    u32 first = image_chain(&image, 8, 1);
    image_set(&image, first + 7, first + 2);
    image_add(&image, &root, NULL, "FILE       ", IMAGE_FILE, first, 20 * 512);
    struct probe probe;
    struct fat_file file;
    struct source source;
    u8 byte;
    struct fat fat = open_image(&probe, &image);
    assert_int_equal(fat_find(&fat, "/file", &file).code, ERROR_NONE);
    assert_int_equal(fat_source(&file, &source).code, ERROR_NONE);
    struct error error = source_read(&source, 20 * 512 - 1, &byte, 1);
    assert_int_equal(error.code, ERROR_FAT_LOOP);
    assert_int_equal(error.values.number[0], 8);
    image_free(&image);
}

/* In 65524 clusters a loop of a few is found after a few look-ups. */
static void loop_is_found_soon(void **state) {
    (void)state;
    struct image image = image_make((struct image_format){.bits = 16, .clusters = 65524});
    struct image_directory root = image_root(&image);
    u32 first = image_chain(&image, 100, 1);
    image_set(&image, first + 99, first + 60);
    image_add(&image, &root, NULL, "FILE       ", IMAGE_FILE, first, 0xffffffff);
    struct probe probe;
    struct fat_file file;
    struct source source;
    u8 byte;
    struct fat fat = open_image(&probe, &image);
    assert_int_equal(fat_find(&fat, "/file", &file).code, ERROR_NONE);
    assert_int_equal(fat_source(&file, &source).code, ERROR_NONE);
    assert_int_equal(source_read(&source, 0xfffffffe, &byte, 1).code, ERROR_FAT_LOOP);
    assert_in_range(probe.small, 4, 12);
    image_free(&image);
}

/* A directory's chain is a chain like any other; that it ends without an end mark is no fault. */
static void broken_directories(void **state) {
    (void)state;
    static const struct {
        u32 value; /* of the entry of the directory's third and last cluster */
        enum error_code code;
    } rows[] = {
        {0xfff, ERROR_FILE_NOT_FOUND}, {0, ERROR_FAT_CHAIN}, {0xff7, ERROR_FAT_CHAIN},
        {2, ERROR_FAT_LOOP},           {3, ERROR_FAT_LOOP},  {4, ERROR_FAT_LOOP},
    };
    for (u32 i = 0; i < ARRAY_COUNT(rows); i++) {
        struct image image = image_make((struct image_format){.bits = 12, .clusters = 50});
        struct image_directory root = image_root(&image);
        struct image_directory full = image_subdirectory(&image, &root, NULL, "FULL       ");
        for (u32 j = 2; j < 48; j++)
            image_add(&image, &full, NULL, "SOME       ", IMAGE_FILE, 0, j);
        image_set(&image, full.last, rows[i].value);
        struct probe probe;
        struct fat_file file;
        struct fat fat = open_image(&probe, &image);
        print_message("  row %u\n", i);
        struct error error = fat_find(&fat, "/full/other", &file);
        assert_int_equal(error.code, rows[i].code);
        assert_string_equal(error.values.name, "/full/other");
        image_free(&image);
    }
}

static void messages(void **state) {
    (void)state;
    struct image image = image_make((struct image_format){.bits = 12, .clusters = 100});
    struct image_directory root = image_root(&image);
    u32 first = image_file(&image, &root, NULL, "FILE       ", 2048, 1);
    image_set(&image, first + 1, 0);
    struct probe probe;
    struct fat_file file;
    struct source source;
    u8 byte;
    struct fat fat = open_image(&probe, &image);
    assert_int_equal(fat_find(&fat, "/file", &file).code, ERROR_NONE);
    assert_int_equal(fat_source(&file, &source).code, ERROR_NONE);
    struct error error = source_read(&source, 2047, &byte, 1);
    assert_text(&error,
                "/file: the cluster chain is broken at cluster 3: the FAT entry in sector 1 "
                "is 0x0");
    image_set(&image, first + 1, 0xfff);
    error = source_read(&source, 2047, &byte, 1);
    assert_text(&error, "/file: the directory says 2 KiB, but its clusters end after 1 KiB (at FAT "
                        "sector 1)");
    image_set(&image, first + 1, first);
    error = source_read(&source, 2047, &byte, 1);
    assert_text(&error,
                "/file: the cluster chain comes back to itself after 2 clusters (FAT sector 1)");
    error = fat_find(&fat, "/file/x", &file);
    assert_text(&error, "/file/x: what stands before /x is a file, not a directory");
    image_put(image.bytes + 11, 2, 77);
    error = fat_open(&fat.volume, &fat);
    assert_text(&error, "volume: the FAT boot record is damaged: the sector size is 77");
    image_free(&image);
}

/* FAT32 can say that one FAT only is kept up to date. */
static void active_fat(void **state) {
    (void)state;
    struct image image = image_make((struct image_format){.bits = 32, .clusters = 100});
    struct image_directory root = image_root(&image);
    image_file(&image, &root, NULL, "FILE       ", 5000, 2);
    image_put(image.bytes + 40, 2, 0x81);
    memset(image.bytes + image.fat_start, 0, image.fat_size);
    struct probe probe;
    struct fat_file file;
    struct fat fat = open_image(&probe, &image);
    assert_int_equal(fat_find(&fat, "/file", &file).code, ERROR_NONE);
    check_contents(&file, 5000);
    image_free(&image);
}

/* Each request fails once, from the first on until none is left to fail; the file can then be read
 * as if nothing had happened. */
static void failing_reads(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(formats); i++) {
        struct image image = image_make(formats[i]);
        fill_image(&image);
        struct error error = {.code = ERROR_DISK_READ};
        u32 n = 0;
        while (error.code) {
            struct probe probe;
            struct fat fat;
            struct fat_file file;
            struct source source = probe_over(&probe, &image);
            u8 bytes[1234];
            probe.fail_at = ++n;
            error = fat_open(&source, &fat);
            if (!error.code)
                error = fat_find(&fat, "/boot/grub/grub.cfg", &file);
            if (!error.code) {
                assert_int_equal(fat_source(&file, &source).code, ERROR_NONE);
                error = source_read(&source, 0, bytes, sizeof(bytes));
                probe.fail_at = 0;
                check_contents(&file, 1234);
            }
            assert_true(error.code == ERROR_NONE || error.code == ERROR_DISK_READ);
        }
        assert_in_range(n, 5, 100);
        image_free(&image);
    }
}

/* Opens, finds and reads on a volume that may hold anything: whatever comes out, it comes out soon
 * and is an error that fits. */
static void use_any(const struct source *volume, struct probe *probe) {
    static const char *const paths[] = {"/boot/the kernel.elf", "/boot/../file"};
    struct fat fat;
    struct fat_file file;
    struct source source;
    u8 bytes[4096];
    probe->small = probe->large = 0;
    struct error error = fat_open(volume, &fat);
    for (u32 i = 0; !error.code && i < ARRAY_COUNT(paths); i++) {
        struct error read = fat_find(&fat, paths[i], &file);
        if (!read.code)
            read = fat_source(&file, &source);
        if (!read.code)
            read = source_read(&source, 0, bytes,
                               source.size < sizeof(bytes) ? source.size : sizeof(bytes));
        if (!read.code && source.size)
            read = source_read(&source, source.size - 1, bytes, 1);
        assert_true(read.code <= ERROR_SOURCE_PAST_END || read.code == ERROR_VOLUME_PAST_END ||
                    (read.code >= ERROR_FAT_BAD && read.code <= ERROR_FAT_FIRST));
        if (read.code)
            assert_non_null(read.values.name);
    }
    assert_true(error.code <= ERROR_SOURCE_PAST_END || error.code == ERROR_FAT_BAD);
    assert_true(probe->small + probe->large < 20000);
}

static struct image hostile_image(u32 bits) {
    struct image image = image_make((struct image_format){
        .bits = bits, .clusters = 16, .reserved = 1, .fats = 1, .root_entries = 16});
    struct image_directory root = image_root(&image);
    struct image_directory boot = image_subdirectory(&image, &root, NULL, "BOOT       ");
    image_file(&image, &root, NULL, "FILE       ", 700, 2);
    image_file(&image, &boot, "the kernel.elf", "THEKER~1ELF", 1100, 2);
    return image;
}

static const u32 hostile_bits[] = {12, 32};

static void mutations(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(hostile_bits); i++) {
        struct image image = hostile_image(hostile_bits[i]);
        struct probe probe;
        struct source volume = probe_over(&probe, &image);
        size_t end = image.data_start + 2 * image.cluster_size; /* all but the files' contents */
        for (size_t at = 0; at < end; at++) {
            u8 was = image.bytes[at];
            for (u32 value = 0; value < 256; value++) {
                image.bytes[at] = (u8)value;
                use_any(&volume, &probe);
            }
            image.bytes[at] = was;
        }
        image_free(&image);
    }
}

static void truncations(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(hostile_bits); i++) {
        struct image image = hostile_image(hostile_bits[i]);
        for (size_t size = 0; size < image.size; size++) {
            u8 *bytes = malloc(size ? size : 1);
            memcpy(bytes, image.bytes, size);
            struct image cut = image;
            cut.bytes = bytes;
            cut.size = size;
            struct probe probe;
            struct source volume = probe_over(&probe, &cut);
            use_any(&volume, &probe);
            free(bytes);
        }
        image_free(&image);
    }
}

/* The largest numbers that a boot record can hold, on a volume that has almost nothing of them. */
static void largest_volume(void **state) {
    (void)state;
    struct image image = image_make((struct image_format){.bits = 32, .clusters = 10});
    struct probe probe;
    struct source volume = probe_over(&probe, &image);
    struct fat fat;
    image_put(image.bytes + 11, 2, 4096);
    image_put(image.bytes + 13, 1, 128);
    image_put(image.bytes + 32, 4, 0xffffffff);
    image_put(image.bytes + 36, 4, 0x7fff0);
    image_put(image.bytes + 44, 4, 0x1000000);
    assert_int_equal(fat_open(&volume, &fat).code, ERROR_NONE);
    assert_int_equal(fat.cluster_size, 4096 * 128);
    assert_int_equal(fat.data_start, (u64)4096 * (32 + 2 * 0x7fff0));
    use_any(&volume, &probe);
    image_free(&image);
}

/* Volumes ---------------------------------------------------------------------------------- */

static const struct {
    const char *path;
    enum error_code code, try_code;
    bool found;
} volume_rows[] = {
    {"/kernel.elf", 0, 0, true},
    {"/boot/grub/grub.cfg", 0, 0, true},
    {"/nothing", ERROR_FILE_NOT_FOUND, 0, false},
    {"/nothing/at/all", ERROR_FILE_NOT_FOUND, 0, false},
    {"/readme/grub.cfg", ERROR_FILE_NOT_DIRECTORY, 0, false},
    {"/boot", ERROR_FILE_IS_DIRECTORY, ERROR_FILE_IS_DIRECTORY, false},
    {"kernel.elf", ERROR_FILE_PATH, ERROR_FILE_PATH, false},
};

/* A disk of one partition: read from its table on. */
static void volumes(void **state) {
    (void)state;
    enum { START = 7 };
    struct image image = image_make(formats[0]);
    fill_image(&image);
    size_t size = START * 512 + image.size;
    u8 *disk = calloc(size, 1);
    memcpy(disk + START * 512, image.bytes, image.size);
    disk[446 + 4] = 1;
    image_put(disk + 446 + 8, 4, START);
    image_put(disk + 446 + 12, 4, image.size / 512);
    image_put(disk + 510, 2, 0xaa55);
    struct bytes bytes = {disk, size};
    struct source source = source_memory(&bytes, "disk");
    struct partition_table table;
    struct volume volume;
    assert_int_equal(partition_list(&source, 512, &table).code, ERROR_NONE);
    assert_int_equal(volume_open(&source, &table.partitions[0], &volume).code, ERROR_NONE);
    assert_int_equal(volume.partition.start, START * 512);
    for (u32 i = 0; i < ARRAY_COUNT(volume_rows); i++) {
        struct file file;
        bool found = !volume_rows[i].found;
        const char *path = volume_rows[i].path;
        print_message("  %s\n", path);
        assert_int_equal(volume_file(&volume, path, &file).code, volume_rows[i].code);
        assert_int_equal(volume_try(&volume, path, &file, &found).code, volume_rows[i].try_code);
        assert_int_equal(found, volume_rows[i].found);
        if (found)
            check_piece(&file.data, file.fat.first_cluster, 0, (u32)file.data.size);
    }
    disk[START * 512 + 510] = 0;
    assert_int_equal(volume_open(&source, &table.partitions[0], &volume).code, ERROR_FAT_BAD);
    table.partitions[0].size++;
    assert_int_equal(volume_open(&source, &table.partitions[0], &volume).code,
                     ERROR_SOURCE_PAST_END);
    free(disk);
    image_free(&image);
}

/* Label and serial number ------------------------------------------------------------------ */

static const struct identity_row {
    const char *name;
    u32 bits;
    u8 signature;
    const char *record_label; /* in the boot record; 11 characters */
    const char *root_label;   /* in the root; NULL for none */
    u8 attributes;            /* of that */
    bool deleted;
    const char *label, *uuid;
} identity_rows[] = {
    {"both", 12, 0x29, "RECORD     ", "Root LABEL ", 0x08, 0, "Root LABEL", "1234-ABCD"},
    {"FAT16", 16, 0x29, "RECORD     ", "ROOT       ", 0x28, 0, "ROOT", "1234-ABCD"},
    {"FAT32", 32, 0x29, "RECORD     ", "ROOT       ", 0x08, 0, "ROOT", "1234-ABCD"},
    {"a label of 11", 32, 0x29, "RECORD     ", "ABCDEFGHIJK", 0x08, 0, "ABCDEFGHIJK", "1234-ABCD"},
    {"the boot record's", 12, 0x29, "RECORD     ", NULL, 0, 0, "RECORD", "1234-ABCD"},
    {"the boot record's, FAT32", 32, 0x29, "RECORD     ", NULL, 0, 0, "RECORD", "1234-ABCD"},
    {"a deleted one", 16, 0x29, "RECORD     ", "ROOT       ", 0x08, 1, "RECORD", "1234-ABCD"},
    {"a file", 16, 0x29, "RECORD     ", "ROOT       ", 0x20, 0, "RECORD", "1234-ABCD"},
    {"a part of a long name", 16, 0x29, "RECORD     ", "ROOT       ", 0x0f, 0, "RECORD",
     "1234-ABCD"},
    {"no name", 12, 0x29, "NO NAME    ", NULL, 0, 0, "", "1234-ABCD"},
    {"spaces", 12, 0x29, "           ", NULL, 0, 0, "", "1234-ABCD"},
    {"a serial number alone", 12, 0x28, "RECORD     ", NULL, 0, 0, "", "1234-ABCD"},
    {"an old boot record", 32, 0x00, "RECORD     ", "ROOT       ", 0x08, 0, "ROOT", ""},
    {"nothing", 12, 0x00, "RECORD     ", NULL, 0, 0, "", ""},
};

static void identities(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(identity_rows); i++) {
        const struct identity_row *row = &identity_rows[i];
        u32 clusters = row->bits == 16 ? 4085 : 100;
        struct image image =
            image_make((struct image_format){.bits = row->bits, .clusters = clusters});
        struct image_directory root = image_root(&image);
        u8 *record = image.bytes + (row->bits == 32 ? 66 : 38);
        for (u32 j = 0; j < 40; j++) /* more than one cluster, on FAT32 */
            image_file(&image, &root, NULL, "FILLER     ", 0, 1);
        if (row->root_label) {
            u8 *entry = image_add(&image, &root, NULL, row->root_label, row->attributes, 0, 0);
            entry[0] = row->deleted ? 0xe5 : entry[0];
        }
        record[0] = row->signature;
        image_put(record + 1, 4, 0x1234abcd);
        memcpy(record + 5, row->record_label, 11);
        struct probe probe;
        struct source source = probe_over(&probe, &image);
        struct partition whole = {.size = image.size};
        struct volume volume;
        struct volume_identity identity;
        memset(&identity, 0x55, sizeof identity);
        print_message("  %s\n", row->name);
        assert_int_equal(volume_open(&source, &whole, &volume).code, ERROR_NONE);
        assert_int_equal(volume_identity(&volume, &identity).code, ERROR_NONE);
        assert_string_equal(identity.label, row->label);
        assert_string_equal(identity.uuid, row->uuid);
        image_free(&image);
    }
}

/* Each read for the label fails in turn. Its entry is the last one of a root of two clusters. */
static void failing_identity(void **state) {
    (void)state;
    for (u32 bits = 12; bits <= 32; bits += bits == 16 ? 16 : 4) {
        struct image image =
            image_make((struct image_format){.bits = bits, .clusters = bits == 16 ? 4085 : 100});
        struct image_directory root = image_root(&image);
        for (u32 i = 0; i < 20; i++)
            image_file(&image, &root, NULL, "FILLER     ", 0, 1);
        image_add(&image, &root, NULL, "THE LABEL  ", 0x08, 0, 0);
        struct error error;
        u32 n = 1;
        do {
            struct probe probe;
            struct volume volume = {.kind = VOLUME_FAT, .fat = open_image(&probe, &image)};
            struct volume_identity identity;
            probe = (struct probe){.image = &image, .fail_at = n++};
            error = volume_identity(&volume, &identity);
            if (!error.code)
                assert_string_equal(identity.label, "THE LABEL");
            else
                assert_int_equal(error.code, ERROR_DISK_READ);
        } while (error.code);
        assert_in_range(n, 4, 100);
        image_free(&image);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens),
        cmocka_unit_test(bad_boot_records),
        cmocka_unit_test(finds),
        cmocka_unit_test(full_root),
        cmocka_unit_test(full_directory),
        cmocka_unit_test(long_names),
        cmocka_unit_test(void_long_names),
        cmocka_unit_test(random_reads),
        cmocka_unit_test(whole_fats),
        cmocka_unit_test(request_counts),
        cmocka_unit_test(broken_chains),
        cmocka_unit_test(first_clusters),
        cmocka_unit_test(high_half),
        cmocka_unit_test(loop_over_all),
        cmocka_unit_test(loop_is_found_soon),
        cmocka_unit_test(broken_directories),
        cmocka_unit_test(messages),
        cmocka_unit_test(active_fat),
        cmocka_unit_test(failing_reads),
        cmocka_unit_test(failing_identity),
        cmocka_unit_test(mutations),
        cmocka_unit_test(truncations),
        cmocka_unit_test(largest_volume),
        cmocka_unit_test(volumes),
        cmocka_unit_test(identities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
