#include "run.h"

#include "bios.h"
#include "console.h"
#include "lock.h"
#include "verify.h"
#include "x86.h"

enum {
    HOPS_MAX = 8,
    SLEEP_MAX = 3600,
    KEYBOARD_CONTROLLER = 0x64,
    RESET_CONTROL = 0xcf9,
    RESET_TRIES = 0x8000, /* each takes a microsecond */
};

/* --- Files --- */

static struct error read_text(struct runner *runner, const struct volume *volume, const char *path,
                              struct bytes *text, bool *found) {
    struct file file;
    TRY(volume_try(volume, path, &file, found));
    if (!*found)
        return OK;
    u64 size = file.data.size;
    u32 room = CONFIG_BYTES_MAX - runner->text_used;
    if (size > room)
        return error_make(ERROR_FILE_TOO_BIG, .name = path, .number = {size, room});
    *text = (struct bytes){runner->text + runner->text_used, (size_t)size};
    runner->text_used += (u32)size;
    return source_read(&file.data, 0, (u8 *)text->at, text->size);
}

/* A configuration that an entry starts takes the place of the one before it. */
static void move_text(struct runner *runner, struct bytes *text) {
    u8 *to = runner->text + runner->text_first;
    memmove(to, text->at, text->size);
    text->at = to;
    runner->text_used = runner->text_first + (u32)text->size;
}

/* source and configfile. One that is not there goes wrong, and the script goes on. */
static struct error read_more(struct runner *runner, const struct command *command) {
    struct bytes text;
    bool found = false;
    const struct volume *volume = volumes_at(runner->volumes, &command->file.device);
    TRY(lock_demand(command->file.path, command->hash));
    if (volume)
        TRY(read_text(runner, volume, command->file.path, &text, &found));
    if (!found) {
        script_status(runner->config, false);
        return OK;
    }
    TRY(verify_bytes(command->file.path, command->hash, text));
    if (command->kind == COMMAND_SOURCE)
        return script_push(runner->config, command->file.path, text);
    if (runner->text_first)
        move_text(runner, &text);
    return script_replace(runner->config, command->file.path, text);
}

static bool file_is(const struct runner *runner, const struct command *command) {
    struct file file;
    bool found = false;
    const struct volume *volume = volumes_at(runner->volumes, &command->file.device);
    if (!volume)
        return false;
    struct error error = volume_try(volume, command->file.path, &file, &found);
    if (error.code == ERROR_FILE_IS_DIRECTORY)
        return command->test == 'd' || command->test == 'e';
    return !error.code && found && command->test != 'd' && (command->test != 's' || file.data.size);
}

/* --- The machine --- */

/* INT 15h, AH=86h: wait CX:DX microseconds. */
static void wait_second(void) {
    struct bios_registers registers = {.eax = 0x8600, .ecx = 0xf, .edx = 0x4240};
    bios_call(0x15, &registers);
}

static void wait_seconds(const char *word) {
    u32 seconds = 0;
    while ((u32)(*word - '0') < 10 && seconds < SLEEP_MAX)
        seconds = seconds * 10 + (u32)(*word++ - '0');
    while (seconds--)
        wait_second();
}

/* The keyboard controller's line to the processor's reset; then a PCI chipset's, for machines
 * without that controller; then the processor's own end. Each has its time. */
static NO_RETURN void reboot(void) {
    for (u32 i = 0; i < RESET_TRIES; i++)
        out8(KEYBOARD_CONTROLLER, 0xfe);
    out8(RESET_CONTROL, 2);
    for (u32 i = 0; i < RESET_TRIES; i++)
        out8(RESET_CONTROL, 6);
    shut_down();
}

/* APM 1.2: connect, ask for version 1.2, switch everything off. What comes after it runs on
 * machines that cannot be switched off. */
static NO_RETURN void halt(void) {
    static const struct {
        u16 eax, ebx, ecx;
    } calls[] = {{0x5301, 0, 0}, {0x530e, 0, 0x102}, {0x5307, 1, 3}};
    for (u32 i = 0; i < ARRAY_COUNT(calls); i++) {
        struct bios_registers registers = {
            calls[i].eax, calls[i].ebx, calls[i].ecx, 0, 0, 0, 0, 0, 0, 0};
        bios_call(0x15, &registers);
    }
    console_line("The machine can be switched off.");
    for (;;) {
        struct bios_registers registers = {.eax = 0};
        bios_call(0x16, &registers);
    }
}

