/* Any bytes as a native kernel, or as one with a PVH entry: from its headers to its first
 * instruction.
 *
 *   input   | machine | options | modules | the file ... */
#include "fuzz_boot.h"

static const char *const option_words[] = {
    "",
    "--paging=32",
    "--paging=pae",
    "--paging=4level --pages=4k",
    "--paging=5level --recursive=auto",
    "--paging=off",
    "--identity=all --null-page=mapped",
    "--identity=tables --direct-map=none --temporary",
    "--identity=none --recursive=auto --share-upper",
    "--direct-map=0xffffffffff800000 --stack=4K",
    "--direct-map=0xe0000000 --recursive=508",
    "--map=0xfee00000+4K --map=0xa0000+64K@0xd0000000,combining --global",
    "--map=0x1000+64K,cached,ro --smep --umip --strict",
    "--base=0xc1000000 --stack=1M",
    "--base=0xffffffffa0000000 --kaslr",
    "--kaslr --temporary --recursive=0",
    "--map=0xfffff000+4K@0x1000 --map=0+16M --pages=4k",
};

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static struct boot_case c;
    static const u8 module_bytes[5000] = {1, 2, 3};
    static struct source modules[3];
    struct feed feed = {data, size};
    c.machine = *fuzz_machine((u32)feed_number(&feed, 1));
    u32 options = (u32)feed_number(&feed, 1), count = feed_below(&feed, 4);
    struct bytes bytes = {feed.at, feed.left};
    struct bytes views[] = {
        {module_bytes, 0}, {module_bytes, 1}, {module_bytes, sizeof module_bytes}};
    struct source file = source_memory(&bytes, "fuzz");
    c.kernel = &file;
    c.modules = modules;
    c.request = (struct boot_request){
        .protocol = options & 0x80 ? PROTOCOL_PVH : PROTOCOL_NATIVE,
        .options = options_of(option_words[(options & 0x7f) % ARRAY_COUNT(option_words)]),
        .kernel = {.path = "/k", .arguments = "a b"},
        .gfxpayload = "",
        .module_count = count};
    for (u32 i = 0; i < count; i++) {
        modules[i] = source_memory(&views[i], "module");
        c.module_sizes[i] = views[i].size;
        c.request.modules[i] = (struct file_request){.path = "/m", .arguments = "c"};
    }
    show_error(boot_kernel(&c));
    return 0;
}
