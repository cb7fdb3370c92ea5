#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_driver.h"

/* --- The language: a text, and what it hands out when it is read ---
 *
 * [echo WORDS], [sf PATH] for a search by file, [sl LABEL], [su UUID]. */

#define SAY "function say { echo \"<$1><$2>#$#\"\n}\n"

static const struct {
    const char *name, *text, *expected;
} rows[] = {
    {"echo", "echo a  b 'c  d'\necho\necho -n x\necho -e y\necho -- z\necho -nx",
     "[echo a b c  d][echo ][echo-n x][echo y][echo -- z][echo -nx]"},
    {"status",
     "true\necho $?\nfalse\necho $?\n! false\necho $?\n! true; echo $?\n! ! true; echo $?",
     "[echo 0][echo 1][echo 0][echo 1][echo 0]"},
    {"status of what is passed over",
     "insmod x; echo $?; keystatus --shift; echo $?; export a; echo $?; frob; echo $?; menuentry A "
     "{}",
     "[echo 0][echo 1][echo 0][echo 1]"},

    {"if", "if true; then echo a; fi; echo b", "[echo a][echo b]"},
    {"if not", "if false; then echo a; fi; echo $?", "[echo 0]"},
    {"else", "if false\nthen echo a\nelse echo b\nfi\necho c", "[echo b][echo c]"},
    {"no else", "if true\nthen\necho a\nelse\necho b\nfi", "[echo a]"},
    {"elif",
     "for x in 1 2 3 4; do\nif [ $x = 1 ]; then echo one; elif [ $x = 2 ]; then echo two; elif [ "
     "$x = 3 ]; then echo three; else echo many; fi\ndone",
     "[echo one][echo two][echo three][echo many]"},
    {"if in if",
     "if true; then if false; then echo a; else echo b; fi; echo c; else if true; then echo d; fi; "
     "fi",
     "[echo b][echo c]"},
    {"if in a branch not taken",
     "if false; then if true; then echo a; else echo b; fi; else echo c; fi", "[echo c]"},
    {"commands before then", "if echo a; false; echo b; then echo c; fi",
     "[echo a][echo b][echo c]"},
    {"not", "if ! false; then echo a; fi; if ! true; then echo b; fi", "[echo a]"},
    {"words that look like keywords",
     "echo if then fi done; echo \"fi\"; if true; then echo else; fi",
     "[echo if then fi done][echo fi][echo else]"},
    {"quoted, a keyword is none", "\"fi\"; 'if' true; menuentry A {}", ""},
    {"an unknown command in a condition", "if frob; then echo a; else echo b; fi; menuentry A {}",
     "[echo b]"},

    {"while", "a=x; while [ $a != xxxx ]; do a=x$a; echo $a; done",
     "[echo xx][echo xxx][echo xxxx]"},
    {"until", "a=x\nuntil [ $a = xxx ]\ndo\na=x$a\ndone\necho $a", "[echo xxx]"},
    {"for", "for a in x \"y z\" '' w; do echo \"<$a>\"; done; echo $a",
     "[echo <x>][echo <y z>][echo <>][echo <w>][echo w]"},
    {"for over a variable", "l='1 2 3'; for a in $l; do echo $a; done", "[echo 1][echo 2][echo 3]"},
    {"for over nothing", "for a in $none; do echo $a; done; echo b$a", "[echo b]"},
    {"for in for", "for a in 1 2; do for b in x y; do echo $a$b; done; done",
     "[echo 1x][echo 1y][echo 2x][echo 2y]"},
    {"break", "for a in 1 2 3; do if [ $a = 2 ]; then break; fi; echo $a; done; echo $a",
     "[echo 1][echo 2]"},
    {"continue", "for a in 1 2 3; do if [ $a = 2 ]; then continue; fi; echo $a; done",
     "[echo 1][echo 3]"},
    {"break 2",
     "for a in 1 2; do for b in x y; do echo $a$b; if true; then break 2; fi; done; done; echo e",
     "[echo 1x][echo e]"},
    {"continue 2", "for a in 1 2; do while true; do echo $a; continue 2; done; done",
     "[echo 1][echo 2]"},
    {"break out of while", "while true; do echo a; break; echo b; done; echo c",
     "[echo a][echo c]"},
    {"loop in a branch", "if true; then for a in 1 2; do echo $a; done; else echo b; fi",
     "[echo 1][echo 2]"},
    {"the list is kept", "for a in 1 2 3; do echo $a some more words to write over the list; done",
     "[echo 1 some more words to write over the list][echo 2 some more words to write over the "
     "list][echo 3 some more words to write over the list]"},
    {"a loop is bounded, not by rounds",
     "l='1 2 3 4 5 6 7 8 9 0'; n=; for a in $l; do for b in $l; do for c in $l; do n=x; done; "
     "done; done; echo $n",
     "[echo x]"},

    {"function", SAY "say a 'b c'; say; say \"\"", "[echo <a><b c>#2][echo <><>#0][echo <><>#1]"},
    {"functions see and set variables", "function f {\na=2; echo $a $b\n}\na=1 b=3; f; echo $a",
     "[echo 2 3][echo 2]"},
    {"the last one of a name counts", "function f { echo 1\n}\nfunction f { echo 2\n}\nf",
     "[echo 2]"},
    {"function in function", SAY "function g {\nsay in $1\nsay out $2\n}\ng a b\nsay end",
     "[echo <in><a>#2][echo <out><b>#2][echo <end><>#1]"},
    {"arguments outside a function", "echo \"<$1>$#$0\"", "[echo <>0]"},
    {"many arguments",
     "function f { echo $10 ${11} $1x $9; shift 9; echo $1 $#; shift; shift 7; echo \"<$1>\" "
     "$#\n}\nf 1 2 3 4 5 6 7 8 9 ten eleven",
     "[echo ten eleven 1x 9][echo ten 2][echo <> 0]"},
    {"all arguments", SAY "function f { say $@; say \"$@\"; say $*; say \"$*\"\n}\nf 'a b' c",
     "[echo <a><b>#3][echo <a b><c>#2][echo <a><b>#3][echo <a b c><>#1]"},
    {"quoted empty arguments", "function f {echo \"$@\" $#\n}\nf '' x ''\nf ''\nf",
     "[echo  x  3][echo  1][echo  0]"},
    {"empty arguments", SAY "function f {say \"$@\"; say $@; say \"$1\"\n}\nf '' b",
     "[echo <><b>#2][echo <b><>#1][echo <><>#1]"},
    {"an empty argument behind a letter", "function f {echo a$@ \"b$@\"\n}\nf ''", "[echo a b]"},
    {"setparams",
     "function f { setparams x 'y z'; if true; then setparams p q r; fi; echo over that; for i in "
     "$@; do echo $i $2; done; echo $#\n}\nf a; echo $#",
     "[echo over that][echo p q][echo q q][echo r q][echo 3][echo 0]"},
    {"return", "function f { echo a; return 1; echo b\n}\nf; echo $?; ! f; echo $?",
     "[echo a][echo 1][echo a][echo 0]"},
    {"return out of a loop",
     "function f { for a in 1 2; do if true; then return; fi; done\n}\nf; echo $? $a",
     "[echo 0 1]"},
    {"return at the top", "echo a\nreturn\necho b", "[echo a]"},
    {"status of a function",
     "function f { false\n}\nif f; then echo a; else echo b; fi; if ! f; then echo c; fi",
     "[echo b][echo c]"},
    {"a function named as a command", "function insmod { echo $1\n}\ninsmod ext2", "[echo ext2]"},
    {"a brace in a function's string", "function f { echo '}' \"}\" \\}\n}\nf", "[echo } } }]"},

    {"assignments", "a=1 b=2; set c=$a$b d='x y'; echo $c $d; unset c; echo \"<$c>\"",
     "[echo 12 x y][echo <>]"},
    {"what is set by itself",
     "echo $root $prefix $grub_platform $grub_cpu $feature_menuentry_id $menuentry_id_option "
     "$feature_ $root_",
     "[echo hd0,msdos1 (hd0,msdos1)/boot pc i386 y --id]"},
    {"and can be set", "root=hd1 prefix=/x feature_x=n; echo $root $prefix $feature_x",
     "[echo hd1 /x n]"},
    {"unset makes it empty", "unset root; echo \"<$root>\"", "[echo <>]"},
    {"values of all lengths", "a=1; b=22; a=333; c=; b=4; a=; echo \"<$a><$b><$c>\"",
     "[echo <><4><>]"},

    {"test: strings",
     "for w in a ''; do if [ \"$w\" ]; then echo set; else echo empty; fi; done; if [ ]; then echo "
     "a; fi; if test; then echo b; fi",
     "[echo set][echo empty]"},
    {"test: words of a variable that is not set",
     "if [ x$none = x ]; then echo a; fi; if [ $none ]; then echo b; fi; if [ -n \"$none\" ]; then "
     "echo c; fi; if [ -z $none ]; then echo d; fi",
     "[echo a][echo d]"},
    {"sleep", "sleep 3; sleep --interruptible 2", "[sleep 3][sleep 2]"},
    {"cpuid", "if cpuid -l; then echo long; fi; if cpuid -p; then echo pae; fi", "[echo long]"},

    {"file tests",
     "for f in /there /empty /folder /none (hd1)/there (hd0,1)/there; do if [ -e $f ]; then echo e "
     "$f; fi; if [ -f $f ]; then echo f $f; fi; if [ -d $f ]; then echo d $f; fi; if [ -s $f ]; "
     "then echo s $f; fi; done",
     "[echo e /there][echo f /there][echo s /there][echo e /empty][echo f /empty][echo e "
     "/folder][echo d /folder][echo e (hd0,1)/there][echo f (hd0,1)/there][echo s (hd0,1)/there]"},
    {"file tests together",
     "if [ -f /there -a -f /none ]; then echo a; fi; if [ -f /there -a ! -f /none ]; then echo b; "
     "fi; if [ -f /none -o -s /empty -o -s /there ]; then echo c; fi; if ! [ -f /none ]; then echo "
     "d; fi; if [ ! -s $prefix/grubenv ]; then echo e; fi",
     "[echo b][echo c][echo d][echo e]"},

    {"search",
     "search --no-floppy --file --set=root /there; echo $root; search -f -s r /there; echo $r; "
     "search.file /there q; echo $q; search --set /there; echo $?",
     "[sf /there][echo hd0,msdos1][sf /there][echo hd0,msdos1][sf /there][echo hd0,msdos1][sf "
     "/there][echo 0]"},
    {"search for what is not there",
     "set root=hd5; search --file /none --set=root; echo $? $root; if search --label other; then "
     "echo a; else echo b; fi",
     "[sf /none][echo 1 hd5][sl other][echo b]"},
    {"search by label and UUID",
     "search --label BOOT; search -l 'MY DISK' --set=a; search.fs_label X b hd1; search --fs-uuid "
     "--set root 12-34; search.fs_uuid 56 c; search -u 9 -n; echo $a$b$c",
     "[sl BOOT][sl MY DISK][sl X][su 12-34][su 56][su 9][echo hd0,msdos1hd0,msdos1hd0,msdos1]"},
    {"search with hints",
     "search --no-floppy --fs-uuid --set=root --hint-bios=hd0,msdos1 --hint hd0,msdos1 --hint-efi "
     "hd0 --hint='hd0,msdos1' 4a-5b",
     "[su 4a-5b]"},

    {"source",
     "source /more.cfg; echo $more $?; . /none; echo $?; source (hd0,1)/return.cfg; echo $r",
     "[echo 1 0][echo 1][echo 1]"},
    {"configfile replaces what was read",
     "menuentry A {}\nkernel /k\nconfigfile /more.cfg\necho never", ""},
    {"configfile that is not there", "configfile /none; echo $?; normal; echo $?",
     "[echo 1][echo 0]"},
    {"configfile round and round", "configfile /again.cfg\necho never", NULL},
};

