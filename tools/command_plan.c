/* aloft plan: what the loader would do with a kernel on a machine, without that machine. */
#include <errno.h>
#include <string.h>

#include "command.h"
#include "describe.h"
#include "draw.h"
#include "message.h"
#include "model.h"
#include "plan_json.h"
#include "svg.h"
#include "translate.h"
#include "work.h"

enum { LINE_SIZE = 512 };

static const char help[] =
    "usage: aloft plan [OPTIONS] KERNEL|DIR\n"
    "\n"
    "Shows what the loader would do: the machine's memory, what is read to where, and the page "
    "tables. DIR is\n"
    "searched for a configuration and a kernel as a boot volume would be.\n"
    "\n"
    "  --memory=SIZE       of the machine: 16M, 4G; 128M when not given\n"
    "  --cpu=NAME          a processor as QEMU calls it, or max,la57=off; qemu64 when not given\n"
    "  --machine=pc|q35    pc when not given\n"
    "  --module=FILE       one more module, behind those of the configuration\n"
    "\n"
    "Instead of that text:\n"
    "\n"
    "  --address=ADDRESS   how the CPU translates this virtual address, level by level\n"
    "  --tables            what the page tables cost, and all that they map\n"
    "  --json              everything, for programs (docs/plan-json.md)\n"
    "  --svg=FILE          a picture of physical and virtual memory\n"
    "  --dump-tables=FILE  the frames of the page tables as they are in memory\n"
    "\n"
    "Options of the configuration's command kernel (--paging=pae, --identity=all, ...) are taken "
    "too, over what the\n"
    "configuration says; docs/configuration.md has them.\n";

/* What the call asks to see; with nothing of it, the text that the loader prints. */
struct views {
    struct words addresses, tables, json, svg, dump;
};

/* One call. */
struct planning {
    const char *who;
    const char *path;
    struct model model;
    struct work_wishes wishes;
    struct views views;
    struct work *work;
};

static void print_plan(const struct work *work) {
    char buffer[LINE_SIZE];
    struct text line = TEXT_IN(buffer);
    struct description description = {&work->machine, &work->plan, &work->request};
    for (u32 i = 0; describe_line(&description, i, &line); i++) {
        puts(buffer);
        line = TEXT_IN(buffer);
    }
}

static FILE *create(const char *who, const char *path) {
    FILE *file = fopen(path, "wb");
    if (!file)
        die(who, "%s cannot be written: %s", path, strerror(errno));
    return file;
}

static void finish(const char *who, const char *path, FILE *file) {
    bool failed = ferror(file);
    if (fclose(file) || failed)
        die(who, "%s cannot be written: %s", path, strerror(errno));
}

static void dump_tables(const char *who, const char *path, const struct table_arena *tables) {
    FILE *file = create(who, path);
    if (tables->used)
        fwrite(tables->bytes, (size_t)PAGE_SIZE, tables->used, file);
    finish(who, path, file);
}

/* The words of a list with a space between two. */
static const char *joined(const struct words *words) {
    const char *all = "";
    for (u32 i = 0; i < words->count; i++)
        all = make_text("%s%s%s", all, i ? " " : "", words->at[i]);
    return all;
}

static struct error draw(const struct planning *planning, const char *path) {
    const struct plan *plan = &planning->work->plan;
    const struct model *model = &planning->model;
    const char *slash = strrchr(planning->work->image.name, '/');
    struct draw_wish wish = {.machine = &planning->work->machine, .plan = plan};
    wish.title =
        make_text("%s, %u-bit", slash ? slash + 1 : planning->work->image.name, plan->image->bits);
    wish.details[wish.detail_count++] =
        plan->paging ? make_text("paging %s, %u frames of tables (%s)", plan->options.format->name,
                                 plan->table_frames, size_name(plan->table_frames * PAGE_SIZE))
                     : "paging off";
    wish.details[wish.detail_count++] =
        make_text("machine %s, processor %s, %s of memory", model->machine, model->cpu,
                  size_name(model->memory));
    if (planning->wishes.options.count)
        wish.details[wish.detail_count++] = joined(&planning->wishes.options);

