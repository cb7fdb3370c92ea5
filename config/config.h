/* The configuration: GRUB's script language, executed.
 *
 *   set timeout=5
 *   if [ -f /boot/new.elf ]; then set kernel=/boot/new.elf; else set kernel=/boot/kernel.elf; fi
 *   menuentry "My kernel" --id mine {
 *       kernel --paging=pae $kernel verbose "root=disk 0"
 *       module /boot/initrd.img a name for it
 *   }
 *
 * Reading a configuration is executing it to its end. That leaves entries and variables here. An
 * entry is no more than a place in the text: to boot it is to execute its body, with the variables
 * as the whole file has left them; so an entry that nobody boots cannot fail, but for quotes and
 * braces that do not close. What is set in a body is forgotten before the next one is executed.
 *
 *   config_start()         the text of a file                                          config.h
 *   script_next() ...      execute it; the caller does what the script asks for        script.h
 *   config_default()       which entry                                                 config.h
 *   request_start()        execute that entry, collecting what it boots in a           request.h
 *   script_next() ...      struct boot_request
 *   request_finish()
 *
 * Commands outside any block that boot something (`kernel`, `multiboot`, `module`, ...) make an
 * entry of their own, titled "commands outside any menuentry": the whole file, executed once more.
 * It is the last one, so that the others keep their numbers.
 *
 * Files: config.h is for everybody. Inside, characters become words in lexer.c, variables are in
 * variables.c, if, loops, functions and the commands of the language itself in script.c, `test` in
 * expression.c, `search` in search.c, menuentry and submenu in entries.c, (hd0,1)/path in device.c,
 * what an entry boots in request.c, its options in options.c, default and timeout in choose.c,
 * hashes and users in trust.c.
 *
 * Everything lives in one struct of fixed size that the caller owns; the text of files is borrowed.
 * Limits have names and an error of their own (CONFIG_TOO_BIG). A script cannot run for ever: what
 * it may do is counted (CONFIG_ENDLESS). */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "bytes.h"
#include "error.h"
#include "options.h"

enum {
    CONFIG_BYTES_MAX = 32 * 1024, /* of a file */
    CONFIG_TEXT_MAX = 16 * 1024,  /* characters of titles and names, and of one request */
    CONFIG_VALUES_MAX = 4 * 1024, /* characters of variables, 9 more for each */
    CONFIG_LINE_MAX = 8 * 1024,   /* characters of a command, and of the calls it is in */
    CONFIG_WORDS_MAX = 256,       /* words of a command */
    CONFIG_ENTRIES_MAX = 64,      /* submenus included */
    CONFIG_FILES_MAX = 16,        /* with those that `source` reads */
    CONFIG_FUNCTIONS_MAX = 48,    /* functions */
    CONFIG_FRAMES_MAX = 32,       /* blocks, calls and files within one another */
    CONFIG_NOTES_MAX = 32,        /* more are counted only */
    CONFIG_ASKED_MAX = 32,        /* file tests of one command */
    CONFIG_MODULES_MAX = 32,      /* of an entry */
    CONFIG_NESTING_MAX = 8,       /* submenus within submenus */
    CONFIG_WORK_MAX = 1024 * 1024 /* characters executed, loops and all */
};

/* 1-based; a column counts bytes, and a tab is one. */
struct config_place {
    u16 line, column;
};

/* A place in the text of one of the files. */
struct config_spot {
    u32 at; /* bytes from its start */
    u16 line;
    u8 file;
};

struct config_entry {
    const char *title;         /* its arguments stand behind it: $1 is the title */
    const char *id;            /* "" if it has none */
    const char *users;         /* who may boot it beside superusers; NULL: everybody (trust.h) */
    struct config_place place; /* of the command that opens it */
    u16 argument_count;
    struct config_spot body; /* behind its { */
    u32 body_end;            /* at its }; 0 for a submenu */
    u8 depth;                /* 0, or how many submenus are around it */
    bool is_submenu;         /* entries of greater depth follow; it boots nothing itself */
    u8 hotkey;               /* a character, 0 if it has none */
};

/* A command that was passed over: it means nothing here, or is not known. */
struct config_note {
    const char *name;
    struct config_place place;
    u8 file; /* in files[] */
    bool is_unknown;
};

struct config_function {
    const char *name;
    struct config_spot body;
};

