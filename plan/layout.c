#include "rows.h"
#include "steps.h"

#define IDENTITY_MAX_32 (3 * GIB)

/* Where the windows end: 4 MiB below the top, which stays free for a recursive slot in the last
 * entry of a 32-bit page directory. */
#define WINDOW_TOP_32 0xffc00000u
#define WINDOW_TOP_64 0xffffffffffc00000u

/* Room for the direct map of a 64-bit kernel: half of its half. */
#define DIRECT_MAX_64 ((u64)64 << 40)

/* ---- addresses that are kept free ---- */

static const struct map *row_in(const struct plan *plan, struct range range) {
    for (u32 i = 0; i < plan->row_count; i++)
        if (range_overlaps(range, (struct range){plan->rows[i].virt, plan->rows[i].size}))
            return &plan->rows[i];
    return NULL;
}

/* Keeps a range of addresses from all rows that come later, until keep_no_more(). */
static struct error keep(struct plan *plan, struct range range, u32 owner) {
    return rows_lay(
        plan, (struct map){
                  .virt = range.start, .size = range.size, .attributes = ROW_KEPT, .owner = owner});
}

static bool is_kept(const struct map *row) {
    return row->attributes & ROW_KEPT;
}

static void keep_no_more(struct plan *plan) {
    u32 count = 0;
    for (u32 i = 0; i < plan->row_count; i++)
        if (!is_kept(&plan->rows[i]))
            plan->rows[count++] = plan->rows[i];
    plan->row_count = count;
}

/* The highest block of free addresses, of whole `granule`s: from the top it hops under every row in
 * its way. */
static struct error find_window(const struct plan *plan, u64 size, u64 granule, u64 *window) {
    u64 top = plan->image->bits == 64 ? WINDOW_TOP_64 : WINDOW_TOP_32;
    u64 need = align_up(size, granule);
    while (top > need) {
        *window = top - need;
        const struct map *meets = row_in(plan, (struct range){*window, need});
        if (!meets)
            return OK;
        top = align_down(meets->virt, granule);
    }
    return error_make(ERROR_PLAN_NO_WINDOW, .number = {size});
}

/* The bytes that one table of the lowest level covers: 2 or 4 MiB. */
static u64 table_span(const struct plan *plan) {
    return (u64)1 << plan->options.format->levels[1].shift;
}

static bool slot_is_free(const struct plan *plan, u32 slot) {
    return !row_in(plan, paging_recursive_range(plan->options.format, slot));
}

/* The slots that there are for a recursive mapping. PAE's root has no room for one: there it is the
 * last four slots of the last directory. */
static struct range all_slots(const struct paging_format *format) {
    u32 slots = 1u << format->levels[format->recursive_level].index_bits;
    bool at_root = format->recursive_level == format->level_count - 1u;
    return at_root ? (struct range){0, slots} : (struct range){slots - 4, 1};
}

/* The highest slot that no row touches; above the lower half, unless the user asks for one there.
 * If there is none, *slot is the lowest of those tried. */
static bool free_slot(const struct plan *plan, u32 *slot) {
    struct range slots = all_slots(plan->options.format);
    u32 lowest = (u32)(slots.start + slots.size / 2);
    for (*slot = (u32)range_end(slots); --*slot > lowest;)
        if (slot_is_free(plan, *slot))
            return true;
    return slot_is_free(plan, *slot);
}

static struct error choose_slot(const struct kernel_options *options, const struct plan *plan,
                                u32 *slot) {
    const struct paging_format *format = plan->options.format;
    bool found = free_slot(plan, slot), wanted = options->recursive == PLACE_AT;
    u64 at = options->recursive_at;
    bool exists = range_has(all_slots(format), at);
    if (wanted && exists && slot_is_free(plan, (u32)at)) {
        *slot = (u32)at;
        return OK;
    }
    if (!found)
        return error_make(ERROR_PLAN_NO_SLOT, .name = format->name,
                          .number = {paging_recursive_range(format, *slot).start});
    if (wanted)
        return error_make(ERROR_PLAN_SLOT, .name = format->name,
                          .other = exists ? "the kernel is there" : "there is no such slot",
                          .number = {at, *slot});
    return OK;
}

static struct error choose_recursive(const struct kernel_options *options, struct plan *plan) {
    if (options->recursive == PLACE_NONE)
        return OK;
    TRY(choose_slot(options, plan, &plan->options.recursive_slot));
    plan->options.recursive = true;
    return OK;
}

