/* The headers of Multiboot 1 and 2 in any file. */
#include "prove.h"

#include "multiboot_header.h"

struct multiboot_header header;
struct multiboot_places places;

void prove(void) {
    struct source file = prove_source();
    u32 version = (u32)Frama_C_interval(1, 2);
    multiboot_find(&file, (u32)Frama_C_interval(0, 2), &places);
    multiboot_header_read(&file, version, Frama_C_interval(0, 1), &header);
}
