#include "plan.h"
#include "rows.h"

/* A map of physical memory that starts at physical 0: the direct map and the identity map. */
struct linear_map {
    u64 virt; /* of physical 0 */
    u64 end;  /* physical addresses below are mapped; 0 for no map */
    u32 owner;
};

enum {
    LOW_MEMORY_END = 0x100000,
    VIDEO_START = 0xa0000, /* the VGA window: memory of a device, never cached */
    VIDEO_END = 0xc0000,
};

#define IDENTITY_MAX_32 (3 * GIB)
#define FOUR_GIB        (4 * GIB)

/* Where the window for stack and information ends: 4 MiB below the top, which stays free for a
 * recursive slot in the last entry of a 32-bit page directory. */
#define WINDOW_TOP_32 0xffc00000u
#define WINDOW_TOP_64 0xffffffffffc00000u

/* Room for the direct map of a 64-bit kernel: half of its half. */
#define DIRECT_MAX_64 ((u64)64 << 40)

/* ---- the paging format ---- */

static enum paging_format_id format_of(const struct image *image,
                                       const struct kernel_options *options, u32 cpu_features) {
    switch (options->paging) {
    case PAGING_WANT_PAE: return PAGING_PAE;
    case PAGING_WANT_4LEVEL: return PAGING_4LEVEL;
    case PAGING_WANT_5LEVEL: return PAGING_5LEVEL;
    case PAGING_AUTO:
        if (image->bits == 64)
            return PAGING_4LEVEL;
        break;
    default: break;
    }
    return cpu_features & CPU_PSE && !options->small_pages ? PAGING_32_PSE : PAGING_32;
}

static struct error choose_format(const struct plan_request *request, struct plan *plan) {
    const struct image *image = request->image;
    u32 have = request->machine->cpu.features;
    if (image->bits == 64 && !(have & CPU_LONG_MODE))
        return error_make(ERROR_PLAN_LONG_MODE, .name = image->name);

    plan->paging = request->options->paging != PAGING_OFF;
    const struct paging_format *format = &paging_formats[format_of(image, request->options, have)];
    if (!plan->paging ? image->bits != 32 : format->kernel_bits != image->bits)
        return error_make(ERROR_PLAN_FORMAT, .name = plan->paging ? format->name : "no",
                          .number = {image->bits});
    u32 lacks = format->needs & ~have;
    if (plan->paging && lacks)
        return error_make(ERROR_PLAN_CPU, .name = format->name,
                          .other = cpu_feature_name(lacks & (~lacks + 1)));

    plan->options = (struct paging_options){
        .format = format, .cpu_features = have, .small_only = request->options->small_pages};
    plan->physical_bits = request->machine->cpu.physical_bits;
    return OK;
}

static struct error check_virtual(const struct plan *plan, const struct segment *segment) {
    const struct paging_format *format = plan->options.format;
    u64 last = segment->virt + segment->memory_size - 1;
    if (!paging_is_canonical(format, segment->virt) || !paging_is_canonical(format, last) ||
        (segment->virt ^ last) >> (format->virtual_bits - 1) > 1)
        return error_make(ERROR_PLAN_ADDRESS_WIDTH, .name = plan->image->name,
                          .other = format->name, .number = {segment->number, segment->virt});
    return OK;
}

/* Linked high without AT(): the linker then makes p_paddr the same as p_vaddr. */
static bool lacks_at(const struct segment *segment) {
    return segment->phys == segment->virt && segment->virt >= 2 * GIB;
}

/* The offset that the user most likely meant to subtract in AT(): a round one that puts the lowest
 * such segment at 1 MiB or a little above. */
static u64 likely_offset(const struct image *image) {
    u64 lowest = ~(u64)0;
    for (u32 i = 0; i < image->segment_count; i++)
        if (lacks_at(&image->segments[i]))
            lowest = min_u64(lowest, align_down(image->segments[i].virt, PAGE_SIZE));
    u64 into = lowest & (16 * MIB - 1);
    return lowest - (into >= MIB ? into : MIB);
}

