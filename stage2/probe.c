#include "probe.h"

#include "bios.h"
#include "bytes.h"
#include "plan.h"
#include "x86.h"

/* ---- memory ---- */

enum {
    E820_SIGNATURE = 0x534d4150, /* "SMAP" */
    E820_ENTRY = 20,             /* bytes; what a BIOS puts behind them is not reliable */
    E820_ENTRY_ROOM = 64,        /* some BIOSes write more than they say */
    LOW_END = 0xa0000,           /* of what can be conventional memory */
};
#define ROM_MIN (4 * GIB - 32 * MIB) /* the local APIC is above it, too */

struct raw_map {
    u32 count;
    struct memory_range ranges[MEMORY_RANGES_MAX];
};

static struct error raw_add(struct raw_map *raw, u64 start, u64 size, u32 type) {
    if (raw->count == MEMORY_RANGES_MAX)
        return error_make(ERROR_MEMORY_MAP_FULL, .number = {MEMORY_RANGES_MAX});
    raw->ranges[raw->count++] = (struct memory_range){
        .start = start, .size = size, .kind = memory_kind_of_bios_type(type), .bios_type = type};
    return OK;
}

/* INT 15h, AX=E820h (ACPI 6.5, section 15.1). The end is EBX = 0, or the carry flag after the first
 * entry. The buffer keeps its content between calls and all registers are set anew, for some BIOSes
 * rely on the one or change the others. Where the signature is lost midway, nobody knows what the
 * entries before it are worth: there are none then. */
static struct error read_e820(struct raw_map *raw) {
    u8 entry[E820_ENTRY_ROOM] = {0};
    u32 next = 0;
    for (u32 i = 0; i <= MEMORY_RANGES_MAX; i++) {
        struct bios_registers registers = {.eax = 0xe820,
                                           .ebx = next,
                                           .ecx = E820_ENTRY,
                                           .edx = E820_SIGNATURE,
                                           .edi = bios_offset(entry),
                                           .es = bios_segment(entry)};
        bios_call(0x15, &registers);
        if (registers.flags & FLAG_CARRY)
            break;
        if (registers.eax != E820_SIGNATURE) {
            raw->count = 0;
            break;
        }
        TRY(raw_add(raw, load64(entry), load64(entry + 8), load32(entry + 16)));
        next = registers.ebx;
        if (!next)
            break;
    }
    return OK;
}

/* INT 15h, AX=E801h: KiB from 1 MiB to 16 MiB, and blocks of 64 KiB above; CX and DX where they are
 * given, else AX and BX (RBIL). */
static u64 extended_by_e801(u64 *above_16m) {
    struct bios_registers registers = {.eax = 0xe801};
    bios_call(0x15, &registers);
    if (registers.flags & FLAG_CARRY)
        return 0;
    bool second = (u16)registers.ecx || (u16)registers.edx;
    u64 below = (u64)(u16)(second ? registers.ecx : registers.eax) << 10;
    *above_16m = (u64)(u16)(second ? registers.edx : registers.ebx) << 16;
    /* Above a hole below 16 MiB nothing is to be relied on; and no PC has RAM where its ROM is. */
    if (below < 15 * MIB || *above_16m > ROM_MIN - 16 * MIB)
        *above_16m = 0;
    return min_u64(below, 15 * MIB);
}

/* INT 15h, AH=88h: KiB from 1 MiB, at most 64 MiB. Its carry flag means nothing. */
static u64 extended_by_88(void) {
    struct bios_registers registers = {.eax = 0x8800};
    bios_call(0x15, &registers);
    return (u64)(u16)registers.eax << 10;
}

/* What BIOSes before E820 tell; INT 12h for the memory below 640 KiB. */
static struct error read_old(struct raw_map *raw) {
    u64 above_16m = 0, extended = extended_by_e801(&above_16m);
    if (!extended)
        extended = extended_by_88();
    if (!extended)
        return OK;
    TRY(raw_add(raw, 0, (u64)bda16(BDA_LOW_MEMORY) << 10, MEMORY_USABLE));
    TRY(raw_add(raw, MIB, extended, MEMORY_USABLE));
    return above_16m ? raw_add(raw, 16 * MIB, above_16m, MEMORY_USABLE) : OK;
}

