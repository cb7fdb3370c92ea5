/* What machine is this? Fills struct machine, by the BIOS and by CPUID; nothing is changed but
 * one bit: NX, where a BIOS disabled it. */
#ifndef STAGE2_PROBE_H
#define STAGE2_PROBE_H

#include "config.h"
#include "machine.h"
#include "request.h"

/* Memory map, CPU, firmware tables. Errors: MEMORY_MAP, MEMORY_LOW, MEMORY_MAP_FULL. */
MUST_USE struct error probe_machine(struct machine *machine);

/* Chance, for --kaslr: what differs from one boot to the next (docs/handoff.md). */
u32 probe_random(const struct cpu *cpu);

/* What only Multiboot kernels are told (plan/machine.h). Of VBE, what the video mode leaves to be
 * found: for Multiboot 1 the controller, also in text mode. */
void probe_for_multiboot(enum boot_protocol protocol, struct machine *machine);

#endif
