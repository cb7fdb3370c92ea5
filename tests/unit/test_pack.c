/* The packing of stage 2: what is packed unpacks to the same, and bad input is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "pack.h"

enum { SIZE_MAX_TESTED = 6000, ROOM = 2 * SIZE_MAX_TESTED };

/* Packs, unpacks, compares; returns the packed size. */
static u32 round_trip(const u8 *bytes, u32 size) {
    static u8 packed[ROOM], unpacked[SIZE_MAX_TESTED + 1];
    u32 packed_size = pack(bytes, size, packed, ROOM);
    assert_int_not_equal(packed_size, 0);
    unpacked[size] = 0xee;
    assert_int_equal(unpack(packed, packed_size, unpacked, size), packed_size);
    assert_memory_equal(bytes, unpacked, size);
    assert_int_equal(unpacked[size], 0xee);
    return packed_size;
}

static void test_repetition_is_cheap(void **state) {
    (void)state;
    static u8 bytes[SIZE_MAX_TESTED];
    memset(bytes, 'a', sizeof bytes);
    assert_true(round_trip(bytes, sizeof bytes) < 80);
    for (u32 i = 0; i < sizeof bytes; i++)
        bytes[i] = (u8)(i % 700 * 31 >> 3); /* matches at offsets above 512 */
    assert_true(round_trip(bytes, sizeof bytes) < 1000);
}

static void test_every_small_size(void **state) {
    (void)state;
    u8 bytes[40];
    for (u32 size = 3; size <= sizeof bytes; size++)
        for (u32 period = 1; period <= 5; period++) {
            for (u32 i = 0; i < size; i++)
                bytes[i] = (u8)(i % period);
            round_trip(bytes, size);
        }
}

/* Mixtures of noise, copies from near and far, and long runs. */
static void test_random_mixtures(void **state) {
    (void)state;
    static u8 bytes[SIZE_MAX_TESTED];
    srand(0xa10f7);
    for (u32 round = 0; round < 30; round++) {
        u32 size = 3 + (u32)rand() % (SIZE_MAX_TESTED - 2), at = 0;
        while (at < size) {
            u32 piece = 1 + (u32)rand() % (rand() % 8 ? 30 : 900);
            u32 back = at ? 1 + (u32)rand() % at : 0;
            bool copy = back && rand() % 3;
            for (; piece && at < size; piece--, at++)
                bytes[at] = copy ? bytes[at - back] : (u8)rand();
        }
        round_trip(bytes, size);
    }
}

static void test_limits(void **state) {
    (void)state;
    static u8 noise[512], packed[ROOM];
    for (u32 i = 0; i < sizeof noise; i++)
        noise[i] = (u8)(i & 1 ? 255 : i >> 1); /* no three bytes stand twice */
    round_trip(noise, 512);
    u32 size = pack(noise, 512, packed, ROOM);
    assert_int_equal(pack(noise, 512, packed, size), size);
    assert_int_equal(pack(noise, 512, packed, size - 1), 0);
}

/* Every truncation and every changed byte: refused, or unpacked within bounds (the sanitizers
 * watch). */
static void test_damage(void **state) {
    (void)state;
    static u8 bytes[600], packed[ROOM], damaged[ROOM], unpacked[sizeof bytes];
    for (u32 i = 0; i < sizeof bytes; i++)
        bytes[i] = (u8)(i % 7 * (i >> 6));
    u32 size = pack(bytes, sizeof bytes, packed, ROOM);
    for (u32 cut = 0; cut < size; cut++) {
        u8 *exact = malloc(cut ? cut : 1);
        memcpy(exact, packed, cut);
        assert_int_equal(unpack(exact, cut, unpacked, sizeof bytes), 0);
        free(exact);
    }
    for (u32 i = 0; i < size * 256; i++) {
        memcpy(damaged, packed, size);
        damaged[i >> 8] = (u8)i;
        u32 used = unpack(damaged, size, unpacked, sizeof bytes);
        assert_true(used <= size);
    }
}

/* What is done to calls is undone, whatever the bytes are; small alphabets make E8h and near places
 * common. */
static void test_calls(void **state) {
    (void)state;
    static u8 bytes[400], changed[400];
    u32 touched = 0;
    srand(0xe8);
    for (u32 round = 0; round < 20000; round++) {
        static const u8 alphabet[] = {0xe8, 0xe8, 0, 0, 0xff, 0xff, 1, 0xfe, 0x10, 0x80};
        u32 size = (u32)rand() % sizeof bytes, base = rand() % 2 ? (u32)rand() % 300 : 0;
        u32 whole = base + size + (rand() % 2 ? (u32)rand() % 300 : 0);
        for (u32 i = 0; i < size; i++)
            bytes[i] = alphabet[(u32)rand() % sizeof alphabet];
        memcpy(changed, bytes, size);
        calls_to_places(changed, size, base, whole);
        touched += memcmp(changed, bytes, size) != 0;
        calls_to_distances(changed, size, base, whole);
        assert_memory_equal(changed, bytes, size);
    }
    assert_true(touched > 2000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_repetition_is_cheap),
        cmocka_unit_test(test_every_small_size),
        cmocka_unit_test(test_random_mixtures),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_calls),
    };
    return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
