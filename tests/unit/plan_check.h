/* What must be true of every plan, whatever the machine, the kernel and the options were.
 *
 * Used for the plans of tables and for random ones alike. Each property is worked out from the
 * request anew, without the help of plan/'s own functions where these are what is looked at. */
#ifndef TEST_PLAN_CHECK_H
#define TEST_PLAN_CHECK_H

#include "machines.h"
#include "ram.h"
#include "second_mmu.h"
#include "table_cost.h"
#include "walk.h"

#include <stdio.h>

struct plan_case {
    const char *name;
    const struct plan_request *request;
    const struct plan *plan;
};

#define HOLDS(condition)                                                         \
    do {                                                                         \
        if (!(condition))                                                        \
            fail_msg("%s: %s (%s:%d)", c->name, #condition, __FILE__, __LINE__); \
    } while (0)

#define SUCCEEDS(step)                                                                  \
    do {                                                                                \
        struct error error_ = (step);                                                   \
        char words_[256];                                                               \
        struct text text_ = TEXT_IN(words_);                                            \
        error_text(&error_, &text_);                                                    \
        if (error_.code)                                                                \
            fail_msg("%s: %s: %s (%s:%d)", c->name, #step, words_, __FILE__, __LINE__); \
    } while (0)

/* [start, start + size) as whole pages. */
static inline struct range pages_of(u64 start, u64 size) {
    u64 first = start & ~(u64)0xfff, end = (start + size + 0xfff) & ~(u64)0xfff;
    return (struct range){first, end - first};
}

/* ---- claims ---- */

static inline bool in_usable_ram(const struct memory_map *map, u64 start, u64 size) {
    for (u32 i = 0; i < map->count; i++) {
        const struct memory_range *range = &map->ranges[i];
        if (range->kind == MEMORY_USABLE && start >= range->start &&
            start - range->start <= range->size && size <= range->size - (start - range->start))
            return true;
    }
    return false;
}

static inline u32 count_claims(const struct plan *plan, enum claim_kind kind) {
    u32 count = 0;
    for (u32 i = 0; i < plan->claims.count; i++)
        count += plan->claims.claims[i].kind == kind;
    return count;
}

static inline void check_claim_pair(const struct plan_case *c, const struct claim *low,
                                    const struct claim *high) {
    struct range a = {low->start, low->size}, b = {high->start, high->size};
    bool exact =
        (low->kind == CLAIM_KERNEL || low->kind == CLAIM_BIOS || low->kind == CLAIM_LOADER) &&
        (high->kind == CLAIM_KERNEL || high->kind == CLAIM_LOADER);
    bool may_overlap = exact && (low->kind == CLAIM_LOADER || high->kind == CLAIM_LOADER);
    HOLDS(low->start <= high->start);
    HOLDS(may_overlap || !range_overlaps(a, b));
    /* What Aloft chose to place shares no page with anything. */
    HOLDS(exact || !range_overlaps(pages_of(a.start, a.size), pages_of(b.start, b.size)));
}

static inline void check_claims(const struct plan_case *c) {
    const struct plan *plan = c->plan;
    const struct claims *claims = &plan->claims;
    HOLDS(claims->count <= CLAIMS_MAX);
    for (u32 i = 0; i < claims->count; i++) {
        const struct claim *claim = &claims->claims[i];
        bool placed = claim->kind != CLAIM_KERNEL && claim->kind != CLAIM_BIOS;
        HOLDS(claim->size > 0);
        HOLDS(!placed || (claim->start % PAGE_SIZE == 0 && claim->size % PAGE_SIZE == 0));
        HOLDS(!placed || claim->start + claim->size <= 4 * GIB);
        HOLDS(claim->kind == CLAIM_BIOS || claim->kind == CLAIM_LOADER ||
              in_usable_ram(&c->request->machine->memory, claim->start, claim->size));
        for (u32 j = 0; j < i; j++)
            check_claim_pair(c, &claims->claims[j], claim);
    }
    HOLDS(count_claims(plan, CLAIM_BIOS) == 1 && count_claims(plan, CLAIM_LOADER) == 1);
    HOLDS(count_claims(plan, CLAIM_KERNEL) == c->request->image->segment_count);
    HOLDS(count_claims(plan, CLAIM_MODULE) == c->request->module_count);
    HOLDS(count_claims(plan, CLAIM_HANDOFF) == 1);
    HOLDS(count_claims(plan, CLAIM_TABLES) == plan->paging);
    HOLDS(count_claims(plan, CLAIM_TRAMPOLINE) == plan->paging);
}

static inline const struct claim *claim_of(const struct plan *plan, enum claim_kind kind,
                                           u64 start) {
    for (u32 i = 0; i < plan->claims.count; i++)
        if (plan->claims.claims[i].kind == kind && plan->claims.claims[i].start == start)
            return &plan->claims.claims[i];
    return NULL;
}

static inline void check_places(const struct plan_case *c) {
    const struct plan *plan = c->plan;
    const struct claim *handoff = claim_of(plan, CLAIM_HANDOFF, plan->handoff_phys);
    HOLDS(handoff && handoff->size == plan->stack_size + plan->info_size + PAGE_SIZE);
    HOLDS(plan->stack_size == c->request->options->stack_size);
    HOLDS(plan->info_size >= c->request->info_size && plan->info_size % PAGE_SIZE == 0);
    HOLDS(plan->info_phys == plan->handoff_phys + plan->stack_size);
    HOLDS(plan->trampoline_phys == plan->info_phys + plan->info_size);
    const struct claim *boot = claim_of(plan, CLAIM_TRAMPOLINE, plan->boot_tables_phys);
    HOLDS(!plan->paging || (boot && boot->size == plan->boot_table_frames * PAGE_SIZE));
    const struct claim *tables = claim_of(plan, CLAIM_TABLES, plan->tables_phys);
    HOLDS(!plan->paging || (tables && tables->size == plan->table_frames * PAGE_SIZE));
    HOLDS(plan->paging ||
          (plan->table_frames == 0 && plan->boot_table_frames == 0 && plan->row_count == 0 &&
           plan->handoff_virt == plan->handoff_phys && plan->info_virt == plan->info_phys &&
           plan->trampoline_virt == plan->trampoline_phys));
    HOLDS(plan->entry ==
          (plan->paging ? c->request->image->entry_virt : c->request->image->entry_phys));
}

/* ---- loads ---- */

static inline void check_load(const struct plan_case *c, const struct load *load) {
    struct range place = {load->phys, load->memory_size};
    struct range loader = {LOADER_START, LOADER_END - LOADER_START};
    HOLDS(load->memory_size > 0 && load->file_size <= load->memory_size);
    HOLDS(in_usable_ram(&c->request->machine->memory, load->phys, load->memory_size) ||
          range_contains(loader, place));
    HOLDS(load->late ? range_contains(loader, place) : !range_overlaps(loader, place));
    HOLDS(load->late || load->staged == load->phys);
    if (load->late && load->file_size) {
        const struct claim *staging = claim_of(c->plan, CLAIM_STAGING, load->staged);
        HOLDS(staging && staging->size >= load->file_size && staging->index == load->number);
        HOLDS(load->file == 0);
    }
}

/* The loads of a segment, in order, are its bytes from the first to the last. */
static inline void check_segment_loads(const struct plan_case *c, const struct segment *segment) {
    u64 done = 0;
    for (u32 i = 0; i < c->plan->load_count; i++) {
        const struct load *load = &c->plan->loads[i];
        if (load->file != 0 || load->number != segment->number)
            continue;
        u64 left = segment->file_size > done ? segment->file_size - done : 0;
        HOLDS(load->phys == segment->phys + done);
        HOLDS(load->file_size == min_u64(left, load->memory_size));
        HOLDS(!load->file_size || load->offset == segment->offset + done);
        done += load->memory_size;
    }
    HOLDS(done == segment->memory_size);
}

static inline void check_loads(const struct plan_case *c) {
    const struct plan_request *request = c->request;
    u32 seen = 0;
    for (u32 i = 0; i < c->plan->load_count; i++) {
        const struct load *load = &c->plan->loads[i];
        check_load(c, load);
        HOLDS(load->file <= request->module_count);
        if (!load->file)
            continue;
        u64 size = request->module_sizes[load->file - 1];
        const struct claim *claim = claim_of(c->plan, CLAIM_MODULE, load->phys);
        HOLDS(claim && claim->index == load->file - 1 && claim->size == load->memory_size);
        HOLDS(load->number == load->file - 1 && load->offset == 0 && load->file_size == size);
        HOLDS(load->memory_size == max_u64(PAGE_SIZE, pages_of(0, size).size));
        HOLDS(plan_module_phys(c->plan, load->file - 1) == load->phys);
        seen++;
    }
    HOLDS(seen == request->module_count);
    for (u32 i = 0; i < request->image->segment_count; i++)
        check_segment_loads(c, &request->image->segments[i]);
}

/* ---- rows ---- */

static inline const struct map *row_of(const struct plan *plan, u64 virt) {
    u32 low = 0, high = plan->row_count;
    while (low < high) {
        u32 middle = (low + high) / 2;
        if (virt < plan->rows[middle].virt)
            high = middle;
        else
            low = middle + 1;
    }
    const struct map *below = low ? &plan->rows[low - 1] : NULL;
    return below && virt - below->virt < below->size ? below : NULL;
}

/* What the segments in this virtual page may do, all together; 0 if there are none. */
static inline u32 rights_in_page(const struct image *image, u64 page) {
    u32 rights = 0;
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        if (range_overlaps((struct range){segment->virt, segment->memory_size},
                           (struct range){page, PAGE_SIZE}))
            rights |= 8 | segment->rights;
    }
    return rights;
}

/* With --global all pages but the identity map's stay over a change of CR3. */
static inline u32 global_bit(const struct plan_case *c, const struct map *row) {
    return c->request->options->global && row->owner != ROW_IDENTITY ? MAP_GLOBAL : 0;
}

static inline void check_kernel_page(const struct plan_case *c, u64 page, u64 phys) {
    u32 rights = rights_in_page(c->request->image, page);
    const struct map *row = row_of(c->plan, page);
    HOLDS(rights && row && row->owner == ROW_KERNEL);
    HOLDS(row->phys + (page - row->virt) == phys);
    HOLDS(!(row->attributes & MAP_WRITE) == !(rights & RIGHT_WRITE));
    HOLDS(!(row->attributes & MAP_EXECUTE) == !(rights & RIGHT_EXECUTE));
    HOLDS((row->attributes & ~(u32)(MAP_WRITE | MAP_EXECUTE)) == global_bit(c, row));
}

/* Rights change at the ends of segments only, so the pages around them speak for all. */
static inline void check_kernel_pages(const struct plan_case *c) {
    const struct image *image = c->request->image;
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        struct range pages =
            range_pages_outward((struct range){segment->virt, segment->memory_size});
        u64 phys = align_down(segment->phys, PAGE_SIZE), last = pages.size - PAGE_SIZE;
        u64 offsets[] = {0, min_u64(PAGE_SIZE, last), align_down(last / 2, PAGE_SIZE),
                         last ? last - PAGE_SIZE : 0, last};
        for (u32 j = 0; j < ARRAY_COUNT(offsets); j++)
            check_kernel_page(c, pages.start + offsets[j], phys + offsets[j]);
    }
    for (u32 i = 0; i < c->plan->row_count; i++) {
        const struct map *row = &c->plan->rows[i];
        if (row->owner != ROW_KERNEL)
            continue;
        check_kernel_page(c, row->virt, row->phys);
        check_kernel_page(c, row->virt + row->size - PAGE_SIZE, row->phys + row->size - PAGE_SIZE);
    }
}

