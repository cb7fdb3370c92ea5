/* elf_read(), elf_read_physical() and elf_slide() over any file. */
#include "prove.h"

#include "image.h"

struct image image;

void prove(void) {
    struct source file = prove_source();
    if (Frama_C_interval(0, 1)) {
        if (!elf_read(&file, &image).code)
            elf_slide(&image, Frama_C_unsigned_long_long_interval(0, ~(u64)0),
                      Frama_C_unsigned_long_long_interval(0, ~(u64)0));
    } else {
        elf_read_physical(&file, &image);
    }
}
