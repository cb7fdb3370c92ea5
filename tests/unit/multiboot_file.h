/* Multiboot kernels made in memory, for tests. Offsets are written out anew from the
 * specifications, not taken from handoff/. Nothing is checked: a test may ask for nonsense, or
 * damage the bytes afterwards. */
#ifndef TEST_MULTIBOOT_FILE_H
#define TEST_MULTIBOOT_FILE_H

#include "elf_image.h"

enum { FILE_MAX = 0x12000, BODY = 0x1000 };

struct made_file {
    u8 bytes[FILE_MAX];
    u32 size;
};

static inline void put_words(struct made_file *file, u32 at, const u32 *words, u32 count) {
    for (u32 i = 0; i < count; i++)
        elf_put(file->bytes + at + 4 * i, 4, words[i]);
    if (at + 4 * count > file->size)
        file->size = at + 4 * count;
}

/* `fields` follow the checksum. */
static inline void put_header_1(struct made_file *file, u32 at, u32 flags, const u32 *fields,
                                u32 count) {
    const u32 words[] = {0x1badb002, flags, -(0x1badb002 + flags)};
    put_words(file, at, words, 3);
    put_words(file, at + 12, fields, count);
}

/* `tags` as they stand in the file; an end tag is added. */
static inline void put_header_2(struct made_file *file, u32 at, const u32 *tags, u32 count) {
    u32 length = 16 + 4 * count + 8;
    const u32 words[] = {0xe85250d6, 0, length, -(0xe85250d6 + length)}, end[] = {0, 8};
    put_words(file, at, words, 4);
    put_words(file, at + 16, tags, count);
    put_words(file, at + 16 + 4 * count, end, 2);
}

/* A section header. */
struct made_section {
    u32 name, type;
    u64 address, offset, size;
};

static inline void put_section(u8 *at, u32 bits, const struct made_section *section) {
    u32 w = bits / 8;
    elf_put(at, 4, section->name);
    elf_put(at + 4, 4, section->type);
    elf_put(at + 8 + w, w, section->address);
    elf_put(at + 8 + 2 * w, w, section->offset);
    elf_put(at + 8 + 3 * w, w, section->size);
}

/* An ELF kernel: the header at 0x100, 0x1800 bytes of code at BODY (the byte at n is n * 7), loaded
 * at `phys` with a BSS up to `memory_size`; symbols at 0x3000, strings at 0x3200 and the section
 * header table at 0x3400. */
static inline void make_elf(struct made_file *file, u32 bits, u64 virt, u64 phys, u64 memory_size) {
    memset(file, 0, sizeof *file);
    file->size = 0x3400 + 6 * (bits == 64 ? 64 : 40);
    elf_put_header(file->bytes, bits, virt + 0x10, elf_header_size(bits), 1);
    u8 *header = file->bytes;
    u32 w = bits / 8;
    elf_put(header + 24 + 2 * w, w, 0x3400);
    elf_put(header + (bits == 64 ? 58 : 46), 2, bits == 64 ? 64 : 40);
    elf_put(header + (bits == 64 ? 60 : 48), 2, 6);
    elf_put(header + (bits == 64 ? 62 : 50), 2, 5);
    const struct elf_part part = {1, 7, BODY, virt, phys, 0x1800, memory_size};
    elf_put_part(header + elf_header_size(bits), bits, &part);
    for (u32 i = 0; i < 0x1800; i++)
        header[BODY + i] = (u8)(i * 7);
    for (u32 i = 0; i < 0x400; i++)
        header[0x3000 + i] = (u8)(i * 3 + 1);
    const struct made_section sections[] = {
        {0, 0, 0, 0, 0},
        {1, 1, virt, BODY, 0x1800},
        {7, 8, virt + 0x1800, BODY + 0x1800, memory_size - 0x1800},
        {12, 2, 0, 0x3000, 0x200},
        {20, 8, 0, 0x3000, 0x100},
        {28, 3, 0, 0x3200, 0x180}};
    for (u32 i = 0; i < 6; i++)
        put_section(header + 0x3400 + i * (bits == 64 ? 64u : 40u), bits, &sections[i]);
}

#endif
