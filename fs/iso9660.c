#include "iso9660.h"
#include "range.h"

/* Section numbers in the comments are those of ECMA-119, where nothing else is said. */
enum {
    BLOCK_SHIFT = 11,
    BLOCK_SIZE = 1 << BLOCK_SHIFT,
    DESCRIPTOR_FIRST = 16, /* block */
    DESCRIPTORS_MAX = 32,
    DESCRIPTOR_USED = 190, /* bytes of a descriptor that are looked at to open a volume */
    TYPE_PRIMARY = 1,
    TYPE_SUPPLEMENTARY = 2,
    TYPE_LAST = 255,
    LABEL_START = 40,
    LABEL_SIZE = 32,
    BLOCK_SIZE_START = 128,
    ROOT_RECORD = 156,
    DATE_START = 830, /* 8.4.27: volume modification date and time */
    DATE_SIZE = 16,   /* digits */

    RECORD_BLOCK = 2, /* of a directory record (9.1) */
    RECORD_SIZE = 10,
    RECORD_NAME = 33,
    RECORD_LEAST = 34, /* bytes */
    FLAG_DIRECTORY = 0x02,
    FLAG_ASSOCIATED = 0x04,
    FLAG_MORE = 0x80, /* the file goes on with the next record */
    NAME_MAX = 255,
    DIRECTORY_SIZE_MAX = 1 << 24,

    AREAS_MAX = 8, /* a system use field and its continuations: names and ER fit into three */
    FIELD_LEAST = 4,
};

/* The signature of a system use field, as load16() reads it. */
#define FIELD(a, b) ((a) | (b) << 8)

/* The search for one name in one directory, record by record. It is large, and passed on. */
struct search {
    const struct iso *iso;
    const char *path; /* for errors */
    const char *name;
    u32 length;
    /* what the record under way says: */
    struct record {
        u32 compared;            /* characters of its name */
        bool differs;            /* from the name that is searched, whatever the case of letters */
        bool case_differs;       /* at least */
        bool ridge;              /* ER: this volume has Rock Ridge */
        bool named;              /* NM: its name has been compared */
        bool link;               /* SL */
        bool moved;              /* RE: the directory belongs elsewhere */
        u32 child;               /* CL: the block of the directory that belongs here */
        u32 block, offset, size; /* CE: where the fields go on */
    } record;
    /* what was found so far: */
    struct iso_file file;
    bool found, exact;
    bool more;           /* the last record was one of the file's, and not its last */
    u32 child;           /* as above */
    const char *problem; /* what the file is that is not read; NULL if it is */
    u8 area[BLOCK_SIZE], sector[BLOCK_SIZE];
};

/* One place makes the errors, and one reads: written out at each, they are half of the code. */
static __attribute__((noinline)) struct error fail(enum error_code code, const char *name,
                                                   const char *other, u32 a, u64 b) {
    return error_make(code, .name = name, .other = other, .number = {a, b});
}

static struct error read_block(const struct source *volume, const char *path, u32 block, u32 offset,
                               u8 *to, u32 size) {
    return source_read_for(volume, path, ((u64)block << BLOCK_SHIFT) + offset, to, size);
}

/* Volume descriptors ------------------------------------------------------------------------ */

/* 8.1: the identifier and the version of the structure are the same in each descriptor. */
static bool is_descriptor(const u8 *at) {
    return !memcmp(at + 1, "CD001\1", 6);
}

struct error iso_is_there(const struct source *volume, bool *found) {
    u8 at[7] = {0};
    *found = false;
    if (volume->size <= DESCRIPTOR_FIRST << BLOCK_SHIFT)
        return OK;
    TRY(read_block(volume, NULL, DESCRIPTOR_FIRST, 0, at, sizeof(at)));
    *found = is_descriptor(at);
    return OK;
}

/* The three levels of UCS-2 (Joliet, "SVD Escape Sequences Field"). */
static bool is_joliet(const u8 *at) {
    return at[0] == TYPE_SUPPLEMENTARY && at[88] == '%' && at[89] == '/' &&
           (at[90] == '@' || at[90] == 'C' || at[90] == 'E');
}

