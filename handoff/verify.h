/* Are these the bytes that the configuration means? Checked over the bytes that are used.
 *
 * Nothing is read again once it was hashed, and nothing of a kernel is looked at before:
 *
 *   kernel    is read once, whole, to free memory (verify_hold()), hashed there, and from then on
 * that memory is the file: its headers, its packed bytes, its segments module    is hashed as it is
 * read to its place. A packed one is hashed as it is unpacked, before the inflater has the bytes
 *
 *   verify_watch(&watched, &verifier, &file)       file's reads are seen from here on
 *   verify_begin(&watched)                         those that count, each behind the one before
 *   ... it is read to its place
 *   verify_end(&watched, digits)                   what nobody has read yet counts, too
 */
#ifndef HANDOFF_VERIFY_H
#define HANDOFF_VERIFY_H

#include "plan.h"
#include "sha512.h"
#include "source.h"
#include "trust.h"

/* Of one file after the other; zeroed before the first one. */
struct verifier {
    const struct watched_file *file; /* whose reads count */
    struct sha512 hash;
    u64 position; /* in the file: what stands before it is hashed */
    bool again;   /* something was read twice, or out of order */
};

struct watched_file {
    struct source data;
    struct verifier *verifier;
};

/* HASH_WRONG, with `name`. All bytes are right where `digits` is NULL. */
MUST_USE struct error verify_bytes(const char *name, const char *digits, struct bytes bytes);

/* Free memory for a kernel's file, as high as can be. PLAN_MEMORY. */
MUST_USE struct error verify_hold(const struct machine *machine, u64 size, struct range *held);

/* *data becomes a source that reads what it read before. */
void verify_watch(struct watched_file *file, struct verifier *verifier, struct source *data);

void verify_begin(struct watched_file *file);

/* HASH_WRONG, and what the medium says. */
MUST_USE struct error verify_end(struct watched_file *file, const char *digits);

#endif
