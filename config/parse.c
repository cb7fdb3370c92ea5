#include "lexer.h"

struct block {
    struct place opened; /* its { */
    u32 variable_count;  /* of the scope around it */
    bool is_submenu;
};

struct parser {
    struct config *config;
    struct lexer lexer;
    u32 outside_count; /* commands outside any block: commands[0 .. outside_count) */
    u32 depth;         /* how many blocks are open */
    struct block blocks[CONFIG_NESTING_MAX + 1];
};

/* A command as it was read: words[first .. first + count), and what stood after them. */
struct line {
    u32 first, count;
    u32 text_before; /* text_used before its words */
    enum command_kind kind;
    const char *name;   /* the first word */
    struct place place; /* of the first word */
    enum token ending;
    struct place ending_place;
};

static void forget_words(struct config *config, const struct line *line) {
    config->word_count = line->first;
}

static void forget_text(struct config *config, const struct line *line) {
    forget_words(config, line);
    config->text_used = line->text_before;
}

static struct error read_line(struct parser *parser, struct line *line) {
    struct config *config = parser->config;
    *line = (struct line){.first = config->word_count, .text_before = config->text_used};
    do
        TRY(lexer_next(&parser->lexer, &line->ending, &line->ending_place));
    while (line->ending == TOKEN_WORDS);
    line->count = config->word_count - line->first;
    if (line->count) {
        line->name = config->words[line->first];
        line->kind = config_command_kind(line->name);
        line->place = config_word_place(config, line->first);
    }
    return OK;
}

/* --- Variables --- */

/* Within the innermost scope a name is there once. */
static struct error set_variable(struct parser *parser, const char *name, const char *value,
                                 struct place place) {
    struct config *config = parser->config;
    u32 scope = parser->depth ? parser->blocks[parser->depth - 1].variable_count : 0;
    u32 i = scope;
    while (i < config->variable_count && !string_equal(config->variables[i].name, name))
        i++;
    if (i == CONFIG_VARIABLES_MAX)
        return config_too_many("variables", CONFIG_VARIABLES_MAX, place);
    if (i == config->variable_count)
        config->variable_count++;
    config->variables[i] =
        (struct config_variable){name, value, (u16)place.line, (u16)place.column};
    return OK;
}

static struct error bad_arguments(const char *name, const char *takes, struct place place) {
    return config_error(ERROR_CONFIG_ARGUMENTS, place, name, takes);
}

/* NAME=value is cut in two at its = where it stands. */
static struct error set_pair(struct parser *parser, u32 word) {
    struct config *config = parser->config;
    struct place place = config_word_place(config, word);
    if (config_command_kind(config->words[word]) != COMMAND_ASSIGN)
        return bad_arguments("set", "NAME=value, without spaces around the =", place);
    char *at = config->text + (config->words[word] - config->text);
    while (*at != '=')
        at++;
    *at = 0;
    return set_variable(parser, config->words[word], at + 1, place);
}

static struct error run_set(struct parser *parser, const struct line *line) {
    u32 word = line->first + (line->kind == COMMAND_SET);
    u32 end = line->first + line->count;
    if (word == end)
        return bad_arguments(line->name, "NAME=value", line->place);
    for (; word < end; word++)
        TRY(set_pair(parser, word));
    return OK;
}

static struct error run_unset(struct parser *parser, const struct line *line) {
    struct config *config = parser->config;
    for (u32 i = line->first + 1; i < line->first + line->count; i++)
        TRY(set_variable(parser, config->words[i], "", config_word_place(config, i)));
    return OK;
}

static struct error run_value(struct parser *parser, const struct line *line) {
    if (line->count != 2)
        return bad_arguments(line->name, "one value", line->place);
    u32 value = line->first + 1;
    return set_variable(parser, line->name, parser->config->words[value],
                        config_word_place(parser->config, value));
}

/* --- Commands of an entry --- */

static struct error add_entry(struct config *config, struct config_entry entry,
                              struct place place) {
    if (config->entry_count == CONFIG_ENTRIES_MAX)
        return config_too_many("entries", CONFIG_ENTRIES_MAX, place);
    entry.line = (u16)place.line;
    entry.column = (u16)place.column;
    config->entries[config->entry_count++] = entry;
    return OK;
}

/* Those outside any block stay together at the front, before those of the entries, because an entry
 * is one run of commands. */
