/* What an ELF file holds beside what is loaded: section headers and symbols, and the program
 * headers as they stand, for naming things. All of it is optional, and none of it is checked by
 * elf_read(): every read is bounded here.
 *
 * Specification: System V ABI (gABI 4.1) chapter 4, sections "Sections" and "Symbol Table", and
 * chapter 5, "Program Header". */
#ifndef TOOLS_SECTIONS_H
#define TOOLS_SECTIONS_H

#include "bytes.h"

enum {
    SECTION_SYMTAB = 2, /* in sh_type */
    SECTION_NOBITS = 8,
    SECTION_ALLOC = 2, /* in sh_flags */
};

/* Where the fields stand; a row for each class, in sections.c. */
struct elf_fields;

struct sections {
    struct bytes file;
    const struct elf_fields *fields;
    u64 headers; /* file offset of the section headers */
    u32 header_size, count;
    u64 segments; /* and of the program headers */
    u32 segment_size, segment_count;
};

struct section {
    u32 name, type, link;
    u64 flags, address, offset, size;
};

/* A program header as it stands; a sum of its numbers may wrap. */
struct section_load {
    u64 rights; /* p_flags */
    u64 offset, virt, phys, file_size, memory_size;
};

/* A name that can be shown: cut, and without control characters. */
struct section_text {
    char text[65];
};

/* `file` is an ELF file of 32 or 64 bits; nothing is found in one that is too short. */
struct sections sections_of(struct bytes file, u32 bits);

/* The section of this number; false behind the last. */
bool section_read(const struct sections *sections, u32 index, struct section *section);

/* The allocated section at a virtual address; false if there is none. */
bool section_at(const struct sections *sections, u64 virt, struct section *section);

struct section_text section_name(const struct sections *sections, const struct section *section);

/* The PT_LOAD of this number, counted as struct segment counts; false behind the last. */
bool section_load(const struct sections *sections, u32 number, struct section_load *load);

/* Is this section, which is allocated and not empty, in that PT_LOAD? */
bool section_in_load(const struct section *section, const struct section_load *load);

/* The last symbol of a place at or before the address, in the bytes that lie within `reach` before
 * it; false if there is none. */
struct symbol {
    struct section_text name;
    u64 value;
};
bool section_symbol(const struct sections *sections, u64 address, u64 reach, struct symbol *symbol);

#endif
