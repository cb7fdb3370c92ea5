#include "sha512.h"

#include "secret.h"

enum { LENGTH_SIZE = 16, ROUNDS = 80 };

/* Section 4.2.3: fractions of the cube roots of the first 80 primes; section 5.3.5: of the square
 * roots of the first 8. */
static const u64 rounds[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

static const u64 start[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                             0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                             0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

static u64 load_big(const u8 *at) {
    u64 value = 0;
    for (u32 i = 0; i < 8; i++)
        value = value << 8 | at[i];
    return value;
}

static void store_big(u8 *at, u64 value) {
    for (u32 i = 8; i-- > 0; value >>= 8)
        at[i] = (u8)value;
}

static u64 rotate(u64 value, u32 by) {
    return value >> by | value << (64 - by);
}

/* Section 4.1.3: three rotations; the last is a shift in the message schedule. */
static u64 sum(u64 x, u32 a, u32 b, u32 c) {
    return rotate(x, a) ^ rotate(x, b) ^ rotate(x, c);
}

static u64 small_sum(u64 x, u32 a, u32 b, u32 shift) {
    return rotate(x, a) ^ rotate(x, b) ^ x >> shift;
}

/* Section 6.4.2. The schedule is a ring of 16 words; a to h are the state, turned by one place in
 * each round. Its own copies are not wiped: the last block that passes here is one of a hash that
 * is given out. */
static void add_block(struct sha512 *hash, const u8 *block) {
    u64 words[16], s[8];
    memcpy(s, hash->state, sizeof s);
    for (u32 t = 0; t < ROUNDS; t++) {
        u64 *word = &words[t & 15];
        if (t < 16)
            *word = load_big(block + 8 * t);
        else
            *word += small_sum(words[(t + 14) & 15], 19, 61, 6) + words[(t + 9) & 15] +
                     small_sum(words[(t + 1) & 15], 1, 8, 7);
        u64 one =
            s[7] + sum(s[4], 14, 18, 41) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + rounds[t] + *word;
        u64 two = sum(s[0], 28, 34, 39) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, sizeof s - sizeof *s);
        s[4] += one;
        s[0] = one + two;
    }
    for (u32 i = 0; i < 8; i++)
        hash->state[i] += s[i];
}

void sha512_begin(struct sha512 *hash) {
    hash->size = 0;
    memcpy(hash->state, start, sizeof start);
}

void sha512_add(struct sha512 *hash, const void *bytes, size_t size) {
    const u8 *at = bytes;
    u32 used = (u32)hash->size & (SHA512_BLOCK - 1);
    hash->size += size;
    while (size) {
        u32 part = SHA512_BLOCK - used;
        if (part > size)
            part = (u32)size;
        if (part == SHA512_BLOCK) {
            add_block(hash, at);
        } else {
            memcpy(hash->block + used, at, part);
            if (used + part == SHA512_BLOCK)
                add_block(hash, hash->block);
        }
        used = 0;
        at += part;
        size -= part;
    }
}

/* Section 5.1.2: a bit, zeros, and the length in bits, which has 128 of them. */
void sha512_end(struct sha512 *hash, u8 digest[SHA512_SIZE]) {
    u64 size = hash->size;
    u32 used = (u32)size & (SHA512_BLOCK - 1);
    hash->block[used++] = 0x80;
    memset(hash->block + used, 0, SHA512_BLOCK - used);
    if (used > SHA512_BLOCK - LENGTH_SIZE) {
        add_block(hash, hash->block);
        memset(hash->block, 0, SHA512_BLOCK);
    }
    store_big(hash->block + SHA512_BLOCK - 8, size << 3);
    add_block(hash, hash->block);
    for (u32 i = 0; i < 8; i++)
        store_big(digest + 8 * i, hash->state[i]);
    secret_wipe(hash, sizeof *hash);
}

u64 sha512_first(const u8 *digest) {
    return load_big(digest);
}

void sha512(struct bytes bytes, u8 digest[SHA512_SIZE]) {
    struct sha512 hash;
    sha512_begin(&hash);
    sha512_add(&hash, bytes.at, bytes.size);
    sha512_end(&hash, digest);
}

/* --- HMAC --- */

/* The two hashes of RFC 2104 after their first block, from which every message of the same key
 * goes on. */
struct hmac {
    struct sha512 inner, outer;
};

static void begin_with(struct sha512 *hash, const u8 *key, u8 pad) {
    u8 block[SHA512_BLOCK];
    for (u32 i = 0; i < SHA512_BLOCK; i++)
        block[i] = key[i] ^ pad;
    sha512_begin(hash);
    sha512_add(hash, block, SHA512_BLOCK);
    secret_wipe(block, sizeof block);
}

static void hmac_begin(struct bytes key, struct hmac *hmac) {
    u8 block[SHA512_BLOCK] = {0};
    if (key.size > SHA512_BLOCK)
        sha512(key, block);
    else
        memcpy(block, key.at, key.size);
    begin_with(&hmac->inner, block, 0x36);
    begin_with(&hmac->outer, block, 0x5c);
    secret_wipe(block, sizeof block);
}

/* The message is two parts, one behind the other. `digest` may be one of them. */
static void hmac_of(const struct hmac *hmac, struct bytes first, struct bytes second,
                    u8 digest[SHA512_SIZE]) {
    struct hmac own = *hmac;
    sha512_add(&own.inner, first.at, first.size);
    sha512_add(&own.inner, second.at, second.size);
    sha512_end(&own.inner, digest);
    sha512_add(&own.outer, digest, SHA512_SIZE);
    sha512_end(&own.outer, digest);
}

void hmac_sha512(struct bytes key, struct bytes message, u8 digest[SHA512_SIZE]) {
    struct hmac hmac;
    hmac_begin(key, &hmac);
    hmac_of(&hmac, message, (struct bytes){NULL, 0}, digest);
    secret_wipe(&hmac, sizeof hmac);
}

/* --- PBKDF2 --- */

/* The block T_i of section 5.2, step 3. */
static void key_block(const struct hmac *hmac, struct bytes salt, u32 iterations, u32 number,
                      u8 block[SHA512_SIZE]) {
    u8 u[SHA512_SIZE],
        be[4] = {(u8)(number >> 24), (u8)(number >> 16), (u8)(number >> 8), (u8)number};
    hmac_of(hmac, salt, (struct bytes){be, sizeof be}, u);
    memcpy(block, u, SHA512_SIZE);
    while (--iterations) {
        hmac_of(hmac, (struct bytes){u, SHA512_SIZE}, (struct bytes){NULL, 0}, u);
        for (u32 i = 0; i < SHA512_SIZE; i++)
            block[i] ^= u[i];
    }
    secret_wipe(u, sizeof u);
}

void pbkdf2_sha512(struct bytes password, struct bytes salt, u32 iterations, u8 *key, size_t size) {
    struct hmac hmac;
    u8 block[SHA512_SIZE];
    hmac_begin(password, &hmac);
    for (u32 number = 1; size; number++) {
        size_t part = size < SHA512_SIZE ? size : SHA512_SIZE;
        key_block(&hmac, salt, iterations, number, block);
        memcpy(key, block, part);
        key += part;
        size -= part;
    }
    secret_wipe(&hmac, sizeof hmac);
    secret_wipe(block, sizeof block);
}
