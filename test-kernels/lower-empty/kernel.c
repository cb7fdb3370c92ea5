/* The lower half, emptied while the kernel runs in the upper one: what the kernel was given stays
 * in reach, and the text screen is found where the direct map shows it. */
#include "check.h"
#include "fault.h"
#include "test.h"

/* How many entries of the top table are the lower half's. */
static unsigned lower_entries(const struct paging *paging) {
    return paging->entry_bytes == 4 ? 768 : paging->levels == 3 ? 3 : 256;
}

/* The entry through which the table itself is seen, if that is in the lower half, goes last. */
static unsigned empty(const struct paging *paging) {
    unsigned dropped = 0, count = lower_entries(paging);
    unsigned top_shift = paging->entry_bytes == 4 ? 22 : 12 + 9 * (paging->levels - 1);
    unsigned own = (unsigned)(paging->info->tables_virt >> top_shift) & 1023;
    for (unsigned n = 1; n <= count; n++) {
        unsigned i = own < count ? (own + n) % count : n - 1;
        uint64_t at = paging->info->tables_virt + i * paging->entry_bytes;
        volatile uint32_t *entry = ALOFT_POINTER(volatile uint32_t, at);
        dropped += *entry & 1;
        *entry = 0;
    }
    cpu_set_cr3(cpu_cr3());
    return dropped;
}

static void check_gone(uintptr_t address) {
    CHECK_VALUE(probe_read(address), address);
    struct fault fault = fault_last();
    CHECK_VALUE(fault.vector == FAULT_PAGE && fault.error == 0, fault.error);
    CHECK_VALUE(fault.address == address, fault.address);
    print_fact("page fault, as it should be, at", address);
}

static uint32_t check_sum(uint64_t virt, uint64_t size) {
    uint32_t sum = 0;
    for (uint64_t i = 0; i < size; i++)
        sum = sum * 31 + *ALOFT_POINTER(const uint8_t, virt + i);
    return sum;
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    struct paging paging = paging_now(info);
    CHECK(info->direct_virt != ALOFT_NO_ADDRESS);
    uint64_t screen = info->direct_virt + 0xb8000;
    uint32_t sum = check_sum(info->handoff_virt, info->handoff_size);

    print_decimal(empty(&paging));
    print(" entries of the top table dropped: the lower half is empty\n");
    check_gone(0);
    check_gone(0xb8000);
    check_gone(0x100000);

    print_fact("the boot information is still at", (uintptr_t)info);
    CHECK(check_sum(info->handoff_virt, info->handoff_size) == sum);
    CHECK_VALUE((uintptr_t)__builtin_frame_address(0) - info->stack_virt < info->stack_size, 0);
    print_fact("the text screen is at", screen);
    volatile uint16_t *cell = ALOFT_POINTER(volatile uint16_t, screen + 160);
    *cell = 0x1f00 | 'A';
    CHECK(*cell == (0x1f00 | 'A'));
    test_pass();
}
