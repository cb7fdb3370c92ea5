#include "protocol.h"

#include "multiboot.h"
#include "native.h"
#include "place.h"
#include "pvh.h"
#include "rows.h"

struct protocol {
    struct error (*open)(const struct boot *boot, const struct source *kernel);
    u64 (*info_size)(const struct boot *boot);
    struct error (*finish)(const struct boot *boot, const struct plan *plan, const struct ram *ram,
                           struct cpu_entry *entry);
};

/* ---- native ---- */

static struct error open_native(const struct boot *boot, const struct source *kernel) {
    TRY(elf_read(kernel, boot->image));
    return kernel_options_note(kernel->name, boot->image->options, &boot->request->options);
}

static u64 size_native(const struct boot *boot) {
    return native_info_size(boot->machine, boot->image, boot->request);
}

static struct error finish_native(const struct boot *boot, const struct plan *plan,
                                  const struct ram *ram, struct cpu_entry *entry) {
    return native_finish(boot->machine, plan, boot->request, boot->module_sizes, ram, entry);
}

/* ---- Multiboot, of both versions ---- */

/* WIDTHxHEIGHT[xDEPTH],auto: with nothing asked for but pixels, the monitor's own. */
static void list_video(const struct screen_wish *wish, struct text *list) {
    if (wish->kind != VIDEO_PIXELS)
        return;
    if (wish->width && wish->height) {
        text_decimal(list, wish->width);
        text_char(list, 'x');
        text_decimal(list, wish->height);
        if (wish->depth) {
            text_char(list, 'x');
            text_decimal(list, wish->depth);
        }
        text_char(list, ',');
    }
    text_string(list, "auto");
}

static struct error open_multiboot(const struct boot *boot, const struct source *kernel) {
    struct boot_request *request = boot->request;
    struct opened *opened = boot->opened;
    u32 wished = request->protocol == PROTOCOL_MULTIBOOT1 ? 1 : 2;
    TRY(multiboot_header_read(kernel, wished, request->flags & REQUEST_FORCE, &opened->header));
    if (opened->header.version != wished) {
        opened->note = error_make(ERROR_MULTIBOOT_OTHER, .name = kernel->name,
                                  .other = multiboot_rule(wished)->name);
        request->protocol = wished == 1 ? PROTOCOL_MULTIBOOT2 : PROTOCOL_MULTIBOOT1;
    }
    TRY(multiboot_image(kernel, &opened->header, request->flags & REQUEST_QUIRK_BAD_KLUDGE,
                        boot->image, &opened->symbols));
    if (opened->header.relocatable)
        TRY(multiboot_relocate(boot->machine, &opened->header, boot->image));
    struct text list = TEXT_IN(opened->video);
    list_video(&opened->header.video, &list);
    return OK;
}

static void note_symbols(const struct boot *boot, struct plan *plan) {
    const char *lack = boot->opened->symbols.lack;
    if (boot->opened->symbols.run.end && !plan->symbols_phys)
        lack = "there is no room for them";
    if (lack)
        plan_note(plan,
                  error_make(ERROR_MULTIBOOT_SYMBOLS, .name = boot->image->name, .other = lack));
}

/* ---- Linux ---- */

static struct error open_linux(const struct boot *boot, const struct source *kernel) {
    struct opened *opened = boot->opened;
    struct linux_line *line = &opened->linux.line;
    struct text list = TEXT_IN(opened->video);
    u32 bits = boot->request->flags & REQUEST_64 ? 64 : 32;
    TRY(linux_line_read(boot->request->kernel.arguments, line));
    if (line->has_vga) {
        linux_line_video(line->vga, &list);
        opened->note = error_make(ERROR_LINUX_VGA, .other = opened->video, .number = {line->vga});
    }
    return linux_open(kernel, boot->machine, bits, boot->image, &opened->linux);
}

static struct error finish_linux(const struct boot *boot, const struct plan *plan,
                                 const struct ram *ram, struct cpu_entry *entry) {
    return linux_finish(boot->machine, plan, boot->request, boot->module_sizes,
                        &boot->opened->linux, ram, entry);
}