/* What the linear maps may show of physical memory, besides the first megabyte. */
static inline bool is_shown_range(const struct machine *machine, const struct memory_range *range) {
    bool tables = machine->acpi_tables - range->start < range->size && machine->acpi_tables &&
                  range->size <= 16 * MIB;
    return range->kind == MEMORY_USABLE || range->kind == MEMORY_ACPI ||
           range->kind == MEMORY_NVS || tables;
}

static inline bool is_shown_place(const struct machine *machine, u64 phys, u64 size) {
    if (phys + size <= MIB)
        return true;
    for (u32 i = 0; i < machine->memory.count; i++) {
        const struct memory_range *range = &machine->memory.ranges[i];
        if (is_shown_range(machine, range) &&
            range_contains(pages_of(range->start, range->size), (struct range){phys, size}))
            return true;
    }
    return false;
}

static inline void check_linear_row(const struct plan_case *c, const struct map *row) {
    const struct plan *plan = c->plan;
    bool direct = row->owner == ROW_DIRECT;
    bool video = row->phys >= 0xa0000 && row->phys < 0xc0000;
    HOLDS(row->virt - row->phys == (direct ? plan->direct_virt : 0));
    HOLDS(row->phys + row->size <= (direct ? plan->direct_end : plan->identity_end));
    HOLDS(row->attributes == ((video ? MAP_UNCACHED : 0) | MAP_WRITE | global_bit(c, row)));
    HOLDS(direct || row->phys || c->request->options->null_mapped);
    HOLDS(!video || row->phys + row->size <= 0xc0000);
    HOLDS(is_shown_place(c->request->machine, row->phys, row->size));
}

