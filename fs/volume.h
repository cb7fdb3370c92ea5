/* The boot volume: whatever file system it holds, files are found by path and read as sources.
 *
 * A further file system is one more module beside fat.c and one more kind here. */
#ifndef FS_VOLUME_H
#define FS_VOLUME_H

#include "fat.h"
#include "partition.h"

struct volume {
    struct partition partition; /* where it lies */
    struct fat fat;
};

struct file {
    struct source data; /* its context points to `fat` below: do not copy an open file */
    struct fat_file fat;
};

/* Opens the file system in one partition. ERROR_FAT_BAD if there is none that Aloft reads. */
MUST_USE struct error volume_open(const struct source *disk, const struct partition *partition,
                                  struct volume *volume);

/* Opens a file to be read. Errors as fat_find() and fat_source(). */
MUST_USE struct error volume_file(const struct volume *volume, const char *path, struct file *file);

/* The same, but a file that does not exist is no error: *found says. */
MUST_USE struct error volume_try(const struct volume *volume, const char *path, struct file *file,
                                 bool *found);

#endif
