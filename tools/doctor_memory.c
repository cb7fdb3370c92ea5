#include "doctor_memory.h"

/* ---- bytes ---- */

/* The newest word that has the byte. */
static const struct log_word *find_word(const struct fault_log *log, u64 phys) {
    for (u32 i = log->word_count; i-- > 0;)
        if (phys - log->words[i].phys < log->words[i].size)
            return &log->words[i];
    return NULL;
}

static bool read_log(const struct fault_log *log, u64 phys, u8 *to, size_t size) {
    const struct log_word *word = NULL;
    for (size_t i = 0; i < size; i++) {
        u64 at = phys + i;
        if (!word || at - word->phys >= word->size)
            word = find_word(log, at);
        if (!word)
            return false;
        to[i] = (u8)(word->value >> 8 * (at - word->phys));
    }
    return true;
}

bool memory_read(const struct memory *memory, u64 phys, u8 *to, size_t size) {
    if (memory->has_dump) {
        struct bytes dump = memory->dump.bytes;
        if (phys > dump.size || size > dump.size - phys)
            return false;
        memcpy(to, dump.at + (size_t)phys, size);
        return true;
    }
    return read_log(memory->log, phys, to, size) ||
           kernel_bytes(memory->kernel, phys, to, size) == size;
}

/* ---- tables ---- */

static const struct paging_format *format_of(const struct fault *fault) {
    enum paging_format_id id = PAGING_32;
    if (!(fault->cr0 & CR0_PG))
        return NULL;
    if (fault->efer & EFER_LMA)
        id = fault->cr4 & CR4_LA57 ? PAGING_5LEVEL : PAGING_4LEVEL;
    else if (fault->cr4 & CR4_PAE)
        id = PAGING_PAE;
    else if (fault->cr4 & CR4_PSE)
        id = PAGING_32_PSE;
    return &paging_formats[id];
}

static u64 bits_between(u32 from, u32 to) {
    return to > from ? ((u64)1 << to) - ((u64)1 << from) : 0;
}

/* PAE's root is 32-byte aligned (SDM volume 3A, table 4-7). */
u64 memory_root(const struct fault *fault) {
    bool pae = fault->cr4 & CR4_PAE && !(fault->efer & EFER_LMA);
    u64 root = align_down(fault->cr3, pae ? 32 : PAGE_SIZE);
    return fault->efer & EFER_LMA ? root & bits_between(12, 52) : root & 0xffffffff;
}

/* The bits that are reserved whatever processor it is: 52 address bits are the most that one has.
 */
static u64 reserved_bits(const struct paging_format *format, const struct fault *fault,
                         const struct view_step *step) {
    const struct paging_level *row = &format->levels[step->level];
    u64 bits = bits_between(52, format->reserved_end);
    if (format->has_nx && !(fault->efer & EFER_NXE))
        bits |= ENTRY_NO_EXECUTE;
    /* QEMU's emulation sets the accessed bit in PAE's root, where it is reserved. */
    if (!step->leaf)
        return bits | (row->link_reserved & ~(u64)ENTRY_ACCESSED);
    /* Bit 12 of a large page is PAT, and bits 13 to 20 of a 4 MiB page hold more of its address
     * where the processor has PSE-36. */
    bool pse36 = format->entry_size == 4;
    return step->level ? bits | bits_between(pse36 ? 21 : 13, row->shift) : bits;
}

static void restrict_rights(const struct paging_format *format, const struct view_step *step,
                            struct view *view) {
    u32 has = step->leaf ? ENTRY_WRITE | ENTRY_USER : format->levels[step->level].link_bits;
    if (has & ENTRY_WRITE && !(step->entry & ENTRY_WRITE))
        view->writable = false;
    if (has & ENTRY_USER && !(step->entry & ENTRY_USER))
        view->user = false;
    if (format->has_nx && step->entry & ENTRY_NO_EXECUTE)
        view->executable = false;
}

static bool read_entry(const struct memory *memory, const struct paging_format *format, u64 table,
                       u64 virt, struct view_step *step) {
    u8 bytes[8] = {0};
    step->index = paging_index(format, step->level, virt);
    step->phys = table + step->index * format->entry_size;
    if (!memory_read(memory, step->phys, bytes, format->entry_size))
        return false;
    step->entry = load64(bytes);
    step->leaf = step->level == 0 ||
                 (step->entry & ENTRY_LARGE && paging_leaf_allowed(format, step->level, ~(u32)0));
    u32 shift = step->leaf ? format->levels[step->level].shift : 12;
    step->target = step->entry & bits_between(shift, format->physical_bits_max);
    return true;
}

/* One level down. VIEW_UNKNOWN to go on with the next. */
static enum view_result judge(const struct fault *fault, struct view_step *step,
                              struct view *view) {
    view->page_size = (u64)1 << view->format->levels[step->level].shift;
    if (!(step->entry & ENTRY_PRESENT))
        return VIEW_ABSENT;
    restrict_rights(view->format, step, view);
    step->reserved = step->entry & reserved_bits(view->format, fault, step);
    if (step->reserved)
        return VIEW_RESERVED;
    return step->leaf ? VIEW_MAPPED : VIEW_UNKNOWN;
}

struct view memory_view(const struct memory *memory, const struct fault *fault, u64 virt) {
    struct view view = {.result = VIEW_MAPPED,
                        .format = format_of(fault),
                        .phys = virt,
                        .page_size = PAGE_SIZE,
                        .writable = true,
                        .user = true,
                        .executable = true};
    if (!view.format)
        return view;
    view.result = VIEW_NOT_CANONICAL;
    if (!paging_is_canonical(view.format, virt))
        return view;
    view.result = VIEW_UNKNOWN;
    u64 table = memory_root(fault);
    for (u32 level = view.format->level_count; level-- > 0 && view.result == VIEW_UNKNOWN;) {
        struct view_step *step = &view.steps[view.step_count];
        *step = (struct view_step){.level = level};
        view.unread = table + paging_index(view.format, level, virt) * view.format->entry_size;
        if (!read_entry(memory, view.format, table, virt, step))
            break;
        view.step_count++;
        view.result = judge(fault, step, &view);
        table = step->target;
    }
    if (view.result == VIEW_MAPPED)
        view.phys = table | (virt & (view.page_size - 1));
    return view;
}

size_t memory_read_virtual(const struct memory *memory, const struct fault *fault, u64 virt, u8 *to,
                           size_t size) {
    size_t done = 0;
    for (; done < size; done++) {
        struct view view = memory_view(memory, fault, virt + done);
        const struct segment *segment = kernel_virtual(memory->kernel, virt + done);
        u64 phys = view.phys;
        if (view.result != VIEW_MAPPED)
            phys = segment ? virt + done - segment->virt + segment->phys : virt + done;
        if (!memory_read(memory, phys, to + done, 1))
            break;
    }
    return done;
}
