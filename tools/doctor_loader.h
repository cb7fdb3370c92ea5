/* What Aloft itself says when a processor exception happens in it (stage2/exception.c), with names.
 *
 * The lines come from a serial log or were typed from a screen. The names are those of the loader
 * that is within this host command (bootcode.h), so both have to be of one build. */
#ifndef TOOLS_DOCTOR_LOADER_H
#define TOOLS_DOCTOR_LOADER_H

#include "types.h"

enum { LOADER_CALLS_MAX = 12 };

struct loader_report {
    bool found;
    u32 vector, code, ip;
    u32 calls[LOADER_CALLS_MAX]; /* where the calls come back to, the innermost first */
    u32 call_count;
};

/* Takes in the next line of a log. */
void loader_line(struct loader_report *report, const char *line);

/* "protocol_plan+0x1d"; the number alone if it is in no function. Good until the next call. */
const char *loader_function(u32 address);

#endif
