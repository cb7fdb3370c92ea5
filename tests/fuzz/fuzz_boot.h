/* A kernel of any protocol is opened, planned, loaded and finished on a small machine, and what
 * came of it is checked.
 *
 * Physical memory is a block of which every byte is poisoned but for what the plan claims, so that
 * AddressSanitizer reports a write to any other place (to the 8 bytes that it can tell apart). Only
 * the claims of one input are opened and closed again, for the block is large. */
#ifndef FUZZ_BOOT_H
#define FUZZ_BOOT_H

#include "fuzz.h"

#include <stddef.h>

/* The checks of the unit tests end in this. */
#define fail_msg(...)                 \
    do {                              \
        fprintf(stderr, __VA_ARGS__); \
        __builtin_trap();             \
    } while (0)

#include "bytes.h"
#include "handoff_check.h"
#include "load.h"
#include "protocol.h"
#include "video.h"

#include <sanitizer/asan_interface.h>

enum {
    RAM_SIZE = 4 << 20,
    GRANULE = 8,
    MODULES_MAX = CONFIG_MODULES_MAX,
    UNUSED = 0xcc,
    /* What may be read, and is to stay as it is: the BIOS data area and the BIOS's tables. */
    BIOS_DATA = 0x400,
    TABLES = 0xf5000,
    SMBIOS = 0x000, /* two of each: one as it should be, one that says it is too long */
    RSDP = 0x200,
    TABLES_SIZE = 0x400,
};

/* ---- machines ---- */

static const struct e820_row fuzz_pc[] = {
    QEMU_LOW, {0x100000, 0x2e0000, 1}, {0x3e0000, 0x20000, 2}, QEMU_HIGH, {0}};
static const struct e820_row fuzz_small[] = {QEMU_LOW, {0x100000, 0xc0000, 1}, {0}};
static const struct e820_row fuzz_holes[] = {
    {0, 0x9d800, 1},       {0x9d800, 0x2800, 2},   {0xe0000, 0x20000, 2},   {0x100000, 0x80123, 1},
    {0x180123, 0x1000, 3}, {0x181123, 0x7fedd, 1}, {0x201000, 0x1000, 4},   {0x210400, 0x100000, 1},
    {0x310400, 0x400, 5},  {0x320000, 0xe0000, 1}, {0xfec00000, 0x1000, 2}, {0}};
static const struct e820_row fuzz_high[] = {
    QEMU_LOW, {0x100000, 0x300000, 1}, QEMU_HIGH, {0x100000000, 0x40000000, 1}, {0}};
static const struct e820_row fuzz_low_only[] = {{0, 0x9fc00, 1}, {0xf0000, 0x10000, 2}, {0}};

static const struct {
    const struct e820_row *memory;
    u32 features, physical_bits;
    struct screen screen;
} fuzz_machines[] = {
#define FUZZ_TEXT                                                \
    {                                                            \
        SCREEN_TEXT, 0xb8000, 80, 25, 160, 16, {0, 0}, {0, 0}, { \
            0, 0                                                 \
        }                                                        \
    }
#define FUZZ_PIXELS(at, width, height)                                      \
    {                                                                       \
        SCREEN_PIXELS, at, width, height, (width)*4, 32, {16, 8}, {8, 8}, { \
            0, 8                                                            \
        }                                                                   \
    }
    {fuzz_pc, CPU_QEMU64, 40, FUZZ_TEXT},
    {fuzz_pc, CPU_I486, 32, FUZZ_TEXT},
    {fuzz_pc, CPU_PENTIUM, 32, FUZZ_TEXT},
    {fuzz_pc, CPU_PENTIUM_PRO, 36, FUZZ_TEXT},
    {fuzz_pc, CPU_OPTERON, 40, FUZZ_PIXELS(0xfd000000, 1024, 768)},
    {fuzz_pc, CPU_MAX, 52, FUZZ_PIXELS(0xe0000800, 801, 601)},
    {fuzz_holes, CPU_QEMU64, 36, FUZZ_TEXT},
    {fuzz_holes, CPU_MAX, 46, FUZZ_PIXELS(0x80000000, 640, 480)},
    {fuzz_holes, CPU_PENTIUM, 32, {SCREEN_NONE, 0, 0, 0, 0, 0, {0, 0}, {0, 0}, {0, 0}}},
    {fuzz_high, CPU_QEMU64 | CPU_PAGE_1G, 40, FUZZ_TEXT},
    {fuzz_high, CPU_PENTIUM_PRO | CPU_NX, 36, FUZZ_TEXT},
    {fuzz_small, CPU_QEMU64, 40, FUZZ_TEXT},
    {fuzz_small, CPU_PENTIUM, 32, FUZZ_TEXT},
    {fuzz_low_only, CPU_MAX, 40, FUZZ_TEXT},
};

