/* Between multiboot.c, multiboot1.c and multiboot2.c: the block under way, and what both versions
 * write alike. Nobody else includes this. */
#ifndef HANDOFF_MULTIBOOT_WRITE_H
#define HANDOFF_MULTIBOOT_WRITE_H

#include "bytes.h"
#include "multiboot.h"

/* The block is zero at first. What does not fit is dropped, and `full` says so. */
struct block {
    const struct boot *boot;
    const struct plan *plan;
    const struct ram *ram; /* firmware tables are copied from here */
    u8 *bytes;
    u32 phys;
    u32 size, used;
    bool full;
    const u8 *sections; /* the section header table, patched; NULL if it is not loaded */
};

enum {
    MEMORY_ENTRY_SIZE = 24,
    FRAMEBUFFER_SIZE = 24, /* without the colours */
    APM_SIZE = 20,
    RSDP_1_SIZE = 20,
    RSDP_LENGTH = 20, /* u32 at this offset, from version 2 on */
};

/* Room at a multiple of `align`; NULL if there is none. */
u8 *block_take(struct block *block, u32 size, u32 align);

/* The physical address of a place in the block. */
u32 block_phys(const struct block *block, const u8 *at);

/* The command line: with --cmdline-path the path stands before the arguments. Its size counts the
 * final 0. */
u32 command_line_size(const struct boot_request *request);
void write_command_line(const struct boot_request *request, u8 *to);

/* What the loader calls itself. Xen takes the first word of its command line for the path of its
 * file and drops it, unless it reads "GRUB " in this name with something other than 0 behind. So
 * the name says how the command line is made; with --cmdline-path it does not. */
const char *loader_name(const struct boot_request *request);

/* MEMORY_ENTRY_SIZE bytes for each range of the machine's memory map; `shift` is where the address
 * begins in an entry. */
void write_memory(const struct machine *machine, u8 *to, u32 shift);

/* KiB of memory from 0, and from 1 MiB to the first hole. */
void write_memory_sizes(const struct machine *machine, u8 *to);

/* FRAMEBUFFER_SIZE bytes, and 6 more of colour fields for a screen of coloured pixels. False for no
 * screen. */
bool write_framebuffer(const struct machine *machine, u8 *to);

void write_apm(const struct apm *apm, u8 *to);

/* Mode, and segment, offset and size of the interface: 8 bytes. */
void write_vbe_interface(const struct vbe *vbe, u8 *to);

/* VBE_CONTROLLER_SIZE bytes, at `to` in the block. */
void write_vbe_controller(const struct vbe *vbe, struct block *block, u8 *to);

/* VBE_MODE_SIZE bytes; in text mode those few that GRUB makes up. */
void write_vbe_mode(const struct machine *machine, u8 *to);

/* The number of the boot volume's partition, from 0; all ones for none. */
u32 boot_partition(const struct boot_drive *drive);

void multiboot1_write(struct block *block);
void multiboot2_write(struct block *block);

#endif
