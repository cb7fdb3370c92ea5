/* The GUID partition table of an image (UEFI 2.10, section 5.3): a BIOS boot partition with stage 2
 * in front of partition 2048, and one with the files, which old BIOSes may start. All identifiers
 * are fixed. */
#ifndef TOOLS_GPT_IMAGE_H
#define TOOLS_GPT_IMAGE_H

#include "geometry.h"

/* The entry of the protective MBR, 16 bytes. */
void gpt_protect(u8 *entry, const struct geometry *geometry);

/* Both copies: for sector 1, and for the last sectors of the disk. GPT_SECTORS each. */
void gpt_make(const struct geometry *geometry, u8 *first, u8 *copy);

#endif