static struct error keep_recursive(struct plan *plan) {
    const struct paging_options *options = &plan->options;
    if (!options->recursive)
        return OK;
    return keep(plan, paging_recursive_range(options->format, options->recursive_slot),
                ROW_RECURSIVE);
}

static u64 window_size(const struct plan *plan) {
    return plan->stack_size + plan->info_size + 3 * PAGE_SIZE; /* two guard pages, the trampoline */
}

/* All of the tables that the window touches: nobody else has a page in them. */
static struct error keep_handoff(struct plan *plan) {
    struct range window = {plan->handoff_virt - PAGE_SIZE,
                           align_up(window_size(plan), table_span(plan))};
    return keep(plan, window, ROW_HANDOFF);
}

static struct error keep_temporary(struct plan *plan) {
    if (!plan->temporary_virt)
        return OK;
    return keep(plan, (struct range){plan->temporary_virt, table_span(plan)}, ROW_TEMPORARY);
}

/* Write-combining needs the page attribute table; without it such memory is uncached. */
static u32 combining(const struct plan *plan) {
    return plan->options.cpu_features & CPU_PAT ? MAP_WRITE_COMBINING : MAP_UNCACHED;
}

/* The framebuffer's pages, at the same place within a large page as in physical memory. */
static struct map screen_row(const struct machine *machine, const struct plan *plan) {
    const struct screen *screen = &machine->screen;
    u64 end = align_up(screen->phys + (u64)screen->pitch * screen->height, PAGE_SIZE);
    u64 start = align_down(screen->phys, PAGE_SIZE);
    return (struct map){.virt = plan->screen_virt,
                        .phys = start,
                        .size = end - start,
                        .attributes = MAP_WRITE | combining(plan),
                        .owner = ROW_SCREEN};
}

static struct error keep_screen(const struct machine *machine, struct plan *plan) {
    u64 granule = table_span(plan), start = align_down(plan->screen_virt, granule);
    u64 end = plan->screen_virt + screen_row(machine, plan).size;
    if (!plan->screen_virt)
        return OK;
    return keep(plan, (struct range){start, align_up(end - start, granule)}, ROW_SCREEN);
}

static struct error choose_screen(const struct machine *machine, struct plan *plan) {
    u64 granule = table_span(plan), window;
    if (machine->screen.kind != SCREEN_PIXELS)
        return OK;
    struct map row = screen_row(machine, plan);
    u64 before = row.phys & (granule - 1);
    TRY(find_window(plan, before + row.size, granule, &window));
    plan->screen_virt = window + before;
    return keep_screen(machine, plan);
}

static struct error choose_windows(const struct plan_request *request, struct plan *plan) {
    const struct kernel_options *options = request->options;
    u64 granule = table_span(plan), window;
    TRY(choose_recursive(options, plan));
    TRY(keep_recursive(plan));
    TRY(find_window(plan, window_size(plan), granule, &window));
    plan->handoff_virt = window + PAGE_SIZE;
    TRY(keep_handoff(plan));
    if (options->temporary)
        TRY(find_window(plan, granule, granule, &plan->temporary_virt));
    TRY(keep_temporary(plan));
    return choose_screen(request->machine, plan);
}

/* The temporary window's table is wished for first, so that its frame is known: see
 * temporary_row(). */
static void make_wishes(const struct kernel_options *options, struct plan *plan) {
    const struct paging_format *format = plan->options.format;
    u32 below_root = format->level_count - 2u;
    if (options->temporary)
        plan->wishes[plan->wish_count++] = (struct table_wish){plan->temporary_virt, 1, 0};
    if (plan->options.recursive && format->recursive_level == below_root)
        plan->wishes[plan->wish_count++] =
            (struct table_wish){(u64)3 << format->levels[below_root + 1].shift, 1, below_root};
    if (options->share_upper) {
        u64 half = (u64)1 << (format->virtual_bits - 1);
        plan->wishes[plan->wish_count++] =
            (struct table_wish){paging_make_canonical(format, half), half, below_root};
    }
    plan->options.wishes = plan->wishes;
    plan->options.wish_count = plan->wish_count;
}

/* ---- the direct map and the identity map ---- */

