/* Any bytes as a volume: find files in it and read them to the end. */
#include "cache.h"
#include "ext.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void read_through(const struct ext *ext, const char *path) {
    struct ext_file file;
    struct source source;
    u8 buffer[3000];
    if (ext_find(ext, path, &file).code || ext_source(&file, &source).code)
        return;
    for (u64 at = 0; at < source.size && at < 1 << 18; at += sizeof buffer) {
        size_t part = source.size - at < sizeof buffer ? (size_t)(source.size - at) : sizeof buffer;
        if (source_read(&source, at, buffer, part).code)
            return;
    }
    if (source.size && source_read(&source, source.size - 1, buffer, 1).code)
        return;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static u8 storage[4 * CACHE_LINE_SIZE];
    struct bytes bytes = {data, size};
    struct source memory = source_memory(&bytes, "fuzz");
    struct cache cache;
    struct source volume = cache_over(&cache, &memory, storage, 4);
    struct ext ext;
    char label[EXT_LABEL_SIZE + 1], uuid[37];
    if (ext_open(&volume, &ext).code)
        return 0;
    ext_identity(&ext, label, uuid);
    read_through(&ext, "/boot/kernel.elf");
    read_through(&ext, "/boot/holes");
    read_through(&ext, "/link/small");
    read_through(&ext, "/boot/../many/29");
    return 0;
}
