#include "multiboot.h"

#include "multiboot_write.h"
#include "native.h"
#include "registers.h"

enum {
    /* Everything of a known size: structures, VBE's blocks, palette, drives, firmware tables, GDT.
     */
    FIXED_SIZE = 3584,
    STRING_OVERHEAD = 32, /* a module's entry or tag, its alignment */
    STACK_LEFT = 0x100,   /* as GRUB's ESP: a little below the end */
    BOOT_MAGIC_1 = 0x2badb002,
    BOOT_MAGIC_2 = 0x36d76289,
};

u64 multiboot_info_size(const struct boot *boot) {
    const struct boot_request *request = boot->request;
    const struct multiboot_symbols *symbols = &boot->opened->symbols;
    u64 size = FIXED_SIZE + command_line_size(request);
    size += boot->machine->memory.count * MEMORY_ENTRY_SIZE;
    if (symbols->run.end && request->protocol == PROTOCOL_MULTIBOOT2)
        size += symbols->section_count * symbols->entry_size;
    for (u32 i = 0; i < request->module_count; i++)
        size += string_length(request->modules[i].arguments) + STRING_OVERHEAD;
    return size;
}

u8 *block_take(struct block *block, u32 size, u32 align) {
    u32 at = (u32)align_up(block->used, align);
    if (at > block->size || size > block->size - at) {
        block->full = true;
        return NULL;
    }
    block->used = at + size;
    return block->bytes + at;
}

u32 block_phys(const struct block *block, const u8 *at) {
    return block->phys + (u32)(at - block->bytes);
}

u32 command_line_size(const struct boot_request *request) {
    size_t path =
        request->flags & REQUEST_CMDLINE_PATH ? string_length(request->kernel.path) + 1 : 0;
    return (u32)(path + string_length(request->kernel.arguments) + 1);
}

void write_command_line(const struct boot_request *request, u8 *to) {
    struct text text = text_in((char *)to, command_line_size(request));
    if (request->flags & REQUEST_CMDLINE_PATH) {
        text_string(&text, request->kernel.path);
        if (*request->kernel.arguments)
            text_char(&text, ' ');
    }
    text_string(&text, request->kernel.arguments);
}

const char *loader_name(const struct boot_request *request) {
    return (request->flags & REQUEST_CMDLINE_PATH) ? ALOFT_NAME
                                                   : ALOFT_NAME " (GRUB 2 command line)";
}

void write_memory(const struct machine *machine, u8 *to, u32 shift) {
    for (u32 i = 0; i < machine->memory.count; i++, to += MEMORY_ENTRY_SIZE) {
        const struct memory_range *range = &machine->memory.ranges[i];
        store64(to + shift, range->start);
        store64(to + shift + 8, range->size);
        store32(to + shift + 16, range->kind);
    }
}

/* KiB of usable memory from `start` on, which must lie in it. */
static u32 usable_from(const struct machine *machine, u64 start) {
    const struct memory_range *range = memory_at(&machine->memory, start);
    if (!range || range->kind != MEMORY_USABLE)
        return 0;
    return (u32)min_u64((range->start + range->size - start) >> 10, ~0u);
}

void write_memory_sizes(const struct machine *machine, u8 *to) {
    store32(to, (u32)min_u64(usable_from(machine, 0), 1024));
    store32(to + 4, usable_from(machine, MIB));
}

bool write_framebuffer(const struct machine *machine, u8 *to) {
    const struct screen *screen = &machine->screen;
    enum { INDEXED, COLOURS, TEXT };
    bool text = screen->kind == SCREEN_TEXT, colours = !text && screen->red.size;
    if (screen->kind == SCREEN_NONE)
        return false;
    store64(to, screen->phys);
    store32(to + 8, screen->pitch);
    store32(to + 12, screen->width);
    store32(to + 16, screen->height);
    to[20] = (u8)screen->depth;
    to[21] = text ? TEXT : colours ? COLOURS : INDEXED;
    if (colours)
        memcpy(to + FRAMEBUFFER_SIZE, (const u8 *)screen + __builtin_offsetof(struct screen, red),
               3 * sizeof screen->red);
    return true;
}

