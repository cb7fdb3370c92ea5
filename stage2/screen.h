/* Shows a grid (menu/grid.h) on the text screen and, as a terminal's sequences (ECMA-48), on the
 * serial line, which gets only what changed since the last time.
 *
 * Nothing is sent, and the screen stays as it is, before the first screen_show(). 24 rows of 80
 * columns, for that is what every terminal has. Both pictures, the one being drawn and the one
 * shown, lie in the disk's bounce buffer: between screen_grid() and screen_end() no disk is to be
 * read. */
#ifndef STAGE2_SCREEN_H
#define STAGE2_SCREEN_H

#include "grid.h"

/* Where to draw. The cells hold what was drawn last. */
struct grid screen_grid(void);

void screen_show(const struct grid *grid);

/* Leaves an empty screen, if anything was shown. */
void screen_end(void);

#endif
