#include "linux.h"

#include "bytes.h"
#include "check.h"
#include "firmware_map.h"
#include "registers.h"

/* Offsets in file and zero page (boot.rst, "The Real-Mode Kernel Header"). */
enum {
    SETUP_SECTORS = 0x1f1,
    CODE_SIZE = 0x1f4, /* in 16 bytes */
    VIDEO_MODE = 0x1fa,
    JUMP = 0x201, /* the header ends so many bytes behind 0x202 */
    MAGIC = 0x202,
    VERSION = 0x206,
    LOADER_TYPE = 0x210,
    LOAD_FLAGS = 0x211,
    CODE_START = 0x214,
    INITRD = 0x218, /* address, size */
    COMMAND_LINE = 0x228,
    INITRD_LAST = 0x22c,
    ALIGNMENT = 0x230,
    RELOCATABLE = 0x234,
    LEAST_ALIGNMENT = 0x235, /* as a power of two */
    MORE_FLAGS = 0x236,
    COMMAND_LINE_MOST = 0x238,
    PREFERRED = 0x258,
    INIT_SIZE = 0x260,
};

/* And in the zero page alone. */
enum {
    CURSOR = 0x00,    /* column, row */
    TEXT_MODE = 0x06, /* mode, columns */
    EGA_MEMORY = 0x0a,
    TEXT_LINES = 0x0e,
    SCREEN_TYPE = 0x0f,
    CELL_HEIGHT = 0x10,
    PIXELS = 0x12, /* width, height, depth */
    PIXELS_PHYS = 0x18,
    PIXELS_SIZE = 0x1c, /* in 64 KiB */
    PIXELS_PITCH = 0x24,
    PIXELS_COLOURS = 0x26,
    RSDP = 0x70,
    INITRD_HIGH = 0xc0, /* the upper halves of address and size */
    MAP_COUNT = 0x1e8,
    MAP = 0x2d0,
    MAP_STRIDE = 20,
};

enum {
    MAGIC_HDRS = 0x53726448,
    VERSION_LEAST = 0x203, /* the first that says how high an initrd may lie */
    LOADED_HIGH = 1,       /* of LOAD_FLAGS */
    KERNEL_64 = 1,         /* of MORE_FLAGS: it has a 64-bit entry */
    ABOVE_4G = 2,          /* likewise: initrds may lie anywhere */
    VERSION_64 = 0x20c,    /* the first with these flags */
    ENTRY_64 = 0x200,      /* in the code */
    LOADER_UNKNOWN = 0xff, /* Aloft has no number of its own */
    INITRD_LAST_OLD = 0x37ffffff,
    COMMAND_LINE_MOST_OLD = 255,
    SCREEN_VGA = 1,
    SCREEN_VESA_PIXELS = 0x23,
    PALETTE_BITS = 6, /* of a colour that has a number, in a VGA's palette */
    BIOS_CURSOR = 0x450,
};

static const char boot_image[] = "BOOT_IMAGE=";

static const u8 *field(const struct linux_kernel *linux, u32 offset) {
    return linux->header + (offset - LINUX_HEADER);
}

static u32 field32(const struct linux_kernel *linux, u32 offset) {
    return load32(field(linux, offset));
}

/* ---- the kernel's place ---- */

static bool fits(const struct machine *machine, u64 start, u64 size) {
    const struct memory_range *range = memory_at(&machine->memory, start);
    return range && range->kind == MEMORY_USABLE && start >= MIB &&
           size <= range->start + range->size - start;
}

/* Never below `*phys`, the preferred place: loaded lower, kernels move themselves up to it. */
static bool find_place(const struct machine *machine, u64 alignment, u64 size, u64 *phys) {
    u64 least = max_u64(*phys, MIB);
    for (u32 i = 0; i < machine->memory.count; i++) {
        u64 start = align_up(max_u64(machine->memory.ranges[i].start, least), alignment);
        if (fits(machine, start, size)) {
            *phys = start;
            return true;
        }
    }
    return false;
}

/* The alignment that is made use of goes into the header. */
static u64 choose_place(const struct machine *machine, struct linux_kernel *linux, u64 size) {
    u64 preferred = load64(field(linux, PREFERRED)), phys = preferred ? preferred : MIB;
    u32 alignment = field32(linux, ALIGNMENT), power = *field(linux, LEAST_ALIGNMENT);
    u32 least = power && power < 32 ? 1u << power : alignment;
    if (fits(machine, phys, size) || !*field(linux, RELOCATABLE) || alignment & (alignment - 1))
        return phys;
    for (; alignment >= least && alignment >= PAGE_SIZE; alignment >>= 1)
        if (find_place(machine, alignment, size, &phys)) {
            store32((u8 *)field(linux, ALIGNMENT), alignment);
            break;
        }
    return phys;
}

