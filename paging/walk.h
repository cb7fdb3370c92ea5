/* A software MMU: what the CPU would do with an address.
 *
 * It serves the tests, `aloft plan --address`, and the check before the jump. It is stricter than
 * emulators are: reserved bits are an error wherever the manual reserves them (QEMU accepts them in
 * the PAE root; real processors refuse to load CR3).
 *
 * Specification: Intel SDM volume 3A, sections 4.3 to 4.6. */
#ifndef PAGING_WALK_H
#define PAGING_WALK_H

#include "build.h"

enum walk_result {
    WALK_MAPPED,
    WALK_ABSENT,        /* an entry has its present bit clear */
    WALK_RESERVED,      /* an entry has a reserved bit set */
    WALK_OUTSIDE,       /* an entry points outside the tables given */
    WALK_NOT_CANONICAL, /* the CPU would raise #GP, not walk */
};

struct walk_step {
    u32 level;
    u64 table; /* physical address of the table */
    u32 index;
    u64 entry;
};

struct walk {
    enum walk_result result;
    u32 step_count; /* entries looked at, root first */
    struct walk_step steps[PAGING_LEVELS_MAX];
    /* where mapped: */
    u64 phys; /* of the address itself */
    u64 page_size;
    u32 attributes; /* MAP_WRITE, _EXECUTE, _USER, _GLOBAL, _UNCACHED, _WRITE_COMBINING as all
                       levels together allow */
};

/* Walks from the arena's first frame. physical_bits is the CPU's MAXPHYADDR: higher bits are
 * reserved. */
struct walk paging_walk(const struct paging_options *options, const struct table_arena *arena,
                        u32 physical_bits, u64 virt);

#endif
