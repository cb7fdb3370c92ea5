/* Leaving: the copy of trampoline.asm in its page, and the jump into it. */
#ifndef STAGE2_ENTER_H
#define STAGE2_ENTER_H

#include "entry.h"

/* Copies the trampoline and *entry to the page, jumps there. The loader's memory is the kernel's
 * from then on. */
NO_RETURN void enter(const struct cpu_entry *entry, u64 page_phys);

#endif
