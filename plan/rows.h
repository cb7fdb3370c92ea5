/* The rows of a plan: virtual address space, given out in order of precedence.
 *
 * Rows stay sorted by virtual address and disjoint at all times, so whoever comes first keeps an
 * address. */
#ifndef PLAN_ROWS_H
#define PLAN_ROWS_H

#include "plan.h"

/* Among a row's attributes: it maps nothing, and keeps its addresses from rows that come later. No
 * such row is left in a finished plan. */
#define ROW_KEPT ((u32)1 << 31)

/* Lays a row over the plan's: the parts of it whose addresses are still free are added, the others
 * are dropped. Dropping is noted (PLAN_GIVES_WAY) where the address would have meant something
 * else. ERROR_PLAN_TOO_MANY. */
MUST_USE struct error rows_lay(struct plan *plan, struct map row);

/* The kernel's segments, as whole pages. A page that two segments share gets the rights of both,
 * with a note (PLAN_SHARED_PAGE). Called first, on a plan without rows. Errors: ELF_PAGE_OFFSET,
 * ELF_PAGE_CONFLICT, PLAN_TOO_MANY. */
MUST_USE struct error rows_lay_kernel(struct plan *plan);

/* "identity map", "direct map", ... for messages and for the plan's text. */
const char *row_owner_name(u32 owner);

/* Adds a note, as long as there is room. */
void plan_note(struct plan *plan, struct error note);

#endif
