#include "gzip.h"

#include "range.h"
#include "zlib.h"

/* RFC 1952, section 2.3: a header of 10 bytes, its flags at offset 3, and what the flags say. */
enum {
    MAGIC = 0x088b1f, /* ID1, ID2, CM = deflate */
    FLAG_HEADER_CRC = 1 << 1,
    FLAG_EXTRA = 1 << 2,
    FLAG_NAME = 1 << 3,
    FLAG_COMMENT = 1 << 4,
    FLAGS_RESERVED = 0xe0,
    SHORTEST_FILE = 18, /* header and trailer */
    RATIO_MAX =
        1032, /* of unpacked to packed: a match of 258 bytes takes two bits (RFC 1951, 3.2) */
};

_Static_assert(sizeof(z_stream) <= sizeof(((struct inflater *)0)->stream), "z_stream has grown");

static z_stream *stream_of(struct inflater *inflater) {
    return (z_stream *)inflater->stream;
}

/* Names the place in the packed file, which is where the next byte comes from. */
static bool fail(struct inflater *inflater, enum error_code code, const char *what) {
    inflater->error = error_make(code, .name = inflater->file->packed.name, .other = what,
                                 .number = {inflater->next_piece - stream_of(inflater)->avail_in});
    return false;
}

static bool fail_size(struct inflater *inflater) {
    fail(inflater, ERROR_GZIP_SIZE, NULL);
    inflater->error.values.number[0] = inflater->file->size;
    return false;
}

/* ---- CRC-32 (RFC 1952, section 8) ---- */

static void make_crc_table(u32 *table) {
    for (u32 i = 0; i < 256; i++) {
        table[i] = i;
        for (u32 bit = 0; bit < 8; bit++)
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
    }
}

static void add_to_crc(struct inflater *inflater, const u8 *at, size_t size) {
    u32 crc = ~inflater->crc;
    while (size--)
        crc = inflater->crc_table[(u8)crc ^ *at++] ^ crc >> 8;
    inflater->crc = ~crc;
}

/* ---- the packed file ---- */

static bool next_piece(struct inflater *inflater) {
    const struct source *packed = &inflater->file->packed;
    u32 size = (u32)min_u64(packed->size - inflater->next_piece, GZIP_PIECE);
    if (!size)
        return fail(inflater, ERROR_GZIP_TRUNCATED, NULL);
    inflater->error = source_read(packed, inflater->next_piece, inflater->piece, size);
    inflater->next_piece += size;
    stream_of(inflater)->next_in = inflater->piece;
    stream_of(inflater)->avail_in = size;
    return !inflater->error.code;
}

/* A number of header or trailer; it counts for the checksum. */
static bool take(struct inflater *inflater, u32 size, u32 *value) {
    z_stream *stream = stream_of(inflater);
    *value = 0;
    for (u32 i = 0; i < size; i++) {
        if (!stream->avail_in && !next_piece(inflater))
            return false;
        *value |= (u32)*stream->next_in << 8 * i;
        add_to_crc(inflater, stream->next_in++, 1);
        stream->avail_in--;
    }
    return true;
}

static bool skip_string(struct inflater *inflater) {
    u32 value = 1;
    while (value)
        if (!take(inflater, 1, &value))
            return false;
    return true;
}

static bool read_header(struct inflater *inflater) {
    u32 flags, value;
    inflater->crc = 0;
    if (!take(inflater, 4, &flags) || !take(inflater, 4, &value) || !take(inflater, 2, &value))
        return false;
    flags >>= 24;
    if (flags & FLAGS_RESERVED)
        return fail(inflater, ERROR_GZIP_HEADER, "it has flags that do not exist");
    if (flags & FLAG_EXTRA) {
        u32 left;
        if (!take(inflater, 2, &left))
            return false;
        while (left--)
            if (!take(inflater, 1, &value))
                return false;
    }
    if (flags & FLAG_NAME && !skip_string(inflater))
        return false;
    if (flags & FLAG_COMMENT && !skip_string(inflater))
        return false;
    u32 crc = inflater->crc & 0xffff;
    if (flags & FLAG_HEADER_CRC && !take(inflater, 2, &value))
        return false;
    if (flags & FLAG_HEADER_CRC && crc != value)
        return fail(inflater, ERROR_GZIP_HEADER, "its checksum is wrong");
    return true;
}

/* ---- zlib ---- */

/* inflateInit() asks for its state, and later inflate() for the window. */
static voidpf allocate(voidpf inflater, uInt count, uInt size) {
    struct inflater *from = inflater;
    if (size == 1)
        return from->window;
    return count * size <= sizeof from->state ? from->state : NULL;
}

static void release(voidpf inflater, voidpf memory) {
    (void)inflater;
    (void)memory;
}

