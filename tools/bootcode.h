/* The boot sector and stage 2, which are within the host command (bootcode.S). */
#ifndef TOOLS_BOOTCODE_H
#define TOOLS_BOOTCODE_H

#include "bytes.h"

/* Stage 2 as it lies on a disk: whole sectors of 512 bytes. `lock` is the hash of the configuration
 * that it is locked to; NULL for none. */
struct bytes bootcode_stage2(const u8 *lock);

/* Is this stage 2 locked? */
bool bootcode_is_locked(struct bytes stage2);

u32 bootcode_stage2_sectors(void);

/* The names of stage 2's functions, as nm -n prints them. */
struct bytes bootcode_symbols(void);

/* Stage 1 of a CD: one sector of a CD. */
struct bytes bootcode_cd(void);

/* The boot sector for a disk that has stage 2 from sector `stage2_lba` on; 512 bytes. What belongs
 * to others in it is zeros (stage1/boot.h). */
void bootcode_sector(u8 *sector, u32 stage2_lba);

#endif
