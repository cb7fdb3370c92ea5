/* A bounded, readable run of bytes: a disk, a partition and a file are all one.
 *
 * `read` is the only function pointer that comes into the pure modules. It is told offsets within
 * [0, size) of its own medium only: source_read() checks every request first, so a parser may pass
 * numbers that it read from the disk.
 *
 *   disk     |-------------------------------------------|
 *   slice          |---------------------|                  source_slice(disk, start, size)
 *   file               |--| |-----|                         its own read, which maps to the volume
 */
#ifndef BASE_SOURCE_H
#define BASE_SOURCE_H

#include "bytes.h"
#include "error.h"

struct source {
    struct error (*read)(void *context, u64 offset, void *to, size_t size);
    void *context;    /* borrowed; lives as long as the source is used */
    u64 start;        /* where this run begins in the context's numbering, in bytes */
    u64 size;         /* bytes */
    const char *name; /* for errors: "disk 0x80", "/boot/kernel.elf" */
};

/* Reads exactly `size` bytes. ERROR_SOURCE_PAST_END where the run is shorter than that; else what
 * the medium says. */
MUST_USE struct error source_read(const struct source *source, u64 offset, void *to, size_t size);

/* The same on behalf of the file `name` of a volume. Where the volume ends before that, the number
 * that led there is the file system's: ERROR_VOLUME_PAST_END. */
MUST_USE struct error source_read_for(const struct source *volume, const char *name, u64 offset,
                                      void *to, size_t size);

/* A part of a source. ERROR_SOURCE_PAST_END, and an empty one, if it does not lie within. */
MUST_USE struct error source_slice(const struct source *source, u64 offset, u64 size,
                                   struct source *slice);

/* A run of bytes in memory as a source; `bytes` must outlive it. */
struct source source_memory(const struct bytes *bytes, const char *name);

#endif
