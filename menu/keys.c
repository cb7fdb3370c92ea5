#include "keys.h"

/* One key a row: what the BIOS calls it (scan code) and what a terminal sends. 0: it does not. */
static const struct row {
    u8 key;
    u8 control; /* the control character */
    u8 scan;
    u8 letter; /* ESC [ letter */
    u8 number; /* ESC [ number ~ */
} rows[] = {
    {KEY_UP, 16, 0x48, 'A', 0},   {KEY_DOWN, 14, 0x50, 'B', 0},   {KEY_RIGHT, 6, 0x4d, 'C', 0},
    {KEY_LEFT, 2, 0x4b, 'D', 0},  {KEY_HOME, 1, 0x47, 'H', 1},    {KEY_END, 5, 0x4f, 'F', 4},
    {KEY_HOME, 0, 0, 0, 7},       {KEY_END, 0, 0, 0, 8},          {KEY_DELETE, 4, 0x53, 0, 3},
    {KEY_PAGE_UP, 0, 0x49, 0, 5}, {KEY_PAGE_DOWN, 0, 0x51, 0, 6}, {KEY_SHOW, 0, 0x3e, 'S', 14},
    {KEY_BOOT, 24, 0x44, 0, 21},  {KEY_BACKSPACE, 8, 0, 0, 0},    {KEY_BACKSPACE, 127, 0, 0, 0},
    {KEY_TAB, 9, 0, 0, 0},        {KEY_ENTER, 13, 0, 0, 0},       {KEY_ENTER, 10, 0, 0, 0},
    {KEY_ESC, 27, 0, 0, 0},
};

/* The key whose row has this value at this offset. */
static u32 find(size_t offset, u32 value) {
    for (u32 i = 0; value && i < ARRAY_COUNT(rows); i++)
        if (((const u8 *)&rows[i])[offset] == value)
            return rows[i].key;
    return KEY_NONE;
}

static u32 from_character(u32 c) {
    return key_is_text(c) ? c : find(__builtin_offsetof(struct row, control), c);
}

/* Keys without a character have 0 or, on the grey block, E0h in its place. */
u32 key_from_bios(u32 ax) {
    u32 c = ax & 0xff;
    return c && c != 0xe0 ? from_character(c)
                          : find(__builtin_offsetof(struct row, scan), ax >> 8 & 0xff);
}

enum { GROUND, ESCAPE, SEQUENCE, MODIFIER };

u32 key_feed(struct key_reader *reader, u8 byte) {
    u32 state = reader->state;
    reader->state = GROUND;
    if (byte == KEY_ESC) {
        reader->state = ESCAPE;
        return state == ESCAPE ? KEY_ESC : KEY_NONE;
    }
    if (state == ESCAPE && (byte == '[' || byte == 'O')) {
        reader->state = SEQUENCE;
        reader->number = 0;
        return KEY_NONE;
    }
    if (state < SEQUENCE)
        return from_character(byte);
    if (byte >= '@')
        return byte == '~' ? find(__builtin_offsetof(struct row, number), reader->number)
                           : find(__builtin_offsetof(struct row, letter), byte);
    if (byte < ' ')
        return from_character(byte);
    reader->state = byte == ';' ? MODIFIER : (u8)state;
    if (state == SEQUENCE && byte >= '0' && byte <= '9')
        reader->number = (u8)(reader->number * 10 + byte - '0');
    return KEY_NONE;
}

u32 key_timeout(struct key_reader *reader) {
    u32 key = reader->state == ESCAPE ? KEY_ESC : KEY_NONE;
    reader->state = GROUND;
    return key;
}
