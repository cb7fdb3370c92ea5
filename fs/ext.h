/* ext2, ext3 and ext4, read-only.
 *
 *   volume: | 1024 bytes | superblock | group descriptors | group 0: bitmaps, inodes, data | 1 ...
 * |
 *
 * A file is a source: its read turns offsets into runs of neighbouring blocks and reads each run
 * with one request. The cursor in struct ext_file is the last run found (an extent, or as many
 * pointers as one look gives), so that reading forward hardly searches again. Holes and extents
 * that were never written read as zeros.
 *
 * All block sizes up to 64 KiB, all sizes of inodes and descriptors, block pointers and extents,
 * inline data, hashed directories (which can be read entry by entry) and symbolic links. A volume
 * whose journal waits to be replayed is read as it stands. A volume with a feature that changes the
 * format in another way is refused, and the error names the feature.
 *
 * Names match exactly, byte for byte. A symbolic link is followed wherever it stands in the path;
 * an absolute one starts at the root of its own volume.
 *
 * What a disk may do to us ends in an error that names the file, the field and its value:
 * EXT_FIELD for the superblock and the group descriptors, EXT_INODE, EXT_BLOCK for a block that the
 * volume does not have, EXT_EXTENT, EXT_DIRECTORY. Checksums are not checked.
 *
 * Specification: the Linux kernel's Documentation/filesystems/ext4. */
#ifndef FS_EXT_H
#define FS_EXT_H

#include "source.h"

enum { EXT_POINTERS_SIZE = 60, EXT_LABEL_SIZE = 16, EXT_UUID_SIZE = 16 };

struct ext {
    struct source volume;
    u32 block_shift; /* log2 of the block size: 10 to 16 */
    u32 block_count; /* Aloft reads volumes of less than 2^32 blocks */
    u32 first_block; /* of group 0: 1 if blocks have 1 KiB, else 0 */
    u32 blocks_per_group, inodes_per_group;
    u32 inode_count, inode_size;
    u32 descriptor_size;
    u32 first_meta_group; /* descriptor blocks from this one on lie in the groups that they describe
                           */
    bool is_sparse;       /* not every group has a copy of the superblock (sparse_super) */
    bool is_sparse2;      /* only group 0 and these have (sparse_super2): */
    u32 backup_groups[2];
    u8 uuid[EXT_UUID_SIZE];
    char label[EXT_LABEL_SIZE]; /* ends in zeros if it is shorter */
};

/* ERROR_EXT_NONE if there is no ext superblock; EXT_FIELD, EXT_FEATURE; the source's if it cannot
 * be read. */
MUST_USE struct error ext_open(const struct source *volume, struct ext *ext);

/* The label and the UUID as GRUB's `search` shows them: "data", "0f1e2d3c-...". */
void ext_identity(const struct ext *ext, char label[EXT_LABEL_SIZE + 1], char uuid[37]);

struct ext_file {
    const struct ext *ext;
    const char *name;
    u32 inode;
    u32 mode, flags;                 /* as in the inode */
    u64 size;                        /* bytes */
    u32 inline_block, inline_offset; /* where inline data goes on: bytes behind a block's start */
    u32 inline_size;                 /* and how far */
    u8 pointers[EXT_POINTERS_SIZE];  /* block pointers, the root of the extents, or inline data */
    u32 run_first, run_count;        /* the cursor: these blocks of the file */
    u32 run_block;                   /* lie from this block of the volume on; 0: they are a hole */
};

/* Finds a file by its absolute path (more than one slash counts as one). *file is overwritten; path
 * must outlive it. A directory is found too. Errors: FILE_NOT_FOUND, FILE_NOT_DIRECTORY, FILE_PATH,
 * EXT_LINKS, EXT_*. */
MUST_USE struct error ext_find(const struct ext *ext, const char *path, struct ext_file *file);

/* The bytes of a file, as a source; `file` must outlive it. FILE_IS_DIRECTORY; EXT_KIND for a
 * device, a pipe or an encrypted file. */
MUST_USE struct error ext_source(struct ext_file *file, struct source *source);

#endif
