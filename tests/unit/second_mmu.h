/* A memory management unit, written from the manual alone: what a processor with given control
 * registers makes of bytes in memory.
 *
 * It is the other reader of the tables that Aloft builds, so it shares nothing with paging/: no
 * header, no table of formats, no name of a bit. It knows the three ways of the manual (32-bit,
 * PAE, and the one of 4 or 5 levels) as such, and paging off. It looks up one address, or reads all
 * tables and lists every page that they map, recursive slots included, as runs.
 *
 * Specification: Intel SDM volume 3A, sections 4.2 to 4.6 (tables 4-4 to 4-20), 4.9.2 and 12.12.
 * PSE-36 is taken to be absent. */
#ifndef TEST_SECOND_MMU_H
#define TEST_SECOND_MMU_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A processor, and the part of its memory that is there: `size` bytes from physical `start` on. */
struct mmu {
    const uint8_t *bytes;
    uint64_t start, size;
    uint64_t cr0, cr3, cr4, efer;
    uint64_t pat;           /* 0: the processor has none */
    unsigned physical_bits; /* MAXPHYADDR */
    bool has_1g;
};

enum mmu_end {
    MMU_PAGE,
    MMU_ABSENT,
    MMU_RESERVED, /* a reserved bit is set: a page fault with that bit in its error code */
    MMU_NOWHERE,  /* an entry leads to memory that is not there */
    MMU_NOT_CANONICAL,
};

/* Memory types, as the PAT encodes them (table 12-10). */
enum { MMU_UC = 0, MMU_WC = 1, MMU_WT = 4, MMU_WP = 5, MMU_WB = 6, MMU_UC_MINUS = 7 };

struct mmu_rights {
    bool write, execute, user;
};

/* Where a look-up ended. */
struct mmu_answer {
    enum mmu_end end;
    uint64_t phys, page_size; /* phys is that of the address itself */
    struct mmu_rights rights;
    bool global;
    unsigned type;
    unsigned count;     /* of the entries read, root first */
    uint64_t places[5]; /* where they are in physical memory */
};

/* Equal pages side by side. */
struct mmu_run {
    uint64_t virt, phys, page_size, count;
    struct mmu_rights rights;
    bool global;
    unsigned type;
};

struct mmu_list {
    struct mmu_run *runs;
    unsigned room, count;
    unsigned faults; /* entries with reserved bits, or that lead nowhere */
    bool full;
};

static inline bool mmu_bit(uint64_t value, unsigned bit) {
    return value >> bit & 1;
}

static inline bool mmu_paging(const struct mmu *mmu) {
    return mmu_bit(mmu->cr0, 31);
}

/* PAE and long mode have entries of 8 bytes. */
static inline bool mmu_wide(const struct mmu *mmu) {
    return mmu_bit(mmu->cr4, 5);
}

static inline bool mmu_long(const struct mmu *mmu) {
    return mmu_bit(mmu->efer, 8);
}

static inline bool mmu_nxe(const struct mmu *mmu) {
    return mmu_bit(mmu->efer, 11);
}

static inline bool mmu_pae(const struct mmu *mmu) {
    return mmu_wide(mmu) && !mmu_long(mmu);
}

static inline unsigned mmu_linear_bits(const struct mmu *mmu) {
    return !mmu_long(mmu) ? 32 : mmu_bit(mmu->cr4, 12) ? 57 : 48;
}

/* The lowest address bit that an entry of the root decides on. */
static inline unsigned mmu_root_shift(const struct mmu *mmu) {
    return mmu_long(mmu) ? mmu_linear_bits(mmu) - 9 : mmu_wide(mmu) ? 30 : 22;
}

static inline unsigned mmu_index_bits(const struct mmu *mmu, unsigned shift) {
    return !mmu_wide(mmu) ? 10 : mmu_pae(mmu) && shift == 30 ? 2 : 9;
}

static inline uint64_t mmu_extend(const struct mmu *mmu, uint64_t linear) {
    unsigned bits = mmu_linear_bits(mmu);
    if (bits > 32 && mmu_bit(linear, bits - 1))
        linear |= ~(uint64_t)0 << bits;
    return linear;
}

/* Bits [from, to) all set. */
static inline uint64_t mmu_span(unsigned from, unsigned to) {
    return from < to ? (to < 64 ? (uint64_t)1 << to : 0) - ((uint64_t)1 << from) : 0;
}

