/* seal HEAD STAGE2 OUT: makes stage 2 as it lies on a disk (stage1/boot.h).
 *
 * Packs the parts of STAGE2 (pack.h), which begins with their directory, behind HEAD, puts the
 * directory into the head, pads to whole sectors, and sets the last four bytes so that boot_sum()
 * over everything is BOOT_SUM. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot.h"
#include "unlzma.h"
#include "pack.h"

enum { SECTOR = 512, ROOM = 1 << 20 };

static size_t read_file(const char *path, u8 *to) {
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(to, 1, ROOM, file) : 0;
    if (!size || size == ROOM) {
        fprintf(stderr, "seal: cannot read %s whole\n", path);
        exit(2);
    }
    fclose(file);
    return size;
}

static NO_RETURN void fail(const char *what, u32 a, u32 b) {
    fprintf(stderr, "seal: ");
    fprintf(stderr, what, a, b);
    fputc('\n', stderr);
    exit(1);
}

static bool unpacks_to(const u8 *packed, u32 packed_size, bool as_lzma, const u8 *part, u32 size) {
    static u8 again[ROOM];
    static struct lzma_model model;
    bool done = as_lzma ? unlzma(packed, packed_size, again, size, &model)
                        : unpack(packed, packed_size, again, size) == packed_size;
    return done && !memcmp(again, part, size);
}

/* Packs bytes `base` to `base` + `size` of the whole to `to`. Returns the packed size. */
static u32 pack_part(struct bytes whole, u32 base, u32 size, bool as_lzma, u8 *to, u32 room) {
    static u8 part[ROOM];
    memcpy(part, whole.at + base, size);
    calls_to_places(part, size, base, (u32)whole.size);
    u32 packed = as_lzma ? pack_lzma(part, size, to, room) : pack(part, size, to, room);
    if (!packed)
        fail("stage 2 is longer than %u bytes when it is packed", STAGE2_SECTORS_MAX * SECTOR, 0);
    if (!unpacks_to(to, packed, as_lzma, part, size))
        fail("what was packed from byte %u on does not unpack", base, 0);
    return packed;
}

/* Between the byte order of the directory and this machine's. Both ways are the same. */
static void swap_directory(struct stage2_directory *directory) {
    u32 *words = (u32 *)directory;
    for (u32 i = 0; i < sizeof *directory / sizeof *words; i++)
        words[i] = load32((const u8 *)&words[i]);
}

/* Packs all parts behind the head, and completes the directory in it. Returns the size of both. */
static u32 pack_parts(struct bytes whole, u8 *out) {
    struct stage2_directory directory;
    u32 end = HEAD_SIZE, room = STAGE2_SECTORS_MAX * SECTOR - 4;
    memcpy(&directory, whole.at, sizeof directory);
    swap_directory(&directory);
    if (directory.image_size != whole.size)
        fail("the directory is that of %u bytes, not of %u", directory.image_size, (u32)whole.size);
    for (u32 i = 0; i < STAGE2_PARTS; i++) {
        struct part *part = &directory.parts[i];
        u32 size = part->end - part->start;
        u32 packed = pack_part(whole, part->start - STAGE2_FLAT, size, part->lzma_size, out + end,
                               room - end);
        part->packed = STAGE2_ADDRESS + end;
        part->lzma_size = part->lzma_size ? packed : 0;
        end += packed;
        printf("  part %u: %6u bytes, packed %6u\n", i, size, packed);
        if (i + 1 == STAGE2_CORE_PARTS && directory.scratch_end > STAGE2_ADDRESS + end)
            fail("the scratch buffers end at 0x%x, the packed core at 0x%x already",
                 directory.scratch_end, STAGE2_ADDRESS + end);
    }
    swap_directory(&directory);
    memcpy(out + HEAD_DIRECTORY, &directory, sizeof directory);
    return end;
}

int main(int argc, char **argv) {
    static u8 stage2[ROOM], out[ROOM];
    if (argc != 4) {
        fputs("usage: seal HEAD STAGE2 OUT\n", stderr);
        return 2;
    }
    if (read_file(argv[1], out) != HEAD_SIZE)
        fail("the head is not %u bytes long", HEAD_SIZE, 0);
    u32 end = pack_parts((struct bytes){stage2, read_file(argv[2], stage2)}, out);
    u32 size = (end + 4 + SECTOR - 1) / SECTOR * SECTOR;
    store32(out + size - 4, BOOT_SUM - boot_sum(out, size)); /* they were 0 */
    FILE *file = fopen(argv[3], "wb");
    if (!file || fwrite(out, 1, size, file) != size || fclose(file)) {
        fprintf(stderr, "seal: cannot write %s\n", argv[3]);
        return 2;
    }
    return 0;
}
