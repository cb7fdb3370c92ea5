#include "svg.h"

/* Characters that mean something to XML, or that are no ASCII text. */
static void put_character(FILE *to, char c) {
    unsigned char byte = (unsigned char)c;
    switch (c) {
    case '&': fputs("&amp;", to); break;
    case '<': fputs("&lt;", to); break;
    case '>': fputs("&gt;", to); break;
    case '"': fputs("&quot;", to); break;
    default: fputc(byte < ' ' || byte > '~' ? '?' : c, to);
    }
}

static void put_text(FILE *to, const char *text) {
    while (*text)
        put_character(to, *text++);
}

/* From edge to edge, level at both ends. */
static void put_band(FILE *to, const struct picture *picture, const struct draw_band *band) {
    u32 left = picture->physical.x + picture->physical.width, right = picture->virtual.x;
    u32 middle = (left + right) / 2;
    fprintf(to,
            "<path d=\"M%u %uC%u %u %u %u %u %uL%u %uC%u %u %u %u %u %uZ\" fill=\"%s\" "
            "fill-opacity=\"0.45\" stroke=\"%s\" stroke-opacity=\"0.6\"/>\n",
            left, band->left_top, middle, band->left_top, middle, band->right_top, right,
            band->right_top, right, band->right_bottom, middle, band->right_bottom, middle,
            band->left_bottom, left, band->left_bottom, draw_colours[band->paint].fill,
            draw_colours[band->paint].line);
}

static void put_box(FILE *to, u32 x, u32 y, u32 width, u32 height, enum draw_paint paint) {
    const struct draw_colour *colour = &draw_colours[paint];
    fprintf(to,
            "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" fill=\"%s\" stroke=\"%s\"%s/>\n", x,
            y, width, height, colour->fill, colour->line,
            paint == PAINT_GAP ? " stroke-dasharray=\"3 3\"" : "");
}

/* Gaps first: the line between one and a cell is the cell's. */
static void put_column(FILE *to, const struct draw_column *column) {
    for (u32 pass = 0; pass < 2; pass++)
        for (u32 i = 0; i < column->cell_count; i++) {
            const struct draw_cell *cell = &column->cells[i];
            if ((cell->paint == PAINT_GAP) == !pass)
                put_box(to, column->x, cell->y, column->width, cell->height, cell->paint);
        }
}

/* Held to the width that the layout gave it, whatever the font. */
static void put_label(FILE *to, const struct draw_label *label) {
    static const char *const looks[] = {
        [STYLE_TITLE] = " font-weight=\"bold\"",
        [STYLE_HEADING] = " font-weight=\"bold\"",
        [STYLE_TEXT] = "",
        [STYLE_ADDRESS] = " fill=\"#374151\"",
        [STYLE_GAP] = " fill=\"#6b7280\"",
    };
    u32 size = draw_font_size(label->style);
    if (!label->width)
        return;
    u32 baseline = label->y + (label->height * 50 + size * 36) / 100;
    fprintf(to, "<text x=\"%u\" y=\"%u\" font-size=\"%u\"%s%s textLength=\"%u\">",
            label->right ? label->x + label->width : label->x, baseline, size,
            label->right ? " text-anchor=\"end\"" : "", looks[label->style], label->width);
    put_text(to, label->text);
    fputs("</text>\n", to);
}

void svg_write(FILE *to, const struct picture *picture) {
    fprintf(to,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"%u\" height=\"%u\" "
            "viewBox=\"0 0 %u %u\">\n<title>",
            picture->width, picture->height, picture->width, picture->height);
    put_text(to, picture->labels[0].text);
    fputs("</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n", to);
    for (u32 i = 0; i < picture->band_count; i++)
        put_band(to, picture, &picture->bands[i]);
    put_column(to, &picture->physical);
    put_column(to, &picture->virtual);
    for (u32 i = 0; i < picture->swatch_count; i++) {
        const struct draw_swatch *swatch = &picture->swatches[i];
        put_box(to, swatch->x, swatch->y, DRAW_SWATCH, DRAW_SWATCH, swatch->paint);
    }
    fputs("<g font-family=\"'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace\" "
          "fill=\"#111827\">\n",
          to);
    for (u32 i = 0; i < picture->label_count; i++)
        put_label(to, &picture->labels[i]);
    fputs("</g>\n</svg>\n", to);
}
