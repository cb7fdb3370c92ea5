#include "pack.h"

#include "bytes.h"
#include "unlzma.h"

#include <lzma.h>
#include <stdlib.h>

enum {
    OFFSET_SAME,
    OFFSET_NEAR,
    OFFSET_FAR,
    OFFSET_WIDE,
    OFFSET_KINDS,

    MATCH_MIN = 2,
    MATCH_MAX = 270,
    MATCH_TRIED = 24,  /* shorter lengths of a match are all tried, longer ones only whole */
    CHAIN_MAX = 4096,  /* places with the same two bytes that are looked at */
    LITERALS_LAST = 3, /* at least */
    /* A sequence costs its token, and a quarter of a byte for its sixteen instructions. With half a
     * byte the packed core is 1 per cent larger, and unpacked with fewer instructions; but what
     * stage 1 reads shall fit one call of the BIOS. */
    BYTE_COST = 4,
    SEQUENCE_COST = 5,
    NOT_REACHED = -1,
};

/* The longest match at a place for each kind of offset. */
struct matches {
    u32 offset[OFFSET_KINDS];
    u32 length[OFFSET_KINDS];
};

/* The cheapest way found to reach a place: the sequence that ends there. */
struct step {
    int cost; /* of all sequences up to here, in BYTE_COST to the byte */
    u32 literals, length, offset;
    u8 kind;
};

struct packer {
    const u8 *from;
    u32 size;
    struct matches *matches; /* for each place */
    struct step *steps;      /* for each place, and one for the end */
};

static u32 least_offset(u32 kind) {
    return kind == OFFSET_FAR ? 129 : 1;
}

static u32 most_offset(u32 kind) {
    return kind == OFFSET_NEAR ? 128 : kind == OFFSET_FAR ? 384 : PACK_OFFSET_MAX;
}

/* What an offset is subtracted from in packed data. */
static u32 offset_base(u32 kind) {
    return kind == OFFSET_WIDE ? 65536 : kind == OFFSET_FAR ? 384 : 256;
}

static u32 match_length(const struct packer *packer, u32 earlier, u32 at) {
    u32 length = 0;
    while (at + length < packer->size && length < MATCH_MAX &&
           packer->from[earlier + length] == packer->from[at + length])
        length++;
    return length;
}

/* Fills in packer->matches: chains of places that begin with the same two bytes. */
static bool find_matches(struct packer *packer) {
    int *newest = malloc(65536 * sizeof *newest);
    int *older = malloc((packer->size + 1) * sizeof *older);
    for (u32 i = 0; newest && i < 65536; i++)
        newest[i] = -1;
    for (u32 at = 0; newest && older && at + 1 < packer->size; at++) {
        struct matches *found = &packer->matches[at];
        u32 pair = packer->from[at] | (u32)packer->from[at + 1] << 8;
        int place = newest[pair];
        for (u32 i = 0; place >= 0 && i < CHAIN_MAX; i++, place = older[place]) {
            u32 offset = at - (u32)place, length = match_length(packer, (u32)place, at);
            for (u32 kind = OFFSET_NEAR; kind < OFFSET_KINDS; kind++)
                if (offset >= least_offset(kind) && offset <= most_offset(kind) &&
                    length > found->length[kind]) {
                    found->length[kind] = length;
                    found->offset[kind] = offset;
                }
        }
        older[at] = newest[pair];
        newest[pair] = (int)at;
    }
    bool done = newest && older;
    free(newest);
    free(older);
    return done;
}

/* Bytes that continue a number which its token can hold only below `limit`. */
static int more_bytes(u32 value, u32 limit) {
    return value < limit ? 0 : 1 + (int)((value - limit) / 255);
}

