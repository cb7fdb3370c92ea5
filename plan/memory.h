/* Physical memory: what the firmware says, cleaned up, and who has which part of it.
 *
 * A memory map is a sorted list of disjoint ranges with a kind. The BIOS's own list may be
 * unsorted, overlapping, empty in places; memory_normalise() makes it a map, in which a less usable
 * kind wins over a more usable one wherever two of them overlap.
 *
 * Everything that a boot places is a claim: a named range laid over the map. claims_meet() is
 * where every overlap is found, before anything is loaded. */
#ifndef PLAN_MEMORY_H
#define PLAN_MEMORY_H

#include "error.h"
#include "range.h"

enum { MEMORY_RANGES_MAX = 128, CLAIMS_MAX = 128 };

/* In order of how much they may be used: on overlap the higher wins. These are the numbers
 * that kernels get (include/aloft.h). */
enum memory_kind {
    MEMORY_USABLE = 1,
    MEMORY_RESERVED = 2,
    MEMORY_ACPI = 3, /* tables: reclaimable once they are read */
    MEMORY_NVS = 4,
    MEMORY_BAD = 5,
    /* Only in the map that a kernel gets: */
    MEMORY_BIOS = 16, /* page 0: interrupt vectors and BIOS data */
    MEMORY_KERNEL = 17,
    MEMORY_MODULE = 18,
    MEMORY_TABLES = 19,
    MEMORY_HANDOFF = 20,
    MEMORY_TRAMPOLINE = 21,
};

struct memory_range {
    u64 start;
    u64 size;
    u32 kind;      /* enum memory_kind */
    u32 bios_type; /* the number that the BIOS gave it */
};

struct memory_map {
    u32 count;
    struct memory_range ranges[MEMORY_RANGES_MAX];
};

/* Sorts, removes empty ranges, resolves overlaps, joins neighbours of the same kind. Ranges that
 * reach the last page below 2^64 are cut there. Unknown BIOS types become MEMORY_RESERVED.
 * ERROR_MEMORY_MAP_FULL.
 */
MUST_USE struct error memory_normalise(const struct memory_range *raw, u32 raw_count,
                                       struct memory_map *map);

/* The kind of E820's type number (ACPI 6.5, table 15-4). */
enum memory_kind memory_kind_of_bios_type(u32 type);

/* "usable", "reserved", "ACPI tables", ... */
const char *memory_kind_name(u32 kind);

/* The end of the highest usable range, 0 if there is none. */
u64 memory_usable_end(const struct memory_map *map);

/* Bytes of usable memory in all. */
u64 memory_usable_bytes(const struct memory_map *map);

/* The range that holds an address, or NULL for a hole. */
const struct memory_range *memory_at(const struct memory_map *map, u64 phys);

/* A range in whole pages: usable memory loses the parts of pages at its ends, all else gains them.
 */
struct range memory_range_pages(const struct memory_range *range);

/* Who has a piece of physical memory. */
enum claim_kind {
    CLAIM_BIOS,    /* the interrupt vectors and the BIOS data area: real-mode code needs them */
    CLAIM_LOADER,  /* Aloft itself: free once the kernel runs; loads may land on it (they are moved)
                    */
    CLAIM_KERNEL,  /* a PT_LOAD; index: which */
    CLAIM_MODULE,  /* index: which */
    CLAIM_TABLES,  /* page tables */
    CLAIM_HANDOFF, /* stack, boot information, GDT */
    CLAIM_TRAMPOLINE, /* the page tables with which paging goes on: free once the kernel runs */
    CLAIM_STAGING, /* where a load waits that must land on the loader; free once the kernel runs */
    CLAIM_SYMBOLS, /* the part of the kernel's file with its section headers and symbols */
    CLAIM_HELD,    /* the kernel's file, for its hash; free once the kernel runs */
};

struct claim {
    u64 start;
    u64 size;
    u32 kind; /* enum claim_kind */
    u32 index;
};

struct claims {
    u32 count;
    struct claim claims[CLAIMS_MAX]; /* sorted by start; disjoint but for CLAIM_LOADER */
};

/* "PT_LOAD 2", "module 0", "page tables": built into text. */
void claim_name(const struct claim *claim, struct text *text);

/* What a kernel's memory map says of the claim; 0 for memory that is free again by then. */
u32 claim_memory_kind(const struct claim *claim);

/* The first claim that overlaps the range, CLAIM_LOADER aside; NULL if none does. */
const struct claim *claims_meet(const struct claims *claims, struct range range);

/* Adds a claim; the caller has made sure with claims_meet() that it meets no other.
 * ERROR_PLAN_TOO_MANY. */
MUST_USE struct error claims_add(struct claims *claims, struct claim claim);

/* What memory_find() looks for. */
struct memory_wish {
    u64 size;  /* bytes, rounded up to whole pages */
    u64 above; /* lowest address that will do */
    u64 below; /* the block must end at or below this */
};

/* The highest whole-page block of usable memory, free of all claims (the loader's too) that fits
 * the wish; false if there is none, with *largest set to the largest free block in bounds. */
MUST_USE bool memory_find(const struct memory_map *map, const struct claims *claims,
                          struct memory_wish wish, u64 *phys, u64 *largest);

/* What memory_fit() looks for below 4 GiB: a block at a multiple of `align`, as low or as high as
 * can be. */
struct memory_fit {
    u32 size; /* bytes */
    u32 above, below;
    u32 align; /* a power of two, at least a page */
    bool high;
    bool loader; /* the loader's own memory will do too */
};

/* Like memory_find(); the whole pages of the block are free of all claims. */
MUST_USE bool memory_fit(const struct memory_map *map, const struct claims *claims,
                         const struct memory_fit *fit, u32 *phys);

#endif