static u32 place_outside(struct parser *parser) {
    struct config *config = parser->config;
    u32 at = parser->outside_count++;
    memmove(&config->commands[at + 1], &config->commands[at],
            (config->command_count - at) * sizeof config->commands[0]);
    for (u32 i = 0; i < config->entry_count; i++)
        config->entries[i].first_command++;
    return at;
}

static struct error add_command(struct parser *parser, const struct line *line) {
    struct config *config = parser->config;
    const struct block *block = parser->depth ? &parser->blocks[parser->depth - 1] : NULL;
    if (line->kind == COMMAND_UNKNOWN && (!block || block->is_submenu))
        return config_unknown_command(line->name, line->place);
    if (block && block->is_submenu)
        return bad_arguments("submenu", "menuentry blocks; a command that boots goes into one",
                             line->place);
    if (config->command_count == CONFIG_COMMANDS_MAX)
        return config_too_many("commands", CONFIG_COMMANDS_MAX, line->place);
    u32 at = block ? config->command_count : place_outside(parser);
    config->command_count++;
    config->commands[at] = (struct config_command){(u16)line->place.line, (u16)line->place.column,
                                                   (u16)line->first, (u16)line->count};
    if (block)
        config->entries[config->entry_count - 1].command_count++;
    return OK;
}

/* --- Blocks --- */

/* GRUB's options of menuentry and submenu; all but --id are about looks and users. */
static bool is_menu_option(const char *word, const char *name) {
    return string_starts(word, name) &&
           (word[string_length(name)] == 0 || word[string_length(name)] == '=');
}

/* `index` moves to the option's last word. */
static struct error read_menu_option(const struct config *config, const struct line *line,
                                     u32 *index, struct config_entry *entry) {
    static const char *const names[] = {"--id", "--class", "--users", "--hotkey", "--group"};
    const char *word = config->words[*index];
    struct place place = config_word_place(config, *index);
    if (string_equal(word, "--unrestricted"))
        return OK;
    u32 i = 0;
    while (i < ARRAY_COUNT(names) && !is_menu_option(word, names[i]))
        i++;
    if (i == ARRAY_COUNT(names))
        return config_error(ERROR_CONFIG_OPTION, place, line->name, word);
    const char *value = word + string_length(names[i]);
    if (*value == '=')
        value++;
    else if (++*index < line->first + line->count)
        value = config->words[*index];
    else
        return bad_arguments(word, "a value", place);
    if (i == 0)
        entry->id = value;
    return OK;
}

/* Words after the title are arguments for the commands inside, which GRUB has and nobody uses. */
static struct error read_menu_words(const struct config *config, const struct line *line,
                                    struct config_entry *entry) {
    for (u32 i = line->first + 1; i < line->first + line->count; i++) {
        if (string_starts(config->words[i], "--"))
            TRY(read_menu_option(config, line, &i, entry));
        else if (!entry->title)
            entry->title = config->words[i];
    }
    return OK;
}

/* The { may stand on a line of its own. */
static struct error find_open(struct parser *parser, struct line *line) {
    while (line->ending == TOKEN_BREAK)
        TRY(lexer_next(&parser->lexer, &line->ending, &line->ending_place));
    if (line->ending != TOKEN_OPEN)
        return config_error(ERROR_CONFIG_TITLE, line->place, line->name, NULL);
    return OK;
}

static struct error open_block(struct parser *parser, struct line *line) {
    struct config *config = parser->config;
    struct config_entry entry = {.id = "",
                                 .first_command = (u16)config->command_count,
                                 .depth = (u8)parser->depth,
                                 .is_submenu = line->kind == COMMAND_SUBMENU};
    if (parser->depth && !parser->blocks[parser->depth - 1].is_submenu)
        return config_error(ERROR_CONFIG_NESTED, line->place, line->name, NULL);
    if (entry.is_submenu && parser->depth == CONFIG_NESTING_MAX)
        return config_too_many("submenus within submenus", CONFIG_NESTING_MAX, line->place);
    TRY(read_menu_words(config, line, &entry));
    if (!entry.title)
        return config_error(ERROR_CONFIG_TITLE, line->place, line->name, NULL);
    forget_words(config, line);
    TRY(find_open(parser, line));
    TRY(add_entry(config, entry, line->place));
    parser->blocks[parser->depth++] =
        (struct block){line->ending_place, config->variable_count, entry.is_submenu};
    return OK;
}

