#include "native.h"

#include "check.h"
#include "registers.h"

/* A writer that fills the information part of the handoff block from its start: the structure, then
 * its tables, then its strings. Room was set aside by native_info_size(). */
struct info_writer {
    u8 *bytes;
    u64 virt;
    u64 size;
    u64 used;
};

enum { INFO_ALIGNMENT = 16 };

u64 native_info_size(const struct machine *machine, const struct image *image,
                     const struct boot_request *request) {
    u64 size = sizeof(struct aloft_info) + GDT_SIZE;
    size += image->segment_count * sizeof(struct aloft_segment);
    size += request->module_count * sizeof(struct aloft_module);
    /* Each claim may cut a range of the memory map in two. A segment makes two rows at most, a
     * --map one in each linear map; these have a part for each range and three more; and there are
     * eight others, with those that only keep addresses free. Each has two ends, and between any
     * two neighbouring ends is one row at most. */
    u32 claim_count = image->segment_count + request->module_count + 8;
    size += (machine->memory.count + 2 * claim_count) * sizeof(struct aloft_memory);
    u64 rows = 2 * (image->segment_count + request->options.map_count) +
               2 * (machine->memory.count + 3) + 8;
    size += min_u64(2 * rows, PLAN_ROWS_MAX) * sizeof(struct aloft_mapping);
    size += sizeof ALOFT_NAME + string_length(request->kernel.path) +
            string_length(request->kernel.arguments) + 2;
    for (u32 i = 0; i < request->module_count; i++)
        size += string_length(request->modules[i].path) +
                string_length(request->modules[i].arguments) + 2;
    return size + 8 * INFO_ALIGNMENT;
}

/* NULL if the bound was wrong, which a test rules out. */
static void *take(struct info_writer *writer, u64 size, u64 *virt) {
    u64 at = align_up(writer->used, INFO_ALIGNMENT);
    if (at + size > writer->size)
        return NULL;
    writer->used = at + size;
    *virt = writer->virt + at;
    return writer->bytes + at;
}

static u64 put_string(struct info_writer *writer, const char *string) {
    size_t size = string_length(string) + 1;
    if (writer->used + size > writer->size)
        return 0;
    u64 virt = writer->virt + writer->used;
    memcpy(writer->bytes + writer->used, string, size);
    writer->used += size;
    return virt;
}

/* Room for a table of `count` entries, which *table describes. */
static void *take_table(struct info_writer *writer, u32 count, u32 entry_size,
                        struct aloft_table *table) {
    *table = (struct aloft_table){.entry_size = entry_size};
    void *entries = take(writer, (u64)count * entry_size, &table->virt);
    table->count = entries ? count : 0;
    if (!table->count)
        table->virt = 0;
    return entries;
}

static bool write_memory(const struct memory_map *map, struct info_writer *writer,
                         struct aloft_table *table) {
    struct aloft_memory *out = take_table(writer, map->count, sizeof *out, table);
    for (u32 i = 0; out && i < map->count; i++)
        out[i] = (struct aloft_memory){map->ranges[i].start, map->ranges[i].size,
                                       map->ranges[i].kind, map->ranges[i].bios_type};
    return out;
}

static bool write_segments(const struct image *image, struct info_writer *writer,
                           struct aloft_table *table) {
    struct aloft_segment *out = take_table(writer, image->segment_count, sizeof *out, table);
    for (u32 i = 0; out && i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        out[i] = (struct aloft_segment){.virt = segment->virt,
                                        .phys = segment->phys,
                                        .size = segment->memory_size,
                                        .file_size = segment->file_size,
                                        .rights = segment->rights,
                                        .number = segment->number};
    }
    return out;
}

static bool write_mappings(const struct plan *plan, struct info_writer *writer,
                           struct aloft_table *table) {
    struct aloft_mapping *out = take_table(writer, plan->row_count, sizeof *out, table);
    for (u32 i = 0; out && i < plan->row_count; i++) {
        const struct map *row = &plan->rows[i];
        out[i] = (struct aloft_mapping){row->virt, row->phys, row->size,
                                        row->attributes & ~(u32)MAP_SMALL, row->owner};
    }
    return out;
}

