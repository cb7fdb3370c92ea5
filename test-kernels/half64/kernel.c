/* A 64-bit kernel where the direct map would be: both agree on the pages. */
#include "test.h"

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    check_first_segment(info, 0xffff800000100000, 0x100000);
    test_pass();
}
