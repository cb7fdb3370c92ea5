/* Any text as a configuration: read it, choose its default entry, boot entries. What the script
 * asks for goes well or not by turns, and the text sources itself. */
#include "fuzz.h"
#include "request.h"

/* Characters executed in a run. The limit itself is far away: most inputs would only loop. */
enum { WORK = 6000, BOOTS_MAX = 3 };

static struct config config;

static struct error answer(const struct command *command, struct bytes text, u32 turn) {
    switch (command->kind) {
    case COMMAND_SEARCH: return script_found(&config, turn & 1 ? "hd0,1" : NULL);
    case COMMAND_SOURCE: return script_push(&config, command->file.path, text);
    case COMMAND_REPLACE:
        if (turn < 8)
            return script_replace(&config, command->file.path, text);
        return OK;
    default: script_status(&config, turn & 1); return OK;
    }
}

static struct error run(struct bytes text, struct boot_request *request) {
    config.work = CONFIG_WORK_MAX - WORK;
    for (u32 turn = 0;; turn++) {
        struct command command;
        TRY(script_next(&config, &command));
        if (command.kind == COMMAND_END)
            return OK;
        TRY(answer(&command, text, turn));
        if (request && config.booting)
            TRY(request_command(&config, &command, request));
    }
}

static void choose(void) {
    u32 entry;
    int seconds;
    struct error error = config_default(&config, &entry);
    show_error(error);
    MUST(error.code || entry < config.entry_count);
    error = config_timeout(&config, &seconds);
    show_error(error);
    MUST(error.code || seconds >= -1);
    MUST(!config_fallback(&config, 1, &entry) || entry < config.entry_count);
}

static void boot(struct bytes text, u32 number) {
    static struct boot_request request;
    struct bytes body = config_body(&config, number);
    MUST(body.size <= text.size);
    struct error error = request_start(&config, number, number & 1 ? &body : NULL, &request);
    if (!error.code)
        error = run(text, &request);
    if (!error.code && config.booting)
        error = request_finish(&config, &request);
    show_error(error);
    if (error.code || !config.booting)
        return;
    MUST(request.kernel.path && request.module_count <= CONFIG_MODULES_MAX);
    for (u32 i = 0; i < request.module_count; i++)
        MUST(request.modules[i].path && request.modules[i].arguments);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    struct bytes text = {data, size};
    struct error error = config_start("fuzz", text, "hd0,msdos1", &config);
    if (!error.code)
        error = run(text, NULL);
    show_error(error);
    MUST(!error.code || error.line <= size + 1);
    if (error.code)
        return 0;
    choose();
    for (u32 i = 0; i < config.entry_count && i < BOOTS_MAX; i++)
        boot(text, i);
    return 0;
}
