#include "doctor_kernel.h"

#include "message.h"

enum {
    SECTION_SYMTAB = 2,
    SECTION_ALLOC = 2,          /* in sh_flags */
    SECTIONS_RESERVED = 0xff00, /* SHN_LORESERVE: indices from here on are no sections */
    SYMBOL_SECTION = 3,         /* STT_SECTION, and above it files and TLS: no names of places */
    NAME_SHOWN_MAX = 64,
};

/* Where the fields stand (gABI 4.1, figures 4-8 and 4-15; System V ABI for x86-64). */
struct layout {
    u8 word;                                           /* bytes of an address */
    u8 table_offset, entry_size, count;                /* in the ELF header */
    u8 name, type, flags, address, offset, size, link; /* in a section header */
    u8 header_size;
    u8 symbol_size, symbol_info, symbol_section, symbol_value, symbol_bytes;
};

static const struct layout layouts[] = {
    {4, 32, 46, 48, 0, 4, 8, 12, 16, 20, 24, 40, 16, 12, 14, 4, 8},
    {8, 40, 58, 60, 0, 4, 8, 16, 24, 32, 40, 64, 24, 4, 6, 8, 16},
};

/* What reading sections and symbols needs. */
struct elf {
    struct bytes file;
    const struct layout *layout;
    u64 table;       /* file offset of the section headers */
    u32 header_size; /* of one in this file */
    u32 section_count;
};

struct section {
    u32 name, type, link;
    u64 flags, address, offset, size;
};

/* The bytes of the file at an offset; NULL where they are not all there. */
static const u8 *bytes_at(const struct elf *elf, u64 offset, u64 size) {
    if (offset > elf->file.size || size > elf->file.size - offset)
        return NULL;
    return elf->file.at + (size_t)offset;
}

static u64 load_word(const struct elf *elf, const u8 *at) {
    return elf->layout->word == 8 ? load64(at) : load32(at);
}

/* elf_read() has accepted the file's header. */
static struct elf elf_of(const struct kernel *kernel) {
    struct elf elf = {.file = kernel->file.bytes, .layout = &layouts[kernel->image.bits == 64]};
    elf.table = load_word(&elf, elf.file.at + elf.layout->table_offset);
    elf.header_size = load16(elf.file.at + elf.layout->entry_size);
    elf.section_count = load16(elf.file.at + elf.layout->count);
    if (elf.header_size < elf.layout->header_size)
        elf.section_count = 0;
    return elf;
}

static bool read_section(const struct elf *elf, u32 index, struct section *section) {
    const struct layout *layout = elf->layout;
    if (index >= elf->section_count || elf->table > elf->file.size)
        return false;
    const u8 *at = bytes_at(elf, elf->table + (u64)index * elf->header_size, layout->header_size);
    if (!at)
        return false;
    *section = (struct section){
        .name = load32(at + layout->name),
        .type = load32(at + layout->type),
        .link = load32(at + layout->link),
        .flags = load_word(elf, at + layout->flags),
        .address = load_word(elf, at + layout->address),
        .offset = load_word(elf, at + layout->offset),
        .size = load_word(elf, at + layout->size),
    };
    return true;
}

struct name {
    char text[NAME_SHOWN_MAX + 1];
};

/* A name of a string table, cut to what can be shown; "" if there is none. */
static struct name read_name(const struct elf *elf, u32 strings, u32 at) {
    struct name name = {""};
    struct section section;
    if (!read_section(elf, strings, &section) || at >= section.size)
        return name;
    u64 room = min_u64(section.size - at, NAME_SHOWN_MAX);
    if (section.offset > elf->file.size)
        return name;
    const u8 *bytes = bytes_at(elf, section.offset + at, room);
    for (u32 i = 0; bytes && i < room && bytes[i]; i++)
        name.text[i] = bytes[i] > ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '?';
    return name;
}

struct symbol {
    u32 strings, name;
    u64 value;
};

/* Is this entry of a symbol table a better name for the address than *best? */
static void weigh_symbol(const struct elf *elf, const u8 *at, struct range section,
                         struct symbol *best) {
    const struct layout *layout = elf->layout;
    u64 value = load_word(elf, at + layout->symbol_value), address = section.start;
    u32 name = load32(at);
    bool is_place = (at[layout->symbol_info] & 15) < SYMBOL_SECTION;
    u32 index = load16(at + layout->symbol_section);
    if (!name || !is_place || !index || index >= SECTIONS_RESERVED || value > address ||
        address - value >= section.size || value < best->value)
        return;
    /* Labels of NASM's macros and of compilers are nobody's names. */
    struct name text = read_name(elf, best->strings, name);
    if (text.text[0] && !string_starts(text.text, "..") && !string_starts(text.text, ".L"))
        *best = (struct symbol){best->strings, name, value};
}

