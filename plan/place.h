/* Where a position-independent kernel goes.
 *
 *   virtual    --base, else where it was linked, else (linked below 1 MiB) BASE_32 or BASE_64; with
 *              --kaslr at one of the steps above that, chosen by machine.random
 *   physical   where AT() put it; without AT() the lowest free RAM from 1 MiB up
 *
 * Both are multiples of the kernel's own alignment; without a --base also of a large page, if
 * memory has room for that. With --paging=off the virtual address is the physical one, and --base
 * asks for it. */
#ifndef PLAN_PLACE_H
#define PLAN_PLACE_H

#include "plan.h"

#define BASE_32 0xc0000000u
#define BASE_64 0xffffffff80000000u

/* Random places are steps of a large page: 4 MiB in 32-bit kernels, 2 MiB in 64-bit ones. The
 * kernel lies within this many bytes above its base as a whole. */
#define KASLR_RANGE_32 (512 * MIB)
#define KASLR_RANGE_64 GIB

/* Moves the image (elf_slide()). Nothing to do for a kernel that is not position-independent.
 * Errors: PLAN_NOT_PIE, PLAN_ADDRESS_OPTION, PLAN_MEMORY, PLAN_PIE_HIGH, ELF_SLIDE. */
MUST_USE struct error plan_place(const struct machine *machine,
                                 const struct kernel_options *options, struct image *image);

#endif
