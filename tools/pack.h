/* The packing of stage 2: a byte-oriented Lempel-Ziv format whose unpacker (stage2/head.asm) needs
 * about sixteen instructions a sequence.
 *
 * Packed data is a list of sequences. A sequence copies literals, then a match: bytes that stand
 * `offset` bytes before, in what is unpacked already.
 *
 *   token           bits 7-6  offset: 0 the same as in the last sequence
 *                                     1 one byte: 1 to 128, negated
 *                                     2 one byte: 129 to 384, as 384 less it
 *                                     3 two bytes, low first: 1 to 65536, negated
 *                   bits 5-4  literals: 0 to 2, or 3 and more (see below)
 *                   bits 3-0  length of the match less 2: 0 to 14, or 15 and more
 *   more literals   if bits 5-4 are 3: bytes to add to it, up to and with the first that is not 255
 *   the literals
 *   the offset
 *   more length     if bits 3-0 are 15: likewise
 *
 * The data ends after the literals of a sequence with 3 and more of them, when as much is unpacked
 * as there was. */
#ifndef TOOLS_PACK_H
#define TOOLS_PACK_H

#include "types.h"

enum {
    PACK_LITERALS_MAX = 1024, /* a longer run without a match cannot be packed */
    PACK_OFFSET_MAX = 65536,
};

/* Packs `size` bytes, at least 3, into at most `room` bytes, as small as the format allows but for
 * choices that depend on the last offset. Returns the packed size; 0 if it does not fit the room or
 * the limit above, or without memory. */
u32 pack(const u8 *from, u32 size, u8 *to, u32 room);

/* Packs into a raw stream of LZMA, as base/unlzma.h wants it. Returns the packed size; 0 if it does
 * not fit the room. */
u32 pack_lzma(const u8 *from, u32 size, u8 *to, u32 room);

/* Before packing, the operand of every CALL (E8h and four bytes) is turned from a distance into a
 * place in the whole, so that calls of one function look alike; after unpacking it is turned back.
 * A byte E8h that is no CALL is treated like one: the change can always be undone. `bytes` are
 * those of a part that begins at the place `base` of a whole of n bytes. With a CALL at place p, an
 * operand d becomes
 *
 *   d + p    if that is a place in the whole (0 to n - 1)
 *   d - n    if d is at least n - p, and below n (then no d + p looks like it)
 *   d        else
 *
 * The search goes on behind the operand. */
void calls_to_places(u8 *bytes, u32 size, u32 base, u32 whole);
void calls_to_distances(u8 *bytes, u32 size, u32 base, u32 whole);

/* The reference for the unpacker in stage2/head.asm, with every access checked. Returns how many
 * bytes of `from` were used; 0 if they are not `size` packed bytes. */
u32 unpack(const u8 *from, u32 from_size, u8 *to, u32 size);

#endif
