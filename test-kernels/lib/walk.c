#include "walk.h"

#include "test.h"

#define BIT(n)     ((uint64_t)1 << (n))
#define NO_EXECUTE BIT(63)

enum {
    PRESENT = 1 << 0,
    WRITE = 1 << 1,
    USER = 1 << 2,
    WRITE_THROUGH = 1 << 3,
    CACHE_DISABLE = 1 << 4,
    PAGE_SIZE_BIT = 1 << 7,
    GLOBAL = 1 << 8,
};

/* Table 4-1: what the control registers choose. */
static unsigned kind_now(void) {
    uintptr_t cr4 = cpu_cr4();
    if ((cpu_cr0() & CR0_PG) == 0)
        return ALOFT_PAGING_OFF;
    if ((cr4 & CR4_PAE) == 0)
        return (cr4 & CR4_PSE) != 0 ? ALOFT_PAGING_32_PSE : ALOFT_PAGING_32;
    if ((cpu_efer() & EFER_LMA) == 0)
        return ALOFT_PAGING_PAE;
    return (cr4 & CR4_LA57) != 0 ? ALOFT_PAGING_5LEVEL : ALOFT_PAGING_4LEVEL;
}

struct paging paging_now(const struct aloft_info *info) {
    static const uint8_t levels[] = {0, 2, 2, 3, 4, 5};
    static const uint8_t virtual_bits[] = {32, 32, 32, 32, 48, 57};
    unsigned kind = kind_now();
    bool wide = kind >= ALOFT_PAGING_PAE;
    unsigned physical_bits = wide ? cpu_physical_bits() : 32;
    return (struct paging){
        .info = info,
        .kind = kind,
        .levels = levels[kind],
        .entry_bytes = wide ? 8 : 4,
        .virtual_bits = virtual_bits[kind],
        .root = cpu_cr3() & ~(uint64_t)(kind == ALOFT_PAGING_PAE ? 0x1f : 0xfff),
        .address_bits = (BIT(physical_bits) - 1) & ~(uint64_t)0xfff,
        .no_execute = wide && (cpu_efer() & EFER_NXE) != 0,
        .gigabyte_pages = kind >= ALOFT_PAGING_4LEVEL && cpu_has_1g_pages(),
    };
}

/* An entry at level n, from 0 at the bottom, covers 2^shift bytes. */
static unsigned level_shift(const struct paging *paging, unsigned level) {
    return paging->entry_bytes == 4 ? 12 + 10 * level : 12 + 9 * level;
}

static uint64_t read_entry(const struct paging *paging, uint64_t table, unsigned level,
                           uint64_t virt) {
    const struct aloft_info *info = paging->info;
    uint64_t index_bits = paging->entry_bytes == 4 ? 10 : 9;
    if (paging->kind == ALOFT_PAGING_PAE && level == 2)
        index_bits = 2;
    uint64_t index = virt >> level_shift(paging, level) & (BIT(index_bits) - 1);
    uint64_t offset = table - info->tables_phys;
    CHECK_VALUE(offset < info->table_frames << 12, table);

    uint64_t at = info->tables_virt + offset + index * paging->entry_bytes;
    if (paging->entry_bytes == 4)
        return *ALOFT_POINTER(const volatile uint32_t, at);
    return *ALOFT_POINTER(const volatile uint64_t, at);
}

/* Bit 7 means a page in a PDE and, where the CPU has 1 GiB pages, in a PDPTE. Without CR4.PSE,
 * 32-bit paging ignores it. */
static bool is_leaf(const struct paging *paging, unsigned level, uint64_t entry) {
    if (level == 0)
        return true;
    if ((entry & PAGE_SIZE_BIT) == 0)
        return false;
    return (level == 1 && paging->kind != ALOFT_PAGING_32) ||
           (level == 2 && paging->gigabyte_pages);
}

/* Tables 4-4 to 4-20. The extra address bits of PSE-36 count as reserved: nothing asks for them. */
static uint64_t reserved_bits(const struct paging *paging, unsigned level, bool leaf) {
    uint64_t offset_bits = leaf && level > 0 ? BIT(level_shift(paging, level)) - BIT(13) : 0;
    if (paging->entry_bytes == 4)
        return offset_bits;

    uint64_t reserved = offset_bits | ((BIT(52) - BIT(12)) & ~paging->address_bits);
    if (!paging->no_execute)
        reserved |= NO_EXECUTE;
    if (paging->kind == ALOFT_PAGING_PAE)
        reserved |= BIT(63) - BIT(52);
    if (paging->kind == ALOFT_PAGING_PAE && level == 2)
        reserved |= NO_EXECUTE | 0x1c6; /* bit 5 too, but QEMU sets it on its way through */
    else if (level > 1 && !leaf)
        reserved |= PAGE_SIZE_BIT;
    return reserved;
}

