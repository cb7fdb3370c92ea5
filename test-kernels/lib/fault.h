/* Exceptions: every one is reported and fails the test, except one that a probe asked for, and one
 * that the kernel itself resolves. */
#ifndef LIB_FAULT_H
#define LIB_FAULT_H

#include <stdbool.h>
#include <stdint.h>

enum { FAULT_OPCODE = 6, FAULT_DOUBLE = 8, FAULT_PROTECTION = 13, FAULT_PAGE = 14 };

#ifdef __x86_64__
enum { SAVED_REGISTERS = 15 };
#else
enum { SAVED_REGISTERS = 8, SAVED_BX = 4, SAVED_DX = 5, SAVED_AX = 7 }; /* by PUSHA */
#endif

/* What lies on the stack in an exception. Between rings of 32-bit code, and always in 64-bit code,
 * the last two lines are there too. */
struct fault_frame {
    uintptr_t registers[SAVED_REGISTERS];
    uintptr_t vector;
    uintptr_t error; /* 0 for exceptions that have none */
    uintptr_t instruction;
    uintptr_t cs;
    uintptr_t flags;
    uintptr_t stack;
    uintptr_t ss;
};

/* A page fault's error code (SDM volume 3A, section 4.7). */
enum {
    FAULT_PRESENT = 1 << 0, /* a right was missing; clear: the page was */
    FAULT_WRITE = 1 << 1,
    FAULT_USER = 1 << 2,  /* the access came from ring 3 */
    FAULT_FETCH = 1 << 4, /* set only where NX is on */
};

struct fault {
    uintptr_t vector;
    uintptr_t error;
    uintptr_t address; /* CR2 */
};

/* Loads an interrupt table for the 32 exceptions; the GDT stays the loader's. */
void fault_install(void);

/* A kernel may define this: it is asked first, repairs what is wrong or changes the frame, and
 * returns true; the interrupted code then goes on from the frame. */
bool fault_resolve(struct fault_frame *frame);

/* A page fault in words: "write to a page that is not there, from ring 0". */
void fault_print_reason(uintptr_t error);

/* Where the stack itself may be what is wrong: in 64-bit code the exception takes stack `number`
 * of the TSS's interrupt stack table, in 32-bit code it is a switch to the task with this selector.
 */
#ifdef __x86_64__
void fault_on_stack(unsigned vector, unsigned number);
#else
void fault_by_task(unsigned vector, uint16_t selector);
#endif

/* Touches an address: 0 if that went well, 1 if it faulted; fault_last() then tells how.
 * probe_write writes the byte a5h. probe_execute calls the address: there must be a RET (c3h). */
int probe_read(uintptr_t address);
int probe_write(uintptr_t address);
int probe_execute(uintptr_t address);
struct fault fault_last(void);

#endif
