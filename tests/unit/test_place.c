/* plan/place, the options of a kernel's note, and load_relocate(). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "load.h"
#include "machines.h"
#include "place.h"

#include <string.h>

/* ---- where a kernel goes ---- */

static const struct part zero[] = {
    {0, 0, 0x3000, 0x3000, 5}, {0x3000, 0x3000, 0x1000, 0x5000, 6}, {0}};
/* Longer in virtual memory than in physical memory, and the other way round. */
static const struct part wide[] = {
    {0x40000000, 0x300000, 0x1000, 0x1000, 5}, {0x5fff0000, 0x301000, 0x1000, 0x1000, 6}, {0}};
static const struct part high[] = {
    {0x40000000, 0x300000, 0x1000, 0x1000, 5}, {0x40001000, 0xf0000000, 0x1000, 0x1000, 6}, {0}};
static const struct part at[] = {{0x40000000, 0x300000, 0x3000, 0x3000, 5}, {0}};
static const struct part at_high[] = {{0x40000000, 0x100000000, 0x3000, 0x3000, 5}, {0}};
static const struct part huge[] = {{0, 0, 0x1000, 0x40000000, 5}, {0}};
static const struct part long_one[] = {{0, 0, 0x1000, 0x7000000, 5}, {0}};

static const struct part longest[] = {{0, 0, 0x1000, 0x22000000, 5}, {0}};

struct row {
    const char *name;
    u32 bits;
    const struct part *parts;
    const char *options;
    u32 random;
    enum error_code error;
    u64 virt, phys; /* of the first segment; in an error: its first two numbers */
};

static const struct row rows[] = {
    {"64-bit, linked at 0", 64, zero, "", 0, ERROR_NONE, BASE_64, 0x200000},
    {"32-bit, linked at 0", 32, zero, "", 0, ERROR_NONE, BASE_32, 0x400000},
    {"base", 64, zero, "--base=0xffff900000001000", 0, ERROR_NONE, 0xffff900000001000, 0x200000},
    {"linked where it shall be", 64, at, "", 0, ERROR_NONE, 0x40000000, 0x300000},
    {"its own address, but for --base", 64, at, "--base=0x80000000", 0, ERROR_NONE, 0x80000000,
     0x300000},
    {"paging off", 32, zero, "--paging=off", 0, ERROR_NONE, 0x400000, 0x400000},
    {"paging off, with a base", 32, zero, "--paging=off --base=0x123000", 0, ERROR_NONE, 0x123000,
     0x123000},
    {"random: the least", 64, zero, "--kaslr", 0, ERROR_NONE, BASE_64, 0x200000},
    {"random: the most", 64, zero, "--kaslr", ~0u, ERROR_NONE, BASE_64 + GIB - 2 * MIB, 0x200000},
    {"random: half way", 64, zero, "--kaslr", 0x80000000, ERROR_NONE, BASE_64 + GIB / 2, 0x200000},
    {"random, 32-bit: the most", 32, zero, "--kaslr", ~0u, ERROR_NONE, BASE_32 + 508 * MIB,
     0x400000},
    {"random above a base", 64, zero, "--kaslr --base=0xffffa00000000000", ~0u, ERROR_NONE,
     0xffffa00000000000 + GIB - 2 * MIB, 0x200000},
    {"random: a long one", 32, long_one, "--kaslr", ~0u, ERROR_NONE, BASE_32 + 400 * MIB, 0x400000},
    {"random: a wide one, 32-bit", 32, wide, "--kaslr", ~0u, ERROR_NONE, 0x40000000, 0x300000},
    {"random: a wide one", 64, wide, "--kaslr", ~0u, ERROR_NONE, 0x40000000 + 512 * MIB, 0x300000},
    {"random: a high one", 64, high, "--kaslr", ~0u, ERROR_NONE, 0x40000000, 0x300000},
    {"no PIE: base", 0, zero, "--base=0x400000", 0, ERROR_PLAN_NOT_PIE, 0, 0},
    {"no PIE: random", 0, zero, "--kaslr", 0, ERROR_PLAN_NOT_PIE, 0, 0},
    {"no PIE: neither", 0, zero, "", 0, ERROR_NONE, 0, 0},
    {"not aligned", 64, zero, "--base=0xffff900000000800", 0, ERROR_PLAN_ADDRESS_OPTION,
     0xffff900000000800, 0xffff900000000000},
    {"not aligned by a byte", 64, zero, "--base=0xffff900000000001", 0, ERROR_PLAN_ADDRESS_OPTION,
     0xffff900000000001, 0xffff900000000000},
    {"not canonical", 64, zero, "--base=0xf00000000000", 0, ERROR_PLAN_ADDRESS_OPTION,
     0xf00000000000, 0xfffff00000000000},
    {"canonical in five levels", 64, zero, "--paging=5level --base=0xf00000000000", 0, ERROR_NONE,
     0xf00000000000, 0x200000},
    {"above 4 GiB", 32, zero, "--base=0x180000000", 0, ERROR_PLAN_ADDRESS_OPTION, 0x180000000,
     0x80000000},
    {"over the top", 32, zero, "--base=0xfffff000", 0, ERROR_ELF_SLIDE, 0, 0},
    {"no room", 64, huge, "", 0, ERROR_PLAN_MEMORY, 0x40000000, 4 * GIB},
    {"AT() above 4 GiB", 64, at_high, "", 0, ERROR_PLAN_PIE_HIGH, 0x100000000, 0},
};

