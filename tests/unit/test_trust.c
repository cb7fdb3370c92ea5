/* Hashes, users, the prompt for them, and files that are watched while they are read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_driver.h"
#include "failing_source.h"
#include "gzip.h"
#include "login.h"
#include "menu.h"
#include "random.h"
#include "sha512.h"
#include "trust.h"
#include "verify.h"
#include <zlib.h>

/* ---- hashes in a configuration ---- */

#define DIGITS                                                         \
    "0123456789abcdefABCDEF00112233445566778899aabbccddeeff0123456789" \
    "0123456789abcdefABCDEF00112233445566778899aabbccddeeff0123456789"
#define HASH "--hash=sha512:" DIGITS " "

static const struct {
    const char *name, *body;
    const char *kernel, *modules[3]; /* the paths behind a +, if they have the hash */
} requests[] = {
    {"none", "kernel /k a\nmodule /m b", "/k", {"/m"}},
    {"kernel", "kernel " HASH "/k a", "+/k", {0}},
    {"among options", "kernel --paging=pae " HASH "--nounzip /k", "+/k", {0}},
    {"module", "kernel /k\nmodule " HASH "/m x\nmodule /n", "/k", {"+/m", "/n"}},
    {"an argument is none", "kernel /k " HASH "\nmodule /m " HASH, "/k", {"/m"}},
    {"multiboot", "multiboot " HASH "/k\nmodule --nounzip " HASH "/m", "+/k", {"+/m"}},
    {"multiboot2", "multiboot2 " HASH "--force /k", "+/k", {0}},
    {"linux", "linux " HASH "/k\ninitrd /a " HASH "/b /c", "+/k", {"/a", "+/b", "/c"}},
    {"initrd, each", "linux /k\ninitrd " HASH "/a " HASH "/b", "/k", {"+/a", "+/b"}},
    {"chainloader", "chainloader " HASH "(hd0,1)+1", "++1", {0}},
    {"in a variable", "h=" HASH "\nkernel $h /k", "+/k", {0}},
};

static void expect_file(const char *name, const char *wanted, const struct file_request *file) {
    check_string(name, wanted + (*wanted == '+'), file->path);
    if ((file->hash != NULL) != (*wanted == '+'))
        fail_msg("%s: %s has %s hash", name, file->path, file->hash ? "a" : "no");
    if (file->hash)
        check_string(name, DIGITS, file->hash);
}

static void test_requests(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(requests); i++) {
        static struct boot_request request;
        char text[1024];
        u32 count = 0;
        snprintf(text, sizeof text, "menuentry A {\n%s\n}\n", requests[i].body);
        expect_ok(requests[i].name, parse(text));
        expect_ok(requests[i].name, config_request(0, &request));
        expect_file(requests[i].name, requests[i].kernel, &request.kernel);
        for (; count < 3 && requests[i].modules[count]; count++)
            expect_file(requests[i].name, requests[i].modules[count], &request.modules[count]);
        assert_int_equal(request.module_count, count);
    }
}

static void expect_error(const char *name, struct error error, enum error_code code, u32 line,
                         u32 column) {
    if (error.code != code || error.line != line || error.column != column)
        fail_msg("%s: error %d at %u:%u", name, error.code, error.line, error.column);
}

static void test_no_hashes(void **state) {
    (void)state;
    static const char *const words[] = {"",
                                        "sha512",
                                        "sha512:",
                                        "sha512:12",
                                        "sha256:" DIGITS,
                                        "sha512:" DIGITS "0",
                                        "sha512:0x" DIGITS,
                                        "SHA512:" DIGITS,
                                        DIGITS};
    static struct boot_request request;
    for (size_t i = 0; i < ARRAY_COUNT(words); i++) {
        char text[512];
        snprintf(text, sizeof text, "menuentry A {\nkernel --hash=%s /k\n}\n", words[i]);
        expect_ok(words[i], parse(text));
        expect_error(words[i], config_request(0, &request), ERROR_CONFIG_HASH, 2, 8);
        snprintf(text, sizeof text, "source --hash=%s /more.cfg\n", words[i]);
        expect_error(words[i], parse(text), ERROR_CONFIG_HASH, 1, 8);
    }
    expect_error("no file", parse("source " HASH), ERROR_CONFIG_ARGUMENTS, 1, 1);
    expect_error("no file", parse("configfile " HASH), ERROR_CONFIG_ARGUMENTS, 1, 1);
}

