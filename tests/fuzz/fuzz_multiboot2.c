/* Headers of Multiboot 2: fuzz_header.h. */
#include "fuzz_header.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    return fuzz_header(2, data, size);
}
