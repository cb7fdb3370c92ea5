#include "image.h"
#include "notes.h"
#include "range.h"

enum {
    MAGIC = 0x7f454c46, /* 7f 'E' 'L' 'F' in the order of the file */
    CLASS_32 = 1,
    CLASS_64 = 2,
    LITTLE_ENDIAN_DATA = 1,
    TYPE_EXECUTABLE = 2,
    TYPE_SHARED = 3,
    PT_LOAD = 1,
    PT_DYNAMIC = 2,
    PT_NOTE = 4,
    PT_TLS = 7,
    PT_GNU_STACK = 0x6474e551,
    PT_GNU_RELRO = 0x6474e552,
    HEADER_SIZE_MAX = 64,
    PROGRAM_HEADER_SIZE_MAX = 56,
    BATCH_HEADERS = 8, /* program headers per read: most kernels need one */
};

/* Fields of the ELF header that stand at one offset in both classes (gABI, figure 4-3). */
enum { AT_CLASS = 4, AT_DATA = 5, AT_TYPE = 16, AT_MACHINE = 18, AT_ENTRY = 24 };

/* What the classes have at different places (gABI, figures 4-3 and 5-1): offsets in bytes. */
struct layout {
    u8 bits; /* of an address */
    u8 machine;
    u8 header_size;
    u8 phoff, phentsize, phnum;
    u8 program_header_size;
    u8 flags, offset, virt, phys, file_size, memory_size, align;
};

static const struct layout layouts[] = {
    {.bits = 32,
     .machine = 3, /* EM_386 */
     .header_size = 52,
     .phoff = 28,
     .phentsize = 42,
     .phnum = 44,
     .program_header_size = 32,
     .offset = 4,
     .virt = 8,
     .phys = 12,
     .file_size = 16,
     .memory_size = 20,
     .flags = 24,
     .align = 28},
    {.bits = 64,
     .machine = 62, /* EM_X86_64 */
     .header_size = HEADER_SIZE_MAX,
     .phoff = 32,
     .phentsize = 54,
     .phnum = 56,
     .program_header_size = PROGRAM_HEADER_SIZE_MAX,
     .flags = 4,
     .offset = 8,
     .virt = 16,
     .phys = 24,
     .file_size = 32,
     .memory_size = 40,
     .align = 48},
};

/* A file on its way to an image. */
struct reader {
    const struct source *file;
    const struct layout *layout;
    struct image *image;
    u64 table;       /* file offset of the program headers */
    u32 table_count; /* how many there are */
    u32 load_count;  /* PT_LOADs seen, the dropped ones too */
    u32 note_count;
    bool physical; /* elf_read_physical() */
};

struct number_name {
    u16 number;
    const char *name;
};

static const struct number_name machine_names[] = {
    {2, "SPARC"},       {3, "i386 code in a 64-bit file"},
    {4, "m68k"},        {8, "MIPS"},
    {20, "PowerPC"},    {21, "PowerPC64"},
    {22, "S/390"},      {40, "ARM"},
    {42, "SuperH"},     {43, "SPARC64"},
    {50, "IA-64"},      {62, "x86-64 code in a 32-bit file"},
    {183, "AArch64"},   {243, "RISC-V"},
    {258, "LoongArch"},
};

static const struct number_name type_names[] = {
    {0, "none"}, {1, "relocatable object"}, {4, "core file"}};

static const char *name_of(const struct number_name *names, size_t count, u32 number) {
    for (size_t i = 0; i < count; i++)
        if (names[i].number == number)
            return names[i].name;
    return "unknown";
}

static u64 load_address(const struct layout *layout, const u8 *at) {
    return layout->bits == 64 ? load64(at) : load32(at);
}

static struct error check_identity(const struct source *file, const u8 *header) {
    u32 magic = load32(header);
    magic = __builtin_bswap32(magic);
    if (magic != MAGIC)
        return error_make(ERROR_ELF_MAGIC, .name = file->name, .number = {magic});
    if (header[AT_CLASS] != CLASS_32 && header[AT_CLASS] != CLASS_64)
        return error_make(ERROR_ELF_CLASS, .name = file->name, .number = {header[AT_CLASS]});
    if (header[AT_DATA] != LITTLE_ENDIAN_DATA)
        return error_make(ERROR_ELF_BYTE_ORDER, .name = file->name, .number = {header[AT_DATA]});
    return OK;
}

