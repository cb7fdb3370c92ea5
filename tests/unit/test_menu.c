/* menu/: keys in; actions, texts and pictures out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "editor.h"
#include "grid.h"
#include "keys.h"
#include "menu.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- helpers ---- */

/* One letter a key, in the tables below. What is not here stands for itself. */
static u32 key_named(char c) {
    static const struct {
        char name;
        u8 key;
    } names[] = {{'U', KEY_UP},        {'D', KEY_DOWN},   {'L', KEY_LEFT},    {'R', KEY_RIGHT},
                 {'H', KEY_HOME},      {'E', KEY_END},    {'P', KEY_PAGE_UP}, {'N', KEY_PAGE_DOWN},
                 {'\n', KEY_ENTER},    {'~', KEY_ESC},    {'!', KEY_BOOT},    {'?', KEY_SHOW},
                 {'<', KEY_BACKSPACE}, {'>', KEY_DELETE}, {'\t', KEY_TAB}};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (names[i].name == c)
            return names[i].key;
    return (u8)c;
}

/* Cells of exactly the size of the grid, so that a sanitizer sees every step over its edge. */
static struct grid new_grid(u32 columns, u32 rows) {
    struct grid grid = {malloc(columns * rows * sizeof(struct cell)), columns, rows};
    assert_non_null(grid.cells);
    memset(grid.cells, 0xee, columns * rows * sizeof(struct cell));
    return grid;
}

/* Row `row` as text without the blanks at its end; cells of the current item's colour are marked by
 * a * before the first and behind the last. */
static const char *row_text(const struct grid *grid, u32 row) {
    static char text[300];
    size_t used = 0, end = 0;
    bool inside = false;
    for (u32 i = 0; i <= grid->columns; i++) {
        struct cell cell = i < grid->columns ? grid->cells[row * grid->columns + i]
                                             : (struct cell){' ', GRID_TEXT};
        if ((cell.colour == GRID_CURRENT) != inside) {
            inside = !inside;
            text[used++] = '*';
            end = used;
        }
        char c = (char)cell.character;
        text[used++] = c == GRID_RIGHT ? '>' : c == GRID_UP ? '^' : c == GRID_DOWN ? 'v' : c;
        if (c != ' ')
            end = used;
    }
    text[end] = 0;
    return text;
}

/* `expected` has lines; those after its last are not looked at. */
static void expect_picture(const char *name, const struct grid *grid, const char *expected) {
    for (u32 row = 0; *expected && row < grid->rows; row++) {
        size_t length = strcspn(expected, "\n");
        const char *seen = row_text(grid, row);
        if (strlen(seen) != length || memcmp(seen, expected, length))
            fail_msg("%s, row %u:\n  saw  |%s|\n  want |%.*s|", name, row, seen, (int)length,
                     expected);
        expected += length + (expected[length] == '\n');
    }
}

static u32 random_state;

static u32 chance(u32 below) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

/* ---- keys ---- */

static const struct bytes_test {
    const char *name, *bytes;
    u32 keys[4]; /* up to the first KEY_NONE */
} bytes_tests[] = {
    {"characters", "aZ ~", {'a', 'Z', ' ', '~'}},
    {"up, down", "\x1b[A\x1b[B", {KEY_UP, KEY_DOWN}},
    {"right, left", "\x1b[C\x1b[D", {KEY_RIGHT, KEY_LEFT}},
    {"application mode", "\x1bOA\x1bOH\x1bOF", {KEY_UP, KEY_HOME, KEY_END}},
    {"home, end", "\x1b[H\x1b[F", {KEY_HOME, KEY_END}},
    {"home, end by number", "\x1b[1~\x1b[4~\x1b[7~\x1b[8~", {KEY_HOME, KEY_END, KEY_HOME, KEY_END}},
    {"delete, pages", "\x1b[3~\x1b[5~\x1b[6~", {KEY_DELETE, KEY_PAGE_UP, KEY_PAGE_DOWN}},
    {"F10, F4", "\x1b[21~\x1bOS\x1b[14~", {KEY_BOOT, KEY_SHOW, KEY_SHOW}},
    {"with modifiers", "\x1b[1;5A\x1b[3;2~x", {KEY_UP, KEY_DELETE, 'x'}},
    {"enter both ways", "\r\n", {KEY_ENTER, KEY_ENTER}},
    {"backspace both ways", "\b\x7f", {KEY_BACKSPACE, KEY_BACKSPACE}},
    {"control keys", "\x10\x0e\x02\x06", {KEY_UP, KEY_DOWN, KEY_LEFT, KEY_RIGHT}},
    {"more of them", "\x01\x05\x04\x18", {KEY_HOME, KEY_END, KEY_DELETE, KEY_BOOT}},
    {"tab", "\t", {KEY_TAB}},
    {"two escapes", "\x1b\x1bx", {KEY_ESC, 'x'}},
    {"escape and a letter", "\x1bx", {'x'}},
    {"unknown sequences vanish", "\x1b[99~\x1b[Z\x1bOpx", {'x'}},
    {"a sequence within another", "\x1b[\x1b[A", {KEY_UP}},
    {"a line end within a sequence", "\x1b[3\rx", {KEY_ENTER, 'x'}},
    {"no key in ASCII's other half", "\x80\xff\xc3\xa4z", {'z'}},
    {"no key", "\x03\x1cq", {'q'}},
    {"a sequence that ends with its first letter", "\x1b[@x\x1b[1@y", {'x', 'y'}},
    {"a number too long", "\x1b[2561~y", {KEY_HOME, 'y'}},
};