static struct error no_at(const struct image *image, const struct segment *segment) {
    return error_make(ERROR_PLAN_NO_AT, .name = image->name,
                      .number = {segment->number, segment->phys, likely_offset(image)});
}

static struct error check_physical(const struct plan *plan, const struct segment *segment) {
    u32 most = plan->options.format->physical_bits_max, bits = plan->physical_bits;
    const char *whose = "this CPU";
    if (most < bits) {
        bits = most;
        whose = "32-bit addressing";
    }
    if (!((segment->phys + segment->memory_size - 1) >> bits))
        return OK;
    if (lacks_at(segment))
        return no_at(plan->image, segment);
    return error_make(ERROR_PLAN_PHYSICAL_WIDTH, .name = plan->image->name, .other = whose,
                      .number = {segment->number, segment->phys, bits});
}

static struct error check_addresses(const struct plan *plan) {
    for (u32 i = 0; i < plan->image->segment_count; i++) {
        const struct segment *segment = &plan->image->segments[i];
        if (!plan->paging && segment->virt != segment->phys)
            return error_make(ERROR_PLAN_PAGING_OFF, .name = plan->image->name,
                              .number = {segment->number, segment->virt, segment->phys});
        if (plan->paging)
            TRY(check_virtual(plan, segment));
        TRY(check_physical(plan, segment));
    }
    return OK;
}

/* ---- the kernel's place in physical memory ---- */

static const char *owner_of(const struct memory_range *range, u64 phys) {
    if (range)
        return memory_kind_name(range->kind);
    return phys >= VIDEO_START && phys < LOW_MEMORY_END ? "video memory and ROMs" : NULL;
}

static struct error no_ram(const struct machine *machine, const struct image *image,
                           const struct segment *segment, u64 phys) {
    const char *owner = owner_of(memory_at(&machine->memory, phys), phys);
    if (owner)
        return error_make(ERROR_PLAN_RESERVED, .name = image->name, .other = owner,
                          .number = {segment->number, phys});
    if (lacks_at(segment))
        return no_at(image, segment);
    return error_make(ERROR_PLAN_NO_RAM, .name = image->name,
                      .number = {segment->number, phys, memory_usable_end(&machine->memory)});
}

static struct error check_is_ram(const struct machine *machine, const struct image *image,
                                 const struct segment *segment) {
    const struct memory_range *range = memory_at(&machine->memory, segment->phys);
    if (!range || range->kind != MEMORY_USABLE)
        return no_ram(machine, image, segment, segment->phys);
    u64 end = range->start + range->size;
    if (segment->phys + segment->memory_size > end) {
        const char *owner = owner_of(memory_at(&machine->memory, end), end);
        if (owner && end < LOW_MEMORY_END)
            return no_ram(machine, image, segment, end);
        return error_make(ERROR_PLAN_RAM_ENDS, .name = image->name,
                          .number = {segment->number, segment->memory_size, segment->phys, end});
    }
    return OK;
}

static struct error claim_segment(const struct machine *machine, struct plan *plan,
                                  const struct segment *segment) {
    struct range range = {segment->phys, segment->memory_size};
    TRY(check_is_ram(machine, plan->image, segment));
    const struct claim *other = claims_meet(&plan->claims, range);
    if (other && other->kind == CLAIM_BIOS)
        return error_make(ERROR_PLAN_RESERVED, .name = plan->image->name,
                          .other = "the interrupt vectors and the BIOS data area",
                          .number = {segment->number, segment->phys});
    if (other)
        return error_make(
            ERROR_PLAN_OVERLAP, .name = plan->image->name,
            .number = {other->index, segment->number, max_u64(other->start, segment->phys)});
    return claims_add(&plan->claims,
                      (struct claim){range.start, range.size, CLAIM_KERNEL, segment->number});
}