/* ---- PVH ---- */

static struct error open_pvh(const struct boot *boot, const struct source *kernel) {
    TRY(elf_read(kernel, boot->image));
    return pvh_open(boot->image);
}

static u64 size_pvh(const struct boot *boot) {
    return pvh_info_size(boot->machine, boot->request);
}

static struct error finish_pvh(const struct boot *boot, const struct plan *plan,
                               const struct ram *ram, struct cpu_entry *entry) {
    return pvh_finish(boot->machine, plan, boot->request, boot->module_sizes, ram, entry);
}

static const struct protocol rows[] = {
    [PROTOCOL_NATIVE] = {open_native, size_native, finish_native},
    [PROTOCOL_MULTIBOOT1] = {open_multiboot, multiboot_info_size, multiboot_finish},
    [PROTOCOL_MULTIBOOT2] = {open_multiboot, multiboot_info_size, multiboot_finish},
    [PROTOCOL_LINUX] = {open_linux, size_pvh, finish_linux},
    [PROTOCOL_PVH] = {open_pvh, size_pvh, finish_pvh},
};

static const struct protocol *row_of(const struct boot *boot) {
    return &rows[boot->request->protocol];
}

struct error protocol_open(const struct boot *boot, const struct source *kernel) {
    memset(boot->opened, 0, sizeof *boot->opened);
    return row_of(boot)->open(boot, kernel);
}

const char *protocol_video(const struct boot *boot) {
    const struct boot_request *request = boot->request;
    bool asks = request->protocol == PROTOCOL_NATIVE || boot->opened->header.video.kind;
    if (request->protocol == PROTOCOL_LINUX)
        asks = !*boot->opened->video;
    if (*request->options.video)
        return request->options.video;
    return *request->gfxpayload && asks ? request->gfxpayload : boot->opened->video;
}

/* Without paging there is nothing to choose but the place of a position-independent kernel; and
 * Linux's 64-bit entry has its tables as linux.h says. */
static struct error wish_plain(const struct boot *boot, struct kernel_options *options,
                               struct plan_request *wish) {
    *options = kernel_options_default();
    options->paging = PAGING_OFF;
    switch (boot->request->protocol) {
    case PROTOCOL_LINUX:
        options->stack_size = PAGE_SIZE;
        if (boot->image->bits == 64) {
            options->paging = PAGING_WANT_4LEVEL;
            options->direct = PLACE_NONE;
            options->null_mapped = options->execute = true;
        }
        return linux_wish(boot->request, &boot->opened->linux, wish);
    case PROTOCOL_PVH: options->stack_size = PAGE_SIZE; return OK;
    default: wish->low = true; return OK;
    }
}

struct error protocol_plan(const struct boot *boot, struct plan *plan) {
    struct kernel_options options = boot->request->options;
    const struct file_run *run = &boot->opened->symbols.run;
    enum boot_protocol protocol = boot->request->protocol;
    TRY(plan_place(boot->machine, &options, boot->image));
    struct plan_request wish = {.machine = boot->machine,
                                .image = boot->image,
                                .options = &options,
                                .module_count = boot->request->module_count,
                                .module_sizes = boot->module_sizes,
                                .info_size = row_of(boot)->info_size(boot),
                                .symbols = {run->start, run->end - run->start}};
    if (boot->held)
        wish.held = *boot->held;
    if (protocol != PROTOCOL_NATIVE)
        TRY(wish_plain(boot, &options, &wish));
    TRY(plan_make(&wish, plan));
    if (protocol == PROTOCOL_LINUX)
        linux_trim(plan);
    if (boot->opened->note.code)
        plan_note(plan, boot->opened->note);
    note_symbols(boot, plan);
    return OK;
}

struct error protocol_finish(const struct boot *boot, const struct plan *plan,
                             const struct ram *ram, struct cpu_entry *entry) {
    return row_of(boot)->finish(boot, plan, ram, entry);
}
