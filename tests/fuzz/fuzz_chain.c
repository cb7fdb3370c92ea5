/* The whole chain: a disk's bytes -> partition -> volume -> configuration -> kernel -> plan -> load
 * -> tables -> struct cpu_entry, with stage 2's own run.c and volumes.c, over memory in which only
 * what the plan claims can be written.
 *
 *   input   | disk | machine | failing read | size of the kernel | PATCHES changed bytes of the
 *             volume and the partition table: place, how, value | configuration, NUL | kernel ...
 */
#include "fuzz_boot.h"

#include "cache.h"
#include "chain_disk.h"
#include "console.h"
#include "bios.h"
#include "gzip.h"
#include "paths.h"
#include "run.h"

#include "lock.h"
#include <setjmp.h>

/* Stage 2's lock lies in its head, at an address that is not to be had here: this one has none. */
struct error lock_check(const char *path, struct bytes text) {
    (void)path, (void)text;
    return OK;
}

struct error lock_demand(const char *path, const char *digits) {
    (void)path, (void)digits;
    return OK;
}

NO_RETURN void fuzz_leave(void);
struct error fuzz_script_next(struct config *config, struct command *command);

enum { PATCHES = 4, PATCH_SIZE = 4, CACHE_LINES = 4, BOOTS_MAX = 3, WORK = 10000 };

/* ---- what stage 2 has of its machine ---- */

static jmp_buf leave;

void fuzz_leave(void) {
    longjmp(leave, 1);
}

struct error fuzz_script_next(struct config *config, struct command *command) {
    if (config->work < CONFIG_WORK_MAX - WORK)
        config->work += CONFIG_WORK_MAX - WORK;
    return script_next(config, command);
}

/* The keyboard is asked only once the machine is halted. */
void bios_call(u16 vector, struct bios_registers *registers) {
    (void)registers;
    if (vector == 0x16)
        fuzz_leave();
}

void console_string(const char *string) {
    MUST(strlen(string) < CONFIG_TEXT_MAX);
}

void console_line(const char *string) {
    console_string(string);
}

void console_clear(bool cursor) {
    (void)cursor;
}

/* ---- the disk ---- */

struct fuzz_disk {
    struct chain_disk *disk;
    u32 reads, fail_at; /* 0: never */
};

static struct error read_disk(void *context, u64 offset, void *to, size_t size) {
    struct fuzz_disk *disk = context;
    if (++disk->reads == disk->fail_at)
        return error_make(ERROR_DISK_READ, .name = "fuzz", .number = {offset >> 9, 4});
    memcpy(to, disk->disk->bytes + offset, size);
    return OK;
}

static struct chain_disk *disk_of(u32 number) {
    static struct chain_disk disks[DISK_KINDS * DISK_STYLES];
    if (!disks[0].bytes)
        for (u32 i = 0; i < ARRAY_COUNT(disks); i++)
            chain_disk_make((enum disk_kind)(i % DISK_KINDS), (enum disk_style)(i / DISK_KINDS),
                            &disks[i]);
    return &disks[number % ARRAY_COUNT(disks)];
}

struct patch {
    u8 *at, was;
};

static void put_patches(struct feed feed, struct chain_disk *disk, struct patch *patches) {
    for (u32 i = 0; i < PATCHES; i++) {
        u32 place = (u32)feed_number(&feed, 2), how = (u32)feed_number(&feed, 1);
        u8 value = (u8)feed_number(&feed, 1);
        patches[i].at = chain_meta(disk, place);
        patches[i].was = *patches[i].at;
        if (how & 1)
            *patches[i].at = how & 2 ? value : (u8)(*patches[i].at + value);
    }
}

static void undo_patches(struct patch *patches) {
    for (u32 i = PATCHES; i--;)
        *patches[i].at = patches[i].was;
}

/* ---- the story, as stage2/main.c goes it ---- */

static struct boot_case c;
static struct volumes volumes;
static struct config config;
static struct runner runner;
static struct file kernel, modules[MODULES_MAX];
static struct source module_sources[MODULES_MAX];
static struct gzip_file unpacked[1 + MODULES_MAX];
static struct inflater inflater;
static u8 config_text[CONFIG_BYTES_MAX];