static struct error check_kind(const struct reader *reader, const u8 *header) {
    const char *name = reader->file->name;
    u32 machine = load16(header + AT_MACHINE), type = load16(header + AT_TYPE);
    if (machine != reader->layout->machine)
        return error_make(ERROR_ELF_MACHINE, .name = name, .number = {machine},
                          .other = name_of(machine_names, ARRAY_COUNT(machine_names), machine));
    if (type != TYPE_EXECUTABLE && type != TYPE_SHARED)
        return error_make(ERROR_ELF_TYPE, .name = name, .number = {type},
                          .other = name_of(type_names, ARRAY_COUNT(type_names), type));
    return OK;
}

static struct error too_many(const struct reader *reader, u32 limit, const char *things) {
    return error_make(ERROR_ELF_TOO_MANY, .name = reader->file->name, .other = things,
                      .number = {limit});
}

/* Where the program headers are. A file without any has a meaningless e_phentsize. */
static struct error locate_table(struct reader *reader, const u8 *header) {
    const struct layout *layout = reader->layout;
    const struct source *file = reader->file;
    u32 entry_size = load16(header + layout->phentsize), count = load16(header + layout->phnum);
    u64 table = load_address(layout, header + layout->phoff);
    if (count && entry_size != layout->program_header_size)
        return error_make(ERROR_ELF_HEADER_SIZE, .name = file->name,
                          .number = {entry_size, layout->program_header_size});
    if (count > ELF_PROGRAM_HEADERS_MAX)
        return too_many(reader, ELF_PROGRAM_HEADERS_MAX, "program headers");
    if (count && (table > file->size || count * entry_size > file->size - table))
        return error_make(ERROR_ELF_HEADERS, .name = file->name,
                          .number = {table, count, entry_size, file->size});
    reader->table = table;
    reader->table_count = count;
    return OK;
}

static struct segment decode_segment(const struct layout *layout, const u8 *at) {
    return (struct segment){
        .rights = load32(at + layout->flags) & (RIGHT_EXECUTE | RIGHT_WRITE | RIGHT_READ),
        .offset = load_address(layout, at + layout->offset),
        .file_size = load_address(layout, at + layout->file_size),
        .memory_size = load_address(layout, at + layout->memory_size),
        .phys = load_address(layout, at + layout->phys),
        .virt = load_address(layout, at + layout->virt),
        .align = load_address(layout, at + layout->align),
    };
}

static struct error check_file_part(const struct source *file, const struct segment *segment) {
    struct range part;
    bool fits = range_make(segment->offset, segment->file_size, &part);
    if (!fits || range_end(part) > file->size)
        return error_make(
            ERROR_ELF_TRUNCATED, .name = file->name,
            .number = {segment->number, fits ? range_end(part) : ~(u64)0, file->size});
    return OK;
}

static struct error wraps(const struct image *image, const struct segment *segment, u64 address,
                          const char *kind) {
    return error_make(ERROR_ELF_WRAP, .name = image->name, .other = kind,
                      .number = {segment->number, address, segment->memory_size});
}

/* The address with the bits above `bit` made to repeat it (SDM volume 1, section 3.3.7.1). */
static u64 repeat_bit(u64 address, u32 bit) {
    u64 sign = (u64)1 << bit;
    return ((address & (2 * sign - 1)) ^ sign) - sign;
}

/* What is canonical with 5-level paging passes here: the paging format is the planner's choice. A
 * segment that starts below the gap of non-canonical addresses must also end below it. */
static struct error check_addresses(const struct image *image, const struct segment *segment,
                                    bool physical) {
    u64 virt = segment->virt;
    struct range range;
    if (!range_make(segment->phys, segment->memory_size, &range))
        return wraps(image, segment, segment->phys, "physical");
    if (physical)
        return OK;
    if (image->bits == 64 && virt != repeat_bit(virt, 56))
        return error_make(ERROR_ELF_CANONICAL, .name = image->name,
                          .number = {segment->number, virt, repeat_bit(virt, 47)});
    u64 half_end = (u64)1 << (image->bits == 64 ? 56 : 32);
    if (!range_make(virt, segment->memory_size, &range) ||
        (virt < half_end && range_end(range) > half_end))
        return wraps(image, segment, virt, "virtual");
    return OK;
}

static struct error check_overlap(const struct image *image, const struct segment *segment) {
    struct range mine = {segment->virt, segment->memory_size};
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *other = &image->segments[i];
        if (range_overlaps((struct range){other->virt, other->memory_size}, mine))
            return error_make(
                ERROR_ELF_VIRT_OVERLAP, .name = image->name,
                .number = {other->number, segment->number, max_u64(other->virt, mine.start)});
    }
    return OK;
}

