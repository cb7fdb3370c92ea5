/* The Multiboot probe: prints everything that a boot loader gave it on the serial line, one name=value a line, and
 * leaves QEMU through isa-debug-exit.
 *
 * It serves both versions and any boot loader: two loaders are compared by the difference of what they make it print.
 * A name that ends in @ has an address as its value, which may well differ.
 *
 * The layouts are written from the specifications (Multiboot 0.6.96, Multiboot 2 version 2.0) and share nothing with
 * the loader. Words of the command line:
 *   gdt    load a GDT of its own with code at 08h and data at 10h, without reloading CS, and take an interrupt
 *   fill   overwrite the 16 KiB behind the kernel first */
#include "cpu.h"

#include <stdint.h>

struct table_register {
    uint16_t limit;
    uint32_t base;
} __attribute__((packed));

struct registers {
    uint32_t eax, ebx, ecx, edx, esi, edi, ebp, esp, eflags;
    uint32_t cs, ds, es, fs, gs, ss, cr0;
    struct table_register gdt;
    uint16_t pad;
    struct table_register idt;
    uint16_t pad_2;
    uint32_t cr3, cr4, ldt, task;
};

extern uint8_t image_start[], image_end[];
void probe(const struct registers *registers);

/* The file has no bytes for this, and a loader must clear it. */
static volatile uint8_t must_be_zero[20000];

/* ---- printing ---- */

static void print(const char *text) {
    for (; *text; text++) {
        while (!(port_read(0x3fd) & 0x20))
            ;
        port_write(0x3f8, (uint8_t)*text);
    }
}

static void print_number(uint64_t value) {
    char text[19], *at = text + sizeof text;
    *--at = 0;
    do {
        *--at = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value);
    print("0x");
    print(at);
}

static void field(const char *group, const char *name, uint64_t value) {
    print(group);
    print(name);
    print("=");
    print_number(value);
    print("\n");
}

static void string(const char *name, const char *text) {
    print(name);
    print("=\"");
    print(text);
    print("\"\n");
}

/* "name[3]." */
static const char *item(const char *name, uint32_t number) {
    static char text[40];
    char *to = text;
    while (*name)
        *to++ = *name++;
    *to++ = '[';
    if (number >= 100)
        *to++ = (char)('0' + number / 100 % 10);
    if (number >= 10)
        *to++ = (char)('0' + number / 10 % 10);
    *to++ = (char)('0' + number % 10);
    *to++ = ']';
    *to++ = '.';
    *to = 0;
    return text;
}

_Noreturn static void quit(int passed) {
    print(passed ? "PASS multiboot\n" : "FAIL multiboot\n");
    port_write(0xf4, passed ? 0x10 : 0x11);
    cpu_halt();
}

/* ---- reading ---- */

static const uint8_t *at(uint32_t address) {
    return (const uint8_t *)(uintptr_t)address;
}

static uint16_t get16(const uint8_t *from) {
    return (uint16_t)(from[0] | from[1] << 8);
}

static uint32_t get32(const uint8_t *from) {
    return get16(from) | (uint32_t)get16(from + 2) << 16;
}

static uint64_t get64(const uint8_t *from) {
    return get32(from) | (uint64_t)get32(from + 4) << 32;
}

/* FNV-1a */
static uint32_t hash(const uint8_t *from, uint32_t size) {
    uint32_t value = 2166136261u;
    while (size--)
        value = (value ^ *from++) * 16777619u;
    return value;
}

/* What a real-mode pointer points to. */
static const uint8_t *far(const uint8_t *pointer) {
    return at(get16(pointer) + ((uint32_t)get16(pointer + 2) << 4));
}

static uint32_t hash_string(const uint8_t *from) {
    uint32_t size = 0;
    while (from[size])
        size++;
    return hash(from, size);
}

static int has_word(const char *line, const char *word) {
    for (; *line; line++) {
        uint32_t length = 0;
        while (word[length] && line[length] == word[length])
            length++;
        if (!word[length])
            return 1;
    }
    return 0;
}

/* ---- the machine state ---- */

static void dump_descriptor(const char *name, const struct registers *registers, uint32_t selector) {
    field(name, "selector", selector);
    if (selector + 7 <= registers->gdt.limit)
        field(name, "descriptor", get64(at(registers->gdt.base + (selector & ~7u))));
    else
        field(name, "beyond-limit", registers->gdt.limit);
}

