/* A higher half whose offset is no multiple of a large page. */
#include "test.h"

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    check_first_segment(info, 0xc0000000, 0x100000);
    test_pass();
}
