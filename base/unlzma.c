#include "unlzma.h"

enum {
    PROB_BITS = 11,
    PROB_HALF = 1 << (PROB_BITS - 1),
    MOVE_BITS = 5,
    RANGE_LEAST = 1 << 24,
    HEADER = 5,

    /* where each part of the model begins */
    IS_MATCH = 0,
    IS_REP = IS_MATCH + LZMA_STATES,
    IS_REP0 = IS_REP + LZMA_STATES,
    IS_REP0_LONG = IS_REP0 + LZMA_STATES,
    IS_REP1 = IS_REP0_LONG + LZMA_STATES,
    IS_REP2 = IS_REP1 + LZMA_STATES,
    DISTANCE_SLOT = IS_REP2 + LZMA_STATES, /* four trees of 6 bits */
    DISTANCE_LOW = DISTANCE_SLOT + 4 * 64, /* the trees of slots 4 to 13, one behind the other */
    DISTANCE_ALIGN = DISTANCE_LOW + 128,
    LENGTH = DISTANCE_ALIGN + 16,
    REP_LENGTH = LENGTH + LZMA_LENGTHS,
    LITERAL = REP_LENGTH + LZMA_LENGTHS,

    /* within the model of a length */
    LENGTH_IS_LONG = 0,
    LENGTH_IS_LONGER = 1,
    LENGTH_SHORT = 2, /* 2 to 9 */
    LENGTH_LONG = 10, /* 10 to 17 */
    LENGTH_LONGER = 18,

    STATE_MATCH = 7, /* from here on the last thing was a match */
    LENGTH_LEAST = 2,
    SLOT_DIRECT = 14, /* from here on bits of a distance are not modelled */
};

struct decoder {
    u16 *probs;
    const u8 *at, *end;
    bool past_end;
    u32 range, code;
    u32 state;   /* what the last few steps were: chooses the models of the next one */
    u32 last[4]; /* distances less one, the newest first */
};

static void normalise(struct decoder *d) {
    if (d->range >= RANGE_LEAST)
        return;
    d->range <<= 8;
    d->code <<= 8;
    if (d->at == d->end)
        d->past_end = true;
    else
        d->code |= *d->at++;
}

static u32 bit(struct decoder *d, u32 index) {
    u16 *prob = &d->probs[index];
    normalise(d);
    u32 bound = (d->range >> PROB_BITS) * *prob;
    if (d->code < bound) {
        d->range = bound;
        *prob = (u16)(*prob + (((1 << PROB_BITS) - *prob) >> MOVE_BITS));
        return 0;
    }
    d->range -= bound;
    d->code -= bound;
    *prob = (u16)(*prob - (*prob >> MOVE_BITS));
    return 1;
}

/* A number of `bits` bits, the highest first. */
static u32 tree(struct decoder *d, u32 index, u32 bits) {
    u32 node = 1;
    while (!(node >> bits))
        node = node << 1 | bit(d, index + node);
    return node - (1u << bits);
}

/* The same, the lowest first. */
static u32 tree_reverse(struct decoder *d, u32 index, u32 bits) {
    u32 node = 1, value = 0;
    for (u32 i = 0; i < bits; i++) {
        u32 b = bit(d, index + node);
        node = node << 1 | b;
        value |= b << i;
    }
    return value;
}

static u32 direct_bits(struct decoder *d, u32 count) {
    u32 value = 0;
    while (count--) {
        normalise(d);
        d->range >>= 1;
        u32 b = d->code >= d->range;
        d->code -= b ? d->range : 0;
        value = value << 1 | b;
    }
    return value;
}

static u32 length(struct decoder *d, u32 index) {
    if (!bit(d, index + LENGTH_IS_LONG))
        return LENGTH_LEAST + tree(d, index + LENGTH_SHORT, 3);
    if (!bit(d, index + LENGTH_IS_LONGER))
        return LENGTH_LEAST + 8 + tree(d, index + LENGTH_LONG, 3);
    return LENGTH_LEAST + 16 + tree(d, index + LENGTH_LONGER, 8);
}

/* How far back a match of this length begins, less one. */
static u32 distance(struct decoder *d, u32 length_of_match) {
    u32 kind = length_of_match - LENGTH_LEAST < 3 ? length_of_match - LENGTH_LEAST : 3;
    u32 slot = tree(d, DISTANCE_SLOT + 64 * kind, 6);
    if (slot < 4)
        return slot;
    u32 bits = (slot >> 1) - 1, high = (2 | (slot & 1)) << bits;
    if (slot < SLOT_DIRECT)
        return high + tree_reverse(d, DISTANCE_LOW + high - slot, bits);
    high += direct_bits(d, bits - 4) << 4;
    return high + tree_reverse(d, DISTANCE_ALIGN, 4);
}

/* After a match the byte that stood behind its source is most likely not this one. */
static u8 literal(struct decoder *d, u32 before, u32 match) {
    u32 index = LITERAL + 0x300 * (before >> (8 - LZMA_LC)), node = 1;
    while (d->state >= STATE_MATCH && node < 0x100) {
        u32 expected = match >> 7 & 1;
        match <<= 1;
        u32 b = bit(d, index + ((1 + expected) << 8) + node);
        node = node << 1 | b;
        if (b != expected)
            break;
    }
    while (node < 0x100)
        node = node << 1 | bit(d, index + node);
    d->state = d->state < 4 ? 0 : d->state < 10 ? d->state - 3 : d->state - 6;
    return (u8)node;
}

/* A match from a new distance: its length. */
static u32 new_match(struct decoder *d) {
    u32 count = length(d, LENGTH);
    for (u32 i = 3; i; i--)
        d->last[i] = d->last[i - 1];
    d->last[0] = distance(d, count);
    d->state = d->state < STATE_MATCH ? 7 : 10;
    return count;
}

/* A match from one of the last four distances, which goes to the front: its length. */
static u32 repeated_match(struct decoder *d) {
    u32 state = d->state, which = 0;
    bool after_match = state >= STATE_MATCH;
    if (!bit(d, IS_REP0 + state)) {
        if (!bit(d, IS_REP0_LONG + state)) {
            d->state = after_match ? 11 : 9;
            return 1;
        }
    } else
        which = !bit(d, IS_REP1 + state) ? 1 : !bit(d, IS_REP2 + state) ? 2 : 3;
    u32 chosen = d->last[which];
    for (; which; which--)
        d->last[which] = d->last[which - 1];
    d->last[0] = chosen;
    d->state = after_match ? 11 : 8;
    return length(d, REP_LENGTH);
}

bool unlzma(const u8 *from, u32 from_size, u8 *to, u32 size, struct lzma_model *model) {
    struct decoder d = {
        .probs = model->probs, .at = from + HEADER, .end = from + from_size, .range = ~0u};
    if (from_size < HEADER)
        return false;
    for (u32 i = 1; i < HEADER; i++)
        d.code = d.code << 8 | from[i];
    for (u32 i = 0; i < LZMA_PROBS; i++)
        model->probs[i] = PROB_HALF;
    for (u32 done = 0; done < size && !d.past_end;) {
        if (!bit(&d, IS_MATCH + d.state)) {
            u32 match = d.last[0] < done ? to[done - d.last[0] - 1] : 0;
            to[done] = literal(&d, done ? to[done - 1] : 0, match);
            done++;
            continue;
        }
        u32 count = bit(&d, IS_REP + d.state) ? repeated_match(&d) : new_match(&d);
        if (d.last[0] >= done || count > size - done)
            return false;
        for (; count; count--, done++)
            to[done] = to[done - d.last[0] - 1];
    }
    return !d.past_end;
}
