/* What liblzma packs unpacks to the same; bad streams end within their bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "pack.h"
#include "random.h"
#include "range.h"
#include "unlzma.h"

enum { SIZE_MAX_TESTED = 100000, ROOM = 2 * SIZE_MAX_TESTED };

static struct lzma_model model;

static u32 packed_size_of(const u8 *bytes, u32 size, u8 *to) {
    u32 packed_size = pack_lzma(bytes, size, to, ROOM);
    assert_int_not_equal(packed_size, 0);
    return packed_size;
}

/* The packed bytes in memory of exactly their size, for the sanitizers. */
static void round_trip(const u8 *bytes, u32 size) {
    static u8 packed[ROOM], unpacked[SIZE_MAX_TESTED + 1];
    u32 packed_size = packed_size_of(bytes, size, packed);
    u8 *exact = malloc(packed_size);
    memcpy(exact, packed, packed_size);
    memset(&model, 0x5a, sizeof model);
    unpacked[size] = 0xee;
    assert_true(unlzma(exact, packed_size, unpacked, size, &model));
    assert_memory_equal(bytes, unpacked, size);
    assert_int_equal(unpacked[size], 0xee);
    free(exact);
}

/* Mixtures of noise, text, copies from near and far and runs: every kind of step of the format. */
static void fill(u8 *bytes, u32 size, u64 *seed) {
    for (u32 at = 0; at < size;) {
        u32 piece = 1 + (u32)below(seed, one_in(seed, 8) ? 900 : 30), kind = (u32)below(seed, 4);
        u32 back = at ? 1 + (u32)below(seed, one_in(seed, 2) ? at : min_u64(at, 200)) : 0;
        for (; piece && at < size; piece--, at++)
            bytes[at] = kind == 0 && back   ? bytes[at - back]
                        : kind == 1 && back ? (u8)(bytes[at - back] + one_in(seed, 16))
                        : kind == 2         ? (u8)("etaoin shrdlu"[below(seed, 13)])
                                            : (u8)next_random(seed);
    }
}

static void test_round_trips(void **state) {
    (void)state;
    static u8 bytes[SIZE_MAX_TESTED];
    u64 seed = 0xa10f7;
    for (u32 i = 0; i < 60; i++) {
        u32 size = i < 40 ? i : 1 + (u32)below(&seed, SIZE_MAX_TESTED);
        fill(bytes, size, &seed);
        round_trip(bytes, size);
    }
    memset(bytes, 7, sizeof bytes);
    round_trip(bytes, sizeof bytes);
}

/* Every truncation; and every byte changed: refused, or something else, within bounds. */
static void test_damage(void **state) {
    (void)state;
    static u8 bytes[2000], packed[ROOM], unpacked[sizeof bytes];
    u64 seed = 3;
    fill(bytes, sizeof bytes, &seed);
    u32 size = packed_size_of(bytes, sizeof bytes, packed), refused = 0;
    for (u32 cut = 0; cut < size; cut++) {
        u8 *exact = malloc(cut ? cut : 1);
        memcpy(exact, packed, cut);
        /* the last bytes are the mark of the end, which is not read */
        assert_false(unlzma(exact, cut, unpacked, sizeof bytes, &model) && cut + 10 < size);
        free(exact);
    }
    for (u32 i = 0; i < size; i++) {
        packed[i] ^= (u8)(1 + below(&seed, 255));
        refused += !unlzma(packed, size, unpacked, sizeof bytes, &model);
        packed[i] = 0;
    }
    assert_true(refused > 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests_name("unlzma", tests, NULL, NULL);
}
