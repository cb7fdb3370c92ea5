/* Executing the text: control flow, functions, and the commands of the language itself.
 *
 * There is no tree: the text itself is executed, line by line. A loop goes back in the text, and a
 * branch that is not taken is read over (script_skip). What is open stands in config->frames. */
#include "language.h"

enum { STEP_WORK = 16 }; /* of a command, beside its characters */

static struct config_frame *top(struct config *c) {
    return &c->frames[c->frame_count - 1];
}

void script_status(struct config *c, bool went_well) {
    if (c->asking) {
        c->answers |= (u32)went_well << c->answer_count++;
        return;
    }
    c->status = went_well != c->negate;
    c->negate = false;
}

/* --- Frames --- */

struct config_frame *script_frame(struct config *c, enum frame_kind kind, struct config_spot back,
                                  struct config_place opened) {
    if (c->frame_count == CONFIG_FRAMES_MAX) {
        config_too_many(c, "blocks and calls within one another", CONFIG_FRAMES_MAX);
        return NULL;
    }
    struct config_frame *frame = &c->frames[c->frame_count++];
    frame->kind = (u8)kind;
    frame->in_condition = kind < FRAME_FILE;
    frame->negate = c->negate;
    frame->opened = opened;
    frame->at = back;
    frame->line_base = c->line_base;
    frame->scope = c->scope;
    frame->arguments = c->arguments;
    frame->argument_count = c->argument_count;
    c->negate = false;
    return frame;
}

static void leave_frame(struct config *c) {
    const struct config_frame *frame = &c->frames[--c->frame_count];
    c->line_base = frame->line_base;
    if (frame->kind < FRAME_FILE)
        return;
    c->arguments = frame->arguments;
    c->argument_count = frame->argument_count;
    c->negate = frame->negate;
    script_status(c, c->status);
    if (frame->kind != FRAME_SUBMENU || c->booting) {
        lexer_go(c, frame->at);
        return;
    }
    c->depth--;
    c->values_used = c->scope;
    c->scope = frame->scope;
}

/* A file, a call or a body is at its end, and the last one is the end of it all. */
static bool end_frame(struct config *c) {
    leave_frame(c);
    return c->frame_count || c->booting || config_finish(c);
}

/* --- Blocks that do not close, and what closes nothing --- */

static bool stray(struct config *c, enum keyword keyword) {
    return config_fail(c, ERROR_CONFIG_STRAY, c->place, keyword_name(keyword), NULL);
}

static bool never_closed(struct config *c, enum keyword keyword, struct config_place opened) {
    return config_fail(c, ERROR_CONFIG_UNCLOSED, opened, keyword_name(keyword),
                       keyword == KEYWORD_IF ? "fi" : "done");
}

/* The text, or the block around it, ends before what is open is closed. */
static bool unclosed(struct config *c) {
    const struct config_frame *frame = top(c);
    if (frame->kind >= FRAME_CALL)
        return config_fail(c, ERROR_CONFIG_BRACE_OPEN, frame->opened, NULL, NULL);
    if (frame->kind == FRAME_FILE)
        return config_fail(c, ERROR_CONFIG_BRACE_CLOSE, c->place, NULL, NULL);
    return never_closed(c, (enum keyword)frame->kind, frame->opened);
}

static bool not_expected(struct config *c, enum keyword found) {
    if (found == KEYWORD_ERROR)
        return false;
    return found > KEYWORD_NONE ? unclosed(c) : stray(c, found);
}

/* --- Passing over text --- */

/* What is open in a text that is passed over. Of more than could be executed only the number is
 * known. */
struct skipped {
    u32 depth;
    bool first; /* a command can start here */
    struct {
        enum keyword keyword; /* KEYWORD_NONE for a { */
        struct config_place place;
    } opened[CONFIG_FRAMES_MAX];
};

static void open_skipped(const struct config *c, enum keyword keyword, struct skipped *skipped) {
    if (skipped->depth < CONFIG_FRAMES_MAX) {
        skipped->opened[skipped->depth].keyword = keyword;
        skipped->opened[skipped->depth].place = c->place;
    }
    skipped->depth++;
}

