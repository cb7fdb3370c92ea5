/* Ten thousand rounds of what a user does at a machine that does not boot: keys in the menu, an
 * entry edited, an entry that fails, an entry that goes to another configuration and back. Nothing
 * may be used up on the way. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "editor.h"
#include "grid.h"
#include "keys.h"
#include "menu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_driver.h"

enum {
    ROUNDS = 10000,
    SETTLED = 1000,
    HOPS = 8,
    VALUES_MAX = 512,
    COLUMNS = 80,
    ROWS = 25,
    EDIT_SIZE = 512
};

static u32 random_state;

static u32 chance(u32 below) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % below;
}

/* What can run out, as the last configuration that was read has left it. */
enum { TEXT, VALUES, NOTES, FILES, FUNCTIONS, ENTRIES, COUNTERS };

static void count(u32 most[COUNTERS]) {
    const u32 now[COUNTERS] = {[TEXT] = config.text_kept,           [VALUES] = config.values_kept,
                               [NOTES] = config.notes_kept,         [FILES] = config.files_kept,
                               [FUNCTIONS] = config.functions_kept, [ENTRIES] = config.entry_count};
    for (u32 i = 0; i < COUNTERS; i++)
        if (now[i] > most[i])
            most[i] = now[i];
}

/* Nothing that makes a new name: a variable that is set on the way to another configuration stays.
 */
static u32 random_key(void) {
    static const char typed[] = " \\'\"#{}[];&|$<>\n";
    static const u8 keys[] = {KEY_UP,   KEY_DOWN,      KEY_LEFT,   KEY_RIGHT, KEY_HOME,  KEY_END,
                              KEY_ESC,  KEY_BACKSPACE, KEY_DELETE, KEY_TAB,   KEY_ENTER, KEY_BOOT,
                              KEY_SHOW, KEY_PAGE_UP,   'e',        'c'};
    return chance(3) ? keys[chance(sizeof keys)] : (u8)typed[chance(sizeof typed - 1)];
}

/* As stage2/run.c does it. */
static struct error execute(u32 entry, const struct bytes *edited, struct boot_request *request) {
    for (u32 hops = 0; hops < HOPS; hops++) {
        TRY(request_start(&config, entry, edited, request));
        TRY(run(request, NULL));
        if (config.booting)
            break;
        edited = NULL;
        TRY(config_default(&config, &entry));
    }
    return request_finish(&config, request);
}

/* The body of an entry with what random keys make of it. */
static struct bytes edit(u32 entry, char text[EDIT_SIZE], struct grid *grid) {
    struct bytes body = config_body(&config, entry);
    struct editor editor;
    u32 length = body.size < EDIT_SIZE ? (u32)body.size : 0;
    for (u32 i = 0; i < length; i++)
        text[i] = body.at[i] == '\t' || body.at[i] == '\r' ? ' ' : (char)body.at[i];
    editor_open(&editor, text, EDIT_SIZE, length, false);
    for (u32 i = chance(20); i; i--) {
        if (editor_key(&editor, random_key()) != EDITOR_STAY)
            break;
        editor_draw(&editor, grid);
    }
    return (struct bytes){(const u8 *)text, editor.length};
}

/* Keys until one chooses an entry. */
static enum menu_action choose(struct grid *grid, u32 *entry) {
    struct menu_item items[CONFIG_ENTRIES_MAX];
    struct menu menu;
    for (u32 i = 0; i < config.entry_count; i++)
        items[i] = (struct menu_item){config.entries[i].title, config.entries[i].depth,
                                      config.entries[i].is_submenu, config.entries[i].hotkey};
    menu_open(&menu, "rounds", items, config.entry_count, chance(config.entry_count));
    enum menu_action action = MENU_STAY;
    while (action == MENU_STAY) {
        menu_draw(&menu, grid);
        action = menu_key(&menu, random_key());
        assert_true(menu.current < config.entry_count);
    }
    *entry = menu.current;
    return action;
}

static void start_again(void) {
    expect_ok("start", parse(find_file(&(struct file_path){.path = "/one.cfg"})));
}

static void test_rounds(void **state) {
    (void)state;
    static struct cell cells[COLUMNS * ROWS];
    struct grid grid = {cells, COLUMNS, ROWS};
    u32 early[COUNTERS] = {0}, late[COUNTERS] = {0}, replaced = 0, booted = 0, failed = 0;
    random_state = 6;
    start_again();
    for (u32 i = 0; i < ROUNDS; i++) {
        struct boot_request request;
        char text[EDIT_SIZE];
        u32 entry;
        enum menu_action action = choose(&grid, &entry);
        struct bytes edited = {NULL, 0};
        if (action == MENU_EDIT)
            edited = edit(entry, text, &grid);
        said[0] = 0;
        struct error error = execute(entry, edited.at ? &edited : NULL, &request);
        if (error.code == ERROR_CONFIG_TOO_BIG)
            expect_ok("a round", error);
        booted += !error.code;
        failed += !!error.code;
        replaced += config.files[config.entries[0].body.file].name[1] == 't';
        count(i < SETTLED ? early : late);
        if (!config.entry_count) /* another configuration that is not one: the user switches off */
            start_again();
    }
    for (u32 i = 0; i < COUNTERS; i++)
        if (late[i] > (i == VALUES ? VALUES_MAX : early[i]))
            fail_msg("counter %u: at most %u in the first %u rounds, then %u", i, early[i], SETTLED,
                     late[i]);
    printf("%u rounds: %u boot, %u fail, %u end in the other configuration\n", ROUNDS, booted,
           failed, replaced);
    assert_true(booted > ROUNDS / 20 && failed > ROUNDS / 20 && replaced > ROUNDS / 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_teardown(test_rounds, free_borrowed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
