/* fs/ext.h: volumes that mke2fs made, read back file by file, and a small volume made here, whose
 * fields are overwritten one by one. */
#define _DEFAULT_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ext.h"
#include "failing_source.h"
#include "volume.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void put(u8 *at, u32 width, u64 value) {
    for (u32 i = 0; i < width; i++)
        at[i] = (u8)(value >> (8 * i));
}

/* ---- volumes that mke2fs made ---- */

static char folder[] = "/tmp/test_ext.XXXXXX";

static void run(const char *format, ...) {
    char command[1000];
    va_list values;
    va_start(values, format);
    vsnprintf(command, sizeof command, format, values);
    va_end(values);
    if (system(command) != 0)
        fail_msg("this failed: %s", command);
}

enum { CHUNKS_MAX = 1200 };

/* A file of the tree: runs of bytes with holes between. */
struct content {
    const char *path;
    u64 size;
    u32 chunk_size;
    u64 chunk_step; /* chunks begin at multiples of this */
    u32 chunk_count;
};

static const struct content contents[] = {
    {"/empty", 0, 0, 0, 0},
    {"/a", 1, 1, 1, 1},
    {"/inline 60", 60, 60, 60, 1},
    {"/inline 61", 61, 61, 61, 1},
    {"/inline 100", 100, 100, 100, 1},
    {"/boot/kernel.elf", 300000, 300000, 300000, 1},
    {"/boot/block", 1024, 1024, 1024, 1},
    {"/big", 3000001, 3000001, 3000001, 1},
    {"/hole only", 5000000, 0, 0, 0},
    {"/fragments", 4747264, 4096, 8192, 580},
    {"/fragments of 1 KiB", 2456576, 1024, 2048, 1200},
    {"/far", 396003000, 3000, 36000000, 12}, /* into the third level of pointers */
};

/* What is at one place of a file. */
static u8 byte_at(const struct content *content, u64 at) {
    if (!content->chunk_step || at % content->chunk_step >= content->chunk_size ||
        at / content->chunk_step >= content->chunk_count)
        return 0;
    return (u8)(at * 7 + (at >> 8) * 13 + (at >> 16) + content->size + 1);
}

static void write_content(const struct content *content) {
    char path[300];
    snprintf(path, sizeof path, "%s/tree%s", folder, content->path);
    int file = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    assert_true(file >= 0);
    u8 *chunk = malloc(content->chunk_size + 1);
    for (u32 i = 0; i < content->chunk_count; i++) {
        u64 start = i * content->chunk_step;
        for (u32 j = 0; j < content->chunk_size; j++)
            chunk[j] = byte_at(content, start + j);
        assert_int_equal(pwrite(file, chunk, content->chunk_size, (off_t)start),
                         content->chunk_size);
    }
    assert_int_equal(ftruncate(file, (off_t)content->size), 0);
    free(chunk);
    close(file);
}

#define SLOW_TARGET \
    "../boot/../boot/../boot/../boot/../boot/../boot/../boot/../boot/../boot/../boot/kernel.elf"

static int make_tree(void **state) {
    (void)state;
    assert_non_null(mkdtemp(folder));
    run("mkdir -p %s/tree/boot %s/tree/many %s/tree/deep/er/est", folder, folder, folder);
    for (u32 i = 0; i < ARRAY_COUNT(contents); i++)
        write_content(&contents[i]);
    run("cd %s/tree/many && for i in $(seq 1 341); do echo $i >'a longer name of file number '$i; "
        "done",
        folder);
    run("cd %s/tree && ln -s boot/kernel.elf fast && ln -s /boot/kernel.elf absolute && ln -s boot "
        "folder "
        "&& ln -s %s deep/slow && ln -s loop loop && ln -s ../../.. deep/er/est/up "
        "&& ln -s /deep/er/est/up/folder/kernel.elf chain && ln -s nowhere broken && mkfifo pipe "
        "&& ln -s a/ slash && ln -s boot/kernel.elf link1 "
        "&& for i in 1 2 3 4 5 6 7 8; do ln -s link$i link$((i + 1)); done",
        folder, SLOW_TARGET);
    return 0;
}

static int remove_tree(void **state) {
    (void)state;
    run("rm -rf %s", folder);
    return 0;
}

struct volume_file {
    u8 *bytes;
    size_t size;
    struct bytes view;
    struct source source;
};

static struct volume_file map_volume(const char *options, const char *size, const char *after) {
    struct volume_file volume;
    char path[300];
    struct stat state;
    run("PATH=$PATH:/usr/sbin:/sbin; rm -f %s/image; mke2fs -q -F -d %s/tree %s -L 'a label' "
        "-U 01234567-89ab-cdef-0123-456789abcdef %s/image %s >/dev/null 2>%s/messages && %s",
        folder, folder, options, folder, size, folder, after ? after : "true");
    snprintf(path, sizeof path, "%s/image", folder);
    int file = open(path, O_RDONLY);
    assert_true(file >= 0);
    assert_int_equal(fstat(file, &state), 0);
    volume.size = (size_t)state.st_size;
    volume.bytes = mmap(NULL, volume.size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    assert_true(volume.bytes != MAP_FAILED);
    close(file);
    return volume;
}

static void check_bytes(const struct source *source, const struct content *content, u64 at,
                        size_t size) {
    u8 *bytes = malloc(size + 1);
    memset(bytes, 0xee, size);
    assert_int_equal(source_read(source, at, bytes, size).code, ERROR_NONE);
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != byte_at(content, at + i))
            fail_msg("%s: byte %llu", content->path, (unsigned long long)(at + i));
    free(bytes);
}

static struct source open_path(const struct ext *ext, const char *path, struct ext_file *file) {
    struct source source = {0};
    struct error error = ext_find(ext, path, file);
    if (error.code)
        fail_msg("%s: error %d, %s %llu %llu", path, error.code,
                 error.values.other ? error.values.other : "",
                 (unsigned long long)error.values.number[0],
                 (unsigned long long)error.values.number[1]);
    assert_int_equal(ext_source(file, &source).code, ERROR_NONE);
    return source;
}

