/* What the words of one entry ask for. */
#include "language.h"

struct kernel_options kernel_options_default(void) {
    return (struct kernel_options){.stack_size = CONFIG_STACK_DEFAULT};
}

/* --- Options of kernel --- */

enum option { OPTION_PAGING, OPTION_PAGES, OPTION_IDENTITY, OPTION_DIRECT, OPTION_STACK };

static const char *const option_names[] = {
    [OPTION_PAGING] = "--paging",     [OPTION_PAGES] = "--pages", [OPTION_IDENTITY] = "--identity",
    [OPTION_DIRECT] = "--direct-map", [OPTION_STACK] = "--stack",
};

/* The values that are words. An address or a size is tried when none of these fits. */
static const struct {
    u8 option;
    u8 value;
    const char *name;
} choices[] = {
    {OPTION_PAGING, PAGING_AUTO, "auto"},
    {OPTION_PAGING, PAGING_OFF, "off"},
    {OPTION_PAGING, PAGING_WANT_32, "32"},
    {OPTION_PAGING, PAGING_WANT_PAE, "pae"},
    {OPTION_PAGING, PAGING_WANT_4LEVEL, "4level"},
    {OPTION_PAGING, PAGING_WANT_5LEVEL, "5level"},
    {OPTION_PAGES, false, "auto"},
    {OPTION_PAGES, true, "4k"},
    {OPTION_IDENTITY, IDENTITY_LOW, "low"},
    {OPTION_IDENTITY, IDENTITY_ALL, "all"},
    {OPTION_IDENTITY, IDENTITY_TABLES, "tables"},
    {OPTION_IDENTITY, IDENTITY_NONE, "none"},
    {OPTION_DIRECT, DIRECT_AUTO, "auto"},
    {OPTION_DIRECT, DIRECT_NONE, "none"},
};

static bool set_choice(enum option option, u8 value, struct kernel_options *options) {
    switch (option) {
    case OPTION_PAGING: options->paging = (enum paging_option)value; return true;
    case OPTION_PAGES: options->small_pages = value; return true;
    case OPTION_IDENTITY: options->identity = (enum identity_option)value; return true;
    case OPTION_DIRECT: options->direct = (enum direct_option)value; return true;
    default: return false;
    }
}

static bool set_direct_map(const char *value, struct kernel_options *options) {
    u64 address;
    if (!config_number(value, string_length(value), &address))
        return false;
    options->direct = DIRECT_AT;
    options->direct_at = address;
    return true;
}

/* A number of bytes, or of KiB or MiB with K or M after it. */
static bool set_stack(const char *value, struct kernel_options *options) {
    size_t length = string_length(value);
    char last = length ? value[length - 1] : 0;
    u32 shift = last == 'K' || last == 'k' ? 10 : last == 'M' || last == 'm' ? 20 : 0;
    u64 number;
    if (!config_number(value, length - (shift != 0), &number))
        return false;
    if (number > (u64)CONFIG_STACK_MAX >> shift || number << shift < CONFIG_STACK_MIN)
        return false;
    options->stack_size = ((u32)(number << shift) + 4095) & ~(u32)4095;
    return true;
}

static bool set_option(enum option option, const char *value, struct kernel_options *options) {
    for (u32 i = 0; i < ARRAY_COUNT(choices); i++)
        if (choices[i].option == option && string_equal(choices[i].name, value))
            return set_choice(option, choices[i].value, options);
    if (option == OPTION_DIRECT)
        return set_direct_map(value, options);
    return option == OPTION_STACK && set_stack(value, options);
}

struct error kernel_option_parse(const char *word, struct kernel_options *options) {
    const struct place no_place = {0, 0};
    for (u32 i = 0; i < ARRAY_COUNT(option_names); i++) {
        if (!string_starts(word, option_names[i]))
            continue;
        const char *rest = word + string_length(option_names[i]);
        if (*rest && *rest != '=')
            continue;
        const char *value = *rest ? rest + 1 : rest;
        if (set_option((enum option)i, value, options))
            return OK;
        return config_error(ERROR_CONFIG_VALUE, no_place, option_names[i], value);
    }
    return config_error(ERROR_CONFIG_OPTION, no_place, "kernel", word);
}

/* --- Arguments --- */

/* The character store after the words: what an earlier request left there is overwritten. */
struct store {
    struct config *config;
    u32 used;
    bool full;
};

static void store_char(struct store *store, char c) {
    if (store->used == CONFIG_TEXT_MAX)
        store->full = true;
    else
        store->config->text[store->used++] = c;
}