/* The lowest virtual address of a segment that is not at its own physical address. */
static u64 lowest_moved(const struct image *image) {
    u64 lowest = ~(u64)0;
    for (u32 i = 0; i < image->segment_count; i++)
        if (image->segments[i].virt != image->segments[i].phys)
            lowest = min_u64(lowest, align_down(image->segments[i].virt, PAGE_SIZE));
    return lowest;
}

/* Which ranges of the memory map the linear maps show: RAM and what ACPI keeps in it. A PC's BIOS
 * may have ACPI's tables in a range that it calls reserved; that one is shown too. */
static bool is_shown(const struct machine *machine, const struct memory_range *range) {
    struct range whole = {range->start, range->size};
    bool tables = machine->acpi_tables && range_has(whole, machine->acpi_tables);
    return range->kind == MEMORY_USABLE || range->kind == MEMORY_ACPI ||
           range->kind == MEMORY_NVS || (tables && range->size <= 16 * MIB);
}

static u64 shown_end(const struct machine *machine) {
    u64 end = LOW_MEMORY_END;
    for (u32 i = 0; i < machine->memory.count; i++)
        if (is_shown(machine, &machine->memory.ranges[i]))
            end = max_u64(end, range_end(memory_range_pages(&machine->memory.ranges[i])));
    return end;
}

/* The offset of the first segment that is not at its own physical address; 0 if all are. */
static u64 kernel_offset(const struct image *image) {
    for (u32 i = 0; i < image->segment_count; i++)
        if (image->segments[i].virt != image->segments[i].phys)
            return image->segments[i].virt - image->segments[i].phys;
    return 0;
}

/* Where the addresses end that go on from `virt` without a gap; 0 for 2^64. */
static u64 end_of_half(const struct plan *plan, u64 virt) {
    const struct paging_format *format = plan->options.format;
    u64 half = (u64)1 << (format->virtual_bits - 1);
    return format->virtual_bits == 32 ? FOUR_GIB : virt >= half ? 0 : half;
}

/* The room from `virt` up to the next address that is kept: maps that grow from there end with it.
 */
static u64 room_at(const struct plan *plan, u64 virt) {
    u64 room = end_of_half(plan, virt) - virt;
    for (u32 i = 0; i < plan->row_count; i++)
        if (is_kept(&plan->rows[i]))
            room = min_u64(room, plan->rows[i].virt - virt); /* huge for one below */
    return room;
}

static struct error bad_address(const char *option, const char *why, u64 address, u64 instead) {
    return error_make(ERROR_PLAN_ADDRESS_OPTION, .name = option, .other = why,
                      .number = {address, instead});
}

static struct error check_address_option(const struct plan *plan, const char *option, u64 virt) {
    const struct paging_format *format = plan->options.format;
    if (!paging_is_canonical(format, virt))
        return bad_address(option, "it is not canonical", virt,
                           paging_make_canonical(format, virt));
    if (!is_aligned(virt, PAGE_SIZE))
        return bad_address(option, "it is not the start of a page", virt,
                           align_down(virt, PAGE_SIZE));
    return OK;
}

/* Where the direct map is without an option: for a 32-bit kernel at its own offset, if that lies in
 * the upper half; 0 for none, as for a kernel below its physical address. */
static u64 usual_direct(const struct plan *plan) {
    u64 offset = kernel_offset(plan->image);
    if (plan->image->bits == 64)
        return ~(u64)0 << (plan->options.format->virtual_bits - 1);
    return offset >= 2 * GIB && offset < FOUR_GIB ? offset : 0;
}

/* The direct map that the options and the kernel's place ask for. */
static struct error choose_direct(const struct plan_request *request, const struct plan *plan,
                                  struct linear_map *map) {
    const struct kernel_options *options = request->options;
    bool wide = plan->image->bits == 64;
    u64 usual = usual_direct(plan), most = wide ? DIRECT_MAX_64 : FOUR_GIB;
    *map = (struct linear_map){.virt = usual, .owner = ROW_DIRECT, .attributes = MAP_WRITE};
    if (options->direct == PLACE_NONE || (options->direct == PLACE_AUTO && !usual)) {
        map->virt = 0;
        return OK;
    }
    if (options->direct == PLACE_AT) {
        TRY(check_address_option(plan, "--direct-map", options->direct_at));
        map->virt = options->direct_at;
        most = ~(u64)0;
    }
    map->end = min_u64(min_u64(shown_end(request->machine), most), room_at(plan, map->virt));
    if (!map->end && options->direct == PLACE_AT)
        return bad_address("--direct-map", "these addresses are kept free", map->virt,
                           usual ? usual : 3 * GIB);
    return OK;
}