/* A } closes no if and no loop: the fi or done of that is missing. */
static enum keyword close_skipped(struct config *c, enum keyword keyword, struct skipped *skipped) {
    if (!skipped->depth)
        return keyword;
    u32 i = --skipped->depth;
    if (keyword != KEYWORD_CLOSE || i >= CONFIG_FRAMES_MAX ||
        skipped->opened[i].keyword == KEYWORD_NONE)
        return KEYWORD_NONE;
    never_closed(c, skipped->opened[i].keyword, skipped->opened[i].place);
    return KEYWORD_ERROR;
}

/* A command can start right behind these. */
static bool starts_command(enum keyword keyword) {
    return keyword < KEYWORD_FUNCTION && keyword != KEYWORD_FOR && keyword != KEYWORD_FI &&
           keyword != KEYWORD_DONE;
}

/* One token of a text that is passed over. */
static enum keyword skip_token(struct config *c, bool in_entry, struct skipped *skipped) {
    enum token token = lexer_next(c);
    enum keyword keyword = KEYWORD_NONE;
    if (token == TOKEN_ERROR)
        return KEYWORD_ERROR;
    if (token == TOKEN_END)
        return KEYWORD_END;
    if (token == TOKEN_WORDS && skipped->first)
        keyword = lexer_keyword(c);
    skipped->first = token != TOKEN_WORDS || starts_command(keyword);
    if (token == TOKEN_OPEN || keyword <= KEYWORD_FOR) {
        open_skipped(c, keyword, skipped);
        return KEYWORD_NONE;
    }
    if (token == TOKEN_CLOSE)
        keyword = KEYWORD_CLOSE;
    if (token == TOKEN_CLOSE || keyword == KEYWORD_FI || keyword == KEYWORD_DONE)
        return close_skipped(c, keyword, skipped);
    if (keyword == KEYWORD_ELIF || keyword == KEYWORD_ELSE)
        return skipped->depth ? KEYWORD_NONE : keyword;
    if (in_entry && (keyword == KEYWORD_MENUENTRY || keyword == KEYWORD_SUBMENU)) {
        config_fail(c, ERROR_CONFIG_NESTED, c->place, keyword_name(keyword), NULL);
        return KEYWORD_ERROR;
    }
    return KEYWORD_NONE;
}

enum keyword script_skip(struct config *c, bool in_entry) {
    struct skipped skipped;
    enum keyword found;
    skipped.depth = 0;
    skipped.first = true;
    c->dry = true;
    do
        found = skip_token(c, in_entry, &skipped);
    while (found == KEYWORD_NONE);
    c->dry = false;
    return found;
}

bool script_skip_block(struct config *c, bool in_entry) {
    struct config_place opened = c->place;
    enum keyword found = script_skip(c, in_entry);
    if (found == KEYWORD_CLOSE)
        return true;
    if (found == KEYWORD_END)
        return config_fail(c, ERROR_CONFIG_BRACE_OPEN, opened, NULL, NULL);
    return not_expected(c, found);
}

bool script_open(struct config *c, struct config_place place, const char *name) {
    while (c->ending == TOKEN_BREAK)
        MUST(c->ending = (u8)lexer_next(c));
    return c->ending == TOKEN_OPEN || config_fail(c, ERROR_CONFIG_TITLE, place, name, NULL);
}

/* --- if, while, until, for --- */

/* The branch of an `if` that was taken is done, or, if not `done`, its condition was false. */
static bool leave_branch(struct config *c, bool done) {
    for (;;) {
        enum keyword found = script_skip(c, false);
        if (found == KEYWORD_FI) {
            leave_frame(c);
            c->status |= !done;
            return true;
        }
        if (found != KEYWORD_ELIF && found != KEYWORD_ELSE)
            return not_expected(c, found);
        if (!done) {
            top(c)->in_condition = found == KEYWORD_ELIF;
            return true;
        }
    }
}

static bool end_loop(struct config *c) {
    enum keyword found = script_skip(c, false);
    if (found != KEYWORD_DONE)
        return not_expected(c, found);
    leave_frame(c);
    c->status = true;
    return true;
}

/* --- Words --- */

static void forget_words(struct config *c) {
    c->line_used = c->line_base;
    c->word_count = 0;
}

