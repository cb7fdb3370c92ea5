/* Carrying out the loads of a plan.
 *
 * Each load is one read of a file range straight to its place, and zeros behind it. */
#ifndef HANDOFF_LOAD_H
#define HANDOFF_LOAD_H

#include "plan.h"
#include "ram.h"
#include "source.h"

/* One load, whose place (or staging place) lies in `ram`. ERROR_SOURCE_PAST_END, or what the medium
 * says. */
MUST_USE struct error load_file(const struct load *load, const struct source *file,
                                const struct ram *ram);

/* With everything loaded: applies the relocations of a position-independent kernel to its bytes,
 * where they are now. Errors: ELF_RELOCATION, ELF_RELOCATION_PLACE, ELF_RELOCATION_TABLE. */
MUST_USE struct error load_relocate(const struct plan *plan, const struct ram *ram);

#endif
