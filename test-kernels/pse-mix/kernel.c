/* Pages of 4 KiB and of 4 MiB side by side: the first 4 MiB, which hold a page that shall not be
 * there, in small pages, the rest in large ones. On a CPU without large pages small ones do for all
 * that the kernel needs. Boot it with --paging=off. */
#include "fault.h"
#include "space32.h"
#include "test.h"

enum { HIGH = 0xc0000000 };

static void map_small(struct space32 *space, const struct aloft_info *info) {
    space32_identity(space, PAGE, LARGE_PAGE - PAGE, ENTRY_WRITE);
    if (cpu_has_pse())
        return;
    space32_identity(space, (uint32_t)info->stack_phys, (uint32_t)info->stack_size, ENTRY_WRITE);
    space32_identity(space, (uint32_t)info->handoff_phys, (uint32_t)info->handoff_size,
                     ENTRY_WRITE);
    for (uint32_t at = 0; at < LARGE_PAGE; at += PAGE)
        space32_map(space, HIGH + at, at, ENTRY_WRITE);
}

static void map_large(struct space32 *space) {
    for (uint32_t at = LARGE_PAGE; at < HIGH; at += LARGE_PAGE)
        space32_map_large(space, at, at, ENTRY_WRITE);
    space32_map_large(space, HIGH, 0, ENTRY_WRITE);
}

/* PSE first: with PG on and PSE off, entries with bit 7 would be taken for page tables. */
static void enable(const struct space32 *space, bool large) {
    cpu_set_cr3(space->root);
    if (large)
        cpu_set_cr4(cpu_cr4() | CR4_PSE);
    cpu_set_cr0(cpu_cr0() | CR0_PG);
}

static void show(const struct space32 *space, uint32_t virt, uint32_t phys) {
    uint32_t entry = *space32_entry(space, virt);
    bool large = (entry & ENTRY_LARGE) != 0;
    uint32_t in_page = virt & (large ? LARGE_PAGE - 1 : PAGE - 1);
    CHECK_VALUE((entry & ENTRY_PRESENT) != 0, virt);
    CHECK_VALUE((entry & ~(large ? LARGE_PAGE - 1 : PAGE - 1)) + in_page == phys, entry);
    CHECK_VALUE(!probe_read(virt), virt);
    print("0x");
    print_digits(virt, 8);
    print(" -> 0x");
    print_digits(phys, 8);
    print(large ? "  page of 4 MiB\n" : "  page of 4 KiB\n");
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    bool large = cpu_has_pse();
    struct frames frames = frames_all(info);
    struct space32 space = space32_new(&frames, 0);

    print(large ? "this CPU has pages of 4 MiB\n" : "this CPU has no pages of 4 MiB\n");
    map_small(&space, info);
    if (large)
        map_large(&space);
    enable(&space, large);

    show(&space, 0x00100000, 0x00100000);
    if (large)
        show(&space, 0x00400000, 0x00400000);
    show(&space, (uint32_t)info->stack_virt, (uint32_t)info->stack_phys);
    show(&space, 0xc00b8000, 0x000b8000);
    CHECK(probe_read(0) && fault_last().vector == FAULT_PAGE);
    print("0x00000000 is not mapped: only a small page can be left out alone\n");
    print_decimal(space.tables);
    print(" frames of tables\n");
    test_pass();
}
