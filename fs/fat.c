#include "fat.h"
#include "range.h"

/* Section names in the comments are those of fatgen103. */
enum {
    BOOT_RECORD_SIZE = 512,
    CLUSTER_FIRST = 2,
    FAT12_CLUSTERS_END = 4085,
    FAT16_CLUSTERS_END = 65525,
    FAT32_CLUSTERS_MAX = 0x0ffffff5,

    ENTRY_SIZE = 32,
    ENTRY_DELETED = 0xe5,
    ATTRIBUTE_LABEL = 0x08,
    ATTRIBUTE_DIRECTORY = 0x10,
    ATTRIBUTE_LONG_NAME = 0x0f,
    ATTRIBUTE_MASK = 0x3f,

    SHORT_NAME_SIZE = 11, /* 8 and 3, padded with spaces, without the dot */
    SHORT_BASE_SIZE = 8,
    LONG_NAME_MAX = 255,
    LONG_NAME_UNITS = 13, /* in one entry */
    LONG_NAME_LAST = 0x40,

    DIRECTORY_PIECE = 512, /* a directory is read through a buffer of this size on the stack */
    DIRECTORY_SIZE_MAX = 65536 * ENTRY_SIZE,
};

/* The boot record -------------------------------------------------------------------------- */

struct boot_record {
    u32 sector_size;
    u32 cluster_sectors;
    u32 reserved_sectors;
    u32 fat_count;
    u32 root_entries;
    u32 sectors;
    u32 fat_sectors;
    u32 active_fat;
    u32 version;
    u32 root_cluster;
    bool is_fat32;
};

static struct error bad_field(const struct source *volume, const char *field, u32 value) {
    return error_make(ERROR_FAT_BAD, .name = volume->name, .other = field, .number = {value});
}

static bool is_power_of_two(u32 value) {
    return value && !(value & (value - 1));
}

/* "Boot Sector and BPB". FAT32 has its own layout from byte 36 on, and BPB_FATSz16 tells which it
 * is. It is believed over the count of clusters, for formatters make FAT32 volumes smaller than the
 * specification allows, and those cannot be read in any other way. */
static struct boot_record decode_boot_record(const u8 *at) {
    struct boot_record record = {.sector_size = load16(at + 11),
                                 .cluster_sectors = at[13],
                                 .reserved_sectors = load16(at + 14),
                                 .fat_count = at[16],
                                 .root_entries = load16(at + 17),
                                 .sectors = load16(at + 19),
                                 .fat_sectors = load16(at + 22)};
    if (!record.sectors)
        record.sectors = load32(at + 32);
    if (record.fat_sectors)
        return record;
    u32 flags = load16(at + 40);
    record.is_fat32 = true;
    record.fat_sectors = load32(at + 36);
    record.active_fat = flags & 0x80 ? flags & 0x0f : 0; /* bit 7: the FATs are not mirrored */
    record.version = load16(at + 42);
    record.root_cluster = load32(at + 44);
    return record;
}

static struct error check_boot_record(const struct source *volume, const struct boot_record *r,
                                      u32 signature) {
    const struct {
        bool good;
        const char *field;
        u32 value;
    } checks[] = {
        {signature == 0xaa55, "the signature", signature},
        {is_power_of_two(r->sector_size) && r->sector_size >= 512 && r->sector_size <= 4096,
         "the sector size", r->sector_size},
        {is_power_of_two(r->cluster_sectors), "the number of sectors in a cluster",
         r->cluster_sectors},
        {r->reserved_sectors, "the number of reserved sectors", r->reserved_sectors},
        {r->fat_count, "the number of FATs", r->fat_count},
        {r->fat_sectors, "the number of sectors in a FAT", r->fat_sectors},
        {r->active_fat < r->fat_count, "the active FAT", r->active_fat},
        {r->is_fat32 == !r->root_entries, "the number of root entries", r->root_entries},
        {r->version == 0, "the version", r->version},
    };
    for (u32 i = 0; i < ARRAY_COUNT(checks); i++)
        if (!checks[i].good)
            return bad_field(volume, checks[i].field, checks[i].value);
    return OK;
}

