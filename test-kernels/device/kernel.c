/* Devices in memory: the local APIC's registers and the display's pixels are no RAM, so no map
 * shows them until the kernel makes the mapping, uncached. */
#include "fault.h"
#include "reach.h"
#include "test.h"

enum {
    WHERE_APIC = 0,
    WHERE_PIXELS = PAGE,
    UNCACHED = ENTRY_WRITE | ENTRY_WRITE_THROUGH | ENTRY_CACHE_DISABLE,
    APIC_BASE_MSR = 0x1b,
    APIC_VERSION = 0x30,
    PCI_ADDRESS = 0xcf8,
    PCI_DATA = 0xcfc,
};

static const uint64_t where = 0xdead0000000; /* where nothing else is */

static uint32_t pci_read(uint32_t device, uint32_t offset) {
    uint32_t address = (uint32_t)1 << 31 | device << 11 | offset, value;
    __asm__ volatile("outl %0, %1" : : "a"(address), "Nd"((uint16_t)PCI_ADDRESS));
    __asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"((uint16_t)PCI_DATA));
    return value;
}

/* The first memory of the first display on bus 0; 0 if there is none. */
static uint32_t display_memory(void) {
    for (uint32_t device = 0; device < 32; device++) {
        uint32_t class = pci_read(device, 8) >> 24, base = pci_read(device, 0x10);
        if (class == 3 && (base & 1) == 0)
            return base & ~(uint32_t)0xf;
    }
    return 0;
}

static uint64_t apic_base(void) {
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(APIC_BASE_MSR));
    return ((uint64_t)high << 32 | low) & ~(uint64_t)(PAGE - 1);
}

static volatile uint32_t *map(const struct reach *reach, const char *what, uint64_t virt,
                              uint64_t phys, struct frames *frames) {
    CHECK_VALUE(probe_read(virt), virt);
    reach_map(reach, virt, phys, UNCACHED, frames);
    print(what);
    print(": physical ");
    print_hex(phys);
    print_fact(" is now at", virt);
    return ALOFT_POINTER(volatile uint32_t, virt);
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    CHECK(info->direct_virt != ALOFT_NO_ADDRESS);
    struct reach reach = {.way = REACH_OFFSET, .offset = info->direct_virt};
    struct frames frames = frames_all(info);

    volatile uint32_t *apic = map(&reach, "local APIC", where + WHERE_APIC, apic_base(), &frames);
    uint32_t version = apic[APIC_VERSION / 4];
    print_fact("  its version register is", version);
    CHECK_VALUE((version & 0xff) >= 0x10 && (version & 0xff) < 0x20, version);

    uint32_t memory = display_memory();
    if (memory == 0) {
        print("no display on the PCI bus\n");
        test_pass();
    }
    volatile uint32_t *pixels = map(&reach, "display", where + WHERE_PIXELS, memory, &frames);
    pixels[0] = 0x00c0ffee;
    CHECK_VALUE(pixels[0] == 0x00c0ffee, pixels[0]);
    print_fact("  its first pixel was written and is", pixels[0]);
    test_pass();
}
