/* What reading a configuration leaves: entries, notes, files. */
#include "language.h"

const char *config_keep(struct config *c, const char *string) {
    u32 size = (u32)string_length(string) + 1;
    if (size > CONFIG_TEXT_MAX - c->text_used) {
        config_too_many(c, "characters", CONFIG_TEXT_MAX);
        return NULL;
    }
    char *kept = c->text + c->text_used;
    memcpy(kept, string, size);
    c->text_used += size;
    return kept;
}

/* --- Files --- */

static bool check_characters(struct config *c, struct bytes text) {
    struct config_place place = {1, 1};
    for (size_t i = 0; i < text.size; i++, place.column++) {
        u8 character = text.at[i];
        if (character == '\n')
            place = (struct config_place){(u16)(place.line + 1), 0};
        else if ((character < ' ' && character != '\t' && character != '\r') || character == 0x7f)
            return config_fail_number(c, ERROR_CONFIG_CHARACTER, place, NULL, character);
    }
    return true;
}

bool config_add_file(struct config *c, const char *name, struct bytes text) {
    if (c->file_count == CONFIG_FILES_MAX)
        return config_too_many(c, "files", CONFIG_FILES_MAX);
    if (text.size >= 3 && !memcmp(text.at, "\xef\xbb\xbf", 3))
        text = (struct bytes){text.at + 3, text.size - 3};
    c->file = name;
    c->source = text;
    c->files[c->file_count++] = (struct config_file){name, text};
    if (text.size > CONFIG_BYTES_MAX)
        return config_fail_number(c, ERROR_CONFIG_TOO_BIG, (struct config_place){0, 0}, "bytes",
                                  CONFIG_BYTES_MAX);
    return check_characters(c, text);
}

struct bytes config_line(const struct config *c, u32 line) {
    struct bytes text = c->source;
    size_t at = 0;
    for (u32 i = 1; i < line && at < text.size; at++)
        i += text.at[at] == '\n';
    size_t end = at;
    while (end < text.size && text.at[end] != '\n')
        end++;
    if (end > at && text.at[end - 1] == '\r')
        end--;
    return (struct bytes){text.at + at, end - at};
}

/* --- Notes --- */

bool config_note(struct config *c, const char *name, bool is_unknown) {
    u32 index = c->note_count++;
    if (index >= CONFIG_NOTES_MAX)
        return true;
    MUST(name = config_keep(c, name));
    c->notes[index] = (struct config_note){name, c->places[0], c->spot.file, is_unknown};
    return true;
}

/* --- menuentry and submenu --- */

/* GRUB's options of menuentry and submenu; --class and --group are about looks.
 * `index` moves to the option's last word. */
static bool read_option(struct config *c, u32 *index, struct config_entry *entry,
                        bool *unrestricted) {
    static const char names[] = "--id\0--hotkey\0--users\0--class\0--group\0";
    const char *word = c->words[*index];
    struct config_place place = c->places[*index];
    size_t length = 0;
    while (word[length] && word[length] != '=')
        length++;
    if (string_equal(word, "--unrestricted")) {
        *unrestricted = true;
        return true;
    }
    u32 name = name_index(names, word, length);
    if (name == 5)
        return config_fail(c, ERROR_CONFIG_OPTION, place, c->words[0], word);
    const char *value = word + length + 1;
    if (!word[length]) {
        if (++*index == c->word_count)
            return config_takes(c, place, word, "a value");
        value = c->words[*index];
    }
    if (name == 0)
        entry->id = value;
    else if (name == 2)
        entry->users = value;
    else if (name == 1 && string_length(value) < 2)
        entry->hotkey = (u8)*value;
    return true;
}

/* The title and the words behind it are kept one behind the other: they are $1, $2, ... */
static bool read_title(struct config *c, struct config_entry *entry, bool options) {
    bool unrestricted = false;
    for (u32 i = 1; i < c->word_count; i++) {
        const char *word = c->words[i];
        if (string_starts(word, "--")) {
            struct config_entry ignored;
            MUST(read_option(c, &i, options ? entry : &ignored, &unrestricted));
        } else if (!options) {
            MUST(word = config_keep(c, word));
            if (!entry->argument_count++)
                entry->title = word;
        }
    }
    if (options && !entry->users && !unrestricted)
        entry->users = "";
    return true;
}

