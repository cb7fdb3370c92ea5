/* What `aloft check` says of a file beyond what the loader would say: which sections a problem is
 * about, the lines to write, and what works but will bite.
 *
 *   E83: k.elf: PT_LOAD 0 and PT_LOAD 1 overlap at physical 0x100000        the loader's words
 *       PT_LOAD 0 is .text; PT_LOAD 1 is .rodata
 *   What to do: each section needs an AT() of its own: ...                  the loader's words
 *   In the linker script:
 *       .rodata : AT(ADDR(.rodata) - 0xc0000000) { *(.rodata) }
 *
 * Problems keep the kernel from being booted, notes do not. */
#ifndef TOOLS_CHECK_H
#define TOOLS_CHECK_H

#include "message.h"
#include "plan.h"
#include "sections.h"

/* What is checked. */
struct check {
    struct bytes file;
    bool is_elf; /* sections may be asked */
    struct sections sections;
    const struct image *image; /* complete only where elf_read() was content */
};

struct check check_of(struct bytes file, const struct image *image);

/* An error of the loader's with all of that; `kind` stands before it: "" or "note ". */
void check_explain(const struct check *check, const char *kind, const struct error *error);

/* ".text .rodata" of a PT_LOAD, or " (.text .rodata)", as a new string; "" where none is known. */
const char *check_sections_of(const struct check *check, u32 load);
const char *check_named(const struct check *check, u32 load);

/* Virtual minus physical of the PT_LOAD that the entry is in, else of the first; of those only that
 * are not at their own physical address, or 0. Sections that are elsewhere are taken for the
 * mistake. */
u64 check_offset(const struct check *check);

/* Prints the lines that put the sections of a PT_LOAD at their virtual address minus `offset`. */
void check_print_at_lines(const struct check *check, u32 load, u64 offset);

/* The lines that give two kinds of sections pages, and so rights, of their own. */
void check_print_rights_lines(const char *sections);

/* Notes on the segments of an image that can be booted (check_notes.c). */
void check_print_notes(const struct check *check);

/* ---- Multiboot headers (check_multiboot.c) ---- */

/* Where the first header of a version (1 or 2) is whose numbers add up to 0, wherever that is. */
struct found_header {
    bool found;
    bool usable; /* aligned, and within the reach that the specification gives loaders */
    u64 offset;
};

/* Specification: Multiboot 0.6.96, section 3.1; Multiboot2 2.0, section 3.1. */
struct found_header check_multiboot(struct bytes file, u32 version);

/* Notes on headers that no loader finds, or that the usual ways to boot do not take. */
void check_print_multiboot(const struct check *check);

#endif
