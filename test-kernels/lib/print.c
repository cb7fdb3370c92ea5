#include "print.h"

#include "cpu.h"

/* The one piece of state: where the next character goes. */
static struct {
    uint16_t port;
    uint16_t *cells; /* NULL: the serial line */
    unsigned row, column;
    uint8_t colour;
} place = {.port = 0x3f8};

void print_start(const struct aloft_info *info) {
    if (info->serial_port != 0)
        place.port = (uint16_t)info->serial_port;
}

void print_on_serial(void) {
    place.cells = 0;
}

void print_on_cells(uint16_t *cells, unsigned row, unsigned column, uint8_t colour) {
    place.cells = cells;
    place.row = row;
    place.column = column;
    place.colour = colour;
}

/* Waits for the transmitter (line status, bit 5), but not for ever: the port may not be there. */
static void serial_write(char c) {
    for (unsigned wait = 0; wait < 100000; wait++)
        if ((port_read((uint16_t)(place.port + 5)) & 0x20) != 0)
            break;
    port_write(place.port, (uint8_t)c);
}

void print_character(char c) {
    if (place.cells == 0) {
        if (c == '\n')
            serial_write('\r');
        serial_write(c);
        return;
    }
    if (place.column >= PRINT_COLUMNS)
        return;
    volatile uint16_t *cell = place.cells + place.row * PRINT_COLUMNS + place.column;
    *cell = (uint16_t)((unsigned)place.colour << 8 | (uint8_t)c);
    place.column++;
}

void print(const char *string) {
    while (*string != 0)
        print_character(*string++);
}

/* 16 bits at a time: a 64-bit division would need the compiler's library in 32-bit code. */
static unsigned divide_by_ten(uint64_t *number) {
    uint64_t quotient = 0;
    uint32_t rest = 0;
    for (int shift = 48; shift >= 0; shift -= 16) {
        uint32_t part = rest << 16 | (uint32_t)(*number >> shift & 0xffff);
        quotient = quotient << 16 | part / 10;
        rest = part % 10;
    }
    *number = quotient;
    return rest;
}

void print_decimal(uint64_t number) {
    char digits[21];
    unsigned at = sizeof digits;
    digits[--at] = 0;
    do
        digits[--at] = (char)('0' + divide_by_ten(&number));
    while (number != 0);
    print(digits + at);
}

void print_digits(uint64_t number, unsigned least) {
    for (int shift = 60; shift >= 0; shift -= 4) {
        bool must = (unsigned)shift < least * 4 || shift == 0;
        if (must || number >> shift != 0)
            print_character("0123456789abcdef"[number >> shift & 15]);
    }
}

void print_hex(uint64_t number) {
    print("0x");
    print_digits(number, 1);
}

void print_fact(const char *what, uint64_t number) {
    print(what);
    print_character(' ');
    print_hex(number);
    print("\n");
}

void print_size(uint64_t bytes) {
    static const char units[][4] = {"B", "KiB", "MiB", "GiB", "TiB"};
    unsigned unit = 0;
    while (unit < 4 && bytes >> (10 * (unit + 1)) != 0)
        unit++;
    uint64_t rest = bytes & (((uint64_t)1 << (10 * unit)) - 1);
    uint64_t tenths = (rest * 10) >> (10 * unit);
    print_decimal(bytes >> (10 * unit));
    if (tenths != 0) {
        print_character('.');
        print_decimal(tenths);
    }
    print_character(' ');
    print(units[unit]);
}
