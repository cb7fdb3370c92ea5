#include "install.h"

#include <stddef.h>
#include <string.h>

#include "boot.h"
#include "bootcode.h"
#include "message.h"
#include "partition.h"

enum {
    SECTOR = 512,
    BPB_END_FAT16 = 0x3e,
    BPB_RESERVED = 0x0e,
    BPB_FAT_SECTORS = 0x16, /* 0 on FAT32 */
    BPB_BACKUP = 0x32,
    TABLE_ENTRY_SIZE = 16,
    TABLE_ENTRIES = 4,
};

/* What is known of the disk. */
struct place {
    struct changes *changes;
    u8 sector[SECTOR]; /* the first one */
    struct partition_table table;
    u64 start, room; /* bytes: where stage 2 can go */
    bool is_volume, is_fat32;
};

static bool is_zero(const u8 *bytes, size_t size) {
    while (size && !*bytes)
        bytes++, size--;
    return !size;
}

static bool has_text(const u8 *bytes, size_t size, const char *text) {
    size_t length = strlen(text);
    for (size_t at = 0; at + length <= size; at++)
        if (memcmp(bytes + at, text, length) == 0)
            return true;
    return false;
}

static u32 field(const u8 *sector, size_t offset) {
    return load32(sector + BOOT_FIELDS_START + offset);
}

static bool is_ours(const u8 *sector) {
    return field(sector, offsetof(struct boot_sector_fields, magic)) == BOOT_MAGIC;
}

/* ---- where ---- */

static bool has_gpt(const struct partition_table *table) {
    return table->bios_boot.size || (table->count && table->partitions[0].type == 0xee);
}

static bool use_gpt(struct place *place) {
    const struct changes *changes = place->changes;
    struct range room = place->table.bios_boot;
    if (!room.size)
        return complain(changes->who,
                        "%s has a GPT without a BIOS boot partition on the disk; make one of 1 MiB "
                        "(gdisk: type "
                        "ef02; parted: set N bios_grub on)",
                        changes->disk);
    place->start = room.start;
    place->room = room.size;
    return true;
}

/* Extended partitions count too, which partition_list() leaves out. */
static bool use_gap(struct place *place) {
    u64 end = place->changes->disk_size / SECTOR;
    for (u32 i = 0; i < TABLE_ENTRIES; i++) {
        const u8 *entry = place->sector + BOOT_TABLE_START + i * TABLE_ENTRY_SIZE;
        if (entry[4] && load32(entry + 12))
            end = min_u64(end, load32(entry + 8));
    }
    place->start = SECTOR;
    place->room = end ? (end - 1) * SECTOR : 0;
    return true;
}

static bool use_volume(struct place *place) {
    u32 reserved = load16(place->sector + BPB_RESERVED);
    place->is_volume = true;
    place->is_fat32 = !load16(place->sector + BPB_FAT_SECTORS);
    u32 start = place->is_fat32 ? STAGE2_LBA_FAT32 : STAGE2_LBA_FAT;
    place->start = start * SECTOR;
    place->room = reserved > start ? (u64)(reserved - start) * SECTOR : 0;
    if (load16(place->sector + 0x0b) == SECTOR)
        return true;
    return complain(place->changes->who, "%s has sectors of %u bytes, stage 1 reads such of 512",
                    place->changes->disk, load16(place->sector + 0x0b));
}

static bool find_place(struct place *place) {
    struct changes *changes = place->changes;
    struct source disk = changes_source(changes);
    struct error error = partition_list(&disk, SECTOR, &place->table);
    if (!error.code || place->table.bios_boot.size) {
        error = source_read(&disk, 0, place->sector, SECTOR);
        if (!error.code)
            return has_gpt(&place->table)                   ? use_gpt(place)
                   : place->table.partitions[0].number == 0 ? use_volume(place)
                                                            : use_gap(place);
    }
    print_error(stderr, &error, NULL, NULL);
    return complain(
        changes->who,
        "%s has no partitions with room in front of them, so there is no place for the boot "
        "code; make partitions, or an image with aloft image",
        changes->disk);
}

/* ---- what is there ---- */

static bool check_room(const struct place *place) {
    u32 needed = bootcode_stage2_sectors();
    if (place->room >= (u64)needed * SECTOR)
        return true;
    return complain(place->changes->who, "%s has %llu sectors %s, and stage 2 needs %u; %s",
                    place->changes->disk, (unsigned long long)place->room / SECTOR,
                    place->is_volume         ? "in front of its FAT"
                    : has_gpt(&place->table) ? "in its BIOS boot partition"
                                             : "between the boot sector and the first partition",
                    needed,
                    place->is_volume ? "make the file system anew (mkfs.fat -R 256)"
                                     : "make room there, 1 MiB being usual");
}

