/* Any bytes as a CD from its volume descriptors on: open it, find files, read them to the end. The
 * first byte says how far the CD goes on in zeros. */
#include "fuzz.h"
#include "volume.h"

enum { SYSTEM_AREA = 32768 };

static void read_file(const struct volume *volume, const char *path) {
    struct file file;
    struct error error = volume_file(volume, path, &file);
    show_error(error);
    if (!error.code)
        read_through(&file.data, 700, 1 << 14);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    struct feed feed = {data, size};
    u32 choice = (u32)feed_number(&feed, 1);
    struct medium medium = {.bytes = {feed.at, feed.left}, .start = SYSTEM_AREA};
    u64 disk_size = choice & 0x80 ? (u64)1 << (choice & 31) << 15 : feed.left + SYSTEM_AREA;
    struct source disk = medium_source(&medium, max_u64(disk_size, feed.left + SYSTEM_AREA));
    struct partition whole = {.size = disk.size};
    struct volume_identity identity;
    struct volume volume;
    struct error error = volume_open(&disk, &whole, &volume);
    show_error(error);
    if (error.code)
        return 0;
    error = volume_identity(&volume, &identity);
    MUST(error.code || (strlen(identity.label) <= 32 && strlen(identity.uuid) <= 22));
    read_file(&volume, "/boot/kernel.elf");
    read_file(&volume, "/a file with a long name.text");
    read_file(&volume, "/1/2/3/4/5/6/7/8/file");
    read_file(&volume, "/link/x");
    return 0;
}
