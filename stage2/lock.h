/* The lock: `aloft install --lock` writes the configuration's SHA-512 into the head of stage 2.
 *
 * A locked loader executes that configuration alone, uses no file without a hash, has no editor and
 * no command line, and stops for good where a hash is wrong (docs/security.md). */
#ifndef STAGE2_LOCK_H
#define STAGE2_LOCK_H

#include "bytes.h"
#include "error.h"

bool lock_is_set(void);

/* LOCK_CONFIG if the loader is locked, and not to this text. */
MUST_USE struct error lock_check(const char *path, struct bytes text);

/* HASH_MISSING if the loader is locked and `digits` is NULL. */
MUST_USE struct error lock_demand(const char *path, const char *digits);

/* Is the error one after which a locked loader stops? */
bool lock_stops(enum error_code code);

#endif
