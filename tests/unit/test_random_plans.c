/* plan/ and handoff/ over random machines, kernels and options: whatever plan_make() accepts has
 * all the properties of plan_check.h, and native_finish() then makes tables that show them.
 *
 * ALOFT_TEST_SEED sets the seed, ALOFT_TEST_PLANS the number of plans; `make unit` runs some under
 * sanitizers and a million without (PLANS, in the Makefile). A failure names the plan's own seed:
 * ALOFT_TEST_SEED=that ALOFT_TEST_PLANS=0 makes this plan alone. */
#define _DEFAULT_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan_check.h"
#include "native.h"
#include "random.h"

#include <sys/mman.h>

/* The number of plans, beside the requests that are refused. */
#ifndef PLANS
#define PLANS 10000
#endif

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

/* ---- checks ---- */

/* What options and kernels may ask for that changes a layout. */
#define KINDS(X)                                                                               \
    X("identity=all", options->identity == IDENTITY_ALL)                                       \
    X("identity=tables", options->identity == IDENTITY_TABLES)                                 \
    X("identity=none", options->identity == IDENTITY_NONE)                                     \
    X("direct-map=none", options->direct == PLACE_NONE)                                        \
    X("direct-map=ADDRESS", options->direct == PLACE_AT)                                       \
    X("recursive=auto", options->recursive == PLACE_AUTO)                                      \
    X("recursive=SLOT", options->recursive == PLACE_AT)                                        \
    X("pages=4k", options->small_pages)                                                        \
    X("temporary", options->temporary)                                                         \
    X("share-upper", options->share_upper)                                                     \
    X("null-page", options->null_mapped)                                                       \
    X("global", options->global)                                                               \
    X("strict", options->strict)                                                               \
    X("smep", options->smep)                                                                   \
    X("umip", options->umip)                                                                   \
    X("stack", options->stack_size != CONFIG_STACK_DEFAULT)                                    \
    X("map", options->map_count != 0)                                                          \
    X("map=...@VIRTUAL", options->map_count && options->maps[0].has_virt)                      \
    X("map=...,ro", options->map_count && options->maps[0].read_only)                          \
    X("map=...,combining", options->map_count && options->maps[0].cache == MAP_AS_FRAMEBUFFER) \
    X("3 segments", image->segment_count >= 3)                                                 \
    X("sections within a page", segments_share_a_page(image))                                  \
    X("physical entry", image->entry_kind == ENTRY_PHYSICAL)                                   \
    X("holes in RAM", machine->memory.count >= 8)                                              \
    X("no large pages", !(machine->cpu.features & CPU_PSE))                                    \
    X("no NX", !(machine->cpu.features & CPU_NX))                                              \
    X("1 GiB pages", machine->cpu.features &CPU_PAGE_1G)                                       \
    X("framebuffer", machine->screen.kind == SCREEN_PIXELS)

static const char *const kind_names[] = {
#define X(name, condition) name,
    KINDS(X)
#undef X
};
enum { KIND_COUNT = ARRAY_COUNT(kind_names) };

/* What a run has seen, so that a generator gone dull shows. */
struct seen {
    u32 refused[256], refusals;
    u32 accepted, off, formats[PAGING_FORMAT_COUNT], late, high, modules, notes, rows, tables;
    u32 kinds[KIND_COUNT];
};

static bool segments_share_a_page(const struct image *image) {
    for (u32 i = 1; i < image->segment_count; i++)
        if (image->segments[i].virt % PAGE_SIZE &&
            range_overlaps(
                pages_of(image->segments[i].virt, 1),
                (struct range){image->segments[i - 1].virt, image->segments[i - 1].memory_size}))
            return true;
    return false;
}

static void note_kinds(const struct trial *trial, struct seen *seen) {
    const struct kernel_options *options = &trial->request.options;
    const struct machine *machine = &trial->machine;
    const struct image *image = &trial->image;
    const bool on[KIND_COUNT] = {
#define X(name, condition) (condition) != 0,
        KINDS(X)
#undef X
    };
    for (u32 i = 0; i < KIND_COUNT; i++)
        seen->kinds[i] += on[i];
}

