/* What a kernel must find when its first instruction runs: registers, stack, GDT, and the boot
 * information, all read as the kernel would, through the page tables. */
#ifndef TEST_HANDOFF_CHECK_H
#define TEST_HANDOFF_CHECK_H

#include "plan_check.h"
#include "native.h"
#include "aloft.h"

struct handoff {
    const char *name;
    const struct plan_request *request;
    const struct plan *plan;
    const struct boot_request *boot;
    const struct ram *ram;
    const struct cpu_entry *entry;
};

static inline struct plan_case plan_case_of(const struct handoff *c) {
    return (struct plan_case){c->name, c->request, c->plan};
}

/* The bytes at a virtual address as the kernel sees them: mapped, and one behind the other in
 * physical memory (which all that is handed over is). */
static inline const void *seen_at(const struct handoff *c, u64 virt, u64 size) {
    if (!c->plan->paging)
        return ram_at(c->ram, virt, size);
    struct walk first = walk_to(c->plan, c->ram, virt);
    HOLDS(first.result == WALK_MAPPED);
    for (u64 at = PAGE_SIZE - (virt & 0xfff); at < size; at += PAGE_SIZE) {
        struct walk walk = walk_to(c->plan, c->ram, virt + at);
        HOLDS(walk.result == WALK_MAPPED && walk.phys == first.phys + at);
    }
    const u8 *bytes = ram_at(c->ram, first.phys, size);
    HOLDS(bytes);
    return bytes;
}

static inline void check_string(const struct handoff *c, u64 virt, const char *expected) {
    const char *string = seen_at(c, virt, strlen(expected) + 1);
    HOLDS(!strcmp(string, expected));
    HOLDS(virt >= c->plan->info_virt &&
          virt + strlen(expected) < c->plan->info_virt + c->plan->info_size);
}

/* A table's entries lie within the information, aligned; NULL for an empty one. */
static inline const void *entries_of(const struct handoff *c, struct aloft_table table, u32 count,
                                     u32 size) {
    HOLDS(table.count == count && table.entry_size == size);
    HOLDS(count || table.virt == 0);
    if (!count)
        return NULL;
    HOLDS(table.virt % 8 == 0 && table.virt >= c->plan->info_virt &&
          table.virt + (u64)count * size <= c->plan->info_virt + c->plan->info_size);
    return seen_at(c, table.virt, (u64)count * size);
}

static inline void check_memory_table(const struct handoff *c, const struct aloft_info *info) {
    struct memory_map map;
    SUCCEEDS(plan_memory(c->request->machine, c->plan, &map));
    const struct aloft_memory *at = entries_of(c, info->memory, map.count, sizeof *at);
    for (u32 i = 0; i < map.count; i++)
        HOLDS(at[i].start == map.ranges[i].start && at[i].size == map.ranges[i].size &&
              at[i].kind == map.ranges[i].kind && at[i].bios_type == map.ranges[i].bios_type);
}

static inline void check_segment_table(const struct handoff *c, const struct aloft_info *info) {
    const struct image *image = c->request->image;
    const struct aloft_segment *at =
        entries_of(c, info->segments, image->segment_count, sizeof *at);
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        HOLDS(at[i].virt == segment->virt && at[i].phys == segment->phys &&
              at[i].size == segment->memory_size && at[i].file_size == segment->file_size &&
              at[i].rights == segment->rights && at[i].number == segment->number);
    }
}

static inline void check_mapping_table(const struct handoff *c, const struct aloft_info *info) {
    const struct plan *plan = c->plan;
    const struct aloft_mapping *at = entries_of(c, info->mappings, plan->row_count, sizeof *at);
    for (u32 i = 0; i < plan->row_count; i++) {
        const struct map *row = &plan->rows[i];
        HOLDS(at[i].virt == row->virt && at[i].phys == row->phys && at[i].size == row->size &&
              at[i].attributes == (row->attributes & ~(u32)MAP_SMALL) &&
              at[i].purpose == row->owner);
    }
}

static inline void check_module_table(const struct handoff *c, const struct aloft_info *info) {
    u32 count = c->request->module_count;
    const struct aloft_module *at = entries_of(c, info->modules, count, sizeof *at);
    for (u32 i = 0; i < count; i++) {
        HOLDS(at[i].phys == plan_module_phys(c->plan, i));
        HOLDS(at[i].size == c->request->module_sizes[i]);
        check_string(c, at[i].path_virt, c->boot->modules[i].path);
        check_string(c, at[i].arguments_virt, c->boot->modules[i].arguments);
        if (at[i].virt != ALOFT_NO_ADDRESS && at[i].size)
            HOLDS(seen_at(c, at[i].virt, at[i].size) == ram_at(c->ram, at[i].phys, at[i].size));
    }
}

