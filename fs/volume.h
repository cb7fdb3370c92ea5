/* The boot volume: whatever file system it holds, files are found by path and read as sources.
 *
 * A further file system is one more module beside fat.c and one more kind here. */
#ifndef FS_VOLUME_H
#define FS_VOLUME_H

#include "ext.h"
#include "fat.h"
#include "iso9660.h"
#include "partition.h"

enum volume_kind { VOLUME_FAT, VOLUME_EXT, VOLUME_ISO };

struct volume {
    struct partition partition; /* where it lies */
    enum volume_kind kind;
    union {
        struct fat fat;
        struct ext ext;
        struct iso iso;
    };
};

struct file {
    struct source data; /* its context may point to what is below: do not copy an open file */
    union {
        struct fat_file fat;
        struct ext_file ext;
        struct iso_file iso;
    };
};

/* Opens the file system in one partition. ERROR_FAT_BAD if there is none that Aloft reads, else
 * what is wrong with the one that is there. */
MUST_USE struct error volume_open(const struct source *disk, const struct partition *partition,
                                  struct volume *volume);

/* Opens a file to be read. Errors as those of the file system's find and source functions. */
MUST_USE struct error volume_file(const struct volume *volume, const char *path, struct file *file);

/* The same, but a file that does not exist is no error: *found says. */
MUST_USE struct error volume_try(const struct volume *volume, const char *path, struct file *file,
                                 bool *found);

/* What a volume is called, as `search` of GRUB has it: empty where it has no such name.
 *
 *   label   FAT: the entry in the root, else the boot record's; ISO 9660: the volume identifier
 *   uuid    FAT: "1234-ABCD"; ISO 9660: the date of the last change, "2026-01-02-03-04-05-00" */
struct volume_identity {
    char label[37];
    char uuid[37];
};

MUST_USE struct error volume_identity(const struct volume *volume,
                                      struct volume_identity *identity);

#endif
