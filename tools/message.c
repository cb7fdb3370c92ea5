#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "command.h"

enum { LINE_SIZE = 1024 };

static void say(const char *who, const char *kind, const char *format, va_list values) {
    fflush(stdout);
    fprintf(stderr, "%s: %s", who, kind);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
}

void die(const char *who, const char *format, ...) {
    va_list values;
    va_start(values, format);
    say(who, "", format, values);
    va_end(values);
    exit(OUTCOME_FAILED);
}

bool complain(const char *who, const char *format, ...) {
    va_list values;
    va_start(values, format);
    say(who, "", format, values);
    va_end(values);
    return false;
}

void warn(const char *who, const char *format, ...) {
    va_list values;
    va_start(values, format);
    say(who, "warning: ", format, values);
    va_end(values);
}

void *make_room(size_t count, size_t size) {
    void *room = calloc(count ? count : 1, size);
    if (!room)
        die("aloft", "out of memory");
    return room;
}

char *make_text(const char *format, ...) {
    va_list values, again;
    va_start(values, format);
    va_copy(again, values);
    int length = vsnprintf(NULL, 0, format, values);
    va_end(values);
    if (length < 0)
        die("aloft", "a text cannot be made");
    char *text = make_room((size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *size_name(u64 bytes) {
    char buffer[32];
    struct text text = TEXT_IN(buffer);
    text_size(&text, bytes);
    return make_text("%s", buffer);
}

/* The line, and a mark under the column; a tab in the line is a tab in front of the mark. */
static void show_line(FILE *to, const struct config *config, const struct error *error) {
    struct bytes line = config_line(config, error->line);
    fprintf(to, "%6u | %.*s\n       | ", error->line, (int)line.size, (const char *)line.at);
    for (u32 i = 0; i + 1 < error->column; i++)
        fputc(i < line.size && line.at[i] == '\t' ? '\t' : ' ', to);
    fputs("^\n", to);
}

void print_error(FILE *to, const struct error *error, const struct config *config,
                 const char *config_path) {
    char buffer[LINE_SIZE];
    struct text text = TEXT_IN(buffer);
    fprintf(to, "E%d: ", (int)error->code);
    if (error->line && config_path)
        fprintf(to, "%s:%u:%u: ", config_path, error->line, error->column);
    error_text(error, &text);
    fprintf(to, "%s\n", buffer);
    if (error->line && config_path)
        show_line(to, config, error);
    text = TEXT_IN(buffer);
    error_fix(error, &text);
    fprintf(to, "What to do: %s\n", buffer);
}

bool parse_size(const char *word, u64 *bytes) {
    char *end;
    errno = 0;
    unsigned long long number = strtoull(word, &end, 10);
    u32 shift = 20;
    switch (*end) {
    case 'K':
    case 'k': shift = 10; break;
    case 'M':
    case 'm':
    case 0: break;
    case 'G':
    case 'g': shift = 30; break;
    default: return false;
    }
    if (*word < '0' || *word > '9' || errno || number > ((u64)1 << 50) >> shift || (*end && end[1]))
        return false;
    *bytes = (u64)number << shift;
    return true;
}
