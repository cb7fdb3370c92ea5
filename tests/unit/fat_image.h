/* FAT volumes made in memory, for tests.
 *
 * image_make() formats a volume of any type and geometry, image_add() and its kin put files in it,
 * with clusters as far apart as the test wants. Nothing is checked: a test may damage the bytes
 * between the calls or after them. The numbers are worked out here anew, not taken from fs/, so
 * that a mistake there cannot hide itself. */
#ifndef FAT_IMAGE_H
#define FAT_IMAGE_H

#include "source.h"

#include <stdlib.h>
#include <string.h>

enum { IMAGE_LABEL = 0x08, IMAGE_DIRECTORY = 0x10, IMAGE_FILE = 0x20, IMAGE_LONG = 0x0f };

/* What to format. Zeroes mean the usual. */
struct image_format {
    u32 bits;            /* 12, 16 or 32; must be given */
    u32 clusters;        /* must be given */
    u32 sector_size;     /* 512 */
    u32 cluster_sectors; /* 1 */
    u32 reserved;        /* 1; 32 for FAT32 */
    u32 fats;            /* 2 */
    u32 root_entries;    /* 64; none for FAT32 */
    u32 spare_sectors;   /* behind the last cluster, too few for one more */
};

struct image {
    struct image_format format;
    u8 *bytes;
    size_t size;
    struct bytes view; /* for source_memory() */
    size_t fat_start, fat_size, root_start, root_size, data_start, cluster_size;
    u32 free; /* clusters from here on are free */
};

/* A directory that is being filled. */
struct image_directory {
    u32 cluster; /* the first; 0 for the root of FAT12/16 */
    u32 last;    /* the last */
    size_t used; /* bytes in the last, or in the root */
};

static inline void image_put(u8 *at, u32 width, u64 value) {
    for (u32 i = 0; i < width; i++)
        at[i] = (u8)(value >> (8 * i));
}

/* Sets a FAT entry in all copies. The upper four bits of FAT32 are filled with noise. */
static inline void image_set(struct image *image, u32 cluster, u32 value) {
    for (u32 copy = 0; copy < image->format.fats; copy++) {
        u8 *fat = image->bytes + image->fat_start + copy * image->fat_size;
        if (image->format.bits == 32) {
            image_put(fat + cluster * 4, 4, value | (u32)0xa << 28);
        } else if (image->format.bits == 16) {
            image_put(fat + cluster * 2, 2, value);
        } else {
            u8 *at = fat + cluster * 3 / 2;
            u32 pair = at[0] | (u32)at[1] << 8;
            pair = cluster % 2 ? (pair & 0x000f) | (value & 0xfff) << 4
                               : (pair & 0xf000) | (value & 0xfff);
            image_put(at, 2, pair);
        }
    }
}

static inline u32 image_end_mark(const struct image *image) {
    return image->format.bits == 12 ? 0xfff : image->format.bits == 16 ? 0xffff : 0x0fffffff;
}

static inline u8 *image_cluster(const struct image *image, u32 cluster) {
    return image->bytes + image->data_start + (cluster - 2) * image->cluster_size;
}

/* The sector of the volume in which the (first byte of the) FAT entry of a cluster lies. */
static inline u32 image_fat_sector(const struct image *image, u32 cluster) {
    size_t bits = (size_t)cluster * image->format.bits;
    return (u32)((image->fat_start + bits / 8) / image->format.sector_size);
}

/* A chain of `count` clusters, each `step` behind the one before. Returns the first; 0 for none. */
static inline u32 image_chain(struct image *image, u32 count, u32 step) {
    u32 first = count ? image->free : 0;
    for (u32 i = 0; i < count; i++)
        image_set(image, first + i * step,
                  i + 1 < count ? first + (i + 1) * step : image_end_mark(image));
    if (count)
        image->free = first + (count - 1) * step + 1;
    return first;
}

static inline void image_boot_record(struct image *image, u32 sectors, u32 fat_sectors) {
    const struct image_format *format = &image->format;
    u8 *at = image->bytes;
    bool wide = format->bits == 32;
    memcpy(at,
           "\xeb\x58\x90"
           "TESTS   ",
           11);
    image_put(at + 11, 2, format->sector_size);
    at[13] = (u8)format->cluster_sectors;
    image_put(at + 14, 2, format->reserved);
    at[16] = (u8)format->fats;
    image_put(at + 17, 2, format->root_entries);
    image_put(at + 19, 2, sectors < 0x10000 && !wide ? sectors : 0);
    at[21] = 0xf8;
    image_put(at + 22, 2, wide ? 0 : fat_sectors);
    image_put(at + 32, 4, sectors < 0x10000 && !wide ? 0 : sectors);
    if (wide) {
        image_put(at + 36, 4, fat_sectors);
        image_put(at + 44, 4, 2);
    }
    image_put(at + 510, 2, 0xaa55);
}

