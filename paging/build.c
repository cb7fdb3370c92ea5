#include "build.h"
#include "range.h"

static u64 leaf_size(const struct paging_options *options, u32 level) {
    return (u64)1 << options->format->levels[level].shift;
}

/* Goes up through the sizes of leaves. The next size is reached now, or it is reached by smaller
 * leaves up to its alignment, or never within this row: what is never reached rules out all larger
 * ones too. */
struct leaf_run paging_first_run(const struct paging_options *options, const struct map *rest) {
    const struct paging_format *format = options->format;
    u32 top = options->small_only || rest->attributes & MAP_SMALL ? 1 : format->level_count;
    u32 level = 0;
    u64 size = rest->size;
    for (u32 next = 1; next < top; next++) {
        if (!paging_leaf_allowed(format, next, options->cpu_features))
            continue;
        u64 large = leaf_size(options, next);
        u64 gap = -rest->virt & (large - 1);
        if (!is_aligned(rest->virt ^ rest->phys, large) || size < gap || size - gap < large)
            break;
        if (gap) {
            size = gap;
            break;
        }
        level = next;
    }
    return (struct leaf_run){.level = level,
                             .virt = rest->virt,
                             .phys = rest->phys,
                             .count = size >> format->levels[level].shift};
}

static void advance(const struct paging_options *options, struct map *rest,
                    const struct leaf_run *run) {
    u64 size = run->count << options->format->levels[run->level].shift;
    rest->virt += size;
    rest->phys += size;
    rest->size -= size;
}

/* Do the addresses fit the format? A row over the gap between the canonical halves is longer than
 * physical memory can be, so looking at both ends is enough. */
static bool in_range(const struct paging_format *format, const struct map *row) {
    u64 last = row->virt + (row->size - 1);
    u64 last_phys = row->phys + (row->size - 1);
    return last >= row->virt && paging_is_canonical(format, row->virt) &&
           paging_is_canonical(format, last) && last_phys >= row->phys &&
           (last_phys >> format->physical_bits_max) == 0;
}

/* `before` is the row before this one, NULL for the first. */
static struct error check_row(const struct paging_options *options, const struct map *row,
                              const struct map *before) {
    if (!row->size || !is_aligned(row->virt | row->phys | row->size, PAGE_SIZE))
        return error_make(ERROR_PAGING_UNALIGNED, .number = {row->virt, row->phys});
    if (!in_range(options->format, row))
        return error_make(ERROR_PAGING_RANGE, .name = options->format->name,
                          .number = {row->virt, row->phys, row->size});
    if (before && row->virt <= before->virt + (before->size - 1))
        return error_make(ERROR_PAGING_OVERLAP, .number = {row->virt});
    return OK;
}

static struct error check_rows(const struct paging_options *options, const struct map *rows,
                               u32 row_count) {
    for (u32 i = 0; i < row_count; i++)
        TRY(check_row(options, &rows[i], i ? &rows[i - 1] : NULL));
    return OK;
}

/* The tables of each level are numbered by the addresses they cover, and runs come in ascending
 * order: a table is new if its number is at least `next`. */
struct tally {
    u64 next[PAGING_LEVELS_MAX];
    u64 frames;
};

/* Adds the tables of `level`, and of all levels above it but the root's, that cover [virt, last].
 */
static void tally_tables(const struct paging_format *format, u32 level, u64 virt, u64 last,
                         struct tally *tally) {
    for (; level + 1 < format->level_count; level++) {
        u32 shift = format->levels[level + 1].shift;
        u64 first = max_u64(virt >> shift, tally->next[level]);
        u64 end = (last >> shift) + 1;
        if (end <= first)
            continue;
        tally->frames += end - first;
        tally->next[level] = end;
    }
}

static void tally_run(const struct paging_options *options, const struct leaf_run *run,
                      struct tally *tally) {
    u64 size = run->count << options->format->levels[run->level].shift;
    tally_tables(options->format, run->level, run->virt, run->virt + (size - 1), tally);
}

/* The wish with the lowest address of those in the set; NULL if the set is empty. */
static const struct table_wish *lowest_wish(const struct paging_options *options, u32 set) {
    const struct table_wish *lowest = NULL;
    for (u32 i = 0; i < options->wish_count; i++)
        if (set >> i & 1 && (!lowest || options->wishes[i].virt < lowest->virt))
            lowest = &options->wishes[i];
    return lowest;
}

/* Counts the wishes of *set that begin at or below an address, lowest first, and takes them out of
 * it. So wishes and runs are counted in ascending order together. */
