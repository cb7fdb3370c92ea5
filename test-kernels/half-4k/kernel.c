/* A higher-half kernel that maps itself in pages of 4 KiB (entry.S): just as much as it is, text
 * and constants not writable, and the screen at 0xc03ff000. */
#include "fault.h"
#include "test.h"

enum { OFFSET = 0xc0000000, SCREEN = 0xc03ff000 };

extern uint32_t page_directory[1024], page_table[1024];
extern struct aloft_info info_copy;
extern char kernel_start[], kernel_writable[], kernel_end[];
void higher_half_main(void);

_Static_assert(sizeof(struct aloft_info) <= 1024, "entry.S has room for 1024 bytes");

static void check_fault(int faulted, uintptr_t address, uintptr_t error) {
    struct fault fault = fault_last();
    CHECK_VALUE(faulted, address);
    CHECK_VALUE(fault.vector == FAULT_PAGE && fault.address == address, fault.address);
    CHECK_VALUE(fault.error == error, fault.error);
    print_fact("page fault:", address);
    print("  ");
    fault_print_reason(error);
    print("\n");
}

static unsigned count_pages(void) {
    unsigned count = 0;
    for (unsigned i = 0; i < 1024; i++)
        count += page_table[i] & 1;
    return count;
}

void higher_half_main(void) {
    if (info_copy.screen.kind == ALOFT_SCREEN_TEXT)
        info_copy.screen.virt = SCREEN;
    test_name(KERNEL_NAME, &info_copy);
    uintptr_t here = (uintptr_t)__builtin_return_address(0);
    CHECK_VALUE(here >= OFFSET, here);
    CHECK_VALUE(cpu_cr3() == (uintptr_t)page_directory - OFFSET, cpu_cr3());
    print_fact("kernel from", (uintptr_t)kernel_start);
    print_fact("kernel to", (uintptr_t)kernel_end);

    unsigned pages = (unsigned)(kernel_end - kernel_start) >> 12;
    print_decimal(pages);
    print(" pages of the kernel and one of the screen are mapped, no more\n");
    CHECK_VALUE(count_pages() == pages + 1, count_pages());
    check_fault(probe_read((uintptr_t)kernel_end), (uintptr_t)kernel_end, 0);
    check_fault(probe_read(0x100000), 0x100000, 0);
    check_fault(probe_write((uintptr_t)kernel_start), (uintptr_t)kernel_start,
                FAULT_PRESENT | FAULT_WRITE);
    CHECK(!probe_write((uintptr_t)&info_copy.loader_name_virt));
    CHECK(!probe_write(SCREEN + 160));
    test_pass();
}
