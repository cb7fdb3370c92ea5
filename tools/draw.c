#include "draw.h"
#include "rows.h"
#include "tables.h"

enum {
    MARGIN = 24,
    SPACE = 8,         /* between a column and its addresses, and within a cell */
    BANDS_WIDTH = 240, /* between the columns */
    CELL_HEIGHT = 24, /* of one page; more than a line, so that addresses at its ends do not meet */
    GAP_HEIGHT = 26,
    BAND_MIN = 2, /* thickness */
    LINE_GAP = 4,
    SECTION_GAP = 16,
    LEGEND_GAP = 28,
    LOW_MEMORY_END = 0x100000,
};

const struct draw_colour draw_colours[PAINT_COUNT] = {
    [PAINT_KERNEL] = {"kernel", "#8ab6f0", "#2f62a8"},
    [PAINT_HANDOFF] = {"stack and information", "#c9a6ea", "#7741a8"},
    [PAINT_TRAMPOLINE] = {"trampoline", "#f4978e", "#b3392e"},
    [PAINT_TABLES] = {"page tables", "#f6c667", "#a87416"},
    [PAINT_DIRECT] = {"direct map", "#a5dba2", "#3c8a3a"},
    [PAINT_IDENTITY] = {"identity map", "#f3dca6", "#ab8a3c"},
    [PAINT_OTHER] = {"other mappings", "#9fd9d9", "#2f8585"},
    [PAINT_MODULE] = {"modules", "#f2b3d1", "#a8447a"},
    [PAINT_USABLE] = {"usable memory", "#ffffff", "#6b7280"},
    [PAINT_FIRMWARE] = {"firmware", "#d4d7dc", "#6b7280"},
    [PAINT_DEVICE] = {"devices and ROMs", "#e8e2da", "#86786a"},
    [PAINT_GAP] = {"nothing", "#fafafa", "#b8bcc4"},
};

/* ---- text ---- */

static const struct {
    u8 size, line; /* pixels: of the font, from a line to the next */
} styles[] = {
    [STYLE_TITLE] = {20, 26},   [STYLE_HEADING] = {14, 18}, [STYLE_TEXT] = {12, 16},
    [STYLE_ADDRESS] = {11, 14}, [STYLE_GAP] = {11, 14},
};

u32 draw_font_size(enum draw_style style) {
    return styles[style].size;
}

static u32 text_width(enum draw_style style, const char *string) {
    return ((u32)string_length(string) * styles[style].size * 61 + 99) / 100;
}

/* What is longer than a label can hold ends in dots. */
static struct draw_label *add_label(struct picture *picture, enum draw_style style, u32 x, u32 y,
                                    const char *string) {
    struct draw_label *label = &picture->labels[picture->label_count++];
    struct text text = TEXT_IN(label->text);
    text_string(&text, string);
    if (string_length(string) > text.used)
        memcpy(label->text + sizeof label->text - 4, "...", 3);
    label->style = style;
    label->x = x;
    label->y = y;
    label->width = text_width(style, label->text);
    label->height = styles[style].line;
    return label;
}

static void address_text(char *buffer, size_t size, u64 address, bool is_end, u32 digits) {
    struct text text = text_in(buffer, size);
    if (is_end)
        text_end(&text, address - 1, 1, digits);
    else
        text_hex(&text, address, digits);
}

static void size_text(char *buffer, size_t size, u64 bytes) {
    struct text text = text_in(buffer, size);
    text_size(&text, bytes);
}

/* ---- cells ---- */

static bool is_gap(const struct draw_cell *cell) {
    return cell->paint == PAINT_GAP;
}

static u64 cell_end(const struct draw_cell *cell) {
    return cell->start + cell->size;
}

static bool cells_are_one(const struct draw_cell *a, const struct draw_cell *b) {
    return a->paint == b->paint && cell_end(a) == b->start && a->phys + a->size == b->phys &&
           string_equal(a->name, b->name);
}

