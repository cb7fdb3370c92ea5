/* Page tables of random plans, read by a second software MMU.
 *
 * Each plan is built into an arena of exactly the counted size. A second software MMU, which shares
 * nothing with Aloft (second_mmu.h), lists all that the tables map: these must be the rows asked
 * for, in the largest pages that there may be, and what a recursive slot shows. Then Aloft's walker
 * must agree with it, at both ends of every run and of every gap, in some plans at every page.
 * Last, bits of the tables are flipped one by one, and the two must still agree: about rights,
 * reserved bits, absent entries, and links out of the tables.
 *
 * ALOFT_TEST_SEED sets the seed, ALOFT_TEST_PLANS the number of plans. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "random_rows.h"
#include "second_mmu.h"
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES_MAX = 256, PLANS = 20000, RUNS_MAX = 8192, FLIPS = 16 };

/* Half of the plans have a recursive slot, PAE's four with the table that holds them. */
static void random_slot(u64 *state, struct plan *plan) {
    struct paging_options *options = &plan->options;
    bool pae = options->format == &paging_formats[PAGING_PAE];
    u32 slots = options->format->entry_size == 4 ? 1024 : 512;
    options->recursive = one_in(state, 2);
    options->recursive_slot = (u32)below(state, pae ? slots - 3 : slots);
    plan->wish = (struct table_wish){.virt = 3 * GIB, .size = 1, .level = 1};
}

/* The caller has put the plan where it stays. */
static void point_at_wish(struct plan *plan) {
    bool pae = plan->options.format == &paging_formats[PAGING_PAE];
    plan->options.wishes = &plan->wish;
    plan->options.wish_count = pae && plan->options.recursive;
}

/* The addresses that the slot shows the tables at, by the formulas of docs/handoff.md. */
static struct range slot_range(const struct plan *plan) {
    u64 slot = plan->options.recursive_slot;
    if (!plan->options.recursive)
        return (struct range){0, 0};
    switch (plan->options.format - paging_formats) {
    case PAGING_32:
    case PAGING_32_PSE: return (struct range){slot << 22, 4 * MIB};
    case PAGING_PAE: return (struct range){3 * GIB + slot * 2 * MIB, 8 * MIB};
    case PAGING_4LEVEL:
        return (struct range){slot << 39 | (slot >> 8 ? ~(u64)0 << 48 : 0), (u64)1 << 39};
    default: return (struct range){slot << 48 | (slot >> 8 ? ~(u64)0 << 57 : 0), (u64)1 << 48};
    }
}

static bool in_slot(const struct plan *plan, u64 virt) {
    struct range slot = slot_range(plan);
    return virt - slot.start < slot.size;
}

static bool outside_the_slot(const struct plan *plan, const struct map *row) {
    struct range slot = slot_range(plan);
    return !slot.size || row->virt > slot.start + (slot.size - 1) ||
           slot.start > row->virt + (row->size - 1);
}

static struct plan random_plan(u64 seed) {
    u64 state = seed;
    struct plan plan = random_paging(&state);
    random_slot(&state, &plan);
    random_rows(&state, &plan, outside_the_slot);
    return plan;
}

/* The processor that the plan is for, with these tables. */
static struct mmu mmu_of(const struct plan *plan, const struct table_arena *arena) {
    static const u32 cr4[] = {0, 1 << 4, 1 << 5, 1 << 5, 1 << 5 | 1 << 12};
    u32 id = (u32)(plan->options.format - paging_formats), features = plan->options.cpu_features;
    bool wide = id >= PAGING_PAE;
    return (struct mmu){.bytes = arena->bytes,
                        .start = arena->phys,
                        .size = arena->used * PAGE_SIZE,
                        .cr0 = (u64)1 << 31,
                        .cr3 = arena->phys,
                        .cr4 = cr4[id] | (features & CPU_PGE ? 1 << 7 : 0),
                        .efer = (id >= PAGING_4LEVEL ? 1 << 8 : 0) |
                                (wide && features & CPU_NX ? 1 << 11 : 0),
                        .pat = features & CPU_PAT ? 0x0007010600070106 : 0,
                        .physical_bits = plan->physical_bits,
                        .has_1g = features & CPU_PAGE_1G};
}

static bool whole_leaf_fits(const struct map *row, u64 virt, u64 size) {
    u64 start = align_down(virt, size);
    return ((row->virt ^ row->phys) & (size - 1)) == 0 && start >= row->virt &&
           start - row->virt <= row->size && row->size - (start - row->virt) >= size;
}

