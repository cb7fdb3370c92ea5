/* The instructions that C has no words for. */
#ifndef STAGE2_X86_H
#define STAGE2_X86_H

#include "types.h"

static inline void out8(u16 port, u8 value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 in8(u16 port) {
    u8 value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

struct cpuid {
    u32 eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(u32 leaf) {
    struct cpuid id;
    __asm__ volatile("cpuid"
                     : "=a"(id.eax), "=b"(id.ebx), "=c"(id.ecx), "=d"(id.edx)
                     : "a"(leaf), "c"(0));
    return id;
}

/* CPUID leaf 1: bits that say which of the following there are. */
enum { CPUID_TSC = 1 << 4 /* EDX */, CPUID_RDRAND = 1 << 30 /* ECX */ };

static inline u64 read_tsc(void) {
    u64 value;
    __asm__ volatile("rdtsc" : "=A"(value));
    return value;
}

/* RDRAND of EAX; false if there was no number in time. */
static inline bool read_random(u32 *value) {
    bool done;
    __asm__ volatile(".byte 0x0f, 0xc7, 0xf0\n\t"
                     "setc %1"
                     : "=a"(*value), "=qm"(done)
                     :
                     : "cc");
    return done;
}

static inline u64 read_msr(u32 msr) {
    u32 low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return low | (u64)high << 32;
}

static inline void write_msr(u32 msr, u64 value) {
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)));
}

enum { EFLAGS_ID = 1 << 21 };

/* Does this bit of EFLAGS stay as it is written? EFLAGS_ID does where there is CPUID (SDM volume 1,
 * section 20.1). */
static inline bool flag_can_change(u32 flag) {
    u32 before, after;
    __asm__ volatile("pushfl\n\t"
                     "popl %0\n\t"
                     "movl %0, %1\n\t"
                     "xorl %2, %1\n\t"
                     "pushl %1\n\t"
                     "popfl\n\t"
                     "pushfl\n\t"
                     "popl %1\n\t"
                     "pushl %0\n\t"
                     "popfl"
                     : "=&r"(before), "=&r"(after)
                     : "ri"(flag));
    return (before ^ after) & flag;
}

static inline u32 read_cr0(void) {
    u32 value;
    __asm__ volatile("movl %%cr0, %0" : "=r"(value));
    return value;
}

static inline void write_cr0(u32 value) {
    __asm__ volatile("movl %0, %%cr0" : : "r"(value) : "memory");
}

static inline void write_cr3(u32 value) {
    __asm__ volatile("movl %0, %%cr3" : : "r"(value) : "memory");
}

static inline u32 read_cr4(void) {
    u32 value;
    __asm__ volatile("movl %%cr4, %0" : "=r"(value));
    return value;
}

static inline void write_cr4(u32 value) {
    __asm__ volatile("movl %0, %%cr4" : : "r"(value) : "memory");
}

static inline u32 read_cr2(void) {
    u32 value;
    __asm__ volatile("movl %%cr2, %0" : "=r"(value));
    return value;
}

/* An exception, and none that says how it is handled: the processor shuts down, and whoever built
 * the machine starts it again (SDM volume 3, interrupt 8, "double fault"). */
static inline NO_RETURN void shut_down(void) {
    static const u16 no_handlers[3];
    __asm__ volatile("lidt %0\n\t"
                     "int3"
                     :
                     : "m"(no_handlers));
    __builtin_unreachable();
}

#endif
