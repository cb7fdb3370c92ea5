/* Any words as options of a kernel, as the note that a kernel carries, as a list of video modes, as
 * the name of a device and as Linux's command line.
 *
 *   input   | which of these | a NUL-terminated text ... */
#include "fuzz.h"
#include "linux_line.h"
#include "options.h"
#include "script.h"
#include "video_list.h"

enum { TEXT_MAX = 300 };

static void check_options(const struct kernel_options *options) {
    MUST(options->stack_size >= CONFIG_STACK_MIN && options->stack_size <= CONFIG_STACK_MAX);
    MUST(!(options->stack_size & 0xfff) && options->map_count <= OPTION_MAPS_MAX);
    MUST(!*options->video || video_is_list(options->video));
}

/* The words one by one, as the configuration gives them. */
static void parse_words(char *words) {
    struct kernel_options options = kernel_options_default();
    for (char *word = words, *next; *word; word = next) {
        size_t length = strcspn(word, " ");
        next = word + length + (word[length] == ' ');
        word[length] = 0;
        struct error error = kernel_option_parse(word, &options);
        show_error(error);
        if (error.code)
            return;
        check_options(&options);
    }
}

static void parse_note(char *note) {
    struct kernel_options options = kernel_options_default();
    struct error error = kernel_options_note("fuzz", note, &options);
    show_error(error);
    if (!error.code)
        check_options(&options);
}

static void read_video(const char *list) {
    struct video_wish wish;
    const char *at = list;
    u32 count = 0;
    while (*at && video_next_wish(&at, &wish))
        MUST(++count <= TEXT_MAX);
    MUST(at >= list && at <= list + strlen(list));
}

static void read_line(const char *words) {
    struct linux_line line;
    char buffer[32];
    struct text list = TEXT_IN(buffer);
    struct error error = linux_line_read(words, &line);
    show_error(error);
    if (!error.code && line.has_vga) {
        linux_line_video(line.vga, &list);
        MUST(video_is_list(buffer));
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    struct feed feed = {data, size};
    u32 which = feed_below(&feed, 5);
    struct bytes bytes = feed_bytes(&feed, TEXT_MAX);
    char *text = malloc(bytes.size + 1);
    memcpy(text, bytes.at, bytes.size);
    text[bytes.size] = 0;
    switch (which) {
    case 0: parse_words(text); break;
    case 1: parse_note(text); break;
    case 2: read_video(text); break;
    case 3: read_line(text); break;
    default: MUST(device_parse(text).kind <= DEVICE_OTHER);
    }
    free(text);
    return 0;
}
