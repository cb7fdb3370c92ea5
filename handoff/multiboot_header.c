#include "multiboot_header.h"
#include "range.h"

enum {
    MAGIC_1 = 0x1badb002,
    MAGIC_SIZE = 16,
    CHUNK_SIZE = 1024,
    LATE_REACH = 0x100000, /* how far a header that is too late is looked for, to say so */
    HEADER_1_SIZE = 48,
    FLAGS_1_UNKNOWN = 0xfff8,
    FLAG_1_VIDEO = 1 << 2,
    FLAG_1_ADDRESSES = 1 << 16,
    TAG_SIZE_MAX = 24, /* of those with fields */
    TAG_OPTIONAL = 1,
    LAST_INFORMATION_TAG = 21,
};
#define MAGIC_2 0xe85250d6u

enum header_tag {
    TAG_END,
    TAG_REQUEST,
    TAG_ADDRESSES,
    TAG_ENTRY,
    TAG_CONSOLE,
    TAG_FRAMEBUFFER,
    TAG_MODULE_ALIGN,
    TAG_EFI_SERVICES,
    TAG_EFI32_ENTRY,
    TAG_EFI64_ENTRY,
    TAG_RELOCATABLE,
    TAG_COUNT
};

static const u32 reach[] = {MULTIBOOT1_REACH, MULTIBOOT2_REACH};
static const u32 alignment[] = {4, 8};

const char *multiboot_name(u32 version) {
    return version == 1 ? "Multiboot" : "Multiboot 2";
}

/* Reads up to `size` bytes; past the end of the file there are zeros. */
static struct error read_some(const struct source *file, u32 offset, u8 *to, u32 size) {
    memset(to, 0, size);
    u64 left = offset < file->size ? file->size - offset : 0;
    return source_read(file, offset, to, (size_t)min_u64(size, left));
}

/* The sum that must be 0: of three fields, or of four. */
static u32 header_sum(const u8 *header, u32 kind) {
    u32 sum = 0;
    for (u32 i = 0; i < 3 + kind; i++)
        sum += load32(header + 4 * i);
    return sum;
}

/* A magic number at `at`: does a header begin there? A Multiboot 2 header for another architecture
 * (MIPS) is none. */
static struct error look_at(const struct source *file, u32 at, u32 kind,
                            struct multiboot_places *places) {
    u8 header[MAGIC_SIZE];
    TRY(read_some(file, at, header, MAGIC_SIZE));
    bool good = !header_sum(header, kind) && !(kind && load32(header + 4)) &&
                at + 12 <= min_u64(reach[kind], file->size) && is_aligned(at, alignment[kind]);
    u32 *place = good ? &places->good[kind] : &places->bad[kind];
    if (*place == MULTIBOOT_NOWHERE)
        *place = at;
    return OK;
}

static struct error scan(const struct source *file, u32 limit, u32 version,
                         struct multiboot_places *places) {
    u8 chunk[CHUNK_SIZE];
    memset(places, 0xff, sizeof *places);
    limit = (u32)min_u64(limit, file->size);
    for (u32 at = 0; at < limit; at += CHUNK_SIZE) {
        TRY(read_some(file, at, chunk, CHUNK_SIZE));
        for (u32 i = 0; i < CHUNK_SIZE; i += 4) {
            u32 word = load32(chunk + i);
            if (word == MAGIC_1 || word == MAGIC_2)
                TRY(look_at(file, at + i, word == MAGIC_2, places));
        }
        if (version && places->good[version - 1] != MULTIBOOT_NOWHERE)
            break;
    }
    return OK;
}

struct error multiboot_find(const struct source *file, u32 version,
                            struct multiboot_places *places) {
    return scan(file, MULTIBOOT2_REACH, version, places);
}

/* Why there is no header: none at all, one in the wrong place, or one with a wrong sum. */
static struct error no_header(const struct source *file, u32 version) {
    struct multiboot_places places;
    u8 header[MAGIC_SIZE];
    TRY(scan(file, LATE_REACH, 0, &places));
    if (places.bad[version - 1] == MULTIBOOT_NOWHERE &&
        places.bad[2 - version] != MULTIBOOT_NOWHERE)
        version = 3 - version;
    u32 kind = version - 1, at = places.bad[kind];
    if (at == MULTIBOOT_NOWHERE)
        return error_make(ERROR_MULTIBOOT_NO_HEADER, .name = file->name,
                          .other = multiboot_name(version), .number = {reach[kind]});
    TRY(read_some(file, at, header, MAGIC_SIZE));
    u32 sum = header_sum(header, kind), stands = load32(header + 8 + 4 * kind);
    if (sum)
        return error_make(ERROR_MULTIBOOT_CHECKSUM, .name = file->name,
                          .other = multiboot_name(version), .number = {at, stands, stands - sum});
    return error_make(ERROR_MULTIBOOT_PLACE, .name = file->name, .other = multiboot_name(version),
                      .number = {at, reach[kind], alignment[kind]});
}