static struct error close_block(struct parser *parser, struct place place) {
    if (!parser->depth)
        return config_error(ERROR_CONFIG_BRACE_CLOSE, place, NULL, NULL);
    parser->config->variable_count = parser->blocks[--parser->depth].variable_count;
    return OK;
}

/* A { that opens no block. The word before it is named if that is what makes it wrong. */
static struct error stray_open(const struct line *line) {
    if (line->count && line->kind == COMMAND_UNKNOWN)
        return config_unknown_command(line->name, line->place);
    return config_unknown_command("{", line->ending_place);
}

/* --- The file --- */

static struct error run_line(struct parser *parser, struct line *line) {
    struct config *config = parser->config;
    if (line->kind == COMMAND_STRUCTURE)
        return config_error(ERROR_CONFIG_LATER, line->place, line->name, NULL);
    if (line->kind == COMMAND_MENUENTRY || line->kind == COMMAND_SUBMENU)
        return open_block(parser, line);
    if (line->ending == TOKEN_OPEN)
        return stray_open(line);
    if (!line->count)
        return OK;
    switch (line->kind) {
    case COMMAND_ASSIGN:
    case COMMAND_SET: TRY(run_set(parser, line)); break;
    case COMMAND_UNSET: TRY(run_unset(parser, line)); break;
    case COMMAND_VALUE: TRY(run_value(parser, line)); break;
    case COMMAND_IGNORED: forget_text(config, line); return OK;
    default: return add_command(parser, line);
    }
    forget_words(config, line);
    return OK;
}

static struct error finish(struct parser *parser) {
    struct config *config = parser->config;
    if (parser->depth)
        return config_error(ERROR_CONFIG_BRACE_OPEN, parser->blocks[parser->depth - 1].opened, NULL,
                            NULL);
    if (!parser->outside_count)
        return OK;
    struct place place = {config->commands[0].line, config->commands[0].column};
    struct config_entry entry = {.title = "commands outside any menuentry",
                                 .id = "",
                                 .command_count = (u16)parser->outside_count};
    return add_entry(config, entry, place);
}

static void make_empty(const char *file, struct bytes source, struct config *config) {
    config->file = file;
    config->source = source;
    config->entry_count = 0;
    config->command_count = 0;
    config->word_count = 0;
    config->variable_count = 0;
    config->text_used = 0;
}

static struct bytes without_byte_order_mark(struct bytes text) {
    if (text.size >= 3 && !memcmp(text.at, "\xef\xbb\xbf", 3))
        return (struct bytes){text.at + 3, text.size - 3};
    return text;
}

struct error config_parse(const char *file, struct bytes text, struct config *config) {
    make_empty(file, without_byte_order_mark(text), config);
    if (text.size > CONFIG_BYTES_MAX)
        return config_too_many("bytes", CONFIG_BYTES_MAX, (struct place){0, 0});
    TRY(lexer_check(config->source));
    struct parser parser;
    parser.config = config;
    parser.lexer = lexer_make(config);
    parser.outside_count = 0;
    parser.depth = 0;
    /* Generated configurations name the option by this variable, which GRUB sets itself. */
    TRY(set_variable(&parser, "menuentry_id_option", "--id", (struct place){0, 0}));
    struct line line;
    do {
        TRY(read_line(&parser, &line));
        TRY(run_line(&parser, &line));
        if (line.ending == TOKEN_CLOSE)
            TRY(close_block(&parser, line.ending_place));
    } while (line.ending != TOKEN_END);
    return finish(&parser);
}

void config_for_kernel(const char *path, struct config *config) {
    make_empty("", (struct bytes){(const u8 *)"", 0}, config);
    config->entry_count = 1;
    config->entries[0] = (struct config_entry){.title = path, .id = "", .command_count = 1};
    config->command_count = 1;
    config->commands[0] = (struct config_command){.word_count = 2};
    config->word_count = 2;
    config->words[0] = "kernel";
    config->words[1] = path;
    for (u32 i = 0; i < 2; i++)
        config->word_line[i] = config->word_column[i] = 0;
}

struct bytes config_line(const struct config *config, u32 line) {
    struct bytes text = config->source;
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