/* The words of a command, up to what ends it, which a } around it does too. */
static bool read_rest(struct config *c) {
    enum token token;
    do
        token = lexer_next(c);
    while (token == TOKEN_WORDS);
    if (token == TOKEN_CLOSE)
        lexer_again(c);
    c->ending = (u8)token;
    return token != TOKEN_ERROR;
}

static bool open_for(struct config *c, struct config_place place) {
    forget_words(c);
    MUST(read_rest(c));
    if (c->word_count < 2 || !string_equal(c->words[1], "in"))
        return config_takes(c, place, "for", "a name, the word in, and words");
    struct config_frame *frame = script_frame(c, FRAME_FOR, c->spot, place);
    MUST(frame);
    frame->name = c->words[0];
    frame->arguments = string_next(c->words[1]);
    frame->argument_count = c->word_count - 2;
    c->line_base = c->line_used;
    return true;
}

/* At `do`: once more, or on behind `done`. */
static bool loop_turn(struct config *c, struct config_frame *frame) {
    if (frame->kind == FRAME_FOR) {
        if (!frame->argument_count)
            return end_loop(c);
        frame->argument_count--;
        MUST(config_set(c, frame->name, frame->arguments, c->place));
        frame->arguments = string_next(frame->arguments);
    } else if (c->status != (frame->kind == FRAME_WHILE)) {
        return end_loop(c);
    }
    frame->in_condition = false;
    return true;
}

static void loop_again(struct config *c) {
    lexer_go(c, top(c)->at);
    top(c)->in_condition = true;
}

/* The number that a command may have: 1 without one. */
static u32 count_of(const struct config *c) {
    u64 number;
    if (c->word_count < 2 || !config_number(c->words[1], string_length(c->words[1]), &number) ||
        number > 1000)
        return 1;
    return (u32)number;
}

/* break and continue. */
static bool leave_loops(struct config *c, bool again) {
    for (u32 levels = count_of(c);;) {
        while (top(c)->kind == FRAME_IF)
            leave_frame(c);
        if (top(c)->kind >= FRAME_FILE)
            return config_fail(c, ERROR_CONFIG_STRAY, c->places[0], c->words[0], NULL);
        loop_again(c);
        if (levels-- <= 1)
            return again || end_loop(c);
        leave_frame(c);
    }
}

/* --- Functions --- */

static bool read_function(struct config *c, struct config_place place) {
    forget_words(c);
    MUST(read_rest(c));
    if (c->word_count != 1)
        return config_takes(c, place, "function", "a name and a block");
    MUST(script_open(c, place, "function"));
    if (c->function_count == CONFIG_FUNCTIONS_MAX)
        return config_too_many(c, "functions", CONFIG_FUNCTIONS_MAX);
    struct config_function *function = &c->functions[c->function_count++];
    function->body = c->spot;
    MUST(function->name = config_keep(c, c->words[0]));
    return script_skip_block(c, false);
}

static bool call(struct config *c, const struct config_function *function,
                 struct config_place place) {
    MUST(script_frame(c, FRAME_CALL, c->spot, place));
    c->arguments = string_next(c->words[0]);
    c->argument_count = c->word_count - 1;
    c->line_base = c->line_used;
    lexer_go(c, function->body);
    return true;
}

/* Out of a function, a file, an entry or a submenu. A submenu that is being read goes on behind its
 * } and not where it began. */
static bool return_from(struct config *c) {
    while (top(c)->kind < FRAME_FILE)
        leave_frame(c);
    c->status = c->word_count < 2 || string_equal(c->words[1], "0");
    if (top(c)->kind == FRAME_SUBMENU && !c->booting) {
        enum keyword found;
        do
            found = script_skip(c, false);
        while (found < KEYWORD_NONE);
        if (found != KEYWORD_CLOSE)
            return not_expected(c, found);
    }
    return end_frame(c);
}

/* The words become $1, $2, ... They stay while the call lasts, whatever closes before. */
static bool set_arguments(struct config *c) {
    c->arguments = string_next(c->words[0]);
    c->argument_count = c->word_count - 1;
    c->line_base = c->line_used;
    for (u32 i = c->frame_count; i-- > 0 && c->frames[i].kind < FRAME_FILE;)
        c->frames[i].line_base = c->line_used;
    return true;
}

static bool shift_arguments(struct config *c) {
    u32 count = count_of(c);
    while (count-- && c->argument_count) {
        c->argument_count--;
        c->arguments = string_next(c->arguments);
    }
    return true;
}

