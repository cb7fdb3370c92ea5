/* After the moves of the trampoline nothing that the loader worked with is left. */
#ifndef TEST_WIPE_CHECK_H
#define TEST_WIPE_CHECK_H

#include "plan.h"

/* The moves that only zero, where nothing is handed over in the loader's memory. */
enum { WIPES = 3 };

/* The first byte that is left in the loader's memory, but for its code, for what is handed over
 * there, and for the kernel's own bytes; LOADER_END if none is. `ram` begins at address 0. */
static inline u64 left_of_loader(const struct plan *plan, const u8 *ram) {
    static const u8 zeros[256];
    const struct image *image = plan->image;
    struct range info = {plan->info_phys, plan->info_size + PAGE_SIZE};
    struct range real = {LOADER_REAL, LOADER_REAL_END - LOADER_REAL};
    for (u64 at = LOADER_START; at < LOADER_END; at++) {
        if (at >= LOADER_CODE && at < LOADER_CODE_END)
            at = LOADER_CODE_END;
        if (at + sizeof zeros <= LOADER_END && !memcmp(ram + at, zeros, sizeof zeros)) {
            at += sizeof zeros - 1;
            continue;
        }
        bool kept = range_has(info, at) || range_has(real, at);
        for (u32 i = 0; i < image->segment_count && !kept; i++)
            kept = range_has(
                (struct range){image->segments[i].phys, image->segments[i].memory_size}, at);
        if (!kept && ram[at])
            return at;
    }
    return LOADER_END;
}

#endif