static bool write_modules(const struct plan *plan, const struct boot_request *request,
                          const u64 *sizes, struct info_writer *writer, struct aloft_table *table) {
    struct aloft_module *out = take_table(writer, request->module_count, sizeof *out, table);
    for (u32 i = 0; out && i < request->module_count; i++) {
        u64 phys = plan_module_phys(plan, i);
        out[i] = (struct aloft_module){.virt = plan_virtual(plan, phys, max_u64(sizes[i], 1)),
                                       .phys = phys,
                                       .size = sizes[i],
                                       .path_virt = put_string(writer, request->modules[i].path),
                                       .arguments_virt =
                                           put_string(writer, request->modules[i].arguments)};
    }
    return out;
}

static u64 virtual_or_none(const struct plan *plan, u64 phys, u64 size) {
    return phys ? plan_virtual(plan, phys, size) : ALOFT_NO_ADDRESS;
}

/* A framebuffer in reserved RAM is in the direct map too, but there it is not mapped as a screen.
 */
static u64 screen_virtual(const struct screen *screen, const struct plan *plan) {
    if (plan->screen_virt)
        return plan->screen_virt + (screen->phys & (PAGE_SIZE - 1));
    return plan_virtual(plan, screen->phys, (u64)screen->pitch * screen->height);
}

/* enum screen_kind has the values of ALOFT_SCREEN_*. */
static struct aloft_screen screen_of(const struct machine *machine, const struct plan *plan) {
    const struct screen *screen = &machine->screen;
    if (screen->kind == SCREEN_NONE)
        return (struct aloft_screen){.kind = ALOFT_SCREEN_NONE, .virt = ALOFT_NO_ADDRESS};
    return (struct aloft_screen){.kind = screen->kind,
                                 .width = screen->width,
                                 .height = screen->height,
                                 .pitch = screen->pitch,
                                 .bits_per_pixel = screen->depth,
                                 .red_position = screen->red.position,
                                 .red_size = screen->red.size,
                                 .green_position = screen->green.position,
                                 .green_size = screen->green.size,
                                 .blue_position = screen->blue.position,
                                 .blue_size = screen->blue.size,
                                 .virt = screen_virtual(screen, plan),
                                 .phys = screen->phys};
}

static u32 paging_number(const struct plan *plan) {
    return plan->paging ? (u32)(plan->options.format - paging_formats) + ALOFT_PAGING_32
                        : ALOFT_PAGING_OFF;
}

/* The fields that are no tables and no strings. */
static void fill_fixed(const struct machine *machine, const struct plan *plan,
                       struct aloft_info *info) {
    u64 tables_size = plan->table_frames * PAGE_SIZE;
    info->version = ALOFT_VERSION;
    info->size = sizeof *info;
    info->drive = (struct aloft_boot_drive){.bios_number = machine->drive.bios_number,
                                            .partition = machine->drive.partition,
                                            .sector_size = machine->drive.sector_size,
                                            .partition_start = machine->drive.partition_start};
    info->screen = screen_of(machine, plan);
    info->rsdp_phys = machine->rsdp;
    info->rsdp_virt = virtual_or_none(plan, machine->rsdp, 20);
    info->smbios_phys = machine->smbios;
    info->smbios_virt = virtual_or_none(plan, machine->smbios, 24);
    info->paging = paging_number(plan);
    info->serial_port = machine->serial_port;
    info->root_phys = plan->tables_phys;
    info->tables_phys = plan->tables_phys;
    info->tables_virt = virtual_or_none(plan, plan->tables_phys, tables_size);
    info->table_frames = plan->table_frames;
    info->identity_end = plan->identity_end;
    info->direct_virt = plan->direct_end ? plan->direct_virt : ALOFT_NO_ADDRESS;
    info->direct_end = plan->direct_end;
    info->stack_virt = plan->handoff_virt;
    info->stack_phys = plan->handoff_phys;
    info->stack_size = plan->stack_size;
    info->recursive_slot = plan->options.recursive ? plan->options.recursive_slot : ALOFT_NO_SLOT;
    info->temporary_slots =
        plan->temporary_virt ? 1u << plan->options.format->levels[0].index_bits : 0;
    info->temporary_virt = plan->temporary_virt ? plan->temporary_virt : ALOFT_NO_ADDRESS;
    info->handoff_virt = plan->info_virt;
    info->handoff_phys = plan->info_phys;
    info->handoff_size = plan->info_size;
}

