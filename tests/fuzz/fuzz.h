/* What the fuzzers share: bytes as numbers, bytes as a medium, and what a finding is.
 *
 * A fuzzer is one function of any bytes. It ends in OK or in an error value, whatever they are; a
 * sanitizer's report, a MUST() that does not hold, and more than a second are findings. Inputs are
 * small and memory is not cleared, so that a parser sees tens of thousands of them a second. */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include "range.h"
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

/* libFuzzer takes a new buffer for every input; a long quarantine of old ones only costs caches. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "quarantine_size_mb=4:malloc_context_size=4";
}

#define MUST(condition)                                                                    \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
            __builtin_trap();                                                              \
        }                                                                                  \
    } while (0)

/* ---- numbers ---- */

/* What is left of the input. Behind its end are zeros. */
struct feed {
    const u8 *at;
    size_t left;
};

/* Little-endian, 1 to 8 bytes. */
static inline u64 feed_number(struct feed *feed, u32 width) {
    u64 number = 0;
    for (u32 i = 0; i < width && feed->left; i++, feed->left--)
        number |= (u64)*feed->at++ << 8 * i;
    return number;
}

static inline u32 feed_below(struct feed *feed, u32 limit) {
    return (u32)feed_number(feed, 1) % limit;
}

/* The next `size` bytes, or as many as there are. */
static inline struct bytes feed_bytes(struct feed *feed, size_t size) {
    struct bytes bytes = {feed->at, size < feed->left ? size : feed->left};
    feed->at += bytes.size;
    feed->left -= bytes.size;
    return bytes;
}

/* ---- media ---- */

/* A medium that is zeros but for these bytes. */
struct medium {
    struct bytes bytes;
    u64 start; /* where they are */
};

static inline struct error medium_read(void *context, u64 offset, void *to, size_t size) {
    const struct medium *medium = (const struct medium *)context;
    struct range there = {medium->start, medium->bytes.size}, wanted = {offset, size};
    if (!range_contains(there, wanted))
        memset(to, 0, size);
    if (range_overlaps(there, wanted)) {
        u64 from = max_u64(there.start, offset);
        u64 end = min_u64(range_end(there), range_end(wanted));
        memcpy((u8 *)to + (from - offset), medium->bytes.at + (from - there.start), end - from);
    }
    return OK;
}

static inline struct source medium_source(struct medium *medium, u64 size) {
    return (struct source){medium_read, medium, 0, size, "fuzz"};
}

/* Reads a source from its start in steps, and its last byte. Errors are what the caller wants. */
static inline void read_through(const struct source *source, size_t step, u64 limit) {
    u8 buffer[4096];
    for (u64 at = 0; at < source->size && at < limit; at += step) {
        u64 left = source->size - at;
        if (source_read(source, at, buffer, left < step ? (size_t)left : step).code)
            return;
    }
    if (source->size && source_read(source, source->size - 1, buffer, 1).code)
        return;
}

/* An error's text and its way out fit what the loader has for them, and no number is out of place.
 */
static inline void show_error(struct error error) {
    char buffer[512];
    struct text text = TEXT_IN(buffer);
    if (!error.code)
        return;
    error_text(&error, &text);
    MUST(text.used);
    text = TEXT_IN(buffer);
    error_fix(&error, &text);
    MUST(text.used);
}

#endif
