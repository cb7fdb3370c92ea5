#include "relocate.h"

/* Tags of the dynamic section that are looked at; all are below DT_COUNT. */
enum {
    DT_NULL = 0,
    DT_PLTRELSZ = 2,
    DT_RELA = 7,
    DT_RELASZ = 8,
    DT_RELAENT = 9,
    DT_REL = 17,
    DT_RELSZ = 18,
    DT_RELENT = 19,
    DT_PLTREL = 20,
    DT_JMPREL = 23,
    DT_RELRSZ = 35,
    DT_RELR = 36,
    DT_RELRENT = 37,
    DT_COUNT = 38,
};

/* The same numbers in both supplements. */
enum { TYPE_NONE = 0, TYPE_RELATIVE = 8 };

struct relocator {
    const struct image *image;
    const struct elf_piece *pieces;
    u32 piece_count;
    u32 recent; /* the piece found last: tables and places come in order */
    u32 word;   /* bytes of an address, of a tag, of r_info */
    u64 dynamic[DT_COUNT];
};

/* A table that the dynamic section may name. */
struct table_kind {
    const char *name;
    u8 words;                   /* of an entry; 0 if DT_PLTREL tells */
    u8 place, size, entry_size; /* tags; entry_size 0 if there is none */
};

static const struct table_kind table_kinds[] = {
    {"DT_REL", 2, DT_REL, DT_RELSZ, DT_RELENT},
    {"DT_RELA", 3, DT_RELA, DT_RELASZ, DT_RELAENT},
    {"DT_RELR", 1, DT_RELR, DT_RELRSZ, DT_RELRENT},
    {"DT_JMPREL", 0, DT_JMPREL, DT_PLTRELSZ, 0},
};

/* The bytes at [virt, virt + size), or NULL unless they lie in one piece. */
static u8 *find(struct relocator *relocator, u64 virt, u64 size) {
    for (u32 i = 0; i < relocator->piece_count; i++) {
        const struct elf_piece *piece = &relocator->pieces[relocator->recent];
        u64 into = virt - piece->virt;
        if (into < piece->size && size <= piece->size - into)
            return piece->bytes + (size_t)into;
        if (++relocator->recent == relocator->piece_count)
            relocator->recent = 0;
    }
    return NULL;
}

static u64 load_word(const struct relocator *relocator, const u8 *at) {
    return relocator->word == 8 ? load64(at) : load32(at);
}

/* Without an addend, what stands in the place is one. */
static struct error relocate_place(struct relocator *relocator, u64 virt, const u8 *addend) {
    u8 *place = find(relocator, virt, relocator->word);
    if (!place)
        return error_make(ERROR_ELF_RELOCATION_PLACE, .name = relocator->image->name,
                          .number = {virt});
    u64 value = load_word(relocator, addend ? addend : place) + relocator->image->slide;
    if (relocator->word == 8)
        store64(place, value);
    else
        store32(place, (u32)value);
    return OK;
}

struct type_name {
    u8 bits;
    u8 type;
    const char *name;
};

/* Those that a linker leaves in a file when the advice of errors.def is not followed. */
static const struct type_name type_names[] = {
    {32, 1, "R_386_32"},           {32, 2, "R_386_PC32"},         {32, 6, "R_386_GLOB_DAT"},
    {32, 7, "R_386_JMP_SLOT"},     {32, 14, "R_386_TLS_TPOFF"},   {32, 35, "R_386_TLS_DTPMOD32"},
    {32, 42, "R_386_IRELATIVE"},   {64, 1, "R_X86_64_64"},        {64, 2, "R_X86_64_PC32"},
    {64, 6, "R_X86_64_GLOB_DAT"},  {64, 7, "R_X86_64_JUMP_SLOT"}, {64, 10, "R_X86_64_32"},
    {64, 16, "R_X86_64_DTPMOD64"}, {64, 18, "R_X86_64_TPOFF64"},  {64, 37, "R_X86_64_IRELATIVE"},
};

