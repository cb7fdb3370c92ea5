/* Images of CDs that boot: an ISO 9660 volume with the files of a tree, made by xorriso.
 *
 *   | boot sector, partition table | volume descriptors | files, boot.bin among them | padding |
 *     sector 0                       32 KiB                                            to a MiB
 *
 * The names are there three times: as ISO 9660 has them, with Rock Ridge and for Joliet. As a CD
 * the image boots by El Torito, without emulation, from the file ISO_BOOT_FILE: stage1/cd.asm, and
 * stage 2 behind it. As a hard disk or USB stick it boots by the boot sector, whose fields point
 * into the same file. The partition table has one partition, which is the whole image: so it is
 * found by systems that look into partitions only, and BIOSes that boot no disk without an active
 * one boot it. */
#ifndef TOOLS_ISO_IMAGE_H
#define TOOLS_ISO_IMAGE_H

#include "tree.h"

#define ISO_BOOT_FILE    "/boot/aloft.bin"
#define ISO_BOOT_CATALOG "/boot/aloft.cat"

/* Replaces what is in the file `path`, which is open for writing as `descriptor`. False, with a
 * message, if that fails. Nothing else is left behind. `lock` is as bootcode.h has it. */
MUST_USE bool iso_image_fill(const char *who, const struct tree *tree, const char *path,
                             const u8 *lock, int descriptor);

/* Does this file of this computer hold an ISO 9660 volume? */
bool iso_image_is(const char *who, const char *path);

#endif
