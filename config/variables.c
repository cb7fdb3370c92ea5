/* Variables: records one behind the other in config->values.
 *
 *   2 bytes of size, 2 line, 2 column, 1 file, then the name and the value, both ending with a NUL
 *
 * A name is there once in a scope, and the last one counts, so that an inner scope hides an outer
 * one and ends by cutting the records off. */
#include "language.h"

enum { AT_SIZE = 0, AT_LINE = 2, AT_COLUMN = 4, AT_FILE = 6, AT_NAME = 7, NOT_FOUND = 0xffff };

static u8 *record(struct config *c, u32 at) {
    return (u8 *)c->values + at;
}

static u32 find(struct config *c, u32 from, const char *name, size_t length) {
    u32 found = NOT_FOUND;
    for (u32 at = from; at < c->values_used; at += load16(record(c, at))) {
        c->work++;
        if (string_is(c->values + at + AT_NAME, name, length))
            found = at;
    }
    return found;
}

/* What GRUB sets itself, and what this loader answers for it. */
static const char *built_in(const struct config *c, const char *name, size_t length) {
    static const char names[] = "menuentry_id_option\0grub_platform\0grub_cpu\0root\0prefix\0";
    switch (name_index(names, name, length)) {
    case 0: return "--id";
    case 1: return "pc";
    case 2: return "i386";
    case 3: return c->device;
    case 4: return c->prefix;
    default: return length > 8 && !memcmp(name, "feature_", 8) ? "y" : NULL;
    }
}

const char *config_value(struct config *c, const char *name, size_t length) {
    u32 at = find(c, c->floor, name, length);
    return at == NOT_FOUND ? built_in(c, name, length) : string_next(c->values + at + AT_NAME);
}

const char *config_value_set(struct config *c, const char *name, struct place_in_file *where) {
    u32 at = find(c, 0, name, string_length(name));
    if (at == NOT_FOUND)
        return NULL;
    const u8 *found = record(c, at);
    where->place = (struct config_place){load16(found + AT_LINE), load16(found + AT_COLUMN)};
    where->file = found[AT_FILE];
    const char *value = string_next(c->values + at + AT_NAME);
    return *value ? value : NULL;
}

static void cut_out(struct config *c, u32 at) {
    u32 size = load16(record(c, at));
    c->values_used -= size;
    memmove(record(c, at), record(c, at) + size, c->values_used - at);
}

void config_forget_hidden(struct config *c) {
    for (u32 at = 0; at < c->values_used;) {
        const char *name = c->values + at + AT_NAME;
        if (find(c, at, name, string_length(name)) != at) {
            cut_out(c, at);
            continue;
        }
        if (record(c, at)[AT_FILE] >= c->file_count) {
            store16(record(c, at) + AT_LINE, 0);
            record(c, at)[AT_FILE] = 0;
        }
        at += load16(record(c, at));
    }
}

const char *config_value_ever(struct config *c, const char *name) {
    u32 at = find(c, 0, name, string_length(name));
    return at == NOT_FOUND ? NULL : string_next(c->values + at + AT_NAME);
}

bool config_set(struct config *c, const char *name, const char *value, struct config_place place) {
    u32 name_size = (u32)string_length(name) + 1;
    u32 value_size = (u32)string_length(value) + 1;
    u32 size = AT_NAME + name_size + value_size;
    u32 at = find(c, c->scope, name, name_size - 1);
    if (at != NOT_FOUND)
        cut_out(c, at);
    if (size > CONFIG_VALUES_MAX - c->values_used)
        return config_too_many(c, "characters in variables", CONFIG_VALUES_MAX);
    u8 *to = record(c, c->values_used);
    store16(to + AT_SIZE, (u16)size);
    store16(to + AT_LINE, (u16)place.line);
    store16(to + AT_COLUMN, (u16)place.column);
    to[AT_FILE] = c->spot.file;
    memcpy(to + AT_NAME, name, name_size);
    memcpy(to + AT_NAME + name_size, value, value_size);
    c->values_used += size;
    return true;
}

const char *config_variable(struct config *c, const char *name) {
    const char *value = config_value(c, name, string_length(name));
    return value ? value : "";
}
