/* plan/describe.h: the text of two plans, to the byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "describe.h"
#include "machines.h"

#include <stdio.h>

enum { TEXT_SIZE = 16384 };

struct described {
    struct machine machine;
    struct image image;
    struct boot_request request;
    u64 module_sizes[1];
    struct plan plan;
};

static void make(struct described *described, const struct part *parts, u32 bits,
                 const char *options, u64 module_size) {
    image_of(bits, parts, &described->image);
    described->image.name = "/boot/kernel.elf";
    described->module_sizes[0] = module_size;
    described->request =
        (struct boot_request){.options = options_of(options),
                              .kernel = {.path = "/boot/kernel.elf", .arguments = "root=sda quiet"},
                              .module_count = module_size != 0};
    struct plan_request wish = {.machine = &described->machine,
                                .image = &described->image,
                                .options = &described->request.options,
                                .module_count = described->request.module_count,
                                .module_sizes = described->module_sizes,
                                .info_size = 3000};
    struct error error = plan_make(&wish, &described->plan);
    assert_int_equal(error.code, ERROR_NONE);
}

/* All lines, each ended by a newline; no line is empty or ends with a space. */
static void describe(const struct described *described, char *text) {
    struct description description = {&described->machine, &described->plan, &described->request};
    char buffer[200];
    u32 number = 0;
    for (*text = 0;; number++) {
        struct text line = TEXT_IN(buffer);
        if (!describe_line(&description, number, &line))
            break;
        size_t length = strlen(buffer);
        assert_true(length && buffer[length - 1] != ' ');
        sprintf(text + strlen(text), "%s\n", buffer);
    }
    for (u32 more = number; more < number + 1000; more += 37) {
        struct text line = TEXT_IN(buffer);
        assert_false(describe_line(&description, more, &line));
        assert_string_equal(buffer, "");
    }
}

static const char text_32[] =
    "kernel    /boot/kernel.elf, 32-bit\n"
    "command   root=sda quiet\n"
    "cpu       PSE (4 MiB pages), 32 address bits\n"
    "paging    32-bit with 4 MiB pages, 6 frames of tables\n"
    "screen    80 x 25 cells of 16 bits at 0xb8000\n"
    "entry     0xc0000800, stack 64 KiB at 0xff801000\n"
    "memory    0x000000000000 - 0x00000009fc00  639 KiB      usable\n"
    "          0x00000009fc00 - 0x0000000a0000  1 KiB        reserved\n"
    "          0x0000000f0000 - 0x000000100000  64 KiB       reserved\n"
    "          0x000000100000 - 0x000000fe0000  14.8 MiB     usable\n"
    "          0x000000fe0000 - 0x000001000000  128 KiB      reserved\n"
    "          0x0000fffc0000 - 0x000100000000  256 KiB      reserved\n"
    "load      module 0   0x000000 + 0x11170    -> 0x00fce000 zero 0xe90\n"
    "          PT_LOAD 0  0x001000 + 0x800      -> 0x00000800\n"
    "          PT_LOAD 0  0x001800 + 0x8f000    -> 0x00001000 via 0xf24000\n"
    "          PT_LOAD 0  0x090800 + 0x800      -> 0x00090000 zero 0x2000\n"
    "          PT_LOAD 1  0x091000 + 0x3000     -> 0x00100000\n"
    "place     0x000000000000 - 0x000000000500  1.2 KiB      interrupt vectors and BIOS data\n"
    "          0x000000000800 - 0x000000092800  584 KiB      PT_LOAD 0\n"
    "          0x000000001000 - 0x000000090000  572 KiB      Aloft itself\n"
    "          0x000000100000 - 0x000000103000  12 KiB       PT_LOAD 1\n"
    "          0x000000f24000 - 0x000000fb3000  572 KiB      staging\n"
    "          0x000000fb3000 - 0x000000fb6000  12 KiB       page tables for the jump\n"
    "          0x000000fb6000 - 0x000000fbc000  24 KiB       page tables\n"
    "          0x000000fbc000 - 0x000000fce000  72 KiB       stack, information, trampoline\n"
    "          0x000000fce000 - 0x000000fe0000  72 KiB       module 0\n"
    "map       0x00001000 -> 0x000001000          636 KiB    rw-- identity map\n"
    "          0x000a0000 -> 0x0000a0000          128 KiB    rw-u identity map\n"
    "          0x000c0000 -> 0x0000c0000          256 KiB    rw-- identity map\n"
    "          0x00100000 -> 0x000100000          14.8 MiB   rw-- identity map\n"
    "          0xc0000000 -> 0x000000000          588 KiB    rwx- kernel\n"
    "          0xc0093000 -> 0x000093000          52 KiB     rw-- direct map\n"
    "          0xc00a0000 -> 0x0000a0000          128 KiB    rw-u direct map\n"
    "          0xc00c0000 -> 0x0000c0000          256 KiB    rw-- direct map\n"
    "          0xc0100000 -> 0x000100000          12 KiB     r-x- kernel\n"
    "          0xc0103000 -> 0x000103000          14.8 MiB   rw-- direct map\n"
    "          0xff801000 -> 0x000fbc000          64 KiB     rw-- stack and information\n"
    "          0xff812000 -> 0x000fcc000          4 KiB      rw-- stack and information\n"
    "          0xff813000 -> 0x000fcd000          4 KiB      r-x- trampoline\n"
    "note      data pages stay executable: 32-bit paging has no NX\n";

