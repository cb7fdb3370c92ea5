#include "partition.h"

#include "gpt.h"
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
    TYPE_EXTENDED = 0x05,
    TYPE_EXTENDED_LBA = 0x0f,
    TYPE_EXTENDED_LINUX = 0x85,
    TYPE_GPT = 0xee, /* covers a GPT disk so that old tools leave it alone */

    LINKS_MAX = 128,

    CD_SECTOR_SIZE = 2048,
    SYSTEM_AREA_SECTORS = 64, /* of an ISO 9660 volume (ECMA-119, 6.2.1) */
};

/* No link is that: it would lie 2 TiB behind the start of its extended partition. */
#define NO_LINK 0xffffffffu

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

static bool is_extended(u8 type) {
    return type == TYPE_EXTENDED || type == TYPE_EXTENDED_LBA || type == TYPE_EXTENDED_LINUX;
}

/* Sectors, as they stand in a table. */
struct extent {
    u32 number;
    u8 type;
    bool active;
    u64 first, count;
};

static bool lies_on(const struct source *disk, u32 sector_shift, const struct extent *extent) {
    u64 sectors = disk->size >> sector_shift;
    return extent->first <= sectors && extent->count <= sectors - extent->first;
}

static struct error add(const struct source *disk, u32 sector_shift, const struct extent *extent,
                        struct partition_table *table) {
    if (!lies_on(disk, sector_shift, extent)) {
        u64 end = extent->first + extent->count;
        end = end < extent->first ? ~(u64)0 : end;
        return error_make(ERROR_PARTITION_PAST_END, .name = disk->name,
                          .number = {extent->number, end, disk->size >> sector_shift});
    }
    if (table->count >= PARTITIONS_MAX)
        return OK;
    u32 at = table->count++;
    if (extent->active) {
        for (; at > table->active_count; at--)
            memmove(&table->partitions[at], &table->partitions[at - 1], sizeof *table->partitions);
        table->active_count++;
    }
    table->partitions[at] = (struct partition){.number = extent->number,
                                               .type = extent->type,
                                               .active = extent->active,
                                               .start = extent->first << sector_shift,
                                               .size = extent->count << sector_shift};
    return OK;
}

/* What lists one disk hands on. */
struct listing {
    const struct source *disk;
    u32 sector_shift;
    u32 logical; /* the number of the next logical partition */
    struct partition_table *table;
};

/* Adds the partitions of one table, whose sector is `base`. Of an extended partition it gives the
 * first sector, relative as it stands there. */
static struct error add_entries(struct listing *listing, const u8 *sector, u64 base,
                                u32 *extended) {
    for (u32 i = 0; i < MBR_ENTRY_COUNT; i++) {
        const u8 *entry = sector + MBR_ENTRIES + i * MBR_ENTRY_SIZE;
        u32 first = load32(entry + 8);
        struct extent extent = {.type = entry[4],
                                .active = entry[0] == STATUS_ACTIVE,
                                .first = base + first,
                                .count = load32(entry + 12)};
        if (extent.type == TYPE_NONE || extent.type == TYPE_GPT || !extent.count)
            continue;
        if (is_extended(extent.type)) {
            *extended = first;
            continue;
        }
        extent.number = base ? listing->logical++ : i + 1;
        TRY(add(listing->disk, listing->sector_shift, &extent, listing->table));
    }
    return OK;
}

/* The chain of tables of the extended partition that starts at sector `start`; `sector` is room for
 * one. Links may go backwards, so only their number shows that they go round. */
static struct error add_logical(struct listing *listing, u8 *sector, u32 start) {
    const char *problem = "it goes round, or has too many links";
    u32 next = 0;
    u64 base = start;
    for (u32 link = 0; link < LINKS_MAX; link++) {
        base = (u64)start + next;
        next = NO_LINK;
        if (base >= listing->disk->size >> listing->sector_shift) {
            problem = "it leads past the end of the disk";
            break;
        }
        TRY(source_read(listing->disk, base << listing->sector_shift, sector, MBR_SIZE));
        if (load16(sector + MBR_SIGNATURE) != 0xaa55) {
            problem = "there is no table";
            break;
        }
        TRY(add_entries(listing, sector, base, &next));
        if (next == NO_LINK)
            return OK;
    }
    return error_make(ERROR_PARTITION_CHAIN, .name = listing->disk->name, .other = problem,
                      .number = {base});
}

