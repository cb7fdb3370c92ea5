#include "fault.h"

#include "test.h"

enum { EXCEPTIONS = 32 };

#ifdef __x86_64__
enum { SAVED_REGISTERS = 15 };
#else
enum { SAVED_REGISTERS = 8 };
#endif

/* What lies on the stack when fault_handle() is called; fault-entry.S pushed the first two lines.
 */
struct fault_frame {
    uintptr_t registers[SAVED_REGISTERS];
    uintptr_t vector;
    uintptr_t error; /* 0 for exceptions that have none */
    uintptr_t instruction;
    uintptr_t cs;
    uintptr_t flags;
};

/* SDM volume 3A, figures 6-2 and 6-8. */
struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint8_t stack;
    uint8_t type;
    uint16_t offset_middle;
#ifdef __x86_64__
    uint32_t offset_high;
    uint32_t reserved;
#endif
};

extern const uintptr_t fault_entries[EXCEPTIONS];
void fault_handle(const struct fault_frame *frame);

static struct gate gates[EXCEPTIONS];
static struct fault last;

/* Where a probe's return address lies, 0 while there is none. */
uintptr_t fault_probe_stack;

void fault_install(void) {
    /* Not trusting the loader to have zeroed .bss: that is under test. */
    fault_probe_stack = 0;
    for (unsigned i = 0; i < EXCEPTIONS; i++) {
        uint64_t offset = fault_entries[i];
        gates[i] = (struct gate){
            .offset_low = (uint16_t)offset,
            .selector = (uint16_t)cpu_cs(),
            .type = 0x8e, /* present, ring 0, interrupt gate */
            .offset_middle = (uint16_t)(offset >> 16),
#ifdef __x86_64__
            .offset_high = (uint32_t)(offset >> 32),
#endif
        };
    }
    struct descriptor_register idtr = {.limit = sizeof gates - 1, .base = (uintptr_t)gates};
    __asm__ volatile("lidt %0" : : "m"(idtr));
}

/* Comes back only when a probe is to go on. */
void fault_handle(const struct fault_frame *frame) {
    if (fault_probe_stack != 0) {
        last = (struct fault){frame->vector, frame->error, cpu_cr2()};
        return;
    }
    print_on_serial();
    print("exception ");
    print_decimal(frame->vector);
    print(" error ");
    print_hex(frame->error);
    print(" cr2 ");
    print_hex(cpu_cr2());
    print(" at ");
    print_hex(frame->instruction);
    print("\n");
    test_fail("an exception (see the line before)");
}

struct fault fault_last(void) {
    return last;
}
