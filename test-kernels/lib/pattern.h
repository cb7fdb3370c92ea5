/* Bytes that can be computed: kernels that are large on purpose carry them, and check them.
 * pattern/ makes the files, and puts them into the section .pattern between two symbols. */
#ifndef LIB_PATTERN_H
#define LIB_PATTERN_H

#include <stdint.h>

static inline uint32_t pattern_word(uint32_t index) {
    uint32_t x = (index + 1) * 2654435761u;
    return x ^ x >> 15;
}

extern const volatile uint32_t pattern_start[], pattern_end[];

/* The first word between the two symbols that is not as it was made, or pattern_end. */
static inline const volatile uint32_t *pattern_mismatch(void) {
    uint32_t index = 0;
    for (const volatile uint32_t *word = pattern_start; word < pattern_end; word++, index++)
        if (*word != pattern_word(index))
            return word;
    return pattern_end;
}

#endif
