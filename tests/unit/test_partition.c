/* fs/partition.h: a row is a first sector, and the partitions or the error that it gives. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bytes.h"
#include "crc32.h"
#include "failing_source.h"
#include "partition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTORS = 100 };

struct entry {
    u8 status, type;
    u32 start, count;
};

/* A field of sector 0 overwritten after it was made. */
struct patch {
    u32 offset, width, value;
};

struct row {
    const char *name;
    enum {
        EMPTY,
        TABLE,
        BOOT_RECORD
    } sector; /* what is there before the entries and the patches */
    struct entry entries[4];
    struct patch patches[3];
    enum error_code code;
    u32 count;
    u32 numbers[4];
    u64 values[3]; /* of the error */
};

#define FAT 0x0c
#define ENTRY(n) \
    { 0, FAT, 10 * (n), 10 }

static const struct row rows[] = {
    {.name = "four in their order",
     .sector = TABLE,
     .entries = {ENTRY(1), ENTRY(2), ENTRY(3), ENTRY(4)},
     .count = 4,
     .numbers = {1, 2, 3, 4}},
    {.name = "the active one first",
     .sector = TABLE,
     .entries = {ENTRY(1), ENTRY(2), {0x80, FAT, 30, 10}, ENTRY(4)},
     .count = 4,
     .numbers = {3, 1, 2, 4}},
    {.name = "two active",
     .sector = TABLE,
     .entries = {ENTRY(1), {0x80, FAT, 20, 10}, ENTRY(3), {0x80, FAT, 40, 10}},
     .count = 4,
     .numbers = {2, 4, 1, 3}},
    {.name = "empty entries between",
     .sector = TABLE,
     .entries = {{0}, ENTRY(2), {0}, ENTRY(4)},
     .count = 2,
     .numbers = {2, 4}},
    {.name = "type 0 with a size",
     .sector = TABLE,
     .entries = {{0, 0, 10, 10}, ENTRY(2)},
     .count = 1,
     .numbers = {2}},
    {.name = "size 0 with a type",
     .sector = TABLE,
     .entries = {{0, FAT, 10, 0}, ENTRY(2)},
     .count = 1,
     .numbers = {2}},
    {.name = "a protective entry without a GPT",
     .sector = TABLE,
     .entries = {{0, 0xee, 1, 0xffffffff}},
     .code = ERROR_GPT_BAD,
     .values = {1, SECTORS - 1}},
    {.name = "a hybrid MBR without a GPT",
     .sector = TABLE,
     .entries = {{0, 0xee, 1, 0xffffffff}, ENTRY(2)},
     .count = 1,
     .numbers = {2}},
    {.name = "up to the last sector",
     .sector = TABLE,
     .entries = {{0, FAT, 1, SECTORS - 1}},
     .count = 1,
     .numbers = {1}},
    {.name = "one sector past the end",
     .sector = TABLE,
     .entries = {ENTRY(1), {0, FAT, 1, SECTORS}},
     .code = ERROR_PARTITION_PAST_END,
     .values = {2, SECTORS + 1, SECTORS}},
    {.name = "start past the end",
     .sector = TABLE,
     .entries = {{0, FAT, SECTORS, 1}},
     .code = ERROR_PARTITION_PAST_END,
     .values = {1, SECTORS + 1, SECTORS}},
    {.name = "a sum that wraps in 32 bits",
     .sector = TABLE,
     .entries = {{0x80, FAT, 0xffffffff, 2}},
     .code = ERROR_PARTITION_PAST_END,
     .values = {1, 0x100000001, SECTORS}},
    {.name = "the largest numbers",
     .sector = TABLE,
     .entries = {{0, 0xff, 0xffffffff, 0xffffffff}},
     .code = ERROR_PARTITION_PAST_END,
     .values = {1, 0x1fffffffe, SECTORS}},
    {.name = "no entry", .sector = TABLE, .code = ERROR_VOLUME_NONE},
    {.name = "no signature",
     .sector = TABLE,
     .entries = {ENTRY(1)},
     .patches = {{510, 2, 0}},
     .code = ERROR_VOLUME_NONE},
    {.name = "half a signature",
     .sector = TABLE,
     .entries = {ENTRY(1)},
     .patches = {{511, 1, 0}},
     .code = ERROR_VOLUME_NONE},
    {.name = "an empty disk", .sector = EMPTY, .code = ERROR_VOLUME_NONE},
    {.name = "text where the table is",
     .sector = TABLE,
     .entries = {ENTRY(1), {'o', 's', 0x6e2f, 0x6f2f}},
     .code = ERROR_VOLUME_NONE},
    {.name = "a FAT boot record", .sector = BOOT_RECORD, .count = 1, .numbers = {0}},
    {.name = "one with a long jump",
     .sector = BOOT_RECORD,
     .patches = {{0, 3, 0x1234e9}},
     .count = 1,
     .numbers = {0}},
    {.name = "one with code in place of a table",
     .sector = BOOT_RECORD,
     .entries = {{'o', 's', 0x6e2f, 0x6f2f}, ENTRY(2)},
     .count = 1,
     .numbers = {0}},
    {.name = "one with 32-bit sector count",
     .sector = BOOT_RECORD,
     .patches = {{19, 2, 0}, {32, 4, 100000}},
     .count = 1,
     .numbers = {0}},
    {.name = "one of a floppy", .sector = BOOT_RECORD, .patches = {{21, 1, 0xf0}}, .count = 1},
    {.name = "one without a signature",
     .sector = BOOT_RECORD,
     .patches = {{510, 2, 0}},
     .code = ERROR_VOLUME_NONE},
    {.name = "an MBR that jumps over zeros",
     .sector = TABLE,
     .entries = {ENTRY(1)},
     .patches = {{0, 3, 0x9058eb}},
     .count = 1,
     .numbers = {1}},
/* A boot record with one impossible field is none: the table decides. */
#define IMPOSSIBLE(title, ...)                                            \
    {                                                                     \
        .name = title, .sector = BOOT_RECORD, .entries = {{0}, ENTRY(2)}, \
        .patches = {__VA_ARGS__}, .count = 1, .numbers = {                \
            2                                                             \
        }                                                                 \
    }
    IMPOSSIBLE("no jump", {0, 1, 0xfa}),
    IMPOSSIBLE("a jump without its nop", {2, 1, 0}),
    IMPOSSIBLE("sector size 0", {11, 2, 0}),
    IMPOSSIBLE("sector size 256", {11, 2, 256}),
    IMPOSSIBLE("sector size 8192", {11, 2, 8192}),
    IMPOSSIBLE("sector size 513", {11, 2, 513}),
    IMPOSSIBLE("cluster size 0", {13, 1, 0}),
    IMPOSSIBLE("cluster size 3", {13, 1, 3}),
    IMPOSSIBLE("no reserved sector", {14, 2, 0}),
    IMPOSSIBLE("no FAT", {16, 1, 0}),
    IMPOSSIBLE("no medium", {21, 1, 0}),
    IMPOSSIBLE("medium f1h", {21, 1, 0xf1}),
    IMPOSSIBLE("no sectors", {19, 2, 0}),
};

