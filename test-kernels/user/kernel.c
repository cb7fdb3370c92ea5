/* Two programs in ring 3, both at virtual 0x100, each in an address space of its own that shares
 * the kernel's upper GiB: switching CR3 switches the program. What they may not do is refused, and
 * a page that both read is copied when one writes to it. (programs.S says what they do.) */
#include "check.h"
#include "fault.h"
#include "space32.h"
#include "test.h"

enum {
    KERNEL_BASE = 0xc0000000,
    ORIGIN = 0x100,
    SHARED = 0x40000000,
    STACK_TOP = KERNEL_BASE,
    RING = 3,
    KERNEL_DATA = 0x10,
    USER_CODE = 0x18,
    USER_DATA = 0x20,
    TSS = 0x28,
    ASK_END = 0,
    ASK_PRINT = 1,
    ASK_NUMBER = 2,
    UD2_SIZE = 2,
    REFUSALS = 4,
};

void ring3_load(const struct descriptor_register *gdtr, uint32_t tss_selector);
uint32_t ring3_enter(uint32_t eip, uint32_t esp, uintptr_t *kept);
_Noreturn void ring3_leave(uintptr_t kept, uint32_t result);
extern const uint8_t program_a[], program_a_end[], program_b[], program_b_end[];

/* SDM volume 3A, figure 7-2. Of it only ring 0's stack is used. */
static struct { uint32_t link, esp0, ss0, unused[23]; } tss;

static uint64_t gdt[6];
static uintptr_t kept_stack;
static struct frames frames;
static struct space32 *running;
static uint32_t refusals[REFUSALS];
static unsigned refusal_count, copies;

/* ---- what the programs ask for, and what they must not do ---- */

static void answer(struct fault_frame *frame) {
    uint32_t value = frame->registers[SAVED_BX];
    switch (frame->registers[SAVED_AX]) {
    case ASK_PRINT:
        print("  it says: ");
        print(ALOFT_POINTER(const char, value));
        print("\n");
        break;
    case ASK_NUMBER:
        CHECK_VALUE(refusal_count < REFUSALS, value);
        refusals[refusal_count++] = value;
        break;
    case ASK_END: ring3_leave(kept_stack, value);
    default: test_fail("a program asked for something unknown");
    }
    frame->instruction += UD2_SIZE;
}

/* A write to a page that is shared and not writable: it gets a frame of its own, and the write is
 * done again. */
static bool copy_on_write(const struct fault_frame *frame) {
    uint32_t address = (uint32_t)cpu_cr2();
    if (frame->vector != FAULT_PAGE || address - SHARED >= PAGE ||
        (frame->error & (FAULT_PRESENT | FAULT_WRITE)) != (FAULT_PRESENT | FAULT_WRITE))
        return false;
    uint32_t *entry = space32_entry(running, address);
    uint32_t frame_phys = (uint32_t)frames_take(&frames);
    const uint32_t *from = space32_frame(running, *entry & ~(uint32_t)ENTRY_FLAGS);
    uint32_t *to = space32_frame(running, frame_phys);
    for (unsigned i = 0; i < PAGE / sizeof *to; i++)
        to[i] = from[i];
    *entry = frame_phys | ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER;
    cpu_invlpg(address);
    copies++;
    print("  copy on write: page ");
    print_hex(SHARED);
    print_fact(" has a frame of its own now,", frame_phys);
    return true;
}

static void refuse(struct fault_frame *frame) {
    print("  refused: ");
    if (frame->vector == FAULT_PAGE) {
        print_fact("page fault at", cpu_cr2());
        print("           ");
        fault_print_reason(frame->error);
        print("\n");
    } else {
        print("exception ");
        print_decimal(frame->vector);
        print("\n");
    }
    frame->registers[SAVED_AX] = frame->vector | frame->error << 8;
    frame->instruction = frame->registers[SAVED_DX];
}

bool fault_resolve(struct fault_frame *frame) {
    if (copy_on_write(frame))
        return true;
    if ((frame->cs & RING) != RING)
        return false;
    if (frame->vector == FAULT_OPCODE)
        answer(frame);
    else
        refuse(frame);
    return true;
}

/* ---- making them ---- */

static void load_gdt(void) {
    const uint64_t code = 0x00cf9b000000ffff, data = 0x00cf93000000ffff;
    const uint64_t ring = (uint64_t)RING << 45, base = (uintptr_t)&tss;
    gdt[1] = code;
    gdt[KERNEL_DATA / 8] = data;
    gdt[USER_CODE / 8] = code | ring;
    gdt[USER_DATA / 8] = data | ring;
    gdt[TSS / 8] =
        (sizeof tss - 1) | (base & 0xffffff) << 16 | (uint64_t)0x89 << 40 | (base >> 24) << 56;
    tss.ss0 = KERNEL_DATA;
    struct descriptor_register gdtr = {.limit = sizeof gdt - 1, .base = (uintptr_t)gdt};
    ring3_load(&gdtr, TSS);
}

