#include "format.h"

enum {
    LINK = ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER,
    /* SDM table 4-8: the root of PAE has no rights, and keeps their places reserved. */
    PAE_ROOT_RESERVED =
        ENTRY_WRITE | ENTRY_USER | ENTRY_ACCESSED | ENTRY_DIRTY | ENTRY_LARGE | ENTRY_GLOBAL,
};

/* The lower levels of the formats with 8-byte entries. */
#define PTE64 \
    { .name = "PTE", .shift = 12, .index_bits = 9, .leaf = true }
#define PDE64 \
    { .name = "PDE", .shift = 21, .index_bits = 9, .leaf = true, .link_bits = LINK }
#define PDPTE64                                                                                 \
    {                                                                                           \
        .name = "PDPTE", .shift = 30, .index_bits = 9, .leaf = true, .leaf_needs = CPU_PAGE_1G, \
        .link_bits = LINK, .link_reserved = ENTRY_LARGE                                         \
    }
#define PML4E                                                             \
    {                                                                     \
        .name = "PML4E", .shift = 39, .index_bits = 9, .link_bits = LINK, \
        .link_reserved = ENTRY_LARGE                                      \
    }

const struct paging_format paging_formats[PAGING_FORMAT_COUNT] = {
    [PAGING_32] = {.name = "32-bit",
                   .kernel_bits = 32,
                   .entry_size = 4,
                   .level_count = 2,
                   .recursive_level = 1,
                   .virtual_bits = 32,
                   .physical_bits_max = 32,
                   .reserved_end = 32,
                   .levels = {{.name = "PTE", .shift = 12, .index_bits = 10, .leaf = true},
                              {.name = "PDE", .shift = 22, .index_bits = 10, .link_bits = LINK}}},
    [PAGING_32_PSE] = {.name = "32-bit with 4 MiB pages",
                       .kernel_bits = 32,
                       .entry_size = 4,
                       .level_count = 2,
                       .recursive_level = 1,
                       .virtual_bits = 32,
                       .physical_bits_max = 32,
                       .reserved_end = 32,
                       .needs = CPU_PSE,
                       .cr4 = CR4_PSE,
                       .levels = {{.name = "PTE", .shift = 12, .index_bits = 10, .leaf = true},
                                  {.name = "PDE",
                                   .shift = 22,
                                   .index_bits = 10,
                                   .leaf = true,
                                   .leaf_needs = CPU_PSE,
                                   .link_bits = LINK}}},
    [PAGING_PAE] = {.name = "PAE",
                    .kernel_bits = 32,
                    .entry_size = 8,
                    .level_count = 3,
                    .recursive_level = 1,
                    .virtual_bits = 32,
                    .physical_bits_max = 52,
                    .reserved_end = 63,
                    .has_nx = true,
                    .needs = CPU_PAE,
                    .cr4 = CR4_PAE,
                    .levels = {PTE64,
                               PDE64,
                               {.name = "PDPTE",
                                .shift = 30,
                                .index_bits = 2,
                                .link_bits = ENTRY_PRESENT,
                                .link_reserved = ENTRY_NO_EXECUTE | PAE_ROOT_RESERVED}}},
    [PAGING_4LEVEL] = {.name = "4-level",
                       .kernel_bits = 64,
                       .entry_size = 8,
                       .level_count = 4,
                       .recursive_level = 3,
                       .virtual_bits = 48,
                       .physical_bits_max = 52,
                       .reserved_end = 52,
                       .has_nx = true,
                       .needs = CPU_LONG_MODE | CPU_PAE,
                       .cr4 = CR4_PAE,
                       .efer = EFER_LME,
                       .levels = {PTE64, PDE64, PDPTE64, PML4E}},
    [PAGING_5LEVEL] = {.name = "5-level",
                       .kernel_bits = 64,
                       .entry_size = 8,
                       .level_count = 5,
                       .recursive_level = 4,
                       .virtual_bits = 57,
                       .physical_bits_max = 52,
                       .reserved_end = 52,
                       .has_nx = true,
                       .needs = CPU_LONG_MODE | CPU_PAE | CPU_LA57,
                       .cr4 = CR4_PAE | CR4_LA57,
                       .efer = EFER_LME,
                       .levels = {PTE64,
                                  PDE64,
                                  PDPTE64,
                                  PML4E,
                                  {.name = "PML5E",
                                   .shift = 48,
                                   .index_bits = 9,
                                   .link_bits = LINK,
                                   .link_reserved = ENTRY_LARGE}}},
};

const char *cpu_feature_name(u32 feature) {
    switch (feature) {
    case CPU_PSE: return "PSE (4 MiB pages)";
    case CPU_PAE: return "PAE";
    case CPU_NX: return "NX (no execution)";
    case CPU_LONG_MODE: return "long mode";
    case CPU_PAGE_1G: return "1 GiB pages";
    case CPU_LA57: return "LA57 (5-level paging)";
    case CPU_SMEP: return "SMEP";
    case CPU_UMIP: return "UMIP";
    case CPU_PGE: return "PGE (global pages)";
    case CPU_PAT: return "PAT";
    case CPU_CPUID: return "CPUID";
    case CPU_MSR: return "MSRs";
    case CPU_WP: return "CR0.WP (486 or later)";
    default: return "unknown";
    }
}

bool paging_leaf_allowed(const struct paging_format *format, u32 level, u32 cpu_features) {
    const struct paging_level *row = &format->levels[level];
    return row->leaf && (row->leaf_needs & ~cpu_features) == 0;
}

bool paging_is_canonical(const struct paging_format *format, u64 virt) {
    return virt == paging_make_canonical(format, virt);
}

u64 paging_make_canonical(const struct paging_format *format, u64 virt) {
    u64 top = (u64)1 << (format->virtual_bits - 1);
    u64 kept = virt & (2 * top - 1);
    return format->virtual_bits > 32 ? (kept ^ top) - top : kept;
}

u32 paging_index(const struct paging_format *format, u32 level, u64 virt) {
    const struct paging_level *row = &format->levels[level];
    return (u32)(virt >> row->shift) & ((1u << row->index_bits) - 1);
}
