#include "steps.h"

bool lacks_at(const struct segment *segment) {
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

struct error no_at(const struct image *image, const struct segment *segment) {
    return error_make(ERROR_PLAN_NO_AT, .name = image->name,
                      .number = {segment->number, segment->phys, likely_offset(image)});
}

static const char *owner_of(const struct memory_range *range, u64 phys) {
    if (range)
        return range->kind == MEMORY_RESERVED ? "the firmware (reserved)"
                                              : memory_kind_name(range->kind);
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
    if (other && other->kind == CLAIM_HELD)
        return error_make(ERROR_PLAN_HELD, .name = plan->image->name,
                          .number = {segment->number, segment->phys});
    if (other)
        return error_make(
            ERROR_PLAN_OVERLAP, .name = plan->image->name,
            .number = {other->index, segment->number, max_u64(other->start, segment->phys)});
    return claims_add(&plan->claims,
                      (struct claim){range.start, range.size, CLAIM_KERNEL, segment->number});
}

struct error physical_kernel(const struct plan_request *request, struct plan *plan) {
    const struct range *held = &request->held;
    plan->claims.count = 0;
    TRY(claims_add(&plan->claims, (struct claim){0, BIOS_DATA_END, CLAIM_BIOS, 0}));
    TRY(claims_add(&plan->claims,
                   (struct claim){LOADER_START, LOADER_END - LOADER_START, CLAIM_LOADER, 0}));
    if (held->size)
        TRY(claims_add(&plan->claims, (struct claim){held->start, held->size, CLAIM_HELD, 0}));
    for (u32 i = 0; i < plan->image->segment_count; i++)
        TRY(claim_segment(request->machine, plan, &plan->image->segments[i]));
    return OK;
}

u64 physical_pages(u64 size) {
    return max_u64(align_up(size, PAGE_SIZE), PAGE_SIZE);
}

struct error physical_place(const struct machine *machine, struct plan *plan, const char *name,
                            u64 size, u64 below, struct claim claim, u64 *phys) {
    u64 largest;
    size = physical_pages(size);
    struct memory_wish wish = {.size = size, .above = PAGE_SIZE, .below = below};
    if (!memory_find(&machine->memory, &plan->claims, wish, phys, &largest))
        return error_make(ERROR_PLAN_MEMORY, .name = name, .number = {size, below, largest});
    claim.start = *phys;
    claim.size = size;
    return claims_add(&plan->claims, claim);
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
        TRY(physical_place(
            machine, plan, "the part of the kernel that lands on Aloft", load.file_size, FOUR_GIB,
            (struct claim){.kind = CLAIM_STAGING, .index = load.number}, &load.staged));
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

struct error physical_load_file(struct plan *plan, struct load load) {
    u64 into = load.phys & (PAGE_SIZE - 1);
    load.memory_size = physical_pages(into + load.file_size) - into;
    load.staged = load.phys;
    return add_load(plan, load);
}

/* A load that goes on where the one before it ends, at a multiple of 4. */
static struct error physical_load_joined(struct plan *plan, struct load load) {
    load.memory_size = align_up(load.file_size, 4);
    load.staged = load.phys;
    return add_load(plan, load);
}

static struct error place_module(const struct plan_request *request, struct plan *plan, u64 size,
                                 u64 below, u32 index, u64 *phys) {
    struct claim claim = {.kind = CLAIM_MODULE, .index = index};
    struct error error =
        physical_place(request->machine, plan, "a module", size, below, claim, phys);
    if (!error.code || !request->modules_else)
        return error;
    return physical_place(request->machine, plan, "a module", size, request->modules_else, claim,
                          phys);
}

struct error physical_modules(const struct plan_request *request, struct plan *plan, u64 below) {
    bool joined = request->modules_joined;
    u64 all = 0, phys = 0;
    if (request->modules_below)
        below = min_u64(below, request->modules_below);
    for (u32 i = 0; joined && i < request->module_count; i++)
        all += align_up(request->module_sizes[i], 4);
    for (u32 i = 0; i < request->module_count; i++) {
        u64 size = request->module_sizes[i];
        if (!joined || !i)
            TRY(place_module(request, plan, joined ? all : size, below, i, &phys));
        struct load load = {.file = i + 1, .number = i, .file_size = size, .phys = phys};
        TRY(joined ? physical_load_joined(plan, load) : physical_load_file(plan, load));
        phys += align_up(size, 4);
    }
    return OK;
}

/* The trampoline's page comes last. */
struct error physical_handoff(const struct machine *machine, struct plan *plan) {
    u64 size = plan->stack_size + plan->info_size + PAGE_SIZE;
    TRY(physical_place(machine, plan, "the stack and the boot information", size, FOUR_GIB,
                       (struct claim){.kind = CLAIM_HANDOFF}, &plan->handoff_phys));
    plan->info_phys = plan->handoff_phys + plan->stack_size;
    plan->trampoline_phys = plan->info_phys + plan->info_size;
    return OK;
}

struct error physical_loads(const struct machine *machine, struct plan *plan) {
    for (u32 i = 0; i < plan->image->segment_count; i++)
        TRY(load_segment(machine, plan, &plan->image->segments[i]));
    return OK;
}
