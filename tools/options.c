#include "options.h"

#include <stdlib.h>

#include "command.h"
#include "message.h"

void words_add(const char *who, struct words *words, const char *word) {
    if (words->count == WORDS_MAX)
        die(who, "more than %d words of one kind; make the call shorter", WORDS_MAX);
    words->at[words->count++] = word;
}

const char *words_last(const struct words *words, const char *otherwise) {
    return words->count ? words->at[words->count - 1] : otherwise;
}

/* Does the word begin with the option's name, and does the name end there? */
static bool is_named(const struct option *option, const char *word) {
    if (!string_starts(word, option->name))
        return false;
    char next = word[string_length(option->name)];
    return option->kind == OPTION_OTHER || !next || next == '=' || !string_starts(word, "--");
}

/* The first row that fits: one of kind OPTION_OTHER stands last. */
static const struct option *find(const struct option *options, u32 count, const char *word) {
    for (u32 i = 0; i < count; i++)
        if (is_named(&options[i], word))
            return &options[i];
    return NULL;
}

/* The value in the same word; NULL if there is none. */
static const char *value_in(const struct option *option, const char *word) {
    const char *rest = word + string_length(option->name);
    if (string_starts(word, "--"))
        return *rest ? rest + 1 : NULL;
    return *rest ? rest : NULL;
}

/* One option, and the word behind it where the value stands there. */
static int read_option(const struct call *call, const struct option *option, int at) {
    const char *word = call->words[at], *value = value_in(option, word);
    bool is_short = !string_starts(word, "--");
    if (option->kind != OPTION_VALUE) {
        if (option->kind == OPTION_FLAG && value)
            die(call->who, "%s takes no value; write %s alone", option->name, option->name);
        words_add(call->who, option->values, word);
        return at;
    }
    if (!value && is_short && at + 1 < call->count)
        value = call->words[++at];
    if (!value)
        die(call->who, "%s has no value; write %s%svalue", word, word, is_short ? " " : "=");
    words_add(call->who, option->values, value);
    return at;
}

void options_read(const struct call *call, const struct option *options, u32 option_count,
                  struct words *things, struct words *passed) {
    bool passing = false;
    for (int i = 0; i < call->count; i++) {
        const char *word = call->words[i];
        if (passing || word[0] != '-' || !word[1]) {
            words_add(call->who, passing && passed ? passed : things, word);
            continue;
        }
        passing = string_equal(word, "--");
        if (passing)
            continue;
        if (string_equal(word, "--help") || string_equal(word, "-h"))
            exit(fputs(call->help, stdout) < 0 ? OUTCOME_FAILED : OUTCOME_DONE);
        const struct option *option = find(options, option_count, word);
        if (!option)
            die(call->who, "there is no option \"%s\"; see %s --help", word, call->who);
        i = read_option(call, option, i);
    }
}

const char *options_one(const struct call *call, const struct words *things, const char *what) {
    if (!things->count)
        die(call->who, "%s is missing; see %s --help", what, call->who);
    if (things->count > 1)
        die(call->who, "\"%s\" is one word too many; see %s --help", things->at[1], call->who);
    return things->at[0];
}
