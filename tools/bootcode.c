#include "bootcode.h"

#include <stddef.h>
#include <string.h>

#include "boot.h"
#include "message.h"

enum { SECTOR = 512 };

/* bootcode.S */
extern const u8 boot_sector_start[], cd_sector_start[], stage2_start[], stage2_end[];
extern const u8 stage2_symbols_start[], stage2_symbols_end[];

/* The last four bytes of what stage 1 reads make the sum right (stage1/boot.h). */
static void write_lock(u8 *stage2, u32 size, const u8 *lock) {
    size -= stage2_rest_size(stage2);
    memcpy(stage2 + HEAD_LOCK, lock, LOCK_SIZE);
    store32(stage2 + size - 4, 0);
    store32(stage2 + size - 4, -boot_sum(stage2, size));
}

struct bytes bootcode_stage2(const u8 *lock) {
    struct bytes stage2 = {stage2_start, (size_t)(stage2_end - stage2_start)};
    if (!lock)
        return stage2;
    u8 *copy = make_room(stage2.size, 1);
    memcpy(copy, stage2.at, stage2.size);
    write_lock(copy, (u32)stage2.size, lock);
    return (struct bytes){copy, stage2.size};
}

bool bootcode_is_locked(struct bytes stage2) {
    static const u8 none[LOCK_SIZE];
    return stage2.size >= HEAD_SIZE && memcmp(stage2.at + HEAD_LOCK, none, LOCK_SIZE) != 0;
}

struct bytes bootcode_symbols(void) {
    return (struct bytes){stage2_symbols_start,
                          (size_t)(stage2_symbols_end - stage2_symbols_start)};
}

u32 bootcode_stage2_sectors(void) {
    return (u32)((size_t)(stage2_end - stage2_start) / SECTOR);
}

struct bytes bootcode_cd(void) {
    return (struct bytes){cd_sector_start, CD_SECTOR_SIZE};
}

void bootcode_sector(u8 *sector, u32 stage2_lba) {
    u8 *fields = sector + BOOT_FIELDS_START;
    memcpy(sector, boot_sector_start, SECTOR);
    store32(fields + offsetof(struct boot_sector_fields, stage2_lba), stage2_lba);
    store16(fields + offsetof(struct boot_sector_fields, stage2_sectors),
            (u16)bootcode_stage2_sectors());
}
