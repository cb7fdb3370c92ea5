#include "check.h"

#include "test.h"

enum {
    ENTRIES_MAX = 1024,
    STRING_MAX = 65536,
    RIGHTS_MAPPED = ALOFT_MAP_WRITE | ALOFT_MAP_EXECUTE | ALOFT_MAP_USER,
    ATTRIBUTES = RIGHTS_MAPPED | ALOFT_MAP_GLOBAL | ALOFT_MAP_UNCACHED | ALOFT_MAP_WRITE_COMBINING,
};

/* ---- the structure ---- */

static void check_in_handoff(const struct aloft_info *info, uint64_t virt, uint64_t size) {
    CHECK_VALUE(inside(virt, size, info->handoff_virt, info->handoff_size), virt);
}

static void check_string(const struct aloft_info *info, uint64_t virt) {
    for (uint64_t i = 0; i < STRING_MAX; i++) {
        check_in_handoff(info, virt + i, 1);
        if (*ALOFT_POINTER(const char, virt + i) == 0)
            return;
    }
    bool string_ends = false;
    CHECK_VALUE(string_ends, virt);
}

static void check_table(const struct aloft_info *info, struct aloft_table table, uint32_t entry) {
    CHECK_VALUE(table.count <= ENTRIES_MAX, table.count);
    if (table.count == 0) {
        CHECK_VALUE(table.virt == 0, table.virt);
        return;
    }
    CHECK_VALUE(table.entry_size >= entry && table.entry_size % 8 == 0, table.entry_size);
    CHECK_VALUE(table.virt % 8 == 0, table.virt);
    check_in_handoff(info, table.virt, (uint64_t)table.count * table.entry_size);
}

static void check_structure(const struct aloft_info *info) {
    check_in_handoff(info, (uintptr_t)info, info->size);
    check_table(info, info->memory, sizeof(struct aloft_memory));
    check_table(info, info->segments, sizeof(struct aloft_segment));
    check_table(info, info->modules, sizeof(struct aloft_module));
    check_table(info, info->mappings, sizeof(struct aloft_mapping));
    check_string(info, info->loader_name_virt);
    check_string(info, info->kernel_path_virt);
    check_string(info, info->command_line_virt);
    for (ALOFT_EACH(const struct aloft_module, module, info->modules)) {
        check_string(info, module->path_virt);
        check_string(info, module->arguments_virt);
    }
    uint32_t sector = info->drive.sector_size;
    CHECK_VALUE(sector >= 512 && sector <= 4096 && (sector & (sector - 1)) == 0, sector);
}

/* ---- physical memory ---- */

static bool kind_is_known(uint32_t kind) {
    return (kind >= ALOFT_MEMORY_USABLE && kind <= ALOFT_MEMORY_BAD) ||
           (kind >= ALOFT_MEMORY_BIOS && kind <= ALOFT_MEMORY_TRAMPOLINE);
}

static void check_memory_map(const struct aloft_info *info) {
    uint64_t end = 0;
    CHECK(info->memory.count > 0);
    for (ALOFT_EACH(const struct aloft_memory, m, info->memory)) {
        CHECK_VALUE((m->start & 0xfff) == 0 && (m->size & 0xfff) == 0, m->start);
        CHECK_VALUE(m->start >= end, m->start);
        CHECK_VALUE(m->size > 0 && m->size <= -(m->start + 1), m->size);
        CHECK_VALUE(kind_is_known(m->kind), m->kind);
        end = m->start + m->size;
    }
}

/* Every page that [start, start + size) touches is of this kind. */
static void check_claim(const struct aloft_info *info, uint64_t start, uint64_t size,
                        uint32_t kind) {
    uint64_t at = page_down(start), end = page_up(start + size);
    if (size == 0)
        return;
    for (ALOFT_EACH(const struct aloft_memory, m, info->memory)) {
        if (m->start + m->size <= at)
            continue;
        if (at >= end)
            break;
        CHECK_VALUE(m->start <= at, at);
        CHECK_VALUE(m->kind == kind, at);
        at = m->start + m->size;
    }
    CHECK_VALUE(at >= end, at);
}

