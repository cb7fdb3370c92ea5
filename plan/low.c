/* Places for what a Multiboot kernel gets.
 *
 * Such kernels run with paging off at first, know GRUB, and hold assumptions that GRUB never
 * disappointed:
 *
 *   information   at 0x10000, where GRUB puts Multiboot 1's. Many kernels map no more than their
 * first 4 MiB before they read it, some with 0xC0000000 added to the pointer stack         ending
 * at 0x7ff00, like GRUB's ESP. Aloft never writes to it, so it may lie on the loader modules low,
 * in their order, each from a page on, behind the kernel: but with a gap, for simple kernels
 * allocate what follows their own end symbols       behind the modules
 *
 * Each has a list of ranges to try. What is behind the kernel never lies between its segments. */
#include "steps.h"

enum {
    STACK_START = 0x7c000,
    STACK_SIZE = 0x4000,
    CONVENTIONAL_END = 0xa0000,
    GAP = 0x100000, /* behind the kernel */
    SMALL_GAP = 0x10000,
    LOW_GAP = 0x8000,        /* behind a kernel below 1 MiB */
    FIRST_MAPPED = 0x400000, /* what a kernel with one page table sees */
};
#define TOP 0xfffff000u

/* Finds a place for `size` bytes and claims it: in [above, below) if it can be, else in the places
 * that serve everything: low memory's end if `low`, behind the kernel, and anywhere. */
struct placing {
    const struct plan_request *request;
    struct plan *plan;
    u32 behind; /* the kernel */
};

static struct error place(const struct placing *placing, u32 size, struct memory_fit first,
                          bool low, struct claim claim, u64 *phys) {
    const struct memory_fit fits[] = {
        first,
        {.above = low ? PAGE_SIZE : TOP, .below = CONVENTIONAL_END, .high = true},
        {.above = placing->behind, .below = TOP},
        {.above = LOW_MEMORY_END, .below = TOP}};
    for (u32 i = 0; i < ARRAY_COUNT(fits); i++) {
        struct memory_fit fit = fits[i];
        u32 at;
        fit.size = size;
        fit.align = PAGE_SIZE;
        if (!memory_fit(&placing->request->machine->memory, &placing->plan->claims, &fit, &at))
            continue;
        *phys = claim.start = at;
        claim.size = size;
        return claims_add(&placing->plan->claims, claim);
    }
    return error_make(ERROR_PLAN_MEMORY, .name = "modules and boot information",
                      .number = {size, FOUR_GIB, 0});
}

static u32 pages(u64 size) {
    return (u32)min_u64(physical_pages(size), TOP);
}

/* The end of the kernel, 1 MiB at least. */
static u32 kernel_end(const struct plan_request *request) {
    u64 end = LOW_MEMORY_END;
    for (u32 i = 0; i < request->image->segment_count; i++) {
        const struct segment *segment = &request->image->segments[i];
        end = max_u64(end, segment->phys + segment->memory_size);
    }
    return (u32)min_u64(end, TOP - GAP);
}

/* The gap is smaller where modules can lie in the first 4 MiB only thus. */
static u32 gap(const struct plan_request *request, u32 end) {
    u64 all = end;
    for (u32 i = 0; i < request->module_count; i++)
        all += pages(request->module_sizes[i]);
    return all + GAP > FIRST_MAPPED && all + SMALL_GAP <= FIRST_MAPPED ? SMALL_GAP : GAP;
}

/* Each module behind the one before, so that the last one's end is the end of all; then the
 * symbols. Their bytes keep their place within a page, so what the file aligns stays aligned.
 * Without room the kernel does without. */
static struct error place_files(const struct placing *placing) {
    const struct plan_request *request = placing->request;
    struct plan *plan = placing->plan;
    struct memory_fit fit = {.above = placing->behind, .below = TOP};
    for (u32 i = 0; i < request->module_count; i++) {
        u32 size = pages(request->module_sizes[i]);
        struct load load = {.file = i + 1, .number = i, .file_size = request->module_sizes[i]};
        TRY(place(placing, size, fit, false, (struct claim){.kind = CLAIM_MODULE, .index = i},
                  &load.phys));
        fit.above = (u32)load.phys + size;
        TRY(physical_load_file(plan, load));
    }
    u32 into = (u32)request->symbols.start & ((u32)PAGE_SIZE - 1);
    struct load load = {.number = LOAD_SYMBOLS,
                        .offset = request->symbols.start,
                        .file_size = request->symbols.size};
    if (!load.file_size || place(placing, pages(into + load.file_size), fit, false,
                                 (struct claim){.kind = CLAIM_SYMBOLS}, &load.phys)
                               .code)
        return OK;
    plan->symbols_phys = load.phys += into;
    return physical_load_file(plan, load);
}

/* [start, start + size), if it is free, and the gap before it too. */
static struct memory_fit exactly(const struct placing *placing, u32 start, u32 size) {
    u32 at;
    struct memory_fit fit = {.size = LOW_GAP + size,
                             .above = start - LOW_GAP,
                             .below = start + size,
                             .align = PAGE_SIZE,
                             .loader = true};
    bool fits = memory_fit(&placing->request->machine->memory, &placing->plan->claims, &fit, &at);
    fit.above = fits ? start : TOP;
    return fit;
}

/* The trampoline's page follows the information. The end of memory below 1 MiB is the next best
 * place, for stacks of kernels that grow down from 0x90000 do not reach it. */
static struct error place_handoff(const struct placing *placing) {
    struct plan *plan = placing->plan;
    struct claim claim = {.kind = CLAIM_HANDOFF};
    u32 size = pages(plan->info_size + PAGE_SIZE);
    bool fits = size <= LOADER_BUFFER_END - LOADER_BUFFER;
    TRY(place(placing, size, exactly(placing, fits ? LOADER_BUFFER : TOP, size), true, claim,
              &plan->info_phys));
    plan->trampoline_phys = plan->info_phys + plan->info_size;
    plan->stack_size = STACK_SIZE;
    return place(placing, STACK_SIZE, exactly(placing, STACK_START, STACK_SIZE), true, claim,
                 &plan->handoff_phys);
}

struct error physical_low(const struct plan_request *request, struct plan *plan) {
    u32 end = kernel_end(request);
    struct placing placing = {request, plan, end + gap(request, end)};
    TRY(place_files(&placing));
    return place_handoff(&placing);
}
