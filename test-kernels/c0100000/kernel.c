/* The kernel of the classic higher-half tutorials. */
#include "test.h"

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    check_first_segment(info, 0xc0100000, 0x100000);
    test_pass();
}
