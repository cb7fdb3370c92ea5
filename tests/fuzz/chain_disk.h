/* Small disks for the chain: each kind of volume alone (ext in a logical partition), in an MBR and
 * in a GPT, made once.
 *
 * Every volume has the same files. The bytes of the configuration and of the kernel are put into
 * their clusters for each input, and their sizes into the directories. */
#ifndef FUZZ_CHAIN_DISK_H
#define FUZZ_CHAIN_DISK_H

/* Two headers have a struct image; the file system's goes by another name here. */
#define image fat_image
#include "fat_image.h"
#undef image

#include "bytes.h"
#include "crc32.h"
#include "iso_image.h"

enum {
    PREFIX = 64 * 512, /* in front of a volume in a partition */
    GPT_ENTRIES = 4,
    CONFIG_ROOM = 8192,
    KERNEL_ROOM = 0xc000,
    MODULE_ROOM = 4096,
    EXT_BLOCK = 1024,
    EXT_NODES = 3 * EXT_BLOCK,
    EXT_NODE = 128,
};

enum disk_kind { DISK_FAT, DISK_EXT, DISK_ISO, DISK_KINDS };
enum disk_style { DISK_ALONE, DISK_MBR, DISK_GPT, DISK_STYLES };

/* Places in the disk's bytes. */
struct chain_file {
    size_t at, size_at, room, used;
};

struct chain_disk {
    enum disk_kind kind;
    struct bytes whole;
    u8 *bytes;        /* the same */
    size_t volume_at; /* 0 or PREFIX */
    size_t meta_at, meta_size;
    struct chain_file config, kernel;
};

/* ---- volumes ---- */

static inline struct chain_file chain_fat_file(struct fat_image *volume,
                                               struct image_directory *directory,
                                               const char *long_name, const char *name, u32 room) {
    u32 first = image_chain(volume, (u32)(room / volume->cluster_size), 1);
    u8 *entry = image_add(volume, directory, long_name, name, IMAGE_FILE, first, room);
    return (struct chain_file){(size_t)(image_cluster(volume, first) - volume->bytes),
                               (size_t)(entry + 28 - volume->bytes), room, 0};
}

static inline struct bytes chain_fat(struct chain_disk *disk) {
    struct fat_image volume = image_make((struct image_format){.bits = 12, .clusters = 140});
    struct image_directory root = image_root(&volume);
    struct image_directory boot = image_subdirectory(&volume, &root, NULL, "BOOT       ");
    disk->config = chain_fat_file(&volume, &boot, NULL, "ALOFT   CFG", CONFIG_ROOM);
    disk->kernel = chain_fat_file(&volume, &boot, "kernel file", "K          ", KERNEL_ROOM);
    chain_fat_file(&volume, &boot, NULL, "M          ", MODULE_ROOM);
    disk->meta_size = volume.data_start + 512;
    return volume.view;
}

static inline void ext_node(u8 *bytes, u32 number, u32 mode, u32 block, u32 size) {
    u8 *at = bytes + EXT_NODES + (number - 1) * EXT_NODE;
    store16(at, (u16)mode);
    store32(at + 4, size);
    store32(at + 0x20, 0x80000); /* extents: one */
    store32(at + 0x28, 0x0001f30a);
    store32(at + 0x2c, 4);
    store16(at + 0x38, (u16)((size + EXT_BLOCK - 1) / EXT_BLOCK));
    store32(at + 0x3c, block);
}

/* The directory's last entry reaches to its end: give 0 for no length. */
static inline u8 *ext_entry(u8 *at, u32 node, u32 length, const char *name) {
    store32(at, node);
    store16(at + 4, (u16)length);
    at[6] = (u8)strlen(name);
    memcpy(at + 8, name, strlen(name));
    return at + length;
}