static void test_language(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct error error = parse(rows[i].text);
        if (!rows[i].expected) {
            assert_int_equal(error.code, ERROR_CONFIG_TOO_BIG);
            continue;
        }
        expect_ok(rows[i].name, error);
        check_string(rows[i].name, rows[i].expected, said);
    }
}

/* --- Tests: what stands in [ ], and whether it holds --- */

static const struct {
    const char *words;
    bool holds;
} tests[] = {
    {"a", true},
    {"''", false},
    {"! a", false},
    {"! ''", true},
    {"! ! a", true},
    {"-n a", true},
    {"-n ''", false},
    {"-z a", false},
    {"-z ''", true},
    {"-n", true},
    {"-z", true},
    {"a = a", true},
    {"a = b", false},
    {"a == a", true},
    {"a != a", false},
    {"a != b", true},
    {"'' = ''", true},
    {"'a b' = 'a b'", true},
    {"! a = b", true},
    {"! a = a", false},
    {"1 -eq 1", true},
    {"1 -eq 2", false},
    {"01 -eq 1", true},
    {"0x10 -eq 16", true},
    {"1 -ne 1", false},
    {"1 -ne 2", true},
    {"1 -lt 2", true},
    {"2 -lt 2", false},
    {"10 -lt 9", false},
    {"2 -le 2", true},
    {"3 -le 2", false},
    {"3 -gt 2", true},
    {"2 -gt 2", false},
    {"2 -ge 2", true},
    {"1 -ge 2", false},
    {"-1 -lt 0", true},
    {"-2 -lt -1", true},
    {"0 -gt -5", true},
    {"x -eq 0", true},
    {"18446744073709551616 -eq 0", true},
    {"4294967296 -gt 4294967295", true},
    {"a -a b", true},
    {"a -a ''", false},
    {"'' -a a", false},
    {"a -o ''", true},
    {"'' -o a", true},
    {"'' -o ''", false},
    {"a -o b -a ''", true},
    {"'' -a a -o b", true},
    {"a -a '' -o '' -a b", false},
    {"a = a -a b = b", true},
    {"a = a -a b = c", false},
    {"a = b -o c = c", true},
    {"( a )", true},
    {"( '' )", false},
    {"! ( '' )", true},
    {"( a -o b ) -a ''", false},
    {"'' -a ( a -o b )", false},
    {"( ( a ) -a ! ( '' ) )", true},
    {"a -a ( '' -o ( b = b ) )", true},
    {"! ( a = a -a ! b = c )", false},
};

