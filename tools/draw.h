/* A picture of a plan: physical memory, virtual memory, and between them the mappings as bands.
 *
 *      title, details
 *      physical memory                    virtual memory
 *      | RAM ......... |\                /| direct map .... | 0xc8000000
 *      |---------------| \______________/ |-----------------|
 *      | PT_LOAD 0 ... |------------------| kernel ........ | 0xc0100000
 *      legend
 *
 * Low addresses are at the bottom. Nothing is to scale but everything is in order: each range is a
 * cell, high enough for its text, and a gap is a cell too. draw_plan() decides where everything
 * goes; svg.h writes it down. Text is set in a monospaced font, whose extents can be computed: no
 * two labels overlap, whatever the plan.
 *
 * Units are pixels, y grows downward. */
#ifndef TOOLS_DRAW_H
#define TOOLS_DRAW_H

#include "plan.h"

/* Colours, by what a range is. Those of the first group are mappings as well as memory. */
enum draw_paint {
    PAINT_KERNEL,
    PAINT_HANDOFF,
    PAINT_TRAMPOLINE,
    PAINT_TABLES,
    PAINT_DIRECT,
    PAINT_IDENTITY,
    PAINT_OTHER, /* mappings of any other owner */
    PAINT_MODULE,
    PAINT_USABLE,
    PAINT_FIRMWARE,
    PAINT_DEVICE,
    PAINT_GAP,
    PAINT_COUNT
};

struct draw_colour {
    const char *name; /* for the legend */
    const char *fill;
    const char *line;
};
extern const struct draw_colour draw_colours[PAINT_COUNT];

enum {
    /* Each boundary of a range starts a cell at most: of the memory map, of claims, of rows. */
    DRAW_CELLS_MAX = 2 * (MEMORY_RANGES_MAX + CLAIMS_MAX + PLAN_ROWS_MAX) + 16,
    DRAW_BANDS_MAX = DRAW_CELLS_MAX,
    DRAW_DETAILS_MAX = 4,
    DRAW_TEXT_MAX = 128,
    /* Of a cell its text, its size and its start; each column's name and end; title, legend. */
    DRAW_LABELS_MAX = 6 * DRAW_CELLS_MAX + 4 + 1 + DRAW_DETAILS_MAX + PAINT_COUNT,
};

struct draw_cell {
    u64 start, size; /* addresses; start + size may be 2^64 */
    u64 phys,
        band_size; /* of virtual memory: what physical range it shows, if band_size is not 0 */
    u32 y, height;
    enum draw_paint paint;
    char name[64];
};

struct draw_column {
    u32 x, width;
    u32 cell_count;
    struct draw_cell cells[DRAW_CELLS_MAX]; /* by address; the first is at the bottom */
};

/* From the physical column's right edge to the virtual column's left edge. */
struct draw_band {
    u32 left_top, left_bottom, right_top, right_bottom;
    enum draw_paint paint;
};

enum draw_style { STYLE_TITLE, STYLE_HEADING, STYLE_TEXT, STYLE_ADDRESS, STYLE_GAP };

/* Text and the box that it takes, for any font whose characters are no wider than 0.61 em. */
struct draw_label {
    u32 x, y, width, height;
    bool right; /* set against the right end of the box */
    enum draw_style style;
    char text[DRAW_TEXT_MAX];
};

struct draw_swatch {
    u32 x, y;
    enum draw_paint paint;
};

enum { DRAW_SWATCH = 14 };

struct picture {
    u32 width, height;
    struct draw_column physical, virtual;
    u32 band_count, label_count, swatch_count;
    struct draw_band bands[DRAW_BANDS_MAX]; /* in the order they are painted */
    struct draw_label labels[DRAW_LABELS_MAX];
    struct draw_swatch swatches[PAINT_COUNT];
};

struct draw_wish {
    const struct machine *machine;
    const struct plan *plan;
    const char *title;
    u32 detail_count;
    const char *details[DRAW_DETAILS_MAX]; /* lines below the title */
};

/* The font's size of a style, in pixels. */
u32 draw_font_size(enum draw_style style);

/* Lays out the picture. ERROR_MEMORY_MAP_FULL where the kernel's memory map cannot be made. */
MUST_USE struct error draw_plan(const struct draw_wish *wish, struct picture *picture);

#endif
