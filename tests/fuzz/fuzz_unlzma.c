/* Any bytes as an LZMA stream that unpacks to so many bytes: nothing is read behind the one or
 * written behind the other, and what is unpacked twice is the same twice. */
#include "fuzz.h"
#include "unlzma.h"

enum { ROOM = 512 };

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static struct lzma_model model;
    static u8 once[ROOM], twice[ROOM];
    struct feed feed = {data, size};
    u32 room = (u32)feed_number(&feed, 2) % (ROOM + 1);
    u8 *exact = malloc(room ? room : 1);
    bool whole = unlzma(feed.at, (u32)feed.left, exact, room, &model);
    memcpy(once, exact, room);
    free(exact);
    MUST(unlzma(feed.at, (u32)feed.left, twice, room, &model) == whole);
    MUST(!whole || !memcmp(once, twice, room));
    return 0;
}
