/* ELF files made in memory, for tests. Nothing is checked: a test may ask for nonsense, or damage
 * the bytes afterwards. Offsets are written out anew (gABI, figures 4-3 and 5-1), not taken from
 * elf/. */
#ifndef TEST_ELF_IMAGE_H
#define TEST_ELF_IMAGE_H

#include "types.h"

#include <string.h>

enum { ELF_EXECUTABLE = 2, ELF_PT_LOAD = 1 };

/* A program header. */
struct elf_part {
    u32 type, flags;
    u64 offset, virt, phys, file_size, memory_size;
};

static inline void elf_put(u8 *at, u32 width, u64 value) {
    for (u32 i = 0; i < width; i++)
        at[i] = (u8)(value >> (8 * i));
}

static inline u32 elf_header_size(u32 bits) {
    return bits == 64 ? 64 : 52;
}

static inline u32 elf_part_size(u32 bits) {
    return bits == 64 ? 56 : 32;
}

static inline void elf_put_part(u8 *at, u32 bits, const struct elf_part *part) {
    u32 w = bits / 8;
    elf_put(at, 4, part->type);
    elf_put(at + (w == 8 ? 4 : 24), 4, part->flags);
    u8 *rest = at + (w == 8 ? 8 : 4);
    u64 words[] = {part->offset, part->virt, part->phys, part->file_size, part->memory_size};
    for (u32 i = 0; i < ARRAY_COUNT(words); i++)
        elf_put(rest + i * w, w, words[i]);
    elf_put(at + (w == 8 ? 48 : 28), w, 0x1000);
}

/* `table` is the file offset of `count` program headers. */
static inline void elf_put_header(u8 *file, u32 bits, u64 entry, u64 table, u32 count) {
    u32 w = bits / 8;
    memcpy(file,
           "\x7f"
           "ELF",
           4);
    file[4] = (u8)(w / 4);
    file[5] = file[6] = 1;
    elf_put(file + 16, 2, ELF_EXECUTABLE);
    elf_put(file + 18, 2, w == 8 ? 62 : 3);
    elf_put(file + 20, 4, 1);
    elf_put(file + 24, w, entry);
    elf_put(file + 24 + w, w, table);
    elf_put(file + (w == 8 ? 52 : 40), 2, elf_header_size(bits));
    elf_put(file + (w == 8 ? 54 : 42), 2, elf_part_size(bits));
    elf_put(file + (w == 8 ? 56 : 44), 2, count);
}

#endif
