#include "grid.h"

#include "text.h"

enum { FRAME_ROWS = GRID_BODY_TOP + 1 + GRID_NOTE_ROWS + 1 };

u32 grid_body_rows(const struct grid *grid) {
    return grid->rows > FRAME_ROWS ? grid->rows - FRAME_ROWS : 0;
}

void grid_put(const struct grid *grid, u32 row, u32 column, u8 character, u8 colour) {
    if (row < grid->rows && column < grid->columns)
        grid->cells[row * grid->columns + column] = (struct cell){character, colour};
}

/* `length` characters of the text, or all of it. */
static u32 put_part(const struct grid *grid, u32 row, u32 column, const char *text, u32 length,
                    u8 colour) {
    for (; length-- && *text; text++, column++)
        grid_put(grid, row, column, *text >= ' ' && *text <= '~' ? (u8)*text : '?', colour);
    return column;
}

u32 grid_text(const struct grid *grid, u32 row, u32 column, const char *text, u8 colour) {
    return put_part(grid, row, column, text, ~0u, colour);
}

void grid_colour(const struct grid *grid, u32 row, u32 from, u32 to, u8 colour) {
    for (; row < grid->rows && from < to && from < grid->columns; from++)
        grid->cells[row * grid->columns + from].colour = colour;
}

/* How much of the text goes on one row: up to the last space that fits, or what fits. */
static u32 row_length(const char *text, u32 width) {
    u32 length = 0, space = 0;
    for (; text[length] && length < width; length++)
        if (text[length] == ' ')
            space = length;
    return text[length] && text[length] != ' ' && space ? space : length;
}

static void put_note(const struct grid *grid, const char *note) {
    u32 width = grid->columns > 2 * GRID_MARGIN ? grid->columns - 2 * GRID_MARGIN : 1;
    u32 row = grid->rows - 1 - GRID_NOTE_ROWS;
    for (u32 i = 0; *note && i < GRID_NOTE_ROWS; i++, row++) {
        u32 length = row_length(note, width);
        put_part(grid, row, GRID_MARGIN, note, length, GRID_NOTE);
        note += length;
        while (*note == ' ')
            note++;
    }
}

void grid_clear(const struct grid *grid) {
    for (u32 i = 0; i < grid->columns * grid->rows; i++)
        grid->cells[i] = (struct cell){' ', GRID_TEXT};
}

void grid_frame(const struct grid *grid, const char *heading, const char *place, const char *note,
                const char *keys) {
    grid_clear(grid);
    u32 column = grid_text(grid, 0, 1, heading, 0);
    grid_text(grid, 0, column + 3, place, 0);
    grid_colour(grid, 0, 0, grid->columns, GRID_HEADING);
    put_note(grid, note);
    grid_text(grid, grid->rows - 1, 1, keys, 0);
    grid_colour(grid, grid->rows - 1, 0, grid->columns, GRID_KEYS);
}

void grid_marks(const struct grid *grid, bool above, bool below) {
    u32 rows = grid_body_rows(grid);
    if (above && rows)
        grid_put(grid, GRID_BODY_TOP, grid->columns - 1, GRID_UP, GRID_BRIGHT);
    if (below && rows)
        grid_put(grid, GRID_BODY_TOP + rows - 1, grid->columns - 1, GRID_DOWN, GRID_BRIGHT);
}
