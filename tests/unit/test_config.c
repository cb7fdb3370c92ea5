#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_driver.h"

/* --- What a text parses to, as one line of text ---
 *
 * An entry is title#id@line:column, after a + for each submenu around it and before a * if it is
 * one; then come its commands in [] with their words in <>. */

static void dump(struct text *text) {
    for (u32 i = 0; i < config.entry_count; i++) {
        const struct config_entry *entry = &config.entries[i];
        if (i)
            text_char(text, ' ');
        for (u32 depth = 0; depth < entry->depth; depth++)
            text_char(text, '+');
        text_string(text, entry->title);
        text_char(text, '#');
        text_string(text, entry->id);
        text_char(text, '@');
        text_decimal(text, entry->place.line);
        text_char(text, ':');
        text_decimal(text, entry->place.column);
        if (entry->is_submenu)
            text_char(text, '*');
        if (entry->is_submenu)
            continue;
        expect_ok("enter", script_enter(&config, i, NULL));
        expect_ok("run", run(NULL, text));
    }
}

#define OUTSIDE "commands outside any menuentry"

/* 40 blocks of each kind within one another. */
#define TEN(text)   text text text text text text text text text text
#define FORTY(text) TEN(text) TEN(text) TEN(text) TEN(text)
#define DEEP        FORTY("if a; then ") FORTY("{ ")
#define DEEP_END    FORTY("} ") FORTY("; fi ") "\n"

static const struct {
    const char *name, *text, *expected;
} good_texts[] = {
    {"empty", "", ""},
    {"blank", " \t\r\n\n;;\n", ""},
    {"only a comment", "# nothing", ""},
    {"one entry", "menuentry \"A b\" {\n  kernel /k one two\n  boot\n}\n",
     "A b#@1:1[<kernel></k><one><two>]"},
    {"no last newline", "menuentry A {\nkernel /k\n}", "A#@1:1[<kernel></k>]"},
    {"crlf", "menuentry A\r\n{\r\n\tkernel /k x\r\n}\r\n", "A#@1:1[<kernel></k><x>]"},
    {"lone cr is a blank", "menuentry A {kernel\r/k\r}", "A#@1:1[<kernel></k>]"},
    {"glued brace", "menuentry A{\nkernel /k\n}", "A#@1:1[<kernel></k>]"},
    {"glued to a quote", "menuentry \"A\"{kernel /k}", "A#@1:1[<kernel></k>]"},
    {"brace on the next line", "menuentry A\n\n # so\n{\nkernel /k\n}", "A#@1:1[<kernel></k>]"},
    {"one line", "menuentry A { kernel /k; module /m;boot; }",
     "A#@1:1[<kernel></k>][<module></m>]"},
    {"entry after entry", "menuentry A {kernel /a} menuentry B {kernel /b}",
     "A#@1:1[<kernel></a>] B#@1:25[<kernel></b>]"},
    {"byte order mark", "\xef\xbb\xbfmenuentry A {kernel /k}", "A#@1:1[<kernel></k>]"},
    {"utf-8", "menuentry '\xc3\x84' {kernel /k}", "\xc3\x84#@1:1[<kernel></k>]"},
    {"empty entry", "menuentry A {}", "A#@1:1"},
    {"empty title", "menuentry \"\" {kernel /k}", "#@1:1[<kernel></k>]"},

    {"id", "menuentry A --id a1 {kernel /k}", "A#a1@1:1[<kernel></k>]"},
    {"id with =", "menuentry --id=a1 A {kernel /k}", "A#a1@1:1[<kernel></k>]"},
    {"all options",
     "menuentry --class os --class=x --unrestricted A --users '' --hotkey=a --id i "
     "--hotkey b --group g {kernel /k}",
     "A#i@1:1[<kernel></k>]"},
    {"generated", "menuentry 'A' --class a $menuentry_id_option 'a-1' {kernel /k}",
     "A#a-1@1:1[<kernel></k>]"},
    {"words after the title", "menuentry A b c {kernel /k}", "A#@1:1[<kernel></k>]"},

    {"single quotes", "menuentry A {kernel '/a b' 'c\\d\"$x{};#'}",
     "A#@1:1[<kernel></a b><c\\d\"$x{};#>]"},
    {"double quotes", "menuentry A {kernel \"a\\\"b\\\\c\\$d\\e'f\"}",
     "A#@1:1[<kernel><a\"b\\c$d\\e'f>]"},
    {"quotes in a word", "menuentry A {kernel a'b c'd\"e f\"g}", "A#@1:1[<kernel><ab cde fg>]"},
    {"empty word", "menuentry A {kernel '' \"\" x}", "A#@1:1[<kernel><><><x>]"},
    {"quotes over lines", "menuentry A {kernel 'a\r\nb' \"c\nd\"}", "A#@1:1[<kernel><a\nb><c\nd>]"},
    {"quoted continuation", "menuentry A {kernel \"a\\\nb\" 'c\\\nd'}",
     "A#@1:1[<kernel><ab><c\\\nd>]"},
    {"backslash", "menuentry A {kernel a\\ b\\;\\{\\}\\#\\$x\\\\\\'}",
     "A#@1:1[<kernel><a b;{}#$x\\'>]"},
    {"backslash at the end", "menuentry A {kernel /k}\\", "A#@1:1[<kernel></k>]"},
    {"backslash at the end of a word", "kernel a\\", OUTSIDE "#@1:1[<kernel><a>]"},
    {"continuation", "menuentry A {kernel \\\n /k \\\r\n  x\\\ny}", "A#@1:1[<kernel></k><xy>]"},

    {"comments", "#a\nmenuentry A { # b { ' \"\n kernel /k#c d#e # f }\n#}\n}# g",
     "A#@2:1[<kernel></k#c><d#e>]"},
    {"no continuation of a comment", "# a \\\nmenuentry A {kernel /k}", "A#@2:1[<kernel></k>]"},

    {"variables", "set k=/b/k\nopt=\"a b\"\nmenuentry A {kernel $k-1 ${k}x \"$opt\" '$opt' \\$k}",
     "A#@3:1[<kernel></b/k-1></b/kx><a b><$opt><$k>]"},
    {"split at a line end", "set o='a\nb'\nmenuentry A {kernel $o}", "A#@3:1[<kernel><a><b>]"},
    {"an argument that there cannot be", "menuentry A {kernel /k $99999999999999999999 $2 ${1}x}",
     "A#@1:1[<kernel></k><Ax>]"},
    {"a function that is passed over, with more in it than could be executed",
     "function f {\n" DEEP "\n" DEEP_END "}\nmenuentry A {kernel /k}", "A#@5:1[<kernel></k>]"},
    {"split", "set o=' a  b '\nmenuentry A {kernel $o x${o}y}",
     "A#@2:1[<kernel><a><b><x><a><b><y>]"},
    {"undefined", "menuentry A {kernel /k $no ${no} a$no \"$no\" $no}",
     "A#@1:1[<kernel></k><a><>]"},
    {"bare dollar", "menuentry A {kernel $ a$ \"$\" $. $}", "A#@1:1[<kernel><$><a$><$><$.><$>]"},
    {"a variable as the command", "set c=kernel\nmenuentry A {$c /k\n$none\n}",
     "A#@2:1[<kernel></k>]"},
    {"variables inside end with the block",
     "set a=1\nmenuentry A {set a=2; set b=3; kernel $a$b}\nmenuentry B {kernel $a$b}",
     "A#@2:1[<kernel><23>] B#@3:1[<kernel><1>]"},
    {"unset two", "a=1\nb=2\nc=3\nunset=4\nmenuentry A {unset a c\nkernel x$a$b$c$unset}",
     "A#@5:1[<kernel><x24>]"},
    {"unset", "set a=1\nmenuentry A {unset a\nkernel x$a}\nmenuentry B {kernel x$a}",
     "A#@2:1[<kernel><x>] B#@4:1[<kernel><x1>]"},
    {"name of one is the start of another", "ab=1\na=2\nmenuentry A {kernel $ab$a}",
     "A#@3:1[<kernel><12>]"},

    {"ignored",
     "insmod all_video\nload_video\nterminal_output console\nif_no=1\nmenuentry A {\necho "
     "'Loading'\n"
     "set root='hd0,msdos1'\nsearch --file /x\ngfxmode keep\nrecordfail\nkernel /k\nboot\n}\n"
     "sleep 1;clear;play 480 440 1",
     "A#@5:1[<kernel></k>]"},
    {"later and unknown are kept", "menuentry A {multiboot /k\nmodule2 /m\nfrobnicate 1\nreboot}",
     "A#@1:1[<multiboot></k>][<module2></m>][<frobnicate><1>][<reboot>]"},

    {"return out of a submenu",
     "submenu S {\nmenuentry A {kernel /a}\nif true; then return; fi\nmenuentry B {}\n"
     "submenu T {}\n}\nmenuentry C {kernel /c}",
     "S#@1:1* +A#@2:1[<kernel></a>] C#@7:1[<kernel></c>]"},
    {"return before its end", "submenu S {return}\nmenuentry C {kernel /c}",
     "S#@1:1* C#@2:1[<kernel></c>]"},
    {"submenu",
     "submenu S --id s {\nmenuentry A {kernel /a}\nsubmenu T {menuentry B {kernel /b}}\n}\n"
     "menuentry C {kernel /c}",
     "S#s@1:1* +A#@2:1[<kernel></a>] +T#@3:1* ++B#@3:12[<kernel></b>] C#@5:1[<kernel></c>]"},
    {"nesting as deep as it may",
     "submenu 1 {submenu 2 {submenu 3 {submenu 4 {submenu 5 {submenu 6 {submenu 7 {submenu 8 {"
     "menuentry A {kernel /k}}}}}}}}}",
     "1#@1:1* +2#@1:12* ++3#@1:23* +++4#@1:34* ++++5#@1:45* +++++6#@1:56* ++++++7#@1:67* "
     "+++++++8#@1:78* ++++++++A#@1:89[<kernel></k>]"},

    {"outside", "kernel /k a\nmodule /m\nboot\n", OUTSIDE "#@1:1[<kernel></k><a>][<module></m>]"},
    {"outside, of a later version", "multiboot /k\nboot", OUTSIDE "#@1:1[<multiboot></k>]"},
    {"outside comes last and stays together",
     " kernel /k\nmenuentry A {kernel /a}\nmodule /m\nmenuentry B {kernel /b\nmodule /n}\nmodule "
     "/o",
     "A#@2:1[<kernel></a>] B#@4:1[<kernel></b>][<module></n>] " OUTSIDE
     "#@1:2[<kernel></k>][<module></m>][<module></o>]"},
    {"nothing outside that boots", "set a=b\nboot\ninsmod x", ""},
};