/* Code in the boot sector that is of no use to anybody: none, ours, or a formatter's excuse. */
static bool is_harmless_sector(const struct place *place) {
    const u8 *sector = place->sector;
    return is_ours(sector) || has_text(sector, SECTOR, "not a bootable disk") ||
           (!place->is_volume && is_zero(sector, BOOT_SIGNATURE_START));
}

/* Where stage 2 goes: zeros, or the stage 2 that our own boot sector leads to. */
static bool is_harmless_room(const struct place *place, const struct change *change) {
    const u8 *sector = place->sector;
    u32 sectors =
        load16(sector + BOOT_FIELDS_START + offsetof(struct boot_sector_fields, stage2_sectors));
    u32 lba = field(sector, offsetof(struct boot_sector_fields, stage2_lba));
    u32 ours = is_ours(sector) && (u64)lba * SECTOR == change->offset ? sectors * SECTOR : 0;
    return ours >= change->size || is_zero(change->before + ours, change->size - ours);
}

static bool check_others(const struct place *place) {
    const struct changes *changes = place->changes;
    if (!is_harmless_sector(place))
        return complain(changes->who,
                        "%s has another boot loader in its first sector; --force replaces it (and "
                        "--undo brings it back)",
                        changes->disk);
    if (!is_harmless_room(place, &changes->at[changes->count - 1]))
        return complain(changes->who,
                        "%s has data at byte %llu, where stage 2 would go: another boot loader's? "
                        "--force replaces it (and --undo brings it back)",
                        changes->disk, (unsigned long long)place->start);
    return true;
}

/* ---- the changes ---- */

static void make_sector(const struct place *place, u8 *sector) {
    bootcode_sector(sector, (u32)(place->start / SECTOR));
    if (place->is_volume) {
        u32 end = place->is_fat32 ? BOOT_CODE_START : BPB_END_FAT16;
        memcpy(sector + BOOT_BPB_START, place->sector + BOOT_BPB_START, end - BOOT_BPB_START);
    } else {
        memcpy(sector + BOOT_SIGNATURE_START, place->sector + BOOT_SIGNATURE_START,
               SECTOR - BOOT_SIGNATURE_START);
    }
}

bool install_decide(struct changes *changes, bool forced, const u8 *lock) {
    struct place place = {.changes = changes};
    struct bytes stage2 = bootcode_stage2(lock);
    u8 sector[SECTOR];
    if (!find_place(&place) || !check_room(&place))
        return false;
    make_sector(&place, sector);
    u16 backup = place.is_fat32 ? load16(place.sector + BPB_BACKUP) : 0;
    changes_add(changes, 0, sector, SECTOR);
    if (backup && backup < STAGE2_LBA_FAT32)
        changes_add(changes, (u64)backup * SECTOR, sector, SECTOR);
    changes_add(changes, place.start, stage2.at, (u32)stage2.size);
    return forced || check_others(&place);
}

bool install_was_locked(const struct changes *changes) {
    const struct change *stage2 = &changes->at[changes->count - 1];
    return is_ours(changes->at[0].before) &&
           bootcode_is_locked((struct bytes){stage2->before, stage2->size});
}

static bool is_same_table(const struct changes *changes) {
    const struct change *sector = &changes->at[0];
    return memcmp(sector->before + BOOT_SIGNATURE_START, sector->after + BOOT_SIGNATURE_START,
                  SECTOR - BOOT_SIGNATURE_START) == 0;
}

/* As stage 1 does it. */
bool install_check(struct changes *changes) {
    struct source disk = changes_source(changes);
    u8 sector[SECTOR], *stage2 = make_room(STAGE2_SECTORS_MAX, SECTOR);
    struct error error = source_read(&disk, 0, sector, SECTOR);
    u32 sectors =
        load16(sector + BOOT_FIELDS_START + offsetof(struct boot_sector_fields, stage2_sectors));
    u64 start = (u64)field(sector, offsetof(struct boot_sector_fields, stage2_lba)) * SECTOR;
    if (!error.code && sectors <= STAGE2_SECTORS_MAX)
        error = source_read(&disk, start, stage2, sectors * SECTOR);
    bool is_table = !load16(sector + 0x0b); /* no BPB */
    u32 rest = stage2_rest_size(stage2);
    if (!error.code && is_ours(sector) && sectors <= STAGE2_SECTORS_MAX &&
        rest <= sectors * SECTOR && !boot_sum(stage2, sectors * SECTOR - rest) &&
        !boot_sum(stage2 + sectors * SECTOR - rest, rest) && (!is_table || is_same_table(changes)))
        return true;
    return complain(changes->who, "%s does not read back as a disk that boots; use --undo",
                    changes->disk);
}
