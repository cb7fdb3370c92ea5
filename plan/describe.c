#include "describe.h"
#include "rows.h"

/* The text is a list of sections, each with a number of lines; describe_line() finds the section
 * that a line belongs to. Columns are chosen for a screen of 80. */
enum section {
    SECTION_SUMMARY,
    SECTION_MEMORY,
    SECTION_LOADS,
    SECTION_PLACES,
    SECTION_ROWS,
    SECTION_NOTES,
    SECTION_COUNT
};

enum { SUMMARY_LINES = 6, COLUMN_1 = 10 };

static const char *const protocols[] = {[PROTOCOL_NATIVE] = "",
                                        [PROTOCOL_MULTIBOOT1] = ", Multiboot",
                                        [PROTOCOL_MULTIBOOT2] = ", Multiboot 2",
                                        [PROTOCOL_LINUX] = ", Linux",
                                        [PROTOCOL_PVH] = ", PVH"};

static u32 hex_digits(const struct plan *plan) {
    return plan->image->bits == 64 ? 16 : 8;
}

static u32 section_lines(const struct description *description, enum section section) {
    const struct plan *plan = description->plan;
    switch (section) {
    case SECTION_SUMMARY: return SUMMARY_LINES;
    case SECTION_MEMORY: return description->machine->memory.count;
    case SECTION_LOADS: return plan->load_count;
    case SECTION_PLACES: return plan->claims.count;
    case SECTION_ROWS: return plan->row_count;
    case SECTION_NOTES: return plan->note_count;
    default: return 0;
    }
}

static void heading(struct text *line, const char *name, bool first) {
    text_string(line, first ? name : "");
    text_pad(line, COLUMN_1);
}

static void describe_features(u32 features, struct text *line) {
    for (u32 bit = 1; bit <= CPU_PAT; bit <<= 1)
        if (features & bit) {
            text_string(line, cpu_feature_name(bit));
            text_string(line, ", ");
        }
}

static void describe_summary(const struct description *description, u32 item, struct text *line) {
    const struct plan *plan = description->plan;
    const struct machine *machine = description->machine;
    switch (item) {
    case 0:
        heading(line, "kernel", true);
        text_string(line, plan->image->name);
        text_string(line, plan->image->bits == 64 ? ", 64-bit" : ", 32-bit");
        text_string(line, plan->image->entry_kind == ENTRY_PHYSICAL ? ", physical entry" : "");
        text_string(line, protocols[description->request->protocol]);
        if (plan->image->relocatable && plan->image->slide) {
            text_string(line, ", moved by ");
            text_hex(line, plan->image->slide, 1);
        }
        break;
    case 1:
        heading(line, "command", true);
        text_string(line, description->request->kernel.arguments);
        break;
    case 2:
        heading(line, "cpu", true);
        describe_features(machine->cpu.features, line);
        text_decimal(line, machine->cpu.physical_bits);
        text_string(line, " address bits");
        break;
    case 3:
        heading(line, "paging", true);
        text_string(line, plan->paging ? plan->options.format->name : "off");
        text_string(line, ", ");
        text_decimal(line, plan->table_frames);
        text_string(line, " frames of tables");
        if (plan->options.recursive) {
            text_string(line, ", recursive slot ");
            text_decimal(line, plan->options.recursive_slot);
        }
        break;
    case 4:
        heading(line, "screen", true);
        text_decimal(line, machine->screen.width);
        text_string(line, " x ");
        text_decimal(line, machine->screen.height);
        text_string(line, machine->screen.kind == SCREEN_PIXELS ? " pixels of " : " cells of ");
        text_decimal(line, machine->screen.depth);
        text_string(line, " bits at ");
        text_hex(line, machine->screen.phys, 1);
        break;
    default:
        heading(line, "entry", true);
        text_hex(line, plan->entry, hex_digits(plan));
        text_string(line, ", stack ");
        text_size(line, plan->stack_size);
        text_string(line, " at ");
        text_hex(line, plan->handoff_virt, hex_digits(plan));
        break;
    }
}

static void describe_range(const struct memory_range *range, u32 item, struct text *line) {
    heading(line, "memory", item == 0);
    text_hex(line, range->start, 12);
    text_string(line, " - ");
    text_hex(line, range->start + range->size, 12);
    text_pad(line, 43);
    text_size(line, range->size);
    text_pad(line, 56);
    text_string(line, memory_kind_name(range->kind));
}

static void describe_load(const struct load *load, u32 item, struct text *line) {
    heading(line, "load", item == 0);
    bool symbols = load->number == LOAD_SYMBOLS;
    text_string(line, load->file ? "module " : symbols ? "symbols" : "PT_LOAD ");
    if (!symbols)
        text_decimal(line, load->number);
    text_pad(line, 21);
    text_hex(line, load->offset, 6);
    text_string(line, " + ");
    text_hex(line, load->file_size, 1);
    text_pad(line, 43);
    text_string(line, "-> ");
    text_hex(line, load->phys, 8);
    if (load->memory_size > load->file_size) {
        text_string(line, " zero ");
        text_hex(line, load->memory_size - load->file_size, 1);
    }
    if (load->late) {
        text_string(line, " via ");
        text_hex(line, load->staged, 1);
    }
}

static void describe_claim(const struct claim *claim, u32 item, struct text *line) {
    heading(line, "place", item == 0);
    text_hex(line, claim->start, 12);
    text_string(line, " - ");
    text_hex(line, claim->start + claim->size, 12);
    text_pad(line, 43);
    text_size(line, claim->size);
    text_pad(line, 56);
    claim_name(claim, line);
}

static void describe_row(const struct description *description, u32 item, struct text *line) {
    const struct map *row = &description->plan->rows[item];
    heading(line, "map", item == 0);
    text_hex(line, row->virt, hex_digits(description->plan));
    text_string(line, " -> ");
    text_hex(line, row->phys, 9);
    text_pad(line, 45);
    text_size(line, row->size);
    text_pad(line, 56);
    text_char(line, 'r');
    text_char(line, row->attributes & MAP_WRITE ? 'w' : '-');
    text_char(line, row->attributes & MAP_EXECUTE ? 'x' : '-');
    text_char(line, row->attributes & MAP_UNCACHED          ? 'u'
                    : row->attributes & MAP_WRITE_COMBINING ? 'c'
                    : row->attributes & MAP_GLOBAL          ? 'g'
                                                            : '-');
    text_char(line, ' ');
    text_string(line, row_owner_name(row->owner));
}

bool describe_line(const struct description *description, u32 number, struct text *line) {
    const struct plan *plan = description->plan;
    for (u32 section = 0; section < SECTION_COUNT; section++) {
        u32 count = section_lines(description, (enum section)section);
        if (number >= count) {
            number -= count;
            continue;
        }
        switch ((enum section)section) {
        case SECTION_SUMMARY: describe_summary(description, number, line); break;
        case SECTION_MEMORY:
            describe_range(&description->machine->memory.ranges[number], number, line);
            break;
        case SECTION_LOADS: describe_load(&plan->loads[number], number, line); break;
        case SECTION_PLACES: describe_claim(&plan->claims.claims[number], number, line); break;
        case SECTION_ROWS: describe_row(description, number, line); break;
        default:
            heading(line, "note", number == 0);
            error_text(&plan->notes[number], line);
            break;
        }
        return true;
    }
    return false;
}