/* --- Keywords --- */

/* then, elif, else, fi, do, done. */
static bool is_expected(const struct config_frame *frame, enum keyword keyword) {
    bool of_loop = keyword == KEYWORD_DO || keyword == KEYWORD_DONE;
    bool after_condition = keyword == KEYWORD_DO || keyword == KEYWORD_THEN;
    return frame->kind < FRAME_FILE && (frame->kind != FRAME_IF) == of_loop &&
           frame->in_condition == after_condition;
}

static bool control(struct config *c, enum keyword keyword) {
    struct config_frame *frame = top(c);
    struct config_place place = c->place;
    if (keyword >= KEYWORD_FI && keyword <= KEYWORD_DO && !is_expected(frame, keyword))
        return stray(c, keyword);
    switch (keyword) {
    case KEYWORD_IF:
    case KEYWORD_WHILE:
    case KEYWORD_UNTIL: return script_frame(c, (enum frame_kind)keyword, c->spot, place);
    case KEYWORD_FOR: return open_for(c, place);
    case KEYWORD_FUNCTION: return read_function(c, place);
    case KEYWORD_NOT: c->negate = !c->negate; return true;
    case KEYWORD_THEN: frame->in_condition = false; return c->status || leave_branch(c, false);
    case KEYWORD_ELIF:
    case KEYWORD_ELSE: return leave_branch(c, true);
    case KEYWORD_FI: leave_frame(c); return true;
    case KEYWORD_DO: return loop_turn(c, frame);
    case KEYWORD_DONE: loop_again(c); return true;
    default: return config_fail(c, ERROR_CONFIG_LATER, place, keyword_name(keyword), NULL);
    }
}

/* --- Variables --- */

/* NAME=value is cut in two at its = where it stands. */
static bool set_pair(struct config *c, u32 word) {
    struct config_place place = c->places[word];
    char *at = c->line + (c->words[word] - c->line);
    while (is_name_char(*at))
        at++;
    if (*at != '=' || at == c->words[word])
        return config_takes(c, place, "set", "NAME=value, without spaces around the =");
    *at = 0;
    return config_set(c, c->words[word], at + 1, place);
}

static bool run_set(struct config *c, struct config_place place) {
    u32 word = string_equal(c->words[0], "set");
    if (word == c->word_count)
        return config_takes(c, place, c->words[0], "NAME=value");
    for (; word < c->word_count; word++)
        MUST(set_pair(c, word));
    return true;
}

static bool run_unset(struct config *c) {
    for (u32 i = 1; i < c->word_count; i++)
        MUST(config_set(c, c->words[i], "", c->places[i]));
    return true;
}

static bool run_value(struct config *c, struct config_place place) {
    if (c->word_count != 2)
        return config_takes(c, place, c->words[0], "one value");
    return config_set(c, c->words[0], c->words[1], c->places[1]);
}

/* --- Commands that are handed out --- */

/* The words from `first` on become one text, where they stand. */
static const char *joined(struct config *c, u32 first) {
    if (first >= c->word_count)
        return "";
    for (u32 i = first + 1; i < c->word_count; i++)
        c->line[c->words[i] - c->line - 1] = ' ';
    return c->words[first];
}

static void hand_echo(struct config *c, struct command *command) {
    u32 first = 1;
    for (; first < c->word_count && c->words[first][0] == '-'; first++)
        if (string_equal(c->words[first], "-n"))
            command->test = 'n';
        else if (!string_equal(c->words[first], "-e"))
            break;
    command->name = joined(c, first);
}

static bool hand_file(struct config *c, struct command *command) {
    u32 word = 1;
    command->hash = NULL;
    if (config_is_hash(c, word))
        MUST(config_hash(c, word++, &command->hash));
    if (c->word_count > word)
        return config_path(c, c->words[word], c->places[word], &command->file);
    if (command->kind == COMMAND_SOURCE || command->hash)
        return config_takes(c, c->places[0], c->words[0], "the path of a file");
    command->kind = COMMAND_END; /* `normal` alone: there is no other mode to go to */
    return true;
}