/* Section 4.6: a right that any level withholds is withheld. A PAE root entry withholds none. */
static uint32_t entry_rights(const struct paging *paging, unsigned level, uint64_t entry) {
    if (paging->kind == ALOFT_PAGING_PAE && level == 2)
        return ALOFT_MAP_WRITE | ALOFT_MAP_EXECUTE | ALOFT_MAP_USER;
    uint32_t rights = 0;
    if ((entry & WRITE) != 0)
        rights |= ALOFT_MAP_WRITE;
    if ((entry & USER) != 0)
        rights |= ALOFT_MAP_USER;
    if (!paging->no_execute || (entry & NO_EXECUTE) == 0)
        rights |= ALOFT_MAP_EXECUTE;
    return rights;
}

static uint32_t leaf_attributes(uint64_t entry) {
    uint32_t attributes = (entry & GLOBAL) != 0 ? ALOFT_MAP_GLOBAL : 0;
    if ((entry & CACHE_DISABLE) != 0 && (entry & WRITE_THROUGH) != 0)
        attributes |= ALOFT_MAP_UNCACHED;
    if ((entry & 0x18) == 0x08) /* PWT alone: write combining, by the PAT that Aloft loads */
        attributes |= ALOFT_MAP_WRITE_COMBINING;
    return attributes;
}

struct page page_at(const struct paging *paging, uint64_t virt) {
    if (paging->levels == 0) {
        uint64_t at = virt & ~(uint64_t)0xfff;
        return (struct page){true, at, 4096, at, ALOFT_MAP_WRITE | ALOFT_MAP_EXECUTE};
    }
    uint64_t table = paging->root;
    uint32_t rights = ALOFT_MAP_WRITE | ALOFT_MAP_EXECUTE | ALOFT_MAP_USER;
    for (unsigned level = paging->levels - 1;; level--) {
        uint64_t size = BIT(level_shift(paging, level));
        uint64_t entry = read_entry(paging, table, level, virt);
        struct page page = {.virt = virt & ~(size - 1), .size = size};
        if ((entry & PRESENT) == 0)
            return page;
        bool leaf = is_leaf(paging, level, entry);
        CHECK_VALUE((entry & reserved_bits(paging, level, leaf)) == 0, entry);
        rights &= entry_rights(paging, level, entry);
        if (leaf) {
            page.mapped = true;
            page.phys = entry & paging->address_bits & ~(size - 1);
            page.attributes = rights | leaf_attributes(entry);
            return page;
        }
        table = entry & paging->address_bits;
    }
}

bool page_next(const struct paging *paging, struct page *page) {
    uint64_t half = BIT(paging->virtual_bits - 1);
    bool canonical = paging->virtual_bits > 32;
    if (paging->levels == 0)
        return false;
    do {
        uint64_t next = page->virt + page->size;
        if (canonical && next == half)
            next = -half;
        if (page->size != 0 && next == (canonical ? 0 : half << 1))
            return false;
        *page = page_at(paging, next);
    } while (!page->mapped);
    return true;
}

/* The page at this virtual address if it shows the physical one, else a page that is not mapped. */
static struct page page_showing(const struct paging *paging, uint64_t virt, uint64_t phys) {
    struct page page = page_at(paging, virt);
    page.mapped = page.mapped && page.phys + (virt - page.virt) == phys;
    return page;
}

struct page page_of(const struct paging *paging, uint64_t phys) {
    const struct aloft_info *info = paging->info;
    struct page page = {.mapped = false};
    if (paging->levels == 0)
        return phys <= UINT32_MAX ? page_at(paging, phys) : page;
    if (info->tables_virt == ALOFT_NO_ADDRESS)
        return page;
    if (info->direct_virt != ALOFT_NO_ADDRESS && phys < info->direct_end)
        page = page_showing(paging, info->direct_virt + phys, phys);
    if (!page.mapped && phys < info->identity_end)
        page = page_showing(paging, phys, phys);
    return page;
}

void *phys_pointer(const struct paging *paging, uint64_t phys) {
    struct page page = page_of(paging, phys);
    return page.mapped ? ALOFT_POINTER(void, page.virt + (phys - page.phys)) : NULL;
}
