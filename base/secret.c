#include "secret.h"

void secret_wipe(void *bytes, size_t size) {
    volatile u8 *at = bytes;
    while (size--)
        *at++ = 0;
}

bool secret_equal(const void *a, const void *b, size_t size) {
    const volatile u8 *left = a, *right = b;
    u8 difference = 0;
    while (size--)
        difference |= *left++ ^ *right++;
    return !difference;
}
