/* Where everything goes on an image: sizes and sector numbers, from the tree and the wish. */
#ifndef TOOLS_GEOMETRY_H
#define TOOLS_GEOMETRY_H

#include "image_file.h"

enum {
    SECTOR = 512,
    GPT_SECTORS = 33,                  /* of one copy: the header, 128 entries */
    BIOS_BOOT_START = 1 + GPT_SECTORS, /* stage 2 has the sectors up to the first partition */
    PARTITION_START = 2048,
};

struct geometry {
    u64 sectors; /* of the whole image */
    u64 volume_start, volume_sectors;
    const char *ext; /* as wished */
    bool has_gpt;
    u32 fat_bits; /* these are of FAT only */
    u32 cluster_sectors;
    u32 reserved; /* sectors in front of the FAT; 0: as mkfs.fat likes */
    u32 root_entries;
    u32 stage2_lba;
    u32 heads, sectors_per_track;
    u8 media;
};

/* False, with a message, if the files do not fit or there is no such volume. */
MUST_USE bool geometry_make(const char *who, const struct tree *tree, const struct image_wish *wish,
                            u32 stage2_sectors, struct geometry *geometry);

#endif
