/* 32 MiB from the file: every byte arrives. */
#include "pattern.h"
#include "test.h"

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    check_first_segment(info, 0xc0100000, 0x100000);
    CHECK(pattern_end - pattern_start == (32 << 20) / 4);
    const volatile uint32_t *bad = pattern_mismatch();
    CHECK_VALUE(bad == pattern_end, (uintptr_t)bad);
    test_pass();
}
