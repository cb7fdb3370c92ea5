#include "geometry.h"

#include "boot.h"
#include "message.h"
#include "range.h"

enum {
    FLOPPY_SECTORS = 2880,
    FLOPPY_ROOT_ENTRIES = 224,
    ROOT_ENTRIES = 512,
    SLOT_SIZE = 32,
    SLOTS_PER_SECTOR = SECTOR / SLOT_SIZE,
    RESERVED_FAT32 =
        8, /* boot record, FS info, the copies of both: the loader reads the FAT with them */
    STAGE2_ROOM = STAGE2_SECTORS_MAX,
    CLUSTERS_MARGIN = 16, /* readers disagree about the last few before a limit (fatgen103, "FAT
                             Type Determination") */
};

#define SIZE_MIN     (32 * MIB)
#define GPT_END      MIB        /* at the disk's end, with the copy of the GPT in it */
#define EXT_SPARE    (24 * MIB) /* journal, inodes and some room for more */
#define SIZE_MAX_MBR (((u64)1 << 32) * SECTOR - MIB)

/* How many clusters a FAT has. The count alone makes the kind (fatgen103). */
static const struct fat_kind {
    u32 bits, clusters_min, clusters_max;
    u64 image_max; /* images below this size are of this kind when nobody says */
} fat_kinds[] = {
    {12, 1, 4084, 16 * MIB},
    {16, 4085, 65524, 512 * MIB},
    {32, 65525, 0x0ffffff4, ~(u64)0},
};

static u64 divide_up(u64 value, u64 by) {
    return (value + by - 1) / by;
}

/* ---- what the files need ---- */

static u64 clusters_needed(const struct tree *tree, u64 cluster_size) {
    u64 clusters = 0;
    for (u32 i = 0; i < tree->count; i++) {
        const struct tree_file *file = &tree->files[i];
        clusters +=
            divide_up(file->is_folder ? (u64)file->slots * SLOT_SIZE : file->size, cluster_size);
    }
    return clusters;
}

/* Clusters that a volume of this geometry has at least; mkfs.fat may align three areas to whole
 * clusters. */
static u64 clusters_at_least(const struct geometry *geometry) {
    u64 cluster = geometry->cluster_sectors;
    u64 most = geometry->volume_sectors / cluster;
    u64 fat = divide_up((most + 2) * geometry->fat_bits, 8 * SECTOR);
    u64 others = geometry->reserved + 2 * fat + geometry->root_entries / SLOTS_PER_SECTOR +
                 (geometry->reserved ? 0 : 32) + 4 * (cluster - 1);
    return geometry->volume_sectors > others ? (geometry->volume_sectors - others) / cluster : 0;
}

/* ---- choices ---- */

static const struct fat_kind *choose_kind(const struct image_wish *wish, u64 size) {
    const struct fat_kind *kind = fat_kinds;
    u32 bits = !wish->fat_bits && wish->format == IMAGE_GPT ? 32 : wish->fat_bits;
    while (bits ? kind->bits != bits : size >= kind->image_max)
        kind++;
    return kind;
}

/* Clusters of 4 KiB where the kind allows: fewer links for the loader to follow. Smaller ones where
 * a kind needs more clusters, larger ones where it cannot count so many. */
static bool choose_clusters(const struct fat_kind *kind, struct geometry *geometry) {
    geometry->fat_bits = kind->bits;
    for (u32 sectors = 8; sectors >= 1; sectors /= 2) {
        geometry->cluster_sectors = sectors;
        if (clusters_at_least(geometry) >= kind->clusters_min + CLUSTERS_MARGIN)
            break;
    }
    while (geometry->cluster_sectors < 64 &&
           geometry->volume_sectors / geometry->cluster_sectors + CLUSTERS_MARGIN >
               kind->clusters_max)
        geometry->cluster_sectors *= 2;
    return clusters_at_least(geometry) >=
               kind->clusters_min + CLUSTERS_MARGIN * (kind->bits != 12) &&
           geometry->volume_sectors / geometry->cluster_sectors + CLUSTERS_MARGIN <=
               kind->clusters_max;
}

static struct geometry hdd(const struct image_wish *wish, u64 size) {
    bool has_gpt = wish->format == IMAGE_GPT;
    return (struct geometry){.sectors = size / SECTOR,
                             .ext = wish->ext,
                             .has_gpt = has_gpt,
                             .volume_start = PARTITION_START,
                             .volume_sectors =
                                 (size - GPT_END * has_gpt) / SECTOR - PARTITION_START,
                             .stage2_lba = has_gpt ? BIOS_BOOT_START : 1,
                             .heads = 255,
                             .sectors_per_track = 63,
                             .media = 0xf8};
}

