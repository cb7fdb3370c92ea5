#include "work.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "message.h"
#include "paths.h"
#include "rows.h"
#include "verify.h"
#include "video.h"

enum { HOPS_MAX = 8 };

/* What the boot volume is called. */
static const char DEVICE[] = "hd0";

/* The text of a file of the tree. */
static struct error read_text(const char *who, const char *path, struct work *work,
                              struct bytes *text, bool *found) {
    const struct tree_file *file;
    TRY(tree_try(&work->tree, path, &file, found));
    if (!*found)
        return OK;
    if (file->size > CONFIG_BYTES_MAX)
        return error_make(ERROR_FILE_TOO_BIG, .name = path,
                          .number = {file->size, CONFIG_BYTES_MAX});
    struct host_file *opened = make_room(1, sizeof *opened);
    host_open(who, file->host, path, opened);
    *text = opened->bytes;
    return OK;
}

/* The tree becomes the boot volume, so a drive's name may be any. */
static bool file_is(struct work *work, const struct command *command) {
    const struct tree_file *file;
    struct error error = tree_find(&work->tree, command->file.path, &file);
    if (error.code == ERROR_FILE_IS_DIRECTORY)
        return command->test == 'd' || command->test == 'e';
    return !error.code && command->test != 'd' && (command->test != 's' || file->size);
}

static struct error read_more(const char *who, const struct command *command, struct work *work) {
    struct bytes text;
    bool found;
    TRY(read_text(who, command->file.path, work, &text, &found));
    if (!found) {
        script_status(&work->config, false);
        return OK;
    }
    TRY(verify_bytes(command->file.path, command->hash, text));
    if (command->kind == COMMAND_SOURCE)
        return script_push(&work->config, command->file.path, text);
    return script_replace(&work->config, command->file.path, text);
}

/* Words of echo and the like are for the machine that boots. */
static struct error do_command(const char *who, const struct command *command, struct work *work) {
    switch (command->kind) {
    case COMMAND_SOURCE:
    case COMMAND_REPLACE: return read_more(who, command, work);
    case COMMAND_TEST: script_status(&work->config, file_is(work, command)); return OK;
    case COMMAND_SEARCH:
        return script_found(&work->config,
                            command->test != 'f' || file_is(work, command) ? DEVICE : NULL);
    default: return OK;
    }
}

/* `request` is NULL while the configuration is read. */
static struct error run(const char *who, struct work *work, struct boot_request *request) {
    for (;;) {
        struct command command;
        TRY(script_next(&work->config, &command));
        if (command.kind == COMMAND_END)
            return OK;
        TRY(do_command(who, &command, work));
        if (request && work->config.booting)
            TRY(request_command(&work->config, &command, request));
    }
}

static struct error read_config(const char *who, const char *path, struct work *work, bool *found) {
    struct bytes text;
    TRY(read_text(who, path, work, &text, found));
    if (!*found)
        return OK;
    work->has_config = true;
    TRY(config_start(path, text, DEVICE, &work->config));
    return run(who, work, NULL);
}

struct error work_request(const char *who, struct work *work, u32 entry) {
    for (u32 hops = 0; hops < HOPS_MAX; hops++) {
        TRY(request_start(&work->config, entry, NULL, &work->request));
        TRY(run(who, work, &work->request));
        if (work->config.booting)
            break;
        TRY(config_default(&work->config, &entry));
    }
    return request_finish(&work->config, &work->request);
}

static struct error find_kernel(const char *path, struct work *work, bool *found) {
    const struct tree_file *file;
    TRY(tree_try(&work->tree, path, &file, found));
    if (*found)
        config_for_kernel(path, &work->config);
    return OK;
}

static struct error find_work(const char *who, struct work *work) {
    bool found = false;
    for (u32 i = 0; i < ARRAY_COUNT(config_paths) && !found; i++)
        TRY(read_config(who, config_paths[i], work, &found));
    for (u32 i = 0; i < ARRAY_COUNT(kernel_paths) && !found; i++)
        TRY(find_kernel(kernel_paths[i], work, &found));
    return found ? OK : error_make(ERROR_CONFIG_NOTHING);
}

static struct error set_options(const struct words *words, struct kernel_options *options) {
    for (u32 i = 0; i < words->count; i++)
        TRY(kernel_option_parse(words->at[i], options));
    return OK;
}

/* The size that a module will have in memory; its hash is checked. */
static struct error measure_module(const char *who, const char *host,
                                   const struct file_request *module, struct work *work,
                                   u64 *size) {
    struct host_file file;
    struct gzip_file unpacked;
    *size = host_file_size(who, host);
    if ((module->nounzip && !module->hash) || !*size)
        return OK;
    host_open(who, host, host, &file);
    TRY(verify_bytes(module->path, module->hash, file.bytes));
    if (module->nounzip)
        return OK;
    TRY(gzip_open(&unpacked, &work->inflater, &file.data));
    *size = file.data.size;
    return OK;
}

/* The modules of the configuration, which are in the tree, and those of the call, which need not
 * be. */