static void put(u8 *at, u32 width, u64 value) {
    for (u32 i = 0; i < width; i++)
        at[i] = (u8)(value >> (8 * i));
}

static void put_boot_record(u8 *at) {
    put(at, 3, 0x903ceb);
    put(at + 11, 2, 512);
    at[13] = 1;
    put(at + 14, 2, 1);
    at[16] = 2;
    put(at + 17, 2, 16);
    put(at + 19, 2, SECTORS);
    at[21] = 0xf8;
    put(at + 22, 2, 1);
}

static void make_sector(const struct row *row, u8 *at) {
    memset(at, 0, 512);
    if (row->sector == BOOT_RECORD)
        put_boot_record(at);
    if (row->sector != EMPTY)
        put(at + 510, 2, 0xaa55);
    for (u32 i = 0; i < 4; i++) {
        u8 *entry = at + 446 + i * 16;
        entry[0] = row->entries[i].status;
        entry[4] = row->entries[i].type;
        put(entry + 8, 4, row->entries[i].start);
        put(entry + 12, 4, row->entries[i].count);
    }
    for (u32 i = 0; i < ARRAY_COUNT(row->patches); i++)
        put(at + row->patches[i].offset, row->patches[i].width, row->patches[i].value);
}

/* What the row says of one partition of the table. */
static void check_partition(const struct row *row, const struct partition *partition, u32 number,
                            u32 sector_size) {
    assert_int_equal(partition->number, number);
    if (!number) {
        assert_int_equal(partition->start, 0);
        assert_int_equal(partition->size, (u64)SECTORS * sector_size);
        return;
    }
    const struct entry *entry = &row->entries[number - 1];
    assert_int_equal(partition->type, entry->type);
    assert_int_equal(partition->active, entry->status == 0x80);
    assert_int_equal(partition->start, (u64)entry->start * sector_size);
    assert_int_equal(partition->size, (u64)entry->count * sector_size);
}

static void check_row(const struct row *row, u32 sector_size) {
    size_t size = (size_t)SECTORS * sector_size;
    u8 *disk = calloc(size, 1);
    make_sector(row, disk);
    struct bytes bytes = {disk, size};
    struct source source = source_memory(&bytes, "disk");
    struct partition_table table;
    memset(&table, 0xee, sizeof(table));
    print_message("  %s, sectors of %u\n", row->name, sector_size);
    struct error error = partition_list(&source, sector_size, &table);
    assert_int_equal(error.code, row->code);
    if (!row->code)
        assert_int_equal(table.count, row->count);
    for (u32 i = 0; !row->code && i < row->count; i++)
        check_partition(row, &table.partitions[i], row->numbers[i], sector_size);
    for (u32 i = 0; i < ARRAY_COUNT(row->values); i++)
        assert_int_equal(error.values.number[i], row->values[i]);
    if (row->code)
        assert_string_equal(error.values.name, "disk");
    free(disk);
}