/* "FAT Type Determination". */
static u32 entry_bits(const struct boot_record *record, u32 cluster_count) {
    if (record->is_fat32)
        return 32;
    return cluster_count < FAT12_CLUSTERS_END ? 12 : 16;
}

/* The clusters are what the volume has behind the data structures; the FAT must describe them all.
 */
static struct error count_clusters(const struct boot_record *record, struct fat *fat) {
    u64 sectors_before = fat->data_start >> __builtin_ctz(record->sector_size);
    if (record->sectors <= sectors_before)
        return bad_field(&fat->volume, "the number of sectors", record->sectors);
    u32 data_sectors = record->sectors - (u32)sectors_before;
    u32 count = data_sectors >> __builtin_ctz(record->cluster_sectors);
    u32 count_max = record->is_fat32 ? FAT32_CLUSTERS_MAX : FAT16_CLUSTERS_END - 1;
    if (!count || count > count_max)
        return bad_field(&fat->volume, "the number of clusters", count);
    fat->cluster_count = count;
    fat->entry_bits = entry_bits(record, count);
    if (fat->fat_size < (((u64)count + CLUSTER_FIRST) * fat->entry_bits + 7) >> 3)
        return bad_field(&fat->volume, "the number of sectors in a FAT", record->fat_sectors);
    return OK;
}

static bool is_cluster(const struct fat *fat, u32 cluster) {
    return cluster >= CLUSTER_FIRST && cluster - CLUSTER_FIRST < fat->cluster_count;
}

struct error fat_open(const struct source *volume, struct fat *fat) {
    u8 sector[BOOT_RECORD_SIZE];
    TRY(source_read(volume, 0, sector, sizeof(sector)));
    struct boot_record record = decode_boot_record(sector);
    TRY(check_boot_record(volume, &record, load16(sector + 510)));

    u32 sector_shift = (u32)__builtin_ctz(record.sector_size);
    *fat = (struct fat){.volume = *volume,
                        .sector_size = record.sector_size,
                        .cluster_size = record.cluster_sectors << sector_shift,
                        .fat_size = (u64)record.fat_sectors << sector_shift,
                        .root_size = record.root_entries * ENTRY_SIZE,
                        .root_cluster = record.root_cluster};
    fat->cluster_shift = (u32)__builtin_ctz(fat->cluster_size);
    u64 fats_start = (u64)record.reserved_sectors << sector_shift;
    u64 fats_end = fats_start + fat->fat_size * record.fat_count;
    fat->fat_start = fats_start + fat->fat_size * record.active_fat;
    fat->root_start = record.is_fat32 ? 0 : fats_end;
    fat->data_start = fats_end + align_up(fat->root_size, record.sector_size);
    TRY(count_clusters(&record, fat));
    if (record.is_fat32 && !is_cluster(fat, record.root_cluster))
        return bad_field(volume, "the root cluster", record.root_cluster);
    return OK;
}

/* Cluster chains --------------------------------------------------------------------------- */

/* Where the entry of a cluster begins, in bytes from the start of the volume. */
static u64 entry_place(const struct fat *fat, u32 cluster) {
    if (fat->entry_bits == 12)
        return fat->fat_start + cluster + (cluster >> 1);
    return fat->fat_start + (u64)cluster * (fat->entry_bits >> 3);
}

static u64 entry_sector(const struct fat *fat, u32 cluster) {
    return entry_place(fat, cluster) >> __builtin_ctz(fat->sector_size);
}

/* The lowest mark of an end of chain; all values above it mean the same. */
static u32 end_mark(const struct fat *fat) {
    return ((u32)1 << (fat->entry_bits == 32 ? 28 : fat->entry_bits)) - 8;
}

/* The cluster behind this one if the window has its entry, else 1, where no chain goes on. */
static u32 entry_in_window(const struct fat_file *file, u32 cluster) {
    const struct fat *fat = file->fat;
    u64 place = entry_place(fat, cluster);
    if (fat->entry_bits == 12 || file->window_start != align_down(place, FAT_WINDOW))
        return 1;
    const u8 *entry = file->window + (place - file->window_start);
    return fat->entry_bits == 32 ? load32(entry) & 0x0fffffff : load16(entry);
}