static void test_good_texts(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(good_texts); i++) {
        expect_ok(good_texts[i].name, parse(good_texts[i].text));
        char buffer[1024];
        struct text text = TEXT_IN(buffer);
        dump(&text);
        check_string(good_texts[i].name, good_texts[i].expected, buffer);
    }
}

/* --- Errors --- */

struct expected_error {
    const char *name; /* of the row */
    const char *text;
    enum error_code code;
    u32 line, column;
    const char *about, *other; /* NULL: whatever it is */
    u64 number;
};

static void check_error(const struct expected_error *row, struct error error) {
    bool here = !row->line || (error.line == row->line && error.column == row->column);
    if (error.code != row->code || !here)
        fail_msg("%s: expected error %d at %u:%u, got %d at %u:%u", row->name, row->code, row->line,
                 row->column, error.code, error.line, error.column);
    if (row->about)
        check_string(row->name, row->about, error.values.name);
    if (row->other)
        check_string(row->name, row->other, error.values.other);
    assert_int_equal(error.values.number[0], row->number);
    /* Its texts must find all that they name. */
    char buffer[512];
    struct text text = TEXT_IN(buffer);
    error_text(&error, &text);
    error_fix(&error, &text);
    if (strstr(buffer, "\"?\"") || strchr(buffer, '?') != strrchr(buffer, '?'))
        fail_msg("%s: a value is missing in: %s", row->name, buffer);
}

#define E(code) ERROR_CONFIG_##code

