/* Segments that share a page: each keeps its bytes, the page gets the rights of both
 * (check_info()). */
#include "test.h"

static volatile uint32_t data = 0x72617764;
static volatile uint32_t bss[2000];

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    check_first_segment(info, 0xc0100140, 0x100140);

    CHECK(info->segments.count == 3);
    const struct aloft_segment *s = ALOFT_POINTER(struct aloft_segment, info->segments.virt);
    CHECK((s[0].virt + s[0].size) >> 12 == s[1].virt >> 12);
    CHECK((s[1].virt + s[1].size) >> 12 == s[2].virt >> 12);
    CHECK_VALUE(data == 0x72617764, data);
    for (unsigned i = 0; i < sizeof bss / sizeof *bss; i++)
        CHECK_VALUE(bss[i] == 0, i);
    data = 1;
    test_pass();
}
