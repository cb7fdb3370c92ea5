/* The boot protocols: how a kernel is found to be one, what it gets, how it is entered.
 *
 *   name           open                              finish
 *   native         any ELF executable                struct aloft_info, paging on        native.h
 *   Multiboot      header of Multiboot 1             its information structure multiboot.h
 *   Multiboot 2    header of Multiboot 2             its tags
 *   Linux          bzImage                           zero page                           linux.h
 *   PVH            ELF with a Xen note               start info                          pvh.h
 *
 * A boot is, in this order:
 *
 *   protocol_open()      the kernel's headers -> struct image, and what else the protocol found in
 * the file protocol_plan()      plan_make() with what the protocol wants of it (the loads of the
 * plan) protocol_finish()    information, registers
 *
 * Multiboot kernels are always entered with paging off. One that wants Aloft's page tables is
 * booted by the command kernel. */
#ifndef HANDOFF_PROTOCOL_H
#define HANDOFF_PROTOCOL_H

#include "entry.h"
#include "linux.h"
#include "multiboot_image.h"
#include "plan.h"
#include "ram.h"

/* What open found in the kernel's file beside the image. */
struct opened {
    char video[32];    /* what a Multiboot header or vga= asks for, as a list of video_list.h */
    struct error note; /* becomes one of the plan's; OK for none */
    /* Multiboot */
    struct multiboot_header header;
    struct multiboot_symbols symbols;
    struct linux_kernel linux;
};

/* A boot under way: borrowed values, all of them the caller's. */
struct boot {
    const struct machine *machine;
    struct boot_request *request; /* its protocol becomes that of the kernel's header */
    const u64 *module_sizes;
    struct image *image;
    struct opened *opened;
    const struct range *held; /* memory with the kernel's file (verify.h); NULL for none */
};

/* Errors: ELF_*, MULTIBOOT_*, LINUX_*, PVH_*, and what the source says. */
MUST_USE struct error protocol_open(const struct boot *boot, const struct source *kernel);

/* The video modes that the kernel may have, best first, as a list of video_list.h: what the
 * configuration says, else the kernel's header. A Multiboot kernel whose header does not speak of
 * the screen knows text alone, so gfxpayload is nothing to it. Linux's vga= stands nearer to the
 * kernel than gfxpayload, and wins. */
const char *protocol_video(const struct boot *boot);

/* Moves a position-independent kernel to its place, and plans. Errors: as plan_place() and
 * plan_make(). */
MUST_USE struct error protocol_plan(const struct boot *boot, struct plan *plan);

/* Writes to claimed memory and fills in *entry. Errors: as native_finish(). */
MUST_USE struct error protocol_finish(const struct boot *boot, const struct plan *plan,
                                      const struct ram *ram, struct cpu_entry *entry);

#endif
