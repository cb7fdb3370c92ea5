/* Machines, kernels and options of all kinds, made of the numbers of random.h or of a stand-in for
 * it, which is included before this. */
#ifndef TEST_RANDOM_PLANS_H
#define TEST_RANDOM_PLANS_H

#include "plan_check.h"
#include "native.h"

/* Seeds that differ in their low bits only have the same machine, which takes long to make. */
enum { PLANS_A_MACHINE = 4, MODULES_MAX = CONFIG_MODULES_MAX };

#define PICK(state, array) (array)[below(state, ARRAY_COUNT(array))]

/* ---- machines ---- */

struct cpu_model {
    u32 features, physical_bits;
};

static const struct cpu_model cpu_models[] = {
    {CPU_I486, 32},    {CPU_PENTIUM, 32}, {CPU_PENTIUM_PRO, 36}, {CPU_PENTIUM_PRO | CPU_NX, 36},
    {CPU_OPTERON, 40}, {CPU_QEMU64, 40},  {CPU_QEMU64, 40},      {CPU_QEMU64 | CPU_PAGE_1G, 39},
    {CPU_MAX, 46},     {CPU_MAX, 52},     {CPU_MAX, 48},
};

static u64 random_bytes(u64 *state) {
    static const u64 sizes[] = {1, 0x10, 0x1000, 0x2000, 0x10000, 0x200000, 0x400000};
    u64 size = PICK(state, sizes);
    return one_in(state, 2) ? size : size + below(state, size + 1);
}

/* Entries of all kinds laid over the RAM of a PC, as no BIOS would be ashamed of. */
static u32 random_raw(u64 *state, u64 ram_end, struct memory_range *raw) {
    static const u64 low_ends[] = {0x9fc00, 0x9fc00, 0xa0000, 0x80000, LOADER_END, 0x9d800};
    u64 low_end = PICK(state, low_ends);
    u32 count = 0, holes = one_in(state, 100) ? 80 : (u32)below(state, 5);
    raw[count++] = (struct memory_range){0, low_end, MEMORY_USABLE, 1};
    raw[count++] = (struct memory_range){low_end, 0xa0000 - low_end, MEMORY_RESERVED, 2};
    raw[count++] = (struct memory_range){0xf0000, 0x10000, MEMORY_RESERVED, 2};
    raw[count++] = (struct memory_range){MIB, ram_end - MIB, MEMORY_USABLE, 1};
    raw[count++] = (struct memory_range){0xfffc0000, 0x40000, MEMORY_RESERVED, 2};
    if (one_in(state, 3))
        raw[count++] =
            (struct memory_range){4 * GIB, GIB + below(state, 8 * GIB), MEMORY_USABLE, 1};
    while (holes--) {
        u32 kind = MEMORY_RESERVED + (u32)below(state, 4);
        u64 start = MIB + below(state, ram_end - MIB);
        if (one_in(state, 3))
            start = ram_end - below(state, MIB);
        raw[count++] = (struct memory_range){start, random_bytes(state), kind, kind};
    }
    return count;
}

/* Pixels above all RAM, at any page. */
static struct screen random_screen(u64 *state) {
    u32 width = 1 + (u32)below(state, 4096), pitch = width * 4 + (u32)below(state, 64);
    if (!one_in(state, 6))
        return (struct screen){SCREEN_TEXT, 0xb8000, 80, 25, 160, 16, {0, 0}, {0, 0}, {0, 0}};
    return (struct screen){.kind = SCREEN_PIXELS,
                           .phys =
                               0xf0000000 + (below(state, 0x8000) << (one_in(state, 2) ? 12 : 8)),
                           .width = width,
                           .height = 1 + (u32)below(state, 2200),
                           .pitch = pitch,
                           .depth = 32};
}

static void random_machine(u64 *state, struct machine *machine) {
    static const u64 ram_ends[] = {2 * MIB,   8 * MIB, 16 * MIB,   64 * MIB,  128 * MIB,
                                   512 * MIB, 3 * GIB, 0xe0000000, 0xfffc0000};
    const struct cpu_model *cpu = &PICK(state, cpu_models);
    struct memory_range raw[MEMORY_RANGES_MAX];
    u32 lacks = one_in(state, 6) ? (u32)next_random(state) & ~(u32)(CPU_CPUID | CPU_MSR) : 0;
    *machine = (struct machine){
        .cpu = {.features = cpu->features & ~lacks, .physical_bits = cpu->physical_bits},
        .screen = random_screen(state),
        .rsdp = 0xf52a0,
        .smbios = 0xf5000};
    do {
        u64 ram_end =
            ram_ends[below(state, machine->cpu.features & CPU_PSE ? ARRAY_COUNT(ram_ends) : 4)];
        ram_end -= one_in(state, 2) ? below(state, MIB) : 0;
        u32 count = random_raw(state, ram_end, raw);
        machine->acpi_tables = one_in(state, 2) ? raw[count - 1].start : 0;
        if (memory_normalise(raw, count, &machine->memory).code)
            machine->memory.count = 0;
    } while (!machine->memory.count);
}

