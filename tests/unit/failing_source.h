/* A medium of which one read fails: each in turn, until none is left to fail. */
#ifndef TEST_FAILING_SOURCE_H
#define TEST_FAILING_SOURCE_H

#include "source.h"

#include <string.h>

struct failing {
    struct bytes bytes;
    u32 reads, fail_at; /* which read fails, from 1 */
};

static inline struct error read_failing(void *context, u64 offset, void *to, size_t size) {
    struct failing *failing = context;
    if (++failing->reads == failing->fail_at)
        return error_make(ERROR_DISK_READ, .name = "medium", .number = {offset});
    memcpy(to, failing->bytes.at + offset, size);
    return OK;
}

static inline struct source failing_source(struct failing *failing, const char *name) {
    return (struct source){read_failing, failing, 0, failing->bytes.size, name};
}

/* `error` came of a step in which the read was to fail: true if it did, and that was told; nothing
 * is read behind a failure. */
static inline bool has_failed(const struct failing *failing, struct error error) {
    if (failing->reads < failing->fail_at)
        return false;
    assert_int_equal(error.code, ERROR_DISK_READ);
    assert_int_equal(failing->reads, failing->fail_at);
    return true;
}

#endif