/* --identity=tables: nothing but the tables, at their own addresses. */
static inline void check_own_tables_row(const struct plan_case *c, const struct map *row) {
    const struct plan *plan = c->plan;
    HOLDS(row->virt == row->phys && row->attributes == (MAP_WRITE | MAP_SMALL));
    HOLDS(range_contains((struct range){plan->tables_phys, plan->table_frames * PAGE_SIZE},
                         (struct range){row->phys, row->size}));
}

static inline void check_identity_row(const struct plan_case *c, const struct map *row) {
    switch (c->request->options->identity) {
    case IDENTITY_NONE: fail_msg("%s: an identity map", c->name); break;
    case IDENTITY_TABLES: check_own_tables_row(c, row); break;
    default: check_linear_row(c, row); break;
    }
}

/* Write-combining where the CPU has a page attribute table. */
static inline u32 combining_of(const struct plan *plan) {
    return plan->options.cpu_features & CPU_PAT ? MAP_WRITE_COMBINING : MAP_UNCACHED;
}

/* Some --map asked for this row: its memory, at one of its addresses, with no more rights. */
static inline bool is_asked_for(const struct plan_case *c, const struct map *row,
                                const struct map_option *map) {
    const struct plan *plan = c->plan;
    const u32 cache[] = {[MAP_AS_DEVICE] = MAP_UNCACHED,
                         [MAP_AS_FRAMEBUFFER] = combining_of(plan),
                         [MAP_AS_MEMORY] = 0};
    u64 offset = row->virt - row->phys;
    bool here = map->has_virt ? offset == map->virt - map->phys
                              : (plan->direct_end && offset == plan->direct_virt) ||
                                    (plan->identity_end && offset == 0);
    return here &&
           range_contains(pages_of(map->phys, map->size), (struct range){row->phys, row->size}) &&
           row->attributes ==
               (cache[map->cache] | (map->read_only ? 0 : (u32)MAP_WRITE) | global_bit(c, row));
}

static inline void check_option_row(const struct plan_case *c, const struct map *row) {
    const struct kernel_options *options = c->request->options;
    bool asked = false;
    for (u32 i = 0; i < options->map_count; i++)
        asked = asked || is_asked_for(c, row, &options->maps[i]);
    HOLDS(asked);
}

static inline void check_temporary_row(const struct plan_case *c, const struct map *row) {
    const struct plan *plan = c->plan;
    HOLDS(c->request->options->temporary && row->virt == plan->temporary_virt);
    HOLDS(row->size == PAGE_SIZE && row->attributes == (MAP_WRITE | global_bit(c, row)));
    HOLDS(range_contains((struct range){plan->tables_phys, plan->table_frames * PAGE_SIZE},
                         (struct range){row->phys, row->size}));
}

/* The framebuffer: all of it, and no more than its pages. */
static inline void check_screen_row(const struct plan_case *c, const struct map *row) {
    const struct screen *screen = &c->request->machine->screen;
    struct range pages = pages_of(screen->phys, (u64)screen->pitch * screen->height);
    HOLDS(screen->kind == SCREEN_PIXELS && row->virt == c->plan->screen_virt);
    HOLDS(row->phys == pages.start && row->size == pages.size);
    HOLDS(row->attributes == (MAP_WRITE | combining_of(c->plan) | global_bit(c, row)));
}

static inline void check_row(const struct plan_case *c, const struct map *row) {
    const struct plan *plan = c->plan;
    u64 last = row->virt + (row->size - 1);
    HOLDS(row->size && !((row->virt | row->phys | row->size) & 0xfff) && last >= row->virt);
    HOLDS(paging_is_canonical(plan->options.format, row->virt) &&
          paging_is_canonical(plan->options.format, last));
    switch (row->owner) {
    case ROW_KERNEL: break;
    case ROW_HANDOFF: HOLDS(row->attributes == (MAP_WRITE | global_bit(c, row))); break;
    case ROW_TRAMPOLINE:
        HOLDS(row->attributes == (MAP_EXECUTE | global_bit(c, row)) && row->size == PAGE_SIZE &&
              row->virt == plan->trampoline_virt && row->phys == plan->trampoline_phys);
        break;
    case ROW_DIRECT: check_linear_row(c, row); break;
    case ROW_IDENTITY: check_identity_row(c, row); break;
    case ROW_OPTION: check_option_row(c, row); break;
    case ROW_SCREEN: check_screen_row(c, row); break;
    default: HOLDS(row->owner == ROW_TEMPORARY); check_temporary_row(c, row);
    }
}

/* The lowest address of the upper half: 2 GiB, -128 TiB, -64 PiB. */
static inline u64 upper_half(const struct plan *plan) {
    u32 bits = plan->options.format->virtual_bits;
    return bits == 32 ? 2 * GIB : ~(u64)0 << (bits - 1);
}

/* What one table of the lowest level maps. */
static inline u64 span_of_table(const struct plan *plan) {
    return plan->options.format->entry_size == 4 ? 4 * MIB : 2 * MIB;
}

/* The addresses of the recursive slot: an entry's worth; in PAE, whose slots are in the last
 * directory, that of four. */
static inline struct range recursive_range(const struct plan *plan) {
    u64 slot = plan->options.recursive_slot;
    if (!plan->options.recursive)
        return (struct range){0, 0};
    switch (plan->options.format - paging_formats) {
    case PAGING_PAE: return (struct range){0xc0000000 + (slot << 21), 8 * MIB};
    case PAGING_4LEVEL: return (struct range){(u64)((long long)(slot << 55) >> 16), 512 * GIB};
    case PAGING_5LEVEL: return (struct range){(u64)((long long)(slot << 55) >> 7), (u64)1 << 48};
    default: return (struct range){slot << 22, 4 * MIB};
    }
}