static void all_rows(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(rows); i++) {
        check_row(&rows[i], 512);
        check_row(&rows[i], 4096);
    }
}

static void short_disks(void **state) {
    (void)state;
    u8 *sector = malloc(512);
    for (size_t size = 0; size < 512; size++) {
        make_sector(&rows[0], sector);
        struct bytes bytes = {sector, size};
        struct source source = source_memory(&bytes, "disk");
        struct partition_table table;
        assert_int_equal(partition_list(&source, 512, &table).code, ERROR_SOURCE_PAST_END);
    }
    free(sector);
}

/* Whatever the first sector says, a partition that is listed lies on the disk. */
static void check_any(const struct source *source) {
    struct partition_table table;
    struct error error = partition_list(source, 512, &table);
    if (error.code) {
        assert_true(error.code == ERROR_VOLUME_NONE || error.code == ERROR_PARTITION_PAST_END ||
                    error.code == ERROR_PARTITION_CHAIN || error.code == ERROR_GPT_BAD ||
                    error.code == ERROR_SOURCE_PAST_END);
        return;
    }
    assert_in_range(table.count, 1, PARTITIONS_MAX);
    for (u32 i = 0; i < table.count; i++) {
        assert_true(table.partitions[i].size > 0);
        assert_true(table.partitions[i].start <= source->size);
        assert_true(table.partitions[i].size <= source->size - table.partitions[i].start);
    }
}

static void mutations(void **state) {
    (void)state;
    static u8 disk[SECTORS * 512];
    struct bytes bytes = {disk, sizeof(disk)};
    struct source source = source_memory(&bytes, "disk");
    for (u32 row = 0; row < ARRAY_COUNT(rows); row++) {
        make_sector(&rows[row], disk);
        for (u32 at = 0; at < 512; at++) {
            u8 was = disk[at];
            for (u32 value = 0; value < 256; value += at < 64 || at >= 446 ? 1 : 51) {
                disk[at] = (u8)value;
                check_any(&source);
            }
            disk[at] = was;
        }
    }
}

/* ---- logical partitions ---- */

enum { DISK_SECTORS = 2000 };

/* One entry of one table. */
struct place {
    u32 sector, slot;
    u8 status, type;
    u32 start, count;
};

struct chain_row {
    const char *name;
    struct place places[12];
    u32 no_signature; /* the sector that has none; 0 for none */
    enum error_code code;
    const char *other;
    u64 value;
    u32 numbers[8]; /* up to a 0 */
    u32 starts[8];  /* in sectors */
};

#define EXTENDED \
    { 0, 1, 0, 0x05, 100, 900 }