/* Two entries of FAT12 share three bytes, which may lie in two sectors; the upper four bits of a
 * FAT32 entry are reserved and must be ignored. */
static struct error read_entry(struct fat_file *file, u32 cluster, u32 *value) {
    const struct fat *fat = file->fat;
    u64 place = entry_place(fat, cluster);
    if (fat->entry_bits == 12) {
        u8 entry[2];
        TRY(source_read_for(&fat->volume, file->name, place, entry, sizeof entry));
        *value = cluster & 1 ? load16(entry) >> 4 : load16(entry) & 0xfff;
        return OK;
    }
    u64 start = align_down(place, FAT_WINDOW);
    if (file->window_start != start) {
        file->window_start = 0;
        TRY(source_read_for(&fat->volume, file->name, start, file->window, FAT_WINDOW));
        file->window_start = start;
    }
    *value = entry_in_window(file, cluster);
    return OK;
}

static struct error rewind_cursor(struct fat_file *file) {
    if (file->first_cluster && !is_cluster(file->fat, file->first_cluster))
        return error_make(ERROR_FAT_FIRST, .name = file->name,
                          .number = {file->first_cluster, file->fat->cluster_count + 1});
    file->cursor_index = 0;
    file->cursor_cluster = file->first_cluster;
    file->cursor_mark = file->first_cluster;
    return OK;
}

/* Going back to the start or staying on one cluster is how FATs break most; a longer loop is found
 * as Brent does: the chain is compared with one mark on it, which moves up to the cursor whenever
 * the cursor's index is a power of two. Once the mark lies in the loop and the next power is as far
 * away as the loop is long, the cursor must meet it. */
static bool is_loop(const struct fat_file *file, u32 next) {
    return next == file->cursor_cluster || next == file->first_cluster ||
           next == file->cursor_mark || file->cursor_index + 1 >= file->fat->cluster_count;
}

/* Moves the cursor to the cluster that the entry of its own names, or leaves it at the last one.
 * False if no chain goes on like that. */
static bool follow(struct fat_file *file, u32 next, bool *end) {
    *end = next >= end_mark(file->fat);
    if (*end)
        return true;
    if (!is_cluster(file->fat, next) || is_loop(file, next))
        return false;
    u32 index = ++file->cursor_index;
    file->cursor_cluster = next;
    if (!(index & (index - 1)))
        file->cursor_mark = next;
    return true;
}

/* The same by the FAT on the volume. ERROR_FAT_CHAIN, _LOOP. */
static struct error advance(struct fat_file *file, bool *end) {
    const struct fat *fat = file->fat;
    u32 cluster = file->cursor_cluster, next;
    TRY(read_entry(file, cluster, &next));
    if (follow(file, next, end))
        return OK;
    if (!is_cluster(fat, next))
        return error_make(ERROR_FAT_CHAIN, .name = file->name,
                          .number = {cluster, next, entry_sector(fat, cluster)});
    return error_make(ERROR_FAT_LOOP, .name = file->name,
                      .number = {file->cursor_index + 1, entry_sector(fat, cluster)});
}

/* By the window alone, without an error to fill in, for this is done for every cluster. False where
 * it takes advance(). */
static bool advance_in_window(struct fat_file *file, bool *end) {
    return follow(file, entry_in_window(file, file->cursor_cluster), end);
}

/* Moves the cursor to the index-th cluster. *end is set where the chain ends before that: then the
 * cursor is at its last cluster, or at 0 in an empty chain. */
static struct error seek(struct fat_file *file, u32 index, bool *end) {
    if (!file->cursor_cluster || index < file->cursor_index)
        TRY(rewind_cursor(file));
    *end = !file->cursor_cluster;
    while (!*end && file->cursor_index < index)
        if (!advance_in_window(file, end))
            TRY(advance(file, end));
    return OK;
}

static u64 cluster_place(const struct fat *fat, u32 cluster) {
    return fat->data_start + ((u64)(cluster - CLUSTER_FIRST) << fat->cluster_shift);
}

/* Files ------------------------------------------------------------------------------------ */

