/* seal HEAD STAGE2 OUT RESIDENT: makes stage 2 as it lies on a disk (stage1/boot.h).
 *
 * Packs the parts of STAGE2 (pack.h), which begins with their directory, behind HEAD, and puts the
 * directory into the head. What stage 1 reads and the rest are padded to whole sectors, with the
 * last four bytes so that boot_sum() over each is 0. RESIDENT tells stage 1's assembler how
 * many sectors are to be read. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot.h"
#include "range.h"
#include "unlzma.h"
#include "pack.h"

enum { SECTOR = 512, ROOM = 1 << 20, RESIDENT_MAX = STAGE2_REST_ADDRESS - STAGE2_ADDRESS };

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
        fail("stage 2 is longer than its place when it is packed (STAGE2_REST_ADDRESS, STAGE2_END "
             "in "
             "stage1/boot.h)",
             0, 0);
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

/* Packs part `i` to out + end, where memory will have it `from` bytes further up. Returns its end.
 */
static u32 place_part(struct bytes whole, struct stage2_directory *directory, u32 i, u8 *out,
                      u32 end, u32 room, u32 from) {
    struct part *part = &directory->parts[i];
    u32 size = part->end - part->start;
    u32 packed = pack_part(whole, part->start - STAGE2_FLAT, size, part->lzma_size, out + end,
                           room - 4 - end);
    part->packed = from + end;
    part->lzma_size = part->lzma_size ? packed : 0;
    printf("  part %u: %6u bytes, packed %6u\n", i, size, packed);
    if (i + 1 == STAGE2_CORE_PARTS && directory->scratch_end > part->packed + packed)
        fail("the scratch buffers end at 0x%x, the packed core at 0x%x already",
             directory->scratch_end, part->packed + packed);
    return end + packed;
}

/* Whole sectors of `unit` bytes, and the check word in the last four bytes, which are 0 yet. */
static u32 padded(u32 end, u32 unit) {
    return (u32)align_up(end + 4, unit);
}

static void set_check_word(u8 *run, u32 size) {
    store32(run + size - 4, -boot_sum(run, size));
}

/* Packs all parts behind the head, and completes the directory in it. Returns the size of what
 * stage 1 reads; the rest is directory.rest_size bytes behind it. */
static u32 pack_parts(struct bytes whole, u8 *out, u32 *rest_size) {
    struct stage2_directory directory;
    memcpy(&directory, whole.at, sizeof directory);
    swap_directory(&directory);
    if (directory.image_size != whole.size)
        fail("the directory is that of %u bytes, not of %u", directory.image_size, (u32)whole.size);
    u32 end = HEAD_SIZE, i = 0;
    for (; i < STAGE2_RESIDENT_PARTS; i++)
        end = place_part(whole, &directory, i, out, end, RESIDENT_MAX, STAGE2_ADDRESS);
    u32 resident = padded(end, CD_SECTOR_SIZE);
    u8 *rest = out + resident;
    for (end = 0; i < STAGE2_PARTS; i++)
        end = place_part(whole, &directory, i, rest, end, STAGE2_END - STAGE2_REST_ADDRESS,
                         STAGE2_REST_ADDRESS);
    *rest_size = directory.rest_size = padded(end, SECTOR);
    swap_directory(&directory);
    memcpy(out + HEAD_DIRECTORY, &directory, sizeof directory);
    set_check_word(out, resident);
    set_check_word(rest, *rest_size);
    return resident;
}

static void write_file(const char *path, const void *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size || fclose(file)) {
        fprintf(stderr, "seal: cannot write %s\n", path);
        exit(2);
    }
}

int main(int argc, char **argv) {
    static u8 stage2[ROOM], out[ROOM];
    if (argc != 5) {
        fputs("usage: seal HEAD STAGE2 OUT RESIDENT\n", stderr);
        return 2;
    }
    if (read_file(argv[1], out) != HEAD_SIZE)
        fail("the head is not %u bytes long", HEAD_SIZE, 0);
    char text[64];
    u32 rest_size;
    u32 resident = pack_parts((struct bytes){stage2, read_file(argv[2], stage2)}, out, &rest_size);
    int length =
        snprintf(text, sizeof text, "%%define STAGE2_RESIDENT_SECTORS %u\n", resident / SECTOR);
    write_file(argv[3], out, resident + rest_size);
    write_file(argv[4], text, (size_t)length);
    return 0;
}
