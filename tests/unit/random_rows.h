/* Random requests to paging/: a format, a processor and rows near the places where formats differ.
 */
#ifndef TEST_RANDOM_ROWS_H
#define TEST_RANDOM_ROWS_H

#include "build.h"
#include "random.h"
#include "range.h"

#include <stdlib.h>

enum { ROWS_MAX = 6 };

struct plan {
    u64 seed;
    struct paging_options options;
    u32 physical_bits;
    u32 row_count;
    struct map rows[ROWS_MAX];
    struct table_wish wish; /* of a recursive slot */
};

/* Of `plan`, at the address `virt`. */
#define CHECK(condition)                                                         \
    do {                                                                         \
        if (!(condition))                                                        \
            fail_msg("plan %#llx (%s), virtual %#llx: " #condition,              \
                     (unsigned long long)plan->seed, plan->options.format->name, \
                     (unsigned long long)virt);                                  \
    } while (0)

/* Where rows like to start: where something of the format's ends. */
static inline u64 random_anchor(u64 *state, const struct paging_format *format) {
    u64 wide = format->virtual_bits == 32 ? (u64)1 << 32 : (u64)1 << (format->virtual_bits - 1);
    u64 anchors[] = {
        0, wide - 8 * MIB, wide - 2 * GIB, GIB, 3 * GIB, (u64)1 << (format->virtual_bits - 2), wide,
    };
    u64 anchor = anchors[below(state, ARRAY_COUNT(anchors))];
    if (format->virtual_bits == 32)
        return anchor & 0xffffffff;
    return one_in(state, 2) ? anchor : -anchor;
}

/* A page count near a border of large pages, small enough that 4 KiB leaves do not need many
 * tables. */
static inline u64 random_pages(u64 *state) {
    static const u64 sizes[] = {1, 1, 2, 16, 511, 512, 513, 1024, 1025, 1536};
    return sizes[below(state, ARRAY_COUNT(sizes))] + below(state, 3);
}

static inline u64 random_size(u64 *state, bool huge) {
    u64 size = random_pages(state) * PAGE_SIZE;
    if (huge)
        size += below(state, 3) * GIB + below(state, 4) * 2 * MIB;
    return size;
}

/* Alike with virt up to `alike`, a power of two, so that leaves of this size can be used. */
static inline u64 random_phys(u64 *state, const struct plan *plan, u64 virt, u64 size, u64 alike) {
    u64 limit = (u64)1 << plan->physical_bits;
    u64 phys = one_in(state, 4) ? limit - size : below(state, limit - size);
    phys = align_down(phys, alike) | (virt & (alike - 1));
    return phys + size <= limit ? phys : phys & (alike - 1) & (limit - 1);
}

/* A row at or after `from`; false if it would leave the address space. */
static inline bool random_row(u64 *state, const struct plan *plan, u64 from, struct map *row) {
    static const u64 alikes[] = {GIB, GIB, GIB, 2 * MIB, 4 * MIB, 4 * MIB, PAGE_SIZE};
    u64 alike = alikes[below(state, ARRAY_COUNT(alikes))];
    bool huge =
        alike == GIB && plan->options.format->virtual_bits > 32 && !plan->options.small_only;
    u64 virt = from + (one_in(state, 3) ? 0 : random_pages(state) * PAGE_SIZE);
    if (one_in(state, 3))
        virt = align_up(virt, one_in(state, 2) ? 2 * MIB : 4 * MIB);
    u64 size = random_size(state, huge);
    u64 last = virt + (size - 1);
    if (virt < from || last < virt || ((virt ^ last) >> 63) ||
        !paging_is_canonical(plan->options.format, virt) ||
        !paging_is_canonical(plan->options.format, last))
        return false;
    u64 phys = random_phys(state, plan, virt, size, alike);
    if (phys + size > (u64)1 << plan->physical_bits)
        return false;
    *row = (struct map){.virt = virt, .phys = phys, .size = size};
    row->attributes = (u32)below(state, huge ? MAP_SMALL : 2 * MAP_SMALL);
    if (one_in(state, 4))
        row->attributes = (row->attributes & ~(u32)MAP_UNCACHED) | MAP_WRITE_COMBINING;
    return true;
}

static inline int compare_rows(const void *a, const void *b) {
    u64 one = ((const struct map *)a)->virt, other = ((const struct map *)b)->virt;
    return one < other ? -1 : one > other;
}

static inline bool meets_a_row(const struct plan *plan, const struct map *row) {
    for (u32 i = 0; i < plan->row_count; i++) {
        const struct map *other = &plan->rows[i];
        if (row->virt <= other->virt + (other->size - 1) &&
            other->virt <= row->virt + (row->size - 1))
            return true;
    }
    return false;
}

static inline u32 random_features(u64 *state, const struct paging_format *format) {
    u32 all =
        CPU_PSE | CPU_PAE | CPU_NX | CPU_LONG_MODE | CPU_PAGE_1G | CPU_LA57 | CPU_PGE | CPU_PAT;
    u32 features = ((u32)next_random(state) & all) | format->needs;
    return features & CPU_LONG_MODE ? features | CPU_PAT : features; /* there is none without */
}

/* A format, a processor that has it, and no rows yet. */
static inline struct plan random_paging(u64 *state) {
    struct plan plan = {.seed = *state};
    const struct paging_format *format = &paging_formats[below(state, PAGING_FORMAT_COUNT)];
    plan.options = (struct paging_options){.format = format,
                                           .cpu_features = random_features(state, format),
                                           .small_only = one_in(state, 8)};
    plan.physical_bits = format->physical_bits_max == 32 ? 32 : 36 + (u32)below(state, 17);
    return plan;
}

/* Up to ROWS_MAX rows that start at an anchor or follow each other, some of them without a gap. No
 * row meets another one or what the test keeps free. */
static inline void random_rows(u64 *state, struct plan *plan,
                               bool (*is_free)(const struct plan *plan, const struct map *row)) {
    u64 from = 0;
    for (u32 tries = 1 + (u32)below(state, ROWS_MAX); tries; tries--) {
        struct map row;
        if (!from || one_in(state, 3))
            from = random_anchor(state, plan->options.format);
        if (!random_row(state, plan, from, &row) || meets_a_row(plan, &row) || !is_free(plan, &row))
            continue;
        plan->rows[plan->row_count++] = row;
        from = row.virt + row.size;
    }
    qsort(plan->rows, plan->row_count, sizeof(plan->rows[0]), compare_rows);
}

#endif
