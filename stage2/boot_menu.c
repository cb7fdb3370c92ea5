#include "boot_menu.h"

#include "clock.h"
#include "editor.h"
#include "input.h"
#include "lock.h"
#include "native.h"
#include "screen.h"

static char edit_text[EDIT_BYTES] __attribute__((section(".low")));

/* --- Texts in the place of a body --- */

/* Executes what is typed, without waiting and talking. Whoever waits for a kernel is answered by
 * CONFIG_NO_KERNEL. */
static struct error look_at(struct boot_menu *boot, u32 length) {
    boot->text = (struct bytes){(const u8 *)edit_text, length};
    boot->runner->quiet = true;
    struct error error = run_entry(boot->runner, boot->chosen, &boot->text, boot->request);
    boot->runner->quiet = false;
    return error;
}

/* True if there is one; then it is the note that is shown next. */
static bool noted(struct boot_menu *boot, const struct error *error) {
    struct text text = TEXT_IN(boot->note);
    if (!error->code)
        return false;
    if (error->line) {
        struct text_values place = {.number = {error->line, error->column}};
        text_fill(&text, "Line {0}, column {1}: ", &place);
    }
    error_text(error, &text);
    text_string(&text, ". What to do: ");
    error_fix(error, &text);
    text_char(&text, '.');
    return true;
}

static bool is_blank(u8 c) {
    return c == ' ' || c == '\t' || c == '\r';
}

/* An entry's body without the blank ends of its first and last line, and without what the editor
 * has no cells for. False if the editor has no room for it. */
static bool take_body(struct boot_menu *boot, u32 number) {
    const struct config *config = boot->runner->config;
    struct bytes body = config_body(config, number);
    const u8 *at = body.at, *end = body.at + body.size;
    struct text to = text_in(edit_text, EDIT_BYTES);
    while (at < end && is_blank(*at))
        at++;
    if (at < end && *at == '\n')
        at++;
    while (end > at && is_blank(end[-1]))
        end--;
    for (; at < end; at++)
        if (*at != '\r')
            text_char(&to, *at == '\t' ? ' ' : (char)*at);
    boot->text = (struct bytes){(const u8 *)edit_text, to.used};
    struct error error = error_make(ERROR_CONFIG_TOO_LONG_TO_EDIT,
                                    .name = config->entries[number].title, .number = {EDIT_BYTES});
    return to.used + 1 < EDIT_BYTES || !noted(boot, &error);
}

/* --- The editor and the command line --- */

static u32 editor_shown_key(const struct boot_menu *boot, const struct editor *editor,
                            const char *title) {
    struct grid grid = screen_grid();
    grid_frame(&grid, ALOFT_NAME, boot->command_line ? "Command line" : title, boot->note,
               boot->command_line ? "Enter runs the line   \"boot\" boots   Esc back"
                                  : "Ctrl-X or F10 boots   Esc discards the changes");
    editor_draw(editor, &grid);
    screen_show(&grid);
    u32 key;
    while (!(key = input_key()))
        input_idle();
    return key;
}

/* True when the text makes sense and is to be booted: an edited entry at once, a command line once
 * it says `boot`. Any other line is kept if it makes sense behind those before it, though there may
 * be no kernel yet. */
static bool run_text(struct boot_menu *boot, struct editor *editor) {
    static const char word[] = {'b', 'o', 'o', 't'};
    bool boots = !boot->command_line || (editor->length - editor->floor == sizeof word &&
                                         !memcmp(editor->text + editor->floor, word, sizeof word));
    struct error error = look_at(boot, editor->length);
    if (!boots && (error.code == ERROR_CONFIG_NO_KERNEL || error.code == ERROR_CONFIG_NO_ENTRY))
        error.code = ERROR_NONE;
    if (noted(boot, &error))
        return false;
    if (boots)
        return true;
    editor->cursor = editor->length;
    if (editor_insert(editor, '\n'))
        editor_open(editor, editor->text, editor->size, editor->length, true);
    return false;
}

/* True when the text is to be booted; false when it was discarded. */
static bool type(struct boot_menu *boot) {
    struct editor editor;
    const char *title = boot->items[boot->chosen].title;
    editor_open(&editor, edit_text, EDIT_BYTES, (u32)boot->text.size, boot->command_line);
    boot->typed = false;
    for (;;) {
        u32 key = editor_shown_key(boot, &editor, title);
        enum editor_action action = editor_key(&editor, key);
        boot->note[0] = 0;
        if (action == EDITOR_DONE && run_text(boot, &editor))
            return boot->typed = true;
        if (action == EDITOR_DISCARD)
            return false;
    }
}

/* --- Users --- */

static void wait_seconds(u32 seconds) {
    u32 begun = clock_ticks();
    while (clock_since(begun) < seconds * TICKS_10_SECONDS / 10)
        input_idle();
}

/* False if the user gave up. */
static bool ask(const char *place, struct login *login) {
    enum login_action action = LOGIN_STAY;
    login_open(login);
    while (action == LOGIN_STAY) {
        struct grid grid = screen_grid();
        u32 key;
        grid_frame(&grid, ALOFT_NAME, place, "", "Enter goes on   Esc back");
        login_draw(login, &grid);
        screen_show(&grid);
        while (!(key = input_key()))
            input_idle();
        action = login_key(login, key);
    }
    return action == LOGIN_DONE;
}

