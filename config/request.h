/* What an entry asks to boot, collected while it is executed.
 *
 *   TRY(request_start(&config, entry, NULL, &request));
 *   for (;;) {
 *       TRY(script_next(&config, &command));
 *       if (command.kind == COMMAND_END)
 *           break;
 *       TRY(request_command(&config, &command, &request));    those that the caller does not do
 *   }
 *   TRY(request_finish(&config, &request));
 */
#ifndef CONFIG_REQUEST_H
#define CONFIG_REQUEST_H

#include "script.h"

/* How a kernel is booted: handoff/protocol.h. The first five in the order of their commands. */
enum boot_protocol {
    PROTOCOL_NATIVE,     /* kernel */
    PROTOCOL_MULTIBOOT1, /* multiboot */
    PROTOCOL_MULTIBOOT2, /* multiboot2 */
    PROTOCOL_LINUX,      /* linux */
    PROTOCOL_CHAIN,      /* chainloader: no kernel, but the boot sector of kernel.device */
    PROTOCOL_PVH,        /* kernel --protocol=pvh */
};

/* Options of the commands of GRUB's protocols. */
enum {
    REQUEST_FORCE = 1,                      /* --force */
    REQUEST_CMDLINE_PATH = 2,               /* --cmdline-path */
    REQUEST_QUIRK_BAD_KLUDGE = 4,           /* --quirk-bad-kludge */
    REQUEST_QUIRK_MODULES_AFTER_KERNEL = 8, /* --quirk-modules-after-kernel */
    REQUEST_64 = 16                         /* --64, of linux alone */
};

struct file_request {
    const char *path;
    const char *arguments; /* the rest of the line, words joined by one space, quoted as GRUB does;
                              "" if none */
    struct config_place place; /* of the path; zeros if it is from no configuration */
    const char *hash;          /* its digits (trust.h); NULL if none is given */
    struct device device;
    bool nounzip; /* --nounzip */
};

/* Strings live in the configuration until the next request_start(). */
struct boot_request {
    const char *title;
    enum boot_protocol protocol;
    u32 flags;                     /* REQUEST_* */
    struct kernel_options options; /* with PROTOCOL_NATIVE */
    struct file_request kernel;
    const char *gfxpayload; /* as the entry has left it; "" if unset */
    u32 module_count;
    struct file_request modules[CONFIG_MODULES_MAX];
};

/* As script_enter(). */
MUST_USE struct error request_start(struct config *config, u32 entry, const struct bytes *edited,
                                    struct boot_request *request);

/* Takes in a command that names a kernel or a module; `boot` ends the script once there is a
 * kernel. What only a caller can do goes well without effect. Errors: CONFIG_OPTION, CONFIG_VALUE,
 * CONFIG_TWO_KERNELS, CONFIG_MODULE_FIRST, CONFIG_ARGUMENTS, CONFIG_COMMAND, CONFIG_LATER,
 * CONFIG_DEVICE, CONFIG_TOO_BIG, all with line and column. */
MUST_USE struct error request_command(struct config *config, const struct command *command,
                                      struct boot_request *request);

/* CONFIG_NO_KERNEL, at the entry's line. Not to be asked when the entry has started another
 * configuration: then config->booting is false. */
MUST_USE struct error request_finish(struct config *config, struct boot_request *request);

#endif
