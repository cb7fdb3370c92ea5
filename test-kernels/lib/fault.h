/* Exceptions: every one is reported and fails the test, except one that a probe asked for. */
#ifndef LIB_FAULT_H
#define LIB_FAULT_H

#include <stdint.h>

enum { FAULT_PAGE = 14 };

/* A page fault's error code (SDM volume 3A, section 4.7). */
enum {
    FAULT_PRESENT = 1 << 0, /* a right was missing; clear: the page was */
    FAULT_WRITE = 1 << 1,
    FAULT_FETCH = 1 << 4, /* set only where NX is on */
};

struct fault {
    uintptr_t vector;
    uintptr_t error;
    uintptr_t address; /* CR2 */
};

/* Loads an interrupt table for the 32 exceptions; the GDT stays the loader's. */
void fault_install(void);

/* Touches an address: 0 if that went well, 1 if it faulted; fault_last() then tells how.
 * probe_write writes the byte a5h. probe_execute calls the address: there must be a RET (c3h). */
int probe_read(uintptr_t address);
int probe_write(uintptr_t address);
int probe_execute(uintptr_t address);
struct fault fault_last(void);

#endif
