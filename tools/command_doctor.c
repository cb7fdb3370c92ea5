/* aloft doctor: why a machine triple-faulted, from QEMU's log. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "doctor_cause.h"
#include "doctor_loader.h"
#include "message.h"
#include "options.h"

enum { LINE_SIZE = 1024, TEXT_WIDTH = 100 };

static const char help[] =
    "usage: aloft doctor [--memory=FILE] QEMU-LOG [KERNEL]\n"
    "\n"
    "Says what the first fault was, why it happened and what to do. The log is made with\n"
    "\n"
    "  qemu-system-x86_64 ... -accel tcg -d int,cpu_reset -D qemu.log -no-reboot -no-shutdown\n"
    "\n"
    "and the memory, when the machine has stopped, in QEMU's monitor, for a machine of 128 MiB:\n"
    "\n"
    "  pmemsave 0 0x8000000 memory\n"
    "\n"
    "  --memory=FILE   such a dump: then the page tables are shown and judged too\n"
    "\n"
    "A serial log in which Aloft itself tells of a processor exception is a log, too: its "
    "addresses "
    "get\n"
    "names.\n"
    "\n"
    "KERNEL is the ELF file, for names of addresses. The exit status is 0 if the mistake was "
    "found, 1 "
    "if\n"
    "the log has no fault or one that is none of the known mistakes.\n";

/* ---- reading ---- */

/* QEMU's lines are short: what is longer is cut. */
static void read_log(const char *who, const char *path, struct fault_log *log,
                     struct loader_report *loader) {
    char line[LINE_SIZE];
    size_t length = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        die(who, "%s cannot be read: %s", path, strerror(errno));
    for (int c = getc_unlocked(file); c != EOF; c = getc_unlocked(file)) {
        if (c != '\n') {
            line[length] = (char)c;
            length += length < sizeof line - 1;
            continue;
        }
        line[length] = 0;
        log_line(log, line);
        loader_line(loader, line);
        length = 0;
    }
    if (ferror(file))
        die(who, "%s cannot be read: %s", path, strerror(errno));
    fclose(file);
    line[length] = 0;
    log_line(log, line);
    loader_line(loader, line);
    log_end(log);
}

/* ---- showing ---- */

/* "label text", broken at spaces, with the lines after the first indented. */
static void print_paragraph(const char *label, const char *text) {
    size_t column = (size_t)printf("%s", label);
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, " ");
        if (column + 1 + length > TEXT_WIDTH && column > 4)
            column = (size_t)printf("\n   ") - 1;
        column += (size_t)printf(" %.*s", (int)length, at);
        at += length + (at[length] == ' ');
    }
    puts("");
}

static void print_address(const struct patient *patient, const char *what, u64 address) {
    const struct kernel *kernel = patient->kernel;
    const char *name = kernel_name(kernel, address), *shown = doctor_address(patient, address);
    const struct segment *segment = kernel_physical(kernel, address);
    if (!kernel->given)
        return;
    if (name) {
        printf("    %s %s is %s\n", what, shown, name);
    } else if (segment) {
        u64 virt = address - segment->phys + segment->virt;
        printf("    %s %s is the physical address of %s, linked at %s\n", what, shown,
               kernel_name(kernel, virt), doctor_address(patient, virt));
    } else {
        printf("    %s %s is in no segment of %s\n", what, shown, kernel->image.name);
    }
}

static void print_happened(const struct patient *patient) {
    const struct fault *fault = patient->fault;
    const char *aftermath = doctor_aftermath(patient);
    print_paragraph("What happened:", make_text("%s.", doctor_happened(patient)));
    print_address(patient, fault->wide ? "RIP" : "EIP", fault->ip);
    if (fault->vector == VECTOR_PAGE && !doctor_is_fetch(patient))
        print_address(patient, "CR2", fault->cr2);
    if (fault->repeats)
        printf("    It came %u times in a row at this place.\n", fault->repeats + 1);
    if (aftermath)
        print_paragraph("   ", aftermath);
}

static const char *entry_text(const struct patient *patient, const struct view_step *step) {
    const struct paging_level *level = &patient->view.format->levels[step->level];
    u64 has = step->leaf ? ENTRY_WRITE | ENTRY_USER : level->link_bits;
    if (!(step->entry & ENTRY_PRESENT))
        return "not present";
    const char *what =
        step->leaf ? make_text("%s page", size_name((u64)1 << level->shift)) : "table";
    const char *write = !(has & ENTRY_WRITE) ? "" : step->entry & ENTRY_WRITE ? ", W=1" : ", W=0";
    const char *user = !(has & ENTRY_USER) ? "" : step->entry & ENTRY_USER ? ", U=1" : ", U=0";
    const char *reserved =
        step->reserved ? make_text(", reserved bits 0x%llx", (unsigned long long)step->reserved)
                       : "";
    bool has_nx = patient->view.format->has_nx && !step->reserved;
    return make_text("%s at 0x%08llx%s%s%s%s", what, (unsigned long long)step->target, write, user,
                     has_nx && step->entry & ENTRY_NO_EXECUTE ? ", NX" : "", reserved);
}

