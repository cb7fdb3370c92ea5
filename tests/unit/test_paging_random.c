/* paging/ over random plans: what was asked is mapped, and nothing else.
 *
 * Each plan is built into an arena of exactly the counted size and then checked with the walker and
 * with a second walker, written here from the manual without a look at the formats' rows.
 * ALOFT_TEST_SEED sets the seed, ALOFT_TEST_PLANS the number of plans; `make unit` runs some under
 * sanitizers and a million without (PLANS, in the Makefile). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bytes.h"
#include "random_rows.h"
#include "table_cost.h"
#include "walk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef PLANS
#define PLANS 20000
#endif

enum { FRAMES_MAX = 256 };

static bool anywhere(const struct plan *plan, const struct map *row) {
    (void)plan, (void)row;
    return true;
}

static struct plan random_plan(u64 seed) {
    u64 state = seed;
    struct plan plan = random_paging(&state);
    random_rows(&state, &plan, anywhere);
    return plan;
}

/* The second walker: a page of `size` bytes at `phys`, or size 0. */
struct page {
    u64 size, phys;
    bool write, execute, user, global, uncached, combining;
};

static const u8 *table_in(const struct table_arena *arena, u64 table) {
    if (table < arena->phys || table - arena->phys >= arena->used * PAGE_SIZE)
        fail_msg("a link to %#llx, where there is no table", (unsigned long long)table);
    return arena->bytes + (table - arena->phys);
}

static u64 entry_in(const struct table_arena *arena, u64 table, u64 offset, bool wide) {
    u64 entry = 0;
    memcpy(&entry, table_in(arena, table) + offset, wide ? 8 : 4);
    return entry;
}

static struct page page_of(u64 entry, u64 size, u64 virt, bool nx, bool pge) {
    u64 phys = (entry & 0x000ffffffffff000) & ~(size - 1);
    return (struct page){.size = size,
                         .phys = phys | (virt & (size - 1)),
                         .write = entry & 2,
                         .execute = !(nx && entry >> 63),
                         .user = entry & 4,
                         .global = pge && entry & 256,
                         .uncached = (entry & 24) == 24,
                         .combining = (entry & 24) == 8};
}

/* 32-bit paging (SDM volume 3A, section 4.3). */
static struct page walk_32(const struct table_arena *arena, u32 features, bool pse, u64 virt) {
    bool pge = features & CPU_PGE;
    u64 pde = entry_in(arena, arena->phys, (virt >> 22) * 4, false);
    if (!(pde & 1))
        return (struct page){0};
    if (pse && pde & 128)
        return page_of(pde, 4 * MIB, virt, false, pge);
    assert_int_equal(pde & 6, 6);
    u64 pte = entry_in(arena, pde & 0xfffff000, (virt >> 12 & 1023) * 4, false);
    return pte & 1 ? page_of(pte, 4 * KIB, virt, false, pge) : (struct page){0};
}

/* PAE, 4-level and 5-level paging (sections 4.4 and 4.5). */
static struct page walk_64(const struct table_arena *arena, u32 features, u32 root_shift,
                           u64 virt) {
    u64 table = arena->phys;
    bool nx = features & CPU_NX, pge = features & CPU_PGE;
    for (u32 shift = root_shift;; shift -= 9) {
        u64 entry = entry_in(arena, table, (virt >> shift & 511) * 8, true);
        if (!(entry & 1))
            return (struct page){0};
        if (shift == 12 || entry & 128) {
            assert_true(shift <= 21 || (shift == 30 && root_shift > 30 && features & CPU_PAGE_1G));
            return page_of(entry, (u64)1 << shift, virt, nx, pge);
        }
        assert_int_equal(entry & 0xfff, shift == 30 && root_shift == 30 ? 1 : 7);
        assert_int_equal(entry >> 52, 0);
        table = entry & 0x000ffffffffff000;
    }
}

static struct page walk_again(const struct plan *plan, const struct table_arena *arena, u64 virt) {
    const u32 features = plan->options.cpu_features;
    switch (plan->options.format - paging_formats) {
    case PAGING_32: return walk_32(arena, features, false, virt);
    case PAGING_32_PSE: return walk_32(arena, features, true, virt);
    case PAGING_PAE: return walk_64(arena, features, 30, virt);
    case PAGING_4LEVEL: return walk_64(arena, features, 39, virt);
    default: return walk_64(arena, features, 48, virt);
    }
}

