/* Which entry is booted, and after how long: the variables `default` and `timeout`. */
#include "language.h"

static const struct config_variable *find_set(const struct config *config, const char *name) {
    const struct config_variable *variable =
        config_find_variable(config, name, string_length(name));
    return variable && *variable->value ? variable : NULL;
}

const char *config_variable(const struct config *config, const char *name) {
    const struct config_variable *variable = find_set(config, name);
    return variable ? variable->value : "";
}

static struct place variable_place(const struct config_variable *variable) {
    return (struct place){variable->line, variable->column};
}

struct error config_timeout(const struct config *config, int *seconds) {
    const struct config_variable *variable = find_set(config, "timeout");
    *seconds = -1;
    if (!variable)
        return OK;
    bool negative = variable->value[0] == '-';
    const char *digits = variable->value + negative;
    u64 number;
    if (!config_number(digits, string_length(digits), &number) || number > 0x7fffffff)
        return config_error(ERROR_CONFIG_VALUE, variable_place(variable), "timeout",
                            variable->value);
    if (!negative)
        *seconds = (int)number;
    return OK;
}

/* A run of the name given for `default`: all of it, or what stands between two >. */
struct part {
    const char *at;
    size_t length;
};

static bool part_is(struct part part, const char *string) {
    return part.length && string_length(string) == part.length &&
           !memcmp(string, part.at, part.length);
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
        if (is_number ? number-- == 0 : part_is(part, entry->id) || part_is(part, entry->title))
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
static u32 find_by_name(const struct config *config, const char *name) {
    u32 first = 0;
    u32 depth = 0;
    for (;;) {
        struct part part = {name, string_length(name)};
        u32 found = find_in_menu(config, first, depth, part);
        if (found < config->entry_count)
            return first_inside(config, found);
        part.length = 0;
        while (name[part.length] && name[part.length] != '>')
            part.length++;
        if (!name[part.length])
            return config->entry_count;
        found = find_in_menu(config, first, depth, part);
        if (found == config->entry_count)
            return found;
        name += part.length + 1;
        first = found + 1;
        depth = config->entries[found].depth + 1;
    }
}

static bool has_bootable(const struct config *config, u32 *first) {
    u32 i = 0;
    while (i < config->entry_count && config->entries[i].is_submenu)
        i++;
    *first = i;
    return i < config->entry_count;
}

struct error config_default(const struct config *config, u32 *entry) {
    if (!has_bootable(config, entry))
        return error_make(ERROR_CONFIG_NO_ENTRY);
    const struct config_variable *variable = find_set(config, "default");
    if (!variable)
        return OK;
    *entry = find_by_name(config, variable->value);
    if (*entry == config->entry_count)
        return config_error(ERROR_CONFIG_DEFAULT, variable_place(variable), variable->value, NULL);
    return OK;
}
