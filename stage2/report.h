/* What a user sees: errors, notes, and in verbose mode everything that will be done. */
#ifndef STAGE2_REPORT_H
#define STAGE2_REPORT_H

#include "config.h"
#include "plan.h"
#include "timing.h"

/* What was being done when an error came up. */
struct report_context {
    const char *doing;           /* "reading the configuration" */
    const struct config *config; /* NULL until there is one: then the line at fault is shown */
};

/* Prints the error with its number, place and way out, and `next`, a sentence on what happens now,
 * or
 * "". */
void report_error(const struct report_context *context, const struct error *error,
                  const char *next);

/* The last words: how the machine is restarted. */
void report_end(void);

/* Stops the machine; Ctrl+Alt+Del restarts it. */
NO_RETURN void report_stop(void);

/* Prints which commands of the configuration were passed over. */
void report_notes(const struct config *config);

/* Prints the whole plan, as `aloft plan` does. */
void report_plan(const struct machine *machine, const struct plan *plan,
                 const struct boot_request *request);

/* Prints what the boot took until now, in millions of cycles, if the processor counts them. */
void report_timings(const struct timing *timing);

#endif