static void test_32_bit(void **state) {
    (void)state;
    static struct described described;
    static char text[TEXT_SIZE];
    static const struct part parts[] = {
        {0xc0000800, 0x800, 0x90000, 0x92000, 7}, {0xc0100000, 0x100000, 0x3000, 0x3000, 5}, {0}};
    described.machine = machine_of(qemu_16m, CPU_PENTIUM, 32);
    make(&described, parts, 32, "", 70000);
    describe(&described, text);
    assert_string_equal(text, text_32);
}

static const char text_64[] =
    "kernel    /boot/kernel.elf, 64-bit, physical entry\n"
    "command   root=sda quiet\n"
    "cpu       PSE (4 MiB pages), PAE, NX (no execution), long mode, PGE (global pages), PAT, 40 "
    "address bits\n"
    "paging    4-level, 18 frames of tables\n"
    "screen    80 x 25 cells of 16 bits at 0xb8000\n"
    "entry     0xffff800000100000, stack 16 KiB at 0xffffffffffa01000\n"
    "memory    0x000000000000 - 0x00000009fc00  639 KiB      usable\n"
    "          0x00000009fc00 - 0x0000000a0000  1 KiB        reserved\n"
    "          0x0000000f0000 - 0x000000100000  64 KiB       reserved\n"
    "          0x000000100000 - 0x0000bffe0000  2.9 GiB      usable\n"
    "          0x0000bffe0000 - 0x0000c0000000  128 KiB      reserved\n"
    "          0x0000feffc000 - 0x0000ff000000  16 KiB       reserved\n"
    "          0x0000fffc0000 - 0x000100000000  256 KiB      reserved\n"
    "          0x000100000000 - 0x000180000000  2 GiB        usable\n"
    "load      PT_LOAD 0  0x001000 + 0x3000     -> 0x00200000\n"
    "place     0x000000000000 - 0x000000000500  1.2 KiB      interrupt vectors and BIOS data\n"
    "          0x000000001000 - 0x000000090000  572 KiB      Aloft itself\n"
    "          0x000000200000 - 0x000000203000  12 KiB       PT_LOAD 0\n"
    "          0x0000bffc1000 - 0x0000bffc8000  28 KiB       page tables for the jump\n"
    "          0x0000bffc8000 - 0x0000bffda000  72 KiB       page tables\n"
    "          0x0000bffda000 - 0x0000bffe0000  24 KiB       stack, information, trampoline\n"
    "map       0x0000000000001000 -> 0x000001000  636 KiB    rw-- identity map\n"
    "          0x00000000000a0000 -> 0x0000a0000  128 KiB    rw-u identity map\n"
    "          0x00000000000c0000 -> 0x0000c0000  256 KiB    rw-- identity map\n"
    "          0x0000000000100000 -> 0x000100000  2.9 GiB    rw-- identity map\n"
    "          0xffff800000000000 -> 0x000000000  640 KiB    rw-- direct map\n"
    "          0xffff8000000a0000 -> 0x0000a0000  128 KiB    rw-u direct map\n"
    "          0xffff8000000c0000 -> 0x0000c0000  256 KiB    rw-- direct map\n"
    "          0xffff800000100000 -> 0x000200000  12 KiB     r-x- kernel\n"
    "          0xffff800000103000 -> 0x000103000  2.9 GiB    rw-- direct map\n"
    "          0xffff800100000000 -> 0x100000000  2 GiB      rw-- direct map\n"
    "          0xffffffffffa01000 -> 0x0bffda000  16 KiB     rw-- stack and information\n"
    "          0xffffffffffa06000 -> 0x0bffde000  4 KiB      rw-- stack and information\n"
    "          0xffffffffffa07000 -> 0x0bffdf000  4 KiB      r-x- trampoline\n"
    "note      the direct map gives way to kernel at virtual 0xffff800000100000 (12 KiB)\n";

