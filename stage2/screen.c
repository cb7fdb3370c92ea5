#include "screen.h"

#include "console.h"
#include "text.h"

extern u8 bounce[]; /* stage2.ld */

enum { COLUMNS = 80, ROWS = 24 };

static bool is_shown;

struct grid screen_grid(void) {
    u32 columns;
    console_cells(&columns);
    return (struct grid){(struct cell *)bounce, columns < COLUMNS ? columns : COLUMNS, ROWS};
}

/* The shadow begins as console_clear() leaves the screen. */
static void begin(const struct grid *shadow) {
    is_shown = true;
    console_clear(false);
    grid_clear(shadow);
}

/* A colour's number has blue in bit 0 on VGA, and red in ECMA-48's SGR (8.3.117). */
static char colour_digit(u32 colour) {
    return "04261537"[colour & 7];
}

static void send(const char *template, u64 a, u64 b, u64 c) {
    char buffer[32];
    struct text text = TEXT_IN(buffer);
    text_fill(&text, template, &(struct text_values){.number = {a, b, c}});
    console_serial(buffer);
}

static char terminal_character(u8 character) {
    return character >= ' '         ? (char)character
           : character == GRID_UP   ? '^'
           : character == GRID_DOWN ? 'v'
                                    : '>';
}

void screen_show(const struct grid *grid) {
    struct grid shadow = *grid;
    u32 screen_columns, here = ~0u, colour = 0;
    volatile u8 *screen = console_cells(&screen_columns);
    shadow.cells += grid->columns * grid->rows;
    if (!is_shown)
        begin(&shadow);
    for (u32 row = 0, at = 0; row < grid->rows; row++)
        for (u32 column = 0; column < grid->columns; column++, at++) {
            struct cell cell = grid->cells[at], *was = &shadow.cells[at];
            if (cell.character == was->character && cell.colour == was->colour)
                continue;
            *was = cell;
            if (screen) {
                volatile u8 *to = screen + 2 * (row * screen_columns + column);
                to[0] = cell.character;
                to[1] = cell.colour;
            }
            if (at != here || !column)
                send("\x1b[{0};{1}H", row + 1, column + 1, 0);
            if (cell.colour != colour)
                send("\x1b[0;{0};3{1c};4{2c}m", cell.colour >> 3 & 1, colour_digit(cell.colour),
                     colour_digit(cell.colour >> 4));
            colour = cell.colour;
            here = at + 1;
            console_serial((char[2]){terminal_character(cell.character), 0});
        }
}

void screen_end(void) {
    if (!is_shown)
        return;
    is_shown = false;
    console_clear(true);
}
