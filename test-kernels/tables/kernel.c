/* The page tables, reached in each of the ways that there are; the kernel's name says which. The
 * walk to an address of the kernel, level by level, then a mapping made and taken away in the same
 * way. */
#include "check.h"
#include "fault.h"
#include "reach.h"
#include "test.h"

static const uint64_t offset_of_ten_tib = 0xa0000000000;
static const uint64_t new_page = 0xdeadbeaf000;

/* ---- the ways ---- */

static struct reach identity_way(void) {
    print("a table at physical P is at virtual P: the identity map\n");
    return (struct reach){.way = REACH_OFFSET, .offset = 0};
}

static struct reach offset_way(const struct aloft_info *info) {
    CHECK_VALUE(info->direct_virt == offset_of_ten_tib, info->direct_virt);
    print("a table at physical P is at virtual 10 TiB + P; 10 TiB is level 4 entry ");
    print_decimal(reach_index(offset_of_ten_tib, 4));
    print("\n");
    CHECK(reach_index(offset_of_ten_tib, 4) == 20);
    return (struct reach){.way = REACH_OFFSET, .offset = offset_of_ten_tib};
}

static struct reach direct_way(const struct aloft_info *info) {
    CHECK(info->direct_virt != ALOFT_NO_ADDRESS);
    print_fact("all physical memory is mapped from", info->direct_virt);
    print_fact("physical memory up to", info->direct_end);
    print("all page tables together: ");
    print_size(info->table_frames * PAGE);
    print("\n");
    return (struct reach){.way = REACH_OFFSET, .offset = info->direct_virt};
}

static struct reach window_way(const struct aloft_info *info) {
    CHECK_VALUE(info->temporary_slots > reach_levels(), info->temporary_slots);
    print_decimal(info->temporary_slots);
    print_fact(" pages to show a frame in for a while, from", info->temporary_virt);
    print("the first of them shows the table that maps them\n");
    return (struct reach){.way = REACH_WINDOW, .window = info->temporary_virt};
}

static struct reach recursive_way(const struct aloft_info *info) {
    CHECK(info->recursive_slot != ALOFT_NO_SLOT);
    print("entry ");
    print_decimal(info->recursive_slot);
    print(" of the top table points to the top table\n");
    return (struct reach){.way = REACH_RECURSIVE, .slot = info->recursive_slot};
}

/* The same, made by the kernel: a free entry, written through the direct map. */
static struct reach own_recursive_way(const struct aloft_info *info) {
    enum { SLOT = 300 };
    CHECK(info->direct_virt != ALOFT_NO_ADDRESS);
    volatile uint64_t *top = ALOFT_POINTER(volatile uint64_t, info->direct_virt + cpu_cr3());
    CHECK_VALUE((top[SLOT] & ENTRY_PRESENT) == 0, top[SLOT]);
    top[SLOT] = cpu_cr3() | ENTRY_PRESENT | ENTRY_WRITE;
    print("the kernel points entry 300 of the top table to the top table\n");
    return (struct reach){.way = REACH_RECURSIVE, .slot = SLOT};
}

static struct reach way_of(const struct aloft_info *info) {
    if (string_same(KERNEL_NAME, "tables-identity"))
        return identity_way();
    if (string_same(KERNEL_NAME, "tables-offset"))
        return offset_way(info);
    if (string_same(KERNEL_NAME, "tables-direct"))
        return direct_way(info);
    if (string_same(KERNEL_NAME, "tables-window"))
        return window_way(info);
    if (string_same(KERNEL_NAME, "tables-recursive"))
        return recursive_way(info);
    return own_recursive_way(info);
}

/* ---- what is done with them ---- */

static void show_walk(const struct reach *reach, uint64_t virt) {
    struct reach_end end = reach_walk(reach, virt);
    uint64_t table = cpu_cr3();
    print_fact("the way to", virt);
    for (unsigned level = reach_levels(); level >= end.level; level--) {
        volatile uint64_t *entries = reach_table(reach, level, virt, table);
        uint64_t entry = entries[reach_index(virt, level)];
        print("  level ");
        print_decimal(level);
        print(" table, physical ");
        print_hex(table);
        print(", seen at ");
        print_hex((uintptr_t)entries);
        print(": entry ");
        print_decimal(reach_index(virt, level));
        print_fact(" is", entry);
        table = entry & 0x000ffffffffff000;
    }
    print_fact("  so it is physical", reach_translate(reach, virt));
}

/* Every mapping begins where the boot information says. */
static void check_mappings(const struct reach *reach, const struct aloft_info *info) {
    for (ALOFT_EACH(const struct aloft_mapping, row, info->mappings))
        CHECK_VALUE(reach_translate(reach, row->virt) == row->phys, row->virt);
}

/* New tables come from frames that the way must show, too. */
static bool sees_new_frames(const struct paging *paging, const struct reach *reach) {
    struct frames frames = frames_all(paging->info);
    uint64_t frame = frames_take(&frames);
    struct page page = page_at(paging, reach->offset + frame);
    return reach->way != REACH_OFFSET ||
           (page.mapped && page.phys + (reach->offset + frame - page.virt) == frame);
}

static void make_mapping(const struct reach *reach, struct frames *frames) {
    uint64_t frame = frames_take(frames);
    unsigned tables = reach_map(reach, new_page, frame, ENTRY_WRITE, frames);
    volatile uint64_t *word = ALOFT_POINTER(volatile uint64_t, new_page);
    *word = 0xf021f077f065f04e;
    CHECK(*word == 0xf021f077f065f04e);
    CHECK(reach_translate(reach, new_page) == frame);
    print_hex(new_page);
    print(" -> ");
    print_hex(frame);
    print(": mapped with ");
    print_decimal(tables);
    print(" new tables, written, read\n");

    struct reach_end end = reach_walk(reach, new_page);
    reach_table(reach, 1, new_page, end.table)[reach_index(new_page, 1)] = 0;
    cpu_invlpg(new_page);
    CHECK(probe_read(new_page) && fault_last().address == new_page);
    print("taken away again: page fault\n");
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    struct paging paging = paging_now(info);
    struct frames frames = frames_all(info);
    struct reach reach = way_of(info);
    bool can_grow = sees_new_frames(&paging, &reach);

    show_walk(&reach, (uintptr_t)kernel_main);
    check_mappings(&reach, info);
    CHECK(reach_translate(&reach, info->stack_virt - 1) == ALOFT_NO_ADDRESS);
    if (can_grow)
        make_mapping(&reach, &frames);
    else
        print("a free frame is not seen this way: no new table can be made\n");
    test_pass();
}
