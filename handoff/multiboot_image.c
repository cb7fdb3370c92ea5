#include "multiboot_image.h"

#include "plan.h"

enum {
    HEADER_SIZE_MAX = 64,
    ELF_MAGIC = 0x464c457f,
    CLASS_64 = 2,
    BATCH = 8, /* section headers a read */
    SECTION_SIZE_MAX = 64,
    SECTION_NO_BYTES = 8, /* SHT_NOBITS */
    AOUT_HEADER_SIZE = 32,
};

/* ---- load addresses ---- */

static struct error contradiction(const struct source *file,
                                  const struct multiboot_header *header) {
    return error_make(
        ERROR_MULTIBOOT_ADDRESSES, .name = file->name, .other = multiboot_name(header->version),
        .number = {header->load, header->load_end, header->bss_end, header->header_address});
}

/* The one run of the file as a segment. An end of 0 means: to the end of the file; no BSS. */
static struct error by_addresses(const struct source *file, const struct multiboot_header *header,
                                 struct image *image) {
    u32 into = header->header_address - header->load, offset = header->offset - into;
    if (header->header_address < header->load || into > header->offset)
        return contradiction(file, header);
    u64 size = header->load_end ? (u64)header->load_end - header->load : file->size - offset;
    if (header->load_end && header->load_end < header->load)
        return contradiction(file, header);
    if (size > file->size - offset)
        return error_make(ERROR_MULTIBOOT_TRUNCATED, .name = file->name,
                          .other = multiboot_name(header->version),
                          .number = {size, offset, file->size});
    u64 memory_size = header->bss_end ? (u64)header->bss_end - header->load : size;
    if (!memory_size || (header->bss_end && header->bss_end < header->load + size))
        return contradiction(file, header);
    image->segment_count = 1;
    image->segments[0] = (struct segment){.rights = RIGHT_EXECUTE | RIGHT_WRITE | RIGHT_READ,
                                          .offset = offset,
                                          .file_size = size,
                                          .memory_size = memory_size,
                                          .phys = header->load};
    return OK;
}

/* The symbols of an a.out file follow text and data, whose place depends on the kind of file: the
 * right one of the usual four is the one with which the strings end the file. */
static struct error aout_symbols(const struct source *file, struct multiboot_symbols *symbols) {
    static const u16 text_offsets[] = {AOUT_HEADER_SIZE, 0, 1024, 4096};
    u8 header[AOUT_HEADER_SIZE], word[4];
    if (file->size < AOUT_HEADER_SIZE)
        return OK;
    TRY(source_read(file, 0, header, sizeof header));
    u32 magic = load16(header), size = load32(header + 16);
    if ((magic != 0407 && magic != 0410 && magic != 0413 && magic != 0314) || !size)
        return OK;
    u64 behind =
        (u64)load32(header + 4) + load32(header + 8) + load32(header + 24) + load32(header + 28);
    for (u32 i = 0; i < ARRAY_COUNT(text_offsets); i++) {
        u64 start = text_offsets[i] + behind, strings = start + size;
        if (start < 4 || strings + 4 > file->size)
            continue;
        TRY(source_read(file, strings, word, sizeof word));
        if (load32(word) < 4 || strings + load32(word) != file->size)
            continue;
        symbols->symbols_size = size;
        symbols->strings_size = load32(word);
        /* Four bytes more, for the size that a kernel finds in front of the symbols. */
        symbols->run = (struct range){start - 4, file->size - start + 4};
        break;
    }
    return OK;
}

/* ---- ELF ---- */

/* A section as far as it matters here. The fields stand at other offsets in the two classes (gABI,
 * figure 4-8). */
struct section {
    u32 type;
    u64 address, offset, size;
};

static struct section decode_section(const u8 *at, u32 entry_size) {
    bool wide = entry_size == SECTION_SIZE_MAX;
    return (struct section){.type = load32(at + 4),
                            .address = wide ? load64(at + 16) : load32(at + 12),
                            .offset = wide ? load64(at + 24) : load32(at + 16),
                            .size = wide ? load64(at + 32) : load32(at + 20)};
}

/* Is it to be loaded beside the segments? Those with an address belong to one. */
static bool is_extra(const struct section *section) {
    return !section->address && section->size && section->type != SECTION_NO_BYTES;
}

/* Makes the run reach over a part of the file. False if the file has no such part. */
static bool extend(const struct source *file, struct range *run, u64 offset, u64 size) {
    if (offset > file->size || size > file->size - offset)
        return false;
    u64 start = min_u64(run->start, offset);
    *run = (struct range){start, max_u64(range_end(*run), offset + size) - start};
    return true;
}

