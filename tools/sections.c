#include "sections.h"

#include "range.h"
#include "text.h"

enum {
    LOAD = 1,                   /* PT_LOAD */
    SECTIONS_RESERVED = 0xff00, /* SHN_LORESERVE: indices from here on are no sections */
    SYMBOL_SECTION = 3,         /* STT_SECTION, and above it files and TLS: no names of places */
};

/* gABI 4.1, figures 4-3, 4-8, 4-15 and 5-1; System V ABI for x86-64. */
struct elf_fields {
    u8 word;                                           /* bytes of an address */
    u8 header_bytes;                                   /* of the ELF header; in it: */
    u8 segments_offset, segment_size, segment_count;   /* e_phoff, e_phentsize, e_phnum */
    u8 table_offset, entry_size, count;                /* e_shoff, e_shentsize, e_shnum */
    u8 name, type, flags, address, offset, size, link; /* in a section header */
    u8 header_size;
    u8 symbol_bytes, symbol_info, symbol_section, symbol_value;
    u8 load_bytes, load_flags, load_offset; /* in a program header, where p_vaddr, p_paddr,
                                               p_filesz and p_memsz follow p_offset */
};

static const struct elf_fields classes[] = {
    {4, 52, 28, 42, 44, 32, 46, 48, 0, 4, 8, 12, 16, 20, 24, 40, 16, 12, 14, 4, 32, 24, 4},
    {8, 64, 32, 54, 56, 40, 58, 60, 0, 4, 8, 16, 24, 32, 40, 64, 24, 4, 6, 8, 56, 4, 8},
};

/* The bytes of the file at an offset; NULL where they are not all there. */
static const u8 *bytes_at(const struct sections *sections, u64 offset, u64 size) {
    if (offset > sections->file.size || size > sections->file.size - offset)
        return NULL;
    return sections->file.at + (size_t)offset;
}

static u64 load_word(const struct sections *sections, const u8 *at) {
    return sections->fields->word == 8 ? load64(at) : load32(at);
}

struct sections sections_of(struct bytes file, u32 bits) {
    const struct elf_fields *fields = &classes[bits == 64];
    struct sections sections = {.file = file, .fields = fields};
    if (file.size < fields->header_bytes)
        return sections;
    sections.headers = load_word(&sections, file.at + fields->table_offset);
    sections.header_size = load16(file.at + fields->entry_size);
    sections.segments = load_word(&sections, file.at + fields->segments_offset);
    sections.segment_size = load16(file.at + fields->segment_size);
    if (sections.header_size >= fields->header_size)
        sections.count = load16(file.at + fields->count);
    if (sections.segment_size >= fields->load_bytes)
        sections.segment_count = load16(file.at + fields->segment_count);
    return sections;
}

/* An entry of a table in the file; NULL behind the table's or the file's end. */
static const u8 *entry_at(const struct sections *sections, u64 table, u32 entry_size, u32 index,
                          u32 count) {
    if (index >= count || table > sections->file.size)
        return NULL;
    return bytes_at(sections, table + (u64)index * entry_size, entry_size);
}

bool section_read(const struct sections *sections, u32 index, struct section *section) {
    const struct elf_fields *fields = sections->fields;
    const u8 *at =
        entry_at(sections, sections->headers, sections->header_size, index, sections->count);
    if (!at)
        return false;
    *section = (struct section){
        .name = load32(at + fields->name),
        .type = load32(at + fields->type),
        .link = load32(at + fields->link),
        .flags = load_word(sections, at + fields->flags),
        .address = load_word(sections, at + fields->address),
        .offset = load_word(sections, at + fields->offset),
        .size = load_word(sections, at + fields->size),
    };
    return true;
}

