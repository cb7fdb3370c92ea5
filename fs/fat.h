/* FAT12, FAT16 and FAT32, read-only, with long names.
 *
 *   volume: | boot record, reserved | FAT | FAT copy | root directory (12/16) | cluster 2, 3 ... |
 *
 * A file is a source: its read turns offsets into runs of neighbouring clusters and reads each run
 * with one request. A cursor in struct fat_file remembers the last cluster reached, so that reading
 * forward never walks the chain again; going back restarts it.
 *
 * What a disk may do to us ends in an error that names the file, the cluster and the FAT sector: an
 * entry that is free, reserved, bad or out of range (FAT_CHAIN; FAT_FIRST where the directory has
 * it), a chain that ends before the size that the directory gives (FAT_SHORT), a chain that comes
 * back to itself (FAT_LOOP: at once where it comes back to its start or to the same cluster, else
 * within the next rounds, which a small file may not need), boot record fields that make no sense
 * (FAT_BAD, with the name of the field).
 *
 * Names match without regard to case (ASCII), the long name first, else the 8.3 name.
 *
 * Specification: Microsoft FAT32 File System Specification 1.03 (fatgen103). */
#ifndef FS_FAT_H
#define FS_FAT_H

#include "source.h"

struct fat {
    struct source volume;
    u32 entry_bits;    /* 12, 16 or 32 */
    u32 sector_size;   /* 512 to 4096 */
    u32 cluster_size;  /* bytes, a power of two */
    u32 cluster_shift; /* log2 of it */
    u32 cluster_count; /* clusters 2 .. cluster_count + 1 exist */
    u64 fat_start;     /* bytes from the start of the volume */
    u64 fat_size;      /* bytes of one copy */
    u64 root_start;    /* FAT12/16: the root directory's place; 0 on FAT32 */
    u64 root_size;
    u32 root_cluster; /* FAT32 */
    u64 data_start;   /* of cluster 2 */
};

/* ERROR_FAT_BAD if this is no sane FAT volume. */
MUST_USE struct error fat_open(const struct source *volume, struct fat *fat);

enum { FAT_WINDOW = 64 };

struct fat_file {
    const struct fat *fat;
    const char *name;
    u32 first_cluster; /* 0: an empty file, or the root of FAT12/16 */
    u32 size;          /* bytes; of a directory: unknown, 0 */
    bool is_directory;
    u32 cursor_index; /* the cursor: the cluster_index-th cluster of the chain is cursor_cluster */
    u32 cursor_cluster;    /* 0 before the first read */
    u32 cursor_mark;       /* a cluster that the cursor has passed: meeting it again is a loop */
    u64 window_start;      /* in the volume; 0 for an empty window */
    u8 window[FAT_WINDOW]; /* of the FAT, read at once, but for FAT12 */
};

/* Finds a file by its absolute path ("/boot/kernel.elf"; more than one slash counts as one). *file
 * is overwritten; path must outlive it. A directory is found too: see is_directory.
 * Errors: FILE_NOT_FOUND, FILE_NOT_DIRECTORY, FILE_PATH, FAT_*. */
MUST_USE struct error fat_find(const struct fat *fat, const char *path, struct fat_file *file);

/* The bytes of a file, as a source; `file` must outlive it. ERROR_FILE_IS_DIRECTORY. */
MUST_USE struct error fat_source(struct fat_file *file, struct source *source);

/* The volume's name, from its entry in the root or else from the boot record, without the spaces
 * behind it; and its serial number as "1234-ABCD". Empty where the volume has none. */
MUST_USE struct error fat_identity(const struct fat *fat, char label[12], char uuid[10]);

#endif