static uint64_t bytes_of_kind(const struct aloft_info *info, uint32_t kind) {
    uint64_t bytes = 0;
    for (ALOFT_EACH(const struct aloft_memory, m, info->memory))
        if (m->kind == kind)
            bytes += m->size;
    return bytes;
}

static void check_claims(const struct aloft_info *info) {
    uint64_t module_bytes = 0;
    CHECK(info->segments.count > 0);
    for (ALOFT_EACH(const struct aloft_segment, s, info->segments)) {
        CHECK_VALUE(s->file_size <= s->size, s->number);
        CHECK_VALUE(((s->virt ^ s->phys) & 0xfff) == 0, s->number);
        check_claim(info, s->phys, s->size, ALOFT_MEMORY_KERNEL);
    }
    for (ALOFT_EACH(const struct aloft_module, m, info->modules)) {
        CHECK_VALUE((m->phys & 0xfff) == 0, m->phys);
        check_claim(info, m->phys, m->size, ALOFT_MEMORY_MODULE);
        module_bytes += m->size ? page_up(m->size) : 4096; /* an empty file has an address, too */
    }
    check_claim(info, info->stack_phys, info->stack_size, ALOFT_MEMORY_HANDOFF);
    check_claim(info, info->handoff_phys, info->handoff_size, ALOFT_MEMORY_HANDOFF);
    check_claim(info, info->tables_phys, info->table_frames << 12, ALOFT_MEMORY_TABLES);

    /* Neither more than that is taken away from the kernel. */
    CHECK(bytes_of_kind(info, ALOFT_MEMORY_MODULE) == module_bytes);
    CHECK(bytes_of_kind(info, ALOFT_MEMORY_TABLES) == info->table_frames << 12);
    CHECK(bytes_of_kind(info, ALOFT_MEMORY_TRAMPOLINE) <= 9 * 4096);
}

/* ---- the page tables ---- */

const struct aloft_mapping *mapping_at(const struct aloft_info *info, uint64_t virt) {
    for (ALOFT_EACH(const struct aloft_mapping, row, info->mappings))
        if (virt - row->virt < row->size)
            return row;
    return NULL;
}

/* What an attribute word means on this CPU: without NX everything can be executed. */
static uint32_t real_attributes(const struct paging *paging, uint32_t attributes) {
    return paging->no_execute ? attributes : attributes | ALOFT_MAP_EXECUTE;
}

/* One page of a row, found by walking to it. */
static void check_mapped(const struct paging *paging, const struct aloft_mapping *row,
                         uint64_t offset) {
    struct page page = page_at(paging, row->virt + offset);
    CHECK_VALUE(page.mapped, row->virt + offset);
    CHECK_VALUE(page.phys + (row->virt + offset - page.virt) == row->phys + offset,
                row->virt + offset);
    CHECK_VALUE(page.attributes == real_attributes(paging, row->attributes), row->virt + offset);
}

static void check_rows(const struct paging *paging) {
    const struct aloft_info *info = paging->info;
    uint64_t high = paging->virtual_bits > 32 ? 0 - ((uint64_t)1 << (paging->virtual_bits - 1)) : 0;
    for (ALOFT_EACH(const struct aloft_mapping, row, info->mappings)) {
        uint64_t last = row->size - 4096;
        CHECK_VALUE(((row->virt | row->phys | row->size) & 0xfff) == 0, row->virt);
        CHECK_VALUE(row->size > 0 && row->virt <= row->virt + last, row->virt);
        CHECK_VALUE(high == 0 ? row->virt + last <= UINT32_MAX
                              : (row->virt >= high) == (row->virt + last >= high),
                    row->virt);
        CHECK_VALUE((row->attributes & ~(uint32_t)ATTRIBUTES) == 0, row->attributes);
        CHECK_VALUE(row->purpose >= ALOFT_FOR_KERNEL && row->purpose <= ALOFT_FOR_SCREEN,
                    row->purpose);
        check_mapped(paging, row, 0);
        check_mapped(paging, row, page_down(last >> 2));
        check_mapped(paging, row, page_down(last >> 1));
        check_mapped(paging, row, last);
    }
    for (ALOFT_EACH(const struct aloft_mapping, row, info->mappings))
        for (ALOFT_EACH(const struct aloft_mapping, other, info->mappings))
            CHECK_VALUE(row == other || row->virt - other->virt >= other->size, row->virt);
}