static inline u64 left_of(struct range range, u64 at) {
    return at - range.start < range.size ? range.size - (at - range.start) : 0;
}

/* The tables that the framebuffer's window touches. */
static inline struct range screen_range(const struct plan_case *c) {
    const struct screen *screen = &c->request->machine->screen;
    u64 span = span_of_table(c->plan), virt = c->plan->screen_virt;
    u64 start = virt & ~(span - 1);
    u64 size = pages_of(screen->phys, (u64)screen->pitch * screen->height).size;
    if (!virt)
        return (struct range){0, 0};
    return (struct range){start, align_up(virt - start + size, span)};
}

/* Bytes from here on at which no row is but those of the windows. */
static inline u64 kept_free(const struct plan_case *c, u64 virt) {
    const struct plan *plan = c->plan;
    u64 span = span_of_table(plan);
    struct range window = {plan->handoff_virt - PAGE_SIZE,
                           align_up(plan->stack_size + plan->info_size + 3 * PAGE_SIZE, span)};
    struct range temporary = {plan->temporary_virt, plan->temporary_virt ? span : 0};
    return max_u64(max_u64(left_of(window, virt), left_of(screen_range(c), virt)),
                   max_u64(left_of(recursive_range(plan), virt), left_of(temporary, virt)));
}

static inline bool is_kept_free(const struct plan_case *c, u64 virt) {
    return kept_free(c, virt) != 0;
}

/* Stack and information are mapped, each as one row, and the page before each is not. Behind the
 * information is the trampoline. No other row is in the tables that map these. */
static inline void check_window(const struct plan_case *c) {
    const struct plan *plan = c->plan;
    const struct map *stack = row_of(plan, plan->handoff_virt);
    const struct map *info = row_of(plan, plan->info_virt);
    HOLDS(stack && stack->owner == ROW_HANDOFF && stack->virt == plan->handoff_virt &&
          stack->phys == plan->handoff_phys && stack->size == plan->stack_size);
    HOLDS(info && info->owner == ROW_HANDOFF && info->virt == plan->info_virt &&
          info->phys == plan->info_phys && info->size == plan->info_size);
    HOLDS(plan->info_virt == plan->handoff_virt + plan->stack_size + PAGE_SIZE);
    HOLDS(!row_of(plan, plan->handoff_virt - 1) && !row_of(plan, plan->handoff_virt - PAGE_SIZE));
    HOLDS(!row_of(plan, plan->info_virt - 1) && !row_of(plan, plan->info_virt - PAGE_SIZE));
    const struct map *trampoline = row_of(plan, plan->trampoline_virt);
    HOLDS(plan->trampoline_virt == plan->info_virt + plan->info_size);
    HOLDS(trampoline && trampoline->owner == ROW_TRAMPOLINE);
    for (u32 i = 0; i < plan->row_count; i++) {
        const struct map *row = &plan->rows[i];
        bool ours = row->owner == ROW_HANDOFF || row->owner == ROW_TRAMPOLINE ||
                    row->owner == ROW_TEMPORARY || row->owner == ROW_SCREEN;
        HOLDS(ours == is_kept_free(c, row->virt));
        HOLDS(ours == is_kept_free(c, row->virt + (row->size - 1)));
    }
}

/* Options that have a slot or a window of their own. */
static inline void check_slot_and_temporary(const struct plan_case *c) {
    const struct plan *plan = c->plan;
    const struct kernel_options *options = c->request->options;
    const struct map *temporary = row_of(plan, plan->temporary_virt);
    HOLDS(options->temporary == (plan->temporary_virt != 0));
    HOLDS(plan->temporary_virt % span_of_table(plan) == 0);
    HOLDS(!options->temporary || (temporary && temporary->owner == ROW_TEMPORARY));
    HOLDS(plan->options.recursive == (options->recursive != PLACE_NONE));
    HOLDS(options->recursive != PLACE_AT || plan->options.recursive_slot == options->recursive_at);
    struct range slot = recursive_range(plan);
    for (u32 i = 0; i < plan->row_count; i++)
        HOLDS(!range_overlaps(slot, (struct range){plan->rows[i].virt, plan->rows[i].size}));
    HOLDS(options->recursive != PLACE_AUTO || slot.start >= upper_half(plan));
}

static inline u64 to_next_row(const struct plan *plan, u64 virt) {
    u64 least = UINT64_MAX;
    for (u32 i = 0; i < plan->row_count; i++)
        if (plan->rows[i].virt > virt)
            least = min_u64(least, plan->rows[i].virt - virt);
    return least;
}

/* Is each of these pages mapped, if not by a --map then by something that came before? */
static inline bool is_laid(const struct plan_case *c, u64 virt, u64 size) {
    for (u64 at = 0; at < size;) {
        const struct map *row = row_of(c->plan, virt + at);
        u32 owner = row ? row->owner : 0;
        bool later = owner == ROW_DIRECT || (owner == ROW_IDENTITY && c->plan->identity_end);
        u64 step = row ? row->size - (virt + at - row->virt)
                       : min_u64(kept_free(c, virt + at), to_next_row(c->plan, virt + at));
        if (later || !step)
            return false;
        at += step;
    }
    return true;
}

/* A --map without an address is shown where one of the linear maps would show it. */
static inline void check_map_option_is_whole(const struct plan_case *c,
                                             const struct map_option *map) {
    const struct plan *plan = c->plan;
    u64 size = align_up(map->size, PAGE_SIZE);
    if (map->has_virt)
        HOLDS(is_laid(c, map->virt, size));
    else
        HOLDS((plan->direct_end && is_laid(c, plan->direct_virt + map->phys, size)) ||
              (plan->identity_end && is_laid(c, map->phys, size)));
}

/* --identity=none and tables: in the lower half is only what the user and the kernel put there.
 * --identity=tables: all tables are at their own addresses, unless these were taken. */