    struct picture *picture = make_room(1, sizeof *picture);
    TRY(draw_plan(&wish, picture));
    FILE *file = create(planning->who, path);
    svg_write(file, picture);
    finish(planning->who, path, file);
    return OK;
}

static struct error show(const struct planning *planning) {
    const struct work *work = planning->work;
    const struct views *views = &planning->views;
    const struct table_view view = {&work->plan, &work->tables};
    if (views->json.count)
        return print_plan_json(planning->who,
                               &(struct json_wish){&planning->model, work, &views->addresses});
    for (u32 i = 0; i < views->addresses.count; i++)
        print_translation(&work->machine, &view, address_of(planning->who, views->addresses.at[i]));
    if (views->tables.count)
        print_tables(&view);
    return OK;
}

static struct error write_files(const struct planning *planning) {
    const struct views *views = &planning->views;
    for (u32 i = 0; i < views->dump.count; i++)
        dump_tables(planning->who, views->dump.at[i], &planning->work->tables);
    for (u32 i = 0; i < views->svg.count; i++)
        TRY(draw(planning, views->svg.at[i]));
    return OK;
}

static bool is_plain(const struct views *views) {
    return !(views->addresses.count || views->tables.count || views->json.count ||
             views->svg.count || views->dump.count);
}

static struct error plan(const struct planning *planning) {
    struct work *work = planning->work;
    TRY(work_open(planning->who, planning->path, &planning->wishes, work));
    TRY(work_plan(work));
    if (is_plain(&planning->views))
        print_plan(work);
    TRY(work_finish(planning->who, work));
    TRY(write_files(planning));
    return show(planning);
}

/* An option that the configuration does not have is a wrong call, and not a problem of the
 * kernel's. */
static void check_options(const char *who, const struct words *options) {
    struct kernel_options ignored = kernel_options_default();
    char buffer[LINE_SIZE];
    struct text text = TEXT_IN(buffer);
    for (u32 i = 0; i < options->count; i++) {
        struct error error = kernel_option_parse(options->at[i], &ignored);
        if (!error.code)
            continue;
        if (error.code == ERROR_CONFIG_OPTION)
            die(who, "there is no option \"%s\"; see %s --help", options->at[i], who);
        error_text(&error, &text);
        text_string(&text, "; ");
        error_fix(&error, &text);
        die(who, "%s", buffer);
    }
}

static void read_call(const struct call *call, struct planning *planning) {
    struct words things = {0}, memory = {0}, cpu = {0}, machine = {0};
    struct views *views = &planning->views;
    const struct option options[] = {
        {"--memory", &memory, OPTION_VALUE},
        {"--cpu", &cpu, OPTION_VALUE},
        {"--machine", &machine, OPTION_VALUE},
        {"--module", &planning->wishes.modules, OPTION_VALUE},
        {"--address", &views->addresses, OPTION_VALUE},
        {"--tables", &views->tables, OPTION_FLAG},
        {"--json", &views->json, OPTION_FLAG},
        {"--svg", &views->svg, OPTION_VALUE},
        {"--dump-tables", &views->dump, OPTION_VALUE},
        {"--", &planning->wishes.options, OPTION_OTHER},
    };
    options_read(call, options, ARRAY_COUNT(options), &things, NULL);
    check_options(call->who, &planning->wishes.options);
    for (u32 i = 0; i < views->addresses.count; i++)
        (void)address_of(call->who, views->addresses.at[i]);
    planning->model =
        (struct model){.machine = words_last(&machine, "pc"),
                       .cpu = words_last(&cpu, "qemu64"),
                       .memory = model_memory(call->who, words_last(&memory, "128M"))};
    model_machine(call->who, &planning->model, &planning->work->machine);
    planning->path = options_one(call, &things, "the kernel or folder");
}

int command_plan(int count, char **words) {
    const struct call call = {"aloft plan", help, count, words};
    struct planning *planning = make_room(1, sizeof *planning);
    planning->who = call.who;
    planning->work = make_room(1, sizeof *planning->work);
    read_call(&call, planning);
    struct error error = plan(planning);
    if (error.code && planning->views.json.count)
        print_error_json(&error);
    fflush(stdout);
    if (error.code)
        work_print_error(planning->work, &error);
    return error.code ? OUTCOME_NO : OUTCOME_DONE;
}
