#include "model.h"

#include <string.h>

#include "message.h"

/* ---- processors ---- */

enum {
    I486 = CPU_WP | CPU_CPUID | CPU_PSE,
    PENTIUM = I486 | CPU_MSR,
    PENTIUM2 = PENTIUM | CPU_PAE | CPU_PGE | CPU_PAT,
    NX32 = PENTIUM2 | CPU_NX,
    LONG = NX32 | CPU_LONG_MODE,
    LONG_1G = LONG | CPU_PAGE_1G,
};

static const char intel[] = "GenuineIntel", amd[] = "AuthenticAMD";

/* QEMU has 40 address bits for 64-bit processors under TCG, whatever the real ones have. */
static const struct {
    const char *name;
    const char *vendor;
    u32 features;
    u8 physical_bits;
} cpus[] = {
    {"486", intel, I486, 32},
    {"pentium", intel, PENTIUM, 32},
    {"pentium2", intel, PENTIUM2, 36},
    {"pentium3", intel, PENTIUM2, 36},
    {"athlon", amd, PENTIUM2, 36},
    {"n270", intel, NX32, 32},
    {"coreduo", intel, NX32, 32},
    {"qemu32", intel, PENTIUM2, 36},
    {"kvm32", intel, PENTIUM2, 36},
    {"core2duo", intel, LONG, 40},
    {"qemu64", amd, LONG, 40},
    {"kvm64", intel, LONG, 40},
    {"phenom", amd, LONG_1G, 40},
    {"Conroe", intel, LONG, 40},
    {"Penryn", intel, LONG, 40},
    {"Nehalem", intel, LONG, 40},
    {"Westmere", intel, LONG, 40},
    {"SandyBridge", intel, LONG, 40},
    {"IvyBridge", intel, LONG | CPU_SMEP, 40},
    {"Haswell", intel, LONG | CPU_SMEP, 40},
    {"Broadwell", intel, LONG | CPU_SMEP, 40},
    {"Skylake-Client", intel, LONG | CPU_SMEP, 40},
    {"Skylake-Server", intel, LONG_1G | CPU_SMEP, 40},
    {"Icelake-Server", intel, LONG_1G | CPU_LA57 | CPU_SMEP | CPU_UMIP, 40},
    {"Opteron_G1", amd, LONG, 40},
    {"EPYC", amd, LONG_1G | CPU_SMEP, 40},
    {"EPYC-Rome", amd, LONG_1G | CPU_SMEP | CPU_UMIP, 40},
    {"max", amd, LONG_1G | CPU_LA57 | CPU_SMEP | CPU_UMIP, 40},
};

/* The features that can be switched, as QEMU's -cpu NAME,FEATURE=on|off calls them. */
static const struct {
    const char *name;
    u32 feature;
} switches[] = {
    {"pse", CPU_PSE},   {"pae", CPU_PAE},      {"pge", CPU_PGE},         {"pat", CPU_PAT},
    {"nx", CPU_NX},     {"lm", CPU_LONG_MODE}, {"pdpe1gb", CPU_PAGE_1G}, {"la57", CPU_LA57},
    {"smep", CPU_SMEP}, {"umip", CPU_UMIP},
};

static NO_RETURN void no_such_cpu(const char *who, const char *words) {
    char known[512];
    struct text text = TEXT_IN(known);
    for (size_t i = 0; i < ARRAY_COUNT(cpus); i++) {
        text_string(&text, i ? ", " : "");
        text_string(&text, cpus[i].name);
    }
    die(who, "no model of the processor \"%s\"; there are %s", words, known);
}

/* "la57=off": one feature more or less. */
static void switch_feature(const char *who, const char *word, struct cpu *cpu) {
    char known[256];
    struct text text = TEXT_IN(known);
    for (size_t i = 0; i < ARRAY_COUNT(switches); i++) {
        size_t length = strlen(switches[i].name);
        bool found = strncmp(word, switches[i].name, length) == 0;
        if (found && strcmp(word + length, "=on") == 0) {
            cpu->features |= switches[i].feature;
            return;
        }
        if (found && strcmp(word + length, "=off") == 0) {
            cpu->features &= ~switches[i].feature;
            return;
        }
        text_string(&text, i ? ", " : "");
        text_string(&text, switches[i].name);
    }
    die(who, "\"%s\" changes no processor; after the name and a comma write FEATURE=on or =off: %s",
        word, known);
}