static struct error read_header(const struct source *kernel, struct linux_kernel *linux) {
    struct error no_linux = error_make(ERROR_LINUX_MAGIC, .name = kernel->name);
    if (kernel->size < LINUX_HEADER_END)
        return no_linux;
    TRY(source_read(kernel, LINUX_HEADER, linux->header, sizeof linux->header));
    if (field32(linux, MAGIC) != MAGIC_HDRS)
        return no_linux;
    u32 end = MAGIC + *field(linux, JUMP), version = load16(field(linux, VERSION));
    if (end < LINUX_HEADER_END)
        memset((u8 *)field(linux, end), 0, LINUX_HEADER_END - end);
    if (version < VERSION_LEAST || !(*field(linux, LOAD_FLAGS) & LOADED_HIGH))
        return error_make(ERROR_LINUX_OLD, .name = kernel->name, .number = {version});
    return OK;
}

static bool has_flag(const struct linux_kernel *linux, u32 flag) {
    return load16(field(linux, VERSION)) >= VERSION_64 && *field(linux, MORE_FLAGS) & flag;
}

static struct error check_bits(const struct machine *machine, const char *name, u32 bits,
                               const struct linux_kernel *linux) {
    if (!has_flag(linux, KERNEL_64))
        return bits == 32 ? OK
                          : error_make(ERROR_LINUX_NO_64, .name = name,
                                       .number = {load16(field(linux, VERSION)),
                                                  load16(field(linux, MORE_FLAGS))});
    return machine->cpu.features & CPU_LONG_MODE ? OK
                                                 : error_make(ERROR_PLAN_LONG_MODE, .name = name);
}

struct error linux_open(const struct source *kernel, const struct machine *machine, u32 bits,
                        struct image *image, struct linux_kernel *linux) {
    TRY(read_header(kernel, linux));
    TRY(check_bits(machine, kernel->name, bits, linux));
    u32 entry = bits == 64 ? ENTRY_64 : 0;
    u32 sectors = *field(linux, SETUP_SECTORS), start = ((sectors ? sectors : 4) + 1) << 9;
    u64 size = kernel->size < start ? 0 : kernel->size - start;
    u64 code = (u64)field32(linux, CODE_SIZE) << 4, memory = field32(linux, INIT_SIZE);
    if (load16(field(linux, VERSION)) < 0x204)
        code = 1;                          /* the upper half of the field is not to be relied on */
    if (size + 15 < code || size <= entry) /* the last paragraph need not be full */
        return error_make(ERROR_LINUX_SHORT, .name = kernel->name,
                          .number = {max_u64(code, entry + 1), size});
    /* A kernel that does not say how much it needs: thrice its size has always been enough. */
    memory = max_u64(memory ? memory : 3 * size, size);
    u64 phys = choose_place(machine, linux, memory);
    memset(image, 0, sizeof *image);
    image->name = kernel->name;
    image->bits = bits;
    image->file_size = kernel->size;
    image->entry = image->entry_virt = image->entry_phys = phys + entry;
    image->segment_count = 1;
    image->segments[0] = (struct segment){.rights = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE,
                                          .offset = start,
                                          .file_size = size,
                                          .memory_size = memory,
                                          .phys = phys,
                                          .virt = phys};
    return OK;
}

/* ---- the plan ---- */

static u32 command_line_length(const struct boot_request *request) {
    return (u32)(sizeof boot_image + string_length(request->kernel.path) +
                 string_length(request->kernel.arguments));
}

struct error linux_wish(const struct boot_request *request, const struct linux_kernel *linux,
                        struct plan_request *wish) {
    u32 length = command_line_length(request), most = field32(linux, COMMAND_LINE_MOST);
    u32 last = field32(linux, INITRD_LAST);
    u64 end = linux->line.memory_end - 1; /* without an end, that of all */
    if (!most)
        most = COMMAND_LINE_MOST_OLD;
    if (length > most)
        return error_make(ERROR_LINUX_COMMAND_LINE, .name = request->kernel.path,
                          .number = {most, length});
    wish->info_size = PAGE_SIZE + LINUX_GDT_SIZE + length + 1;
    wish->modules_joined = true;
    wish->modules_below = min_u64(last ? last : INITRD_LAST_OLD, end) + 1;
    if (wish->image->bits == 64 && has_flag(linux, ABOVE_4G))
        wish->modules_else = min_u64(((u64)1 << wish->machine->cpu.physical_bits) - 1, end) + 1;
    return OK;
}

void linux_trim(struct plan *plan) {
    for (u32 i = 0; i < plan->load_count; i++)
        if (!plan->loads[i].file)
            plan->loads[i].memory_size = plan->loads[i].file_size;
}

/* ---- the zero page ---- */

/* What the setup code would have asked the BIOS. */
static void write_text_screen(const struct screen *screen, const struct ram *ram, u8 *page) {
    const u8 *cursor = ram_at(ram, BIOS_CURSOR, 2);
    if (cursor)
        memcpy(page + CURSOR, cursor, 2);
    page[TEXT_MODE] = 3;
    page[TEXT_MODE + 1] = (u8)screen->width;
    page[EGA_MEMORY] = 3; /* 256 KiB, so this is no older card */
    page[TEXT_LINES] = (u8)screen->height;
    page[SCREEN_TYPE] = SCREEN_VGA;
    page[CELL_HEIGHT] = 16;
}