static void test_tests(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(tests); i++) {
        static const char *const forms[] = {"if [ %s ]; then echo y; else echo n; fi",
                                            "if test %s; then echo y; else echo n; fi"};
        for (size_t form = 0; form < ARRAY_COUNT(forms); form++) {
            char text[200];
            snprintf(text, sizeof text, forms[form], tests[i].words);
            expect_ok(tests[i].words, parse(text));
            check_string(tests[i].words, tests[i].holds ? "[echo y]" : "[echo n]", said);
        }
    }
}

/* --- Entries: what stands in one, and what it hands out when it is booted --- */

static const struct {
    const char *name, *text, *expected;
} bodies[] = {
    {"if", "menuentry A {if true; then kernel /k; else kernel /l; fi}", "[<kernel></k>]"},
    {"the title is $1", "menuentry 'a b' c \"d e\" --id x {kernel $1 \"$1\" $2 \"$3\" $#}",
     "[<kernel><a><b><a b><c><d e><3>]"},
    {"variables as the file leaves them", "k=1\nmenuentry A {kernel $k}\nk=2", "[<kernel><2>]"},
    {"entries of a loop", "for k in a b; do menuentry \"boot $k\" $k {kernel /$2}; done",
     "[<kernel></a>][<kernel></b>]"},
    {"entries of a function", "function add {\nmenuentry $1 {kernel /$1}\n}\nadd x\nadd y",
     "[<kernel></x>][<kernel></y>]"},
    {"entries that depend",
     "if [ -f /there ]; then menuentry A {kernel /a}; else menuentry B {kernel /b}; fi",
     "[<kernel></a>]"},
    {"what a submenu sets is there",
     "submenu S {k=/s\nmenuentry A {kernel $k}\nsubmenu T {l=/t\nmenuentry B {kernel "
     "$k$l}\n}\nk=/u\n}\nmenuentry C {kernel /$k$l}",
     "[<kernel></u>][<kernel></u/t>][<kernel></>]"},
    {"and $1 is the entry's own title", "submenu S {t=$1\nmenuentry A {kernel $t $1}\n}",
     "[<kernel><S><A>]"},
    {"boot ends it", "menuentry A {kernel /k; if true; then boot; fi; kernel /l}",
     "[<kernel></k>][<kernel></l>]"},
    {"sourced", "source /more.cfg", "[<kernel></m>]"},
    {"sourced in an entry", "menuentry A {source /more.cfg\nkernel $more}", "[<kernel><1>]"},
    {"a function in an entry", "function load {multiboot $1 $*\n}\nmenuentry A {load /k x}",
     "[<multiboot></k></k><x>]"},
    {"an unknown command in a condition",
     "menuentry A {if frob; then kernel /a; else kernel /b; fi; ! frob}", "[<kernel></b>]"},
    {"a search in an entry", "menuentry A {search --file --set=r /there\nkernel ($r)/k}",
     "[<kernel><(hd0,msdos1)/k>]"},
    {"commands outside, with variables", "k=$k/x\nkernel $k\nif true; then module $k; fi",
     "[<kernel></x>][<module></x>]"},
    {"outside, in a file", "source /more.cfg\nkernel /o", "[<kernel></m>][<kernel></o>]"},
};

