/* The boot information on the serial line, for programs to read: one fact a line.
 *
 *   info NAME VALUE                       a field of struct aloft_info by its name; numbers as
 * 0x... info memory START SIZE KIND BIOS_TYPE info segment VIRT PHYS SIZE FILE_SIZE RIGHTS NUMBER
 *   info module VIRT PHYS SIZE            then "info module_path ..." and "info module_arguments
 * ..." info mapping VIRT PHYS SIZE ATTRIBUTES PURPOSE info cpu CR0 CR3 CR4 EFER info leaf VIRT PHYS
 * PAGE_SIZE ATTRIBUTES COUNT       equal leaves side by side are one line
 */
#ifndef LIB_DUMP_H
#define LIB_DUMP_H

#include "aloft.h"

void dump_info(const struct aloft_info *info);

/* Nothing without paging. */
void dump_leaves(const struct aloft_info *info);

#endif