static const struct expected_error parse_errors[] = {
    {"unknown", "\n  frob 1", E(COMMAND), 2, 3, "frob", "one of these", 0},
    {"one letter wrong", "kernal /k", E(COMMAND), 1, 1, "kernal", "kernel", 0},
    {"one letter too many", "menueentry A {}", E(COMMAND), 1, 1, "menueentry", "menuentry", 0},
    {"one letter missing", "modul /m", E(COMMAND), 1, 1, "modul", "module", 0},
    {"one letter missing in front", "odule /m", E(COMMAND), 1, 1, "odule", "module", 0},
    {"last letter too many", "sett x=1", E(COMMAND), 1, 1, "sett", "set", 0},
    {"swapped letters", "kernle /k", E(COMMAND), 1, 1, "kernle", "kernel", 0},
    {"two letters wrong", "karnal /k", E(COMMAND), 1, 1, "karnal", "one of these", 0},
    {"empty command", "'' x", E(COMMAND), 1, 1, "", NULL, 0},
    {"option as a command", "--a=b", E(COMMAND), 1, 1, "--a=b", NULL, 0},
    {"unknown in a submenu", "submenu S {\nfrob\n}", E(COMMAND), 2, 1, "frob", NULL, 0},
    {"stray brace", "echo {", E(COMMAND), 1, 6, "{", NULL, 0},
    {"brace alone", "{", E(COMMAND), 1, 1, "{", NULL, 0},
    {"brace after the command in a block", "menuentry A {\nkernel /k {", E(BRACE_OPEN), 1, 13, NULL,
     NULL, 0},

    {"single quote", "set a='b\nc", E(QUOTE), 1, 7, NULL, NULL, '\''},
    {"double quote", "\n\techo a\"b\\\"", E(QUOTE), 2, 8, NULL, NULL, '"'},
    {"quote at the end", "'", E(QUOTE), 1, 1, NULL, NULL, '\''},
    {"backslash ends an open quote", "\"\\", E(QUOTE), 1, 1, NULL, NULL, '"'},
    {"variable ends an open quote", "\"$a", E(QUOTE), 1, 1, NULL, NULL, '"'},

    {"open block", "menuentry A {\nkernel /k\n", E(BRACE_OPEN), 1, 13, NULL, NULL, 0},
    {"return in an open submenu", "submenu S {return\nif true; then\nfi\n", E(BRACE_OPEN), 1, 11,
     NULL, NULL, 0},
    {"open submenu", "submenu S\n {\nmenuentry A {kernel /k}\n", E(BRACE_OPEN), 2, 2, NULL, NULL,
     0},
    {"close alone", "\n }", E(BRACE_CLOSE), 2, 2, NULL, NULL, 0},
    {"closed twice", "menuentry A {}}", E(BRACE_CLOSE), 1, 15, NULL, NULL, 0},

    {"no title", "menuentry {}", E(TITLE), 1, 1, "menuentry", NULL, 0},
    {"no title but an id", "submenu --id a {}", E(TITLE), 1, 1, "submenu", NULL, 0},
    {"an undefined title", " menuentry $t {}", E(TITLE), 1, 2, "menuentry", NULL, 0},
    {"no block", "menuentry A\nkernel /k", E(TITLE), 1, 1, "menuentry", NULL, 0},
    {"end without a block", "menuentry A\n", E(TITLE), 1, 1, "menuentry", NULL, 0},
    {"close without a block", "menuentry A }", E(TITLE), 1, 1, "menuentry", NULL, 0},

    {"set without a value", "set", E(ARGUMENTS), 1, 1, "set", NULL, 0},
    {"set with spaces", "set timeout = 5", E(ARGUMENTS), 1, 5, "set", NULL, 0},
    {"set no name", "set =5", E(ARGUMENTS), 1, 5, "set", NULL, 0},
    {"set a bad name", "set a-b=5", E(ARGUMENTS), 1, 5, "set", NULL, 0},
    {"set a second word", "set a=1 b", E(ARGUMENTS), 1, 9, "set", NULL, 0},
    {"timeout of nothing", "timeout", E(ARGUMENTS), 1, 1, "timeout", "one value", 0},
    {"default of two", "default 1 2", E(ARGUMENTS), 1, 1, "default", "one value", 0},
    {"open variable", "echo ${a", E(ARGUMENTS), 1, 6, "${", NULL, 0},
    {"variable without a name", "echo \"${}\"", E(ARGUMENTS), 1, 7, "${", NULL, 0},
    {"variable with a strange name", "echo x${a-b}", E(ARGUMENTS), 1, 7, "${", NULL, 0},
    {"id without a value", "menuentry A --id {}", E(ARGUMENTS), 1, 13, "--id", "a value", 0},
    {"kernel in a submenu", "submenu S {\n kernel /k\n}", E(ARGUMENTS), 2, 2, "submenu", NULL, 0},

    {"unknown option", "menuentry A --idx=b {}", E(OPTION), 1, 13, "menuentry", "--idx=b", 0},
    {"unknown option of submenu", "submenu --color A {}", E(OPTION), 1, 9, "submenu", "--color", 0},

    {"nested", "menuentry A {\n menuentry B {}}", E(NESTED), 2, 2, "menuentry", NULL, 0},
    {"submenu in a menuentry", "menuentry A {submenu B {}}", E(NESTED), 1, 14, "submenu", NULL, 0},

    {"escape", "set a=b\n x\x1b", E(CHARACTER), 2, 3, NULL, NULL, 0x1b},
    {"delete", "\x7f", E(CHARACTER), 1, 1, NULL, NULL, 0x7f},
    {"in a comment", "# \x01", E(CHARACTER), 1, 3, NULL, NULL, 1},
    {"utf-16", "\xff\xfe\x01", E(CHARACTER), 1, 3, NULL, NULL, 1},
    {"form feed", "\f", E(CHARACTER), 1, 1, NULL, NULL, 12},
    {"last before the space", "\x1f", E(CHARACTER), 1, 1, NULL, NULL, 0x1f},

    {"case", "case a in", E(LATER), 1, 1, "case", NULL, 0},
    {"select", "select a", E(LATER), 1, 1, "select", NULL, 0},

    {"if without fi", "a=b\n if true; then\n a=c\n", E(UNCLOSED), 2, 2, "if", "fi", 0},
    {"if without fi, not taken", " if false; then\n a=c\n", E(UNCLOSED), 1, 2, "if", "fi", 0},
    {"else without fi", "if true; then\nelse\n", E(UNCLOSED), 1, 1, "if", "fi", 0},
    {"if ended by a brace", "function f {\nif true; then\n}\nf", E(UNCLOSED), 2, 1, "if", "fi", 0},
    {"while ended by a brace, behind a whole if",
     "menuentry x {\nif a; then b; fi\n while c; do\n}", E(UNCLOSED), 3, 2, "while", "done", 0},
    {"while without done", "while false; do\n", E(UNCLOSED), 1, 1, "while", "done", 0},
    {"until without done", "until true; do\nfi", E(STRAY), 2, 1, "fi", NULL, 0},
    {"for without done", "\n\tfor a in ; do", E(UNCLOSED), 2, 2, "for", "done", 0},
    {"for with a body without done", "for a in 1; do", E(UNCLOSED), 1, 1, "for", "done", 0},
    {"fi alone", " fi", E(STRAY), 1, 2, "fi", NULL, 0},
    {"then alone", "then", E(STRAY), 1, 1, "then", NULL, 0},
    {"then twice", "if true; then then fi", E(STRAY), 1, 15, "then", NULL, 0},
    {"else before then", "if true; else fi", E(STRAY), 1, 10, "else", NULL, 0},
    {"fi before then", "if true; fi", E(STRAY), 1, 10, "fi", NULL, 0},
    {"elif alone", "elif true; then", E(STRAY), 1, 1, "elif", NULL, 0},
    {"do in an if", "if true; do", E(STRAY), 1, 10, "do", NULL, 0},
    {"do twice", "while true; do do", E(STRAY), 1, 16, "do", NULL, 0},
    {"done alone", "done", E(STRAY), 1, 1, "done", NULL, 0},
    {"done in an if", "if true; then done", E(STRAY), 1, 15, "done", NULL, 0},
    {"done in a branch not taken", "if false; then done; fi", E(STRAY), 1, 16, "done", NULL, 0},
    {"fi in a loop", "for a in 1; do fi; done", E(STRAY), 1, 16, "fi", NULL, 0},
    {"break alone", "  break", E(STRAY), 1, 3, "break", NULL, 0},
    {"continue in an if", "if true; then continue; fi", E(STRAY), 1, 15, "continue", NULL, 0},
    {"break in a called function", "function f {\nbreak\n}\nfor a in 1; do f; done", E(STRAY), 2, 1,
     "break", NULL, 0},
    {"break from too many", "for a in 1; do break 2; done", E(STRAY), 1, 16, "break", NULL, 0},
    {"for without in", "for a b; do", E(ARGUMENTS), 1, 1, "for", NULL, 0},
    {"for without anything", "for", E(ARGUMENTS), 1, 1, "for", NULL, 0},
    {"function without a name", "function {", E(ARGUMENTS), 1, 1, "function", NULL, 0},
    {"function without a block", "function f\necho", E(TITLE), 1, 1, "function", NULL, 0},
    {"function without an end", "function f {\n", E(BRACE_OPEN), 1, 12, NULL, NULL, 0},
    {"a quote in a function", "function f {\n'\n}", E(QUOTE), 2, 1, NULL, NULL, '\''},
    {"a quote in a branch not taken", "if false; then\n \"\nfi", E(QUOTE), 2, 2, NULL, NULL, '"'},
    {"[ without ]", "[ a", E(ARGUMENTS), 1, 1, "[", NULL, 0},
    {"[ alone", "[", E(ARGUMENTS), 1, 1, "[", NULL, 0},
    {"source without a path", "source", E(ARGUMENTS), 1, 1, "source", NULL, 0},
    {"a device that does not end", "source (hd0,1/x", E(DEVICE), 1, 8, "(hd0,1/x", NULL, 0},
    {"search for nothing", "search --file", E(ARGUMENTS), 1, 1, "search", NULL, 0},
    {"search with a strange option", "search --size=1 x", E(OPTION), 1, 8, "search", "--size=1", 0},
    {"a loop without end", "while true; do\n\ndone", E(ENDLESS), 0, 0, NULL, NULL, 0},
    {"a loop without end or body", "until false; do done", E(ENDLESS), 0, 0, NULL, NULL, 0},
    {"a function that calls itself", "function f {\nf\n}\nf", E(TOO_BIG), 0, 0, NULL, NULL, 32},
    {"a file that reads itself", "source /self.cfg", E(TOO_BIG), 0, 0, "files", NULL, 16},
    {"in a sourced file", "\n\nsource /broken.cfg", E(QUOTE), 2, 10, NULL, NULL, '\''},

    {"too deep",
     "submenu 1 {submenu 2 {submenu 3 {submenu 4 {submenu 5 {submenu 6 {submenu 7 {submenu "
     "8 {submenu 9 {",
     E(TOO_BIG), 1, 89, "submenus within submenus", NULL, CONFIG_NESTING_MAX},
};

static void test_parse_errors(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(parse_errors); i++)
        check_error(&parse_errors[i], parse(parse_errors[i].text));
    struct expected_error nul = {"NUL", NULL, E(CHARACTER), 1, 2, NULL, NULL, 0};
    check_error(&nul, parse_bytes("a\0b", 3));
}

/* --- Limits: `count` pieces just fit, one more does not --- */