/* --- Commands --- */

static bool has_feature(const struct runner *runner) {
    const char *option = runner->config->word_count > 1 ? runner->config->words[1] : "-l";
    u32 feature =
        string_equal(option, "-p") || string_equal(option, "--pae") ? CPU_PAE : CPU_LONG_MODE;
    return runner->machine->cpu.features & feature;
}

static struct error search(struct runner *runner, const struct command *command) {
    char device[DEVICE_NAME_SIZE];
    const char *name = command->test == 'f' ? command->file.path : command->name;
    const struct volume *volume = volumes_search(runner->volumes, command->test, name);
    if (volume)
        volumes_name(runner->volumes, volume, device);
    return script_found(runner->config, volume ? device : NULL);
}

static struct error do_command(struct runner *runner, const struct command *command) {
    struct config *config = runner->config;
    switch (command->kind) {
    case COMMAND_SOURCE:
    case COMMAND_REPLACE: return read_more(runner, command);
    case COMMAND_TEST: script_status(config, file_is(runner, command)); break;
    case COMMAND_SEARCH: return search(runner, command);
    case COMMAND_ECHO:
        if (runner->quiet)
            break;
        console_string(command->name);
        if (command->test != 'n')
            console_line("");
        break;
    case COMMAND_CLEAR:
        if (!runner->quiet)
            console_clear(true);
        break;
    case COMMAND_SLEEP:
        if (!runner->quiet)
            wait_seconds(command->name);
        break;
    case COMMAND_CPUID: script_status(config, has_feature(runner)); break;
    case COMMAND_HALT: halt();
    case COMMAND_REBOOT: reboot();
    default: break;
    }
    return OK;
}

/* `request` is NULL while the configuration is read. */
static struct error run(struct runner *runner, struct boot_request *request) {
    for (;;) {
        struct command command;
        TRY(script_next(runner->config, &command));
        if (command.kind == COMMAND_END)
            return OK;
        TRY(do_command(runner, &command));
        if (request && runner->config->booting)
            TRY(request_command(runner->config, &command, request));
    }
}

struct error run_config(struct runner *runner, const char *path, bool *found) {
    struct bytes text;
    runner->text_used = runner->text_first = 0;
    TRY(read_text(runner, &runner->volumes->boot, path, &text, found));
    if (!*found)
        return OK;
    TRY(lock_check(path, text));
    volumes_name(runner->volumes, &runner->volumes->boot, runner->device);
    TRY(config_start(path, text, runner->device, runner->config));
    TRY(run(runner, NULL));
    runner->text_read = runner->text_first = runner->text_used;
    return OK;
}

static struct error check_drive(struct runner *runner, const struct file_request *file,
                                bool sector) {
    struct error error = lock_demand(file->path, file->hash);
    if (sector ? !volumes_partition(runner->volumes, &file->device)
               : !volumes_at(runner->volumes, &file->device)) {
        error = error_make(ERROR_CONFIG_OTHER_DRIVE, .name = file->path);
    }
    error.line = file->place.line;
    error.column = file->place.column;
    return error;
}

struct error run_entry(struct runner *runner, u32 entry, const struct bytes *edited,
                       struct boot_request *request) {
    for (u32 hops = 0; hops < HOPS_MAX; hops++) {
        runner->text_used = runner->text_read;
        TRY(request_start(runner->config, entry, edited, request));
        TRY(run(runner, request));
        if (runner->config->booting)
            break;
        runner->text_read = runner->text_used;
        edited = NULL;
        TRY(config_default(runner->config, &entry));
        if (!config_may_boot(runner->config, entry, runner->user))
            return error_make(ERROR_CONFIG_USER, .name = runner->config->entries[entry].title);
    }
    TRY(request_finish(runner->config, request));
    TRY(check_drive(runner, &request->kernel, request->protocol == PROTOCOL_CHAIN));
    for (u32 i = 0; i < request->module_count; i++)
        TRY(check_drive(runner, &request->modules[i], false));
    return OK;
}
