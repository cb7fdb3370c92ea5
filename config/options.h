/* The options of `kernel`: what a boot is to look like, in the words of a configuration line or of
 * the note that a kernel carries (ALOFT_OPTIONS in include/aloft.h).
 *
 * Every option is --name=value; those that are on or off may stand without a value. Numbers are
 * decimal or 0x hexadecimal; sizes may end in K, M, G or T. docs/configuration.md says what each
 * one means. */
#ifndef CONFIG_OPTIONS_H
#define CONFIG_OPTIONS_H

#include "error.h"

enum paging_option {
    PAGING_AUTO,
    PAGING_OFF,
    PAGING_WANT_32,
    PAGING_WANT_PAE,
    PAGING_WANT_4LEVEL,
    PAGING_WANT_5LEVEL
};
enum identity_option { IDENTITY_LOW, IDENTITY_ALL, IDENTITY_TABLES, IDENTITY_NONE };

/* A place that is chosen by the loader, by the user, or not wanted. */
enum place_option { PLACE_AUTO, PLACE_NONE, PLACE_AT };

/* --map=PHYSICAL+SIZE[@VIRTUAL][,uncached|combining|cached][,ro] */
enum map_cache { MAP_AS_DEVICE, MAP_AS_FRAMEBUFFER, MAP_AS_MEMORY };

struct map_option {
    u64 phys, size;
    bool has_virt; /* else it is shown where the direct map or the identity map would show it */
    u64 virt;
    enum map_cache cache;
    bool read_only;
};

enum { OPTION_MAPS_MAX = 8 };

struct kernel_options {
    enum paging_option paging;
    enum identity_option identity;
    enum place_option direct; /* --direct-map */
    u64 direct_at;            /* with PLACE_AT */
    enum place_option recursive;
    u64 recursive_at;
    bool small_pages;
    bool temporary;   /* a window whose page table is mapped too */
    bool share_upper; /* the tables of the upper half all exist */
    bool null_mapped; /* page 0 is in the identity map */
    bool execute;     /* the identity map may be executed; no option sets it */
    bool global;      /* the kernel's pages stay in the TLB over CR3 changes */
    bool strict;      /* a page that two segments share with different rights is an error */
    bool smep, umip;
    bool has_base; /* --base: the virtual address of a position-independent kernel */
    bool kaslr;    /* it is put at random above its base */
    u64 base;
    const char *video; /* a list as in video_list.h; "" if there is no --video */
    u32 given;         /* a bit for each option that was set by kernel_option_parse() */
    u32 stack_size;    /* bytes, a multiple of 4096 */
    u32 map_count;
    struct map_option maps[OPTION_MAPS_MAX];
};

enum {
    CONFIG_STACK_DEFAULT = 64 * 1024,
    CONFIG_STACK_MIN = 4 * 1024,
    CONFIG_STACK_MAX = 16 * 1024 * 1024
};

struct kernel_options kernel_options_default(void);

/* One option word ("--paging=pae"). CONFIG_OPTION, CONFIG_VALUE and CONFIG_TOO_BIG, without a
 * place. */
MUST_USE struct error kernel_option_parse(const char *word, struct kernel_options *options);

/* The `length` characters at `value` are a number of bytes, or of KiB to TiB with K, M, G or T
 * behind it. False if they are not, or if it is 2^64 or more. */
bool config_size(const char *value, size_t length, u64 *size);

/* The words of a kernel's note, under those that were parsed before: an option that was given stays
 * as it is. `note` is cut into words, which the errors name. CONFIG_NOTE with `name`. */
MUST_USE struct error kernel_options_note(const char *name, char *note,
                                          struct kernel_options *options);

#endif
