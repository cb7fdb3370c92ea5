#include "console.h"

#include "bios.h"
#include "x86.h"

/* One of the three honest globals: where the next character goes. */
static struct {
    volatile u8 *cells; /* NULL: no text screen */
    u32 columns, rows;
    u32 column, row;
    u8 colour;
    u16 port;      /* 0: none */
    bool is_stuck; /* it took no character in time: no more waiting until it takes one */
} console;

/* 16550 registers (PC16550D data sheet, table II), as offsets from the base. */
enum {
    UART_DATA = 0,
    UART_INTERRUPTS = 1,
    UART_FIFO = 2,
    UART_LINE = 3,
    UART_MODEM = 4,
    UART_STATUS = 5,
    UART_STATUS_EMPTY = 0x20,
    UART_STATUS_FULL = 0x01,   /* a byte came in */
    UART_STATUS_BROKEN = 0x1c, /* with a parity or framing error, or a break */
    UART_WAITS = 0x40000,      /* about 0.2 s, for emulators whose other end is slow */
};

enum { MODE_MONO = 7, CELLS_COLOUR = 0xb8000, CELLS_MONO = 0xb0000 };

static void uart_write(u16 reg, u8 value) {
    out8((u16)(console.port + reg), value);
}

/* 115200 baud, 8 data bits, no parity, 1 stop bit, FIFO on. */
static void uart_setup(void) {
    uart_write(UART_INTERRUPTS, 0);
    uart_write(UART_LINE, 0x80);
    uart_write(UART_DATA, 1);
    uart_write(UART_INTERRUPTS, 0);
    uart_write(UART_LINE, 0x03);
    uart_write(UART_FIFO, 0x07);
    uart_write(UART_MODEM, 0x03);
}

void console_init(struct machine *machine) {
    u8 mode = *bda(BDA_VIDEO_MODE) & 0x7f;
    console.colour = COLOUR_NORMAL;
    console.port = bda16(BDA_SERIAL_PORT);
    machine->serial_port = console.port;
    if (console.port)
        uart_setup();
    if (mode > 3 && mode != MODE_MONO)
        return;
    console.columns = bda16(BDA_COLUMNS);
    console.rows = *bda(BDA_LAST_ROW) + 1u;
    if (console.columns < 40 || console.columns > 132)
        console.columns = 80;
    if (console.rows < 25 || console.rows > 60)
        console.rows = 25;
    u32 cells = mode == MODE_MONO ? CELLS_MONO : CELLS_COLOUR;
    console.cells = bda(cells);
    console.column = *bda(BDA_CURSOR);
    console.row = *bda(BDA_CURSOR + 1);
    if (console.column >= console.columns || console.row >= console.rows)
        console.column = console.row = 0;
    machine->screen = (struct screen){.kind = SCREEN_TEXT,
                                      .phys = cells,
                                      .width = console.columns,
                                      .height = console.rows,
                                      .pitch = console.columns * 2,
                                      .depth = 16};
}

static void uart_char(char c) {
    if (!console.port)
        return;
    for (u32 i = console.is_stuck ? UART_WAITS : 0; i <= UART_WAITS; i++)
        if (in8((u16)(console.port + UART_STATUS)) & UART_STATUS_EMPTY) {
            console.is_stuck = false;
            uart_write(UART_DATA, (u8)c);
            return;
        }
    console.is_stuck = true;
}

/* Puts a text, and blanks behind it, in one row. */
static void fill_row(u32 row, const char *string, u8 colour) {
    u32 columns = console.columns;
    volatile u16 *cell = (volatile u16 *)console.cells + row * columns, *end = cell + columns;
    while (cell != end)
        *cell++ = (u16)(colour << 8 | (*string ? (u8)*string++ : ' '));
}

static void scroll(void) {
    u32 row_bytes = console.columns * 2, all = row_bytes * (console.rows - 1);
    memcpy((void *)(uintptr_t)console.cells, (void *)(uintptr_t)(console.cells + row_bytes), all);
    fill_row(--console.row, "", COLOUR_NORMAL);
}

/* The blinking cursor and the BIOS's idea of it follow (CRTC registers 0Eh and 0Fh). */
static void show_cursor(void) {
    u16 crtc = bda16(BDA_CRTC_PORT);
    u32 at = console.row * console.columns + console.column;
    bda(BDA_CURSOR)[0] = (u8)console.column;
    bda(BDA_CURSOR)[1] = (u8)console.row;
    out8(crtc, 0x0e);
    out8((u16)(crtc + 1), (u8)(at >> 8));
    out8(crtc, 0x0f);
    out8((u16)(crtc + 1), (u8)at);
}

static void screen_char(char c) {
    if (!console.cells)
        return;
    if (c == '\n') {
        console.column = 0;
        console.row++;
    } else {
        volatile u8 *cell = console.cells + 2 * (console.row * console.columns + console.column);
        cell[0] = (u8)c;
        cell[1] = console.colour;
        if (++console.column == console.columns) {
            console.column = 0;
            console.row++;
        }
    }
    if (console.row == console.rows)
        scroll();
}

void console_colour(u8 colour) {
    console.colour = colour;
}

void console_string(const char *string) {
    for (; *string; string++) {
        screen_char(*string);
        if (*string == '\n')
            uart_char('\r');
        uart_char(*string);
    }
}

void console_line(const char *string) {
    console_string(string);
    console_string("\n");
    if (console.cells)
        show_cursor();
}

/* The length of the word (and of the spaces before it) at `string`. */
static u32 word_length(const char *string) {
    u32 length = 0;
    while (string[length] == ' ')
        length++;
    while (string[length] && string[length] != ' ')
        length++;
    return length;
}

void console_paragraph(const char *string, u32 indent) {
    u32 width = console.columns ? console.columns : 80, column = indent;
    while (*string) {
        u32 length = word_length(string);
        if (column + length >= width && column > indent) {
            console_line("");
            for (column = 0; column < indent; column++)
                console_string(" ");
            while (*string == ' ')
                string++, length--;
        }
        for (; length; length--, column++) {
            char one[2] = {*string++, 0};
            console_string(one);
        }
    }
    console_line("");
}

void console_end_bar(void) {
    while (console.cells && console.column)
        screen_char(' ');
    uart_char('\r');
    uart_char('\n');
}

/* A cursor behind the last row is not seen. */
void console_clear(bool cursor) {
    console.column = console.row = 0;
    console_serial(cursor ? "\x1b[0m\x1b[2J\x1b[H\x1b[?25h" : "\x1b[0;37;40m\x1b[2J\x1b[?25l");
    if (!console.cells)
        return;
    while (console.row < console.rows)
        fill_row(console.row++, "", COLOUR_NORMAL);
    if (cursor)
        console.row = 0;
    show_cursor();
    console.row = 0;
}

volatile u8 *console_cells(u32 *columns) {
    *columns = console.cells ? console.columns : 80;
    return console.cells;
}

void console_serial(const char *string) {
    while (*string)
        uart_char(*string++);
}

int console_serial_read(void) {
    if (!console.port)
        return -1;
    u8 status = in8((u16)(console.port + UART_STATUS));
    if (!(status & UART_STATUS_FULL))
        return -1;
    u8 byte = in8((u16)(console.port + UART_DATA));
    return status & UART_STATUS_BROKEN ? -1 : byte;
}

void console_status(const char *string) {
    if (console.cells)
        fill_row(console.rows - 1, string, COLOUR_BRIGHT);
}
