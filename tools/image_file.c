#include "image_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot.h"
#include "bootcode.h"
#include "geometry.h"
#include "gpt_image.h"
#include "iso_image.h"
#include "message.h"
#include "program.h"
#include "volume.h"

enum {
    FILES_A_CALL = 100,
    /* of a FAT boot record (fatgen103, "Boot Sector and BPB") */
    BPB_END_FAT16 = 0x3e,
    BPB_RESERVED = 0x0e,
    BPB_BACKUP = 0x32, /* FAT32: the sector of the boot record's copy */
    /* of a partition table */
    ENTRY_ACTIVE = 0x80,
    TYPE_FAT12 = 0x01,
    TYPE_FAT16_LBA = 0x0e,
    TYPE_FAT32_LBA = 0x0c,
    TYPE_LINUX = 0x83,
    LAST_CYLINDER = 1023,
    DISK_SIGNATURE = 0x54464c41,
};

#define VOLUME_ID "a10f7000-0000-4000-8000-000000000003"

/* An image while it is made. */
struct making {
    const char *who;
    const char *target;
    const char *path; /* of the temporary file, which becomes the target when it is whole */
    int descriptor;
    enum image_format format;
    const u8 *lock;           /* as bootcode.h has it */
    struct geometry geometry; /* not of a CD */
};

enum image_format image_format_of(const char *who, const char *word) {
    static const char *const names[] = {[IMAGE_HDD] = "hdd",
                                        [IMAGE_GPT] = "gpt",
                                        [IMAGE_VOLUME] = "volume",
                                        [IMAGE_FLOPPY] = "floppy",
                                        [IMAGE_ISO] = "iso"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++)
        if (string_equal(names[i], word))
            return (enum image_format)i;
    die(who, "there is no format \"%s\"; the formats are hdd, gpt, floppy, volume and iso", word);
}

static bool failed(const struct making *making) {
    return complain(making->who, "%s cannot be written: %s", making->target, strerror(errno));
}

static bool write_at(const struct making *making, u64 sector, const void *bytes, size_t size) {
    ssize_t done = pwrite(making->descriptor, bytes, size, (off_t)(sector * SECTOR));
    return done == (ssize_t)size || failed(making);
}

static bool read_sector(const struct making *making, u64 sector, u8 *bytes) {
    ssize_t done = pread(making->descriptor, bytes, SECTOR, (off_t)(sector * SECTOR));
    return done == SECTOR || failed(making);
}

/* ---- the file system ---- */

static bool make_volume(const struct making *making) {
    const struct geometry *geometry = &making->geometry;
    struct program mkfs = program_make("mkfs.fat", "dosfstools");
    program_add(&mkfs, "--invariant");
    program_add(&mkfs, "--mbr=n");
    program_add(&mkfs, make_text("--offset=%llu", (unsigned long long)geometry->volume_start));
    program_add(&mkfs, make_text("-h%llu", (unsigned long long)geometry->volume_start));
    program_add(&mkfs, make_text("-F%u", geometry->fat_bits));
    program_add(&mkfs, make_text("-s%u", geometry->cluster_sectors));
    program_add(&mkfs, make_text("-g%u/%u", geometry->heads, geometry->sectors_per_track));
    program_add(&mkfs, make_text("-M0x%x", geometry->media));
    program_add(&mkfs, make_text("-D0x%x", geometry->media == 0xf0 ? 0 : 0x80));
    if (geometry->root_entries)
        program_add(&mkfs, make_text("-r%u", geometry->root_entries));
    if (geometry->reserved)
        program_add(&mkfs, make_text("-R%u", geometry->reserved));
    program_add(&mkfs, making->path);
    program_add(&mkfs, make_text("%llu", (unsigned long long)geometry->volume_sectors / 2));
    return program_run(making->who, &mkfs);
}

/* The volume with all its files. Its numbers are fixed, as the times are. */
static bool make_ext(const struct making *making, const struct tree *tree) {
    const struct geometry *geometry = &making->geometry;
    u64 start = geometry->volume_start * SECTOR;
    struct program mkfs = program_make("mke2fs", "e2fsprogs");
    program_add(&mkfs, "-q");
    program_add(&mkfs, "-F");
    program_add(&mkfs, make_text("-t%s", geometry->ext));
    program_add(&mkfs, "-b4096");
    program_add(&mkfs, "-m0");
    program_add(&mkfs, "-U" VOLUME_ID);
    program_add(&mkfs, make_text("-Eoffset=%llu,hash_seed=" VOLUME_ID ",root_owner=0:0,nodiscard",
                                 (unsigned long long)start));
    program_add(&mkfs, "-d");
    program_add(&mkfs, tree->files[0].host);
    program_add(&mkfs, making->path);
    program_add(&mkfs, make_text("%lluk", (unsigned long long)geometry->volume_sectors / 2));
    return program_run(making->who, &mkfs);
}

