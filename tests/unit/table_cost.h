/* The best that a set of rows can have: which page holds an address, and how many tables it takes.
 *
 * Written from the manual (SDM volume 3A, tables 4-1 and 4-2) without a look at paging/'s own rows
 * of formats. Rows are sorted by virtual address and disjoint. */
#ifndef TEST_TABLE_COST_H
#define TEST_TABLE_COST_H

#include "build.h"

#include <string.h>

/* What an entry of each level covers, from that of the lowest directory to that of the root, as
 * shifts; and those of them that may be a page, given 1 GiB pages. */
struct cost_levels {
    u8 count, shifts[4];
    u64 pages;
};

static const struct cost_levels cost_levels[PAGING_FORMAT_COUNT] = {
    [PAGING_32] = {1, {22}, 0},
    [PAGING_32_PSE] = {1, {22}, 4 * MIB},
    [PAGING_PAE] = {2, {21, 30}, 2 * MIB},
    [PAGING_4LEVEL] = {3, {21, 30, 39}, GIB | 2 * MIB},
    [PAGING_5LEVEL] = {4, {21, 30, 39, 48}, GIB | 2 * MIB},
};

static inline const struct cost_levels *levels_of(const struct paging_options *options) {
    return &cost_levels[options->format - paging_formats];
}

/* May this row have pages of this size? */
static inline bool page_exists(const struct paging_options *options, const struct map *row,
                               u64 size) {
    u64 pages = levels_of(options)->pages;
    if (!(options->cpu_features & CPU_PAGE_1G))
        pages &= ~(u64)GIB;
    return !options->small_only && !(row->attributes & MAP_SMALL) && pages & size &&
           ((row->virt ^ row->phys) & (size - 1)) == 0;
}

/* The largest page that may hold this address of this row. */
static inline u64 best_page_size(const struct paging_options *options, const struct map *row,
                                 u64 virt) {
    for (u32 i = levels_of(options)->count; i--;) {
        u64 size = (u64)1 << levels_of(options)->shifts[i], start = virt & ~(size - 1);
        if (page_exists(options, row, size) && start >= row->virt &&
            start - row->virt <= row->size && row->size - (start - row->virt) >= size)
            return size;
    }
    return PAGE_SIZE;
}

/* The tables behind entries that cover 2^shift bytes each: one for each of these parts that a row
 * touches, unless the part is a page. So a row that may have such pages needs tables at its ends
 * only. */
static inline u64 tables_under(const struct paging_options *options, u32 shift,
                               const struct map *rows, u32 row_count) {
    u64 next = 0, tables = 0;
    for (u32 i = 0; i < row_count; i++) {
        u64 size = (u64)1 << shift, last = rows[i].virt + (rows[i].size - 1);
        u64 first_part = rows[i].virt >> shift, last_part = last >> shift;
        u64 whole_from = first_part + (rows[i].virt % size != 0);
        u64 whole_to = last_part + (last % size == size - 1);
        bool pages = page_exists(options, &rows[i], size) && whole_from < whole_to;
        u64 from[2] = {first_part, whole_to}, to[2] = {whole_from, last_part + 1};
        if (!pages)
            to[0] = from[1] = last_part + 1;
        for (u32 j = 0; j < 2; j++) {
            u64 start = max_u64(from[j], next);
            tables += to[j] > start ? to[j] - start : 0;
            next = max_u64(next, to[j]);
        }
    }
    return tables;
}

/* Frames that these rows take at the least, the root among them. */
static inline u64 frames_needed(const struct paging_options *options, const struct map *rows,
                                u32 row_count) {
    u64 frames = 1;
    for (u32 i = 0; i < levels_of(options)->count; i++)
        frames += tables_under(options, levels_of(options)->shifts[i], rows, row_count);
    return frames;
}

/* Is there nothing in these bytes of a table? Most of every table is empty: this is what makes
 * looking at all of it cheap. */
static inline bool is_empty_run(const u8 bytes[64]) {
    u64 all[8];
    memcpy(all, bytes, sizeof all);
    return !(all[0] | all[1] | all[2] | all[3] | all[4] | all[5] | all[6] | all[7]);
}

#endif