/* Of 32 modules, each with a hash, all are kept. */
static void test_many_hashes(void **state) {
    (void)state;
    static struct boot_request request;
    static char text[16 * 1024];
    struct text to = TEXT_IN(text);
    text_string(&to, "menuentry A {\nkernel " HASH "/k\n");
    for (u32 i = 0; i < CONFIG_MODULES_MAX; i++)
        text_string(&to, "module " HASH "/m\n");
    text_string(&to, "}\n");
    expect_ok("32 modules", parse(text));
    expect_ok("32 modules", config_request(0, &request));
    for (u32 i = 0; i < CONFIG_MODULES_MAX; i++)
        expect_file("32 modules", "+/m", &request.modules[i]);
}

static void test_hash_is(void **state) {
    (void)state;
    u8 digest[SHA512_SIZE];
    char digits[2 * SHA512_SIZE + 1], upper[2 * SHA512_SIZE + 1];
    sha512((struct bytes){(const u8 *)"abc", 3}, digest);
    for (u32 i = 0; i < SHA512_SIZE; i++) {
        snprintf(digits + 2 * i, 3, "%02x", digest[i]);
        snprintf(upper + 2 * i, 3, "%02X", digest[i]);
    }
    assert_true(config_hash_is(digits, digest));
    assert_true(config_hash_is(upper, digest));
    for (u32 bit = 0; bit < 8 * SHA512_SIZE; bit++) {
        digest[bit / 8] ^= (u8)(1 << bit % 8);
        assert_false(config_hash_is(digits, digest));
        digest[bit / 8] ^= (u8)(1 << bit % 8);
    }
    digits[2 * SHA512_SIZE - 1] = 0;
    assert_false(config_hash_is(digits, digest));
    assert_false(config_hash_is("", digest));
}

/* ---- users ---- */

/* Made by grub-mkpasswd-pbkdf2 -c 7, the password being: open sesame */
#define OPEN_SESAME                                                                    \
    "grub.pbkdf2.sha512.7.3EF381371283598CA0B11038DE6B18A01ACE63357C5F1B6ED9611893A69" \
    "935DC8F76583A27D4EC198E341892C1E0EBA7A92F2B7AC8252A15D5E7152A7844A4F9.97EB36FD3D" \
    "B64BEAE8D86FF0C3A06AC00DCBFF3C8090E80E346FCFB5E41529A0646F550A9B9D5829798DA59704" \
    "957742FC0E6905BD4747932234BC4D384EB230"

static const char users[] = "set superusers=\"root, admin\"\n"
                            "password_pbkdf2 root " OPEN_SESAME "\n"
                            "password guest \"a word\"\n"
                            "menuentry 0 --unrestricted {}\n"
                            "menuentry 1 {}\n"
                            "menuentry 2 --users 'guest;other' {}\n"
                            "menuentry 3 --users= --unrestricted {}\n"
                            "submenu 4 --users=guest {\n"
                            "menuentry 5 --unrestricted {}\n"
                            "submenu 6 --unrestricted { menuentry 7 --users other {} }\n"
                            "menuentry 8 {}\n"
                            "}\n"
                            "menuentry 9 --unrestricted {}\n";

static const struct {
    const char *user, *may; /* the numbers of the entries; with an e: may edit */
} rights[] = {
    {"", "09"},
    {"guest", "024569"},
    {"other", "029"},
    {"root", "0123456789e"},
    {"admin", "0123456789e"},
    {"adm", "09"},
    {"root, admin", "09"},
    {"guest;other", "09"},
};

static void test_rights(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(rights); i++) {
        char seen[16];
        struct text text = TEXT_IN(seen);
        expect_ok("users", parse(users));
        assert_int_equal(config.entry_count, 10);
        for (u32 entry = 0; entry < config.entry_count; entry++)
            if (config_may_boot(&config, entry, rights[i].user))
                text_char(&text, (char)('0' + entry));
        if (config_may_edit(&config, rights[i].user))
            text_char(&text, 'e');
        check_string(rights[i].user, rights[i].may, seen);
    }
}

