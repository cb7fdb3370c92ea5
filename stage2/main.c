/* The story of a boot: probe, open, plan, load, enter. */
#include "a20.h"
#include "boot_menu.h"
#include "cache.h"
#include "chain.h"
#include "console.h"
#include "disk.h"
#include "gzip.h"
#include "high.h"
#include "input.h"
#include "load.h"
#include "native.h"
#include "parts.h"
#include "paths.h"
#include "probe.h"
#include "protocol.h"
#include "report.h"
#include "rows.h"
#include "run.h"
#include "timing.h"
#include "vbe.h"
#include "enter.h"
#include "lock.h"
#include "verify.h"
#include "volumes.h"

enum { CACHE_LINES = 4 };

/* Memory is the loader's own below LOADER_END, so the big values stand in .bss and not on the
 * stack. */
static struct machine machine __attribute__((section(".scratch")));
static struct screen first_screen; /* before an entry asked for another one */
static struct disk disk;
static struct cache cache;
static struct source cached; /* the disk through the cache */
static u8 cache_storage[CACHE_LINES * CACHE_LINE_SIZE];
static struct volumes volumes;
static u8 config_text[CONFIG_BYTES_MAX] __attribute__((section(".scratch")));
static struct config config;
static struct boot_menu menu;
static struct boot_request request;
static struct runner runner;
static struct file kernel, modules[CONFIG_MODULES_MAX] __attribute__((section(".scratch")));
static struct gzip_file unpacked[1 + CONFIG_MODULES_MAX]; /* the kernel, the modules */
static struct inflater inflater;
static struct range held; /* the kernel's file, where it has a hash */
static struct bytes held_bytes;
static struct verifier verifier;
static struct watched_file watched[CONFIG_MODULES_MAX] __attribute__((section(".scratch")));
static u64 module_sizes[CONFIG_MODULES_MAX];
static struct image image __attribute__((section(".low")));
static struct plan plan;
static struct cpu_entry entry;
static struct opened opened;
static struct timing timing;
static const struct boot kernel_boot = {&machine, &request, module_sizes, &image, &opened, &held};

/* In the loader a physical address below 4 GiB is a pointer. */
static const struct ram ram = {.bytes = NULL, .start = 0, .size = 4 * GIB};

static struct error find_kernel(const char *path, bool *found) {
    TRY(volume_try(&volumes.boot, path, &kernel, found));
    if (*found)
        config_for_kernel(path, &config);
    return OK;
}

/* The configuration of one volume, or a kernel at one of the usual places; a lock is one to a
 * configuration. */
static struct error find_work(bool *found) {
    *found = false;
    for (u32 i = 0; i < ARRAY_COUNT(config_paths) && !*found; i++)
        TRY(run_config(&runner, config_paths[i], found));
    for (u32 i = 0; i < ARRAY_COUNT(kernel_paths) && !*found && !lock_is_set(); i++)
        TRY(find_kernel(kernel_paths[i], found));
    return OK;
}

/* The boot volume is the first partition that has something to boot, the active one being tried
 * first. A partition with another file system is passed over; a damaged one only if a later one has
 * work. If none has, the reason is that the only one, or the active one, is damaged, or that one
 * cannot be read. */
static struct error open_volume(const struct source *source) {
    const struct volume *volume = &volumes.boot;
    struct error problem = error_make(ERROR_CONFIG_NOTHING, .name = source->name);
    TRY(partition_list(source, machine.drive.sector_size, &volumes.table));
    for (u32 i = 0; i < volumes.table.count; i++) {
        bool found;
        struct error error = volume_open(source, &volumes.table.partitions[i], &volumes.boot);
        if (!error.code) {
            TRY(find_work(&found));
            if (!found)
                continue;
            machine.drive.partition = volume->partition.number;
            machine.drive.partition_start = volume->partition.start >> disk.sector_shift;
            return OK;
        }
        if (volumes.table.count == 1 || volumes.table.partitions[i].active ||
            error.code == ERROR_DISK_READ)
            problem = error;
    }
    return problem;
}