static void test_terminal_bytes(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bytes_tests); i++) {
        const struct bytes_test *test = &bytes_tests[i];
        struct key_reader reader = {0, 0};
        u32 count = 0;
        for (const char *at = test->bytes; *at; at++) {
            u32 key = key_feed(&reader, (u8)*at);
            if (key && (count == 4 || key != test->keys[count++]))
                fail_msg("%s: key %u is %u", test->name, count - 1, key);
        }
        if (count < 4 && test->keys[count])
            fail_msg("%s: only %u keys", test->name, count);
        assert_false(key_pending(&reader));
    }
}

static void test_escape_alone(void **state) {
    (void)state;
    struct key_reader reader = {0, 0};
    assert_int_equal(key_timeout(&reader), KEY_NONE);
    assert_int_equal(key_feed(&reader, 27), KEY_NONE);
    assert_true(key_pending(&reader));
    assert_int_equal(key_timeout(&reader), KEY_ESC);
    assert_int_equal(key_timeout(&reader), KEY_NONE);
    for (const char *at = "\x1b[3;"; *at; at++)
        assert_int_equal(key_feed(&reader, (u8)*at), KEY_NONE);
    assert_int_equal(key_timeout(&reader), KEY_NONE);
    assert_false(key_pending(&reader));
    assert_int_equal(key_feed(&reader, '['), '[');
}

static void test_no_bytes_stop_the_keys(void **state) {
    (void)state;
    for (random_state = 1; random_state < 20000;) {
        u32 seed = random_state;
        struct key_reader reader = {0, 0};
        for (u32 i = chance(12); i > 0; i--) {
            u32 key =
                key_feed(&reader, chance(3) ? (u8) "\x1b[O;13~A"[chance(8)] : (u8)chance(256));
            assert_true(key <= KEY_BOOT);
        }
        key_timeout(&reader);
        assert_int_equal(key_feed(&reader, 'a'), 'a');
        random_state = seed + 1;
    }
}

/* What is not on the screen is not drawn. */
static void test_outside_of_a_grid(void **state) {
    (void)state;
    struct grid grid = new_grid(3, 2); /* of its exact size, for the sanitizer */
    memset(grid.cells, 0x55, 6 * sizeof *grid.cells);
    grid_put(&grid, 2, 0, 'x', 1);
    grid_put(&grid, 0, 3, 'x', 1);
    grid_put(&grid, ~0u, ~0u, 'x', 1);
    grid_colour(&grid, 2, 0, 3, 7);
    grid_colour(&grid, 1, 3, 9, 7);
    for (u32 i = 0; i < 6; i++)
        assert_true(grid.cells[i].character == 0x55 && grid.cells[i].colour == 0x55);
    grid_put(&grid, 1, 2, 'x', 1);
    assert_int_equal(grid.cells[5].character, 'x');
    free(grid.cells);
}

static const struct {
    u32 ax, key;
} bios_tests[] = {
    {0x1e61, 'a'},      {0x3920, ' '},           {0x1c0d, KEY_ENTER},   {0xe00d, KEY_ENTER},
    {0x011b, KEY_ESC},  {0x0e08, KEY_BACKSPACE}, {0x4800, KEY_UP},      {0x48e0, KEY_UP},
    {0x50e0, KEY_DOWN}, {0x4be0, KEY_LEFT},      {0x4de0, KEY_RIGHT},   {0x47e0, KEY_HOME},
    {0x4fe0, KEY_END},  {0x5300, KEY_DELETE},    {0x49e0, KEY_PAGE_UP}, {0x51e0, KEY_PAGE_DOWN},
    {0x4400, KEY_BOOT}, {0x3e00, KEY_SHOW},      {0x2d18, KEY_BOOT},    {0xe02f, '/'},
    {0x3b00, KEY_NONE}, {0x0000, KEY_NONE},      {0x00e0, KEY_NONE},    {0x1e00, KEY_NONE},
    {0x0f09, KEY_TAB},  {0x3032, '2'},           {0xffff4800, KEY_UP},  {0x00e4, KEY_NONE},
};

static void test_bios_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bios_tests); i++)
        if (key_from_bios(bios_tests[i].ax) != bios_tests[i].key)
            fail_msg("AX=%x is %u", bios_tests[i].ax, key_from_bios(bios_tests[i].ax));
}

/* ---- the grid ---- */

