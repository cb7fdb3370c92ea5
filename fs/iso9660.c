#include "iso9660.h"
#include "range.h"

/* Section numbers in the comments are those of ECMA-119, where nothing else is said. */
enum {
    SECTOR_SIZE = 2048,
    DESCRIPTOR_FIRST = 16, /* sector */
    DESCRIPTORS_MAX = 32,
    DESCRIPTOR_USED = 190, /* bytes of a descriptor that are looked at to open a volume */
    TYPE_PRIMARY = 1,
    TYPE_SUPPLEMENTARY = 2,
    TYPE_LAST = 255,
    LABEL_START = 40,
    LABEL_SIZE = 32,
    BLOCK_SIZE = 128,
    ROOT_RECORD = 156,
    DATE_START = 830, /* 8.4.27: volume modification date and time */
    DATE_SIZE = 16,   /* digits */

    RECORD_SIZE_MIN = 34,
    RECORD_NAME = 33, /* of a directory record: where the name begins */
    FLAG_DIRECTORY = 0x02,
    FLAG_ASSOCIATED = 0x04,
    FLAG_MORE = 0x80, /* the file goes on with the next record */
    NAME_MAX = 255,
    DIRECTORY_SIZE_MAX = 1 << 24,

    AREAS_MAX = 8, /* a system use field and its continuations: names and ER fit into three */
    FIELD_SIZE_MIN = 4,
};

/* The signature of a system use field, as load16() reads it. */
#define FIELD(a, b) ((a) | (b) << 8)

/* Volume descriptors ------------------------------------------------------------------------ */

/* 8.1: the identifier and the version of the structure are the same in each descriptor. */
static bool is_descriptor(const u8 *at) {
    return !memcmp(at + 1, "CD001\1", 6);
}

static struct error read_descriptor(const struct source *volume, u32 sector, u8 *to, u32 size) {
    return source_read(volume, sector * SECTOR_SIZE, to, size);
}

bool iso_is_there(const struct source *volume) {
    u8 at[7];
    return volume->size > (DESCRIPTOR_FIRST + 1) * SECTOR_SIZE &&
           !read_descriptor(volume, DESCRIPTOR_FIRST, at, sizeof(at)).code && is_descriptor(at);
}

/* The three levels of UCS-2 (Joliet, "SVD Escape Sequences Field"). */
static bool is_joliet(const u8 *at) {
    return at[0] == TYPE_SUPPLEMENTARY && at[88] == '%' && at[89] == '/' &&
           (at[90] == '@' || at[90] == 'C' || at[90] == 'E');
}

static struct error bad_volume(const struct source *volume, const char *what, u32 value) {
    return error_make(ERROR_ISO_BAD, .name = volume->name, .other = what, .number = {value});
}

static u64 place_of(const struct iso *iso, u32 block) {
    return (u64)block << iso->block_shift;
}

/* The root of a descriptor is a directory record (9.1). */
static void take_root(struct iso *iso, const u8 *descriptor) {
    iso->root_block = load32(descriptor + ROOT_RECORD + 2);
    iso->root_size = load32(descriptor + ROOT_RECORD + 10);
}

/* The primary tree, and *joliet: the same volume with the other tree, if it has one. */
static struct error read_descriptors(struct iso *iso, struct iso *joliet) {
    u8 at[DESCRIPTOR_USED];
    for (u32 i = DESCRIPTOR_FIRST; i < DESCRIPTOR_FIRST + DESCRIPTORS_MAX; i++) {
        TRY(read_descriptor(&iso->volume, i, at, sizeof(at)));
        if (!is_descriptor(at) || at[0] == TYPE_LAST)
            break;
        if (at[0] == TYPE_PRIMARY && !iso->primary) {
            u32 size = load16(at + BLOCK_SIZE);
            if (size != 512 && size != 1024 && size != 2048)
                return bad_volume(&iso->volume, "the logical block size", size);
            iso->primary = i;
            iso->block_shift = (u8)__builtin_ctz(size);
            take_root(iso, at);
        } else if (is_joliet(at)) {
            take_root(joliet, at);
        }
    }
    return iso->primary ? OK
                        : bad_volume(&iso->volume, "the number of primary volume descriptors", 0);
}

