#include "multiboot_header.h"
#include "range.h"

enum {
    MAGIC_WORDS = 4, /* what the longer sum needs */
    CHUNK_SIZE = 1024,
    LATE_REACH = 0x100000, /* how far a header that is too late is looked for, to say so */
    FLAG_1_VIDEO = 1 << 2,
    FLAG_1_ADDRESSES = 1 << 16,
    TAG_OPTIONAL = 1,
    LAST_INFORMATION_TAG = 21,
    FIELDS_SIZE = 48, /* of a Multiboot 1 header, and more than any tag has */
};

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

/* A header on its way to *header. Functions that return false have set `error`. */
struct reader {
    struct error error;
    const struct source *file;
    struct multiboot_header *header;
    bool force;
    u32 at;                      /* of a tag, in the file */
    u32 fields[FIELDS_SIZE / 4]; /* the tag's, or the Multiboot 1 header's */
};

static const struct multiboot_rule rules[] = {
    {"Multiboot", 0x1badb002, 3, 4, 8192},
    {"Multiboot 2", 0xe85250d6u, 4, 8, 32768},
};
#define HIGHEST_REACH (rules[1].reach)

const struct multiboot_rule *multiboot_rule(u32 version) {
    return &rules[version - 1];
}

u32 multiboot_sum(const struct multiboot_rule *rule, const u32 *words) {
    u32 sum = 0;
    for (u32 i = 0; i < rule->sum_words; i++)
        sum += words[i];
    return sum;
}

struct error multiboot_error(enum error_code code, const struct source *file, u32 version, u32 a,
                             u32 b, u32 c) {
    return error_make(code, .name = file->name, .other = multiboot_rule(version)->name,
                      .number = {a, b, c});
}

static bool fail(struct reader *reader, enum error_code code, u32 version, u32 a, u32 b, u32 c) {
    reader->error = multiboot_error(code, reader->file, version, a, b, c);
    return false;
}

/* Reads words. Past the end of the file there are zeros. */
static bool read_words(struct reader *reader, u32 offset, u32 *words, u32 size) {
    u64 left = offset < reader->file->size ? reader->file->size - offset : 0;
    memset(words, 0, size);
    reader->error = source_read(reader->file, offset, words, (size_t)min_u64(size, left));
    for (u32 i = 0; i < size / 4; i++)
        words[i] = load32((const u8 *)&words[i]);
    return !reader->error.code;
}

/* A magic number at `at`: does a header begin there? A Multiboot 2 header for another architecture
 * (MIPS) is none. */
static bool look_at(struct reader *reader, u32 at, u32 kind, struct multiboot_places *places) {
    const struct multiboot_rule *rule = &rules[kind];
    u32 words[MAGIC_WORDS];
    bool good = read_words(reader, at, words, sizeof words) && !multiboot_sum(rule, words) &&
                !(kind && words[1]) &&
                at + 4 * rule->sum_words <= min_u64(rule->reach, reader->file->size) &&
                is_aligned(at, rule->alignment);
    u32 *place = good ? &places->good[kind] : &places->bad[kind];
    if (*place == MULTIBOOT_NOWHERE)
        *place = at;
    return !reader->error.code;
}

static bool scan(struct reader *reader, u32 limit, u32 version, struct multiboot_places *places) {
    u32 chunk[CHUNK_SIZE / 4];
    memset(places, 0xff, sizeof *places);
    for (u32 at = 0; at < limit && at < reader->file->size; at += CHUNK_SIZE) {
        if (!read_words(reader, at, chunk, CHUNK_SIZE))
            return false;
        for (u32 i = 0; i < CHUNK_SIZE / 4; i++)
            if ((chunk[i] == rules[0].magic || chunk[i] == rules[1].magic) &&
                !look_at(reader, at + 4 * i, chunk[i] == rules[1].magic, places))
                return false;
        if (version && places->good[version - 1] != MULTIBOOT_NOWHERE)
            break;
    }
    return true;
}

struct error multiboot_find(const struct source *file, u32 version,
                            struct multiboot_places *places) {
    struct reader reader = {.file = file};
    (void)scan(&reader, HIGHEST_REACH, version, places);
    return reader.error;
}

/* Why there is no header: none at all, one with a wrong sum, for another architecture, or in the
 * wrong place. */
static bool no_header(struct reader *reader, u32 version) {
    struct multiboot_places places;
    u32 words[MAGIC_WORDS];
    if (!scan(reader, LATE_REACH, 0, &places))
        return false;
    if (places.bad[version - 1] == MULTIBOOT_NOWHERE &&
        places.bad[2 - version] != MULTIBOOT_NOWHERE)
        version = 3 - version;
    const struct multiboot_rule *rule = multiboot_rule(version);
    u32 at = places.bad[version - 1];
    if (at == MULTIBOOT_NOWHERE)
        return fail(reader, ERROR_MULTIBOOT_NO_HEADER, version, rule->reach, 0, 0);
    if (!read_words(reader, at, words, sizeof words))
        return false;
    u32 sum = multiboot_sum(rule, words), stands = words[rule->sum_words - 1];
    if (sum)
        return fail(reader, ERROR_MULTIBOOT_CHECKSUM, version, at, stands, stands - sum);
    if (version == 2 && words[1])
        return fail(reader, ERROR_MULTIBOOT_ARCHITECTURE, version, at, words[1], 0);
    return fail(reader, ERROR_MULTIBOOT_PLACE, version, at, rule->reach, rule->alignment);
}