static void test_bodies(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bodies); i++) {
        expect_ok(bodies[i].name, parse(bodies[i].text));
        /* Twice: what an entry sets is forgotten. */
        for (u32 again = 0; again < 2; again++) {
            char buffer[512];
            struct text text = TEXT_IN(buffer);
            for (u32 e = 0; e < config.entry_count; e++) {
                if (config.entries[e].is_submenu)
                    continue;
                expect_ok(bodies[i].name, script_enter(&config, e, NULL));
                expect_ok(bodies[i].name, run(NULL, &text));
            }
            check_string(bodies[i].name, bodies[i].expected, buffer);
        }
    }
}

static void test_edited(void **state) {
    (void)state;
    char buffer[200];
    struct text text = TEXT_IN(buffer);
    expect_ok("parse", parse("submenu S {s=1\nmenuentry 'A b' {\n  kernel /k $s\n}\n}"));
    struct bytes body = config_body(&config, 1);
    assert_int_equal(body.size, 16);
    assert_memory_equal(body.at, "\n  kernel /k $s\n", 16);
    static const char edited[] = "\n  kernel /k $s \"$1\"\n  module /m";
    struct bytes bytes = {(const u8 *)edited, sizeof edited - 1};
    expect_ok("enter", script_enter(&config, 1, &bytes));
    expect_ok("run", run(NULL, &text));
    check_string("edited", "[<kernel></k><1><A b>][<module></m>]", buffer);
    static const char broken[] = "\n kernel '";
    bytes = (struct bytes){(const u8 *)broken, sizeof broken - 1};
    expect_ok("enter", script_enter(&config, 1, &bytes));
    struct error error = run(NULL, &text);
    assert_int_equal(error.code, ERROR_CONFIG_QUOTE);
    assert_int_equal(error.line, 2);
    assert_int_equal(config_line(&config, 2).size, 9);
    expect_ok("enter", script_enter(&config, 1, NULL));
    text = TEXT_IN(buffer);
    expect_ok("run", run(NULL, &text));
    check_string("as it was", "[<kernel></k><1>]", buffer);
}

/* A text that was typed fails far behind its start; the text that takes its place is shorter, and
 * ends before that place. Copies of exactly their size show a read behind an end. */
static void test_edited_shorter(void **state) {
    (void)state;
    struct bytes bytes = {exact_copy("\n\nkernel '", 10), 10}, shorter = {exact_copy("a=1", 3), 3};
    expect_ok("parse", parse("menuentry A {kernel /k}"));
    expect_ok("enter", script_enter(&config, 0, &bytes));
    assert_int_equal(run(NULL, NULL).code, ERROR_CONFIG_QUOTE);
    expect_ok("enter", script_enter(&config, 0, &shorter));
    expect_ok("run", run(NULL, NULL));
    free((void *)(uintptr_t)bytes.at);
    free((void *)(uintptr_t)shorter.at);
}