static inline void ext_super(u8 *bytes, u32 blocks) {
    u8 *super = bytes + EXT_BLOCK;
    store32(super, 16);
    store32(super + 4, blocks);
    store32(super + 0x14, 1);
    store32(super + 0x20, 8192);
    store32(super + 0x28, 16);
    store16(super + 0x38, 0xef53);
    store32(super + 0x4c, 1);
    store16(super + 0x58, EXT_NODE);
    store32(super + 0x60, 0x42); /* extents, types in directories */
    store32(bytes + 2 * EXT_BLOCK + 8, EXT_NODES / EXT_BLOCK);
}

static inline struct bytes chain_ext(struct chain_disk *disk) {
    u32 config = 8, kernel = config + CONFIG_ROOM / EXT_BLOCK;
    u32 module = kernel + KERNEL_ROOM / EXT_BLOCK, blocks = module + MODULE_ROOM / EXT_BLOCK;
    u8 *bytes = calloc(blocks, EXT_BLOCK), *root = bytes + 6 * EXT_BLOCK;
    ext_super(bytes, blocks);
    ext_node(bytes, 2, 0x41ed, 6, EXT_BLOCK);
    ext_node(bytes, 11, 0x41ed, 7, EXT_BLOCK);
    ext_node(bytes, 12, 0x81a4, config, CONFIG_ROOM);
    ext_node(bytes, 13, 0x81a4, kernel, KERNEL_ROOM);
    ext_node(bytes, 14, 0x81a4, module, MODULE_ROOM);
    ext_entry(ext_entry(ext_entry(root, 2, 12, "."), 2, 12, ".."), 11, EXT_BLOCK - 24, "boot");
    u8 *at = ext_entry(ext_entry(root + EXT_BLOCK, 11, 12, "."), 2, 12, "..");
    at = ext_entry(ext_entry(at, 12, 20, "aloft.cfg"), 13, 12, "k");
    ext_entry(at, 14, EXT_BLOCK - 56, "m");
    disk->config =
        (struct chain_file){config * EXT_BLOCK, EXT_NODES + 11 * EXT_NODE + 4, CONFIG_ROOM, 0};
    disk->kernel =
        (struct chain_file){kernel * EXT_BLOCK, EXT_NODES + 12 * EXT_NODE + 4, KERNEL_ROOM, 0};
    disk->meta_at = EXT_BLOCK;
    disk->meta_size = 7 * EXT_BLOCK;
    return (struct bytes){bytes, (size_t)blocks * EXT_BLOCK};
}

static inline struct chain_file chain_iso_file(struct iso_image *volume,
                                               struct iso_directory *directory, const char *plain,
                                               const char *ridge, u32 room) {
    u32 block = iso_take(volume, room / ISO_BLOCK);
    u8 *record = iso_file(volume, directory, plain, ridge, block, room, 0);
    return (struct chain_file){(size_t)block * ISO_BLOCK, (size_t)(record + 10 - volume->bytes),
                               room, 0};
}

static inline struct bytes chain_iso(struct chain_disk *disk) {
    struct iso_image volume =
        iso_make(24 + 2 + (CONFIG_ROOM + KERNEL_ROOM + MODULE_ROOM) / ISO_BLOCK);
    struct iso_record fields = {.size = 0};
    iso_sp(&fields, 0);
    iso_er(&fields, "RRIP_1991A");
    struct iso_directory root = iso_directory(&volume, 1, 0, &fields);
    struct iso_directory boot = iso_directory(&volume, 1, root.block, NULL);
    iso_file(&volume, &root, "BOOT", "boot", boot.block, ISO_BLOCK, ISO_DIRECTORY);
    disk->config = chain_iso_file(&volume, &boot, "ALOFT.CFG;1", "aloft.cfg", CONFIG_ROOM);
    disk->kernel = chain_iso_file(&volume, &boot, "K.;1", "k", KERNEL_ROOM);
    chain_iso_file(&volume, &boot, "M.;1", "m", MODULE_ROOM);
    iso_descriptor(&volume, 0, 1, &root);
    memcpy(iso_block(&volume, 17),
           "\xff"
           "CD001\1",
           7);
    disk->meta_at = 16 * ISO_BLOCK;
    disk->meta_size = 10 * ISO_BLOCK;
    return volume.view;
}