void write_apm(const struct apm *apm, u8 *to) {
    memcpy(to, apm, APM_SIZE); /* the fields of struct apm stand as in both versions' tables */
}

void write_vbe_interface(const struct vbe *vbe, u8 *to) {
    store16(to, vbe->mode);
    store16(to + 2, vbe->interface_segment);
    store16(to + 4, vbe->interface_offset);
    store16(to + 6, vbe->interface_size);
}

/* VBE 3.0, section 4.3: real-mode pointers to the OEM's string, the list of modes, and the OEM's
 * names. A BIOS may write what they point to into the block, and then they must follow it. */
void write_vbe_controller(const struct vbe *vbe, struct block *block, u8 *to) {
    static const u8 pointers[] = {6, 14, 22, 26, 30};
    u32 phys = block_phys(block, to);
    memcpy(to, vbe->controller, VBE_CONTROLLER_SIZE);
    for (u32 i = 0; i < ARRAY_COUNT(pointers) && phys < MIB; i++) {
        u8 *at = to + pointers[i];
        u32 into = load16(at) + ((u32)load16(at + 2) << 4) - vbe->controller_phys;
        if (into < VBE_CONTROLLER_SIZE)
            store32(at, (phys + into) >> 4 << 16 | ((phys + into) & 15));
    }
}

/* VBE 3.0, section 4.4: width at 12h, height at 14h. The memory model at 1Bh is 0 for text. */
void write_vbe_mode(const struct machine *machine, u8 *to) {
    memcpy(to, machine->vbe.mode_info, VBE_MODE_SIZE);
    if (machine->screen.kind != SCREEN_TEXT)
        return;
    store16(to + 0x12, (u16)machine->screen.width);
    store16(to + 0x14, (u16)machine->screen.height);
}

/* A partition that begins where the drive does is the drive: so are CDs' images on disks. */
u32 boot_partition(const struct boot_drive *drive) {
    return drive->partition_start ? drive->partition - 1 : ~0u;
}

/* The table as it was loaded, its addresses filled in. */
static const u8 *patched_sections(const struct boot *boot, const struct plan *plan,
                                  const struct ram *ram) {
    const struct multiboot_symbols *symbols = &boot->opened->symbols;
    u8 *bytes = plan->symbols_phys
                    ? ram_at(ram, plan->symbols_phys, symbols->run.end - symbols->run.start)
                    : NULL;
    if (!bytes)
        return NULL;
    multiboot_patch_sections(symbols, bytes, (u32)plan->symbols_phys);
    if (!symbols->section_count)
        store32(bytes, symbols->symbols_size); /* a.out: in front of the symbols */
    return bytes + (symbols->table - symbols->run.start);
}

struct error multiboot_finish(const struct boot *boot, const struct plan *plan,
                              const struct ram *ram, struct cpu_entry *entry) {
    struct block block = {.boot = boot,
                          .plan = plan,
                          .ram = ram,
                          .bytes = ram_at(ram, plan->info_phys, plan->info_size),
                          .phys = (u32)plan->info_phys,
                          .size = (u32)plan->info_size - GDT_SIZE,
                          .sections = patched_sections(boot, plan, ram)};
    bool first = boot->request->protocol == PROTOCOL_MULTIBOOT1;
    if (!block.bytes)
        return error_make(ERROR_PLAN_MEMORY, .name = "the handoff", .number = {0, 0, 0});
    memset(block.bytes, 0, (size_t)plan->info_size);
    if (first)
        multiboot1_write(&block);
    else
        multiboot2_write(&block);
    if (block.full)
        return error_make(ERROR_PLAN_TOO_MANY, .name = "bytes of boot information",
                          .number = {block.size});
    registers_gdt(block.bytes + block.size, plan->image->bits);
    registers_begin(plan, plan->info_phys + block.size, entry);
    entry->sp = plan->handoff_phys + plan->stack_size - STACK_LEFT;
    entry->ax = first ? BOOT_MAGIC_1 : BOOT_MAGIC_2;
    entry->bx = plan->info_phys;
    return OK;
}
