/* ISO 9660 volumes made in memory, for tests.
 *
 * A record is made of its parts and put into a directory; nothing is checked, so that a test can
 * make what no writer would. The numbers are worked out here anew, not taken from fs/. */
#ifndef ISO_IMAGE_H
#define ISO_IMAGE_H

#include "source.h"

#include <stdlib.h>
#include <string.h>

enum { ISO_BLOCK = 2048, ISO_DIRECTORY = 2, ISO_ASSOCIATED = 4, ISO_MORE = 0x80 };

struct iso_image {
    u8 *bytes;
    size_t size;
    struct bytes view; /* for source_memory() */
    u32 free;          /* blocks from here on are free */
};

/* A directory that is being filled. */
struct iso_directory {
    u32 block;
    u32 blocks; /* that it takes in all */
    u32 used;   /* bytes */
};

struct iso_record {
    u8 bytes[512];
    u32 size;
};

static inline struct iso_image iso_make(u32 blocks) {
    struct iso_image image = {.size = (size_t)blocks * ISO_BLOCK, .free = 24};
    image.bytes = calloc(image.size, 1);
    image.view = (struct bytes){image.bytes, image.size};
    return image;
}

static inline void iso_free(struct iso_image *image) {
    free(image->bytes);
}

static inline u8 *iso_block(const struct iso_image *image, u32 block) {
    return image->bytes + (size_t)block * ISO_BLOCK;
}

static inline u32 iso_take(struct iso_image *image, u32 blocks) {
    image->free += blocks;
    return image->free - blocks;
}

/* Numbers stand there twice: little-endian and big-endian. */
static inline void iso_both(u8 *at, u32 width, u32 value) {
    for (u32 i = 0; i < width; i++) {
        at[i] = (u8)(value >> (8 * i));
        at[2 * width - 1 - i] = at[i];
    }
}

/* Records ---------------------------------------------------------------------------------- */

static inline struct iso_record iso_record(const void *name, u32 length, u32 block, u32 size,
                                           u8 flags) {
    struct iso_record record = {.size = 33 + length + (length % 2 == 0)};
    iso_both(record.bytes + 2, 4, block);
    iso_both(record.bytes + 10, 4, size);
    record.bytes[25] = flags;
    iso_both(record.bytes + 28, 2, 1);
    record.bytes[32] = (u8)length;
    memcpy(record.bytes + 33, name, length);
    return record;
}

/* A system use field: two letters, its length, version 1, the rest. */
static inline void iso_field(struct iso_record *record, const char *letters, const void *rest,
                             u32 size) {
    u8 *at = record->bytes + record->size;
    memcpy(at, letters, 2);
    at[2] = (u8)(4 + size);
    at[3] = 1;
    memcpy(at + 4, rest, size);
    record->size += 4 + size;
}

static inline void iso_nm(struct iso_record *record, u8 flags, const char *name) {
    u8 rest[256] = {flags};
    memcpy(rest + 1, name, strlen(name));
    iso_field(record, "NM", rest, (u32)strlen(name) + 1);
}

static inline void iso_ce(struct iso_record *record, u32 block, u32 offset, u32 size) {
    u8 rest[24];
    iso_both(rest, 4, block);
    iso_both(rest + 8, 4, offset);
    iso_both(rest + 16, 4, size);
    iso_field(record, "CE", rest, sizeof(rest));
}

static inline void iso_number(struct iso_record *record, const char *letters, u32 block) {
    u8 rest[8];
    iso_both(rest, 4, block);
    iso_field(record, letters, rest, sizeof(rest));
}

static inline void iso_sp(struct iso_record *record, u8 skip) {
    iso_field(record, "SP", (const u8[]){0xbe, 0xef, skip}, 3);
}

static inline void iso_er(struct iso_record *record, const char *name) {
    u8 rest[64] = {(u8)strlen(name), 0, 0, 1};
    memcpy(rest + 4, name, strlen(name));
    iso_field(record, "ER", rest, (u32)strlen(name) + 4);
}