/* ---- kernels ---- */

static u64 random_offset(u64 *state, u32 bits) {
    static const u64 offsets_32[] = {0,          0,          0xc0000000, 0xc0000000,
                                     0x80000000, 0xe0000000, 0xff800000, 0x400000};
    static const u64 offsets_64[] = {0,
                                     0,
                                     0xffffffff80000000,
                                     0xffffffff80000000,
                                     0xffff800000000000,
                                     0xffff800040000000,
                                     0xffffffffff800000,
                                     0xff00000000000000,
                                     0x400000,
                                     0x7f0000000000};
    u64 offset = bits == 32 ? PICK(state, offsets_32) : PICK(state, offsets_64);
    if (one_in(state, 8))
        offset += below(state, 256) << 12;
    return one_in(state, 60) ? offset + 0x10 : offset;
}

static u64 random_phys(u64 *state, const struct machine *machine) {
    static const u64 starts[] = {MIB,     MIB,     MIB,     MIB,   MIB,    MIB,     MIB,
                                 2 * MIB, 2 * MIB, 4 * MIB, 0x500, 0x8000, 0x58000, 0x60000};
    if (one_in(state, 12))
        return below(state, memory_usable_end(&machine->memory));
    return PICK(state, starts) + (one_in(state, 4) ? below(state, 0x3000) : 0);
}

static struct part random_part(u64 *state, u64 phys, u64 offset) {
    static const u32 rights[] = {5, 5, 6, 4, 7, 1};
    u64 size = one_in(state, 60) ? below(state, 64 * MIB) + 1 : 1 + below(state, 0x6000);
    if (one_in(state, 4))
        size = align_up(size, PAGE_SIZE);
    u64 file_size = one_in(state, 3) ? size : one_in(state, 4) ? 0 : below(state, size);
    return (struct part){phys + offset, phys, file_size, size, PICK(state, rights)};
}

/* Segments one behind the other; the first may be at its own address, and an offset may change on
 * the way. */
static void random_parts(u64 *state, const struct machine *machine, u32 bits,
                         struct part parts[ELF_SEGMENTS_MAX + 1]) {
    u32 count = one_in(state, 40) ? ELF_SEGMENTS_MAX : 1 + (u32)below(state, 6);
    u64 phys = random_phys(state, machine), offset = random_offset(state, bits);
    bool boot_part = one_in(state, 5);
    for (u32 i = 0; i < count; i++) {
        parts[i] = random_part(state, phys, i == 0 && boot_part ? 0 : offset);
        phys += parts[i].memory_size;
        if (one_in(state, 3))
            phys = align_up(phys, PAGE_SIZE);
        if (one_in(state, 8)) {
            phys = align_up(phys, PAGE_SIZE) + below(state, 8) * PAGE_SIZE;
            offset += one_in(state, 3) ? 0x1000 * below(state, 0x400) : 0;
        }
        if (one_in(state, 20))
            phys = random_phys(state, machine);
        if (one_in(state, 100)) /* now and then the next one shares a virtual page, but no other */
            phys += PAGE_SIZE, offset -= PAGE_SIZE;
    }
    parts[count] = (struct part){0};
}

/* Moves the kernel so that it ends at the very top of the address space. */
static void move_to_top(u32 bits, struct part *parts) {
    u64 end = 0, top = bits == 32 ? 4 * GIB : 0;
    for (u32 i = 0; parts[i].memory_size; i++)
        end = max_u64(end, align_up(parts[i].phys + parts[i].memory_size, PAGE_SIZE));
    for (u32 i = 0; parts[i].memory_size; i++)
        parts[i].virt = parts[i].phys + (top - end);
}

