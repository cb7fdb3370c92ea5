/* Any bytes as a gzip file: open it, read it in pieces to the end, and the start of it again at
 * once. */
#include "gzip.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

enum { ROOM = 40000 /* a window of 32 KiB, and the next one begun */, READ_MAX = ROOM };

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static struct inflater inflater;
    static const size_t steps[] = {52, 4000, 1, 20000, 300};
    static u8 first[ROOM], again[ROOM], later[20000];
    struct bytes bytes = {data, size};
    struct source file = source_memory(&bytes, "fuzz");
    struct gzip_file unpacked;
    if (gzip_open(&unpacked, &inflater, &file).code)
        return 0;
    u64 at = 0, kept = 0;
    for (u32 i = 0; at < file.size && at < READ_MAX; i = (i + 1) % 5) {
        size_t part = file.size - at < steps[i] ? (size_t)(file.size - at) : steps[i];
        bool keep = at == kept && at + part <= ROOM;
        if (source_read(&file, at, keep ? first + at : later, part).code)
            break;
        at += part;
        kept += keep ? part : 0;
    }
    if (kept &&
        (source_read(&file, 0, again, (size_t)kept).code || memcmp(first, again, (size_t)kept)))
        __builtin_trap();
    if (file.size < READ_MAX && gzip_check(&unpacked).code == ERROR_SOURCE_PAST_END)
        __builtin_trap(); /* it never reads past the end of the packed file */
    return 0;
}
