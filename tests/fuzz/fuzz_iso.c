/* Any bytes as a CD from its volume descriptors on: open it, find files, read them to the end. */
#include <stdlib.h>
#include <string.h>

#include "volume.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

enum { SYSTEM_AREA = 32768 };

static void read_through(const struct volume *volume, const char *path) {
    struct file file;
    u8 buffer[700];
    struct error error = volume_file(volume, path, &file);
    for (u64 at = 0; !error.code && at < file.data.size && at < 1 << 20; at += sizeof buffer) {
        size_t part =
            file.data.size - at < sizeof buffer ? (size_t)(file.data.size - at) : sizeof buffer;
        error = source_read(&file.data, at, buffer, part);
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    struct bytes bytes = {calloc(SYSTEM_AREA + size, 1), SYSTEM_AREA + size};
    struct source disk = source_memory(&bytes, "fuzz");
    struct partition whole = {.size = disk.size};
    struct volume_identity identity;
    struct volume volume;
    memcpy((u8 *)bytes.at + SYSTEM_AREA, data, size);
    if (!volume_open(&disk, &whole, &volume).code) {
        struct error error = volume_identity(&volume, &identity);
        if (!error.code && (strlen(identity.label) > 32 || strlen(identity.uuid) > 22))
            __builtin_trap();
        read_through(&volume, "/boot/kernel.elf");
        read_through(&volume, "/a file with a long name.text");
        read_through(&volume, "/1/2/3/4/5/6/7/8/file");
        read_through(&volume, "/link/x");
    }
    free((u8 *)bytes.at);
    return 0;
}