static const struct map *row_at(const struct plan *plan, u64 virt) {
    for (u32 i = 0; i < plan->row_count; i++)
        if (virt - plan->rows[i].virt < plan->rows[i].size)
            return &plan->rows[i];
    return NULL;
}

static u32 expected_attributes(const struct plan *plan, const struct map *row) {
    u32 attributes = row->attributes & ~(u32)MAP_SMALL;
    if (!(plan->options.cpu_features & CPU_PGE))
        attributes &= ~(u32)MAP_GLOBAL;
    if (attributes & MAP_WRITE_COMBINING && !(plan->options.cpu_features & CPU_PAT))
        attributes ^= MAP_WRITE_COMBINING | MAP_UNCACHED;
    if (plan->options.format->entry_size == 4 || !(plan->options.cpu_features & CPU_NX))
        attributes |= MAP_EXECUTE;
    return attributes;
}

static u32 page_attributes(const struct page *page) {
    return (u32)(page->write * MAP_WRITE | page->execute * MAP_EXECUTE | page->user * MAP_USER |
                 page->global * MAP_GLOBAL | page->uncached * MAP_UNCACHED |
                 page->combining * MAP_WRITE_COMBINING);
}

/* Both walkers must find at this address what the plan says. */
static void check_address(const struct plan *plan, const struct table_arena *arena, u64 virt) {
    struct walk walk = paging_walk(&plan->options, arena, plan->physical_bits, virt);
    if (!paging_is_canonical(plan->options.format, virt)) {
        CHECK(walk.result == WALK_NOT_CANONICAL);
        return;
    }
    const struct map *row = row_at(plan, virt);
    struct page page = walk_again(plan, arena, virt);
    CHECK((page.size != 0) == (row != NULL));
    if (!row) {
        CHECK(walk.result == WALK_ABSENT);
        return;
    }
    CHECK(walk.result == WALK_MAPPED);
    CHECK(page.phys == row->phys + (virt - row->virt));
    CHECK(walk.phys == page.phys);
    CHECK(page.size == best_page_size(&plan->options, row, virt));
    CHECK(walk.page_size == page.size);
    CHECK(page_attributes(&page) == expected_attributes(plan, row));
    CHECK(walk.attributes == page_attributes(&page));
}

static void check_row(const struct plan *plan, const struct table_arena *arena,
                      const struct map *row, u64 *state) {
    u64 last = row->virt + (row->size - 1);
    check_address(plan, arena, row->virt - 1);
    check_address(plan, arena, row->virt);
    check_address(plan, arena, row->virt + PAGE_SIZE);
    check_address(plan, arena, last - PAGE_SIZE);
    check_address(plan, arena, last);
    check_address(plan, arena, last + 1);
    for (u32 i = 0; i < 6; i++)
        check_address(plan, arena, row->virt + below(state, row->size));
    for (u32 i = 0; i < 4; i++) /* the borders of large pages on both sides of a place in the row */
        check_address(plan, arena,
                      align_down(row->virt + below(state, row->size), 2 * MIB) - (i & 1) +
                          (i & 2) * MIB);
}

/* The bytes that all leaves below a table map: with every row found where it should be, no more
 * than the sum of the rows means that nothing else is mapped. `width` is that of an entry. */
static u64 mapped_bytes(const struct plan *plan, const struct table_arena *arena, u64 table,
                        u32 level, u32 width) { /* recursion: once per level, 5 at most */
    const struct paging_format *format = plan->options.format;
    bool pae_root = format->virtual_bits == 32 && level == 2;
    u64 bytes = 0, size = (u64)1 << format->levels[level].shift;
    const u8 *entries = table_in(arena, table);
    for (u64 offset = 0; offset < PAGE_SIZE; offset += width) {
        if (offset % 64 == 0 && is_empty_run(entries + offset)) {
            offset += 64 - width;
            continue;
        }
        u64 entry = width == 8 ? load64(entries + offset) : load32(entries + offset);
        if (entry && (!(entry & 1) || (pae_root && offset >= 32)))
            fail_msg("plan %#llx: an entry that is no entry", (unsigned long long)plan->seed);
        if (entry && (level == 0 || entry & 128))
            bytes += size;
        else if (entry)
            bytes += mapped_bytes(plan, arena, entry & 0x000ffffffffff000, level - 1, width);
    }
    return bytes;
}