static struct error add_segment(struct reader *reader, struct segment segment) {
    struct image *image = reader->image;
    segment.number = reader->load_count++;
    if (segment.file_size > segment.memory_size)
        return error_make(ERROR_ELF_SIZES, .name = image->name,
                          .number = {segment.number, segment.file_size, segment.memory_size});
    if (!segment.memory_size)
        return OK;
    if (!segment.file_size)
        segment.offset = 0; /* linkers leave anything there */
    TRY(check_file_part(reader->file, &segment));
    TRY(check_addresses(image, &segment, reader->physical));
    if (!reader->physical)
        TRY(check_overlap(image, &segment));
    if (image->segment_count >= ELF_SEGMENTS_MAX)
        return too_many(reader, ELF_SEGMENTS_MAX, "PT_LOAD segments");
    image->segments[image->segment_count++] = segment;
    return OK;
}

/* What a program header tells. Of a type that comes twice the last one counts: gABI allows one. */
static struct error add_part(struct reader *reader, u32 type, const struct segment *part) {
    struct image *image = reader->image;
    if (reader->physical && type != PT_LOAD)
        return OK;
    switch (type) {
    case PT_LOAD: return add_segment(reader, *part);
    case PT_NOTE:
        return elf_read_notes(reader->file, part->offset, part->file_size, &reader->note_count,
                              image);
    case PT_DYNAMIC: image->dynamic = (struct image_part){part->virt, part->memory_size}; return OK;
    case PT_GNU_RELRO: image->relro = (struct image_part){part->virt, part->memory_size}; return OK;
    case PT_TLS:
        image->tls = (struct image_tls){part->virt, part->file_size, part->memory_size,
                                        max_u64(part->align, 1)};
        return OK;
    case PT_GNU_STACK:
        image->stack_stated = true;
        image->stack_rights = part->rights;
        return OK;
    default: return OK;
    }
}

static struct error read_parts(struct reader *reader) {
    //@ widen_hints "all", ELF_SEGMENTS_MAX - 1, ELF_SEGMENTS_MAX;
    const struct layout *layout = reader->layout;
    u8 batch[BATCH_HEADERS * PROGRAM_HEADER_SIZE_MAX] = {0};
    u32 entry_size = layout->program_header_size;
    for (u32 done = 0; done < reader->table_count; done += BATCH_HEADERS) {
        u32 count = reader->table_count - done;
        if (count > BATCH_HEADERS)
            count = BATCH_HEADERS;
        TRY(source_read(reader->file, reader->table + done * entry_size, batch,
                        count * entry_size));
        for (u32 i = 0; i < count; i++) {
            const u8 *at = batch + i * entry_size;
            struct segment part = decode_segment(layout, at);
            TRY(add_part(reader, load32(at), &part));
        }
    }
    return OK;
}

/* Whether a part lies in a segment whose end is rounded up to `alignment`. */
static bool in_segment(const struct image *image, const struct image_part *part, u32 alignment) {
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        u64 into = part->virt - segment->virt;
        u32 behind = -(u32)(segment->virt + segment->memory_size) & (alignment - 1);
        if (into < segment->memory_size && part->size <= segment->memory_size - into + behind)
            return true;
    }
    return false;
}

/* An empty part lies anywhere: so does the template of a kernel that has only .tbss. Linkers round
 * the end of RELRO up to a page, past the end of a segment that has nothing else. */
static struct error check_part(const struct image *image, const char *name,
                               const struct image_part *part, u32 alignment) {
    if (!part->size || in_segment(image, part, alignment))
        return OK;
    return error_make(ERROR_ELF_PART, .name = image->name, .other = name,
                      .number = {part->virt, part->size});
}

static struct error check_parts(const struct image *image) {
    const struct image_tls *tls = &image->tls;
    const struct image_part template = {tls->virt, tls->file_size};
    if (tls->file_size > tls->memory_size || tls->align & (tls->align - 1))
        return error_make(ERROR_ELF_TLS, .name = image->name,
                          .number = {tls->file_size, tls->memory_size, tls->align});
    TRY(check_part(image, "PT_DYNAMIC", &image->dynamic, 1));
    TRY(check_part(image, "PT_GNU_RELRO", &image->relro, PAGE_SIZE));
    return check_part(image, "PT_TLS", &template, 1);
}

/* The executable segment that holds the entry virtually or physically. */
static const struct segment *segment_at(const struct image *image, enum entry_kind kind) {
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *segment = &image->segments[i];
        u64 start = kind == ENTRY_VIRTUAL ? segment->virt : segment->phys;
        if (segment->rights & RIGHT_EXECUTE &&
            range_has((struct range){start, segment->memory_size}, image->entry))
            return segment;
    }
    return NULL;
}