/* Where an entry ends, the lexer is back at its body, in the file that this is in: after an edited
 * text too, and after other files. A text that cannot be executed stays, for its line to be shown.
 */
static void test_back_at_the_body(void **state) {
    (void)state;
    static const char *const texts[] = {"source /more.cfg; kernel /k", "source /return.cfg", "",
                                        "kernel /k\n\n"};
    expect_ok("parse", parse("source /more.cfg\nmenuentry A {kernel /k}\n"
                             "submenu S {\n x=1\n menuentry B {\n source /more.cfg\n}}"));
    for (u32 i = 0; i < config.entry_count; i++) {
        const struct config_spot body = config.entries[i].body;
        for (u32 j = 0; j <= ARRAY_COUNT(texts) && !config.entries[i].is_submenu; j++) {
            const char *typed = j ? texts[j - 1] : NULL;
            struct bytes edited = {(const u8 *)typed, typed ? strlen(typed) : 0};
            expect_ok("enter", script_enter(&config, i, typed ? &edited : NULL));
            expect_ok("run", run(NULL, NULL));
            check_string("file", body.file ? "/more.cfg" : "/boot/aloft.cfg", config.file);
            assert_ptr_equal(config.source.at, config.files[body.file].text.at);
            assert_int_equal(config.spot.at, body.at);
            assert_int_equal(config.spot.line, body.line);
            assert_int_equal(config.spot.file, body.file);
            assert_int_equal(config.frame_count, 0);
        }
        if (config.entries[i].is_submenu)
            continue;
        struct bytes wrong = {(const u8 *)"kernel /k\n a\1", 13};
        struct error error = script_enter(&config, i, &wrong);
        assert_int_equal(error.code, ERROR_CONFIG_CHARACTER);
        assert_int_equal(error.line, 2);
        assert_int_equal(error.column, 3);
        assert_ptr_equal(config.source.at, wrong.at);
        check_string("file", body.file ? "/more.cfg" : "/boot/aloft.cfg", config.file);
    }
}

/* An edited text has lines of its own, and submenus around it their own places. */
static void test_lines_of_an_edited_text(void **state) {
    (void)state;
    static const struct {
        const char *text;
        u32 line, column;
    } texts[] = {{"frob", 1, 1},
                 {"\n\n  frob", 3, 3},
                 {"f", 4, 2},
                 {"true\nif", 2, 1},
                 {"\nkernel --what /k", 2, 8}};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        struct boot_request request;
        struct bytes text = {(const u8 *)texts[i].text, strlen(texts[i].text)};
        expect_ok("parse", parse("\n\nfunction f {\n frob\n}\nsubmenu S {\nmenuentry A {}\n}"));
        expect_ok("start", request_start(&config, 1, &text, &request));
        struct error error = run(&request, NULL);
        if (!error.code || error.line != texts[i].line || error.column != texts[i].column)
            fail_msg("%s: error %d at %u:%u", texts[i].text, error.code, error.line, error.column);
    }
}

/* A function that an entry makes is gone with it, and the file's are there again. */
static void test_functions_of_an_entry(void **state) {
    (void)state;
    struct boot_request request;
    expect_ok("parse", parse("function g {kernel /g\n}\n"
                             "menuentry A {\nfunction f {kernel /f\n}\n"
                             "function g {kernel /h\n}\nf\n}\n"
                             "menuentry B {\nf\nkernel /b\n}\nmenuentry C {g}"));
    expect_ok("A", config_request(0, &request));
    check_string("A", "/f", request.kernel.path);
    assert_int_equal(config_request(1, &request).code, ERROR_CONFIG_COMMAND);
    expect_ok("C", config_request(2, &request));
    check_string("C", "/g", request.kernel.path);
}

/* What another configuration leaves: its own notes, behind those of the first one; a way back and
 * forth adds none, and an entry's are gone with it. */
static void test_replaced_notes(void **state) {
    (void)state;
    struct boot_request request;
    expect_ok("parse", parse("insmod a\nfrob\n"
                             "menuentry A {\ninsmod b\nconfigfile /two.cfg\n}\n"
                             "menuentry B {\ninsmod c\nkernel /k\n}"));
    static const struct {
        u32 entry, notes;
        const char *last;
    } steps[] = {{1, 3, "insmod"}, {1, 3, "insmod"}, {0, 3, "frob"}, /* to two.cfg */
                 {0, 3, "frob"},                                     /* and back to one.cfg */
                 {0, 3, "frob"},   {0, 3, "frob"}};
    assert_int_equal(config.note_count, 2);
    for (size_t i = 0; i < ARRAY_COUNT(steps); i++) {
        expect_ok("start", request_start(&config, steps[i].entry, NULL, &request));
        expect_ok("run", run(&request, NULL));
        assert_int_equal(config.note_count, steps[i].notes);
        const struct config_note *last = &config.notes[config.note_count - 1];
        check_string("last", steps[i].last, last->name);
        assert_int_equal(last->is_unknown, *steps[i].last == 'f');
        assert_true(last->file < config.file_count);
    }
    check_string("first", "insmod", config.notes[0].name);
    check_string("second", "frob", config.notes[1].name);
    assert_int_equal(config.notes[1].place.line, 2);
}

