/* The registers that every boot protocol sets alike. */
#ifndef HANDOFF_REGISTERS_H
#define HANDOFF_REGISTERS_H

#include "entry.h"
#include "plan.h"

/* Writes GDT_SIZE bytes: null, code, data; flat, ring 0. */
void registers_gdt(u8 *gdt, u32 bits);

/* Paging as the plan has it, all general registers 0, the plan's entry point and trampoline, the
 * moves that wait for it, and the GDT, of which the kernel's own stands at gdt_virt. */
void registers_begin(const struct plan *plan, u64 gdt_virt, struct cpu_entry *entry);

#endif