/* Names ------------------------------------------------------------------------------------- */

/* A name of a path, and how far a name on the volume has been compared with it. */
struct name {
    const char *at;
    u32 length;
    u32 compared;
    bool differs;      /* whatever the case of letters */
    bool case_differs; /* at least */
};

static u32 upper(u32 c) {
    return c - 'a' < 26 ? c - 'a' + 'A' : c;
}

static void compare(struct name *name, u32 c) {
    u32 wanted = name->compared < name->length ? (u8)name->at[name->compared] : ~0u;
    name->compared++;
    name->differs |= upper(c) != upper(wanted);
    name->case_differs |= c != wanted;
}

static void compare_bytes(struct name *name, const u8 *at, u32 count) {
    while (count--)
        compare(name, *at++);
}

/* 7.5, 7.6: the bytes 0 and 1 stand for "." and "..". Joliet's units are big-endian. */
static void compare_identifier(struct name *name, const u8 *at, u32 size, bool wide) {
    if (size == 1 && *at <= 1) {
        compare_bytes(name, (const u8 *)"..", *at + 1);
        return;
    }
    u32 step = wide ? 2 : 1;
    for (u32 i = 0; i + step <= size; i += step) {
        u32 c = wide ? (u32)at[i] << 8 | at[i + 1] : at[i];
        bool last_stop = c == '.' && !wide && (i + 1 == size || at[i + 1] == ';');
        if (c == ';' || last_stop)
            break;
        compare(name, c);
    }
}

/* System use fields (SUSP) and what Rock Ridge says in them (RRIP) --------------------------- */

/* What the fields of one directory record say. */
struct fields {
    bool ridge;              /* ER: this volume has Rock Ridge */
    bool named;              /* NM: compared with the name */
    bool link;               /* SL */
    bool moved;              /* RE: the directory belongs elsewhere */
    u32 child;               /* CL: the block of the directory that belongs here */
    u32 block, offset, size; /* CE: where the fields go on */
};

static void take_field(const u8 *at, struct name *name, struct fields *fields) {
    u32 size = at[2];
    switch (load16(at)) {
    case FIELD('C', 'E'): /* SUSP 5.1 */
        if (size >= 28) {
            fields->block = load32(at + 4);
            fields->offset = load32(at + 12);
            fields->size = load32(at + 20);
        }
        break;
    case FIELD('E', 'R'): /* SUSP 5.5; RRIP 4.3 */
        fields->ridge |= size >= 12 && (!memcmp(at + 8, "RRIP", 4) || !memcmp(at + 8, "IEEE", 4));
        break;
    case FIELD('N', 'M'): /* RRIP 4.1.4; bits 1 and 2 of the flags stand for "." and ".." */
        if (size >= 5 && !(at[4] & 6)) {
            fields->named = true;
            compare_bytes(name, at + 5, size - 5);
        }
        break;
    case FIELD('S', 'L'): fields->link = true; break;
    case FIELD('R', 'E'): fields->moved = true; break;
    case FIELD('C', 'L'):
        if (size >= 12)
            fields->child = load32(at + 4);
        break;
    default: break;
    }
}

/* Takes fields up to ST or to where no further one fits: writers differ in how they pad. */
static void take_area(const u8 *at, u32 size, struct name *name, struct fields *fields) {
    while (size >= FIELD_SIZE_MIN && at[2] >= FIELD_SIZE_MIN && at[2] <= size &&
           load16(at) != FIELD('S', 'T')) {
        take_field(at, name, fields);
        size -= at[2];
        at += at[2];
    }
}