static inline void check_identity_option(const struct plan_case *c) {
    const struct plan *plan = c->plan;
    const struct kernel_options *options = c->request->options;
    if (options->identity != IDENTITY_NONE && options->identity != IDENTITY_TABLES)
        return;
    HOLDS(plan->identity_end == 0);
    for (u32 i = 0; i < plan->row_count; i++) {
        const struct map *row = &plan->rows[i];
        HOLDS(row->virt >= upper_half(plan) || row->owner == ROW_KERNEL ||
              row->owner == ROW_OPTION || row->owner == ROW_IDENTITY ||
              (row->owner == ROW_DIRECT && options->direct == PLACE_AT));
    }
    for (u32 i = 0; i < plan->table_frames && options->identity == IDENTITY_TABLES; i++) {
        u64 frame = plan->tables_phys + i * PAGE_SIZE;
        HOLDS(row_of(plan, frame) || is_kept_free(c, frame));
    }
}

/* Every page of memory below `end` has something at its address `offset` above. */
static inline void check_linear_is_whole(const struct plan_case *c, u64 offset, u64 end) {
    const struct memory_map *map = &c->request->machine->memory;
    for (u32 i = 0; i <= map->count; i++) {
        struct range part = {0, MIB}; /* and after the ranges, the first megabyte */
        if (i < map->count) {
            if (map->ranges[i].kind != MEMORY_USABLE)
                continue;
            part.start = align_up(map->ranges[i].start, PAGE_SIZE);
            part.size =
                align_down(range_end((struct range){map->ranges[i].start, map->ranges[i].size}),
                           PAGE_SIZE) -
                part.start;
            if (part.size > (u64)1 << 63)
                continue; /* not one whole page */
        }
        for (u64 phys = part.start; phys < min_u64(range_end(part), end);) {
            const struct map *row = row_of(c->plan, phys + offset);
            bool null = !offset && !phys && !c->request->options->null_mapped;
            u64 kept = row ? 0 : kept_free(c, phys + offset);
            HOLDS(row || null || kept);
            phys += row ? row->size - (phys + offset - row->virt) : kept ? kept : PAGE_SIZE;
        }
    }
}

/* Root entries that options ask a table for, whatever is mapped, and that no row asks for. */
static inline u64 tables_wished(const struct plan_case *c) {
    const struct plan *plan = c->plan;
    const struct paging_level *root =
        &plan->options.format->levels[plan->options.format->level_count - 1];
    u32 count = 1u << root->index_bits;
    bool wished[1024] = {false};
    for (u32 i = count / 2; i < count && c->request->options->share_upper; i++)
        wished[i] = true;
    if (plan->options.recursive && count == 4)
        wished[3] = true; /* PAE: the slots are in its last directory */
    for (u32 i = 0; i < plan->row_count; i++) {
        u64 first = plan->rows[i].virt >> root->shift;
        u64 last = (plan->rows[i].virt + (plan->rows[i].size - 1)) >> root->shift;
        for (; first <= last; first++)
            wished[first & (count - 1)] = false;
    }
    u64 tables = 0;
    for (u32 i = 0; i < count; i++)
        tables += wished[i];
    return tables;
}

/* Not one table more than the rows and the options need. */
static inline void check_table_cost(const struct plan_case *c) {
    const struct plan *plan = c->plan;
    struct map rows[2];
    u32 count = plan_boot_rows(plan, rows);
    struct paging_options boot = plan_boot_options(plan);
    HOLDS(plan->table_frames ==
          frames_needed(&plan->options, plan->rows, plan->row_count) + tables_wished(c));
    HOLDS(plan->boot_table_frames == frames_needed(&boot, rows, count));
}

static inline void check_rows(const struct plan_case *c) {
    const struct plan *plan = c->plan;
    HOLDS(plan->row_count <= PLAN_ROWS_MAX && plan->note_count <= PLAN_NOTES_MAX);
    for (u32 i = 0; i < plan->row_count; i++) {
        check_row(c, &plan->rows[i]);
        HOLDS(!i || plan->rows[i - 1].virt + (plan->rows[i - 1].size - 1) < plan->rows[i].virt);
    }
    if (!plan->paging)
        return;
    check_kernel_pages(c);
    check_table_cost(c);
    check_window(c);
    check_slot_and_temporary(c);
    check_identity_option(c);
    for (u32 i = 0; i < c->request->options->map_count; i++)
        check_map_option_is_whole(c, &c->request->options->maps[i]);
    check_linear_is_whole(c, 0, plan->identity_end);
    check_linear_is_whole(c, plan->direct_virt, plan->direct_end);
}

/* ---- plan_virtual() ---- */

/* Is [virt, virt + size) in one row, at phys? */
static inline bool shows(const struct plan *plan, u64 virt, u64 phys, u64 size) {
    const struct map *row = row_of(plan, virt);
    return row && row->phys + (virt - row->virt) == phys && size <= row->size - (virt - row->virt);
}

static inline bool is_shown_by_a_row(const struct plan *plan, u64 phys, u64 size) {
    for (u32 i = 0; i < plan->row_count; i++)
        if (range_contains((struct range){plan->rows[i].phys, plan->rows[i].size},
                           (struct range){phys, size}))
            return true;
    return false;
}

static inline void check_virtual_of(const struct plan_case *c, u64 phys, u64 size) {
    u64 virt = plan_virtual(c->plan, phys, size);
    if (!c->plan->paging)
        HOLDS(virt == phys);
    else if (is_shown_by_a_row(c->plan, phys, size))
        HOLDS(shows(c->plan, virt, phys, size));
    else
        HOLDS(virt == PLAN_NO_ADDRESS);
}

static inline void check_virtual_of_row(const struct plan_case *c, const struct map *row) {
    check_virtual_of(c, row->phys, 1);
    check_virtual_of(c, row->phys, row->size);
    check_virtual_of(c, row->phys, row->size + 1);
    check_virtual_of(c, row->phys + row->size - 1, 1);
    check_virtual_of(c, row->phys + row->size - 1, 2);
}

static inline void check_virtual_addresses(const struct plan_case *c) {
    const struct plan *plan = c->plan;
    for (u32 i = 0; i < plan->row_count; i++)
        check_virtual_of_row(c, &plan->rows[i]);
    for (u32 i = 0; i < plan->claims.count; i++)
        check_virtual_of(c, plan->claims.claims[i].start, plan->claims.claims[i].size);
    check_virtual_of(c, (u64)1 << 51, 1);
}

/* ---- the kernel's memory map ---- */