/* Adds a cell on top, or makes the top one higher where both are one. */
static void push_cell(struct draw_column *column, struct draw_cell cell) {
    struct draw_cell *top = column->cell_count ? &column->cells[column->cell_count - 1] : NULL;
    if (!top || !cells_are_one(top, &cell)) {
        column->cells[column->cell_count++] = cell;
        return;
    }
    top->size += cell.size;
    top->band_size += cell.band_size;
}

static struct draw_cell make_cell(u64 start, u64 size, enum draw_paint paint, const char *name) {
    struct draw_cell cell = {.start = start, .size = size, .phys = start, .paint = paint};
    struct text text = TEXT_IN(cell.name);
    text_string(&text, name);
    return cell;
}

/* ---- physical memory ---- */

/* What matters for how memory looks: where something begins or ends. */
struct boundaries {
    u32 count;
    u64 at[DRAW_CELLS_MAX]; /* sorted, distinct */
};

static void add_boundary(struct boundaries *all, u64 at) {
    u32 i = all->count;
    while (i > 0 && all->at[i - 1] > at)
        i--;
    if (i > 0 && all->at[i - 1] == at)
        return;
    memmove(&all->at[i + 1], &all->at[i], (all->count - i) * sizeof all->at[0]);
    all->at[i] = at;
    all->count++;
}

static void add_boundaries(struct boundaries *all, u64 start, u64 size) {
    add_boundary(all, start);
    add_boundary(all, start + size);
}

static bool is_drawn_alone(const struct claim *claim) {
    return claim->kind == CLAIM_KERNEL || claim->kind == CLAIM_MODULE ||
           claim->kind == CLAIM_TRAMPOLINE;
}

static void collect_boundaries(const struct plan *plan, const struct memory_map *map,
                               struct boundaries *all) {
    all->count = 0;
    add_boundary(all, 0);
    for (u32 i = 0; i < map->count; i++)
        add_boundaries(all, map->ranges[i].start, map->ranges[i].size);
    for (u32 i = 0; i < plan->claims.count; i++) {
        const struct claim *claim = &plan->claims.claims[i];
        struct range pages = range_pages_outward((struct range){claim->start, claim->size});
        if (is_drawn_alone(claim))
            add_boundaries(all, pages.start, pages.size);
    }
    for (u32 i = 0; i < plan->row_count; i++)
        add_boundaries(all, plan->rows[i].phys, plan->rows[i].size);
    add_boundary(all, plan->info_phys);
    add_boundary(all, plan->trampoline_phys);
}

static bool is_mapped(const struct plan *plan, u64 phys) {
    for (u32 i = 0; i < plan->row_count; i++)
        if (phys - plan->rows[i].phys < plan->rows[i].size)
            return true;
    return false;
}

/* The claim with a cell of its own on any byte of a page. */
static const struct claim *claim_on_page(const struct plan *plan, u64 page) {
    for (u32 i = 0; i < plan->claims.count; i++) {
        const struct claim *claim = &plan->claims.claims[i];
        if (is_drawn_alone(claim) && range_overlaps((struct range){claim->start, claim->size},
                                                    (struct range){page, PAGE_SIZE}))
            return claim;
    }
    return NULL;
}

static enum draw_paint paint_of_kind(u32 kind) {
    switch (kind) {
    case MEMORY_USABLE: return PAINT_USABLE;
    case MEMORY_KERNEL: return PAINT_KERNEL;
    case MEMORY_MODULE: return PAINT_MODULE;
    case MEMORY_TABLES: return PAINT_TABLES;
    case MEMORY_HANDOFF: return PAINT_HANDOFF;
    case MEMORY_TRAMPOLINE: return PAINT_TRAMPOLINE;
    default: return PAINT_FIRMWARE;
    }
}

/* The block that is handed over: stack, information, the trampoline's page. */
static struct draw_cell handoff_cell(const struct plan *plan, u64 start, u64 size) {
    if (start == plan->trampoline_phys)
        return make_cell(start, size, PAINT_TRAMPOLINE, "trampoline");
    return make_cell(start, size, PAINT_HANDOFF,
                     start < plan->info_phys ? "stack" : "information, GDT");
}