/* An entry that starts another configuration leaves that in place of its own. */
static void test_replace(void **state) {
    (void)state;
    struct boot_request request;
    expect_ok("parse", parse("menuentry A {x=2; configfile /more.cfg}\nmenuentry B {kernel /b}"));
    expect_ok("start", request_start(&config, 0, NULL, &request));
    expect_ok("run", run(&request, NULL));
    assert_false(config.booting);
    assert_int_equal(config.entry_count, 1);
    check_string("file", "/more.cfg", config.files[config.entries[0].body.file].name);
    expect_ok("request", config_request(0, &request));
    check_string("path", "/m", request.kernel.path);
    check_string("kept", "2", config_variable(&config, "x"));
}

/* --- Requests: protocol, flags, devices --- */

static const struct {
    const char *commands;
    enum boot_protocol protocol;
    u32 flags;
    const char *expected; /* path|arguments of the kernel and the modules */
} requests[] = {
    {"kernel /k a", PROTOCOL_NATIVE, 0, "/k|a"},
    {"multiboot /k a", PROTOCOL_MULTIBOOT1, 0, "/k|a"},
    {"multiboot2 /k; module2 /m x", PROTOCOL_MULTIBOOT2, 0, "/k| /m|x"},
    {"linux /v ro quiet; initrd /i /j", PROTOCOL_LINUX, 0, "/v|ro quiet /i!| /j!|"},
    {"linux16 /v; initrd16 /i", PROTOCOL_LINUX, 0, "/v| /i!|"},
    {"linux --64 --nounzip /v --64; initrd /i", PROTOCOL_LINUX, REQUEST_64, "/v!|--64 /i!|"},
    {"multiboot --force --cmdline-path /k", PROTOCOL_MULTIBOOT1,
     REQUEST_FORCE | REQUEST_CMDLINE_PATH, "/k|"},
    {"multiboot --quirk-bad-kludge --quirk-modules-after-kernel --nounzip /k --force",
     PROTOCOL_MULTIBOOT1, REQUEST_QUIRK_BAD_KLUDGE | REQUEST_QUIRK_MODULES_AFTER_KERNEL,
     "/k!|--force"},
    {"chainloader +1", PROTOCOL_CHAIN, 0, "+1|"},
    {"set root=hd0,5; chainloader --force +1", PROTOCOL_CHAIN, REQUEST_FORCE, "1:0,5+1|"},
    {"chainloader (hd0,msdos3)+1; boot", PROTOCOL_CHAIN, 0, "1:0,3+1|"},
    {"kernel --protocol=pvh /k", PROTOCOL_PVH, 0, "/k|"},
    {"multiboot /k; module --nounzip /m; module /n", PROTOCOL_MULTIBOOT1, 0, "/k| /m!| /n|"},
    {"multiboot /k; boot; module /m; frob", PROTOCOL_MULTIBOOT1, 0, "/k|"},
    {"boot; multiboot /k", PROTOCOL_MULTIBOOT1, 0, "/k|"},
    {"set root=hd1,2; multiboot /k; set root=cd; module /m; module (fd0)/n", PROTOCOL_MULTIBOOT1, 0,
     "1:1,2/k| 3:0,0/m| 2:0,0/n|"},
};

static void dump_file(struct text *text, const struct file_request *file) {
    const struct device *device = &file->device;
    bool is_boot = device->kind == DEVICE_DISK && device->number == 0 && device->partition == 1;
    char buffer[40] = "";
    if (!is_boot)
        sprintf(buffer, "%u:%u,%u", device->kind, device->number, device->partition);
    text_string(text, buffer);
    text_string(text, file->path);
    text_string(text, file->nounzip ? "!|" : "|");
    text_string(text, file->arguments);
}

static void test_requests(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(requests); i++) {
        const char *row = requests[i].commands;
        struct boot_request request;
        char buffer[300];
        struct text text = TEXT_IN(buffer);
        snprintf(buffer, sizeof buffer, "menuentry A {%s}", row);
        expect_ok(row, parse(buffer));
        expect_ok(row, config_request(0, &request));
        text = TEXT_IN(buffer);
        dump_file(&text, &request.kernel);
        for (u32 m = 0; m < request.module_count; m++) {
            text_char(&text, ' ');
            dump_file(&text, &request.modules[m]);
        }
        check_string(row, requests[i].expected, buffer);
        assert_int_equal(request.protocol, requests[i].protocol);
        assert_int_equal(request.flags, requests[i].flags);
        check_string(row, "", request.gfxpayload);
    }
}

/* Options of other commands. */
static void test_request_options(void **state) {
    (void)state;
    static const char *const lines[] = {
        "multiboot --64 /k", "multiboot2 --64 /k",    "kernel --64 /k",          "linux --640 /k",
        "linux --6 /k",      "linux --paging=off /k", "linux /k; initrd --64 /i"};
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
        struct boot_request request;
        char buffer[100];
        snprintf(buffer, sizeof buffer, "menuentry A {%s}", lines[i]);
        expect_ok(lines[i], parse(buffer));
        if (config_request(0, &request).code != ERROR_CONFIG_OPTION)
            fail_msg("%s", lines[i]);
    }
}