static struct geometry volume(u64 size, u32 fat_bits) {
    u32 stage2 = fat_bits == 32 ? STAGE2_LBA_FAT32 : STAGE2_LBA_FAT;
    return (struct geometry){.sectors = size / SECTOR,
                             .volume_sectors = size / SECTOR,
                             .reserved = stage2 + STAGE2_ROOM,
                             .stage2_lba = stage2,
                             .heads = 255,
                             .sectors_per_track = 63,
                             .media = 0xf8};
}

/* The geometry of an image of this size. False if there is no such FAT. */
static bool try_size(const struct tree *tree, const struct image_wish *wish, u64 size,
                     struct geometry *geometry) {
    const struct fat_kind *kind = choose_kind(wish, size);
    bool has_table = wish->format == IMAGE_HDD || wish->format == IMAGE_GPT;
    *geometry = has_table ? hdd(wish, size) : volume(size, kind->bits);
    if (wish->ext)
        return true;
    if (has_table && kind->bits == 32)
        geometry->reserved = RESERVED_FAT32;
    u32 root = (u32)divide_up(tree->files[0].slots, SLOTS_PER_SECTOR) * SLOTS_PER_SECTOR;
    if (kind->bits != 32)
        geometry->root_entries = root > ROOT_ENTRIES ? root : ROOT_ENTRIES;
    return choose_clusters(kind, geometry);
}

/* An ext volume's own data takes some part of it. Whether the files fit into one whose size was
 * given is for mke2fs to say. */
static bool fits_ext(const struct tree *tree, const struct geometry *geometry, u64 spare) {
    u64 need = clusters_needed(tree, 4096) * 4096;
    return !spare || need + need / 8 + EXT_SPARE <= geometry->volume_sectors * SECTOR;
}

static bool fits(const struct tree *tree, const struct geometry *geometry, u64 spare) {
    if (geometry->ext)
        return fits_ext(tree, geometry, spare);
    u64 cluster = geometry->cluster_sectors * SECTOR;
    u64 need = clusters_needed(tree, cluster);
    return need + (spare ? need / 8 + spare / cluster : 0) <= clusters_at_least(geometry);
}

static u64 bytes_needed(const struct tree *tree) {
    return clusters_needed(tree, 4096) * 4096;
}

static bool make_floppy(const char *who, const struct tree *tree, const struct image_wish *wish,
                        u32 stage2_sectors, struct geometry *geometry) {
    *geometry = (struct geometry){.sectors = FLOPPY_SECTORS,
                                  .volume_sectors = FLOPPY_SECTORS,
                                  .fat_bits = 12,
                                  .cluster_sectors = 1,
                                  .reserved = STAGE2_LBA_FAT + stage2_sectors,
                                  .root_entries = FLOPPY_ROOT_ENTRIES,
                                  .stage2_lba = STAGE2_LBA_FAT,
                                  .heads = 2,
                                  .sectors_per_track = 18,
                                  .media = 0xf0};
    if (wish->size || (wish->fat_bits && wish->fat_bits != 12))
        return complain(who, "a floppy has 1.44 MB and FAT12; leave --size and --fat out");
    if (tree->files[0].slots > FLOPPY_ROOT_ENTRIES)
        return complain(who, "too many files for the root of a floppy; move some into folders");
    if (!fits(tree, geometry, 0))
        return complain(who, "the files need %s, a floppy has room for %s; use --format=hdd",
                        size_name(clusters_needed(tree, SECTOR) * SECTOR),
                        size_name(clusters_at_least(geometry) * SECTOR));
    return true;
}

/* The smallest size that will do, with some room to spare. */
static bool find_size(const char *who, const struct tree *tree, const struct image_wish *wish,
                      struct geometry *geometry) {
    for (u64 size = SIZE_MIN; size <= SIZE_MAX_MBR; size += align_up(size / 32, MIB))
        if (try_size(tree, wish, size, geometry) && fits(tree, geometry, 4 * MIB))
            return true;
    return complain(who, "the files need %s, which no FAT%u volume can hold; use --fat=32",
                    size_name(bytes_needed(tree)), geometry->fat_bits);
}

bool geometry_make(const char *who, const struct tree *tree, const struct image_wish *wish,
                   u32 stage2_sectors, struct geometry *geometry) {
    if (wish->format == IMAGE_FLOPPY)
        return make_floppy(who, tree, wish, stage2_sectors, geometry);
    if (!wish->size)
        return find_size(who, tree, wish, geometry);
    if (wish->size < 2 * MIB || wish->size > SIZE_MAX_MBR)
        return complain(who, "an image of %s cannot be made; the size is from 2M to 2047G",
                        size_name(wish->size));
    if (!try_size(tree, wish, wish->size, geometry))
        return complain(who, "%s is no size for FAT%u; give another --size, or leave --fat out",
                        size_name(wish->size), geometry->fat_bits);
    if (!fits(tree, geometry, 0))
        return complain(
            who, "the files need %s and do not fit into an image of %s; give a larger --size",
            size_name(bytes_needed(tree)), size_name(wish->size));
    return true;
}