/* The primary descriptor, and in joliet_root[] the root record of the other tree, or zeros. */
static struct error read_descriptors(struct iso *iso, u8 *joliet_root) {
    u8 at[DESCRIPTOR_USED];
    for (u32 i = DESCRIPTOR_FIRST; i < DESCRIPTOR_FIRST + DESCRIPTORS_MAX; i++) {
        TRY(read_block(&iso->volume, iso->volume.name, i, 0, at, sizeof(at)));
        if (!is_descriptor(at) || at[0] == TYPE_LAST)
            break;
        if (at[0] == TYPE_PRIMARY && !iso->primary) {
            u32 size = load16(at + BLOCK_SIZE_START);
            if (size != BLOCK_SIZE)
                return fail(ERROR_ISO_BAD, iso->volume.name, "the logical block size", size, 0);
            iso->primary = i;
            memcpy(iso->root, at + ROOT_RECORD, sizeof(iso->root));
        } else if (is_joliet(at)) {
            memcpy(joliet_root, at + ROOT_RECORD, sizeof(iso->root));
        }
    }
    if (iso->primary)
        return OK;
    return fail(ERROR_ISO_BAD, iso->volume.name, "the number of primary descriptors", 0, 0);
}

/* Names ------------------------------------------------------------------------------------- */

static u32 upper(u32 c) {
    return c - 'a' < 26 ? c - 'a' + 'A' : c;
}

static void compare(struct search *search, u32 c) {
    u32 at = search->record.compared++;
    u32 wanted = at < search->length ? (u8)search->name[at] : ~0u;
    search->record.differs |= upper(c) != upper(wanted);
    search->record.case_differs |= c != wanted;
}

static void compare_bytes(struct search *search, const u8 *at, u32 count) {
    while (count-- && !search->record.differs)
        compare(search, *at++);
}

/* 7.5, 7.6: the bytes 0 and 1 stand for "." and "..". Joliet's units are big-endian, so that at[1]
 * is a full stop itself there: its names keep theirs. */
static void compare_identifier(struct search *search, const u8 *at, u32 size) {
    bool wide = search->iso->names == ISO_JOLIET;
    if (size == 1 && *at <= 1) {
        compare_bytes(search, (const u8 *)"..", *at + 1u);
        return;
    }
    for (const u8 *end = at + size; at + wide < end; at += 1 + wide) {
        u32 c = wide ? (u32)at[0] << 8 | at[1] : at[0];
        bool last_stop = c == '.' && (at + 1 == end || at[1] == ';');
        if (c == ';' || last_stop || search->record.differs)
            break;
        compare(search, c);
    }
}

/* System use fields (SUSP) and what Rock Ridge says in them (RRIP) --------------------------- */

static void take_field(struct search *search, const u8 *at, u32 size) {
    struct record *record = &search->record;
    switch (load16(at)) {
    case FIELD('C', 'E'): /* SUSP 5.1 */
        if (size >= 28) {
            record->block = load32(at + 4);
            record->offset = load32(at + 12);
            record->size = load32(at + 20);
        }
        break;
    case FIELD('E', 'R'): /* SUSP 5.5; RRIP 4.3 */
        record->ridge |= size >= 12 && (!memcmp(at + 8, "RRIP", 4) || !memcmp(at + 8, "IEEE", 4));
        break;
    case FIELD('N', 'M'): /* RRIP 4.1.4; bits 1 and 2 of the flags stand for "." and ".." */
        if (size >= 5 && !(at[4] & 6)) {
            record->named = true;
            compare_bytes(search, at + 5, size - 5);
        }
        break;
    case FIELD('S', 'L'): record->link = true; break;
    case FIELD('R', 'E'): record->moved = true; break;
    case FIELD('C', 'L'):
        if (size >= 12)
            record->child = load32(at + 4);
        break;
    default: break;
    }
}

/* Takes the fields from `at` on and all that they go on with. An area ends with ST or where no
 * further field fits: writers differ in how they pad. */