/* As the entry leaves it, before or after the kernel; and gone for the next entry. */
static void test_gfxpayload(void **state) {
    (void)state;
    struct boot_request request;
    expect_ok("parse", parse("gfxpayload=text\nmenuentry A {gfxpayload=800x600; kernel /k\n"
                             "gfxpayload=1024x768x32}\nmenuentry B {kernel /k}"));
    expect_ok("A", config_request(0, &request));
    check_string("A", "1024x768x32", request.gfxpayload);
    expect_ok("B", config_request(1, &request));
    check_string("B", "text", request.gfxpayload);
}

static void test_devices(void **state) {
    (void)state;
    static const struct {
        const char *name;
        struct device expected;
    } devices[] = {
        {"hd0", {DEVICE_DISK, 0, 0}},
        {"(hd0)", {DEVICE_DISK, 0, 0}},
        {"hd1,3", {DEVICE_DISK, 1, 3}},
        {"(hd0,msdos5)", {DEVICE_DISK, 0, 5}},
        {"hd0,gpt12", {DEVICE_DISK, 0, 12}},
        {"(hd127,msdos128)", {DEVICE_DISK, 127, 128}},
        {"fd0", {DEVICE_FLOPPY, 0, 0}},
        {"fd1", {DEVICE_FLOPPY, 1, 0}},
        {"cd", {DEVICE_CD, 0, 0}},
        {"cd0", {DEVICE_CD, 0, 0}},
        {"(cd)", {DEVICE_CD, 0, 0}},
        {"", {DEVICE_NONE, 0, 0}},
        {"()", {DEVICE_NONE, 0, 0}},
        {"usb0", {DEVICE_OTHER, 0, 0}},
        {"ahci0,msdos1", {DEVICE_OTHER, 0, 0}},
        {"memdisk", {DEVICE_OTHER, 0, 0}},
        {"hd0,msdos1,bsd1", {DEVICE_OTHER, 0, 1}},
        {"hdx", {DEVICE_OTHER, 0, 0}},
        {"hd:", {DEVICE_OTHER, 0, 0}},
        {"hd0,:", {DEVICE_OTHER, 0, 0}},
        {"(hd10000)", {DEVICE_OTHER, (u8)1000, 0}},
        {"hd128", {DEVICE_OTHER, 128, 0}},
        {"hd256,1", {DEVICE_OTHER, 0, 1}},
        {"hd0,", {DEVICE_DISK, 0, 0}},
    };
    for (size_t i = 0; i < ARRAY_COUNT(devices); i++) {
        struct device device = device_parse(devices[i].name);
        const struct device *want = &devices[i].expected;
        if (device.kind != want->kind || device.number != want->number ||
            device.partition != want->partition)
            fail_msg("%s: got %u %u,%u", devices[i].name, device.kind, device.number,
                     device.partition);
    }
}

/* --- Variables that choose --- */

static void test_styles(void **state) {
    (void)state;
    expect_ok("parse", parse(""));
    assert_int_equal(config_timeout_style(&config), TIMEOUT_MENU);
    expect_ok("parse", parse("timeout_style=hidden"));
    assert_int_equal(config_timeout_style(&config), TIMEOUT_HIDDEN);
    expect_ok("parse", parse("set timeout_style=countdown"));
    assert_int_equal(config_timeout_style(&config), TIMEOUT_COUNTDOWN);
    expect_ok("parse", parse("set timeout_style=loud"));
    assert_int_equal(config_timeout_style(&config), TIMEOUT_MENU);
}

static void test_fallback(void **state) {
    (void)state;
    u32 entry;
    expect_ok("parse", parse("menuentry A {}\nmenuentry B --id b {}\nsubmenu S {menuentry C "
                             "{}}\nset fallback=' 1  S A x '"));
    static const u32 expected[] = {1, 3, 0};
    for (u32 i = 0; i < ARRAY_COUNT(expected); i++) {
        assert_true(config_fallback(&config, i, &entry));
        assert_int_equal(entry, expected[i]);
    }
    for (u32 i = 3; i < 8; i++)
        assert_false(config_fallback(&config, i, &entry));
    expect_ok("parse", parse("menuentry A {}"));
    assert_false(config_fallback(&config, 0, &entry));
    /* Nothing is read behind the end of the value, where other variables are. */
    expect_ok("parse", parse("menuentry A --id b {}\nset fallback=x\nb=b\nset c='b b b'"));
    for (u32 i = 0; i < 60; i++)
        assert_false(config_fallback(&config, i, &entry));
    /* All of it may be one title, and is tried once. */
    expect_ok("parse", parse("menuentry A {}\nmenuentry 'A B' {}\nset fallback='A B'"));
    assert_true(config_fallback(&config, 0, &entry));
    assert_int_equal(entry, 1);
    assert_false(config_fallback(&config, 1, &entry));
}

static void test_saved(void **state) {
    (void)state;
    u32 entry;
    expect_ok("parse", parse("set default=saved\nmenuentry A {}\nmenuentry B {}"));
    expect_ok("default", config_default(&config, &entry));
    assert_int_equal(entry, 0);
    expect_ok("parse", parse("set default=saved\nmenuentry A {}\nmenuentry saved {}"));
    expect_ok("default", config_default(&config, &entry));
    assert_int_equal(entry, 1);
}