static inline bool is_in_a_linear_map(const struct plan *plan, u64 phys, u64 size) {
    for (u32 i = 0; i < plan->row_count; i++)
        if ((plan->rows[i].owner == ROW_DIRECT || plan->rows[i].owner == ROW_IDENTITY) &&
            phys - plan->rows[i].phys < plan->rows[i].size &&
            size <= plan->rows[i].size - (phys - plan->rows[i].phys))
            return true;
    return false;
}

/* A physical address and its virtual twin, both or none; and no twin where no row shows it. What
 * lies in a linear map as a whole has one. */
static inline void check_twin(const struct handoff *c, u64 virt, u64 phys, u64 expected_phys,
                              u64 size) {
    bool shown = !c->plan->paging || is_shown_by_a_row(c->plan, phys, 1);
    HOLDS(phys == expected_phys);
    HOLDS((phys && shown) || virt == ALOFT_NO_ADDRESS);
    HOLDS(virt != ALOFT_NO_ADDRESS || !phys || !is_in_a_linear_map(c->plan, phys, size));
    if (virt == ALOFT_NO_ADDRESS)
        return;
    if (phys && c->plan->paging)
        HOLDS(walk_to(c->plan, c->ram, virt).phys == phys);
    else if (phys)
        HOLDS(virt == phys);
}

static inline void check_places_told(const struct handoff *c, const struct aloft_info *info) {
    const struct plan *plan = c->plan;
    HOLDS(info->root_phys == plan->tables_phys && info->table_frames == plan->table_frames);
    check_twin(c, info->tables_virt, info->tables_phys, plan->tables_phys,
               plan->table_frames * PAGE_SIZE);
    HOLDS(info->stack_virt == plan->handoff_virt && info->stack_phys == plan->handoff_phys &&
          info->stack_size == plan->stack_size);
    HOLDS(info->handoff_virt == plan->info_virt && info->handoff_phys == plan->info_phys &&
          info->handoff_size == plan->info_size);
    HOLDS(info->identity_end == plan->identity_end && info->direct_end == plan->direct_end);
    HOLDS(info->direct_virt == (plan->direct_end ? plan->direct_virt : ALOFT_NO_ADDRESS));
    u32 format = (u32)(plan->options.format - paging_formats) + 1;
    HOLDS(info->paging == (plan->paging ? format : ALOFT_PAGING_OFF));
    bool recursive = plan->paging && c->request->options->recursive != PLACE_NONE;
    HOLDS(info->recursive_slot == (recursive ? plan->options.recursive_slot : ALOFT_NO_SLOT));
    bool temporary = plan->paging && c->request->options->temporary;
    u32 slots = plan->options.format->entry_size == 4 ? 1024 : 512;
    HOLDS(info->temporary_slots == (temporary ? slots : 0));
    HOLDS(info->temporary_virt == (temporary ? plan->temporary_virt : ALOFT_NO_ADDRESS));
}

static inline void check_screen(const struct handoff *c, const struct aloft_screen *screen) {
    const struct screen *found = &c->request->machine->screen;
    HOLDS(screen->kind == (u32)found->kind);
    check_twin(c, screen->virt, screen->phys, found->phys, (u64)found->pitch * found->height);
    if (found->kind != SCREEN_NONE)
        HOLDS(screen->width == found->width && screen->height == found->height &&
              screen->pitch == found->pitch && screen->bits_per_pixel == found->depth);
}

static inline void check_info(const struct handoff *c, u64 virt) {
    const struct machine *machine = c->request->machine;
    const struct aloft_info *info = seen_at(c, virt, sizeof *info);
    HOLDS(virt % 16 == 0 && info->version == ALOFT_VERSION && info->size == sizeof *info);
    check_string(c, info->loader_name_virt, ALOFT_NAME);
    check_string(c, info->kernel_path_virt, c->boot->kernel.path);
    check_string(c, info->command_line_virt, c->boot->kernel.arguments);
    check_memory_table(c, info);
    check_segment_table(c, info);
    check_mapping_table(c, info);
    check_module_table(c, info);
    HOLDS(info->drive.bios_number == machine->drive.bios_number &&
          info->drive.partition == machine->drive.partition &&
          info->drive.sector_size == machine->drive.sector_size &&
          info->drive.partition_start == machine->drive.partition_start);
    check_screen(c, &info->screen);
    check_twin(c, info->rsdp_virt, info->rsdp_phys, machine->rsdp, 20);
    check_twin(c, info->smbios_virt, info->smbios_phys, machine->smbios, 24);
    HOLDS(info->serial_port == machine->serial_port);
    check_places_told(c, info);
}

/* A PAT of our own is there only for pages that need one. */
static inline bool has_combining(const struct plan *plan) {
    bool some = false;
    for (u32 i = 0; i < plan->row_count; i++)
        some = some || plan->rows[i].attributes & MAP_WRITE_COMBINING;
    return some && plan->options.cpu_features & CPU_PAT;
}

