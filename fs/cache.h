/* A small cache over a source, itself a source.
 *
 * Directories, FAT sectors and ELF headers are read in small pieces that lie close together; each
 * BIOS call costs as much as thousands of instructions. A request of less than a line is served
 * from lines of 8 KiB; a longer one takes what the cache already has at its start and reads the
 * rest straight to its place, so that no byte of a kernel is read twice and none is copied through
 * here.
 *
 *   line 0  [8192 bytes]  the oldest line is replaced (round robin)
 *   ...
 *
 * The storage is the caller's. Contents are never written, so nothing needs to be flushed. */
#ifndef FS_CACHE_H
#define FS_CACHE_H

#include "source.h"

enum { CACHE_LINE_SIZE = 8192, CACHE_LINES_MAX = 16 };

struct cache {
    struct source under;
    u8 *storage;    /* line_count * CACHE_LINE_SIZE bytes */
    u32 line_count; /* 1 to CACHE_LINES_MAX */
    u32 oldest;
    u64 line_start[CACHE_LINES_MAX]; /* multiple of the line size; ~0 for an empty line */
};

/* *cache must live as long as the returned source is used. */
struct source cache_over(struct cache *cache, const struct source *under, u8 *storage,
                         u32 line_count);

#endif