static struct draw_cell hole_cell(const struct plan *plan, u64 start, u64 size) {
    if (start < LOW_MEMORY_END)
        return make_cell(start, size, PAINT_DEVICE, "video memory, ROMs");
    if (is_mapped(plan, start))
        return make_cell(start, size, PAINT_DEVICE, "devices");
    return make_cell(start, size, PAINT_GAP, "no memory");
}

/* What stands at [start, start + size), within which nothing changes. */
static struct draw_cell physical_cell(const struct plan *plan, const struct memory_map *map,
                                      u64 start, u64 size) {
    const struct memory_range *range = memory_at(map, start);
    const struct claim *claim = claim_on_page(plan, start);
    if (!range)
        return hole_cell(plan, start, size);
    if (range->kind == MEMORY_HANDOFF)
        return handoff_cell(plan, start, size);
    struct draw_cell cell =
        make_cell(start, size, paint_of_kind(range->kind), memory_kind_name(range->kind));
    if (claim && claim_memory_kind(claim) == range->kind) {
        struct text name = TEXT_IN(cell.name);
        claim_name(claim, &name);
    }
    return cell;
}

static void fill_physical(const struct plan *plan, const struct memory_map *map,
                          struct draw_column *column) {
    struct boundaries all;
    collect_boundaries(plan, map, &all);
    for (u32 i = 0; i + 1 < all.count; i++)
        push_cell(column, physical_cell(plan, map, all.at[i], all.at[i + 1] - all.at[i]));
}

/* ---- virtual memory ---- */

static enum draw_paint paint_of_owner(u32 owner) {
    switch (owner) {
    case ROW_KERNEL: return PAINT_KERNEL;
    case ROW_HANDOFF: return PAINT_HANDOFF;
    case ROW_TRAMPOLINE: return PAINT_TRAMPOLINE;
    case ROW_DIRECT: return PAINT_DIRECT;
    case ROW_IDENTITY: return PAINT_IDENTITY;
    default: return PAINT_OTHER;
    }
}

/* Within the linear maps, how pages are cached makes no cell of its own. */
static u32 shown_attributes(const struct map *row) {
    bool linear = row->owner == ROW_DIRECT || row->owner == ROW_IDENTITY;
    return linear ? row->attributes & ~(u32)MAP_UNCACHED : row->attributes;
}

static struct draw_cell virtual_cell(const struct plan *plan, const struct map *row) {
    const char *name = row_owner_name(row->owner);
    if (row->owner == ROW_HANDOFF && row->virt == plan->handoff_virt)
        name = "stack";
    if (row->owner == ROW_HANDOFF && row->virt == plan->info_virt)
        name = "information, GDT";
    struct draw_cell cell = make_cell(row->virt, row->size, paint_of_owner(row->owner), name);
    struct text text = {cell.name, sizeof cell.name, string_length(cell.name)};
    text_char(&text, ' ');
    text_rights(&text, shown_attributes(row));
    cell.phys = row->phys;
    cell.band_size = row->size;
    return cell;
}

static void push_gap(struct draw_column *column, u64 start, u64 end, const char *name) {
    if (start != end)
        push_cell(column, make_cell(start, end - start, PAINT_GAP, name));
}

/* [start, end) with nothing in it, cut where addresses are not canonical. `end` is 0 at 2^64, and
 * so is `start` where the last cell ends there. */
static void push_unmapped(const struct plan *plan, struct draw_column *column, u64 start, u64 end) {
    if (start == end)
        return;
    u32 bits = plan->options.format->virtual_bits;
    u64 hole = (u64)1 << (bits - 1), upper = ~(hole - 1);
    const struct draw_cell *below =
        column->cell_count ? &column->cells[column->cell_count - 1] : NULL;
    bool guards = below && below->paint == PAINT_HANDOFF && end - start == PAGE_SIZE;
    if (bits == 32 || start >= upper || (end && end <= hole)) {
        push_gap(column, start, end, guards ? "guard page" : "not mapped");
        return;
    }
    push_gap(column, start, max_u64(start, hole), "not mapped");
    push_gap(column, max_u64(start, hole), end ? min_u64(end, upper) : upper, "not canonical");
    push_gap(column, upper, end ? max_u64(end, upper) : 0, "not mapped");
}

