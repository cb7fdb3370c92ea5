/* A stack that overflows runs into the page below it, which is not there. To tell of it the kernel
 * needs another stack: 64-bit code has the interrupt stack table for that, 32-bit code a task of
 * its own, which takes the double fault that a page fault without a stack becomes. */
#include "check.h"
#include "fault.h"
#include "test.h"

enum { CODE = 0x08, DATA = 0x10, TSS = 0x18, OTHER_TSS = 0x28, TSS_SIZE = 104, STACK_WORDS = 2048 };

void guard_load(const struct descriptor_register *gdtr, uint32_t tss_selector);
_Noreturn void guard_overflowed(void);

static const struct aloft_info *information;
static uintptr_t other_stack[STACK_WORDS] __attribute__((aligned(16)));
static volatile unsigned depth;
static uint64_t gdt[6];

_Noreturn void guard_overflowed(void) {
    uintptr_t address = cpu_cr2();
    print("the stack overflowed in call ");
    print_decimal(depth);
    print_fact(", at", address);
    print_fact("the stack begins at", information->stack_virt);
    CHECK_VALUE(information->stack_virt - address <= 4096, address);
    CHECK_VALUE((uint64_t)depth * 256 <= information->stack_size, depth);
    test_pass();
}

/* SDM volume 3A, figures 3-8 and 7-3: 0x9b code, 0x93 data, 0x89 a TSS. */
static uint64_t descriptor(uintptr_t base, uint32_t limit, uint8_t type, uint8_t flags) {
    return (limit & 0xffff) | ((uint64_t)base & 0xffffff) << 16 | (uint64_t)type << 40 |
           (uint64_t)(limit >> 16 & 0xf) << 48 | (uint64_t)flags << 52 |
           ((uint64_t)base >> 24 & 0xff) << 56;
}

#ifdef __x86_64__
/* SDM volume 3A, figure 7-11. The interrupt stack table is at 36. */
static struct {
    uint32_t reserved;
    uint64_t stacks[3];
    uint64_t reserved2;
    uint64_t interrupt_stacks[7];
    uint8_t rest[12];
} __attribute__((packed)) tss;

bool fault_resolve(struct fault_frame *frame) {
    CHECK_VALUE(frame->vector == FAULT_PAGE, frame->vector);
    CHECK_VALUE(frame->error == FAULT_WRITE, frame->error);
    print("page fault on a stack of its own: ");
    fault_print_reason(frame->error);
    print("\n");
    guard_overflowed();
}

static void prepare(void) {
    tss.interrupt_stacks[0] = (uintptr_t)(other_stack + STACK_WORDS);
    gdt[CODE / 8] = descriptor(0, 0xfffff, 0x9b, 0xa);
    gdt[DATA / 8] = descriptor(0, 0xfffff, 0x93, 0xc);
    gdt[TSS / 8] = descriptor((uintptr_t)&tss, TSS_SIZE - 1, 0x89, 0);
    gdt[TSS / 8 + 1] = (uintptr_t)&tss >> 32;
    fault_on_stack(FAULT_PAGE, 1);
}
#else
/* SDM volume 3A, figure 7-2. */
static struct tss {
    uint32_t link, stacks[6], cr3, eip, eflags, registers[8], segments[6], ldt, map;
} tss, other_tss;

_Static_assert(sizeof(struct tss) == TSS_SIZE, "a TSS has 104 bytes");

void guard_task(void);

static void prepare(void) {
    other_tss = (struct tss){
        .cr3 = (uint32_t)cpu_cr3(),
        .eip = (uintptr_t)guard_task,
        .eflags = 2,
        .segments = {DATA, CODE, DATA, DATA, DATA, DATA},
    };
    other_tss.registers[4] = (uintptr_t)(other_stack + STACK_WORDS);
    gdt[CODE / 8] = descriptor(0, 0xfffff, 0x9b, 0xc);
    gdt[DATA / 8] = descriptor(0, 0xfffff, 0x93, 0xc);
    gdt[TSS / 8] = descriptor((uintptr_t)&tss, TSS_SIZE - 1, 0x89, 0);
    gdt[OTHER_TSS / 8] = descriptor((uintptr_t)&other_tss, TSS_SIZE - 1, 0x89, 0);
    fault_by_task(FAULT_DOUBLE, OTHER_TSS);
}
#endif

/* Calls itself `left` times, with more than 256 bytes on the stack each time. The compiler may not
 * make a loop of it: for all it knows, someone keeps the address of the bytes. */
__attribute__((noinline)) static unsigned recurse(unsigned left) {
    volatile uint8_t bytes[256];
    bytes[0] = (uint8_t)left;
    __asm__ volatile("" : : "r"(bytes) : "memory");
    depth++;
    return left == 0 ? 0 : recurse(left - 1) + bytes[0];
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    information = info;
    prepare();
    struct descriptor_register gdtr = {.limit = sizeof gdt - 1, .base = (uintptr_t)gdt};
    guard_load(&gdtr, TSS);
    unsigned most = (unsigned)(info->stack_size / 256);
    CHECK_VALUE(recurse(most) == 0, depth);
    test_fail("the stack is larger than it may be");
}
