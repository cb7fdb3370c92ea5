/* The volumes of the boot drive: the one that holds the configuration, and those of other
 * partitions that a configuration asks for by device, label, UUID or file. No other drive is read.
 */
#ifndef STAGE2_VOLUMES_H
#define STAGE2_VOLUMES_H

#include "script.h"
#include "machine.h"
#include "volume.h"

enum { OTHER_VOLUMES_MAX = 3, DEVICE_NAME_SIZE = 24 };

struct volumes {
    const struct machine *machine;
    const struct source *disk;
    struct partition_table table;
    struct volume boot;
    u32 other_count;
    struct volume others[OTHER_VOLUMES_MAX]; /* open ones: files of them point to them */
    struct volume scratch;                   /* of a search */
};

/* Of a device on the boot drive. No device, the CD, and the drive without a partition are the boot
 * volume; NULL if there is no such volume, or no room to keep it open. */
const struct volume *volumes_at(struct volumes *volumes, const struct device *device);

/* A partition of the boot drive, whatever it holds; of its own, or of no device, the boot volume's,
 * and of the drive without a partition all of it. NULL if there is none. */
const struct partition *volumes_partition(const struct volumes *volumes,
                                          const struct device *device);

/* The first volume with this file ('f'), label ('l') or UUID ('u'), the boot volume before the
 * others. NULL if none has it; it is valid until the next search. */
const struct volume *volumes_search(struct volumes *volumes, char what, const char *name);

/* What GRUB calls it: "hd0,msdos1", "hd0,gpt2", "fd0". */
void volumes_name(const struct volumes *volumes, const struct volume *volume,
                  char name[DEVICE_NAME_SIZE]);

#endif
