/* How far a long load is: a line at the bottom of the screen.
 *
 * The disk counts what it reads after each BIOS call, which costs a comparison. A load that takes
 * less than half a second shows nothing. After that the line is written anew for each sixteenth of
 * the load, or each 16 MiB of a long one: how often does not depend on how slow the disk is, and it
 * all stays below 0.1% of the instructions of the load (tests/boot/test_counts.py). */
#ifndef STAGE2_PROGRESS_H
#define STAGE2_PROGRESS_H

#include "types.h"

struct progress {
    u64 done, total; /* bytes */
    u64 next;        /* what `done` will be when the line is written again */
    u32 begun;       /* clock_ticks() */
    bool is_shown;
};

struct progress progress_begin(u64 total);
void progress_add(struct progress *progress, u32 bytes);
void progress_end(struct progress *progress);

#endif