static void log_in(struct boot_menu *boot, const char *place) {
    struct text note = TEXT_IN(boot->note);
    struct runner *runner = boot->runner;
    struct login login;
    u32 seconds = login_wait(boot->failures);
    if (!seconds) {
        text_string(&note, "Too many wrong passwords. Start the machine again.");
        return;
    }
    if (ask(place, &login)) {
        if (config_login(runner->config, login.user, login.password)) {
            struct text user = TEXT_IN(runner->user);
            text_string(&user, login.user);
            boot->failures = 0;
        } else {
            wait_seconds(seconds);
            boot->failures++;
            text_string(&note, "There is no such user with this password.");
        }
    }
    login_wipe(&login);
    input_forget();
}

static bool may(const struct boot_menu *boot, enum menu_action action, u32 entry) {
    struct config *config = boot->runner->config;
    const char *user = boot->runner->user;
    return action == MENU_BOOT ? config_may_boot(config, entry, user)
                               : config_may_edit(config, user);
}

/* Whoever may not is asked who they are. */
static bool let(struct boot_menu *boot, enum menu_action action, u32 entry) {
    static const char refused[] = "This user may not do that.";
    if (may(boot, action, entry))
        return true;
    log_in(boot, action == MENU_COMMAND_LINE ? "Command line" : boot->items[entry].title);
    if (may(boot, action, entry))
        return true;
    if (!*boot->note && *boot->runner->user)
        memcpy(boot->note, refused, sizeof refused);
    return false;
}

/* --- The menu --- */

static void make_menu(struct boot_menu *boot, u32 default_at, struct menu *menu) {
    const struct config *config = boot->runner->config;
    for (u32 i = 0; i < config->entry_count; i++) {
        const struct config_entry *entry = &config->entries[i];
        boot->items[i] =
            (struct menu_item){entry->title, entry->depth, entry->is_submenu, entry->hotkey};
    }
    menu_open(menu, ALOFT_NAME, boot->items, config->entry_count, default_at);
    menu->fixed = lock_is_set();
}

/* Goes on until a key or the time asks for something. */
static enum menu_action next_action(struct menu *menu) {
    u32 begun = clock_ticks(), counted = 0;
    for (;;) {
        struct grid grid = screen_grid();
        menu_draw(menu, &grid);
        if (menu->style != MENU_HIDDEN)
            screen_show(&grid);
        u32 key, seconds;
        do {
            input_idle();
            key = input_key();
            if (!key && menu->style != MENU_SHOWN && input_shift())
                key = KEY_SHOW;
            seconds = clock_since(begun) * 10 / TICKS_10_SECONDS - counted;
        } while (!key && !(seconds && menu->seconds >= 0));
        counted += seconds;
        enum menu_action action = key ? menu_key(menu, key) : menu_tick(menu, seconds);
        if (action != MENU_STAY)
            return action;
    }
}

/* The user is in the menu until an entry is chosen. */
static void choose(struct boot_menu *boot, struct menu *menu, u32 *entry) {
    for (;;) {
        menu->note = boot->note;
        enum menu_action action = next_action(menu);
        boot->automatic = menu->seconds == 0;
        boot->chosen = *entry = menu->current;
        boot->note[0] = 0;
        boot->text.size = 0;
        boot->typed = false;
        boot->command_line = action == MENU_COMMAND_LINE;
        if (!let(boot, action, menu->current)) {
            menu->seconds = MENU_FOR_EVER;
            menu->style = MENU_SHOWN;
            continue;
        }
        if (action == MENU_BOOT ||
            ((boot->command_line || take_body(boot, menu->current)) && type(boot)))
            return;
    }
}

static enum menu_style style(struct config *config) {
    static const u8 styles[] = {[TIMEOUT_MENU] = MENU_SHOWN,
                                [TIMEOUT_COUNTDOWN] = MENU_COUNTDOWN,
                                [TIMEOUT_HIDDEN] = MENU_HIDDEN};
    return (enum menu_style)styles[config_timeout_style(config)];
}

struct error boot_menu_choose(struct boot_menu *boot, struct runner *runner,
                              struct boot_request *request, u32 *entry) {
    struct config *config = runner->config;
    int seconds;
    boot->runner = runner;
    boot->request = request;
    boot->has_config = *config->file;
    TRY(config_timeout(config, &seconds));
    TRY(config_default(config, entry));
    boot->chosen = *entry;
    boot->automatic = true;
    bool wanted = input_shift();
    if (config->entry_count == 1 && !*config_variable(config, "timeout"))
        seconds = 0;
    if (!wanted && seconds == 0 && may(boot, MENU_BOOT, *entry))
        return OK;
    struct menu menu;
    make_menu(boot, *entry, &menu);
    if (!wanted && seconds >= 0) {
        menu.seconds = seconds;
        menu.style = style(config);
    }
    choose(boot, &menu, entry);
    screen_end();
    return OK;
}

const struct bytes *boot_menu_text(const struct boot_menu *boot) {
    return boot->typed ? &boot->text : NULL;
}

/* --- After a failure --- */

enum boot_next boot_menu_next(struct boot_menu *boot, const struct error *error, u32 *entry) {
    if (!boot->runner || !boot->has_config || !boot->runner->config->entry_count ||
        lock_stops(error->code))
        return BOOT_STOP;
    if (!boot->automatic || !config_fallback(boot->runner->config, boot->fallbacks++, entry) ||
        !may(boot, MENU_BOOT, *entry))
        return BOOT_MENU;
    boot->chosen = *entry;
    return BOOT_FALLBACK;
}

void boot_menu_again(struct boot_menu *boot, u32 *entry) {
    const struct config *config = boot->runner->config;
    struct menu menu;
    input_any_key();
    if (boot->chosen >= config->entry_count)
        boot->chosen = 0;
    make_menu(boot, boot->chosen, &menu);
    menu.current = *entry = boot->chosen;
    if (!boot->typed || !type(boot))
        choose(boot, &menu, entry);
    screen_end();
}