static char big[CONFIG_BYTES_MAX + 2];

static struct error parse_repeated(const char *piece, u32 count, const char *end) {
    size_t used = 0;
    for (u32 i = 0; i < count; i++) {
        int length = snprintf(big + used, sizeof big - used, piece, i);
        assert_true(length > 0 && used + (size_t)length < sizeof big);
        used += (size_t)length;
    }
    assert_true(used + strlen(end) < sizeof big);
    strcpy(big + used, end);
    return parse(big);
}

static const struct {
    const char *piece; /* may hold a %u */
    u32 fits;
    const char *end;
    const char *name;
    u64 limit;
} limits[] = {
    {"menuentry %u {}", CONFIG_ENTRIES_MAX, "", "entries", CONFIG_ENTRIES_MAX},
    {"menuentry %u {}", CONFIG_ENTRIES_MAX - 1, "kernel /k", "entries", CONFIG_ENTRIES_MAX},
    {": a b c ", CONFIG_WORDS_MAX / 4, "", "words in a command", CONFIG_WORDS_MAX},
    {"function f%u {\n}\n", CONFIG_FUNCTIONS_MAX, "", "functions", CONFIG_FUNCTIONS_MAX},
    /* 7 for the record, 5 for the name, 4 for the value. */
    {"v%03u=123\n", CONFIG_VALUES_MAX / 16, "", "characters in variables", CONFIG_VALUES_MAX},
    /* The last one is there once only. */
    {"12345678", CONFIG_LINE_MAX / 8 - 1, "1234567", "characters in a command", CONFIG_LINE_MAX},
    /* The file itself is the first one. */
    {"if true; then ", CONFIG_FRAMES_MAX - 1, " fi", "blocks and calls within one another",
     CONFIG_FRAMES_MAX},
    {"source /there\n", CONFIG_FILES_MAX - 1, "menuentry A {}", "files", CONFIG_FILES_MAX},
};

/* Those that end with something else when they fit are let off. */
static bool fits(struct error error) {
    return !error.code || error.code == ERROR_CONFIG_UNCLOSED || error.code == ERROR_CONFIG_COMMAND;
}

static void test_limits(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(limits); i++) {
        struct error error = parse_repeated(limits[i].piece, limits[i].fits, limits[i].end);
        if (!fits(error))
            expect_ok(limits[i].name, error);
        error = parse_repeated(limits[i].piece, limits[i].fits + 1, limits[i].end);
        assert_int_equal(error.code, ERROR_CONFIG_TOO_BIG);
        check_string("limit", limits[i].name, error.values.name);
        assert_int_equal(error.values.number[0], limits[i].limit);
        assert_int_not_equal(error.line, 0);
    }
}

static void test_file_size(void **state) {
    (void)state;
    memset(big, '\n', sizeof big);
    expect_ok("as long as it may be", parse_bytes(big, CONFIG_BYTES_MAX));
    memset(big, ' ', sizeof big);
    expect_ok("one long line", parse_bytes(big, CONFIG_BYTES_MAX));
    struct error error = parse_bytes(big, CONFIG_BYTES_MAX + 1);
    assert_int_equal(error.code, ERROR_CONFIG_TOO_BIG);
    check_string("name", "bytes", error.values.name);
}

/* --- timeout and default --- */

static const struct {
    const char *text;
    int seconds;
    u32 error_column; /* 0: no error */
} timeouts[] = {
    {"", -1, 0},
    {"set timeout=5", 5, 0},
    {"timeout=0", 0, 0},
    {"timeout 10", 10, 0},
    {"set timeout=1\nset timeout=\"0x10\"", 16, 0},
    {"set timeout=-1", -1, 0},
    {"set timeout=", -1, 0},
    {"set timeout=3\nunset timeout", -1, 0},
    {"set timeout=3\nmenuentry A {set timeout=9\n}", 3, 0},
    {"set timeout=2147483647", 2147483647, 0},
    {"set timeout=2147483648", -1, 5},
    {"set timeout=18446744073709551616", -1, 5},
    {"set timeout=5s", -1, 5},
    {"timeout -", -1, 9},
    {"timeout=x", -1, 1},
    {"timeout=--1", -1, 1},
    {"set timeout=0x", -1, 5},
    {"set timeout=' 5'", -1, 5},
};

static void test_timeout(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(timeouts); i++) {
        const char *row = timeouts[i].text;
        int seconds = 99;
        expect_ok(row, parse(row));
        struct error error = config_timeout(&config, &seconds);
        if (!timeouts[i].error_column)
            expect_ok(row, error);
        else if (error.code != ERROR_CONFIG_VALUE || error.column != timeouts[i].error_column)
            fail_msg("%s: got error %d in column %u", row, error.code, error.column);
        if (seconds != timeouts[i].seconds)
            fail_msg("%s: got %d seconds", row, seconds);
    }
}

/* Entries 0 to 8:   0 A   1 S*   2 +B   3 +T*   4 ++C   5 +D   6 E*   7 1>0   8 last */
#define MENU                                                                                     \
    "menuentry A --id a {}\n"                                                                    \
    "submenu S --id s {\nmenuentry B {}\nsubmenu T {menuentry C --id c {}}\nmenuentry D {}\n}\n" \
    "submenu E {}\nmenuentry '1>0x' {}\nmenuentry last --id 77 {}\n"

static const struct {
    const char *name;
    const char *text;
    u32 entry;
    enum error_code code;
} defaults[] = {
    {"unset", MENU, 0, 0},
    {"empty", MENU "default=", 0, 0},
    {"0", MENU "default=0", 0, 0},
    {"number of a submenu", MENU "default=1", 2, 0},
    {"numbers count the top only", MENU "default=4", 8, 0},
    {"last number", MENU "default 3", 7, 0},
    {"number past the end", MENU "default=5", 0, E(DEFAULT)},
    {"huge number", MENU "default=18446744073709551615", 0, E(DEFAULT)},
    {"negative", MENU "default=-1", 0, E(DEFAULT)},
    {"number before id", MENU "default=77", 0, E(DEFAULT)},
    {"title", MENU "set default=last", 8, 0},
    {"id", MENU "set default=a", 0, 0},
    {"title of a submenu", MENU "set default=S", 2, 0},
    {"way by numbers", MENU "set default='1>0'", 2, 0},
    {"way by numbers, deeper", MENU "set default='1>1>0'", 4, 0},
    {"way past a deeper menu", MENU "set default='1>2'", 5, 0},
    {"way to a submenu", MENU "set default='1>1'", 4, 0},
    {"way by titles", MENU "set default='S>D'", 5, 0},
    {"way by ids", MENU "set default='s>T>c'", 4, 0},
    {"title with a >", MENU "set default='1>0x'", 7, 0},
    {"way out of the menu", MENU "set default='1>3'", 0, E(DEFAULT)},
    {"way through an entry", MENU "set default='A>0'", 0, E(DEFAULT)},
    {"way through an empty submenu", MENU "set default='E>0'", 0, E(DEFAULT)},
    {"empty submenu", MENU "set default=E", 0, E(DEFAULT)},
    {"way to nowhere", MENU "set default='S>'", 0, E(DEFAULT)},
    {"way from nowhere", MENU "set default='>0'", 0, E(DEFAULT)},
    {"only >", MENU "set default='>'", 0, E(DEFAULT)},
    {"no such", MENU "set default=b", 0, E(DEFAULT)},
    {"title within a submenu", MENU "set default=C", 0, E(DEFAULT)},
    {"part of a title", MENU "set default=las", 0, E(DEFAULT)},
    {"longer than a title", MENU "set default=lastly", 0, E(DEFAULT)},
    {"empty submenu at the end", "menuentry A {}\nsubmenu S {}\n\n\n\n\n\n\n\ndefault=1", 0,
     E(DEFAULT)},
    {"submenu in a submenu", "menuentry A {}\nsubmenu S {submenu T {menuentry B {}}}\ndefault=S", 3,
     0},
    {"unset, a submenu first", "submenu S {menuentry A {}}", 1, 0},
    {"unset, an empty submenu first", "submenu S {}\nmenuentry A {}", 1, 0},
    {"before the entries", "set default=1\nmenuentry A {}\nmenuentry B {}", 1, 0},
    {"no entry", "set default=0", 0, E(NO_ENTRY)},
    {"no entry, unset", "", 0, E(NO_ENTRY)},
    {"no entry but submenus", "submenu S {submenu T {}}", 0, E(NO_ENTRY)},
};