/* A name of a string table, cut to what can be shown; "" if there is none. */
static struct section_text read_text(const struct sections *sections, u32 strings, u32 at) {
    struct section_text name = {""};
    struct section section;
    if (!section_read(sections, strings, &section) || at >= section.size)
        return name;
    u64 room = min_u64(section.size - at, sizeof name.text - 1);
    if (section.offset > sections->file.size)
        return name;
    const u8 *bytes = bytes_at(sections, section.offset + at, room);
    for (u32 i = 0; bytes && i < room && bytes[i]; i++)
        name.text[i] = bytes[i] > ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '?';
    return name;
}

struct section_text section_name(const struct sections *sections, const struct section *section) {
    const u8 *index = bytes_at(sections, sections->fields->count + 2u, 2); /* e_shstrndx */
    return read_text(sections, index ? load16(index) : 0, section->name);
}

bool section_at(const struct sections *sections, u64 virt, struct section *section) {
    for (u32 i = 1; section_read(sections, i, section); i++)
        if (section->flags & SECTION_ALLOC && virt - section->address < section->size)
            return true;
    return false;
}

/* ---- program headers ---- */

bool section_load(const struct sections *sections, u32 number, struct section_load *load) {
    const struct elf_fields *fields = sections->fields;
    u32 word = fields->word;
    const u8 *at;
    for (u32 i = 0; (at = entry_at(sections, sections->segments, sections->segment_size, i,
                                   sections->segment_count));
         i++) {
        if (load32(at) != LOAD || number--)
            continue;
        *load = (struct section_load){.rights = load32(at + fields->load_flags)};
        at += fields->load_offset;
        load->offset = load_word(sections, at);
        load->virt = load_word(sections, at + word);
        load->phys = load_word(sections, at + 2 * word);
        load->file_size = load_word(sections, at + 3 * word);
        load->memory_size = load_word(sections, at + 4 * word);
        return true;
    }
    return false;
}

bool section_in_load(const struct section *section, const struct section_load *load) {
    if (!(section->flags & SECTION_ALLOC) || !section->size)
        return false;
    return section->type == SECTION_NOBITS ? section->address - load->virt < load->memory_size
                                           : section->offset - load->offset < load->file_size;
}

/* ---- symbols ---- */

/* What is searched for, and the best so far. */
struct search {
    struct range place;
    u32 strings;
    struct symbol *best;
    bool found;
};

/* Is this entry of a symbol table a better name for the address than the best? */
static void weigh_symbol(const struct sections *sections, const u8 *at, struct search *search) {
    const struct elf_fields *fields = sections->fields;
    u64 value = load_word(sections, at + fields->symbol_value), address = search->place.start;
    u32 index = load16(at + fields->symbol_section);
    bool is_place = (at[fields->symbol_info] & 15) < SYMBOL_SECTION;
    if (!load32(at) || !is_place || !index || index >= SECTIONS_RESERVED || value > address ||
        address - value >= search->place.size || value < search->best->value)
        return;
    /* Labels of NASM's macros and of compilers are nobody's names. */
    struct section_text name = read_text(sections, search->strings, load32(at));
    if (!name.text[0] || string_starts(name.text, "..") || string_starts(name.text, ".L"))
        return;
    *search->best = (struct symbol){name, value};
    search->found = true;
}

static bool find_symbols(const struct sections *sections, struct section *table) {
    for (u32 i = 0; section_read(sections, i, table); i++)
        if (table->type == SECTION_SYMTAB)
            return bytes_at(sections, table->offset, table->size) != NULL;
    return false;
}

bool section_symbol(const struct sections *sections, u64 address, u64 reach,
                    struct symbol *symbol) {
    struct section table;
    u32 entry_size = sections->fields->symbol_bytes;
    *symbol = (struct symbol){.value = 0};
    if (!find_symbols(sections, &table))
        return false;
    struct search search = {{address, reach}, table.link, symbol, false};
    const u8 *at = sections->file.at + (size_t)table.offset;
    for (u64 left = table.size; left >= entry_size; left -= entry_size, at += entry_size)
        weigh_symbol(sections, at, &search);
    return search.found;
}
