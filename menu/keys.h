/* Keys: what a user pressed, whether on the PC's keyboard or in a terminal on the serial line.
 *
 * A key is a number: a printable ASCII character stands for itself, all others are named below. The
 * BIOS gives a scan code and a character; a terminal gives characters, and for a key that has none
 * a sequence which begins with ESC:
 *
 *   ESC [ A        cursor up                (ECMA-48 8.3.22; DEC VT100 user guide, table 3-6)
 *   ESC O H        the same in application mode, and F1 to F4 as P to S
 *   ESC [ 3 ~      delete, F10 and others by number; ESC [ 3 ; 5 ~ with a modifier, which is
 * dropped
 *
 * A lone ESC is the key Esc. Only time tells it from a sequence: the caller says when none has
 * passed. Control characters do what they do in most editors (Ctrl-A home, Ctrl-P up, ...), for
 * terminals that send nothing else. */
#ifndef MENU_KEYS_H
#define MENU_KEYS_H

#include "types.h"

enum key {
    KEY_NONE = 0,
    KEY_TAB = 9,
    KEY_ENTER = 13,
    KEY_ESC = 27,
    /* ' ' to '~' */
    KEY_BACKSPACE = 127,
    KEY_DELETE,
    KEY_UP,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_SHOW, /* F4: shows a hidden menu */
    KEY_BOOT, /* F10, Ctrl-X */
};

static inline bool key_is_text(u32 key) {
    return key >= ' ' && key <= '~';
}

/* From INT 16h, AH=10h: AH the scan code, AL the character. KEY_NONE for a key without a meaning.
 */
u32 key_from_bios(u32 ax);

/* A terminal's bytes. All zero to begin with. */
struct key_reader {
    u8 state;
    u8 number;
};

/* The key that this byte completes, or KEY_NONE. No sequence of bytes can stop keys after it from
 * being read. */
u32 key_feed(struct key_reader *reader, u8 byte);

/* Is there an ESC that waits for what comes after it? */
static inline bool key_pending(const struct key_reader *reader) {
    return reader->state != 0;
}

/* Nothing came after it: KEY_ESC, or KEY_NONE for a sequence that was cut short. */
u32 key_timeout(struct key_reader *reader);

#endif