static void dump_state(const struct registers *r) {
    field("", "eax", r->eax);
    field("", "ebx@", r->ebx);
    field("", "ecx", r->ecx);
    field("", "edx", r->edx);
    field("", "esi", r->esi);
    field("", "edi", r->edi);
    field("", "ebp", r->ebp);
    field("", "esp@", r->esp);
    field("", "eflags", r->eflags);
    field("", "cr0", r->cr0);
    field("", "cr3", r->cr3);
    field("", "cr4", r->cr4);
    field("", "ldt", r->ldt & 0xffff);
    field("", "task", r->task & 0xffff);
    dump_descriptor("cs.", r, r->cs);
    dump_descriptor("ss.", r, r->ss);
    field("", "ds", r->ds);
    field("", "es", r->es);
    field("", "fs", r->fs);
    field("", "gs", r->gs);
    field("", "gdt.limit", r->gdt.limit);
    field("", "gdt.base@", r->gdt.base);
    field("", "idt.limit", r->idt.limit);
    field("", "idt.base", r->idt.base);
    field("", "pic.masks", port_read(0x21) | (uint64_t)port_read(0xa1) << 8);
    field("", "a20", get32(at(0x100000)) != get32(at(0)) || get32(at(0x100004)) != get32(at(4)));
    field("", "image.start@", (uintptr_t)image_start);
    field("", "image.end@", (uintptr_t)image_end);
    field("", "bda.com1", get16(at(0x400)));
    field("", "bda.conventional", get16(at(0x413)));
    field("", "ivt.int10@", get32(at(0x40)));
    uint32_t dirty = 0;
    for (uint32_t i = 0; i < sizeof must_be_zero; i++)
        dirty |= must_be_zero[i];
    field("", "bss.dirty", dirty);
}

/* ---- what both versions have ---- */

static void dump_module(uint32_t number, uint32_t start, uint32_t end, const char *text) {
    field(item("module", number), "start@", start);
    field(item("module", number), "size", end - start);
    field(item("module", number), "into-page", start & 0xfff);
    field(item("module", number), "hash", hash(at(start), end - start));
    string(item("module", number), text);
}

static void dump_memory(uint32_t number, const uint8_t *entry) {
    field(item("memory", number), "start", get64(entry));
    field(item("memory", number), "size", get64(entry + 8));
    field(item("memory", number), "type", get32(entry + 16));
}

static void dump_apm(const uint8_t *apm) {
    field("apm.", "version", get16(apm));
    field("apm.", "cseg", get16(apm + 2));
    field("apm.", "offset", get32(apm + 4));
    field("apm.", "cseg_16", get16(apm + 8));
    field("apm.", "dseg", get16(apm + 10));
    field("apm.", "flags", get16(apm + 12));
    field("apm.", "cseg_len", get16(apm + 14));
    field("apm.", "cseg_16_len", get16(apm + 16));
    field("apm.", "dseg_len", get16(apm + 18));
}

static void dump_vbe(const uint8_t *interface, const uint8_t *controller, const uint8_t *mode) {
    field("vbe.", "mode", get16(interface));
    field("vbe.", "interface_seg", get16(interface + 2));
    field("vbe.", "interface_off", get16(interface + 4));
    field("vbe.", "interface_len", get16(interface + 6));
    field("vbe.", "signature", get32(controller));
    field("vbe.", "version", get16(controller + 4));
    field("vbe.", "capabilities", get32(controller + 10));
    field("vbe.", "memory", get16(controller + 18));
    field("vbe.", "oem", hash_string(far(controller + 6)));
    /* The list of modes may lie in the block itself, at the end of which a BIOS may write more. */
    const uint8_t *modes = far(controller + 14);
    uint32_t count = 0;
    while (count < 512 && get16(modes + 2 * count) != 0xffff)
        count++;
    field("vbe.", "modes", count);
    field("vbe.", "modes-hash", hash(modes, 2 * count));
    field("vbe.", "modes-in-block", modes >= controller && modes < controller + 512);
    field("vbe.", "attributes", get16(mode));
    field("vbe.", "width", get16(mode + 18));
    field("vbe.", "height", get16(mode + 20));
    field("vbe.", "depth", mode[25]);
    field("vbe.", "model", mode[27]);
    field("vbe.", "framebuffer", get32(mode + 40));
    field("vbe.", "mode-hash", hash(mode, 256));
}

/* The palette that was handed over, and the one that the screen really has: of 6 bits a colour, or of 8. */
static void dump_palette(const uint8_t *palette, uint32_t count) {
    uint32_t wrong = 0;
    field("framebuffer.", "colours", count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t colour = 0, screen = 0;
        port_write(0x3c7, (uint8_t)i);
        for (uint32_t part = 0; part < 3; part++) {
            colour = colour << 8 | palette[3 * i + part];
            screen = screen << 8 | port_read(0x3c9);
        }
        field(item("framebuffer.colour", i), "rgb", colour);
        wrong += screen != colour && screen != (colour >> 2 & 0x3f3f3f);
    }
    field("framebuffer.", "colours-not-on-screen", wrong);
}