static void test_64_bit(void **state) {
    (void)state;
    static struct described described;
    static char text[TEXT_SIZE];
    static const struct part parts[] = {{0xffff800000100000, 0x200000, 0x3000, 0x3000, 5}, {0}};
    described.machine = machine_of(qemu_5g, CPU_QEMU64, 40);
    make(&described, parts, 64, "--stack=16K", 0);
    described.image.entry_kind = ENTRY_PHYSICAL;
    describe(&described, text);
    assert_string_equal(text, text_64);
}

static const char *const lines_of_options[] = {
    "paging    4-level, 16 frames of tables, recursive slot 510\n",
    "map       0x0000000010000000 -> 0x000200000  12 KiB     r--g --map\n",
    "          0x0000000020000000 -> 0x0fee00000  4 KiB      rw-u --map\n",
    "          0x0000000030000000 -> 0x0000a0000  64 KiB     rw-c --map\n",
    "          0xffff800000100000 -> 0x000100000  14.8 MiB   rw-g direct map\n",
    "          0xffffffffff800000 -> 0x000fcd000  4 KiB      rw-g temporary window\n",
    "          0xffffffffffa07000 -> 0x000fdf000  4 KiB      r-xg trampoline\n",
};

static void test_options(void **state) {
    (void)state;
    static struct described described;
    static char text[TEXT_SIZE];
    static const struct part parts[] = {{0xffffffff80200000, 0x200000, 0x3000, 0x3000, 5}, {0}};
    described.machine = machine_of(qemu_16m, CPU_QEMU64, 40);
    make(&described, parts, 64,
         "--stack=16K --identity=none --recursive=auto --temporary --global "
         "--map=0x200000+12K@0x10000000,cached,ro --map=0xfee00000+1@0x20000000 "
         "--map=0xa0000+64K@0x30000000,combining",
         0);
    describe(&described, text);
    for (size_t i = 0; i < ARRAY_COUNT(lines_of_options); i++)
        if (!strstr(text, lines_of_options[i]))
            fail_msg("not there: %sin\n%s", lines_of_options[i], strstr(text, "\nmap "));
}

static void test_paging_off(void **state) {
    (void)state;
    static struct described described;
    static char text[TEXT_SIZE];
    static const struct part parts[] = {{0x100000, 0x100000, 0x3000, 0x3000, 5}, {0}};
    described.machine = machine_of(qemu_16m, CPU_I486, 32);
    make(&described, parts, 32, "--paging=off", 0);
    describe(&described, text);
    assert_non_null(strstr(text, "\npaging    off, 0 frames of tables\n"));
    assert_null(strstr(text, "\nmap "));
    assert_null(strstr(text, "\nnote "));
}

/* A kernel that was moved, a framebuffer, symbols. */
static void test_unusual(void **state) {
    (void)state;
    static struct described described;
    static char text[TEXT_SIZE];
    static const struct part parts[] = {{0x100000, 0x100000, 0x3000, 0x3000, 5}, {0}};
    described.machine = machine_of(qemu_16m, CPU_I486, 32);
    described.machine.screen =
        (struct screen){SCREEN_PIXELS, 0xfd000000, 800, 600, 3200, 32, {16, 8}, {8, 8}, {0, 8}};
    make(&described, parts, 32, "--paging=off", 1);
    described.image.relocatable = true;
    describe(&described, text);
    assert_null(strstr(text, "moved"));
    assert_non_null(strstr(text, "\nscreen    800 x 600 pixels of 32 bits at 0xfd000000\n"));
    described.image.slide = 0x123000;
    described.plan.loads[0].file = 0;
    described.plan.loads[0].number = LOAD_SYMBOLS;
    describe(&described, text);
    assert_non_null(strstr(text, ", moved by 0x123000\n"));
    assert_non_null(strstr(text, "\nload      symbols    0x"));
    described.image.relocatable = false;
    describe(&described, text);
    assert_null(strstr(text, "moved"));
}

/* A line that is too short for its text ends with it, and nothing is written behind it. */
static void test_short_lines(void **state) {
    (void)state;
    static struct described described;
    static const struct part parts[] = {{0xc0100000, 0x100000, 0x3000, 0x3000, 5}, {0}};
    described.machine = machine_of(qemu_16m, CPU_PENTIUM, 32);
    make(&described, parts, 32, "", 1);
    struct description description = {&described.machine, &described.plan, &described.request};
    for (u32 number = 0, more = true; more; number++)
        for (size_t size = 1; size < 90; size += 11) {
            char *buffer = malloc(size);
            struct text line = text_in(buffer, size);
            more = describe_line(&description, number, &line);
            assert_true(strlen(buffer) == line.used && line.used < size);
            free(buffer);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_32_bit),      cmocka_unit_test(test_64_bit),
        cmocka_unit_test(test_options),     cmocka_unit_test(test_paging_off),
        cmocka_unit_test(test_short_lines), cmocka_unit_test(test_unusual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
