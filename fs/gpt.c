#include "gpt.h"

#include "crc32.h"

/* Table 5-5 and table 5-6. */
enum {
    HEADER_ROOM = 512, /* a header is no longer than the smallest sector */
    HEADER_SIZE = 12,
    HEADER_CRC = 16,
    HEADER_MY_LBA = 24,
    HEADER_ENTRIES = 72,
    HEADER_ENTRY_COUNT = 80,
    HEADER_ENTRY_SIZE = 84,
    HEADER_ENTRIES_CRC = 88,
    HEADER_SIZE_MIN = 92,

    ENTRY_FIRST = 32,
    ENTRY_LAST = 40,
    ENTRY_ATTRIBUTES = 48,
    ENTRY_SIZE_MIN = 128,
    ENTRY_SIZE_MAX = 4096,
    ENTRIES_MAX = 1024,
    ATTRIBUTE_BOOTABLE = 1 << 2,
};

/* GUIDs as they lie on the disk. This one was chosen for its letters. */
#define GUID_SIZE 16
#define BIOS_BOOT "Hah!IdontNeedEFI"

static bool is_zero(const u8 *bytes) {
    u32 any = 0;
    for (u32 i = 0; i < ENTRY_SIZE_MIN; i += 4)
        any |= load32(bytes + i);
    return !any;
}

/* Sums up the entries and counts them up to the last that is in use. */
static struct error sum_entries(const struct source *disk, struct gpt *gpt, u32 *crc) {
    u32 size = gpt->entry_count * gpt->entry_size, zeros = 0;
    *crc = CRC32_START;
    gpt->entry_count = 0;
    u8 piece[ENTRY_SIZE_MIN] = {0};
    for (u32 at = 0; at < size; at += ENTRY_SIZE_MIN) {
        TRY(source_read(disk, gpt->entries + at, piece, sizeof piece));
        zeros += ENTRY_SIZE_MIN;
        if (is_zero(piece))
            continue;
        *crc = crc32_zeros(*crc, zeros - ENTRY_SIZE_MIN);
        *crc = crc32_add(*crc, piece, ENTRY_SIZE_MIN);
        zeros = 0;
        gpt->entry_count = (at >> __builtin_ctz(gpt->entry_size)) + 1;
    }
    *crc = crc32_zeros(*crc, zeros);
    return OK;
}

/* Is what the header says of its entries possible? */
static bool take_fields(const struct source *disk, u32 sector_shift, const u8 *header,
                        struct gpt *gpt) {
    u64 lba = load64(header + HEADER_ENTRIES);
    u32 size = load32(header + HEADER_ENTRY_SIZE), count = load32(header + HEADER_ENTRY_COUNT);
    *gpt = (struct gpt){lba << sector_shift, size, count};
    return lba <= disk->size >> sector_shift && size >= ENTRY_SIZE_MIN && size <= ENTRY_SIZE_MAX &&
           !(size & (size - 1)) && count <= ENTRIES_MAX;
}

/* What is wrong with the header in sector `lba`: NULL if nothing. `header` is room for it. */
static const char *check_header(const struct source *disk, u32 sector_shift, u64 lba, u8 *header,
                                struct gpt *gpt) {
    u32 crc;
    if (source_read(disk, lba << sector_shift, header, HEADER_ROOM).code)
        return "it cannot be read";
    if (memcmp(header, "EFI PART", 8) != 0)
        return "its signature is missing";
    u32 size = load32(header + HEADER_SIZE), stored = load32(header + HEADER_CRC);
    store32(header + HEADER_CRC, 0);
    if (size < HEADER_SIZE_MIN || size > HEADER_ROOM ||
        crc32_add(CRC32_START, header, size) != ~stored)
        return "its checksum does not match";
    if (load64(header + HEADER_MY_LBA) != lba || !take_fields(disk, sector_shift, header, gpt))
        return "a field is out of range";
    if (sum_entries(disk, gpt, &crc).code)
        return "its entries cannot be read";
    return crc == ~load32(header + HEADER_ENTRIES_CRC)
               ? NULL
               : "the checksum of its entries does not match";
}

struct error gpt_open(const struct source *disk, u32 sector_shift, struct gpt *gpt) {
    u8 header[HEADER_ROOM] = {0};
    u64 last = (disk->size >> sector_shift) - 1;
    const char *problem = check_header(disk, sector_shift, 1, header, gpt);
    if (problem && check_header(disk, sector_shift, last, header, gpt))
        return error_make(ERROR_GPT_BAD, .name = disk->name, .other = problem, .number = {1, last});
    return OK;
}

struct error gpt_read(const struct source *disk, const struct gpt *gpt, u32 index,
                      struct gpt_entry *entry) {
    static const u8 unused[GUID_SIZE];
    u8 bytes[ENTRY_SIZE_MIN] = {0};
    TRY(source_read(disk, gpt->entries + index * gpt->entry_size, bytes, sizeof bytes));
    *entry = (struct gpt_entry){.is_used = memcmp(bytes, unused, GUID_SIZE) != 0,
                                .is_bios_boot = memcmp(bytes, BIOS_BOOT, GUID_SIZE) == 0,
                                .is_active = bytes[ENTRY_ATTRIBUTES] & ATTRIBUTE_BOOTABLE,
                                .first = load64(bytes + ENTRY_FIRST),
                                .last = load64(bytes + ENTRY_LAST)};
    return OK;
}
