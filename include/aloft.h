/* SPDX-License-Identifier: 0BSD
 *
 * aloft.h: what the Aloft boot loader hands to a kernel. Copy this file into your kernel.
 *
 * A kernel needs no header, no note and no assembly to be booted by Aloft: any static ELF32 or ELF64
 * executable will do. Aloft puts every PT_LOAD at its physical address (p_paddr), maps it at its virtual
 * address (p_vaddr) with the rights of p_flags, gives it a stack, and calls the entry point with one
 * argument in the System V ABI of its class:
 *
 *     #include "aloft.h"
 *     void kernel_main(const struct aloft_info *info) { ... }      // ENTRY(kernel_main)
 *
 * The full machine state at entry is in docs/handoff.md. In short: protected or long mode, paging on,
 * interrupts off, flat segments (code 08h, data 10h), a mapped stack with an unmapped page below it.
 *
 * Every address named *_virt below is mapped and can be used as it is; *_phys beside it is the
 * physical address of the same bytes. All fields have the same place for 32-bit and 64-bit kernels.
 *
 * A newer Aloft may append fields: `size` tells how much of struct aloft_info is there, and every
 * table tells the size of its entries; use ALOFT_EACH to step through one.
 *
 * The file serves C, C++ and assembly (.S); for NASM there is aloft.inc. */
#ifndef ALOFT_H
#define ALOFT_H

#define ALOFT_MAGIC 0x54464c41 /* "ALFT", in EAX/RAX at entry */
#define ALOFT_VERSION 1

/* aloft_memory.kind. Ranges are whole pages, sorted, and do not overlap. */
#define ALOFT_MEMORY_USABLE 1       /* RAM that nobody uses */
#define ALOFT_MEMORY_RESERVED 2     /* never touch it */
#define ALOFT_MEMORY_ACPI 3         /* ACPI tables: usable once you have read them */
#define ALOFT_MEMORY_NVS 4          /* ACPI's own storage: keep it */
#define ALOFT_MEMORY_BAD 5          /* broken RAM */
#define ALOFT_MEMORY_BIOS 16        /* page 0: interrupt vectors and BIOS data; usable if you never go back to
                                     * real mode */
#define ALOFT_MEMORY_KERNEL 17      /* your PT_LOADs */
#define ALOFT_MEMORY_MODULE 18      /* the modules */
#define ALOFT_MEMORY_TABLES 19      /* the page tables: usable once you have your own */
#define ALOFT_MEMORY_HANDOFF 20     /* stack, this information, GDT: usable once you have your own */
#define ALOFT_MEMORY_TRAMPOLINE 21  /* the page tables with which paging went on: usable at once */

/* aloft_segment.rights: as p_flags. */
#define ALOFT_EXECUTE 1
#define ALOFT_WRITE 2
#define ALOFT_READ 4

/* aloft_mapping.attributes */
#define ALOFT_MAP_WRITE 1
#define ALOFT_MAP_EXECUTE 2
#define ALOFT_MAP_USER 4
#define ALOFT_MAP_GLOBAL 8
#define ALOFT_MAP_UNCACHED 16
#define ALOFT_MAP_WRITE_COMBINING 64

/* aloft_mapping.purpose */
#define ALOFT_FOR_KERNEL 1     /* your PT_LOADs */
#define ALOFT_FOR_HANDOFF 2    /* the stack and this information */
#define ALOFT_FOR_TRAMPOLINE 3
#define ALOFT_FOR_DIRECT 4     /* the direct map */
#define ALOFT_FOR_IDENTITY 5   /* the identity map */
#define ALOFT_FOR_OPTION 6     /* --map */
#define ALOFT_FOR_TEMPORARY 7  /* the page table of the window for temporary mappings */
#define ALOFT_FOR_SCREEN 8     /* the framebuffer */

/* aloft_info.paging */
#define ALOFT_PAGING_OFF 0
#define ALOFT_PAGING_32 1       /* two levels, 4 KiB pages */
#define ALOFT_PAGING_32_PSE 2   /* two levels, 4 KiB and 4 MiB pages */
#define ALOFT_PAGING_PAE 3
#define ALOFT_PAGING_4LEVEL 4
#define ALOFT_PAGING_5LEVEL 5

/* aloft_screen.kind */
#define ALOFT_SCREEN_NONE 0
#define ALOFT_SCREEN_TEXT 1        /* cells of character and colour, 2 bytes each */
#define ALOFT_SCREEN_FRAMEBUFFER 2 /* pixels */

