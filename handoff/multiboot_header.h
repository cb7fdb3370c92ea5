/* The header in a file that says: I am a Multiboot kernel.
 *
 * Multiboot 1: 1badb002, flags, checksum; with flag 16 load addresses, with flag 2 a video mode. In
 * the first 8192 bytes, at a multiple of 4.
 *
 * Multiboot 2: e85250d6, architecture, length, checksum; then tags. In the first 32768 bytes, at a
 * multiple of 8.
 *
 * It is looked for in the file, not in segments: many kernels have it in front of their program
 * headers or outside every segment. Both kinds become one struct, in which nothing is checked
 * against the file yet: that is multiboot_image.h.
 *
 * What cannot be asked of a BIOS machine and is demanded all the same (EFI boot services, EFI entry
 * points, information that only EFI has) is passed over, as GRUB does. A flag, a tag or a request
 * that the specifications do not define is refused, unless --force.
 *
 * Specification: Multiboot 0.6.96, section 3.1; Multiboot 2 version 2.0, section 3.1. */
#ifndef HANDOFF_MULTIBOOT_HEADER_H
#define HANDOFF_MULTIBOOT_HEADER_H

#include "source.h"

/* What a kernel would like to find on the screen. The machine may have something else. */
enum video_kind { VIDEO_NO_WISH, VIDEO_TEXT, VIDEO_PIXELS };

struct screen_wish {
    enum video_kind kind;
    u32 width, height; /* cells or pixels; 0 for any */
    u32 depth;         /* bits a pixel; 0 for any */
};

struct multiboot_header {
    u32 version; /* 1 or 2 */
    u32 offset;  /* in the file */
    bool has_addresses, has_entry, relocatable;
    u32 header_address, load, load_end, bss_end; /* physical; the ends may be 0 */
    u32 entry;
    u32 lowest, highest, align, preference; /* of the relocatable tag */
    struct screen_wish video;
};

enum { MULTIBOOT_PREFER_LOW = 1, MULTIBOOT_PREFER_HIGH = 2 };

/* What begins a header, and where loaders look for it. */
struct multiboot_rule {
    const char *name;
    u32 magic;
    u32 sum_words; /* the first words, of which the last is the checksum, add up to 0 */
    u32 alignment; /* of its offset in the file */
    u32 reach;     /* it must end before this offset */
};

/* Of Multiboot 1 or 2. */
const struct multiboot_rule *multiboot_rule(u32 version);

/* What the first words add up to. */
u32 multiboot_sum(const struct multiboot_rule *rule, const u32 *words);

/* Where a file's headers are: [0] for Multiboot 1, [1] for Multiboot 2. */
#define MULTIBOOT_NOWHERE (~0u)
struct multiboot_places {
    u32 good[2];
    u32 bad[2]; /* the first magic number that begins no header: misplaced, or with a wrong checksum
                 */
};

/* Looks for both, until a header of `version` is found (0: for all). Errors: what the source says.
 */
MUST_USE struct error multiboot_find(const struct source *file, u32 version,
                                     struct multiboot_places *places);

/* An error about the file, whose {other} is the name of the version. */
struct error multiboot_error(enum error_code code, const struct source *file, u32 version, u32 a,
                             u32 b, u32 c);

/* The header of `version`, or of the other one if the file has only that. Errors:
 * MULTIBOOT_NO_HEADER to MULTIBOOT_NO_ENTRY, and what the source says. */
MUST_USE struct error multiboot_header_read(const struct source *file, u32 version, bool force,
                                            struct multiboot_header *header);

#endif
