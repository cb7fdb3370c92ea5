/* What the commands of one entry ask for. */
#include "request.h"
#include "language.h"

/* --- Arguments --- */

static void keep_char(struct config *c, char character) {
    if (c->text_used < CONFIG_TEXT_MAX)
        c->text[c->text_used] = character;
    c->text_used++;
}

/* GRUB's way: a word with a space goes into double quotes, and \ ' " get a backslash. */
static void keep_argument(struct config *c, const char *word) {
    bool quoted = false;
    for (const char *at = word; *at; at++)
        quoted |= *at == ' ';
    if (quoted)
        keep_char(c, '"');
    for (; *word; word++) {
        if (*word == '\\' || *word == '\'' || *word == '"')
            keep_char(c, '\\');
        keep_char(c, *word);
    }
    if (quoted)
        keep_char(c, '"');
}

/* The words from `first` on. */
static bool join(struct config *c, u32 first, const char **joined) {
    *joined = "";
    if (first >= c->word_count)
        return true;
    u32 start = c->text_used;
    *joined = c->text + start;
    for (u32 i = first; i < c->word_count; i++) {
        if (i > first)
            keep_char(c, ' ');
        keep_argument(c, c->words[i]);
    }
    keep_char(c, 0);
    if (c->text_used <= CONFIG_TEXT_MAX)
        return true;
    c->text_used = start;
    return config_fail_number(c, ERROR_CONFIG_TOO_BIG, c->places[first], "characters",
                              CONFIG_TEXT_MAX);
}

/* --- Commands --- */

/* The path at words[word], whose hash is that or NULL; what stands behind it is for the caller. */
static bool read_path(struct config *c, u32 word, const char *hash, struct file_request *file) {
    struct config_place place = c->places[0];
    struct file_path path;
    if (word >= c->word_count || !*c->words[word])
        return config_takes(c, place, c->words[0], "the path of a file");
    place = c->places[word];
    MUST(config_path(c, c->words[word], place, &path));
    *file = (struct file_request){.place = place, .device = path.device, .arguments = ""};
    file->path = config_keep(c, path.path);
    file->hash = hash ? config_keep(c, hash) : NULL;
    return file->path && (!hash || file->hash);
}

static bool is_option(const struct config *c, u32 word) {
    return word < c->word_count && string_starts(c->words[word], "--");
}

static bool bad_option(struct config *c, u32 word) {
    return config_fail(c, ERROR_CONFIG_OPTION, c->places[word], c->words[0], c->words[word]);
}

static bool native_option(struct config *c, u32 word, struct boot_request *request) {
    struct config_place place = c->places[word];
    c->error = kernel_option_parse(c->words[word], &request->options);
    c->error.line = place.line;
    c->error.column = place.column;
    return !c->error.code;
}

/* Of multiboot, multiboot2, chainloader, and linux, which has one more. */
static bool grub_option(struct config *c, u32 word, struct boot_request *request) {
    static const char names[] = "--force\0--cmdline-path\0--quirk-bad-kludge\0"
                                "--quirk-modules-after-kernel\0--64\0";
    u32 index = name_index(names, c->words[word], string_length(c->words[word]));
    request->flags |= 1u << index;
    return index < 4u + (request->protocol == PROTOCOL_LINUX) || bad_option(c, word);
}

static bool read_kernel(struct config *c, enum command_kind kind, struct boot_request *request) {
    bool nounzip = false;
    const char *hash = NULL;
    u32 word = 1;
    if (request->kernel.path)
        return config_fail(c, ERROR_CONFIG_TWO_KERNELS, c->places[0], request->title, NULL);
    request->protocol = (enum boot_protocol)(kind - COMMAND_KERNEL);
    for (; is_option(c, word); word++) {
        if (string_equal(c->words[word], "--nounzip"))
            nounzip = true;
        else if (config_is_hash(c, word))
            MUST(config_hash(c, word, &hash));
        else if (kind == COMMAND_KERNEL && string_equal(c->words[word], "--protocol=pvh"))
            request->protocol = PROTOCOL_PVH;
        else if (kind == COMMAND_KERNEL)
            MUST(native_option(c, word, request));
        else
            MUST(grub_option(c, word, request));
    }
    MUST(read_path(c, word, hash, &request->kernel));
    if (kind == COMMAND_CHAIN && !string_equal(request->kernel.path, "+1"))
        return config_takes(c, c->places[word], c->words[0],
                            "+1, or a device before it: (hd0,2)+1");
    request->kernel.nounzip = nounzip;
    return join(c, word + 1, &request->kernel.arguments);
}

/* `initrd` takes several paths, each behind its options, `module` one and the arguments of it. */
static bool read_modules(struct config *c, bool is_initrd, struct boot_request *request) {
    bool nounzip = false;
    u32 word = 1;
    if (!request->kernel.path)
        return config_fail(c, ERROR_CONFIG_MODULE_FIRST, c->places[0], NULL, NULL);
    do {
        const char *hash = NULL;
        for (; is_option(c, word); word++) {
            if (config_is_hash(c, word))
                MUST(config_hash(c, word, &hash));
            else if (string_equal(c->words[word], "--nounzip"))
                nounzip = true;
            else
                return bad_option(c, word);
        }
        if (request->module_count == CONFIG_MODULES_MAX)
            return config_fail_number(c, ERROR_CONFIG_TOO_BIG, c->places[0], "modules",
                                      CONFIG_MODULES_MAX);
        struct file_request *module = &request->modules[request->module_count++];
        MUST(read_path(c, word, hash, module));
        module->nounzip = nounzip || is_initrd; /* Linux unpacks its own */
        if (!is_initrd)
            return join(c, word + 1, &module->arguments);
    } while (++word < c->word_count);
    return true;
}

static bool read_command(struct config *c, const struct command *command,
                         struct boot_request *request) {
    switch (command->kind) {
    case COMMAND_KERNEL:
    case COMMAND_MULTIBOOT:
    case COMMAND_MULTIBOOT2:
    case COMMAND_LINUX:
    case COMMAND_CHAIN: return read_kernel(c, command->kind, request);
    case COMMAND_MODULE:
    case COMMAND_INITRD: return read_modules(c, command->kind == COMMAND_INITRD, request);
    case COMMAND_BOOT:
        if (request->kernel.path)
            c->frame_count = 0;
        return true;
    case COMMAND_UNKNOWN: return config_unknown(c, c->words[0], c->places[0]);
    default: return config_fail(c, ERROR_CONFIG_LATER, c->places[0], c->words[0], NULL);
    }
}

struct error request_command(struct config *c, const struct command *command,
                             struct boot_request *request) {
    return config_outcome(c, command->kind < COMMAND_KERNEL || read_command(c, command, request));
}

struct error request_start(struct config *c, u32 entry, const struct bytes *edited,
                           struct boot_request *request) {
    TRY(script_enter(c, entry, edited));
    request->title = c->entries[entry].title;
    request->options = kernel_options_default();
    request->kernel = (struct file_request){.arguments = ""};
    request->protocol = PROTOCOL_NATIVE;
    request->gfxpayload = "";
    request->flags = request->module_count = 0;
    return OK;
}

struct error request_finish(struct config *c, struct boot_request *request) {
    const struct config_entry *entry = &c->entries[c->entry];
    lexer_go(c, entry->body); /* what the caller finds wrong is in its file */
    if (request->kernel.path) {
        request->gfxpayload = config_keep(c, config_variable(c, "gfxpayload"));
        return config_outcome(c, request->gfxpayload);
    }
    config_fail(c, ERROR_CONFIG_NO_KERNEL, entry->place, entry->title, NULL);
    return c->error;
}