/* Without the variable nothing is restricted; once it was set, nobody can be. */
static void test_superusers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool open;
    } rows[] = {
        {"", true},
        {"password root x\n", true},
        {"set superusers=root\n", false},
        {"set superusers=\n", false},
        {"set superusers=root\nunset superusers\n", false},
        {"submenu A { superusers=root\n menuentry B {} }\n", true},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        char text[256];
        snprintf(text, sizeof text, "%smenuentry X {kernel /k}\n", rows[i].text);
        expect_ok(text, parse(text));
        assert_int_equal(config_may_edit(&config, ""), rows[i].open);
        assert_int_equal(config_may_boot(&config, config.entry_count - 1, ""), rows[i].open);
        assert_int_equal(config_may_edit(&config, "root"),
                         rows[i].open || strstr(rows[i].text, "=root\nm") ||
                             !strcmp(rows[i].text, "set superusers=root\n"));
    }
}

/* Commands outside any block are an entry whose variables begin anew: the users stay. */
static void test_superusers_of_an_entry_outside(void **state) {
    (void)state;
    static struct boot_request request;
    expect_ok("outside", parse("set superusers=root\npassword root x\nkernel /k\n"));
    assert_false(config_may_boot(&config, 0, ""));
    assert_int_equal(request_start(&config, 0, NULL, &request).code, 0);
    assert_false(config_may_edit(&config, ""));
    assert_true(config_login(&config, "root", "x"));
}

static const struct {
    const char *user, *password;
    bool good;
} logins[] = {
    {"root", "open sesame", true},
    {"root", "open sesam", false},
    {"root", "open sesame ", false},
    {"root", "Open sesame", false},
    {"root", "", false},
    {"guest", "a word", true},
    {"guest", "a wor", false},
    {"guest", "a word1", false},
    {"guest", "", false},
    {"guest", "open sesame", false},
    {"admin", "", false},
    {"admin", "open sesame", false},
    {"", "", false},
    {"", "open sesame", false},
    {"roo", "open sesame", false},
    {"root", OPEN_SESAME, false},
};

static void test_logins(void **state) {
    (void)state;
    expect_ok("users", parse(users));
    for (size_t i = 0; i < ARRAY_COUNT(logins); i++)
        if (config_login(&config, logins[i].user, logins[i].password) != logins[i].good)
            fail_msg("%s with \"%s\"", logins[i].user, logins[i].password);
    /* Nothing that a script can write gives a password away, or takes one away. */
    expect_ok("a script",
              parse("password root x\nmenuentry A {echo \"<$user:root>\"\n kernel /k}"));
    static struct boot_request request;
    said[0] = 0;
    (void)config_request(0, &request);
    assert_null(strstr(said, "x>"));
}

/* What loops and unset can do to a password that they name: nobody gets in by it. */
static void test_spoilt_passwords(void **state) {
    (void)state;
    static const char *const texts[] = {
        "password root x\nunset user:root\n",
        "for user:root in grub.pbkdf2.sha512.1; do true; done\n",
        "for user:root in grub.pbkdf2.sha512.1.00.zz; do true; done\n"};
    static const char *const passwords[] = {"", "x", "grub.pbkdf2.sha512.1",
                                            "grub.pbkdf2.sha512.1.00.zz"};
    for (size_t i = 0; i < ARRAY_COUNT(texts); i++) {
        expect_ok(texts[i], parse(texts[i]));
        for (size_t j = 0; j < ARRAY_COUNT(passwords); j++)
            assert_false(config_login(&config, "root", passwords[j]));
    }
    char longest[CONFIG_USER_MAX + 2] = "";
    memset(longest, 'u', CONFIG_USER_MAX + 1);
    expect_ok("users", parse(users));
    assert_false(config_login(&config, longest, "a word"));
}

/* Every sign that GRUB takes between two names. */
static void test_lists_of_users(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g"};
    expect_ok("users", parse("superusers='a,b;c|d&e f\ng'\nmenuentry A --users '' {}"));
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        assert_true(config_may_edit(&config, names[i]));
    assert_false(config_may_edit(&config, "a,b"));
    assert_false(config_may_edit(&config, "h"));
    assert_false(config_may_edit(&config, ""));
}

