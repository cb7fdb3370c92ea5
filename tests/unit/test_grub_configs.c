/* The files of tests/configs: each NN-name.cfg is read, each of its entries booted, and what came
 * of it must be what NN-name.txt says. `test_grub_configs FILE.cfg` prints that. */
#include <dirent.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_driver.h"

enum { FILES = 69 };

#define FOLDER "tests/configs"

static size_t read_file(const char *path, char *to, size_t size) {
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s: no such file; the tests are run from the project's folder", path);
    size_t used = fread(to, 1, size - 1, file);
    fclose(file);
    to[used] = 0;
    return used;
}

static void add_number(struct text *text, const char *word, u64 number) {
    text_string(text, word);
    text_decimal(text, number);
}

static void add_file(struct text *text, const char *word, const struct file_request *file) {
    const struct device *device = &file->device;
    text_string(text, "    ");
    text_string(text, word);
    text_char(text, ' ');
    if (device->kind != DEVICE_DISK || device->number || device->partition != 1) {
        static const char *const kinds[] = {"", "hd", "fd", "cd", "other"};
        text_string(text, "(");
        add_number(text, kinds[device->kind], device->number);
        add_number(text, ",", device->partition);
        text_string(text, ")");
    }
    text_string(text, file->path);
    if (file->nounzip)
        text_string(text, " (as it is)");
    if (*file->arguments)
        text_string(text, " | ");
    text_string(text, file->arguments);
    text_char(text, '\n');
}

static void add_request(struct text *text, const struct boot_request *request) {
    static const char *const names[] = {"kernel", "multiboot", "multiboot2", "linux",
                                        "chainloader"};
    add_file(text, names[request->protocol], &request->kernel);
    for (u32 i = 0; i < request->module_count; i++)
        add_file(text, "module", &request->modules[i]);
    if (request->flags)
        add_number(text, "    flags ", request->flags);
    if (request->flags)
        text_char(text, '\n');
    if (*request->gfxpayload) {
        text_string(text, "    gfxpayload ");
        text_string(text, request->gfxpayload);
        text_char(text, '\n');
    }
}

static void add_said(struct text *text, const char *indent) {
    if (!*said)
        return;
    text_string(text, indent);
    text_string(text, said);
    text_char(text, '\n');
    said[0] = 0;
}

static void add_error(struct text *text, const struct error *error) {
    add_number(text, "    E", error->code);
    add_number(text, " at ", error->line);
    add_number(text, ":", error->column);
    text_string(text, " ");
    error_text(error, text);
    text_char(text, '\n');
}

static void add_notes(struct text *text, u32 first) {
    for (u32 i = first; i < config.note_count && i < CONFIG_NOTES_MAX; i++) {
        add_number(text, i == first ? "    passed over: " : " ", config.notes[i].place.line);
        text_string(text, config.notes[i].is_unknown ? "?" : " ");
        text_string(text, config.notes[i].name);
    }
    if (first < config.note_count)
        text_char(text, '\n');
}

static void add_entry(struct text *text, u32 number) {
    static struct boot_request request;
    const struct config_entry *entry = &config.entries[number];
    for (u32 depth = 0; depth < entry->depth; depth++)
        text_string(text, "> ");
    text_string(text, entry->is_submenu ? "submenu " : "entry ");
    text_string(text, entry->title);
    if (*entry->id) {
        text_string(text, " #");
        text_string(text, entry->id);
    }
    if (entry->hotkey) {
        text_string(text, " key ");
        text_char(text, (char)entry->hotkey);
    }
    text_char(text, '\n');
    if (entry->is_submenu)
        return;
    u32 notes = config.notes_kept;
    struct error error = config_request(number, &request);
    if (error.code)
        add_error(text, &error);
    else
        add_request(text, &request);
    add_said(text, "    ");
    add_notes(text, notes);
}

static void describe(struct bytes bytes, struct text *text) {
    static const char *const styles[] = {"menu", "countdown", "hidden"};
    u32 entry;
    int seconds;
    struct error error = parse_bytes(bytes.at, bytes.size);
    if (!error.code)
        error = config_timeout(&config, &seconds);
    if (!error.code)
        error = config_default(&config, &entry);
    if (error.code) {
        add_error(text, &error);
        return;
    }
    add_number(text, "default ", entry);
    text_string(text, ", timeout ");
    if (seconds < 0)
        text_string(text, "none");
    else
        text_decimal(text, (u64)seconds);
    text_string(text, ", ");
    text_string(text, styles[config_timeout_style(&config)]);
    text_char(text, '\n');
    add_said(text, "    ");
    add_notes(text, 0);
    for (u32 i = 0; i < config.entry_count; i++)
        add_entry(text, i);
}

static void describe_file(const char *path, char *to, size_t size) {
    static char bytes[CONFIG_BYTES_MAX + 1];
    struct text text = text_in(to, size);
    size_t used = read_file(path, bytes, sizeof bytes);
    describe((struct bytes){(const u8 *)bytes, used}, &text);
}

static void test_files(void **state) {
    (void)state;
    static char expected[16384], got[16384];
    u32 count = 0;
    DIR *folder = opendir(FOLDER);
    assert_non_null(folder);
    for (struct dirent *file; (file = readdir(folder));) {
        char path[600];
        char *end = strstr(file->d_name, ".cfg");
        if (!end)
            continue;
        snprintf(path, sizeof path, FOLDER "/%s", file->d_name);
        describe_file(path, got, sizeof got);
        strcpy(strstr(path, ".cfg"), ".txt");
        read_file(path, expected, sizeof expected);
        check_string(path, expected, got);
        count++;
    }
    closedir(folder);
    assert_int_equal(count, FILES);
}

int main(int count, char **words) {
    static char text[16384];
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_files)};
    if (count != 2)
        return cmocka_run_group_tests(tests, NULL, free_borrowed);
    describe_file(words[1], text, sizeof text);
    fputs(text, stdout);
    return 0;
}