static struct error too_short(const struct fat_file *file) {
    u64 clusters = file->cursor_cluster ? (u64)file->cursor_index + 1 : 0;
    return error_make(ERROR_FAT_SHORT, .name = file->name,
                      .number = {file->size, clusters << file->fat->cluster_shift,
                                 entry_sector(file->fat, file->cursor_cluster)});
}

/* How many bytes from `skip` bytes into the cursor's cluster lie together on the volume, `size` at
 * most. The cursor is left behind them, or at the last cluster that they need. */
static struct error measure_run(struct fat_file *file, u32 skip, size_t size, size_t *run) {
    u32 cluster_size = file->fat->cluster_size;
    *run = size < cluster_size - skip ? size : cluster_size - skip;
    while (*run < size) {
        u32 cluster = file->cursor_cluster;
        bool end;
        if (!advance_in_window(file, &end))
            TRY(advance(file, &end));
        if (end)
            return too_short(file);
        if (file->cursor_cluster != cluster + 1)
            return OK;
        *run += size - *run < cluster_size ? size - *run : cluster_size;
    }
    return OK;
}

static struct error read_file(void *context, u64 offset, void *to, size_t size) {
    struct fat_file *file = context;
    const struct fat *fat = file->fat;
    u8 *at = to;
    while (size) {
        bool end;
        TRY(seek(file, (u32)(offset >> fat->cluster_shift), &end));
        if (end)
            return too_short(file);
        u32 skip = (u32)offset & (fat->cluster_size - 1);
        u64 place = cluster_place(fat, file->cursor_cluster) + skip;
        size_t run;
        TRY(measure_run(file, skip, size, &run));
        TRY(source_read_for(&fat->volume, file->name, place, at, run));
        at += run;
        offset += run;
        size -= run;
    }
    return OK;
}

struct error fat_source(struct fat_file *file, struct source *source) {
    if (file->is_directory)
        return error_make(ERROR_FILE_IS_DIRECTORY, .name = file->name);
    *source =
        (struct source){.read = read_file, .context = file, .size = file->size, .name = file->name};
    return OK;
}

/* Names ------------------------------------------------------------------------------------ */

/* One name of a path. short_name is the 8.3 form, if there is one: else it starts with a 0 byte,
 * which no directory entry in use does. */
struct name {
    const char *at;
    u32 length;
    u32 long_parts; /* entries that a long name of this length has */
    u8 short_name[SHORT_NAME_SIZE];
};

/* What is known of the long name whose entries are being read. They stand before the 8.3 entry, the
 * last part of the name first. */
struct long_name {
    u32 parts_left;
    u8 checksum;
    bool matches;
};

static u32 upper(u32 c) {
    return c - 'a' < 26 ? c - 'a' + 'A' : c;
}

/* A name has an 8.3 form if it is plain ASCII with at most one dot, neither first nor last. "." and
 * ".." are stored as they are. */
static void make_short_name(struct name *name) {
    u8 *short_name = name->short_name;
    u32 to = 0;
    u32 limit = SHORT_BASE_SIZE;
    bool dots =
        name->at[0] == '.' && (name->length == 1 || (name->length == 2 && name->at[1] == '.'));
    memset(short_name, ' ', SHORT_NAME_SIZE);
    for (u32 i = 0; i < name->length; i++) {
        u8 c = (u8)name->at[i];
        bool dot = c == '.' && !dots;
        if (dot && i && i + 1 < name->length && limit == SHORT_BASE_SIZE) {
            to = SHORT_BASE_SIZE;
            limit = SHORT_NAME_SIZE;
            continue;
        }
        if (dot || c <= ' ' || c >= 0x7f || to == limit) {
            short_name[0] = 0;
            return;
        }
        short_name[to++] = (u8)upper(c);
    }
}

static struct error make_name(const char *path, const char *at, struct name *name) {
    *name = (struct name){.at = at};
    while (at[name->length] && at[name->length] != '/')
        if (++name->length > LONG_NAME_MAX)
            return error_make(ERROR_FILE_PATH, .name = path,
                              .other = "a name in it has more than 255 characters");
    name->long_parts = (name->length + LONG_NAME_UNITS - 1) / LONG_NAME_UNITS;
    make_short_name(name);
    return OK;
}