/* The identity map ends where the direct map begins, so that the two do not interleave. */
static void choose_identity(const struct plan_request *request, const struct plan *plan,
                            const struct linear_map *direct, struct linear_map *map) {
    u64 end = min_u64(shown_end(request->machine), room_at(plan, 0));
    bool wide = plan->image->bits == 64;
    switch (request->options->identity) {
    case IDENTITY_LOW:
        end = min_u64(end, wide ? FOUR_GIB : min_u64(IDENTITY_MAX_32, lowest_moved(plan->image)));
        break;
    case IDENTITY_ALL: break;
    default: end = 0; break;
    }
    if (direct->end && direct->virt)
        end = min_u64(end, direct->virt);
    u32 execute = request->options->execute ? MAP_EXECUTE : 0;
    *map = (struct linear_map){0, end, ROW_IDENTITY, MAP_WRITE | execute};
}

struct error layout_begin(const struct plan_request *request, struct plan *plan,
                          struct layout *layout) {
    TRY(rows_lay_kernel(plan));
    TRY(choose_windows(request, plan));
    make_wishes(request->options, plan);
    TRY(choose_direct(request, plan, &layout->direct));
    choose_identity(request, plan, &layout->direct, &layout->identity);
    u64 reach = max_u64(layout->direct.end, layout->identity.end);
    layout->reach = reach ? min_u64(reach, FOUR_GIB) : FOUR_GIB;
    return OK;
}

static struct error lay_linear_part(struct plan *plan, const struct linear_map *map,
                                    struct range part, u32 attributes) {
    u64 end = min_u64(range_end(part), map->end);
    if (part.start >= end)
        return OK;
    return rows_lay(plan, (struct map){.virt = map->virt + part.start,
                                       .phys = part.start,
                                       .size = end - part.start,
                                       .attributes = map->attributes | attributes,
                                       .owner = map->owner});
}

static struct error lay_low_memory(const struct plan_request *request, struct plan *plan,
                                   const struct linear_map *map) {
    bool hole = map->owner == ROW_IDENTITY && !request->options->null_mapped;
    u64 start = hole ? PAGE_SIZE : 0;
    TRY(lay_linear_part(plan, map, (struct range){start, VIDEO_START - start}, 0));
    TRY(lay_linear_part(plan, map, (struct range){VIDEO_START, VIDEO_END - VIDEO_START},
                        MAP_UNCACHED));
    return lay_linear_part(plan, map, (struct range){VIDEO_END, LOW_MEMORY_END - VIDEO_END}, 0);
}

/* One row a range of the memory map, so that no large page spans two of them: their memory types
 * may differ (SDM volume 3A, section 12.11.9). The first megabyte is shown whole, for the text
 * screen and the BIOS's tables are in it; but the identity map leaves page 0 out, so that null
 * pointers fault. */
static struct error lay_linear(const struct plan_request *request, struct plan *plan,
                               const struct linear_map *map) {
    const struct machine *machine = request->machine;
    TRY(lay_low_memory(request, plan, map));
    for (u32 i = 0; i < machine->memory.count; i++) {
        const struct memory_range *range = &machine->memory.ranges[i];
        struct range pages = memory_range_pages(range);
        if (!is_shown(machine, range) || range_end(pages) <= LOW_MEMORY_END)
            continue;
        u64 start = max_u64(pages.start, LOW_MEMORY_END);
        TRY(lay_linear_part(plan, map, (struct range){start, range_end(pages) - start}, 0));
    }
    return OK;
}

/* ---- ranges that the user asked for ---- */

static u32 map_attributes(const struct plan *plan, const struct map_option *map) {
    u32 cache = map->cache == MAP_AS_DEVICE        ? MAP_UNCACHED
                : map->cache == MAP_AS_FRAMEBUFFER ? combining(plan)
                                                   : 0;
    return cache | (map->read_only ? 0 : (u32)MAP_WRITE);
}

