/* plan/plan.h: a row per error, with its whole text, and plans whose rows, loads and notes are
 * known. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "plan_check.h"
#include "rows.h"

enum { PARTS_MAX = 6, MODULES_MAX = 4, INFO_SIZE = 6000 };

/* A machine, a kernel and what the configuration says of it. Zeroes mean the usual: 128 MiB, a
 * qemu64, 40 address bits, a 32-bit kernel, no options, no modules. */
struct request_row {
    const struct e820_row *memory;
    u32 features, physical_bits;
    u32 bits;
    const char *options;
    struct part parts[PARTS_MAX];
    u64 module_sizes[MODULES_MAX];
    u64 acpi_tables;
    struct range held; /* the kernel's file, in memory */
};

/* Everything that a plan is made of; lives as long as the plan is looked at. */
struct made {
    struct machine machine;
    struct image image;
    struct kernel_options options;
    struct plan_request request;
    struct plan plan;
    struct error error;
};

static void make(const struct request_row *row, struct made *made) {
    u32 modules = 0;
    while (modules < MODULES_MAX && row->module_sizes[modules])
        modules++;
    made->machine = machine_of(row->memory ? row->memory : qemu_128m,
                               row->features ? row->features : CPU_QEMU64,
                               row->physical_bits ? row->physical_bits : 40);
    made->machine.acpi_tables = row->acpi_tables;
    image_of(row->bits ? row->bits : 32, row->parts, &made->image);
    made->options = options_of(row->options);
    made->request = (struct plan_request){.machine = &made->machine,
                                          .image = &made->image,
                                          .options = &made->options,
                                          .module_count = modules,
                                          .module_sizes = row->module_sizes,
                                          .held = row->held,
                                          .info_size = INFO_SIZE};
    memset(&made->plan, 0xa5, sizeof made->plan);
    made->error = plan_make(&made->request, &made->plan);
}

/* ---- errors ---- */

struct refusal {
    const char *name;
    struct request_row request;
    enum error_code code;
    const char *text; /* and after a line end the way out, where that has numbers */
};

#define TEXT_AT(virt, phys) \
    { virt, phys, 0x3000, 0x3000, 5 }
#define DATA_AT(virt, phys) \
    { virt, phys, 0x1000, 0x2000, 6 }
#define HIGH_32 \
    { TEXT_AT(0xc0100000, 0x100000), DATA_AT(0xc0103000, 0x103000) }
#define HIGH_64 \
    { TEXT_AT(0xffffffff80100000, 0x100000), DATA_AT(0xffffffff80103000, 0x103000) }

/* Nearly all of the first 4 GiB, for kernels as large as the address space. */
static const struct e820_row all_ram[] = {{0, 0xfffff000, 1}, {0}};

/* As much as puts the trampoline's page where its window is. */
static const struct e820_row ram_to_window[] = {{0, 0xff815000, 1}, {0}};

static const struct e820_row no_low_ram[] = {{0x1000000, 0x1000000, 1}, {0}};
static const struct e820_row little_ram[] = {{0, LOADER_END, 1}, {0x100000, 0x100000, 1}, {0}};
static const struct e820_row pc_1m[] = {QEMU_LOW, {0x100000, 0x100000, 1}, {0}};
static const struct e820_row hole_at_15m[] = {
    {0, 0x9fc00, 1}, {0x100000, 0xe00000, 1}, {0x1000000, 0x1000000, 1}, {0}};