static inline void check_usable_page_is_free(const struct plan_case *c,
                                             const struct memory_range *range) {
    const struct memory_map *machine = &c->request->machine->memory;
    HOLDS(in_usable_ram(machine, range->start, range->size));
    for (u32 i = 0; i < c->plan->claims.count; i++) {
        const struct claim *claim = &c->plan->claims.claims[i];
        bool returned = claim->kind == CLAIM_LOADER || claim->kind == CLAIM_STAGING ||
                        claim->kind == CLAIM_HELD;
        HOLDS(returned || !range_overlaps(pages_of(claim->start, claim->size),
                                          (struct range){range->start, range->size}));
    }
}

/* A range that the kernel is told to be a claim's begins and ends with one. */
static inline bool begins_and_ends_with_a_claim(const struct plan *plan,
                                                const struct memory_range *range) {
    bool begins = false, ends = false;
    for (u32 i = 0; i < plan->claims.count; i++) {
        const struct claim *claim = &plan->claims.claims[i];
        struct range pages = pages_of(claim->start, claim->size);
        bool same = claim_memory_kind(claim) == range->kind;
        begins = begins || (same && range_has(pages, range->start));
        ends = ends || (same && range_has(pages, range->start + range->size - 1));
    }
    return begins && ends;
}

/* Every whole page of RAM is told, as free or as a claim's. */
static inline void check_nothing_is_lost(const struct plan_case *c, const struct memory_map *map) {
    const struct memory_map *machine = &c->request->machine->memory;
    for (u32 i = 0; i < machine->count; i++) {
        const struct memory_range *range = &machine->ranges[i];
        u64 end = align_down(range->start + range->size, PAGE_SIZE);
        if (range->kind != MEMORY_USABLE)
            continue;
        for (u64 at = align_up(range->start, PAGE_SIZE); at < end;) {
            const struct memory_range *told = memory_at(map, at);
            HOLDS(told && (told->kind == MEMORY_USABLE || told->kind >= MEMORY_BIOS));
            at = told->start + told->size;
        }
    }
}

static inline void check_memory(const struct plan_case *c) {
    struct memory_map map;
    SUCCEEDS(plan_memory(c->request->machine, c->plan, &map));
    for (u32 i = 0; i < map.count; i++) {
        const struct memory_range *range = &map.ranges[i];
        HOLDS(range->size && !((range->start | range->size) & 0xfff));
        HOLDS(!i || map.ranges[i - 1].start + map.ranges[i - 1].size <= range->start);
        if (range->kind == MEMORY_USABLE)
            check_usable_page_is_free(c, range);
        else if (range->kind >= MEMORY_BIOS)
            HOLDS(begins_and_ends_with_a_claim(c->plan, range));
    }
    check_nothing_is_lost(c, &map);
}

/* All but plan_virtual(), of which each answer is compared with every row. */
static inline void check_layout(const struct plan_case *c) {
    check_claims(c);
    check_places(c);
    check_loads(c);
    check_rows(c);
    check_memory(c);
}

static inline void check_plan(const struct plan_case *c) {
    check_layout(c);
    check_virtual_addresses(c);
}

/* ---- finished tables ---- */

static inline struct table_arena arena_at(const struct ram *ram, u64 phys, u32 frames) {
    return (struct table_arena){.bytes = ram_at(ram, phys, frames * PAGE_SIZE),
                                .phys = phys,
                                .frame_count = frames,
                                .used = frames};
}

static inline struct walk walk_to(const struct plan *plan, const struct ram *ram, u64 virt) {
    struct table_arena arena = arena_at(ram, plan->tables_phys, plan->table_frames);
    return paging_walk(&plan->options, &arena, plan->physical_bits, virt);
}

/* What the walker finds in place of a row's attributes. */
static inline u32 seen_attributes(const struct plan *plan, u32 attributes) {
    bool nx = plan->options.format->has_nx && plan->options.cpu_features & CPU_NX;
    attributes = (attributes & ~(u32)MAP_SMALL) | (nx ? 0 : (u32)MAP_EXECUTE);
    if (attributes & MAP_WRITE_COMBINING && !(plan->options.cpu_features & CPU_PAT))
        attributes ^= MAP_WRITE_COMBINING | MAP_UNCACHED;
    return attributes;
}

/* The processor of the plan with the plan's tables, as a reader that shares nothing with Aloft. */
static inline struct mmu second_mmu(const struct plan_case *c, const struct ram *ram, u64 cr0,
                                    u64 cr4, u64 efer, u64 pat) {
    const struct plan *plan = c->plan;
    u32 features = c->request->machine->cpu.features;
    u64 of_reset = features & CPU_PAT ? 0x0007040600070406 : 0;
    return (struct mmu){.bytes = ram_at(ram, plan->tables_phys, plan->table_frames * PAGE_SIZE),
                        .start = plan->tables_phys,
                        .size = plan->table_frames * PAGE_SIZE,
                        .cr0 = cr0,
                        .cr3 = plan->tables_phys,
                        .cr4 = cr4,
                        .efer = efer,
                        .pat = pat ? pat : of_reset,
                        .physical_bits = c->request->machine->cpu.physical_bits,
                        .has_1g = features & CPU_PAGE_1G};
}

/* The page that a row is to become, but for its size and addresses. */
static inline struct mmu_run page_of_row(const struct plan_case *c, const struct map *row) {
    u32 features = c->request->machine->cpu.features, attributes = row->attributes;
    bool nx = features & CPU_NX && c->plan->options.format >= &paging_formats[PAGING_PAE];
    bool combining = attributes & MAP_WRITE_COMBINING;
    return (struct mmu_run){
        .virt = row->virt,
        .phys = row->phys,
        .rights = {.write = attributes & MAP_WRITE, .execute = !nx || attributes & MAP_EXECUTE},
        .global = attributes & MAP_GLOBAL,
        .type = combining && features & CPU_PAT          ? MMU_WC
                : combining || attributes & MAP_UNCACHED ? MMU_UC
                                                         : MMU_WB};
}

/* The largest page that may show this address of a row. */
static inline u64 largest_page(const struct plan_case *c, const struct map *row, u64 virt) {
    u32 id = (u32)(c->plan->options.format - paging_formats);
    u32 features = c->request->machine->cpu.features;
    bool small = c->request->options->small_pages || row->attributes & MAP_SMALL;
    const u64 sizes[] = {id >= PAGING_4LEVEL && features & CPU_PAGE_1G ? GIB : 0,
                         id == PAGING_32       ? 0
                         : id == PAGING_32_PSE ? 4 * MIB
                                               : 2 * MIB};
    for (u32 i = 0; i < ARRAY_COUNT(sizes) && !small; i++) {
        u64 size = sizes[i], before = virt & (size - 1), at = virt - row->virt;
        if (size && !((row->virt ^ row->phys) & (size - 1)) && at >= before &&
            row->size - (at - before) >= size)
            return size;
    }
    return PAGE_SIZE;
}

