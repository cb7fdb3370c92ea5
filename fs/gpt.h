/* The GUID partition table.
 *
 *   sector 0     protective MBR (partition.c sees its entry of type EEh)
 *   1            header -------------+
 *   2 ...        entry 1, 2, 3 ... <-+    usually 128 entries of 128 bytes
 *   ...          partitions
 *                entry 1, 2, 3 ... <-+    the copy
 *   last         header -------------+
 *
 * Header and entries have checksums, and both are checked. If anything is wrong with the header in
 * sector 1, the one in the last sector takes its place, with its own entries. The boot drive is
 * never written, so a damaged header stays as it is.
 *
 * Specification: UEFI 2.10, section 5.3. */
#ifndef FS_GPT_H
#define FS_GPT_H

#include "source.h"

struct gpt {
    u64 entries;     /* bytes from the start of the disk */
    u32 entry_size;  /* bytes, a power of two from 128 on */
    u32 entry_count; /* up to the last that is not zeros */
};

struct gpt_entry {
    bool is_used;
    bool is_bios_boot; /* holds boot code and never a file system */
    bool is_active;    /* "legacy BIOS bootable": attribute bit 2 */
    u64 first, last;   /* sectors, as they stand there */
};

/* Finds the table. ERROR_GPT_BAD, with what is wrong with the first header, if neither is whole. */
MUST_USE struct error gpt_open(const struct source *disk, u32 sector_shift, struct gpt *gpt);

/* Entry `index`, counted from 0. Errors: as the disk's. */
MUST_USE struct error gpt_read(const struct source *disk, const struct gpt *gpt, u32 index,
                               struct gpt_entry *entry);

#endif
