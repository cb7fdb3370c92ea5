/* The page tables that a plan builds, read back as the CPU would read them. */
#ifndef TOOLS_TABLES_H
#define TOOLS_TABLES_H

#include "plan.h"
#include "walk.h"

/* Finished tables, and the plan that they were built from. */
struct table_view {
    const struct plan *plan;
    const struct table_arena *arena;
};

/* What the CPU would do with a virtual address. */
struct walk tables_walk(const struct table_view *view, u64 virt);

/* The mapping that an address belongs to; NULL if there is none. */
const struct map *tables_row(const struct plan *plan, u64 virt);

/* Whose an address is: the name of its row's owner; "recursive slot", "nobody" where no row has it.
 */
const char *tables_owner(const struct plan *plan, u64 virt);

/* Leaves side by side that are equal: page size, rights and owner; each shows the physical page
 * behind the last one's. */
struct leaves {
    u64 virt, phys;
    u64 page_size;
    u64 count;
    u32 attributes; /* MAP_*, as all levels together allow */
    const char *owner;
};

/* Where reading goes on; starts as {0}. */
struct leaf_cursor {
    u64 virt;
    bool at_end;
};

/* The next run of leaves, in order of virtual addresses. False when there is none. */
MUST_USE bool tables_next_leaves(const struct table_view *view, struct leaf_cursor *cursor,
                                 struct leaves *leaves);

/* How many frames hold a table of each level. A frame that a recursive slot shows as a table of a
 * lower level counts where it stands in the tree. */
void tables_count(const struct table_view *view, u32 frames[PAGING_LEVELS_MAX]);

/* The CRC-32 of IEEE 802.3 (as zlib and gzip have it). */
u32 crc32_of(const u8 *bytes, u64 size);

/* "rwxu", as in the lines of the plan: write, execute, and u for uncached, c for write combining or
 * g for global; behind it "user". */
void text_rights(struct text *text, u32 attributes);

/* The address behind the last one of a range, in hexadecimal; 2^64 too. */
void text_end(struct text *text, u64 start, u64 size, u32 digits);

/* Hexadecimal digits of a virtual address: 8 or 16. */
u32 virtual_digits(const struct plan *plan);

#endif
