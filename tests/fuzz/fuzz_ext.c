/* Any bytes as an ext2, ext3 or ext4 volume from its superblock on, in zeros behind its bytes: find
 * files, read them to the end. The first byte says how far the volume goes on. */
#include "ext.h"
#include "fuzz.h"

static void read_file(const struct ext *ext, const char *path) {
    struct ext_file file;
    struct source source;
    struct error error = ext_find(ext, path, &file);
    if (!error.code)
        error = ext_source(&file, &source);
    show_error(error);
    if (!error.code)
        read_through(&source, 3000, 1 << 15);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    struct feed feed = {data, size};
    u32 choice = (u32)feed_number(&feed, 1);
    struct medium medium = {.bytes = {feed.at, feed.left}, .start = 1024};
    u64 volume_size = choice & 0x80 ? (u64)1 << (choice & 31) << 12 : feed.left + 1024;
    struct source volume = medium_source(&medium, max_u64(volume_size, feed.left + 1024));
    struct ext ext;
    char label[EXT_LABEL_SIZE + 1], uuid[37];
    struct error error = ext_open(&volume, &ext);
    show_error(error);
    if (error.code)
        return 0;
    ext_identity(&ext, label, uuid);
    MUST(strlen(label) <= EXT_LABEL_SIZE && strlen(uuid) <= 36);
    read_file(&ext, "/boot/kernel.elf");
    read_file(&ext, "/boot/holes");
    read_file(&ext, "/link/small");
    read_file(&ext, "/boot/../many/29");
    return 0;
}