/* ---- in a partition ---- */

static inline void chain_mbr(u8 *disk, u8 type, u32 first, u32 sectors) {
    u8 *entry = disk + 446;
    entry[0] = 0x80;
    entry[4] = type;
    store32(entry + 8, first);
    store32(entry + 12, sectors);
    store16(disk + 510, 0xaa55);
}

static inline void chain_gpt(u8 *disk, u32 sectors) {
    u8 *header = disk + 512, *entry = disk + 1024;
    chain_mbr(disk, 0xee, 1, sectors - 1);
    memcpy(header, "EFI PART\0\0\1\0\x5c", 13);
    store64(header + 24, 1);
    store64(header + 72, 2);
    store32(header + 80, GPT_ENTRIES);
    store32(header + 84, 128);
    memcpy(entry, "a kind of volume", 16);
    store64(entry + 32, PREFIX / 512);
    store64(entry + 40, sectors - 1);
    store32(header + 88, ~crc32_add(CRC32_START, entry, GPT_ENTRIES * 128));
    store32(header + 16, ~crc32_add(CRC32_START, header, 0x5c));
}

/* A logical partition, whose table is in sector 1. An ext volume is not found without a table. */
static inline void chain_logical(u8 *disk, u8 type, u32 sectors) {
    chain_mbr(disk, 5, 1, PREFIX / 512 - 1 + sectors);
    chain_mbr(disk + 512, type, PREFIX / 512 - 1, sectors);
    disk[446] = disk[512 + 446] = 0;
}

static inline void chain_disk_make(enum disk_kind kind, enum disk_style style,
                                   struct chain_disk *disk) {
    static struct bytes (*const makers[])(struct chain_disk *) = {chain_fat, chain_ext, chain_iso};
    *disk = (struct chain_disk){.kind = kind};
    struct bytes volume = makers[kind](disk);
    disk->volume_at = style == DISK_ALONE && kind != DISK_EXT ? 0 : PREFIX;
    size_t size = disk->volume_at + (volume.size + 511) / 512 * 512;
    disk->bytes = calloc(size, 1);
    disk->whole = (struct bytes){disk->bytes, size};
    memcpy(disk->bytes + disk->volume_at, volume.at, volume.size);
    free((void *)(uintptr_t)volume.at);
    if (style == DISK_ALONE && kind == DISK_EXT)
        chain_logical(disk->bytes, 0x83, (u32)(size - PREFIX) / 512);
    if (style == DISK_MBR)
        chain_mbr(disk->bytes, kind == DISK_FAT ? 1 : 0x83, PREFIX / 512,
                  (u32)(size - PREFIX) / 512);
    if (style == DISK_GPT)
        chain_gpt(disk->bytes, (u32)size / 512);
}

/* ---- for one input ---- */

/* The file's first bytes, and zeros up to `size`. */
static inline void chain_put(struct chain_disk *disk, struct chain_file *file, struct bytes bytes,
                             size_t size) {
    u8 *at = disk->bytes + disk->volume_at + file->at;
    u8 *field = disk->bytes + disk->volume_at + file->size_at;
    size_t used = bytes.size < file->room ? bytes.size : file->room;
    if (used < file->used)
        memset(at + used, 0, file->used - used);
    memcpy(at, bytes.at, used);
    file->used = used;
    size = size < used ? used : size < file->room ? size : file->room;
    if (disk->kind == DISK_ISO)
        iso_both(field, 4, (u32)size);
    else
        store32(field, (u32)size);
}

/* A byte of the volume's own structures, or of the partition table in front of it. */
static inline u8 *chain_meta(struct chain_disk *disk, u32 number) {
    if (number & 0x8000 && disk->volume_at)
        return disk->bytes + (number & 0x7fff) % 1536;
    return disk->bytes + disk->volume_at + disk->meta_at + (number & 0x7fff) % disk->meta_size;
}

#endif
