#include "high.h"

#include "format.h"
#include "x86.h"

enum { WINDOW = 0x200000, WINDOW_SIZE = 0x200000, BUFFER_SIZE = 0x4000 };

static u8 buffer[BUFFER_SIZE] __attribute__((section(".low"))); /* stage2.ld: not zeroed */
static u64 root[4] __attribute__((aligned(32)));
static u64 directory[512] __attribute__((aligned(4096), section(".low")));

/* Shows the 2 MiB of physical memory around phys at WINDOW. */
static void *open_window(u64 phys) {
    root[0] = (uintptr_t)directory | ENTRY_PRESENT;
    directory[0] = ENTRY_PRESENT | ENTRY_WRITE | ENTRY_LARGE;
    directory[1] = align_down(phys, WINDOW_SIZE) | directory[0];
    write_cr4(read_cr4() | CR4_PAE);
    write_cr3((u32)(uintptr_t)root);
    write_cr0(read_cr0() | CR0_PG);
    return (void *)(WINDOW + ((uintptr_t)phys & (WINDOW_SIZE - 1)));
}

static void close_window(void) {
    write_cr0(read_cr0() & ~CR0_PG);
    write_cr4(read_cr4() & ~(u32)CR4_PAE);
}

/* How much of [phys, phys + left) one window and one buffer take. */
static u32 piece(u64 phys, u64 left) {
    u64 room = WINDOW_SIZE - (phys & (WINDOW_SIZE - 1));
    return (u32)min_u64(min_u64(room, left), BUFFER_SIZE);
}

static void copy_up(u64 phys, u32 size) {
    void *to = open_window(phys);
    memcpy(to, buffer, size);
    close_window();
}

struct error high_load(const struct load *load, const struct source *file) {
    u64 done = 0;
    memset(directory, 0, sizeof directory);
    for (u32 size; done < load->file_size; done += size) {
        size = piece(load->phys + done, load->file_size - done);
        TRY(source_read(file, load->offset + done, buffer, size));
        copy_up(load->phys + done, size);
    }
    memset(buffer, 0, sizeof buffer);
    for (u32 size; done < load->memory_size; done += size) {
        size = piece(load->phys + done, load->memory_size - done);
        copy_up(load->phys + done, size);
    }
    return OK;
}