static void check_file(const struct ext *ext, const char *path, const struct content *content) {
    struct ext_file file;
    struct source source = open_path(ext, path, &file);
    assert_int_equal(source.size, content->size);
    assert_int_equal(source_read(&source, content->size, &source, 1).code, ERROR_SOURCE_PAST_END);
    if (content->size <= 5000000)
        check_bytes(&source, content, 0, (size_t)content->size);
    for (u32 i = 0; i < content->chunk_count; i++) { /* around each chunk, backwards */
        u64 start = (content->chunk_count - 1 - i) * content->chunk_step;
        u64 from = start < 5000 ? 0 : start - 5000;
        u64 size = content->size - from < 13000 ? content->size - from : 13000;
        check_bytes(&source, content, from, (size_t)size);
    }
    u64 seed = 12345;
    for (u32 i = 0; i < 50 && content->size; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        u64 at = (seed >> 20) % content->size, size = (seed >> 44) % 9000;
        check_bytes(&source, content, at,
                    (size_t)(size < content->size - at ? size : content->size - at));
    }
}

static void check_many(const struct ext *ext) {
    for (u32 i = 1; i <= 341; i++) {
        char path[100], text[10] = "", expected[10];
        struct ext_file file;
        snprintf(path, sizeof path, "/many/a longer name of file number %u", i);
        int length = snprintf(expected, sizeof expected, "%u\n", i);
        struct source source = open_path(ext, path, &file);
        assert_int_equal(source.size, length);
        assert_int_equal(source_read(&source, 0, text, (size_t)length).code, ERROR_NONE);
        assert_string_equal(text, expected);
    }
}

static const struct {
    const char *path;
    enum error_code code;
    const char *other;
} no_files[] = {
    {"/none", ERROR_FILE_NOT_FOUND, NULL},
    {"/BIG", ERROR_FILE_NOT_FOUND, NULL},
    {"/bi", ERROR_FILE_NOT_FOUND, NULL},
    {"/bigg", ERROR_FILE_NOT_FOUND, NULL},
    {"/lost+found/none", ERROR_FILE_NOT_FOUND, NULL}, /* empty blocks: entries as long as a block */
    {"/boot/none", ERROR_FILE_NOT_FOUND, NULL},
    {"/broken", ERROR_FILE_NOT_FOUND, NULL},
    {"/a/b/c", ERROR_FILE_NOT_DIRECTORY, "/b/c"},
    {"/a/", ERROR_FILE_NOT_DIRECTORY, "/"},
    {"/slash", ERROR_FILE_NOT_DIRECTORY, ""},
    {"/slash/x", ERROR_FILE_NOT_DIRECTORY, "/x"},
    {"/fast/x", ERROR_FILE_NOT_DIRECTORY, "/x"},
    {"big", ERROR_FILE_PATH, "it does not start with /"},
    {"", ERROR_FILE_PATH, "it does not start with /"},
    {"/loop", ERROR_EXT_LINKS, NULL},
    {"/loop/x", ERROR_EXT_LINKS, NULL},
    {"/link9", ERROR_EXT_LINKS, NULL}, /* nine links, one too many */
    {"/boot", ERROR_FILE_IS_DIRECTORY, NULL},
    {"/", ERROR_FILE_IS_DIRECTORY, NULL},
    {"/folder/", ERROR_FILE_IS_DIRECTORY, NULL},
    {"/pipe", ERROR_EXT_KIND, "a device, a pipe or a socket"},
};

static void check_no_files(const struct ext *ext) {
    for (u32 i = 0; i < ARRAY_COUNT(no_files); i++) {
        struct ext_file file;
        struct source source;
        struct error error = ext_find(ext, no_files[i].path, &file);
        if (!error.code)
            error = ext_source(&file, &source);
        if (error.code != no_files[i].code)
            fail_msg("%s: error %d", no_files[i].path, error.code);
        assert_string_equal(error.values.name, no_files[i].path);
        if (no_files[i].other)
            assert_string_equal(error.values.other, no_files[i].other);
    }
}

static void check_links(const struct ext *ext) {
    static const char *const paths[] = {"/fast",
                                        "//fast",
                                        "/absolute",
                                        "/deep/slow",
                                        "/folder/kernel.elf",
                                        "/deep/../folder//kernel.elf",
                                        "/./boot/./kernel.elf",
                                        "/../boot/kernel.elf",
                                        "/deep/er/est/up/fast",
                                        "/chain",
                                        "/link8"};
    const struct content *kernel = &contents[5];
    for (u32 i = 0; i < ARRAY_COUNT(paths); i++)
        check_file(ext, paths[i], kernel);
}

static const struct {
    const char *options, *size, *after;
} formats[] = {
    {"-t ext2 -b 1024", "64M", NULL},
    {"-t ext2 -b 2048", "64M", NULL},
    {"-t ext2 -b 4096", "64M", NULL},
    {"-t ext2 -b 4096 -I 128", "64M", NULL},
    {"-t ext2 -b 1024 -O none -r 0", "64M", NULL},
    {"-t ext2 -b 1024 -g 1024 -N 900 -O ^resize_inode,^sparse_super", "64M", NULL},
    {"-t ext3 -b 1024", "64M", NULL},
    {"-t ext3 -b 4096", "64M", NULL},
    {"-t ext4 -b 1024", "64M", NULL},
    {"-t ext4 -b 2048", "64M", NULL},
    {"-t ext4 -b 4096", "64M", NULL},
    {"-t ext4 -b 65536", "256M", NULL},
    {"-t ext4 -O 64bit,metadata_csum -b 1024 -g 1024 -N 900", "64M", NULL},
    {"-t ext4 -O ^64bit -b 1024", "64M", NULL},
    {"-t ext4 -O 64bit -I 1024", "64M", NULL},
    {"-t ext4 -O ^extents,^64bit", "64M", NULL},
    {"-t ext4 -O ^extents,^64bit -b 1024", "64M", NULL},
    {"-t ext4 -O inline_data", "64M", NULL},
    {"-t ext4 -O inline_data -b 1024 -I 512", "64M", NULL},
    {"-t ext4 -O inline_data,^extents,^64bit", "64M", NULL},
    {"-t ext4 -O meta_bg,^resize_inode -b 1024 -g 1024 -N 900", "64M", NULL},
    {"-t ext4 -O meta_bg,^resize_inode,^64bit,^flex_bg -b 1024 -g 1024 -N 900", "64M", NULL},
    {"-t ext4 -O meta_bg,^resize_inode,sparse_super2 -b 1024 -g 1024 -N 900", "64M", NULL},
    /* group 48 begins both a block of descriptors and with a copy of the superblock */
    {"-t ext4 -O meta_bg,^resize_inode,sparse_super2,^flex_bg,^has_journal -b 1024 -g 1024 -N 392",
     "50177k", NULL},
    {"-t ext2 -O meta_bg,^resize_inode,^sparse_super -b 1024 -g 512 -N 900", "64M", NULL},
    {"-t ext4 -O ^flex_bg -b 1024 -g 512 -N 900", "64M", NULL},
    {"-t ext4 -O bigalloc -C 16384", "256M", NULL},
    {"-t ext4 -O bigalloc,meta_bg,^resize_inode -b 1024 -C 16384", "256M", NULL},
    {"-t ext4 -O ea_inode,encrypt,casefold,large_dir,mmp,quota,project", "64M", NULL},
    {"-t ext4 -O metadata_csum,metadata_csum_seed", "64M", NULL},
    /* hashed directories */
    {"-t ext4 -b 1024", "64M", "{ e2fsck -fyD %s/image >/dev/null; [ $? -lt 4 ]; }"},
};