/* The addresses that the recursive slot takes: one entry of the top table, or in PAE the last
 * directory's slots from there on, four of them. */
static bool in_recursive_slot(const struct paging *paging, uint64_t virt) {
    uint64_t slot = paging->info->recursive_slot;
    if (slot == ALOFT_NO_SLOT)
        return false;
    switch (paging->kind) {
    case ALOFT_PAGING_PAE: return virt >= 0xc0000000 + (slot << 21);
    case ALOFT_PAGING_4LEVEL: return (virt >> 39 & 511) == slot;
    case ALOFT_PAGING_5LEVEL: return (virt >> 48 & 511) == slot;
    default: return virt >> 22 == slot;
    }
}

/* Where the top table is seen through the recursive slot (PAE: the last directory). */
static uint64_t recursive_root(const struct paging *paging) {
    uint64_t slot = paging->info->recursive_slot, virt = 0;
    if (paging->kind == ALOFT_PAGING_PAE)
        return 0xc0000000 + ((slot + 3) << 21) + ((slot + 3) << 12);
    if (paging->levels == 2)
        return slot << 22 | slot << 12;
    for (unsigned level = 0; level < paging->levels; level++)
        virt |= slot << (12 + 9 * level);
    return virt >> (paging->virtual_bits - 1) & 1 ? virt | ~(uint64_t)0 << paging->virtual_bits
                                                  : virt;
}

static void check_recursive_slot(const struct paging *paging) {
    if (paging->info->recursive_slot == ALOFT_NO_SLOT)
        return;
    struct page page = page_at(paging, recursive_root(paging));
    CHECK_VALUE(page.mapped, recursive_root(paging));
    CHECK_VALUE((page.attributes & (ALOFT_MAP_WRITE | ALOFT_MAP_USER)) == ALOFT_MAP_WRITE,
                page.attributes);
    CHECK_VALUE(page.phys - paging->info->tables_phys < paging->info->table_frames << 12,
                page.phys);
    if (paging->kind != ALOFT_PAGING_PAE)
        CHECK_VALUE(page.phys == paging->info->root_phys, page.phys);
}

/* The window for temporary mappings: its first page is the table of the window, so an entry written
 * there shows a frame. */
static void check_temporary(const struct paging *paging) {
    const struct aloft_info *info = paging->info;
    if (info->temporary_slots == 0)
        return;
    struct page table = page_at(paging, info->temporary_virt);
    CHECK_VALUE(table.mapped && (table.attributes & ALOFT_MAP_WRITE) != 0, info->temporary_virt);
    CHECK_VALUE(table.phys - info->tables_phys < info->table_frames << 12, table.phys);
    CHECK(!page_at(paging, info->temporary_virt + 4096).mapped);
    volatile uint32_t *entry =
        (volatile uint32_t *)(uintptr_t)(info->temporary_virt + paging->entry_bytes);
    const uint32_t *seen = (const uint32_t *)(uintptr_t)(info->temporary_virt + 4096);
    *entry = (uint32_t)info->handoff_phys | 1;
    __asm__ volatile("invlpg (%0)" : : "r"(seen) : "memory");
    CHECK_VALUE(*seen == *(const uint32_t *)(uintptr_t)info->handoff_virt, *seen);
    *entry = 0;
    __asm__ volatile("invlpg (%0)" : : "r"(seen) : "memory");
}

/* Every leaf of the tree lies in a row and is what the row says; and the leaves are as many bytes
 * as the rows, so that the rows are mapped whole. */
