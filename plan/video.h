/* Which video mode a kernel gets.
 *
 * The probe lists what the BIOS has (VBE 2 or 3, linear framebuffers); the choice is made here, on
 * the host as in the loader. Where nothing fits exactly, the nearest mode is taken: the largest
 * that is no larger than the first wish in either direction, else the smallest there is. Of one
 * size the depth asked for comes first, then 32, 24, 16 and 15 bits; 8 bits (numbers of colours)
 * only if asked for.
 *
 * Specification: VESA BIOS Extension 3.0, section 4; VESA E-EDID 1.4, section 3.10. */
#ifndef PLAN_VIDEO_H
#define PLAN_VIDEO_H

#include "error.h"
#include "machine.h"

/* A block that VBE function 01h has filled in (ModeInfoBlock), of a controller of this VBE version
 * (0x0300). False for modes without a linear framebuffer or of a kind not used here. */
enum { VBE_MODE_INFO_SIZE = 256, EDID_SIZE = 128 };
bool video_mode_of(const u8 info[VBE_MODE_INFO_SIZE], u32 version, u16 number,
                   struct video_mode *mode);

/* The size that the monitor prefers, out of the first block of its EDID; unchanged if it is none.
 */
void video_read_edid(const u8 edid[EDID_SIZE], struct video_modes *modes);

/* Does this list (config/video_list.h) ask for anything but the text screen? */
bool video_wanted(const char *list);

/* Chooses by the list, and makes machine->screen the screen that the kernel will find;
 * machine->video_mode is the mode's number, 0 for the text screen. *note says what could not be
 * had: VIDEO_NONE, VIDEO_OTHER, or no error. */
void video_choose(const char *list, struct machine *machine, struct error *note);

#endif
