/* aloft install: the boot code on a disk that exists. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "install.h"
#include "lock.h"
#include "message.h"
#include "options.h"
#include "program.h"

static const char help[] =
    "usage: aloft install [--lock] [--force] [--record=FILE] DISK\n"
    "       aloft install --undo [--force] [--record=FILE] DISK\n"
    "\n"
    "Puts the loader on an image or a disk that has partitions (MBR or GPT) or is one FAT volume; "
    "files "
    "and partitions\n"
    "stay as they are. What is replaced is saved first, and --undo brings every byte of it back.\n"
    "\n"
    "  --lock         the loader boots by the configuration that DISK has now, and by no other: "
    "every "
    "file needs a\n"
    "                 --hash= there, and nothing can be edited (docs/security.md). Without --lock "
    "a "
    "lock is taken away\n"
    "  --force        also where another boot loader or other data is; with --undo, also where the "
    "disk\n"
    "                 was changed since\n"
    "  --record=FILE  where the former bytes are saved; DISK.aloft-undo when not given, for a "
    "device in "
    "this folder\n"
    "  --undo         restore them; the record is then removed\n";

/* A device's folder is no place for a file. */
static const char *usual_record(const char *disk) {
    struct stat state;
    const char *slash = strrchr(disk, '/');
    bool is_device = stat(disk, &state) == 0 && S_ISBLK(state.st_mode);
    return make_text("%s.aloft-undo", is_device && slash ? slash + 1 : disk);
}

static bool install(struct changes *changes, const char *record, bool forced, bool locked) {
    struct source disk = changes_source(changes);
    struct lock lock;
    if (locked && !lock_to_disk(changes->who, &disk, &lock))
        return false;
    if (!install_decide(changes, forced, locked ? lock.digest : NULL) ||
        !changes_save(changes, record))
        return false;
    if (!changes_apply(changes) || !install_check(changes))
        return false;
    printf("Aloft is on %s. What was there before: %s\n", changes->disk, record);
    if (locked)
        lock_print(&lock);
    else if (install_was_locked(changes))
        printf("It was locked, and is so no longer.\n");
    return true;
}

static bool undo(struct changes *changes, const char *record, bool forced) {
    changes_load(changes, record);
    if (!changes_revert(changes, forced))
        return false;
    unlink(record);
    printf("%s is as it was before.\n", changes->disk);
    return true;
}

int command_install(int count, char **words) {
    const struct call call = {"aloft install", help, count, words};
    struct words things = {0}, force = {0}, backwards = {0}, records = {0}, lock = {0};
    const struct option options[] = {
        {"--force", &force, OPTION_FLAG},
        {"--undo", &backwards, OPTION_FLAG},
        {"--lock", &lock, OPTION_FLAG},
        {"--record", &records, OPTION_VALUE},
    };
    options_read(&call, options, ARRAY_COUNT(options), &things, NULL);
    const char *disk = options_one(&call, &things, "the disk");
    struct changes changes = changes_open(call.who, disk);
    const char *record = words_last(&records, NULL);
    if (!record)
        record = usual_record(disk);
    sigset_t before = signals_hold();
    bool done = backwards.count ? undo(&changes, record, force.count)
                                : install(&changes, record, force.count, lock.count);
    signals_release(before);
    return done ? OUTCOME_DONE : OUTCOME_FAILED;
}
