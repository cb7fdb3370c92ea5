/* base/sha512: vectors of the standards, and what coreutils and Python say of random bytes. */
#define _POSIX_C_SOURCE 200809L /* popen(), mkdtemp() */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "secret.h"
#include "sha512.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct bytes text_of(const char *string) {
    return (struct bytes){(const u8 *)string, strlen(string)};
}

static void expect_hex(const char *name, const u8 *got, size_t size, const char *hex) {
    char text[2 * 256 + 1] = "";
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", got[i]);
    if (strcmp(text, hex) != 0)
        fail_msg("%s:\n  got  %s\n  want %s", name, text, hex);
}

/* FIPS 180-2 appendix C and NIST's byte-oriented examples. */
static const struct {
    const char *name, *text;
    u32 times;
    const char *digest;
} hashes[] = {
    {"empty", "", 1,
     "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
     "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"},
    {"abc", "abc", 1,
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"},
    {"two blocks",
     "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnop"
     "qrsmnopqrstnopqrstu",
     1,
     "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
     "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909"},
    {"a million",
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaa",
     10000,
     "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
     "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b"},
};

static void test_vectors(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(hashes); i++) {
        struct sha512 hash;
        u8 digest[SHA512_SIZE];
        struct bytes text = text_of(hashes[i].text);
        sha512_begin(&hash);
        for (u32 j = 0; j < hashes[i].times; j++)
            sha512_add(&hash, text.at, text.size);
        sha512_end(&hash, digest);
        expect_hex(hashes[i].name, digest, sizeof digest, hashes[i].digest);
        for (size_t j = 0; j < sizeof hash; j++)
            assert_int_equal(((const u8 *)&hash)[j], 0);
    }
}

/* Every length around the borders of two blocks, in every cut into two pieces, is what one piece
 * gives. */
static void test_pieces(void **state) {
    (void)state;
    u8 bytes[260], whole[SHA512_SIZE], cut[SHA512_SIZE];
    for (u32 i = 0; i < sizeof bytes; i++)
        bytes[i] = (u8)(i * 7 + 1);
    for (u32 size = 0; size <= sizeof bytes; size++) {
        u8 *exact = malloc(size ? size : 1);
        memcpy(exact, bytes, size);
        sha512((struct bytes){exact, size}, whole);
        for (u32 at = 0; at <= size; at++) {
            struct sha512 hash;
            sha512_begin(&hash);
            sha512_add(&hash, exact, at);
            sha512_add(&hash, exact + at, size - at);
            sha512_end(&hash, cut);
            assert_memory_equal(whole, cut, SHA512_SIZE);
        }
        free(exact);
    }
}

