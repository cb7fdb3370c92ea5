/* Any text as a configuration: parse it, choose its default entry, find out what each entry asks for. */
#include "config.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static struct config config;
    static struct boot_request request;
    if (size > CONFIG_BYTES_MAX)
        return 0;
    if (config_parse("fuzz", (struct bytes){data, size}, &config).code)
        return 0;
    u32 entry;
    int seconds;
    struct error error = config_default(&config, &entry);
    if (!error.code && entry >= config.entry_count)
        __builtin_trap();
    error = config_timeout(&config, &seconds);
    for (u32 i = 0; i < config.entry_count; i++) {
        error = config_request(&config, i, &request);
        if (!error.code && !request.kernel.path)
            __builtin_trap();
    }
    return 0;
}
