/* Any bytes as a Linux kernel's setup header, with any command line: from there to its first
 * instruction.
 *
 *   input   | machine | flags | length of the line | line | the file from 0x1f1 on ... */
#include "bytes.h"
#include "fuzz_boot.h"

enum { LINE_MAX = 100, INPUT_MAX = 4096 };

/* What makes it a bzImage of protocol 2.15. */
static void put_magic(u8 *file) {
    store16(file + 0x1fe, 0xaa55);
    file[0x200] = 0xeb;
    store32(file + 0x202, 0x53726448);
    file[0x211] |= 1;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static struct boot_case c;
    static u8 bytes[LINUX_HEADER + INPUT_MAX];
    static const u8 module_bytes[5000] = {1, 2, 3};
    struct feed feed = {data, size};
    char line[LINE_MAX + 1];
    c.machine = *fuzz_machine((u32)feed_number(&feed, 1));
    u32 flags = (u32)feed_number(&feed, 1), count = flags >> 1 & 3;
    struct bytes words = feed_bytes(&feed, feed_number(&feed, 1) % LINE_MAX);
    for (size_t i = 0; i < words.size; i++)
        line[i] = words.at[i] ? (char)words.at[i] : ' ';
    line[words.size] = 0;
    struct bytes input = feed_bytes(&feed, INPUT_MAX);
    memcpy(bytes + LINUX_HEADER, input.at, input.size);
    struct medium medium = {.bytes = {bytes, LINUX_HEADER + input.size}};
    u64 more = flags & 0xc0 ? (u64)0x400 << (2 * (flags >> 6)) : 0;
    struct source file = medium_source(&medium, LINUX_HEADER + input.size + more), modules[3];
    if (!(flags & 8) && input.size > 0x40)
        put_magic(bytes);
    c.kernel = &file;
    c.modules = modules;
    c.request = (struct boot_request){.protocol = PROTOCOL_LINUX,
                                      .flags = flags & 1 ? REQUEST_64 : 0,
                                      .options = kernel_options_default(),
                                      .kernel = {.path = "/k", .arguments = line},
                                      .gfxpayload = "",
                                      .module_count = count};
    struct bytes views[] = {{module_bytes, 1}, {module_bytes, 0}, {module_bytes, 5000}};
    for (u32 i = 0; i < count; i++) {
        modules[i] = source_memory(&views[i], "module");
        c.module_sizes[i] = views[i].size;
        c.request.modules[i] = (struct file_request){.path = "/m", .arguments = ""};
    }
    show_error(boot_kernel(&c));
    return 0;
}
