#include "frames.h"

#include "test.h"

enum { FRAME = 4096 };

struct frames frames_all(const struct aloft_info *info) {
    return (struct frames){.info = info};
}

uint64_t frames_take(struct frames *frames) {
    for (ALOFT_EACH(const struct aloft_memory, m, frames->info->memory)) {
        if (m->kind != ALOFT_MEMORY_USABLE || m->start + m->size <= frames->next)
            continue;
        uint64_t frame = m->start > frames->next ? m->start : frames->next;
        frames->next = frame + FRAME;
        frames->taken++;
        return frame;
    }
    test_fail("no usable frame is left");
}
