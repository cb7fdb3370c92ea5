#include "multiboot_image.h"

#include "plan.h"

enum {
    HEADER_SIZE_MAX = 64,
    ELF_MAGIC = 0x464c457f,
    CLASS_64 = 2,
    BATCH = 8, /* section headers a read */
    SECTION_SIZE_32 = 40,
    SECTION_SIZE_64 = 64,
    SECTION_NO_BYTES = 8, /* SHT_NOBITS */
};

/* Nothing that is loaded lies at 4 GiB or beyond in its file: such a file seems to end there. */
static u32 size_of(const struct source *file) {
    return (u32)min_u64(file->size, ~0u);
}

/* ---- load addresses ---- */

/* The one run of the file as a segment. An end of 0 means: to the end of the file; no BSS. */
static struct error by_addresses(const struct source *file, const struct multiboot_header *header,
                                 struct image *image) {
    u32 into = header->header_address - header->load, offset = header->offset - into;
    u32 left = size_of(file) - offset, load = header->load;
    u32 size = header->load_end ? header->load_end - load : left;
    u32 memory_size = header->bss_end ? header->bss_end - load : size;
    bool ends_fit = (!header->load_end || header->load_end >= load) &&
                    (!header->bss_end || header->bss_end >= load) && load + memory_size >= load;
    if (header->header_address < load || into > header->offset || !ends_fit || size > left ||
        memory_size < size || !memory_size)
        return error_make(
            ERROR_MULTIBOOT_ADDRESSES, .name = file->name,
            .other = multiboot_rule(header->version)->name,
            .number = {load, header->load_end, header->bss_end, header->header_address});
    image->segment_count = 1;
    image->segments[0] = (struct segment){.rights = RIGHT_EXECUTE | RIGHT_WRITE | RIGHT_READ,
                                          .offset = offset,
                                          .file_size = size,
                                          .memory_size = memory_size,
                                          .phys = load};
    return OK;
}

/* The symbols of an a.out file follow text and data, whose place depends on the kind of file: the
 * right one of the usual four is the one with which the strings end the file. */
static struct error aout_symbols(const struct source *file, const u8 *header,
                                 struct multiboot_symbols *symbols) {
    static const u16 text_offsets[] = {32, 0, 1024, 4096};
    u32 magic = load16(header), size = load32(header + 16), file_size = size_of(file);
    if ((magic != 0407 && magic != 0410 && magic != 0413 && magic != 0314) || !size)
        return OK;
    u64 behind =
        (u64)load32(header + 4) + load32(header + 8) + load32(header + 24) + load32(header + 28);
    for (u32 i = 0; i < ARRAY_COUNT(text_offsets); i++) {
        u64 start = text_offsets[i] + behind, strings = start + size;
        u8 word[4];
        if (start < sizeof word || strings + sizeof word > file_size)
            continue;
        TRY(source_read(file, strings, word, sizeof word));
        if (strings + load32(word) != file_size || load32(word) < sizeof word)
            continue;
        symbols->symbols_size = size;
        symbols->strings_size = load32(word);
        /* Four bytes more, for the size that a kernel finds in front of the symbols. */
        symbols->run = (struct file_run){(u32)start - 4, file_size};
        break;
    }
    return OK;
}

/* ---- ELF ---- */

/* A field of either class; what does not fit 32 bits becomes the highest number. */
static u32 load_field(const u8 *at, u32 wide) {
    return wide && load32(at + 4) ? ~0u : load32(at);
}

/* A section as far as it matters here (gABI, figure 4-8). */
struct section {
    u32 address, offset, size;
    bool extra; /* is it to be loaded beside the segments? One with an address belongs to one */
};

static struct section decode_section(const u8 *at, u32 entry_size) {
    u32 wide = entry_size == SECTION_SIZE_64, width = wide ? 8 : 4;
    const u8 *address = at + 8 + width;
    struct section section = {load_field(address, wide), load_field(address + width, wide),
                              load_field(address + 2 * width, wide), false};
    section.extra = !section.address && section.size && load32(at + 4) != SECTION_NO_BYTES;
    return section;
}

/* Makes the run reach over a part of the file, of `left` bytes from the run's start. False if the
 * file has no such part. */
static bool extend(const struct source *file, struct file_run *run, u32 offset, u32 size) {
    u32 file_size = size_of(file);
    if (offset > file_size || size > file_size - offset)
        return false;
    if (offset < run->start)
        run->start = offset;
    if (offset + size > run->end)
        run->end = offset + size;
    return true;
}

