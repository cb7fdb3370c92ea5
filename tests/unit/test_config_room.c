/* Room that runs out while a configuration is read or an entry is booted. One script asks for room
 * of each kind in many places; before it stands what leaves it less and less. Wherever the room
 * ends, the error says which room, and with a little more of it the next place is reached. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_driver.h"

#define DIGITS_16 "0123456789abcdef"
#define HASH      "--hash=sha512:" DIGITS_64 DIGITS_64
#define DIGITS_64 DIGITS_16 DIGITS_16 DIGITS_16 DIGITS_16

enum { NAME_MAX = CONFIG_LINE_MAX - 12 }; /* a function's name, where `function` stands before it */

static const char script[] =
    "set k=/boot/k\nx=one; s='a b c'\n: $s\n"
    "function f {\n echo \"$@\" $* $# ${1}x\n shift\n setparams a \"b c\" \"$@\" $@\n : \"$*\" $2\n"
    " return 0\n}\n"
    "for w in one $x three; do f $w \"$x y\"; done\n"
    "if true; then f 1; else f 2; fi\n"
    "while [ x$x = xone ]; do x=two; done\n"
    "source /more.cfg\n"
    "search --set=longer_than_before --label there\n"
    "unset x; unset none\n"
    "insmod nothing\nif frob; then x=1; fi\n"
    "timeout 5\ndefault=1\n"
    "if [ -f /there -a -f /empty ]; then y=1; fi\n"
    "password user secret\n"
    "submenu S --id s --users u --hotkey=s two {\n"
    " menuentry T --id t --users=u,v 'the second' {\n"
    "  kernel " HASH " $k \"$1 $2\" w\n  module " HASH " /m a 'b c'\n  set gfxpayload=text\n"
    "  for w in 1 2; do f $w; done\n }\n"
    "}\n"
    "menuentry U --id u {\n multiboot (hd0)/k a b\n initrd /m\n}\n";

/* Makes an entry that executes the whole file once more, with the functions before the script. */
static const char outside[] = "linux /k x\n";

/* What fills: `start`, `count` times `piece`, and `middle` stand before the script, and behind it
 * as often `end`. */
static const struct filler {
    const char *name; /* of the room, in the error */
    u32 limit;
    u32 long_names; /* functions with names as long as can be, before `start` */
    const char *start, *piece, *middle, *end;
    u32 most;  /* pieces after which there is no room for the script's first wish */
    u32 lines; /* at which room ends, at least */
} fillers[] = {
    {"characters", CONFIG_TEXT_MAX, 1, "function ", "x", " {\n}\n", "", NAME_MAX, 14},
    {"characters in variables", CONFIG_VALUES_MAX, 0, "p=", "x", "\n", "", CONFIG_VALUES_MAX, 20},
    {"characters in a command", CONFIG_LINE_MAX, 0, "setparams ", "x", "\n", "", CONFIG_LINE_MAX,
     5},
    {"blocks and calls within one another", CONFIG_FRAMES_MAX, 0, "", "if true; then\n", "", "fi\n",
     CONFIG_FRAMES_MAX, 3},
    {"entries", CONFIG_ENTRIES_MAX, 0, "", "menuentry e {}\n", "", "", CONFIG_ENTRIES_MAX, 4},
    {"functions", CONFIG_FUNCTIONS_MAX, 0, "", "function g {\n}\n", "", "", CONFIG_FUNCTIONS_MAX,
     1},
    {"files", CONFIG_FILES_MAX, 0, "", "source /empty\n", "", "", CONFIG_FILES_MAX, 1},
};

static char text[CONFIG_BYTES_MAX + 1];

static void append(const char *string, u32 times) {
    size_t used = strlen(text), length = strlen(string);
    assert_true(used + times * length < sizeof text);
    for (u32 i = 0; i < times; i++, used += length)
        memcpy(text + used, string, length + 1);
}

/* The file is read and every entry booted. */
static struct error execute_all(void) {
    TRY(parse(text));
    for (u32 i = 0; i < config.entry_count; i++) {
        struct boot_request request;
        if (config.entries[i].is_submenu)
            continue;
        struct error error = config_request(i, &request);
        if (error.code && error.code != ERROR_CONFIG_NO_KERNEL)
            return error;
    }
    return OK;
}

static struct error execute_behind(const struct filler *filler, u32 count) {
    text[0] = 0;
    for (u32 i = 0; i < filler->long_names; i++) {
        append("function ", 1);
        append("y", NAME_MAX);
        append(" {\n}\n", 1);
    }
    append(filler->start, 1);
    append(filler->piece, count);
    append(filler->middle, 1);
    append(script, 1);
    append(outside, !filler->long_names);
    append(filler->end, *filler->end ? filler->piece[1] ? count : 1 : 0);
    return execute_all();
}

/* From no room at all up to enough of it. */
static void test_rooms(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(fillers); i++) {
        const struct filler *filler = &fillers[i];
        u32 lines = 0, line = 0;
        for (u32 count = filler->most;; count--) {
            struct error error = execute_behind(filler, count);
            if (!error.code)
                break;
            if (error.code != ERROR_CONFIG_TOO_BIG || strcmp(error.values.name, filler->name) ||
                error.values.number[0] != filler->limit || !error.line || !error.column || !count)
                fail_msg("%s, %u: error %d at %u:%u", filler->name, count, error.code, error.line,
                         error.column);
            lines += error.line != line;
            line = error.line;
        }
        printf("%s: %u\n", filler->name, lines);
        assert_true(lines >= filler->lines);
        expect_ok("the script alone", parse(script));
    }
}

/* As many file tests as one command may have, and one more. */
static void test_asked(void **state) {
    (void)state;
    for (u32 count = CONFIG_ASKED_MAX; count <= CONFIG_ASKED_MAX + 1; count++) {
        text[0] = 0;
        append("test", 1);
        append(" -f /there", count);
        append("\nfound=$?\n", 1);
        struct error error = parse(text);
        if (count == CONFIG_ASKED_MAX) {
            expect_ok("as many as may be", error);
            check_string("found", "0", config_variable(&config, "found"));
        } else {
            assert_int_equal(error.code, ERROR_CONFIG_TOO_BIG);
            check_string("name", "file tests in a command", error.values.name);
            assert_int_equal(error.values.number[0], CONFIG_ASKED_MAX);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rooms), cmocka_unit_test(test_asked)};
    return cmocka_run_group_tests(tests, NULL, free_borrowed);
}
