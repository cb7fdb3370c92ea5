/* LZMA, for what is unpacked seldom: it would be a quarter larger in the format of tools/pack.h,
 * but there a byte costs three instructions to unpack and here 280.
 *
 * The bytes are a raw LZMA1 stream with lc=2, lp=0, pb=0, without a header; the caller knows how
 * much it unpacks to. tools/seal.c makes it with liblzma.
 *
 * Specification: LZMA specification (draft of 2015), sections "Range decoder" to "LZMA decoder". */
#ifndef BASE_UNLZMA_H
#define BASE_UNLZMA_H

#include "types.h"

enum {
    LZMA_LC = 2, /* bits of the byte before that choose the model of a literal */
    LZMA_STATES = 12,
    LZMA_LITERALS = 0x300 << LZMA_LC,
    LZMA_LENGTHS = 2 + 8 + 8 + 256,
    LZMA_PROBS = 6 * LZMA_STATES + 4 * 64 + 128 + 16 + 2 * LZMA_LENGTHS + LZMA_LITERALS,
};

/* The adaptive model: 8 KiB that the caller lends. Contents do not matter. */
struct lzma_model {
    u16 probs[LZMA_PROBS];
};

/* Unpacks `size` bytes. False if the stream is not one, or needs more than from_size bytes; what
 * was written by then is within `size`. */
MUST_USE bool unlzma(const u8 *from, u32 from_size, u8 *to, u32 size, struct lzma_model *model);

#endif
