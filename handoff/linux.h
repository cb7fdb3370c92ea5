/* Linux kernels (bzImage), through the 32-bit boot protocol, or the 64-bit one if asked for.
 *
 *   the file     | boot sector, setup code | protected-mode code ......... |
 *                  setup header at 0x1f1     one segment of the image, claimed with the memory
 *                                            that it unpacks itself to (init_size)
 *   handoff      | stack | zero page | command line | GDT | trampoline |
 *   initrds      one behind the other, as high as the kernel reads them
 *
 * The code goes where it prefers to be (pref_address, else 1 MiB). Where that is no free RAM, a
 * relocatable kernel goes to the lowest place above that fits its alignment, or a lesser one that
 * it permits. The setup code is not run: what it would find out stands in the zero page. The kernel
 * is entered at its first byte, paging off, ESI at the zero page.
 *
 * The 64-bit entry is 0x200 bytes into the code, in long mode, RSI at the zero page. The page
 * tables show RAM below 4 GiB and the first megabyte where they are, all of it to be read, written
 * and executed: more than the protocol promises (the kernel's claim, zero page, command line), for
 * Linux runs code below 1 MiB before it has tables of its own. Its memory map says that the tables'
 * memory is reserved. An initrd that does not fit where the header permits goes anywhere, above 4
 * GiB too, if the kernel can have it there.
 *
 * A setup header is as long as its own jump says; a field that lies behind that is 0 here, which
 * always means what boot.rst says of the protocol versions without it.
 *
 * Specification: Linux, Documentation/arch/x86/boot.rst and zero-page.rst; screen_info.h. */
#ifndef HANDOFF_LINUX_H
#define HANDOFF_LINUX_H

#include "entry.h"
#include "linux_line.h"
#include "plan.h"
#include "ram.h"

/* The setup header lies at the same offsets in the file and in the zero page. */
enum { LINUX_HEADER = 0x1f1, LINUX_HEADER_END = 0x290 };

struct linux_kernel {
    u8 header[LINUX_HEADER_END - LINUX_HEADER];
    struct linux_line line; /* linux_line_read() fills it in */
};

/* `bits` is 32 or 64: which entry. Errors: LINUX_MAGIC, LINUX_OLD, LINUX_SHORT, LINUX_NO_64,
 * PLAN_LONG_MODE, what the source says. A kernel that fits nowhere is left where it prefers to be,
 * and the planner says what is wrong with that. */
MUST_USE struct error linux_open(const struct source *kernel, const struct machine *machine,
                                 u32 bits, struct image *image, struct linux_kernel *linux);

/* What the planner is told beside the image: room for zero page, command line and GDT, and how
 * initrds are placed. LINUX_COMMAND_LINE. */
MUST_USE struct error linux_wish(const struct boot_request *request,
                                 const struct linux_kernel *linux, struct plan_request *wish);

/* After plan_make(): the memory that the kernel unpacks itself to needs no zeros. */
void linux_trim(struct plan *plan);

/* Errors: MEMORY_MAP_FULL; PLAN_MEMORY if ram does not reach the block; those of finish_tables().
 */
MUST_USE struct error linux_finish(const struct machine *machine, const struct plan *plan,
                                   const struct boot_request *request, const u64 *module_sizes,
                                   const struct linux_kernel *linux, const struct ram *ram,
                                   struct cpu_entry *entry);

#endif