static void real_volumes(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(formats); i++) {
        char after[200];
        struct ext ext;
        char label[EXT_LABEL_SIZE + 1], uuid[37];
        print_message("  %s\n", formats[i].options);
        snprintf(after, sizeof after, formats[i].after ? formats[i].after : "true", folder);
        struct volume_file volume = map_volume(formats[i].options, formats[i].size, after);
        volume.view = (struct bytes){volume.bytes, volume.size};
        struct source source = source_memory(&volume.view, "volume");
        assert_int_equal(ext_open(&source, &ext).code, ERROR_NONE);
        for (u32 file = 0; file < ARRAY_COUNT(contents); file++)
            check_file(&ext, contents[file].path, &contents[file]);
        check_many(&ext);
        check_links(&ext);
        check_no_files(&ext);
        ext_identity(&ext, label, uuid);
        if (!strstr(formats[i].options, "-r 0")) {
            assert_string_equal(label, "a label");
            assert_string_equal(uuid, "01234567-89ab-cdef-0123-456789abcdef");
        }
        munmap(volume.bytes, volume.size);
    }
}

/* ---- a volume made here ---- */

enum {
    BLOCK = 1024,
    BLOCKS = 128,
    SUPER = BLOCK,
    DESCRIPTOR = 2 * BLOCK,
    INODES = 5 * BLOCK,
    INODE = 256,
    ROOT = 9 * BLOCK,
    POINTERS = 32 * BLOCK,
    LEAF = 40 * BLOCK,
    NODE_FILE = 11,
    NODE_EXTENTS = 12,
    NODE_LINK = 13,
    NODE_INLINE = 14,
    NODE_DEVICE = 15,
    NODE_LONG_LINK = 16,
};

static u8 disk[BLOCKS * BLOCK];

#define NODE_AT(n) (INODES + ((n)-1) * INODE)

static u8 *put_inode(u32 number, u32 mode, u32 size, u32 flags) {
    u8 *at = disk + NODE_AT(number);
    put(at, 2, mode);
    put(at + 4, 4, size);
    put(at + 0x20, 4, flags);
    return at + 0x28;
}

static u32 put_entry(u32 at, u32 inode, u32 length, const char *name) {
    put(disk + at, 4, inode);
    put(disk + at + 4, 2, length);
    disk[at + 6] = (u8)strlen(name);
    memcpy(disk + at + 8, name, strlen(name));
    return at + length;
}

static void put_extent(u8 *at, u32 first, u32 length, u32 block) {
    put(at, 4, first);
    put(at + 4, 2, length);
    put(at + 8, 4, block);
}

/* An inner node's entry has its block where an extent has its length. */
static void put_node(u8 *at, u32 depth, u32 count, u32 room) {
    put(at, 2, 0xf30a);
    put(at + 2, 2, count);
    put(at + 4, 2, room);
    put(at + 6, 2, depth);
}

static void put_root(void) {
    u32 at = ROOT;
    put(put_inode(2, 0x41ed, BLOCK, 0), 4, ROOT / BLOCK);
    at = put_entry(at, 2, 12, ".");
    at = put_entry(at, 2, 12, "..");
    at = put_entry(at, NODE_FILE, 12, "file");
    at = put_entry(at, NODE_EXTENTS, 16, "extents");
    at = put_entry(at, NODE_LINK, 12, "link");
    at = put_entry(at, NODE_INLINE, 16, "inline");
    at = put_entry(at, NODE_DEVICE, 16, "device");
    at = put_entry(at, NODE_LONG_LINK, 12, "long");
    put_entry(at, 0, ROOT + BLOCK - at, "gone");
}

/* 14 blocks: 20 to 31 directly, then by way of the block POINTERS. */
static void put_file(void) {
    u8 *at = put_inode(NODE_FILE, 0x81a4, 14 * BLOCK - 100, 0);
    for (u32 i = 0; i < 12; i++)
        put(at + 4 * i, 4, 20 + i);
    put(at + 48, 4, POINTERS / BLOCK);
    put(disk + POINTERS, 4, 33);
    put(disk + POINTERS + 4, 4, 34);
}

/* 8 blocks: 50 51 hole hole unwritten hole 52 hole. */
static void put_extents(void) {
    u8 *at = put_inode(NODE_EXTENTS, 0x81a4, 8 * BLOCK, 0x80000);
    put_node(at, 1, 1, 4);
    put(at + 16, 4, LEAF / BLOCK);
    put_node(disk + LEAF, 0, 3, 84);
    put_extent(disk + LEAF + 12, 0, 2, 50);
    put_extent(disk + LEAF + 24, 4, 0x8001, 60);
    put_extent(disk + LEAF + 36, 6, 1, 52);
}

/* 80 bytes: 60, then 20 at byte 64 behind the first attribute, after one of another name. */
static void put_inline(void) {
    u8 *at = put_inode(NODE_INLINE, 0x81a4, 80, 0x10000000),
       *more = disk + NODE_AT(NODE_INLINE) + 128;
    memset(at, 'i', 60);
    put(more, 2, 32);
    put(more + 32, 4, 0xea020000);
    more += 36;
    memcpy(more, "\x05\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00other\0\0\0", 24);
    memcpy(more + 24,
           "\x04\x07\x40\x00\x00\x00\x00\x00\x14\x00\x00\x00\x00\x00\x00\x00"
           "data",
           20);
    memset(more + 64, 'j', 20);
}

