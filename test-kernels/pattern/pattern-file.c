/* Runs where the kernels are built: writes as many bytes of the pattern as the argument says. */
#include <stdio.h>
#include <stdlib.h>

#include "pattern.h"

int main(int count, char **arguments) {
    unsigned long bytes = count == 2 ? strtoul(arguments[1], NULL, 0) : 0;
    for (uint32_t i = 0; i < bytes / 4; i++) {
        uint32_t word = pattern_word(i);
        for (int shift = 0; shift < 32; shift += 8)
            putchar((int)(word >> shift & 0xff));
    }
    return fclose(stdout) != 0 || bytes == 0;
}
