/* From characters to words: quoting, joined lines, comments, and variables in place. */
#include "language.h"

enum { END_OF_TEXT = -1 };

/* At a CR. */
static bool at_crlf(const struct config *c) {
    return c->spot.at + 1 < c->source.size && c->source.at[c->spot.at + 1] == '\n';
}

/* CRLF reads as one line end, here and in advance(), and nowhere else does it matter. */
static int current(const struct config *c) {
    if (c->spot.at >= c->source.size)
        return END_OF_TEXT;
    u8 character = c->source.at[c->spot.at];
    return character == '\r' && at_crlf(c) ? '\n' : character;
}

/* Not to be called at the end of the text. */
static void advance(struct config *c) {
    u8 character = c->source.at[c->spot.at];
    if (character == '\r')
        c->spot.at += at_crlf(c);
    else if (character != '\n') {
        c->spot.at++;
        return;
    }
    if (c->source.at[c->spot.at++] == '\n') {
        c->spot.line++;
        c->line_start = c->spot.at;
    }
}

static struct config_place here(const struct config *c) {
    return (struct config_place){c->spot.line, (u16)(c->spot.at - c->line_start + 1)};
}

void lexer_go(struct config *c, struct config_spot spot) {
    c->spot = spot;
    c->file = c->files[spot.file].name;
    c->source = c->files[spot.file].text;
    while (spot.at && c->source.at[spot.at - 1] != '\n')
        spot.at--;
    c->line_start = spot.at;
}

void lexer_again(struct config *c) {
    c->spot = c->token_spot;
}

static void begin_word(struct config *c) {
    c->word_start = c->line_used;
    c->word_begun = false;
}

/* One error for the whole word, in finish_word(), keeps this cheap: it runs for every character. */
static void put(struct config *c, int character) {
    if (c->dry)
        return;
    c->word_begun = true;
    if (c->line_used == CONFIG_LINE_MAX)
        c->full = true;
    else
        c->line[c->line_used++] = (char)character;
}

static bool finish_word(struct config *c) {
    if (!c->word_begun)
        return true;
    put(c, 0);
    if (c->full)
        return config_too_many(c, "characters in a command", CONFIG_LINE_MAX);
    if (c->word_count == CONFIG_WORDS_MAX)
        return config_too_many(c, "words in a command", CONFIG_WORDS_MAX);
    u32 index = c->word_count++;
    c->words[index] = c->line + c->word_start;
    c->places[index] = c->place;
    begin_word(c);
    return true;
}

/* A variable's value is split into words at its spaces, unless it stands in quotes. */
static bool put_value(struct config *c, const char *value, bool quoted) {
    for (; *value && !c->full; value++) {
        if (!quoted && (is_blank(*value) || *value == '\n'))
            MUST(finish_word(c));
        else
            put(c, *value);
    }
    return true;
}

/* $@ and $*: the difference shows in quotes only, where $@ keeps the words apart. */
static bool put_arguments(struct config *c, int which, bool quoted) {
    const char *argument = c->arguments;
    for (u32 i = 0; i < c->argument_count; i++, argument = string_next(argument)) {
        if (i && quoted && which == '*')
            put(c, ' ');
        else if (i)
            MUST(finish_word(c));
        c->word_begun |= quoted;
        MUST(put_value(c, argument, quoted));
    }
    return true;
}

/* $0 is nothing, as in GRUB. */
static const char *argument_of(const struct config *c, const u8 *digits, size_t length) {
    u64 number;
    if (!config_number((const char *)digits, length, &number) || number - 1 >= c->argument_count)
        return NULL;
    const char *argument = c->arguments;
    while (--number)
        argument = string_next(argument);
    return argument;
}

static bool is_digit(int character) {
    return (u32)(character - '0') < 10;
}

/* What stands between $ or ${ and its end: `length` characters. */
static bool put_named(struct config *c, const u8 *name, size_t length, bool quoted) {
    const char *value;
    char count[12];
    if (c->dry)
        return true;
    switch (*name) {
    case '@':
    case '*': return put_arguments(c, *name, quoted);
    case '?': value = c->status ? "0" : "1"; break;
    case '#': {
        struct text text = TEXT_IN(count);
        text_decimal(&text, c->argument_count);
        value = count;
        break;
    }
    default:
        value = is_digit(*name) ? argument_of(c, name, length)
                                : config_value(c, (const char *)name, length);
    }
    return !value || put_value(c, value, quoted);
}

