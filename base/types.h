/* The words that every module uses: integers of a stated width, and attributes.
 *
 * Numbers that come from outside (disks, ELF files, the BIOS) or that go to the processor have a
 * width in their type. Addresses are u64 in every build, the 32-bit loader included: the pure
 * modules must not care that stage 2 happens to run in 32-bit mode. Sizes in memory are size_t.
 *
 * The loader is compiled with -nostdinc, so everything is made of the compiler's own macros. */
#ifndef BASE_TYPES_H
#define BASE_TYPES_H

typedef __UINT8_TYPE__ u8;
typedef __UINT16_TYPE__ u16;
typedef __UINT32_TYPE__ u32;
typedef __UINT64_TYPE__ u64;
typedef __SIZE_TYPE__ size_t;
typedef __UINTPTR_TYPE__ uintptr_t;

#ifndef bool
#define bool _Bool
#define true 1
#define false 0
#endif
#ifndef NULL
#define NULL ((void *)0)
#endif

#define MUST_USE  __attribute__((warn_unused_result))
#define NO_RETURN __attribute__((noreturn))
#define NO_INLINE __attribute__((noinline)) /* where inlining makes the loader larger */
#define PACKED    __attribute__((packed))

#define ARRAY_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define KIB ((u64)1 << 10)
#define MIB ((u64)1 << 20)
#define GIB ((u64)1 << 30)

#define PAGE_SIZE ((u64)4096)

/* The four functions that a freestanding compiler may call for its own ends (C11 5.1.2.1 and the
 * compilers' manuals). The host's libc has them; the loader has its own in stage2/memory.asm. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *at, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

#endif
