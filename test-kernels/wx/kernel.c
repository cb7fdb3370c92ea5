/* Rights, proved by faults: what may not be written is not, what may not be executed is not, and
 * below the stack is nothing. Without NX (32-bit paging, old CPUs) everything can be executed. */
#include "check.h"
#include "fault.h"
#include "test.h"

enum { RET = 0xc3 };

static const uint8_t in_rodata[16] = {RET};
static volatile uint8_t in_data[16] = {RET};
static volatile uint8_t in_bss[16];

/* The access faulted as a page fault, at its own address and for this reason. */
static void check_fault(int faulted, uintptr_t address, uintptr_t error) {
    struct fault fault = fault_last();
    CHECK_VALUE(faulted, address);
    CHECK_VALUE(fault.vector == FAULT_PAGE, fault.vector);
    CHECK_VALUE(fault.address == address, fault.address);
    CHECK_VALUE(fault.error == error, fault.error);
}

static void check_no_write(uintptr_t address) {
    CHECK_VALUE(!probe_read(address), address);
    check_fault(probe_write(address), address, FAULT_PRESENT | FAULT_WRITE);
}

static void check_no_execute(const struct paging *paging, uintptr_t address) {
    int faulted = probe_execute(address);
    if (paging->no_execute)
        check_fault(faulted, address, FAULT_PRESENT | FAULT_FETCH);
    else
        CHECK_VALUE(!faulted, address);
}

static void check_absent(const struct paging *paging, uintptr_t address) {
    check_fault(probe_read(address), address, 0);
    check_fault(probe_write(address), address, FAULT_WRITE);
    check_fault(probe_execute(address), address, paging->no_execute ? FAULT_FETCH : 0);
}

/* Usable memory, in the direct map or the identity map: written and read, not executed. */
static void check_free_memory(const struct paging *paging) {
    for (ALOFT_EACH(const struct aloft_memory, m, paging->info->memory)) {
        volatile uint8_t *byte =
            m->kind == ALOFT_MEMORY_USABLE ? phys_pointer(paging, m->start) : NULL;
        if (byte == NULL)
            continue;
        CHECK_VALUE(!probe_write((uintptr_t)byte), m->start);
        *byte = RET;
        check_no_execute(paging, (uintptr_t)byte);
    }
}

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    struct paging paging = paging_now(info);
    volatile uint8_t on_stack = RET;

    check_no_write((uintptr_t)kernel_main);
    check_no_write((uintptr_t)in_rodata);
    check_no_execute(&paging, (uintptr_t)in_rodata);
    CHECK(!probe_write((uintptr_t)&in_data[1]) && in_data[1] == 0xa5);
    check_no_execute(&paging, (uintptr_t)in_data);
    in_bss[0] = RET;
    check_no_execute(&paging, (uintptr_t)in_bss);
    check_no_execute(&paging, (uintptr_t)&on_stack);
    check_absent(&paging, (uintptr_t)info->stack_virt - 1);
    check_absent(&paging, (uintptr_t)info->stack_virt - 4096);
    CHECK(!probe_write((uintptr_t)info->stack_virt));
    check_free_memory(&paging);
    test_pass();
}
