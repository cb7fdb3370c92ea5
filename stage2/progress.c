#include "progress.h"

#include "clock.h"
#include "console.h"
#include "text.h"

enum {
    BAR = 30,
    FIRST_TICKS = 10, /* half a second */
    STEP_TICKS = 2,   /* nine times a second */
    FULL = 0xdb,      /* of code page 437: a block, and a light one */
    EMPTY = 0xb0,
};

struct progress progress_begin(u64 total) {
    u32 now = clock_ticks();
    return (struct progress){.total = total, .begun = now, .seen = now};
}

/* In KiB: below 128 GiB nothing here is more than 32 bits hold. */
static void show(const struct progress *progress, u32 ticks) {
    char buffer[100];
    struct text text = TEXT_IN(buffer);
    u32 total = (u32)(progress->total >> 10) + 1, done = (u32)(progress->done >> 10);
    if (done > total)
        done = total;
    u32 rate = done * TICKS_A_SECOND / ticks;
    for (u32 i = 0; i < BAR; i++)
        text_char(&text, (char)(i < done * BAR / total ? FULL : EMPTY));
    struct text_values values = {.number = {(u64)done << 10, (u64)total << 10, (u64)rate << 10,
                                            (total - done) / (rate + 1)}};
    text_fill(&text, "  {0b} of {1b}, {2b}/s, {3} s left", &values);
    console_status(buffer);
}

void progress_add(struct progress *progress, u32 bytes) {
    progress->done += bytes;
    u32 ticks = clock_ticks();
    if (ticks - progress->seen < STEP_TICKS)
        return;
    progress->seen = ticks;
    ticks = clock_since(progress->begun);
    if (ticks < FIRST_TICKS)
        return;
    progress->is_shown = true;
    show(progress, ticks);
}

void progress_end(struct progress *progress) {
    if (progress->is_shown)
        console_status("");
    progress->is_shown = false;
}
