/* Any bytes as a disk: whatever partitions are listed lie on it. */
#include "partition.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static void list(const struct source *disk, u32 sector_size) {
    struct partition_table table;
    if (partition_list(disk, sector_size, &table).code)
        return;
    if (!table.count || table.count > PARTITIONS_MAX)
        __builtin_trap();
    for (u32 i = 0; i < table.count; i++) {
        const struct partition *partition = &table.partitions[i];
        if (partition->start > disk->size || partition->size > disk->size - partition->start)
            __builtin_trap();
        if (i && partition->active && !table.partitions[i - 1].active)
            __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    struct bytes bytes = {data, size};
    struct source disk = source_memory(&bytes, "fuzz");
    list(&disk, 512);
    list(&disk, 4096);
    return 0;
}