/* GRUB's way: a word with a space goes into double quotes, and \ ' " get a backslash. */
static void store_argument(struct store *store, const char *word) {
    bool quoted = false;
    for (const char *at = word; *at; at++)
        quoted |= *at == ' ';
    if (quoted)
        store_char(store, '"');
    for (; *word; word++) {
        if (*word == '\\' || *word == '\'' || *word == '"')
            store_char(store, '\\');
        store_char(store, *word);
    }
    if (quoted)
        store_char(store, '"');
}

/* words[first .. end) */
static struct error join(struct store *store, u32 first, u32 end, const char **joined) {
    const struct config *config = store->config;
    *joined = "";
    if (first == end)
        return OK;
    *joined = config->text + store->used;
    for (u32 i = first; i < end; i++) {
        if (i > first)
            store_char(store, ' ');
        store_argument(store, config->words[i]);
    }
    store_char(store, 0);
    if (store->full)
        return config_too_many("characters", CONFIG_TEXT_MAX, config_word_place(config, first));
    return OK;
}

/* --- Commands --- */

static u32 words_end(const struct config_command *command) {
    return (u32)command->first_word + command->word_count;
}

static struct place command_place(const struct config_command *command) {
    return (struct place){command->line, command->column};
}

/* PATH [ARGUMENTS], from words[path] on. */
static struct error read_file(struct store *store, const struct config_command *command, u32 path,
                              struct file_request *file) {
    const struct config *config = store->config;
    if (path == words_end(command) || !*config->words[path])
        return config_error(ERROR_CONFIG_ARGUMENTS, command_place(command),
                            config->words[command->first_word], "the path of a file");
    file->path = config->words[path];
    file->line = command->line;
    return join(store, path + 1, words_end(command), &file->arguments);
}

static struct error read_kernel(struct store *store, const struct config_command *command,
                                struct boot_request *request) {
    const struct config *config = store->config;
    if (request->kernel.path)
        return config_error(ERROR_CONFIG_TWO_KERNELS, command_place(command), request->title, NULL);
    u32 word = command->first_word + 1u;
    for (; word < words_end(command) && string_starts(config->words[word], "--"); word++) {
        struct error error = kernel_option_parse(config->words[word], &request->options);
        error.line = config->word_line[word];
        error.column = config->word_column[word];
        TRY(error);
    }
    return read_file(store, command, word, &request->kernel);
}

static struct error read_module(struct store *store, const struct config_command *command,
                                struct boot_request *request) {
    const struct config *config = store->config;
    if (!request->kernel.path)
        return config_error(ERROR_CONFIG_MODULE_FIRST, command_place(command), NULL, NULL);
    if (request->module_count == CONFIG_MODULES_MAX)
        return config_too_many("modules", CONFIG_MODULES_MAX, command_place(command));
    u32 word = command->first_word + 1u;
    for (; word < words_end(command) && string_starts(config->words[word], "--"); word++)
        /* GRUB's only option; nothing is ever unpacked here. */
        if (!string_equal(config->words[word], "--nounzip"))
            return config_error(ERROR_CONFIG_OPTION, config_word_place(config, word), "module",
                                config->words[word]);
    return read_file(store, command, word, &request->modules[request->module_count++]);
}

static struct error read_command(struct store *store, const struct config_command *command,
                                 struct boot_request *request) {
    const char *name = store->config->words[command->first_word];
    switch (config_command_kind(name)) {
    case COMMAND_KERNEL: return read_kernel(store, command, request);
    case COMMAND_MODULE: return read_module(store, command, request);
    case COMMAND_UNKNOWN: return config_unknown_command(name, command_place(command));
    default: return config_error(ERROR_CONFIG_LATER, command_place(command), name, NULL);
    }
}

struct error config_request(struct config *config, u32 entry, struct boot_request *request) {
    if (entry >= config->entry_count)
        return error_make(ERROR_CONFIG_NO_ENTRY);
    const struct config_entry *from = &config->entries[entry];
    struct store store = {.config = config, .used = config->text_used};
    request->title = from->title;
    request->options = kernel_options_default();
    request->kernel = (struct file_request){NULL, "", 0};
    request->module_count = 0;
    for (u32 i = 0; i < from->command_count; i++)
        TRY(read_command(&store, &config->commands[from->first_command + i], request));
    if (!request->kernel.path)
        return config_error(ERROR_CONFIG_NO_KERNEL, (struct place){from->line, from->column},
                            from->title, NULL);
    return OK;
}
