/* PVH kernels: ELF files with a Xen note that names a 32-bit entry point.
 *
 *   handoff   | stack | start info | memory map | modules | strings | GDT | trampoline |
 *
 * The kernel is loaded by its physical addresses and entered there, paging off, EBX at the start
 * info. Of what the specification asks of the entry state one thing is left out: the task register
 * holds no TSS.
 *
 * Specification: Xen, docs/misc/pvh.pandoc and include/public/arch-x86/hvm/start_info.h. */
#ifndef HANDOFF_PVH_H
#define HANDOFF_PVH_H

#include "entry.h"
#include "plan.h"
#include "ram.h"

/* Makes the image of elf_read() one that is entered by its note, without paging. Errors:
 * PVH_NONE, PVH_ENTRY. */
MUST_USE struct error pvh_open(struct image *image);

/* Bytes for start info, lists, strings and GDT. */
u64 pvh_info_size(const struct machine *machine, const struct boot_request *request);

/* ERROR_PLAN_MEMORY if ram does not reach the block. */
MUST_USE struct error pvh_finish(const struct machine *machine, const struct plan *plan,
                                 const struct boot_request *request, const u64 *module_sizes,
                                 const struct ram *ram, struct cpu_entry *entry);

#endif
