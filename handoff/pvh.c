#include "pvh.h"

#include "bytes.h"
#include "firmware_map.h"
#include "registers.h"

enum {
    START_MAGIC = 0x336ec578,
    START_SIZE = 56,
    MAP_ENTRY = 24,
    MODULE_ENTRY = 32,
};

struct error pvh_open(struct image *image) {
    if (!image->pvh_entry || image->pvh_entry >> 32)
        return error_make(ERROR_PVH_NONE, .name = image->name);
    bool inside = false;
    for (u32 i = 0; i < image->segment_count; i++) {
        struct segment *segment = &image->segments[i];
        inside |= range_has((struct range){segment->phys, segment->memory_size}, image->pvh_entry);
        segment->virt = segment->phys;
    }
    if (!inside)
        return error_make(ERROR_PVH_ENTRY, .name = image->name, .number = {image->pvh_entry});
    image->bits = 32;
    image->relocatable = false;
    image->entry = image->entry_virt = image->entry_phys = image->pvh_entry;
    return OK;
}

u64 pvh_info_size(const struct machine *machine, const struct boot_request *request) {
    u64 size = START_SIZE + GDT_SIZE + machine->memory.count * MAP_ENTRY +
               string_length(request->kernel.arguments) + 1;
    for (u32 i = 0; i < request->module_count; i++)
        size += MODULE_ENTRY + string_length(request->modules[i].arguments) + 1;
    return size;
}

/* The block under way: its start, and the end of what is written. */
struct block {
    u8 *start;
    u64 phys;
    u32 used;
};

/* Takes `size` bytes, whose physical address goes to `field`. */
static u8 *take(struct block *block, u32 size, u8 *field) {
    u8 *at = block->start + block->used;
    store64(field, block->phys + block->used);
    block->used += size;
    return at;
}

static void put_string(struct block *block, const char *string, u8 *field) {
    u32 size = (u32)string_length(string) + 1;
    memcpy(take(block, size, field), string, size);
}

struct error pvh_finish(const struct machine *machine, const struct plan *plan,
                        const struct boot_request *request, const u64 *module_sizes,
                        const struct ram *ram, struct cpu_entry *entry) {
    u8 *info = ram_at(ram, plan->info_phys, plan->info_size), gdt_phys[8];
    if (!info)
        return error_make(ERROR_PLAN_MEMORY, .name = "the handoff");
    struct block block = {info, plan->info_phys, START_SIZE};
    u32 ranges = machine->memory.count, modules = request->module_count;
    memset(info, 0, (size_t)plan->info_size);
    store32(info, START_MAGIC);
    store32(info + 4, 1); /* version */
    store32(info + 12, modules);
    u8 *gdt = take(&block, GDT_SIZE, gdt_phys);
    u8 *list = take(&block, modules * MODULE_ENTRY, info + 16);
    store64(info + 32, machine->rsdp);
    firmware_map(&machine->memory, take(&block, ranges * MAP_ENTRY, info + 40), MAP_ENTRY);
    store32(info + 48, ranges);
    put_string(&block, request->kernel.arguments, info + 24);
    for (u32 i = 0; i < modules; i++, list += MODULE_ENTRY) {
        store64(list, plan_module_phys(plan, i));
        store64(list + 8, module_sizes[i]);
        put_string(&block, request->modules[i].arguments, list + 16);
    }
    registers_begin(plan, load64(gdt_phys), entry);
    registers_gdt(gdt, 32);
    entry->sp = plan->info_phys;
    entry->bx = plan->info_phys;
    return OK;
}
