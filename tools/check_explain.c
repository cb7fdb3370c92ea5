#include "check.h"

enum { ELF_CLASS_AT = 4, NAMES_SHOWN = 6 };

struct check check_of(struct bytes file, const struct image *image) {
    struct check check = {.file = file, .image = image};
    check.is_elf = file.size > ELF_CLASS_AT && !memcmp(file.at, "\177ELF", 4) &&
                   (file.at[ELF_CLASS_AT] == 1 || file.at[ELF_CLASS_AT] == 2);
    if (check.is_elf)
        check.sections = sections_of(file, 32u * file.at[ELF_CLASS_AT]);
    return check;
}

static bool load_of(const struct check *check, u32 number, struct section_load *load) {
    return check->is_elf && section_load(&check->sections, number, load);
}

/* The next section of a PT_LOAD from *index on. */
static bool next_section(const struct check *check, const struct section_load *load, u32 *index,
                         struct section *section) {
    while (section_read(&check->sections, (*index)++, section))
        if (section_in_load(section, load))
            return true;
    return false;
}

const char *check_sections_of(const struct check *check, u32 number) {
    const char *names = "";
    struct section_load load;
    struct section section;
    u32 index = 1, shown = 0;
    if (!load_of(check, number, &load))
        return names;
    while (next_section(check, &load, &index, &section)) {
        if (shown++ == NAMES_SHOWN)
            return make_text("%s ...", names);
        struct section_text name = section_name(&check->sections, &section);
        names = shown > 1 ? make_text("%s %s", names, name.text) : make_text("%s", name.text);
    }
    return names;
}

const char *check_named(const struct check *check, u32 number) {
    const char *sections = check_sections_of(check, number);
    return *sections ? make_text(" (%s)", sections) : "";
}

static bool has_entry(const struct check *check, const struct section_load *load) {
    return check->image->entry - load->virt < load->memory_size;
}

u64 check_offset(const struct check *check) {
    struct section_load load;
    u64 first = 0;
    for (u32 i = 0; load_of(check, i, &load); i++) {
        u64 offset = load.virt - load.phys;
        if (offset && has_entry(check, &load))
            return offset;
        first = first ? first : offset;
    }
    return first;
}

/* ---- lines for the linker script ---- */

static bool is_for_tools(const char *name) {
    return string_starts(name, ".note") || string_starts(name, ".eh_frame") ||
           string_starts(name, ".comment");
}

void check_print_at_lines(const struct check *check, u32 number, u64 offset) {
    struct section_load load;
    struct section section;
    u32 index = 1, shown = 0;
    if (!load_of(check, number, &load))
        return;
    while (next_section(check, &load, &index, &section) && shown++ < NAMES_SHOWN) {
        struct section_text name = section_name(&check->sections, &section);
        if (shown == 1)
            puts("In the linker script:");
        printf("    %s : AT(ADDR(%s) - 0x%llx) { *(%s) }\n", name.text, name.text,
               (unsigned long long)offset, name.text);
        if (is_for_tools(name.text))
            printf("    or, if nothing in the kernel reads it: /DISCARD/ : { *(%s) }\n", name.text);
    }
}

void check_print_rights_lines(const char *sections) {
    printf("In the linker script:\n"
           "    . = ALIGN(4096);    before %s\n"
           "    PHDRS { text PT_LOAD FLAGS(5); data PT_LOAD FLAGS(6); }    with :text or :data "
           "behind each section's }\n",
           sections);
}

/* ---- what an error is about ---- */

static u32 load_number(const struct error *error, u32 which) {
    return (u32)error->values.number[which];
}

/* Nothing where the file's section headers are cut off, or where it has none. */
static void name_one(const struct check *check, const struct error *error) {
    const char *sections = check_sections_of(check, load_number(error, 0));
    if (*sections)
        printf("    PT_LOAD %u is %s\n", load_number(error, 0), sections);
}