/* The largest page that may hold this address of this row. */
static u64 best_page_size(const struct plan *plan, const struct map *row, u64 virt) {
    u32 id = (u32)(plan->options.format - paging_formats);
    bool large = !plan->options.small_only && !(row->attributes & MAP_SMALL) && id != PAGING_32;
    bool huge = large && id >= PAGING_4LEVEL && plan->options.cpu_features & CPU_PAGE_1G;
    u64 large_size = id == PAGING_32_PSE ? 4 * MIB : 2 * MIB;
    if (huge && whole_leaf_fits(row, virt, GIB))
        return GIB;
    return large && whole_leaf_fits(row, virt, large_size) ? large_size : 4 * KIB;
}

/* A row's rights as pages of the second MMU have them: what the processor cannot do without is not
 * asked for. */
static struct mmu_run expected_run(const struct plan *plan, const struct map *row) {
    u32 features = plan->options.cpu_features, attributes = row->attributes;
    bool nx = plan->options.format->entry_size == 8 && features & CPU_NX;
    bool combining = attributes & MAP_WRITE_COMBINING;
    return (struct mmu_run){.rights = {.write = attributes & MAP_WRITE,
                                       .execute = !nx || attributes & MAP_EXECUTE,
                                       .user = attributes & MAP_USER},
                            .global = features & CPU_PGE && attributes & MAP_GLOBAL,
                            .type = combining && features & CPU_PAT          ? MMU_WC
                                    : combining || attributes & MAP_UNCACHED ? MMU_UC
                                                                             : MMU_WB};
}

/* The pages of all rows; equal ones side by side are one run, as in the second MMU's list. */
static void list_rows(const struct plan *plan, struct mmu_list *list) {
    u64 large = plan->options.format == &paging_formats[PAGING_32_PSE] ? 4 * MIB : 2 * MIB;
    list->count = 0;
    list->full = false;
    for (u32 i = 0; i < plan->row_count; i++) {
        const struct map *row = &plan->rows[i];
        for (u64 done = 0; done < row->size;) {
            struct mmu_run run = expected_run(plan, row);
            run.virt = row->virt + done;
            run.phys = row->phys + done;
            run.page_size = best_page_size(plan, row, run.virt);
            /* Small pages go on up to where a large one may begin. */
            u64 bound = run.page_size < large ? large : GIB;
            u64 bytes = min_u64(bound - (run.virt & (bound - 1)), row->size - done);
            run.count = max_u64(bytes / run.page_size, 1);
            mmu_add(list, &run);
            done += run.count * run.page_size;
        }
    }
    assert_false(list->full);
}

static bool same_run(const struct mmu_run *a, const struct mmu_run *b) {
    return a->virt == b->virt && a->phys == b->phys && a->page_size == b->page_size &&
           a->count == b->count && a->rights.write == b->rights.write &&
           a->rights.execute == b->rights.execute && a->rights.user == b->rights.user &&
           a->global == b->global && a->type == b->type;
}

/* What the tables map, the slot aside, is what the rows ask for: all of it and nothing else. */
static void check_list(const struct plan *plan, const struct mmu_list *found) {
    static struct mmu_run runs[RUNS_MAX];
    struct mmu_list asked = {.runs = runs, .room = RUNS_MAX};
    u32 next = 0;
    list_rows(plan, &asked);
    for (u32 i = 0; i < found->count; i++) {
        u64 virt = found->runs[i].virt;
        if (in_slot(plan, virt))
            continue;
        CHECK(next < asked.count && same_run(&asked.runs[next], &found->runs[i]));
        next++;
    }
    u64 virt = next < asked.count ? asked.runs[next].virt : 0;
    CHECK(next == asked.count && !found->full);
}

/* Aloft's name for a memory type. What it never makes has none; PWT alone is its write combining,
 * with a PAT or not. */
static u32 type_attribute(unsigned type) {
    return type == MMU_UC                     ? MAP_UNCACHED
           : type == MMU_WC || type == MMU_WT ? MAP_WRITE_COMBINING
                                              : 0;
}