static void test_frame(void **state) {
    (void)state;
    struct grid grid = new_grid(30, 9);
    grid_frame(&grid, "Aloft", "Place",
               "Words that go on to a second row, a third and no fourth row at all here", "Keys");
    grid_marks(&grid, true, true);
    expect_picture("frame", &grid,
                   " Aloft   Place\n\n"
                   "                             ^\n"
                   "                             v\n\n"
                   "   Words that go on to a\n"
                   "   second row, a third and\n"
                   "   no fourth row at all\n"
                   " Keys\n");
    for (u32 i = 0; i < 30; i++) {
        assert_int_equal(grid.cells[i].colour, GRID_HEADING);
        assert_int_equal(grid.cells[8 * 30 + i].colour, GRID_KEYS);
    }
    grid_frame(&grid, "", "", "onewordthatislongerthanthewholerowis yes", "");
    expect_picture("long word", &grid,
                   "\n\n\n\n\n   onewordthatislongerthant\n   hewholerowis yes\n\n");
    free(grid.cells);
}

/* A row of words that fills the note's width exactly is not broken. */
static void test_note_of_full_rows(void **state) {
    (void)state;
    struct grid grid = new_grid(30, 9);
    grid_frame(&grid, "", "", "12345678901 123456789012 next", "");
    expect_picture("full row", &grid, "\n\n\n\n\n   12345678901 123456789012\n   next\n\n");
    free(grid.cells);
}

/* The sanitizer watches the cells' edges. */
static void test_nothing_is_drawn_outside(void **state) {
    (void)state;
    struct grid grid = new_grid(4, 2);
    grid_clear(&grid);
    grid_put(&grid, 2, 0, 'x', 1);
    grid_put(&grid, ~0u, 0, 'x', 1);
    grid_put(&grid, 0, 4, 'x', 1);
    grid_put(&grid, 1, ~0u, 'x', 1);
    grid_colour(&grid, 2, 0, 4, GRID_CURRENT);
    grid_colour(&grid, 0, 3, 9, GRID_TEXT);
    grid_marks(&grid, true, true);
    assert_int_equal(grid_text(&grid, 1, 2, "abcdef", GRID_TEXT), 8);
    expect_picture("inside", &grid, "\n  ab\n");
    free(grid.cells);
}

static void test_only_ascii_is_shown(void **state) {
    (void)state;
    struct grid grid = new_grid(8, 1);
    grid_clear(&grid);
    assert_int_equal(grid_text(&grid, 0, 0, "a\t\x7f\xc3~", GRID_TEXT), 5);
    expect_picture("bytes", &grid, "a???~");
    free(grid.cells);
}

/* ---- the menu ---- */

static const struct menu_item items[] = {
    {"First", 0, false, '1'},  {"Second", 0, false, 0}, {"Sub", 0, true, 's'},
    {"In one", 1, false, 'x'}, {"Deep", 1, true, 0},    {"Bottom", 2, false, 0},
    {"In two", 1, false, 'e'}, {"Empty", 0, true, 0},   {"Last", 0, false, 'l'},
};

enum { FIRST, SECOND, SUB, IN_ONE, DEEP, BOTTOM, IN_TWO, EMPTY, LAST };

static const struct menu_test {
    const char *name, *keys;
    u32 default_at;
    enum menu_action action; /* of the last key */
    u32 current;
} menu_tests[] = {
    {"at the default", "", SECOND, MENU_STAY, SECOND},
    {"at the submenu of the default", "", BOTTOM, MENU_STAY, SUB},
    {"down", "D", FIRST, MENU_STAY, SECOND},
    {"down over a submenu", "DDD", FIRST, MENU_STAY, EMPTY},
    {"down at the end", "DDDDDDD", FIRST, MENU_STAY, LAST},
    {"up", "U", LAST, MENU_STAY, EMPTY},
    {"up over a submenu", "UUU", LAST, MENU_STAY, SECOND},
    {"up at the start", "UU", SECOND, MENU_STAY, FIRST},
    {"end, home", "EH", SECOND, MENU_STAY, FIRST},
    {"end", "E", SECOND, MENU_STAY, LAST},
    {"page down", "N", SECOND, MENU_STAY, LAST},
    {"page up", "P", LAST, MENU_STAY, FIRST},
    {"enter boots", "\n", SECOND, MENU_BOOT, SECOND},
    {"F10 boots", "D!", FIRST, MENU_BOOT, SECOND},
    {"enter opens a submenu", "\n", SUB, MENU_STAY, IN_ONE},
    {"right opens a submenu", "R", SUB, MENU_STAY, IN_ONE},
    {"right does not boot", "R", FIRST, MENU_STAY, FIRST},
    {"a submenu opens at the default", "\n", IN_TWO, MENU_STAY, IN_TWO},
    {"and at the one with the default", "\n", BOTTOM, MENU_STAY, DEEP},
    {"down to the default", "\n\n", BOTTOM, MENU_STAY, BOTTOM},
    {"and boots it", "\n\n\n", BOTTOM, MENU_BOOT, BOTTOM},
    {"a default elsewhere", "D\n", SECOND, MENU_STAY, IN_ONE},
    {"a default behind", "\n", SUB, MENU_STAY, IN_ONE},
    {"no way out of a level downwards", "\nDDDDD", SUB, MENU_STAY, IN_TWO},
    {"nor upwards", "\nUUUUU", SUB, MENU_STAY, IN_ONE},
    {"nor by end and home", "\nEH", SUB, MENU_STAY, IN_ONE},
    {"escape goes back", "\nD~", SUB, MENU_STAY, SUB},
    {"left goes back", "\nD\nL", SUB, MENU_STAY, DEEP},
    {"escape twice", "\nD\n~~", SUB, MENU_STAY, SUB},
    {"escape at the top", "~", SECOND, MENU_STAY, SECOND},
    {"an empty submenu does not open", "\n", EMPTY, MENU_STAY, EMPTY},
    {"the last item", "\n", LAST, MENU_BOOT, LAST},
    {"edit", "e", SECOND, MENU_EDIT, SECOND},
    {"a submenu cannot be edited", "e", SUB, MENU_STAY, SUB},
    {"command line", "c", SUB, MENU_COMMAND_LINE, SUB},
    {"hotkey", "l", SECOND, MENU_BOOT, LAST},
    {"hotkey of the first", "1", LAST, MENU_BOOT, FIRST},
    {"hotkey of a submenu opens it", "s", FIRST, MENU_STAY, IN_ONE},
    {"hotkeys of other levels do not count", "x", SECOND, MENU_STAY, SECOND},
    {"nor do those of the level around", "\nl", SUB, MENU_STAY, IN_ONE},
    {"hotkey inside", "\nDx", SUB, MENU_BOOT, IN_ONE},
    {"e always edits", "\ne", SUB, MENU_EDIT, IN_ONE},
    {"keys without a meaning", "zN\tP<>?", SECOND, MENU_STAY, FIRST},
};

