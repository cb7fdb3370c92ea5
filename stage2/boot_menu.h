/* Which entry is booted: at once, when time is up, or as the user says; and what comes after an
 * entry that could not be booted.
 *
 *   timeout=0, or one entry and no timeout    the default, at once. Held Shift shows the menu
 *   timeout=N, timeout_style=menu or unset    the menu, for N seconds
 *   timeout=N, timeout_style=countdown        one line, for N seconds; Esc or F4 shows the menu
 *   timeout=N, timeout_style=hidden           nothing is shown, else the same
 *   timeout=-1, or unset with more entries    the menu, for ever
 *
 * An entry that was changed in the editor, and what was typed at the command line, is a text that
 * is executed in the place of an entry's body (script_enter()). It is executed once when it is
 * typed, so that mistakes show while they can still be mended, and once more to be booted.
 *
 * What is restricted to users (config/trust.h) asks for a name and a password first, no more often
 * than login_wait() lets it until the machine is started again. Whoever has logged in stays so. A
 * locked loader (lock.h) has neither editor nor command line. */
#ifndef STAGE2_BOOT_MENU_H
#define STAGE2_BOOT_MENU_H

#include "login.h"
#include "menu.h"
#include "run.h"

enum { EDIT_BYTES = 4096 };

struct boot_menu {
    struct runner *runner; /* NULL until there is a configuration, or a kernel without one */
    struct boot_request *request;
    bool has_config;
    u32 chosen;        /* the entry that was tried last */
    u32 fallbacks;     /* words of `fallback` that were tried */
    bool automatic;    /* and nobody had chosen it */
    bool typed;        /* and it was edit_text[0 .. text.size) */
    bool command_line; /* and it was typed there */
    u32 failures;      /* passwords that were wrong, one after the other */
    struct bytes text;
    char note[256];
    struct menu_item items[CONFIG_ENTRIES_MAX];
};

/* runner->config was read. Errors: CONFIG_VALUE, CONFIG_DEFAULT, CONFIG_NO_ENTRY. *request is
 * scratch. */
MUST_USE struct error boot_menu_choose(struct boot_menu *boot, struct runner *runner,
                                       struct boot_request *request, u32 *entry);

/* What stands in the place of the chosen entry's body; NULL if that is booted as it is. */
const struct bytes *boot_menu_text(const struct boot_menu *boot);

/* What comes after a failure: nothing after one that stops a locked loader, or without a
 * configuration; the next entry that `fallback` names, if nobody chose the one that failed and
 * nobody need log in; else the menu. */
enum boot_next { BOOT_STOP, BOOT_FALLBACK, BOOT_MENU };
enum boot_next boot_menu_next(struct boot_menu *boot, const struct error *error, u32 *entry);

/* Waits for a key and shows the menu, or the text that failed. */
void boot_menu_again(struct boot_menu *boot, u32 *entry);

#endif
