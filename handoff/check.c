#include "check.h"

/* What must be true of one address. */
struct expectation {
    const char *name;
    u64 virt;
    u64 phys;
    u32 rights; /* MAP_* that must be there */
};

static struct error check_one(const struct plan *plan, const struct table_arena *arena,
                              const struct expectation *expected) {
    struct walk walk = paging_walk(&plan->options, arena, plan->physical_bits, expected->virt);
    const struct walk_step *last = &walk.steps[walk.step_count ? walk.step_count - 1 : 0];
    const char *level =
        walk.step_count ? plan->options.format->levels[last->level].name : "canonical";
    switch (walk.result) {
    case WALK_MAPPED: break;
    case WALK_RESERVED:
        return error_make(ERROR_CHECK_RESERVED, .name = expected->name, .other = level,
                          .number = {expected->virt, last->entry});
    default:
        return error_make(ERROR_CHECK_NOT_MAPPED, .name = expected->name, .other = level,
                          .number = {expected->virt});
    }
    if (walk.phys != expected->phys)
        return error_make(ERROR_CHECK_PHYSICAL, .name = expected->name,
                          .number = {expected->virt, walk.phys, expected->phys});
    u32 lacks = expected->rights & ~walk.attributes;
    if (lacks)
        return error_make(ERROR_CHECK_RIGHTS, .name = expected->name,
                          .other = lacks & MAP_WRITE ? "write" : "execute",
                          .number = {expected->virt});
    return OK;
}

static struct error check_all(const struct plan *plan, const struct table_arena *arena,
                              const struct expectation *expectations, u32 count) {
    for (u32 i = 0; i < count; i++)
        TRY(check_one(plan, arena, &expectations[i]));
    return OK;
}

struct error check_tables(const struct plan *plan, const struct table_arena *arena,
                          const struct table_arena *boot_arena, const struct cpu_entry *entry) {
    u64 stack_offset = entry->sp - plan->handoff_virt;
    const struct expectation boot[] = {
        {"the trampoline", plan->trampoline_phys, plan->trampoline_phys, MAP_EXECUTE},
        {"the trampoline", plan->trampoline_virt, plan->trampoline_phys, MAP_EXECUTE},
    };
    const struct expectation final[] = {
        {"the trampoline", plan->trampoline_virt, plan->trampoline_phys, MAP_EXECUTE},
        {"the kernel's entry", plan->entry, plan->image->entry_phys, MAP_EXECUTE},
        {"the stack", entry->sp, plan->handoff_phys + stack_offset, MAP_WRITE},
        {"the stack's lowest byte", plan->handoff_virt, plan->handoff_phys, MAP_WRITE},
        {"the GDT", plan->info_virt, plan->info_phys, MAP_WRITE},
    };
    TRY(check_all(plan, boot_arena, boot, ARRAY_COUNT(boot)));
    return check_all(plan, arena, final, ARRAY_COUNT(final));
}

static struct error build(const struct paging_options *options, const struct map *rows, u32 count,
                          u64 phys, u32 frames, const struct ram *ram, struct table_arena *arena) {
    *arena = (struct table_arena){
        .bytes = ram_at(ram, phys, frames * PAGE_SIZE), .phys = phys, .frame_count = frames};
    if (!arena->bytes)
        return error_make(ERROR_PLAN_MEMORY, .name = "the page tables",
                          .number = {frames * PAGE_SIZE, ram->start + ram->size, 0});
    return paging_build(options, rows, count, arena);
}

struct error finish_tables(const struct plan *plan, const struct ram *ram,
                           const struct cpu_entry *entry) {
    struct table_arena arena, boot_arena;
    struct map boot_rows[2];
    struct paging_options boot_options = plan_boot_options(plan);
    u32 boot_row_count = plan_boot_rows(plan, boot_rows);
    TRY(build(&plan->options, plan->rows, plan->row_count, plan->tables_phys, plan->table_frames,
              ram, &arena));
    TRY(build(&boot_options, boot_rows, boot_row_count, plan->boot_tables_phys,
              plan->boot_table_frames, ram, &boot_arena));
    return check_tables(plan, &arena, &boot_arena, entry);
}