static void test_hotkeys(void **state) {
    (void)state;
    expect_ok("parse", parse("menuentry A --hotkey=a {}\nmenuentry B --hotkey b {}\nmenuentry C "
                             "--hotkey=tab {}\nmenuentry D {}"));
    static const u8 keys[] = {'a', 'b', 0, 0};
    for (u32 i = 0; i < 4; i++)
        assert_int_equal(config.entries[i].hotkey, keys[i]);
}

/* The text of an entry that was read before the error is not kept: an edited one took its place. */
static void test_half_read(void **state) {
    (void)state;
    static const char half[] = "menuentry A {}\nclear\nmenuentry B {}\nfi\n";
    struct bytes text = {(const u8 *)half, sizeof half - 1};
    struct command command;
    expect_ok("parse", parse("menuentry X {}"));
    expect_ok("replace", script_replace(&config, "/next.cfg", text));
    expect_ok("clear", script_next(&config, &command));
    assert_int_equal(config.entry_count, 0);
    assert_int_equal(script_next(&config, &command).code, ERROR_CONFIG_STRAY);
    assert_int_equal(config.entry_count, 0);
    assert_int_equal(script_enter(&config, 0, NULL).code, ERROR_CONFIG_NO_ENTRY);
}

/* What stands behind an empty value is another word. */
static void test_hotkey_of_no_character(void **state) {
    (void)state;
    expect_ok("parse", parse("menuentry --hotkey=a --hotkey= A {}"));
    assert_int_equal(config.entries[0].hotkey, 0);
}

/* --- Notes --- */

static void test_notes(void **state) {
    (void)state;
    struct boot_request request;
    expect_ok(
        "parse",
        parse(
            "insmod a\n  frob 1\nmenuentry A {\nterminal_output b\nkernel /k\n}\nsource /bad.cfg"));
    static const struct config_note expected[] = {{"insmod", {1, 1}, 0, false},
                                                  {"frob", {2, 3}, 0, true},
                                                  {"frob", {3, 1}, 1, true},
                                                  {"terminal_output", {4, 1}, 0, false}};
    for (u32 boot = 0; boot < 3; boot++) {
        assert_int_equal(config.note_count, boot ? 4 : 3);
        for (u32 i = 0; i < config.note_count; i++) {
            check_string("note", expected[i].name, config.notes[i].name);
            assert_int_equal(config.notes[i].place.line, expected[i].place.line);
            assert_int_equal(config.notes[i].place.column, expected[i].place.column);
            assert_int_equal(config.notes[i].file, expected[i].file);
            assert_int_equal(config.notes[i].is_unknown, expected[i].is_unknown);
        }
        expect_ok("request", config_request(0, &request));
    }
    char text[2000] = "";
    for (u32 i = 0; i < CONFIG_NOTES_MAX + 10; i++)
        strcat(text, "insmod x\n");
    expect_ok("more than are kept", parse(text));
    assert_int_equal(config.note_count, CONFIG_NOTES_MAX + 10);
}

/* An error in a sourced file shows that file's line. */
static void test_file_of_error(void **state) {
    (void)state;
    struct error error = parse("# one\nsource /broken.cfg\n");
    assert_int_equal(error.line, 2);
    check_string("file", "/broken.cfg", config.file);
    struct bytes line = config_line(&config, error.line);
    assert_memory_equal(line.at, "  kernel '", line.size);
    error = parse("default=7\nsource /more.cfg\n");
    expect_ok("read", error);
    u32 entry;
    error = config_default(&config, &entry);
    assert_int_equal(error.line, 1);
    check_string("file", "/boot/aloft.cfg", config.file);
    struct boot_request request;
    expect_ok("read", parse("menuentry A {}\nsource /bad.cfg\nmenuentry C {kernel /k}"));
    error = config_request(1, &request);
    assert_int_equal(error.code, ERROR_CONFIG_OPTION);
    assert_int_equal(error.line, 2);
    check_string("file", "/bad.cfg", config.file);
    error = config_request(0, &request);
    assert_int_equal(error.code, ERROR_CONFIG_NO_KERNEL);
    check_string("file", "/boot/aloft.cfg", config.file);
    expect_ok("C", config_request(2, &request));
    check_string("file", "/boot/aloft.cfg", config.file);
}

int main(void) {
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_language),
        cmocka_unit_test(test_tests),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_edited),
        cmocka_unit_test(test_edited_shorter),
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_request_options),
        cmocka_unit_test(test_gfxpayload),
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_styles),
        cmocka_unit_test(test_fallback),
        cmocka_unit_test(test_saved),
        cmocka_unit_test(test_hotkeys),
        cmocka_unit_test(test_hotkey_of_no_character),
        cmocka_unit_test(test_half_read),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_replaced_notes),
        cmocka_unit_test(test_functions_of_an_entry),
        cmocka_unit_test(test_back_at_the_body),
        cmocka_unit_test(test_lines_of_an_edited_text),
        cmocka_unit_test(test_file_of_error),
    };
    return cmocka_run_group_tests(all, NULL, free_borrowed);
}
