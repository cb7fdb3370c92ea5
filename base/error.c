#include "error.h"

const struct error_row error_rows[] = {
#define X(number, code, text, fix) {ERROR_##code, text, fix},
#include "errors.def"
#undef X
};

const char *const error_names[] = {
#define X(number, code, text, fix) #code,
#include "errors.def"
#undef X
};

const size_t error_row_count = ARRAY_COUNT(error_rows);

static const struct error_row *find_row(enum error_code code) {
    for (size_t i = 0; i < error_row_count; i++)
        if (error_rows[i].code == code)
            return &error_rows[i];
    return NULL;
}

void error_text(const struct error *error, struct text *text) {
    const struct error_row *row = find_row(error->code);
    text_fill(text, row ? row->text : "no error", &error->values);
}

void error_fix(const struct error *error, struct text *text) {
    const struct error_row *row = find_row(error->code);
    text_fill(text, row ? row->fix : "nothing to do", &error->values);
}
