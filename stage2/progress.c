#include "progress.h"

#include "clock.h"
#include "console.h"
#include "text.h"

enum {
    BAR = 32,
    BAR_SHIFT = 5,
    FIRST_TICKS = 10,     /* half a second */
    MEBIBYTES = 16 << 10, /* KiB from which on they are told as MiB */
    STEP_SHIFT = 4,
    STEP_MAX = 16 << 20, /* of a load that is longer than sixteen of these */
    FULL = 0xdb,         /* of code page 437: a block, and a light one */
    EMPTY = 0xb0,
};

struct progress progress_begin(u64 total) {
    return (struct progress){.total = total, .begun = clock_ticks()};
}

static void number(struct text *text, u32 value, const char *behind) {
    text_decimal(text, value);
    text_string(text, behind);
}

/* In KiB: below 128 GiB nothing here is more than 32 bits hold. No text_fill(), no text_size():
 * they are not in the core part, and to unpack another one would take longer than all of this. */
static void show(const struct progress *progress, u32 ticks) {
    char buffer[100];
    struct text text = {.at = buffer, .size = sizeof buffer, .used = BAR};
    u32 total = (u32)(progress->total >> 10) + 1, done = (u32)(progress->done >> 10);
    if (done > total)
        done = total;
    u32 rate = done * TICKS_A_SECOND / ticks;
    memset(buffer, EMPTY, BAR);
    memset(buffer, FULL, (done << BAR_SHIFT) / total);
    text_string(&text, "  ");
    u32 unit = total >= MEBIBYTES ? 10 : 0;
    number(&text, done >> unit, " of ");
    number(&text, total >> unit, unit ? " MiB, " : " KiB, ");
    number(&text, rate, " KiB/s, ");
    number(&text, (total - done) / (rate + 1), " s left");
    console_status(buffer);
}

void progress_add(struct progress *progress, u32 bytes) {
    progress->done += bytes;
    if (progress->done < progress->next)
        return;
    u32 ticks = clock_since(progress->begun);
    if (ticks < FIRST_TICKS)
        return;
    u64 step = min_u64(progress->total >> STEP_SHIFT, STEP_MAX);
    progress->next = progress->done + step;
    progress->is_shown = true;
    show(progress, ticks);
}

void progress_end(struct progress *progress) {
    if (progress->is_shown)
        console_status("");
    progress->is_shown = false;
}
