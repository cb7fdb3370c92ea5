/* The boot sector's fields, which whoever puts it on a disk fills in.
 *
 * One boot sector serves three places: as master boot record it keeps the disk signature and the
 * partition table, as a FAT volume's boot record (a floppy, an unpartitioned disk) it keeps the
 * BPB.
 *
 *   0x000  jump over the BPB
 *   0x003  BPB of FAT12, 16 or 32, or zeros                  kept
 *   0x05a  code
 *   0x1ac  struct boot_sector_fields
 *   0x1b8  disk signature                                    kept
 *   0x1be  partition table                                   kept
 *   0x1fe  55 aa
 *
 * Stage 2 is one run of sectors, in the gap before the first partition or in the FAT volume's
 * reserved sectors. It is loaded at 0x50000 and entered at 5000:0000 with DL as the BIOS gave it.
 * Its last four bytes are chosen so that boot_sum() over all of it is BOOT_SUM.
 *
 * On a CD stage 1 is a sector of its own kind (cd.asm), with stage 2 behind it. The image of a CD
 * has the boot sector too, in its first sector, and so boots from a disk: its stage2_lba points to
 * the same stage 2.
 *
 * Shared with assembly through stage2/offsets.c. */
#ifndef STAGE1_BOOT_H
#define STAGE1_BOOT_H

#include "bytes.h"

enum {
    BOOT_BPB_START = 0x03,
    BOOT_CODE_START = 0x5a,
    BOOT_FIELDS_START = 0x1ac,
    BOOT_SIGNATURE_START = 0x1b8,
    BOOT_TABLE_START = 0x1be,

    BOOT_STACK_TOP = 0x7000, /* a page below the code: writing to a page that holds executed code is
                              * slow in emulators (it may be self-modifying) */
    STAGE2_ADDRESS = 0x50000, /* the start of a 64 KiB block, so that no transfer of 32 KiB crosses one;
                               * and behind all that is unpacked, whose .bss it becomes */
    STAGE2_SECTORS_MAX = 224, /* of 512 bytes: 112 KiB */

    CD_SECTOR_SIZE = 2048,
    STAGE2_CD_SECTORS_MAX = 57, /* the same for a CD, the last sector not being full */

    /* Stage 2 is a head (stage2/head.asm), then the rest, packed (tools/pack.h), which unpacks to STAGE2_FLAT; then
     * padding and the check word. */
    HEAD_SIZE = 0x108,
    HEAD_UNPACKED_SIZE = 0x1c, /* u32: of the rest */
    STAGE2_FLAT = 0x20000,
};

#define BOOT_MAGIC 0x54464c41u /* "ALFT" */
#define BOOT_SUM   0x54464c41u

struct boot_sector_fields {
    u32 magic;          /* BOOT_MAGIC: this is Aloft's boot sector */
    u32 stage2_lba;     /* sectors from the start of the disk */
    u16 stage2_sectors; /* of 512 bytes */
    u16 version;        /* 1 */
};

/* The checksum that stage 1 makes. Every step is reversible, so a change within any one dword
 * changes the sum; and zeros do not sum up to BOOT_SUM. */
static inline u32 boot_sum(const u8 *bytes, u32 size) {
    u32 sum = 0;
    for (u32 i = 0; i < size; i += 4)
        sum = (sum << 1 | sum >> 31) + load32(bytes + i);
    return sum;
}

#endif