/* Does this entry map a page? */
static inline bool mmu_is_page(const struct mmu *mmu, unsigned shift, uint64_t entry) {
    switch (shift) {
    case 12: return true;
    case 21: return mmu_bit(entry, 7);
    case 22: return mmu_bit(entry, 7) && mmu_bit(mmu->cr4, 4);
    case 30: return mmu_bit(entry, 7) && mmu_long(mmu) && mmu->has_1g;
    default: return false;
    }
}

/* Entries of 4 bytes (tables 4-4 to 4-6). */
static inline uint64_t mmu_reserved_narrow(const struct mmu *mmu, unsigned shift, bool page) {
    if (!page)
        return 0;
    uint64_t no_pat = mmu->pat ? 0 : (uint64_t)1 << (shift == 12 ? 7 : 12);
    return shift == 22 ? mmu_span(13, 22) | no_pat : no_pat;
}

/* Entries of 8 bytes (tables 4-8 to 4-11 for PAE, 4-14 to 4-20 for 4 and 5 levels). */
static inline uint64_t mmu_reserved_wide(const struct mmu *mmu, unsigned shift, bool page) {
    if (mmu_pae(mmu) && shift == 30)
        return mmu_span(1, 3) | mmu_span(5, 9) | mmu_span(mmu->physical_bits, 64);
    uint64_t reserved = mmu_span(mmu->physical_bits, mmu_long(mmu) ? 52 : 63);
    if (!mmu_nxe(mmu))
        reserved |= (uint64_t)1 << 63;
    if (!page)
        return shift >= 30 ? reserved | 1 << 7 : reserved; /* no page of this size: PS must be 0 */
    if (!mmu->pat)
        reserved |= (uint64_t)1 << (shift == 12 ? 7 : 12);
    return reserved | (shift > 12 ? mmu_span(13, shift) : 0);
}

static inline uint64_t mmu_reserved(const struct mmu *mmu, unsigned shift, bool page) {
    return mmu_wide(mmu) ? mmu_reserved_wide(mmu, shift, page)
                         : mmu_reserved_narrow(mmu, shift, page);
}

/* An entry's address: of a page of 2^shift bytes, or of a table with shift 12. */
static inline uint64_t mmu_address(const struct mmu *mmu, unsigned shift, uint64_t entry) {
    return entry & mmu_span(shift, mmu_wide(mmu) ? 52 : 32);
}

static inline bool mmu_read(const struct mmu *mmu, uint64_t place, uint64_t *entry) {
    unsigned width = mmu_wide(mmu) ? 8 : 4;
    if (place < mmu->start || place - mmu->start > mmu->size - width)
        return false;
    const uint8_t *at = mmu->bytes + (place - mmu->start);
    *entry = 0;
    for (unsigned i = width; i-- > 0;)
        *entry = *entry << 8 | at[i];
    return true;
}

/* Section 4.6.1: what all entries on the way allow. PAE's root has no say in it. */
static inline struct mmu_rights mmu_restrict(const struct mmu *mmu, unsigned shift, uint64_t entry,
                                             struct mmu_rights rights) {
    if (mmu_pae(mmu) && shift == 30)
        return rights;
    return (struct mmu_rights){.write = rights.write && mmu_bit(entry, 1),
                               .user = rights.user && mmu_bit(entry, 2),
                               .execute = rights.execute && !(mmu_nxe(mmu) && mmu_bit(entry, 63))};
}

/* Section 4.9: three bits choose a byte of the PAT; without one, PCD and PWT choose as after a
 * reset. */
static inline unsigned mmu_type(const struct mmu *mmu, unsigned shift, uint64_t entry) {
    unsigned choice = (unsigned)(entry >> 3 & 3);
    if (mmu->pat)
        choice |= (unsigned)mmu_bit(entry, shift == 12 ? 7 : 12) << 2;
    return mmu->pat ? mmu->pat >> choice * 8 & 7 : 0x00070406u >> choice * 8 & 7;
}

static inline bool mmu_global(const struct mmu *mmu, uint64_t entry) {
    return mmu_bit(entry, 8) && mmu_bit(mmu->cr4, 7);
}

static inline uint64_t mmu_root(const struct mmu *mmu) {
    return mmu_pae(mmu) ? mmu->cr3 & mmu_span(5, 32) : mmu_address(mmu, 12, mmu->cr3);
}