/* sha512sum(1) of the lengths 0 to 300 and of some long ones, one call for all files. */
static void test_against_coreutils(void **state) {
    (void)state;
    enum { COUNT = 330 };
    char folder[] = "/tmp/aloft-sha512-XXXXXX", path[64], command[128], line[256];
    static u8 digests[COUNT][SHA512_SIZE];
    if (!mkdtemp(folder))
        fail_msg("no temporary folder");
    u32 random = 1;
    for (u32 i = 0; i < COUNT; i++) {
        size_t size = i <= 300 ? i : (i - 300) * (size_t)4099;
        u8 *bytes = malloc(size ? size : 1);
        for (size_t j = 0; j < size; j++)
            bytes[j] = (u8)((random = random * 1664525u + 1013904223u) >> 24);
        sha512((struct bytes){bytes, size}, digests[i]);
        snprintf(path, sizeof path, "%s/%03u", folder, i);
        FILE *file = fopen(path, "wb");
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        fclose(file);
        free(bytes);
    }
    snprintf(command, sizeof command, "sha512sum %s/*", folder);
    FILE *pipe = popen(command, "r");
    for (u32 i = 0; i < COUNT; i++) {
        assert_non_null(fgets(line, sizeof line, pipe));
        line[2 * SHA512_SIZE] = 0;
        expect_hex(line + 2 * SHA512_SIZE + 2, digests[i], SHA512_SIZE, line);
    }
    assert_int_equal(pclose(pipe), 0);
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

/* RFC 4231, the cases whose digest is whole. */
static void test_hmac(void **state) {
    (void)state;
    u8 key[131], digest[SHA512_SIZE];
    memset(key, 0xaa, sizeof key);
    hmac_sha512(text_of("Jefe"), text_of("what do ya want for nothing?"), digest);
    expect_hex("case 2", digest, sizeof digest,
               "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
               "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
    hmac_sha512((struct bytes){key, sizeof key},
                text_of("Test Using Larger Than Block-Size Key - Hash Key First"), digest);
    expect_hex("case 6", digest, sizeof digest,
               "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
               "6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598");
    hmac_sha512((struct bytes){key, SHA512_BLOCK}, text_of("x"), digest);
    expect_hex("a key of one block", digest, sizeof digest,
               "5b82498ec1ea9861b32c8a2c37a8a910f741ec22bc639eb1e6132f2d03677a28"
               "d81f94b00c5fc256fb8f0fcdd0ace0dc79d1a0b102b08187d51a1a2ad0bcec9e");
}

/* Made by Python's hashlib.pbkdf2_hmac(). */
static const struct {
    const char *password, *salt;
    u32 iterations;
    size_t size;
    const char *key;
} keys[] = {
    {"password", "salt", 1, 64,
     "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252"
     "c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce"},
    {"password", "salt", 2, 64,
     "e1d9c16aa681708a45f5c7c4e215ceb66e011a2e9f0040713f18aefdb866d53c"
     "f76cab2868a39b9f7840edce4fef5a82be67335c77a6068e04112754f27ccf4e"},
    {"password", "salt", 1000, 64,
     "afe6c5530785b6cc6b1c6453384731bd5ee432ee549fd42fb6695779ad8a1c5b"
     "f59de69c48f774efc4007d5298f9033c0241d5ab69305e7b64eceeb8d834cfec"},
    {"pass",
     "longer than one block: "
     "sssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"
     "sssssssssssssssssssssssssss",
     3, 20, "7b377517f07f44dd23036543971458203980ce73"},
    {"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxx",
     "NaCl", 5, 150,
     "3c9eaaf266a8caf49b03754507d3f22e3299310c81b1711c01f3ef81d342be6c"
     "2f6bb8aaaad43148bdc584a44bdb5d285ebbce2a22a359887e3e59ed0f10ba2e"
     "64cb2078c3b49903aff96e68004f2264303e7a49db0b86262e9749746856891c"
     "e77491086863487ee7f4535cb641eebaab2b0dd6200978914df5887c9bb5b5d3"
     "f255fce11b2d61474313beae101494f19d98cd33ce68"},
    {"", "salt", 1, 16, "00ef42cdbfc98d29db20976608e45556"},
};

/* A key of 300 blocks: their number takes two bytes. */
static void test_long_key(void **state) {
    (void)state;
    static u8 key[300 * SHA512_SIZE];
    u8 digest[SHA512_SIZE];
    pbkdf2_sha512(text_of("password"), text_of("salt"), 1, key, sizeof key);
    sha512((struct bytes){key, sizeof key}, digest);
    expect_hex("long key", digest, sizeof digest,
               "965131831f4eb3e371fb89c91db21d12c51ac2cb92dd023d92611bf56ac65dea"
               "9ca0d20775b149fb95ccb680f06808f9613e10960385a7320f800b2c527c294f");
}

static void test_pbkdf2(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
        u8 *key = malloc(keys[i].size);
        pbkdf2_sha512(text_of(keys[i].password), text_of(keys[i].salt), keys[i].iterations, key,
                      keys[i].size);
        expect_hex(keys[i].password, key, keys[i].size, keys[i].key);
        free(key);
    }
}

static void test_secret(void **state) {
    (void)state;
    u8 a[64], b[64];
    memset(a, 7, sizeof a);
    memset(b, 7, sizeof b);
    assert_true(secret_equal(a, b, sizeof a));
    assert_true(secret_equal(a, b + 1, 0));
    for (u32 i = 0; i < 8 * sizeof a; i++) {
        b[i / 8] ^= (u8)(1 << i % 8);
        assert_false(secret_equal(a, b, sizeof a));
        b[i / 8] ^= (u8)(1 << i % 8);
    }
    b[63] = 1;
    assert_true(secret_equal(a, b, 63));
    secret_wipe(a + 1, sizeof a - 2);
    for (u32 i = 0; i < sizeof a; i++)
        assert_int_equal(a[i], i == 0 || i == 63 ? 7 : 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_against_coreutils),
        cmocka_unit_test(test_hmac),
        cmocka_unit_test(test_pbkdf2),
        cmocka_unit_test(test_long_key),
        cmocka_unit_test(test_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
