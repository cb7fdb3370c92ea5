#include "lock.h"

#include "boot.h"
#include "sha512.h"

/* The head stays where stage 1 read it to (head.asm). */
static const u8 *wanted(void) {
    return (const u8 *)(uintptr_t)(STAGE2_ADDRESS + HEAD_LOCK);
}

bool lock_is_set(void) {
    u8 all = 0;
    for (u32 i = 0; i < LOCK_SIZE; i++)
        all |= wanted()[i];
    return all;
}

struct error lock_check(const char *path, struct bytes text) {
    u8 digest[SHA512_SIZE];
    if (!lock_is_set())
        return OK;
    sha512(text, digest);
    if (!memcmp(digest, wanted(), LOCK_SIZE))
        return OK;
    return error_make(ERROR_LOCK_CONFIG, .name = path, .number = {sha512_first(digest)});
}

struct error lock_demand(const char *path, const char *digits) {
    return digits || !lock_is_set() ? OK : error_make(ERROR_HASH_MISSING, .name = path);
}

bool lock_stops(enum error_code code) {
    return lock_is_set() && code >= ERROR_HASH_WRONG && code <= ERROR_LOCK_CONFIG;
}