static void test_menu_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(menu_tests); i++) {
        const struct menu_test *test = &menu_tests[i];
        struct menu menu;
        menu_open(&menu, "Aloft", items, ARRAY_COUNT(items), test->default_at);
        enum menu_action action = MENU_STAY;
        for (const char *at = test->keys; *at; at++)
            action = menu_key(&menu, key_named(*at));
        if (action != test->action || menu.current != test->current)
            fail_msg("%s: action %u at item %u", test->name, action, menu.current);
    }
}

/* Two submenus behind each other are two levels. */
static void test_levels_are_apart(void **state) {
    (void)state;
    static const struct menu_item list[] = {
        {"A", 0, true, 0}, {"a1", 1, false, 'x'}, {"B", 0, true, 0}, {"b1", 1, false, 'y'}};
    struct menu menu;
    menu_open(&menu, "Aloft", list, ARRAY_COUNT(list), 1);
    menu_key(&menu, KEY_ENTER);
    menu_key(&menu, KEY_END);
    assert_int_equal(menu.current, 1);
    assert_int_equal(menu_key(&menu, 'y'), MENU_STAY);
    menu_open(&menu, "Aloft", list, ARRAY_COUNT(list), 3);
    assert_int_equal(menu.current, 2);
    menu_key(&menu, KEY_ENTER);
    menu_key(&menu, KEY_HOME);
    assert_int_equal(menu.current, 3);
}

static const struct time_test {
    const char *name, *steps; /* a digit: so many seconds pass; else a key */
    int seconds;
    enum menu_style style;
    u32 default_at;
    enum menu_action action;
    u32 current;
    int left;
    enum menu_style style_after;
} time_tests[] = {
    {"time goes on", "1", 5, MENU_SHOWN, 1, MENU_STAY, 1, 4, MENU_SHOWN},
    {"time is up", "5", 5, MENU_SHOWN, 1, MENU_BOOT, 1, 0, MENU_SHOWN},
    {"time is more than up", "29", 5, MENU_SHOWN, 1, MENU_BOOT, 1, 0, MENU_SHOWN},
    {"one second is left", "4", 5, MENU_SHOWN, 1, MENU_STAY, 1, 1, MENU_SHOWN},
    {"the default in a submenu boots", "2", 2, MENU_SHOWN, BOTTOM, MENU_BOOT, BOTTOM, 0,
     MENU_SHOWN},
    {"no time, no end", "9999", -1, MENU_SHOWN, 1, MENU_STAY, 1, -1, MENU_SHOWN},
    {"a key stops the time", "1z9", 5, MENU_SHOWN, 1, MENU_STAY, 1, -1, MENU_SHOWN},
    {"even one without a meaning", "\t9", 5, MENU_SHOWN, 1, MENU_STAY, 1, -1, MENU_SHOWN},
    {"hidden: time is up", "5", 5, MENU_HIDDEN, 1, MENU_BOOT, 1, 0, MENU_HIDDEN},
    {"hidden: escape shows", "1~9", 5, MENU_HIDDEN, 1, MENU_STAY, 1, -1, MENU_SHOWN},
    {"hidden: F4 shows", "?9", 5, MENU_HIDDEN, 1, MENU_STAY, 1, -1, MENU_SHOWN},
    {"hidden: others do not", "eD\nc1", 5, MENU_HIDDEN, 1, MENU_STAY, 1, 4, MENU_HIDDEN},
    {"hidden: a hotkey boots", "l", 5, MENU_HIDDEN, 1, MENU_BOOT, LAST, 5, MENU_HIDDEN},
    {"countdown: escape shows", "~D", 5, MENU_COUNTDOWN, 0, MENU_STAY, 1, -1, MENU_SHOWN},
    {"countdown: time is up", "23", 5, MENU_COUNTDOWN, 0, MENU_BOOT, 0, 0, MENU_COUNTDOWN},
};

