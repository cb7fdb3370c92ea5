/* An address space of 32-bit paging, made by hand: a page directory of 1024 entries, page tables of
 * 1024 entries, 4 bytes each.
 *
 *      31        22 21        12 11            0
 *     | directory  |   table    |    offset     |   a virtual address
 *
 * An entry holds the physical address of a 4 KiB frame, and so has its low 12 bits free for flags.
 * Physical memory is written through one offset: 0 while paging is off. */
#ifndef LIB_SPACE32_H
#define LIB_SPACE32_H

#include <stdint.h>

#include "frames.h"

enum { PAGE = 4096, LARGE_PAGE = 4 << 20 };

/* The flags of an entry (SDM volume 3A, tables 4-4 to 4-6). */
enum {
    ENTRY_PRESENT = 1 << 0,
    ENTRY_WRITE = 1 << 1,
    ENTRY_USER = 1 << 2,
    ENTRY_LARGE = 1 << 7, /* in the directory: a page of 4 MiB */
    ENTRY_FLAGS = 0xfff,
};

struct space32 {
    uint32_t root;         /* physical: what CR3 takes */
    uint32_t offset;       /* where physical 0 is seen */
    struct frames *frames; /* where tables come from */
    unsigned tables;       /* that it has made, the directory included */
};

/* With nothing mapped. */
struct space32 space32_new(struct frames *frames, uint32_t offset);

/* One page, 4 KiB or 4 MiB; both addresses are multiples of its size. Flags besides PRESENT. */
void space32_map(struct space32 *space, uint32_t virt, uint32_t phys, uint32_t flags);
void space32_map_large(struct space32 *space, uint32_t virt, uint32_t phys, uint32_t flags);

/* All pages that [start, start + size) touches, each at its own address. */
void space32_identity(struct space32 *space, uint32_t start, uint32_t size, uint32_t flags);

/* The entry that maps the address: in a table, or in the directory where that ends there. */
uint32_t *space32_entry(const struct space32 *space, uint32_t virt);

/* A frame as a pointer. */
uint32_t *space32_frame(const struct space32 *space, uint32_t phys);

#endif