static struct error take_fields(struct search *search, const u8 *at, u32 size) {
    struct record *record = &search->record;
    for (u32 i = 0; i < AREAS_MAX; i++) {
        while (size >= FIELD_LEAST && at[2] >= FIELD_LEAST && at[2] <= size &&
               load16(at) != FIELD('S', 'T')) {
            take_field(search, at, at[2]);
            size -= at[2];
            at += at[2];
        }
        size = record->size;
        if (!size)
            return OK;
        if (size > BLOCK_SIZE)
            break;
        record->size = 0;
        at = search->area;
        TRY(read_block(&search->iso->volume, search->path, record->block, record->offset,
                       search->area, size));
    }
    return fail(ERROR_ISO_FIELDS, search->path, NULL, record->block, 0);
}

/* SP must come first in the first record of the root, "." (SUSP 5.3). */
static struct error find_rock_ridge(struct iso *iso) {
    struct search search;
    u8 *at = search.sector;
    search.iso = iso;
    search.path = iso->volume.name;
    search.record = (struct record){.compared = 0};
    TRY(read_block(&iso->volume, iso->volume.name, load32(iso->root + RECORD_BLOCK), 0, at,
                   BLOCK_SIZE));
    if (at[0] < RECORD_LEAST + 7 || memcmp(at + RECORD_LEAST, "SP\7\1\xbe\xef", 6) != 0)
        return OK;
    search.length = 0;
    TRY(take_fields(&search, at + RECORD_LEAST, at[0] - RECORD_LEAST));
    if (search.record.ridge)
        iso->names = ISO_ROCK_RIDGE;
    iso->skip = at[RECORD_LEAST + 6];
    return OK;
}

struct error iso_open(const struct source *volume, struct iso *iso, bool *found) {
    u8 joliet_root[sizeof(iso->root)] = {0};
    TRY(iso_is_there(volume, found));
    if (!*found)
        return OK;
    *iso = (struct iso){.volume = *volume};
    TRY(read_descriptors(iso, joliet_root));
    TRY(find_rock_ridge(iso));
    if (iso->names == ISO_PLAIN && joliet_root[0]) {
        iso->names = ISO_JOLIET;
        memcpy(iso->root, joliet_root, sizeof(iso->root));
    }
    return OK;
}

/* Directory records (9.1) -------------------------------------------------------------------- */

/* The record is of the name that is searched. A file's data lies behind its extended attribute
 * record (byte 1: the length of that, in blocks). */
static void take_file(struct search *search, const u8 *at) {
    struct iso_file *file = &search->file;
    u32 block = load32(at + RECORD_BLOCK) + at[1];
    if (!search->more) {
        file->block = block;
        file->size = 0;
        file->is_directory = at[25] & FLAG_DIRECTORY;
        search->found = true;
        search->child = search->record.child;
        search->problem = search->record.link ? "a symbolic link" : NULL;
    }
    if ((u64)(block - file->block) << BLOCK_SHIFT != file->size)
        search->problem = "in pieces that do not follow each other";
    if (at[26] | at[27])
        search->problem = "interleaved";
    file->size += load32(at + RECORD_SIZE);
    search->more = at[25] & FLAG_MORE;
}

static struct error take_record(struct search *search, const u8 *at) {
    const struct iso *iso = search->iso;
    struct record *record = &search->record;
    u32 use = iso->skip + RECORD_NAME + (at[32] | 1u); /* names are padded to be odd */
    *record = (struct record){.compared = 0};
    if (iso->names == ISO_ROCK_RIDGE && use < at[0])
        TRY(take_fields(search, at + use, at[0] - use));
    if (!record->named)
        compare_identifier(search, at + RECORD_NAME, at[32]);
    if (record->moved || record->differs || record->compared != search->length ||
        at[25] & FLAG_ASSOCIATED)
        return OK;
    if (search->found && !search->more && record->case_differs)
        return OK;
    search->exact = !record->case_differs;
    take_file(search, at);
    return OK;
}

/* All records of a directory, up to the file: they do not reach from one sector into the next. */
static struct error take_directory(struct search *search, u32 block, u32 size) {
    u32 room = 0;
    for (u32 at = 0; at < size && (!search->exact || search->more);) {
        u32 in_sector = at & (BLOCK_SIZE - 1);
        const u8 *record = search->sector + in_sector;
        if (!in_sector) {
            room = size - at < BLOCK_SIZE ? size - at : BLOCK_SIZE;
            TRY(read_block(&search->iso->volume, search->path, block, at, search->sector, room));
        }
        if (!record[0]) {
            at = (at | (BLOCK_SIZE - 1)) + 1;
            continue;
        }
        if (record[0] > room - in_sector || record[0] < RECORD_LEAST ||
            record[0] < RECORD_NAME + record[32])
            return fail(ERROR_ISO_RECORD, search->path, NULL, block + (at >> BLOCK_SHIFT),
                        in_sector);
        TRY(take_record(search, record));
        at += record[0];
    }
    return OK;
}