/* What elf_read() lets through (image.h). */
static bool is_image(const struct image *image) {
    const struct paging_format *widest = &paging_formats[PAGING_5LEVEL];
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        u64 end, last = segment->virt + segment->memory_size - 1;
        if (__builtin_add_overflow(segment->virt, segment->memory_size, &end) ||
            (image->bits == 32 && (end > 4 * GIB || segment->phys >= 4 * GIB)) ||
            (image->bits == 64 &&
             (!paging_is_canonical(widest, segment->virt) || (segment->virt ^ last) >> 56)))
            return false;
        for (u32 j = 0; j < i; j++)
            if (range_overlaps(
                    (struct range){segment->virt, segment->memory_size},
                    (struct range){image->segments[j].virt, image->segments[j].memory_size}))
                return false;
    }
    return true;
}

static void random_image(u64 *state, const struct machine *machine, struct image *image) {
    struct part parts[ELF_SEGMENTS_MAX + 1];
    bool wide = machine->cpu.features & CPU_LONG_MODE ? !one_in(state, 3) : one_in(state, 50);
    do {
        random_parts(state, machine, wide ? 64 : 32, parts);
        if (one_in(state, 12))
            move_to_top(wide ? 64 : 32, parts);
        image_of(wide ? 64 : 32, parts, image);
    } while (!is_image(image));
    if (one_in(state, 6)) {
        image->entry_kind = ENTRY_PHYSICAL;
        image->entry = image->entry_phys;
    }
}

/* ---- requests ---- */

static bool is_flat(const struct image *image) {
    for (u32 i = 0; i < image->segment_count; i++)
        if (image->segments[i].virt != image->segments[i].phys)
            return false;
    return true;
}

/* Mostly what the processor and the kernel can do. */
static enum paging_option random_paging(u64 *state, const struct image *image, u32 features) {
    static const enum paging_option of_32[] = {PAGING_AUTO, PAGING_AUTO, PAGING_WANT_32,
                                               PAGING_WANT_PAE, PAGING_WANT_PAE};
    static const enum paging_option of_64[] = {PAGING_AUTO, PAGING_AUTO, PAGING_WANT_4LEVEL,
                                               PAGING_WANT_5LEVEL, PAGING_WANT_5LEVEL};
    if (one_in(state, 60))
        return (enum paging_option)below(state, PAGING_WANT_5LEVEL + 1);
    if (is_flat(image) && one_in(state, 4))
        return image->bits == 32 ? PAGING_OFF : PAGING_AUTO;
    enum paging_option paging = image->bits == 32 ? PICK(state, of_32) : PICK(state, of_64);
    bool lacks = (paging == PAGING_WANT_PAE && !(features & CPU_PAE)) ||
                 (paging == PAGING_WANT_5LEVEL && !(features & CPU_LA57));
    return lacks && !one_in(state, 40) ? PAGING_AUTO : paging;
}

static u64 random_direct(u64 *state, u32 bits) {
    static const u64 of_32[] = {0xc0000000, 0x80000000, 0xf0000000, 0xff000000, 0xff800000,
                                0xffbf0000, 0xffc00000, 0x40000000, 0x1000,     0};
    static const u64 of_64[] = {0xffff800000000000,
                                0xffff888000000000,
                                0xffffff8000000000,
                                0xffffffff00000000,
                                0xffffffffff800000,
                                0xffffffffffa00000,
                                0xffffffffffbf0000,
                                0xffffffffffc00000,
                                0xff00000000000000,
                                0x100000000,
                                0x1000,
                                0x7fffff000000};
    u64 address = bits == 32 ? PICK(state, of_32) : PICK(state, of_64);
    return one_in(state, 3) ? address + (below(state, 64) << 12) : address;
}

static void random_recursive(u64 *state, u32 bits, struct kernel_options *options) {
    static const u64 slots[] = {0, 1, 31, 255, 256, 300, 508, 509, 510, 511, 512, 768, 1023, 1024};
    options->recursive = one_in(state, 2) ? PLACE_NONE : (enum place_option)below(state, 3);
    options->recursive_at =
        one_in(state, 2) ? below(state, bits == 32 ? 1024 : 512) : PICK(state, slots);
}

/* Devices, RAM and what is neither, at all kinds of addresses; now and then nonsense. */
static struct map_option random_map(u64 *state, u32 bits) {
    static const u64 physical[] = {0xfee00000, 0xfec00000, 0xe0000000, 0xa0000,     0xb8000,
                                   0,          0x1000,     0x100000,   0x100000000, 0xff800000};
    u64 size = random_bytes(state), phys = PICK(state, physical), virt = random_direct(state, bits);
    if (one_in(state, 2))
        virt = random_offset(state, bits) & ~(u64)0xfff;
    if (one_in(state, 3))
        virt += random_bytes(state) & ~(u64)0xfff;
    if (one_in(state, 8))
        phys += below(state, 256) << 12;
    if (one_in(state, 300))
        phys = next_random(state);
    if (one_in(state, 300))
        size = next_random(state);
    return (struct map_option){.phys = phys,
                               .size = size,
                               .has_virt = !one_in(state, 4),
                               .virt = virt,
                               .cache = (enum map_cache)below(state, 3),
                               .read_only = one_in(state, 3)};
}

