/* The machine state at entry, register by register (docs/handoff.md). */
#include "state.h"

#include "check.h"
#include "test.h"

void state_main(const struct aloft_info *info);

/* In .data: what entry.S writes is not part of what the loader zeroes. */
struct entry_state entry_state = {.ax = 1};

static const uint32_t cr4_of_paging[] = {
    [ALOFT_PAGING_OFF] = 0,          [ALOFT_PAGING_32] = 0,
    [ALOFT_PAGING_32_PSE] = CR4_PSE, [ALOFT_PAGING_PAE] = CR4_PAE,
    [ALOFT_PAGING_4LEVEL] = CR4_PAE, [ALOFT_PAGING_5LEVEL] = CR4_PAE | CR4_LA57,
};

static void check_general(const struct aloft_info *info) {
    const struct entry_state *s = &entry_state;
    CHECK_VALUE(s->ax == ALOFT_MAGIC, s->ax);
    CHECK_VALUE(s->cx == 0 && s->dx == 0 && s->si == 0 && s->bp == 0, s->cx | s->dx);
    CHECK_VALUE(s->flags == 2, s->flags);
#ifdef __x86_64__
    CHECK_VALUE(s->di == (uintptr_t)info && s->bx == 0, s->di);
    CHECK((s->r8 | s->r9 | s->r10 | s->r11 | s->r12 | s->r13 | s->r14 | s->r15) == 0);
#else
    CHECK_VALUE(s->bx == (uintptr_t)info && s->di == 0, s->bx);
#endif
}

/* System V ABI: as if called, with a return address of 0; at the very top of the stack. */
static void check_stack_pointer(const struct aloft_info *info) {
    uintptr_t sp = entry_state.sp;
    const uintptr_t *top = (const uintptr_t *)sp;
    CHECK_VALUE((sp + sizeof *top) % 16 == 0, sp);
    CHECK_VALUE(inside(sp, 2 * sizeof *top, info->stack_virt, info->stack_size), sp);
    CHECK_VALUE(info->stack_virt + info->stack_size - sp <= 32, sp);
    CHECK_VALUE(top[0] == 0, top[0]);
#ifndef __x86_64__
    CHECK_VALUE(top[1] == (uintptr_t)info, top[1]);
#endif
}

/* PE, ET; with paging WP and PG. EFER only has what the format needs, and NXE where the CPU has NX.
 */
static void check_control(const struct aloft_info *info) {
    bool paging = info->paging != ALOFT_PAGING_OFF;
    uint32_t efer = 0;
    if (info->paging >= ALOFT_PAGING_4LEVEL)
        efer |= EFER_LME | EFER_LMA;
    if (info->paging >= ALOFT_PAGING_PAE && cpu_has_nx())
        efer |= EFER_NXE;
    CHECK_VALUE(cpu_cr0() == (paging ? 0x80010011 : 0x11), cpu_cr0());
    CHECK_VALUE(!paging || cpu_cr3() == info->root_phys, cpu_cr3());
    CHECK_VALUE(cpu_cr4() == cr4_of_paging[info->paging], cpu_cr4());
    CHECK_VALUE(cpu_efer() == efer, cpu_efer());
}

static void check_segment_registers(void) {
    CHECK_VALUE(cpu_cs() == 0x08, cpu_cs());
    CHECK_VALUE(cpu_ds() == 0x10 && cpu_es() == 0x10 && cpu_ss() == 0x10, cpu_ss());
    CHECK_VALUE(cpu_fs() == 0x10 && cpu_gs() == 0x10, cpu_fs());
    CHECK_VALUE(cpu_ldtr() == 0, cpu_ldtr());
}

/* SDM volume 3A, figure 3-8. The accessed bit (40) may be set or not. */
static void check_gdt(const struct aloft_info *info, struct descriptor_register gdtr) {
    const uint64_t accessed = (uint64_t)1 << 40;
#ifdef __x86_64__
    const uint64_t code = 0x00af9b000000ffff;
#else
    const uint64_t code = 0x00cf9b000000ffff;
#endif
    CHECK_VALUE(gdtr.limit == 23, gdtr.limit);
    CHECK_VALUE(inside(gdtr.base, 24, info->handoff_virt, info->handoff_size), gdtr.base);
    const volatile uint64_t *gdt = (const volatile uint64_t *)gdtr.base;
    CHECK_VALUE(gdt[0] == 0, gdt[0]);
    CHECK_VALUE((gdt[1] | accessed) == code, gdt[1]);
    CHECK_VALUE((gdt[2] | accessed) == 0x00cf93000000ffff, gdt[2]);
}

static bool page_is_usable(const struct aloft_info *info, uint64_t phys) {
    for (ALOFT_EACH(const struct aloft_memory, m, info->memory))
        if (phys - m->start < m->size)
            return m->kind == ALOFT_MEMORY_USABLE;
    return false;
}

/* With the A20 line off, addresses that differ in bit 20 alone are the same memory. */
static void check_a20(const struct aloft_info *info) {
    const uint64_t bit20 = 0x100000;
    struct paging paging = paging_now(info);
    for (uint64_t odd = bit20; odd < 64 * bit20; odd += (odd & bit20) != 0 ? 0x1000 : bit20) {
        if (!page_is_usable(info, odd) || !page_is_usable(info, odd - bit20))
            continue;
        volatile uint32_t *a = phys_pointer(&paging, odd);
        volatile uint32_t *b = phys_pointer(&paging, odd - bit20);
        if (a == NULL || b == NULL)
            continue;
        *a = 0x12345678;
        *b = 0x9abcdef0;
        CHECK_VALUE(*a == 0x12345678 && *b == 0x9abcdef0, odd);
        return;
    }
    test_fail("no two usable pages to try the A20 line on");
}

void state_main(const struct aloft_info *info) {
    /* test_begin() loads an IDT of its own. */
    struct descriptor_register gdtr = cpu_gdtr(), idtr = cpu_idtr();
    test_name(KERNEL_NAME, info);
    check_segment_registers();
    CHECK_VALUE(idtr.limit == 0, idtr.limit);
    CHECK_VALUE(idtr.base == 0, idtr.base);
    test_begin(KERNEL_NAME, info);
    check_general(info);
    check_stack_pointer(info);
    check_control(info);
    check_gdt(info, gdtr);
    check_a20(info);
    test_pass();
}