static const struct video_modes fuzz_modes = {
    .count = 2,
    .modes = {{0x118, 1024, 768, 4096, 0xfd000000, 32, {16, 8}, {8, 8}, {0, 8}},
              {0x103, 800, 600, 832, 0xfd000000, 8, {0, 0}, {0, 0}, {0, 0}}}};

enum { FUZZ_MACHINES = ARRAY_COUNT(fuzz_machines) };

/* All of them are made before the first input. */
static inline struct machine *fuzz_machine(u32 number) {
    static struct machine *machines;
    if (!machines) {
        machines = calloc(FUZZ_MACHINES, sizeof *machines);
        for (u32 i = 0; i < FUZZ_MACHINES; i++) {
            machines[i] = machine_of(fuzz_machines[i].memory, fuzz_machines[i].features,
                                     fuzz_machines[i].physical_bits);
            machines[i].screen = fuzz_machines[i].screen;
            machines[i].rsdp = i % 3 ? TABLES + RSDP + i % 3 / 2 * 0x100 : 0;
            machines[i].smbios = i % 4 ? TABLES + SMBIOS + i % 4 / 2 % 2 * 0x100 : 0;
            machines[i].apm.version = i & 2 ? 0x102 : 0;
            machines[i].vbe.present = i & 1;
            machines[i].video = i & 1 ? fuzz_modes : (struct video_modes){.count = 0};
            machines[i].random = 0x9e3779b9 * i;
        }
    }
    return &machines[number % FUZZ_MACHINES];
}

/* ---- memory ---- */

static inline void put_tables(u8 *tables) {
    tables[SMBIOS + 5] = 0x1f;
    tables[RSDP + 15] = tables[RSDP + 0x100 + 15] = 2;
    store32(tables + RSDP + 20, 36);
}

static inline const struct ram *fuzz_ram(void) {
    static struct ram ram;
    if (!ram.bytes) {
        ram = (struct ram){.bytes = aligned_alloc(PAGE_SIZE, RAM_SIZE), .size = RAM_SIZE};
        memset(ram.bytes, UNUSED, RAM_SIZE);
        put_tables(ram.bytes + TABLES);
        ASAN_POISON_MEMORY_REGION(ram.bytes, RAM_SIZE);
        ASAN_UNPOISON_MEMORY_REGION(ram.bytes + BIOS_DATA, BIOS_DATA_END - BIOS_DATA);
        ASAN_UNPOISON_MEMORY_REGION(ram.bytes + TABLES, TABLES_SIZE);
    }
    return &ram;
}

/* Opens or closes a range, as far as it is simulated. */
static inline void guard(u64 start, u64 size, bool open) {
    const struct ram *ram = fuzz_ram();
    u64 from = align_down(start, GRANULE), end = min_u64(align_up(start + size, GRANULE), RAM_SIZE);
    if (from >= end)
        return;
    if (open)
        ASAN_UNPOISON_MEMORY_REGION(ram->bytes + from, end - from);
    else
        ASAN_POISON_MEMORY_REGION(ram->bytes + from, end - from);
}

static inline bool is_on_loader(const struct claim *claim) {
    return claim->start < LOADER_END && claim->start + claim->size > LOADER_START;
}

