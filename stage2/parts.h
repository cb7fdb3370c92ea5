/* Stage 2 is unpacked in parts.
 *
 * The core does a plain boot: a native kernel from a FAT partition. The other parts (stage2.ld says
 * what is in them) are unpacked when one of their functions is called for the first time. Nobody
 * has to ask for that: start.asm fills the place of the parts with INT3 instructions, so a call of
 * a function that is not there raises a breakpoint exception, whose handler (exceptions.asm) calls
 * part_load() and executes the same address again.
 *
 * Constants of a part are there when its functions are. The linker sees to it that no other part
 * looks at them. Stage 1 has checked the sum over all packed parts, so unpacking cannot fail. */
#ifndef STAGE2_PARTS_H
#define STAGE2_PARTS_H

#include "boot.h"

/* Unpacks the part that has this address. False if none has, or if it is there already: then the
 * exception has another cause. */
bool part_load(u32 address);

#endif
