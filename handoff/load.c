#include "load.h"
#include "relocate.h"

struct error load_file(const struct load *load, const struct source *file, const struct ram *ram) {
    u64 size = load->late ? load->file_size : load->memory_size;
    if (!size)
        return OK;
    u8 *to = ram_at(ram, load->staged, size);
    if (!to)
        return error_make(ERROR_PLAN_MEMORY, .name = file->name,
                          .number = {size, ram->start + ram->size, 0});
    TRY(source_read(file, load->offset, to, (size_t)load->file_size));
    if (!load->late)
        memset(to + load->file_size, 0, (size_t)(load->memory_size - load->file_size));
    return OK;
}

/* The virtual address, as linked, of what is loaded at `phys`. */
static u64 linked_address(const struct image *image, const struct load *load) {
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        if (segment->number == load->number)
            return segment->virt + (load->phys - segment->phys) - image->slide;
    }
    return 0;
}

struct error load_relocate(const struct plan *plan, const struct ram *ram) {
    struct elf_piece pieces[ELF_SEGMENTS_MAX + 2];
    u32 count = 0;
    if (!plan->image->relocatable)
        return OK;
    for (u32 i = 0; i < plan->load_count && count < ARRAY_COUNT(pieces); i++) {
        const struct load *load = &plan->loads[i];
        u64 virt = linked_address(plan->image, load);
        /* What is still to be zeroed by the trampoline has nothing to relocate. */
        u64 size = load->late ? load->file_size : load->memory_size;
        if (!load->file && size)
            pieces[count++] = (struct elf_piece){plan->image->bits == 32 ? (u32)virt : virt, size,
                                                 ram_at(ram, load->staged, size)};
    }
    return elf_relocate(plan->image, pieces, count);
}
