/* Relocations of a position-independent kernel, applied to its bytes in memory.
 *
 * A static PIE has relocations of one kind: add the slide to the word at this place (RELATIVE).
 * They stand in up to three tables, which PT_DYNAMIC names:
 *
 *   DT_REL    place, type           the word in place is the address as linked
 *   DT_RELA   place, type, addend   the addend is; what stands in the place does not matter
 *   DT_RELR   places only           one even word is a place, an odd one a bitmap of those behind
 *
 * They must be applied even if the slide is 0: RELA's places are zero in the file. Any other type
 * wants a symbol or a dynamic linker and is refused. All addresses in the tables are as linked.
 *
 * Everything is read from and written to pieces of the image. Pieces may lie anywhere, also where
 * the loader has put them aside; a table and a place must lie within one, at any alignment. The
 * work is bounded by the size of the pieces.
 *
 * Specification: gABI 4.3 chapter 7, "Dynamic Section" and "Relocation" (RELR among them); the
 * types are in the i386 and x86-64 supplements. */
#ifndef ELF_RELOCATE_H
#define ELF_RELOCATE_H

#include "image.h"

/* Bytes of the image that are in memory: a segment, or a part of one. */
struct elf_piece {
    u64 virt; /* as linked: segment.virt - image.slide */
    u64 size;
    u8 *bytes;
};

/* Applies all relocations of `image` for the addresses that elf_slide() gave it, once: a second
 * time would move the places of REL and RELR again. Nothing to do if it is not relocatable or has
 * no PT_DYNAMIC. After an error some places are changed and others are not.
 *
 * Errors: ELF_RELOCATION, ELF_RELOCATION_PLACE, ELF_RELOCATION_TABLE, with addresses as linked. */
MUST_USE struct error elf_relocate(const struct image *image, const struct elf_piece *pieces,
                                   u32 piece_count);

#endif