/* How far the rows have been found in the list. */
struct rows_found {
    u32 row;
    u64 done; /* bytes of it */
};

/* These pages of a row are the largest that may be: that can change at every 2 MiB. */
static inline void check_page_sizes(const struct plan_case *c, const struct map *row, u64 virt,
                                    u64 size, u64 page_size) {
    for (u64 end = virt + size; virt != end;) {
        HOLDS(largest_page(c, row, virt) == page_size);
        u64 next = page_size > 2 * MIB ? virt + page_size : (virt & ~(2 * MIB - 1)) + 2 * MIB;
        virt = end - virt < next - virt ? end : next;
    }
}

/* A run goes on where the last one ended, in the rows; equal pages of two rows may stand side by
 * side. */
static inline void check_run_is_asked_for(const struct plan_case *c, const struct mmu_run *run,
                                          struct rows_found *found) {
    for (u64 at = 0, size = run->count * run->page_size; at < size;) {
        HOLDS(found->row < c->plan->row_count);
        const struct map *row = &c->plan->rows[found->row];
        struct mmu_run asked = page_of_row(c, row);
        u64 part = min_u64(size - at, row->size - found->done);
        HOLDS(run->virt + at == row->virt + found->done &&
              run->phys + at == row->phys + found->done);
        HOLDS(run->rights.write == asked.rights.write && !run->rights.user);
        HOLDS(run->rights.execute == asked.rights.execute);
        HOLDS(run->global == asked.global && run->type == asked.type);
        check_page_sizes(c, row, run->virt + at, part, run->page_size);
        at += part;
        found->done += part;
        if (found->done == row->size)
            *found = (struct rows_found){found->row + 1, 0};
    }
}

/* Aloft's walker at both ends of a run. */
static inline void check_walker_sees(const struct plan_case *c, const struct ram *ram,
                                     const struct mmu_run *run) {
    u64 size = run->count * run->page_size;
    struct walk first = walk_to(c->plan, ram, run->virt);
    struct walk last = walk_to(c->plan, ram, run->virt + size - 1);
    HOLDS(first.result == WALK_MAPPED && first.phys == run->phys);
    HOLDS(last.result == WALK_MAPPED && last.phys == run->phys + size - 1);
    HOLDS(first.page_size == run->page_size && last.page_size == run->page_size);
    HOLDS(first.attributes == last.attributes);
    HOLDS(!(first.attributes & MAP_WRITE) == !run->rights.write);
    HOLDS(!(first.attributes & MAP_EXECUTE) == !run->rights.execute);
    HOLDS(!(first.attributes & MAP_USER) == !run->rights.user);
    HOLDS(!(first.attributes & MAP_GLOBAL) == !run->global);
    HOLDS(!(first.attributes & MAP_UNCACHED) == (run->type != MMU_UC));
    HOLDS(!(first.attributes & MAP_WRITE_COMBINING) == (run->type != MMU_WC));
}

/* The second reader lists all that is mapped: every byte of every row, in the largest pages and
 * with no more rights than asked for, what the recursive slot shows, and nothing else. (A slot
 * shows a large page as a small one with the PAT's bit, which is reserved where there is no PAT.)
 */
static inline void check_second_reader(const struct plan_case *c, const struct ram *ram,
                                       const struct mmu *mmu) {
    enum { RUNS = 1 << 16 };
    static struct mmu_run runs[RUNS];
    struct mmu_list list = {.runs = runs, .room = RUNS};
    struct range slot = recursive_range(c->plan);
    struct rows_found found = {0, 0};
    mmu_list_all(mmu, &list);
    HOLDS(!list.full && (!list.faults || (slot.size && !mmu->pat)));
    for (u32 i = 0; i < list.count; i++) {
        check_walker_sees(c, ram, &runs[i]);
        if (range_has(slot, runs[i].virt))
            continue;
        if (slot.size && slot.start - runs[i].virt < runs[i].count * runs[i].page_size)
            runs[i].count =
                (slot.start - runs[i].virt) / runs[i].page_size; /* goes on in the slot */
        check_run_is_asked_for(c, &runs[i], &found);
    }
    HOLDS(found.row == c->plan->row_count && !found.done);
}

/* The page at this address is what the rows say, or absent if they say nothing. */
static inline void check_walk(const struct plan_case *c, const struct ram *ram, u64 virt) {
    const struct plan *plan = c->plan;
    struct range slot = recursive_range(plan);
    if (!paging_is_canonical(plan->options.format, virt) || virt - slot.start < slot.size)
        return;
    const struct map *row = row_of(plan, virt);
    struct walk walk = walk_to(plan, ram, virt);
    HOLDS(walk.result == (row ? WALK_MAPPED : WALK_ABSENT));
    if (!row)
        return;
    HOLDS(walk.phys == row->phys + (virt - row->virt));
    HOLDS(walk.page_size == best_page_size(&plan->options, row, virt));
    HOLDS(walk.attributes == seen_attributes(plan, row->attributes));
}

/* The address at which a recursive slot shows the entry of level 0 for an address; taken twice,
 * that of level 1, and so on. */
static inline u64 recursive_entry(const struct plan *plan, u64 virt) {
    const struct paging_format *format = plan->options.format;
    u32 index_bits = format->entry_size == 4 ? 10 : 9;
    u64 low = virt & (((u64)1 << format->virtual_bits) - 1);
    return recursive_range(plan).start + (low >> index_bits & ~(u64)(format->entry_size - 1));
}

/* All entries on the way to an address are found through the recursive slot, to be read and written
 * by the kernel alone. PAE's root is not: it is no table of 512 entries. */
