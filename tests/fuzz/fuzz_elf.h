/* An ELF file of one class, whose first bytes are right: read as a native kernel and by physical
 * addresses; what image.h promises holds, and the image can be moved there and back. The file is
 * the fuzzer's bytes, and zeros behind them. */
#ifndef FUZZ_ELF_H
#define FUZZ_ELF_H

#include "fuzz.h"
#include "image.h"

enum { ELF_INPUT_MAX = 8192, ELF_IDENT = 16 };

static inline bool in_class(u32 bits, u64 start, u64 size) {
    u64 end;
    return bits == 32 ? start + size <= (u64)1 << 32 : !__builtin_add_overflow(start, size, &end);
}

static inline void check_options(const struct image *image) {
    MUST(memchr(image->options, 0, sizeof image->options));
    for (const char *at = image->options; *at; at++)
        MUST((u8)*at >= 0x20 && *at != 0x7f);
    MUST(image->build_id_size <= ELF_BUILD_ID_MAX);
}

static inline void check_segment(const struct image *image, const struct segment *segment,
                                 bool physical) {
    MUST(segment->memory_size && segment->file_size <= segment->memory_size);
    MUST(segment->offset <= image->file_size &&
         segment->file_size <= image->file_size - segment->offset);
    MUST(in_class(64, segment->phys, segment->memory_size));
    MUST(physical || in_class(image->bits, segment->virt, segment->memory_size));
    MUST(segment->rights < 8);
}

static inline void check_disjoint(const struct image *image, u32 i) {
    const struct segment *segment = &image->segments[i];
    for (u32 j = 0; j < i; j++)
        MUST(!range_overlaps(
            (struct range){segment->virt, segment->memory_size},
            (struct range){image->segments[j].virt, image->segments[j].memory_size}));
}

static inline bool entry_is_inside(const struct image *image) {
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        u64 at = image->entry_virt - segment->virt;
        if (at < segment->memory_size && image->entry_phys == segment->phys + at)
            return true;
    }
    return false;
}

static inline void check_image(const struct image *image, u32 bits, bool physical) {
    MUST(image->bits == bits);
    MUST(image->segment_count && image->segment_count <= ELF_SEGMENTS_MAX);
    for (u32 i = 0; i < image->segment_count; i++) {
        check_segment(image, &image->segments[i], physical);
        if (!physical)
            check_disjoint(image, i);
    }
    MUST(physical || entry_is_inside(image));
    MUST(image->tls.file_size <= image->tls.memory_size);
    check_options(image);
}

/* There and back, the image is what it was. */
static inline void check_slide(struct image *image, u64 slide) {
    static struct image before;
    before = *image;
    bool moved = !elf_slide(image, slide, slide).code;
    if (!moved) {
        MUST(!memcmp(&before, image, sizeof before));
        return;
    }
    for (u32 i = 0; i < image->segment_count; i++)
        check_segment(image, &image->segments[i], false);
    MUST(!elf_slide(image, -slide, -slide).code);
    MUST(!memcmp(&before, image, sizeof before));
}

/* The first byte says how far the file goes on, and by how much the image is moved. */
static inline int fuzz_elf(u32 bits, const u8 *data, size_t size) {
    static struct image image;
    static u8 bytes[ELF_INPUT_MAX];
    struct feed feed = {data, size};
    u32 choice = (u32)feed_number(&feed, 1);
    struct bytes input = feed_bytes(&feed, ELF_INPUT_MAX - ELF_IDENT);
    const u8 ident[ELF_IDENT] = {0x7f, 'E', 'L', 'F', (u8)(bits / 32), 1, 1};
    memcpy(bytes, ident, sizeof ident);
    memcpy(bytes + sizeof ident, input.at, input.size);
    struct medium medium = {.bytes = {bytes, sizeof ident + input.size}};
    u64 more = choice & 3 ? (u64)1 << (12 + 4 * (choice & 3)) : 0;
    struct source file = medium_source(&medium, sizeof ident + input.size + more);
    struct error error = elf_read(&file, &image);
    show_error(error);
    if (!error.code) {
        check_image(&image, bits, false);
        check_slide(&image, ((u64)choice >> 2) << (choice & 0x80 ? 26 : 12));
    }
    error = elf_read_physical(&file, &image);
    show_error(error);
    if (!error.code)
        check_image(&image, bits, true);
    return 0;
}

#endif
