#ifdef __x86_64__
#include "reach.h"

#include "test.h"

#define BIT(n)       ((uint64_t)1 << (n))
#define ADDRESS_BITS (BIT(52) - BIT(12))

unsigned reach_levels(void) {
    return (cpu_cr4() & CR4_LA57) != 0 ? 5 : 4;
}

static unsigned level_shift(unsigned level) {
    return 12 + 9 * (level - 1);
}

unsigned reach_index(uint64_t virt, unsigned level) {
    return virt >> level_shift(level) & (ENTRIES - 1);
}

/* Bits 63 to 48 (56 with five levels) repeat the one below. */
static uint64_t canonical(uint64_t virt) {
    unsigned unused = 64 - level_shift(reach_levels() + 1);
    return (uint64_t)((int64_t)(virt << unused) >> unused);
}

/* `level` times the recursive slot, then the indexes of the address from the top on: the last of
 * them stands where a page's offset begins. */
static uint64_t recursive_address(const struct reach *reach, unsigned level, uint64_t virt) {
    unsigned levels = reach_levels();
    uint64_t in_map = virt & (BIT(level_shift(levels + 1)) - 1);
    uint64_t address = in_map >> (9 * level) & ~(uint64_t)(PAGE - 1);
    for (unsigned i = 0; i < level; i++)
        address |= (uint64_t)reach->slot << level_shift(levels - i);
    return canonical(address);
}

static uint64_t shown_in_window(const struct reach *reach, unsigned level, uint64_t phys) {
    uint64_t page = reach->window + (uint64_t)level * PAGE;
    ALOFT_POINTER(volatile uint64_t, reach->window)[level] = phys | ENTRY_PRESENT | ENTRY_WRITE;
    cpu_invlpg(page);
    return page;
}

volatile uint64_t *reach_table(const struct reach *reach, unsigned level, uint64_t virt,
                               uint64_t phys) {
    uint64_t at = reach->way == REACH_OFFSET   ? reach->offset + phys
                  : reach->way == REACH_WINDOW ? shown_in_window(reach, level, phys)
                                               : recursive_address(reach, level, virt);
    return ALOFT_POINTER(volatile uint64_t, at);
}

struct reach_end reach_walk(const struct reach *reach, uint64_t virt) {
    struct reach_end end = {.level = reach_levels(), .table = cpu_cr3() & ADDRESS_BITS};
    for (;; end.level--) {
        end.entry = reach_table(reach, end.level, virt, end.table)[reach_index(virt, end.level)];
        bool page = end.level == 1 || (end.level <= 3 && (end.entry & ENTRY_LARGE) != 0);
        if (page || (end.entry & ENTRY_PRESENT) == 0)
            return end;
        end.table = end.entry & ADDRESS_BITS;
    }
}

uint64_t reach_translate(const struct reach *reach, uint64_t virt) {
    struct reach_end end = reach_walk(reach, virt);
    if ((end.entry & ENTRY_PRESENT) == 0)
        return ALOFT_NO_ADDRESS;
    uint64_t in_page = BIT(level_shift(end.level)) - 1;
    return (end.entry & ADDRESS_BITS & ~in_page) | (virt & in_page);
}

unsigned reach_map(const struct reach *reach, uint64_t virt, uint64_t phys, uint64_t flags,
                   struct frames *frames) {
    unsigned made = 0;
    struct reach_end end = reach_walk(reach, virt);
    for (; end.level > 1; end.level--) {
        CHECK_VALUE((end.entry & ENTRY_PRESENT) == 0, virt);
        uint64_t frame = frames_take(frames);
        reach_table(reach, end.level, virt, end.table)[reach_index(virt, end.level)] =
            frame | ENTRY_PRESENT | ENTRY_WRITE;
        end.table = frame;
        end.entry = 0;
        volatile uint64_t *table = reach_table(reach, end.level - 1, virt, frame);
        for (unsigned i = 0; i < ENTRIES; i++)
            table[i] = 0;
        made++;
    }
    reach_table(reach, 1, virt, end.table)[reach_index(virt, 1)] = phys | flags | ENTRY_PRESENT;
    cpu_invlpg(virt);
    return made;
}
#endif
