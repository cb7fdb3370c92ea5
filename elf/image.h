/* An ELF executable, reduced to what a loader needs.
 *
 * ELF32 and ELF64 become one struct image with 64-bit numbers; nothing after elf_read() knows which
 * it was except through `bits`. Only the ELF header and the program headers are read. Every sum on
 * numbers of the file is checked here, once, so that users of the image may add freely:
 *
 *   offset + file_size   lies within the file
 *   file_size            <= memory_size
 *   phys + memory_size   does not wrap
 *   virt + memory_size   does not wrap past the class's address space (4 GiB for ELF32)
 *
 * Segments keep the order of the program headers; `number` counts PT_LOADs in that order, and it is
 * what messages call "PT_LOAD 0". PT_LOADs with p_memsz 0 are dropped (but counted).
 *
 * Specification: System V ABI, "Object Files" (gABI 4.1) chapters 4 and 5; i386 and x86-64 supplements. */
#ifndef ELF_IMAGE_H
#define ELF_IMAGE_H

#include "source.h"

enum {
    ELF_SEGMENTS_MAX = 64,         /* PT_LOADs with something in them */
    ELF_PROGRAM_HEADERS_MAX = 512, /* of any type; bounds the work on a hostile file */
};

/* Rights, with the values of p_flags. */
enum {
    RIGHT_EXECUTE = 1,
    RIGHT_WRITE = 2,
    RIGHT_READ = 4,
};

struct segment {
    u32 number;      /* which PT_LOAD, from 0 */
    u32 rights;      /* RIGHT_*; all are executable in a file that marks none so */
    u64 offset;      /* of the first byte, in the file; 0 where file_size is 0 */
    u64 file_size;   /* bytes to read */
    u64 memory_size; /* bytes in memory; those past file_size are zero. At least 1 */
    u64 phys;        /* p_paddr: where the segment is put */
    u64 virt;        /* p_vaddr: where the kernel sees it */
    u64 align;       /* p_align as it stands */
};

/* How the entry address was understood: matched against virtual ranges first, then against physical
 * ones (kernels that say ENTRY(V2P(start)), xv6 among them). */
enum entry_kind { ENTRY_VIRTUAL, ENTRY_PHYSICAL };

struct image {
    const char *name;
    u32 bits;        /* 32 or 64 */
    u64 file_size;
    u64 entry;       /* e_entry as it stands */
    enum entry_kind entry_kind;
    u64 entry_virt;  /* the entry's virtual address, through the segment it lies in */
    u64 entry_phys;  /* and its physical one */
    u32 segment_count;
    struct segment segments[ELF_SEGMENTS_MAX];
};

/* Reads the headers of `file` into *image. image->name is file->name.
 *
 * Errors: the ELF_* ones from ELF_MAGIC to ELF_VIRT_OVERLAP, and what the source says. The checks
 * that need a machine (is there RAM?) are the planner's. */
MUST_USE struct error elf_read(const struct source *file, struct image *image);

#endif
