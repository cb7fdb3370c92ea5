/* Paging, turned on by the kernel itself: tables of 4 KiB pages that map the kernel at its own
 * address, CR3, then CR0.PG. And what happens to the next instruction if its page is missing, or is
 * another one. Boot it with --paging=off. */
#include "fault.h"
#include "space32.h"
#include "test.h"

struct boot {
    const struct aloft_info *info;
    struct space32 space;
};

_Noreturn void enable_paging(uint32_t directory, const struct boot *boot);
void paging_is_on(const struct boot *boot);
int page_one(void);
int page_two(void);

static void identity(struct boot *boot, const char *what, uint64_t start, uint64_t size) {
    print("identity map ");
    print_digits(start, 8);
    print("-");
    print_digits(start + size - 1, 8);
    print("  ");
    print(what);
    print("\n");
    space32_identity(&boot->space, (uint32_t)start, (uint32_t)size, ENTRY_WRITE);
}

/* Without paging nothing is checked: an address without memory behind it is no exception. */
static void read_where_nothing_is(void) {
    CHECK(!probe_read(0xc0100000));
    print("paging is off: reading 0xc0100000 raises no exception\n");
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    CHECK_VALUE((cpu_cr0() & CR0_PG) == 0, cpu_cr0());
    read_where_nothing_is();

    struct frames frames = frames_all(info);
    struct boot boot = {.info = info, .space = space32_new(&frames, 0)};
    for (ALOFT_EACH(const struct aloft_segment, s, info->segments))
        identity(&boot, "the kernel", s->phys, s->size);
    identity(&boot, "the stack that call and push use", info->stack_phys, info->stack_size);
    identity(&boot, "the GDT, which every exception reads", info->handoff_phys, info->handoff_size);
    identity(&boot, "the tables, to change them later; the screen", 0x1000, 0xff000);
    print_fact("page directory at physical", boot.space.root);
    enable_paging(boot.space.root, &boot);
}

/* The address has 10 bits of directory index, 10 of table index, 12 of offset. */
static void show_split(const struct space32 *space, uint32_t virt) {
    const uint32_t *directory = space32_frame(space, space->root);
    print_fact("address", virt);
    print("  directory entry ");
    print_decimal(virt >> 22);
    print_fact(":", directory[virt >> 22]);
    print("  table entry ");
    print_decimal(virt >> 12 & 1023);
    print_fact(":", *space32_entry(space, virt));
    print_fact("  offset", virt & 0xfff);
    CHECK_VALUE((*space32_entry(space, virt) & ~0xfffu) == (virt & ~0xfffu), virt);
}

static void fetch_fails(uintptr_t address) {
    CHECK_VALUE(probe_execute(address), address);
    struct fault fault = fault_last();
    CHECK_VALUE(fault.vector == FAULT_PAGE, fault.vector);
    CHECK_VALUE(fault.address == address, fault.address);
    print_fact("no entry: fetching the instruction is a page fault, CR2 =", fault.address);
}

static void fetch_elsewhere(const struct space32 *space) {
    uint32_t *entry = space32_entry(space, (uint32_t)(uintptr_t)page_one);
    uint32_t before = *entry;
    CHECK(page_one() == 1);
    *entry = (uint32_t)(uintptr_t)page_two | ENTRY_PRESENT;
    cpu_invlpg((uintptr_t)page_one);
    CHECK(page_one() == 2);
    *entry = before;
    cpu_invlpg((uintptr_t)page_one);
    CHECK(page_one() == 1);
    print("the entry of another frame: another frame's instructions run\n");
}

void paging_is_on(const struct boot *boot) {
    uintptr_t here = (uintptr_t)__builtin_return_address(0);
    CHECK_VALUE((cpu_cr0() & CR0_PG) != 0, cpu_cr0());
    CHECK_VALUE(cpu_cr3() == boot->space.root, cpu_cr3());
    CHECK_VALUE(here - 0x100000 < 0x100000, here);
    print_fact("paging is on: CR0 =", cpu_cr0());
    print_fact("the code goes on where it was, at", here);
    show_split(&boot->space, (uint32_t)here);
    fetch_fails(0x400000);
    fetch_elsewhere(&boot->space);
    CHECK(probe_read(0xc0100000));
    struct fault fault = fault_last();
    CHECK_VALUE(fault.vector == FAULT_PAGE && fault.address == 0xc0100000, fault.vector);
    print("reading 0xc0100000 now is a page fault (14), not a protection fault (13)\n");
    test_pass();
}
