#include "changes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crc32.h"
#include "message.h"

enum {
    RECORD_VERSION = 1,
    RECORD_HEAD = 24,
    RECORD_CHANGE = 20,
    RECORD_ROOM = RECORD_HEAD + CHANGES_MAX * (RECORD_CHANGE + 0x10000) + 4,
};

static u32 sum_of(const u8 *bytes, u32 size) {
    return ~crc32_add(CRC32_START, bytes, size);
}

/* ---- the disk ---- */

struct changes changes_open(const char *who, const char *disk) {
    struct stat state;
    int descriptor = open(disk, O_RDWR | O_CLOEXEC);
    if (descriptor < 0 || fstat(descriptor, &state) < 0)
        die(who, "%s cannot be opened: %s", disk, strerror(errno));
    if (!S_ISREG(state.st_mode) && !S_ISBLK(state.st_mode))
        die(who, "%s is neither an image nor a disk; name a file or a block device", disk);
    off_t size = lseek(descriptor, 0, SEEK_END);
    if (size < 0)
        die(who, "%s: its size cannot be found: %s", disk, strerror(errno));
    return (struct changes){
        .who = who, .disk = disk, .descriptor = descriptor, .disk_size = (u64)size};
}

static bool read_at(const struct changes *changes, u64 offset, void *to, size_t size) {
    return pread(changes->descriptor, to, size, (off_t)offset) == (ssize_t)size;
}

static bool write_at(const struct changes *changes, const struct change *change, const u8 *bytes) {
    return pwrite(changes->descriptor, bytes, change->size, (off_t)change->offset) ==
           (ssize_t)change->size;
}

static struct error read_disk(void *context, u64 offset, void *to, size_t size) {
    const struct changes *changes = context;
    if (read_at(changes, offset, to, size))
        return OK;
    return error_make(ERROR_DISK_READ, .name = changes->disk, .number = {offset >> 9, (u32)errno});
}

struct source changes_source(struct changes *changes) {
    return (struct source){
        .read = read_disk, .context = changes, .size = changes->disk_size, .name = changes->disk};
}

void changes_add(struct changes *changes, u64 offset, const void *after, u32 size) {
    struct change *change = &changes->at[changes->count++];
    *change = (struct change){
        .offset = offset, .size = size, .before = make_room(size, 1), .after = make_room(size, 1)};
    memcpy(change->after, after, size);
    if (!read_at(changes, offset, change->before, size))
        die(changes->who, "%s cannot be read at byte %llu", changes->disk,
            (unsigned long long)offset);
    change->sum_before = sum_of(change->before, size);
    change->sum_after = sum_of(change->after, size);
}

/* ---- the record ---- */

static u32 put_record(const struct changes *changes, u8 *to) {
    u8 *at = to + RECORD_HEAD;
    memcpy(to, "ALOFTUND", 8);
    store32(to + 8, RECORD_VERSION);
    store32(to + 12, changes->count);
    store64(to + 16, changes->disk_size);
    for (u32 i = 0; i < changes->count; i++) {
        const struct change *change = &changes->at[i];
        store64(at, change->offset);
        store32(at + 8, change->size);
        store32(at + 12, change->sum_before);
        store32(at + 16, change->sum_after);
        memcpy(at + RECORD_CHANGE, change->before, change->size);
        at += RECORD_CHANGE + change->size;
    }
    store32(at, sum_of(to, (u32)(at - to)));
    return (u32)(at + 4 - to);
}

bool changes_save(const struct changes *changes, const char *record) {
    u8 *bytes = make_room(RECORD_ROOM, 1);
    u32 size = put_record(changes, bytes);
    int file = open(record, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0 && errno == EEXIST)
        return complain(
            changes->who,
            "%s exists: it holds what an earlier install replaced; run aloft install --undo %s "
            "first, or name another with --record=FILE",
            record, changes->disk);
    if (file < 0)
        return complain(changes->who, "%s cannot be written: %s", record, strerror(errno));
    bool done = write(file, bytes, size) == (ssize_t)size && fsync(file) == 0;
    done = close(file) == 0 && done;
    if (!done)
        unlink(record);
    return done || complain(changes->who, "%s cannot be written: %s", record, strerror(errno));
}

