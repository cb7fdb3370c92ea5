/* What Aloft did, on one screen of 80x25: what was loaded where, what is mapped, whose the memory
 * is.
 *
 * The screen is drawn into cells here, copied to the text screen if there is one, and printed on
 * the serial line without colours. The kernel then rests; with "exit" in its command line it
 * passes. */
#include "check.h"
#include "fault.h"
#include "test.h"

enum { ROWS = 25, SEGMENTS_SHOWN = 4, MEMORY_ROWS = 8 };

/* VGA attributes. */
enum {
    TITLE = 0x1f,
    QUIET = 0x08,
    PLAIN = 0x07,
    BRIGHT = 0x0f,
    HEADING = 0x0b,
    FREE = 0x0a,
    TAKEN = 0x0e,
    ARROW = 0x1a, /* a character: code page 437 */
};

static uint16_t cells[ROWS * PRINT_COLUMNS];

static void at(unsigned row, unsigned column, uint8_t colour) {
    print_on_cells(cells, row, column, colour);
}

static void put(unsigned row, unsigned column, uint8_t colour, const char *string) {
    at(row, column, colour);
    print(string);
}

static void clear(void) {
    for (unsigned i = 0; i < ROWS * PRINT_COLUMNS; i++)
        cells[i] = PLAIN << 8 | ' ';
}

static void bar(unsigned row) {
    for (unsigned i = 0; i < PRINT_COLUMNS; i++)
        cells[row * PRINT_COLUMNS + i] = TITLE << 8 | ' ';
}

static const char *paging_name(const struct aloft_info *info) {
    static const char *const names[] = {"off", "32-bit", "32-bit PSE", "PAE", "4-level", "5-level"};
    return info->paging < sizeof names / sizeof *names ? names[info->paging] : "?";
}

static void draw_bars(const struct aloft_info *info) {
    bar(0);
    put(0, 1, TITLE, ALOFT_POINTER(const char, info->loader_name_virt));
    put(0, 15, TITLE, ALOFT_POINTER(const char, info->kernel_path_virt));
    print_character(' ');
    print(ALOFT_POINTER(const char, info->command_line_virt));
    put(0, 46, TITLE, sizeof(uintptr_t) == 8 ? "  64-bit kernel, " : "  32-bit kernel, ");
    print(paging_name(info));
    print(" paging  ");
    bar(ROWS - 1);
    put(ROWS - 1, 1, TITLE,
        "The kernel runs at its virtual addresses and has the machine to itself.");
}

/* The columns that segments and mappings share. */
enum { VIRTUAL = 14, PHYSICAL = 34, SIZE = 47, RIGHTS = 58, PAGES = 65 };

static void draw_columns(unsigned row, const char *heading) {
    put(row, 1, HEADING, heading);
    put(row, VIRTUAL, QUIET, "virtual");
    put(row, PHYSICAL, QUIET, "physical");
    put(row, SIZE, QUIET, "size");
    put(row, RIGHTS, QUIET, "rights");
}

static void draw_place(unsigned row, uint64_t virt, uint64_t phys, uint64_t size) {
    at(row, VIRTUAL, BRIGHT);
    print_digits(virt, sizeof(uintptr_t) * 2);
    at(row, PHYSICAL - 2, QUIET);
    print_character(ARROW);
    at(row, PHYSICAL, BRIGHT);
    print_digits(phys, 8);
    at(row, SIZE, PLAIN);
    print_size(size);
}

static void draw_rights(unsigned row, bool write, bool execute) {
    at(row, RIGHTS, PLAIN);
    print("r");
    print(write ? "w" : "-");
    print(execute ? "x" : "-");
}

static void draw_segments(const struct aloft_info *info, unsigned row) {
    unsigned last = row + SEGMENTS_SHOWN;
    draw_columns(row++, "KERNEL");
    for (ALOFT_EACH(const struct aloft_segment, s, info->segments)) {
        if (row > last)
            return;
        put(row, 2, PLAIN, "PT_LOAD ");
        print_decimal(s->number);
        draw_place(row, s->virt, s->phys, s->size);
        draw_rights(row++, (s->rights & ALOFT_WRITE) != 0, (s->rights & ALOFT_EXECUTE) != 0);
    }
}

