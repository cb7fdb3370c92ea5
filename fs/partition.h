/* The partitions of a disk: the MBR's four entries, or none.
 *
 * A disk whose first sector is a FAT boot record has no partition table; it is one volume from its
 * first sector to its last (a floppy, a "superfloppy" USB stick). Otherwise sector 0 is a master
 * boot record.
 *
 * A CD, and a disk that holds the image of one, is one volume too. Its system area may have a
 * partition table, so that a BIOS boots it from a USB stick: then the partitions are listed, and
 * behind them the whole disk, unless one of them starts where the disk does. The table is in
 * sectors of 512 bytes; a drive with sectors of 2048 bytes is a CD, whose table says nothing.
 *
 * Sectors of partition tables are 512 bytes unless the drive's are larger: the caller says.
 * Extended partitions and GPT have their place here (a later issue); for now an extended partition
 * is listed but not entered, and the protective entry of a GPT (type EEh) is left out. */
#ifndef FS_PARTITION_H
#define FS_PARTITION_H

#include "source.h"

enum { PARTITIONS_MAX = 16 };

struct partition {
    u32 number; /* as GRUB and Linux count: 1 for the first entry; 0 for a disk without a table */
    u8 type;    /* the type byte of the entry */
    bool active;
    u64 start; /* bytes from the start of the disk */
    u64 size;  /* bytes */
};

struct partition_table {
    u32 count;
    struct partition partitions[PARTITIONS_MAX];
};

/* Lists the partitions in the order in which a boot volume is searched: the active ones first, then
 * by number. A disk without a table gives one partition, number 0, and so
 * does an ISO 9660 volume. Entries of type 0 or size 0 are
 * left out; one that reaches past the end of the disk is an error (PARTITION_PAST_END), and so is a
 * disk that has none (VOLUME_NONE). sector_size is a power of two. */
MUST_USE struct error partition_list(const struct source *disk, u32 sector_size,
                                     struct partition_table *table);

#endif
