#include "check.h"

/* A hole that a kernel will not have on purpose. */
#define HOLE_MIN (16 * MIB)

typedef unsigned long long number; /* for printf */

static u64 phys_end(const struct segment *segment) {
    return segment->phys + segment->memory_size;
}

static u32 load_at(const struct image *image, u64 phys) {
    for (u32 i = 0; i < image->segment_count; i++)
        if (phys - image->segments[i].phys < image->segments[i].memory_size)
            return image->segments[i].number;
    return 0;
}

static void note_entry(const struct check *check) {
    const struct image *image = check->image;
    u32 load = load_at(image, image->entry_phys);
    if (image->entry_kind == ENTRY_PHYSICAL)
        printf("note: the entry 0x%llx lies in no PT_LOAD virtually, but physically in PT_LOAD "
               "%u%s: it is taken as physical, and the kernel is entered with paging on at 0x%llx, "
               "where that is mapped\n"
               "What to do: nothing for Aloft; for loaders that take it as virtual, ENTRY(symbol) "
               "without the subtraction\n",
               (number)image->entry, load, check_named(check, load), (number)image->entry_virt);
}

static void note_writable_code(const struct check *check) {
    for (u32 i = 0; i < check->image->segment_count; i++) {
        const struct segment *segment = &check->image->segments[i];
        if (~segment->rights & (RIGHT_WRITE | RIGHT_EXECUTE))
            continue;
        printf("note: PT_LOAD %u%s can be written and executed\n"
               "What to do: give code and data program headers of their own, each from a new page "
               "on\n",
               segment->number, check_named(check, segment->number));
        check_print_rights_lines("the first section that is written");
    }
}

static bool has_page(const struct segment *segment, u64 page) {
    return range_overlaps((struct range){segment->virt, segment->memory_size},
                          (struct range){page, PAGE_SIZE});
}

/* Pages that two segments share are the planner's note. */
static void note_within_page(const struct check *check) {
    const struct image *image = check->image;
    for (u32 i = 0; i < image->segment_count; i++) {
        u64 virt = image->segments[i].virt, page = align_down(virt, PAGE_SIZE);
        u32 owners = 0;
        for (u32 j = 0; j < image->segment_count; j++)
            owners += has_page(&image->segments[j], page);
        if (virt != page && owners == 1)
            printf("note: PT_LOAD %u%s starts within a page, at 0x%llx: what lies before it in "
                   "that page is mapped too\n"
                   "What to do: start it on a page: . = ALIGN(4096)\n",
                   image->segments[i].number, check_named(check, image->segments[i].number),
                   (number)virt);
    }
}

/* A part at its own physical address is code from before paging. */
static void note_misplaced(const struct check *check) {
    u64 offset = check_offset(check);
    for (u32 i = 0; i < check->image->segment_count; i++) {
        const struct segment *segment = &check->image->segments[i];
        u64 its = segment->virt - segment->phys;
        if (!its || its == offset)
            continue;
        printf("note: PT_LOAD %u%s is loaded 0x%llx below its virtual address, other sections "
               "0x%llx\n"
               "What to do: nothing if that is meant; else subtract the same from the address of "
               "every section\n",
               segment->number, check_named(check, segment->number), (number)its, (number)offset);
        check_print_at_lines(check, segment->number, offset);
    }
}

/* The segment that starts next above this one in physical memory; NULL if there is none. */
static const struct segment *next_above(const struct image *image, const struct segment *segment) {
    const struct segment *next = NULL;
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *other = &image->segments[i];
        if (other->phys > segment->phys && (!next || other->phys < next->phys))
            next = other;
    }
    return next;
}

static void note_hole(const struct check *check) {
    const struct image *image = check->image;
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *low = &image->segments[i], *high = next_above(image, low);
        if (!high || high->phys < phys_end(low) || high->phys - phys_end(low) < HOLE_MIN)
            continue;
        printf("note: between PT_LOAD %u%s, which ends at physical 0x%llx, and PT_LOAD %u%s "
               "at 0x%llx is a hole of %s, where modules, the stack or page tables may be\n"
               "What to do: put the sections side by side; or take free memory from the memory "
               "map only, never from between the kernel's first symbol and its last\n",
               low->number, check_named(check, low->number), (number)phys_end(low), high->number,
               check_named(check, high->number), (number)high->phys,
               size_name(high->phys - phys_end(low)));
    }
}

/* One table of the lowest level maps 4 MiB in 32-bit paging, else 2 MiB. */
static void note_page_tables(const struct check *check) {
    const struct image *image = check->image;
    u64 span = image->bits == 64 ? 2 * MIB : 4 * MIB, end = 0;
    for (u32 i = 0; i < image->segment_count; i++)
        end = max_u64(end, phys_end(&image->segments[i]));
    u64 tables = align_up(end, span) / span;
    if (tables > 1)
        printf("note: the image ends at physical 0x%llx: it needs %llu page tables, or pages of "
               "%s, if it maps itself\n"
               "What to do: nothing with Aloft's tables; in its own, map up to the linker "
               "script's end symbol, not a fixed size\n",
               (number)end, (number)tables, size_name(span));
}

/* The code models small and kernel reach the lowest and the highest 2 GiB. */
static void note_code_model(const struct check *check) {
    const struct image *image = check->image;
    u64 virt = image->entry_virt;
    if (image->bits == 64 && virt >= 2 * GIB && virt < -(2 * GIB))
        printf("note: the kernel is linked at 0x%llx, neither in the lowest nor in the highest 2 "
               "GiB: code of the usual models does not link there (relocation truncated to fit: "
               "R_X86_64_32)\n"
               "What to do: compile all of it with -mcmodel=large; or link it at "
               "0xffffffff80000000 and up, with -mcmodel=kernel\n",
               (number)virt);
}

static void (*const notes[])(const struct check *check) = {
    note_entry, note_writable_code, note_within_page, note_misplaced,
    note_hole,  note_page_tables,   note_code_model,
};

void check_print_notes(const struct check *check) {
    for (size_t i = 0; i < ARRAY_COUNT(notes); i++)
        notes[i](check);
}
