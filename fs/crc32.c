#include "crc32.h"

#define POLYNOMIAL 0xedb88320u /* reflected */

static u32 step(u32 crc) {
    return crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
}

u32 crc32_add(u32 crc, const u8 *bytes, u32 size) {
    for (u32 i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (u32 bit = 0; bit < 8; bit++)
            crc = step(crc);
    }
    return crc;
}

/* The product of two polynomials modulo POLYNOMIAL; x^0 is the highest bit. */
static u32 multiply(u32 a, u32 b) {
    u32 product = 0;
    for (; a; a <<= 1, b = step(b))
        if (a >> 31)
            product ^= b;
    return product;
}

/* A zero byte multiplies the sum by x^8. */
u32 crc32_zeros(u32 crc, u32 size) {
    for (u32 power = 1u << (31 - 8); size; size >>= 1, power = multiply(power, power))
        if (size & 1)
            crc = multiply(crc, power);
    return crc;
}