/* A cell, and the gap below it. */
static void push_mapped(const struct plan *plan, struct draw_column *column,
                        struct draw_cell cell) {
    const struct draw_cell *top =
        column->cell_count ? &column->cells[column->cell_count - 1] : NULL;
    push_unmapped(plan, column, top ? cell_end(top) : 0, cell.start);
    push_cell(column, cell);
}

/* The recursive slot is no row, but shows the page tables. */
static struct draw_cell slot_cell(const struct plan *plan) {
    const struct paging_options *options = &plan->options;
    struct range slot = paging_recursive_range(options->format, options->recursive_slot);
    struct draw_cell cell = make_cell(slot.start, slot.size, PAINT_OTHER, "recursive slot");
    cell.phys = plan->tables_phys;
    cell.band_size = plan->table_frames * PAGE_SIZE;
    return cell;
}

static void fill_virtual(const struct plan *plan, struct draw_column *column) {
    bool slot_left = plan->options.recursive;
    struct draw_cell slot = {0};
    if (slot_left)
        slot = slot_cell(plan);
    for (u32 i = 0; i < plan->row_count; i++) {
        if (slot_left && slot.start < plan->rows[i].virt)
            push_mapped(plan, column, slot);
        slot_left = slot_left && slot.start >= plan->rows[i].virt;
        push_mapped(plan, column, virtual_cell(plan, &plan->rows[i]));
    }
    if (slot_left)
        push_mapped(plan, column, slot);
    const struct draw_cell *top = &column->cells[column->cell_count - 1];
    u64 end = plan->options.format->virtual_bits == 32 ? (u64)1 << 32 : 0;
    push_unmapped(plan, column, cell_end(top), end);
}

static void fill_without_paging(struct draw_column *column) {
    struct draw_cell cell =
        make_cell(0, (u64)1 << 32, PAINT_IDENTITY, "paging is off: all addresses are physical");
    cell.band_size = cell.size;
    push_cell(column, cell);
}

/* ---- where everything goes ---- */

/* A little more for what is larger: two pixels for each doubling. */
static u32 cell_height(const struct draw_cell *cell) {
    if (is_gap(cell))
        return GAP_HEIGHT;
    u32 height = CELL_HEIGHT;
    for (u64 pages = cell->size / PAGE_SIZE; pages > 1; pages >>= 1)
        height += 2;
    return height;
}

static u32 column_height(const struct draw_column *column) {
    u32 height = 0;
    for (u32 i = 0; i < column->cell_count; i++)
        height += column->cells[i].height;
    return height;
}

/* Makes the shorter column as high as the other: what it lacks is shared by all cells but gaps. */
static void stretch(struct draw_column *column, u32 height) {
    u32 lacks = height - column_height(column), sharers = 0, shared = 0;
    for (u32 i = 0; i < column->cell_count; i++)
        sharers += !is_gap(&column->cells[i]);
    for (u32 i = 0, number = 0; i < column->cell_count && sharers; i++) {
        if (is_gap(&column->cells[i]))
            continue;
        u32 share = lacks * ++number / sharers - shared;
        column->cells[i].height += share;
        shared += share;
    }
}

static void place_cells(struct draw_column *column, u32 bottom) {
    for (u32 i = 0; i < column->cell_count; i++) {
        bottom -= column->cells[i].height;
        column->cells[i].y = bottom;
    }
}

static enum draw_style cell_style(const struct draw_cell *cell) {
    return is_gap(cell) ? STYLE_GAP : STYLE_TEXT;
}

/* The hole of addresses that do not exist has no size worth telling. */
static void cell_size_text(const struct draw_cell *cell, char *buffer, size_t size) {
    buffer[0] = 0;
    if (!string_equal(cell->name, "not canonical"))
        size_text(buffer, size, cell->size);
}

static u32 cells_width(const struct draw_column *column, const char *heading) {
    u32 width = text_width(STYLE_HEADING, heading);
    for (u32 i = 0; i < column->cell_count; i++) {
        const struct draw_cell *cell = &column->cells[i];
        char bytes[32];
        cell_size_text(cell, bytes, sizeof bytes);
        u32 needs = text_width(cell_style(cell), cell->name) + text_width(cell_style(cell), bytes) +
                    4 * SPACE;
        width = needs > width ? needs : width;
    }
    return width;
}

