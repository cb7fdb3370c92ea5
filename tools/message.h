/* What the user is told, and text for it.
 *
 * Messages of the host command read "aloft image: what is wrong; what to do"; `who` is the part
 * before the colon. Errors of the loader's own modules read as the loader prints them. */
#ifndef TOOLS_MESSAGE_H
#define TOOLS_MESSAGE_H

#include <stdio.h>

#include "config.h"

#define LIKE_PRINTF(template, first) __attribute__((format(printf, template, first)))

/* Ends the program with OUTCOME_FAILED. Only where nothing half done is left behind. */
NO_RETURN void die(const char *who, const char *format, ...) LIKE_PRINTF(2, 3);

/* The same message for callers that have something to clean up. Always false, to be returned. */
bool complain(const char *who, const char *format, ...) LIKE_PRINTF(2, 3);

void warn(const char *who, const char *format, ...) LIKE_PRINTF(2, 3);

/* A new string. What the command makes lives until it ends: nothing is freed. */
char *make_text(const char *format, ...) LIKE_PRINTF(1, 2);

/* Memory for `count` things, zeroed; the program ends where there is none. */
void *make_room(size_t count, size_t size);

/* "E81: text" and "What to do: fix". An error with a place is shown with its line of *config, which
 * is the file `config_path` on this computer. */
void print_error(FILE *to, const struct error *error, const struct config *config,
                 const char *config_path);

/* "4.2 MiB", as a new string. */
char *size_name(u64 bytes);

/* "128M": K, M or G behind a number; a number alone counts MiB, as QEMU's -m does. */
MUST_USE bool parse_size(const char *word, u64 *bytes);

#endif