static inline struct mmu_answer mmu_look_up(const struct mmu *mmu, uint64_t virt) {
    struct mmu_answer answer = {.rights = {true, true, true}, .phys = virt, .page_size = 4096};
    if (!mmu_paging(mmu)) {
        answer.type = MMU_WB;
        answer.end = virt >> 32 ? MMU_NOT_CANONICAL : MMU_PAGE;
        return answer;
    }
    answer.end = MMU_NOT_CANONICAL;
    uint64_t linear = virt & mmu_span(0, mmu_linear_bits(mmu)), table = mmu_root(mmu), entry;
    if (mmu_extend(mmu, linear) != virt)
        return answer;
    for (unsigned shift = mmu_root_shift(mmu);; shift -= mmu_wide(mmu) ? 9 : 10) {
        uint64_t index = linear >> shift & mmu_span(0, mmu_index_bits(mmu, shift));
        uint64_t place = table + index * (mmu_wide(mmu) ? 8 : 4);
        answer.end = MMU_NOWHERE;
        if (!mmu_read(mmu, place, &entry))
            return answer;
        answer.places[answer.count++] = place;
        answer.end = MMU_ABSENT;
        if (!mmu_bit(entry, 0))
            return answer;
        bool page = mmu_is_page(mmu, shift, entry);
        answer.end = MMU_RESERVED;
        if (entry & mmu_reserved(mmu, shift, page))
            return answer;
        answer.rights = mmu_restrict(mmu, shift, entry, answer.rights);
        if (page) {
            answer.end = MMU_PAGE;
            answer.page_size = (uint64_t)1 << shift;
            answer.phys = mmu_address(mmu, shift, entry) | (linear & mmu_span(0, shift));
            answer.type = mmu_type(mmu, shift, entry);
            answer.global = mmu_global(mmu, entry);
            return answer;
        }
        table = mmu_address(mmu, 12, entry);
    }
}

/* ---- all of it ---- */

/* One more run, or a longer last one. */
static inline void mmu_add(struct mmu_list *list, const struct mmu_run *run) {
    struct mmu_run *last = list->count ? &list->runs[list->count - 1] : NULL;
    uint64_t size = last ? last->page_size * last->count : 0;
    if (last && last->virt + size == run->virt && last->phys + size == run->phys &&
        last->page_size == run->page_size && last->global == run->global &&
        last->type == run->type && last->rights.write == run->rights.write &&
        last->rights.execute == run->rights.execute && last->rights.user == run->rights.user)
        last->count += run->count;
    else if (list->count < list->room)
        list->runs[list->count++] = *run;
    else
        list->full = true;
}

/* Everything below one table. Calls itself once a level: 5 deep at most. */
static inline void mmu_list_table(const struct mmu *mmu, uint64_t table, unsigned shift,
                                  uint64_t linear, struct mmu_rights rights,
                                  struct mmu_list *list) {
    unsigned width = mmu_wide(mmu) ? 8 : 4;
    for (unsigned i = 0; i < 1u << mmu_index_bits(mmu, shift); i++) {
        uint64_t entry = 0, part = linear | (uint64_t)i << shift;
        bool there = mmu_read(mmu, table + i * width, &entry);
        if (there && !mmu_bit(entry, 0))
            continue;
        bool page = mmu_is_page(mmu, shift, entry);
        if (!there || entry & mmu_reserved(mmu, shift, page)) {
            list->faults++;
            continue;
        }
        struct mmu_rights left = mmu_restrict(mmu, shift, entry, rights);
        if (!page) {
            mmu_list_table(mmu, mmu_address(mmu, 12, entry), shift - (mmu_wide(mmu) ? 9 : 10), part,
                           left, list);
            continue;
        }
        mmu_add(list, &(struct mmu_run){.virt = mmu_extend(mmu, part),
                                        .phys = mmu_address(mmu, shift, entry),
                                        .page_size = (uint64_t)1 << shift,
                                        .count = 1,
                                        .rights = left,
                                        .global = mmu_global(mmu, entry),
                                        .type = mmu_type(mmu, shift, entry)});
    }
}

/* Every page of the address space, in the order of addresses. */
static inline void mmu_list_all(const struct mmu *mmu, struct mmu_list *list) {
    list->count = list->faults = 0;
    list->full = false;
    mmu_list_table(mmu, mmu_root(mmu), mmu_root_shift(mmu), 0, (struct mmu_rights){1, 1, 1}, list);
}

#endif