static struct program mtool(const struct making *making, const char *name) {
    struct program program = program_make(name, "mtools");
    program_add(&program, "-i");
    program_add(&program, make_text("%s@@%llu", making->path,
                                    (unsigned long long)making->geometry.volume_start * SECTOR));
    return program;
}

/* Parents stand before their children in the tree, and so they do in the call. */
static bool make_folders(const struct making *making, const struct tree *tree) {
    for (u32 i = 1; i < tree->count;) {
        struct program mmd = mtool(making, "mmd");
        u32 added = 0;
        for (; i < tree->count && added < FILES_A_CALL; i++)
            if (tree->files[i].is_folder) {
                program_add(&mmd, make_text("::%s", tree->files[i].path));
                added++;
            }
        if (added && !program_run(making->who, &mmd))
            return false;
    }
    return true;
}

static const char *last_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool keeps_name(const struct tree_file *file) {
    return string_equal(last_name(file->host), last_name(file->path));
}

/* Files that stand together in one folder go with one call; one with another name on the volume
 * goes alone. *next is the first file of the tree that is still to be copied. */
static bool copy_some(const struct making *making, const struct tree *tree, u32 *next) {
    struct program mcopy = mtool(making, "mcopy");
    const struct tree_file *first = &tree->files[*next], *file = first;
    const char *target = first->path;
    program_add(&mcopy, "-Q");
    if (keeps_name(first)) {
        const char *folder = tree->files[first->parent].path;
        target = make_text("%s/", folder[1] ? folder : "");
        for (u32 added = 0; added < FILES_A_CALL && *next < tree->count; added++, ++*next, file++) {
            if (file->is_folder || file->parent != first->parent || !keeps_name(file))
                break;
            program_add(&mcopy, file->host);
        }
    } else {
        program_add(&mcopy, first->host);
        ++*next;
    }
    program_add(&mcopy, make_text("::%s", target));
    return program_run(making->who, &mcopy);
}

static bool copy_files(const struct making *making, const struct tree *tree) {
    u32 next = 0;
    while (next < tree->count)
        if (tree->files[next].is_folder)
            next++;
        else if (!copy_some(making, tree, &next))
            return false;
    return true;
}

/* ---- the boot code ---- */

/* Cylinder, head and sector, three bytes as BIOSes have them; the last address that can be said
 * where the sector is beyond. */
static void store_chs(u8 *at, const struct geometry *geometry, u64 sector) {
    u64 track = sector / geometry->sectors_per_track, cylinder = track / geometry->heads;
    u32 head = (u32)(track % geometry->heads),
        in_track = (u32)(sector % geometry->sectors_per_track);
    if (cylinder > LAST_CYLINDER) {
        cylinder = LAST_CYLINDER;
        head = geometry->heads - 1;
        in_track = geometry->sectors_per_track - 1;
    }
    at[0] = (u8)head;
    at[1] = (u8)((cylinder >> 2 & 0xc0) | (in_track + 1));
    at[2] = (u8)cylinder;
}

static void store_partition(u8 *entry, const struct geometry *geometry) {
    u64 start = geometry->volume_start, count = geometry->volume_sectors;
    if (geometry->has_gpt) {
        gpt_protect(entry, geometry);
        return;
    }
    entry[0] = ENTRY_ACTIVE;
    store_chs(entry + 1, geometry, start);
    entry[4] = geometry->ext              ? TYPE_LINUX
               : geometry->fat_bits == 12 ? TYPE_FAT12
               : geometry->fat_bits == 16 ? TYPE_FAT16_LBA
                                          : TYPE_FAT32_LBA;
    store_chs(entry + 5, geometry, start + count - 1);
    store32(entry + 8, (u32)start);
    store32(entry + 12, (u32)count);
}

/* An unpartitioned volume: its BPB stays in the boot sector, and FAT32 has a copy of that. */
static bool merge_boot_record(const struct making *making, u8 *sector) {
    const struct geometry *geometry = &making->geometry;
    u8 record[SECTOR];
    if (!read_sector(making, 0, record))
        return false;
    if (load16(record + BPB_RESERVED) < geometry->stage2_lba + bootcode_stage2_sectors())
        return complain(making->who, "mkfs.fat left no room for the boot code; use --format=hdd");
    u32 end = geometry->fat_bits == 32 ? BOOT_CODE_START : BPB_END_FAT16;
    memcpy(sector + BOOT_BPB_START, record + BOOT_BPB_START, end - BOOT_BPB_START);
    u16 backup = load16(record + BPB_BACKUP);
    return geometry->fat_bits != 32 || !backup || write_at(making, backup, sector, SECTOR);
}

static bool write_boot_code(const struct making *making) {
    const struct geometry *geometry = &making->geometry;
    u8 sector[SECTOR];
    struct bytes stage2 = bootcode_stage2(making->lock);
    bootcode_sector(sector, geometry->stage2_lba);
    if (geometry->volume_start) {
        store32(sector + BOOT_SIGNATURE_START, DISK_SIGNATURE);
        store_partition(sector + BOOT_TABLE_START, geometry);
    } else if (!merge_boot_record(making, sector)) {
        return false;
    }
    return write_at(making, 0, sector, SECTOR) &&
           write_at(making, geometry->stage2_lba, stage2.at, stage2.size);
}

