#include "notes.h"

enum {
    HEADER_SIZE = 12,
    HEAD_SIZE = 20, /* the header and a name of up to 8 bytes */
    NOTE_ALIGNMENT = 4,
    TYPE_BUILD_ID = 3, /* of "GNU" */
    TYPE_OPTIONS = 1,  /* of "Aloft" */
    TYPE_PVH = 18,     /* of "Xen" */
};

struct note {
    u32 at; /* of the descriptor, in the PT_NOTE */
    u32 size;
};

/* `name` with its NUL is `size` bytes. */
static bool is_note(const u8 *head, const char *name, size_t size, u32 type) {
    return load32(head) == size && load32(head + 8) == type &&
           !memcmp(head + HEADER_SIZE, name, size);
}

/* Of a longer build-id the first bytes are kept. */
static struct error read_build_id(const struct source *notes, struct note note,
                                  struct image *image) {
    image->build_id_size = note.size < ELF_BUILD_ID_MAX ? note.size : ELF_BUILD_ID_MAX;
    return source_read(notes, note.at, image->build_id, image->build_id_size);
}

/* An address of 4 or 8 bytes (xen/include/public/elfnote.h, XEN_ELFNOTE_PHYS32_ENTRY). */
static struct error read_pvh_entry(const struct source *notes, struct note note,
                                   struct image *image) {
    u8 address[8] = {0};
    TRY(source_read(notes, note.at, address, note.size < 8 ? note.size : 8));
    image->pvh_entry = load64(address);
    return OK;
}

static struct error options_too_long(const struct image *image) {
    return error_make(ERROR_ELF_OPTIONS_LONG, .name = image->name, .number = {ELF_OPTIONS_MAX - 1});
}

/* The descriptor is a string; NULs at its end may be any number, none included. */
static struct error read_options(const struct source *notes, struct note note,
                                 struct image *image) {
    char piece[ELF_OPTIONS_MAX] = {0};
    struct text options = {image->options, ELF_OPTIONS_MAX, image->options_size};
    size_t size = note.size;
    if (size > sizeof piece)
        return options_too_long(image);
    TRY(source_read(notes, note.at, piece, size));
    while (size && !piece[size - 1])
        size--;
    if (options.used)
        text_char(&options, ' ');
    if (size >= options.size - options.used)
        return options_too_long(image);
    for (size_t i = 0; i < size; i++) {
        if ((u8)piece[i] < ' ' || piece[i] == 0x7f)
            return error_make(ERROR_ELF_OPTIONS_CHARACTER, .name = image->name,
                              .number = {i, (u8)piece[i]});
        text_char(&options, piece[i]);
    }
    image->options_size = (u32)options.used;
    return OK;
}

static u32 padded(u32 size) {
    return (size + NOTE_ALIGNMENT - 1) & ~(u32)(NOTE_ALIGNMENT - 1);
}

/* The note at *at, or a word of padding there, and *at moves behind it. */
static struct error read_note(const struct source *notes, u32 *at, struct image *image) {
    u8 head[HEAD_SIZE] = {0};
    u32 left = (u32)notes->size - *at;
    TRY(source_read(notes, *at, head, left < HEAD_SIZE ? left : HEAD_SIZE));
    u32 name_size = load32(head), size = load32(head + 4);
    if (!name_size) {
        *at += NOTE_ALIGNMENT;
        return OK;
    }
    u32 before = HEADER_SIZE + padded(name_size);
    if (name_size > left || before > left || size > left - before)
        return error_make(ERROR_ELF_NOTE, .name = image->name,
                          .number = {*at, name_size, size, left});
    struct note note = {*at + before, size};
    u32 whole = before + padded(size);
    *at += whole < left ? whole : left;
    if (is_note(head, "GNU", sizeof "GNU", TYPE_BUILD_ID))
        return read_build_id(notes, note, image);
    if (is_note(head, "Xen", sizeof "Xen", TYPE_PVH))
        return read_pvh_entry(notes, note, image);
    if (is_note(head, "Aloft", sizeof "Aloft", TYPE_OPTIONS))
        return read_options(notes, note, image);
    return OK;
}

static struct error too_many(const struct image *image, u32 limit, const char *things) {
    return error_make(ERROR_ELF_TOO_MANY, .name = image->name, .other = things, .number = {limit});
}

struct error elf_read_notes(const struct source *file, u64 offset, u64 size, u32 *seen,
                            struct image *image) {
    struct source notes;
    TRY(source_slice(file, offset, size, &notes));
    if (size > ELF_NOTES_SIZE_MAX)
        return too_many(image, ELF_NOTES_SIZE_MAX, "bytes of notes");
    for (u32 at = 0; (u32)size - at >= NOTE_ALIGNMENT; ++*seen) {
        if (*seen == ELF_NOTES_MAX)
            return too_many(image, ELF_NOTES_MAX, "notes");
        TRY(read_note(&notes, &at, image));
    }
    return OK;
}
