/* Any bytes as a disk that goes on in zeros: list its partitions, open each, find files, read them
 * to the end. The first byte says how far the disk goes on. */
#include "fuzz.h"
#include "volume.h"

static void read_file(const struct volume *volume, const char *path) {
    struct file file;
    bool found;
    struct error error = volume_try(volume, path, &file, &found);
    show_error(error);
    if (!error.code && found)
        read_through(&file.data, 700, 1 << 14);
}

static void read_volume(const struct volume *volume) {
    struct volume_identity identity;
    struct error error = volume_identity(volume, &identity);
    MUST(error.code || (strlen(identity.label) < 12 && strlen(identity.uuid) < 10));
    read_file(volume, "/boot/kernel.elf");
    read_file(volume, "/a long file name.txt");
    read_file(volume, "/FRAG.BIN");
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    struct feed feed = {data, size};
    u32 choice = (u32)feed_number(&feed, 1);
    struct medium medium = {.bytes = {feed.at, feed.left}};
    u64 disk_size = choice & 0x80 ? (u64)1 << (choice & 31) << 10 : feed.left;
    struct source disk = medium_source(&medium, max_u64(disk_size, feed.left));
    struct partition_table table;
    struct volume volume;
    if (partition_list(&disk, 512, &table).code)
        return 0;
    for (u32 i = 0; i < table.count && i < 4; i++) {
        struct error error = volume_open(&disk, &table.partitions[i], &volume);
        show_error(error);
        if (!error.code && volume.kind == VOLUME_FAT)
            read_volume(&volume);
    }
    return 0;
}