/* Takes the changes of a record apart; false if it is no whole record. */
static bool take_record(struct changes *changes, u8 *bytes, u32 size) {
    if (size < RECORD_HEAD + 4 || memcmp(bytes, "ALOFTUND", 8) != 0 ||
        sum_of(bytes, size - 4) != load32(bytes + size - 4) ||
        load32(bytes + 8) != RECORD_VERSION || load32(bytes + 12) > CHANGES_MAX)
        return false;
    u32 at = RECORD_HEAD, end = size - 4;
    for (u32 count = load32(bytes + 12); count; count--) {
        if (end - at < RECORD_CHANGE || load32(bytes + at + 8) > end - at - RECORD_CHANGE)
            return false;
        changes->at[changes->count++] = (struct change){.offset = load64(bytes + at),
                                                        .size = load32(bytes + at + 8),
                                                        .sum_before = load32(bytes + at + 12),
                                                        .sum_after = load32(bytes + at + 16),
                                                        .before = bytes + at + RECORD_CHANGE};
        at += RECORD_CHANGE + load32(bytes + at + 8);
    }
    return at == end;
}

void changes_load(struct changes *changes, const char *record) {
    u8 *bytes = make_room(RECORD_ROOM, 1);
    int file = open(record, O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, bytes, RECORD_ROOM);
    if (size < 0)
        die(changes->who, "%s cannot be read: %s; name the record with --record=FILE", record,
            strerror(errno));
    close(file);
    if (!take_record(changes, bytes, (u32)size))
        die(changes->who, "%s is no record of aloft install, or is damaged; nothing was changed",
            record);
    if (load64(bytes + 16) != changes->disk_size)
        die(changes->who, "%s is the record of another disk: that has %llu bytes, %s has %llu",
            record, (unsigned long long)load64(bytes + 16), changes->disk,
            (unsigned long long)changes->disk_size);
}

/* ---- writing ---- */

/* Does the disk have these bytes? */
static bool has(const struct changes *changes, const struct change *change, const u8 *bytes) {
    u8 *there = make_room(change->size, 1);
    return read_at(changes, change->offset, there, change->size) &&
           memcmp(there, bytes, change->size) == 0;
}

/* What counts is what is read back: a write that fails where nothing had been changed does no harm.
 */
static bool put_back(const struct changes *changes) {
    for (u32 i = 0; i < changes->count; i++)
        write_at(changes, &changes->at[i], changes->at[i].before);
    bool done = fsync(changes->descriptor) == 0;
    for (u32 i = 0; i < changes->count; i++)
        done = has(changes, &changes->at[i], changes->at[i].before) && done;
    return done;
}

/* The boot sector stands first and is written last: until then it leads to what was there before.
 */
bool changes_apply(const struct changes *changes) {
    bool done = true;
    for (u32 i = changes->count; i-- && done;)
        done = write_at(changes, &changes->at[i], changes->at[i].after) &&
               fsync(changes->descriptor) == 0;
    for (u32 i = 0; i < changes->count; i++)
        done = done && has(changes, &changes->at[i], changes->at[i].after);
    if (done)
        return true;
    const char *reason = strerror(errno);
    return complain(changes->who, "%s did not take what was written (%s); %s", changes->disk,
                    reason,
                    put_back(changes) ? "what was there before is back"
                                      : "what was there before could not be put back: use --undo");
}

bool changes_revert(const struct changes *changes, bool force) {
    for (u32 i = 0; i < changes->count; i++) {
        const struct change *change = &changes->at[i];
        u8 *there = make_room(change->size, 1);
        if (!read_at(changes, change->offset, there, change->size))
            return complain(changes->who, "%s cannot be read: %s", changes->disk, strerror(errno));
        u32 sum = sum_of(there, change->size);
        if (!force && sum != change->sum_after && sum != change->sum_before)
            return complain(
                changes->who,
                "%s was changed at byte %llu since Aloft was installed; nothing was restored "
                "(--force restores what was there before Aloft all the same)",
                changes->disk, (unsigned long long)change->offset);
    }
    return put_back(changes) || complain(changes->who, "%s did not take what was written: %s",
                                         changes->disk, strerror(errno));
}
