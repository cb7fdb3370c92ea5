/* The processor, as far as C cannot reach it: ports, control registers, CPUID, descriptor tables.
 */
#ifndef LIB_CPU_H
#define LIB_CPU_H

#include <stdbool.h>
#include <stdint.h>

enum {
    CR0_WP = 1 << 16,
    CR4_PSE = 1 << 4,
    CR4_PAE = 1 << 5,
    CR4_LA57 = 1 << 12,
    EFER_LME = 1 << 8,
    EFER_LMA = 1 << 10,
    EFER_NXE = 1 << 11,
};
#define CR0_PG ((uint32_t)1 << 31)

static inline void port_write(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t port_read(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}

_Noreturn static inline void cpu_halt(void) {
    for (;;)
        __asm__ volatile("cli; hlt");
}

#define CPU_READ(name, instruction)                  \
    static inline uintptr_t name(void) {             \
        uintptr_t value;                             \
        __asm__ volatile(instruction : "=r"(value)); \
        return value;                                \
    }
CPU_READ(cpu_cr0, "mov %%cr0, %0")
CPU_READ(cpu_cr2, "mov %%cr2, %0")
CPU_READ(cpu_cr3, "mov %%cr3, %0")
CPU_READ(cpu_cr4_raw, "mov %%cr4, %0")
CPU_READ(cpu_cs, "mov %%cs, %0")
CPU_READ(cpu_ds, "mov %%ds, %0")
CPU_READ(cpu_es, "mov %%es, %0")
CPU_READ(cpu_fs, "mov %%fs, %0")
CPU_READ(cpu_gs, "mov %%gs, %0")
CPU_READ(cpu_ss, "mov %%ss, %0")
#undef CPU_READ

#define CPU_WRITE(name, instruction)                             \
    static inline void name(uintptr_t value) {                   \
        __asm__ volatile(instruction : : "r"(value) : "memory"); \
    }
CPU_WRITE(cpu_set_cr0, "mov %0, %%cr0")
CPU_WRITE(cpu_set_cr3, "mov %0, %%cr3")
CPU_WRITE(cpu_set_cr4, "mov %0, %%cr4")
#undef CPU_WRITE

/* Forgets what the TLB holds about the page of this address. */
static inline void cpu_invlpg(uintptr_t address) {
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

static inline uint16_t cpu_ldtr(void) {
    uint16_t value;
    __asm__ volatile("sldt %0" : "=r"(value));
    return value;
}

/* What LGDT and LIDT load. */
struct descriptor_register {
    uint16_t limit;
    uintptr_t base;
} __attribute__((packed));

static inline struct descriptor_register cpu_gdtr(void) {
    struct descriptor_register value;
    __asm__ volatile("sgdt %0" : "=m"(value));
    return value;
}

static inline struct descriptor_register cpu_idtr(void) {
    struct descriptor_register value;
    __asm__ volatile("sidt %0" : "=m"(value));
    return value;
}

/* Is there a CPUID instruction? Early 486s have none: their EFLAGS.ID cannot be changed. */
static inline bool cpu_has_cpuid(void) {
#ifdef __x86_64__
    return true;
#else
    uint32_t before, after;
    __asm__ volatile("pushfl; pushfl; popl %0; movl %0, %1; xorl $0x200000, %1\n\t"
                     "pushl %1; popfl; pushfl; popl %1; popfl"
                     : "=&r"(before), "=&r"(after));
    return ((before ^ after) & 0x200000) != 0;
#endif
}

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

/* All zero for a leaf that this CPU does not have. */
static inline struct cpuid cpuid(uint32_t leaf) {
    struct cpuid r = {0, 0, 0, 0};
    if (!cpu_has_cpuid())
        return r;
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf & 0x80000000), "c"(0));
    if (r.eax < leaf)
        return (struct cpuid){0, 0, 0, 0};
    __asm__ volatile("cpuid"
                     : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
                     : "a"(leaf), "c"(0));
    return r;
}

static inline bool cpu_has_tsc(void) {
    return (cpuid(1).edx >> 4 & 1) != 0;
}

/* The time stamp counter, where there is one. */
static inline uint64_t cpu_tsc(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline bool cpu_has_pse(void) {
    return (cpuid(1).edx >> 3 & 1) != 0;
}

static inline bool cpu_has_nx(void) {
    return (cpuid(0x80000001).edx >> 20 & 1) != 0;
}

static inline bool cpu_has_1g_pages(void) {
    return (cpuid(0x80000001).edx >> 26 & 1) != 0;
}

/* MAXPHYADDR (SDM volume 3A, section 4.1.4). */
static inline unsigned cpu_physical_bits(void) {
    unsigned bits = cpuid(0x80000008).eax & 0xff;
    if (bits != 0)
        return bits;
    return (cpuid(1).edx >> 6 & 1) != 0 ? 36 : 32;
}

/* 0 on processors from before CR4, where reading it is an invalid opcode. */
static inline uintptr_t cpu_cr4(void) {
    return cpu_has_cpuid() ? cpu_cr4_raw() : 0;
}

/* 0 where there is no EFER: it comes with NX (bit 20) or long mode (bit 29). */
static inline uint32_t cpu_efer(void) {
    bool has_msr = (cpuid(1).edx >> 5 & 1) != 0;
    if (!has_msr || (cpuid(0x80000001).edx & (1 << 20 | 1 << 29)) == 0)
        return 0;
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000080));
    return low;
}

#endif
