/* Physical memory above 4 GiB, which 32-bit code without paging cannot reach.
 *
 * A window: PAE paging is turned on for one copy, with the first 2 MiB (where this code, its stack
 * and its buffers are) at their own addresses and the next 2 MiB showing the target; then it is off
 * again. */
#ifndef STAGE2_HIGH_H
#define STAGE2_HIGH_H

#include "plan.h"
#include "source.h"

/* Carries out a load whose place ends above 4 GiB. The planner has made sure of PAE. */
MUST_USE struct error high_load(const struct load *load, const struct source *file);

#endif