/* Tries all lengths of one match at from + literals. */
static void try_match(struct packer *packer, u32 from, u32 literals, u8 kind, u32 offset,
                      u32 longest) {
    static const int offset_bytes[] = {0, 1, 1, 2};
    int cost = packer->steps[from].cost + SEQUENCE_COST +
               BYTE_COST * ((int)literals + more_bytes(literals, 3) + offset_bytes[kind]);
    for (u32 length = MATCH_MIN; length <= longest; length++) {
        if (length > MATCH_TRIED && length != longest)
            continue;
        struct step *end = &packer->steps[from + literals + length];
        int all = cost + BYTE_COST * more_bytes(length - MATCH_MIN, 15);
        if (end->cost == NOT_REACHED || all < end->cost)
            *end = (struct step){all, literals, length, offset, kind};
    }
}

/* Goes through the places in order; *last is the one from which literals lead to the end. */
static bool find_cheapest(struct packer *packer, u32 *last) {
    int best = NOT_REACHED;
    for (u32 from = 0; from <= packer->size; from++) {
        if (packer->steps[from].cost == NOT_REACHED)
            continue;
        u32 same = packer->steps[from].offset;
        for (u32 literals = 0; literals <= PACK_LITERALS_MAX; literals++) {
            u32 at = from + literals;
            if (at == packer->size && literals < LITERALS_LAST)
                break;
            if (at == packer->size) {
                int all = packer->steps[from].cost + SEQUENCE_COST +
                          BYTE_COST * ((int)literals + more_bytes(literals, 3));
                if (best == NOT_REACHED || all < best) {
                    best = all;
                    *last = from;
                }
                break;
            }
            if (same && same <= at)
                try_match(packer, from, literals, OFFSET_SAME, same,
                          match_length(packer, at - same, at));
            for (u8 kind = OFFSET_NEAR; kind < OFFSET_KINDS; kind++)
                try_match(packer, from, literals, kind, packer->matches[at].offset[kind],
                          packer->matches[at].length[kind]);
        }
    }
    return best != NOT_REACHED;
}

struct writer {
    u8 *at;
    u32 room, used;
};

static void put(struct writer *writer, u32 byte) {
    if (writer->used < writer->room)
        writer->at[writer->used] = (u8)byte;
    writer->used++;
}

static void put_more(struct writer *writer, u32 value, u32 limit) {
    if (value < limit)
        return;
    for (value -= limit; value >= 255; value -= 255)
        put(writer, 255);
    put(writer, value);
}

/* One sequence whose literals begin at `from`; length 0 for the last, which has no match. */
static void put_sequence(struct writer *writer, const u8 *from, const struct step *step) {
    u32 length = step->length ? step->length - MATCH_MIN : 0;
    u32 literals = step->literals;
    put(writer,
        (u32)step->kind << 6 | (literals < 3 ? literals : 3) << 4 | (length < 15 ? length : 15));
    put_more(writer, literals, 3);
    for (u32 i = 0; i < literals; i++)
        put(writer, from[i]);
    if (!step->length)
        return;
    u32 negated = offset_base(step->kind) - step->offset;
    if (step->kind != OFFSET_SAME)
        put(writer, negated & 255);
    if (step->kind == OFFSET_WIDE)
        put(writer, negated >> 8);
    put_more(writer, length, 15);
}

/* The steps lead backward from `last`; turns them round by noting at each place where the next one
 * ends. */
static void put_all(struct packer *packer, u32 last, struct writer *writer, u32 *next) {
    for (u32 at = last; at;) {
        const struct step *step = &packer->steps[at];
        u32 before = at - step->length - step->literals;
        next[before] = at;
        at = before;
    }
    for (u32 at = 0; at != last; at = next[at])
        put_sequence(writer, packer->from + at, &packer->steps[next[at]]);
    struct step tail = {.literals = packer->size - last};
    put_sequence(writer, packer->from + last, &tail);
}