static const struct chain_row chain_rows[] = {
    {.name = "three",
     .places = {{0, 0, 0, FAT, 10, 50},
                EXTENDED,
                {100, 0, 0, FAT, 2, 48},
                {100, 1, 0, 0x05, 50, 100},
                {150, 0, 0, 0x83, 3, 90},
                {150, 1, 0, 0x05, 300, 100},
                {400, 0, 0, FAT, 4, 50}},
     .numbers = {1, 5, 6, 7},
     .starts = {10, 102, 153, 404}},
    {.name = "types 0f and 85",
     .places = {{0, 3, 0, 0x0f, 100, 900},
                {100, 0, 0, FAT, 2, 48},
                {100, 1, 0, 0x85, 50, 100},
                {150, 0, 0, FAT, 3, 90}},
     .numbers = {5, 6},
     .starts = {102, 153}},
    {.name = "a logical one is active",
     .places = {{0, 0, 0, FAT, 10, 50},
                EXTENDED,
                {100, 0, 0, FAT, 2, 48},
                {100, 1, 0, 0x05, 50, 100},
                {150, 0, 0x80, FAT, 3, 90}},
     .numbers = {6, 1, 5},
     .starts = {153, 10, 102}},
    {.name = "a primary one behind it",
     .places = {EXTENDED, {0, 2, 0, FAT, 1200, 50}, {100, 0, 0, FAT, 2, 48}},
     .numbers = {3, 5},
     .starts = {1200, 102}},
    {.name = "a table without a partition keeps no number",
     .places = {EXTENDED, {100, 1, 0, 0x05, 50, 100}, {150, 0, 0, FAT, 3, 90}},
     .numbers = {5},
     .starts = {153}},
    {.name = "links that go backwards",
     .places = {EXTENDED,
                {100, 0, 0, FAT, 1, 9},
                {100, 1, 0, 0x05, 500, 1},
                {600, 0, 0, FAT, 1, 9},
                {600, 1, 0, 0x05, 200, 1},
                {300, 0, 0, FAT, 1, 9}},
     .numbers = {5, 6, 7},
     .starts = {101, 601, 301}},
    {.name = "the link in front",
     .places =
         {EXTENDED, {100, 1, 0, FAT, 1, 9}, {100, 0, 0, 0x05, 500, 1}, {600, 0, 0, FAT, 1, 9}},
     .numbers = {5, 6},
     .starts = {101, 601}},
    {.name = "up to the last sector",
     .places = {EXTENDED, {100, 0, 0, FAT, 1, DISK_SECTORS - 101}},
     .numbers = {5},
     .starts = {101}},
    {.name = "past the last sector",
     .places = {EXTENDED, {100, 0, 0, FAT, 1, DISK_SECTORS - 100}},
     .code = ERROR_PARTITION_PAST_END,
     .value = 5},
    {.name = "nothing in it", .places = {EXTENDED}, .code = ERROR_VOLUME_NONE},
    {.name = "no table in it",
     .places = {EXTENDED},
     .no_signature = 100,
     .code = ERROR_PARTITION_CHAIN,
     .other = "there is no table",
     .value = 100},
    {.name = "no table behind a link",
     .places = {EXTENDED, {100, 0, 0, FAT, 1, 9}, {100, 1, 0, 0x05, 500, 1}},
     .no_signature = 600,
     .code = ERROR_PARTITION_CHAIN,
     .other = "there is no table",
     .value = 600},
    {.name = "a link to itself",
     .places = {EXTENDED, {100, 0, 0, FAT, 1, 9}, {100, 1, 0, 0x05, 0, 1}},
     .code = ERROR_PARTITION_CHAIN,
     .other = "it goes round, or has too many links",
     .value = 100},
    {.name = "a link to the one before",
     .places = {EXTENDED, {100, 1, 0, 0x05, 500, 1}, {600, 1, 0, 0x05, 0, 1}},
     .code = ERROR_PARTITION_CHAIN,
     .other = "it goes round, or has too many links"},
    {.name = "a link past the end",
     .places = {EXTENDED, {100, 1, 0, 0x05, DISK_SECTORS - 100, 1}},
     .code = ERROR_PARTITION_CHAIN,
     .other = "it leads past the end of the disk",
     .value = DISK_SECTORS},
    {.name = "a link 2 TiB on",
     .places = {EXTENDED, {100, 1, 0, 0x05, 0xffffffff, 1}},
     .code = ERROR_VOLUME_NONE},
};

struct big_disk {
    u8 *at;
    u32 sector_size;
    struct bytes bytes;
    struct source source;
};

static void make_big(struct big_disk *disk, u32 sector_size) {
    size_t size = (size_t)DISK_SECTORS * sector_size;
    disk->at = calloc(size, 1);
    disk->sector_size = sector_size;
    disk->bytes = (struct bytes){disk->at, size};
    disk->source = source_memory(&disk->bytes, "disk");
    put(disk->at + 510, 2, 0xaa55);
}

static u8 *sector_at(const struct big_disk *disk, u32 sector) {
    return disk->at + (size_t)sector * disk->sector_size;
}

static void make_chain(const struct chain_row *row, struct big_disk *disk, u32 sector_size) {
    make_big(disk, sector_size);
    for (u32 sector = 100; sector < DISK_SECTORS; sector += 50)
        put(sector_at(disk, sector) + 510, 2, sector == row->no_signature ? 0x55 : 0xaa55);
    for (u32 i = 0; i < ARRAY_COUNT(row->places); i++) {
        const struct place *place = &row->places[i];
        u8 *entry = sector_at(disk, place->sector) + 446 + place->slot * 16;
        if (!place->type)
            continue;
        entry[0] = place->status;
        entry[4] = place->type;
        put(entry + 8, 4, place->start);
        put(entry + 12, 4, place->count);
    }
}

static void check_chain(const struct chain_row *row, u32 sector_size) {
    struct big_disk disk;
    struct partition_table table;
    u32 count = 0;
    make_chain(row, &disk, sector_size);
    print_message("  %s, sectors of %u\n", row->name, sector_size);
    struct error error = partition_list(&disk.source, sector_size, &table);
    assert_int_equal(error.code, row->code);
    if (row->other)
        assert_string_equal(error.values.other, row->other);
    if (row->value)
        assert_int_equal(error.values.number[0], row->value);
    for (; !row->code && count < ARRAY_COUNT(row->numbers) && row->numbers[count]; count++) {
        assert_true(count < table.count);
        assert_int_equal(table.partitions[count].number, row->numbers[count]);
        assert_int_equal(table.partitions[count].start, (u64)row->starts[count] * sector_size);
    }
    if (!row->code)
        assert_int_equal(table.count, count);
    free(disk.at);
}