static void test_password_commands(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum error_code code;
    } rows[] = {
        {"password root x", 0},
        {"password_pbkdf2 root " OPEN_SESAME, 0},
        {"password_pbkdf2 root grub.pbkdf2.sha512.1..00112233445566778899aabbccddeeff", 0},
        {"password root", ERROR_CONFIG_ARGUMENTS},
        {"password", ERROR_CONFIG_ARGUMENTS},
        {"password '' x", ERROR_CONFIG_ARGUMENTS},
        {"password root x y", ERROR_CONFIG_ARGUMENTS},
        {"password 0123456789012345678901234567890123456789012345678901234567890123 x",
         ERROR_CONFIG_ARGUMENTS},
        {"password root ''", ERROR_CONFIG_PASSWORD},
        {"password_pbkdf2 root x", ERROR_CONFIG_PASSWORD},
        {"password_pbkdf2 root grub.pbkdf2.sha512.0.00.00112233445566778899aabbccddeeff",
         ERROR_CONFIG_PASSWORD},
        {"password_pbkdf2 root grub.pbkdf2.sha512.4294967296.00.00112233445566778899aabbccddeeff",
         ERROR_CONFIG_PASSWORD},
        {"password_pbkdf2 root grub.pbkdf2.sha512.x.00.00112233445566778899aabbccddeeff",
         ERROR_CONFIG_PASSWORD},
        {"password_pbkdf2 root grub.pbkdf2.sha512.1.00.00112233445566778899aabbccddee",
         ERROR_CONFIG_PASSWORD},
        {"password_pbkdf2 root grub.pbkdf2.sha512.1.00.00112233445566778899aabbccddeeffg",
         ERROR_CONFIG_PASSWORD},
        {"password_pbkdf2 root grub.pbkdf2.sha512.1.0.00112233445566778899aabbccddeeff",
         ERROR_CONFIG_PASSWORD},
        {"password_pbkdf2 root grub.pbkdf2.sha512.1.00", ERROR_CONFIG_PASSWORD},
        {"password_pbkdf2 root grub.pbkdf2.sha512.", ERROR_CONFIG_PASSWORD},
        {"password_pbkdf2 root grub.pbkdf2.sha512.1000", ERROR_CONFIG_PASSWORD},
        {"password root "
         "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
         "890123456789012345678901234567890123456789012345678901234567890123456789012345678901234",
         ERROR_CONFIG_PASSWORD},
        {"password_pbkdf2 root grub.pbkdf2.sha256.1.00.00112233445566778899aabbccddeeff",
         ERROR_CONFIG_PASSWORD},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct error error = parse(rows[i].text);
        if (error.code != rows[i].code)
            fail_msg("%s: error %d", rows[i].text, error.code);
    }
}

/* ---- the prompt ---- */

static void type_all(struct login *login, const char *text) {
    for (; *text; text++)
        assert_int_equal(login_key(login, *text == '<'    ? KEY_BACKSPACE
                                          : *text == '\n' ? KEY_ENTER
                                                          : (u8)*text),
                         LOGIN_STAY);
}

static void test_login(void **state) {
    (void)state;
    struct login login;
    login_open(&login);
    type_all(&login, "<<<r<root<<<<<<<root\n<<secret<t<<<et\x01");
    check_string("name", "root", login.user);
    check_string("password", "secet", login.password);
    assert_int_equal(login_key(&login, KEY_ENTER), LOGIN_DONE);
    login_wipe(&login);
    for (size_t i = 0; i < sizeof login; i++)
        assert_int_equal(((const u8 *)&login)[i], 0);
    login_open(&login);
    assert_int_equal(login_key(&login, KEY_ESC), LOGIN_DISCARD);
    type_all(&login, "\n");
    assert_int_equal(login_key(&login, KEY_ESC), LOGIN_DISCARD);
}

static void test_login_wait(void **state) {
    (void)state;
    static const u32 seconds[] = {1, 2, 4, 8, 16, 32, 64, 128, 0, 0};
    for (u32 i = 0; i < ARRAY_COUNT(seconds); i++)
        assert_int_equal(login_wait(i), seconds[i]);
    assert_int_equal(login_wait(32), 0);
    assert_int_equal(login_wait(~0u), 0);
}

/* A hundred thousand keys at each prompt, most of them Backspace and control keys: what is typed
 * behind them is what counts, nothing is written past the fields, and no picture has the password.
 */