/* For loading: the claims, without the loader's own memory, which is in use. */
static inline void guard_loads(const struct plan *plan) {
    for (u32 i = 0; i < plan->claims.count; i++) {
        const struct claim *claim = &plan->claims.claims[i];
        MUST(claim->kind == CLAIM_KERNEL || claim->kind == CLAIM_LOADER ||
             claim->kind == CLAIM_HANDOFF || claim->kind == CLAIM_STAGING || !is_on_loader(claim));
        if (claim->kind != CLAIM_BIOS && claim->kind != CLAIM_LOADER)
            guard(claim->start, claim->size, true);
    }
    guard(LOADER_START, LOADER_END - LOADER_START, false);
}

/* For what comes after the last disk read: boot information may lie in the disk's buffer. A stack
 * that lies on the loader is not written. */
static inline void guard_finish(const struct plan *plan) {
    for (u32 i = 0; i < plan->claims.count; i++) {
        const struct claim *claim = &plan->claims.claims[i];
        if (claim->kind != CLAIM_HANDOFF || !is_on_loader(claim))
            continue;
        bool buffer =
            claim->start >= LOADER_BUFFER && claim->start + claim->size <= LOADER_BUFFER_END;
        MUST(buffer || (claim->start == plan->handoff_phys && claim->size == plan->stack_size));
        guard(claim->start, claim->size, buffer);
    }
}

static inline void check_firmware(void) {
    static u8 before[TABLES_SIZE];
    const u8 *bytes = fuzz_ram()->bytes;
    if (!before[0]) {
        memset(before, UNUSED, sizeof before);
        put_tables(before);
    }
    for (u32 at = BIOS_DATA; at < BIOS_DATA_END; at++)
        MUST(bytes[at] == UNUSED);
    MUST(!memcmp(bytes + TABLES, before, sizeof before));
}

static inline void guard_close(const struct plan *plan) {
    for (u32 i = 0; i < plan->claims.count; i++)
        if (plan->claims.claims[i].kind != CLAIM_BIOS)
            guard(plan->claims.claims[i].start, plan->claims.claims[i].size, false);
    check_firmware();
}

/* ---- the boot ---- */

struct boot_case {
    struct machine machine;
    struct boot_request request;
    const struct source *kernel, *modules; /* as many as the request has */
    u64 module_sizes[MODULES_MAX];
    struct image image;
    struct opened opened;
    struct plan plan;
    struct cpu_entry entry;
};

/* What lies above the simulated memory is read and dropped, as stage2/high.c reads it. */
static inline struct error load_high(const struct load *load, const struct source *file) {
    u8 piece[0x1000];
    for (u64 at = 0; at < load->file_size; at += sizeof piece)
        TRY(source_read(file, load->offset + at, piece,
                        (size_t)min_u64(sizeof piece, load->file_size - at)));
    return OK;
}

static inline struct error load_all(const struct boot_case *c) {
    for (u32 i = 0; i < c->plan.load_count; i++) {
        const struct load *load = &c->plan.loads[i];
        const struct source *file = load->file ? &c->modules[load->file - 1] : c->kernel;
        MUST(load->file <= c->request.module_count);
        if (load->phys + load->memory_size > 4 * GIB)
            TRY(load_high(load, file));
        else
            TRY(load_file(load, file, fuzz_ram()));
    }
    return load_relocate(&c->plan, fuzz_ram());
}

/* For what the trampoline does: the kernel may lie on the loader. */
static inline void guard_kernel(const struct plan *plan) {
    guard_loads(plan);
    for (u32 i = 0; i < plan->claims.count; i++)
        if (plan->claims.claims[i].kind == CLAIM_KERNEL)
            guard(plan->claims.claims[i].start, plan->claims.claims[i].size, true);
}

/* What the trampoline does before paging goes on. It zeroes the loader, too. */
static inline void move_all(const struct boot_case *c) {
    const struct ram *ram = fuzz_ram();
    MUST(c->entry.move_count <= ENTRY_MOVES_MAX);
    guard_kernel(&c->plan);
    guard(LOADER_START, LOADER_END - LOADER_START, true);
    for (u32 i = 0; i < c->entry.move_count; i++) {
        const struct move *move = &c->entry.moves[i];
        memcpy(ram->bytes + move->to, ram->bytes + move->from, move->size);
        memset(ram->bytes + move->to + move->size, 0, move->zero_size);
    }
    guard_kernel(&c->plan);
    guard_finish(&c->plan);
}

