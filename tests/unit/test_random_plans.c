/* plan/ and handoff/ over random machines, kernels and options: whatever plan_make() accepts has
 * all the properties of plan_check.h, and native_finish() then makes tables that show them.
 *
 * ALOFT_TEST_SEED sets the seed, ALOFT_TEST_PLANS the number of plans; `make unit` runs some under
 * sanitizers and a million without (PLANS, in the Makefile). A failure names the plan's own seed:
 * ALOFT_TEST_SEED=that ALOFT_TEST_PLANS=0 makes this plan alone. */
#define _DEFAULT_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan_check.h"
#include "random.h"
#include "random_plans.h"

#include <sys/mman.h>

/* The number of plans, beside the requests that are refused. */
#ifndef PLANS
#define PLANS 10000
#endif

/* ---- checks ---- */

/* What options and kernels may ask for that changes a layout. */
#define KINDS(X)                                                                               \
    X("identity=all", options->identity == IDENTITY_ALL)                                       \
    X("identity=tables", options->identity == IDENTITY_TABLES)                                 \
    X("identity=none", options->identity == IDENTITY_NONE)                                     \
    X("direct-map=none", options->direct == PLACE_NONE)                                        \
    X("direct-map=ADDRESS", options->direct == PLACE_AT)                                       \
    X("recursive=auto", options->recursive == PLACE_AUTO)                                      \
    X("recursive=SLOT", options->recursive == PLACE_AT)                                        \
    X("pages=4k", options->small_pages)                                                        \
    X("temporary", options->temporary)                                                         \
    X("share-upper", options->share_upper)                                                     \
    X("null-page", options->null_mapped)                                                       \
    X("global", options->global)                                                               \
    X("strict", options->strict)                                                               \
    X("smep", options->smep)                                                                   \
    X("umip", options->umip)                                                                   \
    X("stack", options->stack_size != CONFIG_STACK_DEFAULT)                                    \
    X("map", options->map_count != 0)                                                          \
    X("map=...@VIRTUAL", options->map_count && options->maps[0].has_virt)                      \
    X("map=...,ro", options->map_count && options->maps[0].read_only)                          \
    X("map=...,combining", options->map_count && options->maps[0].cache == MAP_AS_FRAMEBUFFER) \
    X("3 segments", image->segment_count >= 3)                                                 \
    X("sections within a page", segments_share_a_page(image))                                  \
    X("physical entry", image->entry_kind == ENTRY_PHYSICAL)                                   \
    X("holes in RAM", machine->memory.count >= 8)                                              \
    X("no large pages", !(machine->cpu.features & CPU_PSE))                                    \
    X("no NX", !(machine->cpu.features & CPU_NX))                                              \
    X("1 GiB pages", machine->cpu.features &CPU_PAGE_1G)                                       \
    X("framebuffer", machine->screen.kind == SCREEN_PIXELS)

static const char *const kind_names[] = {
#define X(name, condition) name,
    KINDS(X)
#undef X
};
enum { KIND_COUNT = ARRAY_COUNT(kind_names) };

/* What a run has seen, so that a generator gone dull shows. */
struct seen {
    u32 refused[1024], refusals; /* by code */
    u32 accepted, off, formats[PAGING_FORMAT_COUNT], late, high, modules, notes, rows, tables;
    u32 kinds[KIND_COUNT];
};

static bool segments_share_a_page(const struct image *image) {
    for (u32 i = 1; i < image->segment_count; i++)
        if (image->segments[i].virt % PAGE_SIZE &&
            range_overlaps(
                pages_of(image->segments[i].virt, 1),
                (struct range){image->segments[i - 1].virt, image->segments[i - 1].memory_size}))
            return true;
    return false;
}

static void note_kinds(const struct trial *trial, struct seen *seen) {
    const struct kernel_options *options = &trial->request.options;
    const struct machine *machine = &trial->machine;
    const struct image *image = &trial->image;
    const bool on[KIND_COUNT] = {
#define X(name, condition) (condition) != 0,
        KINDS(X)
#undef X
    };
    for (u32 i = 0; i < KIND_COUNT; i++)
        seen->kinds[i] += on[i];
}

static void note_what_was_seen(const struct plan *plan, struct seen *seen) {
    seen->accepted++;
    seen->off += !plan->paging;
    seen->formats[plan->options.format - paging_formats] += plan->paging;
    seen->notes += plan->note_count;
    seen->rows += plan->row_count;
    for (u32 i = 0; i < plan->load_count; i++) {
        seen->late += plan->loads[i].late;
        seen->high += plan->loads[i].phys >= 4 * GIB;
        seen->modules += plan->loads[i].file != 0;
    }
}

/* The count of frames is exact: with one less the builder runs out of them. */
static void check_frames_are_exact(const struct plan_case *c, const struct ram *ram) {
    const struct plan *plan = c->plan;
    struct table_arena arena = {.bytes = ram_at(ram, plan->tables_phys, PAGE_SIZE),
                                .phys = plan->tables_phys,
                                .frame_count = plan->table_frames};
    SUCCEEDS(paging_build(&plan->options, plan->rows, plan->row_count, &arena));
    HOLDS(arena.used == plan->table_frames);
    arena.frame_count--;
    HOLDS(paging_build(&plan->options, plan->rows, plan->row_count, &arena).code ==
          ERROR_PAGING_TABLES_FULL);
}

/* Finishes the plan with the information part cut to what native_info_size() said, not rounded up
 * to pages. */
