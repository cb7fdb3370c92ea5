/* The page tables, read as the processor reads them.
 *
 * Written from the Intel SDM, volume 3A, chapter 4, and from nothing of Aloft's: the format comes
 * from the control registers, reserved bits are looked at, and the tables are read where the boot
 * information says that they are mapped. Whatever is wrong fails the test at once.
 *
 * With paging off every address is its own, in pages of 4 KiB. */
#ifndef LIB_WALK_H
#define LIB_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "aloft.h"

struct paging {
    const struct aloft_info *info;
    unsigned kind;   /* ALOFT_PAGING_*, as the control registers have it */
    unsigned levels; /* 0: paging is off */
    unsigned entry_bytes;
    unsigned virtual_bits;
    uint64_t root;
    uint64_t address_bits; /* those of an entry that hold an address on this CPU */
    bool no_execute;       /* EFER.NXE */
    bool gigabyte_pages;
};

/* A page, or the whole hole that an absent entry leaves. */
struct page {
    bool mapped;
    uint64_t virt;
    uint64_t size;
    uint64_t phys;
    uint32_t attributes; /* ALOFT_MAP_*, all levels together; without NX always with _EXECUTE */
};

struct paging paging_now(const struct aloft_info *info);

struct page page_at(const struct paging *paging, uint64_t virt);

/* The next mapped page in order of virtual address; begin with an all-zero page. */
bool page_next(const struct paging *paging, struct page *page);

/* The page that shows a physical address in the direct map, else in the identity map; not mapped if
 * neither does, or if the tables cannot be read to be sure of it. */
struct page page_of(const struct paging *paging, uint64_t phys);

/* The same as a pointer to the physical address, or NULL. */
void *phys_pointer(const struct paging *paging, uint64_t phys);

#endif
