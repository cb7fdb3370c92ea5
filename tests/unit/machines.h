/* Machines and kernels for the tests of plan/ and handoff/: the values that the probe and
 * elf_read() would give, written as rows. */
#ifndef TEST_MACHINES_H
#define TEST_MACHINES_H

#include "plan.h"

#include <stdlib.h>
#include <string.h>

/* An entry of the BIOS's own list (E820). The list ends with an entry of type 0. */
struct e820_row {
    u64 start, size;
    u32 type;
};

enum {
    CPU_I486 = CPU_WP,
    CPU_PENTIUM = CPU_I486 | CPU_CPUID | CPU_PSE | CPU_MSR,
    CPU_PENTIUM_PRO = CPU_PENTIUM | CPU_PAE | CPU_PGE,
    CPU_OPTERON = CPU_PENTIUM_PRO | CPU_PAT | CPU_LONG_MODE,
    CPU_QEMU64 = CPU_OPTERON | CPU_NX,
    CPU_MAX = CPU_QEMU64 | CPU_PAGE_1G | CPU_LA57 | CPU_SMEP | CPU_UMIP,
};

/* What SeaBIOS says of QEMU's i440FX machine: -m 16, -m 128, -m 5G. */
#define QEMU_LOW                            \
    {0, 0x9fc00, 1}, {0x9fc00, 0x400, 2}, { \
        0xf0000, 0x10000, 2                 \
    }
#define QEMU_HIGH \
    { 0xfffc0000, 0x40000, 2 }

static const struct e820_row qemu_16m[] = {
    QEMU_LOW, {0x100000, 0xee0000, 1}, {0xfe0000, 0x20000, 2}, QEMU_HIGH, {0}};
static const struct e820_row qemu_128m[] = {
    QEMU_LOW, {0x100000, 0x7ee0000, 1}, {0x7fe0000, 0x20000, 2}, QEMU_HIGH, {0}};
static const struct e820_row qemu_5g[] = {QEMU_LOW,
                                          {0x100000, 0xbfee0000, 1},
                                          {0xbffe0000, 0x20000, 2},
                                          {0xfeffc000, 0x4000, 2},
                                          QEMU_HIGH,
                                          {0x100000000, 0x80000000, 1},
                                          {0}};

/* A server with RAM up to 1 TiB, but for the hole below 4 GiB that every PC has. */
static const struct e820_row server_1t[] = {
    QEMU_LOW,  {0x100000, 0xbfee0000, 1},      {0xbffe0000, 0x20000, 2},
    QEMU_HIGH, {0x100000000, 0xff00000000, 1}, {0}};

/* An office PC of about 2012: tables between two runs of RAM, ends that are no whole pages. */
static const struct e820_row office_pc[] = {{0, 0x9d800, 1},
                                            {0x9d800, 0x2800, 2},
                                            {0xe0000, 0x20000, 2},
                                            {0x100000, 0x1ff00000, 1},
                                            {0x20000000, 0x200000, 2},
                                            {0x20200000, 0x1fe04000, 1},
                                            {0x40004000, 0x1000, 2},
                                            {0x40005000, 0x9a5cc400, 1},
                                            {0xda5d1400, 0x9000, 3},
                                            {0xda5da400, 0x46c00, 4},
                                            {0xda621000, 0x3df000, 2},
                                            {0xdaa00000, 0x0, 1},
                                            {0xf8000000, 0x4000000, 2},
                                            {0xfec00000, 0x1000, 2},
                                            {0xff000000, 0x1000000, 2},
                                            {0x100000000, 0x11e600000, 1},
                                            {0}};

static inline u32 e820_raw(const struct e820_row *rows, struct memory_range *raw) {
    u32 count = 0;
    for (; rows->type; rows++)
        raw[count++] = (struct memory_range){rows->start, rows->size,
                                             memory_kind_of_bios_type(rows->type), rows->type};
    return count;
}

static inline struct machine machine_of(const struct e820_row *rows, u32 features,
                                        u32 physical_bits) {
    struct machine machine = {
        .cpu = {.features = features, .physical_bits = physical_bits},
        .drive = {.bios_number = 0x80, .sector_size = 512},
        .screen = {SCREEN_TEXT, 0xb8000, 80, 25, 160, 16, {0, 0}, {0, 0}, {0, 0}},
        .serial_port = 0x3f8};
    struct memory_range raw[MEMORY_RANGES_MAX];
    u32 count = e820_raw(rows, raw);
    if (memory_normalise(raw, count, &machine.memory).code)
        abort();
    return machine;
}

/* A PT_LOAD. A list ends with one of no size in memory. */
struct part {
    u64 virt, phys;
    u64 file_size, memory_size;
    u32 rights; /* as p_flags: 4 read, 2 write, 1 execute */
};

/* As elf_read() makes it. The bytes of the segments follow each other in the file from 4096 on;
 * the entry is the first byte of the first segment that can be executed. */
static inline void image_of(u32 bits, const struct part *parts, struct image *image) {
    u64 offset = 0x1000;
    const struct segment *entry = NULL;
    *image = (struct image){.name = "kernel", .bits = bits};
    for (; parts[image->segment_count].memory_size; image->segment_count++) {
        const struct part *part = &parts[image->segment_count];
        struct segment *segment = &image->segments[image->segment_count];
        *segment = (struct segment){.number = image->segment_count,
                                    .rights = part->rights,
                                    .offset = part->file_size ? offset : 0,
                                    .file_size = part->file_size,
                                    .memory_size = part->memory_size,
                                    .phys = part->phys,
                                    .virt = part->virt,
                                    .align = PAGE_SIZE};
        offset += part->file_size;
        if (!entry && segment->rights & RIGHT_EXECUTE)
            entry = segment;
    }
    for (u32 i = 0; i < image->segment_count && !entry; i++)
        image->segments[i].rights |= RIGHT_EXECUTE;
    if (!entry)
        entry = &image->segments[0];
    image->file_size = offset;
    image->entry = image->entry_virt = entry->virt;
    image->entry_phys = entry->phys;
}

/* Words of the kernel command, with a space between two. */
static inline struct kernel_options options_of(const char *words) {
    struct kernel_options options = kernel_options_default();
    char word[128];
    while (words && *words) {
        size_t length = strcspn(words, " ");
        memcpy(word, words, length);
        word[length] = 0;
        if (kernel_option_parse(word, &options).code)
            abort();
        words += length + (words[length] == ' ');
    }
    return options;
}

#endif
