/* CRC-32 as GPT has it: polynomial 04C11DB7h, bits reflected (ISO 3309).
 *
 * There is no table: the loader checks some 16 KiB of partition entries of which all but a few are
 * zeros, and a run of zeros of any length takes a few hundred steps. A checksum is made in pieces:
 *
 *   u32 crc = CRC32_START;
 *   crc = crc32_add(crc, bytes, size);
 *   crc = crc32_zeros(crc, size);           as many zeros
 *   crc == ~(the stored sum)                both ends are inverted (UEFI, "EFI Table Header")
 */
#ifndef FS_CRC32_H
#define FS_CRC32_H

#include "types.h"

#define CRC32_START 0xffffffffu

u32 crc32_add(u32 crc, const u8 *bytes, u32 size);
u32 crc32_zeros(u32 crc, u32 size);

#endif