static u32 hex_digits_of(const struct draw_column *column, u32 digits) {
    u64 last = column->cells[column->cell_count - 1].start;
    while (digits < 16 && last >> (4 * digits))
        digits++;
    return digits;
}

static void label_cell(struct picture *picture, const struct draw_column *column,
                       const struct draw_cell *cell) {
    enum draw_style style = cell_style(cell);
    char bytes[32];
    u32 y = cell->y + (cell->height - styles[style].line) / 2;
    add_label(picture, style, column->x + SPACE, y, cell->name);
    cell_size_text(cell, bytes, sizeof bytes);
    if (!bytes[0])
        return;
    struct draw_label *label = add_label(picture, style, 0, y, bytes);
    label->x = column->x + column->width - SPACE - label->width;
    label->right = true;
}

/* An address beside the end of a cell: left of the left column, right of the right one. */
static void label_address(struct picture *picture, const struct draw_column *column, u32 y,
                          const char *address) {
    struct draw_label *label = add_label(picture, STYLE_ADDRESS, 0, 0, address);
    bool left = column == &picture->physical;
    label->y = y - label->height / 2;
    label->x = left ? column->x - SPACE - label->width : column->x + column->width + SPACE;
    label->right = left;
}

static void label_column(struct picture *picture, const struct draw_column *column,
                         const char *heading, u32 digits) {
    char address[32];
    const struct draw_cell *top = &column->cells[column->cell_count - 1];
    add_label(picture, STYLE_HEADING, column->x, top->y - styles[STYLE_HEADING].line - LINE_GAP,
              heading);
    for (u32 i = 0; i < column->cell_count; i++) {
        const struct draw_cell *cell = &column->cells[i];
        label_cell(picture, column, cell);
        address_text(address, sizeof address, cell->start, false, digits);
        label_address(picture, column, cell->y + cell->height, address);
    }
    address_text(address, sizeof address, cell_end(top), true, digits);
    label_address(picture, column, top->y, address);
}

/* ---- bands ---- */

static u32 y_of(const struct draw_column *column, u64 address) {
    for (u32 i = 0; i < column->cell_count; i++) {
        const struct draw_cell *cell = &column->cells[i];
        u64 offset = address - cell->start, size = cell->size;
        if (offset >= size)
            continue;
        while (size >> 32) {
            size >>= 1;
            offset >>= 1;
        }
        return cell->y + cell->height - (u32)(offset * cell->height / size);
    }
    return column->cells[column->cell_count - 1].y;
}

/* A small part of a large cell is still to be seen. */
static void add_band(struct picture *picture, const struct draw_cell *cell) {
    const struct draw_column *physical = &picture->physical;
    u32 bottom = y_of(physical, cell->phys);
    u32 top = y_of(physical, cell->phys + cell->band_size);
    picture->bands[picture->band_count++] =
        (struct draw_band){.left_top = top + BAND_MIN > bottom ? bottom - BAND_MIN : top,
                           .left_bottom = bottom,
                           .right_top = cell->y,
                           .right_bottom = cell->y + cell->height,
                           .paint = cell->paint};
}

/* The wide ones first, so that the others lie on them. */
static void add_bands(struct picture *picture) {
    const struct draw_column *virtual = &picture->virtual;
    for (u32 pass = 0; pass < 2; pass++)
        for (u32 i = 0; i < virtual->cell_count; i++) {
            const struct draw_cell *cell = &virtual->cells[i];
            bool wide = cell->paint == PAINT_DIRECT || cell->paint == PAINT_IDENTITY;
            if (cell->band_size && wide == !pass)
                add_band(picture, cell);
        }
}

/* ---- around the columns ---- */

static bool is_used(const struct picture *picture, enum draw_paint paint) {
    const struct draw_column *columns[] = {&picture->physical, &picture->virtual};
    for (u32 column = 0; column < ARRAY_COUNT(columns); column++)
        for (u32 i = 0; i < columns[column]->cell_count; i++)
            if (columns[column]->cells[i].paint == paint)
                return true;
    return false;
}

