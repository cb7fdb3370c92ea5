/* A run of bytes in memory, and little-endian loads from it.
 *
 * Structures on disk are never cast onto a buffer: a field is load32(bytes + offset), which works
 * at any alignment, on any host byte order, and needs no packing attribute. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "types.h"

struct bytes {
    const u8 *at;
    size_t size;
};

static inline u16 load16(const u8 *at) {
    return (u16)(at[0] | at[1] << 8);
}

static inline u32 load32(const u8 *at) {
    return at[0] | (u32)at[1] << 8 | (u32)at[2] << 16 | (u32)at[3] << 24;
}

static inline u64 load64(const u8 *at) {
    return load32(at) | (u64)load32(at + 4) << 32;
}

static inline void store16(u8 *at, u16 value) {
    at[0] = (u8)value;
    at[1] = (u8)(value >> 8);
}

static inline void store32(u8 *at, u32 value) {
    store16(at, (u16)value);
    store16(at + 2, (u16)(value >> 16));
}

static inline void store64(u8 *at, u64 value) {
    store32(at, (u32)value);
    store32(at + 4, (u32)(value >> 32));
}

#endif