/* run_entry() has made sure that there is such a volume. */
static struct error open_file(const struct file_request *wanted, struct file *file) {
    return volume_file(volumes_at(&volumes, &wanted->device), wanted->path, file);
}

/* From here on the kernel's file is what was hashed (verify.h). */
static struct error hold_kernel(void) {
    u64 size = kernel.data.size;
    TRY(verify_hold(&machine, size, &held));
    held_bytes = (struct bytes){(const u8 *)(uintptr_t)held.start, (size_t)size};
    TRY(source_read(&kernel.data, 0, (u8 *)held_bytes.at, held_bytes.size));
    kernel.data = source_memory(&held_bytes, kernel.data.name);
    return verify_bytes(kernel.data.name, request.kernel.hash, held_bytes);
}

static struct error open_module(u32 i) {
    const struct file_request *wanted = &request.modules[i];
    TRY(open_file(wanted, &modules[i]));
    if (wanted->hash)
        verify_watch(&watched[i], &verifier, &modules[i].data);
    if (!wanted->nounzip)
        TRY(gzip_open(&unpacked[i + 1], &inflater, &modules[i].data));
    module_sizes[i] = modules[i].data.size;
    return OK;
}

static struct error open_files(u32 number) {
    TRY(run_entry(&runner, number, boot_menu_text(&menu), &request));
    if (request.protocol == PROTOCOL_CHAIN)
        return chain(&volumes, &request);
    TRY(open_file(&request.kernel, &kernel));
    if (request.kernel.hash)
        TRY(hold_kernel());
    if (!request.kernel.nounzip)
        TRY(gzip_open(&unpacked[0], &inflater, &kernel.data));
    TRY(protocol_open(&kernel_boot, &kernel.data));
    for (u32 i = 0; i < request.module_count; i++)
        TRY(open_module(i));
    return OK;
}

/* The screen that the entry asks for. A BIOS is asked for its modes only then. */
static struct error choose_screen(void) {
    struct error note;
    const char *list = protocol_video(&kernel_boot);
    if (video_wanted(list))
        probe_video(&machine);
    video_choose(list, &machine, &note);
    return note;
}

static struct error load_one(const struct load *load, const struct source *file) {
    bool high = load->phys + load->memory_size > 4 * GIB;
    return high ? high_load(load, file) : load_file(load, file, &ram);
}

static struct error load_module(const struct load *load) {
    u32 i = load->file - 1;
    const char *hash = request.modules[i].hash;
    if (hash)
        verify_begin(&watched[i]);
    TRY(load_one(load, &modules[i].data));
    return hash ? verify_end(&watched[i], hash) : OK;
}

static struct error load_rows(void) {
    for (u32 i = 0; i < plan.load_count; i++) {
        const struct load *load = &plan.loads[i];
        TRY(load->file ? load_module(load) : load_one(load, &kernel.data));
    }
    TRY(gzip_check(&unpacked[0]));
    return load_relocate(&plan, &ram);
}

static struct error load_all(void) {
    u64 total = 0;
    for (u32 i = 0; i < plan.load_count; i++)
        total += plan.loads[i].file_size;
    struct progress progress = progress_begin(total);
    disk.progress = &progress;
    struct error error = load_rows();
    disk.progress = NULL;
    progress_end(&progress);
    return error;
}

static struct error prepare(u32 given, struct report_context *context) {
    struct source disk_source;
    context->doing = "finding out about this machine";
    TRY(a20_enable());
    TRY(probe_machine(&machine));
    timing_lap(&timing, &timing.spent.probe);

    context->doing = "looking for the boot volume";
    TRY(disk_open((u8)given, given >> 8 & 1, &disk, &machine, &disk_source));
    cached = cache_over(&cache, &disk_source, cache_storage, CACHE_LINES);
    context->config = &config;
    first_screen = machine.screen;
    runner.machine = &machine;
    volumes.machine = &machine;
    volumes.disk = &cached;
    runner.volumes = &volumes;
    runner.config = &config;
    runner.text = config_text;
    return open_volume(&cached);
}

