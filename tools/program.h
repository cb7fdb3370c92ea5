/* Other programs, called without a shell. */
#ifndef TOOLS_PROGRAM_H
#define TOOLS_PROGRAM_H

#include <signal.h>

#include "options.h"

/* The time of everything on an image, where SOURCE_DATE_EPOCH is not set: 1980-01-01, where FAT's
 * calendar begins. */
#define PROGRAM_EPOCH "315532800"

struct program {
    const char *package; /* Debian's, for the message when the program is missing */
    bool is_chatty;      /* what it says is shown only when it fails */
    struct words
        words; /* the program's name first; it is looked for in PATH, /usr/sbin and /sbin */
};

/* A program and how it is called. */
struct program program_make(const char *name, const char *package);
void program_add(struct program *program, const char *word);

/* More than one word, with single spaces in between. */
void program_add_all(struct program *program, const char *words);

/* A path that no program takes for an option, nor mtools for a drive. */
const char *program_path(const char *path);

/* Runs it to its end: no input, output dropped, messages as they come. False, with a message,
 * unless its exit status is 0. */
MUST_USE bool program_run(const char *who, const struct program *program);

/* Becomes the program. Returns only if it is not there. */
void program_become(const struct program *program);

/* Puts off the signals that would end this program, so that it can clean up: a program that it runs
 * gets them and fails. What was put off comes with the release. */
sigset_t signals_hold(void);
void signals_release(sigset_t before);

#endif