static const struct refusal refusals[] = {
    {"no RAM there",
     {.parts = {TEXT_AT(0xc0100000, 0x8000000)}},
     ERROR_PLAN_NO_RAM,
     "kernel: PT_LOAD 0 asks for physical 0x8000000, where this machine has no RAM\n"
     "place it where RAM is: from 0x100000 up, below 0x7fe0000 on this machine"},
    {"no RAM there, 2 GiB less a page",
     {.parts = {TEXT_AT(0x7ffff000, 0x7ffff000)}},
     ERROR_PLAN_NO_RAM,
     "kernel: PT_LOAD 0 asks for physical 0x7ffff000, where this machine has no RAM"},
    {"second segment has no RAM",
     {.parts = {TEXT_AT(0xc0100000, 0x100000), DATA_AT(0xc0200000, 0x40000000)}},
     ERROR_PLAN_NO_RAM,
     "kernel: PT_LOAD 1 asks for physical 0x40000000, where this machine has no RAM"},
    {"no RAM at 1 MiB",
     {.memory = no_low_ram, .parts = HIGH_32},
     ERROR_PLAN_NO_RAM,
     "kernel: PT_LOAD 0 asks for physical 0x100000, where this machine has no RAM"},
    {"no AT()",
     {.parts = {TEXT_AT(0xc0100000, 0xc0100000)}},
     ERROR_PLAN_NO_AT,
     "kernel: PT_LOAD 0 asks for physical 0xc0100000, where this machine has no RAM\n"
     "add AT(ADDR(.text) - 0xc0000000) to .text in the linker script, and the like to every "
     "section after it"},
    {"no AT(), 64-bit",
     {.bits = 64, .parts = {TEXT_AT(0xffffffff80100000, 0xffffffff80100000)}},
     ERROR_PLAN_NO_AT,
     "kernel: PT_LOAD 0 asks for physical 0xffffffff80100000, where this machine has no RAM\n"
     "add AT(ADDR(.text) - 0xffffffff80000000) to .text in the linker script, and the like to "
     "every section after it"},
    {"no AT(), linked at a round address",
     {.parts = {TEXT_AT(0xc0000000, 0xc0000000)}},
     ERROR_PLAN_NO_AT,
     "kernel: PT_LOAD 0 asks for physical 0xc0000000, where this machine has no RAM\n"
     "add AT(ADDR(.text) - 0xbff00000) to .text in the linker script, and the like to every "
     "section "
     "after it"},
    {"no AT() behind a boot segment",
     {.parts = {TEXT_AT(0x100000, 0x100000), TEXT_AT(0xc0103000, 0xc0103000)}},
     ERROR_PLAN_NO_AT,
     "kernel: PT_LOAD 1 asks for physical 0xc0103000, where this machine has no RAM\n"
     "add AT(ADDR(.text) - 0xc0000000) to .text in the linker script, and the like to every "
     "section after it"},
    {"page 0",
     {.parts = {TEXT_AT(0xc0000000, 0)}},
     ERROR_PLAN_RESERVED,
     "kernel: PT_LOAD 0 asks for physical 0x0, which belongs to the interrupt vectors and the BIOS "
     "data area"},
    {"the last byte of the BIOS data",
     {.parts = {TEXT_AT(0xc00004ff, 0x4ff)}},
     ERROR_PLAN_RESERVED,
     "kernel: PT_LOAD 0 asks for physical 0x4ff, which belongs to the interrupt vectors and the "
     "BIOS "
     "data area"},
    {"a BIOS's own memory",
     {.parts = {TEXT_AT(0xc009fc00, 0x9fc00)}},
     ERROR_PLAN_RESERVED,
     "kernel: PT_LOAD 0 asks for physical 0x9fc00, which belongs to the firmware (reserved)"},
    {"the screen",
     {.parts = {TEXT_AT(0xb8000, 0xb8000)}},
     ERROR_PLAN_RESERVED,
     "kernel: PT_LOAD 0 asks for physical 0xb8000, which belongs to video memory and ROMs"},
    {"ACPI's memory",
     {.memory = office_pc, .parts = {TEXT_AT(0xc0000000, 0xda5d2000)}},
     ERROR_PLAN_RESERVED,
     "kernel: PT_LOAD 0 asks for physical 0xda5d2000, which belongs to ACPI tables"},
    {"runs into the BIOS's memory",
     {.parts = {{0x9f000, 0x9f000, 1, 0xc01, 7}}},
     ERROR_PLAN_RESERVED,
     "kernel: PT_LOAD 0 asks for physical 0x9fc00, which belongs to the firmware (reserved)"},
    {"all at one physical address",
     {.parts = {TEXT_AT(0xc0100000, 0x100000), DATA_AT(0xc0103000, 0x100000)}},
     ERROR_PLAN_OVERLAP,
     "kernel: PT_LOAD 0 and PT_LOAD 1 overlap at physical 0x100000"},
    {"overlap by a byte",
     {.parts = {TEXT_AT(0xc0100000, 0x100000), DATA_AT(0xc0103fff, 0x102fff)}},
     ERROR_PLAN_OVERLAP,
     "kernel: PT_LOAD 0 and PT_LOAD 1 overlap at physical 0x102fff"},
    {"the lower one comes second",
     {.parts = {TEXT_AT(0xc0102000, 0x102000), {0xc0100000, 0x100000, 0, 0x2001, 6}}},
     ERROR_PLAN_OVERLAP,
     "kernel: PT_LOAD 0 and PT_LOAD 1 overlap at physical 0x102000"},
    {"where the kernel's file is",
     {.parts = HIGH_32, .held = {0x104000, 0x1000}},
     ERROR_PLAN_HELD,
     "kernel: PT_LOAD 1 goes to physical 0x103000, where Aloft holds the file to check its hash"},
    {"no room for a module",
     {.parts = HIGH_32, .module_sizes = {0x1000, 0x8000001}},
     ERROR_PLAN_MEMORY,
     "no room for a module: 128 MiB needed below 0x7fe0000, the largest free block there has 126.8 "
     "MiB"},
    {"no room for the stack",
     {.memory = qemu_16m, .parts = HIGH_32, .options = "--stack=15M"},
     ERROR_PLAN_MEMORY,
     "no room for the stack and the boot information: 15 MiB needed below 0x100000000, the largest "
     "free block there has 14.8 MiB"},
    {"no room for page tables",
     {.memory = qemu_16m,
      .parts = HIGH_32,
      .options = "--stack=4K",
      .module_sizes = {0xed7000, 0xf000}},
     ERROR_PLAN_MEMORY,
     "no room for the page tables: 24 KiB needed below 0xfe0000, the largest free block there has "
     "0 "
     "bytes"},
    {"more page tables than there are numbers of 32 bits",
     {.features = CPU_MAX,
      .physical_bits = 52,
      .bits = 64,
      .parts = HIGH_64,
      .options = "--paging=5level --pages=4k --map=0+0x8000000000000@0xff10000000000000 "
                 "--map=0+0x8000000000000@0xff18000000000000 "
                 "--map=0+0x8000000000000@0xff20000000000000 "
                 "--map=0+0x8000000000000@0xff28000000000000"},
     ERROR_PLAN_MEMORY,
     "no room for the page tables: 16 TiB needed below 0x7fe0000, the largest free block there has "
     "126.7 MiB"},
    {"no room for what lands on the loader",
     {.memory = little_ram,
      .parts = {TEXT_AT(0x8000, 0x8000), {0x100000, 0x100000, 0, 0xed000, 7}},
      .options = "--paging=off"},
     ERROR_PLAN_MEMORY,
     "no room for the part of the kernel that lands on Aloft: 12 KiB needed below 0x100000000, the "
     "largest free block there has 0 bytes"},
    {"64-bit on a Pentium",
     {.features = CPU_PENTIUM, .physical_bits = 32, .bits = 64, .parts = HIGH_64},
     ERROR_PLAN_LONG_MODE,
     "kernel is a 64-bit kernel, but this CPU has no long mode"},
    {"PAE on a Pentium",
     {.features = CPU_PENTIUM, .physical_bits = 32, .parts = HIGH_32, .options = "--paging=pae"},
     ERROR_PLAN_CPU,
     "PAE paging needs the CPU feature PAE, which this CPU lacks"},
    {"5-level on a qemu64",
     {.bits = 64, .parts = HIGH_64, .options = "--paging=5level"},
     ERROR_PLAN_CPU,
     "5-level paging needs the CPU feature LA57 (5-level paging), which this CPU lacks"},
    {"of two features that lack, one is named",
     {.features = CPU_I486 | CPU_LONG_MODE,
      .bits = 64,
      .parts = HIGH_64,
      .options = "--paging=5level"},
     ERROR_PLAN_CPU,
     "5-level paging needs the CPU feature PAE, which this CPU lacks"},
    {"4-level for a 32-bit kernel",
     {.parts = HIGH_32, .options = "--paging=4level"},
     ERROR_PLAN_FORMAT,
     "4-level paging cannot run a 32-bit kernel"},
    {"5-level for a 32-bit kernel",
     {.features = CPU_MAX, .parts = HIGH_32, .options = "--paging=5level"},
     ERROR_PLAN_FORMAT,
     "5-level paging cannot run a 32-bit kernel"},
    {"PAE for a 64-bit kernel",
     {.bits = 64, .parts = HIGH_64, .options = "--paging=pae"},
     ERROR_PLAN_FORMAT,
     "PAE paging cannot run a 64-bit kernel"},
    {"32-bit paging for a 64-bit kernel",
     {.bits = 64, .parts = HIGH_64, .options = "--paging=32 --pages=4k"},
     ERROR_PLAN_FORMAT,
     "32-bit paging cannot run a 64-bit kernel"},
    {"no paging for a 64-bit kernel",
     {.bits = 64, .parts = {TEXT_AT(0x100000, 0x100000)}, .options = "--paging=off"},
     ERROR_PLAN_FORMAT,
     "no paging cannot run a 64-bit kernel"},
    {"5-level address with 4 levels",
     {.features = CPU_MAX,
      .bits = 64,
      .parts = {TEXT_AT(0xff10000000100000, 0x100000)},
      .options = "--paging=4level"},
     ERROR_PLAN_ADDRESS_WIDTH,
     "kernel: PT_LOAD 0 at virtual 0xff10000000100000 is beyond what 4-level paging can express"},
    {"5-level address without 5 levels",
     {.bits = 64, .parts = {TEXT_AT(0xff11000000000000, 0x100000)}},
     ERROR_PLAN_CPU,
     "5-level paging needs the CPU feature LA57 (5-level paging), which this CPU lacks\n"
     "use another --paging, or another CPU (in QEMU: -cpu max)"},
    {"an address that no format has",
     {.features = CPU_MAX, .bits = 64, .parts = {TEXT_AT(0x0100000000000000, 0x100000)}},
     ERROR_PLAN_ADDRESS_WIDTH,
     "kernel: PT_LOAD 0 at virtual 0x100000000000000 is beyond what 4-level paging can express"},
    {"runs into the gap",
     {.bits = 64, .parts = {{0x7ffffffff000, 0x100000, 1, 0x1001, 5}}},
     ERROR_PLAN_ADDRESS_WIDTH,
     "kernel: PT_LOAD 0 at virtual 0x7ffffffff000 is beyond what 4-level paging can express"},
    {"from one half into the other",
     {.bits = 64, .parts = {{0x1000, 0x100000, 0, 0xffff800000000000, 5}}},
     ERROR_PLAN_ADDRESS_WIDTH,
     "kernel: PT_LOAD 0 at virtual 0x1000 is beyond what 4-level paging can express"},
    {"direct map in the gap",
     {.bits = 64, .parts = HIGH_64, .options = "--direct-map=0x0000f00000000000"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--direct-map=0xf00000000000 cannot be used: it is not canonical\n"
     "use 0xfffff00000000000, or leave the option out"},
    {"direct map above 4 GiB",
     {.parts = HIGH_32, .options = "--direct-map=0xffffffffc0000000"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--direct-map=0xffffffffc0000000 cannot be used: it is not canonical\n"
     "use 0xc0000000, or leave the option out"},
    {"direct map within a page",
     {.parts = HIGH_32, .options = "--direct-map=0xd0000800"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--direct-map=0xd0000800 cannot be used: it is not the start of a page\n"
     "use 0xd0000000, or leave the option out"},
    {"above the CPU's address bits",
     {.bits = 64, .parts = {TEXT_AT(0xffffffff80100000, 0x10000000000)}},
     ERROR_PLAN_PHYSICAL_WIDTH,
     "kernel: PT_LOAD 0 asks for physical 0x10000000000, beyond the 40 address bits of this CPU"},
    {"above 4 GiB with 32-bit paging",
     {.parts = {{0x10000000, 0xfffff000, 0, 0x1001, 7}}},
     ERROR_PLAN_PHYSICAL_WIDTH,
     "kernel: PT_LOAD 0 asks for physical 0xfffff000, beyond the 32 address bits of 32-bit "
     "addressing"},
    {"as large as the address space",
     {.memory = all_ram, .parts = {{0x1000, 0x60000, 0, 0xffbff000, 7}}},
     ERROR_PLAN_NO_WINDOW,
     "no 84 KiB of free virtual addresses for the stack and the boot information"},
    {"direct map where the window is",
     {.parts = HIGH_32, .options = "--direct-map=0xff800000"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--direct-map=0xff800000 cannot be used: these addresses are kept free\n"
     "use 0xc0000000, or leave the option out"},
    {"direct map where the slot is",
     {.bits = 64, .parts = HIGH_64, .options = "--recursive=300 --direct-map=0xffff960000000000"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--direct-map=0xffff960000000000 cannot be used: these addresses are kept free\n"
     "use 0xffff800000000000, or leave the option out"},
    {"slot of the kernel",
     {.parts = HIGH_32, .options = "--recursive=768"},
     ERROR_PLAN_SLOT,
     "32-bit with 4 MiB pages paging cannot use the recursive slot 768: the kernel is there\n"
     "use --recursive=1023, or --recursive=auto"},
    {"slot of the kernel, 4-level",
     {.bits = 64, .parts = HIGH_64, .options = "--recursive=511"},
     ERROR_PLAN_SLOT,
     "4-level paging cannot use the recursive slot 511: the kernel is there\n"
     "use --recursive=510, or --recursive=auto"},
    {"slot of the kernel's first page, lower half",
     {.bits = 64, .parts = {TEXT_AT(0x8000000000, 0x100000)}, .options = "--recursive=1"},
     ERROR_PLAN_SLOT,
     "4-level paging cannot use the recursive slot 1: the kernel is there\n"
     "use --recursive=511, or --recursive=auto"},
    {"no such slot, 32-bit",
     {.parts = HIGH_32, .options = "--recursive=1024 --pages=4k"},
     ERROR_PLAN_SLOT,
     "32-bit paging cannot use the recursive slot 1024: there is no such slot\n"
     "use --recursive=1023, or --recursive=auto"},
    {"no such slot, 4-level",
     {.bits = 64, .parts = HIGH_64, .options = "--recursive=512"},
     ERROR_PLAN_SLOT,
     "4-level paging cannot use the recursive slot 512: there is no such slot\n"
     "use --recursive=510, or --recursive=auto"},
    {"no such slot, above 32 bits",
     {.bits = 64, .parts = HIGH_64, .options = "--recursive=0x100000001"},
     ERROR_PLAN_SLOT,
     "4-level paging cannot use the recursive slot 4294967297: there is no such slot\n"
     "use --recursive=510, or --recursive=auto"},
    {"PAE has one slot",
     {.parts = HIGH_32, .options = "--recursive=507 --paging=pae"},
     ERROR_PLAN_SLOT,
     "PAE paging cannot use the recursive slot 507: there is no such slot\n"
     "use --recursive=508, or --recursive=auto"},
    {"not one of the four",
     {.parts = HIGH_32, .options = "--recursive=509 --paging=pae"},
     ERROR_PLAN_SLOT,
     "PAE paging cannot use the recursive slot 509: there is no such slot\n"
     "use --recursive=508, or --recursive=auto"},
    {"PAE's slot is the kernel's",
     {.parts = {TEXT_AT(0xffffc000, 0x100000)}, .options = "--recursive=auto --paging=pae"},
     ERROR_PLAN_NO_SLOT,
     "PAE paging has no room for a recursive slot: the kernel takes it\n"
     "leave --recursive out, or link the kernel below virtual 0xff800000"},
    {"PAE's slot is the kernel's, and asked for",
     {.parts = {TEXT_AT(0xff800000, 0x100000)}, .options = "--recursive=508 --paging=pae"},
     ERROR_PLAN_NO_SLOT,
     "PAE paging has no room for a recursive slot: the kernel takes it"},
    {"a slot in the upper half",
     {.memory = all_ram,
      .parts = {{0x80000000, 0x100000, 0, 0x80000000, 7}},
      .options = "--recursive=auto"},
     ERROR_PLAN_NO_SLOT,
     "32-bit with 4 MiB pages paging has no room for a recursive slot: the kernel takes it\n"
     "leave --recursive out, or link the kernel below virtual 0x80000000"},
    {"--map with nothing to show it",
     {.bits = 64,
      .parts = HIGH_64,
      .options = "--map=0xfee00000+4K --identity=none --direct-map=none"},
     ERROR_PLAN_MAP,
     "--map=0xfee00000 has no virtual address, and no direct or identity map to show it\n"
     "say where to map it: --map=PHYSICAL+SIZE@VIRTUAL"},
    {"--map past what the linear maps can show",
     {.parts = HIGH_32, .options = "--map=0xff700000+1025K"},
     ERROR_PLAN_MAP,
     "--map=0xff700000 has no virtual address, and no direct or identity map to show it"},
    {"--map of half a page",
     {.parts = HIGH_32, .options = "--map=0xfee00800+4K@0xe0000000"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--map=0xfee00800 cannot be used: it is not the start of a page\n"
     "use 0xfee00000, or leave the option out"},
    {"--map at half a page",
     {.parts = HIGH_32, .options = "--map=0xfee00000+4K@0xe0000010"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--map=0xe0000010 cannot be used: it is not the start of a page\n"
     "use 0xe0000000, or leave the option out"},
    {"--map in the gap",
     {.bits = 64, .parts = HIGH_64, .options = "--map=0xfee00000+4K@0x900000000000"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--map=0x900000000000 cannot be used: it is not canonical\n"
     "use 0xffff900000000000, or leave the option out"},
    {"--map above 4 GiB, 32-bit",
     {.parts = HIGH_32, .options = "--map=0xfee00000+4K@0x1e0000000"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--map=0x1e0000000 cannot be used: it is not canonical\n"
     "use 0xe0000000, or leave the option out"},
    {"--map into the gap",
     {.bits = 64, .parts = HIGH_64, .options = "--map=0xfee00000+8K@0x7ffffffff000"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--map=0x7ffffffff000 cannot be used: it reaches past the last virtual address\n"
     "use 0x7fffffffe000, or leave the option out"},
    {"--map past the top",
     {.bits = 64, .parts = HIGH_64, .options = "--map=0xfee00000+4097@0xfffffffffffff000"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--map=0xfffffffffffff000 cannot be used: it reaches past the last virtual address\n"
     "use 0xffffffffffffe000, or leave the option out"},
    {"--map past the top, 32-bit",
     {.parts = HIGH_32, .options = "--map=0+8K@0xfffff000"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--map=0xfffff000 cannot be used: it reaches past the last virtual address\n"
     "use 0xffffe000, or leave the option out"},
    {"--map of memory that the CPU cannot address",
     {.bits = 64, .parts = HIGH_64, .options = "--map=0xfffffff000+8K@0xffffa00000000000"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--map=0xfffffff000 cannot be used: it reaches past the last physical address\n"
     "use 0xffffffe000, or leave the option out"},
    {"--map of memory that 32-bit paging cannot address",
     {.parts = HIGH_32, .options = "--map=0x100000000+4K@0xe0000000"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--map=0x100000000 cannot be used: it reaches past the last physical address\n"
     "use 0xfffff000, or leave the option out"},
    {"--map of more than there can be",
     {.bits = 64,
      .parts = HIGH_64,
      .options = "--map=0xfffffffffffff000+0xfffffffffffffffe@0xffffa00000000000"},
     ERROR_PLAN_ADDRESS_OPTION,
     "--map=0xfffffffffffff000 cannot be used: it reaches past the last physical address\n"
     "use 0x0, or leave the option out"},
    {"--smep on a qemu64",
     {.bits = 64, .parts = HIGH_64, .options = "--smep"},
     ERROR_PLAN_CPU_OPTION,
     "--smep needs the CPU feature SMEP, which this CPU lacks\n"
     "leave the option out, or use another CPU (in QEMU: -cpu max)"},
    {"--umip on a qemu64",
     {.parts = HIGH_32, .options = "--umip"},
     ERROR_PLAN_CPU_OPTION,
     "--umip needs the CPU feature UMIP, which this CPU lacks"},
    {"--global on a Pentium",
     {.features = CPU_PENTIUM, .physical_bits = 32, .parts = HIGH_32, .options = "--global"},
     ERROR_PLAN_CPU_OPTION,
     "--global needs the CPU feature PGE (global pages), which this CPU lacks"},
    {"--strict with a shared page",
     {.parts = {{0xc0100000, 0x100000, 0x1800, 0x1800, 5},
                {0xc0101800, 0x101800, 0x800, 0x1000, 6}},
      .options = "--strict"},
     ERROR_PLAN_SHARED_PAGE,
     "kernel: PT_LOAD 0 and PT_LOAD 1 share the page at virtual 0xc0101000, which gets the rights "
     "of both\n"
     "start each section on a page of its own: . = ALIGN(4096)"},
    {"no room for the tables for the jump",
     {.memory = qemu_16m,
      .parts = HIGH_32,
      .options = "--stack=4K",
      .module_sizes = {0xed1000, 0xf000}},
     ERROR_PLAN_MEMORY,
     "no room for the page tables for the jump: 12 KiB needed below 0x100000000, the largest free "
     "block there has 0 bytes"},
    {"no paging for a higher half",
     {.parts = HIGH_32, .options = "--paging=off"},
     ERROR_PLAN_PAGING_OFF,
     "kernel: --paging=off, but PT_LOAD 0 is at virtual 0xc0100000 and physical 0x100000"},
    {"RAM ends",
     {.parts = {TEXT_AT(0xc0100000, 0x100000), {0xc0200000, 0x200000, 0x1000, 0x7de0001, 6}}},
     ERROR_PLAN_RAM_ENDS,
     "kernel: PT_LOAD 1 needs 125.8 MiB at physical 0x200000, but the RAM there ends at 0x7fe0000"},
    {"RAM has a hole",
     {.memory = hole_at_15m, .parts = {{0xc0100000, 0x100000, 0, 0x1000000, 6}}},
     ERROR_PLAN_RAM_ENDS,
     "kernel: PT_LOAD 0 needs 16 MiB at physical 0x100000, but the RAM there ends at 0xf00000"},
    {"differs within a page",
     {.parts = {TEXT_AT(0xc0100000, 0x100000), DATA_AT(0xc0103000, 0x103800)}},
     ERROR_ELF_PAGE_OFFSET,
     "kernel: PT_LOAD 1 is at virtual 0xc0103000 and physical 0x103800: they differ within a page, "
     "so "
     "no page table can map it"},
    {"one page, two places",
     {.parts = {{0xc0100000, 0x100000, 0x800, 0x800, 5}, {0xc0100800, 0x200800, 0x100, 0x100, 6}}},
     ERROR_ELF_PAGE_CONFLICT,
     "kernel: PT_LOAD 0 and PT_LOAD 1 share the virtual page 0xc0100000 but not the physical one"},
    {"one page, two places, the higher first",
     {.parts = {{0xc0101800, 0x201800, 0x100, 0x100, 6},
                {0xc0100000, 0x100000, 0x1800, 0x1800, 5}}},
     ERROR_ELF_PAGE_CONFLICT,
     "kernel: PT_LOAD 1 and PT_LOAD 0 share the virtual page 0xc0101000 but not the physical one"},
};

/* All rows are tried before the test fails, so that one run shows all that a change does. */
static u32 report(const char *name, const char *got, const char *expected) {
    print_error("%s:\n%s\ninstead of\n%s\n", name, got, expected);
    return 1;
}

static void test_refusals(void **state) {
    (void)state;
    static struct made made;
    u32 failed = 0;
    for (size_t i = 0; i < ARRAY_COUNT(refusals); i++) {
        const struct refusal *row = &refusals[i];
        char buffer[400];
        struct text text = TEXT_IN(buffer);
        make(&row->request, &made);
        error_text(&made.error, &text);
        if (strchr(row->text, '\n')) {
            text_char(&text, '\n');
            error_fix(&made.error, &text);
        }
        if (made.error.code != row->code || strcmp(buffer, row->text))
            failed += report(row->name, buffer, row->text);
    }
    assert_int_equal(failed, 0);
}

/* Each error that the planner makes has a row above. */
static void test_every_error_has_a_row(void **state) {
    (void)state;
    static const enum error_code elsewhere[] = {
        ERROR_PLAN_TOO_MANY,                                            /* test_limits() */
        ERROR_PLAN_GIVES_WAY, ERROR_PLAN_SHARED_PAGE, ERROR_PLAN_NO_NX, /* notes, below */
        ERROR_PLAN_NOT_PIE,   ERROR_PLAN_PIE_HIGH, /* plan_place(), in test_place.c */
    };
    for (size_t i = 0; i < error_row_count; i++) {
        enum error_code code = error_rows[i].code;
        bool planner = code == ERROR_ELF_PAGE_OFFSET || code == ERROR_ELF_PAGE_CONFLICT ||
                       !strncmp(error_names[i], "PLAN_", 5);
        bool found = !planner;
        for (size_t j = 0; j < ARRAY_COUNT(elsewhere); j++)
            found = found || elsewhere[j] == code;
        for (size_t j = 0; j < ARRAY_COUNT(refusals); j++)
            found = found || refusals[j].code == code;
        if (!found)
            fail_msg("no row for %s", error_names[i]);
    }
}

/* ---- plans ---- */

/* A plan as text: what is given is compared, NULL is not looked at. */
struct acceptance {
    const char *name;
    struct request_row request;
    const char *rows;  /* "virt > phys + size rights purpose", a line each */
    const char *loads; /* "file.number @offset + file size > phys + size", a line each */
    const char *notes;
};

enum { LINES_SIZE = 8192 };

static void write_rows(const struct plan *plan, char *lines) {
    *lines = 0;
    for (u32 i = 0; i < plan->row_count; i++) {
        const struct map *row = &plan->rows[i];
        lines += sprintf(lines, "%llx > %llx + %llx %s%s%s %s\n", (unsigned long long)row->virt,
                         (unsigned long long)row->phys, (unsigned long long)row->size,
                         row->attributes & MAP_WRITE ? "w" : "-",
                         row->attributes & MAP_EXECUTE ? "x" : "-",
                         row->attributes & MAP_UNCACHED          ? "u"
                         : row->attributes & MAP_WRITE_COMBINING ? "c"
                         : row->attributes & MAP_GLOBAL          ? "g"
                                                                 : "",
                         row_owner_name(row->owner));
    }
}

static void write_loads(const struct plan *plan, char *lines) {
    *lines = 0;
    for (u32 i = 0; i < plan->load_count; i++) {
        const struct load *load = &plan->loads[i];
        lines += sprintf(lines, "%u.%u @%llx + %llx > %llx + %llx", load->file, load->number,
                         (unsigned long long)load->offset, (unsigned long long)load->file_size,
                         (unsigned long long)load->phys, (unsigned long long)load->memory_size);
        if (load->late && load->file_size)
            lines += sprintf(lines, " via %llx", (unsigned long long)load->staged);
        lines += sprintf(lines, "%s\n", load->late ? " late" : "");
    }
}

static void write_notes(const struct plan *plan, char *lines) {
    struct text text = text_in(lines, LINES_SIZE);
    for (u32 i = 0; i < plan->note_count; i++) {
        error_text(&plan->notes[i], &text);
        text_char(&text, '\n');
    }
}

#define LOW_IDENTITY                           \
    "1000 > 1000 + 9f000 w- identity map\n"    \
    "a0000 > a0000 + 20000 w-u identity map\n" \
    "c0000 > c0000 + 40000 w- identity map\n"
/* `high`: all digits of the address but the last six. */
#define LOW_DIRECT(high)                                                                          \
    high "000000 > 0 + a0000 w- direct map\n" high "0a0000 > a0000 + 20000 w-u direct map\n" high \
         "0c0000 > c0000 + 40000 w- direct map\n"
/* The window of 128 MiB. */
#define TOP_32                                              \
    "ff801000 > 7fcd000 + 10000 w- stack and information\n" \
    "ff812000 > 7fdd000 + 2000 w- stack and information\n"  \
    "ff814000 > 7fdf000 + 1000 -x trampoline\n"
#define TOP_64                                                      \
    "ffffffffffa01000 > 7fcd000 + 10000 w- stack and information\n" \
    "ffffffffffa12000 > 7fdd000 + 2000 w- stack and information\n"  \
    "ffffffffffa14000 > 7fdf000 + 1000 -x trampoline\n"
#define NO_NX_32 "data pages stay executable: 32-bit paging has no NX\n"

static const struct acceptance acceptances[] = {
    {"higher half, 16 MiB",
     {.memory = qemu_16m, .parts = HIGH_32},
     LOW_IDENTITY "100000 > 100000 + ee0000 w- identity map\n" LOW_DIRECT(
         "c0") "c0100000 > 100000 + 3000 -x kernel\n"
               "c0103000 > 103000 + 2000 w- kernel\n"
               "c0105000 > 105000 + edb000 w- direct map\n"
               "ff801000 > fcd000 + 10000 w- stack and information\n"
               "ff812000 > fdd000 + 2000 w- stack and information\n"
               "ff814000 > fdf000 + 1000 -x trampoline\n",
     "0.0 @1000 + 3000 > 100000 + 3000\n"
     "0.1 @4000 + 1000 > 103000 + 2000\n",
     NO_NX_32},
    {"higher half, 128 MiB",
     {.memory = qemu_128m, .parts = HIGH_32},
     "...\n" LOW_DIRECT("c0") "c0105000 > 105000 + 7edb000 w- direct map\n"
                              "ff801000 > 7fcd000 + 10000 w- stack and information\n",
     NULL,
     NULL},
    {"higher half, 5 GiB",
     {.memory = qemu_5g, .parts = HIGH_32},
     LOW_IDENTITY "100000 > 100000 + bfee0000 w- identity map\n" LOW_DIRECT(
         "c0") "c0100000 > 100000 + 3000 -x kernel\n"
               "c0103000 > 103000 + 2000 w- kernel\n"
               "c0105000 > 105000 + 3f6fb000 w- direct map\n"
               "ff801000 > bffcd000 + 10000 w- stack and information\n"
               "ff812000 > bffdd000 + 2000 w- stack and information\n"
               "ff814000 > bffdf000 + 1000 -x trampoline\n",
     NULL,
     NO_NX_32},
    {"higher half, 5 GiB, PAE",
     {.memory = qemu_5g, .parts = HIGH_32, .options = "--paging=pae"},
     "...\nc0105000 > 105000 + 3f8fb000 w- direct map\n",
     NULL,
     ""},
    {"at 0xc0000000, physical 1 MiB",
     {.parts = {TEXT_AT(0xc0000000, 0x100000), DATA_AT(0xc0003000, 0x103000)}},
     "...\n"
     "bff00000 > 0 + a0000 w- direct map\n"
     "bffc0000 > c0000 + 40000 w- direct map\n"
     "c0000000 > 100000 + 3000 -x kernel\n"
     "c0003000 > 103000 + 2000 w- kernel\n"
     "c0005000 > 105000 + 7edb000 w- direct map\n",
     NULL,
     NO_NX_32},
    {"-2 GiB",
     {.bits = 64, .parts = HIGH_64},
     LOW_IDENTITY "100000 > 100000 + 7ee0000 w- identity map\n" LOW_DIRECT(
         "ffff800000") "ffff800000100000 > 100000 + 7ee0000 w- direct map\n"
                       "ffffffff80100000 > 100000 + 3000 -x kernel\n"
                       "ffffffff80103000 > 103000 + 2000 w- kernel\n"
                       "ffffffffffa01000 > 7fcd000 + 10000 w- stack and information\n"
                       "ffffffffffa12000 > 7fdd000 + 2000 w- stack and information\n"
                       "ffffffffffa14000 > 7fdf000 + 1000 -x trampoline\n",
     NULL,
     ""},
    {"-2 GiB, 5 GiB",
     {.memory = qemu_5g, .bits = 64, .parts = HIGH_64},
     "...\n"
     "100000 > 100000 + bfee0000 w- identity map\n" LOW_DIRECT(
         "ffff800000") "ffff800000100000 > 100000 + bfee0000 w- direct map\n"
                       "ffff800100000000 > 100000000 + 80000000 w- direct map\n",
     NULL,
     ""},
    {"in the direct map, where the direct map would have it",
     {.bits = 64, .parts = {TEXT_AT(0xffff800000100000, 0x100000)}},
     "...\n" LOW_DIRECT("ffff800000") "ffff800000100000 > 100000 + 3000 -x kernel\n"
                                      "ffff800000103000 > 103000 + 7edd000 w- direct map\n",
     NULL,
     ""},
    {"in the direct map, elsewhere",
     {.bits = 64, .parts = {TEXT_AT(0xffff800000100000, 0x200000)}},
     "...\n" LOW_DIRECT("ffff800000") "ffff800000100000 > 200000 + 3000 -x kernel\n"
                                      "ffff800000103000 > 103000 + 7edd000 w- direct map\n",
     NULL,
     "the direct map gives way to kernel at virtual 0xffff800000100000 (12 KiB)\n"},
    {"5-level",
     {.features = CPU_MAX, .bits = 64, .parts = HIGH_64, .options = "--paging=5level"},
     "...\n" LOW_DIRECT("ff00000000") "ff00000000100000 > 100000 + 7ee0000 w- direct map\n"
                                      "ffffffff80100000 > 100000 + 3000 -x kernel\n",
     NULL,
     ""},
    {"lower half",
     {.parts = {TEXT_AT(0x100000, 0x100000), DATA_AT(0x103000, 0x103000)}},
     LOW_IDENTITY "100000 > 100000 + 3000 -x kernel\n"
                  "103000 > 103000 + 2000 w- kernel\n"
                  "105000 > 105000 + 7edb000 w- identity map\n"
                  "ff801000 > 7fcd000 + 10000 w- stack and information\n"
                  "ff812000 > 7fdd000 + 2000 w- stack and information\n"
                  "ff814000 > 7fdf000 + 1000 -x trampoline\n",
     NULL,
     NO_NX_32},
    {"lower half, moved",
     {.parts = {TEXT_AT(0x400000, 0x100000)}},
     LOW_IDENTITY "100000 > 100000 + 300000 w- identity map\n"
                  "400000 > 100000 + 3000 -x kernel\n"
                  "ff801000 > 7fcd000 + 10000 w- stack and information\n"
                  "ff812000 > 7fdd000 + 2000 w- stack and information\n"
                  "ff814000 > 7fdf000 + 1000 -x trampoline\n",
     NULL,
     NO_NX_32},
    {"lower half, moved up from its virtual address",
     {.parts = {TEXT_AT(0x100000, 0x200000)}},
     LOW_IDENTITY "100000 > 200000 + 3000 -x kernel\n"
                  "ff801000 > 7fcd000 + 10000 w- stack and information\n"
                  "ff812000 > 7fdd000 + 2000 w- stack and information\n"
                  "ff814000 > 7fdf000 + 1000 -x trampoline\n",
     NULL,
     NO_NX_32},
    {"lower half, moved, 64-bit",
     {.bits = 64, .parts = {TEXT_AT(0x400000, 0x100000)}},
     "...\n"
     "100000 > 100000 + 300000 w- identity map\n"
     "400000 > 100000 + 3000 -x kernel\n"
     "403000 > 403000 + 7bdd000 w- identity map\n",
     NULL,
     "the identity map gives way to kernel at virtual 0x400000 (12 KiB)\n"},
    {"boot segment at its own address",
     {.parts = {TEXT_AT(0x100000, 0x100000), TEXT_AT(0xc0103000, 0x103000)}},
     "...\n"
     "100000 > 100000 + 3000 -x kernel\n"
     "103000 > 103000 + 7edd000 w- identity map\n" LOW_DIRECT(
         "c0") "c0100000 > 100000 + 3000 w- direct map\n"
               "c0103000 > 103000 + 3000 -x kernel\n"
               "c0106000 > 106000 + 7eda000 w- direct map\n",
     NULL,
     NO_NX_32},
    {"top pages",
     {.parts = {TEXT_AT(0xffffc000, 0x100000), {0xfffff000, 0x103000, 0x1000, 0x1000, 6}}},
     LOW_IDENTITY "100000 > 100000 + 7ee0000 w- identity map\n"
                  "ff801000 > 7fcd000 + 10000 w- stack and information\n"
                  "ff812000 > 7fdd000 + 2000 w- stack and information\n"
                  "ff814000 > 7fdf000 + 1000 -x trampoline\n"
                  "ffefc000 > 0 + a0000 w- direct map\n"
                  "fff9c000 > a0000 + 20000 w-u direct map\n"
                  "fffbc000 > c0000 + 40000 w- direct map\n"
                  "ffffc000 > 100000 + 3000 -x kernel\n"
                  "fffff000 > 103000 + 1000 w- kernel\n",
     NULL,
     NO_NX_32},
    {"top pages, 64-bit",
     {.bits = 64,
      .parts = {TEXT_AT(0xffffffffffffc000, 0x100000),
                {0xfffffffffffff000, 0x103000, 1, 0xfff, 6}}},
     "...\n"
     "ffffffffffa12000 > 7fdd000 + 2000 w- stack and information\n"
     "ffffffffffa14000 > 7fdf000 + 1000 -x trampoline\n"
     "ffffffffffffc000 > 100000 + 3000 -x kernel\n"
     "fffffffffffff000 > 103000 + 1000 w- kernel\n",
     NULL,
     ""},
    {"where the window would be",
     {.parts = {TEXT_AT(0xffbff000, 0x100000)}},
     "...\n"
     "ff401000 > 7fcd000 + 10000 w- stack and information\n"
     "ff412000 > 7fdd000 + 2000 w- stack and information\n"
     "ff414000 > 7fdf000 + 1000 -x trampoline\n"
     "ffbff000 > 100000 + 3000 -x kernel\n",
     NULL,
     NULL},
    {"a large stack",
     {.parts = HIGH_32, .options = "--stack=5M"},
     "...\n"
     "ff401000 > 7add000 + 500000 w- stack and information\n"
     "ff902000 > 7fdd000 + 2000 w- stack and information\n"
     "ff904000 > 7fdf000 + 1000 -x trampoline\n",
     NULL,
     NULL},
    {"a shared page, same rights",
     {.parts = {{0xc0100000, 0x100000, 0x1800, 0x1800, 6},
                {0xc0101800, 0x101800, 0x800, 0x1000, 6}}},
     "...\n"
     "c0100000 > 100000 + 2000 wx kernel\n"
     "c0102000 > 102000 + 1000 wx kernel\n",
     "0.0 @1000 + 1800 > 100000 + 1800\n"
     "0.1 @2800 + 800 > 101800 + 1000\n",
     NO_NX_32},
    {"a shared page, other rights",
     {.parts = {{0xc0100000, 0x100000, 0x1800, 0x1800, 5},
                {0xc0101800, 0x101800, 0x800, 0x1000, 6}}},
     "...\n"
     "c0100000 > 100000 + 1000 -x kernel\n"
     "c0101000 > 101000 + 1000 wx kernel\n"
     "c0102000 > 102000 + 1000 w- kernel\n",
     NULL,
     "kernel: PT_LOAD 0 and PT_LOAD 1 share the page at virtual 0xc0101000, which gets the rights "
     "of "
     "both\n" NO_NX_32},
    {"a shared page, fewer rights",
     {.parts = {{0xc0100000, 0x100000, 0x1800, 0x1800, 7},
                {0xc0101800, 0x101800, 0x800, 0x1000, 4}}},
     "...\n"
     "c0100000 > 100000 + 2000 wx kernel\n"
     "c0102000 > 102000 + 1000 -- kernel\n",
     NULL,
     "kernel: PT_LOAD 0 and PT_LOAD 1 share the page at virtual 0xc0101000, which gets the rights "
     "of "
     "both\n" NO_NX_32},
    {"three in one page",
     {.parts = {{0xc0100000, 0x100000, 0x100, 0x100, 5},
                {0xc0100100, 0x100100, 0x100, 0x100, 4},
                {0xc0100200, 0x100200, 0x100, 0x100, 6}}},
     "...\n"
     "c0100000 > 100000 + 1000 wx kernel\n"
     "c0101000 > 101000 + 7edf000 w- direct map\n",
     NULL,
     "kernel: PT_LOAD 0 and PT_LOAD 1 share the page at virtual 0xc0100000, which gets the rights "
     "of "
     "both\n"
     "kernel: PT_LOAD 1 and PT_LOAD 2 share the page at virtual 0xc0100000, which gets the rights "
     "of "
     "both\n" NO_NX_32},
    {"three in one page, not in order",
     {.parts = {{0xc0100200, 0x100200, 0x100, 0x1000, 6},
                {0xc0100000, 0x100000, 0x100, 0x100, 5},
                {0xc0100100, 0x100100, 0x100, 0x100, 4}}},
     "...\n"
     "c0100000 > 100000 + 1000 wx kernel\n"
     "c0101000 > 101000 + 1000 w- kernel\n",
     NULL,
     "kernel: PT_LOAD 1 and PT_LOAD 2 share the page at virtual 0xc0100000, which gets the rights "
     "of "
     "both\n"
     "kernel: PT_LOAD 2 and PT_LOAD 0 share the page at virtual 0xc0100000, which gets the rights "
     "of "
     "both\n" NO_NX_32},
    {"before, on and behind the loader",
     {.parts = {{0xc0000800, 0x800, 0x90000, 0x92000, 7}}},
     "...\n"
     "c0000000 > 0 + 93000 wx kernel\n"
     "c0093000 > 93000 + d000 w- direct map\n",
     "0.0 @1000 + 800 > 800 + 800\n"
     "0.0 @1800 + 8f000 > 1000 + 8f000 via 7f35000 late\n"
     "0.0 @90800 + 800 > 90000 + 2800\n",
     NULL},
    {"ends on the loader",
     {.parts = {{0xc0000f00, 0xf00, 0x80, 0x200, 7}}},
     NULL,
     "0.0 @1000 + 80 > f00 + 100\n"
     "0.0 @1080 + 0 > 1000 + 100 late\n",
     NULL},
    {"starts on the loader",
     {.parts = {{0xc008f000, 0x8f000, 0x2000, 0x3000, 7}}},
     NULL,
     "0.0 @1000 + 1000 > 8f000 + 1000 via 7fc3000 late\n"
     "0.0 @2000 + 1000 > 90000 + 2000\n",
     NULL},
    {"ends where the loader ends",
     {.parts = {{0xc008f000, 0x8f000, 0x1000, 0x1000, 7}}},
     NULL,
     "0.0 @1000 + 1000 > 8f000 + 1000 via 7fc3000 late\n",
     NULL},
    {"ends where the loader starts",
     {.parts = {{0xc0000800, 0x800, 0x800, 0x800, 7}}},
     NULL,
     "0.0 @1000 + 800 > 800 + 800\n",
     NULL},
    {"the first byte behind the BIOS data",
     {.parts = {{0xc0000500, 0x500, 0x10, 0x10, 7}}},
     NULL,
     "0.0 @1000 + 10 > 500 + 10\n",
     NULL},
    {"only zeros on the loader",
     {.parts = {TEXT_AT(0xc0100000, 0x100000), {0xc0008000, 0x8000, 0, 0x1000, 6}}},
     NULL,
     "0.0 @1000 + 3000 > 100000 + 3000\n"
     "0.1 @0 + 0 > 8000 + 1000 late\n",
     NULL},
    {"two on the loader",
     {.parts = {{0xc0008000, 0x8000, 0x10, 0x10, 7}, {0xc0008010, 0x8010, 0x10, 0x20, 7}}},
     NULL,
     "0.0 @1000 + 10 > 8000 + 10 via 7fc3000 late\n"
     "0.1 @1010 + 10 > 8010 + 20 via 7fc2000 late\n",
     NULL},
    {"modules",
     {.parts = HIGH_32, .module_sizes = {1, 0x1000, 0x1001}},
     NULL,
     "1.0 @0 + 1 > 7fdf000 + 1000\n"
     "2.1 @0 + 1000 > 7fde000 + 1000\n"
     "3.2 @0 + 1001 > 7fdc000 + 2000\n"
     "0.0 @1000 + 3000 > 100000 + 3000\n"
     "0.1 @4000 + 1000 > 103000 + 2000\n",
     NULL},
    {"a module that fits only below 1 MiB",
     {.memory = pc_1m,
      .parts = {{0xc0100000, 0x100000, 1, 0xf1000, 7}},
      .options = "--stack=4K",
      .module_sizes = {0x1000, 0xf000}},
     NULL,
     "1.0 @0 + 1000 > 1ff000 + 1000\n"
     "2.1 @0 + f000 > 90000 + f000\n"
     "0.0 @1000 + 1 > 100000 + f1000\n",
     NULL},
    {"modules below the end of a small identity map",
     {.parts = {TEXT_AT(0x400000, 0x100000)}, .module_sizes = {0x1000}},
     NULL,
     "1.0 @0 + 1000 > 3ff000 + 1000\n"
     "0.0 @1000 + 3000 > 100000 + 3000\n",
     NULL},
    {"direct map elsewhere",
     {.parts = HIGH_32, .options = "--direct-map=0xd0000000"},
     "...\n"
     "c0100000 > 100000 + 3000 -x kernel\n"
     "c0103000 > 103000 + 2000 w- kernel\n" LOW_DIRECT(
         "d0") "d0100000 > 100000 + 7ee0000 w- direct map\n",
     NULL,
     NO_NX_32},
    {"direct map up to the window",
     {.memory = qemu_5g, .parts = HIGH_32, .options = "--direct-map=0xf0000000"},
     "...\n" LOW_DIRECT("f0") "f0100000 > 100000 + f700000 w- direct map\n"
                              "ff801000 > bffcd000 + 10000 w- stack and information\n",
     NULL,
     NO_NX_32},
    {"direct map in the window",
     {.parts = HIGH_32, .options = "--direct-map=0xff801000"},
     "...\n"
     "ff801000 > 7fcd000 + 10000 w- stack and information\n"
     "ff812000 > 7fdd000 + 2000 w- stack and information\n"
     "ff814000 > 7fdf000 + 1000 -x trampoline\n"
     "ffc00000 > 3ff000 + 400000 w- direct map\n",
     NULL,
     "the direct map gives way to stack and information at virtual 0xff801000 (640 KiB)\n"
     "the direct map gives way to stack and information at virtual 0xff8a1000 (128 KiB)\n"
     "the direct map gives way to stack and information at virtual 0xff8c1000 (256 KiB)\n"
     "the direct map gives way to stack and information at virtual 0xff901000 (2.9 "
     "MiB)\n" NO_NX_32},
    {"direct map at the very top",
     {.bits = 64, .parts = HIGH_64, .options = "--direct-map=0xffffffffffd00000"},
     "...\n"
     "ffffffffffd00000 > 0 + a0000 w- direct map\n"
     "ffffffffffda0000 > a0000 + 20000 w-u direct map\n"
     "ffffffffffdc0000 > c0000 + 40000 w- direct map\n"
     "ffffffffffe00000 > 100000 + 200000 w- direct map\n",
     NULL,
     ""},
    {"no direct map",
     {.parts = HIGH_32, .options = "--direct-map=none"},
     LOW_IDENTITY "100000 > 100000 + 7ee0000 w- identity map\n"
                  "c0100000 > 100000 + 3000 -x kernel\n"
                  "c0103000 > 103000 + 2000 w- kernel\n"
                  "ff801000 > 7fcd000 + 10000 w- stack and information\n"
                  "ff812000 > 7fdd000 + 2000 w- stack and information\n"
                  "ff814000 > 7fdf000 + 1000 -x trampoline\n",
     NULL,
     NO_NX_32},
    {"identity of everything",
     {.memory = qemu_5g,
      .bits = 64,
      .parts = HIGH_64,
      .options = "--identity=all --direct-map=none"},
     "...\n"
     "100000 > 100000 + bfee0000 w- identity map\n"
     "100000000 > 100000000 + 80000000 w- identity map\n"
     "ffffffff80100000 > 100000 + 3000 -x kernel\n",
     NULL,
     ""},
    {"identity of everything, 32-bit",
     {.memory = all_ram, .parts = HIGH_32, .options = "--identity=all --direct-map=none"},
     "...\n"
     "100000 > 100000 + c0000000 w- identity map\n"
     "c0100000 > 100000 + 3000 -x kernel\n"
     "c0103000 > 103000 + 2000 w- kernel\n",
     NULL,
     "the identity map gives way to kernel at virtual 0xc0100000 (12 KiB)\n"
     "the identity map gives way to kernel at virtual 0xc0103000 (8 KiB)\n" NO_NX_32},
    {"identity of the lower 3 GiB only, 32-bit; memory above the window",
     {.memory = all_ram, .parts = {TEXT_AT(0x100000, 0x100000)}},
     "...\n"
     "103000 > 103000 + bfefd000 w- identity map\n"
     "ff801000 > fffec000 + 10000 w- stack and information\n"
     "ff812000 > ffffc000 + 2000 w- stack and information\n"
     "ff814000 > ffffe000 + 1000 -x trampoline\n",
     NULL,
     NULL},
    {"paging off",
     {.parts = {TEXT_AT(0x100000, 0x100000), DATA_AT(0x103000, 0x103000)},
      .options = "--paging=off",
      .module_sizes = {5000}},
     "",
     "1.0 @0 + 1388 > 7fde000 + 2000\n"
     "0.0 @1000 + 3000 > 100000 + 3000\n"
     "0.1 @4000 + 1000 > 103000 + 2000\n",
     ""},
    {"the trampoline's two addresses are one",
     {.memory = ram_to_window, .parts = HIGH_32, .options = "--identity=none --direct-map=none"},
     "...\n"
     "ff801000 > ff802000 + 10000 w- stack and information\n"
     "ff812000 > ff812000 + 2000 w- stack and information\n"
     "ff814000 > ff814000 + 1000 -x trampoline\n",
     NULL,
     NO_NX_32},
    {"ACPI's memory is shown, in whole pages",
     {.memory = office_pc, .bits = 64, .parts = HIGH_64, .options = "--direct-map=none"},
     LOW_IDENTITY "100000 > 100000 + 1ff00000 w- identity map\n"
                  "20200000 > 20200000 + 1fe04000 w- identity map\n"
                  "40005000 > 40005000 + 9a5cc000 w- identity map\n"
                  "da5d1000 > da5d1000 + a000 w- identity map\n"
                  "da5db000 > da5db000 + 46000 w- identity map\n"
                  "ffffffff80100000 > 100000 + 3000 -x kernel\n"
                  "ffffffff80103000 > 103000 + 2000 w- kernel\n"
                  "ffffffffffa01000 > da5be000 + 10000 w- stack and information\n"
                  "ffffffffffa12000 > da5ce000 + 2000 w- stack and information\n"
                  "ffffffffffa14000 > da5d0000 + 1000 -x trampoline\n",
     NULL,
     ""},
    {"ACPI's tables in a reserved range",
     {.acpi_tables = 0x7fe1234, .bits = 64, .parts = HIGH_64},
     "...\n"
     "7fe0000 > 7fe0000 + 20000 w- identity map\n"
     "ffff800007fe0000 > 7fe0000 + 20000 w- direct map\n",
     NULL,
     ""},
    {"ACPI's tables in a reserved range as large as a device's",
     {.memory = office_pc,
      .acpi_tables = 0xf8000000,
      .bits = 64,
      .parts = HIGH_64,
      .options = "--direct-map=none"},
     "...\nda5db000 > da5db000 + 46000 w- identity map\nffffffff80100000 > 100000 + 3000 -x "
     "kernel\n",
     NULL,
     ""},
    {"a shared page with the same rights is no matter of --strict",
     {.parts = {{0xc0100000, 0x100000, 0x1800, 0x1800, 6},
                {0xc0101800, 0x101800, 0x800, 0x1000, 6}},
      .options = "--strict"},
     NULL,
     NULL,
     NO_NX_32},
    {"page 0",
     {.bits = 64, .parts = HIGH_64, .options = "--null-page=mapped"},
     "...\n"
     "0 > 0 + a0000 w- identity map\n" LOW_DIRECT("ffff800000"),
     NULL,
     ""},
    {"no identity map",
     {.bits = 64, .parts = HIGH_64, .options = "--identity=none"},
     LOW_DIRECT("ffff800000") "ffff800000100000 > 100000 + 7ee0000 w- direct map\n"
                              "ffffffff80100000 > 100000 + 3000 -x kernel\n"
                              "ffffffff80103000 > 103000 + 2000 w- kernel\n" TOP_64,
     NULL,
     ""},
    {"no identity map, 32-bit",
     {.parts = HIGH_32, .options = "--identity=none"},
     LOW_DIRECT("c0") "c0100000 > 100000 + 3000 -x kernel\n"
                      "c0103000 > 103000 + 2000 w- kernel\n"
                      "c0105000 > 105000 + 7edb000 w- direct map\n" TOP_32,
     NULL,
     NO_NX_32},
    {"no map but the kernel's",
     {.parts = {TEXT_AT(0x100000, 0x100000)}, .options = "--identity=none"},
     "100000 > 100000 + 3000 -x kernel\n" TOP_32,
     NULL,
     NO_NX_32},
    {"the tables' identity",
     {.bits = 64, .parts = HIGH_64, .options = "--identity=tables --direct-map=none"},
     "7fbf000 > 7fbf000 + 9000 w- identity map\n"
     "ffffffff80100000 > 100000 + 3000 -x kernel\n"
     "ffffffff80103000 > 103000 + 2000 w- kernel\n" TOP_64,
     NULL,
     ""},
    {"the tables' identity, 32-bit",
     {.parts = HIGH_32, .options = "--identity=tables --direct-map=none"},
     "7fc2000 > 7fc2000 + 4000 w- identity map\n"
     "c0100000 > 100000 + 3000 -x kernel\n"
     "c0103000 > 103000 + 2000 w- kernel\n" TOP_32,
     NULL,
     NO_NX_32},
    {"the tables' identity where the kernel is",
     {.parts = {{0x7f00000, 0x100000, 0x1000, 0x100000, 7}},
      .options = "--identity=tables --direct-map=none"},
     "7f00000 > 100000 + 100000 wx kernel\n" TOP_32,
     NULL,
     "the identity map gives way to kernel at virtual 0x7fc2000 (44 KiB)\n" NO_NX_32},
    {"the tables' identity where the kernel is in part",
     {.parts = {{0x7f00000, 0x100000, 0x1000, 0xc4000, 7}},
      .options = "--identity=tables --direct-map=none"},
     "7f00000 > 100000 + c4000 wx kernel\n"
     "7fc4000 > 7fc4000 + 1000 w- identity map\n" TOP_32,
     NULL,
     "the identity map gives way to kernel at virtual 0x7fc2000 (8 KiB)\n" NO_NX_32},
    {"the tables' identity where the slot is",
     {.parts = HIGH_32, .options = "--identity=tables --direct-map=none --recursive=31"},
     "c0100000 > 100000 + 3000 -x kernel\n"
     "c0103000 > 103000 + 2000 w- kernel\n" TOP_32,
     NULL,
     "the identity map gives way to recursive slot at virtual 0x7fc2000 (44 KiB)\n" NO_NX_32},
    {"a slot that ends the identity map",
     {.parts = HIGH_32, .options = "--recursive=3"},
     "...\n"
     "100000 > 100000 + b00000 w- identity map\n" LOW_DIRECT("c0"),
     NULL,
     NO_NX_32},
    {"a slot at 0 leaves no identity map",
     {.bits = 64, .parts = HIGH_64, .options = "--recursive=0"},
     LOW_DIRECT("ffff800000") "ffff800000100000 > 100000 + 7ee0000 w- direct map\n"
                              "ffffffff80100000 > 100000 + 3000 -x kernel\n"
                              "ffffffff80103000 > 103000 + 2000 w- kernel\n" TOP_64,
     NULL,
     ""},
    {"a temporary window",
     {.parts = HIGH_32, .options = "--temporary"},
     "...\n"
     "ff400000 > 7fc7000 + 1000 w- temporary window\n" TOP_32,
     NULL,
     NO_NX_32},
    {"a temporary window, 64-bit",
     {.bits = 64, .parts = HIGH_64, .options = "--temporary"},
     "...\n"
     "ffffffffff800000 > 7fc1000 + 1000 w- temporary window\n" TOP_64,
     NULL,
     ""},
    {"a device, where the linear maps would show it",
     {.bits = 64, .parts = HIGH_64, .options = "--map=0xfee00000+4097"},
     "...\n"
     "fee00000 > fee00000 + 2000 w-u --map\n"
     "ffff8000fee00000 > fee00000 + 2000 w-u --map\n",
     NULL,
     ""},
    {"ranges with an address",
     {.bits = 64,
      .parts = HIGH_64,
      .options = "--map=0xfd000000+16M@0xffffa00000000000,combining "
                 "--map=0x100000+1M@0x10000000,cached,ro --map=0xf0000+64K@0x20000000,ro"},
     "...\n"
     "10000000 > 100000 + 100000 -- --map\n"
     "20000000 > f0000 + 10000 --u --map\n"
     "ffffa00000000000 > fd000000 + 1000000 w-c --map\n",
     NULL,
     ""},
    {"a range over others",
     {.parts = HIGH_32,
      .options = "--map=0x200000+16K@0xc0102000,ro --map=0x11000+8K@0xff811000 "
                 "--map=0x400000+8K@0xc0104000"},
     "...\n"
     "c0103000 > 103000 + 2000 w- kernel\n"
     "c0105000 > 203000 + 1000 --u --map\n"
     "c0106000 > 106000 + 7eda000 w- direct map\n" TOP_32,
     NULL,
     "the --map gives way to kernel at virtual 0xc0102000 (4 KiB)\n"
     "the --map gives way to kernel at virtual 0xc0103000 (8 KiB)\n"
     "the --map gives way to stack and information at virtual 0xff811000 (8 KiB)\n"
     "the --map gives way to kernel at virtual 0xc0104000 (4 KiB)\n"
     "the --map gives way to --map at virtual 0xc0105000 (4 KiB)\n"
     "the direct map gives way to --map at virtual 0xc0105000 (4 KiB)\n" NO_NX_32},
    {"global",
     {.bits = 64,
      .parts = HIGH_64,
      .options = "--global --temporary --map=0x200000+4K@0xffffa00000000000,cached"},
     "...\n"
     "100000 > 100000 + 7ee0000 w- identity map\n"
     "ffff800000000000 > 0 + a0000 w-g direct map\n"
     "ffffa00000000000 > 200000 + 1000 w-g --map\n"
     "ffffffff80100000 > 100000 + 3000 -xg kernel\n"
     "ffffffffff800000 > 7fbe000 + 1000 w-g temporary window\n"
     "ffffffffffa01000 > 7fcd000 + 10000 w-g stack and information\n"
     "ffffffffffa14000 > 7fdf000 + 1000 -xg trampoline\n",
     NULL,
     ""},
    {"SMEP and UMIP",
     {.features = CPU_MAX, .bits = 64, .parts = HIGH_64, .options = "--smep --umip --strict"},
     NULL,
     NULL,
     ""},
    {"5-level for an address that needs it",
     {.features = CPU_MAX, .bits = 64, .parts = {TEXT_AT(0xff11000000000000, 0x100000)}},
     "...\n" LOW_DIRECT("ff00000000") "ff00000000100000 > 100000 + 7ee0000 w- direct map\n"
                                      "ff11000000000000 > 100000 + 3000 -x kernel\n" TOP_64,
     NULL,
     ""},
    {"32-bit pages only, a 486",
     {.memory = qemu_16m, .features = CPU_I486, .physical_bits = 32, .parts = HIGH_32},
     NULL,
     NULL,
     NO_NX_32},
    {"no NX",
     {.features = CPU_OPTERON, .bits = 64, .parts = HIGH_64},
     NULL,
     NULL,
     "data pages stay executable: this CPU has no NX\n"},
};

/* After "..." come some of the lines, in order, else all of them. */
static bool matches(const char *expected, const char *got) {
    if (strncmp(expected, "...\n", 4))
        return !strcmp(expected, got);
    for (expected += 4; *expected;) {
        size_t length = strcspn(expected, "\n") + 1;
        while (*got && strncmp(got, expected, length))
            got += strcspn(got, "\n") + 1;
        if (!*got)
            return false;
        got += length;
        expected += length;
    }
    return true;
}

static u32 compare(const char *name, const char *expected, const char *got) {
    return expected && !matches(expected, got) ? report(name, got, expected) : 0;
}

static void test_acceptances(void **state) {
    (void)state;
    static struct made made;
    static char lines[LINES_SIZE];
    u32 failed = 0;
    for (size_t i = 0; i < ARRAY_COUNT(acceptances); i++) {
        const struct acceptance *row = &acceptances[i];
        struct plan_case plan_case = {row->name, &made.request, &made.plan}, *c = &plan_case;
        make(&row->request, &made);
        SUCCEEDS(made.error);
        check_plan(c);
        write_rows(&made.plan, lines);
        failed += compare(row->name, row->rows, lines);
        write_loads(&made.plan, lines);
        failed += compare(row->name, row->loads, lines);
        write_notes(&made.plan, lines);
        failed += compare(row->name, row->notes, lines);
    }
    assert_int_equal(failed, 0);
}

/* ---- slots, windows, and what tables cost ---- */

struct window_test {
    struct request_row request;
    enum paging_format_id format;
    u32 slot; /* none: ~0 */
    u64 handoff_virt, temporary_virt;
};

enum { NO_SLOT = -1 };
#define LOW_64 \
    { TEXT_AT(0x400000, 0x400000) }

static const struct window_test window_tests[] = {
    {{.parts = HIGH_32}, PAGING_32_PSE, NO_SLOT, 0xff801000, 0},
    {{.parts = HIGH_32, .options = "--recursive=auto"}, PAGING_32_PSE, 1023, 0xff801000, 0},
    {{.parts = {TEXT_AT(0xffffc000, 0x100000)}, .options = "--recursive=auto"},
     PAGING_32_PSE,
     1022,
     0xff401000,
     0},
    {{.parts = HIGH_32, .options = "--recursive=1022 --temporary"},
     PAGING_32_PSE,
     1022,
     0xff401000,
     0xff000000},
    {{.parts = HIGH_32, .options = "--recursive=0 --temporary"},
     PAGING_32_PSE,
     0,
     0xff801000,
     0xff400000},
    {{.memory = all_ram,
      .parts = {{0x80000000, 0x2000000, 0, 0x80000000, 7}},
      .options = "--recursive=5"},
     PAGING_32_PSE,
     5,
     0x7fc01000,
     0},
    {{.parts = HIGH_32, .options = "--recursive=auto --temporary --paging=pae"},
     PAGING_PAE,
     508,
     0xff601000,
     0xff400000},
    {{.parts = HIGH_32, .options = "--paging=pae --temporary"},
     PAGING_PAE,
     NO_SLOT,
     0xffa01000,
     0xff800000},
    {{.bits = 64, .parts = HIGH_64, .options = "--recursive=auto --temporary"},
     PAGING_4LEVEL,
     510,
     0xffffffffffa01000,
     0xffffffffff800000},
    {{.bits = 64, .parts = LOW_64, .options = "--recursive=auto --temporary"},
     PAGING_4LEVEL,
     511,
     0xffffff7fffe01000,
     0xffffff7fffc00000},
    {{.bits = 64, .parts = LOW_64, .options = "--recursive=256"},
     PAGING_4LEVEL,
     256,
     0xffffffffffa01000,
     0},
    {{.features = CPU_MAX,
      .bits = 64,
      .parts = HIGH_64,
      .options = "--recursive=auto --paging=5level"},
     PAGING_5LEVEL,
     510,
     0xffffffffffa01000,
     0},
    {{.features = CPU_MAX, .bits = 64, .parts = {TEXT_AT(0xff11000000000000, 0x100000)}},
     PAGING_5LEVEL,
     NO_SLOT,
     0xffffffffffa01000,
     0},
    {{.features = CPU_MAX, .bits = 64, .parts = HIGH_64},
     PAGING_4LEVEL,
     NO_SLOT,
     0xffffffffffa01000,
     0},
    {{.parts = HIGH_32, .options = "--share-upper"}, PAGING_32, NO_SLOT, 0xff801000, 0},
    {{.parts = HIGH_32, .options = "--pages=4k"}, PAGING_32, NO_SLOT, 0xff801000, 0},
};

static void test_windows(void **state) {
    (void)state;
    static struct made made;
    for (size_t i = 0; i < ARRAY_COUNT(window_tests); i++) {
        const struct window_test *test = &window_tests[i];
        struct plan_case plan_case = {test->request.options, &made.request, &made.plan};
        struct plan_case *c = &plan_case;
        make(&test->request, &made);
        SUCCEEDS(made.error);
        check_plan(c);
        u32 slot = made.plan.options.recursive ? made.plan.options.recursive_slot : (u32)NO_SLOT;
        if (slot != test->slot || made.plan.handoff_virt != test->handoff_virt ||
            made.plan.temporary_virt != test->temporary_virt ||
            made.plan.options.format != &paging_formats[test->format])
            fail_msg("row %zu: slot %u, window %#llx, temporary %#llx, %s", i, slot,
                     (unsigned long long)made.plan.handoff_virt,
                     (unsigned long long)made.plan.temporary_virt, made.plan.options.format->name);
    }
}

/* Frames of page tables, root included: worked out by hand. */
struct cost_test {
    const char *name;
    struct request_row request;
    u32 frames;
};

static const struct cost_test cost_tests[] = {
    /* Root; kernel 3, window 1; nothing else is mapped. */
    {"the kernel alone",
     {.bits = 64, .parts = HIGH_64, .options = "--identity=none --direct-map=none"},
     6},
    /* Beside these, the way to the window's own table. */
    {"a temporary window",
     {.bits = 64, .parts = HIGH_64, .options = "--identity=none --direct-map=none --temporary"},
     7},
    {"a recursive slot costs nothing",
     {.bits = 64,
      .parts = HIGH_64,
      .options = "--identity=none --direct-map=none --recursive=auto"},
     6},
    /* In PAE it costs the last directory, which the window needs anyhow. */
    {"a recursive slot, PAE",
     {.parts = {TEXT_AT(0x100000, 0x100000)},
      .options = "--identity=none --paging=pae --recursive=auto"},
     5},
    /* The root and a table for each of 512 entries; the lower half has none. */
    {"the upper half, 32-bit",
     {.parts = HIGH_32, .options = "--identity=none --direct-map=none --share-upper"},
     1 + 512},
    {"the upper half, PAE",
     {.parts = HIGH_32, .options = "--identity=none --direct-map=none --share-upper --paging=pae"},
     1 + 2 + 2},
    {"the upper half, 4-level",
     {.bits = 64, .parts = HIGH_64, .options = "--identity=none --direct-map=none --share-upper"},
     1 + 256 + 4},
    {"the upper half, 5-level",
     {.features = CPU_MAX,
      .bits = 64,
      .parts = HIGH_64,
      .options = "--identity=none --direct-map=none --share-upper --paging=5level"},
     1 + 256 + 5},
    /* Two tables of 512 GiB, 2 MiB pages for the first and the third GiB, 4 KiB pages for the
     * first megabytes and the end of RAM below the hole. */
    {"1 TiB with 1 GiB pages",
     {.memory = server_1t,
      .features = CPU_MAX,
      .physical_bits = 46,
      .bits = 64,
      .parts = HIGH_64,
      .options = "--identity=none"},
     12},
    {"1 TiB without 1 GiB pages",
     {.memory = server_1t,
      .physical_bits = 46,
      .bits = 64,
      .parts = HIGH_64,
      .options = "--identity=none"},
     12 + 1021},
    {"1 TiB and an identity map of 4 GiB",
     {.memory = server_1t, .features = CPU_MAX, .physical_bits = 46, .bits = 64, .parts = HIGH_64},
     12 + 5},
};

static void test_costs(void **state) {
    (void)state;
    static struct made made;
    u32 failed = 0;
    for (size_t i = 0; i < ARRAY_COUNT(cost_tests); i++) {
        const struct cost_test *test = &cost_tests[i];
        struct plan_case plan_case = {test->name, &made.request, &made.plan}, *c = &plan_case;
        make(&test->request, &made);
        SUCCEEDS(made.error);
        check_plan(c);
        printf("%s: %u frames, %u KiB\n", test->name, made.plan.table_frames,
               made.plan.table_frames * 4);
        failed += made.plan.table_frames != test->frames;
    }
    assert_int_equal(failed, 0);
}

/* ---- limits ---- */

/* `count` ranges of 16 pages with 16 between them, of two kinds in turn; the first is of 15 MiB. */
static void many_ranges(u32 count, u32 other_kind, struct memory_map *map) {
    *map = (struct memory_map){
        .count = count,
        .ranges = {{0, 0xa0000, MEMORY_USABLE, 1}, {MIB, 15 * MIB, MEMORY_USABLE, 1}}};
    for (u32 i = 2; i < count; i++)
        map->ranges[i] = (struct memory_range){16 * MIB + i * 0x20000, 0x10000,
                                               i & 1 ? other_kind : MEMORY_USABLE, 1};
}

static struct error plan_with_ranges(u32 count, u32 other_kind, struct made *made) {
    static const struct request_row row = {.bits = 64, .parts = HIGH_64, .module_sizes = {1, 1, 1}};
    struct plan_case plan_case = {"many ranges", &made->request, &made->plan};
    make(&row, made);
    many_ranges(count, other_kind, &made->machine.memory);
    memset(&made->plan, 0xa5, sizeof made->plan);
    struct error error = plan_make(&made->request, &made->plan);
    if (!error.code)
        check_plan(&plan_case);
    return error;
}

/* The first count of ranges that is too many: there the error is made before anything is loaded. */
static void test_many_ranges(void **state) {
    (void)state;
    static struct made made;
    struct error error = OK;
    u32 count = 2;
    for (; !error.code; count++)
        error = plan_with_ranges(count, MEMORY_RESERVED, &made);
    assert_int_equal(error.code, ERROR_MEMORY_MAP_FULL);
    assert_in_range(count - 1, MEMORY_RANGES_MAX - 16, MEMORY_RANGES_MAX);
    for (; count <= MEMORY_RANGES_MAX; count++)
        assert_int_equal(plan_with_ranges(count, MEMORY_RESERVED, &made).code,
                         ERROR_MEMORY_MAP_FULL);
}

/* The most segments, each in a page with the next. */
static void make_many_segments(u64 phys, u64 step, u32 file_size, struct made *made) {
    struct part parts[ELF_SEGMENTS_MAX + 1] = {{0}};
    static const struct request_row row = {.parts = HIGH_32};
    make(&row, made);
    for (u32 i = 0; i < ELF_SEGMENTS_MAX; i++)
        parts[i] = (struct part){0xc0000000 + phys + i * step, phys + i * step, file_size, step,
                                 4 + (i & 3)};
    image_of(32, parts, &made->image);
    memset(&made->plan, 0xa5, sizeof made->plan);
    made->error = plan_make(&made->request, &made->plan);
}

static void test_many_segments(void **state) {
    (void)state;
    static struct made made;
    struct plan_case plan_case = {"many segments", &made.request, &made.plan}, *c = &plan_case;
    make_many_segments(MIB, 0x1800, 0x1000, &made);
    SUCCEEDS(made.error);
    check_plan(c);
    assert_int_equal(made.plan.load_count, ELF_SEGMENTS_MAX);
    assert_int_equal(made.plan.note_count, PLAN_NOTES_MAX);
    /* With a hundred ranges shown twice besides, rows run out. */
    many_ranges(100, MEMORY_ACPI, &made.machine.memory);
    struct error error = plan_make(&made.request, &made.plan);
    assert_int_equal(error.code, ERROR_PLAN_TOO_MANY);
    assert_string_equal(error.values.name, "mappings");
    assert_int_equal(error.values.number[0], PLAN_ROWS_MAX);
    /* On the loader with nothing to stage. */
    make_many_segments(0x8000, 0x1000, 0, &made);
    SUCCEEDS(made.error);
    check_plan(c);
    /* A segment is a claim, its staging another. */
    make_many_segments(0x8000, 0x1000, 1, &made);
    assert_int_equal(made.error.code, ERROR_PLAN_TOO_MANY);
    assert_string_equal(made.error.values.name, "claims on memory");
    assert_int_equal(made.error.values.number[0], CLAIMS_MAX);
}

static void test_many_modules(void **state) {
    (void)state;
    static struct made made;
    static const struct request_row row = {.parts = HIGH_32};
    struct plan_case plan_case = {"many modules", &made.request, &made.plan}, *c = &plan_case;
    u64 sizes[CONFIG_MODULES_MAX];
    for (u32 i = 0; i < CONFIG_MODULES_MAX; i++)
        sizes[i] = i * 3000; /* the first is empty and has a page all the same */
    make(&row, &made);
    made.request.module_count = CONFIG_MODULES_MAX;
    made.request.module_sizes = sizes;
    SUCCEEDS(plan_make(&made.request, &made.plan));
    check_plan(c);
    assert_true(plan_module_phys(&made.plan, 0) == 0x7fdf000);
    assert_true(plan_module_phys(&made.plan, CONFIG_MODULES_MAX) == PLAN_NO_ADDRESS);
    /* Nothing lies right behind the kernel, where simple kernels allocate. */
    assert_null(claims_meet(&made.plan.claims, (struct range){0x105000, 64 * MIB}));
}

/* ---- where physical memory is seen ---- */

struct virtual_test {
    const char *options;
    u64 phys, size, virt;
};

/* HIGH_32 on 128 MiB, and a kernel of its own for the last rows. */
static const struct virtual_test virtual_tests[] = {
    {"", 0, 1, 0xc0000000},
    {"", 0xb8000, 4000, 0xc00b8000},
    {"", 0x9fff0, 0x20, PLAN_NO_ADDRESS}, /* two rows */
    {"", 0x100000, 0x1000, 0x100000},     /* the kernel's own row is the last choice */
    {"", 0x7fdf000, 0x1000, 0xc7fdf000},
    {"", 0x7fdf000, 0x1001, PLAN_NO_ADDRESS},
    {"", 0x7fe0000, 1, PLAN_NO_ADDRESS},
    {"", 0xfee00000, 0x1000, PLAN_NO_ADDRESS},
    {"", 0, ~(u64)0, PLAN_NO_ADDRESS},
    {"--direct-map=none", 0x200000, 0x1000, 0x200000},
    {"--direct-map=none", 0x7fde000, 0x2000, 0x7fde000},
};

static void test_virtual(void **state) {
    (void)state;
    static struct made made;
    for (size_t i = 0; i < ARRAY_COUNT(virtual_tests); i++) {
        const struct virtual_test *test = &virtual_tests[i];
        struct request_row row = {.parts = HIGH_32, .options = test->options};
        make(&row, &made);
        u64 virt = plan_virtual(&made.plan, test->phys, test->size);
        if (made.error.code || virt != test->virt)
            fail_msg("row %zu: %#llx", i, (unsigned long long)virt);
    }
    /* What no linear map shows is found in the kernel's rows. */
    struct request_row low = {.parts = {TEXT_AT(0x100000, 0x500000)},
                              .options = "--direct-map=none"};
    make(&low, &made);
    assert_true(plan_virtual(&made.plan, 0x501000, 0x1000) == 0x101000);
    assert_true(plan_virtual(&made.plan, 0x501000, 0x2001) == PLAN_NO_ADDRESS);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals),      cmocka_unit_test(test_every_error_has_a_row),
        cmocka_unit_test(test_acceptances),   cmocka_unit_test(test_many_ranges),
        cmocka_unit_test(test_many_segments), cmocka_unit_test(test_many_modules),
        cmocka_unit_test(test_virtual),       cmocka_unit_test(test_windows),
        cmocka_unit_test(test_costs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
