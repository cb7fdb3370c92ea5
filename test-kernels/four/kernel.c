/* Four segments with four offsets: each is at the virtual and the physical address that the linker
 * script gave it, and the pages behind both are the same. */
#include "test.h"
#include "walk.h"

enum { FIELD_WORDS = 4096, MARK = 0x66696c6c };

/* Made by kernel.ld. */
extern const volatile uint32_t text_mark, rodata_mark, data_mark;

/* First in the .bss segment, and untouched until kernel_main() looks. */
__attribute__((section(".bss.field"))) static volatile uint32_t field[FIELD_WORDS];

static const struct aloft_segment *segment_of(const struct aloft_info *info,
                                              const volatile void *address) {
    for (ALOFT_EACH(const struct aloft_segment, s, info->segments))
        if ((uintptr_t)address - s->virt < s->size)
            return s;
    test_fail("a mark lies in no segment");
}

/* The segment of a mark begins with it, lies at `phys`, and has the mark there. */
static void check_mark(const struct paging *paging, const volatile uint32_t *mark, uint32_t value,
                       uint64_t phys) {
    const struct aloft_segment *segment = segment_of(paging->info, mark);
    CHECK_VALUE(*mark == value, *mark);
    CHECK_VALUE(segment->virt == (uintptr_t)mark, segment->virt);
    CHECK_VALUE(segment->phys - phys < 0x100000, segment->phys);
    const volatile uint32_t *there = phys_pointer(paging, segment->phys);
    if (there != NULL)
        CHECK_VALUE(*there == value, *there);
}

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    struct paging paging = paging_now(info);
    CHECK_VALUE(info->segments.count == 4, info->segments.count);
    for (unsigned i = 0; i < FIELD_WORDS; i++)
        CHECK_VALUE(field[i] == 0, i);
    CHECK(segment_of(info, field)->file_size == 0);
    field[0] = MARK;

    check_mark(&paging, &text_mark, 0x74786574, 0x500000);
    check_mark(&paging, &rodata_mark, 0x61746164, 0x300000);
    check_mark(&paging, &data_mark, 0x72617764, 0x100000);
    check_mark(&paging, field, MARK, 0x200000);
    CHECK(phys_pointer(&paging, segment_of(info, &data_mark)->phys) != NULL);
    test_pass();
}