static void tally_wishes(const struct paging_options *options, u64 up_to, u32 *set,
                         struct tally *tally) {
    const struct table_wish *wish;
    while ((wish = lowest_wish(options, *set)) && wish->virt <= up_to) {
        tally_tables(options->format, wish->level, wish->virt, wish->virt + (wish->size - 1),
                     tally);
        *set &= ~((u32)1 << (wish - options->wishes));
    }
}

struct error paging_count(const struct paging_options *options, const struct map *rows,
                          u32 row_count, u64 *frame_count) {
    TRY(check_rows(options, rows, row_count));
    struct tally tally = {.frames = 1};
    u32 wishes = ((u32)1 << options->wish_count) - 1;
    for (u32 i = 0; i < row_count; i++) {
        struct map rest = rows[i];
        while (rest.size) {
            struct leaf_run run = paging_first_run(options, &rest);
            tally_wishes(options, run.virt, &wishes, &tally);
            tally_run(options, &run, &tally);
            advance(options, &rest, &run);
        }
    }
    tally_wishes(options, ~(u64)0, &wishes, &tally);
    *frame_count = tally.frames;
    return OK;
}

u64 paging_leaf_bits(const struct paging_options *options, u32 level, u32 attributes) {
    u64 bits = ENTRY_PRESENT;
    if (attributes & MAP_WRITE)
        bits |= ENTRY_WRITE;
    if (attributes & MAP_USER)
        bits |= ENTRY_USER;
    bool combining = attributes & MAP_WRITE_COMBINING && options->cpu_features & CPU_PAT;
    if (attributes & (MAP_UNCACHED | MAP_WRITE_COMBINING))
        bits |= ENTRY_WRITE_THROUGH | (combining ? 0 : ENTRY_CACHE_DISABLE);
    if (attributes & MAP_GLOBAL && options->cpu_features & CPU_PGE)
        bits |= ENTRY_GLOBAL;
    if (level)
        bits |= ENTRY_LARGE;
    if (!(attributes & MAP_EXECUTE) && options->format->has_nx && options->cpu_features & CPU_NX)
        bits |= ENTRY_NO_EXECUTE;
    return bits;
}

/* The next frame, cleared: entries not written are absent. */
static struct error take_frame(struct table_arena *arena, u32 *frame) {
    if (arena->used == arena->frame_count)
        return error_make(ERROR_PAGING_TABLES_FULL, .number = {arena->frame_count});
    *frame = arena->used++;
    memset(arena->bytes + (size_t)*frame * PAGE_SIZE, 0, PAGE_SIZE);
    return OK;
}

/* Entries in memory. Tables are aligned to pages and written by a CPU of the kind that reads them,
 * so entries are stored whole: this is the one place whose work grows with the number of leaves. */
typedef u32 entry32 __attribute__((may_alias));
typedef u64 entry64 __attribute__((may_alias));

static u64 read_entry(const u8 *at, u32 entry_size) {
    return entry_size == 4 ? *(const entry32 *)at : *(const entry64 *)at;
}

/* Writes `count` entries side by side: the first as given, each next one `step` higher. */
static void write_entries(u8 *at, u32 entry_size, u32 count, u64 entry, u64 step) {
    u8 *end = at + count * entry_size;
    if (entry_size == 4) {
        for (u32 low = (u32)entry; at != end; at += 4, low += (u32)step)
            *(entry32 *)at = low;
    } else {
        for (; at != end; at += 8, entry += step)
            *(entry64 *)at = entry;
    }
}

/* The table of `level` for an address; it and its links are made where they are missing. Rows are
 * disjoint, so an entry on the way that is present is a link, and one that this function wrote. */
static struct error find_table(const struct paging_options *options, struct table_arena *arena,
                               u32 level, u64 virt, u8 **table) {
    const struct paging_format *format = options->format;
    u8 *at = arena->bytes;
    for (u32 above = format->level_count - 1u; above > level; above--) {
        u8 *slot = at + paging_index(format, above, virt) * format->entry_size;
        u64 entry = read_entry(slot, format->entry_size);
        if (!(entry & ENTRY_PRESENT)) {
            u32 frame;
            TRY(take_frame(arena, &frame));
            entry = (arena->phys + frame * PAGE_SIZE) | format->levels[above].link_bits;
            write_entries(slot, format->entry_size, 1, entry, 0);
        }
        at = arena->bytes + (size_t)(align_down(entry, PAGE_SIZE) - arena->phys);
    }
    *table = at;
    return OK;
}

