/* How far a long load is: a line at the bottom of the screen.
 *
 * The disk counts what it reads after each BIOS call, which costs a comparison of two clock
 * readings. A load that takes less than half a second shows nothing. */
#ifndef STAGE2_PROGRESS_H
#define STAGE2_PROGRESS_H

#include "types.h"

struct progress {
    u64 done, total; /* bytes */
    u32 begun, seen; /* clock_ticks() */
    bool is_shown;
};

struct progress progress_begin(u64 total);
void progress_add(struct progress *progress, u32 bytes);
void progress_end(struct progress *progress);

#endif
