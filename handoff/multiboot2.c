/* The information of Multiboot 2 (2.0, section 3.6): tags, in the order in which GRUB writes them.
 */
#include "multiboot_write.h"

enum information_tag {
    TAG_END = 0,
    TAG_COMMAND_LINE = 1,
    TAG_LOADER_NAME = 2,
    TAG_MODULE = 3,
    TAG_MEMORY_SIZES = 4,
    TAG_BOOT_DEVICE = 5,
    TAG_MEMORY_MAP = 6,
    TAG_VBE = 7,
    TAG_FRAMEBUFFER = 8,
    TAG_SECTIONS = 9,
    TAG_APM = 10,
    TAG_SMBIOS = 13,
    TAG_ACPI_OLD = 14,
    TAG_ACPI_NEW = 15,
    TAG_LOAD_BASE = 21,
};

enum { TAG_HEADER = 8, RSDP_SIZE_MAX = 64, SMBIOS_SIZE_MAX = 32 };

/* A tag with `size` bytes behind its header; NULL if there is no room. */
static u8 *put_tag(struct block *block, enum information_tag type, u32 size) {
    u8 *at = block_take(block, TAG_HEADER + size, 8);
    if (!at)
        return NULL;
    store32(at, type);
    store32(at + 4, TAG_HEADER + size);
    return at + TAG_HEADER;
}

static void put_bytes(struct block *block, enum information_tag type, const void *bytes, u32 size) {
    u8 *at = bytes ? put_tag(block, type, size) : NULL;
    if (at)
        memcpy(at, bytes, size);
}

static void put_words(struct block *block, enum information_tag type, const u32 *words, u32 count) {
    u8 *at = put_tag(block, type, 4 * count);
    for (u32 i = 0; at && i < count; i++)
        store32(at + 4 * i, words[i]);
}

static void put_modules(struct block *block) {
    const struct boot_request *request = block->boot->request;
    for (u32 i = 0; i < request->module_count; i++) {
        const char *arguments = request->modules[i].arguments;
        u32 size = (u32)string_length(arguments) + 1;
        u32 phys = (u32)plan_module_phys(block->plan, i);
        u8 *at = put_tag(block, TAG_MODULE, 8 + size);
        if (!at)
            return;
        store32(at, phys);
        store32(at + 4, phys + (u32)block->boot->module_sizes[i]);
        memcpy(at + 8, arguments, size);
    }
}

static void put_memory_map(struct block *block) {
    const struct machine *machine = block->boot->machine;
    u8 *at = put_tag(block, TAG_MEMORY_MAP, 8 + machine->memory.count * MEMORY_ENTRY_SIZE);
    if (!at)
        return;
    store32(at, MEMORY_ENTRY_SIZE);
    write_memory(machine, at + 8, 0);
}

/* Without section headers the tag is there and empty. */
static void put_sections(struct block *block) {
    const struct multiboot_symbols *symbols = &block->boot->opened->symbols;
    bool some = block->sections && symbols->section_count;
    u32 size = some ? symbols->section_count * symbols->entry_size : 0;
    u8 *at = put_tag(block, TAG_SECTIONS, 12 + size);
    if (!at || !some)
        return;
    store32(at, symbols->section_count);
    store32(at + 4, symbols->entry_size);
    store32(at + 8, symbols->name_section);
    memcpy(at + 12, block->sections, size);
}

static void put_framebuffer(struct block *block) {
    const struct machine *machine = block->boot->machine;
    const struct vbe *vbe = &machine->vbe;
    const struct screen *screen = &machine->screen;
    bool pixels = screen->kind == SCREEN_PIXELS, indexed = pixels && !screen->red.size;
    if (pixels && vbe->present) {
        u8 *at = put_tag(block, TAG_VBE, 8 + VBE_CONTROLLER_SIZE + VBE_MODE_SIZE);
        if (!at)
            return;
        write_vbe_interface(vbe, at);
        write_vbe_controller(vbe, block, at + 8);
        write_vbe_mode(machine, at + 8 + VBE_CONTROLLER_SIZE);
    }
    if (screen->kind == SCREEN_NONE)
        return;
    u32 colours = indexed ? 2 + 3u * vbe->colour_count : pixels ? 6 : 0;
    u8 *at = put_tag(block, TAG_FRAMEBUFFER, FRAMEBUFFER_SIZE + colours);
    if (!at || !write_framebuffer(machine, at) || !indexed)
        return;
    store16(at + FRAMEBUFFER_SIZE, vbe->colour_count);
    memcpy(at + FRAMEBUFFER_SIZE + 2, vbe->colours, 3u * vbe->colour_count);
}

/* The entry point structure of SMBIOS 2: its length at 5, version at 6 and 7 (SMBIOS 3.7,
 * section 5.2.1). */
static void put_smbios(struct block *block) {
    const struct machine *machine = block->boot->machine;
    const u8 *from = machine->smbios ? ram_at(block->ram, machine->smbios, SMBIOS_SIZE_MAX) : NULL;
    if (!from || from[5] > SMBIOS_SIZE_MAX)
        return;
    u8 *at = put_tag(block, TAG_SMBIOS, 8u + from[5]);
    if (!at)
        return;
    at[0] = from[6];
    at[1] = from[7];
    memcpy(at + 8, from, from[5]);
}

/* Copies of the root pointer: its first 20 bytes, and all of it where it is of version 2 (ACPI 6.5,
 * section 5.2.5.3). */
static void put_acpi(struct block *block) {
    u64 phys = block->boot->machine->rsdp;
    const u8 *rsdp = phys ? ram_at(block->ram, phys, RSDP_SIZE_MAX) : NULL;
    if (!rsdp)
        return;
    put_bytes(block, TAG_ACPI_OLD, rsdp, RSDP_1_SIZE);
    u32 length = load32(rsdp + RSDP_LENGTH);
    if (rsdp[15] >= 2 && length <= RSDP_SIZE_MAX)
        put_bytes(block, TAG_ACPI_NEW, rsdp, length);
}

static u32 load_base(const struct image *image) {
    u64 base = ~(u64)0;
    for (u32 i = 0; i < image->segment_count; i++)
        base = min_u64(base, image->segments[i].phys);
    return (u32)base;
}

static void put_firmware(struct block *block) {
    const struct apm *apm = &block->boot->machine->apm;
    u8 *at = apm->version ? put_tag(block, TAG_APM, APM_SIZE) : NULL;
    if (at)
        write_apm(apm, at);
}

void multiboot2_write(struct block *block) {
    const struct boot *boot = block->boot;
    const struct boot_drive *drive = &boot->machine->drive;
    const char *name = loader_name(boot->request);
    u32 base = load_base(boot->image);
    u8 *total = block_take(block, 8, 8), *at;
    if (!total)
        return;
    put_words(block, TAG_LOAD_BASE, &base, 1);
    if ((at = put_tag(block, TAG_COMMAND_LINE, command_line_size(boot->request))))
        write_command_line(boot->request, at);
    put_bytes(block, TAG_LOADER_NAME, name, (u32)string_length(name) + 1);
    put_firmware(block);
    put_modules(block);
    put_memory_map(block);
    put_sections(block);
    if ((at = put_tag(block, TAG_MEMORY_SIZES, 8)))
        write_memory_sizes(boot->machine, at);
    put_words(block, TAG_BOOT_DEVICE, (u32[]){drive->bios_number, boot_partition(drive), ~0u}, 3);
    put_framebuffer(block);
    put_smbios(block);
    put_acpi(block);
    put_words(block, TAG_END, &base, 0);
    store32(total, block->used);
}