static void test_default(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(defaults); i++) {
        u32 entry = 99;
        expect_ok(defaults[i].name, parse(defaults[i].text));
        struct error error = config_default(&config, &entry);
        if (!defaults[i].code)
            expect_ok(defaults[i].name, error);
        if (error.code != defaults[i].code)
            fail_msg("%s: got error %d", defaults[i].name, error.code);
        if (!error.code && entry != defaults[i].entry)
            fail_msg("%s: got entry %u", defaults[i].name, entry);
        if (error.code == ERROR_CONFIG_DEFAULT && error.line != 10)
            fail_msg("%s: in line %u", defaults[i].name, error.line);
    }
}

static void test_variable(void **state) {
    (void)state;
    expect_ok("variables", parse("a=1\nset b='x=y z' c=$a\nset a=2\nset e=\nmenuentry A {d=5}"));
    check_string("a", "2", config_variable(&config, "a"));
    check_string("b", "x=y z", config_variable(&config, "b"));
    check_string("c", "1", config_variable(&config, "c"));
    check_string("d", "", config_variable(&config, "d"));
    check_string("e", "", config_variable(&config, "e"));
    check_string("never", "", config_variable(&config, "never"));
}

/* --- Requests --- */

static void dump_file(struct text *text, const struct file_request *file) {
    text_decimal(text, file->place.line);
    text_char(text, ' ');
    text_string(text, file->path);
    text_char(text, '|');
    text_string(text, file->arguments);
}

static const struct {
    const char *name;
    const char *text;
    const char *expected; /* line path|arguments of the kernel, then of the modules */
} requests[] = {
    {"kernel", "kernel /k", "1 /k|"},
    {"arguments", "\nkernel /k a  b", "2 /k|a b"},
    {"GRUB's quoting", "kernel /k one 'two=a b' 'q\"x' 'back\\slash'",
     "1 /k|one \"two=a b\" q\\\"x back\\\\slash"},
    {"an apostrophe and a space", "kernel /k \"it's so\" \"\" x", "1 /k|\"it\\'s so\"  x"},
    {"a tab is not quoted", "kernel /k 'a\tb'", "1 /k|a\tb"},
    {"options stop at the path", "kernel --paging=pae /k --paging=off -- --x",
     "1 /k|--paging=off -- --x"},
    {"modules", "kernel /k a\nmodule /m\nmodule --nounzip /n name 'of it'\nboot",
     "1 /k|a 2 /m| 3 /n|name \"of it\""},
    {"a path with a space", "kernel '/my kernel'", "1 /my kernel|"},
    {"one - is no option", "kernel -x", "1 -x|"},
};

static void test_requests(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(requests); i++) {
        struct boot_request request;
        expect_ok(requests[i].name, parse(requests[i].text));
        /* As often as one likes: the store does not fill up. */
        for (u32 again = 0; again < 2000; again++)
            expect_ok(requests[i].name, config_request(0, &request));
        char buffer[512];
        struct text text = TEXT_IN(buffer);
        dump_file(&text, &request.kernel);
        for (u32 m = 0; m < request.module_count; m++) {
            text_char(&text, ' ');
            dump_file(&text, &request.modules[m]);
        }
        check_string(requests[i].name, requests[i].expected, buffer);
        check_string(requests[i].name, OUTSIDE, request.title);
    }
}

static const struct expected_error request_errors[] = {
    {"no kernel", " menuentry A {boot}", E(NO_KERNEL), 1, 2, "A", NULL, 0},
    {"submenu", "submenu S {\n}", E(NO_KERNEL), 1, 1, "S", NULL, 0},
    {"two kernels", "menuentry A {\nkernel /k\n kernel /l}", E(TWO_KERNELS), 3, 2, "A", NULL, 0},
    {"module first", "menuentry A {\n module /m\nkernel /k}", E(MODULE_FIRST), 2, 2, NULL, NULL, 0},
    {"no path", "menuentry A {\nkernel --paging=pae}", E(ARGUMENTS), 2, 1, "kernel", NULL, 0},
    {"empty path", "menuentry A {\nkernel ''}", E(ARGUMENTS), 2, 1, "kernel", NULL, 0},
    {"module without a path", "menuentry A {kernel /k\n  module}", E(ARGUMENTS), 2, 3, "module",
     NULL, 0},
    {"module option", "menuentry A {kernel /k\nmodule --x /m}", E(OPTION), 2, 8, "module", "--x",
     0},
    {"kernel option", "menuentry A {kernel --paging=32 --vidio=text /k}", E(OPTION), 1, 33,
     "kernel", "--vidio=text", 0},
    {"recursive", "menuentry A {kernel --recursion=511 /k}", E(OPTION), 1, 21, "kernel", NULL, 0},
    {"value", "menuentry A {kernel\\\n --paging=long /k}", E(VALUE), 2, 2, "--paging", "long", 0},
    {"unknown", "menuentry A {kernel /k\n modul /k}", E(COMMAND), 2, 2, "modul", "module", 0},
    {"loopback", "menuentry A {loopback l /i}", E(LATER), 1, 14, "loopback", NULL, 0},
    {"chainloader of a file", "menuentry A {chainloader /boot.bin}", E(ARGUMENTS), 1, 26,
     "chainloader", NULL, 0},
    {"chainloader of more", "menuentry A {chainloader +10}", E(ARGUMENTS), 1, 26, "chainloader",
     NULL, 0},
    {"chainloader alone", "menuentry A {chainloader}", E(ARGUMENTS), 1, 14, "chainloader", NULL, 0},
    {"chainloader behind a kernel", "menuentry A {kernel /k; chainloader +1}", E(TWO_KERNELS), 1,
     25, "A", NULL, 0},
    {"multiboot option", "menuentry A {\n multiboot --paging=pae /k}", E(OPTION), 2, 12,
     "multiboot", "--paging=pae", 0},
    {"linux without a path", "menuentry A {linux}", E(ARGUMENTS), 1, 14, "linux", NULL, 0},
    {"initrd first", "menuentry A {initrd /i}", E(MODULE_FIRST), 1, 14, NULL, NULL, 0},
    {"unknown in a function", "function f {\n frob\n}\nmenuentry A {f; kernel /k}", E(COMMAND), 2,
     2, "frob", NULL, 0},
    {"unknown in a sourced file", "menuentry A {\n source /bad.cfg\n}", E(COMMAND), 3, 1, "frob",
     NULL, 0},
    {"a device that does not end", "menuentry A {kernel (hd0/k}", E(DEVICE), 1, 21, "(hd0/k", NULL,
     0},
    {"an entry without end", "menuentry A {while true; do done}", E(ENDLESS), 0, 0, NULL, NULL, 0},
    {"a kernel in an entry's submenu",
     "submenu S {\nmenuentry A {kernel /k}\nif [ $a ]; then kernel "
     "/l; fi\na=1}\n",
     E(NO_KERNEL), 1, 1, "S", NULL, 0},
    {"halt", "menuentry A {halt}", E(LATER), 1, 14, "halt", NULL, 0},
    {"reboot", "menuentry A {reboot}", E(LATER), 1, 14, "reboot", NULL, 0},
    {"nothing", "", E(NO_ENTRY), 0, 0, NULL, NULL, 0},
};

static void test_request_errors(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(request_errors); i++) {
        struct boot_request request;
        expect_ok(request_errors[i].name, parse(request_errors[i].text));
        check_error(&request_errors[i], config_request(0, &request));
    }
}