#define ALOFT_NO_ADDRESS 0xffffffffffffffff
#define ALOFT_NO_SLOT 0xffffffff
#define ALOFT_NO_RIGHTS 0xffffffff

/* ALOFT_OPTIONS("--paging=pae --stack=128K"), once in a source file, outside of functions: options as
 * they would stand behind `kernel` in the configuration, in the kernel itself. Those of the
 * configuration win. Several files may have some: they are put together, 255 characters at most.
 *
 * The options are an ELF note (name "Aloft", type ALOFT_NOTE_OPTIONS, descriptor the string) in the
 * section .note.aloft, which --gc-sections keeps. Aloft finds it through the PT_NOTE program header.
 * Linkers make one by themselves, also with a linker script that does not mention notes, but for
 * two cases:
 *
 *   - The script has PHDRS. Then put the note into a PT_LOAD and a PT_NOTE:
 *         PHDRS    { ... rodata PT_LOAD; note PT_NOTE; ... }
 *         SECTIONS { ... .rodata : { *(.rodata*) } :rodata
 *                        .note.aloft : { KEEP(*(.note.aloft)) } :rodata :note
 *                        .data : { *(.data*) } :data ... }
 *     (with the AT() that .rodata has, if it has one).
 *   - The script discards notes: /DISCARD/ : { *(.note*) }. The line .note.aloft of above, before
 *     that one, keeps this note.
 *
 * `readelf -n kernel.elf` shows it. */
#define ALOFT_NOTE_OPTIONS 1

#ifdef __ASSEMBLER__
#define ALOFT_OPTIONS(string)                                                            \
    .pushsection .note.aloft, "a", @note; .balign 4;                                     \
    .long 6, 7712f - 7711f, ALOFT_NOTE_OPTIONS; .asciz "Aloft"; .balign 4;               \
    7711: .asciz string; 7712: .balign 4; .popsection
#else
#define ALOFT_OPTIONS(string)                                                            \
    __attribute__((section(".note.aloft"), used, aligned(4))) static const struct {      \
        unsigned name_size, size, type;                                                  \
        char name[8], text[sizeof(string)];                                              \
    } aloft_options_note = {6, sizeof(string), ALOFT_NOTE_OPTIONS, "Aloft", string}
#endif

#ifndef __ASSEMBLER__

#include <stdint.h>

struct aloft_table {
    uint64_t virt;       /* of the first entry; 0 if there are none */
    uint32_t count;
    uint32_t entry_size; /* bytes from one entry to the next */
};

struct aloft_memory {
    uint64_t start;     /* physical */
    uint64_t size;
    uint32_t kind;      /* ALOFT_MEMORY_* */
    uint32_t bios_type; /* the number that the BIOS's memory map (E820) has for it; 0 where it has none */
};

struct aloft_segment { /* a PT_LOAD of the kernel */
    uint64_t virt;
    uint64_t phys;
    uint64_t size;      /* in memory */
    uint64_t file_size; /* the bytes past this many are zero */
    uint32_t rights;    /* ALOFT_READ, _WRITE, _EXECUTE */
    uint32_t number;    /* which PT_LOAD of the file, from 0 */
};

struct aloft_module {
    uint64_t virt; /* ALOFT_NO_ADDRESS if it lies where no mapping reaches */
    uint64_t phys; /* whole pages of its own; the bytes behind the end, up to the page's, are zero */
    uint64_t size;
    uint64_t path_virt;      /* string */
    uint64_t arguments_virt; /* string, what follows the path in the configuration */
};

struct aloft_mapping {
    uint64_t virt;
    uint64_t phys;
    uint64_t size;
    uint32_t attributes; /* ALOFT_MAP_* */
    uint32_t purpose;    /* ALOFT_FOR_* */
};

struct aloft_screen {
    uint32_t kind; /* ALOFT_SCREEN_* */
    uint32_t width, height;   /* cells or pixels */
    uint32_t pitch;           /* bytes from a row to the next */
    uint32_t bits_per_pixel;  /* 16 for text cells */
    uint8_t red_position, red_size; /* bits, in a framebuffer */
    uint8_t green_position, green_size;
    uint8_t blue_position, blue_size;
    uint8_t reserved[6];
    uint64_t virt, phys;
};

struct aloft_boot_drive {
    uint8_t bios_number; /* 0x00 first floppy, 0x80 first hard disk */
    uint8_t reserved[3];
    uint32_t partition;  /* from 1; 0 if the disk has no partitions */
    uint32_t sector_size;
    uint32_t reserved2;
    uint64_t partition_start; /* sectors from the start of the drive */
};

