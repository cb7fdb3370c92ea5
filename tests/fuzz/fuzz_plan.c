/* Any machine, kernel, modules and options: what the planner accepts has all the properties that
 * the unit tests look at, and its tables can be built and show nothing else.
 *
 * The input is what tests/unit/random_plans.h draws from. */
#include "fed_random.h"

#include <stddef.h>

#define fail_msg(...)                 \
    do {                              \
        fprintf(stderr, __VA_ARGS__); \
        __builtin_trap();             \
    } while (0)

#include "random_plans.h"

enum { FRAMES_MAX = 40 };

/* At the end of the block, so that the sanitizer guards the frame after the last. */
static void check_tables(const struct plan_case *c) {
    static u8 *frames;
    const struct plan *plan = c->plan;
    if (!frames)
        frames = aligned_alloc(PAGE_SIZE, FRAMES_MAX * PAGE_SIZE);
    struct ram ram = {frames + (FRAMES_MAX - plan->table_frames) * PAGE_SIZE, plan->tables_phys,
                      plan->table_frames * PAGE_SIZE};
    struct table_arena arena = {ram.bytes, plan->tables_phys, plan->table_frames, 0};
    SUCCEEDS(paging_build(&plan->options, plan->rows, plan->row_count, &arena));
    HOLDS(arena.used == plan->table_frames);
    for (u32 i = 0; i < plan->row_count; i++) {
        check_walk(c, &ram, plan->rows[i].virt);
        check_walk(c, &ram, plan->rows[i].virt + plan->rows[i].size - 1);
    }
    check_walk(c, &ram, plan->handoff_virt - 1);
    check_walk(c, &ram, plan->info_virt - 1);
    check_nothing_else_is_mapped(c, &ram);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static struct trial trial;
    fed = (struct feed){data, size};
    trial.machine_seed = 0; /* another machine for each input */
    random_trial(1, &trial);
    struct plan_case plan_case = {"fuzz", &trial.wish, &trial.plan}, *c = &plan_case;
    struct error error = plan_make(&trial.wish, &trial.plan);
    if (error.code) {
        show_error(error);
        MUST(is_refusal(error.code));
        return 0;
    }
    check_layout(c);
    /* plan_virtual() of one row, of another one with another input: all of them took half of the
     * time. */
    if (trial.plan.row_count)
        check_virtual_of_row(c, &trial.plan.rows[size % trial.plan.row_count]);
    if (trial.plan.paging && trial.plan.table_frames <= FRAMES_MAX)
        check_tables(c);
    return 0;
}
