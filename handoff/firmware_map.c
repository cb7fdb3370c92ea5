#include "firmware_map.h"

#include "bytes.h"

void firmware_map(const struct memory_map *map, u8 *to, u32 stride) {
    for (u32 i = 0; i < map->count; i++, to += stride) {
        const struct memory_range *range = &map->ranges[i];
        store64(to, range->start);
        store64(to + 8, range->size);
        store32(to + 16, range->bios_type);
    }
}