/* A segment is in memory as it is in the file, and zeros behind that, if the plan has not moved or
 * changed it. */
static inline void check_bytes(const struct boot_case *c, const struct segment *segment) {
    u8 expected[512];
    if (segment->phys + segment->memory_size > RAM_SIZE)
        return;
    const u8 *at = ram_at(fuzz_ram(), segment->phys, segment->memory_size);
    for (u64 done = 0; done < segment->file_size; done += sizeof expected) {
        u64 size = min_u64(sizeof expected, segment->file_size - done);
        MUST(!source_read(c->kernel, segment->offset + done, expected, (size_t)size).code);
        MUST(!memcmp(at + done, expected, (size_t)size));
    }
    if (c->request.protocol != PROTOCOL_LINUX && segment->memory_size > segment->file_size)
        MUST(!at[segment->file_size] && !at[segment->memory_size - 1]);
}

/* The entry of a kernel that knows physical addresses alone, and what it finds in its registers. */
static inline void check_plain(const struct boot_case *c) {
    const struct cpu_entry *entry = &c->entry;
    const struct plan *plan = &c->plan;
    struct range info = {plan->info_phys, plan->info_size};
    bool inside = false;
    for (u32 i = 0; i < c->image.segment_count; i++)
        inside |= range_has(
            (struct range){c->image.segments[i].phys, c->image.segments[i].memory_size}, entry->ip);
    MUST(inside);
    MUST(range_has(info, c->request.protocol == PROTOCOL_LINUX ? entry->si : entry->bx));
    if (!plan->paging)
        return;
    struct plan_case checked = {"plain", NULL, plan};
    struct plan_request request = {.machine = &c->machine};
    checked.request = &request;
    struct mmu mmu =
        second_mmu(&checked, fuzz_ram(), entry->cr0, entry->cr4, entry->efer, entry->pat);
    struct mmu_answer answer = mmu_look_up(&mmu, entry->ip);
    MUST(answer.end == MMU_PAGE && answer.phys == entry->ip && answer.rights.execute);
}

/* Everything that the unit tests look at, from the registers to the last entry of a table. */
static inline void check_native(struct boot_case *c) {
    struct plan_request wish = {.machine = &c->machine,
                                .image = &c->image,
                                .options = &c->request.options,
                                .module_count = c->request.module_count,
                                .module_sizes = c->module_sizes,
                                .info_size = native_info_size(&c->machine, &c->image, &c->request)};
    struct handoff handoff = {"fuzz", &wish, &c->plan, &c->request, fuzz_ram(), &c->entry};
    struct plan_case plan_case = plan_case_of(&handoff);
    check_plan(&plan_case);
    check_handoff(&handoff);
}

static inline void check_boot(struct boot_case *c) {
    move_all(c);
    for (u32 i = 0; i < c->image.segment_count && !c->image.relocatable; i++)
        check_bytes(c, &c->image.segments[i]);
    if (c->request.protocol == PROTOCOL_NATIVE)
        check_native(c);
    else
        check_plain(c);
}

/* From the kernel's headers to its first instruction. */
static inline struct error boot_kernel(struct boot_case *c) {
    const struct boot boot = {&c->machine, &c->request, c->module_sizes,
                              &c->image,   &c->opened,  NULL};
    TRY(protocol_open(&boot, c->kernel));
    struct error note;
    video_choose(protocol_video(&boot), &c->machine, &note);
    TRY(protocol_plan(&boot, &c->plan));
    guard_loads(&c->plan);
    struct error error = load_all(c);
    if (!error.code) {
        guard_finish(&c->plan);
        error = protocol_finish(&boot, &c->plan, fuzz_ram(), &c->entry);
    }
    if (!error.code)
        check_boot(c);
    guard_close(&c->plan);
    return error;
}

#endif
