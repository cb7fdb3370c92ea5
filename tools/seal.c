/* seal HEAD STAGE2 OUT: makes stage 2 as it lies on a disk (stage1/boot.h).
 *
 * Packs STAGE2 (pack.h) behind HEAD, pads to whole sectors, and sets the last four bytes so that
 * boot_sum() over everything is BOOT_SUM. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "boot.h"
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

/* The check word: sum over all but it, turned by one place, plus it, gives BOOT_SUM. */
static u32 check_word(const u8 *bytes, u32 size) {
    u32 sum = boot_sum(bytes, size - 4);
    return BOOT_SUM - (sum << 1 | sum >> 31);
}

int main(int argc, char **argv) {
    static u8 stage2[ROOM], out[ROOM];
    if (argc != 4) {
        fputs("usage: seal HEAD STAGE2 OUT\n", stderr);
        return 2;
    }
    if (read_file(argv[1], out) != HEAD_SIZE) {
        fputs("seal: the head is not HEAD_SIZE long\n", stderr);
        return 1;
    }
    u32 raw = (u32)read_file(argv[2], stage2);
    calls_to_places(stage2, raw);
    u32 packed = pack(stage2, raw, out + HEAD_SIZE, STAGE2_SECTORS_MAX * SECTOR - HEAD_SIZE - 4);
    store32(out + HEAD_UNPACKED_SIZE, raw);
    u32 size = (HEAD_SIZE + packed + 4 + SECTOR - 1) / SECTOR * SECTOR;
    if (!packed) {
        fprintf(stderr, "seal: %u bytes do not pack into the %u of one BIOS transfer\n", raw,
                STAGE2_SECTORS_MAX * SECTOR);
        return 1;
    }
    store32(out + size - 4, check_word(out, size));
    FILE *file = fopen(argv[3], "wb");
    if (!file || fwrite(out, 1, size, file) != size || fclose(file)) {
        fprintf(stderr, "seal: cannot write %s\n", argv[3]);
        return 2;
    }
    return 0;
}
