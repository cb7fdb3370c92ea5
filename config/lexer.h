/* From characters to words and separators.
 *
 * Words go straight into the config: one piece of source text can become no word (an undefined
 * variable) or several (a variable with spaces, outside quotes), so a token says only that words
 * were added, not how many. */
#ifndef CONFIG_LEXER_H
#define CONFIG_LEXER_H

#include "language.h"

enum token {
    TOKEN_END,
    TOKEN_BREAK, /* a line end or a ; */
    TOKEN_OPEN,  /* { */
    TOKEN_CLOSE, /* } */
    TOKEN_WORDS, /* the config has 0 or more words more */
};

struct lexer {
    struct config *config;
    struct bytes text;
    size_t at;         /* in text */
    size_t line_start; /* in text */
    u32 line;          /* 1-based */
    struct place word; /* where the word being built begins in the text */
    u32 word_start;    /* and in config->text */
    bool word_begun;   /* it has a character or a quote, so it counts even if it stays empty */
    bool full;         /* config->text is: characters were lost */
};

struct lexer lexer_make(struct config *config);

/* Errors: CONFIG_CHARACTER, for any byte of the text. To be asked once, before anything else. */
MUST_USE struct error lexer_check(struct bytes text);

/* `place` is where the token begins. Errors: CONFIG_QUOTE, CONFIG_ARGUMENTS, CONFIG_TOO_BIG. */
MUST_USE struct error lexer_next(struct lexer *lexer, enum token *token, struct place *place);

#endif
