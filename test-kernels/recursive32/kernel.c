/* An entry of the page directory points to the directory itself: 32-bit tables that map themselves.
 * With entry 1023, the directory is seen at 0xfffff000, table n at 0xffc00000 + n * 4096, and so
 * the entry of address A, as one array, at index A / 4096 from 0xffc00000 on. */
#include "check.h"
#include "fault.h"
#include "frames.h"
#include "test.h"

enum { LAST = 1023, PRESENT = 1, PRESENT_WRITE = 3, LARGE = 0x80 };

static volatile uint32_t *directory, *entries;

static uint32_t slot_of(const struct aloft_info *info) {
    if (info->recursive_slot != ALOFT_NO_SLOT) {
        print("the loader points an entry to the directory:");
        return info->recursive_slot;
    }
    volatile uint32_t *seen = ALOFT_POINTER(volatile uint32_t, info->tables_virt);
    CHECK_VALUE((seen[LAST] & PRESENT) == 0, seen[LAST]);
    seen[LAST] = (uint32_t)cpu_cr3() | PRESENT_WRITE;
    print("the kernel points an entry to the directory:");
    return LAST;
}

static void find_tables(const struct aloft_info *info) {
    uint32_t slot = slot_of(info);
    print_character(' ');
    print_decimal(slot);
    print("\n");
    entries = ALOFT_POINTER(volatile uint32_t, slot << 22);
    directory = ALOFT_POINTER(volatile uint32_t, slot << 22 | slot << 12);
    CHECK_VALUE((directory[slot] & ~0xfffu) == cpu_cr3(), directory[slot]);
    print_fact("the directory is seen at", (uintptr_t)directory);
}

static void check_mappings(const struct aloft_info *info) {
    for (ALOFT_EACH(const struct aloft_mapping, row, info->mappings)) {
        uint32_t virt = (uint32_t)row->virt, upper = directory[virt >> 22];
        CHECK_VALUE((upper & PRESENT) != 0, virt);
        if ((upper & LARGE) != 0)
            CHECK_VALUE((upper & 0xffc00000) + (virt & 0x3fffff) == row->phys, virt);
        else
            CHECK_VALUE((entries[virt >> 12] & ~0xfffu) == row->phys, virt);
    }
}

static void show(uint32_t virt) {
    print_fact("address", virt);
    print_fact("  its directory entry is at", (uintptr_t)&directory[virt >> 22]);
    print_fact("    and is", directory[virt >> 22]);
    print_fact("  its table entry is at", (uintptr_t)&entries[virt >> 12]);
    print_fact("    and is", entries[virt >> 12]);
}

/* A new table is cleared through the address at which it is a table. */
static void map(struct frames *frames, uint32_t virt, uint32_t phys) {
    if ((directory[virt >> 22] & PRESENT) == 0) {
        directory[virt >> 22] = (uint32_t)frames_take(frames) | PRESENT_WRITE;
        for (unsigned i = 0; i < 1024; i++)
            entries[(virt >> 22) * 1024 + i] = 0;
    }
    entries[virt >> 12] = phys | PRESENT_WRITE;
    cpu_invlpg(virt);
}

/* A page that is not mapped: in the highest 4 MiB without a table, else (with much memory all have
 * one) above the boot information, where nothing is. */
static uint32_t free_page(const struct aloft_info *info) {
    for (uint32_t n = LAST - 1; n > 0; n--)
        if ((directory[n] & PRESENT) == 0)
            return n << 22;
    return (uint32_t)(info->handoff_virt + info->handoff_size + 0x10000);
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    CHECK_VALUE(info->paging == ALOFT_PAGING_32 || info->paging == ALOFT_PAGING_32_PSE,
                info->paging);
    struct frames frames = frames_all(info);
    find_tables(info);
    check_mappings(info);
    show((uint32_t)(uintptr_t)kernel_main);

    uint32_t virt = free_page(info), frame = (uint32_t)frames_take(&frames);
    CHECK(probe_read(virt) && fault_last().address == virt);
    map(&frames, virt, frame);
    *ALOFT_POINTER(volatile uint32_t, virt) = 0x600dc0de;
    CHECK(*ALOFT_POINTER(volatile uint32_t, virt) == 0x600dc0de);
    print("new tables: ");
    print_decimal(frames.taken - 1);
    print_fact("; a new page, written and read, at", virt);

    entries[virt >> 12] = 0;
    cpu_invlpg(virt);
    CHECK(probe_read(virt) && fault_last().address == virt);
    print("taken away again: page fault\n");
    test_pass();
}