static void test_random_logins(void **state) {
    (void)state;
    u64 random = 1;
    struct cell *cells = malloc(80 * 24 * sizeof *cells);
    const struct grid grid = {cells, 80, 24};
    for (u32 prompt = 0; prompt < 2; prompt++) {
        struct login *login = malloc(sizeof *login);
        login_open(login);
        if (prompt)
            type_all(login, "root\n");
        for (u32 i = 0; i < 100000; i++) {
            u32 key = (u32)below(&random, 3) ? KEY_BACKSPACE + (u32)below(&random, 14)
                                             : (u32)below(&random, 400);
            if (key == KEY_ENTER || key == KEY_ESC)
                continue;
            assert_int_equal(login_key(login, key), LOGIN_STAY);
            assert_true(login->user_length < LOGIN_USER_SIZE && !login->user[login->user_length]);
            assert_true(login->password_length < LOGIN_PASSWORD_SIZE &&
                        !login->password[login->password_length]);
            assert_int_equal(strlen(login->user), login->user_length);
            assert_int_equal(login->in_password, prompt);
            if (i % 100 == 0) {
                grid_clear(&grid);
                login_draw(login, &grid);
                for (u32 j = 0; prompt && j < 80; j++)
                    assert_true(cells[3 * 80 + j].character ==
                                (j >= 3 && j < 13 ? "Password: "[j - 3] : ' '));
            }
        }
        for (u32 i = 0; i < 300; i++)
            login_key(login, KEY_BACKSPACE);
        for (u32 i = 0; i < 300; i++)
            login_key(login, 'x');
        assert_int_equal(prompt ? login->password_length : login->user_length,
                         prompt ? LOGIN_PASSWORD_SIZE - 1 : LOGIN_USER_SIZE - 1);
        check_string("the other field", prompt ? "root" : "",
                     prompt ? login->user : login->password);
        free(login);
    }
    free(cells);
}

/* A menu that is fixed: a hundred thousand random keys never ask for an editor. */
static void test_fixed_menu(void **state) {
    (void)state;
    static const struct menu_item items[] = {{"A", 0, false, 'e'}, {"B", 0, true, 'c'},
                                             {"C", 1, false, 0},   {"D", 1, true, 0},
                                             {"E", 2, false, 'x'}, {"F", 0, false, 0}};
    u64 random = 7;
    u32 booted = 0, edited = 0;
    for (u32 fixed = 0; fixed < 2; fixed++) {
        for (u32 style = MENU_SHOWN; style <= MENU_HIDDEN; style++) {
            struct menu menu;
            menu_open(&menu, "", items, ARRAY_COUNT(items), 0);
            menu.fixed = fixed;
            menu.style = (enum menu_style)style;
            for (u32 i = 0; i < 100000; i++) {
                enum menu_action action = menu_key(&menu, (u32)below(&random, 160));
                assert_true(action != MENU_BOOT || !items[menu.current].is_submenu);
                booted += fixed && action == MENU_BOOT;
                if (action == MENU_EDIT || action == MENU_COMMAND_LINE) {
                    assert_false(fixed);
                    edited++;
                }
            }
        }
    }
    assert_true(booted > 1000 && edited > 1000);
    struct cell *cells = malloc(80 * 24 * sizeof *cells);
    const struct grid grid = {cells, 80, 24};
    for (u32 fixed = 0; fixed < 2; fixed++) {
        struct menu menu;
        char row[81] = "";
        menu_open(&menu, "", items, ARRAY_COUNT(items), 0);
        menu.fixed = fixed;
        menu_draw(&menu, &grid);
        for (u32 i = 0; i < 80; i++)
            row[i] = (char)cells[23 * 80 + i].character;
        assert_int_equal(strstr(row, "edits") != NULL, !fixed);
        assert_int_equal(strstr(row, "command line") != NULL, !fixed);
        assert_non_null(strstr(row, "Enter boots"));
    }
    free(cells);
}

/* ---- files ---- */

/* A medium that says other bytes from its `turn`th read on. */
struct medium {
    const u8 *bytes;
    u32 reads, turn;
    u64 furthest;
};

static struct error read_medium(void *context, u64 offset, void *to, size_t size) {
    struct medium *medium = context;
    memcpy(to, medium->bytes + offset, size);
    if (++medium->reads > medium->turn)
        ((u8 *)to)[0] ^= 1;
    return OK;
}

enum { FILE_SIZE = 5000 };

static u8 content[FILE_SIZE];
static char content_digits[2 * SHA512_SIZE + 1];

static void make_content(void) {
    u8 digest[SHA512_SIZE];
    for (u32 i = 0; i < FILE_SIZE; i++)
        content[i] = (u8)(i * 31 + (i >> 8));
    sha512((struct bytes){content, FILE_SIZE}, digest);
    for (u32 i = 0; i < SHA512_SIZE; i++)
        snprintf(content_digits + 2 * i, 3, "%02x", digest[i]);
}

