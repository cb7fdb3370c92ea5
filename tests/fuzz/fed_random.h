/* In the place of tests/unit/random.h: the numbers are the fuzzer's bytes, so that it chooses what
 * the generators of the unit tests make. Behind the end of the input they are those of one seed,
 * for a generator may ask until it likes the answer. */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include "fuzz.h"

static struct feed fed;

/* xorshift64, behind the end. */
static inline u64 next_random(u64 *state) {
    if (fed.left)
        return feed_number(&fed, 8);
    *state = *state ? *state : 1;
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* As few bytes as the limit needs. */
static inline u64 below(u64 *state, u64 limit) {
    u32 width = limit <= 0x100 ? 1 : limit <= 0x10000 ? 2 : limit <= (u64)1 << 32 ? 4 : 8;
    u64 number = fed.left ? feed_number(&fed, width) : next_random(state) >> 16;
    return number % limit;
}

static inline bool one_in(u64 *state, u64 n) {
    return below(state, n) == 0;
}

#endif
