#include "cache.h"
#include "range.h"

/* No line starts here: line starts are multiples of the line size. */
#define LINE_EMPTY (~(u64)0)

static u8 *line_at(const struct cache *cache, u32 line) {
    return cache->storage + line * (size_t)CACHE_LINE_SIZE;
}

static const u8 *find_line(const struct cache *cache, u64 start) {
    for (u32 line = 0; line < cache->line_count; line++)
        if (cache->line_start[line] == start)
            return line_at(cache, line);
    return NULL;
}

/* Replaces the oldest line. It is empty while it is being read, so that a read that fails half-way
 * leaves nothing behind that looks valid. */
static struct error fill_line(struct cache *cache, u64 start, const u8 **filled) {
    u32 line = cache->oldest;
    u64 size = min_u64(CACHE_LINE_SIZE, cache->under.size - start);
    cache->line_start[line] = LINE_EMPTY;
    TRY(source_read(&cache->under, start, line_at(cache, line), (size_t)size));
    cache->line_start[line] = start;
    cache->oldest = line + 1 < cache->line_count ? line + 1 : 0;
    *filled = line_at(cache, line);
    return OK;
}

/* The caller is source_read(), so offset + size lies within the source. */
static struct error cache_read(void *context, u64 offset, void *to, size_t size) {
    struct cache *cache = context;
    bool direct = size >= CACHE_LINE_SIZE;
    u8 *at = to;
    while (size) {
        u64 start = align_down(offset, CACHE_LINE_SIZE);
        const u8 *line = find_line(cache, start);
        /* Where a whole line cannot be read, the bytes asked for perhaps can: a bad sector must
         * not take its neighbours with it. */
        if (!line && (direct || fill_line(cache, start, &line).code))
            return source_read(&cache->under, offset, at, size);
        size_t skip = (size_t)(offset - start);
        size_t part = size < CACHE_LINE_SIZE - skip ? size : CACHE_LINE_SIZE - skip;
        memcpy(at, line + skip, part);
        at += part;
        offset += part;
        size -= part;
    }
    return OK;
}

struct source cache_over(struct cache *cache, const struct source *under, u8 *storage,
                         u32 line_count) {
    *cache = (struct cache){.under = *under, .storage = storage, .line_count = line_count};
    for (u32 line = 0; line < CACHE_LINES_MAX; line++)
        cache->line_start[line] = LINE_EMPTY;
    return (struct source){
        .read = cache_read, .context = cache, .size = under->size, .name = under->name};
}
