/* Segments: a GDT of the kernel's own replaces the loader's, exceptions work with it, and two
 * "processes" each see their own memory at offset 0, by base and limit, without a page table. */
#include "check.h"
#include "fault.h"
#include "test.h"

enum { CODE = 0x08, DATA = 0x10, ONE = 0x18, TWO = 0x20, WINDOW_SIZE = 256, BREAKPOINT = 3 };

void segments_load(const struct descriptor_register *gdtr);
int segments_read(uint32_t selector, uint32_t offset);
void segments_interrupt(void);
extern char segments_access[], segments_refused[];

static uint8_t one[WINDOW_SIZE] = {'A'}, two[WINDOW_SIZE] = {'B'};
static uint64_t gdt[5];
static unsigned refused, interrupts;

/* SDM volume 3A, figure 3-8: a descriptor with a limit in bytes, or in pages if `pages`. */
static uint64_t descriptor(uint32_t base, uint32_t limit, uint8_t type, bool pages) {
    return (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 | (uint64_t)type << 40 |
           (uint64_t)(limit >> 16 & 0xf) << 48 | (uint64_t)(pages ? 0xc : 0x4) << 52 |
           (uint64_t)(base >> 24) << 56;
}

bool fault_resolve(struct fault_frame *frame) {
    if (frame->vector == BREAKPOINT) {
        interrupts++;
        return true;
    }
    if (frame->vector != FAULT_PROTECTION || frame->instruction != (uintptr_t)segments_access)
        return false;
    refused++;
    frame->instruction = (uintptr_t)segments_refused;
    return true;
}

static void load_gdt(void) {
    gdt[CODE / 8] = descriptor(0, 0xfffff, 0x9a, true);
    gdt[DATA / 8] = descriptor(0, 0xfffff, 0x92, true);
    gdt[ONE / 8] = descriptor((uintptr_t)one, WINDOW_SIZE - 1, 0x90, false);
    gdt[TWO / 8] = descriptor((uintptr_t)two, WINDOW_SIZE - 1, 0x90, false);
    struct descriptor_register gdtr = {.limit = sizeof gdt - 1, .base = (uintptr_t)gdt};
    segments_load(&gdtr);
    CHECK(cpu_gdtr().base == (uintptr_t)gdt);
}

static void show(const char *what, uint32_t selector) {
    int byte = segments_read(selector, 0);
    print(what);
    print(" sees '");
    print_character((char)byte);
    print("' at offset 0\n");
}

/* QEMU's own processor (TCG) has limits, but looks at them in few places. */
static void show_limit(void) {
    uint32_t limit;
    __asm__("lsl %1, %0" : "=r"(limit) : "r"((uint32_t)ONE));
    CHECK_VALUE(limit == WINDOW_SIZE - 1, limit);
    int byte = segments_read(ONE, WINDOW_SIZE);
    CHECK_VALUE(refused == (byte == -1), byte);
    print_fact("limit of segment 0x18:", limit);
    print(byte == -1 ? "reading behind it is a general protection fault (13)\n"
                     : "reading behind it goes well, on this processor: it is QEMU's\n");
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    load_gdt();
    print_fact("a GDT of the kernel's own, at", (uintptr_t)gdt);
    segments_interrupt();
    CHECK_VALUE(interrupts == 1, interrupts);
    print("an interrupt came and went with it\n");

    show("segment 0x18", ONE);
    show("segment 0x20", TWO);
    CHECK(segments_read(ONE, 0) == 'A' && segments_read(TWO, 0) == 'B');
    CHECK(segments_read(ONE, WINDOW_SIZE - 1) == 0);
    CHECK_VALUE(refused == 0, refused);
    show_limit();
    test_pass();
}
