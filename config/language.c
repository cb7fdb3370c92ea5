#include "language.h"

bool config_fail(struct config *config, enum error_code code, struct config_place place,
                 const char *name, const char *other) {
    config->error = (struct error){code, place.line, place.column, {.name = name, .other = other}};
    return false;
}

bool config_fail_number(struct config *config, enum error_code code, struct config_place place,
                        const char *name, u32 number) {
    config_fail(config, code, place, name, NULL);
    config->error.values.number[0] = number;
    return false;
}

bool config_too_many(struct config *config, const char *what, u32 limit) {
    return config_fail_number(config, ERROR_CONFIG_TOO_BIG, config->place, what, limit);
}

bool config_takes(struct config *config, struct config_place place, const char *name,
                  const char *what) {
    return config_fail(config, ERROR_CONFIG_ARGUMENTS, place, name, what);
}

struct error config_outcome(struct config *config, bool ok) {
    if (ok)
        config->error.code = ERROR_NONE;
    return config->error;
}

/* The commands that real configurations use most stand first: the search is linear. Each name has
 * its kind at the same place below. */
static const char command_names[] =
    "set\0["
    "\0menuentry\0kernel\0module\0multiboot\0multiboot2\0module2\0boot\0timeout\0default\0submenu\0"
    "linux\0initrd\0linux16\0initrd16\0echo\0insmod\0search\0unset\0export\0test\0true\0:"
    "\0false\0break\0continue\0return\0shift\0setparams\0source\0.\0configfile\0normal\0search."
    "file\0search.fs_label\0search.fs_"
    "uuid\0sleep\0clear\0cls\0cpuid\0halt\0reboot\0chainloader\0loopback\0eval\0drivemap\0parttool"
    "\0terminal_output\0terminal_input\0terminal\0serial\0loadfont\0load_"
    "video\0gfxmode\0background_image\0background_color\0color\0color_normal\0color_"
    "highlight\0recordfail\0savedefault\0load_env\0save_"
    "env\0play\0rmmod\0videoinfo\0pager\0ls\0cat\0keystatus\0cmostest\0regexp\0password\0password_"
    "pbkdf2\0";

static const u8 command_kinds[] = {
    COMMAND_SET,       COMMAND_BRACKET,    COMMAND_MENUENTRY, COMMAND_KERNEL,   COMMAND_MODULE,
    COMMAND_MULTIBOOT, COMMAND_MULTIBOOT2, COMMAND_MODULE,    COMMAND_BOOT,     COMMAND_VALUE,
    COMMAND_VALUE,     COMMAND_SUBMENU,    COMMAND_LINUX,     COMMAND_INITRD,   COMMAND_LINUX,
    COMMAND_INITRD,    COMMAND_ECHO,       COMMAND_IGNORED,   COMMAND_SEARCH,   COMMAND_UNSET,
    COMMAND_TRUE,      COMMAND_BRACKET,    COMMAND_TRUE,      COMMAND_TRUE,     COMMAND_FALSE,
    COMMAND_BREAK,     COMMAND_CONTINUE,   COMMAND_RETURN,    COMMAND_SHIFT,    COMMAND_SETPARAMS,
    COMMAND_SOURCE,    COMMAND_SOURCE,     COMMAND_REPLACE,   COMMAND_REPLACE,  COMMAND_SEARCH,
    COMMAND_SEARCH,    COMMAND_SEARCH,     COMMAND_SLEEP,     COMMAND_CLEAR,    COMMAND_CLEAR,
    COMMAND_CPUID,     COMMAND_HALT,       COMMAND_REBOOT,    COMMAND_CHAIN,    COMMAND_LATER,
    COMMAND_LATER,     COMMAND_LATER,      COMMAND_LATER,     COMMAND_IGNORED,  COMMAND_IGNORED,
    COMMAND_IGNORED,   COMMAND_IGNORED,    COMMAND_IGNORED,   COMMAND_IGNORED,  COMMAND_IGNORED,
    COMMAND_IGNORED,   COMMAND_IGNORED,    COMMAND_IGNORED,   COMMAND_IGNORED,  COMMAND_IGNORED,
    COMMAND_IGNORED,   COMMAND_IGNORED,    COMMAND_IGNORED,   COMMAND_IGNORED,  COMMAND_IGNORED,
    COMMAND_IGNORED,   COMMAND_IGNORED,    COMMAND_IGNORED,   COMMAND_IGNORED,  COMMAND_IGNORED,
    COMMAND_IGNORED_0, COMMAND_IGNORED_0,  COMMAND_IGNORED_0, COMMAND_PASSWORD, COMMAND_PASSWORD,
};

bool is_name_char(int c) {
    return (u32)((c | ' ') - 'a') < 26 || (u32)(c - '0') < 10 || c == '_';
}

bool is_blank(int c) {
    return c == ' ' || c == '\t' || c == '\r';
}

bool string_is(const char *string, const char *part, size_t length) {
    /*@ loop invariant string(string) && run(part, length);
        loop invariant length_of(string) - length == \at(length_of(string) - length, Pre);
        loop assigns string, part, length;
        loop variant length; */
    while (length && *string && *string == *part)
        string++, part++, length--;
    return !length && !*string;
}

u32 name_index(const char *names, const char *part, size_t length) {
    u32 index = 0;
    for (; *names && !string_is(names, part, length); names = string_next(names))
        index++;
    return index;
}

const char *string_next(const char *string) {
    return string + string_length(string) + 1;
}

static bool is_assignment(const char *word) {
    const char *at = word;
    /*@ loop invariant string(at);
        loop assigns at;
        loop variant length_of(at); */
    while (is_name_char(*at))
        at++;
    return at > word && *at == '=';
}

enum command_kind config_command_kind(const char *word) {
    u32 index = name_index(command_names, word, string_length(word));
    if (index < ARRAY_COUNT(command_kinds))
        return (enum command_kind)command_kinds[index];
    return is_assignment(word) ? COMMAND_SET : COMMAND_UNKNOWN;
}

/* One character too many, too few or wrong, or two neighbours swapped. */
static bool is_typo(const char *word, const char *meant) {
    /*@ loop invariant string(word) && string(meant);
        loop assigns word, meant;
        loop variant length_of(word); */
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

bool config_unknown(struct config *config, const char *word, struct config_place place) {
    const char *meant = "one of these", *name = command_names;
    for (u32 i = 0; i < ARRAY_COUNT(command_kinds); i++, name = string_next(name))
        if (command_kinds[i] < COMMAND_BRACKET && name[1] && is_typo(word, name))
            meant = name;
    return config_fail(config, ERROR_CONFIG_COMMAND, place, word, meant);
}

static u32 digit_value(char c) {
    if (c >= '0' && c <= '9')
        return (u32)(c - '0');
    c |= ' ';
    return c >= 'a' && c <= 'f' ? (u32)(c - 'a' + 10) : 99;
}

bool config_number(const char *string, size_t length, u64 *number) {
    u32 base = 10;
    size_t at = 0;
    u64 value = 0;
    if (length > 2 && string[0] == '0' && (string[1] | ' ') == 'x') {
        base = 16;
        at = 2;
    }
    if (at == length)
        return false;
    /* A constant of the compiler: dividing at run time would need its support library. */
    const u64 limit = base == 16 ? ~(u64)0 / 16 : ~(u64)0 / 10;
    /*@ loop invariant at <= length;
        loop assigns at, value;
        loop variant length - at; */
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