static struct error check_map_option(const struct plan *plan, const struct map_option *map) {
    u64 end = (u64)1 << min_u64(plan->physical_bits, plan->options.format->physical_bits_max);
    if (!is_aligned(map->phys, PAGE_SIZE))
        return bad_address("--map", "it is not the start of a page", map->phys,
                           align_down(map->phys, PAGE_SIZE));
    if (map->size > end || map->phys > end - map->size)
        return bad_address("--map", "it reaches past the last physical address", map->phys,
                           map->size > end ? 0 : align_down(end - map->size, PAGE_SIZE));
    if (!map->has_virt)
        return OK;
    TRY(check_address_option(plan, "--map", map->virt));
    u64 virt_end = end_of_half(plan, map->virt), size = align_up(map->size, PAGE_SIZE);
    return size <= virt_end - map->virt
               ? OK
               : bad_address("--map", "it reaches past the last virtual address", map->virt,
                             virt_end - size);
}

/* Without an address of its own a range is shown where the linear maps would show it. */
static struct error lay_option(struct plan *plan, const struct layout *layout,
                               const struct map_option *map) {
    TRY(check_map_option(plan, map));
    struct map row = {.virt = map->virt,
                      .phys = map->phys,
                      .size = align_up(map->size, PAGE_SIZE),
                      .attributes = map_attributes(plan, map),
                      .owner = ROW_OPTION};
    if (map->has_virt)
        return rows_lay(plan, row);
    const struct linear_map *linear[] = {&layout->direct, &layout->identity};
    bool laid = false;
    for (u32 i = 0; i < ARRAY_COUNT(linear); i++) {
        if (!linear[i]->end || row.phys + row.size > room_at(plan, linear[i]->virt))
            continue;
        row.virt = linear[i]->virt + row.phys;
        TRY(rows_lay(plan, row));
        laid = true;
    }
    return laid ? OK : error_make(ERROR_PLAN_MAP, .number = {map->phys});
}

/* ---- the windows, and the tables ---- */

static struct error lay_windows(struct plan *plan) {
    struct map stack = {.virt = plan->handoff_virt,
                        .phys = plan->handoff_phys,
                        .size = plan->stack_size,
                        .attributes = MAP_WRITE,
                        .owner = ROW_HANDOFF};
    struct map info = {.virt = stack.virt + stack.size + PAGE_SIZE,
                       .phys = plan->info_phys,
                       .size = plan->info_size,
                       .attributes = MAP_WRITE,
                       .owner = ROW_HANDOFF};
    struct map trampoline = {.virt = info.virt + info.size,
                             .phys = plan->trampoline_phys,
                             .size = PAGE_SIZE,
                             .attributes = MAP_EXECUTE,
                             .owner = ROW_TRAMPOLINE};
    plan->info_virt = info.virt;
    plan->trampoline_virt = trampoline.virt;
    TRY(rows_lay(plan, stack));
    TRY(rows_lay(plan, info));
    return rows_lay(plan, trampoline);
}

/* The first page of the temporary window is the window's own table. The builder makes wishes first
 * and takes frames in order: root, then one for each level down to that table. */
static struct error lay_temporary(struct plan *plan) {
    if (!plan->temporary_virt)
        return OK;
    return rows_lay(plan, (struct map){.virt = plan->temporary_virt,
                                       .phys = 0, /* known when the tables are placed */
                                       .size = PAGE_SIZE,
                                       .attributes = MAP_WRITE,
                                       .owner = ROW_TEMPORARY});
}

static void set_temporary_phys(struct plan *plan) {
    for (u32 i = 0; i < plan->row_count; i++)
        if (plan->rows[i].owner == ROW_TEMPORARY)
            plan->rows[i].phys =
                plan->tables_phys + (plan->options.format->level_count - 1u) * PAGE_SIZE;
}

static void make_global(struct plan *plan) {
    for (u32 i = 0; i < plan->row_count; i++)
        if (plan->rows[i].owner != ROW_IDENTITY)
            plan->rows[i].attributes |= MAP_GLOBAL;
}

static struct error count_tables(const struct plan *plan, u64 *frames) {
    return paging_count(&plan->options, plan->rows, plan->row_count, frames);
}

static struct claim *tables_claim(struct plan *plan) {
    struct claim *claim = plan->claims.claims;
    while (claim->kind != CLAIM_TABLES)
        claim++;
    return claim;
}

/* Drops the parts of the identity map from `end` on. */
static void cut_identity(struct plan *plan, u64 end) {
    u32 count = 0;
    for (u32 i = 0; i < plan->row_count; i++) {
        struct map row = plan->rows[i];
        if (row.owner == ROW_IDENTITY)
            row.size = row.virt < end ? min_u64(row.size, end - row.virt) : 0;
        if (row.size)
            plan->rows[count++] = row;
    }
    plan->row_count = count;
}