/* Both walkers see the same at this address: how it ends, and where it is mapped, the page. */
static void check_address(const struct plan *plan, const struct table_arena *arena,
                          const struct mmu *mmu, u64 virt) {
    static const enum walk_result results[] = {[MMU_PAGE] = WALK_MAPPED,
                                               [MMU_ABSENT] = WALK_ABSENT,
                                               [MMU_RESERVED] = WALK_RESERVED,
                                               [MMU_NOWHERE] = WALK_OUTSIDE,
                                               [MMU_NOT_CANONICAL] = WALK_NOT_CANONICAL};
    struct walk walk = paging_walk(&plan->options, arena, plan->physical_bits, virt);
    struct mmu_answer answer = mmu_look_up(mmu, virt);
    CHECK(walk.result == results[answer.end]);
    CHECK(walk.step_count == answer.count);
    for (u32 i = 0; i < answer.count; i++)
        CHECK(walk.steps[i].table + walk.steps[i].index * plan->options.format->entry_size ==
              answer.places[i]);
    if (answer.end != MMU_PAGE)
        return;
    u32 attributes = (answer.rights.write ? MAP_WRITE : 0) |
                     (answer.rights.execute ? MAP_EXECUTE : 0) |
                     (answer.rights.user ? MAP_USER : 0) | (answer.global ? MAP_GLOBAL : 0) |
                     type_attribute(answer.type);
    CHECK(walk.phys == answer.phys && walk.page_size == answer.page_size);
    CHECK(walk.attributes == attributes);
}

/* Over the whole list: both ends of every run and of every gap, and each page if `all`; in the
 * slot, which shows many runs, only then. */
static void check_walkers(const struct plan *plan, const struct table_arena *arena,
                          const struct mmu *mmu, const struct mmu_list *list, bool all) {
    for (u32 i = 0; i < list->count; i++) {
        const struct mmu_run *run = &list->runs[i];
        u64 size = run->count * run->page_size;
        if (!all && in_slot(plan, run->virt))
            continue;
        check_address(plan, arena, mmu, run->virt - 1);
        check_address(plan, arena, mmu, run->virt);
        check_address(plan, arena, mmu, run->virt + size - 1);
        check_address(plan, arena, mmu, run->virt + size);
        for (u64 page = 1; all && page < run->count; page++)
            check_address(plan, arena, mmu, run->virt + page * run->page_size);
    }
}

/* An address at which there is something to see: in a row, in the slot, or beside them. */
static u64 random_place(u64 *state, const struct plan *plan) {
    struct range slot = slot_range(plan);
    if (!plan->row_count || one_in(state, 8))
        return slot.size && one_in(state, 2) ? slot.start + below(state, slot.size)
                                             : random_anchor(state, plan->options.format);
    const struct map *row = &plan->rows[below(state, plan->row_count)];
    return row->virt + below(state, row->size);
}

/* One bit of an entry on the way to some address is turned round, and back. */
static void check_flip(const struct plan *plan, const struct table_arena *arena,
                       const struct mmu *mmu, u64 *state, u32 *ends) {
    u64 virt = random_place(state, plan);
    struct mmu_answer answer = mmu_look_up(mmu, virt);
    if (!answer.count)
        return;
    u64 place = answer.places[below(state, answer.count)] - arena->phys;
    u32 bit = (u32)below(state, plan->options.format->entry_size * 8);
    arena->bytes[place + bit / 8] ^= (u8)(1 << bit % 8);
    check_address(plan, arena, mmu, virt);
    check_address(plan, arena, mmu, random_place(state, plan));
    ends[mmu_look_up(mmu, virt).end]++;
    arena->bytes[place + bit / 8] ^= (u8)(1 << bit % 8);
}

/* The slot shows every entry on the way to an address at the address that the formulas give: bits
 * of the address one level's worth further right, under the slot's own. */
static void check_slot(const struct plan *plan, const struct mmu *mmu, u64 virt) {
    u32 width = plan->options.format->entry_size, index_bits = width == 4 ? 10 : 9;
    u64 mask = ((u64)1 << plan->options.format->virtual_bits) - 1;
    struct mmu_answer way = mmu_look_up(mmu, virt);
    bool pae = plan->options.format == &paging_formats[PAGING_PAE];
    u32 levels = plan->options.format->level_count;
    for (u32 level = 0; plan->options.recursive && level < levels - pae; level++) {
        virt = slot_range(plan).start + ((virt & mask) >> index_bits & ~(u64)(width - 1));
        if (way.count < levels - level)
            continue;
        struct mmu_answer shown = mmu_look_up(mmu, virt);
        CHECK(shown.end == MMU_PAGE && shown.phys == way.places[levels - level - 1]);
        CHECK(shown.rights.write && !shown.rights.user && shown.page_size == PAGE_SIZE);
        CHECK(shown.rights.execute != (mmu_nxe(mmu) && mmu_wide(mmu)));
    }
}

