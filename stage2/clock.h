/* Time: the BIOS counts ticks of the timer since midnight, 18.2 a second (IBM PC/AT technical
 * reference). It does so in its interrupt handler, and interrupts are off in protected mode, so
 * time goes on during BIOS calls only: input_idle() and the disk's calls let it. */
#ifndef STAGE2_CLOCK_H
#define STAGE2_CLOCK_H

#include "bios.h"

enum { TICKS_A_DAY = 0x1800b0, TICKS_A_SECOND = 18, TICKS_10_SECONDS = 182 };

static inline u32 clock_ticks(void) {
    return *(volatile u32 *)bda(BDA_TICKS);
}

static inline u32 clock_since(u32 then) {
    u32 now = clock_ticks();
    return now >= then ? now - then : now + TICKS_A_DAY - then;
}

#endif