static void test_menu_time(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(time_tests); i++) {
        const struct time_test *test = &time_tests[i];
        struct menu menu;
        menu_open(&menu, "Aloft", items, ARRAY_COUNT(items), test->default_at);
        menu.seconds = test->seconds;
        menu.style = test->style;
        enum menu_action action = MENU_STAY;
        for (const char *at = test->steps; *at; at++)
            action = *at >= '0' && *at <= '9' ? menu_tick(&menu, (u32)(*at - '0'))
                                              : menu_key(&menu, key_named(*at));
        if (action != test->action || menu.current != test->current || menu.seconds != test->left ||
            menu.style != test->style_after)
            fail_msg("%s: action %u at item %u, %d seconds, style %u", test->name, action,
                     menu.current, menu.seconds, menu.style);
    }
}

static const struct picture_test {
    const char *name, *keys;
    u32 default_at, columns, rows;
    int seconds;
    enum menu_style style;
    const char *picture;
} picture_tests[] = {
    {"top level", "D", SECOND, 60, 13, -1, MENU_SHOWN,
     " Aloft 1\n"
     "\n"
     "   First\n"
     "   Second\n"
     " *  Sub                                                   > *\n"
     "   Empty                                                 >\n"
     "   Last\n\n\n"
     "   What went wrong.\n\n\n"
     " Enter boots   e edits   c command line\n"},
    {"submenu", "D\nD", SECOND, 60, 13, -1, MENU_SHOWN,
     " Aloft 1   Sub\n"
     "\n"
     "   In one\n"
     " *  Deep                                                  > *\n"
     "   In two\n\n\n\n\n"
     "   What went wrong.\n\n\n"
     " Enter boots   e edits   c command line   Esc back\n"},
    {"countdown", "", BOTTOM, 60, 13, 7, MENU_SHOWN,
     " Aloft 1\n"
     "\n"
     "   First\n"
     "   Second\n"
     " *  Sub                                                   > *\n"
     "   Empty                                                 >\n"
     "   Last\n\n\n"
     "   Booting \"Bottom\" in 7 s. Any key stops this.\n\n\n"
     " Enter boots   e edits   c command line\n"},
    {"one line", "", BOTTOM, 60, 13, 7, MENU_COUNTDOWN,
     "Booting \"Bottom\" in 7 s. Esc shows the menu.\n\n\n\n\n\n\n\n\n\n\n\n\n"},
    {"hidden", "", BOTTOM, 60, 13, 7, MENU_HIDDEN, "\n\n\n\n\n\n\n\n\n\n\n\n\n"},
    {"scrolled, at the start", "", FIRST, 40, 10, -1, MENU_SHOWN,
     " Aloft 1\n\n"
     " *  First                               *\n"
     "   Second\n"
     "   Sub                               > v\n\n"},
    {"scrolled, in the middle", "DD", FIRST, 40, 10, -1, MENU_SHOWN,
     " Aloft 1\n\n"
     "   Second                              ^\n"
     " *  Sub                               > *\n"
     "   Empty                             > v\n\n"},
    {"scrolled, at the end", "E", FIRST, 40, 10, -1, MENU_SHOWN,
     " Aloft 1\n\n"
     "   Sub                               > ^\n"
     "   Empty                             >\n"
     " *  Last                                *\n\n"},
    {"as many rows as items", "E", FIRST, 40, 12, -1, MENU_SHOWN,
     " Aloft 1\n\n"
     "   First\n"
     "   Second\n"
     "   Sub                               >\n"
     "   Empty                             >\n"
     " *  Last                                *\n\n"},
    {"narrow", "", SUB, 7, 12, -1, MENU_SHOWN,
     " Aloft\n\n"
     "   Fi\n"
     "   Se\n"
     " *  S> *\n"},
};

static void test_menu_pictures(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(picture_tests); i++) {
        const struct picture_test *test = &picture_tests[i];
        struct menu menu;
        menu_open(&menu, "Aloft 1", items, ARRAY_COUNT(items), test->default_at);
        for (const char *at = test->keys; *at; at++)
            menu_key(&menu, key_named(*at));
        menu.note = "What went wrong.";
        menu.seconds = test->seconds;
        menu.style = test->style;
        struct grid grid = new_grid(test->columns, test->rows);
        menu_draw(&menu, &grid);
        expect_picture(test->name, &grid, test->picture);
        free(grid.cells);
    }
}

static void test_note_is_for_one_key(void **state) {
    (void)state;
    struct menu menu;
    menu_open(&menu, "Aloft 1", items, ARRAY_COUNT(items), FIRST);
    menu.note = "What went wrong.";
    menu_tick(&menu, 1);
    assert_string_equal(menu.note, "What went wrong.");
    menu_key(&menu, KEY_DOWN);
    assert_string_equal(menu.note, "");
}

