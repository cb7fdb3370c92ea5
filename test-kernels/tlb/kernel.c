/* When the TLB must be told: an entry that was present and changes needs invlpg or a new CR3, one
 * that was absent needs nothing (SDM volume 3A, section 4.10.4). */
#include "check.h"
#include "fault.h"
#include "frames.h"
#include "test.h"

enum { WINDOW = 0xffc00000, PRESENT_WRITE = 3 };

static uint32_t table[1024] __attribute__((aligned(4096)));
static uint32_t *const window = (uint32_t *)WINDOW;

/* The last 4 MiB are free: a table of the kernel's own goes there. */
static void add_table(const struct paging *paging) {
    volatile uint32_t *directory = ALOFT_POINTER(volatile uint32_t, paging->info->tables_virt);
    struct page page = page_at(paging, (uintptr_t)table);
    CHECK_VALUE((directory[WINDOW >> 22] & 1) == 0, directory[WINDOW >> 22]);
    directory[WINDOW >> 22] =
        (uint32_t)(page.phys + ((uintptr_t)table - page.virt)) | PRESENT_WRITE;
}

static void point_at(uint64_t frame) {
    *(volatile uint32_t *)&table[0] = (uint32_t)frame | PRESENT_WRITE;
}

static uint32_t seen(void) {
    return *(volatile uint32_t *)window;
}

static void fill(const struct paging *paging, uint64_t frame, uint32_t word) {
    volatile uint32_t *at = phys_pointer(paging, frame);
    CHECK_VALUE(at != NULL, frame);
    *at = word;
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    struct paging paging = paging_now(info);
    struct frames frames = frames_all(info);
    uint64_t one = frames_take(&frames), two = frames_take(&frames);
    fill(&paging, one, 1);
    fill(&paging, two, 2);
    add_table(&paging);

    CHECK(probe_read(WINDOW) && fault_last().address == WINDOW);
    point_at(one);
    CHECK_VALUE(seen() == 1, seen());
    print("absent, then frame 1: seen at once\n");

    point_at(two);
    uint32_t stale = seen();
    CHECK_VALUE(stale == 1 || stale == 2, stale);
    print("then frame 2, the TLB not told: frame ");
    print_decimal(stale);
    print(" is seen (either may be)\n");
    cpu_invlpg(WINDOW);
    CHECK_VALUE(seen() == 2, seen());
    print("after invlpg: frame 2 is seen\n");

    point_at(one);
    cpu_set_cr3(cpu_cr3());
    CHECK_VALUE(seen() == 1, seen());
    print("frame 1 again, after a write of CR3: frame 1 is seen\n");
    test_pass();
}
