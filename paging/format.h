/* The paging formats of x86, as rows of data.
 *
 * A format is a tree of tables. A table of level n has 2^index_bits entries, each of which covers
 * 2^shift bytes of virtual addresses: an entry is absent, a leaf (it maps a page of 2^shift bytes),
 * or a link to a table of the next lower level. Level 0 is the lowest; the root is level_count - 1.
 * Intel's manual numbers levels the other way round; ours makes arithmetic easy.
 *
 *              level 3        level 2        level 1        level 0
 *   32-bit                                   22:10          12:10*       4-byte entries
 *   32-bit+PSE                               22:10*         12:10*       4 MiB leaves
 *   PAE                       30:2           21:9*          12:9*        8-byte entries
 *   4-level    39:9           30:9*          21:9*          12:9*        (shift:index bits, * = may
 * be a leaf) 5-level    one more, 48:9, above the four
 *
 * Everything that differs between formats is a column here. The builder (build.h) and the walker
 * (walk.h) have no branch on a format.
 *
 * Specification: Intel SDM volume 3A, chapter 4 (tables 4-4 to 4-20). */
#ifndef PAGING_FORMAT_H
#define PAGING_FORMAT_H

#include "types.h"

/* CPU features that formats and planning depend on. */
enum cpu_feature {
    CPU_PSE = 1 << 0, /* 4 MiB pages in 32-bit paging */
    CPU_PAE = 1 << 1,
    CPU_NX = 1 << 2, /* no-execute, where PAE is in use */
    CPU_LONG_MODE = 1 << 3,
    CPU_PAGE_1G = 1 << 4, /* 1 GiB pages in 4-level and 5-level paging */
    CPU_LA57 = 1 << 5,    /* 5-level paging */
    CPU_PGE = 1 << 6,     /* global pages */
    CPU_PAT = 1 << 7,
    CPU_CPUID = 1 << 8, /* the CPUID instruction itself */
    CPU_MSR = 1 << 9,
    CPU_WP = 1 << 10,   /* CR0.WP: 486 and later */
    CPU_SMEP = 1 << 11, /* the kernel cannot execute user pages */
    CPU_UMIP = 1 << 12, /* user code cannot read the descriptor table registers */
};

/* Bits of an entry that have one place in every format (SDM table 4-5, 4-19). */
enum {
    ENTRY_PRESENT = 1 << 0,
    ENTRY_WRITE = 1 << 1,
    ENTRY_USER = 1 << 2,
    ENTRY_WRITE_THROUGH = 1 << 3, /* PWT */
    ENTRY_CACHE_DISABLE = 1 << 4, /* PCD */
    ENTRY_ACCESSED = 1 << 5,
    ENTRY_DIRTY = 1 << 6,
    ENTRY_LARGE = 1 << 7,  /* PS, in a leaf above level 0 */
    ENTRY_GLOBAL = 1 << 8, /* in a leaf */
};

#define ENTRY_NO_EXECUTE ((u64)1 << 63)

enum { PAGING_LEVELS_MAX = 5 };

/* Bits of the control registers that a format sets (SDM volume 3A, section 2.5, and table 2-2 of
 * volume 4). */
enum {
    CR0_PE = 1 << 0,
    CR0_ET = 1 << 4,
    CR0_WP = 1 << 16,
    CR0_NW = 1 << 29,
    CR0_CD = 1 << 30,
    CR4_PSE = 1 << 4,
    CR4_PAE = 1 << 5,
    CR4_PGE = 1 << 7,
    CR4_UMIP = 1 << 11,
    CR4_LA57 = 1 << 12,
    CR4_SMEP = 1 << 20,
    EFER_LME = 1 << 8,
    EFER_LMA = 1 << 10,
    EFER_NXE = 1 << 11,
};
#define CR0_PG ((u32)1 << 31)

struct paging_level {
    const char *name; /* the manual's name of an entry at this level: "PDE" */
    u8 shift;         /* an entry covers 2^shift bytes */
    u8 index_bits;    /* a table has 2^index_bits entries */
    bool leaf;        /* may an entry be a page? */
    u16 leaf_needs;   /* ... if the CPU has this (CPU_*), 0 for always */
    u16 link_bits; /* the bits of an entry that points to a table: PAE's root has no write or user
                      bit */
    u64 link_reserved; /* bits that must be clear in such an entry, besides the address's */
};

enum paging_format_id {
    PAGING_32,
    PAGING_32_PSE,
    PAGING_PAE,
    PAGING_4LEVEL,
    PAGING_5LEVEL,
    PAGING_FORMAT_COUNT
};

struct paging_format {
    const char *name; /* "32-bit", "32-bit with 4 MiB pages", "PAE", "4-level", "5-level" */
    u8 kernel_bits;   /* 32 or 64: which kernels it runs */
    u8 entry_size;    /* 4 or 8 bytes */
    u8 level_count;
    u8 virtual_bits;      /* 32, 48 or 57; above 32, addresses are canonical at this width */
    u8 physical_bits_max; /* what an entry can hold: 32 or 52 */
    u8 reserved_end; /* bits from the CPU's physical_bits up to this one (exclusive) must be clear
                      */
    bool has_nx;     /* bit 63 forbids execution where the CPU has NX, and is reserved where not */
    u32 needs;       /* CPU_* that must be there */
    u8 recursive_level; /* the level of the table whose slots show the tables. All tables of this
                         * level are shown, each by a slot: one where it is the root, four in PAE,
                         * whose root has no room */
    u32 cr4;            /* bits to set */
    u32 efer;
    struct paging_level levels[PAGING_LEVELS_MAX];
};

extern const struct paging_format paging_formats[PAGING_FORMAT_COUNT];

/* The name of one CPU_* feature, as messages use it: "long mode", "PSE (4 MiB pages)". */
const char *cpu_feature_name(u32 feature);

/* Does a 2^shift-byte leaf exist at this level on this CPU? */
bool paging_leaf_allowed(const struct paging_format *format, u32 level, u32 cpu_features);

/* The address bits above virtual_bits repeat its highest bit (SDM volume 1, section 3.3.7.1); for
 * 32-bit formats, the address is below 4 GiB. */
bool paging_is_canonical(const struct paging_format *format, u64 virt);
u64 paging_make_canonical(const struct paging_format *format, u64 virt);

/* The index into a table of `level` that a virtual address selects. */
u32 paging_index(const struct paging_format *format, u32 level, u64 virt);

#endif