static struct error write_run(const struct paging_options *options, struct table_arena *arena,
                              struct leaf_run run, u64 bits) {
    const struct paging_format *format = options->format;
    const struct paging_level *row = &format->levels[run.level];
    while (run.count) {
        u8 *table;
        TRY(find_table(options, arena, run.level, run.virt, &table));
        u32 index = paging_index(format, run.level, run.virt);
        u32 count = (u32)min_u64(run.count, (1u << row->index_bits) - index);
        write_entries(table + index * format->entry_size, format->entry_size, count,
                      run.phys | bits, (u64)1 << row->shift);
        run.virt += (u64)count << row->shift;
        run.phys += (u64)count << row->shift;
        run.count -= count;
    }
    return OK;
}

static struct error check_arena(const struct paging_options *options,
                                const struct table_arena *arena) {
    struct range range;
    u64 limit = (u64)1 << options->format->physical_bits_max;
    if (!is_aligned(arena->phys, PAGE_SIZE) ||
        !range_make(arena->phys, arena->frame_count * PAGE_SIZE, &range) ||
        range_end(range) > limit)
        return error_make(ERROR_PAGING_RANGE, .name = options->format->name,
                          .number = {arena->phys, arena->phys, arena->frame_count * PAGE_SIZE});
    return OK;
}

static struct error make_wishes(const struct paging_options *options, struct table_arena *arena) {
    for (u32 i = 0; i < options->wish_count; i++) {
        const struct table_wish *wish = &options->wishes[i];
        u64 part = (u64)1 << options->format->levels[wish->level + 1].shift;
        u64 first = align_down(wish->virt, part), last = wish->virt + (wish->size - 1);
        for (u64 virt = first; virt - first <= last - first; virt += part) {
            u8 *table;
            TRY(find_table(options, arena, wish->level, virt, &table));
            if (virt + part < virt)
                break;
        }
    }
    return OK;
}

/* Slots from the recursive one on, one for each table of that level, get links to these tables. A
 * link to an absent table is absent. */
static struct error link_recursive(const struct paging_options *options,
                                   struct table_arena *arena) {
    const struct paging_format *format = options->format;
    u32 slot = options->recursive_slot, root = format->level_count - 1u;
    bool at_root = format->recursive_level == root;
    u32 count = at_root ? 1 : 1u << format->levels[root].index_bits;
    u8 *holder;
    TRY(find_table(options, arena, format->recursive_level,
                   (u64)(count - 1) << format->levels[root].shift, &holder));
    for (u32 i = 0; i < count; i++) {
        u64 link = arena->phys | ENTRY_PRESENT;
        if (!at_root)
            link = read_entry(arena->bytes + i * format->entry_size, format->entry_size);
        if (!(link & ENTRY_PRESENT))
            continue;
        bool nx = format->has_nx && options->cpu_features & CPU_NX;
        write_entries(holder + (slot + i) * format->entry_size, format->entry_size, 1,
                      link | ENTRY_WRITE | (nx ? ENTRY_NO_EXECUTE : 0), 0);
    }
    return OK;
}

/* Where the root is one table, its slot shows one entry's worth of addresses; in PAE, the four
 * slots of the last directory. */
struct range paging_recursive_range(const struct paging_format *format, u32 slot) {
    u32 root = format->level_count - 1u, level = format->recursive_level;
    u64 size = (u64)1 << format->levels[level].shift;
    if (level == root)
        return (struct range){
            paging_make_canonical(format, (u64)slot << format->levels[level].shift), size};
    u64 count = (u64)1 << format->levels[root].index_bits;
    u64 last_part = (count - 1) << format->levels[root].shift;
    return (struct range){last_part + slot * size, count * size};
}

struct error paging_build(const struct paging_options *options, const struct map *rows,
                          u32 row_count, struct table_arena *arena) {
    u32 root;
    TRY(check_rows(options, rows, row_count));
    TRY(check_arena(options, arena));
    arena->used = 0;
    TRY(take_frame(arena, &root));
    TRY(make_wishes(options, arena));
    for (u32 i = 0; i < row_count; i++) {
        struct map rest = rows[i];
        while (rest.size) {
            struct leaf_run run = paging_first_run(options, &rest);
            u64 bits = paging_leaf_bits(options, run.level, rest.attributes);
            TRY(write_run(options, arena, run, bits));
            advance(options, &rest, &run);
        }
    }
    return options->recursive ? link_recursive(options, arena) : OK;
}