static struct error read_fields(const struct iso *iso, const char *path, const u8 *at, u32 size,
                                struct name *name, struct fields *fields) {
    u8 area[SECTOR_SIZE];
    *fields = (struct fields){0};
    for (u32 i = 0; i < AREAS_MAX; i++) {
        take_area(at, size, name, fields);
        if (!fields->size)
            return OK;
        if (fields->size > SECTOR_SIZE)
            break;
        size = fields->size;
        fields->size = 0;
        TRY(source_read(&iso->volume, place_of(iso, fields->block) + fields->offset, area, size));
        at = area;
    }
    return error_make(ERROR_ISO_FIELDS, .name = path, .number = {fields->block});
}

/* SP must come first in the first record of the root, "." (SUSP 5.3). */
static struct error find_rock_ridge(struct iso *iso) {
    u8 at[256];
    u32 room = (u32)min_u64(iso->root_size, sizeof(at));
    struct fields fields;
    struct name none = {0};
    TRY(source_read(&iso->volume, place_of(iso, iso->root_block), at, room));
    if (room < RECORD_SIZE_MIN + 7 || at[0] > room || at[0] < RECORD_SIZE_MIN + 7 ||
        memcmp(at + RECORD_SIZE_MIN, "SP\7\1\xbe\xef", 6) != 0)
        return OK;
    TRY(read_fields(iso, iso->volume.name, at + RECORD_SIZE_MIN, at[0] - RECORD_SIZE_MIN, &none,
                    &fields));
    if (fields.ridge)
        iso->names = ISO_ROCK_RIDGE;
    iso->skip = at[RECORD_SIZE_MIN + 6];
    return OK;
}

struct error iso_open(const struct source *volume, struct iso *iso, bool *found) {
    *found = iso_is_there(volume);
    if (!*found)
        return OK;
    *iso = (struct iso){.volume = *volume};
    struct iso joliet = {0};
    TRY(read_descriptors(iso, &joliet));
    TRY(find_rock_ridge(iso));
    if (iso->names != ISO_ROCK_RIDGE && joliet.root_block) {
        iso->names = ISO_JOLIET;
        iso->root_block = joliet.root_block;
        iso->root_size = joliet.root_size;
    }
    return OK;
}

/* Directory records (9.1) -------------------------------------------------------------------- */

/* The search for one name in one directory. */
struct search {
    const struct iso *iso;
    struct name name;     /* a fresh copy for each record */
    struct iso_file best; /* found so far */
    bool found, exact;
    bool more;           /* the last record was one of the file's, and not its last */
    u32 child;           /* as struct fields */
    const char *problem; /* NULL, or what the file is that is not read */
};

static struct error check_place(const struct iso *iso, const struct iso_file *file) {
    if (!file->size || place_of(iso, file->block) + file->size <= iso->volume.size)
        return OK;
    return error_make(ERROR_ISO_PAST_END, .name = file->name,
                      .number = {file->block, file->size, iso->volume.size});
}

/* The record is of the name that is searched. A file's data lies behind its extended attribute
 * record (byte 1: the length of that, in blocks). */
static void take_file(struct search *search, const u8 *at, const struct fields *fields) {
    struct iso_file *file = &search->best;
    u32 block = load32(at + 2) + at[1];
    bool follows = search->more;
    search->more = at[25] & FLAG_MORE;
    if (!follows) {
        *file = (struct iso_file){file->name, block, 0, at[25] & FLAG_DIRECTORY};
        search->found = true;
        search->child = fields->child;
        search->problem = fields->link ? "a symbolic link" : NULL;
    }
    if (place_of(search->iso, block) != place_of(search->iso, file->block) + file->size)
        search->problem = "in pieces that do not follow each other";
    if (at[26] | at[27])
        search->problem = "interleaved";
    file->size += load32(at + 10);
}

static struct error take_record(struct search *search, const u8 *at) {
    const struct iso *iso = search->iso;
    struct name name = search->name;
    struct fields fields = {0};
    u32 use = iso->skip + RECORD_NAME + (at[32] | 1u); /* names are padded to be odd */
    if (iso->names == ISO_ROCK_RIDGE && use < at[0])
        TRY(read_fields(iso, search->best.name, at + use, at[0] - use, &name, &fields));
    if (!fields.named)
        compare_identifier(&name, at + RECORD_NAME, at[32], iso->names == ISO_JOLIET);
    if (fields.moved || name.differs || name.compared != name.length || at[25] & FLAG_ASSOCIATED)
        return OK;
    if (search->found && !search->more && (search->exact || name.case_differs))
        return OK;
    search->exact = !name.case_differs;
    take_file(search, at, &fields);
    return OK;
}

