#include "fault.h"

#include "test.h"

enum { EXCEPTIONS = 32 };

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
uintptr_t fault_handle(struct fault_frame *frame);

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

__attribute__((weak)) bool fault_resolve(struct fault_frame *frame) {
    (void)frame;
    return false;
}

#ifdef __x86_64__
void fault_on_stack(unsigned vector, unsigned number) {
    gates[vector].stack = (uint8_t)number;
}
#else
void fault_by_task(unsigned vector, uint16_t selector) {
    gates[vector] = (struct gate){.selector = selector, .type = 0x85};
}
#endif

void fault_print_reason(uintptr_t error) {
    print((error & FAULT_FETCH) != 0   ? "execution of "
          : (error & FAULT_WRITE) != 0 ? "write to "
                                       : "read of ");
    print((error & FAULT_PRESENT) != 0 ? "a page that does not allow it"
                                       : "a page that is not there");
    print((error & FAULT_USER) != 0 ? ", from ring 3" : ", from ring 0");
}

/* Comes back only when the code is to go on: with 1 where it was, with 0 behind a probe. */
uintptr_t fault_handle(struct fault_frame *frame) {
    if (fault_resolve(frame))
        return 1;
    if (fault_probe_stack != 0) {
        last = (struct fault){frame->vector, frame->error, cpu_cr2()};
        return 0;
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