static void check_nothing_else(const struct plan *plan, const struct table_arena *arena) {
    u64 asked = 0, virt = 0;
    for (u32 i = 0; i < plan->row_count; i++)
        asked += plan->rows[i].size;
    CHECK(mapped_bytes(plan, arena, arena->phys, plan->options.format->level_count - 1u,
                       plan->options.format->entry_size) == asked);
}

/* What a run has seen, so that a generator gone dull shows. */
struct seen {
    u32 plans, rows, page_sizes[3], formats[PAGING_FORMAT_COUNT];
};

static void check_plan(const struct plan *plan, u8 *frames, struct seen *seen) {
    u64 state = plan->seed ^ 0x5555, virt = 0;
    u64 frame_count = 0;
    struct error error = paging_count(&plan->options, plan->rows, plan->row_count, &frame_count);
    CHECK(error.code == ERROR_NONE);
    CHECK(frame_count <= FRAMES_MAX);
    CHECK(frame_count == frames_needed(&plan->options, plan->rows, plan->row_count));
    /* At the end of the buffer, so that the sanitizer guards the frame after the last. */
    struct table_arena arena = {.bytes = frames + (FRAMES_MAX - frame_count) * PAGE_SIZE,
                                .phys = 0x1000 * (1 + below(&state, 0xf0000)),
                                .frame_count = (u32)frame_count};
    error = paging_build(&plan->options, plan->rows, plan->row_count, &arena);
    CHECK(error.code == ERROR_NONE);
    CHECK(arena.used == frame_count);
    for (u32 i = 0; i < plan->row_count; i++) {
        check_row(plan, &arena, &plan->rows[i], &state);
        u64 size = best_page_size(&plan->options, &plan->rows[i],
                                  plan->rows[i].virt + plan->rows[i].size / 2);
        seen->page_sizes[size == GIB ? 2 : size > 4 * KIB]++;
    }
    for (u32 i = 0; i < 4; i++)
        check_address(plan, &arena, random_anchor(&state, plan->options.format));
    check_nothing_else(plan, &arena);
    arena.frame_count--;
    error = paging_build(&plan->options, plan->rows, plan->row_count, &arena);
    CHECK(error.code == ERROR_PAGING_TABLES_FULL);
    seen->plans++;
    seen->formats[plan->options.format - paging_formats]++;
    seen->rows += plan->row_count;
}

static u64 setting(const char *name, u64 otherwise) {
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static void print_seen(const struct seen *seen) {
    printf(
        "%u plans made, none refused, of %u rows; middles in %u pages of 4 KiB, %u of 2 or 4 MiB, "
        "%u of 1 GiB\n",
        seen->plans, seen->rows, seen->page_sizes[0], seen->page_sizes[1], seen->page_sizes[2]);
    for (u32 i = 0; i < PAGING_FORMAT_COUNT; i++)
        printf("%s%s: %u", i ? ", " : "", paging_formats[i].name, seen->formats[i]);
    printf("\n");
}

static void test_random_plans(void **state) {
    (void)state;
    u64 seed = setting("ALOFT_TEST_SEED", 0xa10f7), plans = setting("ALOFT_TEST_PLANS", PLANS);
    u8 *frames = aligned_alloc(PAGE_SIZE, FRAMES_MAX * PAGE_SIZE);
    struct seen seen = {0};
    for (u64 i = 0; i < plans; i++) {
        struct plan plan = random_plan(next_random(&seed) | 1 << 20);
        check_plan(&plan, frames, &seen);
    }
    print_seen(&seen);
    assert_true(plans < 1000 || (seen.rows > plans && seen.page_sizes[1] > plans / 20 &&
                                 seen.page_sizes[2] > plans / 50));
    free(frames);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_plans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
