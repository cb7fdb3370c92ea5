/* Messages, on the VGA text screen and on the first serial port at once.
 *
 * The screen is written directly (BIOS output costs thousands of instructions a character),
 * starting where the BIOS left its cursor. Nothing is sent to either before the first message, so
 * that a boot which says nothing costs nothing. Every wait for the serial port is bounded; for one
 * that does not answer there is no second wait. */
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

/* An empty screen, with the next character at its start, and the cursor there or nowhere; on the
 * serial line the same for a terminal. */
void console_clear(bool cursor);

/* The cells of the text screen, and how many; NULL and 80 columns without one. */
volatile u8 *console_cells(u32 *columns);

/* To the serial line alone, as it is. */
void console_serial(const char *string);

/* A byte that came in on the serial line; -1 if there is none. */
int console_serial_read(void);

/* Shows a text in the last line of the screen, or empties it with "". The serial line, where it
 * could not be taken back, gets nothing. */
void console_status(const char *string);

/* Fills the rest of the screen's line with the colour (on the screen only), then ends the line. */
void console_end_bar(void);

#endif
