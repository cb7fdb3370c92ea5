/* aloft run: boots a kernel or a folder in QEMU, from an image that is gone afterwards. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "image_file.h"
#include "iso_image.h"
#include "message.h"
#include "model.h"
#include "program.h"

static const char help[] = "usage: aloft run [OPTIONS] KERNEL|DIR|FILE.iso [-- QEMU OPTIONS]\n"
                           "\n"
                           "Makes an image of DIR, or of a lone kernel, and boots it in QEMU; an "
                           "image of a CD is booted\n"
                           "as it stands. The first serial port is the terminal;\n"
                           "a kernel can end QEMU by a write to port 0xf4.\n"
                           "\n"
                           "  --format=FORMAT   of the image: hdd when not given, gpt, floppy, "
                           "volume, iso\n"
                           "  --memory=SIZE     16M, 4G; 128M when not given\n"
                           "  --cpu=NAME        qemu64 when not given\n"
                           "  --machine=NAME    pc when not given\n"
                           "\n"
                           "The exit status is QEMU's.\n";

struct run {
    const char *format, *memory, *cpu, *machine;
    const struct words *passed; /* to QEMU */
};

static bool passes(const struct run *run, const char *option) {
    for (u32 i = 0; i < run->passed->count; i++)
        if (string_equal(run->passed->at[i], option))
            return true;
    return false;
}

/* The screen in a window where there is one, else in the terminal, which the serial port must then
 * leave. */
static void add_display(const struct run *run, struct program *qemu) {
    bool window = getenv("DISPLAY") || getenv("WAYLAND_DISPLAY");
    bool curses = !window && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    bool told = passes(run, "-display") || passes(run, "-nographic");
    if (!told && !window) {
        program_add(qemu, "-display");
        program_add(qemu, curses ? "curses" : "none");
    }
    if (passes(run, "-serial") || passes(run, "-nographic"))
        return;
    program_add(qemu, "-serial");
    program_add(qemu, curses && !told ? "vc" : "stdio");
}

static struct program call_qemu(const char *name, const struct run *run, const char *image) {
    struct program qemu = program_make(name, "qemu-system-x86");
    const char *drive = string_equal(run->format, "floppy") ? "floppy"
                        : string_equal(run->format, "iso")  ? "ide,media=cdrom"
                                                            : "ide";
    const char *const words[] = {
        "-machine",  run->machine,
        "-cpu",      run->cpu,
        "-m",        run->memory,
        "-drive",    make_text("file=%s,format=raw,snapshot=on,if=%s", image, drive),
        "-device",   "isa-debug-exit,iobase=0xf4,iosize=0x04",
        "-no-reboot"};
    for (size_t i = 0; i < ARRAY_COUNT(words); i++)
        program_add(&qemu, words[i]);
    add_display(run, &qemu);
    for (u32 i = 0; i < run->passed->count; i++)
        program_add(&qemu, run->passed->at[i]);
    return qemu;
}

/* Becomes QEMU. */
static NO_RETURN void start_qemu(const char *who, const struct run *run, const char *image) {
    static const char *const names[] = {"qemu-system-x86_64", "qemu-system-i386"};
    for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
        struct program qemu = call_qemu(names[i], run, image);
        program_become(&qemu);
    }
    die(who, "qemu-system-x86_64 is missing; install it (Debian: apt-get install qemu-system-x86)");
}

/* An image that only this process has: its name is gone already, so nothing is left to clean up.
 * NULL, with a message, if it cannot be made. */
static const char *make_image(const char *who, const struct run *run, const struct tree *tree) {
    const struct image_wish wish = {.format = image_format_of(who, run->format)};
    const char *above = getenv("TMPDIR");
    char *folder = make_text("%s/aloft-XXXXXX", above && *above ? above : "/tmp");
    int descriptor = -1;
    if (!mkdtemp(folder)) {
        complain(who, "%s cannot be made: %s; is TMPDIR right?", folder, strerror(errno));
        return NULL;
    }
    const char *path = make_text("%s/disk.img", folder);
    if (image_write(who, tree, &wish, path)) {
        descriptor = open(path, O_RDWR);
        if (descriptor < 0)
            complain(who, "%s cannot be opened: %s", path, strerror(errno));
        unlink(path);
    }
    rmdir(folder);
    return descriptor < 0 ? NULL : make_text("/dev/fd/%d", descriptor);
}

/* An image that was there before. QEMU writes to a copy that it drops (snapshot=on). */
static const char *open_image(const char *who, const char *path) {
    int descriptor = open(path, O_RDONLY);
    if (descriptor >= 0)
        return make_text("/dev/fd/%d", descriptor);
    complain(who, "%s cannot be opened: %s", path, strerror(errno));
    return NULL;
}

int command_run(int count, char **words) {
    const struct call call = {"aloft run", help, count, words};
    struct words things = {0}, format = {0}, memory = {0}, cpu = {0}, machine = {0}, passed = {0};
    const struct option options[] = {
        {"--format", &format, OPTION_VALUE},
        {"--memory", &memory, OPTION_VALUE},
        {"--cpu", &cpu, OPTION_VALUE},
        {"--machine", &machine, OPTION_VALUE},
    };
    options_read(&call, options, ARRAY_COUNT(options), &things, &passed);
    u64 bytes = model_memory(call.who, words_last(&memory, "128M"));
    const char *path = options_one(&call, &things, "the kernel or folder");
    bool is_folder;
    struct tree tree = tree_of(call.who, path, &is_folder);
    bool is_image = !is_folder && iso_image_is(call.who, path);
    const struct run run = {.format = words_last(&format, is_image ? "iso" : "hdd"),
                            .memory = make_text("%lluM", (unsigned long long)(bytes / MIB)),
                            .cpu = words_last(&cpu, "qemu64"),
                            .machine = words_last(&machine, "pc"),
                            .passed = &passed};
    image_format_of(call.who, run.format);
    sigset_t before = signals_hold();
    const char *image = is_image ? open_image(call.who, path) : make_image(call.who, &run, &tree);
    signals_release(before);
    if (!image)
        return OUTCOME_FAILED;
    start_qemu(call.who, &run, image);
}
