/* Any bytes as the PT_NOTEs of a file: two of them, cut where the first byte says. */
#include "fuzz.h"
#include "notes.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static struct image image;
    struct feed feed = {data, size};
    size_t cut = 4 * feed_number(&feed, 1);
    struct bytes bytes = {feed.at, feed.left};
    struct source file = source_memory(&bytes, "fuzz");
    u32 seen = 0;
    cut = cut < bytes.size ? cut : bytes.size;
    image.name = "fuzz";
    image.build_id_size = 0;
    image.pvh_entry = 0;
    memset(image.options, 0, sizeof image.options);
    struct error error = elf_read_notes(&file, 0, cut, &seen, &image);
    if (!error.code)
        error = elf_read_notes(&file, cut, bytes.size - cut, &seen, &image);
    show_error(error);
    if (error.code)
        return 0;
    MUST(seen <= ELF_NOTES_MAX && image.build_id_size <= ELF_BUILD_ID_MAX);
    MUST(memchr(image.options, 0, sizeof image.options));
    for (const char *at = image.options; *at; at++)
        MUST((u8)*at >= 0x20 && *at != 0x7f);
    return 0;
}
