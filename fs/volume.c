#include "volume.h"

struct error volume_open(const struct source *disk, const struct partition *partition,
                         struct volume *volume) {
    struct source slice;
    TRY(source_slice(disk, partition->start, partition->size, &slice));
    volume->partition = *partition;
    return fat_open(&slice, &volume->fat);
}

struct error volume_file(const struct volume *volume, const char *path, struct file *file) {
    TRY(fat_find(&volume->fat, path, &file->fat));
    return fat_source(&file->fat, &file->data);
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
