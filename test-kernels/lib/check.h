/* What holds for every kernel that Aloft boots; what does not, fails the test.
 *
 *   the structure    version, sizes, tables and strings inside the handoff block, known kinds
 *   memory           the map is sorted, disjoint, in whole pages; everything placed lies in
 *                    ranges of its kind, and so not in usable ones
 *   page tables      every row of info->mappings is there with exactly its rights, and nothing
 *                    else is; the segments have their p_flags; below the stack is nothing
 *
 *   timings          each part takes a while, together no more than the total; zeros without RDTSC
 *
 * Without paging the page tables are left out, and so they are where the tables are not mapped
 * (tables_virt is ALOFT_NO_ADDRESS).
 *
 * It can run again at any time: nothing is changed. */
#ifndef LIB_CHECK_H
#define LIB_CHECK_H

#include "walk.h"

void check_info(const struct aloft_info *info);

/* The row of info->mappings that holds the address, NULL if none does. */
const struct aloft_mapping *mapping_at(const struct aloft_info *info, uint64_t virt);

/* Is all of [start, start + size) in [outer, outer + outer_size)? Neither wraps. */
static inline bool inside(uint64_t start, uint64_t size, uint64_t outer, uint64_t outer_size) {
    return start - outer <= outer_size && size <= outer_size - (start - outer);
}

static inline uint64_t page_down(uint64_t address) {
    return address & ~(uint64_t)0xfff;
}

static inline uint64_t page_up(uint64_t address) {
    return page_down(address + 0xfff);
}

#endif