static void make_disk(void) {
    memset(disk, 0, sizeof disk);
    for (u32 block = 20; block < BLOCKS - 1; block++)
        memset(disk + block * BLOCK, (int)block, BLOCK);
    memset(disk + POINTERS, 0, BLOCK);
    memset(disk + LEAF, 0, BLOCK);
    put(disk + SUPER, 4, 16);
    put(disk + SUPER + 4, 4, BLOCKS);
    put(disk + SUPER + 0x14, 4, 1);
    put(disk + SUPER + 0x20, 4, 8192);
    put(disk + SUPER + 0x28, 4, 16);
    put(disk + SUPER + 0x38, 2, 0xef53);
    put(disk + SUPER + 0x4c, 4, 1);
    put(disk + SUPER + 0x58, 2, INODE);
    put(disk + SUPER + 0x60, 4, 0x8042);
    put(disk + DESCRIPTOR + 8, 4, INODES / BLOCK);
    put_root();
    put_file();
    put_extents();
    memcpy(put_inode(NODE_LINK, 0xa1ff, 4, 0), "file", 4);
    put_inline();
    put_inode(NODE_DEVICE, 0x21a4, 0, 0);
    put(put_inode(NODE_LONG_LINK, 0xa1ff, 100, 0), 4, 99);
    memset(disk + 99 * BLOCK, '/', 96);
    memcpy(disk + 99 * BLOCK + 96, "link", 4);
}

struct patch {
    u32 offset, width, value;
};

struct row {
    const char *name;
    struct patch patches[3];
    const char *path; /* NULL: /file */
    enum error_code code;
    const char *other;
    u64 numbers[3];
};

#define DIRECT(n, i) (NODE_AT(n) + 0x28 + 4 * (i))

