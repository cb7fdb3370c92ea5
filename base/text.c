#include "text.h"

struct text text_in(char *buffer, size_t size) {
    buffer[0] = 0;
    return (struct text){.at = buffer, .size = size};
}

void text_char(struct text *text, char c) {
    if (text->used + 1 >= text->size)
        return;
    text->at[text->used++] = c;
    text->at[text->used] = 0;
}

void text_string(struct text *text, const char *string) {
    while (*string)
        text_char(text, *string++);
}

/* Division by ten in 32-bit steps: a 64-bit division would need the compiler's support library. */
static u64 divide_by_ten(u64 value, u32 *remainder) {
    u32 digits[4] = {(u32)(value >> 48), (u32)(value >> 32) & 0xffff, (u32)(value >> 16) & 0xffff,
                     (u32)value & 0xffff};
    u64 quotient = 0;
    u32 rest = 0;
    for (u32 i = value >> 32 ? 0 : 2; i < 4; i++) {
        u32 part = rest << 16 | digits[i];
        quotient = quotient << 16 | part / 10;
        rest = part % 10;
    }
    *remainder = rest;
    return quotient;
}

void text_decimal(struct text *text, u64 value) {
    char digits[20];
    u32 count = 0;
    do {
        u32 digit;
        value = divide_by_ten(value, &digit);
        digits[count++] = (char)('0' + digit);
    } while (value);
    while (count)
        text_char(text, digits[--count]);
}

void text_hex(struct text *text, u64 value, u32 digits) {
    while (digits < 16 && value >> (4 * digits))
        digits++;
    text_string(text, "0x");
    while (digits--)
        text_char(text, "0123456789abcdef"[(value >> (4 * digits)) & 15]);
}

void text_size(struct text *text, u64 bytes) {
    static const char *const units[] = {" KiB", " MiB", " GiB", " TiB"};
    if (bytes < KIB) {
        text_decimal(text, bytes);
        text_string(text, bytes == 1 ? " byte" : " bytes");
        return;
    }
    u32 unit = 0;
    while (unit + 1 < ARRAY_COUNT(units) && bytes >> (10 * (unit + 2)))
        unit++;
    u32 shift = 10 * (unit + 1);
    u64 rest = bytes & (((u64)1 << shift) - 1);
    text_decimal(text, bytes >> shift);
    u32 tenth = (u32)((rest * 10) >> shift);
    if (tenth) {
        text_char(text, '.');
        text_decimal(text, tenth);
    }
    text_string(text, units[unit]);
}

void text_pad(struct text *text, size_t column) {
    do
        text_char(text, ' ');
    while (text->used < column && text->used + 1 < text->size);
}

/* The end of a path tells more than its middle. */
static void text_value(struct text *text, const char *value) {
    static const char gap[] = " ... ";
    const size_t part = (TEXT_VALUE_MAX - (sizeof gap - 1)) / 2;
    size_t length = string_length(value);
    if (length > TEXT_VALUE_MAX) {
        for (size_t i = 0; i < part; i++)
            text_char(text, value[i]);
        text_string(text, gap);
        value += length - part;
    }
    text_string(text, value);
}

/* The value that `{key}` stands for, if key is one of those in the header. */
static bool fill_one(struct text *text, const char *key, size_t length,
                     const struct text_values *values) {
    if (length == 4 && memcmp(key, "name", 4) == 0) {
        text_value(text, values->name ? values->name : "?");
        return true;
    }
    if (length == 5 && memcmp(key, "other", 5) == 0) {
        text_value(text, values->other ? values->other : "?");
        return true;
    }
    if (length < 1 || length > 2 || key[0] < '0' || key[0] > '3')
        return false;
    u64 number = values->number[key[0] - '0'];
    switch (length == 2 ? key[1] : 'd') {
    case 'd': text_decimal(text, number); return true;
    case 'x': text_hex(text, number, 1); return true;
    case 'b': text_size(text, number); return true;
    case 'c': text_char(text, (char)number); return true;
    default: return false;
    }
}

void text_fill(struct text *text, const char *template, const struct text_values *values) {
    while (*template) {
        size_t length = 0;
        if (*template == '{')
            while (template[1 + length] && template[1 + length] != '}')
                length++;
        if (length && template[1 + length] == '}' && fill_one(text, template + 1, length, values))
            template += length + 2;
        else
            text_char(text, *template ++);
    }
}

size_t string_length(const char *string) {
    size_t length = 0;
    /*@ loop invariant 0 <= length <= length_of(string);
        loop assigns length;
        loop variant length_of(string) - length; */
    while (string[length])
        length++;
    return length;
}

bool string_equal(const char *a, const char *b) {
    /*@ loop invariant string(a) && string(b);
        loop assigns a, b;
        loop variant length_of(a); */
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

bool string_starts(const char *string, const char *prefix) {
    /*@ loop invariant string(string) && string(prefix);
        loop invariant string - \at(string, Pre) == prefix - \at(prefix, Pre);
        loop invariant length_of(string) - length_of(prefix) ==
            \at(length_of(string) - length_of(prefix), Pre);
        loop assigns string, prefix;
        loop variant length_of(prefix); */
    while (*prefix)
        if (*string++ != *prefix++)
            return false;
    return true;
}