static void all_chains(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(chain_rows); i++) {
        check_chain(&chain_rows[i], 512);
        check_chain(&chain_rows[i], 4096);
    }
}

/* More than the list holds: the first ones, and no error. */
static void many_logical(void **state) {
    (void)state;
    struct chain_row row = {.places = {EXTENDED}};
    struct big_disk disk;
    struct partition_table table;
    make_chain(&row, &disk, 512);
    put(disk.at + 446 + 16 + 8, 4, 50);
    for (u32 i = 1; i < 39; i++) {
        u8 *entry = sector_at(&disk, i * 50) + 446;
        put(sector_at(&disk, i * 50) + 510, 2, 0xaa55);
        entry[4] = FAT;
        put(entry + 8, 4, 1);
        put(entry + 12, 4, 9);
        if (i == 38)
            break;
        entry[16 + 4] = 5;
        put(entry + 16 + 8, 4, i * 50);
        put(entry + 16 + 12, 4, 1);
    }
    assert_int_equal(partition_list(&disk.source, 512, &table).code, ERROR_NONE);
    assert_int_equal(table.count, PARTITIONS_MAX);
    for (u32 i = 0; i < PARTITIONS_MAX; i++)
        assert_int_equal(table.partitions[i].number, 5 + i);
    free(disk.at);
}

/* ---- GPT ---- */

/* CRC-32, worked out here bit by bit from the highest, so that a mistake in fs/ cannot hide itself.
 */
static u32 reverse(u32 value, u32 bits) {
    u32 result = 0;
    for (u32 i = 0; i < bits; i++)
        result |= (value >> i & 1) << (bits - 1 - i);
    return result;
}

static u32 checksum(const u8 *at, size_t size) {
    u32 crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= reverse(at[i], 8) << 24;
        for (u32 bit = 0; bit < 8; bit++)
            crc = crc & 0x80000000 ? crc << 1 ^ 0x04c11db7 : crc << 1;
    }
    return ~reverse(crc, 32);
}

static void crc(void **state) {
    (void)state;
    static u8 bytes[3000];
    assert_int_equal(checksum((const u8 *)"123456789", 9), 0xcbf43926);
    assert_int_equal(~crc32_add(CRC32_START, (const u8 *)"123456789", 9), 0xcbf43926);
    for (u32 zeros = 0; zeros < sizeof bytes - 20; zeros += 1 + zeros / 50) {
        memset(bytes, 0, sizeof bytes);
        memcpy(bytes, "123456789", 9);
        bytes[9 + zeros] = 1;
        u32 crc = crc32_add(CRC32_START, bytes, 9);
        crc = crc32_zeros(crc, zeros);
        assert_int_equal(~crc32_add(crc, bytes + 9 + zeros, 1), checksum(bytes, 10 + zeros));
    }
}

struct gpt_form {
    u32 entry_size, entry_count;
    u32 header_size;
};

/* Copy 0 stands at the start of the disk, copy 1 at its end. */
static u32 header_sector(u32 copy) {
    return copy ? DISK_SECTORS - 1 : 1;
}

static u32 entries_sector(u32 copy) {
    return copy ? DISK_SECTORS - 300 : 2;
}

static void sum_header(struct big_disk *disk, u32 copy) {
    u8 *header = sector_at(disk, header_sector(copy));
    put(header + 16, 4, 0);
    put(header + 16, 4, checksum(header, load32(header + 12)));
}

static void sum_gpt(struct big_disk *disk, u32 copy) {
    u8 *header = sector_at(disk, header_sector(copy));
    u32 size = load32(header + 80) * load32(header + 84);
    put(header + 88, 4, checksum(sector_at(disk, entries_sector(copy)), size));
    sum_header(disk, copy);
}

static void put_gpt_entry(struct big_disk *disk, u32 copy, u32 index, const char *type, u64 first,
                          u64 last, u64 attributes) {
    u32 size = load32(sector_at(disk, header_sector(copy)) + 84);
    u8 *entry = sector_at(disk, entries_sector(copy)) + index * size;
    memcpy(entry, type, 16);
    put(entry + 32, 8, first);
    put(entry + 40, 8, last);
    put(entry + 48, 8, attributes);
}

#define LINUX_TYPE "linux file system"
#define BOOT_TYPE  "Hah!IdontNeedEFI"

/* Entries 2 (BIOS boot), 3, 5 (active) and the last. The copy has one partition less, which tells
 * the two apart. */
