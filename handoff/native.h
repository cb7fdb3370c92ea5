/* The native handoff: any ELF executable, called with one pointer to struct aloft_info.
 *
 *   native_info_size()   how much room the information will need: the planner sets it aside
 *   native_finish()      after loading: builds page tables, information, GDT and stack; gives the
 *                        registers; checks with the software MMU that the jump will land
 *   native_timings()     last of all: how long that and everything before it took
 *
 * What a kernel finds is in docs/handoff.md and include/aloft.h. */
#ifndef HANDOFF_NATIVE_H
#define HANDOFF_NATIVE_H

#include "aloft.h"
#include "entry.h"
#include "plan.h"
#include "ram.h"

#define ALOFT_NAME "Aloft 0.1.0"

/* Bytes for struct aloft_info with its tables and strings, and the GDT: an upper bound, for the
 * planner. */
u64 native_info_size(const struct machine *machine, const struct image *image,
                     const struct boot_request *request);

/* Writes page tables and the handoff block into ram, and fills in *entry.
 * Errors: PAGING_*, CHECK_* (both would be bugs of ours), PLAN_TOO_MANY. */
MUST_USE struct error native_finish(const struct machine *machine, const struct plan *plan,
                                    const struct boot_request *request, const u64 *module_sizes,
                                    const struct ram *ram, struct cpu_entry *entry);

/* Writes the timings, which native_finish() left 0, into the information that it made of the same
 * plan in the same ram. */
void native_timings(const struct plan *plan, const struct ram *ram,
                    const struct aloft_timings *timings);

#endif
