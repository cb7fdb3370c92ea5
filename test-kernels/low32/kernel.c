/* A 32-bit kernel without AT(): virtual and physical addresses are equal. */
#include "test.h"

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    check_first_segment(info, 0x100000, 0x100000);
    test_pass();
}