static const struct row rows[] = {
    {"as it is", .path = "/file"},
    {"extents", .path = "/extents"},
    {"a link", .path = "/link"},
    {"a long link", .path = "/long"},
    {"inline", .path = "/inline"},
    {"no magic", {{SUPER + 0x38, 2, 0}}, .code = ERROR_EXT_NONE},
    {"block size 128K",
     {{SUPER + 0x18, 4, 7}},
     .code = ERROR_EXT_FIELD,
     .other = "the block size",
     .numbers = {7}},
    {"block size wraps",
     {{SUPER + 0x18, 4, 0xfffffff6}},
     .code = ERROR_EXT_FIELD,
     .other = "the block size",
     .numbers = {0xfffffff6}},
    {"no blocks", {{SUPER + 4, 4, 0}}, .code = ERROR_EXT_FIELD, .other = "the number of blocks"},
    {"2^32 blocks",
     {{SUPER + 0x60, 4, 0x80c2}, {SUPER + 0xfe, 2, 64}, {SUPER + 0x150, 4, 1}},
     .code = ERROR_EXT_FIELD,
     .other = "the number of blocks"},
    {"the high half without 64bit", {{SUPER + 0x150, 4, 1}}, .path = "/file"},
    {"the first block",
     {{SUPER + 0x14, 4, 2}},
     .code = ERROR_EXT_FIELD,
     .other = "the first block",
     .numbers = {2}},
    {"no blocks in a group",
     {{SUPER + 0x20, 4, 0}},
     .code = ERROR_EXT_FIELD,
     .other = "the number of blocks in a group"},
    {"no inodes in a group",
     {{SUPER + 0x28, 4, 0}},
     .code = ERROR_EXT_FIELD,
     .other = "the number of inodes in a group"},
    {"inodes of 0",
     {{SUPER + 0x58, 2, 0}},
     .code = ERROR_EXT_FIELD,
     .other = "the size of an inode"},
    {"inodes of 64",
     {{SUPER + 0x58, 2, 64}},
     .code = ERROR_EXT_FIELD,
     .other = "the size of an inode",
     .numbers = {64}},
    {"inodes of 192",
     {{SUPER + 0x58, 2, 192}},
     .code = ERROR_EXT_FIELD,
     .other = "the size of an inode"},
    {"inodes of 2048",
     {{SUPER + 0x58, 2, 2048}},
     .code = ERROR_EXT_FIELD,
     .other = "the size of an inode"},
    {"revision 0 has inodes of 128", {{SUPER + 0x4c, 4, 0}}, .code = ERROR_FILE_NOT_DIRECTORY},
    {"descriptors of 16",
     {{SUPER + 0x60, 4, 0x80c2}, {SUPER + 0xfe, 2, 16}},
     .code = ERROR_EXT_FIELD,
     .other = "the size of a group descriptor",
     .numbers = {16}},
    {"descriptors of 96",
     {{SUPER + 0x60, 4, 0x80c2}, {SUPER + 0xfe, 2, 96}},
     .code = ERROR_EXT_FIELD,
     .other = "the size of a group descriptor"},
    {"descriptors of 1024",
     {{SUPER + 0x60, 4, 0x80c2}, {SUPER + 0xfe, 2, 1024}},
     .code = ERROR_EXT_FIELD,
     .other = "the size of a group descriptor"},
    {"descriptors of 64", {{SUPER + 0x60, 4, 0x80c2}, {SUPER + 0xfe, 2, 64}}, .path = "/file"},
    {"compression",
     {{SUPER + 0x60, 4, 0x8043}},
     .code = ERROR_EXT_FEATURE,
     .other = "compression",
     .numbers = {1}},
    {"a journal device",
     {{SUPER + 0x60, 4, 0x804a}},
     .code = ERROR_EXT_FEATURE,
     .other = "journal_dev",
     .numbers = {8}},
    {"dirdata",
     {{SUPER + 0x60, 4, 0x9042}},
     .code = ERROR_EXT_FEATURE,
     .other = "dirdata",
     .numbers = {0x1000}},
    {"a feature of the future",
     {{SUPER + 0x60, 4, 0x80008042}},
     .code = ERROR_EXT_FEATURE,
     .other = "a feature without a name",
     .numbers = {0x80000000}},
    {"a journal to be replayed", {{SUPER + 0x60, 4, 0x8046}}, .path = "/file"},
    {"inode table at 0",
     {{DESCRIPTOR + 8, 4, 0}},
     .code = ERROR_EXT_FIELD,
     .other = "the inode table of a group"},
    {"inode table past the end",
     {{DESCRIPTOR + 8, 4, BLOCKS}},
     .code = ERROR_EXT_FIELD,
     .other = "the inode table of a group",
     .numbers = {BLOCKS}},
    {"inode table high",
     {{SUPER + 0x60, 4, 0x80c2}, {SUPER + 0xfe, 2, 64}, {DESCRIPTOR + 0x28, 4, 1}},
     .code = ERROR_EXT_FIELD,
     .other = "the inode table of a group"},
    {"inode table at the end", {{DESCRIPTOR + 8, 4, BLOCKS - 1}}, .code = ERROR_FILE_NOT_DIRECTORY},
    {"inode 0 is not in use", {{ROOT + 24, 4, 0}}, .code = ERROR_FILE_NOT_FOUND},
    {"inode 17",
     {{ROOT + 24, 4, 17}},
     .code = ERROR_EXT_INODE,
     .other = "its number",
     .numbers = {17, 17}},
    {"the root is a file", {{NODE_AT(2), 2, 0x81a4}}, .code = ERROR_FILE_NOT_DIRECTORY},
    {"an entry of 0", {{ROOT + 16, 2, 0}}, .code = ERROR_EXT_DIRECTORY, .numbers = {2, 12, 0}},
    {"an entry of 8", {{ROOT + 16, 2, 8}}, .code = ERROR_EXT_DIRECTORY, .numbers = {2, 12, 8}},
    {"an entry of 13", {{ROOT + 16, 2, 13}}, .code = ERROR_EXT_DIRECTORY, .numbers = {2, 12, 13}},
    {"an entry past the block",
     {{ROOT + 16, 2, BLOCK - 8}},
     .code = ERROR_EXT_DIRECTORY,
     .numbers = {2, 12, BLOCK - 8}},
    {"an entry up to the block's end", {{ROOT + 16, 2, BLOCK - 12}}, .code = ERROR_FILE_NOT_FOUND},
    {"a name longer than its entry",
     {{ROOT + 30, 1, 5}},
     .code = ERROR_EXT_DIRECTORY,
     .numbers = {2, 24, 12}},
    {"a directory that ends early", {{NODE_AT(2) + 4, 4, 30}}, .code = ERROR_FILE_NOT_FOUND},
    {"an empty directory", {{NODE_AT(2) + 4, 4, 0}}, .code = ERROR_FILE_NOT_FOUND},
    {"a directory of holes",
     {{DIRECT(2, 0), 4, 0}},
     .code = ERROR_EXT_DIRECTORY,
     .numbers = {2, 0, 0}},
    {"first pointer past the end",
     {{DIRECT(NODE_FILE, 0), 4, BLOCKS}},
     .code = ERROR_EXT_BLOCK,
     .numbers = {0, BLOCKS, BLOCKS}},
    {"first pointer far away",
     {{DIRECT(NODE_FILE, 0), 4, 0xffffffff}},
     .code = ERROR_EXT_BLOCK,
     .numbers = {0, 0xffffffff, BLOCKS}},
    {"a later pointer",
     {{DIRECT(NODE_FILE, 7), 4, 0x10000}},
     .code = ERROR_EXT_BLOCK,
     .numbers = {7, 0x10000, BLOCKS}},
    {"indirect past the end",
     {{DIRECT(NODE_FILE, 12), 4, BLOCKS}},
     .code = ERROR_EXT_BLOCK,
     .numbers = {12, BLOCKS, BLOCKS}},
    {"behind indirect",
     {{POINTERS + 4, 4, BLOCKS + 5}},
     .code = ERROR_EXT_BLOCK,
     .numbers = {13, BLOCKS + 5, BLOCKS}},
    {"larger than three levels",
     {{NODE_AT(NODE_FILE) + 0x6c, 4, 5}},
     .code = ERROR_EXT_INODE,
     .other = "its size"},
    {"larger than 2^32 blocks",
     {{NODE_AT(NODE_FILE) + 0x6c, 4, 0x400}},
     .code = ERROR_EXT_INODE,
     .other = "its size",
     .numbers = {NODE_FILE, 14 * BLOCK - 100 + ((u64)0x400 << 32)}},
    {"encrypted",
     {{NODE_AT(NODE_FILE) + 0x20, 4, 0x800}},
     .code = ERROR_EXT_KIND,
     .other = "encrypted"},
    {"a device", .path = "/device", .code = ERROR_EXT_KIND,
     .other = "a device, a pipe or a socket"},
    {"extents without magic",
     {{DIRECT(NODE_EXTENTS, 0), 2, 0}},
     .path = "/extents",
     .code = ERROR_EXT_EXTENT,
     .numbers = {NODE_EXTENTS, 0}},
    {"a root of 5",
     {{DIRECT(NODE_EXTENTS, 0) + 2, 2, 5}},
     .path = "/extents",
     .code = ERROR_EXT_EXTENT,
     .numbers = {NODE_EXTENTS, 0}},
    {"a root of 65535",
     {{DIRECT(NODE_EXTENTS, 0) + 2, 2, 65535}},
     .path = "/extents",
     .code = ERROR_EXT_EXTENT,
     .numbers = {NODE_EXTENTS, 0}},
    {"depth 6",
     {{DIRECT(NODE_EXTENTS, 0) + 6, 2, 6}},
     .path = "/extents",
     .code = ERROR_EXT_EXTENT,
     .numbers = {NODE_EXTENTS, 0}},
    {"depth 2 above depth 0",
     {{DIRECT(NODE_EXTENTS, 0) + 6, 2, 2}},
     .path = "/extents",
     .code = ERROR_EXT_EXTENT,
     .numbers = {NODE_EXTENTS, LEAF / BLOCK}},
    {"depth 1 below depth 1",
     {{LEAF + 6, 2, 1}},
     .path = "/extents",
     .code = ERROR_EXT_EXTENT,
     .numbers = {NODE_EXTENTS, LEAF / BLOCK}},
    {"a leaf without magic",
     {{LEAF, 2, 0}},
     .path = "/extents",
     .code = ERROR_EXT_EXTENT,
     .numbers = {NODE_EXTENTS, LEAF / BLOCK}},
    {"a leaf of 85",
     {{LEAF + 2, 2, 85}},
     .path = "/extents",
     .code = ERROR_EXT_EXTENT,
     .numbers = {NODE_EXTENTS, LEAF / BLOCK}},
    {"a leaf past the end",
     {{DIRECT(NODE_EXTENTS, 4), 4, BLOCKS}},
     .path = "/extents",
     .code = ERROR_EXT_BLOCK,
     .numbers = {0, BLOCKS, BLOCKS}},
    {"a leaf at 0",
     {{DIRECT(NODE_EXTENTS, 4), 4, 0}},
     .path = "/extents",
     .code = ERROR_EXT_BLOCK,
     .numbers = {0, 0, BLOCKS}},
    {"a leaf far away",
     {{DIRECT(NODE_EXTENTS, 5), 2, 1}},
     .path = "/extents",
     .code = ERROR_EXT_BLOCK},
    {"an extent past the end",
     {{LEAF + 20, 4, BLOCKS - 1}},
     .path = "/extents",
     .code = ERROR_EXT_BLOCK,
     .numbers = {0, BLOCKS - 1, BLOCKS}},
    {"an extent of 32768 blocks",
     {{LEAF + 16, 2, 0x8000}},
     .path = "/extents",
     .code = ERROR_EXT_BLOCK,
     .numbers = {0, 50, BLOCKS}},
    {"an extent at 0",
     {{LEAF + 20, 4, 0}},
     .path = "/extents",
     .code = ERROR_EXT_BLOCK,
     .numbers = {0, 0, BLOCKS}},
    {"an extent far away",
     {{LEAF + 18, 2, 1}},
     .path = "/extents",
     .code = ERROR_EXT_BLOCK,
     .numbers = {0, 50, BLOCKS}},
    {"an unwritten one may lie anywhere", {{LEAF + 32, 4, 0xffffffff}}, .path = "/extents"},
    {"a short link by way of extents",
     {{NODE_AT(NODE_LINK) + 0x20, 4, 0x80000}},
     .path = "/link",
     .code = ERROR_EXT_EXTENT,
     .numbers = {NODE_LINK, 0}},
    {"a link to nowhere",
     {{DIRECT(NODE_LINK, 0), 1, 'g'}},
     .path = "/link",
     .code = ERROR_FILE_NOT_FOUND},
    {"a link to itself",
     {{DIRECT(NODE_LINK, 0), 4, 0x6b6e696c}},
     .path = "/link",
     .code = ERROR_EXT_LINKS,
     .numbers = {8}},
    {"an empty link",
     {{NODE_AT(NODE_LINK) + 4, 4, 0}},
     .path = "/link",
     .code = ERROR_EXT_INODE,
     .other = "the length of the link",
     .numbers = {NODE_LINK, 0}},
    {"a link of 1 MiB",
     {{NODE_AT(NODE_LONG_LINK) + 4, 4, 1 << 20}},
     .path = "/long",
     .code = ERROR_EXT_INODE,
     .other = "the length of the link",
     .numbers = {NODE_LONG_LINK, 1 << 20}},
};