static bool short_name_matches(const u8 *entry, const struct name *name) {
    for (u32 i = 0; i < SHORT_NAME_SIZE; i++)
        if (upper(entry[i]) != name->short_name[i])
            return false;
    return true;
}

/* One entry of a long name against its part of the name. The 13 UTF-16 units stand in three runs, a
 * 0 ends the name where it does not fill the entry. Only ASCII can be equal. */
static bool long_part_matches(const u8 *entry, u32 position, const struct name *name) {
    static const u8 places[LONG_NAME_UNITS] = {1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30};
    for (u32 i = 0; i < LONG_NAME_UNITS; i++, position++) {
        u32 unit = load16(entry + places[i]);
        if (position == name->length)
            return unit == 0;
        if (unit >= 0x80 || upper(unit) != upper((u8)name->at[position]))
            return false;
    }
    return true;
}

/* "FAT Long Directory Entries". Parts that are out of order or of another file's name make the
 * whole name void. So does a deleted one: it reads as part 37, which no name has. */
static void take_long_part(const u8 *entry, const struct name *name, struct long_name *long_name) {
    u32 order = entry[0] & (LONG_NAME_LAST - 1);
    if (entry[0] & LONG_NAME_LAST)
        *long_name = (struct long_name){
            .parts_left = order, .checksum = entry[13], .matches = order == name->long_parts};
    if (!order || order != long_name->parts_left || entry[13] != long_name->checksum) {
        *long_name = (struct long_name){0};
        return;
    }
    long_name->parts_left--;
    if (long_name->matches)
        long_name->matches = long_part_matches(entry, (order - 1) * LONG_NAME_UNITS, name);
}

/* "ChkSum()": it binds a long name to its 8.3 entry, in case a system that knows none of long names
 * has renamed or replaced that. */
static u8 short_name_checksum(const u8 *entry) {
    u32 sum = 0;
    for (u32 i = 0; i < SHORT_NAME_SIZE; i++)
        sum = (((sum & 1) << 7 | sum >> 1) + entry[i]) & 0xff;
    return (u8)sum;
}

/* Takes the next entry of a directory: true at the 8.3 entry of the file of that name. */
static bool take_entry(const u8 *entry, const struct name *name, struct long_name *long_name) {
    u32 attributes = entry[11] & ATTRIBUTE_MASK;
    if (attributes == ATTRIBUTE_LONG_NAME) {
        take_long_part(entry, name, long_name);
        return false;
    }
    struct long_name known = *long_name;
    *long_name = (struct long_name){0};
    if (entry[0] == ENTRY_DELETED || attributes & ATTRIBUTE_LABEL)
        return false;
    if (known.matches && !known.parts_left && known.checksum == short_name_checksum(entry))
        return true;
    return short_name_matches(entry, name);
}

/* Directories ------------------------------------------------------------------------------ */

static struct fat_file root_directory(const struct fat *fat, const char *path) {
    return (struct fat_file){
        .fat = fat, .name = path, .first_cluster = fat->root_cluster, .is_directory = true};
}

/* Reads one piece. A cluster is a whole number of them; the root of FAT12/16 may end within one,
 * which is then filled up with zeros, the mark of the end. */
static struct error read_directory(struct fat_file *directory, u32 offset, u8 *piece, bool *end) {
    const struct fat *fat = directory->fat;
    u64 place = fat->root_start + offset;
    u64 size = DIRECTORY_PIECE;
    if (directory->first_cluster) {
        TRY(seek(directory, offset >> fat->cluster_shift, end));
        place = cluster_place(fat, directory->cursor_cluster) + (offset & (fat->cluster_size - 1));
    } else {
        *end = offset >= fat->root_size;
        size = min_u64(size, fat->root_size - offset);
        memset(piece, 0, DIRECTORY_PIECE);
    }
    return *end ? OK : source_read_for(&fat->volume, directory->name, place, piece, (size_t)size);
}

/* The file that a directory entry stands for. A directory at cluster 0 is the root: so ".." of a
 * directory in the root has it, even on FAT32. */
