/* The kernel at other addresses than the usual ones, with other forms of AT(): it runs where its
 * linker script says, and was put where that says. What differs is in the scripts. */
#include "check.h"
#include "test.h"

extern char split_start[], split_physical[];

/* From the script: the first segment's addresses. */
void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    check_first_segment(info, (uintptr_t)split_start, (uintptr_t)split_physical);
    for (ALOFT_EACH(const struct aloft_segment, s, info->segments)) {
        print("PT_LOAD ");
        print_decimal(s->number);
        print_fact(": virtual", s->virt);
        print_fact("           physical", s->phys);
    }
    test_pass();
}
