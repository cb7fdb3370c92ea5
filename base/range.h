/* Ranges of addresses or of file offsets, as {start, size}, and the arithmetic on numbers that
 * nobody has checked yet.
 *
 * An end is exclusive and is never stored: an inclusive end underflows at size 0, an exclusive one
 * overflows at the top of the address space. A range made by range_make() has start + size <= 2^64
 * - 1, so later code may add the two freely. Foreign numbers pass through range_make() once, at
 * decode. */
#ifndef BASE_RANGE_H
#define BASE_RANGE_H

#include "types.h"

struct range {
    u64 start;
    u64 size;
};

/* False if start + size does not fit in 64 bits. */
MUST_USE static inline bool range_make(u64 start, u64 size, struct range *range) {
    u64 end;
    *range = (struct range){start, size};
    return !__builtin_add_overflow(start, size, &end);
}

static inline u64 range_end(struct range range) {
    return range.start + range.size;
}

/* An empty range overlaps nothing. Right also for ranges that end at 2^64. */
static inline bool range_overlaps(struct range a, struct range b) {
    return a.size && b.size && (b.start - a.start < a.size || a.start - b.start < b.size);
}

static inline bool range_contains(struct range outer, struct range inner) {
    return inner.start >= outer.start && range_end(inner) <= range_end(outer);
}

static inline bool range_has(struct range range, u64 address) {
    return address >= range.start && address - range.start < range.size;
}

/* alignment is a power of two. */
static inline u64 align_down(u64 value, u64 alignment) {
    return value & ~(alignment - 1);
}

/* Wraps to 0 for values in the last alignment of the address space: callers pass checked ranges
 * below that. */
static inline u64 align_up(u64 value, u64 alignment) {
    return align_down(value + alignment - 1, alignment);
}

static inline bool is_aligned(u64 value, u64 alignment) {
    return (value & (alignment - 1)) == 0;
}

/* The whole pages that a range touches. */
static inline struct range range_pages_outward(struct range range) {
    u64 start = align_down(range.start, PAGE_SIZE);
    return (struct range){start, align_up(range_end(range) - start, PAGE_SIZE)};
}

static inline u64 min_u64(u64 a, u64 b) {
    return a < b ? a : b;
}

static inline u64 max_u64(u64 a, u64 b) {
    return a > b ? a : b;
}

#endif
