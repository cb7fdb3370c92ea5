/* Included before stage2/run.c and volumes.c, which thereby run on the host: what they would do
 * with the processor or the firmware ends the input, and a script that only loops ends soon. */
#ifndef FUZZ_STAGE2_HOST_H
#define FUZZ_STAGE2_HOST_H

#define STAGE2_X86_H /* in the place of stage2/x86.h */

#include "script.h"

/* The machine is switched off or started again. */
NO_RETURN void fuzz_leave(void);

static inline void out8(u16 port, u8 value) {
    (void)port, (void)value;
    fuzz_leave();
}

static inline NO_RETURN void shut_down(void) {
    fuzz_leave();
}

/* script_next(), with less of CONFIG_WORK_MAX left. */
MUST_USE struct error fuzz_script_next(struct config *config, struct command *command);
#define script_next fuzz_script_next

#endif
