/* Executing the configuration on this machine: what script.h hands out is done here. */
#ifndef STAGE2_RUN_H
#define STAGE2_RUN_H

#include "request.h"
#include "trust.h"
#include "volumes.h"

struct runner {
    const struct machine *machine;
    struct volumes *volumes;
    struct config *config;
    u8 *text; /* of all files, CONFIG_BYTES_MAX bytes */
    u32 text_used;
    u32 text_first; /* of it, by the first configuration, whose functions stay; 0 while that is read
                     */
    u32 text_read;  /* of it, by the configuration; the rest is of the entry that is booted */
    char user[CONFIG_USER_MAX + 1]; /* who has logged in; "" for nobody */
    bool quiet;                     /* echo and sleep do nothing: the text is only looked at */
    char device[DEVICE_NAME_SIZE];  /* "hd0,msdos1": what the boot volume is called */
};

/* Reads the file at `path` as the configuration, if there is one. Errors: CONFIG_*, FILE_*, HASH_*,
 * LOCK_CONFIG, and those of reading. */
MUST_USE struct error run_config(struct runner *runner, const char *path, bool *found);

/* Executes an entry, or `edited` in place of its body if that is not NULL, and finds out what it
 * boots. An entry that starts another configuration boots
 * the default entry of that, if the user may (else CONFIG_USER). Errors: as request.h,
 * CONFIG_OTHER_DRIVE for a kernel or module that is not on the boot drive, and HASH_MISSING for one
 * without a hash under a lock. */
MUST_USE struct error run_entry(struct runner *runner, u32 entry, const struct bytes *edited,
                                struct boot_request *request);

#endif
