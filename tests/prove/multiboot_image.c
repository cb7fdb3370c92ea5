/* What of a Multiboot kernel's file goes where: any header, any file. */
#include "prove.h"

#include "multiboot_image.h"

struct multiboot_header header;
struct multiboot_symbols symbols;
struct image image;

static bool any(void) {
    return Frama_C_interval(0, 1);
}

static u32 any_number(void) {
    return Frama_C_unsigned_int_interval(0, ~0u);
}

void prove(void) {
    struct source file = prove_source();
    header.version = any() ? 1 : 2;
    header.offset = any_number();
    header.has_addresses = any();
    header.has_entry = any();
    header.header_address = any_number();
    header.load = any_number();
    header.load_end = any_number();
    header.bss_end = any_number();
    header.entry = any_number();
    struct error error = multiboot_image(&file, &header, any(), &image, &symbols);
    (void)error;
}
