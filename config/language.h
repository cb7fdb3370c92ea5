/* What the files of config/ know in common. Everybody else includes config.h, script.h or
 * request.h.
 *
 * Inside config/ a function that can fail returns false and leaves the error in config->error;
 * the functions that callers see turn that into a value. A struct error of 50 bytes passed up at 80
 * places would cost the loader a fifth of this module. */
#ifndef CONFIG_LANGUAGE_H
#define CONFIG_LANGUAGE_H

#include "script.h"

#define MUST(step)        \
    do {                  \
        if (!(step))      \
            return false; \
    } while (0)

/* --- language.c: names, numbers, errors --- */

/* Always false. */
bool config_fail(struct config *config, enum error_code code, struct config_place place,
                 const char *name, const char *other);
bool config_fail_number(struct config *config, enum error_code code, struct config_place place,
                        const char *name, u32 number);

/* CONFIG_TOO_BIG, at the command that is being executed. Always false. */
bool config_too_many(struct config *config, const char *what, u32 limit);

/* CONFIG_ARGUMENTS: "name takes what". Always false. */
bool config_takes(struct config *config, struct config_place place, const char *name,
                  const char *what);

/* The value of config->error for a caller. */
struct error config_outcome(struct config *config, bool ok);

enum command_kind config_command_kind(const char *word);

/* CONFIG_COMMAND, which names the command that was probably meant. Always false. */
bool config_unknown(struct config *config, const char *word, struct config_place place);

/* Decimal, or hexadecimal with 0x. False if it is not a number from end to end, or more than 64
 * bits. */
MUST_USE bool config_number(const char *string, size_t length, u64 *number);

bool is_name_char(int c);
bool is_blank(int c);

/* Is it the `length` characters at `part`? */
bool string_is(const char *string, const char *part, size_t length);

/* Which of the strings in `names` is it? They stand one behind the other; an empty one ends them.
 * Their number if it is none. */
u32 name_index(const char *names, const char *part, size_t length);

/* The string behind this one. */
const char *string_next(const char *string);

/* --- lexer.c: from characters to words --- */

enum token {
    TOKEN_ERROR,
    TOKEN_END,
    TOKEN_BREAK, /* a line end or a ; */
    TOKEN_OPEN,  /* { */
    TOKEN_CLOSE, /* } */
    TOKEN_WORDS, /* config->words has 0 or more words more */
};

/* Words that are commands of the language only where a command can start, and only as they are. In
 * this order in lexer.c. */
enum keyword {
    KEYWORD_IF,
    KEYWORD_WHILE,
    KEYWORD_UNTIL,
    KEYWORD_FOR,
    KEYWORD_FI,
    KEYWORD_DONE,
    KEYWORD_ELIF,
    KEYWORD_ELSE,
    KEYWORD_THEN,
    KEYWORD_DO,
    KEYWORD_NOT,
    KEYWORD_FUNCTION,
    KEYWORD_CASE,
    KEYWORD_SELECT,
    KEYWORD_MENUENTRY, /* no keyword but to script_skip() */
    KEYWORD_SUBMENU,   /* likewise */
    KEYWORD_NONE,
    KEYWORD_CLOSE, /* what script_skip() came upon: } */
    KEYWORD_END,   /* likewise: the end of the text */
    KEYWORD_ERROR
};

/* Reads on from config->spot. One piece of text can become no word (an unset variable) or several
 * (a variable with spaces, outside quotes), so TOKEN_WORDS says only that words were added, not how
 * many. With config->dry the text is checked and no word is made. config->place is where the token
 * begins. Errors: CONFIG_QUOTE, CONFIG_ARGUMENTS, CONFIG_TOO_BIG. */
enum token lexer_next(struct config *config);

/* The token is to be read once more. Not for a line end. */
void lexer_again(struct config *config);

/* What the last TOKEN_WORDS is. */
enum keyword lexer_keyword(const struct config *config);
const char *keyword_name(enum keyword keyword);

/* Moves to another place. */
void lexer_go(struct config *config, struct config_spot spot);

/* --- variables.c --- */

/* NULL if it is not set. */
const char *config_value(struct config *config, const char *name, size_t length);

struct place_in_file {
    struct config_place place;
    u8 file;
};

/* The same among those that were set, with the place where that was; NULL for "" too. */
const char *config_value_set(struct config *config, const char *name, struct place_in_file *where);

/* Forgets what an inner scope hides, for there are no scopes any more, and where a variable was set
 * if its file is gone. */
void config_forget_hidden(struct config *config);

/* The value that was set last, hidden ones included, also if that is ""; NULL if it was never set.
 */
const char *config_value_ever(struct config *config, const char *name);

bool config_set(struct config *config, const char *name, const char *value,
                struct config_place place);

/* --- script.c --- */

/* The first four are the keywords that begin them. */
enum frame_kind {
    FRAME_IF = KEYWORD_IF,
    FRAME_WHILE = KEYWORD_WHILE,
    FRAME_UNTIL = KEYWORD_UNTIL,
    FRAME_FOR = KEYWORD_FOR,
    FRAME_FILE,
    FRAME_CALL, /* from here on it ends at a } */
    FRAME_ENTRY,
    FRAME_SUBMENU
};

/* NULL if there are too many. What is executed now goes on at `back` when the frame ends. */
struct config_frame *script_frame(struct config *config, enum frame_kind kind,
                                  struct config_spot back, struct config_place opened);

/* Passes over commands up to what closes the block around them, which it says: FI, DONE, ELIF,
 * ELSE, CLOSE or END. In an entry's body no other entry may stand. */
enum keyword script_skip(struct config *config, bool in_entry);

/* Finds the { of a block, also on one of the next lines. CONFIG_TITLE if there is none. */
bool script_open(struct config *config, struct config_place place, const char *name);

/* Passes over a block whose { is behind. */
bool script_skip_block(struct config *config, bool in_entry);

/* --- entries.c --- */

/* A copy that stays. NULL if there is no more room. */
const char *config_keep(struct config *config, const char *string);

/* menuentry or submenu. */
bool config_open_entry(struct config *config, bool is_submenu);

/* Leaves a note about the command that is being executed. */
bool config_note(struct config *config, const char *name, bool is_unknown);

/* A file has been read to its end. */
bool config_finish(struct config *config);

bool config_add_file(struct config *config, const char *name, struct bytes text);

/* --- trust.c --- */

/* Is the word --hash=...? */
bool config_is_hash(const struct config *config, u32 word);

/* The digits in such a word: *digits. CONFIG_HASH. */
bool config_hash(struct config *config, u32 word, const char **digits);

/* password and password_pbkdf2. CONFIG_ARGUMENTS, CONFIG_PASSWORD. */
bool config_set_password(struct config *config);

/* --- expression.c, search.c, device.c --- */

/* The words of test or [. False on an error. If a question comes up, command->kind is COMMAND_TEST,
 * and the same call is to be made again with the answer in config->answers. */
bool config_test(struct config *config, struct command *command);

bool config_search(struct config *config, struct command *command);

/* (hd0,1)/path and /path, which is on $root. CONFIG_DEVICE if it is no path. */
bool config_path(struct config *config, const char *word, struct config_place place,
                 struct file_path *file);

#endif