static struct error measure_modules(const char *who, const struct words *more, struct work *work) {
    struct boot_request *request = &work->request;
    for (u32 i = 0; i < request->module_count; i++) {
        const struct tree_file *file;
        TRY(tree_find(&work->tree, request->modules[i].path, &file));
        TRY(measure_module(who, file->host, &request->modules[i], work, &work->module_sizes[i]));
    }
    for (u32 i = 0; i < more->count; i++) {
        if (request->module_count == CONFIG_MODULES_MAX)
            return error_make(ERROR_CONFIG_TOO_BIG, .name = "modules",
                              .number = {CONFIG_MODULES_MAX});
        const char *slash = strrchr(more->at[i], '/');
        u32 number = request->module_count++;
        struct file_request *module = &request->modules[number];
        *module = (struct file_request){
            .path = make_text("/boot/%s", slash ? slash + 1 : more->at[i]), .arguments = ""};
        TRY(measure_module(who, more->at[i], module, work, &work->module_sizes[number]));
    }
    return OK;
}

struct boot work_boot(struct work *work) {
    return (struct boot){.machine = &work->machine,
                         .request = &work->request,
                         .module_sizes = work->module_sizes,
                         .image = &work->image,
                         .opened = &work->opened,
                         .held = &work->held};
}

struct error work_read_kernel(struct work *work) {
    struct host_file *kernel = &work->kernel;
    struct gzip_file packed;
    struct source data = kernel->data;
    TRY(gzip_open(&packed, &work->inflater, &data));
    if (data.context == &packed) {
        u8 *bytes = make_room((size_t)data.size, 1);
        TRY(source_read(&data, 0, bytes, (size_t)data.size));
        kernel->bytes = (struct bytes){bytes, (size_t)data.size};
        kernel->data = source_memory(&kernel->bytes, data.name);
    }
    struct boot boot = work_boot(work);
    return protocol_open(&boot, &kernel->data);
}

struct error work_open(const char *who, const char *path, const struct work_wishes *wishes,
                       struct work *work) {
    const struct tree_file *kernel;
    bool is_folder;
    u32 entry;
    work->has_config = false;
    work->tree = tree_of(who, path, &is_folder);
    TRY(find_work(who, work));
    TRY(config_default(&work->config, &entry));
    TRY(work_request(who, work, entry));
    TRY(set_options(&wishes->options, &work->request.options));
    TRY(tree_find(&work->tree, work->request.kernel.path, &kernel));
    host_open(who, kernel->host, is_folder ? work->request.kernel.path : path, &work->kernel);
    TRY(verify_bytes(work->request.kernel.path, work->request.kernel.hash, work->kernel.bytes));
    if (work->request.kernel.hash)
        TRY(verify_hold(&work->machine, work->kernel.bytes.size, &work->held));
    TRY(work_read_kernel(work));
    return measure_modules(who, &wishes->modules, work);
}

struct error work_plan(struct work *work) {
    struct boot boot = work_boot(work);
    struct error note;
    video_choose(protocol_video(&boot), &work->machine, &note);
    TRY(protocol_plan(&boot, &work->plan));
    if (note.code)
        plan_note(&work->plan, note);
    return OK;
}

/* All that protocol_finish() writes to: from the lowest to the highest of its claims. What is never
 * written in between takes no memory. */
static struct ram reserve_ram(const char *who, const struct plan *plan) {
    u64 start = ~(u64)0, end = 0;
    for (u32 i = 0; i < plan->claims.count; i++) {
        const struct claim *claim = &plan->claims.claims[i];
        if (claim->kind != CLAIM_TABLES && claim->kind != CLAIM_HANDOFF &&
            claim->kind != CLAIM_TRAMPOLINE && claim->kind != CLAIM_SYMBOLS)
            continue;
        start = min_u64(start, claim->start);
        end = max_u64(end, claim->start + claim->size);
    }
    void *bytes = mmap(NULL, (size_t)(end - start), PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (bytes == MAP_FAILED)
        die(who, "no memory for the page tables: %s", strerror(errno));
    return (struct ram){.bytes = bytes, .start = start, .size = end - start};
}

struct error work_finish(const char *who, struct work *work) {
    const struct plan *plan = &work->plan;
    struct ram ram = reserve_ram(who, plan);
    struct boot boot = work_boot(work);
    TRY(protocol_finish(&boot, plan, &ram, &work->entry));
    work->tables = (struct table_arena){
        .bytes = ram_at(&ram, plan->tables_phys, plan->table_frames * PAGE_SIZE),
        .phys = plan->tables_phys,
        .frame_count = plan->table_frames,
        .used = plan->table_frames};
    return OK;
}

void work_print_error(const struct work *work, const struct error *error) {
    const struct tree_file *file;
    bool found = false;
    if (work->has_config && !tree_try(&work->tree, work->config.file, &file, &found).code && found)
        print_error(stderr, error, &work->config, file->host);
    else
        print_error(stderr, error, &work->config, NULL);
}