/* Passed over with --force. */
static bool demand(struct reader *reader, const char *thing, u32 number) {
    if (reader->force)
        return true;
    fail(reader, ERROR_MULTIBOOT_DEMAND, 1, number, 0, 0);
    reader->error.values.other = thing;
    return false;
}

/* The address fields stand in the same order in both versions. */
static void take_addresses(const struct reader *reader, const u32 *fields) {
    struct multiboot_header *header = reader->header;
    header->has_addresses = true;
    header->header_address = fields[0];
    header->load = fields[1];
    header->load_end = fields[2];
    header->bss_end = fields[3];
}

static void take_entry(const struct reader *reader, u32 entry) {
    reader->header->has_entry = true;
    reader->header->entry = entry;
}

static void take_video(const struct reader *reader, enum video_kind kind, const u32 *fields) {
    reader->header->video = (struct screen_wish){kind, fields[0], fields[1], fields[2]};
}

static bool read_1(struct reader *reader) {
    const u32 *fields = reader->fields;
    if (!read_words(reader, reader->header->offset, reader->fields, FIELDS_SIZE))
        return false;
    u32 flags = fields[1];
    for (u32 bit = 3; bit < 16; bit++)
        if (flags >> bit & 1 && !demand(reader, "flag bit", bit))
            return false;
    if (flags & FLAG_1_ADDRESSES) {
        take_addresses(reader, fields + 3);
        take_entry(reader, fields[7]);
    }
    if (!(flags & FLAG_1_VIDEO))
        return true;
    take_video(reader, fields[8] ? VIDEO_TEXT : VIDEO_PIXELS, fields + 9);
    return fields[8] <= 1 || demand(reader, "the video mode type", fields[8]);
}

/* Information that a BIOS machine does not have is known too: the kernel sees that it is missing.
 */
static bool check_request(struct reader *reader, u32 size) {
    u32 type;
    for (u32 into = 8; into + 4 <= size; into += 4)
        if (!read_words(reader, reader->at + into, &type, sizeof type) ||
            (type > LAST_INFORMATION_TAG && !demand(reader, "information tag", type)))
            return false;
    return true;
}

static bool read_tag(struct reader *reader, u32 type, bool demanded) {
    struct multiboot_header *header = reader->header;
    const u32 *fields = reader->fields;
    switch (type) {
    case TAG_REQUEST: return !demanded || check_request(reader, fields[1]);
    case TAG_ADDRESSES:
        take_addresses(reader, fields + 2);
        if (header->load == ~0u) /* the file's first byte is to be loaded first */
            header->load = header->header_address - header->offset;
        break;
    case TAG_ENTRY: take_entry(reader, fields[2]); break;
    case TAG_FRAMEBUFFER: take_video(reader, VIDEO_PIXELS, fields + 2); break;
    case TAG_RELOCATABLE:
        header->relocatable = true;
        header->lowest = fields[2];
        header->highest = fields[3];
        header->align = fields[4];
        header->preference = fields[5];
        break;
    default: /* the rest needs nothing: there is text, and modules always start a page */
        return !demanded || type < TAG_COUNT || demand(reader, "tag", type);
    }
    return true;
}

/* The tags end with the end tag or with the length that the header gives, whichever comes first:
 * both are wrong in some kernel or other. */
static bool read_2(struct reader *reader) {
    static const u8 sizes[TAG_COUNT] = {8, 8, 24, 12, 12, 20, 8, 8, 12, 12, 24};
    const struct multiboot_header *header = reader->header;
    u32 *fields = reader->fields, size;
    if (!read_words(reader, header->offset, fields, 4 * MAGIC_WORDS))
        return false;
    u32 end = header->offset + (u32)min_u64(fields[2], HIGHEST_REACH);
    for (reader->at = header->offset + 4 * MAGIC_WORDS; reader->at + 8 <= end;
         reader->at += (size + 7) & ~7u) {
        if (!read_words(reader, reader->at, fields, FIELDS_SIZE))
            return false;
        u32 type = fields[0] & 0xffff;
        size = fields[1];
        if (type == TAG_END)
            break;
        if (size < (type < TAG_COUNT ? sizes[type] : 8) || size > HIGHEST_REACH)
            return fail(reader, ERROR_MULTIBOOT_TAG_SIZE, 2, type, reader->at, size);
        if (!read_tag(reader, type, !(fields[0] >> 16 & TAG_OPTIONAL)))
            return false;
    }
    if (header->has_addresses && !header->has_entry)
        return fail(reader, ERROR_MULTIBOOT_NO_ENTRY, 2, 0, 0, 0);
    return true;
}

/* The header of the wished version, else the other's. */
static bool read_header(struct reader *reader, u32 version) {
    struct multiboot_header *header = reader->header;
    struct multiboot_places places;
    if (!scan(reader, HIGHEST_REACH, version, &places))
        return false;
    if (places.good[version - 1] == MULTIBOOT_NOWHERE) {
        if (places.good[2 - version] == MULTIBOOT_NOWHERE)
            return no_header(reader, version);
        version = 3 - version;
    }
    memset(header, 0, sizeof *header);
    header->version = version;
    header->offset = places.good[version - 1];
    return version == 1 ? read_1(reader) : read_2(reader);
}

struct error multiboot_header_read(const struct source *file, u32 version, bool force,
                                   struct multiboot_header *header) {
    struct reader reader = {.file = file, .header = header, .force = force};
    (void)read_header(&reader, version);
    return reader.error;
}