/* The items of a configuration, with submenus within submenus as chance has it. */
static u32 random_items(struct menu_item *list, bool sensible) {
    static const char *const titles[] = {
        "", "a", "A longer title than others have, which does not end soon", "\xc3\xa4", "x y"};
    u32 count = 1 + chance(20), depth = 0;
    for (u32 i = 0; i < count; i++) {
        list[i] = (struct menu_item){titles[chance(5)], (u8)(sensible ? depth : chance(4)),
                                     chance(3) == 0, (char)(chance(4) ? 0 : 'a' + chance(26))};
        if (list[i].is_submenu)
            depth++;
        else
            depth -= depth && chance(3) == 0 ? 1 + chance(depth) : 0;
    }
    return count;
}

static void check_menu(const struct menu *menu, enum menu_action action, u32 seed) {
    if (menu->current >= menu->count || action > MENU_COMMAND_LINE || menu->seconds < -1)
        fail_msg("seed %u: item %u, action %u", seed, menu->current, action);
    if ((action == MENU_BOOT || action == MENU_EDIT) && menu->items[menu->current].is_submenu)
        fail_msg("seed %u: action %u on a submenu", seed, action);
}

static void test_random_menus(void **state) {
    (void)state;
    static const char keys[] = "UDLRHEPN\n~!?ec<>\txyz";
    for (u32 seed = 1; seed < 3000; seed++) {
        random_state = seed * 2654435761u;
        struct menu_item list[21];
        struct menu menu;
        u32 count = random_items(list, seed % 2), default_at;
        do
            default_at = chance(count);
        while (list[default_at].is_submenu && chance(8));
        list[default_at].is_submenu = false;
        menu_open(&menu, "Aloft", list, count, default_at);
        menu.style = chance(4) ? MENU_SHOWN : 1 + chance(2);
        menu.seconds = chance(2) ? -1 : (int)chance(20);
        for (u32 step = 0; step < 40; step++) {
            enum menu_action action =
                chance(8) ? menu_key(&menu, key_named(keys[chance(sizeof keys - 1)]))
                          : menu_tick(&menu, chance(3));
            check_menu(&menu, action, seed);
            struct grid grid = new_grid(1 + chance(90), 1 + chance(30));
            menu_draw(&menu, &grid);
            free(grid.cells);
        }
        /* The way out: back at the top level, which has the first item. */
        menu_key(&menu, KEY_SHOW);
        for (u32 i = 0; i < 20; i++)
            menu_key(&menu, KEY_ESC);
        menu_key(&menu, KEY_HOME);
        if (seed % 2)
            assert_int_equal(menu.current, 0);
    }
}

/* From the top level to an item: through the submenus around it, each found by going down. */
static void go_to(struct menu *menu, u32 item) {
    for (u32 depth = 0; depth <= menu->items[item].depth; depth++) {
        menu_key(menu, KEY_HOME);
        u32 step = item; /* the one of this depth which is the item or has it inside */
        while (menu->items[step].depth > depth)
            step--;
        for (u32 i = 0; i < menu->count && menu->current != step; i++)
            menu_key(menu, KEY_DOWN);
        assert_int_equal(menu->current, step);
        if (step != item)
            assert_int_equal(menu_key(menu, KEY_ENTER), MENU_STAY);
    }
}

static void test_every_entry_can_be_reached(void **state) {
    (void)state;
    for (u32 seed = 1; seed < 500; seed++) {
        random_state = seed * 2654435761u;
        struct menu_item list[21];
        u32 count = random_items(list, true);
        for (u32 i = 0; i < count; i++) {
            struct menu menu;
            menu_open(&menu, "Aloft", list, count, chance(count));
            go_to(&menu, i);
            if (!list[i].is_submenu)
                assert_int_equal(menu_key(&menu, KEY_ENTER), MENU_BOOT);
            assert_true(list[i].is_submenu || menu.current == i);
        }
    }
}

/* ---- the editor ---- */