/* What the BIOS data area does not count as conventional memory is the BIOS's own, whatever E820
 * says. An E820 without memory above 1 MiB is no map if the older functions know of some. */
static struct error probe_memory(struct memory_map *map) {
    u64 low = (u64)bda16(BDA_LOW_MEMORY) << 10;
    if (low < LOADER_END)
        return error_make(ERROR_MEMORY_LOW, .number = {low, LOADER_END});
    struct raw_map raw = {.count = 0};
    TRY(read_e820(&raw));
    if (low < LOW_END)
        TRY(raw_add(&raw, low, LOW_END - low, MEMORY_RESERVED));
    TRY(memory_normalise(raw.ranges, raw.count, map));
    if (memory_usable_end(map) > MIB)
        return OK;
    raw.count = 0;
    TRY(read_old(&raw));
    if (raw.count)
        TRY(memory_normalise(raw.ranges, raw.count, map));
    return memory_usable_bytes(map) ? OK : error_make(ERROR_MEMORY_MAP, .name = 0);
}

/* ---- CPU ---- */

enum {
    MSR_MISC_ENABLE = 0x1a0,
};
#define MISC_ENABLE_XD_DISABLE ((u64)1 << 34)

/* A CPUID bit and the feature it stands for. */
struct feature_bit {
    u8 bit;
    u16 feature;
};

static u32 features_in(u32 word, const struct feature_bit *bits, u32 count) {
    u32 features = 0;
    for (u32 i = 0; i < count; i++)
        if (word >> bits[i].bit & 1)
            features |= bits[i].feature;
    return features;
}

/* Some BIOSes turn NX off in a register that only Intel has, from family 6 model 0Dh on. */
static void undo_xd_disable(const struct cpu *cpu, u32 signature) {
    u32 family = signature >> 8 & 15, model = (signature >> 4 & 15) | (signature >> 12 & 0xf0);
    if (!(cpu->features & CPU_MSR) || !string_equal(cpu->vendor, "GenuineIntel"))
        return;
    if (family > 6 || (family == 6 && model >= 0x0d)) {
        u64 value = read_msr(MSR_MISC_ENABLE);
        if (value & MISC_ENABLE_XD_DISABLE)
            write_msr(MSR_MISC_ENABLE, value & ~MISC_ENABLE_XD_DISABLE);
    }
}

/* SDM volume 2A, CPUID. Leaves above the highest one give nonsense, so each is asked for only if it
 * is there. */
static void probe_cpu(struct cpu *cpu) {
    static const struct feature_bit basic[] = {
        {3, CPU_PSE}, {5, CPU_MSR}, {6, CPU_PAE}, {13, CPU_PGE}, {16, CPU_PAT}};
    static const struct feature_bit extended[] = {
        {20, CPU_NX}, {26, CPU_PAGE_1G}, {29, CPU_LONG_MODE}};
    static const struct feature_bit leaf_7_ebx[] = {{7, CPU_SMEP}};
    static const struct feature_bit leaf_7_ecx[] = {{2, CPU_UMIP}, {16, CPU_LA57}};
    cpu->features = CPU_WP;
    cpu->physical_bits = 32;
    if (!flag_can_change(EFLAGS_ID))
        return;
    struct cpuid id = cpuid(0);
    u32 highest = id.eax;
    store32((u8 *)cpu->vendor, id.ebx);
    store32((u8 *)cpu->vendor + 4, id.edx);
    store32((u8 *)cpu->vendor + 8, id.ecx);
    id = cpuid(1);
    cpu->features |= CPU_CPUID | features_in(id.edx, basic, ARRAY_COUNT(basic));
    undo_xd_disable(cpu, id.eax);
    if (cpu->features & CPU_PAE)
        cpu->physical_bits = 36;
    if (highest >= 7) {
        id = cpuid(7);
        cpu->features |= features_in(id.ebx, leaf_7_ebx, ARRAY_COUNT(leaf_7_ebx));
        cpu->features |= features_in(id.ecx, leaf_7_ecx, ARRAY_COUNT(leaf_7_ecx));
    }
    u32 highest_extended = cpuid(0x80000000).eax;
    if (highest_extended < 0x80000001 || highest_extended > 0x8000ffff)
        return;
    cpu->features |= features_in(cpuid(0x80000001).edx, extended, ARRAY_COUNT(extended));
    if (highest_extended >= 0x80000008)
        cpu->physical_bits = cpuid(0x80000008).eax & 0xff;
}

