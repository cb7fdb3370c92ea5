/* How long the parts of a boot take, in cycles of the time stamp counter.
 *
 * main.c's story ends a lap at each milestone: the time since the lap before goes to one part. What
 * belongs to none (a menu that waits, messages) goes to `other`, and so into the total alone. Of an
 * attempt that failed each part keeps what was done; the rest goes to `other`. The counter runs
 * while the BIOS works, unlike the BIOS's own clock (clock.h), and costs one instruction. How fast
 * it runs nobody says without a delay, so cycles stay cycles. On a processor without it everything
 * stays 0. */
#ifndef STAGE2_TIMING_H
#define STAGE2_TIMING_H

#include "aloft.h"
#include "types.h"

struct timing {
    bool has_counter;
    u64 last; /* when the last lap ended */
    u64 other;
    struct aloft_timings spent; /* its total: until the last lap's end */
};

/* The first lap begins. */
void timing_begin(struct timing *timing);

/* A lap ends, and its time is added to *part, which is in `timing`. */
void timing_lap(struct timing *timing, uint64_t *part);

#endif