static void test_places(void **state) {
    (void)state;
    struct machine machine = machine_of(qemu_128m, CPU_MAX, 40);
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        const struct row *row = &rows[i];
        static struct image image;
        image_of(row->bits ? row->bits : 64, row->parts, &image);
        image.relocatable = row->bits != 0;
        machine.random = row->random;
        struct kernel_options options = options_of(row->options);
        struct error error = plan_place(&machine, &options, &image);
        if (error.code != row->error)
            fail_msg("%s: error %u instead of %u", row->name, error.code, row->error);
        if (error.code) {
            assert_int_equal(error.values.number[0], row->virt);
            assert_int_equal(error.values.number[1], row->phys);
            continue;
        }
        assert_int_equal(image.segments[0].virt, row->virt);
        assert_int_equal(image.segments[0].phys, row->phys);
        u64 slide = row->virt - row->parts[0].virt;
        assert_int_equal(image.slide, image.bits == 32 ? (u32)slide : slide);
    }
}

/* A large alignment decides where it may go, and may leave no room for a large page's. */
static void test_alignment(void **state) {
    (void)state;
    struct machine machine = machine_of(qemu_128m, CPU_MAX, 40);
    struct kernel_options options = options_of("");
    static struct image image;
    image_of(64, zero, &image);
    image.relocatable = true;
    image.segments[0].align = 32 * MIB;
    assert_int_equal(plan_place(&machine, &options, &image).code, ERROR_NONE);
    assert_int_equal(image.segments[0].phys, 32 * MIB);
    options = options_of("--base=0xffffffff80200000");
    image_of(64, zero, &image);
    image.relocatable = true;
    image.segments[0].align = 32 * MIB;
    struct error error = plan_place(&machine, &options, &image);
    assert_int_equal(error.code, ERROR_PLAN_ADDRESS_OPTION);
    assert_int_equal(error.values.number[1], BASE_64);
}

/* An alignment that is no power of two is none. */
static void test_odd_alignment(void **state) {
    (void)state;
    struct machine machine = machine_of(qemu_128m, CPU_MAX, 40);
    struct kernel_options options = options_of("--base=0xffffffff80001000");
    static struct image image;
    image_of(64, zero, &image);
    image.relocatable = true;
    image.segments[0].align = 32 * MIB + 1;
    assert_int_equal(plan_place(&machine, &options, &image).code, ERROR_NONE);
    assert_int_equal(image.segments[0].virt, 0xffffffff80001000);
    assert_int_equal(image.segments[0].phys, 2 * MIB);
}

/* Longer than all the range that chance may choose from: then it chooses nothing. */
static void test_longest(void **state) {
    (void)state;
    struct machine machine = machine_of(qemu_5g, CPU_MAX, 40);
    struct kernel_options options = options_of("--kaslr");
    static struct image image;
    image_of(32, longest, &image);
    image.relocatable = true;
    machine.random = ~0u;
    assert_int_equal(plan_place(&machine, &options, &image).code, ERROR_NONE);
    assert_int_equal(image.segments[0].virt, BASE_32);
}

static const struct part nearly_all[] = {{0, 0, 0x1000, 127 * MIB - 0x20000 - 0x1000, 5}, {0}};

static void test_all_of_memory(void **state) {
    (void)state;
    struct machine machine = machine_of(qemu_128m, CPU_MAX, 40);
    struct kernel_options options = options_of("");
    static struct image image;
    image_of(64, nearly_all, &image);
    image.relocatable = true;
    assert_int_equal(plan_place(&machine, &options, &image).code, ERROR_NONE);
    assert_int_equal(image.segments[0].phys, MIB);
}

/* ---- the note ---- */

static void test_note_gives_way(void **state) {
    (void)state;
    char note[] = "  --stack=128K   --paging=pae --map=0xfee00000+4K ";
    struct kernel_options options = options_of("--stack=32K");
    assert_int_equal(kernel_options_note("k", note, &options).code, ERROR_NONE);
    assert_int_equal(options.stack_size, 32 * 1024);
    assert_int_equal(options.paging, PAGING_WANT_PAE);
    assert_int_equal(options.map_count, 1);
}

