#include "report.h"

#include "bios.h"
#include "console.h"
#include "describe.h"
#include "native.h"
#include "x86.h"

enum { LINE_SIZE = 512 };

/* Waits for ever in real mode, interrupts on, so that the BIOS sees Ctrl+Alt+Del. */
void report_stop(void) {
    for (;;) {
        struct bios_registers registers = {.eax = 0};
        bios_call(0x16, &registers);
    }
}

static void title_bar(const struct report_context *context) {
    console_colour(COLOUR_NORMAL);
    console_line("");
    console_colour(COLOUR_ERROR);
    console_string(" " ALOFT_NAME " could not boot: ");
    console_string(context->doing);
    console_end_bar();
    console_colour(COLOUR_NORMAL);
    console_line("");
}

/* The line of the configuration, and a mark under the column. Tabs stay as wide as one column. */
static void show_line(const struct config *config, const struct error *error) {
    char buffer[LINE_SIZE];
    struct text text = TEXT_IN(buffer);
    struct bytes line = config_line(config, error->line);
    text_decimal(&text, error->line);
    text_string(&text, " | ");
    size_t margin = text.used;
    for (size_t i = 0; i < line.size; i++)
        text_char(&text, line.at[i] < ' ' ? ' ' : (char)line.at[i]);
    console_colour(COLOUR_BRIGHT);
    console_string("  ");
    console_line(buffer);
    text = TEXT_IN(buffer);
    text_pad(&text, margin + error->column - 1 + 2);
    text_char(&text, '^');
    console_colour(COLOUR_ERROR_TEXT);
    console_line(buffer);
    console_colour(COLOUR_NORMAL);
    console_line("");
}

static void place_of(const struct report_context *context, const struct error *error,
                     struct text *text) {
    if (!error->line || !context->config)
        return;
    text_string(text, context->config->file);
    text_string(text, " line ");
    text_decimal(text, error->line);
    text_string(text, ", column ");
    text_decimal(text, error->column);
    text_string(text, ": ");
}

void report_error(const struct report_context *context, const struct error *error,
                  const char *next) {
    char buffer[LINE_SIZE];
    struct text text = TEXT_IN(buffer);
    title_bar(context);
    text_string(&text, "  E");
    text_decimal(&text, error->code);
    text_string(&text, "  ");
    size_t indent = text.used;
    place_of(context, error, &text);
    error_text(error, &text);
    text_char(&text, '.');
    console_colour(COLOUR_BRIGHT);
    console_paragraph(buffer, (u32)indent);
    console_colour(COLOUR_NORMAL);
    console_line("");
    if (error->line && context->config)
        show_line(context->config, error);
    text = TEXT_IN(buffer);
    text_string(&text, "  What to do: ");
    error_fix(error, &text);
    text_char(&text, '.');
    console_colour(COLOUR_GOOD);
    console_paragraph(buffer, 2);
    console_line("");
    console_colour(COLOUR_BRIGHT);
    if (*next)
        console_line(next);
    console_colour(COLOUR_NORMAL);
}

void report_end(void) {
    console_colour(COLOUR_DIM);
    console_line("  Nothing was written to any disk. Ctrl+Alt+Del restarts the machine.");
    console_colour(COLOUR_NORMAL);
}

void report_notes(const struct config *config) {
    char buffer[LINE_SIZE];
    for (u32 i = 0; i < config->note_count && i < CONFIG_NOTES_MAX; i++) {
        const struct config_note *note = &config->notes[i];
        struct text text = TEXT_IN(buffer);
        text_string(&text, config->files[note->file].name);
        text_string(&text, " line ");
        text_decimal(&text, note->place.line);
        text_string(&text, note->is_unknown ? ": not known: " : ": not needed: ");
        text_string(&text, note->name);
        console_line(buffer);
    }
}

void report_plan(const struct machine *machine, const struct plan *plan,
                 const struct boot_request *request) {
    char buffer[LINE_SIZE];
    struct text line = TEXT_IN(buffer);
    struct description description = {machine, plan, request};
    for (u32 i = 0; describe_line(&description, i, &line); i++) {
        console_line(buffer);
        line = TEXT_IN(buffer);
    }
}

/* With a tenth; 64-bit division being none of the loader's, what is above 137,438 million reads as
 * that. */
static void millions(u64 cycles, struct text *text) {
    u32 tenths = (u32)min_u64(cycles >> 5, 0xffffffff) / (100000 >> 5);
    text_decimal(text, tenths / 10);
    text_char(text, '.');
    text_decimal(text, tenths % 10);
}

void report_timings(const struct timing *timing) {
    static const char names[][12] = {"probe ",  ", open ",   ", plan ",
                                     ", load ", ", tables ", ", total "};
    const uint64_t *parts = &timing->spent.start + 1;
    char buffer[LINE_SIZE];
    struct text line = TEXT_IN(buffer);
    if (!timing->has_counter)
        return;
    text_string(&line, "time      ");
    for (u32 i = 0; i < ARRAY_COUNT(names); i++) {
        text_string(&line, names[i]);
        millions(parts[i], &line);
    }
    text_string(&line, " million cycles");
    console_line(buffer);
}
