/* Images that boot: a volume with the files of a tree, and the boot code in front of it; or a CD.
 *
 *   hdd      | MBR, stage 1 | stage 2 ... |     | partition from sector 2048: FAT |
 *   gpt      | MBR, stage 1 | GPT | BIOS boot partition: stage 2 | partition from 2048: FAT32 | GPT
 * | volume   | boot record with BPB, stage 1 | FAT32: FS info, copies | stage 2 ... | FAT, files |
 *   floppy   the same on 1.44 MB
 *   iso      an image of a CD that boots as a disk too (iso_image.h)
 *
 * The partition of hdd and gpt can hold ext2, ext3 or ext4 instead.
 *
 * The same tree gives the same bytes, always: times and identifiers are fixed. An ext volume keeps
 * the times, owners and rights of the files, so there they are part of what must be the same. */
#ifndef TOOLS_IMAGE_FILE_H
#define TOOLS_IMAGE_FILE_H

#include "tree.h"

enum image_format { IMAGE_HDD, IMAGE_GPT, IMAGE_VOLUME, IMAGE_FLOPPY, IMAGE_ISO };

struct image_wish {
    enum image_format format;
    u64 size;        /* bytes, whole MiB; 0: by what the files need, as it must be for a CD */
    u32 fat_bits;    /* 12, 16, 32; 0: by size, as it must be for a CD */
    const u8 *lock;  /* the hash of the configuration that the loader is locked to; NULL */
    const char *ext; /* "ext2", "ext3", "ext4"; NULL for FAT */
};

/* "hdd", "gpt", "volume", "floppy", "iso"; another word ends the program. */
enum image_format image_format_of(const char *who, const char *word);

/* Writes `path` from the tree of a folder, whole or not at all. False, with a message, if that
 * fails. */
MUST_USE bool image_write(const char *who, const struct tree *tree, const struct image_wish *wish,
                          const char *path);

#endif
