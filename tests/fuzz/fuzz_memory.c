/* Any list as the BIOS's memory map: what comes of it is sorted, disjoint and joined, and says of
 * every address the least usable kind that any entry has for it. Then rooms are looked for in it.
 *
 *   input   | entry: type, place, start, size | ... */
#include "fuzz.h"
#include "memory.h"

enum { RAW_MAX = 40 };

/* Where entries like to begin and end: the borders that a PC has, or any number. */
static u64 take_address(struct feed *feed) {
    static const u64 borders[] = {
        0,          0x1000,      0x9fc00,      0xa0000,     0xf0000,      0x100000,
        0xfffff000, 0x100000000, (u64)1 << 52, ~(u64)0xfff, ~(u64)0x1fff, ~(u64)0};
    u32 choice = (u32)feed_number(feed, 1);
    if (choice < 0x80)
        return borders[choice % ARRAY_COUNT(borders)] + feed_number(feed, 1) * 0x10;
    return feed_number(feed, 1 + (choice & 7));
}

static u32 take_entries(struct feed *feed, struct memory_range *raw) {
    u32 count = 0;
    while (feed->left && count < RAW_MAX) {
        u32 type = (u32)feed_number(feed, 1);
        u64 start = take_address(feed), size = take_address(feed);
        raw[count++] = (struct memory_range){
            start, size, type & 0x80 ? type & 0x1f : memory_kind_of_bios_type(type & 15),
            type & 15};
    }
    return count;
}

/* The kind of an address by the list itself, 0 for none. */
static u32 kind_at(const struct memory_range *raw, u32 count, u64 at) {
    u32 kind = 0;
    for (u32 i = 0; i < count; i++) {
        bool known =
            (raw[i].kind >= 1 && raw[i].kind <= 5) || (raw[i].kind >= 16 && raw[i].kind <= 21);
        u32 own = known ? raw[i].kind : MEMORY_RESERVED;
        bool wraps = raw[i].start + raw[i].size < raw[i].start;
        bool inside = at >= raw[i].start && (wraps || at - raw[i].start < raw[i].size);
        if (inside && at < ~(u64)0xfff && own > kind)
            kind = own;
    }
    return kind;
}

static void check_address(const struct memory_range *raw, u32 count, const struct memory_map *map,
                          u64 at) {
    const struct memory_range *range = memory_at(map, at);
    MUST((range ? range->kind : 0) == kind_at(raw, count, at));
}

static void check_map(const struct memory_range *raw, u32 count, const struct memory_map *map) {
    MUST(map->count <= MEMORY_RANGES_MAX);
    for (u32 i = 0; i < map->count; i++) {
        const struct memory_range *range = &map->ranges[i], *last = range - 1;
        MUST(range->size && range->start + range->size > range->start);
        MUST(range->start + range->size <= ~(u64)0xfff);
        MUST(!i || last->start + last->size <= range->start);
        MUST(!i || last->start + last->size < range->start || last->kind != range->kind ||
             last->bios_type != range->bios_type);
    }
    for (u32 i = 0; i < count; i++) {
        check_address(raw, count, map, raw[i].start - 1);
        check_address(raw, count, map, raw[i].start);
        check_address(raw, count, map, raw[i].start + raw[i].size);
        check_address(raw, count, map, raw[i].start + raw[i].size - 1);
    }
}

static void check_found(const struct memory_map *map, struct range block) {
    for (u64 at = block.start; at < range_end(block);) {
        const struct memory_range *range = memory_at(map, at);
        MUST(range && range->kind == MEMORY_USABLE);
        at = range->start + range->size;
    }
}

static void look_for_room(struct feed *feed, const struct memory_map *map) {
    struct claims claims = {.count = 1, .claims = {{0, 0x500, CLAIM_BIOS, 0}}};
    struct memory_wish wish = {.size = feed_number(feed, 4),
                               .above = feed_number(feed, 4),
                               .below = (u64)1 << (feed_number(feed, 1) & 63)};
    u64 phys, largest;
    if (memory_find(map, &claims, wish, &phys, &largest)) {
        MUST(phys >= wish.above && phys + wish.size <= wish.below && !(phys & 0xfff));
        check_found(map, (struct range){phys, wish.size});
    }
    u32 place;
    struct memory_fit fit = {.size = (u32)feed_number(feed, 4),
                             .above = (u32)feed_number(feed, 4),
                             .below = (u32)feed_number(feed, 4),
                             .align = 0x1000u << (feed_number(feed, 1) & 15),
                             .high = feed->left & 1};
    if (memory_fit(map, &claims, &fit, &place)) {
        MUST(place >= fit.above && (u64)place + fit.size <= fit.below &&
             !(place & (fit.align - 1)));
        check_found(map, (struct range){place, fit.size});
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static struct memory_map map;
    struct memory_range raw[RAW_MAX];
    struct feed tail = {data, size < 26 ? size : 26};
    struct feed feed = {data + tail.left, size - tail.left};
    u32 count = take_entries(&feed, raw);
    struct error error = memory_normalise(raw, count, &map);
    show_error(error);
    if (error.code)
        return 0;
    check_map(raw, count, &map);
    look_for_room(&tail, &map);
    return 0;
}