static struct error claim_kernel(const struct machine *machine, struct plan *plan) {
    plan->claims.count = 0;
    TRY(claims_add(&plan->claims, (struct claim){0, BIOS_DATA_END, CLAIM_BIOS, 0}));
    TRY(claims_add(&plan->claims,
                   (struct claim){LOADER_START, LOADER_END - LOADER_START, CLAIM_LOADER, 0}));
    for (u32 i = 0; i < plan->image->segment_count; i++)
        TRY(claim_segment(machine, plan, &plan->image->segments[i]));
    return OK;
}

/* ---- virtual address space ---- */

/* The lowest virtual address of a segment that is not at its own physical address. */
static u64 lowest_moved(const struct image *image) {
    u64 lowest = ~(u64)0;
    for (u32 i = 0; i < image->segment_count; i++)
        if (image->segments[i].virt != image->segments[i].phys)
            lowest = min_u64(lowest, align_down(image->segments[i].virt, PAGE_SIZE));
    return lowest;
}

static const struct map *row_in(const struct plan *plan, struct range range) {
    for (u32 i = 0; i < plan->row_count; i++)
        if (range_overlaps(range, (struct range){plan->rows[i].virt, plan->rows[i].size}))
            return &plan->rows[i];
    return NULL;
}

/* The highest block of free virtual addresses: from the top it hops under every segment in its way.
 */
