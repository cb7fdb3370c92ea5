/* The menu: a state machine without input or output.
 *
 * Keys and seconds go in, an action comes out, and menu_draw() shows how it stands. Who calls keeps
 * the clock, does what the action says, and shows the grid.
 *
 * The items are one flat list, as the configuration has them: what follows a submenu and is deeper
 * lies inside it. One level is seen at a time:
 *
 *     0 My kernel                  top level: My kernel, Older, Last
 *     0 Older          submenu     inside Older: One, Two
 *     1   One
 *     1   Two
 *     0 Last
 *
 * Which level that is follows from the current item alone. The list is borrowed, and any list will
 * do: depths that make no sense show nonsense and break nothing.
 *
 * The first key that is pressed stops the countdown. Keys: up, down, page up, page down, home and
 * end move; Enter and the right arrow open a submenu, Enter and F10 boot; Esc and the left arrow
 * leave a submenu; e edits, c goes to the command line; an item's hotkey boots it. */
#ifndef MENU_MENU_H
#define MENU_MENU_H

#include "grid.h"
#include "keys.h"

struct menu_item {
    const char *title;
    u8 depth;
    bool is_submenu;
    char hotkey; /* 0: none; e and c are taken */
};

/* GRUB's timeout_style. Hidden menus wait out their time, and show themselves on Esc or F4. */
enum menu_style { MENU_SHOWN, MENU_COUNTDOWN, MENU_HIDDEN };

enum { MENU_FOR_EVER = -1 };

struct menu {
    const char *heading;
    const char *note; /* shown while no time is counted, until the next key; "" */
    const struct menu_item *items;
    u32 count;      /* at least 1 */
    u32 default_at; /* in items: what is booted at the end of the countdown */
    u32 current;    /* in items; to be set by who wants another one */
    int seconds;    /* left, or MENU_FOR_EVER */
    enum menu_style style;
    bool fixed; /* nothing can be edited, and there is no command line */
};

enum menu_action {
    MENU_STAY,
    MENU_BOOT, /* menu->current, never a submenu */
    MENU_EDIT, /* menu->current, never a submenu */
    MENU_COMMAND_LINE,
};

/* At the top level, on the item which is the default or has it inside. */
void menu_open(struct menu *menu, const char *heading, const struct menu_item *items, u32 count,
               u32 default_at);

enum menu_action menu_key(struct menu *menu, u32 key);

/* So many seconds have passed. MENU_BOOT at the end of the countdown, with the default as the
 * current item. */
enum menu_action menu_tick(struct menu *menu, u32 seconds);

/* The whole picture. In style MENU_COUNTDOWN only the time that is left; in MENU_HIDDEN nothing. */
void menu_draw(const struct menu *menu, const struct grid *grid);

#endif
