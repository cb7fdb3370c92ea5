#include "translate.h"
#include "message.h"
#include "rows.h"

#include <errno.h>
#include <stdlib.h>

enum { LINE_SIZE = 256, COLUMN_1 = 10, COLUMN_2 = 38, COLUMN_3 = 58, LOW_MEMORY_END = 0x100000 };

u64 address_of(const char *who, const char *word) {
    char *end;
    errno = 0;
    unsigned long long address = strtoull(word, &end, 16);
    if (!string_starts(word, "0x") || !word[2] || word[2] == '-' || *end || errno)
        die(who, "--address=%s is no address; write it in hexadecimal: 0xc0100000", word);
    return address;
}

/* Starts a line: a word, then the column where its values begin. */
static struct text line_begin(char *buffer, const char *heading) {
    struct text line = text_in(buffer, LINE_SIZE);
    text_string(&line, heading);
    text_pad(&line, COLUMN_1);
    return line;
}

/* ---- one address ---- */

void text_holder(struct text *text, const struct machine *machine, const struct plan *plan,
                 u64 phys) {
    const struct claim *claim = claims_meet(&plan->claims, (struct range){phys, 1});
    const struct memory_range *range = memory_at(&machine->memory, phys);
    if (claim)
        claim_name(claim, text);
    else if (range)
        text_string(text, memory_kind_name(range->kind));
    else
        text_string(text, phys < LOW_MEMORY_END ? "video memory or ROM" : "no memory");
}

/* The rights that one entry has bits for. */
static void text_entry_rights(struct text *text, const struct paging_options *options,
                              const struct walk_step *step, bool leaf) {
    u32 has = leaf ? ENTRY_WRITE | ENTRY_USER : options->format->levels[step->level].link_bits;
    bool nx =
        options->format->has_nx && options->cpu_features & CPU_NX && step->entry & ENTRY_NO_EXECUTE;
    text_char(text, 'r');
    text_char(text, !(has & ENTRY_WRITE) || step->entry & ENTRY_WRITE ? 'w' : '-');
    text_char(text, nx ? '-' : 'x');
    text_string(text, has & ENTRY_USER && step->entry & ENTRY_USER ? " user" : "");
    text_string(text, leaf && step->entry & ENTRY_GLOBAL ? " global" : "");
}

/* "PDE 768   at 0x7fc8c00   0x07fc9003   table at 0x7fc9000   rwx" */
static void print_step(const struct paging_options *options, const struct walk *walk, u32 number) {
    char buffer[LINE_SIZE];
    const struct paging_format *format = options->format;
    const struct walk_step *step = &walk->steps[number];
    bool last = number + 1 == walk->step_count, leaf = last && walk->result == WALK_MAPPED;
    u64 mask = ((u64)1 << format->physical_bits_max) - PAGE_SIZE;
    struct text line = line_begin(buffer, format->levels[step->level].name);
    text_decimal(&line, step->index);
    text_string(&line, " at ");
    text_hex(&line, step->table + (u64)step->index * format->entry_size, 8);
    text_pad(&line, COLUMN_2);
    text_hex(&line, step->entry, format->entry_size * 2u);
    text_pad(&line, COLUMN_3);
    if (!(step->entry & ENTRY_PRESENT)) {
        text_string(&line, "absent");
    } else if (last && !leaf) {
        text_string(&line, walk->result == WALK_RESERVED ? "has reserved bits set"
                                                         : "leads out of the tables");
    } else {
        text_entry_rights(&line, options, step, leaf);
        text_string(&line, leaf ? ", page of " : ", table at ");
        if (leaf)
            text_size(&line, walk->page_size);
        else
            text_hex(&line, step->entry & mask, 8);
    }
    puts(buffer);
}

static void print_physical(const struct machine *machine, const struct table_view *view,
                           const struct walk *walk, u64 virt) {
    char buffer[LINE_SIZE];
    struct text line = line_begin(buffer, "physical");
    text_hex(&line, walk->phys, 1);
    text_string(&line, ", page of ");
    text_size(&line, walk->page_size);
    text_string(&line, " at ");
    text_hex(&line, align_down(walk->phys, walk->page_size), 1);
    text_string(&line, ", ");
    text_rights(&line, walk->attributes);
    text_string(&line, ", ");
    text_string(&line, tables_owner(view->plan, virt));
    text_string(&line, "; there: ");
    text_holder(&line, machine, view->plan, walk->phys);
    puts(buffer);
}

/* The mappings on both sides of an address that nobody has. */
static void print_neighbours(const struct plan *plan, u64 virt) {
    const struct map *below = NULL, *above = NULL;
    char buffer[LINE_SIZE];
    for (u32 i = 0; i < plan->row_count && !above; i++) {
        if (plan->rows[i].virt > virt)
            above = &plan->rows[i];
        else
            below = &plan->rows[i];
    }
    if (below) {
        struct text line = line_begin(buffer, "below");
        text_string(&line, row_owner_name(below->owner));
        text_string(&line, " up to ");
        text_end(&line, below->virt, below->size, virtual_digits(plan));
        puts(buffer);
    }
    if (above) {
        struct text line = line_begin(buffer, "above");
        text_string(&line, row_owner_name(above->owner));
        text_string(&line, " from ");
        text_hex(&line, above->virt, virtual_digits(plan));
        puts(buffer);
    }
}

