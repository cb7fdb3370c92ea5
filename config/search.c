/* search: which volume has a file, a label or a UUID? */
#include "language.h"

/* The long and the short name of each option. */
static const char options[] =
    "--file\0-f\0--label\0-l\0--fs-uuid\0-u\0--set\0-s\0--no-floppy\0-n\0";

/* --hint and its like may have their value as a word of its own. */
static bool read_option(struct config *c, u32 *index, char *what) {
    const char *word = c->words[*index];
    size_t length = 0;
    while (word[length] && word[length] != '=')
        length++;
    u32 option = name_index(options, word, length) / 2;
    if (option < 3)
        *what = "flu"[option];
    else if (option == 3 && word[length])
        c->search_variable = word + length + 1;
    else if (option == 5 && !string_starts(word, "--hint"))
        return config_fail(c, ERROR_CONFIG_OPTION, c->places[*index], "search", word);
    else if (option == 5 && !word[length])
        ++*index;
    return true;
}

/* search OPTIONS [VARIABLE] NAME; search.file NAME [VARIABLE] and its like. --set may have its
 * variable as a word of its own, which is why of two names the first is one. */
bool config_search(struct config *c, struct command *command) {
    const char *kind = c->words[0];
    const char *first = NULL, *last = NULL;
    bool dotted = kind[6];
    command->test = !dotted ? 'f' : kind[7] == 'f' && kind[8] == 'i' ? 'f' : kind[10];
    c->search_variable = "root";
    for (u32 i = 1; i < c->word_count; i++) {
        if (c->words[i][0] == '-') {
            MUST(read_option(c, &i, &command->test));
        } else {
            if (!first)
                first = c->words[i];
            else if (!last)
                last = c->words[i];
        }
    }
    if (!first)
        return config_takes(c, c->places[0], kind, "the name of what to search for");
    command->name = dotted || !last ? first : last;
    if (last)
        c->search_variable = dotted ? last : first;
    if (command->test == 'f')
        return config_path(c, command->name, c->places[0], &command->file);
    return true;
}

struct error script_found(struct config *c, const char *device) {
    script_status(c, device);
    return config_outcome(c, !device || config_set(c, c->search_variable, device, c->place));
}
