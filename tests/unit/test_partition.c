/* fs/partition.h: a row is a first sector, and the partitions or the error that it gives. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

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
    {.name = "an extended partition is listed",
     .sector = TABLE,
     .entries = {ENTRY(1), {0, 0x05, 20, 10}},
     .count = 2,
     .numbers = {1, 2}},
    {.name = "protective GPT",
     .sector = TABLE,
     .entries = {{0, 0xee, 1, 0xffffffff}},
     .code = ERROR_VOLUME_NONE},
    {.name = "hybrid GPT",
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

static void put(u8 *at, u32 width, u32 value) {
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
        assert_true(error.code == ERROR_VOLUME_NONE || error.code == ERROR_PARTITION_PAST_END);
        return;
    }
    assert_in_range(table.count, 1, 4);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rows),
        cmocka_unit_test(short_disks),
        cmocka_unit_test(mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
