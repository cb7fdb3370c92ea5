/* aloft check: what a kernel is, and everything that keeps it from being booted.
 *
 * The planner stops at the first problem. To find every one, it is asked about each PT_LOAD alone,
 * then about each pair, then about the whole. */
#include "check.h"
#include "command.h"
#include "model.h"
#include "work.h"

static const char help[] = "usage: aloft check KERNEL\n"
                           "\n"
                           "Says what the kernel is and where its segments go, then every problem "
                           "and the way out of it. The exit status\n"
                           "is 0 if the kernel can be booted, 1 if not. The machine that it is "
                           "judged by is QEMU's pc with 1 GiB and\n"
                           "the processor \"max\"; aloft plan shows others.\n";

/* The findings so far. */
struct report {
    const char *who;
    struct work *work;
    struct check check;
    u32 problem_count;
};

/* ---- what it is ---- */

static void print_protocols(const struct report *report) {
    struct multiboot_places places;
    struct error error = multiboot_find(&report->work->kernel.data, 0, &places);
    const char *separator = " ";
    printf("protocols:");
    if (report->work->request.protocol == PROTOCOL_NATIVE) {
        printf(" native");
        separator = ", ";
    }
    for (u32 i = 0; !error.code && i < 2; i++)
        if (places.good[i] != MULTIBOOT_NOWHERE) {
            printf("%s%s (header at file offset 0x%x)", separator, multiboot_rule(i + 1)->name,
                   places.good[i]);
            separator = ", ";
        }
    puts("");
}

static void print_segment(const struct segment *segment, int digits) {
    printf("%7u  %c%c%c     0x%0*llx  0x%0*llx  %-10s  %-10s  0x%llx\n", segment->number,
           segment->rights & RIGHT_READ ? 'r' : '-', segment->rights & RIGHT_WRITE ? 'w' : '-',
           segment->rights & RIGHT_EXECUTE ? 'x' : '-', digits, (unsigned long long)segment->virt,
           digits, (unsigned long long)segment->phys, size_name(segment->memory_size),
           size_name(segment->file_size), (unsigned long long)segment->offset);
}

static void print_image(const struct report *report) {
    const struct image *image = &report->work->image;
    bool native = report->work->request.protocol == PROTOCOL_NATIVE;
    int digits = image->bits == 64 ? 16 : 8;
    printf("%s: %s, %u-bit, entry 0x%0*llx (physical 0x%llx)\n", image->name,
           native ? "ELF" : "Multiboot", image->bits, digits, (unsigned long long)image->entry_virt,
           (unsigned long long)image->entry_phys);
    print_protocols(report);
    printf("PT_LOAD  rights  %-*s  %-*s  in memory   in file     at offset\n", digits + 2,
           "virtual", digits + 2, "physical");
    u64 loaded = 0;
    for (u32 i = 0; i < image->segment_count; i++) {
        print_segment(&image->segments[i], digits);
        loaded += image->segments[i].file_size;
    }
    if (loaded < image->file_size)
        printf("only %s of the %s of the file are loaded: the rest is headers, symbols and debug "
               "information\n",
               size_name(loaded), size_name(image->file_size));
    puts("");
}

/* ---- what is wrong with it ---- */

static void problem(struct report *report, const struct error *error) {
    report->problem_count++;
    check_explain(&report->check, "", error);
}

/* Plans for the PT_LOADs of `all` that have these indices, each once. True if that works. */
static bool plan_part(struct report *report, const struct image *all, u32 one, u32 other) {
    struct image *part = &report->work->image;
    *part = *all;
    part->segments[0] = all->segments[one];
    part->segments[1] = all->segments[other];
    part->segment_count = one == other ? 1 : 2;
    struct error error = work_plan(report->work);
    *part = *all;
    if (!error.code)
        return true;
    problem(report, &error);
    return false;
}

static void check_pairs(struct report *report, const struct image *all, const bool *bad) {
    for (u32 i = 0; i < all->segment_count; i++)
        for (u32 other = i + 1; other < all->segment_count; other++)
            if (!bad[i] && !bad[other])
                plan_part(report, all, i, other);
}

/* A kernel that no machine could run would give the same problem once for each PT_LOAD. */
static bool is_about_segment(const struct error *error) {
    return error->code != ERROR_PLAN_LONG_MODE && error->code != ERROR_PLAN_CPU &&
           error->code != ERROR_PLAN_FORMAT;
}

static void check_plan(struct report *report) {
    bool bad[ELF_SEGMENTS_MAX] = {false};
    struct image all = report->work->image;
    struct error error = work_plan(report->work);
    if (!error.code)
        error = work_finish(report->who, report->work);
    if (error.code && is_about_segment(&error)) {
        for (u32 i = 0; i < all.segment_count; i++)
            bad[i] = !plan_part(report, &all, i, i);
        check_pairs(report, &all, bad);
    }
    if (error.code && !report->problem_count)
        problem(report, &error);
}

/* ---- what works, but will bite ---- */

static void print_notes(const struct report *report) {
    const struct plan *plan = &report->work->plan;
    for (u32 i = 0; i < plan->note_count; i++)
        check_explain(&report->check, "note ", &plan->notes[i]);
    if (report->work->request.protocol == PROTOCOL_NATIVE)
        check_print_notes(&report->check);
}

/* Opens the kernel by one of the protocols of its Multiboot headers; as `error` says if it has
 * none. */
static struct error open_multiboot(struct work *work, struct error error) {
    struct multiboot_places places;
    struct boot boot = work_boot(work);
    TRY(multiboot_find(&work->kernel.data, 0, &places));
    bool two = places.good[1] != MULTIBOOT_NOWHERE;
    if (!two && places.good[0] == MULTIBOOT_NOWHERE)
        return error;
    work->request.protocol = two ? PROTOCOL_MULTIBOOT2 : PROTOCOL_MULTIBOOT1;
    return protocol_open(&boot, &work->kernel.data);
}

static struct error open_kernel(const char *path, struct report *report) {
    struct work *work = report->work;
    host_open(report->who, path, path, &work->kernel);
    config_for_kernel(path, &work->config);
    TRY(work_request(report->who, work, 0));
    struct error error = work_read_kernel(work);
    report->check = check_of(work->kernel.bytes, &work->image);
    return error.code ? open_multiboot(work, error) : OK;
}

int command_check(int count, char **words) {
    const struct call call = {"aloft check", help, count, words};
    struct words things = {0};
    options_read(&call, NULL, 0, &things, NULL);
    const char *path = options_one(&call, &things, "the kernel");
    const struct model model = {.machine = "pc", .cpu = "max", .memory = GIB};
    struct report report = {.who = call.who, .work = make_room(1, sizeof *report.work)};
    model_machine(call.who, &model, &report.work->machine);

    struct error error = open_kernel(path, &report);
    if (error.code) {
        problem(&report, &error);
    } else {
        print_image(&report);
        check_plan(&report);
        if (!report.problem_count)
            print_notes(&report);
    }
    check_print_multiboot(&report.check);
    if (report.problem_count)
        printf("%s cannot be booted: %u problem%s\n", path, report.problem_count,
               report.problem_count > 1 ? "s" : "");
    else
        printf("%s can be booted\n", path);
    return report.problem_count ? OUTCOME_NO : OUTCOME_DONE;
}
