/* The information of Multiboot 1 (0.6.96, section 3.3): one structure, and what it points to. */
#include "multiboot_write.h"

/* Offsets in the structure. */
enum {
    AT_FLAGS = 0,
    AT_MEMORY_SIZES = 4,
    AT_BOOT_DEVICE = 12,
    AT_COMMAND_LINE = 16,
    AT_MODULES = 20, /* count, address */
    AT_SYMBOLS = 28,
    AT_MEMORY_MAP = 44, /* size, address */
    AT_DRIVES = 52,     /* size, address */
    AT_CONFIG_TABLE = 60,
    AT_LOADER_NAME = 64,
    AT_APM = 68,
    AT_VBE_CONTROLLER = 72,
    AT_VBE_MODE_INFO = 76,
    AT_VBE_INTERFACE = 80,
    AT_FRAMEBUFFER = 88,
    AT_COLOURS = AT_FRAMEBUFFER + FRAMEBUFFER_SIZE,
    INFO_SIZE = 120,
};

enum flag {
    HAS_MEMORY_SIZES = 1 << 0,
    HAS_BOOT_DEVICE = 1 << 1,
    HAS_COMMAND_LINE = 1 << 2,
    HAS_MODULES = 1 << 3,
    HAS_AOUT_SYMBOLS = 1 << 4,
    HAS_SECTIONS = 1 << 5,
    HAS_MEMORY_MAP = 1 << 6,
    HAS_DRIVES = 1 << 7,
    HAS_CONFIG_TABLE = 1 << 8,
    HAS_LOADER_NAME = 1 << 9,
    HAS_APM = 1 << 10,
    HAS_VBE = 1 << 11,
    HAS_FRAMEBUFFER = 1 << 12,
};

enum { MODULE_SIZE = 16, DRIVE_SIZE = 12, WORD = 4 };

/* The structure under way. */
struct info {
    struct block *block;
    u8 *at;
    u32 flags;
};

/* Room in the block, whose address goes into the structure; NULL if there is none. */
static u8 *take(struct info *info, u32 flag, u32 field, u32 size) {
    u8 *at = block_take(info->block, size, WORD);
    if (!at)
        return NULL;
    info->flags |= flag;
    store32(info->at + field, block_phys(info->block, at));
    return at;
}

static void put(struct info *info, u32 flag, u32 field, const void *bytes, u32 size) {
    u8 *at = take(info, flag, field, size);
    if (at)
        memcpy(at, bytes, size);
}

static void put_text(struct info *info, u32 flag, u32 field, const char *text) {
    put(info, flag, field, text, (u32)string_length(text) + 1);
}

static void write_modules(struct info *info) {
    const struct boot *boot = info->block->boot;
    u32 count = boot->request->module_count;
    u8 *at = count ? take(info, HAS_MODULES, AT_MODULES + 4, count * MODULE_SIZE) : NULL;
    struct info entry = {.block = info->block, .at = at};
    for (u32 i = 0; at && i < count; i++, entry.at += MODULE_SIZE) {
        const char *arguments = boot->request->modules[i].arguments;
        u32 phys = (u32)plan_module_phys(info->block->plan, i);
        store32(entry.at, phys);
        store32(entry.at + 4, phys + (u32)boot->module_sizes[i]);
        put_text(&entry, 0, 8, arguments);
    }
    store32(info->at + AT_MODULES, count);
}

static void write_memory_map(struct info *info) {
    const struct machine *machine = info->block->boot->machine;
    u32 size = machine->memory.count * MEMORY_ENTRY_SIZE;
    u8 *at = take(info, HAS_MEMORY_MAP, AT_MEMORY_MAP + 4, size);
    if (!at)
        return;
    store32(info->at + AT_MEMORY_MAP, size);
    write_memory(machine, at, WORD);
    for (u32 i = 0; i < size; i += MEMORY_ENTRY_SIZE)
        store32(at + i, MEMORY_ENTRY_SIZE - WORD);
}

