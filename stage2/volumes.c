#include "volumes.h"

enum { TYPE_GPT = 0xee }; /* of a partition that is from a GPT */

static bool is_drive(const struct machine *machine, const struct device *device) {
    u32 number = device->number + (device->kind == DEVICE_DISK ? 0x80 : 0);
    return device->kind != DEVICE_OTHER && machine->drive.bios_number == number;
}

/* Opens it, or finds it open. */
static const struct volume *other_volume(struct volumes *volumes, u32 number) {
    for (u32 i = 0; i < volumes->other_count; i++)
        if (volumes->others[i].partition.number == number)
            return &volumes->others[i];
    for (u32 i = 0; i < volumes->table.count; i++) {
        struct volume *volume = &volumes->others[volumes->other_count];
        const struct partition *partition = &volumes->table.partitions[i];
        if (partition->number == number && volumes->other_count < OTHER_VOLUMES_MAX &&
            !volume_open(volumes->disk, partition, volume).code) {
            volumes->other_count++;
            return volume;
        }
    }
    return NULL;
}

const struct volume *volumes_at(struct volumes *volumes, const struct device *device) {
    u32 here = volumes->boot.partition.number;
    if (device->kind == DEVICE_NONE || device->kind == DEVICE_CD)
        return &volumes->boot;
    if (!is_drive(volumes->machine, device))
        return NULL;
    if (!here || !device->partition || device->partition == here)
        return &volumes->boot;
    return other_volume(volumes, device->partition);
}

const struct partition *volumes_partition(const struct volumes *volumes,
                                          const struct device *device) {
    static const struct partition whole = {.start = 0};
    if (device->kind == DEVICE_NONE)
        return &volumes->boot.partition;
    if (!is_drive(volumes->machine, device))
        return NULL;
    if (!device->partition)
        return &whole;
    for (u32 i = 0; i < volumes->table.count; i++)
        if (volumes->table.partitions[i].number == device->partition)
            return &volumes->table.partitions[i];
    return NULL;
}

static bool has(const struct volume *volume, char what, const char *name) {
    struct volume_identity identity;
    struct file file;
    bool found;
    if (what == 'f')
        return !volume_try(volume, name, &file, &found).code && found;
    if (volume_identity(volume, &identity).code)
        return false;
    return string_equal(name, what == 'l' ? identity.label : identity.uuid);
}

const struct volume *volumes_search(struct volumes *volumes, char what, const char *name) {
    if (has(&volumes->boot, what, name))
        return &volumes->boot;
    for (u32 i = 0; i < volumes->table.count; i++) {
        const struct partition *partition = &volumes->table.partitions[i];
        if (partition->number != volumes->boot.partition.number &&
            !volume_open(volumes->disk, partition, &volumes->scratch).code &&
            has(&volumes->scratch, what, name))
            return &volumes->scratch;
    }
    return NULL;
}

void volumes_name(const struct volumes *volumes, const struct volume *volume,
                  char name[DEVICE_NAME_SIZE]) {
    u8 drive = volumes->machine->drive.bios_number;
    struct text text = text_in(name, DEVICE_NAME_SIZE);
    text_string(&text, drive & 0x80 ? "hd" : "fd");
    text_decimal(&text, drive & 0x7f);
    if (volume->partition.number) {
        text_string(&text, volume->partition.type == TYPE_GPT ? ",gpt" : ",msdos");
        text_decimal(&text, volume->partition.number);
    }
}
