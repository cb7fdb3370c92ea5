#include "doctor_log.h"

#include "format.h"
#include "text.h"

/* ---- words of a line ---- */

static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* 16 for what is no digit. */
static u32 digit_value(char c) {
    if (c >= '0' && c <= '9')
        return (u32)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (u32)(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? (u32)(c - 'A') + 10 : 16;
}

/* The hexadecimal number at `at`: where it ends; NULL if there is none, or more than 64 bits. */
static const char *hex_at(const char *at, u64 *value) {
    u32 digits = 0;
    for (*value = 0; digit_value(at[digits]) < 16; digits++) {
        if (digits == 16)
            return NULL;
        *value = *value << 4 | digit_value(at[digits]);
    }
    return digits ? at + digits : NULL;
}

static const char *skip_spaces(const char *at) {
    while (*at == ' ')
        at++;
    return at;
}

static const char *find(const char *line, const char *words) {
    for (; *line; line++)
        if (string_starts(line, words))
            return line + string_length(words);
    return NULL;
}

/* ---- registers ---- */

enum field { FIELD_CR0 = GENERAL_REGISTERS, FIELD_CR2, FIELD_CR3, FIELD_CR4, FIELD_EFER };

static const struct {
    const char *name;
    u32 field;
} fields[] = {
    {"AX", 0},          {"CX", 1},          {"DX", 2},
    {"BX", 3},          {"SP", 4},          {"BP", 5},
    {"SI", 6},          {"DI", 7},          {"R8", 8},
    {"R9", 9},          {"R10", 10},        {"R11", 11},
    {"R12", 12},        {"R13", 13},        {"R14", 14},
    {"R15", 15},        {"CR0", FIELD_CR0}, {"CR2", FIELD_CR2},
    {"CR3", FIELD_CR3}, {"CR4", FIELD_CR4}, {"EFER", FIELD_EFER},
};

static void set_field(struct fault *fault, u32 field, u64 value) {
    switch (field) {
    case FIELD_CR0: fault->cr0 = value; break;
    case FIELD_CR2: fault->cr2 = value; break;
    case FIELD_CR3: fault->cr3 = value; break;
    case FIELD_CR4: fault->cr4 = value; break;
    case FIELD_EFER: fault->efer = value; break;
    default: fault->registers[field] = value; break;
    }
}

static bool same_name(const char *name, size_t length, const char *other) {
    return string_length(other) == length && memcmp(name, other, length) == 0;
}

/* EAX and RAX are the same to us. */
static void set_register(struct fault *fault, const char *name, size_t length, u64 value) {
    if (length == 3 && (name[0] == 'E' || name[0] == 'R') && name[1] >= 'A') {
        name++;
        length--;
    }
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
        if (same_name(name, length, fields[i].name))
            set_field(fault, fields[i].field, value);
}

/* "GDT=     000ca2b8 00000027" */
static void set_table(const char *line, u64 *base, u32 *limit) {
    u64 first, second;
    const char *rest = hex_at(skip_spaces(line), &first);
    if (rest && hex_at(skip_spaces(rest), &second)) {
        *base = first;
        *limit = (u32)second;
    }
}

static void take_registers(struct fault *fault, const char *line) {
    if (string_starts(line, "GDT=")) {
        set_table(line + 4, &fault->gdt_base, &fault->gdt_limit);
        return;
    }
    if (string_starts(line, "IDT=")) {
        set_table(line + 4, &fault->idt_base, &fault->idt_limit);
        return;
    }
    fault->wide |= string_starts(line, "RIP=");
    for (const char *at = line; *at; at++) {
        const char *end = at, *name = at;
        u64 value;
        while (is_name(*end))
            end++;
        size_t length = (size_t)(end - name);
        at = skip_spaces(end);
        if (!length || *at != '=') {
            at = *end ? end : end - 1;
            continue;
        }
        if (hex_at(at + 1, &value))
            set_register(fault, name, length, value);
    }
}

/* ---- events ---- */

static bool is_header(const char *line) {
    u64 number;
    line = skip_spaces(line);
    const char *rest = hex_at(line, &number);
    return rest && string_starts(rest, ": v=");
}

static u64 number_behind(const char *line, const char *words) {
    u64 value = 0;
    const char *at = find(line, words);
    return at && hex_at(at, &value) ? value : 0;
}

static bool is_same(const struct fault *a, const struct fault *b) {
    return a->vector == b->vector && a->ip == b->ip && a->code == b->code;
}

static struct fault fault_of_header(const struct fault_log *log, const char *line) {
    struct fault fault = {
        .vector = (u32)number_behind(line, ": v="),
        .code = (u32)number_behind(line, " e="),
        .software = number_behind(line, " i=") != 0,
        .hardware = log->device_next, /* only the line right in front counts */
        .during = log->raised_next ? log->raised_vector : 0,
        .cpl = (u32)number_behind(line, " cpl="),
        .ip = number_behind(line, " pc="),
        .cr2 = number_behind(line, " CR2="),
    };
    const char *stack = find(line, " SP=");
    const char *colon = stack ? find(stack, ":") : NULL;
    if (!colon || !hex_at(colon, &fault.sp))
        fault.sp = 0;
    return fault;
}

/* The registers of the event before are complete only now. */
static void close_event(struct fault_log *log) {
    const struct fault *fault = &log->recent[0];
    if (log->in_event && !fault->software && !fault->hardware && fault->vector < 32) {
        log->last_exception = *fault;
        log->exception_count++;
    }
    log->in_event = false;
}

static void open_event(struct fault_log *log, const char *line) {
    struct fault fault = fault_of_header(log, line);
    const struct fault *before = &log->recent[0];
    if (log->event_count && !fault.software && !fault.hardware && is_same(&fault, before))
        fault.repeats = before->repeats + 1;
    memmove(&log->recent[1], &log->recent[0], sizeof log->recent - sizeof log->recent[0]);
    log->recent[0] = fault;
    log->event_count++;
    log->in_event = true;
    log->raised_next = false;
}

/* ---- memory ---- */

static void add_word(struct fault_log *log, struct log_word word) {
    if (log->word_count < LOG_WORDS_MAX)
        log->words[log->word_count++] = word;
}

/* "0000000000101000: 0x00000083 0x00000000": the width of a word is that of its digits. */
static bool take_memory(struct fault_log *log, const char *line) {
    u64 phys, value;
    const char *at = hex_at(line, &phys);
    if (!at || at - line < 8 || !string_starts(at, ": 0x"))
        return false;
    for (at++; string_starts(at, " 0x");) {
        const char *end = hex_at(at + 3, &value);
        if (!end)
            break;
        u32 size = (u32)(end - at - 3) / 2;
        if (size != 1 && size != 2 && size != 4 && size != 8)
            break;
        add_word(log, (struct log_word){phys, value, size});
        phys += size;
        at = end;
    }
    return true;
}

/* Lines that tell where the next registers belong. */
static bool take_heading(struct fault_log *log, const char *line) {
    static const char *const others[] = {"check_exception", "Servicing hardware INT",
                                         "Triple fault", "CPU Reset", "SMM:"};
    u32 which = 0;
    while (which < ARRAY_COUNT(others) && !string_starts(line, others[which]))
        which++;
    if (which == ARRAY_COUNT(others))
        return false;
    close_event(log);
    log->raised_next = which == 0;
    log->raised_vector = (u32)number_behind(line, "new 0x");
    log->triple = which == 2;
    log->reset_count += which == 3;
    return true;
}

void log_line(struct fault_log *log, const char *line) {
    if (take_memory(log, line) || log->triple)
        return;
    if (is_header(line)) {
        close_event(log);
        open_event(log, line);
    } else if (!take_heading(log, line) && log->in_event) {
        take_registers(&log->recent[0], line);
    }
    /* In real mode QEMU tells of the interrupt, but writes no header. */
    log->device_next = string_starts(line, "Servicing hardware INT");
}

void log_end(struct fault_log *log) {
    close_event(log);
}

/* ---- the chain ---- */

u32 fault_gate_size(const struct fault *fault) {
    return fault->efer & EFER_LMA ? 16 : 8;
}

bool fault_in_idt(const struct fault *fault, u64 address) {
    return address - fault->idt_base <= fault->idt_limit;
}

bool fault_in_gdt(const struct fault *fault, u64 address) {
    return address - fault->gdt_base <= fault->gdt_limit;
}

/* Contributory exceptions and page faults make a double fault at once where their delivery fails
 * (SDM volume 3A, table 6-5); the others are followed by what failed. */
static bool is_contributory(u32 vector) {
    return vector == VECTOR_DIVIDE || (vector >= VECTOR_TSS && vector <= VECTOR_PAGE);
}

/* Did delivering `before` raise `after`? */
static bool raised(const struct fault *before, const struct fault *after) {
    u32 vector = before->vector;
    bool benign = before->software || before->hardware || !is_contributory(vector);
    if (!benign || before->ip != after->ip || before->sp != after->sp)
        return false;
    if (after->vector == VECTOR_PAGE) {
        u64 gate = after->cr2 - before->idt_base - (u64)vector * fault_gate_size(before);
        return gate < fault_gate_size(before) || before->sp - after->cr2 - 1 < 64;
    }
    u32 entry = after->code >> 3;
    /* In long mode QEMU 7.2 counts 16 bytes an entry, where the manual has the vector's number. */
    bool is_its = entry == vector || (before->efer & EFER_LMA && entry == 2 * vector);
    return after->vector >= VECTOR_TSS && after->vector <= VECTOR_PROTECTION &&
           after->code & CODE_IDT && is_its;
}

struct story log_story(const struct fault_log *log) {
    const struct fault *recent = log->recent;
    if (!log->triple || log->event_count < 2) {
        bool any = log->exception_count > 0;
        return (struct story){any ? &log->last_exception : NULL, NULL};
    }
    if (log->event_count > 2 && raised(&recent[2], &recent[1]))
        return (struct story){&recent[2], &recent[1]};
    return (struct story){&recent[1], &recent[0]};
}
