#include "doctor_kernel.h"

#include "message.h"
#include "sections.h"

const char *kernel_name(const struct kernel *kernel, u64 virt) {
    const struct segment *segment = kernel_virtual(kernel, virt);
    if (!segment)
        return NULL;
    struct sections sections = sections_of(kernel->file.bytes, kernel->image.bits);
    struct section section;
    struct symbol symbol;
    bool in_section = section_at(&sections, virt, &section);
    const char *place = in_section ? make_text("%s", section_name(&sections, &section).text)
                                   : make_text("PT_LOAD %u", segment->number);
    u64 reach = virt - (in_section ? section.address : segment->virt) + 1;
    if (!section_symbol(&sections, virt, reach, &symbol))
        return place;
    if (virt == symbol.value)
        return make_text("%s in %s", symbol.name.text, place);
    return make_text("%s+0x%llx in %s", symbol.name.text, (unsigned long long)(virt - symbol.value),
                     place);
}

/* ---- segments ---- */

void kernel_open(const char *who, const char *path, struct kernel *kernel) {
    char buffer[512];
    struct text text = TEXT_IN(buffer);
    host_open(who, path, path, &kernel->file);
    struct error error = elf_read(&kernel->file.data, &kernel->image);
    if (error.code && error.code != ERROR_ELF_ENTRY) {
        error_text(&error, &text);
        die(who, "E%d: %s", (int)error.code, buffer);
    }
    kernel->given = true;
}

const struct segment *kernel_virtual(const struct kernel *kernel, u64 virt) {
    for (u32 i = 0; kernel->given && i < kernel->image.segment_count; i++) {
        const struct segment *segment = &kernel->image.segments[i];
        if (virt - segment->virt < segment->memory_size)
            return segment;
    }
    return NULL;
}

const struct segment *kernel_physical(const struct kernel *kernel, u64 phys) {
    for (u32 i = 0; kernel->given && i < kernel->image.segment_count; i++) {
        const struct segment *segment = &kernel->image.segments[i];
        if (phys - segment->phys < segment->memory_size)
            return segment;
    }
    return NULL;
}

u64 kernel_offset(const struct kernel *kernel) {
    if (!kernel->given)
        return 0;
    const struct segment *segment = kernel_virtual(kernel, kernel->image.entry_virt);
    if (!segment)
        segment = &kernel->image.segments[0];
    return segment->virt - segment->phys;
}

/* The segment with the highest start at or below the address. */
static const struct segment *segment_below(const struct image *image, u64 virt) {
    const struct segment *best = NULL;
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        if (segment->virt <= virt && (!best || segment->virt > best->virt))
            best = segment;
    }
    return best;
}

/* Takes the segment into the run if it is near; true if that made the run larger. */
static bool extend(const struct segment *segment, u64 *start, u64 *last) {
    u64 end = segment->virt + (segment->memory_size - 1);
    bool near = segment->virt <= *last ? *start <= end || *start - end <= KERNEL_GAP
                                       : segment->virt - *last <= KERNEL_GAP;
    if (!near || (segment->virt >= *start && end <= *last))
        return false;
    *start = min_u64(*start, segment->virt);
    *last = max_u64(*last, end);
    return true;
}

struct range kernel_run(const struct kernel *kernel, u64 virt) {
    const struct image *image = &kernel->image;
    const struct segment *first = kernel->given ? segment_below(image, virt) : NULL;
    if (!first)
        return (struct range){0, 0};
    u64 start = first->virt, last = first->virt + (first->memory_size - 1);
    for (bool grown = true; grown;) {
        grown = false;
        for (u32 i = 0; i < image->segment_count; i++)
            grown |= extend(&image->segments[i], &start, &last);
    }
    return (struct range){start, last - start + 1};
}

size_t kernel_bytes(const struct kernel *kernel, u64 phys, u8 *to, size_t size) {
    const struct segment *segment = kernel_physical(kernel, phys);
    if (!segment || phys - segment->phys >= segment->file_size)
        return 0;
    u64 skip = phys - segment->phys;
    size = (size_t)min_u64(size, segment->file_size - skip);
    memcpy(to, kernel->file.bytes.at + (size_t)(segment->offset + skip), size);
    return size;
}
