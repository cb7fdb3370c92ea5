#include "memory.h"

/* How usable each kind is: where two ranges overlap the higher number wins. The order is that of
 * the enum; a kind outside it counts as reserved. */
static u32 normal_kind(u32 kind) {
    bool known = (kind >= MEMORY_USABLE && kind <= MEMORY_BAD) ||
                 (kind >= MEMORY_BIOS && kind <= MEMORY_TRAMPOLINE);
    return known ? kind : MEMORY_RESERVED;
}

enum memory_kind memory_kind_of_bios_type(u32 type) {
    return type >= MEMORY_USABLE && type <= MEMORY_BAD ? (enum memory_kind)type : MEMORY_RESERVED;
}

const char *memory_kind_name(u32 kind) {
    switch (kind) {
    case MEMORY_USABLE: return "usable";
    case MEMORY_ACPI: return "ACPI tables";
    case MEMORY_NVS: return "ACPI storage";
    case MEMORY_BAD: return "bad RAM";
    case MEMORY_BIOS: return "BIOS data";
    case MEMORY_KERNEL: return "kernel";
    case MEMORY_MODULE: return "module";
    case MEMORY_TABLES: return "page tables";
    case MEMORY_HANDOFF: return "stack and information";
    case MEMORY_TRAMPOLINE: return "trampoline";
    default: return "reserved";
    }
}

/* The end of a range that may wrap past 2^64. The last page is left out, so that whatever is made
 * of the map can be rounded up to pages. */
static u64 cut_end(const struct memory_range *range) {
    u64 last_page = ~(PAGE_SIZE - 1), end = range->start + range->size;
    return end < range->start ? last_page : min_u64(end, last_page);
}

/* The winning raw range at an address: the highest kind, the first of equals; NULL for a hole.
 * *next is the smallest boundary of any range above the address; ~0 if there is none. */
static const struct memory_range *winner_at(const struct memory_range *raw, u32 count, u64 at,
                                            u64 *next) {
    const struct memory_range *best = NULL;
    *next = ~(u64)0;
    for (const struct memory_range *range = raw; range < raw + count; range++) {
        u64 boundary = range->start;
        if (boundary <= at) {
            boundary = cut_end(range);
            if (boundary <= at)
                continue;
            if (!best || normal_kind(range->kind) > normal_kind(best->kind))
                best = range;
        } else if (!range->size)
            continue;
        *next = min_u64(*next, boundary);
    }
    return best;
}

static struct error append(struct memory_map *map, struct memory_range range) {
    struct memory_range *last = map->count ? &map->ranges[map->count - 1] : NULL;
    if (last && last->kind == range.kind && last->bios_type == range.bios_type &&
        last->start + last->size == range.start) {
        last->size += range.size;
        return OK;
    }
    if (map->count == MEMORY_RANGES_MAX)
        return error_make(ERROR_MEMORY_MAP_FULL, .number = {MEMORY_RANGES_MAX});
    map->ranges[map->count++] = range;
    return OK;
}

/* Steps from boundary to boundary: between two neighbouring ones nothing changes, so one look
 * decides each piece. Quadratic in the number of ranges, of which a PC has about ten. */
struct error memory_normalise(const struct memory_range *raw, u32 raw_count,
                              struct memory_map *map) {
    map->count = 0;
    u64 at = 0, next;
    for (; at != ~(u64)0; at = next) {
        const struct memory_range *winner = winner_at(raw, raw_count, at, &next);
        if (!winner)
            continue;
        TRY(append(map, (struct memory_range){.start = at,
                                              .size = next - at,
                                              .kind = normal_kind(winner->kind),
                                              .bios_type = winner->bios_type}));
    }
    return OK;
}

u64 memory_usable_end(const struct memory_map *map) {
    for (u32 i = map->count; i-- > 0;)
        if (map->ranges[i].kind == MEMORY_USABLE)
            return map->ranges[i].start + map->ranges[i].size;
    return 0;
}

u64 memory_usable_bytes(const struct memory_map *map) {
    u64 sum = 0;
    for (u32 i = 0; i < map->count; i++)
        if (map->ranges[i].kind == MEMORY_USABLE)
            sum += map->ranges[i].size;
    return sum;
}

const struct memory_range *memory_at(const struct memory_map *map, u64 phys) {
    for (u32 i = 0; i < map->count; i++)
        if (phys >= map->ranges[i].start && phys - map->ranges[i].start < map->ranges[i].size)
            return &map->ranges[i];
    return NULL;
}

struct range memory_range_pages(const struct memory_range *range) {
    struct range whole = {range->start, range->size};
    if (range->kind != MEMORY_USABLE)
        return range_pages_outward(whole);
    u64 start = align_up(whole.start, PAGE_SIZE), end = align_down(range_end(whole), PAGE_SIZE);
    return (struct range){start, end > start ? end - start : 0};
}

void claim_name(const struct claim *claim, struct text *text) {
    static const char *const names[] = {
        [CLAIM_BIOS] = "interrupt vectors and BIOS data",
        [CLAIM_LOADER] = "Aloft itself",
        [CLAIM_KERNEL] = "PT_LOAD ",
        [CLAIM_MODULE] = "module ",
        [CLAIM_TABLES] = "page tables",
        [CLAIM_HANDOFF] = "stack, information, trampoline",
        [CLAIM_TRAMPOLINE] = "page tables for the jump",
        [CLAIM_STAGING] = "staging",
        [CLAIM_SYMBOLS] = "the kernel's symbols",
        [CLAIM_HELD] = "the kernel's file",
    };
    text_string(text, names[claim->kind]);
    if (claim->kind == CLAIM_KERNEL || claim->kind == CLAIM_MODULE)
        text_decimal(text, claim->index);
}

