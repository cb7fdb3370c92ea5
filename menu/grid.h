/* A screen of character cells, drawn in memory.
 *
 * The menu and the editor draw whole pictures into a grid; stage 2 shows what changed on the text
 * screen and on the serial line, and the tests read it as text. A cell is what VGA text memory
 * holds: a character of code page 437 and its colour. The cells are the caller's. Whatever lies
 * outside the grid is cut off, so a picture can be drawn on a screen of any size.
 *
 * All pictures have one frame:
 *
 *   row 0          heading, and the name of this menu
 *   row 2 ...      the body: grid_body_rows() rows from GRID_BODY_TOP on
 *   rows -4 to -2  a note: what is about to happen, or what went wrong
 *   row -1         the keys
 */
#ifndef MENU_GRID_H
#define MENU_GRID_H

#include "types.h"

struct cell {
    u8 character, colour;
};

struct grid {
    struct cell *cells; /* columns * rows, row after row */
    u32 columns, rows;
};

/* VGA text attributes. The blue ones carry no text that is missed on a screen without colours. */
enum {
    GRID_TEXT = 0x07,
    GRID_BRIGHT = 0x0f,
    GRID_NOTE = 0x0e,
    GRID_HEADING = 0x1f,
    GRID_KEYS = 0x17,
    GRID_CURRENT = 0x70,
};

/* Characters of code page 437 which stand for no text. */
enum { GRID_RIGHT = 0x10, GRID_UP = 0x18, GRID_DOWN = 0x19 };

enum { GRID_BODY_TOP = 2, GRID_NOTE_ROWS = 3, GRID_MARGIN = 3 };

/* How many rows the body has; 0 on a grid too small for one. */
u32 grid_body_rows(const struct grid *grid);

void grid_put(const struct grid *grid, u32 row, u32 column, u8 character, u8 colour);

/* Any byte that is not printable ASCII is shown as ?. The column behind the text is returned. */
u32 grid_text(const struct grid *grid, u32 row, u32 column, const char *text, u8 colour);

/* Gives the columns [from, to) of a row this colour, and leaves the characters. */
void grid_colour(const struct grid *grid, u32 row, u32 from, u32 to, u8 colour);

void grid_clear(const struct grid *grid);

/* Clears the grid and draws the frame. `place` and `note` may be ""; the note is broken at words.
 */
void grid_frame(const struct grid *grid, const char *heading, const char *place, const char *note,
                const char *keys);

/* Marks at the right edge of the body: there is more above, there is more below. */
void grid_marks(const struct grid *grid, bool above, bool below);

#endif
