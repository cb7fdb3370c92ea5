/* ISO 9660, read-only, with the names of Rock Ridge or Joliet: CDs, and images of CDs on a disk.
 *
 *   | system area | volume descriptors      | directories, path tables, files ... |
 *   0             32 KiB, one a 2 KiB sector, up to the one of type 255
 *
 * Everything is counted in blocks of 2048 bytes, whatever the sectors of the medium are: the same
 * bytes on a USB stick are the same volume. (Smaller blocks are allowed; nobody makes them.) One
 * volume can hold two trees of directories over the same files:
 *
 *   primary descriptor        names as KERNEL.ELF;1, and with Rock Ridge the real ones beside them,
 *                             in the system use field that ends each directory record
 *   supplementary descriptor  Joliet: names in UCS-2
 *
 * Rock Ridge is taken where it is announced (the field ER of the root), else Joliet, else the plain
 * names. The version (;1) is no part of a name, and neither is the full stop of a plain name
 * without extension. Names match without regard to case (ASCII); of two that differ in case only,
 * the one that is equal wins.
 *
 * A file lies in one piece, so a file is a slice of the volume and needs no read of its own. One of
 * 4 GiB or more has several directory records, whose pieces must follow each other.
 *
 * Directories that Rock Ridge has moved to shorten a path are found at their old places (CL), and
 * not at their new ones (RE). In such a directory ".." is the new place's parent.
 *
 * Specifications: ECMA-119; IEEE P1281 (SUSP) 1.12; IEEE P1282 (RRIP) 1.12; Joliet 1 (1995). */
#ifndef FS_ISO9660_H
#define FS_ISO9660_H

#include "source.h"

enum iso_names { ISO_PLAIN, ISO_JOLIET, ISO_ROCK_RIDGE };

struct iso {
    struct source volume;
    u32 primary; /* the block of the primary descriptor */
    u8 names;    /* enum iso_names */
    u8 skip;     /* Rock Ridge: bytes before the fields in each system use field (SP) */
    u8 root[14]; /* the start of the root's directory record: block and size */
};

/* *found is false, and nothing else is set, where there is no ISO 9660 volume. ISO_BAD where it has
 * one that makes no sense. */
MUST_USE struct error iso_open(const struct source *volume, struct iso *iso, bool *found);

/* Is there a volume descriptor where the first one belongs? There is none on a shorter volume; on
 * one that cannot be read there, the error is the answer. */
MUST_USE struct error iso_is_there(const struct source *volume, bool *found);

struct iso_file {
    const char *name;
    u32 block;
    u64 size; /* bytes */
    bool is_directory;
};

/* Finds a file by its absolute path ("/boot/kernel.elf"; more than one slash counts as one). *file
 * is overwritten; path must outlive it. A directory is found too: see is_directory.
 * Errors: FILE_NOT_FOUND, FILE_NOT_DIRECTORY, FILE_PATH; ISO_RECORD and ISO_FIELDS where a
 * directory is damaged; ISO_FILE for a symbolic link and for a file that is not in one piece;
 * ISO_PAST_END where it does not lie on the volume. */
MUST_USE struct error iso_find(const struct iso *iso, const char *path, struct iso_file *file);

/* The bytes of a file, as a source. ERROR_FILE_IS_DIRECTORY. */
MUST_USE struct error iso_source(const struct iso *iso, const struct iso_file *file,
                                 struct source *source);

/* The volume's name, without the spaces behind it; and the date of its last change, as in
 * "2026-01-02-03-04-05-00", empty where it has none. */
MUST_USE struct error iso_identity(const struct iso *iso, char label[33], char uuid[23]);

#endif