static struct error add_mbr(struct listing *listing, u8 *sector) {
    u32 extended = NO_LINK;
    TRY(add_entries(listing, sector, 0, &extended));
    return extended == NO_LINK ? OK : add_logical(listing, sector, extended);
}

static struct error add_gpt(const struct listing *listing) {
    struct gpt gpt = {0};
    TRY(gpt_open(listing->disk, listing->sector_shift, &gpt));
    for (u32 i = 0; i < gpt.entry_count; i++) {
        struct gpt_entry entry = {0};
        TRY(gpt_read(listing->disk, &gpt, i, &entry));
        if (!entry.is_used)
            continue;
        struct extent extent = {i + 1, TYPE_GPT, entry.is_active, entry.first,
                                entry.last + 1 - entry.first};
        if (entry.is_bios_boot) {
            if (lies_on(listing->disk, listing->sector_shift, &extent))
                listing->table->bios_boot = (struct range){extent.first << listing->sector_shift,
                                                           extent.count << listing->sector_shift};
        } else if (entry.last < entry.first) {
            return error_make(ERROR_PARTITION_BACKWARDS, .name = listing->disk->name,
                              .number = {extent.number, entry.first, entry.last});
        } else {
            TRY(add(listing->disk, listing->sector_shift, &extent, listing->table));
        }
    }
    return OK;
}

static bool has_gpt(const u8 *sector) {
    for (u32 i = 0; i < MBR_ENTRY_COUNT; i++)
        if (sector[MBR_ENTRIES + i * MBR_ENTRY_SIZE + 4] == TYPE_GPT)
            return true;
    return false;
}

static void add_whole_disk(const struct source *disk, struct partition_table *table) {
    if (table->count < PARTITIONS_MAX)
        table->partitions[table->count++] = (struct partition){.size = disk->size};
}

/* Images of CDs that boot as disks have an entry, of whatever type, that begins in the volume's
 * system area. */
static bool begins_in_system_area(const u8 *sector) {
    for (const u8 *at = sector + MBR_ENTRIES; at < sector + MBR_SIGNATURE; at += MBR_ENTRY_SIZE)
        if (load32(at + 12) && load32(at + 8) < SYSTEM_AREA_SECTORS)
            return true;
    return false;
}

/* Is there a partition that begins where the disk does? */
static bool has_whole_disk(const struct partition_table *table) {
    for (u32 i = 0; i < table->count; i++)
        if (!table->partitions[i].start)
            return true;
    return false;
}

/* By the first sector, whose place is used up. */
static struct error add_all(struct listing *listing, u8 *sector) {
    struct error error = OK;
    if (load16(sector + MBR_SIGNATURE) != 0xaa55)
        return OK;
    if (is_fat_boot_record(sector)) {
        add_whole_disk(listing->disk, listing->table);
        return OK;
    }
    if (!is_table(sector))
        return OK;
    if (has_gpt(sector)) {
        error = add_gpt(listing);
        if (error.code != ERROR_GPT_BAD)
            return error;
    }
    TRY(add_mbr(listing, sector));
    return listing->table->count ? OK : error;
}

static struct error add_cd(const struct source *disk, struct partition_table *table) {
    bool is_cd;
    TRY(iso_is_there(disk, &is_cd));
    if (is_cd)
        add_whole_disk(disk, table);
    return OK;
}

struct error partition_list(const struct source *disk, u32 sector_size,
                            struct partition_table *table) {
    u8 sector[MBR_SIZE] = {0};
    struct listing listing = {disk, (u32)__builtin_ctz(sector_size), MBR_ENTRY_COUNT + 1, table};
    memset(table, 0, sizeof *table);
    TRY(source_read(disk, 0, sector, sizeof(sector)));
    bool may_be_cd = begins_in_system_area(sector); /* others are spared a read */
    struct error error = OK, unread = OK;
    if (sector_size == CD_SECTOR_SIZE)
        TRY(add_cd(disk, table));
    if (!table->count)
        error = add_all(&listing, sector);
    if (error.code && error.code != ERROR_GPT_BAD)
        return error;
    if ((may_be_cd || !table->count) && !has_whole_disk(table))
        unread = add_cd(disk, table);
    if (table->count)
        return OK;
    if (unread.code)
        return unread;
    return error.code ? error : error_make(ERROR_VOLUME_NONE, .name = disk->name);
}
