#include "bootcode.h"

#include <stddef.h>
#include <string.h>

#include "boot.h"

enum { SECTOR = 512 };

/* bootcode.S */
extern const u8 boot_sector_start[], cd_sector_start[], stage2_start[], stage2_end[];
extern const u8 stage2_symbols_start[], stage2_symbols_end[];

struct bytes bootcode_stage2(void) {
    return (struct bytes){stage2_start, (size_t)(stage2_end - stage2_start)};
}

struct bytes bootcode_symbols(void) {
    return (struct bytes){stage2_symbols_start,
                          (size_t)(stage2_symbols_end - stage2_symbols_start)};
}

u32 bootcode_stage2_sectors(void) {
    return (u32)(bootcode_stage2().size / SECTOR);
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