/* Reads before verify_begin() and after verify_end() do not count; the pieces in between are given
 * as ends. */
static const struct {
    const char *name;
    u32 ends[4], back; /* with `back`: once it has been read, it is read from there again */
    u32 turn;
    bool good;
} watches[] = {
    {"at once", {FILE_SIZE}, 0, 1000, true},
    {"in pieces", {1, 129, 4096, FILE_SIZE}, 0, 1000, true},
    {"the rest is read for it", {700}, 0, 1000, true},
    {"nothing was read", {0}, 0, 1000, true},
    {"read twice", {3000}, 1, 1000, false},
    {"the first read is another one", {FILE_SIZE}, 0, 1, false},
    {"the second", {2000, FILE_SIZE}, 0, 2, false},
    {"of the rest", {2000}, 0, 4, false},
    {"after all was hashed", {FILE_SIZE}, 0, 2, true},
};

static void test_watched_files(void **state) {
    (void)state;
    make_content();
    for (size_t i = 0; i < ARRAY_COUNT(watches); i++) {
        struct medium medium = {.bytes = content, .turn = watches[i].turn};
        struct source source = {
            .read = read_medium, .context = &medium, .size = FILE_SIZE, .name = "/m"};
        struct verifier verifier = {0};
        struct watched_file file;
        u8 *to = malloc(FILE_SIZE);
        u32 at = 0;
        verify_watch(&file, &verifier, &source);
        assert_int_equal(source_read(&source, FILE_SIZE - 4, to, 4).code, 0);
        assert_int_equal(medium.reads, 1);
        verify_begin(&file);
        for (u32 j = 0; j < 4 && watches[i].ends[j]; j++) {
            assert_int_equal(source_read(&source, at, to + at, watches[i].ends[j] - at).code, 0);
            at = watches[i].ends[j];
        }
        if (watches[i].back)
            assert_int_equal(source_read(&source, watches[i].back, to, 1).code, 0);
        struct error error = verify_end(&file, content_digits);
        if (error.code != (watches[i].good ? ERROR_NONE : ERROR_HASH_WRONG))
            fail_msg("%s: %d", watches[i].name, error.code);
        assert_int_equal(source_read(&source, 0, to, FILE_SIZE).code, 0);
        assert_int_equal(source_read(&source, FILE_SIZE, to, 1).code, ERROR_SOURCE_PAST_END);
        free(to);
    }
}

/* A medium that says the right bytes in a row, whatever is asked: they are not where they are used.
 */
static struct error read_liar(void *context, u64 offset, void *to, size_t size) {
    u64 *told = context;
    (void)offset;
    memcpy(to, content + *told, size);
    *told += size;
    return OK;
}

static void test_watched_out_of_order(void **state) {
    (void)state;
    static const u32 firsts[] = {0, 100};
    make_content();
    for (size_t i = 0; i < ARRAY_COUNT(firsts); i++) {
        u64 told = 0;
        u8 to[FILE_SIZE];
        struct source source = {
            .read = read_liar, .context = &told, .size = FILE_SIZE, .name = "/m"};
        struct verifier verifier = {0};
        struct watched_file file;
        verify_watch(&file, &verifier, &source);
        verify_begin(&file);
        assert_int_equal(source_read(&source, firsts[i], to, 2000).code, 0);
        assert_int_equal(source_read(&source, 2000, to, FILE_SIZE - 2000).code, 0);
        assert_int_equal(verify_end(&file, content_digits).code,
                         firsts[i] ? ERROR_HASH_WRONG : ERROR_NONE);
    }
}

/* A packed file below an inflater: what is hashed is the packed bytes, each once; also where
 * nothing but an empty file is in it. */
