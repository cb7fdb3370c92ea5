/* What machine is this? Fills struct machine, by the BIOS and by CPUID; nothing is changed but
 * one bit: NX, where a BIOS disabled it. */
#ifndef STAGE2_PROBE_H
#define STAGE2_PROBE_H

#include "machine.h"

/* Memory map, CPU, firmware tables. Errors: MEMORY_MAP, MEMORY_LOW, MEMORY_MAP_FULL. */
MUST_USE struct error probe_machine(struct machine *machine);

#endif