static struct error find_window(const struct plan *plan, u64 size, u64 *window) {
    bool wide = plan->image->bits == 64;
    u64 granule = wide ? 2 * MIB : 4 * MIB;
    u64 top = wide ? WINDOW_TOP_64 : WINDOW_TOP_32;
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

/* Which ranges of the memory map the linear maps show: RAM and what ACPI keeps in it. A PC's BIOS
 * may have ACPI's tables in a range that it calls reserved; that one is shown too. */
static bool is_shown(const struct machine *machine, const struct memory_range *range) {
    struct range whole = {range->start, range->size};
    bool tables = machine->acpi_tables && range_has(whole, machine->acpi_tables);
    return range->kind == MEMORY_USABLE || range->kind == MEMORY_ACPI ||
           range->kind == MEMORY_NVS || (tables && range->size <= 16 * MIB);
}

static struct range shown_pages(const struct memory_range *range) {
    struct range whole = {range->start, range->size};
    if (range->kind != MEMORY_USABLE)
        return range_pages_outward(whole);
    u64 start = align_up(whole.start, PAGE_SIZE), end = align_down(range_end(whole), PAGE_SIZE);
    return (struct range){start, end > start ? end - start : 0};
}

static u64 shown_end(const struct machine *machine) {
    u64 end = LOW_MEMORY_END;
    for (u32 i = 0; i < machine->memory.count; i++)
        if (is_shown(machine, &machine->memory.ranges[i]))
            end = max_u64(end, range_end(shown_pages(&machine->memory.ranges[i])));
    return end;
}

static struct error lay_linear_part(struct plan *plan, const struct linear_map *map,
                                    struct range part, u32 attributes) {
    u64 end = min_u64(range_end(part), map->end);
    if (part.start >= end)
        return OK;
    return rows_lay(plan, (struct map){.virt = map->virt + part.start,
                                       .phys = part.start,
                                       .size = end - part.start,
                                       .attributes = MAP_WRITE | attributes,
                                       .owner = map->owner});
}

/* One row a range of the memory map, so that no large page spans two of them: their memory types
 * may differ (SDM volume 3A, section 12.11.9). The first megabyte is shown whole, for the text
 * screen and the BIOS's tables are in it. */
static struct error lay_linear(const struct machine *machine, struct plan *plan,
                               const struct linear_map *map) {
    TRY(lay_linear_part(plan, map, (struct range){0, VIDEO_START}, 0));
    TRY(lay_linear_part(plan, map, (struct range){VIDEO_START, VIDEO_END - VIDEO_START},
                        MAP_UNCACHED));
    TRY(lay_linear_part(plan, map, (struct range){VIDEO_END, LOW_MEMORY_END - VIDEO_END}, 0));
    for (u32 i = 0; i < machine->memory.count; i++) {
        const struct memory_range *range = &machine->memory.ranges[i];
        struct range pages = shown_pages(range);
        if (!is_shown(machine, range) || range_end(pages) <= LOW_MEMORY_END)
            continue;
        u64 start = max_u64(pages.start, LOW_MEMORY_END);
        TRY(lay_linear_part(plan, map, (struct range){start, range_end(pages) - start}, 0));
    }
    return OK;
}

/* The offset of the first segment that is not at its own physical address; 0 if all are. */
static u64 kernel_offset(const struct image *image) {
    for (u32 i = 0; i < image->segment_count; i++)
        if (image->segments[i].virt != image->segments[i].phys)
            return image->segments[i].virt - image->segments[i].phys;
    return 0;
}

static struct error direct_map_at(const struct plan *plan, u64 virt, u64 top, u64 window,
                                  struct linear_map *map) {
    const struct paging_format *format = plan->options.format;
    if (!paging_is_canonical(format, virt))
        return error_make(ERROR_PLAN_ADDRESS_OPTION, .name = "--direct-map",
                          .other = "it is not canonical",
                          .number = {virt, paging_make_canonical(format, virt)});
    if (!is_aligned(virt, PAGE_SIZE))
        return error_make(ERROR_PLAN_ADDRESS_OPTION, .name = "--direct-map",
                          .other = "it is not the start of a page",
                          .number = {virt, align_down(virt, PAGE_SIZE)});
    u64 half = (u64)1 << (format->virtual_bits - 1);
    u64 space_end = format->virtual_bits == 32 ? FOUR_GIB : virt >= half ? 0 : half;
    if (virt < window)
        top = min_u64(top, window - virt);
    *map = (struct linear_map){virt, min_u64(top, space_end - virt), ROW_DIRECT};
    return OK;
}

/* The direct map that the options and the kernel's place ask for. */
static struct error choose_direct(const struct plan_request *request, const struct plan *plan,
                                  u64 window, struct linear_map *map) {
    const struct kernel_options *options = request->options;
    u64 top = shown_end(request->machine);
    *map = (struct linear_map){.owner = ROW_DIRECT};
    if (options->direct == PLACE_NONE)
        return OK;
    if (options->direct == PLACE_AT)
        return direct_map_at(plan, options->direct_at, top, window, map);
    if (plan->image->bits == 64) {
        map->virt = ~(u64)0 << (plan->options.format->virtual_bits - 1);
        map->end = min_u64(top, DIRECT_MAX_64);
        return OK;
    }
    u64 offset = kernel_offset(plan->image);
    if (offset >= 2 * GIB && offset < window) {
        map->virt = offset;
        map->end = min_u64(top, window - offset);
    }
    return OK;
}

/* The identity map ends where the direct map begins: the trampoline's page, which must be at its
 * own address, would lie in the middle of the direct map else. */
static struct error choose_identity(const struct plan_request *request, const struct plan *plan,
                                    u64 window, const struct linear_map *direct,
                                    struct linear_map *map) {
    u64 end = shown_end(request->machine);
    bool wide = plan->image->bits == 64;
    switch (request->options->identity) {
    case IDENTITY_TABLES: return error_make(ERROR_PLAN_NOT_YET, .name = "--identity=tables");
    case IDENTITY_NONE: return error_make(ERROR_PLAN_NOT_YET, .name = "--identity=none");
    case IDENTITY_ALL:
        end = min_u64(end, wide ? (u64)1 << (plan->options.format->virtual_bits - 1) : window);
        break;
    case IDENTITY_LOW:
        end = min_u64(end, wide ? FOUR_GIB : min_u64(IDENTITY_MAX_32, lowest_moved(plan->image)));
        break;
    }
    if (direct->end && direct->virt)
        end = min_u64(end, direct->virt);
    *map = (struct linear_map){0, end, ROW_IDENTITY};
    return OK;
}

/* ---- the rest of physical memory ---- */

/* At least one page: even an empty module has a place. */
static u64 whole_pages(u64 size) {
    return max_u64(align_up(size, PAGE_SIZE), PAGE_SIZE);
}

/* Finds a place below `below` and claims it. */
static struct error place(const struct machine *machine, struct plan *plan, const char *name,
                          u64 size, u64 below, struct claim claim, u64 *phys) {
    u64 largest;
    size = whole_pages(size);
    struct memory_wish wish = {.size = size, .above = PAGE_SIZE, .below = below};
    if (!memory_find(&machine->memory, &plan->claims, wish, phys, &largest))
        return error_make(ERROR_PLAN_MEMORY, .name = name, .number = {size, below, largest});
    claim.start = *phys;
    claim.size = size;
    return claims_add(&plan->claims, claim);
}

/* The trampoline runs at its physical address when paging goes on, so the page at that virtual
 * address must be nobody else's. */
static struct error place_trampoline(const struct machine *machine, struct plan *plan, u64 below) {
    for (;;) {
        u64 largest, phys;
        struct memory_wish wish = {.size = PAGE_SIZE, .above = PAGE_SIZE, .below = below};
        if (!memory_find(&machine->memory, &plan->claims, wish, &phys, &largest))
            return error_make(ERROR_PLAN_MEMORY, .name = "the trampoline",
                              .number = {PAGE_SIZE, below, largest});
        const struct map *meets = row_in(plan, (struct range){phys, PAGE_SIZE});
        if (!meets) {
            plan->trampoline_phys = phys;
            return claims_add(&plan->claims, (struct claim){phys, PAGE_SIZE, CLAIM_TRAMPOLINE, 0});
        }
        below = meets->virt;
    }
}

static struct error add_load(struct plan *plan, struct load load) {
    if (plan->load_count == PLAN_LOADS_MAX)
        return error_make(ERROR_PLAN_TOO_MANY, .name = "loads", .number = {PLAN_LOADS_MAX});
    plan->loads[plan->load_count++] = load;
    return OK;
}

/* The first `size` bytes of *rest as a load of their own. */
static struct load cut_load(struct load *rest, u64 size) {
    struct load head = *rest;
    head.memory_size = size;
    head.file_size = min_u64(rest->file_size, size);
    rest->offset += head.file_size;
    rest->file_size -= head.file_size;
    rest->memory_size -= size;
    rest->phys += size;
    rest->staged = rest->phys;
    return head;
}

/* What must land on the loader's own memory waits elsewhere until the trampoline moves it. */
static struct error stage_load(const struct machine *machine, struct plan *plan, struct load load) {
    load.late = true;
    if (load.file_size)
        TRY(place(machine, plan, "the part of the kernel that lands on Aloft", load.file_size,
                  FOUR_GIB, (struct claim){.kind = CLAIM_STAGING, .index = load.number},
                  &load.staged));
    return add_load(plan, load);
}

static struct error load_segment(const struct machine *machine, struct plan *plan,
                                 const struct segment *segment) {
    struct load rest = {.number = segment->number,
                        .offset = segment->offset,
                        .file_size = segment->file_size,
                        .memory_size = segment->memory_size,
                        .phys = segment->phys,
                        .staged = segment->phys};
    if (rest.phys < LOADER_START && rest.phys + rest.memory_size > LOADER_START)
        TRY(add_load(plan, cut_load(&rest, LOADER_START - rest.phys)));
    if (rest.phys >= LOADER_START && rest.phys < LOADER_END) {
        u64 size = min_u64(rest.memory_size, LOADER_END - rest.phys);
        TRY(stage_load(machine, plan, cut_load(&rest, size)));
    }
    return rest.memory_size ? add_load(plan, rest) : OK;
}

static struct error place_modules(const struct plan_request *request, struct plan *plan,
                                  u64 below) {
    for (u32 i = 0; i < request->module_count; i++) {
        u64 size = request->module_sizes[i], phys;
        TRY(place(request->machine, plan, "a module", size, below,
                  (struct claim){.kind = CLAIM_MODULE, .index = i}, &phys));
        TRY(add_load(plan, (struct load){.file = i + 1,
                                         .number = i,
                                         .file_size = size,
                                         .memory_size = whole_pages(size),
                                         .phys = phys,
                                         .staged = phys}));
    }
    return OK;
}

static struct error place_handoff(const struct machine *machine, struct plan *plan) {
    TRY(place(machine, plan, "the stack and the boot information",
              plan->stack_size + plan->info_size, FOUR_GIB, (struct claim){.kind = CLAIM_HANDOFF},
              &plan->handoff_phys));
    plan->info_phys = plan->handoff_phys + plan->stack_size;
    plan->handoff_virt = plan->handoff_phys;
    plan->info_virt = plan->info_phys;
    return OK;
}

/* ---- putting it together ---- */

/* One row for all of the window, so that no other mapping gets at its guard pages. */
static struct error lay_window(struct plan *plan, u64 window, u64 size) {
    plan->handoff_virt = window + PAGE_SIZE;
    plan->info_virt = plan->handoff_virt + plan->stack_size + PAGE_SIZE;
    return rows_lay(plan, (struct map){.virt = window,
                                       .phys = plan->handoff_phys - PAGE_SIZE,
                                       .size = size,
                                       .attributes = MAP_WRITE,
                                       .owner = ROW_HANDOFF});
}

/* When all the others are laid, that row becomes what is mapped in the window. */
static struct error open_window(struct plan *plan) {
    struct map *stack = plan->rows;
    while (stack->owner != ROW_HANDOFF)
        stack++;
    struct map info = *stack;
    stack->virt = plan->handoff_virt;
    stack->phys = plan->handoff_phys;
    stack->size = plan->stack_size;
    info.virt = plan->info_virt;
    info.phys = plan->info_phys;
    info.size = plan->info_size;
    return rows_lay(plan, info);
}

static struct error plan_paging(const struct plan_request *request, struct plan *plan) {
    const struct machine *machine = request->machine;
    u64 window, window_size = plan->stack_size + plan->info_size + 2 * PAGE_SIZE;
    struct linear_map direct, identity;
    TRY(rows_lay_kernel(plan));
    TRY(find_window(plan, window_size, &window));
    TRY(choose_direct(request, plan, window, &direct));
    TRY(choose_identity(request, plan, window, &direct, &identity));
    plan->direct_virt = direct.virt;
    plan->direct_end = direct.end;
    plan->identity_end = identity.end;