static const struct source *whole_disk(struct source *source, struct bytes *bytes, size_t size) {
    *bytes = (struct bytes){disk, size};
    *source = source_memory(bytes, "disk");
    return source;
}

static struct error read_path(const struct source *volume, const char *path, u8 *to, size_t room,
                              size_t *size) {
    static struct ext ext;
    static struct ext_file file;
    struct source source;
    TRY(ext_open(volume, &ext));
    TRY(ext_find(&ext, path, &file));
    TRY(ext_source(&file, &source));
    *size = source.size < room ? (size_t)source.size : room;
    return source_read(&source, source.size - *size, to, *size);
}

static void check_row(const struct row *row) {
    static u8 bytes[32 * BLOCK];
    struct bytes view;
    struct source source;
    size_t size;
    make_disk();
    for (u32 i = 0; i < ARRAY_COUNT(row->patches); i++)
        put(disk + row->patches[i].offset, row->patches[i].width, row->patches[i].value);
    const char *path = row->path ? row->path : "/file";
    struct error error =
        read_path(whole_disk(&source, &view, sizeof disk), path, bytes, sizeof bytes, &size);
    if (error.code != row->code)
        fail_msg("%s: error %d (%s)", row->name, error.code,
                 error.values.other ? error.values.other : "");
    for (u32 i = 0; i < ARRAY_COUNT(row->numbers); i++)
        if (row->numbers[i] && error.values.number[i] != row->numbers[i])
            fail_msg("%s: number %u is %llu", row->name, i,
                     (unsigned long long)error.values.number[i]);
    if (row->other)
        assert_string_equal(error.values.other, row->other);
    if (error.code)
        assert_non_null(error.values.name);
}

static void all_rows(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(rows); i++)
        check_row(&rows[i]);
}

/* What the files of the volume hold, block by block. */
static void contents_of_rows(void **state) {
    (void)state;
    static const u8 file[] = {20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 33, 34};
    static const u8 extents[] = {50, 51, 0, 0, 0, 0, 52, 0};
    const struct {
        const char *path;
        const u8 *blocks;
        size_t size;
    } files[] = {{"/file", file, 14 * BLOCK - 100},
                 {"/link", file, 14 * BLOCK - 100},
                 {"/extents", extents, 8 * BLOCK},
                 {"/long", file, 14 * BLOCK - 100}};
    static u8 bytes[32 * BLOCK];
    struct bytes view;
    struct source source;
    size_t size;
    make_disk();
    for (u32 i = 0; i < ARRAY_COUNT(files); i++) {
        memset(bytes, 0xee, sizeof bytes);
        assert_int_equal(read_path(whole_disk(&source, &view, sizeof disk), files[i].path, bytes,
                                   sizeof bytes, &size)
                             .code,
                         ERROR_NONE);
        assert_int_equal(size, files[i].size);
        for (size_t at = 0; at < size; at++)
            assert_int_equal(bytes[at], files[i].blocks[at / BLOCK]);
    }
    assert_int_equal(read_path(&source, "/inline", bytes, sizeof bytes, &size).code, ERROR_NONE);
    assert_int_equal(size, 80);
    for (size_t at = 0; at < size; at++)
        assert_int_equal(bytes[at], at < 60 ? 'i' : 'j');
}

/* A file in the last block of the volume, by an extent and by a pointer; one block more is past it.
 */
static void last_block(void **state) {
    (void)state;
    static u8 bytes[16 * BLOCK];
    struct bytes view;
    struct source source;
    size_t size;
    for (u32 more = 0; more < 2; more++) {
        make_disk();
        memset(disk + (BLOCKS - 1) * BLOCK, 127, BLOCK);
        put_extent(disk + LEAF + 36, 6, 1 + more, BLOCKS - 1);
        put(disk + POINTERS + 4, 4, BLOCKS - 1 + more);
        whole_disk(&source, &view, sizeof disk);
        enum error_code expected = more ? ERROR_EXT_BLOCK : ERROR_NONE;
        assert_int_equal(read_path(&source, "/extents", bytes, sizeof bytes, &size).code, expected);
        assert_true(more || bytes[6 * BLOCK] == 127);
        assert_int_equal(read_path(&source, "/file", bytes, sizeof bytes, &size).code, expected);
        assert_true(more || bytes[13 * BLOCK] == 127);
    }
}