static const struct editor_test {
    const char *name, *text, *keys;
    bool one_line;
    u32 size;
    enum editor_action action; /* of the last key */
    const char *after;
    u32 cursor;
} editor_tests[] = {
    {"insert at the start", "bc", "a", false, 9, EDITOR_STAY, "abc", 1},
    {"insert at the end", "ab", "Ec", false, 9, EDITOR_STAY, "abc", 3},
    {"insert in the middle", "ac", "Rb", false, 9, EDITOR_STAY, "abc", 2},
    {"full", "abc", "xRy", false, 3, EDITOR_STAY, "abc", 1},
    {"one place left", "abc", "xy", false, 4, EDITOR_STAY, "xabc", 1},
    {"backspace", "abc", "RR<", false, 9, EDITOR_STAY, "ac", 1},
    {"backspace at the start", "abc", "<", false, 9, EDITOR_STAY, "abc", 0},
    {"delete", "abc", "R>", false, 9, EDITOR_STAY, "ac", 1},
    {"delete at the end", "abc", "E>", false, 9, EDITOR_STAY, "abc", 3},
    {"left at the start", "abc", "LLx", false, 9, EDITOR_STAY, "xabc", 1},
    {"right at the end", "abc", "RRRRRx", false, 9, EDITOR_STAY, "abcx", 4},
    {"new line", "ab", "R\n", false, 9, EDITOR_STAY, "a\nb", 2},
    {"join lines", "a\nb", "D<", false, 9, EDITOR_STAY, "ab", 1},
    {"home, end of a line", "ab\ncd\nef", "DRHEx", false, 19, EDITOR_STAY, "ab\ncdx\nef", 6},
    {"home of a line", "ab\ncd\nef", "DRHx", false, 19, EDITOR_STAY, "ab\nxcd\nef", 4},
    {"down keeps the column", "abc\ndef", "RRD", false, 9, EDITOR_STAY, "abc\ndef", 6},
    {"down into a shorter line", "abc\nd\nefg", "RRRD", false, 12, EDITOR_STAY, "abc\nd\nefg", 5},
    {"up", "abc\ndef", "DRU", false, 9, EDITOR_STAY, "abc\ndef", 1},
    {"up into a shorter line", "a\ndef", "DEU", false, 9, EDITOR_STAY, "a\ndef", 1},
    {"up at the first line", "abc", "RU", false, 9, EDITOR_STAY, "abc", 1},
    {"down at the last line", "abc", "RD", false, 9, EDITOR_STAY, "abc", 1},
    {"over an empty line", "abc\n\ndef", "RDD", false, 12, EDITOR_STAY, "abc\n\ndef", 5},
    {"pages", "a\nb\nc\nd", "NRPx", false, 19, EDITOR_STAY, "ax\nb\nc\nd", 2},
    {"tab is a space", "", "a\tb", false, 9, EDITOR_STAY, "a b", 3},
    {"boot", "abc", "!", false, 9, EDITOR_DONE, "abc", 0},
    {"discard", "abc", "x~", false, 9, EDITOR_DISCARD, "xabc", 1},
    {"other keys do nothing", "abc", "?", false, 9, EDITOR_STAY, "abc", 0},
    {"line: at the end", "old\n", "new", true, 19, EDITOR_STAY, "old\nnew", 7},
    {"line: enter is done", "old\n", "n\n", true, 19, EDITOR_DONE, "old\nn", 5},
    {"line: what was before stays", "old\n", "<<LLUHx", true, 19, EDITOR_STAY, "old\nxold", 5},
    {"line: home is its start", "old\n", "newHx", true, 19, EDITOR_STAY, "old\nxnew", 5},
    {"line: delete at its end", "old\n", "a>", true, 19, EDITOR_STAY, "old\na", 5},
    {"line: the last one again", "one\ntwo\n", "xyU", true, 19, EDITOR_STAY, "one\ntwo\ntwo", 11},
    {"line: there is none", "", "xU", true, 19, EDITOR_STAY, "x", 1},
    {"line: what fits of it", "abcd\n", "U", true, 7, EDITOR_STAY, "abcd\nab", 7},
    {"line: down", "old\n", "nD", true, 19, EDITOR_STAY, "old\nn", 5},
    {"line: discard", "old\n", "n~", true, 19, EDITOR_DISCARD, "old\nn", 5},
};

static struct editor open_text(char *buffer, u32 size, const char *text, bool one_line) {
    struct editor editor;
    memcpy(buffer, text, strlen(text));
    editor_open(&editor, buffer, size, (u32)strlen(text), one_line);
    return editor;
}

static void test_editor_keys(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(editor_tests); i++) {
        const struct editor_test *test = &editor_tests[i];
        char *buffer = malloc(test->size);
        struct editor editor = open_text(buffer, test->size, test->text, test->one_line);
        enum editor_action action = EDITOR_STAY;
        for (const char *at = test->keys; *at; at++)
            action = editor_key(&editor, key_named(*at));
        if (action != test->action || editor.cursor != test->cursor ||
            editor.length != strlen(test->after) || memcmp(buffer, test->after, editor.length))
            fail_msg("%s: action %u, cursor %u, text |%.*s|", test->name, action, editor.cursor,
                     (int)editor.length, buffer);
        free(buffer);
    }
}

static const struct {
    const char *name, *text, *keys;
    bool one_line;
    u32 columns, rows;
    const char *picture;
} editor_pictures[] = {
    {"at the start", "ab\ncd", "", false, 20, 10, "\n\n   *a*b\n   cd\n\n"},
    {"at the end", "ab\ncd", "DE", false, 20, 10, "\n\n   ab\n   cd* *\n\n"},
    {"on a line end", "ab\ncd", "E", false, 20, 10, "\n\n   ab* *\n   cd\n\n"},
    {"nothing", "", "", false, 20, 10, "\n\n   * *\n\n\n"},
    {"behind the last line end", "a\n", "D", false, 20, 10, "\n\n   a\n   * *\n\n"},
    {"long lines go on", "abcdefgh\ni", "", false, 10, 10, "\n\n   *a*bcd\n   efgh\n         v\n"},
    {"the end of a full row", "abcd", "E", false, 10, 10, "\n\n   abcd\n   * *\n\n"},
    {"a full row and more", "abcd\ne", "", false, 10, 11, "\n\n   *a*bcd\n\n   e\n\n"},
    {"more below", "a\nb\nc\nd\ne", "", false, 20, 10,
     "\n\n   *a*\n   b\n   c               v\n\n"},
    {"more above", "a\nb\nc\nd\ne", "DDDD", false, 20, 10,
     "\n\n   c               ^\n   d\n   *e*\n\n"},
    {"both", "a\nb\nc\nd\ne", "DDD", false, 20, 10,
     "\n\n   b               ^\n   c\n   *d*               v\n\n"},
    {"no characters but ASCII", "\xc3\xa4\x01z", "E", false, 20, 10, "\n\n   ???z* *\n\n"},
    {"command line", "one\n", "x", true, 20, 10, "\n\n > one\n > x* *\n\n"},
    {"its mark is for lines, not rows", "abcdef\n", "x", true, 10, 10,
     "\n\n > abcd\n   ef\n > x* *\n"},
};