/* While a file is read: what would boot outside every block makes an entry, in config_finish(). */
static bool note_outside(struct config *c, struct config_place place) {
    if (c->depth)
        return config_takes(c, place, "submenu",
                            "menuentry blocks; a command that boots goes into one");
    if (!c->outside.place.line)
        c->outside = (struct config_note){.place = place, .file = c->spot.file};
    return true;
}

/* A command that is none of the language's. */
static bool hand_out(struct config *c, enum command_kind kind, struct command *command) {
    struct config_place place = c->places[0];
    if (kind == COMMAND_UNKNOWN && (!c->booting || top(c)->in_condition || c->negate)) {
        script_status(c, false);
        return config_note(c, c->words[0], true);
    }
    script_status(c, true);
    if (kind >= COMMAND_KERNEL && !c->booting)
        return kind == COMMAND_BOOT || note_outside(c, place);
    command->kind = kind;
    command->test = 0;
    switch (kind) {
    case COMMAND_ECHO: hand_echo(c, command); return true;
    case COMMAND_SLEEP: command->name = c->words[c->word_count - 1]; return true;
    case COMMAND_SOURCE:
    case COMMAND_REPLACE: return hand_file(c, command);
    case COMMAND_SEARCH: return config_search(c, command);
    default: return true;
    }
}

/* --- Steps --- */

/* A { that opens no block. The word before it is named if that is what makes it wrong. */
static bool stray_open(struct config *c) {
    if (c->word_count && config_command_kind(c->words[0]) == COMMAND_UNKNOWN)
        return config_unknown(c, c->words[0], c->places[0]);
    return config_unknown(c, "{", c->place);
}

static bool execute(struct config *c, struct command *command) {
    const char *name = c->words[0];
    struct config_place place = c->places[0];
    for (u32 i = c->function_count; i-- > 0;)
        if (string_equal(c->functions[i].name, name))
            return call(c, &c->functions[i], place);
    enum command_kind kind = config_command_kind(name);
    if (kind == COMMAND_MENUENTRY || kind == COMMAND_SUBMENU)
        return config_open_entry(c, kind == COMMAND_SUBMENU);
    if (c->ending == TOKEN_OPEN)
        return stray_open(c);
    if (kind < COMMAND_SET)
        return hand_out(c, kind, command);
    if (kind == COMMAND_BRACKET) {
        c->answers = c->answer_count = 0;
        return config_test(c, command);
    }
    if (kind == COMMAND_BREAK || kind == COMMAND_CONTINUE)
        return leave_loops(c, kind == COMMAND_CONTINUE);
    if (kind == COMMAND_RETURN)
        return return_from(c);
    script_status(c, kind != COMMAND_FALSE && kind != COMMAND_IGNORED_0);
    switch (kind) {
    case COMMAND_SET: return run_set(c, place);
    case COMMAND_UNSET: return run_unset(c);
    case COMMAND_VALUE: return run_value(c, place);
    case COMMAND_SHIFT: return shift_arguments(c);
    case COMMAND_SETPARAMS: return set_arguments(c);
    case COMMAND_PASSWORD: return config_set_password(c);
    case COMMAND_IGNORED:
    case COMMAND_IGNORED_0: return config_note(c, name, false);
    default: return true;
    }
}

static bool end_of(struct config *c, bool at_brace) {
    if (at_brace != (top(c)->kind >= FRAME_CALL) || top(c)->kind < FRAME_FILE)
        return unclosed(c);
    return end_frame(c);
}

static bool step(struct config *c, struct command *command) {
    c->work += STEP_WORK + c->line_used - c->line_base;
    forget_words(c);
    c->full = false;
    if (c->work > CONFIG_WORK_MAX)
        return config_fail(c, ERROR_CONFIG_ENDLESS, c->place, NULL, NULL);
    switch (lexer_next(c)) {
    case TOKEN_ERROR: return false;
    case TOKEN_BREAK: return true;
    case TOKEN_END: return end_of(c, false);
    case TOKEN_CLOSE: return end_of(c, true);
    case TOKEN_OPEN: return stray_open(c);
    case TOKEN_WORDS: break;
    }
    enum keyword keyword = lexer_keyword(c);
    if (keyword < KEYWORD_MENUENTRY)
        return control(c, keyword);
    MUST(read_rest(c));
    if (c->word_count)
        return execute(c, command);
    return c->ending != TOKEN_OPEN || stray_open(c);
}

