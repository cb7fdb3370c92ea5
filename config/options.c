#include "options.h"
#include "language.h"
#include "video_list.h"

struct kernel_options kernel_options_default(void) {
    return (struct kernel_options){
        .recursive = PLACE_NONE, .stack_size = CONFIG_STACK_DEFAULT, .video = ""};
}

enum option {
    OPTION_PAGING,
    OPTION_PAGES,
    OPTION_IDENTITY,
    OPTION_DIRECT,
    OPTION_RECURSIVE,
    OPTION_STACK,
    OPTION_MAP,
    OPTION_TEMPORARY,
    OPTION_SHARE_UPPER,
    OPTION_NULL_PAGE,
    OPTION_GLOBAL,
    OPTION_STRICT,
    OPTION_SMEP,
    OPTION_UMIP,
    OPTION_KASLR,
    OPTION_BASE,
    OPTION_VIDEO,
};

static const char *const option_names[] = {
    [OPTION_PAGING] = "--paging",
    [OPTION_PAGES] = "--pages",
    [OPTION_IDENTITY] = "--identity",
    [OPTION_DIRECT] = "--direct-map",
    [OPTION_RECURSIVE] = "--recursive",
    [OPTION_STACK] = "--stack",
    [OPTION_MAP] = "--map",
    [OPTION_TEMPORARY] = "--temporary",
    [OPTION_SHARE_UPPER] = "--share-upper",
    [OPTION_NULL_PAGE] = "--null-page",
    [OPTION_GLOBAL] = "--global",
    [OPTION_STRICT] = "--strict",
    [OPTION_SMEP] = "--smep",
    [OPTION_UMIP] = "--umip",
    [OPTION_KASLR] = "--kaslr",
    [OPTION_BASE] = "--base",
    [OPTION_VIDEO] = "--video",
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
    {OPTION_DIRECT, PLACE_AUTO, "auto"},
    {OPTION_DIRECT, PLACE_NONE, "none"},
    {OPTION_RECURSIVE, PLACE_AUTO, "auto"},
    {OPTION_RECURSIVE, PLACE_NONE, "none"},
    {OPTION_NULL_PAGE, true, "mapped"},
    {OPTION_NULL_PAGE, false, "unmapped"},
};

static bool *flag_of(enum option option, struct kernel_options *options) {
    switch (option) {
    case OPTION_TEMPORARY: return &options->temporary;
    case OPTION_SHARE_UPPER: return &options->share_upper;
    case OPTION_GLOBAL: return &options->global;
    case OPTION_STRICT: return &options->strict;
    case OPTION_SMEP: return &options->smep;
    case OPTION_UMIP: return &options->umip;
    case OPTION_KASLR: return &options->kaslr;
    default: return NULL;
    }
}

static void set_choice(enum option option, u8 value, struct kernel_options *options) {
    switch (option) {
    case OPTION_PAGING: options->paging = (enum paging_option)value; break;
    case OPTION_PAGES: options->small_pages = value; break;
    case OPTION_IDENTITY: options->identity = (enum identity_option)value; break;
    case OPTION_DIRECT: options->direct = (enum place_option)value; break;
    case OPTION_RECURSIVE: options->recursive = (enum place_option)value; break;
    default: options->null_mapped = value; break;
    }
}

static bool set_flag(bool *flag, const char *value) {
    *flag = !string_equal(value, "off");
    return !*value || !*flag || string_equal(value, "on");
}

static bool set_base(const char *value, struct kernel_options *options) {
    options->has_base = config_number(value, string_length(value), &options->base);
    return options->has_base;
}

static bool set_video(const char *value, struct kernel_options *options) {
    options->video = value;
    return video_is_list(value);
}

static bool set_place(const char *value, enum place_option *place, u64 *at) {
    u64 address;
    if (!config_number(value, string_length(value), &address))
        return false;
    *place = PLACE_AT;
    *at = address;
    return true;
}

bool config_size(const char *value, size_t length, u64 *size) {
    char last = length ? value[length - 1] | ' ' : 0;
    u32 shift = last == 'k' ? 10 : last == 'm' ? 20 : last == 'g' ? 30 : last == 't' ? 40 : 0;
    u64 number;
    if (!config_number(value, length - (shift != 0), &number) || number > ~(u64)0 >> shift)
        return false;
    *size = number << shift;
    return true;
}

static bool set_stack(const char *value, struct kernel_options *options) {
    u64 size;
    if (!config_size(value, string_length(value), &size) || size > CONFIG_STACK_MAX ||
        size < CONFIG_STACK_MIN)
        return false;
    options->stack_size = ((u32)size + 4095) & ~(u32)4095;
    return true;
}