enum { RIGHTS_SHOWN = ALOFT_MAP_WRITE | ALOFT_MAP_EXECUTE };

/* All rows of one purpose, as one line. */
struct group {
    uint64_t virt, phys, size;
    uint64_t small, large, huge; /* pages: 4 KiB, 2 or 4 MiB, 1 GiB */
    uint32_t attributes;
    bool any, mixed;
};

static struct group group_of(const struct aloft_info *info, uint32_t purpose) {
    struct group group = {.any = false};
    for (ALOFT_EACH(const struct aloft_mapping, row, info->mappings)) {
        if (row->purpose != purpose)
            continue;
        if (!group.any)
            group = (struct group){
                .virt = row->virt, .phys = row->phys, .attributes = row->attributes, .any = true};
        group.mixed |= ((row->attributes ^ group.attributes) & RIGHTS_SHOWN) != 0;
        group.size += row->size;
    }
    return group;
}

static void count_pages(const struct paging *paging, struct group *groups) {
    if (paging->levels == 0 || paging->info->tables_virt == ALOFT_NO_ADDRESS)
        return;
    for (struct page page = {0}; page_next(paging, &page);) {
        const struct aloft_mapping *row = mapping_at(paging->info, page.virt);
        if (row == NULL || row->purpose > ALOFT_FOR_IDENTITY)
            continue;
        struct group *group = &groups[row->purpose];
        group->small += page.size == 4096;
        group->large += page.size > 4096 && page.size < (1 << 30);
        group->huge += page.size == (1 << 30);
    }
}

static void draw_page_count(uint64_t count, const char *size) {
    if (count == 0)
        return;
    print_decimal(count);
    print(size);
    print_character(' ');
}

static void draw_mappings(const struct paging *paging, unsigned row) {
    static const char *const names[] = {"",           "kernel",     "handoff",
                                        "trampoline", "direct map", "identity"};
    struct group groups[ALOFT_FOR_IDENTITY + 1] = {{0}};
    for (uint32_t purpose = ALOFT_FOR_KERNEL; purpose <= ALOFT_FOR_IDENTITY; purpose++)
        groups[purpose] = group_of(paging->info, purpose);
    count_pages(paging, groups);

    draw_columns(row, "MAPPINGS");
    put(row++, PAGES, QUIET, "pages");
    for (uint32_t purpose = ALOFT_FOR_KERNEL; purpose <= ALOFT_FOR_IDENTITY; purpose++) {
        const struct group *group = &groups[purpose];
        if (!group->any)
            continue;
        put(row, 2, PLAIN, names[purpose]);
        draw_place(row, group->virt, group->phys, group->size);
        draw_rights(row, (group->attributes & ALOFT_MAP_WRITE) != 0,
                    (group->attributes & ALOFT_MAP_EXECUTE) != 0);
        if (group->mixed)
            put(row, RIGHTS, PLAIN, "above");
        at(row++, PAGES, PLAIN);
        draw_page_count(group->huge, "x1G");
        draw_page_count(group->large, paging->entry_bytes == 4 ? "x4M" : "x2M");
        draw_page_count(group->small, "x4K");
    }
}

static const char *kind_name(uint32_t kind) {
    switch (kind) {
    case ALOFT_MEMORY_USABLE: return "free";
    case ALOFT_MEMORY_RESERVED: return "reserved";
    case ALOFT_MEMORY_ACPI: return "ACPI";
    case ALOFT_MEMORY_NVS: return "ACPI NVS";
    case ALOFT_MEMORY_BAD: return "bad";
    case ALOFT_MEMORY_BIOS: return "BIOS";
    case ALOFT_MEMORY_KERNEL: return "kernel";
    case ALOFT_MEMORY_MODULE: return "modules";
    case ALOFT_MEMORY_TABLES: return "tables";
    case ALOFT_MEMORY_HANDOFF: return "handoff";
    case ALOFT_MEMORY_TRAMPOLINE: return "jump";
    default: return "?";
    }
}

static uint8_t kind_colour(uint32_t kind) {
    if (kind == ALOFT_MEMORY_USABLE)
        return FREE;
    return kind >= ALOFT_MEMORY_KERNEL ? TAKEN : PLAIN;
}

