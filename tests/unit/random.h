/* Random numbers for property tests, the same on every machine for a seed. */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include "types.h"

/* xorshift64*: any generator would do, this one is the same everywhere. */
static inline u64 next_random(u64 *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545f4914f6cdd1d;
}

static inline u64 below(u64 *state, u64 limit) {
    return (next_random(state) >> 16) % limit;
}

static inline bool one_in(u64 *state, u64 n) {
    return below(state, n) == 0;
}

#endif