static void check_leaves(const struct paging *paging) {
    const struct aloft_info *info = paging->info;
    const struct aloft_mapping *row = NULL;
    uint64_t bytes = 0;
    for (ALOFT_EACH(const struct aloft_mapping, each, info->mappings))
        bytes += each->size;
    for (struct page page = {0}; page_next(paging, &page);) {
        if (in_recursive_slot(paging, page.virt))
            continue;
        bytes -= page.size;
        if (row == NULL || page.virt - row->virt >= row->size)
            row = mapping_at(info, page.virt);
        CHECK_VALUE(row != NULL, page.virt);
        CHECK_VALUE(inside(page.virt, page.size, row->virt, row->size), page.virt);
        CHECK_VALUE(page.phys == row->phys + (page.virt - row->virt), page.virt);
        CHECK_VALUE(page.attributes == real_attributes(paging, row->attributes), page.virt);
    }
    CHECK_VALUE(bytes == 0, bytes);
}

/* The rights of a page of the kernel: those of all segments that touch it. */
static uint32_t segment_attributes(const struct aloft_info *info, uint64_t virt) {
    uint32_t attributes = 0;
    for (ALOFT_EACH(const struct aloft_segment, s, info->segments)) {
        if (s->size == 0 || virt - page_down(s->virt) >= page_up((s->virt & 0xfff) + s->size))
            continue;
        if ((s->rights & ALOFT_WRITE) != 0)
            attributes |= ALOFT_MAP_WRITE;
        if ((s->rights & ALOFT_EXECUTE) != 0)
            attributes |= ALOFT_MAP_EXECUTE;
    }
    return attributes;
}

static void check_segments(const struct paging *paging) {
    const struct aloft_info *info = paging->info;
    for (ALOFT_EACH(const struct aloft_segment, s, info->segments)) {
        uint64_t bytes = s->size == 0 ? 0 : page_up((s->virt & 0xfff) + s->size);
        for (uint64_t offset = 0; offset < bytes; offset += 4096) {
            uint64_t virt = page_down(s->virt) + offset;
            struct page page = page_at(paging, virt);
            CHECK_VALUE(page.mapped, virt);
            CHECK_VALUE(page.phys + (virt - page.virt) == page_down(s->phys) + offset, virt);
            uint32_t wanted = real_attributes(paging, segment_attributes(info, virt));
            CHECK_VALUE((page.attributes & RIGHTS_MAPPED) == wanted, virt);
        }
    }
}

/* [virt, virt + size) shows [phys, phys + size): what "*_phys beside it" promises. */
static void check_shows(const struct paging *paging, uint64_t virt, uint64_t phys, uint64_t size) {
    CHECK_VALUE(((virt ^ phys) & 0xfff) == 0, virt);
    for (uint64_t at = page_down(virt); at < virt + size; at += 4096) {
        struct page page = page_at(paging, at);
        CHECK_VALUE(page.mapped, at);
        CHECK_VALUE(page.phys + (at - page.virt) == page_down(phys) + (at - page_down(virt)), at);
    }
}

static void check_pairs(const struct paging *paging) {
    const struct aloft_info *info = paging->info;
    check_shows(paging, info->stack_virt, info->stack_phys, info->stack_size);
    check_shows(paging, info->handoff_virt, info->handoff_phys, info->handoff_size);
    check_shows(paging, info->tables_virt, info->tables_phys, info->table_frames << 12);
    if (info->screen.kind != ALOFT_SCREEN_NONE && info->screen.virt != ALOFT_NO_ADDRESS)
        check_shows(paging, info->screen.virt, info->screen.phys,
                    (uint64_t)info->screen.pitch * info->screen.height);
    if (info->rsdp_phys != 0 && info->rsdp_virt != ALOFT_NO_ADDRESS)
        check_shows(paging, info->rsdp_virt, info->rsdp_phys, 20);
    if (info->smbios_phys != 0 && info->smbios_virt != ALOFT_NO_ADDRESS)
        check_shows(paging, info->smbios_virt, info->smbios_phys, 16);
    for (ALOFT_EACH(const struct aloft_module, m, info->modules))
        if (m->virt != ALOFT_NO_ADDRESS)
            check_shows(paging, m->virt, m->phys, m->size);
}

static bool kind_is_ram(uint32_t kind) {
    return kind == ALOFT_MEMORY_USABLE || kind == ALOFT_MEMORY_ACPI ||
           (kind >= ALOFT_MEMORY_KERNEL && kind <= ALOFT_MEMORY_TRAMPOLINE);
}

