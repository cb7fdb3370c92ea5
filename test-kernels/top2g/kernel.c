/* A 64-bit kernel in the top 2 GiB. */
#include "test.h"

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    check_first_segment(info, 0xffffffff80100000, 0x100000);
    test_pass();
}
