/* The plan: everything that a boot will do, before it does any of it.
 *
 * plan_make() is a pure function of the machine, the kernel's headers, the options and the sizes
 * of the modules. It decides where everything goes, finds every conflict, and may refuse; after it,
 * only reading a disk can fail. `aloft plan` runs it on the host, so what that prints is what
 * the loader does.
 *
 *   physical   | BIOS | loader ...  | hole, ROMs | kernel ............. | free ... | tables |
 * handoff | modules |
 *   virtual    kernel > recursive slot > windows (handoff, temporary, framebuffer) > --map > direct
 * map > identity map
 *
 * Virtual addresses are given out in that order: where two mappings meet, the earlier one keeps the
 * address, and a note says what gave way. The result is one list of rows, sorted and disjoint,
 * which the page-table builder takes as it is.
 *
 * The handoff block holds the stack, the boot information, the GDT and the trampoline's page. It is
 * mapped at a window of its own near the top of the address space, with an unmapped page below the
 * stack and one above:
 *
 *   window  | guard | stack ............ | guard | information, GDT | trampoline |
 *   block           | stack ............ |       | information, GDT | trampoline |
 *
 * The block is contiguous in physical memory.
 *
 * With `low` (for Multiboot) modules lie as low as can be, and stack and information below 1 MiB.
 *
 * Physical memory is given out from the top of what the kernel can reach through its maps, so that
 * the memory right behind a kernel, where simple kernels allocate, stays free. */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "build.h"
#include "request.h"
#include "image.h"
#include "machine.h"

enum {
    PLAN_LOADS_MAX = ELF_SEGMENTS_MAX + 3 + CONFIG_MODULES_MAX,
    PLAN_ROWS_MAX = 256,
    PLAN_NOTES_MAX = 16,
};

/* Where Aloft itself lives while it loads; stage2/stage2.ld is the map of it. The memory is free
 * once the kernel runs. */
enum { LOADER_START = 0x1000, LOADER_END = 0x90000 };

/* The part of it that nobody needs after the last disk read (`bounce` in stage2.ld): boot
 * information may be written there before the jump. */
enum { LOADER_BUFFER = 0x10000, LOADER_BUFFER_END = 0x20000 };

/* Where its code and constants are, and nothing else (the boot sector and .real; what stage2.ld
 * puts in front of .bss, as far as most boots execute it). All else is zeroed before the jump.
 * These are not: emulators take 20 milliseconds to write to so many pages of executed code. */
enum {
    LOADER_REAL = 0x7000,
    LOADER_REAL_END = 0x9000,
    LOADER_CODE = LOADER_BUFFER_END,
    LOADER_CODE_END = 0x38000,
};

/* The interrupt vectors and the BIOS data area: left as they are, for kernels that go back to real
 * mode. */
enum { BIOS_DATA_END = 0x500 };

/* A run of bytes of a file, and zeros behind it, on its way to its place. */
struct load {
    u32 file;   /* 0: the kernel; else module file - 1 */
    u32 number; /* of the PT_LOAD, or of the module; LOAD_SYMBOLS */
    u64 offset; /* in the file */
    u64 file_size;
    u64 memory_size; /* at least file_size; the rest is zeroed */
    u64 phys;        /* the place */
    u64 staged; /* where the bytes are read to: phys, or elsewhere if the loader is in the way */
    bool late;  /* the trampoline moves and zeroes it, when the loader is done */
};

/* The run of the kernel's file with its section headers and symbols. */
enum { LOAD_SYMBOLS = 0xffff };

/* Whose a row is (struct map.owner). */
enum row_owner {
    ROW_KERNEL = 1,
    ROW_HANDOFF = 2,
    ROW_TRAMPOLINE = 3,
    ROW_DIRECT = 4,
    ROW_IDENTITY = 5,
    ROW_OPTION = 6,    /* --map */
    ROW_TEMPORARY = 7, /* the table of the window for temporary mappings */
    ROW_SCREEN = 8,    /* the framebuffer */
    ROW_RECURSIVE = 9, /* never in a finished plan: the slot is in the tables themselves */
};

struct plan {
    const struct image *image;
    bool paging; /* false with --paging=off: then there are no rows and no tables */
    struct paging_options options; /* the format, with what this CPU can do */
    u32 physical_bits;

    u32 load_count, row_count, note_count;
    struct load loads[PLAN_LOADS_MAX];
    struct map rows[PLAN_ROWS_MAX];     /* sorted by virtual address, disjoint */
    struct error notes[PLAN_NOTES_MAX]; /* nothing that stops the boot */
    struct claims claims;

    u64 entry;       /* the address to jump to: virtual, or physical without paging */
    u64 tables_phys; /* the root is the first frame */
    u32 table_frames;
    u64 boot_tables_phys; /* the tables with which paging goes on */
    u32 boot_table_frames;
    u64 trampoline_phys, trampoline_virt;
    u32 extra_cr4;      /* beside the format's bits */
    u64 screen_virt;    /* of the framebuffer; 0 if there is none */
    u64 temporary_virt; /* of the window for temporary mappings; 0 if there is none */
    u32 wish_count;
    struct table_wish wishes[3];    /* options.wishes points here: a plan is not to be copied */
    u64 handoff_phys, handoff_virt; /* of the block, which starts with the stack */
    u64 stack_size;
    u64 info_virt, info_phys; /* of its second part, info_size bytes in whole pages */
    u64 info_size;
    u64 symbols_phys; /* of request.symbols; 0 if it is not loaded */

    u64 identity_end;            /* physical addresses below are identity-mapped, holes excepted */
    u64 direct_virt, direct_end; /* the direct map; direct_end 0 if there is none */
};

struct plan_request {
    const struct machine *machine;
    const struct image *image;
    const struct kernel_options *options;
    u32 module_count;
    const u64 *module_sizes;
    u64 info_size;        /* bytes to set aside for the boot information and the GDT */
    struct range held;    /* memory with the kernel's file; size 0 for none */
    bool low;             /* as Multiboot kernels expect it; with paging off only (low.c) */
    struct range symbols; /* of the kernel's file, to be loaded too; size 0 for none */
    u64 modules_below;    /* 0: wherever the kernel sees them */
    u64 modules_else;     /* and where there is no room for them, below this; 0: nowhere else */
    bool modules_joined;  /* one behind the other, each at a multiple of 4, as module 0 */
};

/* Errors: PLAN_*, ELF_PAGE_OFFSET, ELF_PAGE_CONFLICT, PAGING_*. */
MUST_USE struct error plan_make(const struct plan_request *request, struct plan *plan);

/* The virtual address at which the kernel finds [phys, phys + size), through the direct map, else
 * the identity map, else any other row; PLAN_NO_ADDRESS if no row reaches it whole. */
#define PLAN_NO_ADDRESS (~(u64)0)
u64 plan_virtual(const struct plan *plan, u64 phys, u64 size);

/* The memory map as the kernel will find it: the machine's, with the plan's claims laid over it, in
 * whole pages. Kinds as memory_kind and claim_memory_kind(). */
MUST_USE struct error plan_memory(const struct machine *machine, const struct plan *plan,
                                  struct memory_map *map);

/* The rows of the tables with which paging goes on (their number is returned), and the options to
 * build them with. */
u32 plan_boot_rows(const struct plan *plan, struct map rows[2]);
struct paging_options plan_boot_options(const struct plan *plan);

/* The place of a module's bytes. */
u64 plan_module_phys(const struct plan *plan, u32 module);

#endif
