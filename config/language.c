#include "language.h"

struct error config_error(enum error_code code, struct place place, const char *name,
                          const char *other) {
    return (struct error){code, place.line, place.column, {.name = name, .other = other}};
}

struct error config_error_number(enum error_code code, struct place place, const char *name,
                                 u32 number) {
    return (struct error){code, place.line, place.column, {.name = name, .number = {number}}};
}

/* The commands that real configurations use most stand first: the search is linear. */
static const struct {
    const char *name;
    enum command_kind kind;
} commands[] = {
    {"set", COMMAND_SET},
    {"menuentry", COMMAND_MENUENTRY},
    {"kernel", COMMAND_KERNEL},
    {"module", COMMAND_MODULE},
    {"multiboot", COMMAND_MULTIBOOT},
    {"multiboot2", COMMAND_MULTIBOOT2},
    {"module2", COMMAND_MODULE},
    /* Every entry boots at its end, with or without saying so. */
    {"boot", COMMAND_IGNORED},
    {"timeout", COMMAND_VALUE},
    {"default", COMMAND_VALUE},
    {"submenu", COMMAND_SUBMENU},
    {"unset", COMMAND_UNSET},

    {"linux", COMMAND_LINUX},
    {"linux16", COMMAND_LINUX},
    {"initrd", COMMAND_INITRD},
    {"initrd16", COMMAND_INITRD},
    {"chainloader", COMMAND_LATER},
    {"configfile", COMMAND_LATER},
    {"source", COMMAND_LATER},
    {"halt", COMMAND_LATER},
    {"reboot", COMMAND_LATER},

    {"if", COMMAND_STRUCTURE},
    {"for", COMMAND_STRUCTURE},
    {"while", COMMAND_STRUCTURE},
    {"until", COMMAND_STRUCTURE},
    {"case", COMMAND_STRUCTURE},
    {"select", COMMAND_STRUCTURE},
    {"function", COMMAND_STRUCTURE},

    {"insmod", COMMAND_IGNORED},
    {"echo", COMMAND_IGNORED},
    {"terminal_output", COMMAND_IGNORED},
    {"terminal_input", COMMAND_IGNORED},
    {"terminal", COMMAND_IGNORED},
    {"serial", COMMAND_IGNORED},
    {"loadfont", COMMAND_IGNORED},
    {"load_video", COMMAND_IGNORED},
    {"gfxmode", COMMAND_IGNORED},
    {"background_image", COMMAND_IGNORED},
    {"background_color", COMMAND_IGNORED},
    {"search", COMMAND_IGNORED},
    {"search.file", COMMAND_IGNORED},
    {"search.fs_label", COMMAND_IGNORED},
    {"search.fs_uuid", COMMAND_IGNORED},
    {"export", COMMAND_IGNORED},
    {"recordfail", COMMAND_IGNORED},
    {"savedefault", COMMAND_IGNORED},
    {"load_env", COMMAND_IGNORED},
    {"save_env", COMMAND_IGNORED},
    {"clear", COMMAND_IGNORED},
    {"sleep", COMMAND_IGNORED},
    {"play", COMMAND_IGNORED},
    {"rmmod", COMMAND_IGNORED},
    {"true", COMMAND_IGNORED},
};

bool config_is_name_char(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_assignment(const char *word) {
    size_t length = 0;
    while (config_is_name_char(word[length]))
        length++;
    return length && word[length] == '=';
}

enum command_kind config_command_kind(const char *word) {
    for (u32 i = 0; i < ARRAY_COUNT(commands); i++)
        if (string_equal(word, commands[i].name))
            return commands[i].kind;
    return is_assignment(word) ? COMMAND_ASSIGN : COMMAND_UNKNOWN;
}

/* One character too many, too few or wrong, or two neighbours swapped. */
static bool is_typo(const char *word, const char *meant) {
    while (*word && *word == *meant)
        word++, meant++;
    if (*word && string_equal(word + 1, meant))
        return true;
    if (*meant && string_equal(word, meant + 1))
        return true;
    if (!*word || !*meant)
        return false;
    if (string_equal(word + 1, meant + 1))
        return true;
    return word[1] && word[0] == meant[1] && word[1] == meant[0] &&
           string_equal(word + 2, meant + 2);
}

struct error config_unknown_command(const char *word, struct place place) {
    const char *meant = "one of these";
    for (u32 i = ARRAY_COUNT(commands); i-- > 0;)
        if (is_typo(word, commands[i].name))
            meant = commands[i].name;
    return config_error(ERROR_CONFIG_COMMAND, place, word, meant);
}

struct place config_word_place(const struct config *config, u32 word) {
    return (struct place){config->word_line[word], config->word_column[word]};
}

struct error config_too_many(const char *what, u32 limit, struct place place) {
    return config_error_number(ERROR_CONFIG_TOO_BIG, place, what, limit);
}

const struct config_variable *config_find_variable(const struct config *config, const char *name,
                                                   size_t length) {
    for (u32 i = config->variable_count; i-- > 0;) {
        const struct config_variable *variable = &config->variables[i];
        if (string_length(variable->name) == length && !memcmp(variable->name, name, length))
            return variable;
    }
    return NULL;
}

static u32 digit_value(char c) {
    if (c >= '0' && c <= '9')
        return (u32)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (u32)(c - 'a' + 10);
    if (c >= 'A' && c <= 'F')
        return (u32)(c - 'A' + 10);
    return 99;
}

bool config_number(const char *string, size_t length, u64 *number) {
    u32 base = 10;
    size_t at = 0;
    u64 value = 0;
    if (length > 2 && string[0] == '0' && (string[1] == 'x' || string[1] == 'X')) {
        base = 16;
        at = 2;
    }
    if (at == length)
        return false;
    /* A constant of the compiler: dividing at run time would need its support library. */
    const u64 limit = base == 16 ? ~(u64)0 / 16 : ~(u64)0 / 10;
    for (; at < length; at++) {
        u32 digit = digit_value(string[at]);
        if (digit >= base || value > limit)
            return false;
        if (__builtin_add_overflow(value * base, (u64)digit, &value))
            return false;
    }
    *number = value;
    return true;
}