static struct fat_file decode_entry(const struct fat *fat, const u8 *entry, const char *path) {
    u32 high = fat->entry_bits == 32 ? load16(entry + 20) : 0;
    u32 cluster = high << 16 | load16(entry + 26);
    bool is_directory = entry[11] & ATTRIBUTE_DIRECTORY;
    if (is_directory && !cluster)
        return root_directory(fat, path);
    return (struct fat_file){.fat = fat,
                             .name = path,
                             .first_cluster = cluster,
                             .size = is_directory ? 0 : load32(entry + 28),
                             .is_directory = is_directory};
}

/* Replaces *file, a directory, by the file of that name in it. */
static struct error enter(struct fat_file *file, const struct name *name) {
    u8 piece[DIRECTORY_PIECE];
    struct long_name long_name = {0};
    for (u32 offset = 0; offset < DIRECTORY_SIZE_MAX; offset += DIRECTORY_PIECE) {
        bool end;
        TRY(read_directory(file, offset, piece, &end));
        for (const u8 *at = piece; !end && at < piece + DIRECTORY_PIECE; at += ENTRY_SIZE) {
            end = at[0] == 0;
            if (!end && take_entry(at, name, &long_name)) {
                *file = decode_entry(file->fat, at, file->name);
                return OK;
            }
        }
        if (end)
            break;
    }
    return error_make(ERROR_FILE_NOT_FOUND, .name = file->name);
}

struct error fat_find(const struct fat *fat, const char *path, struct fat_file *file) {
    *file = root_directory(fat, path);
    if (path[0] != '/')
        return error_make(ERROR_FILE_PATH, .name = path, .other = "it does not start with /");
    for (const char *at = path; *at;) {
        if (!file->is_directory)
            return error_make(ERROR_FILE_NOT_DIRECTORY, .name = path, .other = at);
        while (*at == '/')
            at++;
        struct name name;
        TRY(make_name(path, at, &name));
        if (name.length)
            TRY(enter(file, &name));
        at += name.length;
    }
    return OK;
}

/* Label and serial number ------------------------------------------------------------------ */

/* The entry of the label in the root. *found stays as it is where there is none. */
static struct error find_label(const struct fat *fat, char *label, bool *found) {
    u8 piece[DIRECTORY_PIECE];
    struct fat_file root = root_directory(fat, fat->volume.name);
    bool end = false;
    for (u32 offset = 0; offset < DIRECTORY_SIZE_MAX && !end; offset += DIRECTORY_PIECE) {
        TRY(read_directory(&root, offset, piece, &end));
        for (const u8 *at = piece; !end && at < piece + DIRECTORY_PIECE; at += ENTRY_SIZE) {
            u32 attributes = at[11] & ATTRIBUTE_MASK;
            bool is_label = attributes & ATTRIBUTE_LABEL && attributes != ATTRIBUTE_LONG_NAME;
            end = at[0] == 0;
            if (end || at[0] == ENTRY_DELETED || !is_label)
                continue;
            memcpy(label, at, SHORT_NAME_SIZE);
            *found = true;
            return OK;
        }
    }
    return OK;
}

/* "Boot Sector and BPB": the last fields are a signature (28h: the serial number alone), the serial
 * number and the label. */
struct error fat_identity(const struct fat *fat, char label[12], char uuid[10]) {
    u8 sector[BOOT_RECORD_SIZE];
    const u8 *at = sector + (fat->entry_bits == 32 ? 66 : 38);
    bool found = false;
    u32 length = SHORT_NAME_SIZE;
    TRY(source_read(&fat->volume, 0, sector, sizeof(sector)));
    TRY(find_label(fat, label, &found));
    if (!found && at[0] == 0x29 && memcmp(at + 5, "NO NAME    ", SHORT_NAME_SIZE) != 0)
        memcpy(label, at + 5, SHORT_NAME_SIZE);
    else if (!found)
        length = 0;
    while (length && label[length - 1] == ' ')
        length--;
    label[length] = 0;
    for (u32 i = 0, shift = 32; shift; i++) {
        shift -= i == 4 ? 0 : 4;
        uuid[i] = i == 4 ? '-' : "0123456789ABCDEF"[load32(at + 1) >> shift & 15];
    }
    uuid[(at[0] | 1) == 0x29 ? 9 : 0] = 0;
    return OK;
}
