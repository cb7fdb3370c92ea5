/* A .bss over memory that the loader has used: it is zeroed when the loader is done with it. */
#include "test.h"

extern const volatile uint32_t zeros[], zeros_end[];

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    for (const volatile uint32_t *word = zeros; word < zeros_end; word++)
        CHECK_VALUE(*word == 0, (uintptr_t)word);
    test_pass();
}
