/* A small text editor over a buffer of the caller's, without input or output.
 *
 * It serves two ends. As an editor, Enter ends a line, and F10 or Ctrl-X are done. As a command
 * line it holds what was entered before, from the start of the buffer up to `floor`, and the line
 * being typed behind it: only that can be changed, and Enter is done; the up arrow brings the last
 * line before back.
 *
 *   kernel /boot/kernel.elf\n module /boot/initrd.img
 *   ^ text                    ^ floor         ^ cursor
 *
 * The text is bytes, a cell each; it has no NUL. Lines longer than the screen go on in the next
 * row. What does not fit the buffer is not taken. */
#ifndef MENU_EDITOR_H
#define MENU_EDITOR_H

#include "grid.h"
#include "keys.h"

struct editor {
    char *text; /* `size` bytes */
    u32 size;
    u32 length; /* at most `size` */
    u32 cursor; /* from floor to length */
    u32 floor;  /* what stands before cannot be changed */
    bool one_line;
};

enum editor_action {
    EDITOR_STAY,
    EDITOR_DONE,
    EDITOR_DISCARD, /* Esc */
};

/* The cursor stands at the end of a command line, else at the start of the text. */
void editor_open(struct editor *editor, char *text, u32 size, u32 length, bool one_line);

enum editor_action editor_key(struct editor *editor, u32 key);

/* Puts a character at the cursor; false if the buffer is full. */
bool editor_insert(struct editor *editor, char c);

/* The text in the grid's body, with the cursor in sight. The frame is the caller's. */
void editor_draw(const struct editor *editor, const struct grid *grid);

#endif
