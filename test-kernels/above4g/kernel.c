/* A segment above 4 GiB, where the loader's own 32-bit code cannot reach: file bytes and zeros. */
#include "pattern.h"
#include "test.h"

enum { ZEROS = 16384 };
__attribute__((section(".bss.high"))) static volatile uint32_t zeros[ZEROS];

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    check_first_segment(info, 0xffffffff80100000, 0x100000);

    CHECK(info->segments.count == 4);
    const struct aloft_segment *s = ALOFT_POINTER(struct aloft_segment, info->segments.virt);
    CHECK_VALUE(s[3].virt == 0xffffffff90000000, s[3].virt);
    CHECK_VALUE(s[3].phys == 0x100000000, s[3].phys);
    const volatile uint32_t *bad = pattern_mismatch();
    CHECK_VALUE(bad == pattern_end, (uintptr_t)bad);
    for (unsigned i = 0; i < ZEROS; i++)
        CHECK_VALUE(zeros[i] == 0, i);
    test_pass();
}
