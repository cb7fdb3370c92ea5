/* The BIOS's video modes (VBE 2 and 3). A mode is set once, last thing before the kernel: until
 * then messages go to the text screen. */
#ifndef STAGE2_VBE_H
#define STAGE2_VBE_H

#include "video.h"

/* Lists the modes and asks the monitor. A BIOS without VBE 2 has none. Costs a BIOS call a mode, so
 * only those pay who want one. */
void probe_video(struct machine *machine);

/* Fills in machine->vbe for the mode that the kernel will find: VBE 3.0, sections 4.3, 4.4, 4.6 and
 * 4.13. For a mode of numbered colours, and machine->screen as it will be, also the palette. */
void probe_vbe(struct machine *machine);

/* Sets machine->video_mode, if it is not 0, and the palette of machine->vbe. VIDEO_SET. */
MUST_USE struct error set_video(const struct machine *machine);

#endif