static void make_gpt(struct big_disk *disk, u32 sector_size, const struct gpt_form *form) {
    make_big(disk, sector_size);
    disk->at[446 + 4] = 0xee;
    put(disk->at + 446 + 8, 4, 1);
    put(disk->at + 446 + 12, 4, DISK_SECTORS - 1);
    for (u32 copy = 0; copy < 2; copy++) {
        u8 *header = sector_at(disk, header_sector(copy));
        memcpy(header, "EFI PART\0\0\1\0", 12);
        put(header + 12, 4, form->header_size);
        put(header + 24, 8, header_sector(copy));
        put(header + 72, 8, entries_sector(copy));
        put(header + 80, 4, form->entry_count);
        put(header + 84, 4, form->entry_size);
        put_gpt_entry(disk, copy, 1, BOOT_TYPE, 400, 409, 0);
        put_gpt_entry(disk, copy, 2, LINUX_TYPE, 500, 599, 0);
        put_gpt_entry(disk, copy, 4, LINUX_TYPE, 600, 600, 4);
        if (!copy)
            put_gpt_entry(disk, copy, form->entry_count - 1, LINUX_TYPE, 610, DISK_SECTORS - 1, 3);
        sum_gpt(disk, copy);
    }
}

static const struct gpt_form usual = {128, 128, 92};

static void check_gpt(struct big_disk *disk, bool copy, u32 last_number) {
    struct partition_table table;
    static const u32 starts[] = {600, 500, 610}, counts[] = {1, 100, DISK_SECTORS - 610};
    u32 numbers[] = {5, 3, last_number};
    assert_int_equal(partition_list(&disk->source, disk->sector_size, &table).code, ERROR_NONE);
    assert_int_equal(table.count, copy ? 2 : 3);
    for (u32 i = 0; i < table.count; i++) {
        assert_int_equal(table.partitions[i].number, numbers[i]);
        assert_int_equal(table.partitions[i].active, i == 0);
        assert_int_equal(table.partitions[i].type, 0xee);
        assert_int_equal(table.partitions[i].start, (u64)starts[i] * disk->sector_size);
        assert_int_equal(table.partitions[i].size, (u64)counts[i] * disk->sector_size);
    }
    assert_int_equal(table.bios_boot.start, 400 * (u64)disk->sector_size);
    assert_int_equal(table.bios_boot.size, 10 * (u64)disk->sector_size);
}

static void gpt_forms(void **state) {
    (void)state;
    static const struct gpt_form forms[] = {{128, 128, 92}, {128, 6, 92},    {256, 128, 92},
                                            {128, 128, 96}, {128, 128, 512}, {4096, 30, 92},
                                            {512, 32, 92},  {128, 1024, 92}};
    for (u32 i = 0; i < ARRAY_COUNT(forms); i++)
        for (u32 sector_size = 512; sector_size <= 4096; sector_size *= 8) {
            struct big_disk disk;
            make_gpt(&disk, sector_size, &forms[i]);
            check_gpt(&disk, false, forms[i].entry_count);
            put(disk.at + 446 + 16 + 4, 1, FAT); /* a hybrid MBR's other entries do not count */
            put(disk.at + 446 + 16 + 8, 8, 20 | (u64)20 << 32);
            check_gpt(&disk, false, forms[i].entry_count);
            free(disk.at);
        }
}

/* A field of a header overwritten, with its checksum mended or not. */
struct gpt_row {
    const char *name;
    u32 offset, width;
    u64 value;
    bool sum;
    const char *problem;
};

static const struct gpt_row gpt_rows[] = {
    {"signature", 0, 1, 'e', true, "its signature is missing"},
    {"checksum", 16, 1, 0, false, "its checksum does not match"},
    {"unused field", 57, 1, 1, false, "its checksum does not match"},
    {"size 91", 12, 4, 91, true, "its checksum does not match"},
    {"size 513", 12, 4, 513, true, "its checksum does not match"},
    {"size of 4 GiB", 12, 4, 0xffffffff, false, "its checksum does not match"},
    {"another place", 24, 8, 2, true, "a field is out of range"},
    {"entries past the end", 72, 8, DISK_SECTORS + 1, true, "a field is out of range"},
    {"entries far away", 72, 8, ~(u64)0, true, "a field is out of range"},
    {"entries at the end", 72, 8, DISK_SECTORS, true, "its entries cannot be read"},
    {"entries elsewhere", 72, 8, 3, true, "the checksum of its entries does not match"},
    {"entries of 64", 84, 4, 64, true, "a field is out of range"},
    {"entries of 192", 84, 4, 192, true, "a field is out of range"},
    {"entries of 0", 84, 4, 0, true, "a field is out of range"},
    {"entries of 8192", 84, 4, 8192, true, "a field is out of range"},
    {"entries of 256", 84, 4, 256, true, "the checksum of its entries does not match"},
    {"1025 entries", 80, 4, 1025, true, "a field is out of range"},
    {"2^31 entries", 80, 4, 0x80000000, true, "a field is out of range"},
    {"127 entries", 80, 4, 127, true, "the checksum of its entries does not match"},
    {"the entries' checksum", 88, 4, 0, true, "the checksum of its entries does not match"},
};

