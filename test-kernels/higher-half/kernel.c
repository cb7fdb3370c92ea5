/* A higher-half kernel that does it all by itself (entry.asm): compile-time tables with one page of
 * 4 MiB, lea and jmp, then an empty lower half. */
#include "fault.h"
#include "test.h"

enum { OFFSET = 0xc0000000, TEXT_BUFFER = 0xb8000 };

extern uint32_t page_directory[1024];
extern struct aloft_info info_copy;
void higher_half_main(void);

static void check_directory(void) {
    CHECK_VALUE(cpu_cr3() == (uintptr_t)page_directory - OFFSET, cpu_cr3());
    for (unsigned i = 0; i < 1024; i++)
        CHECK_VALUE(i == OFFSET >> 22 || page_directory[i] == 0, i);
    print_fact("page directory: virtual", (uintptr_t)page_directory);
    print_fact("page directory: physical, in CR3,", cpu_cr3());
}

static void check_gone(uintptr_t address) {
    CHECK_VALUE(probe_read(address), address);
    struct fault fault = fault_last();
    CHECK_VALUE(fault.vector == FAULT_PAGE && fault.error == 0, fault.error);
    CHECK_VALUE(fault.address == address, fault.address);
    print_fact("page fault, as it should be, at", address);
}

static void check_text_buffer(volatile uint16_t *cells) {
    static const char text[] = "0xc00b8000 is the screen";
    for (unsigned i = 0; text[i] != 0; i++)
        cells[80 + i] = (uint16_t)(0x1f00 | text[i]);
    for (unsigned i = 0; text[i] != 0; i++)
        CHECK_VALUE(cells[80 + i] == (0x1f00 | text[i]), i);
    print_fact("the text screen is at", (uintptr_t)cells);
}

void higher_half_main(void) {
    /* Pointers in it that were made before count no longer: physical ones take the offset. */
    if (info_copy.screen.kind == ALOFT_SCREEN_TEXT)
        info_copy.screen.virt = info_copy.screen.phys + OFFSET;
    test_name(KERNEL_NAME, &info_copy);
    uintptr_t here = (uintptr_t)__builtin_return_address(0);
    print_fact("EIP is in the higher half:", here);
    CHECK_VALUE(here >= OFFSET, here);
    CHECK_VALUE((uintptr_t)__builtin_frame_address(0) >= OFFSET, here);
    check_directory();
    check_gone(0);
    check_gone(0x100000);
    check_gone(TEXT_BUFFER);
    check_text_buffer(ALOFT_POINTER(volatile uint16_t, OFFSET + TEXT_BUFFER));
    test_pass();
}