/* What the file says of itself. */
static void fill_file(const struct image *image, struct aloft_info *info) {
    info->slide = image->slide;
    info->tls_virt = image->tls.virt;
    info->tls_file_size = image->tls.file_size;
    info->tls_size = image->tls.memory_size;
    info->tls_align = image->tls.align;
    info->relro_virt = image->relro.virt;
    info->relro_size = image->relro.size;
    info->stack_rights = image->stack_stated ? image->stack_rights : ALOFT_NO_RIGHTS;
    info->build_id_size = image->build_id_size;
    memcpy(info->build_id, image->build_id, ELF_BUILD_ID_MAX);
}

static struct error write_info(const struct machine *machine, const struct plan *plan,
                               const struct boot_request *request, const u64 *module_sizes,
                               struct info_writer *writer, u64 *info_virt) {
    struct memory_map memory;
    TRY(plan_memory(machine, plan, &memory));
    struct aloft_info *info = take(writer, sizeof *info, info_virt);
    bool done = info && write_memory(&memory, writer, &info->memory) &&
                write_segments(plan->image, writer, &info->segments) &&
                write_mappings(plan, writer, &info->mappings) &&
                write_modules(plan, request, module_sizes, writer, &info->modules);
    if (done) {
        fill_fixed(machine, plan, info);
        fill_file(plan->image, info);
        info->loader_name_virt = put_string(writer, ALOFT_NAME);
        info->kernel_path_virt = put_string(writer, request->kernel.path);
        info->command_line_virt = put_string(writer, request->kernel.arguments);
    }
    if (!done || !info->command_line_virt)
        return error_make(ERROR_PLAN_TOO_MANY, .name = "bytes of boot information",
                          .number = {writer->size});
    return OK;
}

/* The top of the stack as a call leaves it: a return address of 0 and, for i386, the argument above
 * it. System V ABI: at a function's entry the address above the return address is 16-aligned. */
static u64 prepare_stack(const struct plan *plan, u8 *stack, u64 argument) {
    u64 top = plan->stack_size - 16;
    memset(stack, 0, (size_t)plan->stack_size);
    if (plan->image->bits == 64)
        return plan->handoff_virt + top - 8;
    store32(stack + top, (u32)argument);
    return plan->handoff_virt + top - 4;
}

static void fill_entry(const struct plan *plan, u64 sp, u64 info_virt, struct cpu_entry *entry) {
    bool wide = plan->image->bits == 64;
    registers_begin(plan, plan->info_virt, entry);
    entry->sp = sp;
    entry->ax = ALOFT_MAGIC;
    entry->bx = wide ? 0 : info_virt;
    entry->di = wide ? info_virt : 0;
}

struct error native_finish(const struct machine *machine, const struct plan *plan,
                           const struct boot_request *request, const u64 *module_sizes,
                           const struct ram *ram, struct cpu_entry *entry) {
    u8 *stack = ram_at(ram, plan->handoff_phys, plan->stack_size);
    struct info_writer writer = {.bytes = ram_at(ram, plan->info_phys, plan->info_size),
                                 .virt = plan->info_virt,
                                 .size = plan->info_size};
    if (!stack || !writer.bytes)
        return error_make(ERROR_PLAN_MEMORY, .name = "the handoff", .number = {0, 0, 0});

    memset(writer.bytes, 0, (size_t)writer.size);
    registers_gdt(writer.bytes, plan->image->bits);
    writer.used = GDT_SIZE;
    u64 info_virt = 0;
    TRY(write_info(machine, plan, request, module_sizes, &writer, &info_virt));
    u64 sp = prepare_stack(plan, stack, info_virt);
    fill_entry(plan, sp, info_virt, entry);
    return plan->paging ? finish_tables(plan, ram, entry) : OK;
}

/* write_info() takes the structure's place first. */
void native_timings(const struct plan *plan, const struct ram *ram,
                    const struct aloft_timings *timings) {
    u64 at = plan->info_phys + align_up(GDT_SIZE, INFO_ALIGNMENT);
    struct aloft_info *info = (struct aloft_info *)ram_at(ram, at, sizeof *info);
    if (info)
        info->timings = *timings;
}