/* Returns where it is on the volume. A record does not reach over the end of a block. */
static inline u8 *iso_put(struct iso_image *image, struct iso_directory *directory,
                          const struct iso_record *record) {
    u32 size = (record->size + 1) / 2 * 2;
    if (directory->used % ISO_BLOCK + size > ISO_BLOCK)
        directory->used = (directory->used / ISO_BLOCK + 1) * ISO_BLOCK;
    u8 *at = iso_block(image, directory->block) + directory->used;
    memcpy(at, record->bytes, record->size);
    at[0] = (u8)size;
    directory->used += size;
    return at;
}

/* "." with the fields of *fields behind it, or none; and "..". */
static inline struct iso_directory iso_directory(struct iso_image *image, u32 blocks, u32 parent,
                                                 const struct iso_record *fields) {
    struct iso_directory directory = {.block = iso_take(image, blocks), .blocks = blocks};
    u32 size = blocks * ISO_BLOCK;
    struct iso_record self = iso_record("\0", 1, directory.block, size, ISO_DIRECTORY);
    struct iso_record up = iso_record("\1", 1, parent ? parent : directory.block,
                                      parent ? ISO_BLOCK : size, ISO_DIRECTORY);
    if (fields) {
        memcpy(self.bytes + self.size, fields->bytes, fields->size);
        self.size += fields->size;
    }
    iso_put(image, &directory, &self);
    iso_put(image, &directory, &up);
    return directory;
}

/* What a file holds: each byte is told by its place and by its first block. */
static inline u8 iso_pattern(u32 block, u32 at) {
    return (u8)(at * 7 ^ at >> 8 ^ at >> 15 ^ block * 29);
}

static inline u32 iso_data(struct iso_image *image, u32 size) {
    u32 block = iso_take(image, (size + ISO_BLOCK - 1) / ISO_BLOCK);
    for (u32 i = 0; i < size; i++)
        iso_block(image, block)[i] = iso_pattern(block, i);
    return block;
}

/* A record with a plain name, and with the name of Rock Ridge too unless that is NULL. */
static inline u8 *iso_file(struct iso_image *image, struct iso_directory *directory,
                           const char *plain, const char *ridge, u32 block, u32 size, u8 flags) {
    struct iso_record record = iso_record(plain, (u32)strlen(plain), block, size, flags);
    if (ridge)
        iso_nm(&record, 0, ridge);
    return iso_put(image, directory, &record);
}

/* A record with a name in big-endian UCS-2, from ASCII. */
static inline u8 *iso_wide_file(struct iso_image *image, struct iso_directory *directory,
                                const char *name, u32 block, u32 size, u8 flags) {
    u8 wide[256];
    u32 length = 0;
    for (; *name; name++) {
        wide[length++] = 0;
        wide[length++] = (u8)*name;
    }
    struct iso_record record = iso_record(wide, length, block, size, flags);
    return iso_put(image, directory, &record);
}

/* Volume descriptors ------------------------------------------------------------------------- */

static inline u8 *iso_descriptor(struct iso_image *image, u32 number, u8 type,
                                 const struct iso_directory *root) {
    u8 *at = iso_block(image, 16 + number);
    at[0] = type;
    memcpy(at + 1, "CD001\1", 6);
    memset(at + 40, ' ', 32);
    memcpy(at + 40, "A LABEL", 7);
    iso_both(at + 80, 4, (u32)(image->size / ISO_BLOCK));
    iso_both(at + 128, 2, ISO_BLOCK);
    if (root) {
        struct iso_record record =
            iso_record("\0", 1, root->block, root->blocks * ISO_BLOCK, ISO_DIRECTORY);
        record.bytes[0] = 34;
        memcpy(at + 156, record.bytes, 34);
    }
    memcpy(at + 813, "2025010203040506", 16);
    memcpy(at + 830, "2026112114550700", 16);
    return at;
}

/* Level 1 to 3 of Joliet: '@', 'C', 'E'. */
static inline u8 *iso_joliet(struct iso_image *image, u32 number, char level,
                             const struct iso_directory *root) {
    u8 *at = iso_descriptor(image, number, 2, root);
    at[88] = '%';
    at[89] = '/';
    at[90] = (u8)level;
    return at;
}

#endif
