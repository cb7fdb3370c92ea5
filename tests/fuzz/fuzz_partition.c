/* Any bytes as a disk: whatever partitions are listed lie on it. */
#include "fuzz.h"
#include "partition.h"

static void list(const struct source *disk, u32 sector_size) {
    struct partition_table table;
    struct error error = partition_list(disk, sector_size, &table);
    if (error.code) {
        show_error(error);
        return;
    }
    MUST(table.count && table.count <= PARTITIONS_MAX);
    for (u32 i = 0; i < table.count; i++) {
        const struct partition *partition = &table.partitions[i];
        MUST(partition->start <= disk->size && partition->size <= disk->size - partition->start);
        MUST(!i || !partition->active || table.partitions[i - 1].active);
    }
}

/* The first byte chooses the sectors and how far the disk goes on behind the bytes. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static const u16 sector_sizes[] = {512, 512, 512, 1024, 2048, 4096};
    struct feed feed = {data, size};
    u32 choice = (u32)feed_number(&feed, 1);
    struct medium medium = {.bytes = {feed.at, feed.left}};
    u64 disk_size = choice & 0x80 ? (u64)1 << (choice >> 3 & 15) << 14 : feed.left;
    struct source disk = medium_source(&medium, max_u64(disk_size, feed.left));
    list(&disk, sector_sizes[(choice & 7) % ARRAY_COUNT(sector_sizes)]);
    return 0;
}
