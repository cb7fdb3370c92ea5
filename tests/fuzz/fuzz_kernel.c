/* Any bytes as a kernel: read its headers, plan it on a PC, count and build its page tables; a
 * position-independent one is loaded and relocated as well. */
#include "describe.h"
#include "load.h"
#include "native.h"
#include "place.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const struct machine pc = {
    .memory = {.count = 3,
               .ranges = {{0, 0x9f000, MEMORY_USABLE, 1},
                          {0xf0000, 0x10000, MEMORY_RESERVED, 2},
                          {0x100000, 0x7ee0000, MEMORY_USABLE, 1}}},
    .cpu = {.features = CPU_PSE | CPU_PAE | CPU_NX | CPU_LONG_MODE | CPU_CPUID | CPU_MSR | CPU_WP,
            .physical_bits = 40},
    .screen = {SCREEN_TEXT, 0xb8000, 80, 25, 160, 16, {0, 0}, {0, 0}, {0, 0}},
};

static void plan_it(const struct image *image, const struct boot_request *request) {
    static struct plan plan;
    static u8 tables[64 * 4096] __attribute__((aligned(4096)));
    struct plan_request wish = {.machine = &pc,
                                .image = image,
                                .options = &request->options,
                                .info_size = native_info_size(&pc, image, request)};
    if (plan_make(&wish, &plan).code || !plan.paging || plan.table_frames > 64)
        return;
    struct table_arena arena = {tables, plan.tables_phys, plan.table_frames, 0};
    if (paging_build(&plan.options, plan.rows, plan.row_count, &arena).code ||
        arena.used != plan.table_frames)
        __builtin_trap(); /* the count is exact, and a plan's rows can be built */
    char buffer[200];
    struct text line = TEXT_IN(buffer);
    struct description description = {&pc, &plan, request};
    for (u32 i = 0; describe_line(&description, i, &line); i++)
        line = TEXT_IN(buffer);
}

/* Into a block of memory from the first page of the kernel on; what lies beyond is not there. */
static void relocate_it(const struct source *file, const struct image *image) {
    static struct plan plan;
    static u8 memory[0x40000];
    struct ram ram = {memory, image->segments[0].phys & ~(u64)4095, sizeof memory};
    plan.image = image;
    plan.load_count = 0;
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        struct load load = {.number = segment->number,
                            .offset = segment->offset,
                            .file_size = segment->file_size,
                            .memory_size = segment->memory_size,
                            .phys = segment->phys,
                            .staged = segment->phys};
        if (load_file(&load, file, &ram).code)
            return;
        plan.loads[plan.load_count++] = load;
    }
    if (load_relocate(&plan, &ram).code)
        return;
}

/* The first byte chooses options, the rest is the file. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static struct image image;
    if (!size)
        return 0;
    struct bytes bytes = {data + 1, size - 1};
    struct source file = source_memory(&bytes, "fuzz");
    struct boot_request request = {.options = kernel_options_default(),
                                   .kernel = {.path = "/k", .arguments = ""}};
    request.options.paging = (enum paging_option)(data[0] % 6);
    request.options.identity = data[0] & 64 ? IDENTITY_ALL : IDENTITY_LOW;
    request.options.small_pages = data[0] & 128;
    if (elf_read(&file, &image).code ||
        kernel_options_note("fuzz", image.options, &request.options).code ||
        plan_place(&pc, &request.options, &image).code)
        return 0;
    if (image.relocatable)
        relocate_it(&file, &image);
    plan_it(&image, &request);
    return 0;
}
