/* The firmware's memory map, as kernels take it that lay their own claims over it: Linux and PVH.
 */
#ifndef HANDOFF_FIRMWARE_MAP_H
#define HANDOFF_FIRMWARE_MAP_H

#include "memory.h"

/* Writes {start u64, size u64, type u32} for each range, `stride` bytes from one to the next; the
 * types are E820's. */
void firmware_map(const struct memory_map *map, u8 *to, u32 stride);

#endif