/* The length of the part of a --map value up to the next sign that can end one. */
static size_t part_length(const char *value) {
    size_t length = 0;
    /*@ loop invariant 0 <= length <= length_of(value);
        loop assigns length;
        loop variant length_of(value) - length; */
    while (value[length] && value[length] != '+' && value[length] != '@' && value[length] != ',')
        length++;
    return length;
}

static bool set_map_word(const char *word, size_t length, struct map_option *map) {
    static const struct {
        const char *name;
        enum map_cache cache;
    } words[] = {
        {"uncached", MAP_AS_DEVICE}, {"combining", MAP_AS_FRAMEBUFFER}, {"cached", MAP_AS_MEMORY}};
    if (length == 2 && memcmp(word, "ro", 2) == 0) {
        map->read_only = true;
        return true;
    }
    for (u32 i = 0; i < ARRAY_COUNT(words); i++)
        if (length == string_length(words[i].name) && memcmp(word, words[i].name, length) == 0) {
            map->cache = words[i].cache;
            return true;
        }
    return false;
}

static bool read_map(const char *value, struct map_option *map) {
    size_t length = part_length(value);
    if (value[length] != '+' || !config_number(value, length, &map->phys))
        return false;
    value += length + 1;
    length = part_length(value);
    if (!config_size(value, length, &map->size) || !map->size)
        return false;
    value += length;
    if (*value == '@') {
        length = part_length(++value);
        map->has_virt = config_number(value, length, &map->virt);
        if (!map->has_virt)
            return false;
        value += length;
    }
    /*@ loop invariant string(value);
        loop assigns value, length, *map;
        loop variant length_of(value); */
    while (*value == ',') {
        length = part_length(++value);
        if (!set_map_word(value, length, map))
            return false;
        value += length;
    }
    return !*value;
}

static bool set_option(enum option option, const char *value, struct kernel_options *options) {
    bool *flag = flag_of(option, options);
    if (flag)
        return set_flag(flag, value);
    for (u32 i = 0; i < ARRAY_COUNT(choices); i++)
        if (choices[i].option == option && string_equal(choices[i].name, value)) {
            set_choice(option, choices[i].value, options);
            return true;
        }
    switch (option) {
    case OPTION_DIRECT: return set_place(value, &options->direct, &options->direct_at);
    case OPTION_RECURSIVE: return set_place(value, &options->recursive, &options->recursive_at);
    case OPTION_VIDEO: return set_video(value, options);
    case OPTION_BASE: return set_base(value, options);
    case OPTION_STACK: return set_stack(value, options);
    default: return false;
    }
}

static struct error add_map(const char *value, struct kernel_options *options) {
    struct map_option map = {.phys = 0};
    if (!read_map(value, &map))
        return error_make(ERROR_CONFIG_VALUE, .name = option_names[OPTION_MAP], .other = value);
    if (options->map_count == OPTION_MAPS_MAX)
        return error_make(ERROR_CONFIG_TOO_BIG, .name = "--map options",
                          .number = {OPTION_MAPS_MAX});
    options->maps[options->map_count++] = map;
    return OK;
}

/* Which option the word is; ARRAY_COUNT(option_names) if none. *value is what stands behind the =,
 * or "". */
static u32 option_of(const char *word, const char **value) {
    u32 i = 0;
    for (; i < ARRAY_COUNT(option_names); i++) {
        const char *rest = word + string_length(option_names[i]);
        if (!string_starts(word, option_names[i]) || (*rest && *rest != '='))
            continue;
        *value = *rest ? rest + 1 : rest;
        break;
    }
    return i;
}

struct error kernel_option_parse(const char *word, struct kernel_options *options) {
    const char *value = "";
    u32 option = option_of(word, &value);
    if (option == ARRAY_COUNT(option_names))
        return error_make(ERROR_CONFIG_OPTION, .name = "kernel", .other = word);
    options->given |= 1u << option;
    if (option == OPTION_MAP)
        return add_map(value, options);
    if (set_option((enum option)option, value, options))
        return OK;
    return error_make(ERROR_CONFIG_VALUE, .name = option_names[option], .other = value);
}

/* Ends the word with a NUL; returns what is behind it. */
static char *cut_word(char *word) {
    while (*word && *word != ' ')
        word++;
    if (*word)
        *word++ = 0;
    return word;
}

struct error kernel_options_note(const char *name, char *note, struct kernel_options *options) {
    const char *value;
    u32 given = options->given;
    while (*note == ' ')
        note++;
    while (*note) {
        char *word = note;
        note = cut_word(word);
        while (*note == ' ')
            note++;
        u32 option = option_of(word, &value);
        if (option < ARRAY_COUNT(option_names) && given >> option & 1)
            continue;
        if (kernel_option_parse(word, options).code)
            return error_make(ERROR_CONFIG_NOTE, .name = name, .other = word);
    }
    return OK;
}
