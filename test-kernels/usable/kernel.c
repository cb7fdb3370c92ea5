/* Usable memory is nobody's: a kernel that overwrites every usable page keeps everything else. */
#include "check.h"
#include "test.h"

/* One word a page, which tells its physical page. */
static uint32_t page_word(uint64_t phys) {
    return (uint32_t)(phys >> 12) * 2654435761u ^ 0x5bd1e995;
}

static uint32_t sum_add(uint32_t sum, uint32_t word) {
    return (sum << 5 | sum >> 27) ^ word;
}

static uint32_t sum_of(uint32_t sum, uint64_t virt, uint64_t size) {
    for (uint64_t at = virt; size >= 4 && at - virt <= size - 4; at += 4)
        sum = sum_add(sum, *ALOFT_POINTER(const volatile uint32_t, at));
    return sum;
}

/* Over all that was placed and does not change by itself: read-only segments, modules, information.
 * The page tables are left to check_info(), for the CPU sets bits in them. */
static uint32_t sum_of_all(const struct aloft_info *info) {
    uint32_t sum = 1;
    for (ALOFT_EACH(const struct aloft_segment, s, info->segments))
        if ((s->rights & ALOFT_WRITE) == 0)
            sum = sum_of(sum, (s->virt + 3) & ~(uint64_t)3, s->size);
    for (ALOFT_EACH(const struct aloft_module, m, info->modules))
        if (m->virt != ALOFT_NO_ADDRESS)
            sum = sum_of(sum, m->virt, m->size);
    return sum_of(sum, info->handoff_virt, (uintptr_t)info - info->handoff_virt + info->size);
}

/* Writes the words, or counts those that are still there: returns the number of pages. */
static uint64_t visit(const struct paging *paging, bool write) {
    struct page page = {.mapped = false};
    uint64_t pages = 0;
    for (ALOFT_EACH(const struct aloft_memory, m, paging->info->memory)) {
        if (m->kind != ALOFT_MEMORY_USABLE)
            continue;
        for (uint64_t phys = m->start; phys < m->start + m->size; phys += 4096) {
            if (!page.mapped || phys - page.phys >= page.size)
                page = page_of(paging, phys);
            if (!page.mapped)
                continue;
            volatile uint32_t *word = ALOFT_POINTER(uint32_t, page.virt + (phys - page.phys));
            if (write)
                *word = page_word(phys);
            CHECK_VALUE(*word == page_word(phys), phys);
            pages++;
        }
    }
    return pages;
}

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    struct paging paging = paging_now(info);
    uint32_t before = sum_of_all(info);
    uint64_t pages = visit(&paging, true);
    CHECK(pages > 0);
    CHECK(sum_of_all(info) == before);
    check_info(info);
    CHECK(visit(&paging, false) == pages);
    print("info usable_pages ");
    print_hex(pages);
    print("\n");
    test_pass();
}