static void print_not_canonical(const struct paging_format *format, u64 virt) {
    char buffer[LINE_SIZE];
    struct text line = text_in(buffer, sizeof buffer);
    text_string(&line, "not mapped: ");
    text_string(&line, format->name);
    if (format->virtual_bits == 32) {
        text_string(&line, " paging has addresses of 32 bits; the lower ones of this are ");
        text_hex(&line, virt & 0xffffffff, 8);
    } else {
        text_string(&line, " paging has no such address, it is not canonical: bits 63 to ");
        text_decimal(&line, format->virtual_bits);
        text_string(&line, " must repeat bit ");
        text_decimal(&line, format->virtual_bits - 1u);
        text_string(&line, "; the canonical one is ");
        text_hex(&line, paging_make_canonical(format, virt), 16);
    }
    puts(buffer);
}

static void print_not_mapped(const struct table_view *view, const struct walk *walk, u64 virt) {
    const struct paging_format *format = view->plan->options.format;
    if (walk->result == WALK_NOT_CANONICAL) {
        print_not_canonical(format, virt);
        return;
    }
    const char *what = walk->result == WALK_ABSENT     ? "is absent"
                       : walk->result == WALK_RESERVED ? "has reserved bits set"
                                                       : "leads out of the tables";
    const struct walk_step *last = &walk->steps[walk->step_count ? walk->step_count - 1 : 0];
    printf("not mapped: the %s %s\n", format->levels[last->level].name, what);
    print_neighbours(view->plan, virt);
}

/* Without paging, addresses are physical, and 32 bits wide. */
static void print_without_paging(const struct machine *machine, const struct plan *plan, u64 virt) {
    char buffer[LINE_SIZE];
    if (virt >> 32) {
        puts("not mapped: paging is off, and addresses have 32 bits");
        return;
    }
    struct text line = line_begin(buffer, "physical");
    text_hex(&line, virt, 1);
    text_string(&line, ", paging is off; there: ");
    text_holder(&line, machine, plan, virt);
    puts(buffer);
}

void print_translation(const struct machine *machine, const struct table_view *view, u64 virt) {
    const struct plan *plan = view->plan;
    char buffer[LINE_SIZE];
    struct text line = line_begin(buffer, "address");
    text_hex(&line, virt, virtual_digits(plan));
    puts(buffer);
    if (!plan->paging) {
        print_without_paging(machine, plan, virt);
        return;
    }
    struct walk walk = tables_walk(view, virt);
    for (u32 i = 0; i < walk.step_count; i++)
        print_step(&plan->options, &walk, i);
    if (walk.result == WALK_MAPPED)
        print_physical(machine, view, &walk, virt);
    else
        print_not_mapped(view, &walk, virt);
}

/* ---- all of them ---- */

static void print_cost(const struct table_view *view) {
    const struct paging_format *format = view->plan->options.format;
    u32 frames[PAGING_LEVELS_MAX];
    char buffer[LINE_SIZE];
    struct text line = line_begin(buffer, "tables");
    tables_count(view, frames);
    text_decimal(&line, view->arena->used);
    text_string(&line, view->arena->used == 1 ? " frame, " : " frames, ");
    text_size(&line, view->arena->used * PAGE_SIZE);
    text_string(&line, " at ");
    text_hex(&line, view->arena->phys, 8);
    for (u32 level = format->level_count; level-- > 0;) {
        text_string(&line, level + 1u == format->level_count ? ": " : ", ");
        text_decimal(&line, frames[level]);
        text_string(&line, " of ");
        text_string(&line, format->levels[level].name);
        text_char(&line, 's');
    }
    puts(buffer);
}

static void print_leaves(const struct plan *plan, const struct leaves *leaves, bool first) {
    char buffer[LINE_SIZE];
    u32 digits = virtual_digits(plan);
    u64 size = leaves->page_size * leaves->count;
    struct text line = line_begin(buffer, first ? "leaves" : "");
    text_hex(&line, leaves->virt, digits);
    text_string(&line, " - ");
    text_end(&line, leaves->virt, size, digits);
    text_string(&line, " -> ");
    text_hex(&line, leaves->phys, 10);
    text_string(&line, " - ");
    text_end(&line, leaves->phys, size, 10);
    text_pad(&line, COLUMN_1 + 2 * digits + 40);
    text_decimal(&line, leaves->count);
    text_string(&line, " x ");
    text_size(&line, leaves->page_size);
    text_pad(&line, COLUMN_1 + 2 * digits + 56);
    text_rights(&line, leaves->attributes);
    text_char(&line, ' ');
    text_string(&line, leaves->owner);
    puts(buffer);
}

void print_tables(const struct table_view *view) {
    if (!view->plan->paging) {
        puts("tables    none, paging is off");
        return;
    }
    struct leaf_cursor cursor = {0};
    struct leaves leaves;
    print_cost(view);
    for (bool first = true; tables_next_leaves(view, &cursor, &leaves); first = false)
        print_leaves(view->plan, &leaves, first);
}
