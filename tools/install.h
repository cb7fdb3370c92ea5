/* Where the boot code goes on a disk that exists, and what must not be touched there.
 *
 *   MBR   boot code in sector 0 (disk signature and table stay), stage 2 in the gap behind it,
 * which ends where the first partition begins GPT   the same sector, stage 2 in the BIOS boot
 * partition FAT   from its first sector on: sector 0 (the BPB stays; FAT32 has a copy), stage 2 in
 * the reserved sectors
 *
 * What is there already must be zeros, or Aloft itself, or code that only says that the disk does
 * not boot. */
#ifndef TOOLS_INSTALL_H
#define TOOLS_INSTALL_H

#include "changes.h"

/* Adds the changes to *changes, the boot sector first. False, with a message, where there is no
 * room for the boot code, or something else is there and this is not `forced`. `lock` is as
 * bootcode.h has it. */
MUST_USE bool install_decide(struct changes *changes, bool forced, const u8 *lock);

/* Did the changes take the place of a stage 2 that was locked? */
bool install_was_locked(const struct changes *changes);

/* Is what stage 1 will find on the disk whole? False, with a message. */
MUST_USE bool install_check(struct changes *changes);

#endif
