/* After the moves of the trampoline nothing that the loader worked with is left. */
#ifndef TEST_WIPE_CHECK_H
#define TEST_WIPE_CHECK_H

#include "plan.h"

/* The moves that only zero, where nothing is handed over in the loader's memory. */
enum { WIPES = 3 };

/* The first byte that is left in the loader's memory, but for its code, for what is handed over
 * there, and for the kernel's own bytes; LOADER_END if none is. `ram` begins at address 0. */
static inline u64 left_of_loader(const struct plan *plan, const u8 *ram) {
    const struct image *image = plan->image;
    struct range info = {plan->info_phys, plan->info_size + PAGE_SIZE};
    struct range real = {LOADER_REAL, LOADER_REAL_END - LOADER_REAL};
    struct range code = {LOADER_CODE, LOADER_CODE_END - LOADER_CODE};
    for (u64 at = LOADER_START; at < LOADER_END; at++) {
        bool kept = range_has(info, at) || range_has(real, at) || range_has(code, at);
        for (u32 i = 0; i < image->segment_count && !kept; i++)
            kept = range_has(
                (struct range){image->segments[i].phys, image->segments[i].memory_size}, at);
        if (!kept && ram[at])
            return at;
    }
    return LOADER_END;
}

#endif