/* ---- firmware tables ---- */

static u8 sum_of(const u8 *at, u32 size) {
    u8 sum = 0;
    while (size--)
        sum = (u8)(sum + *at++);
    return sum;
}

/* The RSDP: "RSD PTR ", its first 20 bytes summing up to 0 (ACPI 6.5, section 5.2.5). SMBIOS 2:
 * "_SM_" (SMBIOS 3.7, 5.2.1). */
static void take_table(const u8 *at, struct machine *machine) {
    u32 word = load32(at);
    if (word == 0x20445352 && !machine->rsdp && load32(at + 4) == 0x20525450 && !sum_of(at, 20)) {
        machine->rsdp = (u32)(uintptr_t)at;
        bool xsdt = at[15] >= 2 && load64(at + 24);
        machine->acpi_tables = xsdt ? load64(at + 24) : load32(at + 16);
    }
    if (word == 0x5f4d535f && !machine->smbios && !sum_of(at, at[5]))
        machine->smbios = (u32)(uintptr_t)at;
}

/* Both stand at a multiple of 16. The loop has 8192 rounds in every boot, so it looks for the
 * letter that both have, and at nothing else. */
static void find_tables(u32 start, u32 end, struct machine *machine) {
    const u8 *at = (const u8 *)(uintptr_t)start;
    do {
        if (at[1] == 'S')
            take_table(at, machine);
        at += 16;
    } while (at != (const u8 *)(uintptr_t)end);
}

/* In the first KiB of the EBDA, or in ROM. */
static void probe_tables(struct machine *machine) {
    u32 ebda = (u32)bda16(BDA_EBDA_SEGMENT) << 4;
    if (ebda >= 0x80000 && ebda < 0xa0000)
        find_tables(ebda, ebda + 1024, machine);
    find_tables(0xe0000, 0x100000, machine);
}

/* ---- randomness ---- */

enum { PIT_CHANNEL_0 = 0x40, RDRAND_TRIES = 10 };

/* What differs from one boot to the next: the BIOS's clock, the timer's count, the time stamp, and
 * the processor's own random numbers (SDM volume 1, 7.3.17), each where there is one. The
 * multiplication spreads every bit over those above it; the end is in the upper ones. */
u32 probe_random(const struct cpu *cpu) {
    u32 random =
        bda16(BDA_TICKS) + (u32)(in8(PIT_CHANNEL_0) << 16) + (u32)(in8(PIT_CHANNEL_0) << 24);
    if (cpu->features & CPU_CPUID) {
        struct cpuid id = cpuid(1);
        u32 value;
        if (id.edx & CPUID_TSC)
            random = random * 0x9e3779b1 + (u32)read_tsc();
        for (u32 i = 0; id.ecx & CPUID_RDRAND && i < RDRAND_TRIES; i++)
            if (read_random(&value)) {
                random += value;
                break;
            }
    }
    random *= 0x9e3779b1;
    return (random ^ random >> 15) * 0x85ebca6b;
}

struct error probe_machine(struct machine *machine) {
    probe_cpu(&machine->cpu);
    TRY(probe_memory(&machine->memory));
    probe_tables(machine);
    return OK;
}