/* The characters of a name: of a variable, of a number, or one of ? # @ *. */
static void pass_name(struct config *c) {
    int first = current(c);
    if (first == '?' || first == '#' || first == '@' || first == '*')
        advance(c);
    else
        /*@ loop invariant \at(c->spot.at, Pre) <= c->spot.at <= c->source.size;
            loop assigns c->spot, c->line_start;
            loop variant c->source.size - c->spot.at; */
        while (is_digit(first) ? is_digit(current(c)) : is_name_char(current(c)))
            advance(c);
}

/* $name or ${name}; any other $ stands for itself. */
static bool read_variable(struct config *c, bool quoted) {
    struct config_place place = here(c);
    advance(c);
    bool braced = current(c) == '{';
    if (braced)
        advance(c);
    u32 start = c->spot.at;
    pass_name(c);
    u32 length = c->spot.at - start;
    if (braced) {
        if (!length || current(c) != '}')
            return config_takes(c, place, "${", "a variable's name and a }");
        advance(c);
    } else if (!length) {
        put(c, '$');
        return true;
    }
    return put_named(c, c->source.at + start, length, quoted);
}

/* In double quotes a backslash acts before these only and else stands for itself. */
static void read_quoted_backslash(struct config *c) {
    advance(c);
    int character = current(c);
    if (character != '"' && character != '\\' && character != '$' && character != '\n') {
        put(c, '\\');
        return;
    }
    advance(c);
    if (character != '\n')
        put(c, character);
}

/* Quoted text may span lines, as in GRUB. */
static bool read_quoted(struct config *c, int quote) {
    struct config_place place = here(c);
    advance(c);
    c->word_begun = !c->dry;
    for (int character; (character = current(c)) != quote;) {
        if (character == END_OF_TEXT)
            return config_fail_number(c, ERROR_CONFIG_QUOTE, place, NULL, (u32)quote);
        if (character == '\\' && quote == '"') {
            read_quoted_backslash(c);
        } else if (character == '$' && quote == '"') {
            MUST(read_variable(c, true));
        } else {
            put(c, character);
            advance(c);
        }
    }
    advance(c);
    return true;
}

/* Outside quotes: the next character as it is, and a line end not at all. */
static void read_backslash(struct config *c) {
    advance(c);
    int character = current(c);
    if (character == END_OF_TEXT)
        return;
    advance(c);
    if (character != '\n')
        put(c, character);
}

static bool read_words(struct config *c) {
    begin_word(c);
    c->plain = true;
    for (;;) {
        int character = current(c);
        bool plain = false;
        switch (character) {
        case END_OF_TEXT:
        case ' ':
        case '\t':
        case '\r':
        case '\n':
        case ';':
        case '{':
        case '}': return finish_word(c);
        case '\'':
        case '"': MUST(read_quoted(c, character)); break;
        case '\\': read_backslash(c); break;
        case '$': MUST(read_variable(c, false)); break;
        default:
            plain = true;
            put(c, character);
            advance(c);
        }
        c->plain &= plain;
    }
}

/* Stops where a word or a separator begins: after blanks, joined line ends and a comment. */
static void skip_blanks(struct config *c) {
    for (;;) {
        int character = current(c);
        if (is_blank(character)) {
            advance(c);
        } else if (character == '\\') {
            c->token_spot = c->spot;
            advance(c);
            if (current(c) != '\n') {
                lexer_again(c);
                return;
            }
            advance(c);
        } else {
            break;
        }
    }
    if (current(c) == '#')
        while (current(c) != '\n' && current(c) != END_OF_TEXT)
            advance(c);
}

static enum token read_token(struct config *c) {
    switch (current(c)) {
    case END_OF_TEXT: return TOKEN_END;
    case '\n':
    case ';': advance(c); return TOKEN_BREAK;
    case '{': advance(c); return TOKEN_OPEN;
    case '}': advance(c); return TOKEN_CLOSE;
    default: return read_words(c) ? TOKEN_WORDS : TOKEN_ERROR;
    }
}

enum token lexer_next(struct config *c) {
    u32 start = c->spot.at;
    skip_blanks(c);
    c->place = here(c);
    c->token_spot = c->spot;
    enum token token = read_token(c);
    c->work += c->spot.at - start + 1;
    return token;
}

/* Each behind the one before, in the order of enum keyword. */
static const char keywords[] =
    "if\0while\0until\0for\0fi\0done\0elif\0else\0then\0do\0!\0function\0"
    "case\0select\0menuentry\0submenu\0";

const char *keyword_name(enum keyword keyword) {
    const char *name = keywords;
    for (u32 i = 0; i < (u32)keyword; i++)
        name = string_next(name);
    return name;
}

enum keyword lexer_keyword(const struct config *c) {
    const char *word = (const char *)c->source.at + c->token_spot.at;
    return c->plain ? (enum keyword)name_index(keywords, word, c->spot.at - c->token_spot.at)
                    : KEYWORD_NONE;
}
