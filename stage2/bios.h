/* BIOS calls from protected mode. A call is a value: fill in the registers, call, read them back.
 *
 * The BIOS sees real-mode addresses: a buffer must lie below 1 MiB, and bios_segment/offset split
 * its address. The structure itself must be on the stack, which lies below 64 KiB (bios_call.asm).
 */
#ifndef STAGE2_BIOS_H
#define STAGE2_BIOS_H

#include "types.h"

struct bios_registers {
    u32 eax, ebx, ecx, edx, esi, edi, ebp;
    u16 ds, es;
    u16 flags; /* only out */
};

enum { FLAG_CARRY = 1, FLAG_ZERO = 0x40 };

void bios_call(u16 vector, struct bios_registers *registers);

/* Lies where a vector of the interrupt table would: bios_call(BIOS_IDLE, ...) lets interrupts in
 * and sleeps until one came. The timer's comes 18.2 times a second. */
extern u8 bios_idle[];
#define BIOS_IDLE ((u16)((uintptr_t)bios_idle / 4))

/* Likewise: jumps to the boot sector at 0x7c00, interrupts on. */
extern u8 bios_chain[];
#define BIOS_CHAIN ((u16)((uintptr_t)bios_chain / 4))

static inline u16 bios_segment(const void *at) {
    return (u16)((uintptr_t)at >> 4);
}

static inline u16 bios_offset(const void *at) {
    return (u16)((uintptr_t)at & 15);
}

/* Fixed places in the BIOS data area (segment 40h; IBM PC/AT technical reference). */
enum {
    BDA_SERIAL_PORT = 0x400,  /* u16: I/O base of COM1 */
    BDA_EBDA_SEGMENT = 0x40e, /* u16 */
    BDA_LOW_MEMORY = 0x413,   /* u16: KiB of conventional memory */
    BDA_VIDEO_MODE = 0x449,   /* u8 */
    BDA_COLUMNS = 0x44a,      /* u16 */
    BDA_CURSOR = 0x450,       /* u8 column, u8 row */
    BDA_SHIFT = 0x417,        /* u8: bits 0 and 1 while a Shift key is held */
    BDA_CRTC_PORT = 0x463,    /* u16 */
    BDA_TICKS = 0x46c,        /* u32: since midnight, TICKS_A_DAY */
    BDA_DISKS = 0x475,        /* u8: number of hard disks */
    BDA_LAST_ROW = 0x484,     /* u8 */
};

static inline volatile u8 *bda(u32 address) {
    volatile u8 *at;
    __asm__(""
            : "=r"(at)
            : "0"(address)); /* no constant: compilers take low ones for null pointers */
    return at;
}

static inline u16 bda16(u32 address) {
    return (u16)(bda(address)[0] | bda(address)[1] << 8);
}

/* Selectors in the loader's own GDT (start.asm). */
enum {
    LOADER_CODE32 = 0x08,
    LOADER_DATA32 = 0x10,
    LOADER_CODE16 = 0x18,
    LOADER_DATA16 = 0x20,
};

#endif