static void test_request_limits(void **state) {
    (void)state;
    struct boot_request request;
    big[0] = 0;
    strcat(big, "kernel /k\n");
    for (u32 i = 0; i < CONFIG_MODULES_MAX; i++)
        strcat(big, "module /m\n");
    expect_ok("parse", parse(big));
    expect_ok("as many modules as may be", config_request(0, &request));
    assert_int_equal(request.module_count, CONFIG_MODULES_MAX);
    strcat(big, "module /m\n");
    expect_ok("parse", parse(big));
    struct expected_error row = {"modules", NULL,      E(TOO_BIG), CONFIG_MODULES_MAX + 2,
                                 1,         "modules", NULL,       CONFIG_MODULES_MAX};
    check_error(&row, config_request(0, &request));

    /* What the arguments of all commands take together: 8 is for the paths. */
    for (u32 length = CONFIG_TEXT_MAX / 2 - 100; length < CONFIG_TEXT_MAX / 2 - 20; length++) {
        size_t used = (size_t)sprintf(big, "kernel /k ");
        memset(big + used, 'x', length);
        used += length;
        used += (size_t)sprintf(big + used, "\nmodule /m ");
        memset(big + used, 'y', length);
        big[used + length] = 0;
        expect_ok("parse", parse(big));
        size_t needed = config.text_used + 3 + length + 1 + 3 + length + 1;
        struct error error = config_request(0, &request);
        /* One more for the value of gfxpayload. */
        assert_int_equal(error.code, needed + 1 > CONFIG_TEXT_MAX ? ERROR_CONFIG_TOO_BIG : 0);
    }
}

/* A request that fails must not spoil the next one. */
static void test_request_others(void **state) {
    (void)state;
    struct boot_request request;
    expect_ok("parse", parse("menuentry A {kernel --pages=4k --stack=8K /a x}\nmenuentry B {halt}\n"
                             "menuentry C {kernel /c}"));
    expect_ok("A", config_request(0, &request));
    assert_int_equal(request.options.stack_size, 8192);
    assert_true(request.options.small_pages);
    assert_int_equal(config_request(1, &request).code, ERROR_CONFIG_LATER);
    expect_ok("C", config_request(2, &request));
    check_string("C", "/c", request.kernel.path);
    assert_int_equal(request.options.stack_size, CONFIG_STACK_DEFAULT);
    assert_false(request.options.small_pages);
    assert_int_equal(config_request(3, &request).code, ERROR_CONFIG_NO_ENTRY);
}

/* Only the entries that there are count, whatever the memory behind them holds. */
static void test_no_entry_behind(void **state) {
    (void)state;
    static const char text[] = "submenu S {}\nfrob";
    memset(&config, 0, sizeof config);
    const struct bytes bytes = {(const u8 *)text, sizeof text - 1};
    expect_ok("start", config_start("/c", bytes, "hd0", &config));
    assert_int_equal(run(NULL, NULL).code, ERROR_CONFIG_COMMAND);
}

/* A byte order mark and nothing else is an empty text. */
static void test_mark_alone(void **state) {
    (void)state;
    expect_ok("parse", parse("\xef\xbb\xbf"));
    assert_int_equal(config.source.size, 0);
    assert_int_equal(config.note_count, 0);
}

static void test_for_kernel(void **state) {
    (void)state;
    struct boot_request request;
    u32 entry;
    int seconds;
    memset(&config, 0xa5, sizeof config);
    config_for_kernel("/kernel.elf", &config);
    expect_ok("default", config_default(&config, &entry));
    expect_ok("timeout", config_timeout(&config, &seconds));
    expect_ok("request", config_request(entry, &request));
    check_string("path", "/kernel.elf", request.kernel.path);
    check_string("arguments", "", request.kernel.arguments);
    check_string("file", "", config.file);
    assert_int_equal(seconds, -1);
    expect_ok("enter", script_enter(&config, entry, NULL));
    assert_int_equal(config.spot.line, 1);
    assert_int_equal(config.argument_count, 1);
    assert_int_equal(config.text_kept, config.text_used);
}

/* --- Options --- */

static const struct {
    const char *word;
    struct kernel_options expected;
} good_options[] = {
#define DEFAULT_STACK .recursive = PLACE_NONE, .stack_size = CONFIG_STACK_DEFAULT
    {"--paging=auto", {.paging = PAGING_AUTO, DEFAULT_STACK}},
    {"--paging=off", {.paging = PAGING_OFF, DEFAULT_STACK}},
    {"--paging=32", {.paging = PAGING_WANT_32, DEFAULT_STACK}},
    {"--paging=pae", {.paging = PAGING_WANT_PAE, DEFAULT_STACK}},
    {"--paging=4level", {.paging = PAGING_WANT_4LEVEL, DEFAULT_STACK}},
    {"--paging=5level", {.paging = PAGING_WANT_5LEVEL, DEFAULT_STACK}},
    {"--pages=auto", {DEFAULT_STACK}},
    {"--pages=4k", {.small_pages = true, DEFAULT_STACK}},
    {"--recursive=auto", {.recursive = PLACE_AUTO, .stack_size = CONFIG_STACK_DEFAULT}},
    {"--recursive=none", {DEFAULT_STACK}},
    {"--recursive=510",
     {.recursive = PLACE_AT, .recursive_at = 510, .stack_size = CONFIG_STACK_DEFAULT}},
    {"--temporary", {.temporary = true, DEFAULT_STACK}},
    {"--temporary=on", {.temporary = true, DEFAULT_STACK}},
    {"--temporary=off", {DEFAULT_STACK}},
    {"--share-upper", {.share_upper = true, DEFAULT_STACK}},
    {"--null-page=mapped", {.null_mapped = true, DEFAULT_STACK}},
    {"--null-page=unmapped", {DEFAULT_STACK}},
    {"--global", {.global = true, DEFAULT_STACK}},
    {"--strict", {.strict = true, DEFAULT_STACK}},
    {"--smep", {.smep = true, DEFAULT_STACK}},
    {"--umip=on", {.umip = true, DEFAULT_STACK}},
    {"--map=0xfee00000+4K",
     {.map_count = 1, .maps = {{.phys = 0xfee00000, .size = 4096}}, DEFAULT_STACK}},
    {"--map=0xfd000000+16M@0xe0000000,combining,ro",
     {.map_count = 1,
      .maps = {{0xfd000000, 16 << 20, true, 0xe0000000, MAP_AS_FRAMEBUFFER, true}},
      DEFAULT_STACK}},
    {"--map=4294967296+1G@0xd0000000,cached",
     {.map_count = 1,
      .maps = {{(u64)1 << 32, 1 << 30, true, 0xd0000000, MAP_AS_MEMORY, false}},
      DEFAULT_STACK}},
    {"--identity=low", {.identity = IDENTITY_LOW, DEFAULT_STACK}},
    {"--identity=all", {.identity = IDENTITY_ALL, DEFAULT_STACK}},
    {"--identity=tables", {.identity = IDENTITY_TABLES, DEFAULT_STACK}},
    {"--identity=none", {.identity = IDENTITY_NONE, DEFAULT_STACK}},
    {"--direct-map=auto", {.direct = PLACE_AUTO, DEFAULT_STACK}},
    {"--direct-map=none", {.direct = PLACE_NONE, DEFAULT_STACK}},
    {"--direct-map=0xC0000000", {.direct = PLACE_AT, .direct_at = 0xc0000000, DEFAULT_STACK}},
    {"--direct-map=0", {.direct = PLACE_AT, DEFAULT_STACK}},
    {"--direct-map=0xffff800000000000",
     {.direct = PLACE_AT, .direct_at = 0xffff800000000000, DEFAULT_STACK}},
    {"--direct-map=18446744073709551615",
     {.direct = PLACE_AT, .direct_at = ~(u64)0, DEFAULT_STACK}},
    {"--direct-map=0xffffffffffffffff", {.direct = PLACE_AT, .direct_at = ~(u64)0, DEFAULT_STACK}},
    {"--video=1024x768x32,auto", {.video = "1024x768x32,auto", DEFAULT_STACK}},
    {"--stack=4096", {.recursive = PLACE_NONE, .stack_size = 4096}},
    {"--stack=4097", {.recursive = PLACE_NONE, .stack_size = 8192}},
    {"--stack=0x2000", {.recursive = PLACE_NONE, .stack_size = 8192}},
    {"--stack=4K", {.recursive = PLACE_NONE, .stack_size = 4096}},
    {"--stack=5k", {.recursive = PLACE_NONE, .stack_size = 8192}},
    {"--stack=1m", {.recursive = PLACE_NONE, .stack_size = 1 << 20}},
    {"--stack=16M", {.recursive = PLACE_NONE, .stack_size = CONFIG_STACK_MAX}},
    {"--stack=16777215", {.recursive = PLACE_NONE, .stack_size = CONFIG_STACK_MAX}},
    {"--stack=16777216", {.recursive = PLACE_NONE, .stack_size = CONFIG_STACK_MAX}},
};

