/* One token, from any place of a text of CONFIG_BYTES_MAX bytes, whatever was read before it. A
 * shorter text needs no proof of its own: it is the end of a longer one, and all that is asked of
 * its start is asked at the start of this one too (lexer_go).
 *
 * Values of variables and arguments of a call are strings of up to two characters, and there are
 * up to two arguments of one character each: their characters go one by one where those of the text
 * go. */
#include "prove.h"

#include "language.h"

enum { SIZE = CONFIG_BYTES_MAX, KEYWORD_SIZE = 12 };

struct config config;
u8 text[SIZE];
char value[3], arguments[2 * 2];

static bool any(void) {
    return Frama_C_interval(0, 1);
}

/* Stands for variables.c: finds any string, or none. */
const char *config_value(struct config *c, const char *name, size_t length) {
    //@ assert name: \valid_read(name) && \valid_read(name + length - 1);
    Frama_C_make_unknown(value, sizeof value - 1);
    return any() ? value : NULL;
}

static struct config_spot any_spot(void) {
    return (struct config_spot){.at = Frama_C_unsigned_int_interval(0, SIZE),
                                .line = Frama_C_unsigned_short_interval(0, 0xffff),
                                .file = (u8)Frama_C_interval(0, CONFIG_FILES_MAX - 1)};
}

static void any_arguments(struct config *c) {
    u32 count = Frama_C_unsigned_int_interval(0, 2);
    //@ split count;
    c->argument_count = count;
    c->arguments = arguments;
    Frama_C_make_unknown(arguments, 1);
    Frama_C_make_unknown(arguments + 2, 1);
}

static void any_token(struct config *c) {
    lexer_go(c, any_spot());
    c->line_start = Frama_C_unsigned_int_interval(0, SIZE);
    c->line_used = Frama_C_unsigned_int_interval(0, CONFIG_LINE_MAX);
    c->word_count = Frama_C_unsigned_int_interval(0, CONFIG_WORDS_MAX);
    any_arguments(c);
    c->dry = any();
    c->plain = any();
    c->full = any();
    c->status = any();
    lexer_next(c);
    //@ assert place: c->spot.at <= SIZE && c->token_spot.at <= SIZE;
    //@ assert words: c->word_count <= CONFIG_WORDS_MAX && c->line_used <= CONFIG_LINE_MAX;
    lexer_again(c);
    keyword_name((enum keyword)Frama_C_interval(0, KEYWORD_SUBMENU));
}

/* A word that ends the text, of each size up to that of the longest keyword and beyond. */
static void any_keyword(struct config *c) {
    u32 size = Frama_C_unsigned_int_interval(1, KEYWORD_SIZE);
    //@ split size;
    c->plain = any();
    c->token_spot.at = SIZE - size;
    c->spot.at = SIZE;
    lexer_keyword(c);
}

void prove(void) {
    //@ widen_hints global:"all", SIZE - 1, SIZE, CONFIG_LINE_MAX, CONFIG_WORDS_MAX;
    Frama_C_make_unknown((char *)text, SIZE);
    for (u32 i = 0; i < CONFIG_FILES_MAX; i++)
        config.files[i] = (struct config_file){"file", {text, SIZE}};
    config.source = config.files[0].text;
    if (any())
        any_token(&config);
    else
        any_keyword(&config);
}
