#include "disk.h"

#include "bios.h"
#include "bytes.h"

extern u8 bounce[]; /* stage2.ld: 64 KiB */

enum {
    BOUNCE_SIZE = 0x10000,
    READ_TRIES = 16,
    PACKET_SIZE = 16,
    PARAMETERS_SIZE = 0x1a,
    PARAMETERS_ROOM = 0x60, /* some BIOSes write more than they are asked for */
    CD_FIRST = 0x90,        /* hard disks have numbers below it */
};

/* What one attempt gave: 0, or FAILED with the BIOS's status (AH) in the low byte. */
enum { FAILED = 0x100 };

static u32 outcome(const struct bios_registers *registers) {
    return registers->flags & FLAG_CARRY ? FAILED | (registers->eax >> 8 & 0xff) : 0;
}

/* By extensions (EDD 3.0, 8.2). The packet is made anew each time, for BIOSes write into it. */
static u32 read_extended(const struct disk *disk, u64 sector, u32 count, u8 *to) {
    u8 packet[PACKET_SIZE];
    store32(packet, PACKET_SIZE | count << 16);
    store32(packet + 4, (u32)bios_segment(to) << 16 | bios_offset(to));
    store64(packet + 8, sector);
    struct bios_registers registers = {
        .eax = 0x4200, .edx = disk->drive, .esi = bios_offset(packet), .ds = bios_segment(packet)};
    bios_call(0x13, &registers);
    return outcome(&registers);
}

/* By cylinder, head and sector, within one track. Sectors count from 1; the cylinder's bits 8 and 9
 * are bits 6 and 7 of CL. */
static u32 read_track(const struct disk *disk, u32 track, u32 sector, u32 count, u8 *to) {
    u32 cylinder = track / disk->heads, head = track % disk->heads;
    struct bios_registers registers = {.eax = 0x0200 | count,
                                       .ebx = bios_offset(to),
                                       .ecx = (cylinder & 0xff) << 8 | (cylinder >> 2 & 0xc0) |
                                              (sector + 1),
                                       .edx = head << 8 | disk->drive,
                                       .es = bios_segment(to)};
    bios_call(0x13, &registers);
    return outcome(&registers);
}

static void reset(const struct disk *disk) {
    struct bios_registers registers = {.edx = disk->drive};
    bios_call(0x13, &registers);
}

/* Reads up to `most` sectors to `to`; *count is how many it were: fewer after errors, or where a
 * track ends. */
static struct error read_some(const struct disk *disk, u64 sector, u32 most, u8 *to, u32 *count) {
    u32 track = 0, first = 0, status = 0;
    if (!disk->extensions) {
        track = (u32)sector / disk->sectors_per_track;
        first = (u32)sector % disk->sectors_per_track;
        most = (u32)min_u64(most, disk->sectors_per_track - first);
        if (sector >> 32 || track / disk->heads > 1023)
            return error_make(ERROR_DISK_ADDRESS, .name = disk->name, .number = {sector});
    }
    *count = most;
    for (u32 tries = 0; tries < READ_TRIES; tries++) {
        status = disk->extensions ? read_extended(disk, sector, *count, to)
                                  : read_track(disk, track, first, *count, to);
        if (!status)
            return OK;
        reset(disk);
        *count = *count > 1 ? *count >> 1 : 1;
    }
    return error_make(ERROR_DISK_READ, .name = disk->name, .number = {sector, status & 0xff});
}

static struct error read_disk(void *context, u64 offset, void *to, size_t size) {
    const struct disk *disk = context;
    u32 sector_size = 1u << disk->sector_shift;
    u32 most = (BOUNCE_SIZE >> disk->sector_shift) - 1;
    u8 *at = to;
    while (size) {
        u32 skip = (u32)offset & (sector_size - 1), count;
        u64 sectors = ((u64)skip + size + sector_size - 1) >> disk->sector_shift;
        TRY(read_some(disk, offset >> disk->sector_shift, (u32)min_u64(sectors, most), bounce,
                      &count));
        u32 part = (u32)min_u64((count << disk->sector_shift) - skip, size);
        memcpy(at, bounce + skip, part);
        if (disk->progress)
            progress_add(disk->progress, part);
        at += part;
        offset += part;
        size -= part;
    }
    return OK;
}