/* The control registers of each format, from the manual (SDM volume 3A, sections 2.5 and 4.1.1). */
static inline void check_control(const struct handoff *c) {
    static const struct {
        u32 cr4, efer;
    } formats[] = {[PAGING_32] = {0, 0},
                   [PAGING_32_PSE] = {0x10, 0},
                   [PAGING_PAE] = {0x20, 0},
                   [PAGING_4LEVEL] = {0x20, 0x100},
                   [PAGING_5LEVEL] = {0x1020, 0x100}};
    const struct plan *plan = c->plan;
    const struct cpu_entry *entry = c->entry;
    u32 features = c->request->machine->cpu.features;
    u32 id = (u32)(plan->options.format - paging_formats);
    const struct kernel_options *options = c->request->options;
    u32 extra =
        (options->global ? 0x80 : 0) | (options->umip ? 0x800 : 0) | (options->smep ? 0x100000 : 0);
    HOLDS(!(entry->has_cr4) == !(features & CPU_CPUID));
    HOLDS(entry->trampoline == plan->trampoline_virt);
    HOLDS(entry->pat == (has_combining(plan) ? 0x0007010600070106 : 0));
    if (!plan->paging) {
        HOLDS(entry->cr0 == 0x11 && entry->cr4 == extra && entry->efer == 0);
        HOLDS(entry->cr3 == 0 && entry->boot_cr3 == 0);
        return;
    }
    u32 nxe = id >= PAGING_PAE && features & CPU_NX ? 0x800 : 0;
    HOLDS(entry->cr0 == 0x80010011 && entry->cr3 == plan->tables_phys);
    HOLDS(entry->boot_cr3 == plan->boot_tables_phys);
    HOLDS(entry->cr4 == (formats[id].cr4 | extra) && entry->efer == (formats[id].efer | nxe));
}

/* Null, code and data; the same bytes stand in struct cpu_entry. */
static inline void check_gdt(const struct handoff *c) {
    static const u8 gdts[][GDT_SIZE] = {{0, 0,    0,    0, 0,    0,    0, 0, 0xff, 0xff, 0,    0,
                                         0, 0x9b, 0xcf, 0, 0xff, 0xff, 0, 0, 0,    0x93, 0xcf, 0},
                                        {0, 0,    0,    0, 0,    0,    0, 0, 0xff, 0xff, 0,    0,
                                         0, 0x9b, 0xaf, 0, 0xff, 0xff, 0, 0, 0,    0x93, 0xcf, 0}};
    const struct cpu_entry *entry = c->entry;
    const u8 *expected = gdts[c->request->image->bits == 64];
    u64 here = c->plan->trampoline_phys + TRAMPOLINE_ENTRY + offsetof(struct cpu_entry, gdt);
    HOLDS(load16(entry->gdt_here) == GDT_SIZE - 1 && load32(entry->gdt_here + 2) == here);
    HOLDS(!memcmp(entry->gdt, expected, GDT_SIZE));
    HOLDS(load16(entry->gdt_virtual) == GDT_SIZE - 1);
    HOLDS(!memcmp(seen_at(c, load64(entry->gdt_virtual + 2), GDT_SIZE), expected, GDT_SIZE));
    for (u32 i = 0; i < sizeof entry->idt; i++)
        HOLDS(entry->idt[i] == 0);
}

/* System V ABI: at a function's first instruction the stack is 16-aligned but for the return
 * address; i386 has the argument above that, x86-64 has it in RDI. */
static inline u64 check_stack(const struct handoff *c) {
    const struct cpu_entry *entry = c->entry;
    const struct plan *plan = c->plan;
    bool wide = c->request->image->bits == 64;
    u32 word = wide ? 8 : 4;
    HOLDS((entry->sp + word) % 16 == 0);
    HOLDS(entry->sp >= plan->handoff_virt &&
          entry->sp + 2 * word <= plan->handoff_virt + plan->stack_size);
    const u8 *top = seen_at(c, entry->sp, 2 * word);
    HOLDS(wide ? load64(top) == 0 : load32(top) == 0);
    HOLDS(entry->bx == (wide ? 0 : load32(top + 4)));
    HOLDS(!wide || entry->di);
    HOLDS(wide || entry->di == 0);
    return wide ? entry->di : load32(top + 4);
}

static inline void check_handoff(const struct handoff *c) {
    HOLDS(c->entry->ax == ALOFT_MAGIC && c->entry->bits == c->request->image->bits);
    HOLDS(c->entry->ip == c->plan->entry);
    check_control(c);
    check_gdt(c);
    check_info(c, check_stack(c));
    if (!c->plan->paging)
        return;
    struct plan_case plan_case = plan_case_of(c);
    check_tables_show_rows(&plan_case, c->ram);
    check_nothing_else_is_mapped(&plan_case, c->ram);
    HOLDS(walk_to(c->plan, c->ram, c->entry->ip).phys == c->request->image->entry_phys);
    HOLDS(walk_to(c->plan, c->ram, c->entry->ip).attributes & MAP_EXECUTE);
    HOLDS(walk_to(c->plan, c->ram, c->entry->sp).attributes & MAP_WRITE);
}

#endif
