/* aloft plan --address and --tables: what the page tables say, in words. */
#ifndef TOOLS_TRANSLATE_H
#define TOOLS_TRANSLATE_H

#include "tables.h"

/* A virtual address as the user writes it: 0x and hexadecimal digits. A mistake ends the program.
 */
u64 address_of(const char *who, const char *word);

/* Who has a physical address: "PT_LOAD 0", "page tables", "usable", "no memory". */
void text_holder(struct text *text, const struct machine *machine, const struct plan *plan,
                 u64 phys);

/* Prints how the CPU finds its way: a line for each entry that it reads, then "physical 0x..." or
 * "not mapped". */
void print_translation(const struct machine *machine, const struct table_view *view, u64 virt);

/* Prints what the tables cost, and all leaves in runs. */
void print_tables(const struct table_view *view);

#endif
