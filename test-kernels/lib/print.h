/* Text on the serial line, or in a block of text cells of 80 columns.
 *
 * There is one current place to print to, the serial line at first. A cell is a character and its
 * colour (VGA attribute: background << 4 | foreground). */
#ifndef LIB_PRINT_H
#define LIB_PRINT_H

#include <stdint.h>

#include "aloft.h"

enum { PRINT_COLUMNS = 80 };

/* Takes the serial port from the boot information; before that, COM1 is used. */
void print_start(const struct aloft_info *info);

/* From now on to the serial line, or into cells from (row, column) on. */
void print_on_serial(void);
void print_on_cells(uint16_t *cells, unsigned row, unsigned column, uint8_t colour);

void print_character(char c);
void print(const char *string);
void print_decimal(uint64_t number);
void print_hex(uint64_t number);                    /* 0xc0100000 */
void print_digits(uint64_t number, unsigned least); /* hexadecimal without 0x, zeros in front */
void print_fact(const char *what, uint64_t number); /* "what 0x1234", a line */
void print_size(uint64_t bytes);                    /* 12 KiB, 127.9 MiB */

#endif