/* QEMU has 40 address bits for a processor with long mode, 36 for one that it took away from. */
static void set_cpu(const char *who, const char *words, struct cpu *cpu) {
    char *name = make_text("%s", words), *rest = name;
    name = strsep(&rest, ",");
    size_t i = 0;
    while (i < ARRAY_COUNT(cpus) && !string_equal(cpus[i].name, name))
        i++;
    if (i == ARRAY_COUNT(cpus))
        no_such_cpu(who, name);
    *cpu = (struct cpu){.features = cpus[i].features, .physical_bits = cpus[i].physical_bits};
    memcpy(cpu->vendor, cpus[i].vendor, sizeof intel);
    for (char *word; (word = strsep(&rest, ","));)
        switch_feature(who, word, cpu);
    bool was_long = cpus[i].features & CPU_LONG_MODE, is_long = cpu->features & CPU_LONG_MODE;
    if (was_long != is_long)
        cpu->physical_bits = is_long ? 40 : 36;
}

/* ---- memory ---- */

/* Two chipsets. RAM lies below `split_at` while it is smaller than that; else only `low_max` of it
 * does, and the rest from 4 GiB up (QEMU, hw/i386/pc_piix.c and pc_q35.c). SeaBIOS keeps its tables
 * in the last `tables` bytes of what is below 4 GiB. */
struct chipset {
    const char *name;
    u64 split_at, low_max;
    u32 tables;
    u32 reserved_count;
    struct range reserved[3];
};

static const struct chipset chipsets[] = {
    {"pc", 0xe0000000, 0xc0000000, 0x20000, 1, {{0xfffc0000, 0x40000}}},
    {"q35",
     0xb0000000,
     0x80000000,
     0x21000,
     3,
     {{0xb0000000, 0x10000000}, {0xfed1c000, 0x4000}, {0xfffc0000, 0x40000}}},
};

enum {
    LOW_END = 0x9fc00, /* the extended BIOS data area begins */
    LOW_TOP = 0xa0000,
    BIOS_START = 0xf0000,
    RANGES = 12,
};

/* HyperTransport's addresses, which QEMU reserves where the processor is AMD's and can reach them.
 */
static const struct range hyper_transport = {0xfd00000000, 0x300000000};

struct raw_map {
    u32 count;
    struct memory_range ranges[RANGES];
};

static void add(struct raw_map *map, u64 start, u64 size, u32 type) {
    map->ranges[map->count++] = (struct memory_range){
        .start = start, .size = size, .kind = memory_kind_of_bios_type(type), .bios_type = type};
}

static void set_memory(const char *who, const struct chipset *chipset, u64 size,
                       struct machine *machine) {
    struct raw_map raw = {.count = 0};
    u64 low = size < chipset->split_at ? size : chipset->low_max;
    u64 tables = low - chipset->tables;
    add(&raw, 0, LOW_END, MEMORY_USABLE);
    add(&raw, LOW_END, LOW_TOP - LOW_END, MEMORY_RESERVED);
    add(&raw, BIOS_START, MIB - BIOS_START, MEMORY_RESERVED);
    add(&raw, MIB, tables - MIB, MEMORY_USABLE);
    add(&raw, tables, chipset->tables, MEMORY_RESERVED);
    for (u32 i = 0; i < chipset->reserved_count; i++)
        add(&raw, chipset->reserved[i].start, chipset->reserved[i].size, MEMORY_RESERVED);
    add(&raw, 4 * GIB, size - low, MEMORY_USABLE);
    if (string_equal(machine->cpu.vendor, amd) && machine->cpu.physical_bits >= 40)
        add(&raw, hyper_transport.start, hyper_transport.size, MEMORY_RESERVED);
    struct error error = memory_normalise(raw.ranges, raw.count, &machine->memory);
    if (error.code)
        die(who, "the memory of this model is no map; report this");
    machine->acpi_tables = tables;
}

