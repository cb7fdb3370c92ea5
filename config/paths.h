/* Where the loader looks on the boot volume, in this order: for a configuration, and where there is
 * none, for a kernel to boot with the defaults. */
#ifndef CONFIG_PATHS_H
#define CONFIG_PATHS_H

static const char *const config_paths[] = {"/boot/aloft.cfg", "/aloft.cfg", "/boot/grub/grub.cfg",
                                           "/grub/grub.cfg"};
static const char *const kernel_paths[] = {"/boot/kernel.elf", "/kernel.elf"};

#endif