/* The last symbol at or before the address, in the bytes that lie within `reach` before it. */
static bool find_symbol(const struct elf *elf, u64 address, u64 reach, struct symbol *best) {
    struct section table;
    u32 index = 0;
    while (read_section(elf, index, &table) && table.type != SECTION_SYMTAB)
        index++;
    if (index >= elf->section_count || !bytes_at(elf, table.offset, table.size))
        return false;
    *best = (struct symbol){.strings = table.link};
    const u8 *at = elf->file.at + (size_t)table.offset;
    for (u64 left = table.size; left >= elf->layout->symbol_size;
         left -= elf->layout->symbol_size, at += elf->layout->symbol_size)
        weigh_symbol(elf, at, (struct range){address, reach}, best);
    return best->name != 0;
}

static bool find_section(const struct elf *elf, u64 address, struct section *section) {
    for (u32 i = 1; read_section(elf, i, section); i++)
        if (section->flags & SECTION_ALLOC && address - section->address < section->size)
            return true;
    return false;
}

static u32 section_names(const struct elf *elf) {
    return load16(elf->file.at + elf->layout->count + 2); /* e_shstrndx */
}

const char *kernel_name(const struct kernel *kernel, u64 virt) {
    const struct segment *segment = kernel_virtual(kernel, virt);
    if (!segment)
        return NULL;
    struct elf elf = elf_of(kernel);
    struct section section;
    struct symbol symbol;
    bool in_section = find_section(&elf, virt, &section);
    struct name named =
        in_section ? read_name(&elf, section_names(&elf), section.name) : (struct name){""};
    const char *place =
        in_section ? make_text("%s", named.text) : make_text("PT_LOAD %u", segment->number);
    u64 reach = virt - (in_section ? section.address : segment->virt) + 1;
    if (!find_symbol(&elf, virt, reach, &symbol))
        return place;
    named = read_name(&elf, symbol.strings, symbol.name);
    if (virt == symbol.value)
        return make_text("%s in %s", named.text, place);
    return make_text("%s+0x%llx in %s", named.text, (unsigned long long)(virt - symbol.value),
                     place);
}

/* ---- segments ---- */

void kernel_open(const char *who, const char *path, struct kernel *kernel) {
    char buffer[512];
    struct text text = TEXT_IN(buffer);
    host_open(who, path, path, &kernel->file);
    struct error error = elf_read(&kernel->file.data, &kernel->image);
    if (error.code && error.code != ERROR_ELF_ENTRY) {
        error_text(&error, &text);
        die(who, "E%d: %s", (int)error.code, buffer);
    }
    kernel->given = true;
}

const struct segment *kernel_virtual(const struct kernel *kernel, u64 virt) {
    for (u32 i = 0; kernel->given && i < kernel->image.segment_count; i++) {
        const struct segment *segment = &kernel->image.segments[i];
        if (virt - segment->virt < segment->memory_size)
            return segment;
    }
    return NULL;
}

const struct segment *kernel_physical(const struct kernel *kernel, u64 phys) {
    for (u32 i = 0; kernel->given && i < kernel->image.segment_count; i++) {
        const struct segment *segment = &kernel->image.segments[i];
        if (phys - segment->phys < segment->memory_size)
            return segment;
    }
    return NULL;
}

u64 kernel_offset(const struct kernel *kernel) {
    if (!kernel->given)
        return 0;
    const struct segment *segment = kernel_virtual(kernel, kernel->image.entry_virt);
    if (!segment)
        segment = &kernel->image.segments[0];
    return segment->virt - segment->phys;
}

/* The segment with the highest start at or below the address. */
static const struct segment *segment_below(const struct image *image, u64 virt) {
    const struct segment *best = NULL;
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        if (segment->virt <= virt && (!best || segment->virt > best->virt))
            best = segment;
    }
    return best;
}

/* Takes the segment into the run if it is near; true if that made the run larger. */
static bool extend(const struct segment *segment, u64 *start, u64 *last) {
    u64 end = segment->virt + (segment->memory_size - 1);
    bool near = segment->virt <= *last ? *start <= end || *start - end <= KERNEL_GAP
                                       : segment->virt - *last <= KERNEL_GAP;
    if (!near || (segment->virt >= *start && end <= *last))
        return false;
    *start = min_u64(*start, segment->virt);
    *last = max_u64(*last, end);
    return true;
}

struct range kernel_run(const struct kernel *kernel, u64 virt) {
    const struct image *image = &kernel->image;
    const struct segment *first = kernel->given ? segment_below(image, virt) : NULL;
    if (!first)
        return (struct range){0, 0};
    u64 start = first->virt, last = first->virt + (first->memory_size - 1);
    for (bool grown = true; grown;) {
        grown = false;
        for (u32 i = 0; i < image->segment_count; i++)
            grown |= extend(&image->segments[i], &start, &last);
    }
    return (struct range){start, last - start + 1};
}

size_t kernel_bytes(const struct kernel *kernel, u64 phys, u8 *to, size_t size) {
    const struct segment *segment = kernel_physical(kernel, phys);
    if (!segment || phys - segment->phys >= segment->file_size)
        return 0;
    u64 skip = phys - segment->phys;
    size = (size_t)min_u64(size, segment->file_size - skip);
    memcpy(to, kernel->file.bytes.at + (size_t)(segment->offset + skip), size);
    return size;
}
