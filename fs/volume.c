#include "volume.h"

/* FAT first: it is the usual one, and looking for another costs a read elsewhere. Where a
 * superblock cannot be read there may be a CD yet; if there is none, that is what is told. */
struct error volume_open(const struct source *disk, const struct partition *partition,
                         struct volume *volume) {
    struct source slice;
    bool found;
    TRY(source_slice(disk, partition->start, partition->size, &slice));
    volume->partition = *partition;
    volume->kind = VOLUME_FAT;
    struct error none = fat_open(&slice, &volume->fat);
    if (!none.code)
        return OK;
    volume->kind = VOLUME_EXT;
    struct error error = ext_open(&slice, &volume->ext);
    if (error.code == ERROR_DISK_READ)
        none = error;
    else if (error.code != ERROR_EXT_NONE)
        return error;
    volume->kind = VOLUME_ISO;
    TRY(iso_open(&slice, &volume->iso, &found));
    return found ? OK : none;
}

struct error volume_file(const struct volume *volume, const char *path, struct file *file) {
    switch (volume->kind) {
    case VOLUME_EXT:
        TRY(ext_find(&volume->ext, path, &file->ext));
        return ext_source(&file->ext, &file->data);
    case VOLUME_ISO:
        TRY(iso_find(&volume->iso, path, &file->iso));
        return iso_source(&volume->iso, &file->iso, &file->data);
    case VOLUME_FAT:
    default:
        TRY(fat_find(&volume->fat, path, &file->fat));
        return fat_source(&file->fat, &file->data);
    }
}

struct error volume_try(const struct volume *volume, const char *path, struct file *file,
                        bool *found) {
    struct error error = volume_file(volume, path, file);
    *found = error.code == ERROR_NONE;
    /* With a file /boot, /boot/aloft.cfg does not exist either. */
    if (error.code == ERROR_FILE_NOT_FOUND || error.code == ERROR_FILE_NOT_DIRECTORY)
        return OK;
    return error;
}

struct error volume_identity(const struct volume *volume, struct volume_identity *identity) {
    switch (volume->kind) {
    case VOLUME_EXT: ext_identity(&volume->ext, identity->label, identity->uuid); return OK;
    case VOLUME_ISO: return iso_identity(&volume->iso, identity->label, identity->uuid);
    case VOLUME_FAT:
    default: return fat_identity(&volume->fat, identity->label, identity->uuid);
    }
}