static void note_what_was_seen(const struct plan *plan, struct seen *seen) {
    seen->accepted++;
    seen->off += !plan->paging;
    seen->formats[plan->options.format - paging_formats] += plan->paging;
    seen->notes += plan->note_count;
    seen->rows += plan->row_count;
    for (u32 i = 0; i < plan->load_count; i++) {
        seen->late += plan->loads[i].late;
        seen->high += plan->loads[i].phys >= 4 * GIB;
        seen->modules += plan->loads[i].file != 0;
    }
}

/* The count of frames is exact: with one less the builder runs out of them. */
static void check_frames_are_exact(const struct plan_case *c, const struct ram *ram) {
    const struct plan *plan = c->plan;
    struct table_arena arena = {.bytes = ram_at(ram, plan->tables_phys, PAGE_SIZE),
                                .phys = plan->tables_phys,
                                .frame_count = plan->table_frames};
    SUCCEEDS(paging_build(&plan->options, plan->rows, plan->row_count, &arena));
    HOLDS(arena.used == plan->table_frames);
    arena.frame_count--;
    HOLDS(paging_build(&plan->options, plan->rows, plan->row_count, &arena).code ==
          ERROR_PAGING_TABLES_FULL);
}

/* Finishes the plan with the information part cut to what native_info_size() said, not rounded up
 * to pages. */
static struct error finish_tightly(struct trial *trial, const struct ram *ram,
                                   struct cpu_entry *entry) {
    u64 info_size = trial->plan.info_size;
    trial->plan.info_size = trial->wish.info_size;
    struct error error = native_finish(&trial->machine, &trial->plan, &trial->request,
                                       trial->module_sizes, ram, entry);
    trial->plan.info_size = info_size;
    return error;
}

static void check_finish(const struct plan_case *c, struct trial *trial, const struct ram *ram,
                         bool thoroughly, bool again) {
    struct plan *plan = &trial->plan;
    struct cpu_entry entry;
    SUCCEEDS(finish_tightly(trial, ram, &entry));
    HOLDS(entry.ip == plan->entry && entry.bits == trial->image.bits);
    HOLDS(entry.sp > plan->handoff_virt && entry.sp < plan->handoff_virt + plan->stack_size);
    struct mmu mmu = second_mmu(c, ram, entry.cr0, entry.cr4, entry.efer, entry.pat);
    struct mmu_answer first = mmu_look_up(&mmu, entry.ip), stack = mmu_look_up(&mmu, entry.sp);
    HOLDS(first.end == MMU_PAGE && first.phys == trial->image.entry_phys && first.rights.execute);
    HOLDS(stack.end == MMU_PAGE && stack.rights.write && stack.type == MMU_WB);
    if (plan->paging) {
        check_tables_show_rows(c, ram);
        check_walk(c, ram, plan->handoff_virt - 1);
        check_walk(c, ram, plan->info_virt - 1);
        HOLDS(entry.cr3 == plan->tables_phys);
        if (thoroughly && again)
            check_second_reader(c, ram, &mmu);
        else if (thoroughly)
            check_nothing_else_is_mapped(c, ram);
        if (again)
            check_frames_are_exact(c, ram);
    }
}

/* What a plan may be refused for; anything else would be a mistake of the planner. */
static bool is_refusal(enum error_code code) {
    return (code >= ERROR_PLAN_NO_RAM && code < ERROR_PAGING_TABLES_FULL) ||
           (code >= ERROR_PLAN_CPU_OPTION && code <= ERROR_PLAN_NO_SLOT) ||
           code == ERROR_ELF_PAGE_OFFSET || code == ERROR_ELF_PAGE_CONFLICT ||
           code == ERROR_MEMORY_MAP_FULL;
}