/* ---- the screen ---- */

/* QEMU's standard VGA with SeaBIOS's VGA BIOS: sizes, and the numbers of their modes with 16, 24
 * and 32 bits a pixel. What the monitor prefers is the size that QEMU's EDID says. */
static const struct {
    u16 width, height, number[3];
} vga_modes[] = {
    {320, 200, {0x10e, 0x10f, 0x140}},   {640, 400, {0, 0, 0x141}},
    {640, 480, {0x111, 0x112, 0x142}},   {800, 600, {0x114, 0x115, 0x143}},
    {1024, 768, {0x117, 0x118, 0x144}},  {1280, 1024, {0x11a, 0x11b, 0x145}},
    {1600, 1200, {0x11e, 0x11f, 0x147}}, {1152, 864, {0x14a, 0x14b, 0x14c}},
    {1280, 768, {0x175, 0x176, 0x177}},  {1280, 800, {0x178, 0x179, 0x17a}},
    {1280, 960, {0x17b, 0x17c, 0x17d}},  {1440, 900, {0x17e, 0x17f, 0x180}},
    {1400, 1050, {0x181, 0x182, 0x183}}, {1680, 1050, {0x184, 0x185, 0x186}},
    {1920, 1200, {0x187, 0x188, 0x189}}, {1280, 720, {0x18d, 0x18e, 0x18f}},
    {1920, 1080, {0x190, 0x191, 0x192}},
};
enum { VGA_FRAMEBUFFER = 0xfd000000, EDID_WIDTH = 1280, EDID_HEIGHT = 800 };

static struct video_mode vga_mode(size_t row, u32 bytes) {
    bool is_16 = bytes == 2;
    return (struct video_mode){.number = vga_modes[row].number[bytes - 2],
                               .width = vga_modes[row].width,
                               .height = vga_modes[row].height,
                               .pitch = (u16)(vga_modes[row].width * bytes),
                               .phys = VGA_FRAMEBUFFER,
                               .depth = (u8)(8 * bytes),
                               .red = {is_16 ? 11 : 16, is_16 ? 5 : 8},
                               .green = {is_16 ? 5 : 8, is_16 ? 6 : 8},
                               .blue = {0, is_16 ? 5 : 8}};
}

static void set_video(struct video_modes *video) {
    *video = (struct video_modes){.preferred_width = EDID_WIDTH, .preferred_height = EDID_HEIGHT};
    for (size_t i = 0; i < ARRAY_COUNT(vga_modes); i++)
        for (u32 bytes = 2; bytes <= 4; bytes++)
            if (vga_modes[i].number[bytes - 2])
                video->modes[video->count++] = vga_mode(i, bytes);
}

/* ---- the rest ---- */

u64 model_memory(const char *who, const char *word) {
    u64 bytes;
    if (!parse_size(word, &bytes) || !is_aligned(bytes, MIB) ||
        bytes < MODEL_MEMORY_MIN_MIB * MIB || bytes > MODEL_MEMORY_MAX_MIB * MIB)
        die(who, "--memory=%s is no size of memory; write whole MiB or GiB, from 2M to 512G", word);
    return bytes;
}

void model_machine(const char *who, const struct model *model, struct machine *machine) {
    const struct chipset *chipset = NULL;
    for (size_t i = 0; i < ARRAY_COUNT(chipsets); i++)
        if (string_equal(chipsets[i].name, model->machine))
            chipset = &chipsets[i];
    if (!chipset)
        die(who, "no model of the machine \"%s\"; there are pc and q35", model->machine);
    *machine = (struct machine){
        .drive = {.bios_number = 0x80, .sector_size = 512, .partition = 1, .partition_start = 2048},
        .screen = {SCREEN_TEXT, 0xb8000, 80, 25, 160, 16, {0, 0}, {0, 0}, {0, 0}},
        .rsdp = 0xf5200, /* SeaBIOS puts both tables somewhere in its segment F000 */
        .smbios = 0xf5220,
        .serial_port = 0x3f8,
    };
    set_cpu(who, model->cpu, &machine->cpu);
    set_memory(who, chipset, model->memory, machine);
    set_video(&machine->video);
}
