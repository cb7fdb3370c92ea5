/* The registers as they were at the kernel's first instruction; the order is entry.S's. */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include <stdint.h>

struct entry_state {
    uintptr_t ax, bx, cx, dx, si, di, bp, sp, flags;
#ifdef __x86_64__
    uintptr_t r8, r9, r10, r11, r12, r13, r14, r15;
#endif
};

extern struct entry_state entry_state;

#endif
