#include "walk.h"
#include "bytes.h"
#include "range.h"

/* The bits [from, to) of an entry. */
static u64 bits_between(u32 from, u32 to) {
    return to > from ? ((u64)1 << to) - ((u64)1 << from) : 0;
}

static bool nx_in_effect(const struct paging_options *options) {
    return options->format->has_nx && options->cpu_features & CPU_NX;
}

static bool is_leaf(const struct paging_options *options, u32 level, u64 entry) {
    return level == 0 || (entry & ENTRY_LARGE &&
                          paging_leaf_allowed(options->format, level, options->cpu_features));
}

/* The bits that must be clear in a present entry (SDM volume 3A, figures 4-4, 4-7 and 4-11). */
static u64 reserved_bits(const struct paging_options *options, u32 level, bool leaf,
                         u32 physical_bits) {
    const struct paging_format *format = options->format;
    const struct paging_level *row = &format->levels[level];
    u64 bits = bits_between(physical_bits, format->reserved_end);
    if (format->has_nx && !nx_in_effect(options))
        bits |= ENTRY_NO_EXECUTE;
    if (!leaf)
        return bits | row->link_reserved;
    /* PAT is bit 12 of a large leaf and bit 7 of a small one. 4 MiB leaves have the PSE-36 address
     * above it, which Aloft never uses and not every CPU has. */
    if (!(options->cpu_features & CPU_PAT))
        bits |= level ? 1 << 12 : 1 << 7;
    return level ? bits | bits_between(13, row->shift) : bits;
}

/* What one more entry leaves of the rights: a link restricts only what its level has bits for. */
static u32 restrict_rights(const struct paging_options *options, u32 level, bool leaf, u64 entry,
                           u32 rights) {
    u32 has = leaf ? ENTRY_WRITE | ENTRY_USER : options->format->levels[level].link_bits;
    if (has & ENTRY_WRITE && !(entry & ENTRY_WRITE))
        rights &= ~(u32)MAP_WRITE;
    if (has & ENTRY_USER && !(entry & ENTRY_USER))
        rights &= ~(u32)MAP_USER;
    if (nx_in_effect(options) && entry & ENTRY_NO_EXECUTE)
        rights &= ~(u32)MAP_EXECUTE;
    return rights;
}

static u32 leaf_attributes(const struct paging_options *options, u64 entry) {
    u32 attributes = 0;
    const u32 type = ENTRY_CACHE_DISABLE | ENTRY_WRITE_THROUGH;
    if ((entry & type) == type)
        attributes |= MAP_UNCACHED;
    if ((entry & type) == ENTRY_WRITE_THROUGH)
        attributes |= MAP_WRITE_COMBINING;
    if (entry & ENTRY_GLOBAL && options->cpu_features & CPU_PGE)
        attributes |= MAP_GLOBAL;
    return attributes;
}

static u64 entry_address(const struct paging_options *options, u64 entry, u32 shift) {
    return entry & bits_between(shift, options->format->physical_bits_max);
}

/* Reads the entry that an address selects in a table; false if the table is not in the arena. */
static bool look_up(const struct paging_options *options, const struct table_arena *arena, u64 virt,
                    struct walk_step *step) {
    const struct paging_format *format = options->format;
    struct range tables = {0, arena->used * PAGE_SIZE};
    u64 offset = step->table - arena->phys;
    step->index = paging_index(format, step->level, virt);
    if (!range_has(tables, offset))
        return false;
    const u8 *at = arena->bytes + (size_t)offset + step->index * format->entry_size;
    step->entry = format->entry_size == 4 ? load32(at) : load64(at);
    return true;
}

/* Where the CPU ends up on a leaf. */
static void arrive(const struct paging_options *options, const struct walk_step *step, u64 virt,
                   struct walk *walk) {
    u32 shift = options->format->levels[step->level].shift;
    walk->result = WALK_MAPPED;
    walk->page_size = (u64)1 << shift;
    walk->phys = entry_address(options, step->entry, shift) | (virt & (walk->page_size - 1));
    walk->attributes |= leaf_attributes(options, step->entry);
}

struct walk paging_walk(const struct paging_options *options, const struct table_arena *arena,
                        u32 physical_bits, u64 virt) {
    struct walk walk = {.result = WALK_NOT_CANONICAL};
    if (!paging_is_canonical(options->format, virt))
        return walk;
    u64 table = arena->phys;
    walk.attributes = MAP_WRITE | MAP_EXECUTE | MAP_USER;
    for (u32 level = options->format->level_count; level-- > 0;) {
        struct walk_step *step = &walk.steps[walk.step_count];
        *step = (struct walk_step){.level = level, .table = table};
        walk.result = WALK_OUTSIDE;
        if (!look_up(options, arena, virt, step))
            break;
        walk.step_count++;
        walk.result = WALK_ABSENT;
        if (!(step->entry & ENTRY_PRESENT))
            break;
        bool leaf = is_leaf(options, level, step->entry);
        walk.result = WALK_RESERVED;
        if (step->entry & reserved_bits(options, level, leaf, physical_bits))
            break;
        walk.attributes = restrict_rights(options, level, leaf, step->entry, walk.attributes);
        if (leaf) {
            arrive(options, step, virt, &walk);
            break;
        }
        table = entry_address(options, step->entry, 12);
    }
    return walk;
}