static void write_pixel_screen(const struct screen *screen, u8 *page) {
    const struct colour_bits *colours[] = {&screen->red, &screen->green, &screen->blue};
    page[SCREEN_TYPE] = SCREEN_VESA_PIXELS;
    store32(page + PIXELS, screen->width | screen->height << 16);
    store16(page + PIXELS + 4, (u16)screen->depth);
    store32(page + PIXELS_PHYS, (u32)screen->phys);
    store32(page + PIXELS_SIZE, (screen->pitch * screen->height + 0xffff) >> 16);
    store16(page + PIXELS_PITCH, (u16)screen->pitch);
    for (u32 i = 0; i < ARRAY_COUNT(colours); i++) {
        page[PIXELS_COLOURS + 2 * i] = colours[i]->size ? colours[i]->size : PALETTE_BITS;
        page[PIXELS_COLOURS + 2 * i + 1] = colours[i]->position;
    }
}

static void write_zero_page(const struct machine *machine, const struct plan *plan, u8 *page) {
    store16(page + VIDEO_MODE, 0xffff); /* as it is */
    page[LOADER_TYPE] = LOADER_UNKNOWN;
    store32(page + CODE_START, (u32)plan->image->segments[0].phys);
    store32(page + COMMAND_LINE, (u32)(plan->info_phys + PAGE_SIZE + LINUX_GDT_SIZE));
    store64(page + RSDP, machine->rsdp);
}

/* The page tables are the kernel's until it has made its own. Its choice of a place at random looks
 * at this map alone, so they are no free memory there. */
static struct error write_map(const struct machine *machine, const struct plan *plan, u8 *page) {
    struct memory_map map;
    struct memory_range raw[MEMORY_RANGES_MAX + 1];
    u32 count = machine->memory.count;
    memcpy(raw, machine->memory.ranges, count * sizeof raw[0]);
    raw[count] = (struct memory_range){plan->tables_phys, plan->table_frames * PAGE_SIZE,
                                       MEMORY_RESERVED, MEMORY_RESERVED};
    TRY(memory_normalise(raw, count + 1, &map));
    page[MAP_COUNT] = (u8)map.count;
    firmware_map(&map, page + MAP, MAP_STRIDE);
    return OK;
}

static void write_initrd(const struct plan *plan, u32 count, const u64 *sizes, u8 *page) {
    u64 size = 0, phys = plan_module_phys(plan, 0);
    for (u32 i = 0; i < count; i++)
        size = align_up(size, 4) + sizes[i];
    if (!size)
        return;
    store32(page + INITRD, (u32)phys);
    store32(page + INITRD + 4, (u32)size);
    store32(page + INITRD_HIGH, (u32)(phys >> 32));
    store32(page + INITRD_HIGH + 4, (u32)(size >> 32));
}

/* Code and data stand one place further than elsewhere: 10h and 18h. */
static void set_registers(const struct plan *plan, u8 *gdt, struct cpu_entry *entry) {
    registers_begin(plan, plan->info_phys + PAGE_SIZE, entry);
    memmove(entry->gdt + LINUX_CODE, entry->gdt + SELECTOR_CODE, GDT_SIZE - SELECTOR_CODE);
    memcpy(gdt, entry->gdt, LINUX_GDT_SIZE);
    store16(entry->gdt_here, LINUX_GDT_SIZE - 1);
    store16(entry->gdt_virtual, LINUX_GDT_SIZE - 1);
    entry->code = LINUX_CODE;
    entry->data = LINUX_DATA;
    entry->sp = plan->handoff_virt + plan->stack_size - 16;
    entry->si = plan->info_phys;
}

struct error linux_finish(const struct machine *machine, const struct plan *plan,
                          const struct boot_request *request, const u64 *module_sizes,
                          const struct linux_kernel *linux, const struct ram *ram,
                          struct cpu_entry *entry) {
    u8 *page = ram_at(ram, plan->info_phys, plan->info_size);
    if (!page)
        return error_make(ERROR_PLAN_MEMORY, .name = "the handoff");
    memset(page, 0, (size_t)plan->info_size);
    memcpy(page + LINUX_HEADER, linux->header, sizeof linux->header);
    write_zero_page(machine, plan, page);
    TRY(write_map(machine, plan, page));
    write_initrd(plan, request->module_count, module_sizes, page);
    if (machine->screen.kind == SCREEN_TEXT)
        write_text_screen(&machine->screen, ram, page);
    if (machine->screen.kind == SCREEN_PIXELS)
        write_pixel_screen(&machine->screen, page);
    u8 *gdt = page + PAGE_SIZE;
    struct text line = text_in((char *)gdt + LINUX_GDT_SIZE, command_line_length(request) + 1);
    text_string(&line, boot_image);
    text_string(&line, request->kernel.path);
    text_char(&line, ' ');
    text_string(&line, request->kernel.arguments);
    set_registers(plan, gdt, entry);
    return plan->paging ? finish_tables(plan, ram, entry) : OK;
}
