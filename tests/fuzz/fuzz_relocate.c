/* Relocations over any memory: pieces of the image in blocks of exactly their size, a PT_DYNAMIC
 * that lies within one of them.
 *
 *   input   | class | slide, 8 | piece: address, size, at most 3 | dynamic: piece, offset, size |
 *   bytes of the pieces | */
#include "fuzz.h"
#include "relocate.h"

enum { PIECES_MAX = 3, PIECE_SIZE_MAX = 1024 };

/* A piece is at a page of its own, and may begin anywhere in it. */
static void take_pieces(struct feed *feed, struct image *image, struct elf_piece *pieces) {
    static const u64 starts[] = {0, 0x1000, 0x400000, 0xc0000000, 0xffffe000};
    image->segment_count = 0;
    u64 base = starts[feed_below(feed, ARRAY_COUNT(starts))];
    for (u32 i = 0; i < PIECES_MAX; i++) {
        u64 size = 1 + feed_number(feed, 2) % PIECE_SIZE_MAX;
        pieces[i] = (struct elf_piece){base + feed_number(feed, 1), size, malloc(size)};
        base += 0x2000;
        image->segments[image->segment_count++] =
            (struct segment){.number = i, .memory_size = size, .virt = pieces[i].virt};
    }
}

static void take_dynamic(struct feed *feed, struct image *image, const struct elf_piece *pieces) {
    const struct elf_piece *piece = &pieces[feed_below(feed, PIECES_MAX)];
    u64 offset = feed_number(feed, 2) % piece->size;
    u64 size = feed_number(feed, 2) % (piece->size - offset + 1);
    image->dynamic = (struct image_part){piece->virt + offset, size};
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static struct image image = {.name = "fuzz", .relocatable = true};
    struct elf_piece pieces[PIECES_MAX];
    struct feed feed = {data, size};
    image.bits = feed_number(&feed, 1) & 1 ? 64 : 32;
    image.slide = feed_number(&feed, image.bits / 8) & ~(u64)0xfff;
    take_pieces(&feed, &image, pieces);
    take_dynamic(&feed, &image, pieces);
    for (u32 i = 0; i < PIECES_MAX; i++) {
        struct bytes bytes = feed_bytes(&feed, (size_t)pieces[i].size);
        memset(pieces[i].bytes, 0, (size_t)pieces[i].size);
        memcpy(pieces[i].bytes, bytes.at, bytes.size);
    }
    show_error(elf_relocate(&image, pieces, PIECES_MAX));
    for (u32 i = 0; i < PIECES_MAX; i++)
        free(pieces[i].bytes);
    return 0;
}
