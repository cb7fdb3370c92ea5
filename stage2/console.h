/* Messages, on the VGA text screen and on the first serial port at once.
 *
 * The screen is written directly (BIOS output costs thousands of instructions a character),
 * starting where the BIOS left its cursor. Nothing is sent to either before the first message, so
 * that a boot which says nothing costs nothing. Every wait for the serial port is bounded; a port
 * that does not answer is given up. */
#ifndef STAGE2_CONSOLE_H
#define STAGE2_CONSOLE_H

#include "machine.h"

/* VGA text attributes. */
enum {
    COLOUR_NORMAL = 0x07,
    COLOUR_BRIGHT = 0x0f,
    COLOUR_DIM = 0x08,
    COLOUR_GOOD = 0x0a,
    COLOUR_WARNING = 0x0e,
    COLOUR_ERROR = 0x4f,
    COLOUR_ERROR_TEXT = 0x0c,
};

/* Looks at the BIOS data area: which screen, which port. */
void console_init(struct machine *machine);

void console_colour(u8 colour);
void console_string(const char *string);
void console_line(const char *string); /* with a line end */

/* Breaks the text at words to the screen's width; lines but the first are indented by as many
 * columns. */
void console_paragraph(const char *string, u32 indent);

/* Fills the rest of the screen's line with the colour (on the screen only), then ends the line. */
void console_end_bar(void);

#endif