/* With --identity=tables the tables map themselves, so their number depends on how many they are.
 * Room for a few more is taken, their row is laid over all of it and cut down until it fits, and
 * what is too much is given back. Large pages would need fewer tables for more frames, and the
 * cutting might never end. */
static struct error lay_own_tables(const struct machine *machine, struct plan *plan,
                                   u64 room_frames) {
    u64 before, frames = plan->table_frames;
    TRY(keep_recursive(plan));
    TRY(keep_handoff(plan));
    TRY(keep_temporary(plan));
    TRY(keep_screen(machine, plan));
    TRY(rows_lay(plan, (struct map){.virt = plan->tables_phys,
                                    .phys = plan->tables_phys,
                                    .size = room_frames * PAGE_SIZE,
                                    .attributes = MAP_WRITE | MAP_SMALL,
                                    .owner = ROW_IDENTITY}));
    keep_no_more(plan);
    do {
        before = frames;
        TRY(count_tables(plan, &frames));
        cut_identity(plan, plan->tables_phys + frames * PAGE_SIZE);
    } while (frames != before);
    plan->table_frames = (u32)frames;
    tables_claim(plan)->size = plan->table_frames * PAGE_SIZE;
    return OK;
}

static struct error place_tables(const struct plan_request *request, struct plan *plan,
                                 const struct layout *layout) {
    bool own = request->options->identity == IDENTITY_TABLES;
    u64 frames;
    TRY(count_tables(plan, &frames));
    u64 room = frames + (own ? 8 + (frames >> 8) : 0);
    TRY(physical_place(request->machine, plan, "the page tables", room * PAGE_SIZE, layout->reach,
                       (struct claim){.kind = CLAIM_TABLES}, &plan->tables_phys));
    plan->table_frames = (u32)frames; /* there is room for them below 4 GiB */
    set_temporary_phys(plan);
    return own ? lay_own_tables(request->machine, plan, room) : OK;
}

/* The tables with which paging goes on map the trampoline's page alone: at its own address, and
 * where the kernel's tables have it. So these need no identity map, and the trampoline leaves no
 * trace in them. A 32-bit kernel's memory may lie above the window, or in it. */
u32 plan_boot_rows(const struct plan *plan, struct map rows[2]) {
    u64 virt = plan->trampoline_virt, phys = plan->trampoline_phys;
    for (u32 i = 0; i < 2; i++)
        rows[i] = (struct map){.virt = i ? max_u64(virt, phys) : min_u64(virt, phys),
                               .phys = phys,
                               .size = PAGE_SIZE,
                               .attributes = MAP_EXECUTE,
                               .owner = ROW_TRAMPOLINE};
    return virt == phys ? 1 : 2;
}

struct paging_options plan_boot_options(const struct plan *plan) {
    struct paging_options options = plan->options;
    options.wish_count = 0;
    options.recursive = false;
    return options;
}

static struct error place_boot_tables(const struct machine *machine, struct plan *plan) {
    struct paging_options options = plan_boot_options(plan);
    struct map rows[2];
    u32 count = plan_boot_rows(plan, rows);
    u64 frames;
    TRY(paging_count(&options, rows, count, &frames));
    plan->boot_table_frames = (u32)frames;
    return physical_place(machine, plan, "the page tables for the jump",
                          plan->boot_table_frames * PAGE_SIZE, FOUR_GIB,
                          (struct claim){.kind = CLAIM_TRAMPOLINE}, &plan->boot_tables_phys);
}

struct error layout_finish(const struct plan_request *request, struct plan *plan,
                           const struct layout *layout) {
    for (u32 i = 0; i < request->options->map_count; i++)
        TRY(lay_option(plan, layout, &request->options->maps[i]));
    TRY(lay_linear(request, plan, &layout->direct));
    TRY(lay_linear(request, plan, &layout->identity));
    keep_no_more(plan);
    TRY(lay_windows(plan));
    TRY(lay_temporary(plan));
    if (plan->screen_virt)
        TRY(rows_lay(plan, screen_row(request->machine, plan)));
    if (request->options->global)
        make_global(plan);
    TRY(place_tables(request, plan, layout));
    return place_boot_tables(request->machine, plan);
}
