#include "plan_json.h"

#include "json.h"
#include "message.h"
#include "rows.h"
#include "translate.h"

/* The number that changes when a program that reads this would have to. */
enum { JSON_VERSION = 1, TEXT_SIZE = 1024 };

static void put_rights(struct json *json, u32 attributes) {
    json_bool(json, "write", attributes & MAP_WRITE);
    json_bool(json, "execute", attributes & MAP_EXECUTE);
    json_bool(json, "user", attributes & MAP_USER);
    json_bool(json, "global", attributes & MAP_GLOBAL);
    json_string(json, "cache",
                attributes & MAP_UNCACHED          ? "uncached"
                : attributes & MAP_WRITE_COMBINING ? "write-combining"
                                                   : "write-back");
}

static void put_memory(struct json *json, const char *key, const struct memory_map *map) {
    json_open(json, key, '[');
    for (u32 i = 0; i < map->count; i++) {
        const struct memory_range *range = &map->ranges[i];
        json_open(json, NULL, '{');
        json_hex(json, "start", range->start);
        json_hex(json, "size", range->size);
        json_number(json, "kind", range->kind);
        json_string(json, "kind_name", memory_kind_name(range->kind));
        json_number(json, "bios_type", range->bios_type);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_machine(struct json *json, const struct json_wish *wish) {
    const struct machine *machine = &wish->work->machine;
    json_open(json, "machine", '{');
    json_string(json, "name", wish->model->machine);
    json_hex(json, "memory_bytes", wish->model->memory);
    json_open(json, "cpu", '{');
    json_string(json, "name", wish->model->cpu);
    json_string(json, "vendor", machine->cpu.vendor);
    json_number(json, "physical_bits", machine->cpu.physical_bits);
    json_open(json, "features", '[');
    for (u32 bit = 1; bit <= CPU_PAT; bit <<= 1)
        if (machine->cpu.features & bit)
            json_string(json, NULL, cpu_feature_name(bit));
    json_close(json, ']');
    json_close(json, '}');
    put_memory(json, "memory", &machine->memory);
    json_close(json, '}');
}

static void put_segment(struct json *json, const struct segment *segment) {
    json_open(json, NULL, '{');
    json_number(json, "number", segment->number);
    json_hex(json, "virtual", segment->virt);
    json_hex(json, "physical", segment->phys);
    json_hex(json, "offset", segment->offset);
    json_hex(json, "file_size", segment->file_size);
    json_hex(json, "memory_size", segment->memory_size);
    json_bool(json, "read", segment->rights & RIGHT_READ);
    json_bool(json, "write", segment->rights & RIGHT_WRITE);
    json_bool(json, "execute", segment->rights & RIGHT_EXECUTE);
    json_close(json, '}');
}

static void put_kernel(struct json *json, const struct work *work) {
    const struct image *image = &work->image;
    json_open(json, "kernel", '{');
    json_string(json, "name", image->name);
    json_number(json, "bits", image->bits);
    json_hex(json, "entry_virtual", image->entry_virt);
    json_hex(json, "entry_physical", image->entry_phys);
    json_hex(json, "slide", image->slide);
    json_string(json, "command_line", work->request.kernel.arguments);
    json_open(json, "segments", '[');
    for (u32 i = 0; i < image->segment_count; i++)
        put_segment(json, &image->segments[i]);
    json_close(json, ']');
    json_close(json, '}');
}

static void put_modules(struct json *json, const struct work *work) {
    json_open(json, "modules", '[');
    for (u32 i = 0; i < work->request.module_count; i++) {
        json_open(json, NULL, '{');
        json_string(json, "path", work->request.modules[i].path);
        json_string(json, "arguments", work->request.modules[i].arguments);
        json_hex(json, "physical", plan_module_phys(&work->plan, i));
        json_hex(json, "size", work->module_sizes[i]);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_load(struct json *json, const struct load *load) {
    json_open(json, NULL, '{');
    json_string(json, "file",
                load->file                     ? "module"
                : load->number == LOAD_SYMBOLS ? "symbols"
                                               : "kernel");
    json_number(json, "number", load->number == LOAD_SYMBOLS ? 0 : load->number);
    json_hex(json, "offset", load->offset);
    json_hex(json, "file_size", load->file_size);
    json_hex(json, "memory_size", load->memory_size);
    json_hex(json, "physical", load->phys);
    json_hex(json, "staged", load->staged);
    json_bool(json, "late", load->late);
    json_close(json, '}');
}

static void put_claim(struct json *json, const struct claim *claim) {
    char buffer[TEXT_SIZE];
    struct text name = TEXT_IN(buffer);
    claim_name(claim, &name);
    json_open(json, NULL, '{');
    json_string(json, "name", buffer);
    json_hex(json, "start", claim->start);
    json_hex(json, "size", claim->size);
    json_bool(json, "free_in_kernel", !claim_memory_kind(claim));
    json_close(json, '}');
}

/* The runs of leaves that a row becomes. */
static void put_pages(struct json *json, const struct plan *plan, const struct map *row) {
    struct map rest = *row;
    json_open(json, "pages", '[');
    while (rest.size) {
        struct leaf_run run = paging_first_run(&plan->options, &rest);
        u32 shift = plan->options.format->levels[run.level].shift;
        u64 size = run.count << shift;
        json_open(json, NULL, '{');
        json_hex(json, "size", (u64)1 << shift);
        json_hex(json, "count", run.count);
        json_close(json, '}');
        rest.virt += size;
        rest.phys += size;
        rest.size -= size;
    }
    json_close(json, ']');
}

static void put_mapping(struct json *json, const struct plan *plan, const struct map *row) {
    json_open(json, NULL, '{');
    json_string(json, "owner", row_owner_name(row->owner));
    json_hex(json, "virtual", row->virt);
    json_hex(json, "physical", row->phys);
    json_hex(json, "size", row->size);
    put_rights(json, row->attributes);
    put_pages(json, plan, row);
    json_close(json, '}');
}

static void put_leaves(struct json *json, const struct table_view *view) {
    struct leaf_cursor cursor = {0};
    struct leaves leaves;
    json_open(json, "leaves", '[');
    while (tables_next_leaves(view, &cursor, &leaves)) {
        json_open(json, NULL, '{');
        json_string(json, "owner", leaves.owner);
        json_hex(json, "virtual", leaves.virt);
        json_hex(json, "physical", leaves.phys);
        json_hex(json, "page_size", leaves.page_size);
        json_hex(json, "count", leaves.count);
        put_rights(json, leaves.attributes);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_recursive_slot(struct json *json, const struct paging_options *options) {
    if (!options->recursive) {
        json_null(json, "recursive");
        return;
    }
    struct range shown = paging_recursive_range(options->format, options->recursive_slot);
    json_open(json, "recursive", '{');
    json_number(json, "slot", options->recursive_slot);
    json_hex(json, "virtual", shown.start);
    json_hex(json, "size", shown.size);
    json_close(json, '}');
}

static void put_tables(struct json *json, const struct table_view *view) {
    const struct paging_format *format = view->plan->options.format;
    u32 frames[PAGING_LEVELS_MAX];
    tables_count(view, frames);
    json_open(json, "tables", '{');
    json_string(json, "format", format->name);
    json_number(json, "entry_size", format->entry_size);
    json_hex(json, "physical", view->arena->phys);
    json_number(json, "frames", view->arena->used);
    json_hex(json, "bytes", view->arena->used * PAGE_SIZE);
    json_hex(json, "crc32", crc32_of(view->arena->bytes, view->arena->used * PAGE_SIZE));
    json_open(json, "levels", '[');
    for (u32 level = format->level_count; level-- > 0;) {
        json_open(json, NULL, '{');
        json_string(json, "entry", format->levels[level].name);
        json_number(json, "shift", format->levels[level].shift);
        json_number(json, "index_bits", format->levels[level].index_bits);
        json_number(json, "frames", frames[level]);
        json_close(json, '}');
    }
    json_close(json, ']');
    put_recursive_slot(json, &view->plan->options);
    put_leaves(json, view);
    json_close(json, '}');
}

static void put_note(struct json *json, const struct error *error) {
    char buffer[TEXT_SIZE];
    struct text text = TEXT_IN(buffer);
    json_number(json, "code", (u32)error->code);
    for (size_t i = 0; i < error_row_count; i++)
        if (error_rows[i].code == error->code)
            json_string(json, "name", error_names[i]);
    error_text(error, &text);
    json_string(json, "text", buffer);
    text = TEXT_IN(buffer);
    error_fix(error, &text);
    json_string(json, "fix", buffer);
}

static void put_registers(struct json *json, const struct cpu_entry *entry) {
    static const char *const zero[] = {"cx", "dx", "si", "bp"};
    static const char *const data_segments[] = {"ss", "ds", "es", "fs", "gs"};
    json_hex(json, "ip", entry->ip);
    json_hex(json, "sp", entry->sp);
    json_hex(json, "ax", entry->ax);
    json_hex(json, "bx", entry->bx);
    json_hex(json, "di", entry->di);
    for (u32 i = 0; i < ARRAY_COUNT(zero); i++)
        json_hex(json, zero[i], 0);
    for (u32 i = 8; i < 16 && entry->bits == 64; i++)
        json_hex(json, make_text("r%u", i), 0);
    json_hex(json, "flags", 2); /* bit 1 is always set; interrupts are off */
    json_hex(json, "cs", SELECTOR_CODE);
    for (u32 i = 0; i < ARRAY_COUNT(data_segments); i++)
        json_hex(json, data_segments[i], SELECTOR_DATA);
    json_hex(json, "cr0", entry->cr0);
    json_hex(json, "cr3", entry->cr3);
    if (entry->has_cr4)
        json_hex(json, "cr4", entry->cr4);
    else
        json_null(json, "cr4");
}

static void put_descriptor_table(struct json *json, const char *key, const u8 *operand, u32 bits) {
    json_open(json, key, '{');
    json_number(json, "limit", load16(operand));
    json_hex(json, "base", bits == 64 ? load64(operand + 2) : load32(operand + 2));
    json_close(json, '}');
}

static void put_entry(struct json *json, const struct cpu_entry *entry, const struct plan *plan) {
    json_open(json, "entry", '{');
    json_number(json, "bits", entry->bits);
    put_registers(json, entry);
    /* LMA follows from LME and CR0.PG (SDM volume 3A, section 10.8.5). */
    json_hex(json, "efer",
             entry->efer | (entry->efer & EFER_LME && entry->cr0 & CR0_PG ? EFER_LMA : 0));
    if (entry->pat)
        json_hex(json, "pat", entry->pat);
    else
        json_null(json, "pat");
    put_descriptor_table(json, "gdt", entry->gdt_virtual, entry->bits);
    put_descriptor_table(json, "idt", entry->idt, entry->bits);
    json_hex(json, "stack_virtual", plan->handoff_virt);
    json_hex(json, "stack_physical", plan->handoff_phys);
    json_hex(json, "stack_size", plan->stack_size);
    json_hex(json, "information_virtual", plan->info_virt);
    json_hex(json, "information_physical", plan->info_phys);
    json_hex(json, "information_size", plan->info_size);
    json_hex(json, "trampoline_virtual", entry->trampoline);
    json_hex(json, "trampoline_physical", plan->trampoline_phys);
    json_hex(json, "boot_cr3", entry->boot_cr3);
    json_open(json, "moves", '[');
    for (u32 i = 0; i < entry->move_count; i++) {
        json_open(json, NULL, '{');
        json_hex(json, "from", entry->moves[i].from);
        json_hex(json, "to", entry->moves[i].to);
        json_hex(json, "size", entry->moves[i].size);
        json_hex(json, "zero_size", entry->moves[i].zero_size);
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
}

static void put_step(struct json *json, const struct paging_format *format,
                     const struct walk_step *step) {
    json_open(json, NULL, '{');
    json_string(json, "entry", format->levels[step->level].name);
    json_hex(json, "table", step->table);
    json_number(json, "index", step->index);
    json_hex(json, "physical", step->table + (u64)step->index * format->entry_size);
    json_hex(json, "value", step->entry);
    json_close(json, '}');
}

static const char *result_name(enum walk_result result) {
    switch (result) {
    case WALK_MAPPED: return "mapped";
    case WALK_ABSENT: return "absent";
    case WALK_RESERVED: return "reserved bits";
    case WALK_OUTSIDE: return "outside the tables";
    default: return "not canonical";
    }
}

static void put_walk(struct json *json, const struct table_view *view, u64 virt) {
    const struct paging_format *format = view->plan->options.format;
    struct walk walk = tables_walk(view, virt);
    json_string(json, "result", result_name(walk.result));
    json_open(json, "steps", '[');
    for (u32 i = 0; i < walk.step_count; i++)
        put_step(json, format, &walk.steps[i]);
    json_close(json, ']');
    if (walk.result == WALK_NOT_CANONICAL)
        json_hex(json, "canonical", paging_make_canonical(format, virt));
    if (walk.result != WALK_MAPPED)
        return;
    json_hex(json, "physical", walk.phys);
    json_hex(json, "page_size", walk.page_size);
    put_rights(json, walk.attributes);
    json_string(json, "owner", tables_owner(view->plan, virt));
}

static void put_translations(struct json *json, const char *who, const struct words *addresses,
                             const struct table_view *view) {
    json_open(json, "addresses", '[');
    for (u32 i = 0; i < addresses->count; i++) {
        u64 virt = address_of(who, addresses->at[i]);
        json_open(json, NULL, '{');
        json_hex(json, "address", virt);
        if (view->plan->paging) {
            put_walk(json, view, virt);
        } else {
            json_string(json, "result", virt >> 32 ? "not canonical" : "paging off");
            if (!(virt >> 32))
                json_hex(json, "physical", virt);
        }
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void put_lists(struct json *json, const struct plan *plan) {
    json_open(json, "loads", '[');
    for (u32 i = 0; i < plan->load_count; i++)
        put_load(json, &plan->loads[i]);
    json_close(json, ']');
    json_open(json, "claims", '[');
    for (u32 i = 0; i < plan->claims.count; i++)
        put_claim(json, &plan->claims.claims[i]);
    json_close(json, ']');
    json_open(json, "mappings", '[');
    for (u32 i = 0; i < plan->row_count; i++)
        put_mapping(json, plan, &plan->rows[i]);
    json_close(json, ']');
    json_open(json, "notes", '[');
    for (u32 i = 0; i < plan->note_count; i++) {
        json_open(json, NULL, '{');
        put_note(json, &plan->notes[i]);
        json_close(json, '}');
    }
    json_close(json, ']');
}

struct error print_plan_json(const char *who, const struct json_wish *wish) {
    const struct work *work = wish->work;
    const struct table_view view = {&work->plan, &work->tables};
    struct json json = {.to = stdout};
    struct memory_map memory;
    TRY(plan_memory(&work->machine, &work->plan, &memory));
    json_open(&json, NULL, '{');
    json_number(&json, "version", JSON_VERSION);
    put_machine(&json, wish);
    put_kernel(&json, work);
    put_modules(&json, work);
    put_lists(&json, &work->plan);
    if (work->plan.paging)
        put_tables(&json, &view);
    else
        json_null(&json, "tables");
    put_entry(&json, &work->entry, &work->plan);
    put_memory(&json, "memory_map", &memory);
    if (wish->addresses->count)
        put_translations(&json, who, wish->addresses, &view);
    json_close(&json, '}');
    return OK;
}

void print_error_json(const struct error *error) {
    struct json json = {.to = stdout};
    json_open(&json, NULL, '{');
    json_number(&json, "version", JSON_VERSION);
    json_open(&json, "error", '{');
    put_note(&json, error);
    json_number(&json, "line", error->line);
    json_number(&json, "column", error->column);
    json_close(&json, '}');
    json_close(&json, '}');
}
