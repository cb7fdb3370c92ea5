/* What a caller of the script does, for tests: a few files, every question answered, and what was
 * handed out written down. */
#ifndef TESTS_CONFIG_DRIVER_H
#define TESTS_CONFIG_DRIVER_H

#include "request.h"

/* One store for all tests: a struct config is too big for many stacks. */
static struct config config;

/* A copy of exactly the right size, so that a read past the end is seen. The caller frees it. */
static u8 *exact_copy(const void *bytes, size_t size) {
    u8 *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

static u8 *borrowed;

/* --- The caller's part: files, and what was said and done --- */

static const struct {
    const char *path, *text;
} files[] = {
    {"/there", "x"},
    {"/empty", ""},
    {"/more.cfg", "set more=1\nmenuentry M {kernel /m}\n"},
    {"/broken.cfg", "set a=b\n  kernel '\n"},
    {"/bad.cfg", "menuentry B {\n kernel --what /k}\nfrob"},
    {"/self.cfg", "source /self.cfg\n"},
    {"/again.cfg", "configfile /again.cfg\n"},
    {"/return.cfg", "r=1\nreturn\nr=2\n"},
    {"/one.cfg", "default=1\nx=one\nfunction load {kernel /k $*\n}\nfrob\n"
                 "menuentry A {set root=cd; x=a; configfile (hd0)/two.cfg}\n"
                 "menuentry B {load one $x}\nmenuentry C {kernel /k; frob}\n"
                 "submenu S {x=s\nmenuentry D {x=d; source /more.cfg; configfile (hd0)/two.cfg}\n"
                 "menuentry E {kernel --what /k}\n}\n"},
    {"/two.cfg", "default=1\nfunction again {configfile (hd0)/one.cfg\n}\nfrob\n"
                 "menuentry 'The way back' {x=f; y=f; again}\n"
                 "menuentry G {module /m}\nmenuentry H {load two}\n"},
};

static const char *find_file(const struct file_path *file) {
    bool here = file->device.kind != DEVICE_OTHER && file->device.number == 0;
    for (size_t i = 0; here && i < ARRAY_COUNT(files); i++)
        if (!strcmp(files[i].path, file->path))
            return files[i].text;
    return NULL;
}

static char said[2048]; /* what was handed out, in [] */
static u32 asked;       /* how many commands were */

static void say(const char *word, const char *argument) {
    size_t used = strlen(said);
    snprintf(said + used, sizeof said - used, "[%s%s%s]", word, argument ? " " : "",
             argument ? argument : "");
}

static struct error answer_search(const struct command *command) {
    const char *name = command->test == 'f' ? command->file.path : command->name;
    char kind[] = {'s', command->test, 0};
    say(kind, name);
    bool found = command->test == 'f' ? find_file(&command->file) != NULL : strcmp(name, "other");
    return script_found(&config, found ? "hd0,msdos1" : NULL);
}

static struct error answer(const struct command *command) {
    const char *text;
    switch (command->kind) {
    case COMMAND_TEST:
        text = find_file(&command->file);
        if (!strcmp(command->file.path, "/folder"))
            script_status(&config, command->test == 'd' || command->test == 'e');
        else
            script_status(&config, text && command->test != 'd' && (command->test != 's' || *text));
        return OK;
    case COMMAND_SEARCH: return answer_search(command);
    case COMMAND_SOURCE:
    case COMMAND_REPLACE:
        text = find_file(&command->file);
        script_status(&config, text);
        if (!text || asked > 100)
            return OK;
        struct bytes bytes = {(const u8 *)text, strlen(text)};
        if (command->kind == COMMAND_SOURCE)
            return script_push(&config, command->file.path, bytes);
        return script_replace(&config, command->file.path, bytes);
    case COMMAND_ECHO: say(command->test ? "echo-n" : "echo", command->name); return OK;
    case COMMAND_SLEEP: say("sleep", command->name); return OK;
    case COMMAND_CPUID: script_status(&config, !strcmp(config.words[1], "-l")); return OK;
    default: return OK;
    }
}

static void dump_words(struct text *text) {
    text_char(text, '[');
    for (u32 i = 0; i < config.word_count; i++) {
        text_char(text, '<');
        text_string(text, config.words[i]);
        text_char(text, '>');
    }
    text_char(text, ']');
}

/* Executes to the end. While an entry is booted, its commands go into `request` or `text`. */
static struct error run(struct boot_request *request, struct text *text) {
    if (!request && !text)
        said[0] = 0;
    for (asked = 0;; asked++) {
        struct command command;
        TRY(script_next(&config, &command));
        if (command.kind == COMMAND_END)
            return OK;
        TRY(answer(&command));
        if (command.kind >= COMMAND_KERNEL)
            assert_true(config.booting);
        if (text && command.kind >= COMMAND_KERNEL && command.kind != COMMAND_BOOT)
            dump_words(text);
        if (request && config.booting)
            TRY(request_command(&config, &command, request));
    }
}

static inline struct error config_request(u32 entry, struct boot_request *request) {
    TRY(request_start(&config, entry, NULL, request));
    TRY(run(request, NULL));
    return request_finish(&config, request);
}

/* The text stays alive until the next parse(). */
static struct error parse_bytes(const void *bytes, size_t size) {
    free(borrowed);
    borrowed = exact_copy(bytes, size);
    memset(&config, 0xa5, sizeof config);
    TRY(config_start("/boot/aloft.cfg", (struct bytes){borrowed, size}, "hd0,msdos1", &config));
    return run(NULL, NULL);
}

static inline struct error parse(const char *text) {
    return parse_bytes(text, strlen(text));
}

static int free_borrowed(void **state) {
    (void)state;
    free(borrowed);
    borrowed = NULL;
    return 0;
}

static inline void expect_ok(const char *row, struct error error) {
    if (!error.code)
        return;
    char buffer[512];
    struct text text = TEXT_IN(buffer);
    error_text(&error, &text);
    fail_msg("%s: error %d at %u:%u: %s", row, error.code, error.line, error.column, buffer);
}

static inline void check_string(const char *row, const char *expected, const char *got) {
    if (strcmp(expected, got) != 0)
        fail_msg("%s:\n  expected %s\n  got      %s", row, expected, got);
}

#endif
