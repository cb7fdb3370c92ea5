#include "gpt_image.h"

#include <string.h>

#include "bytes.h"
#include "crc32.h"
#include "range.h"

enum {
    TYPE_PROTECTIVE = 0xee,
    REVISION = 0x10000,
    HEADER_SIZE = 92,
    ENTRY_SIZE = 128,
    ENTRY_COUNT = 128,
    ENTRIES_SIZE = ENTRY_SIZE * ENTRY_COUNT,
    ATTRIBUTE_BOOTABLE = 1 << 2,
};

/* GUIDs as they lie on the disk: the first three parts little-endian. */
#define GUID_SIZE 16
static const u8 type_bios_boot[] = "Hah!IdontNeedEFI";
static const u8 type_efi_system[] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                     0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};
static const u8 type_linux[] = {0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47,
                                0x8e, 0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4};
static const u8 identifier[GUID_SIZE] = {0x00, 0x70, 0x0f, 0xa1, 0, 0, 0, 0x40, 0x80};

void gpt_protect(u8 *entry, const struct geometry *geometry) {
    static const u8 chs[] = {0x00, 0x00, 0x02, 0x00, TYPE_PROTECTIVE, 0xff, 0xff, 0xff};
    memcpy(entry, chs, sizeof chs);
    store32(entry + 8, 1);
    store32(entry + 12, (u32)min_u64(geometry->sectors - 1, 0xffffffff));
}

static void put_identifier(u8 *at, u8 number) {
    memcpy(at, identifier, GUID_SIZE);
    at[GUID_SIZE - 1] = number;
}

static void put_entry(u8 *entry, u8 number, const u8 *type, u64 first, u64 end, const char *name) {
    memcpy(entry, type, GUID_SIZE);
    put_identifier(entry + 16, number);
    store64(entry + 32, first);
    store64(entry + 40, end - 1);
    for (u32 i = 0; name[i]; i++)
        store16(entry + 56 + 2 * i, (u8)name[i]);
}

static void put_header(u8 *header, const struct geometry *geometry, const u8 *entries, bool copy) {
    u64 last = geometry->sectors - 1;
    memset(header, 0, SECTOR);
    memcpy(header, "EFI PART", 8);
    store32(header + 8, REVISION);
    store32(header + 12, HEADER_SIZE);
    store64(header + 24, copy ? last : 1);
    store64(header + 32, copy ? 1 : last);
    store64(header + 40, BIOS_BOOT_START);
    store64(header + 48, last - GPT_SECTORS);
    put_identifier(header + 56, 0);
    store64(header + 72, copy ? last - (GPT_SECTORS - 1) : 2);
    store32(header + 80, ENTRY_COUNT);
    store32(header + 84, ENTRY_SIZE);
    store32(header + 88, ~crc32_add(CRC32_START, entries, ENTRIES_SIZE));
    store32(header + 16, ~crc32_add(CRC32_START, header, HEADER_SIZE));
}

void gpt_make(const struct geometry *geometry, u8 *first, u8 *copy) {
    u8 *entries = first + SECTOR;
    u64 end = geometry->volume_start + geometry->volume_sectors;
    memset(first, 0, GPT_SECTORS * SECTOR);
    put_entry(entries, 1, type_bios_boot, BIOS_BOOT_START, PARTITION_START, "BIOS boot");
    put_entry(entries + ENTRY_SIZE, 2, geometry->ext ? type_linux : type_efi_system,
              geometry->volume_start, end, geometry->ext ? "Files" : "EFI system");
    entries[ENTRY_SIZE + 48] = ATTRIBUTE_BOOTABLE;
    put_header(first, geometry, entries, false);
    memcpy(copy, entries, ENTRIES_SIZE);
    put_header(copy + ENTRIES_SIZE, geometry, entries, true);
}