static void write_symbols(struct info *info) {
    const struct multiboot_symbols *symbols = &info->block->boot->opened->symbols;
    u8 *at = info->at + AT_SYMBOLS;
    u32 run = (u32)info->block->plan->symbols_phys;
    if (!info->block->sections)
        return;
    if (symbols->section_count) {
        info->flags |= HAS_SECTIONS;
        store32(at, symbols->section_count);
        store32(at + 4, symbols->entry_size);
        store32(at + 8, run + (u32)(symbols->table - symbols->run.start));
        store32(at + 12, symbols->name_section);
    } else {
        info->flags |= HAS_AOUT_SYMBOLS;
        store32(at, symbols->symbols_size);
        store32(at + 4, symbols->strings_size);
        store32(at + 8, run);
    }
}

/* Each entry ends with a list of I/O ports, of which there are none known. */
static void write_drives(struct info *info) {
    const struct machine *machine = info->block->boot->machine;
    u32 size = machine->drive_count * DRIVE_SIZE;
    u8 *at = size ? take(info, HAS_DRIVES, AT_DRIVES + 4, size) : NULL;
    if (!at)
        return;
    store32(info->at + AT_DRIVES, size);
    for (u32 i = 0; i < machine->drive_count; i++, at += DRIVE_SIZE) {
        const struct bios_drive *drive = &machine->drives[i];
        store32(at, DRIVE_SIZE);
        at[4] = drive->number;
        at[5] = drive->by_sector_number;
        store16(at + 6, drive->cylinders);
        at[8] = drive->heads;
        at[9] = drive->sectors;
    }
}

static void write_firmware(struct info *info) {
    const struct machine *machine = info->block->boot->machine;
    u8 *at = machine->apm.version ? take(info, HAS_APM, AT_APM, APM_SIZE) : NULL;
    if (at)
        write_apm(&machine->apm, at);
    if (machine->config_table)
        info->flags |= HAS_CONFIG_TABLE;
    store32(info->at + AT_CONFIG_TABLE, machine->config_table);
}

static void write_video(struct info *info) {
    const struct machine *machine = info->block->boot->machine;
    const struct vbe *vbe = &machine->vbe;
    if (write_framebuffer(machine, info->at + AT_FRAMEBUFFER))
        info->flags |= HAS_FRAMEBUFFER;
    if (machine->screen.kind == SCREEN_PIXELS && !machine->screen.red.size) {
        put(info, 0, AT_COLOURS, vbe->colours, vbe->colour_count * 3u);
        store16(info->at + AT_COLOURS + 4, vbe->colour_count);
    }
    if (!vbe->present)
        return;
    u8 *controller = take(info, HAS_VBE, AT_VBE_CONTROLLER, VBE_CONTROLLER_SIZE);
    if (controller)
        write_vbe_controller(vbe, info->block, controller);
    u8 *mode_info = take(info, HAS_VBE, AT_VBE_MODE_INFO, VBE_MODE_SIZE);
    if (mode_info)
        write_vbe_mode(machine, mode_info);
    write_vbe_interface(vbe, info->at + AT_VBE_INTERFACE);
}

/* Drive, then the numbers of the partition and of those in it, each from 0; FFh for none. */
static u32 boot_device(const struct boot_drive *drive) {
    return (u32)drive->bios_number << 24 | (boot_partition(drive) & 0xff) << 16 | 0xffff;
}

void multiboot1_write(struct block *block) {
    const struct boot *boot = block->boot;
    struct info info = {block, block_take(block, INFO_SIZE, WORD),
                        HAS_MEMORY_SIZES | HAS_BOOT_DEVICE};
    if (!info.at)
        return;
    u8 *line = take(&info, HAS_COMMAND_LINE, AT_COMMAND_LINE, command_line_size(boot->request));
    if (line)
        write_command_line(boot->request, line);
    put_text(&info, HAS_LOADER_NAME, AT_LOADER_NAME, loader_name(boot->request));
    write_modules(&info);
    write_memory_map(&info);
    write_memory_sizes(boot->machine, info.at + AT_MEMORY_SIZES);
    store32(info.at + AT_BOOT_DEVICE, boot_device(&boot->machine->drive));
    write_symbols(&info);
    write_drives(&info);
    write_firmware(&info);
    write_video(&info);
    store32(info.at + AT_FLAGS, info.flags);
}