static struct error find_work(bool *found) {
    *found = false;
    for (u32 i = 0; i < ARRAY_COUNT(config_paths) && !*found; i++)
        TRY(run_config(&runner, config_paths[i], found));
    for (u32 i = 0; i < ARRAY_COUNT(kernel_paths) && !*found; i++) {
        TRY(volume_try(&volumes.boot, kernel_paths[i], &kernel, found));
        if (*found)
            config_for_kernel(kernel_paths[i], &config);
    }
    return OK;
}

static struct error open_volume(const struct source *disk) {
    struct error problem = error_make(ERROR_CONFIG_NOTHING, .name = disk->name);
    TRY(partition_list(disk, 512, &volumes.table));
    for (u32 i = 0; i < volumes.table.count; i++) {
        bool found;
        problem = volume_open(disk, &volumes.table.partitions[i], &volumes.boot);
        if (problem.code)
            continue;
        TRY(find_work(&found));
        if (found)
            return OK;
    }
    return problem.code ? problem : error_make(ERROR_CONFIG_NOTHING, .name = disk->name);
}

static struct error open_file(const struct file_request *wanted, struct gzip_file *gzip,
                              struct file *file) {
    const struct volume *volume = volumes_at(&volumes, &wanted->device);
    MUST(volume);
    TRY(volume_file(volume, wanted->path, file));
    return wanted->nounzip ? OK : gzip_open(gzip, &inflater, &file->data);
}

static struct error open_files(u32 number) {
    TRY(run_entry(&runner, number, NULL, &c.request));
    if (c.request.protocol == PROTOCOL_CHAIN)
        return error_make(ERROR_CONFIG_NOTHING, .name = "chain");
    TRY(open_file(&c.request.kernel, &unpacked[0], &kernel));
    for (u32 i = 0; i < c.request.module_count; i++) {
        TRY(open_file(&c.request.modules[i], &unpacked[i + 1], &modules[i]));
        module_sources[i] = modules[i].data;
        c.module_sizes[i] = modules[i].data.size;
    }
    return OK;
}

static void forget(void) {
    memset(&kernel, 0, sizeof kernel);
    memset(modules, 0, sizeof modules);
    memset(unpacked, 0, sizeof unpacked);
}

static struct error boot(u32 number) {
    struct error error = open_files(number);
    c.kernel = &kernel.data;
    c.modules = module_sources;
    if (!error.code)
        error = boot_kernel(&c);
    if (!error.code)
        error = gzip_check(&unpacked[0]);
    forget();
    return error;
}

static void story(const struct source *disk) {
    u32 number;
    volumes.machine = runner.machine = &c.machine;
    volumes.disk = disk;
    volumes.other_count = 0;
    runner.volumes = &volumes;
    runner.config = &config;
    runner.text = config_text;
    struct error error = open_volume(disk);
    if (!error.code)
        error = config_default(&config, &number);
    show_error(error);
    if (error.code)
        return;
    show_error(boot(number));
    for (u32 i = 0; i < config.entry_count && i < BOOTS_MAX; i++)
        if (i != number && !config.entries[i].is_submenu)
            show_error(boot(i));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static u8 cache_storage[CACHE_LINES * CACHE_LINE_SIZE];
    static struct cache cache;
    static struct fuzz_disk medium;
    static struct patch patches[PATCHES];
    struct feed feed = {data, size};
    struct chain_disk *disk = disk_of((u32)feed_number(&feed, 1));
    c.machine = *fuzz_machine((u32)feed_number(&feed, 1));
    medium = (struct fuzz_disk){disk, 0, (u32)feed_number(&feed, 1)};
    u32 kernel_size = (u32)feed_number(&feed, 1) << 8;
    struct bytes changes = feed_bytes(&feed, PATCHES * PATCH_SIZE);
    const u8 *end = feed.left ? memchr(feed.at, 0, feed.left) : NULL;
    struct bytes text = feed_bytes(&feed, end ? (size_t)(end - feed.at) : feed.left);
    feed_number(&feed, 1);
    chain_put(disk, &disk->config, text, 0);
    chain_put(disk, &disk->kernel, (struct bytes){feed.at, feed.left}, kernel_size);
    put_patches((struct feed){changes.at, changes.size}, disk, patches);
    struct source source = {read_disk, &medium, 0, disk->whole.size, "fuzz"};
    struct source cached = cache_over(&cache, &source, cache_storage, CACHE_LINES);
    if (!setjmp(leave))
        story(&cached);
    undo_patches(patches);
    return 0;
}