u32 pack(const u8 *from, u32 size, u8 *to, u32 room) {
    struct packer packer = {.from = from,
                            .size = size,
                            .matches = calloc(size + 1, sizeof *packer.matches),
                            .steps = calloc(size + 1, sizeof *packer.steps)};
    struct writer writer = {.at = to, .room = room};
    u32 *next = calloc(size + 1, sizeof *next), last = 0;
    for (u32 i = 1; packer.steps && i <= size; i++)
        packer.steps[i].cost = NOT_REACHED;
    if (packer.matches && packer.steps && next && find_matches(&packer) &&
        find_cheapest(&packer, &last))
        put_all(&packer, last, &writer, next);
    free(packer.matches);
    free(packer.steps);
    free(next);
    return writer.used <= room ? writer.used : 0;
}

u32 pack_lzma(const u8 *from, u32 size, u8 *to, u32 room) {
    lzma_options_lzma options;
    size_t used = 0;
    lzma_lzma_preset(&options, 9 | LZMA_PRESET_EXTREME);
    options.lc = LZMA_LC;
    options.lp = options.pb = 0;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA1, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    lzma_ret done = lzma_raw_buffer_encode(filters, NULL, from, size, to, &used, room);
    return done == LZMA_OK ? (u32)used : 0;
}

enum { CALL = 0xe8, CALL_SIZE = 5 };

void calls_to_places(u8 *bytes, u32 size, u32 base, u32 whole) {
    for (u32 at = 0; at + CALL_SIZE <= size; at++) {
        if (bytes[at] != CALL)
            continue;
        u32 distance = load32(bytes + at + 1), place = base + at;
        if (distance + place < whole)
            store32(bytes + at + 1, distance + place);
        else if (distance < whole)
            store32(bytes + at + 1, distance - whole);
        at += CALL_SIZE - 1;
    }
}

void calls_to_distances(u8 *bytes, u32 size, u32 base, u32 whole) {
    for (u32 at = 0; at + CALL_SIZE <= size; at++) {
        if (bytes[at] != CALL)
            continue;
        u32 operand = load32(bytes + at + 1), place = base + at;
        if (operand < whole)
            store32(bytes + at + 1, operand - place);
        else if (place && operand >= 0 - place)
            store32(bytes + at + 1, operand + whole);
        at += CALL_SIZE - 1;
    }
}

struct reader {
    const u8 *at;
    u32 size, used;
    bool past_end;
};

static u32 get(struct reader *reader) {
    if (reader->used < reader->size)
        return reader->at[reader->used++];
    reader->past_end = true;
    return 0;
}

static u32 get_more(struct reader *reader, u32 value, u32 limit) {
    if (value < limit)
        return value;
    for (u32 byte = 255; byte == 255 && !reader->past_end;) {
        byte = get(reader);
        value += byte;
    }
    return value;
}

static u32 get_offset(struct reader *reader, u32 kind, u32 same) {
    u32 low = kind == OFFSET_SAME ? 0 : get(reader);
    u32 high = kind == OFFSET_WIDE ? get(reader) : 0;
    return kind == OFFSET_SAME ? same : offset_base(kind) - low - (high << 8);
}

u32 unpack(const u8 *from, u32 from_size, u8 *to, u32 size) {
    struct reader reader = {.at = from, .size = from_size};
    u32 done = 0, offset = 0;
    for (;;) {
        u32 token = get(&reader);
        u32 literals = get_more(&reader, token >> 4 & 3, LITERALS_LAST);
        for (; literals && done < size && !reader.past_end; literals--)
            to[done++] = (u8)get(&reader);
        if (literals || reader.past_end)
            return 0;
        if (done == size && (token >> 4 & 3) == LITERALS_LAST)
            return reader.used;
        offset = get_offset(&reader, token >> 6, offset);
        u32 length = get_more(&reader, token & 15, 15) + MATCH_MIN;
        if (!offset || offset > done || length > size - done)
            return 0;
        for (; length; length--, done++)
            to[done] = to[done - offset];
    }
}
