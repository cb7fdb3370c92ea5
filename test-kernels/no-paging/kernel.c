/* --paging=off: protected mode, and the same information, with physical addresses throughout. */
#include "test.h"

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    check_first_segment(info, 0x100000, 0x100000);
    CHECK_VALUE((cpu_cr0() & CR0_PG) == 0, cpu_cr0());
    CHECK_VALUE(info->paging == ALOFT_PAGING_OFF, info->paging);
    CHECK_VALUE(info->stack_virt == info->stack_phys, info->stack_virt);
    CHECK_VALUE(info->handoff_virt == info->handoff_phys, info->handoff_virt);
    CHECK_VALUE(info->mappings.count == 0, info->mappings.count);
    CHECK_VALUE(info->table_frames == 0, info->table_frames);
    if (info->screen.kind != ALOFT_SCREEN_NONE)
        CHECK_VALUE(info->screen.virt == info->screen.phys, info->screen.virt);
    for (ALOFT_EACH(const struct aloft_module, m, info->modules))
        CHECK_VALUE(m->virt == m->phys, m->virt);
    test_pass();
}
