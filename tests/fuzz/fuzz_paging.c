/* Any rows in any format on any processor: the count of frames is exact, and two readers of the
 * tables, of which one shares nothing with Aloft, find each row where it is and nothing around it.
 *
 * The input is what tests/unit/random_rows.h draws from. */
#include "fed_random.h"

#include "random_rows.h"
#include "second_mmu.h"
#include "table_cost.h"
#include "walk.h"

enum { FRAMES_MAX = 64, ARENA = 0x200000 };

static bool anywhere(const struct plan *plan, const struct map *row) {
    (void)plan, (void)row;
    return true;
}

static struct mmu mmu_of(const struct plan *plan, const struct table_arena *arena) {
    u32 features = plan->options.cpu_features;
    bool nx = plan->options.format->entry_size == 8 && features & CPU_NX;
    return (struct mmu){.bytes = arena->bytes,
                        .start = arena->phys,
                        .size = arena->used * PAGE_SIZE,
                        .cr0 = (u64)1 << 31 | 1 << 16 | 1,
                        .cr3 = arena->phys,
                        .cr4 = plan->options.format->cr4 | (features & CPU_PGE ? 1 << 7 : 0),
                        .efer = plan->options.format->efer | (nx ? 1 << 11 : 0),
                        .pat = features & CPU_PAT ? PAT_VALUE : 0,
                        .physical_bits = plan->physical_bits,
                        .has_1g = features & CPU_PAGE_1G};
}

static const struct map *row_at(const struct plan *plan, u64 virt) {
    for (u32 i = 0; i < plan->row_count; i++)
        if (virt - plan->rows[i].virt < plan->rows[i].size)
            return &plan->rows[i];
    return NULL;
}

static void check_page(const struct plan *plan, const struct map *row, const struct walk *walk,
                       const struct mmu_answer *answer, u64 virt) {
    u64 phys = row->phys + (virt - row->virt);
    bool nx = plan->options.format->entry_size == 8 && plan->options.cpu_features & CPU_NX;
    MUST(walk->result == WALK_MAPPED && walk->phys == phys);
    MUST(answer->end == MMU_PAGE && answer->phys == phys);
    MUST(walk->page_size == answer->page_size);
    MUST(walk->page_size == best_page_size(&plan->options, row, virt));
    MUST(answer->rights.write == !!(row->attributes & MAP_WRITE));
    MUST(answer->rights.user == !!(row->attributes & MAP_USER));
    MUST(answer->rights.execute == (!nx || row->attributes & MAP_EXECUTE));
    MUST(!(walk->attributes & MAP_WRITE) == !answer->rights.write);
    MUST(!(walk->attributes & MAP_EXECUTE) == !answer->rights.execute);
}

static void check_address(const struct plan *plan, const struct table_arena *arena,
                          const struct mmu *mmu, u64 virt) {
    struct walk walk = paging_walk(&plan->options, arena, plan->physical_bits, virt);
    struct mmu_answer answer = mmu_look_up(mmu, virt);
    if (!paging_is_canonical(plan->options.format, virt)) {
        MUST(walk.result == WALK_NOT_CANONICAL && answer.end == MMU_NOT_CANONICAL);
        return;
    }
    const struct map *row = row_at(plan, virt);
    if (row)
        check_page(plan, row, &walk, &answer, virt);
    else
        MUST(walk.result == WALK_ABSENT && answer.end == MMU_ABSENT);
}

static void check_rows(const struct plan *plan, const struct table_arena *arena) {
    struct mmu mmu = mmu_of(plan, arena);
    u64 state = 1;
    for (u32 i = 0; i < plan->row_count; i++) {
        const struct map *row = &plan->rows[i];
        u64 last = row->virt + (row->size - 1);
        check_address(plan, arena, &mmu, row->virt - 1);
        check_address(plan, arena, &mmu, row->virt);
        check_address(plan, arena, &mmu, row->virt + below(&state, row->size));
        check_address(plan, arena, &mmu, last);
        check_address(plan, arena, &mmu, last + 1);
    }
}

/* A frame less is too few, and rows in another order are refused. */
static void check_refusals(struct plan *plan, struct table_arena *arena) {
    arena->used = 0;
    arena->frame_count--;
    MUST(paging_build(&plan->options, plan->rows, plan->row_count, arena).code ==
         ERROR_PAGING_TABLES_FULL);
    if (plan->row_count < 2)
        return;
    struct map first = plan->rows[0];
    u64 count;
    plan->rows[0] = plan->rows[1];
    plan->rows[1] = first;
    MUST(paging_count(&plan->options, plan->rows, plan->row_count, &count).code ==
         ERROR_PAGING_OVERLAP);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static u8 *frames;
    u64 state = 1, count;
    if (!frames)
        frames = aligned_alloc(PAGE_SIZE, FRAMES_MAX * PAGE_SIZE);
    fed = (struct feed){data, size};
    struct plan plan = random_paging(&state);
    random_rows(&state, &plan, anywhere);
    struct error error = paging_count(&plan.options, plan.rows, plan.row_count, &count);
    MUST(!error.code && count == frames_needed(&plan.options, plan.rows, plan.row_count));
    if (count > FRAMES_MAX)
        return 0;
    /* At the end of the block, so that the sanitizer guards the frame after the last. */
    struct table_arena arena = {frames + (FRAMES_MAX - count) * PAGE_SIZE, ARENA, (u32)count, 0};
    MUST(!paging_build(&plan.options, plan.rows, plan.row_count, &arena).code);
    MUST(arena.used == count);
    check_rows(&plan, &arena);
    check_refusals(&plan, &arena);
    return 0;
}