    u64 reach = min_u64(max_u64(direct.end, identity.end), FOUR_GIB);
    TRY(place_modules(request, plan, reach));
    TRY(place_handoff(machine, plan));
    TRY(lay_window(plan, window, window_size));
    TRY(place_trampoline(machine, plan, min_u64(FOUR_GIB, identity.end)));
    TRY(rows_lay(plan, (struct map){.virt = plan->trampoline_phys,
                                    .phys = plan->trampoline_phys,
                                    .size = PAGE_SIZE,
                                    .attributes = MAP_EXECUTE,
                                    .owner = ROW_TRAMPOLINE}));
    TRY(lay_linear(machine, plan, &direct));
    TRY(lay_linear(machine, plan, &identity));
    TRY(open_window(plan));

    TRY(paging_count(&plan->options, plan->rows, plan->row_count, &plan->table_frames));
    return place(machine, plan, "the page tables", plan->table_frames * PAGE_SIZE, reach,
                 (struct claim){.kind = CLAIM_TABLES}, &plan->tables_phys);
}

static struct error plan_without_paging(const struct plan_request *request, struct plan *plan) {
    plan->identity_end = FOUR_GIB;
    TRY(place_modules(request, plan, FOUR_GIB));
    TRY(place_handoff(request->machine, plan));
    return place_trampoline(request->machine, plan, FOUR_GIB);
}

static void note_rights(struct plan *plan) {
    bool nx = plan->options.format->has_nx && plan->options.cpu_features & CPU_NX;
    if (plan->paging && !nx)
        plan_note(plan, error_make(ERROR_PLAN_NO_NX, .name = plan->options.format->has_nx
                                                                 ? "this CPU has no NX"
                                                                 : "32-bit paging has no NX"));
}

/* The kernel's memory map must have room for the claims. A map with ever so many ranges is rare,
 * and only then it is made here. */
static struct error check_kernel_map(const struct machine *machine, const struct plan *plan) {
    struct memory_map map;
    if (machine->memory.count + 2 * plan->claims.count <= MEMORY_RANGES_MAX)
        return OK;
    return plan_memory(machine, plan, &map);
}

struct error plan_make(const struct plan_request *request, struct plan *plan) {
    const struct machine *machine = request->machine;
    const struct image *image = request->image;
    plan->image = image;
    plan->load_count = plan->row_count = plan->note_count = 0;
    plan->direct_virt = plan->direct_end = plan->identity_end = 0;
    plan->tables_phys = 0;
    plan->table_frames = 0;
    plan->stack_size = request->options->stack_size;
    plan->info_size = align_up(request->info_size, PAGE_SIZE);