/* The way of the address through the tables, one level a line. */
static void print_walk(const struct patient *patient) {
    const struct view *view = &patient->view;
    const struct fault *fault = patient->fault;
    if (!view->format || fault->vector != VECTOR_PAGE)
        return;
    printf("    Tables for %s (%s paging), from CR3 = 0x%08llx:\n",
           doctor_address(patient, fault->cr2), view->format->name, (unsigned long long)fault->cr3);
    for (u32 i = 0; i < view->step_count; i++) {
        const struct view_step *step = &view->steps[i];
        printf("    %-5s %3u at 0x%08llx: 0x%0*llx  %s\n", view->format->levels[step->level].name,
               step->index, (unsigned long long)step->phys, view->format->entry_size * 2,
               (unsigned long long)step->entry, entry_text(patient, step));
    }
    if (view->result == VIEW_UNKNOWN && !patient->memory->has_dump)
        puts("    The tables are not known; a memory dump shows them (--memory=FILE)");
    else if (view->result == VIEW_UNKNOWN)
        printf("    0x%08llx is not in the memory dump\n", (unsigned long long)view->unread);
}

/* Everything that the log said, for those who go on by hand. */
static void print_registers(const struct fault *fault) {
    printf("    CR0 %08llx  CR2 %08llx  CR3 %08llx  CR4 %08llx  EFER %llx  error code 0x%x\n",
           (unsigned long long)fault->cr0, (unsigned long long)fault->cr2,
           (unsigned long long)fault->cr3, (unsigned long long)fault->cr4,
           (unsigned long long)fault->efer, fault->code);
    printf("    GDTR %08llx limit %x  IDTR %08llx limit %x  stack %08llx\n",
           (unsigned long long)fault->gdt_base, fault->gdt_limit,
           (unsigned long long)fault->idt_base, fault->idt_limit, (unsigned long long)fault->sp);
}

static enum outcome print_all(const struct patient *patient, bool triple) {
    struct diagnosis diagnosis = doctor_diagnose(patient);
    if (!triple)
        puts("There is no triple fault in the log; this is the last exception.");
    print_happened(patient);
    print_paragraph("Why:", diagnosis.why ? diagnosis.why : "none of the mistakes that are known.");
    print_walk(patient);
    if (!diagnosis.why)
        print_registers(patient->fault);
    print_paragraph("What to do:", diagnosis.fix
                                       ? diagnosis.fix
                                       : "look at the code there with make debug, or with "
                                         "GDB on QEMU's -s -S.");
    return diagnosis.why ? OUTCOME_DONE : OUTCOME_NO;
}

static enum outcome print_nothing(const struct fault_log *log) {
    puts("There is no fault in the log.");
    if (log->event_count)
        puts("What to do: log until the machine stops, with -d int,cpu_reset -no-reboot "
             "-no-shutdown");
    else
        puts("What to do: run QEMU with -accel tcg -d int,cpu_reset -D FILE; KVM logs no "
             "exceptions");
    return OUTCOME_NO;
}

static enum outcome print_loader(const struct loader_report *report) {
    printf("What happened: %s (vector %u) in Aloft itself, at %s\n",
           doctor_exception(report->vector), report->vector, loader_function(report->ip));
    for (u32 i = 0; i < report->call_count; i++)
        printf("    called from %s\n", loader_function(report->calls[i]));
    print_paragraph("Why:",
                    "a mistake in Aloft. The names are those of the Aloft that this command "
                    "installs: if another one said this, ask the command of that.");
    print_paragraph("What to do:",
                    "report these lines, with those of the loader and the files that "
                    "it was to boot.");
    return OUTCOME_DONE;
}

int command_doctor(int count, char **words) {
    const struct call call = {"aloft doctor", help, count, words};
    struct words memory_files = {0}, things = {0};
    const struct option options[] = {{"--memory", &memory_files, OPTION_VALUE}};
    options_read(&call, options, ARRAY_COUNT(options), &things, NULL);
    const char *kernel_path = things.count == 2 ? things.at[1] : NULL;
    things.count = kernel_path ? 1 : things.count;
    const char *log_path = options_one(&call, &things, "the log");
    const char *memory_path = words_last(&memory_files, NULL);

    struct fault_log *log = make_room(1, sizeof *log);
    struct kernel *kernel = make_room(1, sizeof *kernel);
    struct memory memory = {.log = log, .kernel = kernel};
    struct loader_report loader = {.found = false};
    read_log(call.who, log_path, log, &loader);
    if (loader.found)
        return print_loader(&loader);
    if (kernel_path)
        kernel_open(call.who, kernel_path, kernel);
    if (memory_path) {
        host_open(call.who, memory_path, memory_path, &memory.dump);
        memory.has_dump = true;
    }
    struct story story = log_story(log);
    if (!story.first)
        return print_nothing(log);
    struct patient patient = doctor_patient(story, &memory);
    return print_all(&patient, log->triple);
}
