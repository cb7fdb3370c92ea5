/* The words of a call: options in any order, then or between them the things to work on. */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include "types.h"

enum { WORDS_MAX = 256 };

struct words {
    u32 count;
    const char *at[WORDS_MAX];
};

enum option_kind {
    OPTION_VALUE, /* --name=value; a short one -o value */
    OPTION_FLAG,  /* --name alone */
    OPTION_OTHER, /* any long option that no other row names, kept whole ("--name=value"), for the
                   * configuration's own parser. Its name is "--" */
};

struct option {
    const char *name;
    struct words *values; /* the value, once for each time the option is given */
    enum option_kind kind;
};

struct call {
    const char *who;  /* "aloft image" */
    const char *help; /* for --help */
    int count;
    char **words;
};

/* Sorts the words of a call. What stands behind "--" goes to *passed, or counts as things where
 * passed is NULL. --help prints the help and ends the program; so does a mistake, with its message.
 */
void options_read(const struct call *call, const struct option *options, u32 option_count,
                  struct words *things, struct words *passed);

/* The only thing; `what` names it for the message where there is none or more than one. */
const char *options_one(const struct call *call, const struct words *things, const char *what);

/* The last value given, or `otherwise`. */
const char *words_last(const struct words *words, const char *otherwise);

void words_add(const char *who, struct words *words, const char *word);

#endif
