/* Segments below 1 MiB, up to near the BIOS's own data at the top of conventional memory. */
#include "test.h"

extern volatile uint32_t filler[], filler_end[];

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    check_first_segment(info, 0xc0050000, 0x50000);
    for (volatile uint32_t *word = filler; word < filler_end; word++)
        CHECK_VALUE(*word == 0, (uintptr_t)word);
    test_pass();
}
