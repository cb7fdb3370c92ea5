/* Any keys, pressed in a menu of any shape and in the editor and the command line behind it, and
 * the pictures of both on a screen of any size.
 *
 *   input   | screen | items | shape of each | keys: 0xff, scan code and character of the BIOS; any
 *             other byte is of a terminal; 0xfe: time passes | */
#include "editor.h"
#include "fuzz.h"
#include "menu.h"

enum { ITEMS_MAX = 24, EDIT_SIZE = 200, CELLS = 80 * 25 };

static struct grid take_grid(struct feed *feed, struct cell *cells) {
    static const u8 sizes[][2] = {{80, 24}, {80, 25}, {40, 12}, {20, 5}, {1, 1}, {80, 4}, {3, 25}};
    const u8 *size = sizes[feed_below(feed, ARRAY_COUNT(sizes))];
    return (struct grid){cells, size[0], size[1]};
}

static u32 take_items(struct feed *feed, struct menu_item *items) {
    static char wide[100];
    const char *const titles[] = {"", "A", "Linux 6.1", wide, "\x01\xff\x80"};
    memset(wide, 'w', sizeof wide - 1);
    u32 count = 1 + feed_below(feed, ITEMS_MAX);
    for (u32 i = 0; i < count; i++) {
        u32 shape = (u32)feed_number(feed, 1);
        items[i] =
            (struct menu_item){titles[(shape & 7) % ARRAY_COUNT(titles)], (u8)(shape >> 3 & 3),
                               shape & 0x20, (char)(shape & 0x40 ? 'a' + (int)(i % 26) : 0)};
    }
    return count;
}

/* KEY_NONE while a sequence goes on. */
static u32 take_key(struct feed *feed, struct key_reader *reader) {
    u8 byte = (u8)feed_number(feed, 1);
    if (byte == 0xff)
        return key_from_bios((u32)feed_number(feed, 2));
    if (byte == 0xfe)
        return key_timeout(reader);
    return key_feed(reader, byte);
}

static void check_editor(const struct editor *editor) {
    MUST(editor->length <= editor->size && editor->floor <= editor->length);
    MUST(editor->cursor >= editor->floor && editor->cursor <= editor->length);
}

/* Until it is left, or the keys are used up. */
static void edit(struct feed *feed, struct key_reader *reader, const struct grid *grid, bool line) {
    char *text = malloc(EDIT_SIZE);
    struct editor editor;
    u32 length = line ? feed_below(feed, 40) : feed_below(feed, EDIT_SIZE + 1);
    for (u32 i = 0; i < length; i++)
        text[i] = (char)(i % 23 ? 'a' + (int)(i % 26) : '\n');
    editor_open(&editor, text, EDIT_SIZE, length, line);
    while (feed->left) {
        u32 key = take_key(feed, reader);
        if (!key)
            continue;
        enum editor_action action = editor_key(&editor, key);
        check_editor(&editor);
        if (action != EDITOR_STAY)
            break;
    }
    grid_frame(grid, "Aloft", "a title", "a note", "keys");
    editor_draw(&editor, grid);
    free(text);
}

static void check_menu(const struct menu *menu, enum menu_action action) {
    MUST(menu->current < menu->count && menu->default_at < menu->count);
    MUST((action != MENU_BOOT && action != MENU_EDIT) || !menu->items[menu->current].is_submenu);
}

/* Is there anything but submenus? The configuration sees to that before there is a menu. */
static bool can_boot(const struct menu_item *items, u32 count) {
    for (u32 i = 0; i < count; i++)
        if (!items[i].is_submenu)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    struct feed feed = {data, size};
    struct menu_item items[ITEMS_MAX];
    struct cell *cells = malloc(CELLS * sizeof *cells);
    struct grid grid = take_grid(&feed, cells);
    struct key_reader reader = {0, 0};
    struct menu menu;
    u32 count = take_items(&feed, items), at = feed_below(&feed, count);
    while (items[at].is_submenu && can_boot(items, count))
        at = (at + 1) % count;
    items[at].is_submenu = false;
    menu_open(&menu, "Aloft", items, count, at);
    menu.note = "";
    menu.style = (enum menu_style)feed_below(&feed, 3);
    menu.seconds = (int)feed_below(&feed, 32) - 1;
    while (feed.left) {
        u32 key = take_key(&feed, &reader);
        enum menu_action action = key ? menu_key(&menu, key) : menu_tick(&menu, 1);
        check_menu(&menu, action);
        if (action == MENU_EDIT || action == MENU_COMMAND_LINE)
            edit(&feed, &reader, &grid, action == MENU_COMMAND_LINE);
        else if (action == MENU_BOOT)
            break;
    }
    menu_draw(&menu, &grid);
    free(cells);
    return 0;
}
