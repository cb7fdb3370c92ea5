#include "video_list.h"
#include "text.h"

static bool is_end(char c) {
    return !c || c == ',' || c == ';';
}

/* Decimal, at most four digits, not 0. */
static const char *read_number(const char *at, u32 *number) {
    *number = 0;
    /*@ loop invariant string(at) && *number < 10000;
        loop assigns at, *number;
        loop variant length_of(at); */
    for (; *at >= '0' && *at <= '9' && *number < 1000; at++)
        *number = *number * 10 + (u32)(*at - '0');
    return at;
}

static bool read_size(const char *at, const char **end, struct video_wish *wish) {
    at = read_number(at, &wish->width);
    if (*at != 'x')
        return false;
    at = read_number(at + 1, &wish->height);
    if (*at == 'x') {
        at = read_number(at + 1, &wish->depth);
        if (!wish->depth)
            return false;
    }
    *end = at;
    return wish->width && wish->height;
}

static const char *after_word(const char *at, const char *word) {
    return string_starts(at, word) ? at + string_length(word) : at;
}

bool video_next_wish(const char **list, struct video_wish *wish) {
    const char *at = *list, *end;
    *wish = (struct video_wish){.text = false};
    end = after_word(at, "auto");
    if (end == at) {
        end = after_word(after_word(at, "text"), "keep");
        wish->text = end != at;
    }
    if ((end == at && !read_size(at, &end, wish)) || !is_end(*end))
        return false;
    *list = *end ? end + 1 : end;
    return true;
}

bool video_is_list(const char *list) {
    struct video_wish wish;
    if (!*list)
        return false;
    while (*list)
        if (!video_next_wish(&list, &wish))
            return false;
    return true;
}