/* Where the attribute with the rest of inline data is not what it must be, the rest reads as zeros.
 */
static void inline_without_rest(void **state) {
    (void)state;
    static const struct patch patches[] = {
        {.offset = 1, .width = 1, .value = 6},    /* not a system attribute */
        {.offset = 0, .width = 1, .value = 3},    /* "dat" */
        {.offset = 19, .width = 1, .value = 'b'}, /* "datb" */
        {.offset = 2, .width = 2, .value = 73},   /* past the end of the inode */
        {.offset = 2, .width = 2, .value = 0xffff},
        {.offset = 4, .width = 4, .value = 3}, /* in another inode */
        {.offset = 8, .width = 4, .value = 0}, /* empty */
        {.offset = 8, .width = 4, .value = 0xffffffff},
    };
    for (u32 i = 0; i < ARRAY_COUNT(patches); i++) {
        struct bytes view;
        struct source source;
        u8 bytes[100];
        size_t size;
        make_disk();
        put(disk + NODE_AT(NODE_INLINE) + 128 + 36 + 24 + patches[i].offset, patches[i].width,
            patches[i].value);
        whole_disk(&source, &view, sizeof disk);
        assert_int_equal(read_path(&source, "/inline", bytes, sizeof bytes, &size).code,
                         ERROR_NONE);
        assert_int_equal(size, 80);
        for (size_t at = 0; at < size; at++)
            assert_int_equal(bytes[at], at < 60 ? 'i' : 0);
    }
}

/* Counts requests, to see that neighbouring blocks are read at once and nothing is searched twice.
 */
struct counter {
    struct source under;
    u32 requests;
    u64 bytes;
};

static struct error count_read(void *context, u64 offset, void *to, size_t size) {
    struct counter *counter = context;
    counter->requests++;
    counter->bytes += size;
    return source_read(&counter->under, offset, to, size);
}

static u32 requests_of(const char *path, size_t piece) {
    struct bytes view;
    struct ext ext;
    struct ext_file file;
    struct source data;
    struct counter counter = {0};
    u8 bytes[16 * BLOCK];
    make_disk();
    whole_disk(&counter.under, &view, sizeof disk);
    struct source source = {
        .read = count_read, .context = &counter, .size = sizeof disk, .name = "disk"};
    assert_int_equal(ext_open(&source, &ext).code, ERROR_NONE);
    assert_int_equal(ext_find(&ext, path, &file).code, ERROR_NONE);
    assert_int_equal(ext_source(&file, &data).code, ERROR_NONE);
    counter.requests = 0;
    for (u64 at = 0; at < data.size; at += piece) {
        size_t part = (size_t)(data.size - at < piece ? data.size - at : piece);
        assert_int_equal(source_read(&data, at, bytes, part).code, ERROR_NONE);
    }
    return counter.requests;
}

static void requests(void **state) {
    (void)state;
    /* blocks 20 to 31; the pointers of 33 and 34; these */
    assert_int_equal(requests_of("/file", 16 * BLOCK), 3);
    /* one for each of 28 pieces, and the pointers */
    assert_int_equal(requests_of("/file", BLOCK / 2), 28 + 1);
    assert_int_equal(requests_of("/inline", 80), 1);
}

/* Everything that a volume is asked for. */
static struct error use_volume(const struct source *source) {
    static const char *const paths[] = {"/file", "/extents", "/link", "/inline", "/long"};
    struct partition partition = {.number = 3, .size = sizeof disk};
    struct volume volume;
    struct volume_identity identity;
    TRY(volume_open(source, &partition, &volume));
    assert_int_equal(volume.kind, VOLUME_EXT);
    TRY(volume_identity(&volume, &identity));
    assert_string_equal(identity.label, "a label");
    assert_string_equal(identity.uuid, "01020304-0506-0708-090a-0b0c0d0e0f10");
    for (u32 i = 0; i < ARRAY_COUNT(paths); i++) {
        struct file file;
        u8 bytes[14 * BLOCK];
        TRY(volume_file(&volume, paths[i], &file));
        assert_true(file.data.size <= sizeof bytes);
        TRY(source_read(&file.data, 0, bytes, (size_t)file.data.size));
    }
    struct file file;
    bool found = true;
    TRY(volume_try(&volume, "/none", &file, &found));
    assert_false(found);
    return OK;
}

/* Each read fails in turn, and each time that is what is told; but the first looks for a FAT boot
 * record, and an ext volume has none. Behind the second, the superblock, a CD is looked for. */
static void failing_reads(void **state) {
    (void)state;
    struct failing failing = {.bytes = {disk, sizeof disk}, .fail_at = 1};
    make_disk();
    memcpy(disk + SUPER + 0x78, "a label", 8);
    for (u32 i = 0; i < 16; i++)
        disk[SUPER + 0x68 + i] = (u8)(i + 1);
    for (;; failing.fail_at++) {
        const struct source source = failing_source(&failing, "disk");
        failing.reads = 0;
        struct error error = use_volume(&source);
        if (failing.fail_at > 2 && has_failed(&failing, error))
            continue;
        assert_int_equal(error.code, failing.fail_at == 2 ? ERROR_DISK_READ : ERROR_NONE);
        if (failing.reads < failing.fail_at)
            break;
    }
    assert_true(failing.fail_at > 60);
}

static void truncations(void **state) {
    (void)state;
    static u8 bytes[32 * BLOCK];
    struct bytes view;
    struct source source;
    size_t size;
    make_disk();
    for (size_t length = 0; length < sizeof disk; length += length < 12 * BLOCK ? 1 : 251) {
        u8 *copy = malloc(length + !length);
        memcpy(copy, disk, length);
        view = (struct bytes){copy, length};
        source = source_memory(&view, "disk");
        (void)read_path(&source, "/long", bytes, sizeof bytes, &size).code;
        (void)read_path(&source, "/extents", bytes, sizeof bytes, &size).code;
        struct error error = read_path(&source, "/file", bytes, sizeof bytes, &size);
        bool whole = length >= 34 * BLOCK + BLOCK - 100;
        assert_int_equal(error.code, length < 0x654 ? ERROR_EXT_NONE
                                     : whole        ? ERROR_NONE
                                                    : ERROR_SOURCE_PAST_END);
        free(copy);
    }
}

