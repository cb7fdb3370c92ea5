/* test and [: strings, numbers and files, with ! -a -o and ( ). */
#include "language.h"

/* What each operator wants of its operands, as bits: 1 less, 2 equal, 4 greater. */
static const char binaries[] = "=\0==\0!=\0-eq\0-ne\0-lt\0-le\0-gt\0-ge\0";
static const u8 wanted[] = {2, 2, 5, 2, 5, 1, 3, 4, 6};
enum { BINARY_STRINGS = 3 };

/* What is no number counts as 0. */
static long long number_of(const char *word) {
    bool negative = *word == '-';
    u64 number;
    word += negative;
    if (!config_number(word, string_length(word), &number))
        return 0;
    return (long long)(negative ? -number : number);
}

static bool compare(const char *a, u32 operator, const char * b) {
    u32 sign = string_equal(a, b) ? 2 : 1;
    if (operator>= BINARY_STRINGS) {
        long long left = number_of(a), right = number_of(b);
        sign = left < right ? 1 : left == right ? 2 : 4;
    }
    return wanted[operator] & sign;
}

/* A question for the caller. */
static bool ask(struct config *c, u32 word, struct command *command) {
    if (c->answer_count == CONFIG_ASKED_MAX)
        return config_too_many(c, "file tests in a command", CONFIG_ASKED_MAX);
    MUST(config_path(c, c->words[word], c->places[word], &command->file));
    command->kind = COMMAND_TEST;
    command->test = c->words[word - 1][1];
    c->asking = true;
    return true;
}

/* What was said up to here: before the last -o, since then, and an odd number of ! just now. A (
 * moves them up, a ) back down. */
enum { ANY = 1, ALL = 2, NEGATE = 4, PARENTHESIS = 3 };

enum sign { SIGN_NOT, SIGN_OR, SIGN_AND, SIGN_OPEN, SIGN_CLOSE, SIGN_N, SIGN_Z, SIGN_D };

bool config_test(struct config *c, struct command *command) {
    static const char signs[] = "!\0-o\0-a\0(\0)\0-n\0-z\0-d\0-e\0-f\0-s\0";
    u32 state = ALL, asked = 0, end = c->word_count;
    c->asking = false;
    if (c->words[0][0] == '[' && (end < 2 || !string_equal(c->words[--end], "]")))
        return config_takes(c, c->places[0], "[", "a ] as its last word");
    if (end < 2)
        state = 0;
    for (u32 i = 1; i < end;) {
        const char *word = c->words[i++];
        bool value = *word;
        u32 operator= ARRAY_COUNT(wanted);
        if (i + 1 < end)
            operator= name_index(binaries, c->words[i], string_length(c->words[i]));
        u32 sign = name_index(signs, word, string_length(word));
        if (operator<ARRAY_COUNT(wanted)) {
            value = compare(word, operator, c->words[i + 1]);
            i += 2;
        } else if (sign == SIGN_NOT) {
            state ^= NEGATE;
            continue;
        } else if (sign == SIGN_OR) {
            state |= (state & ALL) / ALL | ALL;
            continue;
        } else if (sign == SIGN_AND) {
            continue;
        } else if (sign == SIGN_OPEN) {
            state = state << PARENTHESIS | ALL;
            continue;
        } else if (sign == SIGN_CLOSE) {
            value = state & (ANY | ALL);
            state >>= PARENTHESIS;
        } else if (i < end && sign <= SIGN_Z) {
            value = !*c->words[i++] == (sign == SIGN_Z);
        } else if (i < end && sign <= SIGN_D + 3) {
            if (asked == c->answer_count)
                return ask(c, i, command);
            value = c->answers >> asked++ & 1;
            i++;
        }
        if (value == !!(state & NEGATE))
            state &= ~(u32)ALL;
        state &= ~(u32)NEGATE;
    }
    script_status(c, state & (ANY | ALL));
    return true;
}
