/* Text built into a bounded buffer.
 *
 * Messages and the lines of `aloft plan` are made here, the same on the host and in the loader. The
 * buffer is the caller's; what does not fit is dropped, and the text stays NUL-terminated always.
 * There is no printf in the loader: a line is a few calls, or one text_fill() over a template. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "types.h"

struct text {
    char *at;    /* the buffer, `size` bytes */
    size_t size; /* at least 1 */
    size_t used; /* without the final NUL */
};

/* An empty text in an array of chars. */
#define TEXT_IN(array) text_in((array), sizeof(array))
struct text text_in(char *buffer, size_t size);

void text_char(struct text *text, char c);
void text_string(struct text *text, const char *string);
void text_decimal(struct text *text, u64 value);

/* 0x and at least `digits` hexadecimal digits. */
void text_hex(struct text *text, u64 value, u32 digits);

/* "12 bytes", "64 KiB", "1.5 MiB": exact where that is short, else rounded down to a tenth. */
void text_size(struct text *text, u64 bytes);

/* Spaces up to column `column` of the text (at least one). */
void text_pad(struct text *text, size_t column);

/* Of a longer string in a template the middle is left out, so that what is said of it has room in
 * the buffer of a report. */
enum { TEXT_VALUE_MAX = 160 };

/* What a template can name. Missing strings read as "?". */
struct text_values {
    const char *name;
    const char *other;
    u64 number[4];
};

/* Copies the template, with these replaced:
 *   {name} {other}   the strings
 *   {0} .. {3}       a number in decimal
 *   {0x} .. {3x}     in hexadecimal
 *   {0b} .. {3b}     as a size in bytes (text_size)
 *   {0c} .. {3c}     as a character
 * Anything else in braces is copied as it stands. */
void text_fill(struct text *text, const char *template, const struct text_values *values);

/* String helpers, for words and paths: C strings without libc. */
size_t string_length(const char *string);
bool string_equal(const char *a, const char *b);
bool string_starts(const char *string, const char *prefix);

#endif