/* inflate() can check zlib's own format too, with this sum; it is never asked to. */
uLong adler32(uLong sum, const Bytef *bytes, uInt size) {
    (void)bytes;
    (void)size;
    return sum;
}

static bool start(struct inflater *inflater, const struct gzip_file *file) {
    z_stream *stream = stream_of(inflater);
    if (!inflater->crc_table[1])
        make_crc_table(inflater->crc_table);
    inflater->file = file;
    inflater->next_piece = 0;
    *stream = (z_stream){.zalloc = allocate, .zfree = release, .opaque = inflater};
    if (!read_header(inflater))
        return false;
    inflater->crc = 0;
    return inflateInit2(stream, -15) == Z_OK || fail(inflater, ERROR_GZIP_DATA, "no memory");
}

/* Unpacks `size` bytes, or fewer where the stream ends before: *left says how many. */
static bool unpack(struct inflater *inflater, u8 *to, u32 size, u32 *left) {
    z_stream *stream = stream_of(inflater);
    int status = Z_OK;
    stream->next_out = to;
    stream->avail_out = size;
    while (status == Z_OK && stream->avail_out) {
        if (!stream->avail_in && !next_piece(inflater))
            return false;
        status = inflate(stream, Z_NO_FLUSH);
    }
    if (status != Z_OK && status != Z_STREAM_END)
        return fail(inflater, ERROR_GZIP_DATA, stream->msg);
    *left = stream->avail_out;
    add_to_crc(inflater, to, size - *left);
    return true;
}

static bool unpack_all(struct inflater *inflater, u8 *to, u32 size) {
    u32 left;
    return unpack(inflater, to, size, &left) && (!left || fail_size(inflater));
}

/* After the last byte that the file is said to have: the stream must end, and the file with it. */
static bool check_end(struct inflater *inflater) {
    u32 left, crc, size;
    if (!unpack(inflater, inflater->passed_over, 1, &left))
        return false;
    u32 found = inflater->crc;
    if (!left)
        return fail_size(inflater);
    if (!take(inflater, 4, &crc) || !take(inflater, 4, &size))
        return false;
    /* Then the size is right too, for it was read from the end of the file. */
    if (stream_of(inflater)->avail_in || inflater->next_piece != inflater->file->packed.size)
        return fail_size(inflater);
    if (crc != found) {
        fail(inflater, ERROR_GZIP_CRC, NULL);
        inflater->error.values.number[0] = found;
        inflater->error.values.number[1] = crc;
        return false;
    }
    return true;
}

/* ---- the source ---- */

static bool read_at(struct inflater *inflater, u32 at, u64 offset, u8 *to, u32 size) {
    while (at < offset) {
        u32 part = (u32)min_u64(offset - at, sizeof inflater->passed_over);
        if (!unpack_all(inflater, inflater->passed_over, part))
            return false;
        at += part;
    }
    if (!unpack_all(inflater, to, size))
        return false;
    at += size;
    if (at == inflater->file->size && !check_end(inflater))
        return false;
    inflater->position = at;
    return true;
}

/* The caller is source_read(), so offset + size lies within the file. */
static struct error read_unpacked(void *context, u64 offset, void *to, size_t size) {
    const struct gzip_file *file = context;
    struct inflater *inflater = file->inflater;
    u32 at = inflater->position;
    bool again = inflater->file != file || offset < at;
    /* Until all went well, there is no going on from here. */
    inflater->position = GZIP_START_AGAIN;
    if ((again && !start(inflater, file)) ||
        !read_at(inflater, again ? 0 : at, offset, to, (u32)size))
        return inflater->error;
    return OK;
}

struct error gzip_open(struct gzip_file *file, struct inflater *inflater, struct source *data) {
    u8 bytes[4];
    file->inflater = NULL;
    if (data->size < sizeof bytes)
        return OK;
    TRY(source_read(data, 0, bytes, sizeof bytes));
    if ((load32(bytes) & 0xffffff) != MAGIC)
        return OK;
    if (data->size < SHORTEST_FILE)
        return error_make(ERROR_GZIP_TRUNCATED, .name = data->name, .number = {data->size});
    TRY(source_read(data, data->size - sizeof bytes, bytes, sizeof bytes));
    u32 size = load32(bytes);
    if (size > data->size * RATIO_MAX)
        return error_make(ERROR_GZIP_SIZE, .name = data->name, .number = {size});
    *file = (struct gzip_file){*data, inflater, size};
    inflater->file = NULL;
    *data = (struct source){
        .read = read_unpacked, .context = file, .size = file->size, .name = file->packed.name};
    return OK;
}

struct error gzip_check(struct gzip_file *file) {
    u8 last;
    struct inflater *inflater = file->inflater;
    if (!inflater || !file->size || (inflater->file == file && inflater->position == file->size))
        return OK;
    return read_unpacked(file, file->size - 1, &last, 1);
}
