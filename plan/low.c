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
    STACK_END = 0x80000,
    CONVENTIONAL_END = 0xa0000,
    GAP = 0x100000, /* behind the kernel */
    SMALL_GAP = 0x10000,
    FIRST_MAPPED = 0x400000, /* what a kernel with one page table sees */
};

/* A place for `size` bytes: in one of the ranges, which are tried in order. */
static bool place(const struct plan_request *request, struct plan *plan,
                  const struct memory_fit *fits, u64 size, struct claim claim, u64 *phys) {
    for (; fits->below; fits++) {
        struct memory_fit fit = *fits;
        fit.size = physical_pages(size);
        fit.align = PAGE_SIZE;
        if (!memory_fit(&request->machine->memory, &plan->claims, &fit, phys))
            continue;
        claim.start = *phys;
        claim.size = fit.size;
        /* An error would need more claims than modules and segments can make. */
        return !claims_add(&plan->claims, claim).code;
    }
    return false;
}

static struct error no_room(const char *name, u64 size) {
    return error_make(ERROR_PLAN_MEMORY, .name = name, .number = {size, FOUR_GIB, 0});
}

/* Where modules start to be tried: with the gap, unless they can then no longer lie in the first
 * 4 MiB and could without it. */
static u64 behind_kernel(const struct plan_request *request, u64 *end) {
    u64 size = 0;
    *end = LOW_MEMORY_END;
    for (u32 i = 0; i < request->image->segment_count; i++) {
        const struct segment *segment = &request->image->segments[i];
        *end = max_u64(*end, segment->phys + segment->memory_size);
    }
    for (u32 i = 0; i < request->module_count; i++)
        size += physical_pages(request->module_sizes[i]);
    bool tight = *end + GAP + size > FIRST_MAPPED && *end + SMALL_GAP + size <= FIRST_MAPPED;
    return *end + (tight ? SMALL_GAP : GAP);
}

/* Each module behind the one before, so that the last one's end is the end of all. */
static struct error place_modules(const struct plan_request *request, struct plan *plan,
                                  u64 *behind) {
    for (u32 i = 0; i < request->module_count; i++) {
        const struct memory_fit fits[] = {{.above = *behind, .below = FOUR_GIB},
                                          {.above = LOW_MEMORY_END, .below = FOUR_GIB},
                                          {.below = 0}};
        u64 size = request->module_sizes[i], phys;
        if (!place(request, plan, fits, size, (struct claim){.kind = CLAIM_MODULE, .index = i},
                   &phys))
            return no_room("a module", size);
        TRY(physical_load_file(
            plan, (struct load){.file = i + 1, .number = i, .file_size = size, .phys = phys}));
        *behind = phys + physical_pages(size);
    }
    return OK;
}

/* Bytes keep their place within a page, so what the file aligns stays aligned. Without room the
 * kernel does without. */
static struct error place_symbols(const struct plan_request *request, struct plan *plan,
                                  u64 behind) {
    const struct range *symbols = &request->symbols;
    const struct memory_fit fits[] = {{.above = behind, .below = FOUR_GIB},
                                      {.above = LOW_MEMORY_END, .below = FOUR_GIB},
                                      {.below = 0}};
    u64 into = symbols->start & (PAGE_SIZE - 1), phys;
    if (!symbols->size || !place(request, plan, fits, into + symbols->size,
                                 (struct claim){.kind = CLAIM_SYMBOLS}, &phys))
        return OK;
    plan->symbols_phys = phys + into;
    return physical_load_file(plan, (struct load){.number = LOAD_SYMBOLS,
                                                  .offset = symbols->start,
                                                  .file_size = symbols->size,
                                                  .phys = plan->symbols_phys});
}

/* The trampoline's page follows the information. The end of memory below 1 MiB is the next best
 * place, for stacks of kernels that grow down from 0x90000 do not reach it. */
static struct error place_handoff(const struct plan_request *request, struct plan *plan,
                                  u64 behind) {
    struct memory_fit fits[] = {
        {.above = LOADER_BUFFER, .below = LOADER_BUFFER_END, .loader = true},
        {.above = PAGE_SIZE, .below = CONVENTIONAL_END, .high = true},
        {.above = behind, .below = FOUR_GIB},
        {.above = LOW_MEMORY_END, .below = FOUR_GIB},
        {.below = 0}};
    const struct claim claim = {.kind = CLAIM_HANDOFF};
    u64 size = plan->info_size + PAGE_SIZE;
    if (!place(request, plan, fits, size, claim, &plan->info_phys))
        return no_room("the boot information", size);
    plan->trampoline_phys = plan->info_phys + plan->info_size;
    fits[0].above = STACK_START;
    fits[0].below = STACK_END;
    plan->stack_size = STACK_END - STACK_START;
    if (!place(request, plan, fits, plan->stack_size, claim, &plan->handoff_phys))
        return no_room("a stack", plan->stack_size);
    return OK;
}

struct error physical_low(const struct plan_request *request, struct plan *plan) {
    u64 end, behind = behind_kernel(request, &end);
    TRY(place_modules(request, plan, &behind));
    TRY(place_symbols(request, plan, behind));
    return place_handoff(request, plan, end + GAP);
}