/* From left to right, in as many lines as it takes. Returns the y below. */
static u32 add_legend(struct picture *picture, u32 y) {
    u32 x = MARGIN, line = styles[STYLE_TEXT].line;
    for (u32 paint = 0; paint < PAINT_GAP; paint++) {
        const char *name = draw_colours[paint].name;
        u32 width = DRAW_SWATCH + SPACE + text_width(STYLE_TEXT, name);
        if (!is_used(picture, (enum draw_paint)paint))
            continue;
        if (x > MARGIN && x + width > picture->width - MARGIN) {
            x = MARGIN;
            y += line + SPACE;
        }
        picture->swatches[picture->swatch_count++] =
            (struct draw_swatch){x, y + 1, (enum draw_paint)paint};
        add_label(picture, STYLE_TEXT, x + DRAW_SWATCH + SPACE, y, name);
        x += width + LEGEND_GAP;
    }
    return y + line;
}

/* Returns the y below; makes the picture wide enough. */
static u32 add_title(const struct draw_wish *wish, struct picture *picture) {
    u32 y = MARGIN;
    for (u32 i = 0; i <= wish->detail_count; i++) {
        const char *string = i ? wish->details[i - 1] : wish->title;
        const struct draw_label *label =
            add_label(picture, i ? STYLE_TEXT : STYLE_TITLE, MARGIN, y, string);
        y += label->height + LINE_GAP;
        if (label->width + 2 * MARGIN > picture->width)
            picture->width = label->width + 2 * MARGIN;
    }
    return y;
}

static u32 max_u32(u32 a, u32 b) {
    return a > b ? a : b;
}

static void lay_out(const struct draw_wish *wish, struct picture *picture) {
    static const char physical_name[] = "physical memory", virtual_name[] = "virtual memory";
    struct draw_column *physical = &picture->physical, *virtual = &picture->virtual;
    u32 physical_digits = hex_digits_of(physical, 8);
    u32 digits = hex_digits_of(virtual, virtual_digits(wish->plan));
    char widest[] = "0x10000000000000000";
    widest[2 + physical_digits + 1] = 0; /* an end may have a digit more */
    physical->x = MARGIN + text_width(STYLE_ADDRESS, widest) + SPACE;
    physical->width = cells_width(physical, physical_name);
    virtual->x = physical->x + physical->width + BANDS_WIDTH;
    virtual->width = cells_width(virtual, virtual_name);
    picture->width = virtual->x + virtual->width + SPACE +
                     text_width(STYLE_ADDRESS, "0x10000000000000000") + MARGIN;

    u32 top = add_title(wish, picture) + SECTION_GAP + styles[STYLE_HEADING].line + LINE_GAP;
    u32 height = max_u32(column_height(physical), column_height(virtual));
    stretch(physical, height);
    stretch(virtual, height);
    place_cells(physical, top + height);
    place_cells(virtual, top + height);
    label_column(picture, physical, physical_name, physical_digits);
    label_column(picture, virtual, virtual_name, digits);
    add_bands(picture);
    picture->height = add_legend(picture, top + height + 2 * SECTION_GAP) + MARGIN;
}

static void set_heights(struct draw_column *column) {
    for (u32 i = 0; i < column->cell_count; i++)
        column->cells[i].height = cell_height(&column->cells[i]);
}

struct error draw_plan(const struct draw_wish *wish, struct picture *picture) {
    struct memory_map map;
    TRY(plan_memory(wish->machine, wish->plan, &map));
    picture->physical.cell_count = picture->virtual.cell_count = 0;
    picture->band_count = picture->label_count = picture->swatch_count = 0;
    fill_physical(wish->plan, &map, &picture->physical);
    if (wish->plan->paging)
        fill_virtual(wish->plan, &picture->virtual);
    else
        fill_without_paging(&picture->virtual);
    set_heights(&picture->physical);
    set_heights(&picture->virtual);
    lay_out(wish, picture);
    return OK;
}
