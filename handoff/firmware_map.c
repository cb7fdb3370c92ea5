#include "firmware_map.h"

#include "bytes.h"

void firmware_map(const struct machine *machine, u8 *to, u32 stride) {
    for (u32 i = 0; i < machine->memory.count; i++, to += stride) {
        const struct memory_range *range = &machine->memory.ranges[i];
        store64(to, range->start);
        store64(to + 8, range->size);
        store32(to + 16, range->bios_type);
    }
}
