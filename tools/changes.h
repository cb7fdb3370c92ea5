/* Changes to a disk that is not ours: every byte that is written is known before, saved, and can be
 * put back.
 *
 * The record is a file with the bytes that were there and the checksums of both states:
 *
 *   "ALOFTUND" | version, count | size of the disk | count times: offset, size, sum before, sum
 * after, the bytes before | sum of all this
 *
 * Numbers are little-endian; sums are CRC-32. */
#ifndef TOOLS_CHANGES_H
#define TOOLS_CHANGES_H

#include "source.h"

enum { CHANGES_MAX = 3 };

struct change {
    u64 offset; /* bytes from the start of the disk */
    u32 size;
    u8 *before, *after; /* after is NULL in a record that was read */
    u32 sum_before, sum_after;
};

struct changes {
    const char *who;
    const char *disk; /* its path */
    int descriptor;
    u64 disk_size;
    u32 count;
    struct change at[CHANGES_MAX];
};

/* Opens an image file or a disk for reading and writing. Ends the program if there is no such. */
struct changes changes_open(const char *who, const char *disk);

/* The disk as it is now; *changes must live as long as it is used. */
struct source changes_source(struct changes *changes);

/* Adds a change, and reads what is there now. Ends the program where that cannot be read. */
void changes_add(struct changes *changes, u64 offset, const void *after, u32 size);

/* Writes the record, which must not exist. False, with a message, if it cannot be written whole. */
MUST_USE bool changes_save(const struct changes *changes, const char *record);

/* Reads a record of this disk into *changes. Ends the program if it is damaged or of another. */
void changes_load(struct changes *changes, const char *record);

/* Writes all `after`, the last change first, and reads them back. If that fails, what was there
 * before is put back. False, with a message, if anything failed. */
MUST_USE bool changes_apply(const struct changes *changes);

/* Puts back all `before`, and reads them back. Refuses, unless forced, where the disk has neither
 * the bytes before nor those after: someone else has written there since. */
MUST_USE bool changes_revert(const struct changes *changes, bool force);

#endif