static bool add_entry(struct config *c, const struct config_entry *entry) {
    if (c->entries_read == CONFIG_ENTRIES_MAX)
        return config_fail_number(c, ERROR_CONFIG_TOO_BIG, entry->place, "entries",
                                  CONFIG_ENTRIES_MAX);
    c->entries[c->entries_read++] = *entry;
    return true;
}

static bool open_submenu(struct config *c, struct config_place opened) {
    MUST(script_frame(c, FRAME_SUBMENU, c->spot, opened));
    c->scope = c->values_used;
    c->depth++;
    return true;
}

bool config_open_entry(struct config *c, bool is_submenu) {
    struct config_place place = c->places[0];
    struct config_entry entry = {
        .id = "", .place = place, .depth = (u8)c->depth, .is_submenu = is_submenu};
    if (is_submenu && c->depth == CONFIG_NESTING_MAX)
        return config_fail_number(c, ERROR_CONFIG_TOO_BIG, place, "submenus within submenus",
                                  CONFIG_NESTING_MAX);
    MUST(read_title(c, &entry, true));
    MUST(entry.id = config_keep(c, entry.id));
    MUST(!entry.users || (entry.users = config_keep(c, entry.users)));
    MUST(read_title(c, &entry, false));
    if (!entry.title)
        return config_fail(c, ERROR_CONFIG_TITLE, place, c->words[0], NULL);
    MUST(script_open(c, place, c->words[0]));
    entry.body = c->spot;
    if (c->booting)
        return script_skip_block(c, false);
    if (is_submenu)
        return add_entry(c, &entry) && open_submenu(c, c->place);
    MUST(script_skip_block(c, true));
    entry.body_end = c->spot.at - 1;
    return add_entry(c, &entry);
}

/* --- The end --- */

static bool add_outside(struct config *c) {
    struct config_entry entry = {.title = "commands outside any menuentry",
                                 .id = "",
                                 .users = "",
                                 .place = c->outside.place,
                                 .body = {0, 1, 0},
                                 .argument_count = 1};
    return add_entry(c, &entry);
}

/* Where nothing can be booted, a command that is not known is the likeliest reason. */
static bool check_notes(struct config *c) {
    for (u32 i = 0; i < c->entries_read; i++)
        if (!c->entries[i].is_submenu)
            return true;
    for (u32 i = 0; i < c->note_count && i < CONFIG_NOTES_MAX; i++) {
        const struct config_note *note = &c->notes[i];
        if (!note->is_unknown)
            continue;
        lexer_go(c, (struct config_spot){0, 1, note->file});
        return config_unknown(c, note->name, note->place);
    }
    return true;
}

bool config_finish(struct config *c) {
    if (c->outside.place.line)
        MUST(add_outside(c));
    MUST(check_notes(c));
    c->entry_count = c->entries_read;
    c->text_kept = c->text_used;
    c->values_kept = c->values_used;
    c->notes_kept = c->note_count;
    c->files_kept = c->file_count;
    c->functions_kept = c->function_count;
    if (!c->files_first) {
        c->text_first = c->text_kept;
        c->notes_first = c->notes_kept;
        c->files_first = c->files_kept;
        c->functions_first = c->functions_kept;
    }
    return true;
}

struct bytes config_body(const struct config *c, u32 entry) {
    const struct config_entry *e = &c->entries[entry];
    struct bytes text = c->files[e->body.file].text;
    size_t end = e->body_end;
    if (!e->body.at)
        end = text.size;
    return (struct bytes){text.at + e->body.at, end > e->body.at ? end - e->body.at : 0};
}

void config_for_kernel(const char *path, struct config *c) {
    static const char body[] = "kernel \"$1\"";
    struct bytes text = {(const u8 *)body, sizeof body - 1};
    struct error never = config_start("", text, "", c);
    (void)never;
    struct config_entry *entry = &c->entries[c->entry_count++];
    *entry = (struct config_entry){.title = path, .id = "", .argument_count = 1};
    entry->body.line = 1;
    c->frame_count = 0;
    c->text_kept = c->text_used;
    c->files_kept = c->file_count;
}
