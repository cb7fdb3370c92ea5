/* Models of QEMU's PCs under SeaBIOS: struct machine as the loader's probe finds it there, measured
 * on QEMU 7.2 with TCG. */
#ifndef TOOLS_MODEL_H
#define TOOLS_MODEL_H

#include "machine.h"

/* Names as QEMU's -machine and -cpu take them; behind the processor's, features may be switched on
 * and off: "max,la57=off". */
struct model {
    const char *machine; /* "pc", "q35" */
    const char *cpu;
    u64 memory; /* bytes, whole MiB */
};

enum { MODEL_MEMORY_MIN_MIB = 2, MODEL_MEMORY_MAX_MIB = 512 * 1024 };

/* From the values of --machine, --cpu and --memory; a mistake ends the program. */
void model_machine(const char *who, const struct model *model, struct machine *machine);

/* "128M" as bytes; a mistake ends the program. */
u64 model_memory(const char *who, const char *word);

#endif