/* The last that is done: the total ends here. */
static void hand_over_timings(void) {
    timing_lap(&timing, &timing.other);
    if (request.protocol == PROTOCOL_NATIVE)
        native_timings(&plan, &ram, &timing.spent);
}

static struct error boot(u32 number, struct report_context *context) {
    timing_lap(&timing, &timing.other);
    context->doing = "opening the kernel and its modules";
    TRY(open_files(number));
    timing_lap(&timing, &timing.spent.open);

    context->doing = "planning where everything goes";
    struct error note = choose_screen();
    if (request.options.kaslr)
        machine.random = probe_random(&machine.cpu);
    if (request.protocol == PROTOCOL_MULTIBOOT1 || request.protocol == PROTOCOL_MULTIBOOT2)
        probe_for_multiboot(request.protocol, &machine);
    TRY(protocol_plan(&kernel_boot, &plan));
    if (note.code)
        plan_note(&plan, note);
    timing_lap(&timing, &timing.spent.plan);
    bool verbose = string_equal(config_variable(&config, "verbose"), "1");
    if (verbose) {
        report_notes(&config);
        report_plan(&machine, &plan, &request);
        timing_lap(&timing, &timing.other);
    }

    context->doing = "loading";
    TRY(load_all());
    timing_lap(&timing, &timing.spent.load);

    context->doing = "preparing the jump to the kernel";
    TRY(protocol_finish(&kernel_boot, &plan, &ram, &entry));
    timing_lap(&timing, &timing.spent.tables);
    if (verbose)
        report_timings(&timing);
    TRY(set_video(&machine));
    hand_over_timings();
    return OK;
}

/* Everything that boot() fills stands as it did before the first attempt. What was probed, opened
 * and read of the disk stays: machine, disk, cache, volume. */
static void forget_attempt(void) {
    machine.screen = first_screen;
    memset(&kernel, 0, sizeof kernel);
    memset(unpacked, 0, sizeof unpacked);
    memset(modules, 0, sizeof modules);
    memset(&image, 0, sizeof image);
    memset(&plan, 0, sizeof plan);
    memset(&request, 0, sizeof request);
    memset(&held, 0, sizeof held);
    memset(&entry, 0, sizeof entry);
}

/* Reports a failure; the entry to boot instead, if any. */
static struct error recover(struct report_context *context, const struct error *error,
                            u32 *number) {
    parts_about(error->code);
    enum boot_next next = boot_menu_next(&menu, error, number);
    report_error(context, error,
                 next == BOOT_FALLBACK ? "  Now the fallback entry."
                 : next == BOOT_MENU   ? "  Any key goes to the menu."
                                       : "");
    parts_about(ERROR_NONE);
    forget_attempt();
    if (next == BOOT_FALLBACK)
        return OK;
    if (next == BOOT_MENU)
        input_drain(); /* a key that is pressed once the report has ended counts */
    report_end();
    if (next == BOOT_STOP)
        report_stop();
    boot_menu_again(&menu, number);
    return OK;
}

/* `given` is DX as stage 1 left it: the drive, and whether it has disk extensions. `rest_sector` is
 * its ESI (parts.h). */
NO_RETURN void main(u32 given, u32 rest_sector);

void main(u32 given, u32 rest_sector) {
    struct report_context context = {.doing = "starting", .config = NULL};
    u32 number = 0;
    parts_begin((u8)given, given >> 8 & 1, rest_sector);
    timing_begin(&timing);
    memset(&machine, 0, sizeof machine); /* .scratch and .low are not zeroed */
    memset(&image, 0, sizeof image);
    console_init(&machine);
    struct error error = prepare(given, &context);
    timing_lap(&timing, &timing.spent.open);
    if (!error.code) {
        context.doing = "choosing an entry";
        error = boot_menu_choose(&menu, &runner, &request, &number);
    }
    for (;;) {
        if (!error.code)
            error = boot(number, &context);
        if (!error.code)
            enter(&entry, plan.trampoline_phys);
        error = recover(&context, &error, &number);
    }
}
