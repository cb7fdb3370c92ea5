/* Which entry is booted, and after how long: the variables `default` and `timeout`. */
#include "language.h"

/* An error about a variable, in the file that has set it. */
static bool fail(struct config *c, const struct place_in_file *where, enum error_code code,
                 const char *name, const char *other) {
    lexer_go(c, (struct config_spot){0, 1, where->file});
    return config_fail(c, code, where->place, name, other);
}

struct error config_timeout(struct config *c, int *seconds) {
    struct place_in_file where;
    const char *value = config_value_set(c, "timeout", &where);
    *seconds = -1;
    if (!value)
        return OK;
    const char *digits = value + (*value == '-');
    u64 number;
    bool ok = config_number(digits, string_length(digits), &number) && number <= 0x7fffffff;
    if (!ok)
        fail(c, &where, ERROR_CONFIG_VALUE, "timeout", value);
    else if (digits == value)
        *seconds = (int)number;
    return config_outcome(c, ok);
}

enum timeout_style config_timeout_style(struct config *c) {
    const char *style = config_variable(c, "timeout_style");
    return string_equal(style, "hidden")      ? TIMEOUT_HIDDEN
           : string_equal(style, "countdown") ? TIMEOUT_COUNTDOWN
                                              : TIMEOUT_MENU;
}

/* A run of the name given for `default`: all of it, or what stands between two >. */
struct part {
    const char *at;
    size_t length;
};

static bool part_is(struct part part, const char *string) {
    return part.length && string_is(string, part.at, part.length);
}

/* Searches one menu: the entries from `first` on that are `depth` deep, up to the menu's end. The
 * number of entries if there is none such. */
static u32 find_in_menu(const struct config *config, u32 first, u32 depth, struct part part) {
    u64 number;
    bool is_number = config_number(part.at, part.length, &number);
    for (u32 i = first; i < config->entry_count && config->entries[i].depth >= depth; i++) {
        const struct config_entry *entry = &config->entries[i];
        if (entry->depth > depth)
            continue;
        if (is_number ? !number-- : part_is(part, entry->id) || part_is(part, entry->title))
            return i;
    }
    return config->entry_count;
}

/* The first entry at or, for a submenu, inside `entry`; the number of entries if it is empty. */
static u32 first_inside(const struct config *config, u32 entry) {
    if (entry >= config->entry_count || !config->entries[entry].is_submenu)
        return entry;
    u32 depth = config->entries[entry].depth;
    for (u32 i = entry + 1; i < config->entry_count && config->entries[i].depth > depth; i++)
        if (!config->entries[i].is_submenu)
            return i;
    return config->entry_count;
}

/* A title with a > in it is found as a whole before it is taken for a way through submenus. */
static u32 find_by_name(const struct config *config, struct part name) {
    u32 first = 0;
    u32 depth = 0;
    for (;;) {
        u32 found = find_in_menu(config, first, depth, name);
        if (found < config->entry_count)
            return first_inside(config, found);
        struct part part = {name.at, 0};
        while (part.length < name.length && part.at[part.length] != '>')
            part.length++;
        if (part.length == name.length)
            return config->entry_count;
        found = find_in_menu(config, first, depth, part);
        if (found == config->entry_count)
            return found;
        name.at += part.length + 1;
        name.length -= part.length + 1;
        first = found + 1;
        depth = config->entries[found].depth + 1;
    }
}

struct error config_default(struct config *c, u32 *entry) {
    struct place_in_file where;
    u32 first = 0;
    while (first < c->entry_count && c->entries[first].is_submenu)
        first++;
    *entry = first;
    if (first == c->entry_count)
        return error_make(ERROR_CONFIG_NO_ENTRY);
    const char *value = config_value_set(c, "default", &where);
    if (!value)
        return OK;
    *entry = find_by_name(c, (struct part){value, string_length(value)});
    bool ok = *entry < c->entry_count;
    if (!ok && string_equal(value, "saved")) {
        *entry = first;
        return OK;
    }
    return config_outcome(c, ok || fail(c, &where, ERROR_CONFIG_DEFAULT, value, NULL));
}

/* The whole value may be one title with spaces. */
bool config_fallback(struct config *c, u32 number, u32 *entry) {
    struct part part = {config_variable(c, "fallback"), 0};
    *entry = find_by_name(c, (struct part){part.at, string_length(part.at)});
    if (*part.at && *entry < c->entry_count)
        return !number;
    do {
        part.at += part.length;
        while (is_blank(*part.at))
            part.at++;
        part.length = 0;
        while (part.at[part.length] && !is_blank(part.at[part.length]))
            part.length++;
    } while (number--);
    *entry = find_by_name(c, part);
    return part.length && *entry < c->entry_count;
}