/* What the boot took, in cycles of the time stamp counter (RDTSC). All 0 where the processor has none.
 * The parts are disjoint; what is in none of them (a menu that waits, messages) is in the total. Your
 * own RDTSC minus `start` is the time since the loader's begin, up to where you are. */
struct aloft_timings {
    uint64_t start;  /* the counter itself at stage 2's first C instruction; what follows are durations */
    uint64_t probe;  /* A20, memory map, CPU, firmware tables */
    uint64_t open;   /* partition, file system, configuration; headers of kernel and modules */
    uint64_t plan;   /* where everything goes; with --video also what modes there are */
    uint64_t load;   /* kernel and modules */
    uint64_t tables; /* page tables, this information, the last check */
    uint64_t total;  /* from `start` until this was written, just before paging goes on */
};

struct aloft_info {
    uint32_t version; /* ALOFT_VERSION */
    uint32_t size;    /* bytes of this structure that are there */

    uint64_t loader_name_virt;  /* strings, NUL-terminated */
    uint64_t kernel_path_virt;
    uint64_t command_line_virt; /* what follows the path in the configuration */

    struct aloft_table memory;   /* struct aloft_memory: the map of physical memory, as it is now */
    struct aloft_table segments; /* struct aloft_segment */
    struct aloft_table modules;  /* struct aloft_module */
    struct aloft_table mappings; /* struct aloft_mapping: everything that the page tables map */

    struct aloft_boot_drive drive;
    struct aloft_screen screen;

    uint64_t rsdp_virt, rsdp_phys;     /* ACPI's root pointer; phys is 0 if there is none */
    uint64_t smbios_virt, smbios_phys; /* the SMBIOS entry point; likewise */

    uint32_t paging;      /* ALOFT_PAGING_* */
    uint32_t serial_port; /* I/O address of the first serial port (115200 8N1), 0 if there is none */
    uint64_t root_phys;   /* of the top page table: what CR3 holds */
    uint64_t tables_phys; /* the page tables: consecutive frames, the top one first */
    uint64_t tables_virt;
    uint64_t table_frames;

    uint64_t identity_end;    /* physical memory below this is mapped at its own address (holes excepted) */
    uint64_t direct_virt;     /* where the direct map shows physical 0; ALOFT_NO_ADDRESS if there is none */
    uint64_t direct_end;      /* physical memory below this is in it (holes excepted) */

    uint64_t stack_virt, stack_phys; /* lowest byte; the page below is not mapped */
    uint64_t stack_size;
    uint64_t handoff_virt, handoff_phys; /* this information with its tables and strings, and the GDT */
    uint64_t handoff_size;

    uint32_t recursive_slot;  /* of the top page table (PAE: of the last directory), or ALOFT_NO_SLOT */
    uint32_t temporary_slots; /* pages in the window for temporary mappings, 0 if there is none */
    uint64_t temporary_virt;  /* of that window; its first page is the window's own page table */

    uint64_t slide;       /* how far a position-independent kernel was moved from where it was linked */
    uint64_t tls_virt;    /* the template of thread-local storage (PT_TLS), in one of your segments: */
    uint64_t tls_file_size; /* each thread's copy begins with these bytes of it, ... */
    uint64_t tls_size;      /* ... is as long as this, and the rest is zero; 0 if there is none */
    uint64_t tls_align;
    uint64_t relro_virt;  /* PT_GNU_RELRO: what you may make read-only now; relocations are applied */
    uint64_t relro_size;  /* 0 if there is none */
    uint32_t stack_rights;  /* ALOFT_* that PT_GNU_STACK asks for; ALOFT_NO_RIGHTS if there is none */
    uint32_t build_id_size; /* bytes of the file's build-id that follow; 0 if it has none */
    uint8_t build_id[24];

    struct aloft_timings timings;
};

/* for (ALOFT_EACH(const struct aloft_memory, m, info->memory)) use(m->start); */
#define ALOFT_EACH(type, each, table)                                                              \
    type *each = (type *)(uintptr_t)(table).virt, *each##_end = (type *)(uintptr_t)((table).virt + \
        (uint64_t)(table).count * (table).entry_size);                                             \
    each < each##_end; each = (type *)((uintptr_t)each + (table).entry_size)

/* A *_virt field as a pointer. */
#define ALOFT_POINTER(type, virt) ((type *)(uintptr_t)(virt))

#endif /* __ASSEMBLER__ */
#endif
