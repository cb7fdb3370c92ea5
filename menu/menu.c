#include "menu.h"

#include "text.h"

/* The next item of the same level, onward (1) or back (-1); the item itself if there is none. */
static u32 neighbour(const struct menu *menu, u32 item, int step) {
    u32 depth = menu->items[item].depth;
    for (u32 i = item + (u32)step; i < menu->count; i += (u32)step) {
        if (menu->items[i].depth < depth)
            break;
        if (menu->items[i].depth == depth)
            return i;
    }
    return item;
}

/* The submenu around an item; the item itself at the top level. */
static u32 parent(const struct menu *menu, u32 item) {
    for (u32 i = item; i-- > 0;)
        if (menu->items[i].depth < menu->items[item].depth)
            return i;
    return item;
}

static void move(struct menu *menu, int step, u32 times) {
    while (times--)
        menu->current = neighbour(menu, menu->current, step);
}

/* Inside, the current item is the default, or the submenu that has it, or else the first. */
static void enter(struct menu *menu) {
    u32 submenu = menu->current, item = menu->default_at, up;
    if (submenu + 1 == menu->count || menu->items[submenu + 1].depth <= menu->items[submenu].depth)
        return;
    while ((up = parent(menu, item)) != item && up != submenu)
        item = up;
    menu->current = up == submenu && item != up ? item : submenu + 1;
}

void menu_open(struct menu *menu, const char *heading, const struct menu_item *items, u32 count,
               u32 default_at) {
    *menu = (struct menu){.heading = heading,
                          .note = "",
                          .items = items,
                          .count = count,
                          .default_at = default_at,
                          .seconds = MENU_FOR_EVER};
    u32 item = default_at;
    do
        menu->current = item;
    while ((item = parent(menu, item)) != menu->current);
}

static enum menu_action boot(struct menu *menu, u32 item) {
    menu->current = item;
    if (!menu->items[item].is_submenu)
        return MENU_BOOT;
    enter(menu);
    return MENU_STAY;
}

/* In the level that is seen. */
static enum menu_action hotkey(struct menu *menu, u32 key) {
    u32 item = menu->current, next;
    while ((next = neighbour(menu, item, -1)) != item)
        item = next;
    for (;;) {
        if (key_is_text(key) && (u8)menu->items[item].hotkey == key)
            return boot(menu, item);
        next = neighbour(menu, item, 1);
        if (next == item)
            return MENU_STAY;
        item = next;
    }
}

/* A menu that is not shown knows two keys, and hotkeys. */
static enum menu_action key_unseen(struct menu *menu, u32 key) {
    if (key != KEY_ESC && key != KEY_SHOW)
        return hotkey(menu, key);
    menu->seconds = MENU_FOR_EVER;
    menu->style = MENU_SHOWN;
    return MENU_STAY;
}

enum { PAGE = 10 };

enum menu_action menu_key(struct menu *menu, u32 key) {
    if (menu->style != MENU_SHOWN)
        return key_unseen(menu, key);
    menu->seconds = MENU_FOR_EVER;
    menu->note = "";
    bool is_submenu = menu->items[menu->current].is_submenu;
    switch (key) {
    case KEY_UP: move(menu, -1, 1); break;
    case KEY_DOWN: move(menu, 1, 1); break;
    case KEY_PAGE_UP: move(menu, -1, PAGE); break;
    case KEY_PAGE_DOWN: move(menu, 1, PAGE); break;
    case KEY_HOME: move(menu, -1, menu->count); break;
    case KEY_END: move(menu, 1, menu->count); break;
    case KEY_LEFT:
    case KEY_ESC: menu->current = parent(menu, menu->current); break;
    case KEY_RIGHT:
        if (is_submenu)
            enter(menu);
        break;
    case KEY_ENTER:
    case KEY_BOOT: return boot(menu, menu->current);
    case 'e':
        if (!is_submenu && !menu->fixed)
            return MENU_EDIT;
        break;
    case 'c':
        if (!menu->fixed)
            return MENU_COMMAND_LINE;
        break;
    default: return hotkey(menu, key);
    }
    return MENU_STAY;
}

enum menu_action menu_tick(struct menu *menu, u32 seconds) {
    if (menu->seconds < 0)
        return MENU_STAY;
    if ((u32)menu->seconds > seconds) {
        menu->seconds -= (int)seconds;
        return MENU_STAY;
    }
    menu->seconds = 0;
    menu->current = menu->default_at;
    return MENU_BOOT;
}

static void draw_item(const struct grid *grid, u32 row, const struct menu_item *item) {
    grid_text(grid, row, GRID_MARGIN, item->title, GRID_TEXT);
    grid_put(grid, row, grid->columns - 2, ' ', GRID_TEXT);
    if (item->is_submenu)
        grid_put(grid, row, grid->columns - 3, GRID_RIGHT, GRID_TEXT);
    grid_put(grid, row, grid->columns - 1, ' ', GRID_TEXT);
}

/* The level of the current item, which stands in the middle where not all of it fits. */
static void draw_level(const struct menu *menu, const struct grid *grid) {
    u32 rows = grid_body_rows(grid), item = menu->current, next = item, above = 0, count = 1;
    for (; (next = neighbour(menu, item, 1)) != item; item = next)
        count++;
    for (item = menu->current; (next = neighbour(menu, item, -1)) != item; item = next)
        above++;
    count += above;
    u32 top = above > rows / 2 ? above - rows / 2 : 0, most = count > rows ? count - rows : 0;
    if (top > most)
        top = most;
    for (u32 i = 0; i < top; i++)
        item = neighbour(menu, item, 1);
    for (u32 i = 0; i < rows && i < count; i++, item = neighbour(menu, item, 1)) {
        draw_item(grid, GRID_BODY_TOP + i, &menu->items[item]);
        if (item == menu->current)
            grid_colour(grid, GRID_BODY_TOP + i, 1, grid->columns - 1, GRID_CURRENT);
    }
    grid_marks(grid, top > 0, top < most);
}

enum { NOTE_SIZE = 160 };

static void draw_shown(const struct menu *menu, const struct grid *grid, const char *note) {
    static const char *const keys[2][2] = {{"Enter boots   e edits   c command line",
                                            "Enter boots   e edits   c command line   Esc back"},
                                           {"Enter boots", "Enter boots   Esc back"}};
    u32 around = parent(menu, menu->current);
    bool inside = around != menu->current;
    grid_frame(grid, menu->heading, inside ? menu->items[around].title : "",
               menu->seconds >= 0 ? note : menu->note, keys[menu->fixed][inside]);
    draw_level(menu, grid);
}

void menu_draw(const struct menu *menu, const struct grid *grid) {
    char note[NOTE_SIZE];
    struct text text = TEXT_IN(note);
    bool shown = menu->style == MENU_SHOWN;
    text_string(&text, "Booting \"");
    text_string(&text, menu->items[menu->default_at].title);
    text_string(&text, "\" in ");
    text_decimal(&text, (u32)menu->seconds);
    text_string(&text, shown ? " s. Any key stops this." : " s. Esc shows the menu.");
    if (shown)
        draw_shown(menu, grid, note);
    else
        grid_clear(grid);
    if (menu->style == MENU_COUNTDOWN)
        grid_text(grid, 0, 0, note, GRID_TEXT);
}
