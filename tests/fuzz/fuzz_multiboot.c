/* Any bytes as a Multiboot kernel: open, plan, load, write the information. */
#include "load.h"
#include "protocol.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

enum { RAM_SIZE = 0x400000 };

static const struct machine pc = {
    .memory = {.count = 3,
               .ranges = {{0, 0x9f000, MEMORY_USABLE, 1},
                          {0xf0000, 0x10000, MEMORY_RESERVED, 2},
                          {0x100000, 0x300000, MEMORY_USABLE, 1}}},
    .cpu = {.features = CPU_CPUID | CPU_MSR | CPU_WP, .physical_bits = 36},
    .screen = {SCREEN_TEXT, 0xb8000, 80, 25, 160, 16, {0, 0}, {0, 0}, {0, 0}},
    .apm = {.version = 0x102},
    .vbe = {.present = true, .mode = 3},
};

static struct error boot_file(const struct boot *boot, const struct source *kernel, u8 *bytes) {
    static struct plan plan;
    static struct cpu_entry entry;
    const struct ram ram = {bytes, 0, RAM_SIZE};
    const struct bytes module_bytes = {(const u8 *)"module", 6};
    const struct source module = source_memory(&module_bytes, "module");
    TRY(protocol_open(boot, kernel));
    TRY(protocol_plan(boot, &plan));
    for (u32 i = 0; i < plan.load_count; i++)
        TRY(load_file(&plan.loads[i], plan.loads[i].file ? &module : kernel, &ram));
    TRY(protocol_finish(boot, &plan, &ram, &entry));
    /* The jump lands in what was loaded, and the information in no segment's page. */
    bool inside = false;
    struct range info = {entry.bx, 8};
    for (u32 i = 0; i < boot->image->segment_count; i++) {
        struct range part = {boot->image->segments[i].phys, boot->image->segments[i].memory_size};
        inside |= range_has(part, entry.ip);
        if (range_overlaps(range_pages_outward(part), info))
            __builtin_trap();
    }
    if (!inside || entry.bx >= RAM_SIZE)
        __builtin_trap();
    return OK;
}

/* The first byte chooses the command and its options, the rest is the file. */
int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static struct image image;
    static struct opened opened;
    static u8 *ram;
    const u64 module_sizes[] = {6};
    if (!size)
        return 0;
    if (!ram)
        ram = malloc(RAM_SIZE);
    struct bytes bytes = {data + 1, size - 1};
    const struct source kernel = source_memory(&bytes, "fuzz");
    struct boot_request request = {.protocol =
                                       data[0] & 1 ? PROTOCOL_MULTIBOOT2 : PROTOCOL_MULTIBOOT1,
                                   .flags = data[0] >> 1 & 7, /* REQUEST_* */
                                   .options = kernel_options_default(),
                                   .kernel = {.path = "/k", .arguments = "a b"},
                                   .module_count = data[0] >> 4 & 1,
                                   .modules = {{.path = "/m", .arguments = "c"}}};
    const struct boot boot = {&pc, &request, module_sizes, &image, &opened};
    (void)boot_file(&boot, &kernel, ram).code;
    return 0;
}