static bool write_gpt(const struct making *making) {
    const struct geometry *geometry = &making->geometry;
    u8 first[GPT_SECTORS * SECTOR], copy[GPT_SECTORS * SECTOR];
    if (!geometry->has_gpt)
        return true;
    gpt_make(geometry, first, copy);
    return write_at(making, 1, first, sizeof first) &&
           write_at(making, geometry->sectors - GPT_SECTORS, copy, sizeof copy);
}

/* ---- the proof ---- */

/* Other names can be on the volume, but the loader does not find files by them. */
static bool is_ascii(const char *path) {
    for (; *path; path++)
        if (*path & 0x80)
            return false;
    return true;
}

/* On a drive with sectors of that size. */
static struct error find_files(const struct making *making, const struct tree *tree,
                               u32 sector_size) {
    struct host_file disk;
    struct partition_table table;
    struct volume volume;
    struct file file;
    host_open(making->who, making->path, "the image", &disk);
    TRY(partition_list(&disk.data, sector_size, &table));
    TRY(volume_open(&disk.data, &table.partitions[0], &volume));
    if (volume.kind == VOLUME_FAT && volume.fat.entry_bits != making->geometry.fat_bits)
        return error_make(ERROR_FAT_BAD, .name = "the image", .other = "the size of a FAT entry",
                          .number = {volume.fat.entry_bits});
    for (u32 i = 0; i < tree->count; i++) {
        if (tree->files[i].is_folder ||
            (volume.kind == VOLUME_FAT && !is_ascii(tree->files[i].path)))
            continue;
        TRY(volume_file(&volume, tree->files[i].path, &file));
        if (file.data.size != tree->files[i].size)
            return error_make(ERROR_SOURCE_PAST_END, .name = tree->files[i].path,
                              .number = {tree->files[i].size, 0, file.data.size});
    }
    return OK;
}

/* Reads the image as the loader will: every file must be there. */
static bool prove(const struct making *making, const struct tree *tree) {
    struct error error = find_files(making, tree, SECTOR);
    if (!error.code && making->format == IMAGE_ISO)
        error = find_files(making, tree, CD_SECTOR_SIZE);
    if (!error.code)
        return true;
    print_error(stderr, &error, NULL, NULL);
    return complain(making->who,
                    "the finished image does not read back; did a file change meanwhile, or does "
                    "a symbolic link on an ext volume lead out of the folder?");
}

/* ---- all of it ---- */

static bool set_sectors(const struct making *making, u64 sectors) {
    return ftruncate(making->descriptor, (off_t)(sectors * SECTOR)) == 0 || failed(making);
}

/* mkfs.fat warns of a volume that does not end where the file does. */
static bool fill(const struct making *making, const struct tree *tree) {
    const struct geometry *geometry = &making->geometry;
    if (making->format == IMAGE_ISO)
        return iso_image_fill(making->who, tree, making->path, making->lock, making->descriptor) &&
               prove(making, tree);
    if (!set_sectors(making, geometry->volume_start + geometry->volume_sectors))
        return false;
    bool made = making->geometry.ext
                    ? make_ext(making, tree)
                    : make_volume(making) && make_folders(making, tree) && copy_files(making, tree);
    return made && set_sectors(making, geometry->sectors) && write_boot_code(making) &&
           write_gpt(making) && prove(making, tree);
}

/* What a new file of the user's may be used for, as open() would have it. */
static mode_t usual_mode(void) {
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

static bool write_whole(struct making *making, const struct tree *tree, char *temporary) {
    making->path = temporary;
    making->descriptor = mkstemp(temporary);
    if (making->descriptor < 0)
        return failed(making);
    bool done = fill(making, tree) &&
                (fchmod(making->descriptor, usual_mode()) == 0 || failed(making)) &&
                (rename(temporary, making->target) == 0 || failed(making));
    close(making->descriptor);
    if (!done)
        unlink(temporary);
    return done;
}

bool image_write(const char *who, const struct tree *tree, const struct image_wish *wish,
                 const char *path) {
    struct making making = {.who = who, .target = path, .format = wish->format, .lock = wish->lock};
    if (wish->format == IMAGE_ISO && (wish->size || wish->fat_bits))
        return complain(who,
                        "a CD is as large as its files and has no FAT; leave --size and --fat out");
    if (wish->format != IMAGE_ISO && tree->fat_problem)
        return complain(who, "%s", tree->fat_problem);
    if (wish->format != IMAGE_ISO &&
        !geometry_make(who, tree, wish, bootcode_stage2_sectors(), &making.geometry))
        return false;
    sigset_t before = signals_hold();
    bool done = write_whole(&making, tree, make_text("%s.XXXXXX", program_path(path)));
    signals_release(before);
    return done;
}