static bool same_map(const struct map_option *a, const struct map_option *b) {
    return a->phys == b->phys && a->size == b->size && a->has_virt == b->has_virt &&
           a->virt == b->virt && a->cache == b->cache && a->read_only == b->read_only;
}

static bool same_options(const struct kernel_options *a, const struct kernel_options *b) {
    return a->paging == b->paging && a->identity == b->identity && a->direct == b->direct &&
           a->direct_at == b->direct_at && a->recursive == b->recursive &&
           a->recursive_at == b->recursive_at && a->small_pages == b->small_pages &&
           a->temporary == b->temporary && a->share_upper == b->share_upper &&
           a->null_mapped == b->null_mapped && a->global == b->global && a->strict == b->strict &&
           a->smep == b->smep && a->umip == b->umip && a->stack_size == b->stack_size &&
           !strcmp(a->video ? a->video : "", b->video ? b->video : "") &&
           a->map_count == b->map_count && same_map(&a->maps[0], &b->maps[0]);
}

static void test_good_options(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(good_options); i++) {
        struct kernel_options got = kernel_options_default();
        const struct kernel_options *want = &good_options[i].expected;
        expect_ok(good_options[i].word, kernel_option_parse(good_options[i].word, &got));
        if (!same_options(&got, want))
            fail_msg("%s: wrong options", good_options[i].word);
    }
}

static void test_too_many_maps(void **state) {
    (void)state;
    struct kernel_options got = kernel_options_default();
    for (int i = 0; i < OPTION_MAPS_MAX; i++)
        expect_ok("--map", kernel_option_parse("--map=0x1000+4K", &got));
    assert_int_equal(kernel_option_parse("--map=0x1000+4K", &got).code, ERROR_CONFIG_TOO_BIG);
    assert_int_equal(got.map_count, OPTION_MAPS_MAX);
}

/* The last one wins, also against an earlier value of another kind. */
static void test_option_repeated(void **state) {
    (void)state;
    static const char *const words[] = {"--direct-map=0x1000", "--direct-map=auto", "--paging=pae",
                                        "--paging=auto",       "--pages=4k",        "--pages=auto"};
    struct kernel_options got = kernel_options_default();
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        expect_ok(words[i], kernel_option_parse(words[i], &got));
    assert_int_equal(got.direct, PLACE_AUTO);
    assert_int_equal(got.paging, PAGING_AUTO);
    assert_false(got.small_pages);
}

static const struct {
    const char *word;
    enum error_code code;
    const char *name, *other;
} bad_options[] = {
    {"--paging", E(VALUE), "--paging", ""},
    {"--paging=", E(VALUE), "--paging", ""},
    {"--paging=PAE", E(VALUE), "--paging", "PAE"},
    {"--paging=low", E(VALUE), "--paging", "low"},
    {"--paging=4levels", E(VALUE), "--paging", "4levels"},
    {"--pages=2m", E(VALUE), "--pages", "2m"},
    {"--pages=0", E(VALUE), "--pages", "0"},
    {"--identity=auto", E(VALUE), "--identity", "auto"},
    {"--direct-map=low", E(VALUE), "--direct-map", "low"},
    {"--direct-map=", E(VALUE), "--direct-map", ""},
    {"--direct-map=0x", E(VALUE), "--direct-map", "0x"},
    {"--direct-map=0x10000000000000000", E(VALUE), "--direct-map", "0x10000000000000000"},
    {"--direct-map=18446744073709551616", E(VALUE), "--direct-map", "18446744073709551616"},
    {"--direct-map=18446744073709551620", E(VALUE), "--direct-map", NULL},
    {"--direct-map=99999999999999999999", E(VALUE), "--direct-map", NULL},
    {"--direct-map=-1", E(VALUE), "--direct-map", "-1"},
    {"--direct-map=12a", E(VALUE), "--direct-map", "12a"},
    {"--direct-map=0x1g", E(VALUE), "--direct-map", "0x1g"},
    {"--direct-map=0x1/", E(VALUE), "--direct-map", "0x1/"},
    {"--stack=", E(VALUE), "--stack", ""},
    {"--stack=K", E(VALUE), "--stack", "K"},
    {"--stack=0", E(VALUE), "--stack", "0"},
    {"--stack=4095", E(VALUE), "--stack", "4095"},
    {"--stack=3K", E(VALUE), "--stack", "3K"},
    {"--stack=17M", E(VALUE), "--stack", "17M"},
    {"--stack=16385K", E(VALUE), "--stack", "16385K"},
    {"--stack=16777217", E(VALUE), "--stack", "16777217"},
    {"--stack=17592186044417M", E(VALUE), "--stack", NULL},
    {"--stack=4KK", E(VALUE), "--stack", "4KK"},
    {"--stack=1G", E(VALUE), "--stack", "1G"},
    {"--stack=auto", E(VALUE), "--stack", "auto"},
    {"--", E(OPTION), "kernel", "--"},
    {"--pagin=pae", E(OPTION), "kernel", "--pagin=pae"},
    {"--pagings=pae", E(OPTION), "kernel", "--pagings=pae"},
    {"--recursive=", E(VALUE), "--recursive", ""},
    {"--temporary=yes", E(VALUE), "--temporary", "yes"},
    {"--null-page", E(VALUE), "--null-page", ""},
    {"--map", E(VALUE), "--map", ""},
    {"--video=banana", E(VALUE), "--video", "banana"},
    {"--map=0x1000", E(VALUE), "--map", "0x1000"},
    {"--map=zz+4K", E(VALUE), "--map", "zz+4K"},
    {"--map=0x1000+4K,cachet", E(VALUE), "--map", "0x1000+4K,cachet"},
    {"--map=0x1000+", E(VALUE), "--map", "0x1000+"},
    {"--map=0x1000+0", E(VALUE), "--map", "0x1000+0"},
    {"--map=0x1000+4K@", E(VALUE), "--map", "0x1000+4K@"},
    {"--map=0x1000+4K,", E(VALUE), "--map", "0x1000+4K,"},
    {"--map=0x1000+4K,rw", E(VALUE), "--map", "0x1000+4K,rw"},
    {"--map=0x1000+4K@0x2000+1", E(VALUE), "--map", "0x1000+4K@0x2000+1"},
    {"--map=0x1000+17179869184G", E(VALUE), "--map", "0x1000+17179869184G"},
    {"", E(OPTION), "kernel", ""},
};

static void test_bad_options(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bad_options); i++) {
        struct kernel_options got = kernel_options_default();
        struct error error = kernel_option_parse(bad_options[i].word, &got);
        if (error.code != bad_options[i].code || error.line || error.column)
            fail_msg("%s: got error %d", bad_options[i].word, error.code);
        check_string(bad_options[i].word, bad_options[i].name, error.values.name);
        if (bad_options[i].other)
            check_string(bad_options[i].word, bad_options[i].other, error.values.other);
        assert_int_equal(got.stack_size, CONFIG_STACK_DEFAULT);
        assert_int_equal(got.direct, PLACE_AUTO);
    }
}

