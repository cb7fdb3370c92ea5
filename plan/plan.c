#include "plan.h"
#include "rows.h"
#include "steps.h"

/* ---- the paging format ---- */

/* Is a segment at an address that only five levels can express? */
static bool needs_5_levels(const struct image *image) {
    const struct paging_format *four = &paging_formats[PAGING_4LEVEL];
    for (u32 i = 0; i < image->segment_count; i++)
        if (!paging_is_canonical(four, image->segments[i].virt))
            return paging_is_canonical(&paging_formats[PAGING_5LEVEL], image->segments[i].virt);
    return false;
}

static enum paging_format_id format_of(const struct image *image,
                                       const struct kernel_options *options, u32 cpu_features) {
    switch (options->paging) {
    case PAGING_WANT_PAE: return PAGING_PAE;
    case PAGING_WANT_4LEVEL: return PAGING_4LEVEL;
    case PAGING_WANT_5LEVEL: return PAGING_5LEVEL;
    case PAGING_AUTO:
        if (image->bits == 64)
            return needs_5_levels(image) ? PAGING_5LEVEL : PAGING_4LEVEL;
        break;
    default: break;
    }
    /* Tables of the upper half that are to be shared cannot be large pages in their stead. */
    bool large = cpu_features & CPU_PSE && !options->small_pages && !options->share_upper;
    return large ? PAGING_32_PSE : PAGING_32;
}

/* Options that need a CPU feature of their own. */
static struct error check_cpu_options(const struct kernel_options *options, u32 have) {
    const struct {
        bool wanted;
        u32 feature;
        const char *option;
    } wants[] = {{options->smep, CPU_SMEP, "--smep"},
                 {options->umip, CPU_UMIP, "--umip"},
                 {options->global, CPU_PGE, "--global"}};
    for (u32 i = 0; i < ARRAY_COUNT(wants); i++)
        if (wants[i].wanted && !(have & wants[i].feature))
            return error_make(ERROR_PLAN_CPU_OPTION, .name = wants[i].option,
                              .other = cpu_feature_name(wants[i].feature));
    return OK;
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

    TRY(check_cpu_options(request->options, have));

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

/* ---- putting it together ---- */

static struct error plan_paging(const struct plan_request *request, struct plan *plan) {
    struct layout layout;
    TRY(layout_begin(request, plan, &layout));
    plan->direct_virt = layout.direct.virt;
    plan->direct_end = layout.direct.end;
    plan->identity_end = layout.identity.end;
    TRY(physical_modules(request, plan, layout.reach));
    TRY(physical_handoff(request->machine, plan));
    return layout_finish(request, plan, &layout);
}

static struct error plan_without_paging(const struct plan_request *request, struct plan *plan) {
    plan->identity_end = FOUR_GIB;
    if (request->low) {
        TRY(physical_low(request, plan));
    } else {
        TRY(physical_modules(request, plan, FOUR_GIB));
        TRY(physical_handoff(request->machine, plan));
    }
    plan->handoff_virt = plan->handoff_phys;
    plan->info_virt = plan->info_phys;
    plan->trampoline_virt = plan->trampoline_phys;
    return OK;
}

/* Bits that the kernel asked for beside those of the format. */
static u32 extra_cr4(const struct kernel_options *options) {
    return (options->smep ? CR4_SMEP : 0) | (options->umip ? (u32)CR4_UMIP : 0) |
           (options->global ? (u32)CR4_PGE : 0);
}

static void note_rights(struct plan *plan) {
    bool nx = plan->options.format->has_nx && plan->options.cpu_features & CPU_NX;
    if (plan->paging && !nx)
        plan_note(plan, error_make(ERROR_PLAN_NO_NX, .name = plan->options.format->has_nx
                                                                 ? "this CPU has no NX"
                                                                 : "32-bit paging has no NX"));
}

/* With --strict a page with the rights of two segments is an error. */
static struct error check_strictly(const struct plan *plan) {
    for (u32 i = 0; i < plan->note_count; i++)
        if (plan->notes[i].code == ERROR_PLAN_SHARED_PAGE)
            return plan->notes[i];
    return OK;
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
    plan->tables_phys = plan->boot_tables_phys = plan->symbols_phys = 0;
    plan->temporary_virt = plan->screen_virt = 0;
    plan->table_frames = plan->boot_table_frames = plan->wish_count = 0;
    plan->extra_cr4 = extra_cr4(request->options);
    plan->stack_size = request->options->stack_size;
    plan->info_size = align_up(request->info_size, PAGE_SIZE);

    TRY(choose_format(request, plan));
    TRY(check_addresses(plan));
    TRY(physical_kernel(request, plan));
    plan->entry = plan->paging ? image->entry_virt : image->entry_phys;
    TRY(plan->paging ? plan_paging(request, plan) : plan_without_paging(request, plan));
    TRY(physical_loads(machine, plan));
    note_rights(plan);
    TRY(request->options->strict ? check_strictly(plan) : OK);
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
        struct range pages = memory_range_pages(range);
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
