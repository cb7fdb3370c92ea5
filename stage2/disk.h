/* The boot drive, through INT 13h, as a source.
 *
 * Reads go through a bounce buffer of 64 KiB below 1 MiB that crosses no 64 KiB boundary: as many
 * sectors a call as fit in 64 KiB less one (the most that BIOSes take), then one copy to their
 * place. Disk extensions where the drive has them, cylinders, heads and sectors else. A failed call
 * is repeated after a reset with ever fewer sectors. Nothing is written, and no other drive is
 * touched.
 *
 * A CD that was booted without emulation (El Torito) has a number from 90h on (9Fh, E0h, EFh are in
 * use). It has sectors of 2048 bytes and no cylinders; a BIOS need not say so to be believed, for
 * some answer neither 41h nor 48h for it. */
#ifndef STAGE2_DISK_H
#define STAGE2_DISK_H

#include "machine.h"
#include "progress.h"
#include "source.h"

struct disk {
    u8 drive; /* DL */
    bool extensions;
    u8 sector_shift;              /* log2 of the sector size */
    u32 sectors_per_track, heads; /* without extensions */
    char name[12];                /* "drive 0x80" */
    struct progress *progress;    /* told of all that is read; NULL if nobody wants to know */
};

/* Fills *disk, *source and machine->drive. *disk must live as long as the source.
 * ERROR_DISK_GEOMETRY. */
MUST_USE struct error disk_open(u8 drive, bool extensions, struct disk *disk,
                                struct machine *machine, struct source *source);

/* Reads the sectors that have `size` bytes straight to a place below 1 MiB, where whole sectors
 * have room and cross no 64 KiB boundary. For what cannot wait for disk_open() (parts.h): sectors
 * have 2048 bytes on a CD, else 512. ERROR_DISK_GEOMETRY, _READ, _ADDRESS. */
MUST_USE struct error disk_read_low(u8 drive, bool extensions, u64 sector, u32 size, u8 *to);

#endif