static void dump_framebuffer(const uint8_t *from) {
    field("framebuffer.", "address", get64(from));
    field("framebuffer.", "pitch", get32(from + 8));
    field("framebuffer.", "width", get32(from + 12));
    field("framebuffer.", "height", get32(from + 16));
    field("framebuffer.", "bpp", from[20]);
    field("framebuffer.", "type", from[21]);
    for (uint32_t i = 0; from[21] == 1 && i < 6; i++)
        field(item("framebuffer.rgb", i), "value", from[24 + i]);
}

/* `names` is the section of names, loaded like every section. */
static void dump_sections(const uint8_t *table, uint32_t count, uint32_t size, uint32_t names) {
    field("sections.", "count", count);
    field("sections.", "entry-size", size);
    field("sections.", "names", names);
    int wide = size == 64;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = table + i * size, *name = table + names * size;
        uint32_t address = wide ? (uint32_t)get64(entry + 16) : get32(entry + 12);
        uint32_t bytes = wide ? (uint32_t)get64(entry + 32) : get32(entry + 20);
        uint32_t type = get32(entry + 4), strings = wide ? (uint32_t)get64(name + 16) : get32(name + 12);
        string(item("section", i), (const char *)at(strings + get32(entry)));
        field(item("section", i), "type", type);
        field(item("section", i), "address@", address);
        field(item("section", i), "size", bytes);
        field(item("section", i), "header-hash", hash(entry, wide ? 16 : 12) ^ hash(entry + (wide ? 24 : 16), wide ? 40 : 24));
        /* Of no segment, and so changed by nobody: symbols, strings, comments. */
        if (bytes && address && type != 8 && !(get32(entry + 8) & 2))
            field(item("section", i), "hash", hash(at(address), bytes));
    }
}

/* ---- Multiboot 1 ---- */

static void dump_drives(const uint8_t *drive, uint32_t size) {
    for (uint32_t i = 0, done = 0; done < size && get32(drive); i++) {
        field(item("drive", i), "size", get32(drive));
        field(item("drive", i), "number", drive[4]);
        field(item("drive", i), "mode", drive[5]);
        field(item("drive", i), "cylinders", get16(drive + 6));
        field(item("drive", i), "heads", drive[8]);
        field(item("drive", i), "sectors", drive[9]);
        done += get32(drive);
        drive += get32(drive);
    }
}

static void dump_1(const uint8_t *info) {
    uint32_t flags = get32(info);
    field("", "flags", flags);
    if (flags & 1) {
        field("memory.", "lower", get32(info + 4));
        field("memory.", "upper", get32(info + 8));
    }
    if (flags & 2)
        field("", "boot_device", get32(info + 12));
    if (flags & 4) {
        field("", "cmdline@", get32(info + 16));
        string("cmdline", (const char *)at(get32(info + 16)));
    }
    field("", "modules", get32(info + 20));
    field("", "mods_addr@", get32(info + 24));
    for (uint32_t i = 0; flags & 8 && i < get32(info + 20); i++) {
        const uint8_t *module = at(get32(info + 24)) + 16 * i;
        dump_module(i, get32(module), get32(module + 4), (const char *)at(get32(module + 8)));
        field(item("module", i), "reserved", get32(module + 12));
    }
    if (flags & 16) {
        field("aout.", "tabsize", get32(info + 28));
        field("aout.", "strsize", get32(info + 32));
        field("aout.", "addr@", get32(info + 36));
        field("aout.", "hash", hash(at(get32(info + 36)), 4 + get32(info + 28) + get32(info + 32)));
    }
    if (flags & 32)
        dump_sections(at(get32(info + 36)), get32(info + 28), get32(info + 32), get32(info + 40));
    if (flags & 64) {
        const uint8_t *entry = at(get32(info + 48)), *end = entry + get32(info + 44);
        field("", "mmap_length", get32(info + 44));
        for (uint32_t i = 0; entry < end; entry += get32(entry) + 4) {
            field(item("memory", i), "entry-size", get32(entry));
            dump_memory(i++, entry + 4);
        }
    }
    if (flags & 128)
        dump_drives(at(get32(info + 56)), get32(info + 52));
    if (flags & 256) {
        field("", "config_table@", get32(info + 60));
        field("", "config_table.size", get16(at(get32(info + 60))));
    }
    if (flags & 512)
        string("loader", (const char *)at(get32(info + 64)));
    if (flags & 1024)
        dump_apm(at(get32(info + 68)));
    if (flags & 2048)
        dump_vbe(info + 80, at(get32(info + 72)), at(get32(info + 76)));
    if (flags & 4096) {
        dump_framebuffer(info + 88);
        if (info[109] == 0)
            dump_palette(at(get32(info + 112)), get16(info + 116));
    }
}