static void name_two(const struct check *check, const struct error *error) {
    const char *one = check_sections_of(check, load_number(error, 0));
    const char *other = check_sections_of(check, load_number(error, 1));
    if (*one && *other)
        printf("    PT_LOAD %u is %s; PT_LOAD %u is %s\n", load_number(error, 0), one,
               load_number(error, 1), other);
}

/* Where the entry is instead of in code that can be executed. */
static void name_entry(const struct check *check, const struct error *error) {
    struct section_load load;
    u64 entry = error->values.number[0];
    for (u32 i = 0; load_of(check, i, &load); i++) {
        bool virtually = entry - load.virt < load.memory_size;
        if (virtually || entry - load.phys < load.memory_size) {
            printf("    it is %s in PT_LOAD %u%s, which cannot be executed\n",
                   virtually ? "virtually" : "physically", i, check_named(check, i));
            return;
        }
    }
    if (!entry)
        puts("    the linker writes 0 where ENTRY names no global symbol of any object file");
}

static void put_by_option(const struct check *check, const struct error *error) {
    check_print_at_lines(check, load_number(error, 0), error->values.number[2]);
}

static void put_one(const struct check *check, const struct error *error) {
    if (check_offset(check))
        check_print_at_lines(check, load_number(error, 0), check_offset(check));
}

static void put_other(const struct check *check, const struct error *error) {
    if (check_offset(check))
        check_print_at_lines(check, load_number(error, 1), check_offset(check));
}

static void part_rights(const struct check *check, const struct error *error) {
    struct section_load load;
    struct section section;
    u32 number = load_number(error, 1), index = 1;
    bool named = load_of(check, number, &load) && next_section(check, &load, &index, &section);
    check_print_rights_lines(named ? section_name(&check->sections, &section).text
                                   : "the second of them");
}

/* For each error with PT_LOADs in it: what names them, and what writes the lines. */
struct explanation {
    enum error_code code;
    void (*name)(const struct check *check, const struct error *error);
    void (*lines)(const struct check *check, const struct error *error);
};

static const struct explanation explanations[] = {
    {ERROR_ELF_TRUNCATED, name_one, NULL},
    {ERROR_ELF_SIZES, name_one, NULL},
    {ERROR_ELF_WRAP, name_one, NULL},
    {ERROR_ELF_CANONICAL, name_one, NULL},
    {ERROR_ELF_ENTRY, name_entry, NULL},
    {ERROR_ELF_VIRT_OVERLAP, name_two, NULL},
    {ERROR_ELF_PAGE_OFFSET, name_one, put_one},
    {ERROR_ELF_PAGE_CONFLICT, name_two, put_other},
    {ERROR_PLAN_NO_RAM, name_one, NULL},
    {ERROR_PLAN_NO_AT, name_one, put_by_option},
    {ERROR_PLAN_RESERVED, name_one, NULL},
    {ERROR_PLAN_OVERLAP, name_two, put_other},
    {ERROR_PLAN_ADDRESS_WIDTH, name_one, NULL},
    {ERROR_PLAN_PHYSICAL_WIDTH, name_one, NULL},
    {ERROR_PLAN_SHARED_PAGE, name_two, part_rights},
    {ERROR_PLAN_RAM_ENDS, name_one, NULL},
};

static const struct explanation *explanation_of(enum error_code code) {
    static const struct explanation none;
    for (size_t i = 0; i < ARRAY_COUNT(explanations); i++)
        if (explanations[i].code == code)
            return &explanations[i];
    return &none;
}

void check_explain(const struct check *check, const char *kind, const struct error *error) {
    const struct explanation *explanation = explanation_of(error->code);
    char buffer[1024];
    struct text text = TEXT_IN(buffer);
    error_text(error, &text);
    printf("%sE%d: %s\n", kind, (int)error->code, buffer);
    if (explanation->name)
        explanation->name(check, error);
    text = TEXT_IN(buffer);
    error_fix(error, &text);
    printf("What to do: %s\n", buffer);
    if (explanation->lines)
        explanation->lines(check, error);
}
