#include "lexer.h"

enum { END_OF_TEXT = -1 };

struct lexer lexer_make(struct config *config) {
    return (struct lexer){.config = config, .text = config->source, .line = 1};
}

struct error lexer_check(struct bytes text) {
    struct place place = {1, 1};
    for (size_t i = 0; i < text.size; i++, place.column++) {
        u8 c = text.at[i];
        if (c == '\n')
            place = (struct place){place.line + 1, 0};
        else if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f)
            return config_error_number(ERROR_CONFIG_CHARACTER, place, NULL, c);
    }
    return OK;
}

static bool at_crlf(const struct lexer *lexer) {
    return lexer->text.at[lexer->at] == '\r' && lexer->at + 1 < lexer->text.size &&
           lexer->text.at[lexer->at + 1] == '\n';
}

/* CRLF reads as one line end, here and in advance(), and nowhere else does it matter. */
static int current(const struct lexer *lexer) {
    if (lexer->at >= lexer->text.size)
        return END_OF_TEXT;
    return at_crlf(lexer) ? '\n' : lexer->text.at[lexer->at];
}

/* Not to be called at the end of the text. */
static void advance(struct lexer *lexer) {
    if (at_crlf(lexer))
        lexer->at++;
    if (lexer->text.at[lexer->at++] == '\n') {
        lexer->line++;
        lexer->line_start = lexer->at;
    }
}

static struct place here(const struct lexer *lexer) {
    return (struct place){lexer->line, (u32)(lexer->at - lexer->line_start) + 1};
}

static bool is_blank(int c) {
    return c == ' ' || c == '\t' || c == '\r';
}

static void begin_word(struct lexer *lexer) {
    lexer->word_start = lexer->config->text_used;
    lexer->word_begun = false;
}

/* One error for the whole word, in finish_word(), keeps this cheap: it runs for every character. */
static void put(struct lexer *lexer, int c) {
    struct config *config = lexer->config;
    if (config->text_used == CONFIG_TEXT_MAX) {
        lexer->full = true;
        return;
    }
    config->text[config->text_used++] = (char)c;
    lexer->word_begun = true;
}

static struct error finish_word(struct lexer *lexer) {
    struct config *config = lexer->config;
    if (lexer->word_begun)
        put(lexer, 0);
    if (lexer->full)
        return config_too_many("characters", CONFIG_TEXT_MAX, lexer->word);
    if (!lexer->word_begun)
        return OK;
    if (config->word_count == CONFIG_WORDS_MAX)
        return config_too_many("words", CONFIG_WORDS_MAX, lexer->word);
    u32 index = config->word_count++;
    config->words[index] = config->text + lexer->word_start;
    config->word_line[index] = (u16)lexer->word.line;
    config->word_column[index] = (u16)lexer->word.column;
    begin_word(lexer);
    return OK;
}

/* A variable's value is split into words at its spaces, unless it stands in quotes. */
static struct error put_value(struct lexer *lexer, const char *value, bool quoted) {
    for (; *value && !lexer->full; value++) {
        if (!quoted && (is_blank(*value) || *value == '\n'))
            TRY(finish_word(lexer));
        else
            put(lexer, *value);
    }
    return OK;
}

/* $name or ${name}; any other $ stands for itself. */
static struct error read_variable(struct lexer *lexer, bool quoted) {
    struct place place = here(lexer);
    advance(lexer);
    bool braced = current(lexer) == '{';
    if (braced)
        advance(lexer);
    const u8 *name = lexer->text.at + lexer->at;
    size_t start = lexer->at;
    while (config_is_name_char(current(lexer)))
        advance(lexer);
    size_t length = lexer->at - start;
    if (braced && (!length || current(lexer) != '}'))
        return config_error(ERROR_CONFIG_ARGUMENTS, place, "${", "a variable's name and a }");
    if (braced)
        advance(lexer);
    else if (!length)
        put(lexer, '$');
    const struct config_variable *variable =
        config_find_variable(lexer->config, (const char *)name, length);
    return variable ? put_value(lexer, variable->value, quoted) : OK;
}

/* In double quotes a backslash acts before these only and else stands for itself. */
static void read_quoted_backslash(struct lexer *lexer) {
    advance(lexer);
    int c = current(lexer);
    if (c != '"' && c != '\\' && c != '$' && c != '\n') {
        put(lexer, '\\');
        return;
    }
    advance(lexer);
    if (c != '\n')
        put(lexer, c);
}

/* Quoted text may span lines, as in GRUB. */
static struct error read_quoted(struct lexer *lexer, int quote) {
    struct place place = here(lexer);
    advance(lexer);
    lexer->word_begun = true;
    for (int c; (c = current(lexer)) != quote;) {
        if (c == END_OF_TEXT)
            return config_error_number(ERROR_CONFIG_QUOTE, place, NULL, (u32)quote);
        if (c == '\\' && quote == '"') {
            read_quoted_backslash(lexer);
        } else if (c == '$' && quote == '"') {
            TRY(read_variable(lexer, true));
        } else {
            put(lexer, c);
            advance(lexer);
        }
    }
    advance(lexer);
    return OK;
}

/* Outside quotes: the next character as it is, and a line end not at all. */
static void read_backslash(struct lexer *lexer) {
    advance(lexer);
    int c = current(lexer);
    if (c == END_OF_TEXT)
        return;
    advance(lexer);
    if (c != '\n')
        put(lexer, c);
}

static struct error read_words(struct lexer *lexer) {
    lexer->word = here(lexer);
    begin_word(lexer);
    for (;;) {
        int c = current(lexer);
        switch (c) {
        case END_OF_TEXT:
        case ' ':
        case '\t':
        case '\r':
        case '\n':
        case ';':
        case '{':
        case '}': return finish_word(lexer);
        case '\'':
        case '"': TRY(read_quoted(lexer, c)); break;
        case '\\': read_backslash(lexer); break;
        case '$': TRY(read_variable(lexer, false)); break;
        default: put(lexer, c); advance(lexer);
        }
    }
}

/* Stops where a word or a separator begins: after blanks, joined line ends and a comment. */
static void skip_blanks(struct lexer *lexer) {
    for (;;) {
        int c = current(lexer);
        if (is_blank(c)) {
            advance(lexer);
        } else if (c == '\\') {
            struct lexer after = *lexer;
            advance(&after);
            if (current(&after) != '\n')
                return;
            advance(&after);
            *lexer = after;
        } else {
            break;
        }
    }
    if (current(lexer) == '#')
        while (current(lexer) != '\n' && current(lexer) != END_OF_TEXT)
            advance(lexer);
}

struct error lexer_next(struct lexer *lexer, enum token *token, struct place *place) {
    skip_blanks(lexer);
    *place = here(lexer);
    switch (current(lexer)) {
    case END_OF_TEXT: *token = TOKEN_END; return OK;
    case '\n':
    case ';': *token = TOKEN_BREAK; break;
    case '{': *token = TOKEN_OPEN; break;
    case '}': *token = TOKEN_CLOSE; break;
    default: *token = TOKEN_WORDS; return read_words(lexer);
    }
    advance(lexer);
    return OK;
}
