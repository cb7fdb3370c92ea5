#include "lock.h"

#include "message.h"
#include "paths.h"
#include "volume.h"

enum { SECTOR = 512 };

static bool no_config(const char *who) {
    return complain(
        who, "there is no configuration to lock to; write /boot/aloft.cfg, with a --hash= for "
             "every file");
}

static bool lock_to(const char *path, struct bytes text, struct lock *lock) {
    lock->path = path;
    sha512(text, lock->digest);
    return true;
}

bool lock_to_tree(const char *who, const struct tree *tree, struct lock *lock) {
    for (size_t i = 0; i < ARRAY_COUNT(config_paths); i++) {
        const struct tree_file *found;
        struct host_file file;
        if (tree_find(tree, config_paths[i], &found).code)
            continue;
        host_open(who, found->host, config_paths[i], &file);
        return lock_to(config_paths[i], file.bytes, lock);
    }
    return no_config(who);
}

/* The first configuration of a volume, where the loader looks. */
static struct error find_on(const struct volume *volume, struct lock *lock, bool *found) {
    *found = false;
    for (size_t i = 0; i < ARRAY_COUNT(config_paths) && !*found; i++) {
        struct file file;
        TRY(volume_try(volume, config_paths[i], &file, found));
        if (!*found)
            continue;
        if (file.data.size > CONFIG_BYTES_MAX)
            return error_make(ERROR_FILE_TOO_BIG, .name = config_paths[i],
                              .number = {file.data.size, CONFIG_BYTES_MAX});
        u8 *text = make_room((size_t)file.data.size + 1, 1);
        TRY(source_read(&file.data, 0, text, (size_t)file.data.size));
        lock_to(config_paths[i], (struct bytes){text, (size_t)file.data.size}, lock);
    }
    return OK;
}

/* In the loader's order (stage2/main.c, open_volume()). */
static struct error find(const struct source *disk, struct lock *lock, bool *found) {
    struct partition_table table;
    *found = false;
    TRY(partition_list(disk, SECTOR, &table));
    for (u32 i = 0; i < table.count && !*found; i++) {
        struct volume volume;
        if (!volume_open(disk, &table.partitions[i], &volume).code)
            TRY(find_on(&volume, lock, found));
    }
    return OK;
}

bool lock_to_disk(const char *who, const struct source *disk, struct lock *lock) {
    bool found;
    struct error error = find(disk, lock, &found);
    if (error.code) {
        print_error(stderr, &error, NULL, NULL);
        return complain(who, "the configuration cannot be read; there is nothing to lock to");
    }
    return found || no_config(who);
}

void lock_print(const struct lock *lock) {
    printf("It is locked to %s, SHA-512 ", lock->path);
    for (size_t i = 0; i < SHA512_SIZE; i++)
        printf("%02x", lock->digest[i]);
    printf(".\nNo file without a hash is used, and nothing can be edited when it boots.\n");
}