/* --- Lines --- */

static void test_line(void **state) {
    (void)state;
    static const struct {
        const char *text;
        u32 line;
        const char *expected;
    } rows[] = {
        {"", 1, ""},        {"a", 1, "a"},           {"a", 2, ""},
        {"a\nb\n", 1, "a"}, {"a\nb\n", 2, "b"},      {"a\nb\n", 3, ""},
        {"a\nb\n", 4, ""},  {"a\r\nb\r\n", 1, "a"},  {"a\r\nb\r", 2, "b"},
        {"\n\nx", 3, "x"},  {"\n\nx", 2, ""},        {"\xef\xbb\xbfq\n", 1, "q"},
        {"\r\n", 1, ""},    {"a\n", 0xffffffff, ""},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        /* A line can be shown whatever else is wrong. */
        struct error ignored = parse(rows[i].text);
        (void)ignored;
        struct bytes line = config_line(&config, rows[i].line);
        if (line.size != strlen(rows[i].expected) ||
            memcmp(line.at, rows[i].expected, line.size) != 0)
            fail_msg("row %zu: got %.*s", i, (int)line.size, (const char *)line.at);
    }
}

/* --- Hostile input --- */

static bool in_store(const char *string) {
    return string >= config.text && string < config.text + CONFIG_TEXT_MAX &&
           memchr(string, 0, (size_t)(config.text + CONFIG_TEXT_MAX - string));
}

static bool is_config_error(enum error_code code) {
    return (code >= ERROR_CONFIG_COMMAND && code <= ERROR_CONFIG_LATER) ||
           (code >= ERROR_CONFIG_UNCLOSED && code <= ERROR_CONFIG_ENDLESS);
}

/* Whatever the bytes were: what came out hangs together, and every function copes with it. */
static void check_result(struct error error) {
    char buffer[512];
    struct text text = TEXT_IN(buffer);
    if (error.code) {
        assert_true(is_config_error(error.code));
        assert_true(error.line >= 1 && error.column >= 1);
        struct bytes line = config_line(&config, error.line);
        assert_true(error.column <= line.size + 1);
        error_text(&error, &text);
        return;
    }
    for (u32 i = 0; i < config.entry_count; i++) {
        const struct config_entry *entry = &config.entries[i];
        struct boot_request request;
        assert_true(in_store(entry->title) || !strncmp(entry->title, "commands", 8));
        assert_true(in_store(entry->id) || !*entry->id);
        struct bytes body = config_body(&config, i), source = config.files[entry->body.file].text;
        assert_true(body.at >= source.at && body.at + body.size <= source.at + source.size);
        error = config_request(i, &request);
        if (!config.booting)
            return; /* configfile has put another one in its place */
        assert_true(error.code == 0 || (error.line >= 1 && error.column >= 1));
    }
    u32 entry = 0;
    int seconds;
    error = config_default(&config, &entry);
    if (!error.code)
        assert_true(entry < config.entry_count && !config.entries[entry].is_submenu);
    error = config_timeout(&config, &seconds);
}

static const char sample[] =
    "# a sample\r\nset timeout=5\nset default=\"1>0\"\nk=/boot\n"
    "menuentry 'One' --id a {\n kernel --paging=pae --stack=8K $k/k.elf \"v=${k} x\" \\\n  b\n"
    " module /i 'x y'; boot\n}\nsubmenu S {\n menuentry T\n {\n  multiboot /k\n }\n}\nkernel /z\n"
    "function f {\n if [ $1 = a -o -f /there ]; then echo \"$@\"; elif ! false; then return 1\n "
    "else "
    "shift; fi\n}\nfor x in a b; do f $x; done\nwhile false; do x=b$x; continue; done\n"
    "search --file --set=r /there\nsource /more.cfg\n";

static void test_truncated(void **state) {
    (void)state;
    for (size_t size = 0; size < sizeof sample; size++)
        check_result(parse_bytes(sample, size));
}

static void test_mutated(void **state) {
    (void)state;
    char bytes[sizeof sample - 1];
    expect_ok("sample", parse(sample));
    for (size_t at = 0; at < sizeof bytes; at++) {
        memcpy(bytes, sample, sizeof bytes);
        for (u32 value = 0; value < 256; value += value < 128 ? 1 : 31) {
            bytes[at] = (char)value;
            check_result(parse_bytes(bytes, sizeof bytes));
        }
    }
}

/* Random runs of the characters that mean something. */
static void test_random(void **state) {
    (void)state;
    static const char *const pieces[] = {"if ",
                                         "then ",
                                         "else ",
                                         "elif ",
                                         "fi;",
                                         "for a in 1 2;",
                                         "do ",
                                         "done ",
                                         "while ",
                                         "until ",
                                         "break ",
                                         "continue;",
                                         "return\n",
                                         "function f {",
                                         "f ",
                                         "$@",
                                         "$1",
                                         "! ",
                                         "[ -f x ]",
                                         "[ a = a ];",
                                         "true;",
                                         "false;",
                                         "source /more.cfg ",
                                         "search -f x;",
                                         "shift ",
                                         "setparams 1 ",
                                         "menuentry A {",
                                         "}",
                                         "menuentry ",
                                         "submenu ",
                                         "{",
                                         "}",
                                         "\n",
                                         ";",
                                         "'",
                                         "\"",
                                         "\\",
                                         "$",
                                         "${a}",
                                         "#",
                                         "\r",
                                         "set a=",
                                         "a=$a$a ",
                                         "kernel ",
                                         "module ",
                                         "--",
                                         "x",
                                         " ",
                                         "default=",
                                         "timeout=",
                                         ">",
                                         "0",
                                         "$a",
                                         "\r\n",
                                         "echo ",
                                         "unset a",
                                         "A {",
                                         "if",
                                         "/k",
                                         "--id"};
    u32 random = 1;
    for (u32 round = 0; round < 20000; round++) {
        char text[512];
        size_t used = 0;
        for (u32 i = 0; i < 24; i++) {
            random = random * 1664525 + 1013904223;
            const char *piece = pieces[(random >> 16) % ARRAY_COUNT(pieces)];
            memcpy(text + used, piece, strlen(piece));
            used += strlen(piece);
        }
        check_result(parse_bytes(text, used));
    }
}

/* Values that double with each line must end with an error, soon. */
static void test_growth(void **state) {
    (void)state;
    struct error error = parse_repeated("a=x$a$a\n", 2000, "");
    assert_int_equal(error.code, ERROR_CONFIG_TOO_BIG);
    strcpy(big, "a=");
    memset(big + 2, 'x', 4000);
    strcpy(big + 4002, "\n");
    size_t used = 4003;
    for (u32 i = 0; i < 100; i++) {
        memcpy(big + used, "true $a\n", 8);
        used += 8;
    }
    expect_ok("long values that are dropped", parse_bytes(big, used));
    memset(big + 4003, '$', CONFIG_BYTES_MAX - 4003);
    for (size_t i = 4004; i < CONFIG_BYTES_MAX; i += 2)
        big[i] = 'a';
    assert_int_equal(parse_bytes(big, CONFIG_BYTES_MAX).code, ERROR_CONFIG_TOO_BIG);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_texts),
        cmocka_unit_test(test_parse_errors),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_file_size),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_default),
        cmocka_unit_test(test_variable),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_request_errors),
        cmocka_unit_test(test_request_limits),
        cmocka_unit_test(test_request_others),
        cmocka_unit_test(test_mark_alone),
        cmocka_unit_test(test_no_entry_behind),
        cmocka_unit_test(test_for_kernel),
        cmocka_unit_test(test_good_options),
        cmocka_unit_test(test_too_many_maps),
        cmocka_unit_test(test_option_repeated),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_mutated),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_growth),
    };
    return cmocka_run_group_tests(tests, NULL, free_borrowed);
}