/* A record that stands for a directory elsewhere: its size is in the first record there. */
static struct error follow_child(struct search *search) {
    u8 at[RECORD_SIZE + 4];
    TRY(read_block(&search->iso->volume, search->path, search->child, 0, at, sizeof(at)));
    search->file.block = search->child;
    search->file.size = load32(at + RECORD_SIZE);
    search->file.is_directory = true;
    return OK;
}

/* Replaces search->file, a directory, by the file of that name in it. */
static struct error enter(struct search *search) {
    struct iso_file *file = &search->file;
    u64 end = search->iso->volume.size;
    search->found = search->exact = search->more = false;
    TRY(take_directory(search, file->block, (u32)min_u64(file->size, DIRECTORY_SIZE_MAX)));
    if (!search->found)
        return fail(ERROR_FILE_NOT_FOUND, search->path, NULL, 0, 0);
    if (search->problem)
        return fail(ERROR_ISO_FILE, search->path, search->problem, 0, 0);
    if (search->child)
        TRY(follow_child(search));
    if (file->size && ((u64)file->block << BLOCK_SHIFT) + file->size > end)
        return fail(ERROR_ISO_PAST_END, search->path, NULL, file->block, file->size);
    return OK;
}

static struct error find(struct search *search, const char *path) {
    search->path = path;
    if (*path != '/')
        return fail(ERROR_FILE_PATH, path, "it does not start with /", 0, 0);
    for (const char *at = path; *at;) {
        if (!search->file.is_directory)
            return fail(ERROR_FILE_NOT_DIRECTORY, path, at, 0, 0);
        while (*at == '/')
            at++;
        search->name = at;
        while (*at && *at != '/')
            at++;
        search->length = (u32)(at - search->name);
        if (search->length > NAME_MAX)
            return fail(ERROR_FILE_PATH, path, "a name in it has more than 255 characters", 0, 0);
        if (search->length)
            TRY(enter(search));
    }
    return OK;
}

struct error iso_find(const struct iso *iso, const char *path, struct iso_file *file) {
    struct search search;
    search.iso = iso;
    search.file = (struct iso_file){path, load32(iso->root + RECORD_BLOCK),
                                    load32(iso->root + RECORD_SIZE), true};
    TRY(find(&search, path));
    *file = search.file;
    return OK;
}

struct error iso_source(const struct iso *iso, const struct iso_file *file, struct source *source) {
    if (file->is_directory)
        return fail(ERROR_FILE_IS_DIRECTORY, file->name, NULL, 0, 0);
    u32 block = file->size ? file->block : 0;
    TRY(source_slice(&iso->volume, (u64)block << BLOCK_SHIFT, file->size, source));
    source->name = file->name;
    return OK;
}

/* Label and date ----------------------------------------------------------------------------- */

struct error iso_identity(const struct iso *iso, char label[33], char uuid[23]) {
    u8 at[DATE_START + DATE_SIZE];
    u32 length = LABEL_SIZE, digits = 0, zeros = 0;
    TRY(read_block(&iso->volume, iso->volume.name, iso->primary, 0, at, sizeof(at)));
    while (length && at[LABEL_START + length - 1] == ' ')
        length--;
    memcpy(label, at + LABEL_START, length);
    label[length] = 0;
    for (u32 i = 0, to = 0; i < DATE_SIZE; i++) {
        u8 digit = at[DATE_START + i];
        if (i >= 4 && !(i & 1))
            uuid[to++] = '-';
        uuid[to++] = (char)digit;
        digits += digit >= '0' && digit <= '9';
        zeros += digit == '0';
    }
    uuid[digits == DATE_SIZE && zeros < DATE_SIZE ? 22 : 0] = 0;
    return OK;
}