static void draw_range(unsigned row, unsigned column, uint64_t start, uint64_t size,
                       uint32_t kind) {
    at(row, column, BRIGHT);
    print_digits(start, 8);
    at(row, column + 11, PLAIN);
    print_size(size);
    put(row, column + 21, kind_colour(kind), kind_name(kind));
}

/* Neighbours of one kind are one line; two columns of lines. */
static void draw_memory(const struct aloft_info *info, unsigned row) {
    unsigned shown = 0;
    uint64_t start = 0, size = 0;
    uint32_t kind = 0;
    put(row++, 1, HEADING, "MEMORY");
    for (ALOFT_EACH(const struct aloft_memory, m, info->memory)) {
        bool joins = size > 0 && m->kind == kind && m->start == start + size;
        if (!joins && size > 0)
            shown++;
        if (shown >= 2 * MEMORY_ROWS)
            return;
        start = joins ? start : m->start;
        size = joins ? size + m->size : m->size;
        kind = m->kind;
        draw_range(row + shown % MEMORY_ROWS, shown < MEMORY_ROWS ? 1 : 31, start, size, kind);
    }
}

static void draw_fact(unsigned row, const char *name) {
    put(row, 61, QUIET, name);
    at(row, 69, PLAIN);
}

static void draw_machine(const struct paging *paging, unsigned row) {
    const struct aloft_info *info = paging->info;
    put(row++, 61, HEADING, "MACHINE");
    draw_fact(row++, "paging");
    print(paging_name(info));
    draw_fact(row++, "CR3");
    print_hex(info->root_phys);
    draw_fact(row++, "tables");
    print_decimal(info->table_frames);
    print(" x 4 KiB");
    draw_fact(row++, "NX");
    print(paging->no_execute ? "on" : "not there");
    draw_fact(row++, "stack");
    print_size(info->stack_size);
    draw_fact(row++, "info");
    print_size(info->handoff_size);
    draw_fact(row++, "ACPI");
    if (info->rsdp_phys != 0)
        print_hex(info->rsdp_phys);
    else
        print("none");
    draw_fact(row++, "modules");
    print_decimal(info->modules.count);
}

static void show_on_screen(const struct aloft_screen *screen) {
    if (screen->kind != ALOFT_SCREEN_TEXT || screen->virt == ALOFT_NO_ADDRESS ||
        screen->width < PRINT_COLUMNS || screen->height < ROWS)
        return;
    for (unsigned row = 0; row < ROWS; row++) {
        volatile uint16_t *to = ALOFT_POINTER(uint16_t, screen->virt + row * screen->pitch);
        for (unsigned column = 0; column < PRINT_COLUMNS; column++)
            to[column] = cells[row * PRINT_COLUMNS + column];
    }
    /* The cursor is of no use here: CRT controller, cursor start register, bit 5. */
    port_write(0x3d4, 0x0a);
    port_write(0x3d5, 0x20);
}

static void show_on_serial(void) {
    print_on_serial();
    for (unsigned row = 0; row < ROWS; row++) {
        unsigned end = PRINT_COLUMNS;
        while (end > 0 && (cells[row * PRINT_COLUMNS + end - 1] & 0xff) == ' ')
            end--;
        for (unsigned column = 0; column < end; column++) {
            char c = (char)(cells[row * PRINT_COLUMNS + column] & 0xff);
            print_character(c == ARROW ? '>' : c);
        }
        print_character('\n');
    }
}

static bool has_word(const char *line, const char *word) {
    while (*line != 0) {
        unsigned i = 0;
        while (word[i] != 0 && line[i] == word[i])
            i++;
        if (word[i] == 0 && (line[i] == 0 || line[i] == ' '))
            return true;
        while (*line != 0 && *line != ' ')
            line++;
        while (*line == ' ')
            line++;
    }
    return false;
}

void kernel_main(const struct aloft_info *info) {
    test_name(KERNEL_NAME, info);
    check_info(info);
    struct paging paging = paging_now(info);
    clear();
    draw_bars(info);
    draw_segments(info, 2);
    draw_mappings(&paging, 8);
    draw_memory(info, 15);
    draw_machine(&paging, 15);
    show_on_screen(&info->screen);
    show_on_serial();
    if (has_word(ALOFT_POINTER(const char, info->command_line_virt), "exit"))
        test_pass();
    cpu_halt();
}
