#include "check.h"

#include "multiboot_header.h"

enum { HEADERS = 2 };

static u32 sum_at(const struct multiboot_rule *rule, const u8 *at) {
    u32 words[4];
    for (u32 i = 0; i < rule->sum_words; i++)
        words[i] = load32(at + 4 * i);
    return multiboot_sum(rule, words);
}

/* The first place from `from` on, in steps, where the magic number stands. */
static bool find_magic(struct bytes file, const struct multiboot_rule *rule, u64 *from, u32 step) {
    for (; file.size >= 4 * rule->sum_words && *from <= file.size - 4 * rule->sum_words;
         *from += step)
        if (load32(file.at + (size_t)*from) == rule->magic)
            return true;
    return false;
}

struct found_header check_multiboot(struct bytes file, u32 version) {
    const struct multiboot_rule *rule = multiboot_rule(version);
    for (u64 at = 0; find_magic(file, rule, &at, 1); at++) {
        if (sum_at(rule, file.at + (size_t)at))
            continue;
        bool usable = is_aligned(at, rule->alignment) && at + 4 * rule->sum_words <= rule->reach;
        return (struct found_header){true, usable, at};
    }
    return (struct found_header){false, false, 0};
}

/* Which sections push the header back. */
static void print_sections_before(const struct check *check, u64 offset) {
    struct section section;
    bool any = false;
    for (u32 i = 1; check->is_elf && section_read(&check->sections, i, &section); i++) {
        if (!(section.flags & SECTION_ALLOC) || section.type == SECTION_NOBITS || !section.size ||
            section.offset >= offset)
            continue;
        u64 size = min_u64(section.size, offset - section.offset);
        printf("%s%s (%llu bytes)", any ? ", " : "    before it in the file: ",
               section_name(&check->sections, &section).text, (unsigned long long)size);
        any = true;
    }
    if (any)
        puts("");
}

static void note_late(const struct check *check, const struct multiboot_rule *rule, u64 offset) {
    printf("note: the %s header is at file offset %llu; it must end within the first %u bytes\n",
           rule->name, (unsigned long long)offset, rule->reach);
    print_sections_before(check, offset);
    puts("What to do: put it first, and link with --build-id=none -z max-page-size=4096 (through "
         "gcc: -Wl,--build-id=none -Wl,-z,max-page-size=4096)\n"
         "In the linker script, as the first section:");
    if (check->is_elf && check_offset(check))
        printf("    .multiboot : AT(ADDR(.multiboot) - 0x%llx) { KEEP(*(.multiboot*)) }\n",
               (unsigned long long)check_offset(check));
    else
        puts("    .multiboot : { KEEP(*(.multiboot*)) }");
}

static void note_unaligned(const struct multiboot_rule *rule, u64 offset) {
    printf("note: the %s header is at file offset %llu, which is no multiple of %u\n"
           "What to do: align it in the source (align %u in NASM, .balign %u in GNU as)\n",
           rule->name, (unsigned long long)offset, rule->alignment, rule->alignment,
           rule->alignment);
}

/* The magic number where loaders look for it, and not the rest of a header. */
static void note_sum(struct bytes file, const struct multiboot_rule *rule) {
    u64 at = 0;
    if (!find_magic(file, rule, &at, rule->alignment) || at + 4 * rule->sum_words > rule->reach)
        return;
    const u8 *checksum = file.at + (size_t)at + 4 * (rule->sum_words - 1);
    u32 is = load32(checksum), should = is - sum_at(rule, file.at + (size_t)at);
    printf("note: the %s header at file offset %llu has the checksum 0x%x; its first %u numbers "
           "must add up to 0\n"
           "What to do: write 0x%x, or better minus the sum of the others\n",
           rule->name, (unsigned long long)at, is, rule->sum_words, should);
}

static void check_header(const struct check *check, const struct multiboot_rule *rule,
                         const struct found_header *header) {
    if (header->usable)
        return;
    if (!header->found)
        note_sum(check->file, rule);
    else if (!is_aligned(header->offset, rule->alignment))
        note_unaligned(rule, header->offset);
    else
        note_late(check, rule, header->offset);
}

static void note_command(const struct found_header *two) {
    printf("note: the header at file offset %llu is Multiboot 2 and there is none of Multiboot: "
           "the command multiboot and QEMU's -kernel do not take it\n"
           "What to do: in grub.cfg, write multiboot2 and module2; for QEMU, make an image: aloft "
           "image -o os.img DIR\n",
           (unsigned long long)two->offset);
}

static void note_class(void) {
    puts("note: a 64-bit ELF file with a Multiboot header, which QEMU's -kernel refuses (Multiboot "
         "starts 32-bit code)\n"
         "What to do: make an image: aloft image -o os.img DIR; or give QEMU a 32-bit copy: "
         "objcopy -O elf32-i386 kernel.elf kernel32.elf");
}

void check_print_multiboot(const struct check *check) {
    struct found_header headers[HEADERS];
    for (u32 i = 0; i < HEADERS; i++) {
        headers[i] = check_multiboot(check->file, i + 1);
        check_header(check, multiboot_rule(i + 1), &headers[i]);
    }
    if (headers[1].usable && !headers[0].usable)
        note_command(&headers[1]);
    if (headers[0].usable && check->is_elf && check->image->bits == 64)
        note_class();
}