static void break_header(struct big_disk *disk, const struct gpt_row *row, u32 copy) {
    put(sector_at(disk, header_sector(copy)) + row->offset, row->width, row->value);
    if (row->sum && row->offset != 12)
        sum_header(disk, copy);
}

/* With one header broken the other serves; with both, the error tells what is wrong with the first.
 */
static void gpt_broken(void **state) {
    (void)state;
    for (u32 i = 0; i < ARRAY_COUNT(gpt_rows); i++) {
        const struct gpt_row *row = &gpt_rows[i];
        struct big_disk disk;
        struct partition_table table;
        print_message("  %s\n", row->name);
        make_gpt(&disk, 512, &usual);
        break_header(&disk, row, 1);
        check_gpt(&disk, false, 128);
        free(disk.at);
        make_gpt(&disk, 512, &usual);
        break_header(&disk, row, 0);
        check_gpt(&disk, true, 0);
        memset(sector_at(&disk, DISK_SECTORS - 1), 0, 512);
        struct error error = partition_list(&disk.source, 512, &table);
        assert_int_equal(error.code, ERROR_GPT_BAD);
        assert_string_equal(error.values.other, row->problem);
        assert_int_equal(error.values.number[0], 1);
        assert_int_equal(error.values.number[1], DISK_SECTORS - 1);
        put(disk.at + 446 + 16 + 4, 1, FAT); /* a hybrid MBR is better than nothing */
        put(disk.at + 446 + 16 + 8, 8, 20 | (u64)20 << 32);
        assert_int_equal(partition_list(&disk.source, 512, &table).code, ERROR_NONE);
        assert_int_equal(table.partitions[0].number, 2);
        free(disk.at);
    }
}

static void gpt_entries(void **state) {
    (void)state;
    static const struct {
        u64 first, last;
        enum error_code code;
        u64 end;
    } places[] = {
        {0, 0, ERROR_NONE, 0},
        {1000, DISK_SECTORS - 1, ERROR_NONE, 0},
        {1000, DISK_SECTORS, ERROR_PARTITION_PAST_END, DISK_SECTORS + 1},
        {DISK_SECTORS, DISK_SECTORS, ERROR_PARTITION_PAST_END, DISK_SECTORS + 1},
        {1000, 998, ERROR_PARTITION_BACKWARDS, 1000},
        {1000, 999, ERROR_PARTITION_BACKWARDS, 1000},
        {1000, ~(u64)0, ERROR_PARTITION_PAST_END, ~(u64)0},
        {~(u64)0, 1000, ERROR_PARTITION_BACKWARDS, ~(u64)0},
        {(u64)1 << 55, (u64)1 << 55, ERROR_PARTITION_PAST_END, ((u64)1 << 55) + 1},
    };
    for (u32 i = 0; i < ARRAY_COUNT(places); i++) {
        struct big_disk disk;
        struct partition_table table;
        make_gpt(&disk, 512, &usual);
        put_gpt_entry(&disk, 0, 9, LINUX_TYPE, places[i].first, places[i].last, 0);
        sum_gpt(&disk, 0);
        struct error error = partition_list(&disk.source, 512, &table);
        assert_int_equal(error.code, places[i].code);
        if (error.code) {
            assert_int_equal(error.values.number[0], 10);
            assert_int_equal(error.values.number[1], places[i].end);
            assert_int_equal(error.values.number[2], error.code == ERROR_PARTITION_PAST_END
                                                         ? DISK_SECTORS
                                                         : places[i].last);
        }
        free(disk.at);
    }
}

/* No partition but the one for boot code. */
static void gpt_empty(void **state) {
    (void)state;
    struct big_disk disk;
    struct partition_table table;
    make_gpt(&disk, 512, &usual);
    memset(sector_at(&disk, 2), 0, 128 * 128);
    sum_gpt(&disk, 0);
    assert_int_equal(partition_list(&disk.source, 512, &table).code, ERROR_VOLUME_NONE);
    put_gpt_entry(&disk, 0, 0, BOOT_TYPE, 400, 409, 0);
    sum_gpt(&disk, 0);
    assert_int_equal(partition_list(&disk.source, 512, &table).code, ERROR_VOLUME_NONE);
    assert_int_equal(table.bios_boot.size, 10 * 512);
    free(disk.at);
}

