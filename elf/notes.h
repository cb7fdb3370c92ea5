/* The notes of an ELF file, of which three matter here: the build-id, Xen's PVH entry, and Aloft's
 * own, which holds options as they would stand behind `kernel` in the configuration (ALOFT_OPTIONS
 * in aloft.h).
 *
 *   name size | descriptor size | type | name, NUL, up to 4 bytes | descriptor, up to 4 bytes
 *
 * Notes are read with 4-byte alignment whatever p_align says: what is aligned to 8 bytes in
 * practice (.note.gnu.property) has sizes that are multiples of 8, and a linker script that puts
 * all notes into one section mixes both kinds. The zeros that it leaves in between are skipped.
 *
 * Specification: gABI 4.1 chapter 5, "Note Section"; GNU's build-id is note type 3 of "GNU";
 * Xen, include/public/elfnote.h. */
#ifndef ELF_NOTES_H
#define ELF_NOTES_H

#include "image.h"

enum {
    ELF_NOTES_MAX = 64,           /* of a file, with words of padding; bounds the work */
    ELF_NOTES_SIZE_MAX = 0x10000, /* of a PT_NOTE; keeps its sums in 32 bits */
};

/* Reads one PT_NOTE into image->build_id, image->pvh_entry and image->options; options of several
 * notes are joined with a space. *seen counts the notes of the file so far. */
MUST_USE struct error elf_read_notes(const struct source *file, u64 offset, u64 size, u32 *seen,
                                     struct image *image);

#endif
