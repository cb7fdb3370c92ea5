#include "tables.h"
#include "bytes.h"
#include "rows.h"

struct walk tables_walk(const struct table_view *view, u64 virt) {
    return paging_walk(&view->plan->options, view->arena, view->plan->physical_bits, virt);
}

static bool row_has(const struct map *row, u64 virt) {
    return virt - row->virt < row->size;
}

const struct map *tables_row(const struct plan *plan, u64 virt) {
    for (u32 i = 0; i < plan->row_count; i++)
        if (row_has(&plan->rows[i], virt))
            return &plan->rows[i];
    return NULL;
}

const char *tables_owner(const struct plan *plan, u64 virt) {
    const struct map *row = tables_row(plan, virt);
    if (row)
        return row_owner_name(row->owner);
    const struct paging_options *options = &plan->options;
    bool in_slot =
        plan->paging && options->recursive &&
        range_has(paging_recursive_range(options->format, options->recursive_slot), virt);
    return in_slot ? "recursive slot" : "nobody";
}

/* ---- leaves ---- */

/* Moves to the first canonical address at or behind `next`, which has wrapped to 0 at the end of a
 * 64-bit address space. */
static void move_to(const struct paging_format *format, u64 next, struct leaf_cursor *cursor) {
    u64 half = (u64)1 << (format->virtual_bits - 1);
    bool wide = format->virtual_bits > 32;
    cursor->virt = wide && next == half ? ~(half - 1) : next;
    cursor->at_end = wide ? !next : next == 2 * half;
}

/* Looks at the cursor's address and moves on behind the entry that the walk ended at. */
static bool read_leaf(const struct table_view *view, struct leaf_cursor *cursor,
                      struct leaves *leaf) {
    const struct paging_format *format = view->plan->options.format;
    u64 virt = cursor->virt;
    struct walk walk = tables_walk(view, virt);
    u32 level = walk.step_count ? walk.steps[walk.step_count - 1].level : format->level_count - 1u;
    u64 size = (u64)1 << format->levels[level].shift;
    move_to(format, align_down(virt, size) + size, cursor);
    if (walk.result != WALK_MAPPED)
        return false;
    *leaf = (struct leaves){.virt = virt,
                            .phys = walk.phys,
                            .page_size = walk.page_size,
                            .count = 1,
                            .attributes = walk.attributes,
                            .owner = tables_owner(view->plan, virt)};
    return true;
}

static bool continues(const struct leaves *leaves, const struct leaves *leaf) {
    u64 size = leaves->page_size * leaves->count;
    return leaf->page_size == leaves->page_size && leaf->attributes == leaves->attributes &&
           leaf->owner == leaves->owner && leaf->virt == leaves->virt + size &&
           leaf->phys == leaves->phys + size;
}

bool tables_next_leaves(const struct table_view *view, struct leaf_cursor *cursor,
                        struct leaves *leaves) {
    bool found = false;
    while (!cursor->at_end && !found)
        found = read_leaf(view, cursor, leaves);
    while (found && !cursor->at_end) {
        struct leaf_cursor ahead = *cursor;
        struct leaves leaf;
        if (!read_leaf(view, &ahead, &leaf) || !continues(leaves, &leaf))
            break;
        leaves->count++;
        *cursor = ahead;
    }
    return found;
}

/* ---- cost ---- */

/* The frame that an entry of `level` links to, in the arena; 0, which is the root, for none. */
static u32 linked_frame(const struct table_view *view, u32 level, const u8 *at) {
    const struct paging_options *options = &view->plan->options;
    u64 entry = options->format->entry_size == 4 ? load32(at) : load64(at);
    bool leaf =
        entry & ENTRY_LARGE && paging_leaf_allowed(options->format, level, options->cpu_features);
    u64 mask = ((u64)1 << options->format->physical_bits_max) - PAGE_SIZE;
    u64 offset = (entry & mask) - view->arena->phys;
    if (!(entry & ENTRY_PRESENT) || leaf || offset >= view->arena->used * PAGE_SIZE)
        return 0;
    return (u32)(offset / PAGE_SIZE);
}

static bool in_recursive_slot(const struct paging_options *options, u64 virt) {
    return options->recursive &&
           range_has(paging_recursive_range(options->format, options->recursive_slot),
                     paging_make_canonical(options->format, virt));
}

/* Counts the table in `frame`, whose first entry covers `virt`, and all below it. Calls itself once
 * a level. */
static void count_below(const struct table_view *view, u32 level, u32 frame, u64 virt,
                        u32 *frames) {
    const struct paging_options *options = &view->plan->options;
    const struct paging_level *row = &options->format->levels[level];
    const u8 *bytes = view->arena->bytes + frame * PAGE_SIZE;
    frames[level]++;
    for (u32 i = 0; level && i < 1u << row->index_bits; i++) {
        u64 part = virt + ((u64)i << row->shift);
        u32 link = linked_frame(view, level, bytes + i * options->format->entry_size);
        if (link && !in_recursive_slot(options, part))
            count_below(view, level - 1, link, part, frames);
    }
}

void tables_count(const struct table_view *view, u32 frames[PAGING_LEVELS_MAX]) {
    for (u32 i = 0; i < PAGING_LEVELS_MAX; i++)
        frames[i] = 0;
    if (view->arena->used)
        count_below(view, view->plan->options.format->level_count - 1u, 0, 0, frames);
}

u32 crc32_of(const u8 *bytes, u64 size) {
    u32 table[256], crc = ~(u32)0;
    for (u32 i = 0; i < ARRAY_COUNT(table); i++) {
        table[i] = i;
        for (u32 bit = 0; bit < 8; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
    }
    for (u64 i = 0; i < size; i++)
        crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xff];
    return ~crc;
}

/* ---- text ---- */

void text_rights(struct text *text, u32 attributes) {
    text_char(text, 'r');
    text_char(text, attributes & MAP_WRITE ? 'w' : '-');
    text_char(text, attributes & MAP_EXECUTE ? 'x' : '-');
    text_char(text, attributes & MAP_UNCACHED          ? 'u'
                    : attributes & MAP_WRITE_COMBINING ? 'c'
                    : attributes & MAP_GLOBAL          ? 'g'
                                                       : '-');
    text_string(text, attributes & MAP_USER ? " user" : "");
}

void text_end(struct text *text, u64 start, u64 size, u32 digits) {
    if (size && start + size == 0)
        text_string(text, "0x10000000000000000");
    else
        text_hex(text, start + size, digits);
}

u32 virtual_digits(const struct plan *plan) {
    return plan->image->bits == 64 ? 16 : 8;
}
