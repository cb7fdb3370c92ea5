/* What the lexer, the parser and the requests know in common: places, names, numbers, and the one
 * table of commands.
 *
 * This header and lexer.h are for the files of config/ only; everybody else includes config.h. */
#ifndef CONFIG_LANGUAGE_H
#define CONFIG_LANGUAGE_H

#include "config.h"

/* 1-based; a column counts bytes, and a tab is one. */
struct place {
    u32 line, column;
};

/* error_make() with a place, as functions because the loader makes these errors at 30 places. */
struct error config_error(enum error_code code, struct place place, const char *name,
                          const char *other);
struct error config_error_number(enum error_code code, struct place place, const char *name,
                                 u32 number);

enum command_kind {
    COMMAND_UNKNOWN,
    COMMAND_ASSIGN, /* NAME=value, with no command before it */
    COMMAND_SET,    /* set NAME=value */
    COMMAND_UNSET,  /* unset NAME */
    COMMAND_VALUE,  /* timeout N, default X: set under the command's own name */
    COMMAND_MENUENTRY,
    COMMAND_SUBMENU,
    COMMAND_KERNEL,
    COMMAND_MULTIBOOT,
    COMMAND_MULTIBOOT2,
    COMMAND_MODULE,
    COMMAND_LINUX,
    COMMAND_INITRD,
    COMMAND_IGNORED,   /* means nothing here and changes nothing about what is booted */
    COMMAND_LATER,     /* of a later version: an error once its entry is booted */
    COMMAND_STRUCTURE, /* of a later version, and nothing after it can be understood without it */
};

enum command_kind config_command_kind(const char *word);

/* CONFIG_COMMAND, which names the command that was probably meant. */
struct error config_unknown_command(const char *word, struct place place);

struct place config_word_place(const struct config *config, u32 word);

/* CONFIG_TOO_BIG */
struct error config_too_many(const char *what, u32 limit, struct place place);

/* NULL if it is not set. The last one of a name wins, so that an inner scope hides an outer one. */
const struct config_variable *config_find_variable(const struct config *config, const char *name,
                                                   size_t length);

/* Decimal, or hexadecimal with 0x. False if it is not a number from end to end, or more than 64
 * bits. */
MUST_USE bool config_number(const char *string, size_t length, u64 *number);

/* The characters of a variable's name. */
bool config_is_name_char(int c);

#endif
