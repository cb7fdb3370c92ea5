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
 * reserved sectors. Stage 1 reads the first part of it, which is whole sectors of a CD, to
 * STAGE2_ADDRESS and enters it there, at offset 0 of its segment. The rest stays on the disk until
 * it is needed (stage2/parts.h). The last four bytes of each of the two are chosen so that
 * boot_sum() over it is 0.
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
    /* Stage 2 is read in pieces that do not cross a 64 KiB boundary, for DMA cannot in many a
     * machine: one up to 0x80000, which is meant to be all, and one from there on. Both are within
     * the 127 sectors of the EDD specification, and are whole sectors of a CD. Where tracks have 18
     * sectors, stage 2 begins with sector 2, so that a track ends at the boundary, too. */
    STAGE2_ADDRESS = 0x70800,
    STAGE2_PIECE = 124,            /* sectors */
    STAGE2_REST_ADDRESS = 0x81800, /* where the rest is read to; what stage 1 reads ends before */
    STAGE2_END = 0x8e000,
    STAGE2_SECTORS_MAX = (STAGE2_END - STAGE2_ADDRESS) / 512,
    STAGE2_LBA_FAT = 2,   /* where it begins in an unpartitioned FAT volume */
    STAGE2_LBA_FAT32 = 8, /* behind FS info (1) and the copies of both (6, 7) */

    CD_SECTOR_SIZE = 2048,

    /* Stage 2 is a head (stage2/head.asm), which is not packed, then the packed parts
     * (tools/pack.h). Padding and the check word stand behind those that stage 1 reads, and behind
     * the others. */
    HEAD_START = 0xc985,   /* its first word, by which stage 1 knows it: TEST CX, CX */
    HEAD_DIRECTORY = 0x24, /* struct stage2_directory */
    HEAD_UNPACK = 0x198,   /* code: unpacks the part that EBX points to, but for its calls */
    HEAD_CALLS = 0x1a0,    /* code: the calls of that part */
    HEAD_LOCK = 0x480,     /* LOCK_SIZE bytes: the configuration's SHA-512; zeros without a lock */
    LOCK_SIZE = 64,
    HEAD_SIZE = 0x4c0,
    STAGE2_FLAT = 0x20000, /* where the unpacked whole begins */
    STAGE2_PARTS = 5,
    STAGE2_CORE_PARTS = 2,     /* the first: code and constants of the core */
    STAGE2_RESIDENT_PARTS = 3, /* what stage 1 reads; those behind are the rest */
};

#define BOOT_MAGIC 0x54464c41u /* "ALFT" */

struct boot_sector_fields {
    u32 magic;          /* BOOT_MAGIC: this is Aloft's boot sector */
    u32 stage2_lba;     /* sectors from the start of the disk */
    u16 stage2_sectors; /* of 512 bytes, the rest included */
    u16 version;        /* 2 */
};

/* A part of stage 2 (stage2/parts.h). All are physical addresses. */
struct part {
    u32 start, end; /* unpacked */
    u32 packed;     /* where the packed bytes begin */
    u32 lzma_size;  /* how many they are if they are LZMA (base/unlzma.h); 0 for tools/pack.h */
};

/* The linker writes it to the start of the unpacked whole, with 1 for any size of LZMA;
 * tools/seal.c completes it and puts it into the head. */
struct stage2_directory {
    u32 image_size;  /* of the unpacked whole */
    u32 scratch_end; /* of the buffers in the place of the packed core (stage2.ld) */
    u32 rest_size;   /* bytes of the rest on the disk, whole sectors */
    /* The core's, then those that are unpacked when they are called. */
    struct part parts[STAGE2_PARTS];
};

/* How many bytes of stage 2, as it lies on a disk, are read when it is needed. */
static inline u32 stage2_rest_size(const u8 *stage2) {
    return load32(stage2 + HEAD_DIRECTORY + __builtin_offsetof(struct stage2_directory, rest_size));
}

/* The checksum that stage 1 makes of whole paragraphs: 0 if they are whole. Every step is
 * reversible, so a change within any one dword changes the sum; and zeros alone do not sum up to 0,
 * for it begins with a number that stage 1 has at hand. */
static inline u32 boot_sum(const u8 *bytes, u32 size) {
    u32 sum = BOOT_STACK_TOP;
    for (u32 i = 0; i < size; i += 4)
        sum = (i % 16 ? sum : sum << 1 | sum >> 31) + load32(bytes + i);
    return sum;
}

#endif
