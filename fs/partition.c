#include "partition.h"

#include "iso9660.h"

/* The master boot record: four entries of 16 bytes from byte 446, then the signature. */
enum {
    MBR_SIZE = 512,
    MBR_ENTRIES = 446,
    MBR_ENTRY_SIZE = 16,
    MBR_ENTRY_COUNT = 4,
    MBR_SIGNATURE = 510,

    STATUS_ACTIVE = 0x80,
    TYPE_NONE = 0x00,
    TYPE_GPT = 0xee, /* covers a GPT disk so that old tools leave it alone */

    CD_SECTOR_SIZE = 2048,
    SYSTEM_AREA_SECTORS = 64, /* of an ISO 9660 volume (ECMA-119, 6.2.1) */
};

static bool is_power_of_two(u32 value) {
    return value && !(value & (value - 1));
}

/* fatgen103, "Boot Sector and BPB". A jump alone proves nothing, as most master boot records begin
 * with one too, and some leave the fields behind it zero: each field must be possible. Finer faults
 * are for fat_open() to name. */
static bool is_fat_boot_record(const u8 *sector) {
    u32 sector_size = load16(sector + 11);
    bool jump = sector[0] == 0xe9 || (sector[0] == 0xeb && sector[2] == 0x90);
    return jump && is_power_of_two(sector_size) && sector_size >= 512 && sector_size <= 4096 &&
           is_power_of_two(sector[13]) && load16(sector + 14) && sector[16] &&
           (sector[21] == 0xf0 || sector[21] >= 0xf8) &&
           (load16(sector + 19) || load32(sector + 32));
}

/* A status is 00h or 80h. Anything else is the code or the text of some other boot sector. */
static bool is_table(const u8 *sector) {
    for (u32 i = 0; i < MBR_ENTRY_COUNT; i++)
        if (sector[MBR_ENTRIES + i * MBR_ENTRY_SIZE] & ~STATUS_ACTIVE)
            return false;
    return true;
}

static struct partition decode(const u8 *entry, u32 number, u32 sector_shift) {
    return (struct partition){.number = number,
                              .type = entry[4],
                              .active = entry[0] == STATUS_ACTIVE,
                              .start = (u64)load32(entry + 8) << sector_shift,
                              .size = (u64)load32(entry + 12) << sector_shift};
}

static struct error check_end(const struct source *disk, const struct partition *partition,
                              u32 sector_shift) {
    u64 end = partition->start + partition->size;
    if (end <= disk->size)
        return OK;
    return error_make(
        ERROR_PARTITION_PAST_END, .name = disk->name,
        .number = {partition->number, end >> sector_shift, disk->size >> sector_shift});
}

/* Appends the entries that are active, or those that are not. */
static struct error list_entries(const struct source *disk, const u8 *sector, u32 sector_shift,
                                 bool active, struct partition_table *table) {
    for (u32 i = 0; i < MBR_ENTRY_COUNT; i++) {
        struct partition partition =
            decode(sector + MBR_ENTRIES + i * MBR_ENTRY_SIZE, i + 1, sector_shift);
        if (partition.active != active || partition.type == TYPE_NONE ||
            partition.type == TYPE_GPT || !partition.size)
            continue;
        TRY(check_end(disk, &partition, sector_shift));
        table->partitions[table->count++] = partition;
    }
    return OK;
}

/* May the disk hold the image of a CD that is not in the table yet? Images that boot as disks have
 * an entry, of whatever type, that begins in the volume's system area. Others are spared a read. */
static bool may_be_cd_image(const u8 *sector, const struct partition_table *table) {
    for (u32 i = 0; i < table->count; i++)
        if (!table->partitions[i].start)
            return false;
    bool may_be = !table->count;
    for (const u8 *at = sector + MBR_ENTRIES; at < sector + MBR_SIGNATURE; at += MBR_ENTRY_SIZE)
        may_be |= load32(at + 12) && load32(at + 8) < SYSTEM_AREA_SECTORS;
    return may_be;
}

static void add_whole_disk(const struct source *disk, struct partition_table *table) {
    table->partitions[table->count++] = (struct partition){.size = disk->size};
}

struct error partition_list(const struct source *disk, u32 sector_size,
                            struct partition_table *table) {
    u8 sector[MBR_SIZE];
    u32 sector_shift = (u32)__builtin_ctz(sector_size);
    table->count = 0;
    TRY(source_read(disk, 0, sector, sizeof(sector)));
    bool is_signed = load16(sector + MBR_SIGNATURE) == 0xaa55;
    bool is_cd = sector_size == CD_SECTOR_SIZE && iso_is_there(disk);
    if (is_cd || (is_signed && is_fat_boot_record(sector))) {
        add_whole_disk(disk, table);
    } else if (is_signed && is_table(sector)) {
        TRY(list_entries(disk, sector, sector_shift, true, table));
        TRY(list_entries(disk, sector, sector_shift, false, table));
    }
    if (may_be_cd_image(sector, table) && iso_is_there(disk))
        add_whole_disk(disk, table);
    return table->count ? OK : error_make(ERROR_VOLUME_NONE, .name = disk->name);
}
