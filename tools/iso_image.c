#include "iso_image.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot.h"
#include "bootcode.h"
#include "message.h"
#include "program.h"
#include "range.h"
#include "volume.h"

enum {
    SECTOR = 512,
    ENTRY_ACTIVE = 0x80,
    TYPE_ISO = 0x17, /* as other makers of such images have it: no system mounts it unasked */
    HEADS = 64, /* with 32 sectors a track a cylinder has 1 MiB, to which the image is padded */
    TRACK_SECTORS = 32,
    LAST_CYLINDER = 1023,
    DISK_SIGNATURE = 0x54464c41,
};

static bool cannot_write(const char *who, const char *path) {
    return complain(who, "%s cannot be written: %s", path, strerror(errno));
}

/* ---- the volume ---- */

/* What follows a graft point of xorriso, or stands before its "=": these two have a meaning. */
static const char *escape(const char *path) {
    char *escaped = make_room(2, strlen(path) + 1), *to = escaped;
    for (; *path; *to++ = *path++)
        if (*path == '=' || *path == '\\')
            *to++ = '\\';
    return escaped;
}

static void graft(struct program *xorriso, const char *on_volume, const char *host) {
    program_add(xorriso, make_text("%s=%s", escape(on_volume), escape(host)));
}

/* A folder goes as one. A tree that is made up is a few files. */
static void graft_tree(struct program *xorriso, const struct tree *tree) {
    if (tree->files[0].host) {
        graft(xorriso, "/", tree->files[0].host);
        return;
    }
    for (u32 i = 1; i < tree->count; i++)
        if (tree->files[i].host)
            graft(xorriso, tree->files[i].path, tree->files[i].host);
}

static bool make_volume(const char *who, const struct tree *tree, const char *path,
                        const char *boot_file) {
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    struct program xorriso = program_make("xorriso", "xorriso");
    xorriso.is_chatty = true;
    program_add_all(&xorriso, "-as mkisofs -quiet -V ALOFT -r -J -joliet-long");
    program_add(&xorriso, "-f"); /* files instead of symbolic links, as tree.c has them */
    program_add_all(&xorriso, "-no-emul-boot -boot-load-size 4 -boot-info-table");
    program_add_all(&xorriso, "-b " ISO_BOOT_FILE " -c " ISO_BOOT_CATALOG " -o");
    program_add(&xorriso, path);
    program_add(&xorriso, "--set_all_file_dates");
    program_add(&xorriso, make_text("=%s", epoch ? epoch : PROGRAM_EPOCH));
    program_add(&xorriso, "-graft-points");
    graft_tree(&xorriso, tree);
    graft(&xorriso, ISO_BOOT_FILE, boot_file);
    return program_run(who, &xorriso);
}

/* What the El Torito catalog names: stage 1 of a CD, then stage 2. */
static bool write_boot_file(const char *who, const char *path, const u8 *lock) {
    struct bytes cd = bootcode_cd(), stage2 = bootcode_stage2(lock);
    FILE *file = fopen(path, "wb");
    bool done = file && fwrite(cd.at, 1, cd.size, file) == cd.size &&
                fwrite(stage2.at, 1, stage2.size, file) == stage2.size;
    return (file && !fclose(file) && done) || cannot_write(who, path);
}

static bool write_volume(const char *who, const struct tree *tree, const char *path,
                         const u8 *lock) {
    const char *boot_file = make_text("%s.boot", path);
    bool done = write_boot_file(who, boot_file, lock) && make_volume(who, tree, path, boot_file);
    unlink(boot_file);
    return done;
}

/* ---- the same as a disk ---- */

static void store_partition(u8 *entry, u64 sectors) {
    u64 last = sectors / (HEADS * TRACK_SECTORS) - 1;
    u32 cylinder = last < LAST_CYLINDER ? (u32)last : LAST_CYLINDER;
    entry[0] = ENTRY_ACTIVE;
    entry[2] = 1; /* head 0, sector 1, cylinder 0 */
    entry[4] = TYPE_ISO;
    entry[5] = HEADS - 1;
    entry[6] = (u8)((cylinder >> 2 & 0xc0) | TRACK_SECTORS);
    entry[7] = (u8)cylinder;
    store32(entry + 12, sectors < 0xffffffff ? (u32)sectors : 0xffffffff);
}

/* The place of stage 2 on the volume. False, with a message, if it cannot be found. */
static bool find_stage2(const char *who, const char *path, u32 *sector) {
    struct host_file image;
    struct iso iso;
    struct iso_file file;
    bool found;
    host_open(who, path, "the image", &image);
    struct error error = iso_open(&image.data, &iso, &found);
    if (!error.code && found)
        error = iso_find(&iso, ISO_BOOT_FILE, &file);
    host_close(&image);
    if (error.code || !found)
        return complain(who, "xorriso made no volume that can be read; is it 1.4 or later?");
    *sector = (file.block + 1) * (CD_SECTOR_SIZE / SECTOR);
    return true;
}

static bool write_boot_sector(const char *who, const char *path, int descriptor, u64 size) {
    u8 sector[SECTOR];
    u32 stage2 = 0;
    if (!find_stage2(who, path, &stage2))
        return false;
    bootcode_sector(sector, stage2);
    store32(sector + BOOT_SIGNATURE_START, DISK_SIGNATURE);
    store_partition(sector + BOOT_TABLE_START, size / SECTOR);
    return pwrite(descriptor, sector, SECTOR, 0) == SECTOR || cannot_write(who, path);
}

bool iso_image_fill(const char *who, const struct tree *tree, const char *path, const u8 *lock,
                    int descriptor) {
    static const char *const own[] = {ISO_BOOT_FILE, ISO_BOOT_CATALOG};
    const struct tree_file *file;
    for (size_t i = 0; i < ARRAY_COUNT(own); i++)
        if (tree_find(tree, own[i], &file).code != ERROR_FILE_NOT_FOUND)
            return complain(who, "%s is the name of the boot code on a CD; rename the file",
                            own[i]);
    struct stat state;
    if (!write_volume(who, tree, path, lock))
        return false;
    if (fstat(descriptor, &state) < 0)
        return cannot_write(who, path);
    u64 size = align_up((u64)state.st_size, MIB);
    if (ftruncate(descriptor, (off_t)size) < 0)
        return cannot_write(who, path);
    return write_boot_sector(who, path, descriptor, size);
}

bool iso_image_is(const char *who, const char *path) {
    struct host_file file;
    host_open(who, path, path, &file);
    bool is;
    struct error error = iso_is_there(&file.data, &is);
    host_close(&file);
    return !error.code && is;
}