/* Old linkers mark nothing executable: then everything is. Without paging everything is anyway. */
static void mark_executable(struct image *image, bool physical) {
    u32 rights = 0;
    for (u32 i = 0; i < image->segment_count && physical; i++)
        image->segments[i].rights |= RIGHT_EXECUTE;
    for (u32 i = 0; i < image->segment_count; i++)
        rights |= image->segments[i].rights;
    for (u32 i = 0; i < image->segment_count && !(rights & RIGHT_EXECUTE); i++)
        image->segments[i].rights |= RIGHT_EXECUTE;
}

static struct error resolve_entry(struct image *image, bool physical) {
    mark_executable(image, physical);
    image->entry_kind = ENTRY_VIRTUAL;
    const struct segment *segment = segment_at(image, ENTRY_VIRTUAL);
    if (!segment) {
        image->entry_kind = ENTRY_PHYSICAL;
        segment = segment_at(image, ENTRY_PHYSICAL);
    }
    if (!segment && physical) {
        image->entry_kind = ENTRY_NOWHERE;
        image->entry_virt = image->entry_phys = image->entry;
        return OK;
    }
    if (!segment)
        return error_make(ERROR_ELF_ENTRY, .name = image->name, .number = {image->entry});
    u64 into = image->entry - (image->entry_kind == ENTRY_VIRTUAL ? segment->virt : segment->phys);
    image->entry_virt = segment->virt + into;
    image->entry_phys = segment->phys + into;
    return OK;
}

static struct error read_file(const struct source *file, bool physical, struct image *image) {
    struct reader reader = {.file = file, .image = image, .physical = physical};
    u8 header[HEADER_SIZE_MAX] = {0};
    /* A file too short for its header still gets told what it is first. */
    TRY(source_read(file, 0, header, (size_t)min_u64(file->size, sizeof(header))));
    TRY(check_identity(file, header));
    reader.layout = &layouts[header[AT_CLASS] == CLASS_64];
    if (file->size < reader.layout->header_size)
        return source_read(file, 0, header, reader.layout->header_size);
    TRY(check_kind(&reader, header));
    TRY(locate_table(&reader, header));
    memset(image, 0, __builtin_offsetof(struct image, segments));
    image->name = file->name;
    image->bits = reader.layout->bits;
    image->relocatable = !physical && load16(header + AT_TYPE) == TYPE_SHARED;
    image->file_size = file->size;
    image->entry = load_address(reader.layout, header + AT_ENTRY);
    TRY(read_parts(&reader));
    if (!image->segment_count)
        return error_make(ERROR_ELF_NO_LOAD, .name = file->name);
    TRY(check_parts(image));
    return resolve_entry(image, physical);
}

struct error elf_read(const struct source *file, struct image *image) {
    return read_file(file, false, image);
}

struct error elf_read_physical(const struct source *file, struct image *image) {
    return read_file(file, true, image);
}

/* A virtual address of the image, moved: modulo 2^32 in ELF32. */
static u64 moved(const struct image *image, u64 virt, u64 slide) {
    return image->bits == 64 ? virt + slide : (u32)(virt + slide);
}

/* All segments must go the same way, or some would have come round the end of the address space. */
static struct error check_slide(const struct image *image, u64 slide, u64 phys_slide) {
    bool down = false, phys_down = false;
    for (u32 i = 0; i < image->segment_count; i++) {
        const struct segment *from = &image->segments[i];
        struct segment to = *from;
        to.virt = moved(image, to.virt, slide);
        to.phys += phys_slide;
        bool is_down = to.virt < from->virt, is_phys_down = to.phys < from->phys;
        if (!i) {
            down = is_down;
            phys_down = is_phys_down;
        }
        if (is_down != down || is_phys_down != phys_down || check_addresses(image, &to, false).code)
            return error_make(ERROR_ELF_SLIDE, .name = image->name,
                              .number = {from->number, from->virt, from->phys, slide});
    }
    return OK;
}

struct error elf_slide(struct image *image, u64 slide, u64 phys_slide) {
    u64 *const others[] = {&image->entry_virt, &image->dynamic.virt, &image->relro.virt,
                           &image->tls.virt, &image->slide};
    TRY(check_slide(image, slide, phys_slide));
    for (u32 i = 0; i < image->segment_count; i++) {
        image->segments[i].virt = moved(image, image->segments[i].virt, slide);
        image->segments[i].phys += phys_slide;
    }
    for (u32 i = 0; i < ARRAY_COUNT(others); i++)
        *others[i] = moved(image, *others[i], slide);
    image->entry_phys += phys_slide;
    return OK;
}
