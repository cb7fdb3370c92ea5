/* Locking: the SHA-512 of the configuration that the loader will read first, for bootcode.h. */
#ifndef TOOLS_LOCK_H
#define TOOLS_LOCK_H

#include "sha512.h"
#include "tree.h"

struct lock {
    const char *path; /* of the configuration on its volume */
    u8 digest[SHA512_SIZE];
};

/* False, with a message, where there is no configuration. */
MUST_USE bool lock_to_tree(const char *who, const struct tree *tree, struct lock *lock);
MUST_USE bool lock_to_disk(const char *who, const struct source *disk, struct lock *lock);

/* "It is locked to ...". */
void lock_print(const struct lock *lock);

#endif