u32 claim_memory_kind(const struct claim *claim) {
    static const u8 kinds[] = {
        [CLAIM_BIOS] = MEMORY_BIOS,
        [CLAIM_LOADER] = 0,
        [CLAIM_KERNEL] = MEMORY_KERNEL,
        [CLAIM_MODULE] = MEMORY_MODULE,
        [CLAIM_TABLES] = MEMORY_TABLES,
        [CLAIM_HANDOFF] = MEMORY_HANDOFF,
        [CLAIM_TRAMPOLINE] = MEMORY_TRAMPOLINE,
        [CLAIM_STAGING] = 0,
        [CLAIM_SYMBOLS] = MEMORY_KERNEL,
        [CLAIM_HELD] = 0,
    };
    return kinds[claim->kind];
}

static struct range claim_range(const struct claim *claim) {
    return (struct range){claim->start, claim->size};
}

const struct claim *claims_meet(const struct claims *claims, struct range range) {
    for (u32 i = 0; i < claims->count; i++)
        if (claims->claims[i].kind != CLAIM_LOADER &&
            range_overlaps(claim_range(&claims->claims[i]), range))
            return &claims->claims[i];
    return NULL;
}

struct error claims_add(struct claims *claims, struct claim claim) {
    if (claims->count == CLAIMS_MAX)
        return error_make(ERROR_PLAN_TOO_MANY, .name = "claims on memory", .number = {CLAIMS_MAX});
    u32 at = claims->count++;
    for (; at > 0 && claims->claims[at - 1].start > claim.start; at--)
        claims->claims[at] = claims->claims[at - 1];
    claims->claims[at] = claim;
    return OK;
}

/* The lowest address at or above `bottom` from which [.., top) is free of claims, or `top` itself
 * if a claim ends there or beyond; *meets is the highest such claim. */
static u64 free_bottom(const struct claims *claims, u64 bottom, u64 top,
                       const struct claim **meets) {
    u64 free = bottom;
    *meets = NULL;
    for (u32 i = 0; i < claims->count; i++) {
        struct range used = range_pages_outward(claim_range(&claims->claims[i]));
        if (!range_overlaps(used, (struct range){bottom, top - bottom}))
            continue;
        if (!*meets || range_end(used) >= free) {
            free = range_end(used);
            *meets = &claims->claims[i];
        }
    }
    return min_u64(free, top);
}

/* Looks in one usable range, from its top downward, hopping over one claim after the other. */
static bool find_in_range(const struct claims *claims, struct range range, u64 size, u64 *phys,
                          u64 *largest) {
    u64 top = range_end(range);
    while (top > range.start) {
        const struct claim *meets;
        u64 free = free_bottom(claims, range.start, top, &meets);
        *largest = max_u64(*largest, top - free);
        if (top - free >= size) {
            *phys = top - size;
            return true;
        }
        if (!meets)
            return false;
        top = align_down(meets->start, PAGE_SIZE);
    }
    return false;
}

bool memory_find(const struct memory_map *map, const struct claims *claims, struct memory_wish wish,
                 u64 *phys, u64 *largest) {
    u64 size = align_up(wish.size, PAGE_SIZE);
    *largest = 0;
    for (u32 i = map->count; i-- > 0;) {
        const struct memory_range *range = &map->ranges[i];
        u64 start = align_up(max_u64(range->start, wish.above), PAGE_SIZE);
        u64 end = align_down(min_u64(range->start + range->size, wish.below), PAGE_SIZE);
        if (range->kind != MEMORY_USABLE || start >= end)
            continue;
        if (find_in_range(claims, (struct range){start, end - start}, size, phys, largest))
            return true;
    }
    return false;
}

/* The pages of a claim that has one of the block's; empty if none has. */
static struct range pages_in_the_way(const struct claims *claims, struct range block, bool loader) {
    block = range_pages_outward(block);
    for (u32 i = 0; i < claims->count; i++) {
        struct range pages = range_pages_outward(claim_range(&claims->claims[i]));
        if (range_overlaps(pages, block) && !(loader && claims->claims[i].kind == CLAIM_LOADER))
            return pages;
    }
    return (struct range){0, 0};
}

/* Hops from one claim in the way to the next, always in one direction. */
static bool fit_between(const struct claims *claims, const struct memory_fit *fit, u32 start,
                        u32 end, u32 *phys) {
    u32 mask = ~(fit->align - 1), size = fit->size;
    for (;;) {
        u32 at = fit->high ? (end - size) & mask : (start + ~mask) & mask;
        if (start >= end || size > end - start || at < start || at > end - size)
            return false;
        *phys = at;
        struct range pages = pages_in_the_way(claims, (struct range){at, size}, fit->loader);
        if (!pages.size)
            return true;
        if (fit->high)
            end = (u32)pages.start;
        else
            start = (u32)min_u64(range_end(pages), ~0u);
    }
}

bool memory_fit(const struct memory_map *map, const struct claims *claims,
                const struct memory_fit *fit, u32 *phys) {
    for (u32 i = 0; i < map->count; i++) {
        const struct memory_range *range = &map->ranges[fit->high ? map->count - 1 - i : i];
        u64 start = max_u64(range->start, fit->above);
        u64 end = min_u64(range->start + range->size, fit->below);
        if (range->kind == MEMORY_USABLE && start < end &&
            fit_between(claims, fit, (u32)start, (u32)end, phys))
            return true;
    }
    return false;
}
