/* Two options of Linux's command line that are options of the loader too.
 *
 *   mem=SIZE   the end of memory, for initrds as for the kernel. Of several the least counts
 *   vga=MODE   normal, ext, ask, or a number: 0x200 and a VBE mode. The last one counts
 *
 * The setup code would set the mode of vga=. Here it is a list of video modes, as GRUB has it, so
 * that the screen is chosen in one way for all kernels: the size and depth that VBE has given to
 * the number, then the size alone. `normal`, `ext` and what VBE has given to no mode with a
 * framebuffer are the text screen as it is. There is nobody to `ask`.
 *
 * Specification: Linux, Documentation/arch/x86/boot.rst, "Special Command Line Options", and
 * admin-guide/svga.rst; VBE 3.0, section 3. */
#ifndef HANDOFF_LINUX_LINE_H
#define HANDOFF_LINUX_LINE_H

#include "error.h"

struct linux_line {
    u64 memory_end; /* 0 without mem= */
    bool has_vga;
    u32 vga; /* 0xffff for what is no number */
};

/* The words of `arguments` stand one space apart; there is none to find within double quotes. A
 * value that is no size is no mem=, nor is 0. ERROR_LINUX_ASK. */
MUST_USE struct error linux_line_read(const char *arguments, struct linux_line *line);

/* Appends the list of video_list.h that the number stands for. */
void linux_line_video(u32 vga, struct text *list);

#endif
