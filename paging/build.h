/* Map rows in, page tables out.
 *
 * The caller brings rows that are sorted by virtual address, disjoint, and made of whole 4 KiB
 * pages (at least one), at addresses that the format can express. A row is cut into runs of equal
 * leaves, the largest that its alignment, its size, the CPU and the page limit allow; a run is
 * written in one go. Counting takes the same cuts, so the count is exact:
 *
 *   row    virt 0xc0100000 -> phys 0x100000, 7 MiB
 *   runs   768 leaves of 4 KiB up to 4 MiB, then one leaf of 4 MiB   (32-bit with 4 MiB pages)
 *
 * Rights of links are as wide as possible: the leaf decides. (PAE's root entries have none at all.)
 * Tables are never freed or changed after they are written: build once, then load CR3.
 *
 * Frames come from an arena of consecutive frames that the planner has placed. `bytes` is where
 * this program can write them; `phys` is where the CPU will find them. */
#ifndef PAGING_BUILD_H
#define PAGING_BUILD_H

#include "error.h"
#include "format.h"
#include "range.h"

/* How a row's pages may be used and cached. Reading is always allowed. */
enum map_attribute {
    MAP_WRITE = 1 << 0,
    MAP_EXECUTE = 1 << 1,
    MAP_USER = 1 << 2,
    MAP_GLOBAL = 1 << 3,
    MAP_UNCACHED = 1 << 4,        /* PCD and PWT: strong uncacheable */
    MAP_SMALL = 1 << 5,           /* 4 KiB leaves only in this row */
    MAP_WRITE_COMBINING = 1 << 6, /* PWT alone, which means this once PAT_VALUE is loaded; uncached
                                   * on CPUs without a PAT */
};

/* The page attribute table that gives PWT alone the meaning of write combining: PA0 WB, PA1 WC, PA2
 * UC-, PA3 UC, twice (SDM volume 3A, section 12.12.4); all but PA1 and PA5 as after a reset. Twice,
 * because a recursive slot shows a large page as a small one, whose bit 7 is the PAT's: the same
 * memory has one type at both places. */
#define PAT_VALUE 0x0007010600070106

struct map {
    u64 virt;
    u64 phys;
    u64 size;
    u32 attributes; /* MAP_* */
    u32 owner;      /* whose it is: the planner's number, unused here */
};

/* Tables of `level` that are to exist for every part of a range, mapped or not. */
struct table_wish {
    u64 virt; /* any address in the first part */
    u64 size; /* at least 1 */
    u32 level;
};

struct paging_options {
    const struct paging_format *format;
    u32 cpu_features; /* CPU_*: large pages and NX are used where these allow */
    bool small_only;  /* --pages=4k */
    /* Tables that exist whatever is mapped. They take the first frames behind the root, in this
     * order, each table after those above it: so the place of the first wish's table is known
     * beforehand. At most 31. */
    u32 wish_count;
    const struct table_wish *wishes;
    /* The slot (format.h: recursive_level) that shows the tables themselves. The caller keeps the
     * rows out of paging_recursive_range(), and wishes for the table that holds the slot where that
     * is not the root. */
    bool recursive;
    u32 recursive_slot;
};

struct table_arena {
    u8 *bytes; /* frame_count * 4096 bytes, 4096-aligned */
    u64 phys;
    u32 frame_count;
    u32 used; /* frames taken so far; frame 0 is the root */
};

/* Equal leaves side by side. */
struct leaf_run {
    u32 level;
    u64 virt;
    u64 phys;
    u64 count; /* of leaves */
};

/* The first run of [virt, virt + size) -> phys: at least one leaf. */
struct leaf_run paging_first_run(const struct paging_options *options, const struct map *rest);

/* Calls nothing and writes nothing: how many frames paging_build() will take for these rows, root
 * included. ERROR_PAGING_OVERLAP, ERROR_PAGING_UNALIGNED, ERROR_PAGING_RANGE for rows that break
 * the rules above. The time it takes grows with the runs, not with the leaves. */
MUST_USE struct error paging_count(const struct paging_options *options, const struct map *rows,
                                   u32 row_count, u64 *frame_count);

/* Builds the tables, from the arena's first frame on; arena->used frames are written, the root
 * first. ERROR_PAGING_TABLES_FULL if the arena is too small, ERROR_PAGING_RANGE if entries cannot
 * hold its address, and as paging_count(). After an error the tables are not to be used. */
MUST_USE struct error paging_build(const struct paging_options *options, const struct map *rows,
                                   u32 row_count, struct table_arena *arena);

/* The virtual addresses that a recursive slot takes. */
struct range paging_recursive_range(const struct paging_format *format, u32 slot);

/* The hardware bits of a leaf of these attributes at this level, without the address. */
u64 paging_leaf_bits(const struct paging_options *options, u32 level, u32 attributes);

#endif
