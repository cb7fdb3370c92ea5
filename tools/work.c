#include "work.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "message.h"
#include "paths.h"
#include "rows.h"
#include "video.h"

static struct error read_config(const char *who, const char *path, struct work *work, bool *found) {
    const struct tree_file *file;
    TRY(tree_try(&work->tree, path, &file, found));
    if (!*found)
        return OK;
    if (file->size > CONFIG_BYTES_MAX)
        return error_make(ERROR_FILE_TOO_BIG, .name = path,
                          .number = {file->size, CONFIG_BYTES_MAX});
    work->config_path = file->host;
    host_open(who, file->host, path, &work->config_file);
    work->config.file = path;
    return config_parse(path, work->config_file.bytes, &work->config);
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

/* The size that a module will have in memory. */
static struct error measure_module(const char *who, const char *host, bool packed,
                                   struct work *work, u64 *size) {
    struct host_file file;
    struct gzip_file unpacked;
    *size = host_file_size(who, host);
    if (packed || !*size)
        return OK;
    host_open(who, host, host, &file);
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
        TRY(measure_module(who, file->host, request->modules[i].packed, work,
                           &work->module_sizes[i]));
    }
    for (u32 i = 0; i < more->count; i++) {
        if (request->module_count == CONFIG_MODULES_MAX)
            return error_make(ERROR_CONFIG_TOO_BIG, .name = "modules",
                              .number = {CONFIG_MODULES_MAX});
        const char *slash = strrchr(more->at[i], '/');
        u32 number = request->module_count++;
        TRY(measure_module(who, more->at[i], false, work, &work->module_sizes[number]));
        request->modules[number] = (struct file_request){
            .path = make_text("/boot/%s", slash ? slash + 1 : more->at[i]), .arguments = ""};
    }
    return OK;
}

struct boot work_boot(struct work *work) {
    return (struct boot){.machine = &work->machine,
                         .request = &work->request,
                         .module_sizes = work->module_sizes,
                         .image = &work->image,
                         .opened = &work->opened};
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
    work->config_path = NULL;
    work->tree = tree_of(who, path, &is_folder);
    TRY(find_work(who, work));
    TRY(config_default(&work->config, &entry));
    TRY(config_request(&work->config, entry, &work->request));
    TRY(set_options(&wishes->options, &work->request.options));
    TRY(tree_find(&work->tree, work->request.kernel.path, &kernel));
    host_open(who, kernel->host, is_folder ? work->request.kernel.path : path, &work->kernel);
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
    print_error(stderr, error, &work->config, work->config_path);
}
