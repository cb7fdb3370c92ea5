/* A plan in words, line by line: what `aloft plan` prints on the host, and what the loader prints
 * in verbose mode. Both come from here, so they are the same to the byte. */
#ifndef PLAN_DESCRIBE_H
#define PLAN_DESCRIBE_H

#include "plan.h"

struct description {
    const struct machine *machine;
    const struct plan *plan;
    const struct boot_request *request;
};

/* Appends line `number` (from 0) to an empty text. False when there is no such line. */
MUST_USE bool describe_line(const struct description *description, u32 number, struct text *line);

#endif