/* One sector of a directory, into which records do not reach from another. */
static struct error take_sector(struct search *search, const u8 *sector, u32 size, u32 number) {
    for (u32 at = 0; at < size && sector[at]; at += sector[at]) {
        const u8 *record = sector + at;
        if (record[0] > size - at || record[0] < RECORD_SIZE_MIN ||
            record[0] < RECORD_NAME + record[32])
            return error_make(ERROR_ISO_RECORD, .name = search->best.name, .number = {number, at});
        TRY(take_record(search, record));
        if (search->exact && !search->more)
            break;
    }
    return OK;
}

/* The file that was found. The size of a moved directory stands in its own first record. */
static struct error finish(const struct search *search, struct iso_file *file) {
    const struct iso *iso = search->iso;
    if (!search->found)
        return error_make(ERROR_FILE_NOT_FOUND, .name = file->name);
    if (search->problem)
        return error_make(ERROR_ISO_FILE, .name = file->name, .other = search->problem);
    *file = search->best;
    if (search->child) {
        u8 at[14];
        TRY(source_read(&iso->volume, place_of(iso, search->child), at, sizeof(at)));
        *file = (struct iso_file){file->name, search->child, load32(at + 10), true};
    }
    return check_place(iso, file);
}

/* Replaces *file, a directory, by the file of that name in it. */
static struct error enter(const struct iso *iso, struct iso_file *file, const struct name *name) {
    u8 sector[SECTOR_SIZE];
    struct search search = {.iso = iso, .name = *name, .best = {.name = file->name}};
    u32 end = (u32)min_u64(file->size, DIRECTORY_SIZE_MAX);
    u64 place = place_of(iso, file->block);
    for (u32 at = 0; at < end && (!search.exact || search.more); at += SECTOR_SIZE) {
        u32 size = end - at < SECTOR_SIZE ? end - at : SECTOR_SIZE;
        TRY(source_read(&iso->volume, place + at, sector, size));
        TRY(take_sector(&search, sector, size, (u32)((place + at) >> 11)));
    }
    return finish(&search, file);
}

struct error iso_find(const struct iso *iso, const char *path, struct iso_file *file) {
    *file = (struct iso_file){path, iso->root_block, iso->root_size, true};
    if (path[0] != '/')
        return error_make(ERROR_FILE_PATH, .name = path, .other = "it does not start with /");
    for (const char *at = path; *at;) {
        if (!file->is_directory)
            return error_make(ERROR_FILE_NOT_DIRECTORY, .name = path, .other = at);
        while (*at == '/')
            at++;
        struct name name = {.at = at};
        for (; *at && *at != '/'; at++)
            if (++name.length > NAME_MAX)
                return error_make(ERROR_FILE_PATH, .name = path,
                                  .other = "a name in it has more than 255 characters");
        if (name.length)
            TRY(enter(iso, file, &name));
    }
    return OK;
}

struct error iso_source(const struct iso *iso, const struct iso_file *file, struct source *source) {
    if (file->is_directory)
        return error_make(ERROR_FILE_IS_DIRECTORY, .name = file->name);
    u64 place = file->size ? place_of(iso, file->block) : 0;
    TRY(source_slice(&iso->volume, place, file->size, source));
    source->name = file->name;
    return OK;
}

/* Label and date ----------------------------------------------------------------------------- */

struct error iso_identity(const struct iso *iso, char label[33], char uuid[23]) {
    u8 at[DATE_START + DATE_SIZE];
    u32 length = LABEL_SIZE, digits = 0, zeros = 0;
    TRY(read_descriptor(&iso->volume, iso->primary, at, sizeof(at)));
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
