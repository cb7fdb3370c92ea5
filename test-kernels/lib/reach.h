/* The page tables of 64-bit code, read and changed. An entry holds the physical address of the next
 * table; to read that, it must be seen at some virtual address, and there are several ways:
 *
 *   offset      physical memory, or just the tables, at an offset (0: the identity map)
 *   window      pages whose own table is mapped, too: what is needed is shown in one of them
 *   recursive   an entry of the top table points to the top table, and so every table is a page
 *
 * Levels count from 1, the table of 4 KiB pages, to 4 or 5, the one in CR3. */
#ifndef LIB_REACH_H
#define LIB_REACH_H

#include <stdbool.h>
#include <stdint.h>

#include "frames.h"

enum {
    PAGE = 4096,
    ENTRIES = 512,
    ENTRY_PRESENT = 1 << 0,
    ENTRY_WRITE = 1 << 1,
    ENTRY_WRITE_THROUGH = 1 << 3,
    ENTRY_CACHE_DISABLE = 1 << 4,
    ENTRY_LARGE = 1 << 7, /* levels 2 and 3: this is a page */
};

enum reach_way { REACH_OFFSET, REACH_WINDOW, REACH_RECURSIVE };

struct reach {
    enum reach_way way;
    uint64_t offset;
    uint64_t window; /* page n is mapped by entry n of a table, which is seen in page 0 */
    uint32_t slot;   /* the recursive entry of the top table */
};

/* The table at `level` on the way to an address; it lies at `phys`. What a window shows stays until
 * the next table of the same level is asked for. */
volatile uint64_t *reach_table(const struct reach *reach, unsigned level, uint64_t virt,
                               uint64_t phys);

/* How many levels the tables have, and the index of an address at one. */
unsigned reach_levels(void);
unsigned reach_index(uint64_t virt, unsigned level);

/* The first level on the way down whose entry is absent or a page, and that entry. */
struct reach_end {
    unsigned level;
    uint64_t table; /* physical */
    uint64_t entry;
};
struct reach_end reach_walk(const struct reach *reach, uint64_t virt);

/* The physical address, ALOFT_NO_ADDRESS if the address is not mapped. Pages of all sizes. */
uint64_t reach_translate(const struct reach *reach, uint64_t virt);

/* Maps a page of 4 KiB to a frame. Tables that are missing are made of new frames; their number is
 * returned. An entry that was there is replaced. Fails the test inside a larger page. */
unsigned reach_map(const struct reach *reach, uint64_t virt, uint64_t phys, uint64_t flags,
                   struct frames *frames);

#endif
