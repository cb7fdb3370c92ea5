/* Virtual addresses to physical ones, by the tables and in software, through the direct map of all
 * physical memory; pages of all sizes. First the entries of the top table that are not empty. */
#include "check.h"
#include "reach.h"
#include "test.h"

static void show_top(const struct reach *reach) {
    unsigned levels = reach_levels();
    volatile uint64_t *top = reach_table(reach, levels, 0, cpu_cr3());
    for (unsigned i = 0; i < ENTRIES; i++) {
        if ((top[i] & ENTRY_PRESENT) == 0)
            continue;
        print("level ");
        print_decimal(levels);
        print(" entry ");
        print_decimal(i);
        print_fact(":", top[i]);
    }
}

static const char *page_size(unsigned level) {
    return level == 1 ? "4 KiB" : level == 2 ? "2 MiB" : "1 GiB";
}

/* The walker of the checks, which knows nothing of reach.c, must agree. */
static void show(const struct paging *paging, const struct reach *reach, const char *what,
                 uint64_t virt) {
    uint64_t phys = reach_translate(reach, virt);
    struct page page = page_at(paging, virt);
    CHECK_VALUE(page.mapped == (phys != ALOFT_NO_ADDRESS), virt);
    print_hex(virt);
    if (page.mapped) {
        CHECK_VALUE(phys == page.phys + (virt - page.virt), virt);
        print(" -> ");
        print_hex(phys);
        print(", in a page of ");
        print(page_size(reach_walk(reach, virt).level));
    } else {
        print(" -> not mapped");
    }
    print("   (");
    print(what);
    print(")\n");
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    CHECK(info->direct_virt != ALOFT_NO_ADDRESS);
    struct paging paging = paging_now(info);
    struct reach reach = {.way = REACH_OFFSET, .offset = info->direct_virt};
    show_top(&reach);
    show(&paging, &reach, "the screen", 0xb8000);
    show(&paging, &reach, "code", (uintptr_t)kernel_main);
    show(&paging, &reach, "the stack", (uintptr_t)__builtin_frame_address(0));
    show(&paging, &reach, "physical 0x1000, in the direct map", info->direct_virt + 0x1000);
    show(&paging, &reach, "physical 4 MiB, in the direct map", info->direct_virt + 0x400000);
    show(&paging, &reach, "below the stack", info->stack_virt - 1);
    show(&paging, &reach, "nothing", 0xdeadbeaf000);
    CHECK(reach_translate(&reach, 0xb8000) == 0xb8000);
    CHECK(reach_translate(&reach, info->direct_virt + 0x1000) == 0x1000);
    CHECK(reach_translate(&reach, info->direct_virt + 0x400000) == 0x400000);
    test_pass();
}