/* INT 13h, AH=48h (EDD 3.0, 8.8): total sectors at 10h, bytes a sector at 18h. A BIOS that gives
 * nonsense for either is not believed. */
static void read_parameters(struct disk *disk, u64 *sector_count) {
    u8 parameters[PARAMETERS_ROOM] = {0};
    store16(parameters, PARAMETERS_SIZE);
    struct bios_registers registers = {.eax = 0x4800,
                                       .edx = disk->drive,
                                       .esi = bios_offset(parameters),
                                       .ds = bios_segment(parameters)};
    bios_call(0x13, &registers);
    if (registers.flags & FLAG_CARRY)
        return;
    *sector_count = load64(parameters + 0x10);
    for (u8 shift = 9; shift <= 12; shift++)
        if (load16(parameters + 0x18) == 1u << shift)
            disk->sector_shift = shift;
}

/* INT 13h, AH=08h. A floppy's size follows from it. A hard disk's does not: its last cylinder may
 * be incomplete or set aside for tests, and beyond 1024 of them none is counted. */
static struct error read_geometry(struct disk *disk, u64 *sector_count) {
    struct bios_registers registers = {.eax = 0x0800, .edx = disk->drive};
    bios_call(0x13, &registers);
    disk->sectors_per_track = registers.ecx & 0x3f;
    disk->heads = (registers.edx >> 8 & 0xff) + 1;
    if (registers.flags & FLAG_CARRY || !disk->sectors_per_track)
        return error_make(ERROR_DISK_GEOMETRY, .name = disk->name);
    u32 cylinders = (registers.ecx >> 8 & 0xff) | (registers.ecx << 2 & 0x300);
    if (disk->drive < 0x80)
        *sector_count = (u64)(cylinders + 1) * disk->heads * disk->sectors_per_track;
    return OK;
}

static struct disk disk_numbered(u8 drive, bool extensions) {
    struct disk disk = {
        .drive = drive, .extensions = extensions, .sector_shift = drive >= CD_FIRST ? 11 : 9};
    struct text name = TEXT_IN(disk.name);
    text_string(&name, "drive ");
    text_hex(&name, drive, 2);
    return disk;
}

struct error disk_open(u8 drive, bool extensions, struct disk *disk, struct machine *machine,
                       struct source *source) {
    u64 sector_count = 0;
    *disk = disk_numbered(drive, extensions);
    if (disk->extensions)
        read_parameters(disk, &sector_count);
    else
        TRY(read_geometry(disk, &sector_count));
    machine->drive = (struct boot_drive){.bios_number = drive,
                                         .by_sector_number = extensions,
                                         .sector_size = 1u << disk->sector_shift,
                                         .sector_count = sector_count};
    /* Where the BIOS does not tell the size, reading past the end is the BIOS's to refuse. */
    u64 size =
        sector_count && sector_count >> 50 == 0 ? sector_count << disk->sector_shift : (u64)1 << 62;
    *source = (struct source){.read = read_disk, .context = disk, .size = size, .name = disk->name};
    return OK;
}

struct error disk_read_low(u8 drive, bool extensions, u64 sector, u32 size, u8 *to) {
    struct disk disk = disk_numbered(drive, extensions);
    u32 count = (u32)align_up(size, 1u << disk.sector_shift) >> disk.sector_shift, done;
    u64 sector_count;
    if (!extensions)
        TRY(read_geometry(&disk, &sector_count));
    for (; count; count -= done, sector += done, to += done << disk.sector_shift)
        TRY(read_some(&disk, sector, count, to, &done));
    return OK;
}
