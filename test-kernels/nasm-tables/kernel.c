/* Page tables made at compile time (tables.asm, identity.inc) are the ones made at run time, and
 * work. Boot it with --paging=off, on a CPU with 4 MiB pages. */
#include "fault.h"
#include "space32.h"
#include "test.h"

enum { ENTRIES = 1024, SMALL_ENTRY_0 = 0x003 };

extern const uint32_t identity_large[ENTRIES], identity_mixed[ENTRIES], identity_small[ENTRIES];
extern const uint32_t higher_half[ENTRIES];
void make_identity_large(uint32_t entries[ENTRIES]);
void make_identity_small(uint32_t entries[ENTRIES]);
void make_higher_half(uint32_t entries[ENTRIES]);
void enable_paging_with_large_pages(const uint32_t directory[ENTRIES]);

static uint32_t made[ENTRIES] __attribute__((aligned(4096)));

static void compare(const char *name, const uint32_t entries[ENTRIES]) {
    CHECK_VALUE((uintptr_t)entries % PAGE == 0, (uintptr_t)entries);
    for (unsigned i = 0; i < ENTRIES; i++)
        CHECK_VALUE(entries[i] == made[i], i);
    print(name);
    print(": 4096 bytes made by NASM and by the kernel are the same; the entries begin with");
    for (unsigned i = 0; i < 3; i++) {
        print(" ");
        print_digits(entries[i], 8);
    }
    print("\n");
}

static void compare_all(void) {
    make_identity_large(made);
    compare("identity, 4 MiB pages", identity_large);
    make_identity_small(made);
    compare("identity, 4 KiB pages", identity_small);
    make_higher_half(made);
    compare("higher half, 4 MiB pages", higher_half);
}

/* Both show all memory at its own address. */
static void run_on(const char *name, const uint32_t directory[ENTRIES]) {
    enable_paging_with_large_pages(directory);
    CHECK_VALUE(cpu_cr3() == (uintptr_t)directory, cpu_cr3());
    CHECK_VALUE((cpu_cr0() & CR0_PG) != 0, cpu_cr0());
    CHECK_VALUE((cpu_cr4() & CR4_PSE) != 0, cpu_cr4());
    CHECK(!probe_read(0x100000) && !probe_read(0x400000));
    print_fact(name, cpu_cr3());
}

/* Physical 0 at 0 and at 0xc0000000, and nothing else: the stack may be out of sight, so nothing is
 * pushed while these tables are on. */
static uint32_t read_through_higher_half(const uint32_t *address) {
    uint32_t value, before = (uint32_t)cpu_cr3();
    __asm__ volatile("mov %2, %%cr3; mov (%3), %0; mov %1, %%cr3"
                     : "=&r"(value)
                     : "r"(before), "r"(higher_half), "r"(address));
    return value;
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    CHECK_VALUE((cpu_cr0() & CR0_PG) == 0, cpu_cr0());
    CHECK(cpu_has_pse());
    compare_all();
    run_on("running on 1024 pages of 4 MiB, CR3 =", identity_large);
    run_on("running on 1024 pages of 4 KiB and 1023 of 4 MiB, CR3 =", identity_mixed);
    uintptr_t high = (uintptr_t)identity_small + 0xc0000000;
    CHECK(read_through_higher_half((const uint32_t *)high) == SMALL_ENTRY_0);
    print_fact("read through the higher half, at", high);
    test_pass();
}