static inline void check_recursive(const struct plan_case *c, const struct ram *ram, u64 virt) {
    const struct plan *plan = c->plan;
    bool nx = plan->options.format->has_nx && plan->options.cpu_features & CPU_NX;
    bool pae = plan->options.format == &paging_formats[PAGING_PAE];
    struct walk way = walk_to(plan, ram, virt);
    for (u32 level = 0; level + pae < plan->options.format->level_count; level++) {
        virt = recursive_entry(plan, virt);
        for (u32 i = 0; i < way.step_count; i++) {
            if (way.steps[i].level != level)
                continue;
            struct walk walk = walk_to(plan, ram, virt);
            HOLDS(walk.result == WALK_MAPPED && walk.page_size == PAGE_SIZE);
            HOLDS(walk.phys ==
                  way.steps[i].table + way.steps[i].index * plan->options.format->entry_size);
            HOLDS(walk.attributes == (MAP_WRITE | (nx ? 0 : (u32)MAP_EXECUTE)));
        }
    }
}

static inline u64 entry_at(const struct plan *plan, const struct table_arena *arena, u64 table,
                           u32 index) {
    u32 size = plan->options.format->entry_size;
    const u8 *at = arena->bytes + (table - arena->phys) + index * size;
    return size == 4 ? load32(at) : load64(at);
}

static inline u64 present_entries(const u8 *entries, u32 width, u32 bytes) {
    u64 count = 0;
    for (u32 offset = 0; offset < bytes; offset += width)
        count += entries[offset] & 1;
    return count;
}

/* Bytes mapped by a table and those below it, the recursive slot aside. Bounded by its level. */
static inline u64 bytes_mapped(const struct plan *plan, const struct table_arena *arena, u64 table,
                               u32 level, u64 virt) {
    const struct paging_format *format = plan->options.format;
    u64 sum = 0, size = (u64)1 << format->levels[level].shift;
    u32 width = format->entry_size, bytes = width << format->levels[level].index_bits;
    const u8 *entries = arena->bytes + (table - arena->phys);
    struct range slot = recursive_range(plan);
    if (level == 0)
        return present_entries(entries, width, bytes) * size;
    for (u32 offset = 0; offset < bytes; offset += width) {
        if (offset % 64 == 0 && bytes >= 64 && is_empty_run(entries + offset)) {
            offset += 64 - width;
            continue;
        }
        u64 entry = width == 4 ? load32(entries + offset) : load64(entries + offset);
        u64 at = virt + offset / width * size;
        if (!(entry & 1))
            continue;
        if (format->levels[level].leaf && entry & 0x80)
            sum += size;
        else if (arena->phys != plan->tables_phys ||
                 paging_make_canonical(format, at) - slot.start >= slot.size)
            sum += bytes_mapped(plan, arena, entry & 0xffffffffff000, level - 1, at);
    }
    return sum;
}

/* The window's first page is the window's own table, and the rest of it is free. */
static inline void check_temporary(const struct plan_case *c, const struct ram *ram) {
    const struct plan *plan = c->plan;
    struct table_arena arena = arena_at(ram, plan->tables_phys, plan->table_frames);
    struct walk walk = walk_to(plan, ram, plan->temporary_virt);
    HOLDS(walk.result == WALK_MAPPED && walk.page_size == PAGE_SIZE);
    HOLDS(walk.steps[walk.step_count - 1].table == walk.phys);
    HOLDS(walk.steps[walk.step_count - 1].index == 0);
    for (u32 i = 1; i < span_of_table(plan) / PAGE_SIZE; i++)
        HOLDS(entry_at(plan, &arena, walk.phys, i) == 0);
}

/* --share-upper: a link in every entry of the root's upper half, none of them a page. */
static inline void check_shared_upper(const struct plan_case *c, const struct ram *ram) {
    const struct plan *plan = c->plan;
    const struct paging_format *format = plan->options.format;
    const struct paging_level *root = &format->levels[format->level_count - 1];
    struct table_arena arena = arena_at(ram, plan->tables_phys, plan->table_frames);
    u32 count = 1u << root->index_bits;
    for (u32 i = count / 2; i < count; i++)
        HOLDS((entry_at(plan, &arena, plan->tables_phys, i) & 0x81) == 1);
}

/* The tables for the jump map the trampoline's page, at its own address and where the kernel's
 * tables have it, and nothing else. */
static inline void check_boot_tables(const struct plan_case *c, const struct ram *ram) {
    const struct plan *plan = c->plan;
    struct table_arena arena = arena_at(ram, plan->boot_tables_phys, plan->boot_table_frames);
    u64 places[] = {plan->trampoline_phys, plan->trampoline_virt};
    for (u32 i = 0; i < ARRAY_COUNT(places); i++) {
        struct walk walk = paging_walk(&plan->options, &arena, plan->physical_bits, places[i]);
        HOLDS(walk.result == WALK_MAPPED && walk.phys == plan->trampoline_phys);
        HOLDS(walk.page_size == PAGE_SIZE && walk.attributes == MAP_EXECUTE);
    }
    u64 pages = plan->trampoline_phys == plan->trampoline_virt ? 1 : 2;
    HOLDS(bytes_mapped(plan, &arena, arena.phys, plan->options.format->level_count - 1u, 0) ==
          pages * PAGE_SIZE);
}

static inline void check_tables_show_rows(const struct plan_case *c, const struct ram *ram) {
    const struct plan *plan = c->plan;
    for (u32 i = 0; i < plan->row_count; i++) {
        const struct map *row = &plan->rows[i];
        check_walk(c, ram, row->virt - 1);
        check_walk(c, ram, row->virt);
        check_walk(c, ram, row->virt + row->size / 2);
        check_walk(c, ram, row->virt + row->size - 1);
        check_walk(c, ram, row->virt + row->size);
        if (plan->options.recursive)
            check_recursive(c, ram, row->virt);
    }
    if (plan->temporary_virt)
        check_temporary(c, ram);
    if (c->request->options->share_upper)
        check_shared_upper(c, ram);
    check_boot_tables(c, ram);
}

/* Not a byte is mapped beside the rows. Looks at every entry of every table. */
static inline void check_nothing_else_is_mapped(const struct plan_case *c, const struct ram *ram) {
    const struct plan *plan = c->plan;
    struct table_arena arena = arena_at(ram, plan->tables_phys, plan->table_frames);
    u64 sum = 0;
    for (u32 i = 0; i < plan->row_count; i++)
        sum += plan->rows[i].size;
    HOLDS(bytes_mapped(plan, &arena, arena.phys, plan->options.format->level_count - 1u, 0) == sum);
}

#endif
