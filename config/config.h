/* The configuration: GRUB's language, as far as hobby kernels use it.
 *
 *   set timeout=5
 *   set default=0                      # a number, an id or a title
 *   menuentry "My kernel" --id mine {
 *       kernel --paging=pae /boot/kernel.elf verbose "root=disk 0"
 *       module /boot/initrd.img a name for it
 *       boot
 *   }
 *
 * config_parse() turns the text into entries; each entry is a list of commands, each command a list
 * of words with its line and column. What the words of `kernel` and `module` mean is found out by
 * config_request() when an entry is chosen, so that an entry which nobody boots cannot fail.
 * Commands outside any block that boot something (`kernel`, `module`, or one of a later version)
 * make an entry of their own, titled "commands outside any menuentry". It is the last one, so that
 * the others keep their numbers.
 *
 * Variables are set and replaced while the text is read, from its start to its end. What is set
 * inside a block is forgotten at the block's end. Commands without a meaning here (insmod, echo,
 * terminal_output, ...) are dropped, and so is `boot`: every entry boots at its end.
 *
 * Quoting is GRUB's: '...' keeps everything, "..." keeps all but \" \\ \$ and a variable, a
 * backslash outside quotes keeps the next character, and joins lines before a line end. $name and
 * ${name} are replaced, undefined ones by nothing; a word that is nothing but an undefined variable
 * is dropped. `#` starts a comment where a word could start. CRLF, a missing last line end, a {
 * glued to the word before or alone on the next line, and `;` between commands are all accepted.
 *
 * Everything lives in arrays of fixed size in struct config; words point into its character store.
 * Limits have names and an error of their own (CONFIG_TOO_BIG). */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "bytes.h"
#include "error.h"
#include "options.h"

enum {
    CONFIG_BYTES_MAX = 32 * 1024, /* of the file */
    CONFIG_TEXT_MAX = 16 * 1024,  /* characters of all words together */
    CONFIG_WORDS_MAX = 1024,
    CONFIG_COMMANDS_MAX = 256,
    CONFIG_ENTRIES_MAX = 64,
    CONFIG_VARIABLES_MAX = 32,
    CONFIG_MODULES_MAX = 32,
    CONFIG_NESTING_MAX = 8, /* submenus within submenus */
};

struct config_command {
    u16 line, column; /* 1-based, of the first word */
    u16 first_word;   /* in words[] */
    u16 word_count;   /* with the command itself, at least 1 */
};

struct config_entry {
    const char *title;
    const char *id;    /* "" if it has none */
    u16 line, column;  /* of the command that opens it */
    u16 first_command; /* in commands[] */
    u16 command_count;
    u8 depth;        /* 0, or how many submenus are around it */
    bool is_submenu; /* entries of greater depth follow; it has no commands of its own */
};

struct config_variable {
    const char *name;
    const char *value;
    u16 line, column; /* where it was set */
};

struct config {
    const char *file;    /* its path, for messages; "" when there is none */
    struct bytes source; /* its text, for showing a line */
    u32 entry_count, command_count, word_count, variable_count, text_used;
    struct config_entry entries[CONFIG_ENTRIES_MAX];
    struct config_command commands[CONFIG_COMMANDS_MAX];
    u16 word_line[CONFIG_WORDS_MAX]; /* where each word stands, for errors about it */
    u16 word_column[CONFIG_WORDS_MAX];
    const char *words[CONFIG_WORDS_MAX];
    struct config_variable variables[CONFIG_VARIABLES_MAX]; /* as they stand at the end */
    char text[CONFIG_TEXT_MAX];
};

/* `text` is borrowed: it must outlive *config. Errors: CONFIG_* with line and column. */
MUST_USE struct error config_parse(const char *file, struct bytes text, struct config *config);

/* A configuration that boots `path` with the defaults, for volumes that have none. `path` is
 * borrowed. */
void config_for_kernel(const char *path, struct config *config);

/* "" if it was never set. */
const char *config_variable(const struct config *config, const char *name);

/* Seconds of `set timeout=`; -1 when unset or negative (wait for ever). CONFIG_VALUE if no number.
 */
MUST_USE struct error config_timeout(const struct config *config, int *seconds);

/* The entry that `default` names: by number among the top-level entries, by id, or by title;
 * ">" reaches into submenus ("1>0", "Advanced>Old kernel"). Entry 0 when unset. Never a submenu:
 * of a submenu, its first entry. Errors: CONFIG_DEFAULT, CONFIG_NO_ENTRY (without a place). */
MUST_USE struct error config_default(const struct config *config, u32 *entry);

struct file_request {
    const char *path;
    const char *arguments; /* the rest of the line, words joined by one space, quoted as GRUB does;
                              "" if none */
    u16 line;
    bool packed; /* --nounzip: a gzip file is loaded as it is */
};

/* How a kernel is booted: handoff/protocol.h. */
enum boot_protocol {
    PROTOCOL_NATIVE,     /* kernel */
    PROTOCOL_MULTIBOOT1, /* multiboot */
    PROTOCOL_MULTIBOOT2, /* multiboot2 */
    PROTOCOL_LINUX,      /* linux */
    PROTOCOL_PVH,        /* kernel --protocol=pvh */
};

/* What an entry asks to boot. `arguments` is built into the config's character store and lives
 * until the next config_request(). */
struct boot_request {
    const char *title;
    enum boot_protocol protocol;
    bool force;             /* --force: what a header demands and Aloft cannot do is passed over */
    bool cmdline_path;      /* --cmdline-path: the command line begins with the kernel's path */
    bool elf_first;         /* --quirk-bad-kludge: an ELF file's headers before its a.out kludge */
    const char *gfxpayload; /* the variable of this name; "" if it is not set */
    struct kernel_options options;
    struct file_request kernel;
    u32 module_count;
    struct file_request modules[CONFIG_MODULES_MAX];
};

/* Errors: CONFIG_OPTION, CONFIG_VALUE, CONFIG_NO_KERNEL, CONFIG_TWO_KERNELS, CONFIG_MODULE_FIRST,
 * CONFIG_ARGUMENTS, CONFIG_COMMAND, CONFIG_LATER, CONFIG_TOO_BIG, all with line and column; and
 * CONFIG_NO_ENTRY for a number that no entry has. */
MUST_USE struct error config_request(struct config *config, u32 entry,
                                     struct boot_request *request);

/* The text of one line (1-based) of the configuration, without its end, for showing under an error.
 */
struct bytes config_line(const struct config *config, u32 line);

#endif