static struct error refuse(const struct relocator *relocator, u64 place, u64 type) {
    const struct image *image = relocator->image;
    const char *name = "unknown here";
    for (u32 i = 0; i < ARRAY_COUNT(type_names); i++)
        if (type_names[i].bits == image->bits && type_names[i].type == type)
            name = type_names[i].name;
    return error_make(ERROR_ELF_RELOCATION, .name = image->name, .other = name,
                      .number = {place, type});
}

/* REL if an entry has two words, RELA if it has three. */
static struct error apply_entries(struct relocator *relocator, struct bytes table, u32 words) {
    u32 word = relocator->word;
    const u8 *end = table.at + table.size;
    for (const u8 *at = table.at; at < end; at += words * word) {
        u64 place = load_word(relocator, at);
        u32 type = word == 8 ? load32(at + word) : at[word]; /* above it is the symbol */
        if (type == TYPE_NONE)
            continue;
        if (type != TYPE_RELATIVE)
            return refuse(relocator, place, type);
        TRY(relocate_place(relocator, place, words == 3 ? at + 2 * word : NULL));
    }
    return OK;
}

/* A bitmap has a bit for each of the words behind those that came before it, from bit 1 up. */
static struct error apply_packed(struct relocator *relocator, struct bytes table) {
    u32 word = relocator->word;
    const u8 *end = table.at + table.size;
    u64 next = 0;
    for (const u8 *at = table.at; at < end; at += word) {
        u64 entry = load_word(relocator, at), place = entry & 1 ? next : entry;
        u64 bits = entry & 1 ? entry >> 1 : 1;
        next = entry & 1 ? next + word * (8 * word - 1) : entry + word;
        for (; bits; bits >>= 1, place += word)
            if (bits & 1)
                TRY(relocate_place(relocator, place, NULL));
    }
    return OK;
}

static struct error bad_table(const struct relocator *relocator, const char *what, u64 virt,
                              u64 size, u64 entry_size) {
    return error_make(ERROR_ELF_RELOCATION_TABLE, .name = relocator->image->name, .other = what,
                      .number = {virt, size, entry_size});
}

/* A table without a size is not there. Linkers may leave DT_*ENT out. */
static struct error apply_table(struct relocator *relocator, const struct table_kind *kind) {
    const u64 *dynamic = relocator->dynamic;
    u64 virt = dynamic[kind->place], size = dynamic[kind->size];
    u32 words = kind->words ? kind->words : dynamic[DT_PLTREL] == DT_RELA ? 3 : 2;
    u32 entry_size = words * relocator->word;
    u64 stated = kind->entry_size ? dynamic[kind->entry_size] : 0;
    if (!size)
        return OK;
    const struct bytes table = {find(relocator, virt, size), (size_t)size};
    if (!table.at || (stated && stated != entry_size) || table.size % entry_size)
        return bad_table(relocator, kind->name, virt, size, stated ? stated : entry_size);
    return words == 1 ? apply_packed(relocator, table) : apply_entries(relocator, table, words);
}

/* The dynamic section: pairs of a tag and a value, up to DT_NULL. */
static struct error read_dynamic(struct relocator *relocator) {
    const struct image *image = relocator->image;
    u32 word = relocator->word;
    u64 size = image->dynamic.size, virt = image->dynamic.virt - image->slide;
    if (image->bits == 32)
        virt = (u32)virt;
    const u8 *at = find(relocator, virt, size);
    if (!at)
        return bad_table(relocator, "PT_DYNAMIC", virt, size, 2 * word);
    for (const u8 *end = at + (size_t)size; (size_t)(end - at) >= 2 * word; at += 2 * word) {
        u64 tag = load_word(relocator, at);
        if (tag == DT_NULL)
            break;
        if (tag < DT_COUNT)
            relocator->dynamic[tag] = load_word(relocator, at + word);
    }
    return OK;
}

struct error elf_relocate(const struct image *image, const struct elf_piece *pieces,
                          u32 piece_count) {
    struct relocator relocator = {
        .image = image, .pieces = pieces, .piece_count = piece_count, .word = image->bits / 8};
    if (!image->relocatable || !image->dynamic.size)
        return OK;
    TRY(read_dynamic(&relocator));
    for (u32 i = 0; i < ARRAY_COUNT(table_kinds); i++)
        TRY(apply_table(&relocator, &table_kinds[i]));
    return OK;
}
