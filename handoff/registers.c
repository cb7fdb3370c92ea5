#include "registers.h"
#include "bytes.h"

/* Null, code, data; flat, ring 0. Present, accessed (so that the CPU never writes to it),
 * execute/read and read/write; 4 KiB granularity, limit 4 GiB. SDM volume 3A, section 3.4.5. */
void registers_gdt(u8 *gdt, u32 bits) {
    store64(gdt, 0);
    store64(gdt + SELECTOR_CODE, bits == 64 ? 0x00af9b000000ffff : 0x00cf9b000000ffff);
    store64(gdt + SELECTOR_DATA, 0x00cf93000000ffff);
}

static void add_wipe(u64 start, u64 end, struct cpu_entry *entry) {
    if (start < end)
        entry->moves[entry->move_count++] =
            (struct move){.to = (u32)start, .zero_size = (u32)(end - start)};
}

/* Nothing that the loader worked with is left: its memory but for its code is zeroed, without what
 * the kernel is told there (the information and the trampoline behind it), before the kernel's own
 * bytes go there. */
static void wipe_loader(const struct plan *plan, struct cpu_entry *entry) {
    static const u32 data[][2] = {
        {LOADER_START, LOADER_REAL}, {LOADER_REAL_END, LOADER_CODE}, {LOADER_CODE_END, LOADER_END}};
    u64 keep = plan->info_phys, keep_end = plan->trampoline_phys + PAGE_SIZE;
    for (u32 i = 0; i < ARRAY_COUNT(data); i++) {
        add_wipe(data[i][0], min_u64(data[i][1], keep), entry);
        add_wipe(max_u64(data[i][0], keep_end), data[i][1], entry);
    }
}

static void add_moves(const struct plan *plan, struct cpu_entry *entry) {
    entry->move_count = 0;
    wipe_loader(plan, entry);
    for (u32 i = 0; i < plan->load_count && entry->move_count < ENTRY_MOVES_MAX; i++) {
        const struct load *load = &plan->loads[i];
        if (load->late)
            entry->moves[entry->move_count++] =
                (struct move){(u32)load->staged, (u32)load->phys, (u32)load->file_size,
                              (u32)(load->memory_size - load->file_size)};
    }
}

static bool uses_combining(const struct plan *plan) {
    for (u32 i = 0; i < plan->row_count; i++)
        if (plan->rows[i].attributes & MAP_WRITE_COMBINING)
            return plan->options.cpu_features & CPU_PAT;
    return false;
}

static void turn_paging_on(const struct plan *plan, struct cpu_entry *entry) {
    const struct paging_format *format = plan->options.format;
    bool nx = format->has_nx && plan->options.cpu_features & CPU_NX;
    entry->cr0 |= CR0_WP | CR0_PG;
    entry->cr3 = (u32)plan->tables_phys;
    entry->boot_cr3 = (u32)plan->boot_tables_phys;
    entry->cr4 |= format->cr4;
    entry->efer = format->efer | (nx ? (u32)EFER_NXE : 0);
    entry->pat = uses_combining(plan) ? PAT_VALUE : 0;
}

void registers_begin(const struct plan *plan, u64 gdt_virt, struct cpu_entry *entry) {
    *entry = (struct cpu_entry){.bits = plan->image->bits,
                                .cr0 = CR0_PE | CR0_ET,
                                .cr4 = plan->extra_cr4,
                                .has_cr4 = plan->options.cpu_features & CPU_CPUID,
                                .trampoline = plan->trampoline_virt,
                                .code = SELECTOR_CODE,
                                .data = SELECTOR_DATA,
                                .ip = plan->entry};
    registers_gdt(entry->gdt, entry->bits);
    store16(entry->gdt_here, GDT_SIZE - 1);
    store32(entry->gdt_here + 2, (u32)plan->trampoline_phys + TRAMPOLINE_ENTRY +
                                     (u32) __builtin_offsetof(struct cpu_entry, gdt));
    store16(entry->gdt_virtual, GDT_SIZE - 1);
    store64(entry->gdt_virtual + 2, gdt_virt);
    add_moves(plan, entry);
    if (plan->paging)
        turn_paging_on(plan, entry);
}
