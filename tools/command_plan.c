/* aloft plan: what the loader would do with a kernel on a machine, without that machine. */
#include "command.h"
#include "describe.h"
#include "message.h"
#include "model.h"
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
    "  --cpu=NAME          a processor as QEMU calls it; qemu64 when not given\n"
    "  --machine=pc|q35    pc when not given\n"
    "  --module=FILE       one more module, behind those of the configuration\n"
    "  --paging= --pages= --identity= --direct-map= --stack=\n"
    "                      as in the configuration, over what that says\n";

static void print_plan(const struct work *work) {
    char buffer[LINE_SIZE];
    struct text line = TEXT_IN(buffer);
    struct description description = {&work->machine, &work->plan, &work->request};
    for (u32 i = 0; describe_line(&description, i, &line); i++) {
        puts(buffer);
        line = TEXT_IN(buffer);
    }
}

static struct error plan(const char *who, const char *path, const struct work_wishes *wishes,
                         struct work *work) {
    TRY(work_open(who, path, wishes, work));
    TRY(work_plan(work));
    print_plan(work);
    return work_finish(who, work);
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
        error_text(&error, &text);
        text_string(&text, "; ");
        error_fix(&error, &text);
        die(who, "%s", buffer);
    }
}

int command_plan(int count, char **words) {
    const struct call call = {"aloft plan", help, count, words};
    struct words things = {0}, memory = {0}, cpu = {0}, machine = {0};
    struct work_wishes wishes = {0};
    const struct option options[] = {
        {"--memory", &memory, false},          {"--cpu", &cpu, false},
        {"--machine", &machine, false},        {"--module", &wishes.modules, false},
        {"--paging", &wishes.options, true},   {"--pages", &wishes.options, true},
        {"--identity", &wishes.options, true}, {"--direct-map", &wishes.options, true},
        {"--stack", &wishes.options, true},
    };
    options_read(&call, options, ARRAY_COUNT(options), &things, NULL);
    check_options(call.who, &wishes.options);
    const struct model model = {.machine = words_last(&machine, "pc"),
                                .cpu = words_last(&cpu, "qemu64"),
                                .memory = model_memory(call.who, words_last(&memory, "128M"))};
    struct work *work = make_room(1, sizeof *work);
    model_machine(call.who, &model, &work->machine);
    struct error error =
        plan(call.who, options_one(&call, &things, "the kernel or folder"), &wishes, work);
    fflush(stdout);
    if (error.code)
        work_print_error(work, &error);
    return error.code ? OUTCOME_NO : OUTCOME_DONE;
}
