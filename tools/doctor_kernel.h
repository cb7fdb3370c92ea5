/* The kernel's ELF file, for naming addresses: symbols, sections, and where its segments are,
 * virtually and physically. All of it is optional: without a file nothing is found. */
#ifndef TOOLS_DOCTOR_KERNEL_H
#define TOOLS_DOCTOR_KERNEL_H

#include "image.h"
#include "range.h"
#include "tree.h"

struct kernel {
    bool given;
    struct host_file file;
    struct image image;
};

/* Ends the program if the file cannot be read or is no ELF executable; an entry in no segment is
 * no reason, for that may be what is asked about. */
void kernel_open(const char *who, const char *path, struct kernel *kernel);

/* The segment that has the address, virtually or physically; NULL if none does. */
const struct segment *kernel_virtual(const struct kernel *kernel, u64 virt);
const struct segment *kernel_physical(const struct kernel *kernel, u64 phys);

/* Virtual minus physical of the segment of the entry, else of the first one; 0 without a kernel. */
u64 kernel_offset(const struct kernel *kernel);

/* The virtual range of the segments that lie together (KERNEL_GAP apart at most) where `virt` is,
 * or before it: a kernel may have a part linked low and a part linked high. Empty if there is none.
 */
#define KERNEL_GAP (16 * MIB)
struct range kernel_run(const struct kernel *kernel, u64 virt);

/* "start+0x19 in .text" for a virtual address; NULL if it is not the kernel's. */
const char *kernel_name(const struct kernel *kernel, u64 virt);

/* The file's bytes for a physical address: how many of `size` there are. */
size_t kernel_bytes(const struct kernel *kernel, u64 phys, u8 *to, size_t size);

#endif
