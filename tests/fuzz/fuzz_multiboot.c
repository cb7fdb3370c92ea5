/* Any bytes as a Multiboot kernel of either version: from its header to its first instruction.
 *
 *   input   | command and its options | machine | place of the header | the file ...
 *
 * Where the place says so, the magic number and the checksum are put right. */
#include "fuzz_boot.h"
#include "fuzz_header.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static struct boot_case c;
    static u8 bytes[HEADER_INPUT_MAX];
    static const struct bytes module_bytes = {(const u8 *)"module", 6};
    struct feed feed = {data, size};
    u32 flags = (u32)feed_number(&feed, 1);
    c.machine = *fuzz_machine((u32)feed_number(&feed, 1));
    u32 place = (u32)feed_number(&feed, 1);
    struct bytes input = feed_bytes(&feed, HEADER_INPUT_MAX);
    struct bytes file = {bytes, put_header(flags & 1 ? 2 : 1, place, input, bytes)};
    const struct source kernel = source_memory(&file, "fuzz");
    const struct source module = source_memory(&module_bytes, "module");
    c.kernel = &kernel;
    c.modules = &module;
    c.module_sizes[0] = module.size;
    c.request =
        (struct boot_request){.protocol = flags & 1 ? PROTOCOL_MULTIBOOT2 : PROTOCOL_MULTIBOOT1,
                              .flags = flags >> 1 & 15, /* REQUEST_* */
                              .options = kernel_options_default(),
                              .kernel = {.path = "/k", .arguments = "a b"},
                              .gfxpayload = "",
                              .module_count = flags >> 5 & 1,
                              .modules = {{.path = "/m", .arguments = "c"}}};
    show_error(boot_kernel(&c));
    return 0;
}
