/* Executing a configuration, one command at a time.
 *
 *   for (;;) {
 *       TRY(script_next(&config, &command));
 *       if (command.kind == COMMAND_END)
 *           break;
 *       ... do what it says; script_status(&config, whether it went well)
 *   }
 *
 * What belongs to the language (variables, if, loops, functions, test, menu entries) is done inside
 * and never seen here. What needs a disk, a screen or a machine is handed out, with its words
 * expanded. A command that gets no script_status() has gone well.
 *
 * Commands without a meaning for Aloft (insmod, terminal_output, ...) go well, and those that are
 * not known do not; both leave a note in config->notes. In an entry that is booted an unknown
 * command is handed out, and request_command() makes an error of it, unless it stands in a
 * condition. */
#ifndef CONFIG_SCRIPT_H
#define CONFIG_SCRIPT_H

#include "config.h"

enum command_kind {
    COMMAND_END, /* the script has ended; while reading, config->entries are complete */

    /* Handed out whenever they are executed. */
    COMMAND_TEST,    /* is there such a file? `file`; `test` is e, f (a file), d (a folder) or s
                        (not empty) */
    COMMAND_SEARCH,  /* which volume has it? `test` is f (`file`), l (a label) or u (a UUID) with
                        `name`. To be answered by script_found() */
    COMMAND_SOURCE,  /* execute `file`: script_push() */
    COMMAND_REPLACE, /* configfile: the same, in place of all that was read: script_replace() */
    COMMAND_ECHO,    /* `name`: the text; `test` is n if no line end follows it */
    COMMAND_SLEEP,   /* `name`: the seconds, as they were written */
    COMMAND_CLEAR,   /* the screen */
    COMMAND_CPUID,   /* words[1] is -l: is it a 64-bit CPU? -p: has it PAE? */

    /* Handed out when an entry is booted, and to be given to request_command(). The first ones are
     * named by the protocol that they start. */
    COMMAND_KERNEL,
    COMMAND_MULTIBOOT,
    COMMAND_MULTIBOOT2,
    COMMAND_LINUX,
    COMMAND_CHAIN,
    COMMAND_MODULE,
    COMMAND_INITRD,
    COMMAND_BOOT,
    COMMAND_HALT,
    COMMAND_REBOOT,
    COMMAND_LATER, /* loopback and others of a later version */
    COMMAND_UNKNOWN,

    /* Never handed out. */
    COMMAND_SET,   /* set NAME=value, and NAME=value alone */
    COMMAND_UNSET, /* unset NAME */
    COMMAND_VALUE, /* timeout N, default X: set under the command's own name */
    COMMAND_MENUENTRY,
    COMMAND_SUBMENU,
    COMMAND_BRACKET, /* [ and test */
    COMMAND_TRUE,
    COMMAND_FALSE,
    COMMAND_BREAK,
    COMMAND_CONTINUE,
    COMMAND_RETURN,
    COMMAND_SHIFT,
    COMMAND_SETPARAMS,
    COMMAND_PASSWORD, /* password and password_pbkdf2 */
    COMMAND_IGNORED,  /* goes well */
    COMMAND_IGNORED_0 /* does not: a question about something that is not here */
};

enum device_kind { DEVICE_NONE, DEVICE_DISK, DEVICE_FLOPPY, DEVICE_CD, DEVICE_OTHER };

enum { DEVICE_NUMBER_MAX = 127 }; /* the BIOS's numbers have no room for more of a kind */

/* What GRUB calls hd0,msdos1 or (hd0,1). */
struct device {
    u8 kind;       /* enum device_kind; DEVICE_NONE is the volume that Aloft booted from */
    u8 number;     /* 0 is the first of its kind */
    u16 partition; /* 1 is the first one; 0 for a whole drive */
};

/* A path and what it is the path on. */
struct file_path {
    struct device device;
    const char *path; /* without the device */
};

/* Its strings are borrowed until the script goes on, as are its words, config->words. */
struct command {
    enum command_kind kind;
    char test;
    const char *name;
    struct file_path file;
    const char *hash; /* of the file: 128 digits; NULL if none is given */
};

/* Executes up to the next command that is for the caller. Errors: CONFIG_*, with line and column in
 * config->file; nothing more can be executed after one, and of a file that was being read no entry
 * is left. */
MUST_USE struct error script_next(struct config *config, struct command *command);

/* How the command went; the answer of a COMMAND_TEST. */
void script_status(struct config *config, bool went_well);

/* The answer to COMMAND_SEARCH: the device, "hd0,msdos1"; NULL if there is none. */
MUST_USE struct error script_found(struct config *config, const char *device);

/* Answers to COMMAND_SOURCE and COMMAND_REPLACE: the text of command->file, which must outlive
 * *config. Errors: CONFIG_CHARACTER, CONFIG_TOO_BIG. */
MUST_USE struct error script_push(struct config *config, const char *path, struct bytes text);
MUST_USE struct error script_replace(struct config *config, const char *path, struct bytes text);

/* Makes ready to execute an entry: the submenus around it, then its body, or `edited` in place of
 * its body. All that an earlier entry has set is forgotten. Errors: CONFIG_NO_ENTRY; with `edited`
 * those of script_push(). */
MUST_USE struct error script_enter(struct config *config, u32 entry, const struct bytes *edited);

/* "hd0,msdos1" and the like, with or without ( ). Never fails: what it does not know is another
 * device. */
struct device device_parse(const char *name);

#endif