/* Something that is being executed, and what goes on after it. */
struct config_frame {
    u8 kind; /* enum frame_kind of language.h */
    bool in_condition;
    bool negate; /* of the call */
    struct config_place opened;
    struct config_spot at; /* where it goes on: behind a call, or where a loop starts */
    u32 line_base, scope;  /* of what is around it */
    u32 argument_count;    /* likewise; of `for`, the words to come */
    const char *arguments;
    const char *name; /* of the variable of `for` */
};

struct config_file {
    const char *name;
    struct bytes text;
};

struct config {
    /* The file that is being executed: errors with a place are about it. */
    const char *file;    /* its path; "" when there is none */
    struct bytes source; /* its text, for showing a line */

    u32 entry_count, note_count, file_count, word_count;
    bool booting; /* an entry is executed; else the file is being read, or has been */

    /* What follows, up to the arrays, is for config/ only. What is used most stands first, where
     * the processor reaches it with short instructions. */
    bool status, negate, dry, plain, word_begun, full, asking;
    struct config_spot spot;       /* of the next character */
    struct config_spot token_spot; /* of the token that was read last */
    struct config_place place;     /* likewise */
    u32 line_start;                /* in source */
    u32 ending;                    /* the token behind a command's words */
    u32 frame_count, line_used, line_base, word_start, text_used, values_used;
    u32 depth; /* submenus around what is executed */
    const char *arguments;
    u32 argument_count;
    u32 scope, floor; /* in values: what may be replaced, what may be seen */
    u32 work;         /* of CONFIG_WORK_MAX */
    u32 answers, answer_count, function_count;
    u32 entry;        /* the one that is executed */
    u32 entries_read; /* they count, in entry_count, when all of the file has been read */
    u32 text_kept, values_kept, notes_kept, files_kept, functions_kept;
    u32 text_first, notes_first, files_first, functions_first; /* what the first one has left */
    const char *device, *prefix; /* what `root` and `prefix` are when nothing sets them */
    const char *search_variable;
    struct config_note outside; /* the first command outside any block that boots something */
    struct error error;

    struct config_entry entries[CONFIG_ENTRIES_MAX];
    struct config_note notes[CONFIG_NOTES_MAX];
    struct config_file files[CONFIG_FILES_MAX];
    const char *words[CONFIG_WORDS_MAX]; /* of the command that is executed */
    struct config_place places[CONFIG_WORDS_MAX];
    struct config_function functions[CONFIG_FUNCTIONS_MAX];
    struct config_frame frames[CONFIG_FRAMES_MAX];
    char line[CONFIG_LINE_MAX];
    char values[CONFIG_VALUES_MAX];
    char text[CONFIG_TEXT_MAX];
};

/* Makes ready to execute `text`, the file at the path `file`. `device` is the name of the boot
 * volume, "hd0,msdos1": the value of `root`. All three are borrowed and must outlive *config.
 * Errors: CONFIG_CHARACTER, CONFIG_TOO_BIG. */
MUST_USE struct error config_start(const char *file, struct bytes text, const char *device,
                                   struct config *config);

/* A configuration that boots `path` with the defaults, for volumes that have none. `path` is
 * borrowed. It is read already. */
void config_for_kernel(const char *path, struct config *config);

/* The value, "" if it is not set. It stays until the script goes on. */
const char *config_variable(struct config *config, const char *name);

/* Seconds of `set timeout=`; -1 when unset or negative (wait for ever). CONFIG_VALUE if no number.
 */
MUST_USE struct error config_timeout(struct config *config, int *seconds);

enum timeout_style { TIMEOUT_MENU, TIMEOUT_COUNTDOWN, TIMEOUT_HIDDEN };

/* Of `set timeout_style=`; TIMEOUT_MENU if it is none of the three. */
enum timeout_style config_timeout_style(struct config *config);

/* The entry that `default` names: by number among the top-level entries, by id, or by title;
 * ">" reaches into submenus ("1>0", "Advanced>Old kernel"). Entry 0 when unset, and for "saved",
 * since nothing is ever saved. Never a submenu: of a submenu, its first entry. Errors:
 * CONFIG_DEFAULT, CONFIG_NO_ENTRY (without a place). */
MUST_USE struct error config_default(struct config *config, u32 *entry);

/* The entry to try after `number` others have failed: a word of `set fallback="1 2"`. False if it
 * has no such word, or the word names nothing. */
bool config_fallback(struct config *config, u32 number, u32 *entry);

/* The text of an entry's body, for showing and editing. */
struct bytes config_body(const struct config *config, u32 entry);

/* The text of one line (1-based) of config->source, without its end, for showing under an error. */
struct bytes config_line(const struct config *config, u32 line);

#endif