static struct error read_1(const struct source *file, bool force, struct multiboot_header *header) {
    u8 bytes[HEADER_1_SIZE];
    TRY(read_some(file, header->offset, bytes, sizeof bytes));
    u32 flags = load32(bytes + 4), unknown = flags & FLAGS_1_UNKNOWN, bit = 3;
    while (unknown && !(unknown >> bit & 1))
        bit++;
    if (unknown && !force)
        return error_make(ERROR_MULTIBOOT_FLAG, .name = file->name, .number = {bit, flags});
    header->has_addresses = header->has_entry = flags & FLAG_1_ADDRESSES;
    header->header_address = load32(bytes + 12);
    header->load = load32(bytes + 16);
    header->load_end = load32(bytes + 20);
    header->bss_end = load32(bytes + 24);
    header->entry = load32(bytes + 28);
    if (!(flags & FLAG_1_VIDEO))
        return OK;
    u32 type = load32(bytes + 32);
    if (type > 1 && !force)
        return error_make(ERROR_MULTIBOOT_VIDEO, .name = file->name, .number = {type});
    header->video = (struct video_wish){type ? VIDEO_TEXT : VIDEO_PIXELS, load32(bytes + 36),
                                        load32(bytes + 40), type ? 0 : load32(bytes + 44)};
    return OK;
}

/* A tag of the header, and the file it stands in. */
struct tag {
    const struct source *file;
    u32 offset; /* in the file */
    u32 type, size;
    bool demanded;
    u8 fields[TAG_SIZE_MAX]; /* the tag's first bytes */
};

/* Information that a BIOS machine does not have is known too: the kernel sees that it is missing.
 */
static struct error check_request(const struct tag *tag) {
    u8 type[4];
    for (u32 at = 8; at + 4 <= tag->size; at += 4) {
        TRY(read_some(tag->file, tag->offset + at, type, sizeof type));
        if (load32(type) > LAST_INFORMATION_TAG)
            return error_make(ERROR_MULTIBOOT_REQUEST, .name = tag->file->name,
                              .number = {load32(type)});
    }
    return OK;
}

static struct error read_tag(const struct tag *tag, bool force, struct multiboot_header *header) {
    static const u8 sizes[TAG_COUNT] = {8, 8, 24, 12, 12, 20, 8, 8, 12, 12, 24};
    const u8 *at = tag->fields;
    bool refuse = tag->demanded && !force;
    if (tag->type >= TAG_COUNT)
        return refuse
                   ? error_make(ERROR_MULTIBOOT_TAG, .name = tag->file->name, .number = {tag->type})
                   : OK;
    if (tag->size < sizes[tag->type])
        return error_make(ERROR_MULTIBOOT_TAG_SIZE, .name = tag->file->name,
                          .number = {tag->type, tag->offset, tag->size});
    switch ((enum header_tag)tag->type) {
    case TAG_REQUEST: return refuse ? check_request(tag) : OK;
    case TAG_ADDRESSES:
        header->has_addresses = true;
        header->header_address = load32(at + 8);
        header->load = load32(at + 12);
        header->load_end = load32(at + 16);
        header->bss_end = load32(at + 20);
        if (header->load == ~0u) /* the file's first byte is to be loaded first */
            header->load = header->header_address - header->offset;
        break;
    case TAG_ENTRY:
        header->has_entry = true;
        header->entry = load32(at + 8);
        break;
    case TAG_FRAMEBUFFER:
        header->video =
            (struct video_wish){VIDEO_PIXELS, load32(at + 8), load32(at + 12), load32(at + 16)};
        break;
    case TAG_RELOCATABLE:
        header->relocatable = true;
        header->lowest = load32(at + 8);
        header->highest = load32(at + 12);
        header->align = load32(at + 16);
        header->preference = load32(at + 20);
        break;
    default: break; /* nothing to do for it: the screen has text, modules always start a page */
    }
    return OK;
}

/* The tags end with the end tag or with the length that the header gives, whichever comes first:
 * both are wrong in some kernel or other. */
static struct error read_2(const struct source *file, bool force, struct multiboot_header *header) {
    struct tag tag = {.file = file, .offset = header->offset + MAGIC_SIZE};
    u8 length[4];
    TRY(read_some(file, header->offset + 8, length, sizeof length));
    u32 end = header->offset + (u32)min_u64(load32(length), MULTIBOOT2_REACH);
    for (; tag.offset + 8 <= end; tag.offset += (u32)align_up(tag.size, 8)) {
        TRY(read_some(file, tag.offset, tag.fields, TAG_SIZE_MAX));
        tag.type = load16(tag.fields);
        tag.demanded = !(load16(tag.fields + 2) & TAG_OPTIONAL);
        tag.size = load32(tag.fields + 4);
        if (tag.type == TAG_END)
            break;
        if (tag.size < 8 || tag.size > MULTIBOOT2_REACH)
            return error_make(ERROR_MULTIBOOT_TAG_SIZE, .name = file->name,
                              .number = {tag.type, tag.offset, tag.size});
        TRY(read_tag(&tag, force, header));
    }
    if (header->has_addresses && !header->has_entry)
        return error_make(ERROR_MULTIBOOT_NO_ENTRY_TAG, .name = file->name);
    return OK;
}

struct error multiboot_header_read(const struct source *file, u32 version, bool force,
                                   struct multiboot_header *header) {
    struct multiboot_places places;
    TRY(multiboot_find(file, version, &places));
    if (places.good[version - 1] == MULTIBOOT_NOWHERE) {
        if (places.good[2 - version] == MULTIBOOT_NOWHERE)
            return no_header(file, version);
        version = 3 - version;
    }
    *header = (struct multiboot_header){.version = version, .offset = places.good[version - 1]};
    return version == 1 ? read_1(file, force, header) : read_2(file, force, header);
}
