/* From the first fault to what the programmer did, and what to write instead.
 *
 *   what happened   the fault in plain words; doctor_happened()
 *   why             one of the mistakes that this file knows, found from registers, tables, the
 *                   code at the instruction pointer, and where the kernel's segments are
 *   what to do      one line
 *
 * The rules stand in the order in which they are asked: what is certain first, what is guessed from
 * an address alone last. docs/doctor.md lists them. */
#ifndef TOOLS_DOCTOR_CAUSE_H
#define TOOLS_DOCTOR_CAUSE_H

#include "doctor_memory.h"

enum { CODE_BYTES = 16, CODE_BEFORE = 4 };

/* All that is known of one death. */
struct patient {
    const struct fault *fault; /* the first */
    const struct fault *then;  /* NULL if not known */
    const struct memory *memory;
    const struct kernel *kernel;
    struct view view;    /* of CR2 if the fault is a page fault, else of the instruction pointer */
    u8 code[CODE_BYTES]; /* at the instruction pointer */
    u32 code_count;
    u8 before[CODE_BEFORE]; /* in front of it, if before_known */
    bool before_known;
};

struct diagnosis {
    const char *why; /* NULL: none of the known mistakes */
    const char *fix;
};

struct patient doctor_patient(struct story story, const struct memory *memory);

/* "page fault" */
const char *doctor_exception(u32 vector);

/* "page fault: reading 0x0000952c; the page is not present" */
const char *doctor_happened(const struct patient *patient);

/* What became of the fault: "There is no IDT, ..."; NULL if nothing is to be said. */
const char *doctor_aftermath(const struct patient *patient);

struct diagnosis doctor_diagnose(const struct patient *patient);

/* An address of the patient's, as wide as its processor's mode has them. */
const char *doctor_address(const struct patient *patient, u64 address);

bool doctor_is_fetch(const struct patient *patient);

#endif