static void check_trial(u64 seed, const struct ram *ram, struct seen *seen) {
    static struct trial trial;
    random_trial(seed, &trial);
    memset(&trial.plan, 0xa5, sizeof trial.plan); /* nothing may be left as it was */
    struct error error = plan_make(&trial.wish, &trial.plan);
    struct plan_case plan_case = {trial.name, &trial.wish, &trial.plan}, *c = &plan_case;
    if (error.code) {
        seen->refused[error.code]++;
        seen->refusals++;
        if (!is_refusal(error.code))
            SUCCEEDS(error);
        return;
    }
    note_what_was_seen(&trial.plan, seen);
    if (trial.plan.paging)
        note_kinds(&trial, seen);
    check_plan(c);
    bool many = trial.plan.table_frames > 40; /* they take long to write */
    if (!many || seen->accepted % 16 == 0) {
        check_finish(c, &trial, ram, trial.plan.table_frames < 32 || seen->accepted % 16 == 0,
                     seen->accepted % 8 == 0);
        seen->tables++;
    }
}

static u64 setting(const char *name, u64 otherwise) {
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

static void print_seen(const struct seen *seen) {
    printf("%u plans made, %u finished, %u rows, %u notes; paging off: %u", seen->accepted,
           seen->tables, seen->rows, seen->notes, seen->off);
    for (u32 i = 0; i < PAGING_FORMAT_COUNT; i++)
        printf(", %s: %u", paging_formats[i].name, seen->formats[i]);
    printf("\nloads on the loader: %u, above 4 GiB: %u, of modules: %u", seen->late, seen->high,
           seen->modules);
    for (u32 i = 0; i < KIND_COUNT; i++)
        printf("%s%s: %u", i ? ", " : "\n", kind_names[i], seen->kinds[i]);
    printf("\n%u requests refused", seen->refusals);
    for (size_t i = 0; i < error_row_count; i++)
        if (seen->refused[error_rows[i].code])
            printf(", %s: %u", error_names[i], seen->refused[error_rows[i].code]);
    printf("\n");
}

/* Too few of a kind would prove nothing about it. */
static void check_generator(const struct seen *seen) {
    for (u32 i = 0; i < PAGING_FORMAT_COUNT; i++)
        assert_true(seen->formats[i] > seen->accepted / 50);
    for (u32 i = 0; i < KIND_COUNT; i++)
        if (seen->kinds[i] <= seen->accepted / 100)
            fail_msg("too few plans with: %s", kind_names[i]);
    assert_true(seen->tables > seen->accepted / 3 * 2);
    assert_true(seen->off && seen->late && seen->high && seen->modules && seen->notes);
    assert_true(seen->refusals < seen->accepted);
}

/* Memory that was written is given back now and then: 4 GiB of it are not there. Most of the time
 * tables are built over what earlier plans left, which must not matter. */
static void test_random_plans(void **state) {
    (void)state;
    u64 seed = setting("ALOFT_TEST_SEED", 0xa10f7), plans = setting("ALOFT_TEST_PLANS", PLANS);
    struct seen seen = {0};
    void *bytes = mmap(NULL, 4 * GIB, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(bytes != MAP_FAILED);
    struct ram ram = {.bytes = bytes, .start = 0, .size = 4 * GIB};
    if (!plans)
        check_trial(seed, &ram, &seen);
    for (u64 i = 1, own = 0; seen.accepted < plans; i++) {
        own = i % PLANS_A_MACHINE ? own + 1 : next_random(&seed) & ~(u64)(PLANS_A_MACHINE - 1);
        check_trial(own, &ram, &seen);
        if (i % 16384 == 0)
            madvise(bytes, 4 * GIB, MADV_DONTNEED);
        assert_true(i < 1000 || seen.accepted > i / 10); /* or this would not end */
    }
    print_seen(&seen);
    if (plans >= 5000)
        check_generator(&seen);
    munmap(bytes, 4 * GIB);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_plans)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
