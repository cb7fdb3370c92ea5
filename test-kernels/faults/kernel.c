/* A page-fault handler that says what happened: CR2 is the address, the error code the reason. The
 * faults are those of the tutorials: a made-up address, and a byte of the kernel's own code. */
#include "fault.h"
#include "test.h"

static volatile uint8_t in_data = 0xc3; /* RET */

/* Makes .text long enough that 0x2031b2 lies in it where the kernel is linked at 0x200000. */
__asm__(".section .text.filling, \"ax\"; .fill 0x4000, 1, 0xc3; .text");

static void show(const char *what, int faulted, uintptr_t address, uintptr_t error) {
    struct fault fault = fault_last();
    CHECK_VALUE(faulted, address);
    CHECK_VALUE(fault.vector == FAULT_PAGE, fault.vector);
    CHECK_VALUE(fault.address == address, fault.address);
    CHECK_VALUE(fault.error == error, fault.error);
    print(what);
    print(": PAGE FAULT\n    accessed address: ");
    print_hex(fault.address);
    print("\n    error code: ");
    print_hex(fault.error);
    print(", ");
    fault_print_reason(fault.error);
    print("\n");
}

static void goes_well(const char *what, int faulted, uintptr_t address) {
    CHECK_VALUE(!faulted, address);
    print(what);
    print(": works\n");
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    uintptr_t code = sizeof(uintptr_t) == 8 ? 0x2031b2 : 0x1031b2;
    bool no_execute = info->paging >= ALOFT_PAGING_PAE && cpu_has_nx();

    show("write to 0xdeadbeaf", probe_write(0xdeadbeaf), 0xdeadbeaf, FAULT_WRITE);
    show("read of 0xdeadbeaf", probe_read(0xdeadbeaf), 0xdeadbeaf, 0);
    goes_well("read of the code", probe_read(code), code);
    show("write to the code", probe_write(code), code, FAULT_PRESENT | FAULT_WRITE);
    uintptr_t data = (uintptr_t)&in_data;
    if (no_execute)
        show("execution of data", probe_execute(data), data, FAULT_PRESENT | FAULT_FETCH);
    else
        goes_well("execution of data, without NX", probe_execute(data), data);
    test_pass();
}
