/* Errors are values.
 *
 * A function that can fail returns struct error and is MUST_USE; TRY(step) passes a failure up. All
 * errors stand in one list, base/errors.def, which gives each its number, its text and the way out.
 * A value carries what the text needs: numbers, a name, and, for an error in a text file, the
 * place. Pure modules never print: stage 2 and the host command print with error_text().
 *
 * Strings in an error are borrowed. They live as long as what they name: a word of the
 * configuration, a path, or a literal. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "text.h"
#include "types.h"

enum error_code {
    ERROR_NONE = 0,
#define X(number, code, text, fix) ERROR_##code = (number),
#include "errors.def"
#undef X
};

struct error {
    enum error_code code;
    u32 line, column;          /* 1-based; 0 where the error has no place in a text file */
    struct text_values values; /* what the templates of errors.def name */
};

#define OK ((struct error){ERROR_NONE, 0, 0, {0, 0, {0, 0, 0, 0}}})

/* error_make(ERROR_X, .name = path, .number = {sector, status}) */
#define error_make(which, ...) \
    ((struct error){.code = (which), .values = (struct text_values){__VA_ARGS__}})

#define TRY(step)                         \
    do {                                  \
        struct error try_error_ = (step); \
        if (try_error_.code)              \
            return try_error_;            \
    } while (0)

/* One sentence: what is wrong, with the thing and the place. */
void error_text(const struct error *error, struct text *text);

/* One sentence: the way out. Never empty. */
void error_fix(const struct error *error, struct text *text);

/* Every code with its templates, in the order of errors.def: for the documentation and the tests.
 */
struct error_row {
    enum error_code code;
    const char *text;
    const char *fix;
};
extern const struct error_row error_rows[];
extern const size_t error_row_count;

/* "ELF_TRUNCATED", and so on, beside error_rows. */
extern const char *const error_names[];

#endif
