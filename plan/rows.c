#include "rows.h"

const char *row_owner_name(u32 owner) {
    switch (owner) {
    case ROW_KERNEL: return "kernel";
    case ROW_HANDOFF: return "stack and information";
    case ROW_TRAMPOLINE: return "trampoline";
    case ROW_DIRECT: return "direct map";
    case ROW_IDENTITY: return "identity map";
    case ROW_OPTION: return "--map";
    case ROW_TEMPORARY: return "temporary window";
    case ROW_SCREEN: return "framebuffer";
    case ROW_RECURSIVE: return "recursive slot";
    default: return "?";
    }
}

void plan_note(struct plan *plan, struct error note) {
    if (plan->note_count < PLAN_NOTES_MAX)
        plan->notes[plan->note_count++] = note;
}

static struct error insert_row(struct plan *plan, u32 at, struct map row) {
    if (plan->row_count == PLAN_ROWS_MAX)
        return error_make(ERROR_PLAN_TOO_MANY, .name = "mappings", .number = {PLAN_ROWS_MAX});
    for (u32 i = plan->row_count++; i > at; i--)
        plan->rows[i] = plan->rows[i - 1];
    plan->rows[at] = row;
    return OK;
}

static void note_giving_way(struct plan *plan, const struct map *row, const struct map *keeps,
                            u64 virt, u64 size) {
    bool kept = keeps->attributes & ROW_KEPT;
    bool same = !kept && row->virt - row->phys == keeps->virt - keeps->phys;
    if (!same && !(row->attributes & ROW_KEPT))
        plan_note(plan, error_make(ERROR_PLAN_GIVES_WAY, .name = row_owner_name(row->owner),
                                   .other = row_owner_name(keeps->owner), .number = {virt, size}));
}

/* Sizes, not ends, are compared: a row may reach the very top of the address space. */
struct error rows_lay(struct plan *plan, struct map row) {
    u32 i = 0;
    while (row.size) {
        while (i < plan->row_count && plan->rows[i].virt <= row.virt &&
               row.virt - plan->rows[i].virt >= plan->rows[i].size)
            i++;
        u64 piece = row.size;
        if (i < plan->row_count && plan->rows[i].virt <= row.virt) {
            const struct map *keeps = &plan->rows[i];
            piece = min_u64(piece, keeps->size - (row.virt - keeps->virt));
            note_giving_way(plan, &row, keeps, row.virt, piece);
        } else {
            if (i < plan->row_count)
                piece = min_u64(piece, plan->rows[i].virt - row.virt);
            struct map part = row;
            part.size = piece;
            TRY(insert_row(plan, i, part));
        }
        row.virt += piece;
        row.phys += piece;
        row.size -= piece;
    }
    return OK;
}

static u32 segment_attributes(const struct segment *segment) {
    return (segment->rights & RIGHT_WRITE ? (u32)MAP_WRITE : 0) |
           (segment->rights & RIGHT_EXECUTE ? (u32)MAP_EXECUTE : 0);
}

/* Segment indices in order of virtual address (insertion sort: they are sorted in nearly every
 * file). */
static void sort_by_virt(const struct image *image, u8 order[ELF_SEGMENTS_MAX]) {
    for (u32 i = 0; i < image->segment_count; i++) {
        u32 at = i;
        for (; at > 0 && image->segments[order[at - 1]].virt > image->segments[i].virt; at--)
            order[at] = order[at - 1];
        order[at] = (u8)i;
    }
}

/* The last row and a new one meet in the last row's last page: that page becomes a row of its own
 * with the rights of both, and the new row starts behind it. */
static struct error share_page(struct plan *plan, const struct segment *before,
                               const struct segment *segment, struct map *row) {
    struct map *last = &plan->rows[plan->row_count - 1];
    if (last->virt - last->phys != row->virt - row->phys)
        return error_make(ERROR_ELF_PAGE_CONFLICT, .name = plan->image->name,
                          .number = {before->number, segment->number, row->virt});
    u32 shared = last->attributes | row->attributes;
    if (last->attributes != row->attributes)
        plan_note(plan, error_make(ERROR_PLAN_SHARED_PAGE, .name = plan->image->name,
                                   .number = {before->number, segment->number, row->virt}));
    if (shared != last->attributes) {
        struct map page = *last;
        page.virt += last->size - PAGE_SIZE;
        page.phys += last->size - PAGE_SIZE;
        page.size = PAGE_SIZE;
        page.attributes = shared;
        last->size -= PAGE_SIZE;
        if (!last->size)
            plan->row_count--;
        TRY(insert_row(plan, plan->row_count, page));
    }
    row->virt += PAGE_SIZE;
    row->phys += PAGE_SIZE;
    row->size -= PAGE_SIZE;
    return OK;
}

static struct error lay_segment(struct plan *plan, const struct segment *before,
                                const struct segment *segment) {
    if ((segment->virt ^ segment->phys) & (PAGE_SIZE - 1))
        return error_make(ERROR_ELF_PAGE_OFFSET, .name = plan->image->name,
                          .number = {segment->number, segment->virt, segment->phys});
    struct range pages = range_pages_outward((struct range){segment->virt, segment->memory_size});
    struct map row = {.virt = pages.start,
                      .phys = align_down(segment->phys, PAGE_SIZE),
                      .size = pages.size,
                      .attributes = segment_attributes(segment),
                      .owner = ROW_KERNEL};
    if (before) {
        struct map *last = &plan->rows[plan->row_count - 1];
        if (row.virt - last->virt < last->size)
            TRY(share_page(plan, before, segment, &row));
    }
    return row.size ? insert_row(plan, plan->row_count, row) : OK;
}

struct error rows_lay_kernel(struct plan *plan) {
    u8 order[ELF_SEGMENTS_MAX];
    sort_by_virt(plan->image, order);
    const struct segment *before = NULL;
    for (u32 i = 0; i < plan->image->segment_count; i++) {
        const struct segment *segment = &plan->image->segments[order[i]];
        TRY(lay_segment(plan, before, segment));
        before = segment;
    }
    return OK;
}
