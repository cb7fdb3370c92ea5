/* The only place where a physical address becomes a pointer.
 *
 * In the loader, memory below 4 GiB is at its own address: {NULL, 0, 4 GiB}. On the host a block of
 * ordinary memory stands for some range of physical addresses. */
#ifndef PLAN_RAM_H
#define PLAN_RAM_H

#include "range.h"

struct ram {
    u8 *bytes; /* where physical address `start` is */
    u64 start;
    u64 size;
};

/* NULL if [phys, phys + size) does not lie within. */
static inline u8 *ram_at(const struct ram *ram, u64 phys, u64 size) {
    struct range all = {ram->start, ram->size}, part = {phys, size};
    if (phys + size < phys || !range_contains(all, part))
        return NULL;
    return (u8 *)((uintptr_t)ram->bytes + (uintptr_t)(phys - ram->start));
}

#endif