static struct error finish_tightly(struct trial *trial, const struct ram *ram,
                                   struct cpu_entry *entry) {
    u64 info_size = trial->plan.info_size;
    trial->plan.info_size = trial->wish.info_size;
    struct error error = native_finish(&trial->machine, &trial->plan, &trial->request,
                                       trial->module_sizes, ram, entry);
    trial->plan.info_size = info_size;
    return error;
}

static void check_finish(const struct plan_case *c, struct trial *trial, const struct ram *ram,
                         bool thoroughly, bool again) {
    struct plan *plan = &trial->plan;
    struct cpu_entry entry;
    SUCCEEDS(finish_tightly(trial, ram, &entry));
    HOLDS(entry.ip == plan->entry && entry.bits == trial->image.bits);
    HOLDS(entry.sp > plan->handoff_virt && entry.sp < plan->handoff_virt + plan->stack_size);
    struct mmu mmu = second_mmu(c, ram, entry.cr0, entry.cr4, entry.efer, entry.pat);
    struct mmu_answer first = mmu_look_up(&mmu, entry.ip), stack = mmu_look_up(&mmu, entry.sp);
    HOLDS(first.end == MMU_PAGE && first.phys == trial->image.entry_phys && first.rights.execute);
    HOLDS(stack.end == MMU_PAGE && stack.rights.write && stack.type == MMU_WB);
    if (plan->paging) {
        check_tables_show_rows(c, ram);
        check_walk(c, ram, plan->handoff_virt - 1);
        check_walk(c, ram, plan->info_virt - 1);
        HOLDS(entry.cr3 == plan->tables_phys);
        if (thoroughly && again)
            check_second_reader(c, ram, &mmu);
        else if (thoroughly)
            check_nothing_else_is_mapped(c, ram);
        if (again)
            check_frames_are_exact(c, ram);
    }
}

static void check_trial(u64 seed, const struct ram *ram, struct seen *seen) {
    static struct trial trial;
    random_trial(seed, &trial);
    memset(&trial.plan, 0xa5, sizeof trial.plan); /* nothing may be left as it was */
    struct error error = plan_make(&trial.wish, &trial.plan);
    struct plan_case plan_case = {trial.name, &trial.wish, &trial.plan}, *c = &plan_case;
    if (error.code) {
        seen->refused[error.code]++;
        seen->refusals++;
        if (!is_refusal(error.code))
            SUCCEEDS(error);
        return;
    }
    note_what_was_seen(&trial.plan, seen);
    if (trial.plan.paging)
        note_kinds(&trial, seen);
    check_plan(c);
    bool many = trial.plan.table_frames > 40; /* they take long to write */
    if (!many || seen->accepted % 16 == 0) {
        check_finish(c, &trial, ram, trial.plan.table_frames < 32 || seen->accepted % 16 == 0,
                     seen->accepted % 8 == 0);
        seen->tables++;
    }
}

static u64 setting(const char *name, u64 otherwise) {
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static void print_seen(const struct seen *seen) {
    printf("%u plans made, %u finished, %u rows, %u notes; paging off: %u", seen->accepted,
           seen->tables, seen->rows, seen->notes, seen->off);
    for (u32 i = 0; i < PAGING_FORMAT_COUNT; i++)
        printf(", %s: %u", paging_formats[i].name, seen->formats[i]);
    printf("\nloads on the loader: %u, above 4 GiB: %u, of modules: %u", seen->late, seen->high,
           seen->modules);
    for (u32 i = 0; i < KIND_COUNT; i++)
        printf("%s%s: %u", i ? ", " : "\n", kind_names[i], seen->kinds[i]);
    printf("\n%u requests refused", seen->refusals);
    for (size_t i = 0; i < error_row_count; i++)
        if (seen->refused[error_rows[i].code])
            printf(", %s: %u", error_names[i], seen->refused[error_rows[i].code]);
    printf("\n");
}

/* Too few of a kind would prove nothing about it. */
static void check_generator(const struct seen *seen) {
    for (u32 i = 0; i < PAGING_FORMAT_COUNT; i++)
        assert_true(seen->formats[i] > seen->accepted / 50);
    for (u32 i = 0; i < KIND_COUNT; i++)
        if (seen->kinds[i] <= seen->accepted / 100)
            fail_msg("too few plans with: %s", kind_names[i]);
    assert_true(seen->tables > seen->accepted / 3 * 2);
    assert_true(seen->off && seen->late && seen->high && seen->modules && seen->notes);
    assert_true(seen->refusals < seen->accepted);
}

/* Memory that was written is given back now and then: 4 GiB of it are not there. Most of the time
 * tables are built over what earlier plans left, which must not matter. */
static void test_random_plans(void **state) {
    (void)state;
    u64 seed = setting("ALOFT_TEST_SEED", 0xa10f7), plans = setting("ALOFT_TEST_PLANS", PLANS);
    struct seen seen = {0};
    void *bytes = mmap(NULL, 4 * GIB, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(bytes != MAP_FAILED);
    struct ram ram = {.bytes = bytes, .start = 0, .size = 4 * GIB};
    if (!plans)
        check_trial(seed, &ram, &seen);
    for (u64 i = 1, own = 0; seen.accepted < plans; i++) {
        own = i % PLANS_A_MACHINE ? own + 1 : next_random(&seed) & ~(u64)(PLANS_A_MACHINE - 1);
        check_trial(own, &ram, &seen);
        if (i % 16384 == 0)
            madvise(bytes, 4 * GIB, MADV_DONTNEED);
        assert_true(i < 1000 || seen.accepted > i / 10); /* or this would not end */
    }
    print_seen(&seen);
    if (plans >= 5000)
        check_generator(&seen);
    munmap(bytes, 4 * GIB);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_plans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
