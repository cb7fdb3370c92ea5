/* The last value: everything that the CPU is to hold when the kernel's first instruction runs.
 *
 * C computes it, one assembly routine (stage2/trampoline.asm) loads it. A handoff can thus be
 * tested without a CPU. Its layout is shared with assembly through stage2/offsets.c. */
#ifndef HANDOFF_ENTRY_H
#define HANDOFF_ENTRY_H

#include "types.h"

enum {
    ENTRY_MOVES_MAX = 68,     /* a kernel's segments, and the loader's memory in four pieces */
    TRAMPOLINE_ENTRY = 0x200, /* where struct cpu_entry stands in the trampoline's page */
};

/* Selectors in the GDT that the kernel gets; Multiboot kernels expect these two as well, Linux has
 * its own. */
enum {
    SELECTOR_CODE = 0x08,
    SELECTOR_DATA = 0x10,
    GDT_SIZE = 24,
    LINUX_CODE = 0x10,
    LINUX_DATA = 0x18,
    LINUX_GDT_SIZE = 32,
};

/* In order: bytes to copy within physical memory below 4 GiB when the loader is done with its own
 * memory, then zeros behind them. Sources and places never overlap. */
struct move {
    u32 from;
    u32 to;
    u32 size;
    u32 zero_size;
};

struct cpu_entry {
    u64 ip;
    u64 sp;
    u64 ax, bx, si, di; /* all other general registers are 0 */
    u64 trampoline;     /* where the kernel's tables have the trampoline's page */
    u64 pat;            /* the page attribute table; 0 to leave it as it is */
    u32 bits;           /* 32 or 64: the mode of the code at ip */
    u32 code, data;     /* selectors */
    u32 cr0;
    u32 cr3;      /* the kernel's page tables. Tables lie below 4 GiB, for 32-bit code loads them */
    u32 boot_cr3; /* those with which paging goes on: they map the trampoline's page alone */
    u32 cr4;
    u32 has_cr4;            /* 0 for CPUs without the register (before the Pentium) */
    u32 efer;               /* written only if it is not 0: older CPUs have no such register */
    u8 gdt[LINUX_GDT_SIZE]; /* a copy of the kernel's, in the one page that is there before and
                           after paging goes on */
    u8 gdt_here[8];         /* operands of LGDT: limit and address of that copy ... */
    u8 gdt_virtual[16];     /* ... and limit and virtual address of the kernel's */
    u8 idt[16];             /* operand of LIDT: all zeros */
    u8 far_target[8];       /* the trampoline's own: the far jump that reloads CS */
    u32 move_count;
    struct move moves[ENTRY_MOVES_MAX];
};

#endif
