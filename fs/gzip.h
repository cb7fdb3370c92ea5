/* A gzip file, unpacked while it is read: a source over a source.
 *
 *   the file   | header | deflate stream ....................... | CRC-32 | size |
 *   unpacked            |---------- position --->|                               one inflater
 *
 * A kernel's headers are read first, then its ranges in the order of the file. So an inflater goes
 * forward, straight into the reader's memory; what is passed over is unpacked and dropped, and a
 * read that goes back starts again at the file's first byte. The packed file is read in pieces of
 * GZIP_PIECE.
 *
 * All files share one inflater, which serves whoever was read from last: to open a file takes no
 * more than its first and its last bytes, and files are read to the end one after another.
 *
 * The unpacked size is what the last four bytes of the file say, modulo 2^32. So a file must hold
 * one member and unpack to less than 4 GiB. That, and the CRC-32, is checked by the read that
 * takes the last unpacked byte; who stops before calls gzip_check(). A damaged deflate stream is
 * found where it is read.
 *
 * Inflating is zlib's (third_party/zlib), which is named in gzip.c alone.
 *
 * Specification: RFC 1952 (gzip), RFC 1951 (deflate). */
#ifndef FS_GZIP_H
#define FS_GZIP_H

#include "source.h"

enum {
    GZIP_PIECE = 8 * 1024,
    GZIP_WINDOW = 32 * 1024, /* RFC 1951: how far back a stream may refer */
};

#define GZIP_START_AGAIN (~(u32)0)

/* 50 KiB. Needs no preparation but to be zeroed once. */
struct inflater {
    const struct gzip_file *file; /* whose stream this is; NULL before the first read */
    u32 position;                 /* in the unpacked file; GZIP_START_AGAIN */
    u32 crc;                      /* of what was taken since the file's or the stream's start */
    u64 next_piece;               /* offset in the packed file */
    struct error error;           /* what the functions that return false have found */
    u32 crc_table[256];
    u8 piece[GZIP_PIECE];
    u8 passed_over[1024];
    u64 stream[14];         /* zlib's z_stream ... */
    u64 state[920];         /* ... its other memory ... */
    u8 window[GZIP_WINDOW]; /* ... and what it unpacked last */
};

struct gzip_file {
    struct source packed;
    struct inflater *inflater;
    u32 size; /* unpacked */
};

/* If *data is a gzip file (it starts with the bytes 1f 8b 08), makes *data its unpacked bytes;
 * *file and *inflater must live as long as that is used. Else leaves *data as it is.
 *
 * Errors: GZIP_TRUNCATED, what the source says; reading then: GZIP_HEADER, GZIP_TRUNCATED,
 * GZIP_DATA, GZIP_SIZE, GZIP_CRC, what the source says. */
MUST_USE struct error gzip_open(struct gzip_file *file, struct inflater *inflater,
                                struct source *data);

/* Reads on to the end, if that was not reached yet, and so finds whether all that was read is what
 * was packed. A *file that is zeroed (no gzip file was opened in it) passes. Errors: as reading. */
MUST_USE struct error gzip_check(struct gzip_file *file);

#endif
