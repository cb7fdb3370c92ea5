/* Stage 2 is unpacked in parts.
 *
 * The core does a plain boot: a native kernel from a FAT partition. The other parts (stage2.ld says
 * what is in them) are unpacked when one of their functions is called for the first time. Nobody
 * has to ask for that: start.asm fills the place of the parts with INT3 instructions, so a call of
 * a function that is not there raises a breakpoint exception, whose handler (exceptions.asm) calls
 * part_load() and executes the same address again.
 *
 * Constants of a part are there when its functions are. The linker sees to it that no other part
 * looks at them.
 *
 * Stage 1 has read the core and what most boots need, and has checked the sum over it. The rest is
 * read when one of its parts is called, from the sectors behind. Where that fails there is no text
 * of an error to be had, for the texts are in the rest: then the core itself says which error it
 * was about and what the disk did, and stops. */
#ifndef STAGE2_PARTS_H
#define STAGE2_PARTS_H

#include "boot.h"

/* Where the rest of stage 2 is: the boot drive, and the sector (of 2048 bytes on a CD) behind what
 * stage 1 has read. */
void parts_begin(u8 drive, bool extensions, u32 rest_sector);

/* The error that is reported next, to be named if the rest cannot be read; 0 for none. */
void parts_about(u32 error_code);

/* Unpacks the part that has this address. False if none has, or if it is there already: then the
 * exception has another cause. Does not return where the rest cannot be read or is damaged. */
bool part_load(u32 address);

#endif
