/* ELF64: fuzz_elf.h. */
#include "fuzz_elf.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    return fuzz_elf(64, data, size);
}
