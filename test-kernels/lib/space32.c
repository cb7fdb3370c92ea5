#ifndef __x86_64__
#include "space32.h"

#include "test.h"

uint32_t *space32_frame(const struct space32 *space, uint32_t phys) {
    return ALOFT_POINTER(uint32_t, phys + space->offset);
}

static uint32_t new_table(struct space32 *space) {
    uint64_t frame = frames_take(space->frames);
    CHECK_VALUE(frame <= UINT32_MAX, frame);
    uint32_t *table = space32_frame(space, (uint32_t)frame);
    for (unsigned i = 0; i < 1024; i++)
        table[i] = 0;
    space->tables++;
    return (uint32_t)frame;
}

struct space32 space32_new(struct frames *frames, uint32_t offset) {
    struct space32 space = {.offset = offset, .frames = frames};
    space.root = new_table(&space);
    return space;
}

static uint32_t *directory_entry(const struct space32 *space, uint32_t virt) {
    return space32_frame(space, space->root) + (virt >> 22);
}

static uint32_t *table_entry(const struct space32 *space, uint32_t directory_entry, uint32_t virt) {
    uint32_t table = directory_entry & ~(uint32_t)ENTRY_FLAGS;
    return space32_frame(space, table) + (virt >> 12 & 1023);
}

/* The entry of the table carries the rights; that of the directory allows everything. */
void space32_map(struct space32 *space, uint32_t virt, uint32_t phys, uint32_t flags) {
    uint32_t *upper = directory_entry(space, virt);
    CHECK_VALUE((virt | phys) % PAGE == 0, virt);
    CHECK_VALUE((*upper & ENTRY_LARGE) == 0, virt);
    if ((*upper & ENTRY_PRESENT) == 0)
        *upper = new_table(space) | ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER;
    *table_entry(space, *upper, virt) = phys | flags | ENTRY_PRESENT;
}

void space32_map_large(struct space32 *space, uint32_t virt, uint32_t phys, uint32_t flags) {
    uint32_t *upper = directory_entry(space, virt);
    CHECK_VALUE((virt | phys) % LARGE_PAGE == 0, virt);
    CHECK_VALUE((*upper & ENTRY_PRESENT) == 0, virt);
    *upper = phys | flags | ENTRY_LARGE | ENTRY_PRESENT;
}

void space32_identity(struct space32 *space, uint32_t start, uint32_t size, uint32_t flags) {
    for (uint32_t at = start & ~(uint32_t)ENTRY_FLAGS; at - start < size || at < start; at += PAGE)
        space32_map(space, at, at, flags);
}

uint32_t *space32_entry(const struct space32 *space, uint32_t virt) {
    uint32_t *upper = directory_entry(space, virt);
    if ((*upper & ENTRY_PRESENT) == 0 || (*upper & ENTRY_LARGE) != 0)
        return upper;
    return table_entry(space, *upper, virt);
}
#endif
