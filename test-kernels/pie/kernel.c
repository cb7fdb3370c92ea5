/* A position-independent kernel: wherever it runs, its pointers point into it, and the loader says
 * how far it was moved. Its note asks for a stack of 128 KiB. */
#include "test.h"

ALOFT_OPTIONS("--stack=128K");

#define HIDDEN __attribute__((visibility("hidden")))
extern const char image_start[] HIDDEN, image_end[] HIDDEN, tls_start[] HIDDEN, tls_end[] HIDDEN;
extern const char relro_start[] HIDDEN, relro_end[] HIDDEN;
extern const uint8_t build_id_note[] HIDDEN;

/* In the template; used through it alone, for this kernel has no threads. */
__thread HIDDEN int tls_value = 0x1234567;
__thread HIDDEN int tls_zero[64];

enum { WORDS = 300 };
static int words[WORDS];

struct pointers {
    int *word;
    void (*function)(const struct aloft_info *);
    const char *string;
};

/* Each of these words is a relocation; two are in .data.rel.ro, one in .data. */
static const struct pointers constant = {words + 7, kernel_main, "constant"};
static const struct pointers *const chain[] = {&constant, &constant};
static struct pointers variable = {words + WORDS - 1, kernel_main, "variable"};

/* So many, and so near to each other, that RELR packs them into bitmaps. */
#define FOUR(n) words + (n), words + (n) + 1, words + (n) + 2, words + (n) + 3
#define SIXTEEN(n) FOUR(n), FOUR((n) + 4), FOUR((n) + 8), FOUR((n) + 12)
#define SIXTY_FOUR(n) SIXTEEN(n), SIXTEEN((n) + 16), SIXTEEN((n) + 32), SIXTEEN((n) + 48)
static int *const many[] = {SIXTY_FOUR(0), SIXTY_FOUR(64), SIXTY_FOUR(128)};

/* No pointer into the image may be known when compiling. */
static uintptr_t hide(const volatile void *pointer) {
    __asm__("" : "+r"(pointer));
    return (uintptr_t)pointer;
}

static void check_pointers(const struct pointers *pointers, const int *word, const char *string) {
    CHECK_VALUE(hide(pointers->word) == hide(word), (uintptr_t)pointers->word);
    CHECK_VALUE(hide((const void *)(uintptr_t)pointers->function) ==
                    hide((const void *)(uintptr_t)kernel_main),
                (uintptr_t)pointers->function);
    CHECK(string_same(pointers->string, string));
}

static void check_relocations(void) {
    const struct pointers *const *link = chain;
    __asm__("" : "+r"(link));
    check_pointers(link[1], words + 7, "constant");
    check_pointers(&variable, words + WORDS - 1, "variable");
    for (unsigned i = 0; i < sizeof many / sizeof *many; i++)
        CHECK_VALUE(hide(many[i]) == hide(words) + i * sizeof(int), i);
}

/* image_start is 0 in the file. */
static void check_place(const struct aloft_info *info) {
    uintptr_t start = hide(image_start);
    CHECK_VALUE(info->slide == start, info->slide);
    const struct aloft_segment *first = ALOFT_POINTER(const struct aloft_segment, info->segments.virt);
    CHECK_VALUE(first->virt == start, first->virt);
    CHECK_VALUE(first->phys >= 0x100000, first->phys);
}

static void check_file(const struct aloft_info *info) {
    CHECK_VALUE(info->tls_virt == hide(tls_start), info->tls_virt);
    CHECK_VALUE(info->tls_file_size == hide(tls_end) - hide(tls_start), info->tls_file_size);
    CHECK_VALUE(info->tls_size >= info->tls_file_size + sizeof(int) * 64, info->tls_size);
    CHECK_VALUE(*ALOFT_POINTER(const int, info->tls_virt) == 0x1234567, info->tls_virt);
    CHECK_VALUE(info->tls_align >= 4 && info->tls_align <= 64, info->tls_align);
    CHECK_VALUE(info->relro_virt <= hide(relro_start), info->relro_virt);
    CHECK_VALUE(info->relro_virt + info->relro_size >= hide(relro_end) - 4096, info->relro_size);
    CHECK_VALUE(info->relro_virt + info->relro_size <= hide(image_end) + 4096, info->relro_size);
    CHECK_VALUE(info->stack_rights == (ALOFT_READ | ALOFT_WRITE), info->stack_rights);
    CHECK_VALUE(info->build_id_size == 20, info->build_id_size);
    for (unsigned i = 0; i < 20; i++)
        CHECK_VALUE(info->build_id[i] == build_id_note[16 + i], i);
}

static void check_stack(const struct aloft_info *info) {
    const char *line = ALOFT_POINTER(const char, info->command_line_virt);
    uint64_t wanted = string_same(line, "small") ? 32 * 1024 : 128 * 1024;
    CHECK_VALUE(info->stack_size == wanted, info->stack_size);
}

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    check_place(info);
    check_relocations();
    check_file(info);
    check_stack(info);
    test_pass();
}
