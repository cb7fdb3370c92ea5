/* What of a Multiboot kernel's file goes where.
 *
 * The result is the struct image that the planner takes, by physical addresses alone: virt == phys,
 * 32-bit (so is the mode in which the kernel is entered, whatever the class of its file).
 *
 * If the header has load addresses, it comes from these: one run of the file, at load, zeros behind
 * it up to bss_end. They win over the ELF headers of the same file, which may lack the BSS.
 *
 * Else it comes from the ELF headers: each PT_LOAD at its p_paddr. The entry is matched against
 * virtual ranges, then against physical ones; an entry in the header is used as it stands.
 *
 * Symbols: of an ELF file the section header table and all sections that are not loaded with a
 * segment lie in one run of the file. The run is loaded, and the sections' sh_addr then say where
 * they are. Of an a.out file loaded by addresses it is the symbol table with the string table. The
 * run is all that open needs to find; the planner gives it a place.
 *
 * Specification: Multiboot 0.6.96, sections 3.1.3 and 3.3; Multiboot 2,
 * sections 3.1.5, 3.1.12, 3.6.7; gABI chapter 4; a.out(5). */
#ifndef HANDOFF_MULTIBOOT_IMAGE_H
#define HANDOFF_MULTIBOOT_IMAGE_H

#include "image.h"
#include "machine.h"
#include "multiboot_header.h"
#include "range.h"

enum { MULTIBOOT_SECTIONS_MAX = 2048 };

/* A run of the file; its end is below 4 GiB. */
struct file_run {
    u32 start, end;
};

struct multiboot_symbols {
    struct file_run run; /* empty if there are none */
    u32 table;           /* the section header table, in the file */
    u16 section_count;   /* 0 for a.out */
    u16 entry_size;      /* of a section header: 40 or 64 */
    u16 name_section;    /* e_shstrndx */
    u32 symbols_size;    /* a.out: bytes of symbols, ... */
    u32 strings_size;    /* ... and of strings, their own size field included */
    const char *lack;    /* why the file's sections are not passed on; NULL if nothing is lost */
};

/* elf_first: an ELF file's own headers are used although the header has load addresses.
 * Errors: ELF_*, MULTIBOOT_ADDRESSES, MULTIBOOT_ENTRY, MULTIBOOT_NOT_ELF, and what the source
 * says. */
MUST_USE struct error multiboot_image(const struct source *file,
                                      const struct multiboot_header *header, bool elf_first,
                                      struct image *image, struct multiboot_symbols *symbols);

/* Moves the image to where the relocatable tag wants it, all segments by the same distance.
 * MULTIBOOT_RELOCATE. */
MUST_USE struct error multiboot_relocate(const struct machine *machine,
                                         const struct multiboot_header *header,
                                         struct image *image);

/* With the run loaded at `phys` and found at `bytes`: writes the sections' addresses into the
 * table. */
void multiboot_patch_sections(const struct multiboot_symbols *symbols, u8 *bytes, u32 phys);

#endif
