/* A file with a Multiboot header of one version: found, read, and made an image. The file is the
 * fuzzer's bytes and zeros behind them, with the header's magic number and checksum put right where
 * the first byte says; the second one says how far it goes on. */
#ifndef FUZZ_HEADER_H
#define FUZZ_HEADER_H

#include "bytes.h"
#include "fuzz.h"
#include "machines.h"
#include "multiboot_image.h"

enum { HEADER_INPUT_MAX = 8192 };

/* Puts right what makes a header of four words, of which the last but one or the last is the sum.
 */
static inline void put_sum(const struct multiboot_rule *rule, u8 *at) {
    u32 words[4];
    store32(at, rule->magic);
    if (rule->sum_words == 4)
        store32(at + 4, 0); /* the architecture */
    store32(at + 4 * rule->sum_words - 4, 0);
    for (u32 i = 0; i < 4; i++)
        words[i] = load32(at + 4 * i);
    store32(at + 4 * rule->sum_words - 4, -multiboot_sum(rule, words));
}

/* Makes the input a file with a header at `place`, or leaves it as it is for the highest places: a
 * file without a header is only searched. Returns its size. */
enum { AS_IT_IS = 0xf0 };
static inline size_t put_header(u32 version, u32 place, struct bytes input, u8 *file) {
    const struct multiboot_rule *rule = multiboot_rule(version);
    size_t at = (place & 0x7f) * rule->alignment, size = input.size;
    memcpy(file, input.at, input.size);
    if (place >= AS_IT_IS)
        return size;
    if (size < at + 16) {
        memset(file + size, 0, at + 16 - size);
        size = at + 16;
    }
    put_sum(rule, file + at);
    return size;
}

static inline void check_symbols(const struct source *file, const struct multiboot_symbols *symbols,
                                 u32 phys) {
    const struct file_run *run = &symbols->run;
    MUST(run->start <= run->end && run->end <= file->size);
    if (!run->end || run->end - run->start > 1 << 16)
        return;
    u8 *bytes = malloc(run->end - run->start);
    MUST(!source_read(file, run->start, bytes, run->end - run->start).code);
    multiboot_patch_sections(symbols, bytes, phys);
    free(bytes);
}

static inline void check_image_of(const struct source *file, const struct image *image) {
    MUST(image->segment_count && image->segment_count <= ELF_SEGMENTS_MAX);
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        u64 end;
        MUST(segment->memory_size && segment->file_size <= segment->memory_size);
        MUST(segment->offset <= file->size && segment->file_size <= file->size - segment->offset);
        MUST(!__builtin_add_overflow(segment->phys, segment->memory_size, &end));
    }
}

static inline void read_image(const struct source *file, const struct machine *machine, u32 flags,
                              const struct multiboot_header *header) {
    static struct image image;
    struct multiboot_symbols symbols;
    struct error error = multiboot_image(file, header, flags & 1, &image, &symbols);
    show_error(error);
    if (error.code)
        return;
    check_image_of(file, &image);
    check_symbols(file, &symbols, 0x200000);
    if (header->relocatable)
        show_error(multiboot_relocate(machine, header, &image));
    check_image_of(file, &image);
}

static inline int fuzz_header(u32 version, const u8 *data, size_t size) {
    static u8 bytes[HEADER_INPUT_MAX];
    static struct machine machine;
    static bool made;
    struct multiboot_header header;
    struct feed feed = {data, size};
    u32 place = (u32)feed_number(&feed, 1), flags = (u32)feed_number(&feed, 1);
    struct bytes input = feed_bytes(&feed, HEADER_INPUT_MAX);
    if (!made)
        machine = machine_of(qemu_16m, CPU_PENTIUM, 32);
    made = true;
    struct medium medium = {.bytes = {bytes, put_header(version, place, input, bytes)}};
    u64 more = flags & 12 && place < AS_IT_IS ? (u64)1 << (8 + (flags & 12)) : 0;
    struct source file = medium_source(&medium, medium.bytes.size + more);
    struct error error = multiboot_header_read(&file, version, flags & 2, &header);
    show_error(error);
    if (error.code)
        return 0;
    MUST((header.version == 1 || header.version == 2) && header.offset < file.size);
    read_image(&file, &machine, flags, &header);
    return 0;
}

#endif
