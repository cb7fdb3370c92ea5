/* Handing the machine to another boot sector of the boot drive, as a BIOS would: it lies at 0x7c00,
 * real mode, interrupts on, DL is the drive. DS:SI and DS:BP are the partition's entry in a copy of
 * the partition table at 0x7be, as a master boot record has it; 0 where there is no such entry.
 * Memory behind it is Aloft's no more. A20 stays on. */
#ifndef STAGE2_CHAIN_H
#define STAGE2_CHAIN_H

#include "request.h"
#include "volumes.h"

/* request->kernel.device is there (volumes_partition()). Comes back with an error only:
 * CHAIN_SIGNATURE, or what the disk says. */
MUST_USE struct error chain(const struct volumes *volumes, const struct boot_request *request);

#endif