static struct error find_sections(const struct source *file, struct multiboot_symbols *symbols) {
    u8 batch[BATCH * SECTION_SIZE_64];
    u32 size = symbols->entry_size, left = symbols->section_count, at = symbols->table;
    struct file_run run = {at, at};
    bool fits = extend(file, &run, at, left * size);
    //@ split size;
    while (fits && left) {
        u32 some = left < BATCH ? left : BATCH;
        //@ split some;
        TRY(source_read(file, at, batch, some * size));
        for (u32 i = 0; i < some; i++) {
            struct section section = decode_section(batch + i * size, size);
            if (section.extra)
                fits &= extend(file, &run, section.offset, section.size);
        }
        at += some * size;
        left -= some;
    }
    if (fits)
        symbols->run = run;
    else
        symbols->lack = "a section reaches past the end of the file";
    return OK;
}

/* e_shentsize, e_shnum and e_shstrndx end the header (gABI, figure 4-3). */
static struct error elf_symbols(const struct source *file, const u8 *header,
                                struct multiboot_symbols *symbols) {
    bool wide = header[4] == CLASS_64;
    const u8 *last = header + (wide ? 58 : 46);
    symbols->table = load_field(header + (wide ? 40 : 32), wide);
    symbols->entry_size = load16(last);
    symbols->section_count = load16(last + 2);
    symbols->name_section = load16(last + 4);
    if (symbols->section_count > MULTIBOOT_SECTIONS_MAX ||
        symbols->entry_size != (wide ? SECTION_SIZE_64 : SECTION_SIZE_32))
        symbols->lack = "its section headers are too many, or of an unknown size";
    if (!symbols->section_count || symbols->lack) {
        symbols->lack = symbols->section_count ? symbols->lack : NULL;
        return OK;
    }
    return find_sections(file, symbols);
}

void multiboot_patch_sections(const struct multiboot_symbols *symbols, u8 *bytes, u32 phys) {
    u32 size = symbols->entry_size;
    u8 *at = bytes + (symbols->table - symbols->run.start);
    for (u32 i = 0; i < symbols->section_count; i++, at += size) {
        struct section section = decode_section(at, size);
        if (section.extra)
            store32(at + (size == SECTION_SIZE_64 ? 16 : 12),
                    phys + section.offset - symbols->run.start);
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

/* All segments `distance` further up, by physical addresses alone. */
static void move(struct image *image, u64 distance) {
    image->entry_virt = image->entry_phys += distance;
    for (u32 i = 0; i < image->segment_count; i++)
        image->segments[i].virt = image->segments[i].phys += distance;
}

struct error multiboot_image(const struct source *file, const struct multiboot_header *header,
                             bool elf_first, struct image *image,
                             struct multiboot_symbols *symbols) {
    u8 start[HEADER_SIZE_MAX];
    memset(start, 0, sizeof start);
    memset(symbols, 0, sizeof *symbols);
    TRY(source_read(file, 0, start, (size_t)min_u64(file->size, sizeof start)));
    bool elf = load32(start) == ELF_MAGIC;
    if (header->has_addresses && !(elf_first && elf)) {
        image->name = file->name;
        image->file_size = file->size;
        TRY(by_addresses(file, header, image));
        TRY(aout_symbols(file, start, symbols));
    } else if (!elf) {
        return multiboot_error(ERROR_MULTIBOOT_NOT_ELF, file, header->version, header->offset, 0,
                               0);
    } else {
        TRY(elf_read_physical(file, image));
        TRY(elf_symbols(file, start, symbols));
    }
    if (header->has_entry) {
        image->entry = image->entry_phys = header->entry;
        image->entry_kind = ENTRY_PHYSICAL;
    }
    if (!is_loaded(image, image->entry_phys))
        return multiboot_error(ERROR_MULTIBOOT_ENTRY, file, header->version, (u32)image->entry, 0,
                               0);
    image->bits = 32;
    move(image, 0);
    return OK;
}

struct error multiboot_relocate(const struct machine *machine,
                                const struct multiboot_header *header, struct image *image) {
    struct claims claims;
    u64 start = ~(u64)0, end = 0;
    u32 to, align = PAGE_SIZE;
    for (u32 i = 0; i < image->segment_count; i++) {
        start = min_u64(start, image->segments[i].phys);
        end = max_u64(end, image->segments[i].phys + image->segments[i].memory_size);
    }
    while (align < header->align && align << 1)
        align <<= 1;
    struct memory_fit fit = {.size = (u32)min_u64(end - start, ~0u),
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
    move(image, to - start);
    return OK;
}