static void test_watched_and_packed(void **state) {
    (void)state;
    static struct inflater inflater;
    make_content();
    for (u32 size = 0; size <= FILE_SIZE; size += FILE_SIZE) {
        for (u32 turn = 1; turn < 8; turn++) {
            static u8 packed[FILE_SIZE * 2], to[FILE_SIZE];
            u8 digest[SHA512_SIZE];
            char digits[2 * SHA512_SIZE + 1];
            z_stream stream = {.next_in = content,
                               .avail_in = size,
                               .next_out = packed,
                               .avail_out = sizeof packed};
            assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
            assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
            u32 packed_size = (u32)stream.total_out;
            deflateEnd(&stream);
            sha512((struct bytes){packed, packed_size}, digest);
            for (u32 i = 0; i < SHA512_SIZE; i++)
                snprintf(digits + 2 * i, 3, "%02x", digest[i]);
            struct medium medium = {.bytes = packed, .turn = turn};
            struct source source = {
                .read = read_medium, .context = &medium, .size = packed_size, .name = "/m"};
            struct verifier verifier = {0};
            struct watched_file file;
            struct gzip_file unpacked;
            verify_watch(&file, &verifier, &source);
            if (gzip_open(&unpacked, &inflater, &source).code || source.size != size)
                continue; /* another byte there */
            verify_begin(&file);
            struct error error = source_read(&source, 0, to, size);
            if (!error.code)
                error = verify_end(&file, digits);
            assert_int_equal(error.code != 0, turn < medium.reads);
        }
    }
}

/* What the medium says comes through, from the reads of the user and from those of verify_end(). */
static void test_watched_and_failing(void **state) {
    (void)state;
    make_content();
    for (u32 first = 0; first < FILE_SIZE; first += 1700) {
        struct failing failing = {.bytes = {content, FILE_SIZE}, .fail_at = 1};
        struct error error;
        do {
            struct source source = failing_source(&failing, "/m");
            struct verifier verifier = {0};
            struct watched_file file;
            u8 to[FILE_SIZE];
            failing.reads = 0;
            verify_watch(&file, &verifier, &source);
            verify_begin(&file);
            error = source_read(&source, 0, to, first);
            if (!error.code)
                error = verify_end(&file, content_digits);
        } while (has_failed(&failing, error) && ++failing.fail_at);
        assert_int_equal(error.code, 0);
        assert_int_equal(failing.reads, (first ? 1 : 0) + (FILE_SIZE - first + 511) / 512);
    }
}

static void test_bytes(void **state) {
    (void)state;
    make_content();
    struct bytes bytes = {content, FILE_SIZE};
    assert_int_equal(verify_bytes("/k", NULL, bytes).code, 0);
    assert_int_equal(verify_bytes("/k", content_digits, bytes).code, 0);
    bytes.size--;
    struct error error = verify_bytes("/k", content_digits, bytes);
    assert_int_equal(error.code, ERROR_HASH_WRONG);
    check_string("name", "/k", error.values.name);
    assert_int_equal(verify_bytes("/k", NULL, bytes).code, 0);
}

static void test_hold(void **state) {
    (void)state;
    static struct machine machine;
    struct range held;
    machine.memory = (struct memory_map){3,
                                         {{0, 0x9fc00, MEMORY_USABLE, 1},
                                          {0x100000, 0x700000, MEMORY_USABLE, 1},
                                          {4 * GIB, GIB, MEMORY_USABLE, 1}}};
    assert_int_equal(verify_hold(&machine, 5000, &held).code, 0);
    assert_true(held.start == 0x7fe000 && held.size == 0x2000);
    assert_int_equal(verify_hold(&machine, 0, &held).code, 0);
    assert_true(held.start == 0x7ff000 && held.size == 0x1000);
    assert_int_equal(verify_hold(&machine, 0x700000, &held).code, 0);
    assert_true(held.start == 0x100000);
    assert_int_equal(verify_hold(&machine, 0x700001, &held).code, ERROR_PLAN_MEMORY);
    assert_int_equal(verify_hold(&machine, ~(u64)0 >> 1, &held).code, ERROR_PLAN_MEMORY);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_no_hashes),
        cmocka_unit_test(test_many_hashes),
        cmocka_unit_test(test_hash_is),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_superusers),
        cmocka_unit_test(test_superusers_of_an_entry_outside),
        cmocka_unit_test(test_logins),
        cmocka_unit_test(test_spoilt_passwords),
        cmocka_unit_test(test_lists_of_users),
        cmocka_unit_test(test_password_commands),
        cmocka_unit_test(test_login),
        cmocka_unit_test(test_login_wait),
        cmocka_unit_test(test_random_logins),
        cmocka_unit_test(test_fixed_menu),
        cmocka_unit_test(test_watched_files),
        cmocka_unit_test(test_watched_out_of_order),
        cmocka_unit_test(test_watched_and_packed),
        cmocka_unit_test(test_watched_and_failing),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_hold),
    };
    return cmocka_run_group_tests(tests, NULL, free_borrowed);
}
