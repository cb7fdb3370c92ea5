/* Any text as a configuration: read it, choose its default entry, boot each entry. What the script
 * asks for goes well or not by turns, and the text sources itself. */
#include "request.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

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

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static struct boot_request request;
    struct bytes text = {data, size};
    if (size > CONFIG_BYTES_MAX)
        return 0;
    if (config_start("fuzz", text, "hd0,msdos1", &config).code || run(text, NULL).code)
        return 0;
    u32 entry;
    int seconds;
    struct error error = config_default(&config, &entry);
    if (!error.code && entry >= config.entry_count)
        __builtin_trap();
    error = config_timeout(&config, &seconds);
    if (config_fallback(&config, 1, &entry) && entry >= config.entry_count)
        __builtin_trap();
    for (u32 i = 0; i < config.entry_count; i++) {
        struct bytes body = config_body(&config, i);
        if (body.size > size)
            __builtin_trap();
        error = request_start(&config, i, i & 1 ? &body : NULL, &request);
        if (!error.code)
            error = run(text, &request);
        if (!error.code && config.booting)
            error = request_finish(&config, &request);
        if (!error.code && config.booting && !request.kernel.path)
            __builtin_trap();
    }
    return 0;
}