/* Room for boot code is told of only if all of it lies on the disk. */
static void gpt_boot_room(void **state) {
    (void)state;
    static const struct {
        u64 first, last, sectors;
    } places[] = {
        {400, 409, 10},
        {DISK_SECTORS - 1, DISK_SECTORS - 1, 1},
        {DISK_SECTORS - 1, DISK_SECTORS, 0},
        {400, DISK_SECTORS, 0},
        {DISK_SECTORS + 1, DISK_SECTORS + 10, 0},
        {400, 398, 0},
        {400, 399, 0},
        {((u64)1 << 55) + 400, ((u64)1 << 55) + 409, 0}, /* 400 in bytes, modulo 2^64 */
        {400, ((u64)1 << 55) + 409, 0},
        {0, ~(u64)0, 0},
    };
    for (u32 i = 0; i < ARRAY_COUNT(places); i++) {
        struct big_disk disk;
        struct partition_table table;
        make_gpt(&disk, 512, &usual);
        put_gpt_entry(&disk, 0, 1, BOOT_TYPE, places[i].first, places[i].last, 0);
        sum_gpt(&disk, 0);
        assert_int_equal(partition_list(&disk.source, 512, &table).code, ERROR_NONE);
        assert_int_equal(table.bios_boot.size, places[i].sectors * 512);
        if (places[i].sectors)
            assert_int_equal(table.bios_boot.start, places[i].first * 512);
        free(disk.at);
    }
}

/* Single bytes of the header and of the entries, and disks cut short. */
static void gpt_mutations(void **state) {
    (void)state;
    struct big_disk disk;
    make_gpt(&disk, 512, &usual);
    for (u32 at = 512; at < 1024 + 6 * 128; at++) {
        u8 was = disk.at[at];
        for (u32 value = 0; value < 256; value += at < 512 + 92 ? 15 : 85) {
            disk.at[at] = (u8)value;
            check_any(&disk.source);
            if (at < 512 + 92 && (at < 512 + 12 || at > 512 + 19)) {
                u32 sum = load32(disk.at + 512 + 16);
                sum_header(&disk, 0);
                check_any(&disk.source);
                put(disk.at + 512 + 16, 4, sum);
            }
        }
        disk.at[at] = was;
    }
    for (size_t sectors = 1; sectors < 200; sectors++) {
        struct bytes bytes = {disk.at, sectors * 512};
        struct source source = source_memory(&bytes, "disk");
        check_any(&source);
    }
    free(disk.at);
}

/* Each read fails in turn. Where the first header of a GPT or what it tells of cannot be read the
 * copy serves, which has one partition less here; and a disk with partitions may be asked in vain
 * for an ISO 9660 volume. */
static u32 fail_each_read(const struct big_disk *disk, u32 of_copy) {
    struct partition_table whole, table;
    struct failing failing = {.bytes = disk->bytes, .fail_at = 1};
    u32 told = 0;
    assert_int_equal(partition_list(&disk->source, disk->sector_size, &whole).code, 0);
    for (;; failing.fail_at++) {
        const struct source source = failing_source(&failing, "disk");
        failing.reads = 0;
        struct error error = partition_list(&source, disk->sector_size, &table);
        if (failing.reads < failing.fail_at)
            break;
        told += error.code == ERROR_DISK_READ;
        if (error.code)
            assert_true(has_failed(&failing, error));
        else
            assert_true(table.count == whole.count || table.count == of_copy);
    }
    assert_int_equal(table.count, whole.count);
    return told;
}

static void failing_reads(void **state) {
    (void)state;
    struct big_disk disk;
    make_chain(&chain_rows[0], &disk, 512);
    assert_int_equal(fail_each_read(&disk, 4), 1 + 3); /* a table each */
    free(disk.at);
    static const struct gpt_form small = {128, 6, 92};
    make_gpt(&disk, 512, &small);
    assert_int_equal(fail_each_read(&disk, 2), 1 + 6); /* the MBR, the entries */
    free(disk.at);
}

/* An empty boot record, and what would say whether the disk is a CD cannot be read. */
static void failing_descriptor(void **state) {
    (void)state;
    static u8 empty[SECTORS * 512];
    struct failing failing = {.bytes = {empty, sizeof(empty)}};
    const struct source source = failing_source(&failing, "disk");
    struct partition_table table;
    assert_int_equal(partition_list(&source, 512, &table).code, ERROR_VOLUME_NONE);
    for (u32 reads = failing.reads; reads > 0; reads--) {
        failing.reads = 0;
        failing.fail_at = reads;
        assert_true(has_failed(&failing, partition_list(&source, 512, &table)));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rows),           cmocka_unit_test(failing_reads),
        cmocka_unit_test(failing_descriptor), cmocka_unit_test(short_disks),
        cmocka_unit_test(mutations),          cmocka_unit_test(all_chains),
        cmocka_unit_test(many_logical),       cmocka_unit_test(crc),
        cmocka_unit_test(gpt_forms),          cmocka_unit_test(gpt_broken),
        cmocka_unit_test(gpt_entries),        cmocka_unit_test(gpt_empty),
        cmocka_unit_test(gpt_boot_room),      cmocka_unit_test(gpt_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
