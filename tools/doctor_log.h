/* A QEMU log made with -d int,cpu_reset, reduced to the exceptions that ended the machine.
 *
 * QEMU writes a header line and the registers for every interrupt and exception that it delivers:
 *
 *   check_exception old: 0xffffffff new 0xe        an exception; hardware interrupts say
 * "Servicing" 0: v=0e e=0000 i=0 cpl=0 IP=0008:00100024 pc=00100024 SP=0010:00006f08 CR2=00100024
 *   EAX=2badb002 EBX=00009500 ...                  the registers before the delivery
 *   check_exception old: 0xe new 0xe               the delivery failed
 *        1: v=08 ...                               so does that of the double fault
 *   Triple fault
 *
 * The log may be huge and may be damaged: lines come one at a time, only the last few events are
 * kept, and what is not understood is skipped. What follows the first triple fault is another
 * life of the machine and is not read, memory excepted: lines as the monitor's `xp` prints them
 * ("0000000000101000: 0x00000083 ...") may stand anywhere. */
#ifndef TOOLS_DOCTOR_LOG_H
#define TOOLS_DOCTOR_LOG_H

#include "types.h"

enum {
    FAULTS_KEPT = 3,       /* the fault, what its delivery led to, the double fault */
    LOG_WORDS_MAX = 16384, /* of memory: 16 tables; more are dropped */
    GENERAL_REGISTERS = 16,
};

/* The numbers of vectors (SDM volume 3A, table 6-1). */
enum {
    VECTOR_DIVIDE = 0,
    VECTOR_BREAKPOINT = 3,
    VECTOR_OPCODE = 6,
    VECTOR_NO_FPU = 7,
    VECTOR_DOUBLE = 8,
    VECTOR_TSS = 10,
    VECTOR_PROTECTION = 13,
    VECTOR_PAGE = 14,
};

/* The error code of a page fault (SDM volume 3A, figure 4-12), and the bit of other error codes
 * that says that an IDT entry was at fault (figure 6-7). */
enum {
    PAGE_PRESENT = 1,
    PAGE_WRITE = 2,
    PAGE_USER = 4,
    PAGE_RESERVED = 8,
    PAGE_FETCH = 16,
    CODE_IDT = 2,
};

struct fault {
    u32 vector;
    u32 code;
    bool software; /* an INT instruction */
    bool hardware; /* an interrupt from a device */
    u32 during;    /* of a double fault: the vector that its cause's delivery raised */
    u32 repeats;   /* the same exception at the same place came so often right before */
    u32 cpl;
    u64 ip; /* linear */
    u64 sp;
    u64 registers[GENERAL_REGISTERS]; /* in the order of their encoding: AX, CX, DX, BX, SP ... */
    u64 cr0, cr2, cr3, cr4, efer;
    u64 gdt_base, idt_base;
    u32 gdt_limit, idt_limit;
    bool wide; /* in 64-bit code */
};

struct log_word {
    u64 phys;
    u64 value;
    u32 size; /* bytes */
};

struct fault_log {
    u64 event_count; /* interrupts included */
    u64 reset_count;
    bool triple;
    struct fault recent[FAULTS_KEPT]; /* the newest first */
    struct fault last_exception;      /* neither INT nor a device; valid if exception_count */
    u64 exception_count;
    u32 word_count;
    struct log_word words[LOG_WORDS_MAX];
    /* the reader's own: */
    bool in_event;     /* registers that come now belong to recent[0] */
    bool device_next;  /* "Servicing hardware" stood in front */
    bool raised_next;  /* "check_exception" stood in front ... */
    u32 raised_vector; /* ... and said this */
};

/* Takes in the next line; log_end() after the last one. */
void log_line(struct fault_log *log, const char *line);
void log_end(struct fault_log *log);

/* What happened first, and what became of it. */
struct story {
    const struct fault *first; /* NULL if the log holds nothing of the kind */
    const struct fault *then;  /* what the delivery of `first` raised; NULL if not known */
};

/* The first fault of the chain that ended in the triple fault; without one, the last exception. */
struct story log_story(const struct fault_log *log);

/* Bytes of an IDT entry. */
u32 fault_gate_size(const struct fault *fault);

/* Is the address in the IDT, or in the GDT, as the registers had them? */
bool fault_in_idt(const struct fault *fault, u64 address);
bool fault_in_gdt(const struct fault *fault, u64 address);

#endif
