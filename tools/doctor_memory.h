/* Physical memory of the machine that died, and its page tables, as far as they are known.
 *
 * Memory comes from a dump (pmemsave), else from `xp` lines in the log, else from the kernel's
 * file: tables that are made at compile time stand there as they were loaded. The walk goes by the
 * rows of paging/format.h, in the format that the control registers select. Unlike paging/walk.h it
 * knows tables anywhere in memory, goes on without an arena, and keeps what it could not read. */
#ifndef TOOLS_DOCTOR_MEMORY_H
#define TOOLS_DOCTOR_MEMORY_H

#include "doctor_kernel.h"
#include "doctor_log.h"
#include "format.h"

struct memory {
    bool has_dump;
    struct host_file dump; /* of physical memory from 0 on */
    const struct fault_log *log;
    const struct kernel *kernel;
};

/* False if not all of the bytes are known. */
bool memory_read(const struct memory *memory, u64 phys, u8 *to, size_t size);

enum view_result { VIEW_MAPPED, VIEW_ABSENT, VIEW_RESERVED, VIEW_UNKNOWN, VIEW_NOT_CANONICAL };

struct view_step {
    u32 level;
    u32 index;
    u64 phys; /* of the entry */
    u64 entry;
    bool leaf;
    u64 target;   /* of the page or of the next table */
    u64 reserved; /* bits that are set and must not be */
};

/* How the processor sees a virtual address. */
struct view {
    enum view_result result;
    const struct paging_format *format; /* NULL: paging is off */
    u32 step_count;                     /* entries that could be read, root first */
    struct view_step steps[PAGING_LEVELS_MAX];
    u64 unread;    /* where VIEW_UNKNOWN: the physical address of the entry that is not known */
    u64 phys;      /* where mapped */
    u64 page_size; /* where mapped: of the page; where absent: what the absent entry would cover */
    bool writable, user, executable; /* what the entries together allow */
};

struct view memory_view(const struct memory *memory, const struct fault *fault, u64 virt);

/* The physical address of the root table. */
u64 memory_root(const struct fault *fault);

/* Reads by virtual address, through the tables or, where those are not known, by the kernel's own
 * addresses. Stops where bytes are not known; returns how many there are. */
size_t memory_read_virtual(const struct memory *memory, const struct fault *fault, u64 virt, u8 *to,
                           size_t size);

#endif
