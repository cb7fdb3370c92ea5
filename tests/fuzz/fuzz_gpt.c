/* A GPT made of the fuzzer's fields, with its checksums put right, so that what stands behind them
 * is reached.
 *
 *   input   | choices | header, 92 bytes | entries ... |
 */
#include "bytes.h"
#include "crc32.h"
#include "fuzz.h"
#include "partition.h"

enum { SECTORS = 64, HEADER = 92, ENTRY_ROOM = 16 * 512 };

/* `used` of the entries' bytes are no zeros. */
static void put_sums(u8 *header, const u8 *entries, u32 used) {
    u64 size = (u64)load32(header + 84) * load32(header + 80);
    if (size >= used && size <= ENTRY_ROOM) {
        u32 crc = crc32_add(CRC32_START, entries, used);
        store32(header + 88, ~crc32_zeros(crc, (u32)size - used));
    }
    store32(header + 16, 0);
    store32(header + 16, ~crc32_add(CRC32_START, header, HEADER));
}

static void check(const struct source *disk) {
    struct partition_table table;
    struct error error = partition_list(disk, 512, &table);
    show_error(error);
    for (u32 i = 0; !error.code && i < table.count; i++) {
        const struct partition *partition = &table.partitions[i];
        MUST(partition->start <= disk->size && partition->size <= disk->size - partition->start);
        MUST(partition->number);
    }
    MUST(error.code || table.bios_boot.size <= disk->size);
}

/* Bits of the choices: 0 the copy at the end alone is whole; 1 checksums as they are; 2 the header
 * as it is, not a usual one changed in some bytes. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static u8 disk_bytes[SECTORS * 512];
    struct feed feed = {data, size};
    u32 choices = (u32)feed_number(&feed, 1);
    u64 lba = choices & 1 ? SECTORS - 1 : 1;
    u8 *header = disk_bytes + lba * 512, *entries = disk_bytes + 2 * 512;
    memset(disk_bytes, 0, sizeof disk_bytes);
    store32(disk_bytes + 446 + 4, 0xee);
    store32(disk_bytes + 446 + 8, 1);
    store32(disk_bytes + 446 + 12, SECTORS - 1);
    store16(disk_bytes + 510, 0xaa55);
    struct bytes fields = feed_bytes(&feed, HEADER);
    memcpy(header, fields.at, fields.size);
    store64(header + 24, lba);
    if (!(choices & 4)) {
        memcpy(header, "EFI PART\0\0\1\0\x5c\0\0\0", 16);
        header[72] = 2;
        memset(header + 73, 0, 7);
        store32(header + 80, header[80] % 64);
        store32(header + 84, 128u << (header[84] & 1));
    }
    struct bytes rows = feed_bytes(&feed, ENTRY_ROOM);
    memcpy(entries, rows.at, rows.size);
    if (!(choices & 2))
        put_sums(header, entries, (u32)rows.size);
    struct bytes bytes = {disk_bytes, sizeof disk_bytes};
    struct source disk = source_memory(&bytes, "fuzz");
    check(&disk);
    return 0;
}
