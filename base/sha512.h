/* SHA-512, and the two functions that passwords need of it.
 *
 *   sha512_begin()  sha512_add() ...  sha512_end()     the hash of bytes that come in pieces
 *   hmac_sha512()                                      RFC 2104
 *   pbkdf2_sha512()                                    RFC 8018, section 5.2
 *
 * One hash serves files and passwords: GRUB's passwords are PBKDF2 over it.
 *
 * Specification: FIPS 180-4, sections 5.1.2, 5.3.5 and 6.4. */
#ifndef BASE_SHA512_H
#define BASE_SHA512_H

#include "bytes.h"

enum { SHA512_SIZE = 64, SHA512_BLOCK = 128 };

struct sha512 {
    u64 state[8];
    u64 size; /* bytes so far; less than 2^61 */
    u8 block[SHA512_BLOCK];
};

void sha512_begin(struct sha512 *hash);
void sha512_add(struct sha512 *hash, const void *bytes, size_t size);

/* Wipes *hash. */
void sha512_end(struct sha512 *hash, u8 digest[SHA512_SIZE]);

/* The first 16 digits of a digest as a number, for messages. */
u64 sha512_first(const u8 *digest);

/* All at once. */
void sha512(struct bytes bytes, u8 digest[SHA512_SIZE]);

void hmac_sha512(struct bytes key, struct bytes message, u8 digest[SHA512_SIZE]);

/* `size` bytes of key material; at least one iteration. What is made on the way is wiped. */
void pbkdf2_sha512(struct bytes password, struct bytes salt, u32 iterations, u8 *key, size_t size);

#endif
