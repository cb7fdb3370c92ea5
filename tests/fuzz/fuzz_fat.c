/* Any bytes as a disk: list its partitions, open each as FAT, find files, read them to the end. */
#include "cache.h"
#include "volume.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void read_through(const struct volume *volume, const char *path) {
    struct file file;
    bool found;
    u8 buffer[700];
    struct error error = volume_try(volume, path, &file, &found);
    if (error.code || !found)
        return;
    for (u64 at = 0; at < file.data.size && at < 1 << 20; at += sizeof buffer) {
        size_t part = file.data.size - at < sizeof buffer ? (size_t)(file.data.size - at) : sizeof buffer;
        error = source_read(&file.data, at, buffer, part);
        if (error.code)
            return;
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static u8 storage[4 * CACHE_LINE_SIZE];
    struct bytes bytes = {data, size};
    struct source memory = source_memory(&bytes, "fuzz");
    struct cache cache;
    struct source disk = cache_over(&cache, &memory, storage, 4);
    struct partition_table table;
    struct volume volume;
    if (partition_list(&disk, 512, &table).code)
        return 0;
    for (u32 i = 0; i < table.count; i++) {
        if (volume_open(&disk, &table.partitions[i], &volume).code)
            continue;
        read_through(&volume, "/boot/kernel.elf");
        read_through(&volume, "/a long file name.txt");
        read_through(&volume, "/FRAG.BIN");
    }
    return 0;
}