/* The upper GiB is the kernel's directory entries: the same tables in every address space. */
static struct space32 new_space(const struct aloft_info *info) {
    const uint32_t *kernel = ALOFT_POINTER(const uint32_t, info->tables_virt);
    struct space32 space = space32_new(&frames, (uint32_t)info->direct_virt);
    for (unsigned i = KERNEL_BASE >> 22; i < 1024; i++)
        space32_frame(&space, space.root)[i] = kernel[i];
    return space;
}

static uint32_t new_page(struct space32 *space, uint32_t virt, uint32_t flags) {
    uint32_t frame = (uint32_t)frames_take(&frames);
    uint32_t *words = space32_frame(space, frame);
    for (unsigned i = 0; i < PAGE / sizeof *words; i++)
        words[i] = 0;
    space32_map(space, virt, frame, flags | ENTRY_USER);
    return frame;
}

static struct space32 new_program(const struct aloft_info *info, const uint8_t *start,
                                  const uint8_t *end) {
    struct space32 space = new_space(info);
    uint8_t *page = (uint8_t *)space32_frame(&space, new_page(&space, 0, 0));
    for (unsigned i = 0; start + i < end; i++)
        page[ORIGIN + i] = start[i];
    new_page(&space, STACK_TOP - PAGE, ENTRY_WRITE);
    return space;
}

/* ---- running them ---- */

static uint32_t run(const char *name, struct space32 *space) {
    print(name);
    print_fact(": CR3 =", space->root);
    running = space;
    cpu_set_cr3(space->root);
    return ring3_enter(ORIGIN, STACK_TOP, &kept_stack);
}

/* Ring 0 may write only what is writable, too: without CR0.WP it would write to both programs'. */
static void write_from_ring0(struct space32 *space, uint8_t value) {
    running = space;
    cpu_set_cr3(space->root);
    CHECK((cpu_cr0() & CR0_WP) != 0);
    *ALOFT_POINTER(volatile uint8_t, SHARED + 1) = value;
}

static const uint8_t *shared_of(const struct space32 *space) {
    uint32_t entry = *space32_entry(space, SHARED);
    return (const uint8_t *)space32_frame(space, entry & ~(uint32_t)ENTRY_FLAGS);
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    CHECK_VALUE(info->paging == ALOFT_PAGING_32 || info->paging == ALOFT_PAGING_32_PSE,
                info->paging);
    CHECK_VALUE(info->direct_virt == KERNEL_BASE, info->direct_virt);
    /* What comes from ring 3 begins in the middle of the stack: above is what kernel_main() has on
     * it. */
    tss.esp0 = (uint32_t)(info->stack_virt + info->stack_size / 2);
    load_gdt();
    frames = frames_all(info);

    struct space32 a = new_program(info, program_a, program_a_end);
    struct space32 b = new_program(info, program_b, program_b_end);
    print("each program has 2 pages and ");
    print_decimal(a.tables);
    print(" frames of tables\n");
    uint32_t frame = new_page(&a, SHARED, 0);
    space32_map(&b, SHARED, frame, ENTRY_USER);
    static const char text[] = "-- one frame, two programs";
    for (unsigned i = 0; i < sizeof text; i++)
        ((char *)space32_frame(&a, frame))[i] = text[i];

    uint32_t result = run("A", &a);
    CHECK_VALUE(result == 0xa11ce, result);
    CHECK_VALUE(copies == 1, copies);
    static const uint32_t expected[REFUSALS] = {13, 14 | 5 << 8, 14 | 4 << 8, 14 | 7 << 8};
    for (unsigned i = 0; i < REFUSALS; i++)
        CHECK_VALUE(refusals[i] == expected[i], refusals[i]);
    result = run("B", &b);
    CHECK_VALUE(result == 0xb0b, result);
    CHECK_VALUE(copies == 1, copies);

    print("the kernel writes to B's page\n");
    write_from_ring0(&b, '=');
    CHECK_VALUE(copies == 2, copies);
    CHECK(shared_of(&a)[0] == 'a' && shared_of(&a)[1] == '-');
    CHECK(shared_of(&b)[0] == '-' && shared_of(&b)[1] == '=');
    CHECK(*(const char *)space32_frame(&a, frame) == '-');
    test_pass();
}