static inline struct image image_make(struct image_format format) {
    bool wide = format.bits == 32;
    format.sector_size = format.sector_size ? format.sector_size : 512;
    format.cluster_sectors = format.cluster_sectors ? format.cluster_sectors : 1;
    format.reserved = format.reserved ? format.reserved : wide ? 32 : 1;
    format.fats = format.fats ? format.fats : 2;
    format.root_entries = wide ? 0 : format.root_entries ? format.root_entries : 64;
    u32 sector = format.sector_size;
    u32 fat_bytes = (u32)(((u64)(format.clusters + 2) * format.bits + 7) / 8);
    u32 fat_sectors = (fat_bytes + sector - 1) / sector;
    u32 root_sectors = (format.root_entries * 32 + sector - 1) / sector;
    u32 data_sector = format.reserved + format.fats * fat_sectors + root_sectors;
    u32 sectors = data_sector + format.clusters * format.cluster_sectors + format.spare_sectors;
    struct image image = {.format = format,
                          .size = (size_t)sectors * sector,
                          .fat_start = (size_t)format.reserved * sector,
                          .fat_size = (size_t)fat_sectors * sector,
                          .root_start = (size_t)(data_sector - root_sectors) * sector,
                          .root_size = format.root_entries * 32,
                          .data_start = (size_t)data_sector * sector,
                          .cluster_size = (size_t)format.cluster_sectors * sector,
                          .free = 2};
    image.bytes = calloc(image.size, 1);
    image.view = (struct bytes){image.bytes, image.size};
    image_boot_record(&image, sectors, fat_sectors);
    image_set(&image, 0, image_end_mark(&image) & ~(u32)7);
    image_set(&image, 1, image_end_mark(&image));
    return image;
}

static inline void image_free(struct image *image) {
    free(image->bytes);
}

/* Call it first on FAT32, whose root is at cluster 2. */
static inline struct image_directory image_root(struct image *image) {
    u32 cluster = image->format.bits == 32 ? image_chain(image, 1, 1) : 0;
    return (struct image_directory){.cluster = cluster, .last = cluster};
}

/* The next entry of a directory, which grows by a cluster `step` ahead where it is full. */
static inline u8 *image_entry(struct image *image, struct image_directory *directory, u32 step) {
    if (!directory->cluster) {
        u8 *entry = image->bytes + image->root_start + directory->used;
        directory->used += 32;
        return entry;
    }
    if (directory->used == image->cluster_size) {
        image->free += step - 1;
        u32 next = image_chain(image, 1, 1);
        image_set(image, directory->last, next);
        directory->last = next;
        directory->used = 0;
    }
    u8 *entry = image_cluster(image, directory->last) + directory->used;
    directory->used += 32;
    return entry;
}

static inline u8 image_checksum(const char *short_name) {
    u8 sum = 0;
    for (u32 i = 0; i < 11; i++)
        sum = (u8)((u8)(sum << 7 | sum >> 1) + (u8)short_name[i]);
    return sum;
}

/* The entries of a long name, of `length` UTF-16 units. */
static inline void image_long_name(struct image *image, struct image_directory *directory,
                                   const u16 *name, u32 length, u8 checksum) {
    u32 parts = (length + 12) / 13;
    for (u32 part = parts; part; part--) {
        u8 *entry = image_entry(image, directory, 1);
        entry[0] = (u8)(part | (part == parts ? 0x40 : 0));
        entry[11] = IMAGE_LONG;
        entry[13] = checksum;
        for (u32 i = 0; i < 13; i++) {
            u32 at = (part - 1) * 13 + i;
            u32 place = i < 5 ? 1 + 2 * i : i < 11 ? 14 + 2 * (i - 5) : 28 + 2 * (i - 11);
            image_put(entry + place, 2, at < length ? name[at] : at == length ? 0 : 0xffff);
        }
    }
}

/* An entry, with a long name of ASCII before it unless that is NULL. short_name: "KERNEL  ELF". */
static inline u8 *image_add(struct image *image, struct image_directory *directory,
                            const char *long_name, const char *short_name, u8 attributes,
                            u32 cluster, u32 size) {
    u16 units[260];
    u32 length = 0;
    for (; long_name && long_name[length]; length++)
        units[length] = (u8)long_name[length];
    image_long_name(image, directory, units, length, image_checksum(short_name));
    u8 *entry = image_entry(image, directory, 1);
    memcpy(entry, short_name, 11);
    entry[11] = attributes;
    image_put(entry + 20, 2, cluster >> 16);
    image_put(entry + 26, 2, cluster);
    image_put(entry + 28, 4, size);
    return entry;
}

/* What a file holds: each byte is told by its place and by the first cluster of the file. */
static inline u8 image_pattern(u32 cluster, u32 at) {
    return (u8)(at * 7 ^ at >> 8 ^ at >> 15 ^ cluster * 29);
}

/* Allocates and fills the clusters of a file; returns the first. */
static inline u32 image_data(struct image *image, u32 size, u32 step) {
    u32 count = (u32)((size + image->cluster_size - 1) / image->cluster_size);
    u32 first = image_chain(image, count, step);
    for (u32 i = 0; i < size; i++) {
        u32 index = (u32)(i / image->cluster_size);
        image_cluster(image, first + index * step)[i % image->cluster_size] =
            image_pattern(first, i);
    }
    return first;
}

static inline u32 image_file(struct image *image, struct image_directory *directory,
                             const char *long_name, const char *short_name, u32 size, u32 step) {
    u32 cluster = image_data(image, size, step);
    image_add(image, directory, long_name, short_name, IMAGE_FILE, cluster, size);
    return cluster;
}

static inline struct image_directory image_subdirectory(struct image *image,
                                                        struct image_directory *parent,
                                                        const char *long_name,
                                                        const char *short_name) {
    u32 cluster = image_chain(image, 1, 1);
    struct image_directory directory = {.cluster = cluster, .last = cluster};
    u32 up = image->format.bits == 32 && parent->cluster == 2 ? 0 : parent->cluster;
    image_add(image, parent, long_name, short_name, IMAGE_DIRECTORY, cluster, 0);
    image_add(image, &directory, NULL, ".          ", IMAGE_DIRECTORY, cluster, 0);
    image_add(image, &directory, NULL, "..         ", IMAGE_DIRECTORY, up, 0);
    return directory;
}

#endif