/* An option that needs a CPU feature: seldom where that lacks. */
static bool random_feature(u64 *state, u32 n, bool has) {
    return one_in(state, has ? n : 100);
}

static struct kernel_options random_options(u64 *state, const struct image *image, u32 features) {
    struct kernel_options options = kernel_options_default();
    u32 bits = image->bits;
    options.paging = random_paging(state, image, features);
    options.identity = one_in(state, 2) ? IDENTITY_LOW : (enum identity_option)below(state, 4);
    options.direct = one_in(state, 2) ? PLACE_AUTO : (enum place_option)below(state, 3);
    options.direct_at = random_direct(state, bits);
    options.small_pages = one_in(state, 40);
    if (one_in(state, 2))
        options.stack_size = (u32)(1 + below(state, one_in(state, 20) ? 1024 : 8)) * 4096;
    random_recursive(state, bits, &options);
    options.temporary = one_in(state, 5);
    options.share_upper = one_in(state, 12);
    options.null_mapped = one_in(state, 5);
    options.global = random_feature(state, 6, features & CPU_PGE);
    options.strict = one_in(state, 8);
    options.smep = random_feature(state, 3, features & CPU_SMEP);
    options.umip = random_feature(state, 3, features & CPU_UMIP);
    if (one_in(state, 3))
        options.map_count = (u32)below(state, OPTION_MAPS_MAX + 1);
    for (u32 i = 0; i < options.map_count; i++)
        options.maps[i] = random_map(state, bits);
    return options;
}

/* All that a plan is made of. */
struct trial {
    char name[32];
    u64 machine_seed;
    struct machine machine;
    struct image image;
    struct boot_request request;
    u64 module_sizes[MODULES_MAX];
    char path[200];
    struct plan_request wish;
    struct plan plan;
};

static const char *random_string(u64 *state, struct trial *trial) {
    return trial->path + sizeof trial->path - 1 -
           below(state, one_in(state, 2) ? 20 : sizeof trial->path);
}

static void random_trial(u64 seed, struct trial *trial) {
    static const u64 sizes[] = {0, 1, 4095, 4096, 4097, 100000, 100000, 3 * MIB};
    u64 state = seed * 0x9e3779b97f4a7c15 | 1, machine_seed = seed | (PLANS_A_MACHINE - 1);
    snprintf(trial->name, sizeof trial->name, "plan %#llx", (unsigned long long)seed);
    memset(trial->path, 'a', sizeof trial->path - 1);
    if (trial->machine_seed != machine_seed) {
        trial->machine_seed = machine_seed;
        random_machine(&machine_seed, &trial->machine);
    }
    random_image(&state, &trial->machine, &trial->image);
    trial->request = (struct boot_request){
        .options = random_options(&state, &trial->image, trial->machine.cpu.features),
        .kernel = {.path = random_string(&state, trial), .arguments = random_string(&state, trial)},
        .module_count = (u32)(one_in(&state, 30) ? MODULES_MAX : below(&state, 4))};
    for (u32 i = 0; i < trial->request.module_count; i++) {
        trial->module_sizes[i] = one_in(&state, 30) ? 40 * MIB : PICK(&state, sizes);
        trial->request.modules[i] = (struct file_request){
            .path = random_string(&state, trial), .arguments = random_string(&state, trial)};
    }
    trial->wish = (struct plan_request){
        .machine = &trial->machine,
        .image = &trial->image,
        .options = &trial->request.options,
        .module_count = trial->request.module_count,
        .module_sizes = trial->module_sizes,
        .info_size = native_info_size(&trial->machine, &trial->image, &trial->request)};
}

/* What a plan may be refused for; anything else would be a mistake of the planner. */
static bool is_refusal(enum error_code code) {
    return (code >= ERROR_PLAN_NO_RAM && code < ERROR_PAGING_TABLES_FULL) ||
           (code >= ERROR_PLAN_CPU_OPTION && code <= ERROR_PLAN_NO_SLOT) ||
           code == ERROR_ELF_PAGE_OFFSET || code == ERROR_ELF_PAGE_CONFLICT ||
           code == ERROR_MEMORY_MAP_FULL;
}

#endif
