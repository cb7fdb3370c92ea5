#include "place.h"

/* An image as one block, from its first page to its end. */
struct extent {
    u64 virt, phys;
    u64 size;  /* of the longer one of its virtual and physical extents */
    u64 align; /* the largest p_align, at least a page */
    bool has_at;
};

static struct extent extent_of(const struct image *image) {
    struct extent extent = {.virt = ~(u64)0, .phys = ~(u64)0, .align = PAGE_SIZE};
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        extent.virt = min_u64(extent.virt, segment->virt);
        extent.phys = min_u64(extent.phys, segment->phys);
        if (!(segment->align & (segment->align - 1)))
            extent.align = max_u64(extent.align, segment->align);
        extent.has_at |= segment->phys != segment->virt;
    }
    extent.virt = align_down(extent.virt, extent.align);
    extent.phys = align_down(extent.phys, extent.align);
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        extent.size = max_u64(extent.size, segment->virt + segment->memory_size - extent.virt);
        extent.size = max_u64(extent.size, segment->phys + segment->memory_size - extent.phys);
    }
    return extent;
}

/* The lowest usable RAM from 1 MiB up, below 4 GiB. */
static bool find_place(const struct memory_map *memory, u64 size, u64 align, u64 *phys) {
    for (u32 i = 0; i < memory->count; i++) {
        const struct memory_range *range = &memory->ranges[i];
        u64 start = align_up(max_u64(range->start, MIB), align);
        u64 end = min_u64(range->start + range->size, 4 * GIB);
        if (range->kind != MEMORY_USABLE || start >= end || size > end - start)
            continue;
        *phys = start;
        return true;
    }
    return false;
}

static struct error choose_physical(const struct machine *machine, const struct image *image,
                                    const struct extent *extent, u64 step, u64 *phys) {
    *phys = extent->phys;
    if (extent->has_at) {
        if (extent->phys + extent->size > 4 * GIB)
            return error_make(ERROR_PLAN_PIE_HIGH, .name = image->name, .number = {extent->phys});
        return OK;
    }
    if (find_place(&machine->memory, extent->size, max_u64(extent->align, step), phys) ||
        find_place(&machine->memory, extent->size, extent->align, phys))
        return OK;
    return error_make(ERROR_PLAN_MEMORY, .name = image->name, .number = {extent->size, 4 * GIB, 0});
}

/* One of the steps from the base on, each as likely as the others. */
static u64 random_offset(u32 random, u64 size, u64 step, u64 range) {
    u64 slots = 1;
    while (size <= range && slots * step <= range - size)
        slots++;
    return (random * slots >> 32) * step;
}

static struct error bad_base(const char *why, u64 base, u64 instead) {
    return error_make(ERROR_PLAN_ADDRESS_OPTION, .name = "--base", .other = why,
                      .number = {base, instead});
}

static struct error check_base(const struct kernel_options *options, const struct image *image,
                               u64 align) {
    const struct paging_format *format =
        &paging_formats[image->bits == 32                       ? PAGING_32
                        : options->paging == PAGING_WANT_5LEVEL ? PAGING_5LEVEL
                                                                : PAGING_4LEVEL];
    if (!paging_is_canonical(format, options->base))
        return bad_base(image->bits == 64 ? "it is not canonical" : "it is above 4 GiB",
                        options->base, paging_make_canonical(format, options->base));
    if (options->base & (align - 1))
        return bad_base("it is no multiple of the kernel's alignment", options->base,
                        align_down(options->base, align));
    return OK;
}

struct error plan_place(const struct machine *machine, const struct kernel_options *options,
                        struct image *image) {
    bool wide = image->bits == 64;
    u64 base = wide ? BASE_64 : BASE_32, step = wide ? 2 * MIB : 4 * MIB, phys;
    if (!image->relocatable)
        return options->has_base || options->kaslr
                   ? error_make(ERROR_PLAN_NOT_PIE, .name = image->name,
                                .other = options->kaslr ? "--kaslr" : "--base")
                   : OK;
    struct extent extent = extent_of(image);
    if (options->has_base) {
        base = options->base;
        TRY(check_base(options, image, extent.align));
    } else if (extent.virt >= MIB) {
        base = extent.virt;
    }
    TRY(choose_physical(machine, image, &extent, step, &phys));
    if (options->paging == PAGING_OFF) {
        phys = base = options->has_base ? base : phys;
    } else if (options->kaslr) {
        base += random_offset(machine->random, extent.size, max_u64(step, extent.align),
                              wide ? (u64)KASLR_RANGE_64 : KASLR_RANGE_32);
    }
    return elf_slide(image, base - extent.virt, phys - extent.phys);
}
