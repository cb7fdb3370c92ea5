/* A kernel that wants the memory of the loader: it arrives whole. */
#include "pattern.h"
#include "test.h"

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    check_first_segment(info, 0xc0007000, 0x7000);
    const volatile uint32_t *bad = pattern_mismatch();
    CHECK_VALUE(bad == pattern_end, (uintptr_t)bad);
    test_pass();
}