static void test_editor_pictures(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(editor_pictures); i++) {
        char buffer[64];
        struct editor editor =
            open_text(buffer, sizeof buffer, editor_pictures[i].text, editor_pictures[i].one_line);
        for (const char *at = editor_pictures[i].keys; *at; at++)
            editor_key(&editor, key_named(*at));
        struct grid grid = new_grid(editor_pictures[i].columns, editor_pictures[i].rows);
        grid_clear(&grid);
        editor_draw(&editor, &grid);
        expect_picture(editor_pictures[i].name, &grid, editor_pictures[i].picture);
        free(grid.cells);
    }
}

/* What inserting and deleting must come to, done the slow way. */
struct model {
    char text[64];
    size_t length;
};

static void model_key(struct model *model, u32 key, u32 cursor, const struct editor *editor) {
    char c = key == KEY_ENTER ? '\n' : key == KEY_TAB ? ' ' : (char)key;
    bool inserts = key_is_text(key) || key == KEY_TAB || (key == KEY_ENTER && !editor->one_line);
    struct model before = *model;
    if (inserts && model->length < editor->size) {
        snprintf(model->text, sizeof model->text, "%.*s%c%s", (int)cursor, before.text, c,
                 before.text + cursor);
        model->length++;
    }
    if (key == KEY_BACKSPACE)
        cursor--;
    if ((key == KEY_BACKSPACE || key == KEY_DELETE) && cursor >= editor->floor &&
        cursor < model->length) {
        snprintf(model->text, sizeof model->text, "%.*s%s", (int)cursor, before.text,
                 before.text + cursor + 1);
        model->length--;
    }
}

static u32 count_cursors(const struct grid *grid) {
    u32 count = 0;
    for (u32 i = 0; i < grid->columns * grid->rows; i++)
        count += grid->cells[i].colour == GRID_CURRENT;
    return count;
}

static void test_random_editing(void **state) {
    (void)state;
    static const char keys[] = "UDLRHEPNLRUD\n\n~!?<<>\tabc";
    for (u32 seed = 1; seed < 4000; seed++) {
        random_state = seed * 2654435761u;
        u32 size = 5 + chance(40);
        char *buffer = malloc(size);
        bool one_line = chance(2);
        struct editor editor = open_text(buffer, size, chance(2) ? "ab\nc\n" : "", one_line);
        struct model model = {"", 0};
        snprintf(model.text, sizeof model.text, "%.*s", (int)editor.length, buffer);
        model.length = editor.length;
        for (u32 step = 0; step < 60; step++) {
            u32 key = key_named(keys[chance(sizeof keys - 1)]);
            bool recalls = one_line && key == KEY_UP && editor.floor;
            model_key(&model, key, editor.cursor, &editor);
            editor_key(&editor, key);
            if (recalls) {
                snprintf(model.text, sizeof model.text, "%.*s", (int)editor.length, buffer);
                model.length = editor.length;
            }
            if (editor.cursor < editor.floor || editor.cursor > editor.length ||
                editor.length != model.length || memcmp(buffer, model.text, model.length))
                fail_msg("seed %u step %u: cursor %u, |%.*s|, not |%s|", seed, step, editor.cursor,
                         (int)editor.length, buffer, model.text);
            struct grid grid = new_grid(1 + chance(40), 1 + chance(20));
            grid_clear(&grid);
            editor_draw(&editor, &grid);
            if (grid_body_rows(&grid) && grid.columns > GRID_MARGIN + 1)
                assert_int_equal(count_cursors(&grid), 1);
            free(grid.cells);
        }
        free(buffer);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_terminal_bytes),
        cmocka_unit_test(test_escape_alone),
        cmocka_unit_test(test_no_bytes_stop_the_keys),
        cmocka_unit_test(test_outside_of_a_grid),
        cmocka_unit_test(test_bios_keys),
        cmocka_unit_test(test_frame),
        cmocka_unit_test(test_note_of_full_rows),
        cmocka_unit_test(test_nothing_is_drawn_outside),
        cmocka_unit_test(test_only_ascii_is_shown),
        cmocka_unit_test(test_levels_are_apart),
        cmocka_unit_test(test_menu_keys),
        cmocka_unit_test(test_menu_time),
        cmocka_unit_test(test_menu_pictures),
        cmocka_unit_test(test_note_is_for_one_key),
        cmocka_unit_test(test_random_menus),
        cmocka_unit_test(test_every_entry_can_be_reached),
        cmocka_unit_test(test_editor_keys),
        cmocka_unit_test(test_editor_pictures),
        cmocka_unit_test(test_random_editing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