/* Each byte of the structures takes other values: every path ends, in whatever. */
static void mutations(void **state) {
    (void)state;
    static const char *const paths[] = {"/file", "/extents", "/long", "/inline", "/none/x"};
    static const u32 blocks[] = {1, 2, 5, 6, 7, 8, 9, POINTERS / BLOCK, LEAF / BLOCK, 99};
    static u8 bytes[32 * BLOCK];
    struct bytes view;
    struct source source;
    size_t size;
    make_disk();
    whole_disk(&source, &view, sizeof disk);
    for (u32 i = 0; i < ARRAY_COUNT(blocks); i++)
        for (u32 at = blocks[i] * BLOCK; at < (blocks[i] + 1) * BLOCK; at++) {
            static const u8 values[] = {0, 1, 0x7f, 0x80, 0xff};
            u8 was = disk[at];
            for (u32 value = 0; value < ARRAY_COUNT(values) + 2; value++) {
                disk[at] = value < ARRAY_COUNT(values)
                               ? values[value]
                               : (u8)(was + (value == ARRAY_COUNT(values) ? 1 : -1));
                for (u32 path = 0; path < ARRAY_COUNT(paths); path++)
                    (void)read_path(&source, paths[path], bytes, sizeof bytes, &size).code;
            }
            disk[at] = was;
        }
}

/* A path as long as it may be, and one longer. */
static void long_paths(void **state) {
    (void)state;
    static char path[1100];
    struct bytes view;
    struct source source;
    struct ext ext;
    struct ext_file file;
    make_disk();
    assert_int_equal(ext_open(whole_disk(&source, &view, sizeof disk), &ext).code, ERROR_NONE);
    memset(path, '/', sizeof path);
    memcpy(path + 1019, "file", 5);
    assert_int_equal(ext_find(&ext, path, &file).code, ERROR_NONE);
    memset(path, '/', sizeof path);
    memcpy(path + 1020, "file", 5);
    assert_int_equal(ext_find(&ext, path, &file).code, ERROR_FILE_PATH);
    memset(path, 'x', sizeof path);
    path[0] = '/';
    path[256] = 0;
    assert_int_equal(ext_find(&ext, path, &file).code, ERROR_FILE_NOT_FOUND);
    path[256] = 'x';
    path[257] = 0;
    assert_int_equal(ext_find(&ext, path, &file).code, ERROR_FILE_PATH);
    /* the target of a link just fits in front of the rest, and just does not */
    for (size_t length = 928; length <= 929; length++) {
        memset(path, '/', sizeof path);
        memcpy(path + 1, "long", 4);
        path[length] = 0;
        assert_int_equal(ext_find(&ext, path, &file).code,
                         length == 928 ? ERROR_FILE_NOT_DIRECTORY : ERROR_EXT_INODE);
    }
    memset(path, '/', sizeof path);
    memcpy(path + 1, "long", 4);
    memcpy(path + 1000, "x", 2);
    assert_int_equal(ext_find(&ext, path, &file).code, ERROR_EXT_INODE);
}

/* With blocks of 64 KiB an entry as long as a block does not fit its field: 0 or ffff stands there.
 */
static void entry_of_64_kib(void **state) {
    (void)state;
    enum { LARGE = 0x10000 };
    u8 *volume = calloc(7, LARGE), *super = volume + 1024, *inode = volume + 2 * LARGE + 256;
    for (u32 length = 0; length <= 0xffff; length += 0xffff) {
        struct bytes view = {volume, 7 * LARGE};
        struct source source = source_memory(&view, "volume");
        struct ext ext;
        struct ext_file file;
        put(super, 4, 16);
        put(super + 4, 4, 7);
        put(super + 0x18, 4, 6);
        put(super + 0x20, 4, 8192);
        put(super + 0x28, 4, 16);
        put(super + 0x38, 2, 0xef53);
        put(super + 0x4c, 4, 1);
        put(super + 0x58, 2, 256);
        put(volume + LARGE + 8, 4, 2);
        put(inode, 2, 0x41ed);
        put(inode + 4, 4, 2 * LARGE);
        put(inode + 0x28, 4, 3);
        put(inode + 0x2c, 4, 4);
        put(volume + 3 * LARGE + 4, 2, length);
        put(volume + 4 * LARGE, 4, 2);
        put(volume + 4 * LARGE + 4, 2, length);
        memcpy(volume + 4 * LARGE + 6, "\4\0here", 6);
        assert_int_equal(ext_open(&source, &ext).code, ERROR_NONE);
        assert_int_equal(ext_find(&ext, "/here", &file).code, ERROR_NONE);
        assert_int_equal(ext_find(&ext, "/gone", &file).code, ERROR_FILE_NOT_FOUND);
    }
    free(volume);
}

/* Which file system a volume is opened as. */
static void kinds(void **state) {
    (void)state;
    struct bytes view;
    struct source source;
    struct volume volume;
    make_disk();
    whole_disk(&source, &view, sizeof disk);
    struct partition partition = {.number = 3, .size = sizeof disk};
    assert_int_equal(volume_open(&source, &partition, &volume).code, ERROR_NONE);
    assert_int_equal(volume.kind, VOLUME_EXT);
    assert_int_equal(volume.partition.number, 3);
    put(disk + SUPER + 4, 4, 0);
    assert_int_equal(volume_open(&source, &partition, &volume).code, ERROR_EXT_FIELD);
    put(disk + SUPER + 0x38, 2, 0);
    assert_int_equal(volume_open(&source, &partition, &volume).code, ERROR_FAT_BAD);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rows),
        cmocka_unit_test(contents_of_rows),
        cmocka_unit_test(requests),
        cmocka_unit_test(failing_reads),
        cmocka_unit_test(inline_without_rest),
        cmocka_unit_test(last_block),
        cmocka_unit_test(truncations),
        cmocka_unit_test(mutations),
        cmocka_unit_test(long_paths),
        cmocka_unit_test(kinds),
        cmocka_unit_test(entry_of_64_kib),
        cmocka_unit_test_setup_teardown(real_volumes, make_tree, remove_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