static struct error find_sections(const struct source *file, struct multiboot_symbols *symbols) {
    u8 batch[BATCH * SECTION_SIZE_MAX];
    u32 size = symbols->entry_size, count = symbols->section_count;
    struct range run = {symbols->table, 0};
    bool fits = extend(file, &run, symbols->table, (u64)count * size);
    for (u32 done = 0; fits && done < count; done += BATCH) {
        u32 some = (u32)min_u64(count - done, BATCH);
        TRY(source_read(file, symbols->table + done * size, batch, some * size));
        for (u32 i = 0; i < some; i++) {
            struct section section = decode_section(batch + i * size, size);
            if (is_extra(&section))
                fits &= extend(file, &run, section.offset, section.size);
        }
    }
    if (fits)
        symbols->run = run;
    else
        symbols->lack = "a section reaches past the end of the file";
    return OK;
}

static struct error elf_symbols(const struct source *file, struct multiboot_symbols *symbols) {
    u8 header[HEADER_SIZE_MAX];
    memset(header, 0, sizeof header);
    TRY(source_read(file, 0, header, (size_t)min_u64(file->size, sizeof header)));
    bool wide = header[4] == CLASS_64;
    const u8 *fields = header + (wide ? 58 : 46);
    symbols->table = wide ? load64(header + 40) : load32(header + 32);
    symbols->entry_size = load16(fields);
    symbols->section_count = load16(fields + 2);
    symbols->name_section = load16(fields + 4);
    if (!symbols->section_count)
        return OK;
    if (symbols->section_count <= MULTIBOOT_SECTIONS_MAX &&
        symbols->entry_size == (wide ? SECTION_SIZE_MAX : 40))
        return find_sections(file, symbols);
    symbols->lack = "its section headers are of an unknown size, or too many";
    return OK;
}

void multiboot_patch_sections(const struct multiboot_symbols *symbols, u8 *bytes, u32 phys) {
    u8 *at = bytes + (symbols->table - symbols->run.start);
    for (u32 i = 0; i < symbols->section_count; i++, at += symbols->entry_size) {
        struct section section = decode_section(at, symbols->entry_size);
        u32 address = phys + (u32)(section.offset - symbols->run.start);
        if (is_extra(&section))
            store32(at + (symbols->entry_size == SECTION_SIZE_MAX ? 16 : 12), address);
    }
}

/* ---- the image ---- */

static bool is_loaded(const struct image *image, u64 phys) {
    for (u32 i = 0; i < image->segment_count; i++)
        if (range_has((struct range){image->segments[i].phys, image->segments[i].memory_size},
                      phys))
            return true;
    return false;
}

static struct error set_entry(const struct source *file, const struct multiboot_header *header,
                              struct image *image) {
    if (header->has_entry) {
        image->entry = image->entry_phys = header->entry;
        image->entry_kind = ENTRY_PHYSICAL;
    }
    image->entry_virt = image->entry_phys;
    if (!is_loaded(image, image->entry_phys))
        return error_make(ERROR_MULTIBOOT_ENTRY, .name = file->name, .number = {image->entry},
                          .other = multiboot_name(header->version));
    return OK;
}

struct error multiboot_image(const struct source *file, const struct multiboot_header *header,
                             bool elf_first, struct image *image,
                             struct multiboot_symbols *symbols) {
    u8 magic[4] = {0};
    memset(symbols, 0, sizeof *symbols);
    image->name = file->name;
    image->file_size = file->size;
    TRY(source_read(file, 0, magic, (size_t)min_u64(file->size, sizeof magic)));
    if (header->has_addresses && !(elf_first && load32(magic) == ELF_MAGIC)) {
        TRY(by_addresses(file, header, image));
        TRY(aout_symbols(file, symbols));
    } else {
        TRY(elf_read_physical(file, image));
        TRY(elf_symbols(file, symbols));
    }
    TRY(set_entry(file, header, image));
    image->bits = 32;
    for (u32 i = 0; i < image->segment_count; i++)
        image->segments[i].virt = image->segments[i].phys;
    return OK;
}

struct error multiboot_relocate(const struct machine *machine,
                                const struct multiboot_header *header, struct image *image) {
    struct claims claims;
    u64 start = ~(u64)0, end = 0, to;
    for (u32 i = 0; i < image->segment_count; i++) {
        start = min_u64(start, image->segments[i].phys);
        end = max_u64(end, image->segments[i].phys + image->segments[i].memory_size);
    }
    u64 align = PAGE_SIZE;
    while (align < header->align)
        align <<= 1;
    struct memory_fit fit = {.size = end - start,
                             .above = header->lowest,
                             .below = header->highest,
                             .align = align,
                             .high = header->preference == MULTIBOOT_PREFER_HIGH,
                             .loader = true};
    claims.count = 1;
    claims.claims[0] = (struct claim){0, BIOS_DATA_END, CLAIM_BIOS, 0};
    if (!memory_fit(&machine->memory, &claims, &fit, &to))
        return error_make(ERROR_MULTIBOOT_RELOCATE, .name = image->name,
                          .number = {fit.size, fit.above, fit.below, align});
    u64 distance = to - start;
    for (u32 i = 0; i < image->segment_count; i++)
        image->segments[i].virt = image->segments[i].phys += distance;
    image->entry_phys = image->entry_virt += distance;
    return OK;
}