    TRY(choose_format(request, plan));
    TRY(check_addresses(plan));
    TRY(claim_kernel(machine, plan));
    plan->entry = plan->paging ? image->entry_virt : image->entry_phys;
    TRY(plan->paging ? plan_paging(request, plan) : plan_without_paging(request, plan));
    for (u32 i = 0; i < image->segment_count; i++)
        TRY(load_segment(machine, plan, &image->segments[i]));
    note_rights(plan);
    return check_kernel_map(machine, plan);
}

u64 plan_virtual(const struct plan *plan, u64 phys, u64 size) {
    u64 best = PLAN_NO_ADDRESS;
    u32 best_rank = 3;
    if (!plan->paging)
        return phys;
    for (u32 i = 0; i < plan->row_count; i++) {
        const struct map *row = &plan->rows[i];
        u32 rank = row->owner == ROW_DIRECT ? 0 : row->owner == ROW_IDENTITY ? 1 : 2;
        if (phys < row->phys || phys - row->phys > row->size ||
            size > row->size - (phys - row->phys))
            continue;
        if (rank < best_rank) {
            best_rank = rank;
            best = row->virt + (phys - row->phys);
        }
    }
    return best;
}

/* A claim as a range of the kernel's memory map, in whole pages. */
static struct memory_range claim_as_memory(const struct claim *claim) {
    struct range pages = range_pages_outward((struct range){claim->start, claim->size});
    return (struct memory_range){
        .start = pages.start, .size = pages.size, .kind = claim_memory_kind(claim)};
}

struct error plan_memory(const struct machine *machine, const struct plan *plan,
                         struct memory_map *map) {
    struct memory_range raw[MEMORY_RANGES_MAX + CLAIMS_MAX];
    u32 count = 0;
    for (u32 i = 0; i < machine->memory.count; i++) {
        const struct memory_range *range = &machine->memory.ranges[i];
        struct range pages = shown_pages(range);
        raw[count++] =
            (struct memory_range){pages.start, pages.size, range->kind, range->bios_type};
    }
    for (u32 i = 0; i < plan->claims.count; i++)
        if (claim_memory_kind(&plan->claims.claims[i]))
            raw[count++] = claim_as_memory(&plan->claims.claims[i]);
    return memory_normalise(raw, count, map);
}

u64 plan_module_phys(const struct plan *plan, u32 module) {
    for (u32 i = 0; i < plan->claims.count; i++)
        if (plan->claims.claims[i].kind == CLAIM_MODULE && plan->claims.claims[i].index == module)
            return plan->claims.claims[i].start;
    return PLAN_NO_ADDRESS;
}