/* What a run has seen, so that a generator gone dull shows. */
struct seen {
    u32 plans, rows, page_sizes[3], formats[PAGING_FORMAT_COUNT], slots, runs;
    u32 ends[MMU_NOT_CANONICAL + 1];
};

static void check_tables(const struct plan *plan, const struct table_arena *arena, u64 *state,
                         struct seen *seen) {
    static struct mmu_run runs[RUNS_MAX];
    struct mmu_list list = {.runs = runs, .room = RUNS_MAX};
    struct mmu mmu = mmu_of(plan, arena);
    mmu_list_all(&mmu, &list);
    check_list(plan, &list);
    check_walkers(plan, arena, &mmu, &list, seen->plans % 16 == 0);
    for (u32 i = 0; i < 4; i++)
        check_address(plan, arena, &mmu, random_place(state, plan));
    for (u32 i = 0; i < plan->row_count; i++) {
        u64 virt = plan->rows[i].virt + plan->rows[i].size / 2;
        u64 size = mmu_look_up(&mmu, virt).page_size;
        check_slot(plan, &mmu, virt);
        seen->page_sizes[size == GIB ? 2 : size > 4 * KIB]++;
    }
    for (u32 i = 0; i < FLIPS; i++)
        check_flip(plan, arena, &mmu, state, seen->ends);
    seen->formats[plan->options.format - paging_formats]++;
    seen->slots += plan->options.recursive;
    seen->runs += list.count;
}

static void check_plan(const struct plan *plan, u8 *frames, struct seen *seen) {
    u64 state = plan->seed ^ 0x5555, virt = 0;
    u64 frame_count = 0;
    struct error error = paging_count(&plan->options, plan->rows, plan->row_count, &frame_count);
    CHECK(error.code == ERROR_NONE);
    CHECK(frame_count <= FRAMES_MAX);
    /* At the end of the buffer, so that the sanitizer guards the frame after the last. */
    struct table_arena arena = {.bytes = frames + (FRAMES_MAX - frame_count) * PAGE_SIZE,
                                .phys = 0x1000 * (1 + below(&state, 0xf0000)),
                                .frame_count = (u32)frame_count};
    error = paging_build(&plan->options, plan->rows, plan->row_count, &arena);
    CHECK(error.code == ERROR_NONE);
    CHECK(arena.used == frame_count);
    check_tables(plan, &arena, &state, seen);
    arena.frame_count--;
    error = paging_build(&plan->options, plan->rows, plan->row_count, &arena);
    CHECK(error.code == ERROR_PAGING_TABLES_FULL);
    seen->plans++;
    seen->rows += plan->row_count;
}

static u64 setting(const char *name, u64 otherwise) {
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static void test_random_plans(void **state) {
    (void)state;
    u64 seed = setting("ALOFT_TEST_SEED", 0xa10f7), plans = setting("ALOFT_TEST_PLANS", PLANS);
    u8 *frames = aligned_alloc(PAGE_SIZE, FRAMES_MAX * PAGE_SIZE);
    struct seen seen = {0};
    printf("seed %#llx, %llu plans\n", (unsigned long long)seed, (unsigned long long)plans);
    for (u64 i = 0; i < plans; i++) {
        struct plan plan = random_plan(next_random(&seed) | 1 << 20);
        point_at_wish(&plan);
        check_plan(&plan, frames, &seen);
    }
    printf(
        "%u rows; middles in %u pages of 4 KiB, %u of 2 or 4 MiB, %u of 1 GiB; %u slots, %u runs\n",
        seen.rows, seen.page_sizes[0], seen.page_sizes[1], seen.page_sizes[2], seen.slots,
        seen.runs);
    printf("flips: %u mapped, %u absent, %u reserved, %u out of the tables\n", seen.ends[MMU_PAGE],
           seen.ends[MMU_ABSENT], seen.ends[MMU_RESERVED], seen.ends[MMU_NOWHERE]);
    assert_true(plans < 1000 || (seen.rows > plans && seen.page_sizes[1] > plans / 20 &&
                                 seen.page_sizes[2] > plans / 50 && seen.slots > plans / 3));
    for (u32 i = 0; i < PAGING_FORMAT_COUNT; i++)
        assert_true(plans < 1000 || seen.formats[i] > plans / 10);
    for (u32 end = MMU_PAGE; end <= MMU_NOWHERE; end++)
        assert_true(plans < 1000 || seen.ends[end] > plans / 4);
    free(frames);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_plans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
