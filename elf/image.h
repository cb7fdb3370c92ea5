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
 * A position-independent kernel (ET_DYN) reads the same, with `relocatable` set. Its addresses are
 * those that it was linked at until elf_slide() moves them; then, with the bytes in memory,
 * elf_relocate() (relocate.h) makes the bytes agree:
 *
 *   elf_read -> choose a base -> elf_slide -> plan -> load -> elf_relocate
 *
 * Specification: System V ABI, "Object Files" (gABI 4.1) chapters 4 and 5; i386 and x86-64
 * supplements; the PT_GNU_* segments are described in the Linux Standard Base, Core 5.0,
 * section 11. */
#ifndef ELF_IMAGE_H
#define ELF_IMAGE_H

#include "source.h"

enum {
    ELF_SEGMENTS_MAX = 64,         /* PT_LOADs with something in them */
    ELF_PROGRAM_HEADERS_MAX = 512, /* of any type; bounds the work on a hostile file */
    ELF_BUILD_ID_MAX = 20,         /* bytes: a SHA-1, the linkers' longest */
    ELF_OPTIONS_MAX = 256,         /* characters of the Aloft note, with the NUL */
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
enum entry_kind { ENTRY_VIRTUAL, ENTRY_PHYSICAL, ENTRY_NOWHERE };

/* What PT_DYNAMIC and PT_GNU_RELRO tell of. It lies within one segment; RELRO may reach up to the
 * end of that segment's last page. */
struct image_part {
    u64 virt;
    u64 size; /* 0: the file has none */
};

/* The template of thread-local storage: what each thread's copy starts with. Its file_size bytes
 * lie within one segment; the rest of its memory_size is zero and lies nowhere. */
struct image_tls {
    u64 virt;
    u64 file_size;
    u64 memory_size; /* at least file_size; 0: the file has none */
    u64 align;       /* a power of two */
};

struct image {
    const char *name;
    u32 bits; /* 32 or 64 */
    u64 file_size;
    bool relocatable; /* ET_DYN: may be moved, and must be relocated even where it is not */
    u64 slide;        /* how far elf_slide() has moved it from where it was linked, modulo 2^bits */

    u64 entry; /* e_entry as it stands */
    enum entry_kind entry_kind;
    u64 entry_virt; /* the entry's virtual address, through the segment it lies in */
    u64 entry_phys; /* and its physical one */

    struct image_part dynamic;
    struct image_part relro; /* to be read-only once relocations are applied */
    struct image_tls tls;
    bool stack_stated; /* there is a PT_GNU_STACK */
    u32 stack_rights;  /* RIGHT_* it asks for; an executable stack is the one to look for */
    u64 pvh_entry;     /* the physical address of a Xen PVH entry note; 0: none */
    u32 build_id_size; /* 0: none */
    u8 build_id[ELF_BUILD_ID_MAX];
    char options[ELF_OPTIONS_MAX]; /* of ALOFT_OPTIONS: printable, NUL-terminated, "" if none */
    u32 options_size;              /* without the NUL */

    u32 segment_count;
    struct segment segments[ELF_SEGMENTS_MAX];
};

/* Reads the headers of `file` into *image. image->name is file->name. A PT_INTERP is passed over:
 * whether a kernel needs a dynamic linker is seen from its relocations.
 *
 * Errors: the ELF_* ones from ELF_MAGIC to ELF_VIRT_OVERLAP and from ELF_PART to
 * ELF_OPTIONS_CHARACTER, and what the source says. The checks that need a machine (is there RAM?)
 * are the planner's. */
MUST_USE struct error elf_read(const struct source *file, struct image *image);

/* Moves every virtual address of the image by `slide` and every physical one by `phys_slide`, as a
 * whole up or, with a negative slide as its two's complement, down; either may be 0. Slides add up.
 * ERROR_ELF_SLIDE, and an image as it was, where a segment would wrap or stop being canonical. A
 * slide is of use only if it is a multiple of the page size and of every alignment in the image;
 * that is for the caller to see to. */
MUST_USE struct error elf_slide(struct image *image, u64 slide, u64 phys_slide);

/* The same for a kernel that is entered with paging off, by protocols that know physical addresses
 * alone: virtual addresses may be any and may overlap, the file may be ET_DYN (it is not
 * relocated), nothing needs to be executable. An entry in no segment is taken as it stands, with
 * entry_kind ENTRY_NOWHERE. */
MUST_USE struct error elf_read_physical(const struct source *file, struct image *image);

#endif
