#include "linux_line.h"

#include "options.h"
#include "range.h"

static size_t word_length(const char *word) {
    size_t length = 0;
    for (bool quoted = false; word[length] && (quoted || word[length] != ' '); length++)
        quoted ^= word[length] == '"';
    return length;
}

struct error linux_line_read(const char *at, struct linux_line *line) {
    enum { NAME = 4 };
    *line = (struct linux_line){.has_vga = false};
    for (size_t length; *at; at += length + (at[length] == ' ')) {
        u64 number = 0;
        length = word_length(at);
        bool mem = string_starts(at, "mem="), vga = string_starts(at, "vga=");
        if (!mem && !vga)
            continue;
        if (vga && string_starts(at + NAME, "ask"))
            return error_make(ERROR_LINUX_ASK);
        bool is_number = config_size(at + NAME, length - NAME, &number);
        if (vga) {
            line->has_vga = true;
            line->vga = is_number ? (u32)min_u64(number, 0xffff) : 0xffff;
        } else { /* less one: 0 is more than all */
            line->memory_end = min_u64(line->memory_end - 1, number - 1) + 1;
        }
    }
    return OK;
}

void linux_line_video(u32 vga, struct text *list) {
    static const u16 sizes[][2] = {{320, 200},  {640, 480},   {800, 600},
                                   {1024, 768}, {1280, 1024}, {1600, 1200}};
    static const u8 depths[] = {15, 16, 24};
    /* From 10Dh on size by size; between the last two is one of 256 colours. These are every other
     * one from 101h on. */
    u32 direct = vga - 0x30d, packed = vga - 0x301, size = 1 + packed / 2, depth = 8;
    if (direct < 19 && direct != 15) {
        direct -= direct > 15;
        size = direct / 3;
        depth = depths[direct % 3];
    } else if (packed >= 8 || packed & 1) {
        text_string(list, "text");
        return;
    }
    struct text_values values = {.number = {sizes[size][0], sizes[size][1], depth}};
    text_fill(list, "{0}x{1}x{2},{0}x{1}", &values);
}