static void test_note_maps(void **state) {
    (void)state;
    char note[] = "--map=0x1000+4K --map=0x2000+4K", again[] = "--map=0x1000+4K";
    struct kernel_options options = options_of("");
    assert_int_equal(kernel_options_note("k", note, &options).code, ERROR_NONE);
    assert_int_equal(options.map_count, 2);
    options = options_of("--map=0x5000+4K");
    assert_int_equal(kernel_options_note("k", again, &options).code, ERROR_NONE);
    assert_int_equal(options.map_count, 1);
    assert_int_equal(options.maps[0].phys, 0x5000);
}

static void test_note_errors(void **state) {
    (void)state;
    static const char *const bad[] = {"--stak=1M", "--stack=banana", "verbose", "--stack=128K x"};
    static const char *const named[] = {"--stak=1M", "--stack=banana", "verbose", "x"};
    for (size_t i = 0; i < ARRAY_COUNT(bad); i++) {
        char note[64];
        strcpy(note, bad[i]);
        struct kernel_options options = options_of("");
        struct error error = kernel_options_note("k.elf", note, &options);
        assert_int_equal(error.code, ERROR_CONFIG_NOTE);
        assert_string_equal(error.values.name, "k.elf");
        assert_string_equal(error.values.other, named[i]);
    }
}

/* ---- relocation of what was loaded ---- */

/* The dynamic section stands at 0x100 of the image, the table at 0x180; the words to relocate at
 * 0x40 and in the second part of the load. */
static void fill_pie(u8 *bytes) {
    store32(bytes + 0x40, 0x1234);
    store32(bytes + 0x240, 0x240);
    store32(bytes + 0x100, 17), store32(bytes + 0x104, 0x180); /* DT_REL */
    store32(bytes + 0x108, 18), store32(bytes + 0x10c, 16);    /* DT_RELSZ */
    store32(bytes + 0x180, 0x40), store32(bytes + 0x184, 8);   /* R_386_RELATIVE */
    store32(bytes + 0x188, 0x240), store32(bytes + 0x18c, 8);
}

/* A segment loaded in two parts, of which the second waits elsewhere. */
static void test_relocate_staged(void **state) {
    (void)state;
    static u8 bytes[0x4000];
    static struct image image;
    static struct plan plan;
    static const struct part parts[] = {{0, 0, 0x1000, 0x1000, 7}, {0}};
    image_of(32, parts, &image);
    image.relocatable = true;
    image.dynamic = (struct image_part){0x100, 0x18};
    assert_int_equal(elf_slide(&image, 0xc0000000, 0x200000).code, ERROR_NONE);
    plan.image = &image;
    plan.load_count = 2;
    plan.loads[0] = (struct load){0, 0, 0x1000, 0x200, 0x200, 0x200000, 0x200000, false};
    plan.loads[1] = (struct load){0, 0, 0x1200, 0xe00, 0xe00, 0x200200, 0x202000, true};
    struct ram ram = {bytes, 0x200000, sizeof bytes};
    memset(bytes, 0, sizeof bytes);
    u8 whole[0x1000] = {0};
    fill_pie(whole);
    memcpy(bytes, whole, 0x200);
    memcpy(bytes + 0x2000, whole + 0x200, 0xe00);
    assert_int_equal(load_relocate(&plan, &ram).code, ERROR_NONE);
    assert_int_equal(load32(bytes + 0x40), 0xc0001234);
    assert_int_equal(load32(bytes + 0x2040), 0xc0000240);
    assert_int_equal(load32(bytes + 0x240), 0);

    /* A module is nothing to relocate, nor is what is only zeroed when all is done. */
    memcpy(bytes, whole, 0x200);
    memcpy(bytes + 0x2000, whole + 0x200, 0xe00);
    plan.load_count = 4;
    plan.loads[2] = (struct load){1, 7, 0, 0x10, 0x1000, 0x203000, 0x203000, false};
    plan.loads[3] = (struct load){0, 0, 0, 0, 0x1000, 0x201000, 0x201000, true};
    memset(bytes + 0x3000, 0x5a, 0x1000);
    assert_int_equal(load_relocate(&plan, &ram).code, ERROR_NONE);
    assert_int_equal(load32(bytes + 0x2040), 0xc0000240);
    for (u32 i = 0x3000; i < 0x4000; i++)
        assert_int_equal(bytes[i], 0x5a);
    plan.load_count = 2;

    memcpy(bytes, whole, 0x200);
    store32(bytes + 0x188, 0x5000);
    struct error error = load_relocate(&plan, &ram);
    assert_int_equal(error.code, ERROR_ELF_RELOCATION_PLACE);
    assert_int_equal(error.values.number[0], 0x5000);
    image.relocatable = false;
    assert_int_equal(load_relocate(&plan, &ram).code, ERROR_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),          cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_all_of_memory),   cmocka_unit_test(test_odd_alignment),
        cmocka_unit_test(test_longest),         cmocka_unit_test(test_note_gives_way),
        cmocka_unit_test(test_note_maps),       cmocka_unit_test(test_note_errors),
        cmocka_unit_test(test_relocate_staged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