/* RAM below `end` is mapped at `base` on, but for where a stronger mapping took the address. */
static void check_window(const struct paging *paging, uint64_t base, uint64_t end,
                         uint32_t purpose) {
    enum { STEP = 0x40000 };
    for (ALOFT_EACH(const struct aloft_memory, m, paging->info->memory)) {
        uint64_t stop = m->start + m->size < end ? m->start + m->size : end;
        if (!kind_is_ram(m->kind))
            continue;
        for (uint64_t phys = m->start; phys < stop; phys += STEP) {
            const struct aloft_mapping *row = mapping_at(paging->info, base + phys);
            CHECK_VALUE(row != NULL, base + phys);
            if (row->purpose == purpose)
                CHECK_VALUE(row->phys + (base + phys - row->virt) == phys, base + phys);
        }
    }
}

static void check_tables(const struct paging *paging) {
    const struct aloft_info *info = paging->info;
    CHECK_VALUE(paging->kind == info->paging, paging->kind);
    if (paging->levels == 0)
        return;
    CHECK_VALUE(cpu_cr3() == info->root_phys, cpu_cr3());
    CHECK_VALUE(info->root_phys == info->tables_phys, info->tables_phys);
    CHECK_VALUE((cpu_cr0() & CR0_WP) != 0, cpu_cr0());
    if (info->tables_virt == ALOFT_NO_ADDRESS)
        return;
    check_rows(paging);
    check_leaves(paging);
    check_recursive_slot(paging);
    check_temporary(paging);
    check_segments(paging);
    check_pairs(paging);
    check_window(paging, 0, info->identity_end, ALOFT_FOR_IDENTITY);
    if (info->direct_virt != ALOFT_NO_ADDRESS)
        check_window(paging, info->direct_virt, info->direct_end, ALOFT_FOR_DIRECT);
    CHECK_VALUE(!page_at(paging, info->stack_virt - 4096).mapped, info->stack_virt);
}

/* ---- the stack and what the BIOS left ---- */

static void check_stack(const struct aloft_info *info) {
    uint64_t here = (uintptr_t)__builtin_frame_address(0);
    CHECK_VALUE(inside(here, 1, info->stack_virt, info->stack_size), here);
    CHECK_VALUE((info->stack_virt & 0xfff) == 0 && (info->stack_size & 0xfff) == 0,
                info->stack_size);
}

static void check_signature(uint64_t virt, uint64_t phys, const char *signature) {
    if (phys == 0 || virt == ALOFT_NO_ADDRESS)
        return;
    for (unsigned i = 0; signature[i] != 0; i++)
        CHECK_VALUE(ALOFT_POINTER(const char, virt)[i] == signature[i], virt);
}

/* Every part took some time, all of them no more than the whole, and that is in the past. */
static void check_timings(const struct aloft_timings *t) {
    uint64_t sum = t->probe + t->open + t->plan + t->load + t->tables;
    if (!cpu_has_tsc()) {
        CHECK_VALUE((t->start | t->total | sum) == 0, sum);
        return;
    }
    CHECK(t->start > 0 && t->probe > 0 && t->open > 0 && t->plan > 0);
    CHECK(t->load > 0 && t->tables > 0);
    CHECK_VALUE(t->total >= sum, t->total);
    CHECK_VALUE(t->start + t->total <= cpu_tsc(), t->start);
}

static void check_screen(const struct aloft_screen *screen) {
    if (screen->kind != ALOFT_SCREEN_TEXT)
        return;
    CHECK_VALUE(screen->bits_per_pixel == 16, screen->bits_per_pixel);
    CHECK_VALUE(screen->width >= 40 && screen->height >= 25, screen->height);
    CHECK_VALUE(screen->pitch >= 2 * screen->width, screen->pitch);
}

void check_info(const struct aloft_info *info) {
    struct paging paging = paging_now(info);
    check_structure(info);
    check_memory_map(info);
    check_claims(info);
    check_stack(info);
    check_tables(&paging);
    check_screen(&info->screen);
    check_timings(&info->timings);
    check_signature(info->rsdp_virt, info->rsdp_phys, "RSD PTR ");
    check_signature(info->smbios_virt, info->smbios_phys, "_SM");
}
