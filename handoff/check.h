/* The tables of a plan, built, and the last check before the jump: it walks them as the CPU will.
 *
 * A wrong table would end in a triple fault with nothing on the screen; here it ends in a message.
 */
#ifndef HANDOFF_CHECK_H
#define HANDOFF_CHECK_H

#include "entry.h"
#include "plan.h"
#include "ram.h"
#include "walk.h"

/* The entry can be executed and leads to the kernel's own bytes; stack and GDT can be used;
 * the trampoline's page is where it goes on, and in the tables for the jump at its own address too.
 * Errors: CHECK_*. */
MUST_USE struct error check_tables(const struct plan *plan, const struct table_arena *arena,
                                   const struct table_arena *boot_arena,
                                   const struct cpu_entry *entry);

/* Builds both sets of tables where the plan has put them, and checks them. Errors: PLAN_MEMORY if
 * ram does not reach them, PAGING_*, CHECK_*. */
MUST_USE struct error finish_tables(const struct plan *plan, const struct ram *ram,
                                    const struct cpu_entry *entry);

#endif
