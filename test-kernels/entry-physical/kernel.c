/* A higher-half kernel whose e_entry is physical runs at its virtual address all the same. */
#include "test.h"

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    check_first_segment(info, 0xc0100000, 0x100000);
    test_pass();
}
