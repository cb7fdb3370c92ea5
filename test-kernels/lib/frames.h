/* The simplest frame allocator: every usable frame once, in order of address, none ever given
 * back. The memory map is all that it needs. */
#ifndef LIB_FRAMES_H
#define LIB_FRAMES_H

#include "aloft.h"

struct frames {
    const struct aloft_info *info;
    uint64_t next;  /* physical */
    uint32_t taken; /* how many */
};

struct frames frames_all(const struct aloft_info *info);

/* Physical address of a frame; the test fails when there is none left. It is not zeroed. */
uint64_t frames_take(struct frames *frames);

#endif