/* ---- Multiboot 2 ---- */

static void dump_tag(const uint8_t *tag, uint32_t size, uint32_t *modules) {
    switch (get32(tag)) {
    case 1: string("cmdline", (const char *)tag + 8); break;
    case 2: string("loader", (const char *)tag + 8); break;
    case 3: dump_module((*modules)++, get32(tag + 8), get32(tag + 12), (const char *)tag + 16); break;
    case 4:
        field("memory.", "lower", get32(tag + 8));
        field("memory.", "upper", get32(tag + 12));
        break;
    case 5:
        field("bootdev.", "biosdev", get32(tag + 8));
        field("bootdev.", "slice", get32(tag + 12));
        field("bootdev.", "part", get32(tag + 16));
        break;
    case 6:
        field("mmap.", "entry_size", get32(tag + 8));
        field("mmap.", "entry_version", get32(tag + 12));
        for (uint32_t i = 0; 16 + (i + 1) * get32(tag + 8) <= size; i++) {
            dump_memory(i, tag + 16 + i * get32(tag + 8));
            field(item("memory", i), "zero", get32(tag + 16 + i * get32(tag + 8) + 20));
        }
        break;
    case 7: dump_vbe(tag + 8, tag + 16, tag + 528); break;
    case 8:
        dump_framebuffer(tag + 8);
        field("framebuffer.", "reserved", get16(tag + 30));
        if (tag[29] == 0)
            dump_palette(tag + 34, get16(tag + 32));
        break;
    case 9: dump_sections(tag + 20, get32(tag + 8), get32(tag + 12), get32(tag + 16)); break;
    case 10: dump_apm(tag + 8); break;
    case 13:
        field("smbios.", "major", tag[8]);
        field("smbios.", "minor", tag[9]);
        field("smbios.", "anchor", get32(tag + 16));
        field("smbios.", "hash", hash(tag + 16, size - 16));
        break;
    case 14:
    case 15: field("rsdp.", "hash", hash(tag + 8, size - 8)); break;
    case 21: field("", "load_base@", get32(tag + 8)); break;
    default: break;
    }
}

static void dump_2(const uint8_t *info) {
    uint32_t total = get32(info), modules = 0;
    field("", "total_size@", total);
    field("", "reserved", get32(info + 4));
    for (uint32_t done = 8; done + 8 <= total;) {
        const uint8_t *tag = info + done;
        uint32_t type = get32(tag), size = get32(tag + 4);
        print("tag=");
        print_number(type);
        print(" size=");
        print_number(size);
        print("\n");
        if (size < 8 || (type == 0 && done + 8 != total))
            quit(0);
        dump_tag(tag, size, &modules);
        done += (size + 7) & ~7u;
    }
    field("", "modules", modules);
}

/* ---- what the command line asks for ---- */

static volatile uint32_t interrupts;

__attribute__((interrupt)) static void count_interrupt(void *frame) {
    (void)frame;
    interrupts++;
}

static void try_own_gdt(void) {
    static uint64_t gdt[3] = {0, 0x00cf9b000000ffff, 0x00cf93000000ffff}, idt[0x31];
    uint32_t handler = (uint32_t)(uintptr_t)count_interrupt;
    idt[0x30] = (handler & 0xffff) | 8u << 16 | (uint64_t)0x8e00 << 32 | (uint64_t)(handler >> 16) << 48;
    struct table_register gdtr = {sizeof gdt - 1, (uint32_t)(uintptr_t)gdt};
    struct table_register idtr = {sizeof idt - 1, (uint32_t)(uintptr_t)idt};
    __asm__ volatile("lgdt %0\n\tlidt %1\n\tint $0x30" : : "m"(gdtr), "m"(idtr) : "memory");
    field("own-gdt.", "interrupts", interrupts);
}

void probe(const struct registers *registers) {
    const char *line = "";
    print("\nprobe\n");
    if (registers->eax == 0x2badb002 && get32(at(registers->ebx)) & 4)
        line = (const char *)at(get32(at(registers->ebx) + 16));
    if (registers->eax == 0x36d76289) /* load base, then the command line, here and under GRUB */
        line = (const char *)at(registers->ebx) + 8 + 16 + 8;
    if (has_word(line, "fill"))
        for (uint32_t i = 0; i < 16384; i++)
            image_end[i] = 0xff;
    dump_state(registers);
    if (registers->eax == 0x2badb002)
        dump_1(at(registers->ebx));
    else if (registers->eax == 0x36d76289)
        dump_2(at(registers->ebx));
    else
        quit(0);
    if (has_word(line, "gdt"))
        try_own_gdt();
    quit(1);
}
