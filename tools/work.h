/* What is to be booted, as the loader would find it: the host's half of stage2/main.c. */
#ifndef TOOLS_WORK_H
#define TOOLS_WORK_H

#include "entry.h"
#include "gzip.h"
#include "image.h"
#include "options.h"
#include "plan.h"
#include "protocol.h"
#include "tree.h"

struct work {
    struct tree tree;
    bool has_config; /* else the kernel stands alone */
    struct config config;
    struct boot_request request;
    struct host_file kernel; /* unpacked, if it was a gzip file */
    struct inflater inflater;
    struct image image;
    struct opened opened;
    u64 module_sizes[CONFIG_MODULES_MAX];
    struct machine machine;
    struct range held; /* as struct boot has it */
    struct plan plan;
    /* from work_finish() on: */
    struct cpu_entry entry;
    struct table_arena tables; /* no frames with paging off */
};

/* What the call says, over what the configuration says. */
struct work_wishes {
    struct words options; /* "--paging=pae" */
    struct words modules; /* files of this computer */
};

/* Reads the configuration and the headers of the kernel. *work is too large to be copied, and
 * points into itself. A lone kernel is called what `path` calls it. Errors: CONFIG_*, FILE_*,
 * ELF_*. */
MUST_USE struct error work_open(const char *who, const char *path, const struct work_wishes *wishes,
                                struct work *work);

/* The work as the protocols see it. */
struct boot work_boot(struct work *work);

/* The headers of the kernel that was opened; before that it is unpacked, if it is a gzip file. */
MUST_USE struct error work_read_kernel(struct work *work);

/* Executes an entry of work->config. Errors: CONFIG_*. */
MUST_USE struct error work_request(const char *who, struct work *work, u32 entry);

/* The plan of work->image for work->machine. Errors: as plan_make(). */
MUST_USE struct error work_plan(struct work *work);

/* Does what comes after loading, in memory of this computer: page tables, boot information and the
 * check of both. Errors: as native_finish(). */
MUST_USE struct error work_finish(const char *who, struct work *work);

/* An error as the loader says it, with the line of the configuration where it is about one. */
void work_print_error(const struct work *work, const struct error *error);

#endif
