/* What the words of one entry ask for. */
#include "language.h"

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

/* The options of multiboot and multiboot2. The second of GRUB's quirks is what Aloft always does.
 */
static bool multiboot_option(const char *word, struct boot_request *request) {
    bool ignored, *const flags[] = {&request->force, &request->cmdline_path, &request->elf_first,
                                    &ignored};
    static const char *const names[] = {"--force", "--cmdline-path", "--quirk-bad-kludge",
                                        "--quirk-modules-after-kernel"};
    for (u32 i = 0; i < ARRAY_COUNT(names); i++)
        if (string_equal(word, names[i])) {
            *flags[i] = true;
            return true;
        }
    return false;
}

static struct error read_option(const struct config_command *command, const char **words, u32 word,
                                struct boot_request *request) {
    if (request->protocol == PROTOCOL_NATIVE)
        return kernel_option_parse(words[word], &request->options);
    if (multiboot_option(words[word], request))
        return OK;
    return error_make(ERROR_CONFIG_OPTION, .name = words[command->first_word],
                      .other = words[word]);
}

static struct error read_kernel(struct store *store, const struct config_command *command,
                                enum boot_protocol protocol, struct boot_request *request) {
    const struct config *config = store->config;
    if (request->kernel.path)
        return config_error(ERROR_CONFIG_TWO_KERNELS, command_place(command), request->title, NULL);
    request->protocol = protocol;
    u32 word = command->first_word + 1u;
    for (; word < words_end(command) && string_starts(config->words[word], "--"); word++) {
        if (string_equal(config->words[word], "--protocol=pvh")) {
            request->protocol = PROTOCOL_PVH;
            continue;
        }
        struct error error = read_option(command, store->config->words, word, request);
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
    struct file_request *module = &request->modules[request->module_count++];
    module->packed = false;
    for (; word < words_end(command) && string_starts(config->words[word], "--"); word++) {
        module->packed = string_equal(config->words[word], "--nounzip");
        if (!module->packed)
            return config_error(ERROR_CONFIG_OPTION, config_word_place(config, word), "module",
                                config->words[word]);
    }
    return read_file(store, command, word, module);
}

/* PATH..., loaded as they are. */
static struct error read_initrd(const struct config *config, const struct config_command *command,
                                struct boot_request *request) {
    u32 word = command->first_word + 1u;
    if (!request->kernel.path)
        return config_error(ERROR_CONFIG_MODULE_FIRST, command_place(command), NULL, NULL);
    if (word == words_end(command))
        return config_error(ERROR_CONFIG_ARGUMENTS, command_place(command), "initrd",
                            "the path of a file");
    for (; word < words_end(command); word++) {
        if (request->module_count == CONFIG_MODULES_MAX)
            return config_too_many("modules", CONFIG_MODULES_MAX, command_place(command));
        request->modules[request->module_count++] =
            (struct file_request){config->words[word], "", command->line, true};
    }
    return OK;
}

static struct error read_command(struct store *store, const struct config_command *command,
                                 struct boot_request *request) {
    const char *name = store->config->words[command->first_word];
    switch (config_command_kind(name)) {
    case COMMAND_KERNEL: return read_kernel(store, command, PROTOCOL_NATIVE, request);
    case COMMAND_MULTIBOOT: return read_kernel(store, command, PROTOCOL_MULTIBOOT1, request);
    case COMMAND_MULTIBOOT2: return read_kernel(store, command, PROTOCOL_MULTIBOOT2, request);
    case COMMAND_LINUX: return read_kernel(store, command, PROTOCOL_LINUX, request);
    case COMMAND_MODULE: return read_module(store, command, request);
    case COMMAND_INITRD: return read_initrd(store->config, command, request);
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
    request->protocol = PROTOCOL_NATIVE;
    request->force = request->cmdline_path = request->elf_first = false;
    request->gfxpayload = config_variable(config, "gfxpayload");
    request->options = kernel_options_default();
    request->kernel = (struct file_request){NULL, "", 0, false};
    request->module_count = 0;
    for (u32 i = 0; i < from->command_count; i++)
        TRY(read_command(&store, &config->commands[from->first_command + i], request));
    if (!request->kernel.path)
        return config_error(ERROR_CONFIG_NO_KERNEL, (struct place){from->line, from->column},
                            from->title, NULL);
    return OK;
}
