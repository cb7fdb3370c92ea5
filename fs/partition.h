/* The partitions of a disk: an MBR's, with the logical ones, a GPT's, or none.
 *
 * A disk whose first sector is a FAT boot record has no partition table; it is one volume from its
 * first sector to its last (a floppy, a "superfloppy" USB stick). Otherwise sector 0 is a master
 * boot record. If it has an entry of type EEh, the disk has a GPT (gpt.h), which is believed over
 * the other entries of a hybrid MBR; these count if the GPT is damaged.
 *
 * A CD, and a disk that holds the image of one, is one volume too. Its system area may have a
 * partition table, so that a BIOS boots it from a USB stick: then the partitions are listed, and
 * behind them the whole disk, unless one of them starts where the disk does. The table is in
 * sectors of 512 bytes; a drive with sectors of 2048 bytes is a CD, whose table says nothing.
 *
 * An extended partition is a chain of further tables, each with one logical partition and a link:
 *
 *   MBR    | 1 | 2 | 3 | extended ----------------------------------|
 *                      | table, 5 .... | table, 6 ...... | table, 7 |
 *                          +-- link ------> +-- link -------> no link
 *
 * A logical partition is given relative to its table, a link relative to the extended partition.
 *
 * Sectors of partition tables are 512 bytes unless the drive's are larger: the caller says. */
#ifndef FS_PARTITION_H
#define FS_PARTITION_H

#include "range.h"
#include "source.h"

enum { PARTITIONS_MAX = 32 };

struct partition {
    u32 number; /* as GRUB and Linux count: from 1, logical ones from 5, in a GPT the entry; 0 for a
                 * disk without a table */
    u8 type;    /* the type byte of the entry; EEh for one of a GPT */
    bool active; /* in a GPT: legacy BIOS bootable */
    u64 start;   /* bytes from the start of the disk */
    u64 size;    /* bytes */
};

struct partition_table {
    u32 count;
    u32 active_count;
    struct partition partitions[PARTITIONS_MAX];
    struct range bios_boot; /* bytes: where a GPT has room for boot code; size 0 if nowhere on the
                               disk */
};

/* Lists the partitions in the order in which a boot volume is searched: the active ones first, then
 * by number. A disk without a table gives one partition, number 0, and so does an ISO 9660 volume.
 * Entries of type 0 or size 0 are left out, and so are extended partitions, a GPT's BIOS boot
 * partition, and what comes after PARTITIONS_MAX. sector_size is a power of two.
 *
 * Errors: PARTITION_PAST_END for one that reaches past the end of the disk, PARTITION_CHAIN where
 * the logical partitions do not come to an end, GPT_BAD, VOLUME_NONE where there is no partition.
 */
MUST_USE struct error partition_list(const struct source *disk, u32 sector_size,
                                     struct partition_table *table);

#endif
