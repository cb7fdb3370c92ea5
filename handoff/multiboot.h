/* What a Multiboot kernel gets, of either version: docs/multiboot.md.
 *
 * The information, every string and every list lie in one block, below 1 MiB where that is free
 * (plan/low.c); the kernel's GDT is at its end. A module's bytes and the symbols lie elsewhere.
 *
 * Fields have the places and the forms that GRUB gives them. Where GRUB's own header differs from
 * the specification's text, GRUB's is right: kernels are made with it. (In Multiboot 1 the colour
 * information begins at offset 112, not 110; in Multiboot 2 the number of colours has 16 bits,
 * not 32.)
 *
 * Specification: Multiboot 0.6.96, sections 3.2 and 3.3; Multiboot 2 version 2.0, sections 3.5
 * and 3.6. */
#ifndef HANDOFF_MULTIBOOT_H
#define HANDOFF_MULTIBOOT_H

#include "protocol.h"

/* Bytes for the block: an upper bound. */
u64 multiboot_info_size(const struct boot *boot);

/* Writes the block, puts their addresses into the section headers, sets the registers.
 * ERROR_PLAN_TOO_MANY (would be a bug of ours), ERROR_PLAN_MEMORY if ram does not reach the block.
 */
MUST_USE struct error multiboot_finish(const struct boot *boot, const struct plan *plan,
                                       const struct ram *ram, struct cpu_entry *entry);

#endif