struct error script_next(struct config *c, struct command *command) {
    bool ok = true;
    command->kind = COMMAND_END;
    if (c->asking)
        ok = config_test(c, command);
    while (ok && command->kind == COMMAND_END && c->frame_count)
        ok = step(c, command);
    return config_outcome(c, ok);
}

/* --- Files and entries --- */

struct error script_push(struct config *c, const char *path, struct bytes text) {
    const char *name = config_keep(c, path);
    struct config_spot back = c->spot;
    struct config_place place = c->place;
    bool ok = name && config_add_file(c, name, text) && script_frame(c, FRAME_FILE, back, place);
    if (ok)
        lexer_go(c, (struct config_spot){0, 1, (u8)(c->file_count - 1)});
    return config_outcome(c, ok);
}

/* An entry starts another configuration. The variables stay, and the functions of the first
 * configuration; what was read since then is forgotten, so that it takes no room to go from one
 * configuration to another and back. */
static void forget_replaced(struct config *c) {
    c->text_used = c->text_first;
    c->note_count = c->notes_first;
    c->file_count = c->files_first;
    c->function_count = c->functions_first;
    config_forget_hidden(c);
}

struct error script_replace(struct config *c, const char *path, struct bytes text) {
    if (c->files_first)
        forget_replaced(c);
    c->booting = false;
    c->entry_count = c->entries_read = c->frame_count = c->argument_count = 0;
    c->scope = c->floor = c->depth = c->line_base = 0;
    c->outside.place.line = 0;
    c->spot = (struct config_spot){0, 1, (u8)c->file_count}; /* where its end leads: to itself */
    return script_push(c, path, text);
}

struct error config_start(const char *file, struct bytes text, const char *device,
                          struct config *c) {
    memset(c, 0, __builtin_offsetof(struct config, entries));
    c->device = device;
    c->file = "";
    u32 folder = (u32)string_length(file);
    while (folder && file[folder] != '/')
        folder--;
    struct text prefix = TEXT_IN(c->text);
    text_char(&prefix, '(');
    text_string(&prefix, device);
    text_char(&prefix, ')');
    for (u32 i = 0; i < folder; i++)
        text_char(&prefix, file[i]);
    c->prefix = c->text;
    c->text_used = (u32)prefix.used + 1;
    return script_push(c, file, text);
}

/* Everything is as the file has left it. */
static void forget_entry(struct config *c) {
    c->text_used = c->text_kept;
    c->values_used = c->scope = c->values_kept;
    c->note_count = c->notes_kept;
    c->file_count = c->files_kept;
    c->function_count = c->functions_kept;
    c->floor = c->work = c->frame_count = c->line_base = c->line_used = 0;
    c->negate = c->asking = false;
    c->status = c->booting = true;
}

static bool enter(struct config *c, u32 entry, enum frame_kind kind) {
    const struct config_entry *e = &c->entries[entry];
    MUST(script_frame(c, kind, c->spot, e->place));
    lexer_go(c, e->body);
    c->arguments = e->title;
    c->argument_count = e->argument_count;
    return true;
}

struct error script_enter(struct config *c, u32 number, const struct bytes *edited) {
    const struct config_entry *e = &c->entries[number];
    if (number >= c->entry_count) {
        config_fail(c, ERROR_CONFIG_NO_ENTRY, (struct config_place){0, 0}, NULL, NULL);
        return c->error;
    }
    forget_entry(c);
    lexer_go(c, e->body); /* where its end leads: what was executed last may be gone */
    c->entry = number;
    c->spot = e->body; /* where it goes back to in the end: not into a file that is forgotten */
    bool is_file = edited || !e->body.at;
    bool ok = enter(c, number, is_file ? FRAME_FILE : FRAME_ENTRY);
    if (!e->body.at)
        c->floor = c->values_used;
    if (ok && edited) {
        ok = config_add_file(c, c->file, *edited);
        lexer_go(c, (struct config_spot){0, 1, (u8)(c->file_count - 1)});
    }
    u32 depth = e->depth;
    for (u32 i = number; ok && depth && i-- > 0;)
        if (c->entries[i].depth < depth) {
            depth = c->entries[i].depth;
            ok = enter(c, i, FRAME_SUBMENU);
        }
    return config_outcome(c, ok);
}
