/* handoff/linux.h and pvh.h: headers read, places chosen, and what a kernel finds, read back by the
 * offsets of the specifications, written out anew. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "elf_image.h"
#include "failing_source.h"
#include "linux.h"
#include "machines.h"
#include "protocol.h"
#include "pvh.h"
#include "walk.h"
#include "wipe_check.h"

#include <stdio.h>

enum { RAM_SIZE = 64 << 20, FILE_SIZE = 0x4000, CODE = 0xa00, MODULES_MAX = 4 };

/* ---- kernels ---- */

/* A bzImage of 0x3600 bytes of code behind 5 sectors, as protocol 2.15 has it; zeros in the row
 * leave the usual. */
struct kernel_row {
    const char *name;
    u32 at, width; /* a field that is changed ... */
    u64 value;     /* ... to this; width 0 for none */
    u32 at_2, width_2;
    u64 value_2;
    u32 cut; /* bytes of the file, if it is cut short */
    u64 phys, memory;
    enum error_code code;
};

static void put(u8 *at, u32 width, u64 value) {
    for (u32 i = 0; i < width; i++)
        at[i] = (u8)(value >> 8 * i);
}

static u64 get(const u8 *at, u32 width) {
    u64 value = 0;
    for (u32 i = 0; i < width; i++)
        value |= (u64)at[i] << 8 * i;
    return value;
}

static void make_file(u8 *file) {
    for (u32 i = 0; i < FILE_SIZE; i++)
        file[i] = (u8)(i * 7 + (i >> 8));
    file[0x1f1] = 4;
    put(file + 0x1f4, 4, (FILE_SIZE - CODE) / 16);
    put(file + 0x1fe, 2, 0xaa55);
    put(file + 0x200, 2, 0x6aeb);
    put(file + 0x202, 4, 0x53726448);
    put(file + 0x206, 2, 0x20f);
    file[0x211] = 1;
    put(file + 0x214, 4, 0x100000);
    put(file + 0x218, 8, 0);
    put(file + 0x228, 4, 0);
    put(file + 0x22c, 4, 0x7fffffff);
    put(file + 0x230, 4, 0x200000);
    file[0x234] = 1;
    file[0x235] = 21;
    put(file + 0x236, 2, 0);
    put(file + 0x238, 4, 2047);
    put(file + 0x258, 8, 0x1000000);
    put(file + 0x260, 4, 0x800000);
}

static const struct kernel_row kernel_rows[] = {
    {"as it is", .phys = 0x1000000, .memory = 0x800000},
    {"no number of sectors means 4", 0x1f1, 1, 0, .phys = 0x1000000, .memory = 0x800000},
    {"no preferred place", 0x258, 8, 0, .phys = 0x100000, .memory = 0x800000},
    {"prefers a place without RAM", 0x258, 8, 0x3000000, 0x260, 4, 0x1800000, .phys = 0x3000000,
     .memory = 0x1800000},
    {"prefers the ROMs", 0x258, 8, 0xf0000, .phys = 0x200000, .memory = 0x800000},
    {"prefers the ROMs, not relocatable", 0x258, 8, 0xf0000, 0x234, 1, 0, .phys = 0xf0000,
     .memory = 0x800000},
    {"prefers the ROMs, lesser alignment", 0x258, 8, 0xf0000, 0x260, 4, 0x3e00000, .phys = 0xf0000,
     .memory = 0x3e00000},
    {"prefers a place above 4 GiB", 0x258, 8, 0x123456000000, .phys = 0x123456000000,
     .memory = 0x800000},
    {"alignment that is none", 0x258, 8, 0xf0000, 0x230, 4, 0x300000, .phys = 0xf0000,
     .memory = 0x800000},
    {"alignment 0", 0x258, 8, 0xf0000, 0x230, 4, 0, .phys = 0xf0000, .memory = 0x800000},
    {"alignment 2 GiB", 0x258, 8, 0xf0000, 0x230, 4, 0x80000000, .phys = 0x2000000,
     .memory = 0x800000},
    {"alignment 2 GiB and no less", 0x258, 8, 0xf0000, 0x230, 8, 0x1f0180000000, .phys = 0xf0000,
     .memory = 0x800000},
    {"needs less than it has", 0x260, 4, 0x1000, .phys = 0x1000000, .memory = FILE_SIZE - CODE},
    {"does not say what it needs", 0x260, 4, 0, .phys = 0x1000000,
     .memory = 3 * (FILE_SIZE - CODE)},
    {"a header that ends before init_size", 0x201, 1, 0x260 - 0x202, .phys = 0x1000000,
     .memory = 3 * (FILE_SIZE - CODE)},
    {"a header that ends before pref_address", 0x201, 1, 0x258 - 0x202, .phys = 0x100000,
     .memory = 3 * (FILE_SIZE - CODE)},
    {"a header longer than its place", 0x201, 1, 0xff, .phys = 0x1000000, .memory = 0x800000},
    {"protocol 2.3 with half a size", 0x206, 2, 0x203, 0x1f6, 2, 0xffff, .phys = 0x1000000,
     .memory = 0x800000},
    {"protocol 2.4 has all of it", 0x206, 2, 0x204, 0x1f6, 2, 0xffff, .code = ERROR_LINUX_SHORT},
    {"behind it a signature", 0x1f4, 4, 0x300, .phys = 0x1000000, .memory = 0x800000},
    {"the last paragraph is not full", .cut = FILE_SIZE - 15, .phys = 0x1000000,
     .memory = 0x800000},
    {"no signature", 0x202, 1, 'h', .code = ERROR_LINUX_MAGIC},
    {"no header", .cut = 0x28f, .code = ERROR_LINUX_MAGIC},
    {"nothing", .cut = 0x1, .code = ERROR_LINUX_MAGIC},
    {"protocol 2.2", 0x206, 2, 0x202, .code = ERROR_LINUX_OLD},
    {"a header that ends before its version", 0x201, 1, 2, .code = ERROR_LINUX_OLD},
    {"zImage", 0x211, 1, 0x80, .code = ERROR_LINUX_OLD},
    {"cut in the setup code", .cut = 0x300, .code = ERROR_LINUX_SHORT},
    {"cut before the code", .cut = CODE, .code = ERROR_LINUX_SHORT},
    {"a paragraph short", .cut = FILE_SIZE - 16, .code = ERROR_LINUX_SHORT},
    {"protocol 2.3 without code", 0x206, 2, 0x203, .cut = CODE, .code = ERROR_LINUX_SHORT},
    {"code of 64 GiB", 0x1f4, 4, 0xffffffff, .code = ERROR_LINUX_SHORT},
    {"64-bit on a 32-bit CPU", 0x236, 2, 1, .code = ERROR_PLAN_LONG_MODE},
};

static const struct e820_row pc_64m[] = {{0, 0x9fc00, 1},
                                         {0x9fc00, 0x400, 2},
                                         {0xf0000, 0x10000, 2},
                                         {0x100000, 0x3ee0000, 1},
                                         {0x3fe0000, 0x20000, 2},
                                         {0xfffc0000, 0x40000, 2},
                                         {0}};

static struct bytes file_of(const struct kernel_row *row) {
    u32 size = row->cut ? row->cut : FILE_SIZE;
    u8 whole[FILE_SIZE], *file = malloc(size);
    make_file(whole);
    put(whole + row->at, row->width, row->value);
    put(whole + row->at_2, row->width_2, row->value_2);
    memcpy(file, whole, size);
    return (struct bytes){file, size};
}

static void test_opening(void **state) {
    (void)state;
    struct machine machine = machine_of(pc_64m, CPU_PENTIUM, 32);
    static struct image image;
    struct linux_kernel linux;
    for (size_t i = 0; i < ARRAY_COUNT(kernel_rows); i++) {
        const struct kernel_row *row = &kernel_rows[i];
        struct bytes file = file_of(row);
        struct source source = source_memory(&file, "/vmlinuz");
        struct error error = linux_open(&source, &machine, 32, &image, &linux);
        if (error.code != row->code)
            fail_msg("%s: error %d instead of %d", row->name, error.code, row->code);
        const struct segment *segment = &image.segments[0];
        if (!row->code && (segment->phys != row->phys || segment->memory_size != row->memory))
            fail_msg("%s: %llx + %llx", row->name, (unsigned long long)segment->phys,
                     (unsigned long long)segment->memory_size);
        if (!row->code) {
            u64 start = file.at[0x1f1] ? (file.at[0x1f1] + 1u) * 512 : 5 * 512;
            assert_int_equal(image.segment_count, 1);
            assert_int_equal(segment->offset, start);
            assert_int_equal(segment->file_size, file.size - start);
            assert_true(image.entry_phys == row->phys && segment->virt == row->phys &&
                        image.bits == 32);
        }
        free((void *)file.at);
    }
}

/* RAM in many small pieces: the alignment is lessened as far as the kernel permits, and said in the
 * header. */
static void test_lesser_alignment(void **state) {
    (void)state;
    static const struct e820_row pieces[] = {
        {0, 0x9fc00, 1}, {0x100000, 0x1000, 1}, {0x310000, 0x20000, 1}, {0}};
    static const struct {
        u32 alignment, least; /* least as a power of two; 0: not given */
        u64 phys;
        u32 in_header;
    } rows[] = {
        {0x200000, 12, 0x310000, 0x10000}, {0x200000, 16, 0x310000, 0x10000},
        {0x200000, 17, 0x9000, 0x200000},  {0x200000, 0, 0x9000, 0x200000},
        {0x200000, 255, 0x9000, 0x200000}, {0x1000, 12, 0x310000, 0x1000},
        {0x800, 1, 0x9000, 0x800},
    };
    struct machine machine = machine_of(pieces, CPU_PENTIUM, 32);
    static struct image image;
    struct linux_kernel linux;
    u8 bytes[FILE_SIZE];
    struct bytes file = {bytes, FILE_SIZE};
    struct source source = source_memory(&file, "k");
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        make_file(bytes);
        put(bytes + 0x230, 4, rows[i].alignment);
        bytes[0x235] = (u8)rows[i].least;
        put(bytes + 0x258, 8, 0x9000);
        put(bytes + 0x260, 4, 0x20000);
        assert_int_equal(linux_open(&source, &machine, 32, &image, &linux).code, ERROR_NONE);
        if (image.entry != rows[i].phys || get(linux.header + 0x3f, 4) != rows[i].in_header)
            fail_msg("row %zu: %llx", i, (unsigned long long)image.entry);
    }
}

/* ---- a boot ---- */

struct scene {
    struct machine machine;
    struct image image;
    struct linux_kernel linux;
    struct boot_request request;
    u64 sizes[MODULES_MAX];
    struct plan plan;
    struct ram ram;
    struct cpu_entry entry;
};

static void set_scene(struct scene *scene, u32 modules) {
    static const u64 sizes[MODULES_MAX] = {0x1003, 0, 1, 0x2000};
    *scene = (struct scene){
        .machine = machine_of(pc_64m, CPU_QEMU64, 40),
        .request = {.options = kernel_options_default(),
                    .kernel = {.path = "/boot/vmlinuz", .arguments = "root=/dev/sda1 quiet"},
                    .module_count = modules,
                    .modules = {{.path = "/a", .arguments = "one"},
                                {.path = "/b", .arguments = ""},
                                {.path = "/c", .arguments = "three"},
                                {.path = "/d", .arguments = "4"}}},
        .ram = {.bytes = calloc(1, RAM_SIZE), .size = RAM_SIZE}};
    memcpy(scene->sizes, sizes, sizeof sizes);
    scene->machine.rsdp = 0xf5a20;
    scene->request.options.paging = PAGING_OFF;
    scene->request.options.stack_size = 4096;
    memset(scene->ram.bytes + 0x1000, 0xa5, RAM_SIZE - 0x1000);
    scene->ram.bytes[0x450] = 7;
    scene->ram.bytes[0x451] = 12;
}

static struct plan_request wish_of(struct scene *scene) {
    return (struct plan_request){.machine = &scene->machine,
                                 .image = &scene->image,
                                 .options = &scene->request.options,
                                 .module_count = scene->request.module_count,
                                 .module_sizes = scene->sizes};
}

static struct error boot_linux(struct scene *scene, const struct source *source) {
    struct plan_request wish = wish_of(scene);
    TRY(linux_open(source, &scene->machine, 32, &scene->image, &scene->linux));
    TRY(linux_wish(&scene->request, &scene->linux, &wish));
    TRY(plan_make(&wish, &scene->plan));
    linux_trim(&scene->plan);
    return linux_finish(&scene->machine, &scene->plan, &scene->request, scene->sizes, &scene->linux,
                        &scene->ram, &scene->entry);
}

/* What both protocols ask of the registers; the descriptors as the SDM has them (volume 3A, 3.4.5).
 */
static void check_entry(const struct scene *scene, u32 code, u32 data) {
    const struct cpu_entry *entry = &scene->entry;
    u64 gdt = get(entry->gdt_virtual + 2, 8);
    assert_int_equal(entry->bits, 32);
    assert_int_equal(entry->cr0, 0x11); /* PE, ET */
    assert_int_equal(entry->cr3 | entry->cr4 | entry->efer | entry->pat, 0);
    assert_int_equal(entry->code, code);
    assert_int_equal(entry->data, data);
    assert_int_equal(get(entry->gdt_virtual, 2), data + 7);
    assert_int_equal(get(entry->gdt_here, 2), data + 7);
    assert_true(get(entry->gdt + code, 8) == 0x00cf9b000000ffff);
    assert_true(get(entry->gdt + data, 8) == 0x00cf93000000ffff);
    assert_true(get(entry->gdt, 8) == 0);
    assert_memory_equal(scene->ram.bytes + gdt, entry->gdt, data + 8);
    assert_true(gdt >= scene->plan.info_phys &&
                gdt + data + 8 <= scene->plan.info_phys + scene->plan.info_size);
    assert_true(entry->sp <= scene->plan.info_phys && entry->sp > scene->plan.info_phys - 32);
    assert_true(scene->plan.stack_size >= 4096);
    assert_true(entry->trampoline == scene->plan.trampoline_phys);
    assert_true(entry->ax == 0 && entry->di == 0 && entry->move_count == WIPES);
}

static void check_firmware_map(const struct machine *machine, const u8 *at, u32 stride) {
    for (u32 i = 0; i < machine->memory.count; i++, at += stride) {
        assert_true(get(at, 8) == pc_64m[i].start && get(at + 8, 8) == pc_64m[i].size);
        assert_int_equal(get(at + 16, 4), pc_64m[i].type);
    }
}

/* One run, each initrd at a multiple of 4. */
static void check_initrds(const struct scene *scene, const u8 *page) {
    static const u32 ends[] = {0, 0x1003, 0x1004, 0x1005, 0x1008 + 0x2000};
    static const u32 starts[] = {0, 0x1004, 0x1004, 0x1008};
    u32 count = scene->request.module_count;
    u64 start = get(page + 0x218, 4);
    assert_int_equal(get(page + 0x21c, 4), ends[count]);
    assert_true(!!start == !!count && start % 4096 == 0);
    for (u32 i = 0; i < scene->plan.load_count; i++) {
        const struct load *load = &scene->plan.loads[i];
        if (load->file)
            assert_true(load->phys == start + starts[load->number] && load->staged == load->phys &&
                        load->file_size == scene->sizes[load->number] &&
                        load->memory_size - load->file_size < 4);
        else
            assert_true(load->memory_size == load->file_size && load->phys == 0x1000000);
    }
}

static void check_zero_page(const struct scene *scene, const u8 *file) {
    const u8 *page = scene->ram.bytes + scene->entry.si;
    static const struct {
        u32 at, width;
        u64 value;
    } fields[] = {
        {0x00, 1, 7},          {0x01, 1, 12},          {0x02, 4, 0},           {0x06, 1, 3},
        {0x07, 1, 80},         {0x08, 2, 0},           {0x0a, 2, 3},           {0x0c, 2, 0},
        {0x0e, 1, 25},         {0x0f, 1, 1},           {0x10, 2, 16},          {0x12, 8, 0},
        {0x40, 8, 0},          {0x70, 8, 0xf5a20},     {0x78, 8, 0},           {0xc0, 8, 0},
        {0xc8, 4, 0},          {0x13c, 4, 0},          {0x1c0, 8, 0},          {0x1e0, 8, 0},
        {0x1e8, 1, 6},         {0x1e9, 3, 0},          {0x1ef, 2, 0},          {0x1fa, 2, 0xffff},
        {0x1fe, 2, 0xaa55},    {0x202, 4, 0x53726448}, {0x206, 2, 0x20f},      {0x210, 1, 0xff},
        {0x211, 1, 1},         {0x214, 4, 0x1000000},  {0x22c, 4, 0x7fffffff}, {0x250, 0, 0},
        {0x258, 8, 0x1000000}, {0x290, 8, 0},
    };
    assert_true(scene->entry.si % 4096 == 0);
    for (size_t i = 0; i < ARRAY_COUNT(fields); i++)
        if (get(page + fields[i].at, fields[i].width) != fields[i].value)
            fail_msg("zero page at 0x%x: %llx", fields[i].at,
                     (unsigned long long)get(page + fields[i].at, fields[i].width));
    /* What the loader does not write is the file's; behind the header nothing is. */
    assert_memory_equal(page + 0x1f1, file + 0x1f1, 9);
    assert_memory_equal(page + 0x22c, file + 0x22c, 0x26c - 0x22c);
    for (u32 at = 0x26c; at < 0x2d0; at++)
        assert_int_equal(page[at], 0);
    check_firmware_map(&scene->machine, page + 0x2d0, 20);
    for (u32 at = 0x2d0 + 6 * 20; at < 4096; at++)
        assert_int_equal(page[at], 0);
    assert_string_equal((char *)scene->ram.bytes + get(page + 0x228, 4),
                        "BOOT_IMAGE=/boot/vmlinuz root=/dev/sda1 quiet");
    check_initrds(scene, page);
}

static void test_linux(void **state) {
    (void)state;
    static struct scene scene;
    u8 bytes[FILE_SIZE];
    struct bytes file = {bytes, FILE_SIZE};
    struct source source = source_memory(&file, "k");
    make_file(bytes);
    for (u32 modules = 0; modules <= MODULES_MAX; modules++) {
        set_scene(&scene, modules);
        assert_int_equal(boot_linux(&scene, &source).code, ERROR_NONE);
        check_entry(&scene, 0x10, 0x18);
        assert_true(scene.entry.ip == 0x1000000 && scene.entry.bx == 0);
        check_zero_page(&scene, bytes);
        free(scene.ram.bytes);
    }
}

static void test_screens(void **state) {
    (void)state;
    static struct scene scene;
    u8 bytes[FILE_SIZE];
    struct bytes file = {bytes, FILE_SIZE};
    struct source source = source_memory(&file, "k");
    make_file(bytes);
    set_scene(&scene, 0);
    scene.machine.screen =
        (struct screen){SCREEN_PIXELS, 0xfd000000, 1024, 767, 4096, 32, {16, 8}, {8, 7}, {0, 6}};
    assert_int_equal(boot_linux(&scene, &source).code, ERROR_NONE);
    static const u8 expected[0x30] = {
        [0x0f] = 0x23, [0x12] = 0, 4,  0xff, 2, 32, 0, 0, 0, 0, 0xfd, 48, 0, 0, 0,
        [0x25] = 0x10, [0x26] = 8, 16, 7,    8, 6,  0};
    assert_memory_equal(scene.ram.bytes + scene.entry.si, expected, sizeof expected);
    scene.machine.screen =
        (struct screen){SCREEN_PIXELS, 0xfd000000, 640, 480, 640, 8, {0, 0}, {0, 0}, {0, 0}};
    assert_int_equal(boot_linux(&scene, &source).code, ERROR_NONE);
    assert_true(get(scene.ram.bytes + scene.entry.si + 0x26, 6) == 0x000600060006);
    scene.machine.screen.kind = SCREEN_NONE;
    assert_int_equal(boot_linux(&scene, &source).code, ERROR_NONE);
    for (u32 at = 0; at < 0x40; at++)
        assert_int_equal(scene.ram.bytes[scene.entry.si + at], 0);
    free(scene.ram.bytes);
}

/* The initrd lies below the address that the header gives, or an old kernel's. */
static void test_initrd_limit(void **state) {
    (void)state;
    static struct scene scene;
    u8 bytes[FILE_SIZE];
    struct bytes file = {bytes, FILE_SIZE};
    struct source source = source_memory(&file, "k");
    static const struct {
        u32 last;
        u64 phys, end; /* of mem= */
    } rows[] = {{0x7fffffff, 0x3fdc000, 0},         {0x2ffffff, 0x2ffc000, 0},
                {0x2fffffe, 0x2ffb000, 0},          {0, 0x3fdc000, 0},
                {0xffffffff, 0x3fdc000, 0},         {0xfff, 0, 0},
                {0x7fffffff, 0x2ffc000, 0x3000000}, {0x7fffffff, 0x2ffb000, 0x2ffffff},
                {0x2ffffff, 0x2ffc000, 0x3800000},  {0x2ffffff, 0x1ffc000, 0x2000000},
                {0x7fffffff, 0x3fdc000, ~0ull},     {0x7fffffff, 0, 1}};
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        make_file(bytes);
        put(bytes + 0x22c, 4, rows[i].last);
        set_scene(&scene, MODULES_MAX);
        scene.linux.line.memory_end = rows[i].end;
        struct error error = boot_linux(&scene, &source);
        assert_int_equal(error.code, rows[i].phys ? ERROR_NONE : ERROR_PLAN_MEMORY);
        if (rows[i].phys)
            assert_int_equal(get(scene.ram.bytes + scene.entry.si + 0x218, 4), rows[i].phys);
        free(scene.ram.bytes);
    }
}

static void test_command_line(void **state) {
    (void)state;
    static struct scene scene;
    static char line[6000];
    u8 bytes[FILE_SIZE];
    struct bytes file = {bytes, FILE_SIZE};
    struct source source = source_memory(&file, "k");
    static const struct {
        u32 most, length, code;
    } rows[] = {{2047, 2047, 0},
                {2047, 2048, ERROR_LINUX_COMMAND_LINE},
                {5000, 4900, 0},
                {0, 255, 0},
                {0, 256, ERROR_LINUX_COMMAND_LINE}};
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        make_file(bytes);
        put(bytes + 0x238, 4, rows[i].most);
        set_scene(&scene, 0);
        size_t before = strlen("BOOT_IMAGE=/boot/vmlinuz ");
        memset(line, 'x', sizeof line);
        line[rows[i].length - before] = 0;
        scene.request.kernel.arguments = line;
        struct error error = boot_linux(&scene, &source);
        assert_int_equal(error.code, rows[i].code);
        if (!error.code) {
            const u8 *page = scene.ram.bytes + scene.entry.si;
            u64 at = get(page + 0x228, 4);
            assert_int_equal(strlen((char *)scene.ram.bytes + at), rows[i].length);
            assert_true(at + rows[i].length < scene.plan.info_phys + scene.plan.info_size);
        } else {
            assert_int_equal(error.values.number[0], rows[i].most ? 2047 : 255);
            assert_int_equal(error.values.number[1], rows[i].length);
        }
        free(scene.ram.bytes);
    }
}

static struct error boot_64(struct scene *scene, const struct source *source);

/* Any byte of the header changed, any length of the file: refused, or booted within its memory. */
static void test_damaged_headers(void **state) {
    (void)state;
    static struct scene scene;
    set_scene(&scene, 2);
    for (u32 at = 0x1f0; at < 0x292; at++)
        for (u32 value = 0; value < 256; value += 51) {
            struct kernel_row row = {"", at, 1, value, .cut = value == 51 ? at : 0};
            struct bytes file = file_of(&row);
            struct source source = source_memory(&file, "k");
            struct error error = boot_linux(&scene, &source);
            if (!error.code)
                assert_true(scene.entry.ip >= 0x100000 && scene.entry.ip < RAM_SIZE);
            put((u8 *)file.at + 0x236, file.size > 0x237, 1);
            error = boot_64(&scene, &source);
            if (!error.code)
                assert_true(scene.entry.ip >= 0x100200 && scene.entry.ip < RAM_SIZE);
            free((void *)file.at);
        }
    free(scene.ram.bytes);
}

/* ---- the 64-bit entry ---- */

/* Which kernels have one, and on which CPUs. */
static void test_opening_64(void **state) {
    (void)state;
    static const struct {
        u32 version, flags, cpu, size;
        enum error_code code;
    } rows[] = {
        {0x20c, 1, CPU_OPTERON, FILE_SIZE, 0},
        {0x20f, 0x7f, CPU_QEMU64, CODE + 0x210, 0},
        {0x20f, 1, CPU_QEMU64, CODE + 0x200, ERROR_LINUX_SHORT},
        {0x20f, 1, CPU_QEMU64, CODE + 0x10, ERROR_LINUX_SHORT},
        {0x20b, 1, CPU_QEMU64, FILE_SIZE, ERROR_LINUX_NO_64},
        {0x20f, 0, CPU_QEMU64, FILE_SIZE, ERROR_LINUX_NO_64},
        {0x20f, 0xfe, CPU_QEMU64, FILE_SIZE, ERROR_LINUX_NO_64},
        {0x20f, 0, CPU_PENTIUM, FILE_SIZE, ERROR_LINUX_NO_64},
        {0x20f, 1, CPU_PENTIUM_PRO, FILE_SIZE, ERROR_PLAN_LONG_MODE},
    };
    static struct image image;
    struct linux_kernel linux;
    u8 bytes[FILE_SIZE];
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct bytes file = {bytes, rows[i].size};
        struct source source = source_memory(&file, "k");
        struct machine machine = machine_of(pc_64m, rows[i].cpu, 40);
        make_file(bytes);
        put(bytes + 0x1f4, 4, (rows[i].size - CODE) / 16);
        put(bytes + 0x206, 2, rows[i].version);
        put(bytes + 0x236, 2, rows[i].flags);
        struct error error = linux_open(&source, &machine, 64, &image, &linux);
        if (error.code != rows[i].code)
            fail_msg("row %zu: error %d instead of %d", i, error.code, rows[i].code);
        if (error.code == ERROR_LINUX_NO_64)
            assert_true(error.values.number[0] == rows[i].version &&
                        error.values.number[1] == rows[i].flags);
        if (!error.code)
            assert_true(image.bits == 64 && image.entry == 0x1000200 &&
                        image.entry_phys == 0x1000200 && image.entry_virt == 0x1000200);
    }
}

/* As stage 2 does it. */
static struct error boot_by(enum boot_protocol protocol, u32 flags, struct scene *scene,
                            const struct source *source) {
    static struct opened opened;
    const struct boot boot = {&scene->machine, &scene->request, scene->sizes,
                              &scene->image,   &opened,         NULL};
    scene->request.protocol = protocol;
    scene->request.flags = flags;
    TRY(protocol_open(&boot, source));
    TRY(protocol_plan(&boot, &scene->plan));
    return protocol_finish(&boot, &scene->plan, &scene->ram, &scene->entry);
}

static struct error boot_64(struct scene *scene, const struct source *source) {
    return boot_by(PROTOCOL_LINUX, REQUEST_64, scene, source);
}

/* boot.rst, "64-bit boot protocol"; descriptors of SDM volume 3A, 3.4.5. */
static void check_entry_64(const struct scene *scene, u32 efer) {
    const struct cpu_entry *entry = &scene->entry;
    u64 gdt = get(entry->gdt_virtual + 2, 8);
    assert_true(entry->bits == 64 && entry->ip == 0x1000200 && entry->si == scene->plan.info_phys);
    assert_true(entry->cr0 == 0x80010011 && entry->cr4 == 0x20 && entry->efer == efer);
    assert_true(entry->cr3 == scene->plan.tables_phys && entry->pat == 0);
    assert_true(entry->code == 0x10 && entry->data == 0x18);
    assert_int_equal(get(entry->gdt_virtual, 2), 31);
    assert_true(get(scene->ram.bytes + gdt + 0x10, 8) == 0x00af9b000000ffff);
    assert_true(get(scene->ram.bytes + gdt + 0x18, 8) == 0x00cf93000000ffff);
    assert_memory_equal(scene->ram.bytes + gdt, entry->gdt, 32);
    assert_true(entry->ax == 0 && entry->bx == 0 && entry->di == 0);
}

/* Everything that the protocol promises, and what Linux uses besides, is where it is, and may be
 * written and executed. */
static void check_identity(const struct scene *scene) {
    const struct plan *plan = &scene->plan;
    const u8 *page = scene->ram.bytes + plan->info_phys;
    const struct table_arena arena = {.bytes = scene->ram.bytes + plan->tables_phys,
                                      .phys = plan->tables_phys,
                                      .frame_count = plan->table_frames,
                                      .used = plan->table_frames};
    const struct range ranges[] = {
        {0, 0x9f000},
        {0xf0000, 0x10000},
        {0x1000000, 0x800000},
        {plan->info_phys, 4096},
        {get(page + 0x228, 4), 100},
        {get(scene->entry.gdt_virtual + 2, 8), 32},
        {plan->tables_phys, plan->table_frames * PAGE_SIZE},
        {get(page + 0x218, 4), get(page + 0x21c, 4)},
    };
    for (size_t i = 0; i < ARRAY_COUNT(ranges); i++)
        for (u64 at = 0; at < ranges[i].size; at += 4096) {
            u64 virt = ranges[i].start + at;
            struct walk walk = paging_walk(&plan->options, &arena, 40, virt);
            if (walk.result != WALK_MAPPED || walk.phys != virt ||
                (walk.attributes & 3) != (MAP_WRITE | MAP_EXECUTE))
                fail_msg("0x%llx", (unsigned long long)virt);
        }
}

/* The firmware's map, but that the tables' memory is reserved. */
static void check_kept_tables(const struct scene *scene) {
    const u8 *page = scene->ram.bytes + scene->plan.info_phys;
    u64 tables = scene->plan.tables_phys, end = tables + scene->plan.table_frames * PAGE_SIZE;
    bool found = false;
    u64 usable = 0, before = memory_usable_bytes(&scene->machine.memory);
    for (u32 i = 0; i < page[0x1e8]; i++) {
        const u8 *row = page + 0x2d0 + 20 * i;
        u64 start = get(row, 8), size = get(row + 8, 8), type = get(row + 16, 4);
        found |= type == 2 && start <= tables && start + size >= end;
        usable += type == 1 ? size : 0;
        if (type == 1)
            assert_true(start >= end || start + size <= tables);
    }
    assert_true(found && usable == before - (end - tables));
}

static void test_linux_64(void **state) {
    (void)state;
    static struct scene scene;
    u8 bytes[FILE_SIZE];
    struct bytes file = {bytes, FILE_SIZE};
    struct source source = source_memory(&file, "k");
    make_file(bytes);
    put(bytes + 0x236, 2, 0x7f);
    for (u32 modules = 0; modules <= MODULES_MAX; modules++) {
        set_scene(&scene, modules);
        scene.machine.cpu.features = modules & 1 ? CPU_MAX : CPU_OPTERON;
        assert_int_equal(boot_64(&scene, &source).code, ERROR_NONE);
        check_entry_64(&scene, modules & 1 ? 0x900 : 0x100);
        check_identity(&scene);
        check_kept_tables(&scene);
        check_initrds(&scene, scene.ram.bytes + scene.plan.info_phys);
        free(scene.ram.bytes);
    }
}

/* An initrd goes below where it can, else as high as can be, if the kernel can have it there. */
static void test_initrd_above(void **state) {
    (void)state;
    static const struct e820_row high[] = {
        {0, 0x9fc00, 1}, {0x100000, 0x3f00000, 1}, {0x100000000, 0x40000000, 1}, {0}};
    static const struct {
        u32 last, flags;
        u64 size, phys; /* 0: no room */
        const char *mem;
    } rows[] = {{0x1ffffff, 3, 0x1000000, 0x10f000000, "mem=0x110000000"},
                {0x1ffffff, 3, 0x1000000, 0x3000000, "mem=4G"},
                {0x7fffffff, 3, 0x100000, 0x3f00000, ""},
                {0x1ffffff, 3, 0x1000000, 0x13f000000, ""},
                {0x1ffffff, 1, 0x1000000, 0, ""},
                {0x7fffffff, 3, 0x3000000, 0x13d000000, ""},
                {0x7fffffff, 3, 0x40000000, 0x100000000, ""},
                {0x7fffffff, 3, 0x40001000, 0, ""}};
    static struct scene scene;
    u8 bytes[FILE_SIZE];
    struct bytes file = {bytes, FILE_SIZE};
    struct source source = source_memory(&file, "k");
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        make_file(bytes);
        put(bytes + 0x22c, 4, rows[i].last);
        put(bytes + 0x236, 2, rows[i].flags);
        set_scene(&scene, 1);
        scene.machine = machine_of(high, CPU_QEMU64, 40);
        scene.sizes[0] = rows[i].size;
        scene.request.kernel.arguments = rows[i].mem;
        struct error error = boot_64(&scene, &source);
        assert_int_equal(error.code, rows[i].phys ? ERROR_NONE : ERROR_PLAN_MEMORY);
        const u8 *page = scene.ram.bytes + scene.plan.info_phys;
        if (rows[i].phys && (get(page + 0x218, 4) | get(page + 0xc0, 4) << 32) != rows[i].phys)
            fail_msg("row %zu: %llx", i, (unsigned long long)get(page + 0x218, 4));
        if (rows[i].phys)
            assert_true((get(page + 0x21c, 4) | get(page + 0xc4, 4) << 32) == rows[i].size);
        free(scene.ram.bytes);
    }
}

/* ---- mem= and vga= ---- */

enum { NO_VGA = 0x10000 };

static const struct {
    const char *line;
    u64 memory_end;
    u32 vga;
    enum error_code code;
} lines[] = {
    {"", 0, NO_VGA, 0},
    {"quiet", 0, NO_VGA, 0},
    {"mem=64M", 64 << 20, NO_VGA, 0},
    {"quiet mem=0x1000000 ro", 0x1000000, NO_VGA, 0},
    {"mem=1234", 1234, NO_VGA, 0},
    {"mem=65536k", 64 << 20, NO_VGA, 0},
    {"mem=3G", (u64)3 << 30, NO_VGA, 0},
    {"mem=2t", (u64)2 << 40, NO_VGA, 0},
    {"mem=16M mem=8M mem=32M", 8 << 20, NO_VGA, 0},
    {"mem=nopentium", 0, NO_VGA, 0},
    {"mem=16M mem=nopentium", 16 << 20, NO_VGA, 0},
    {"mem=", 0, NO_VGA, 0},
    {"mem=0 mem", 0, NO_VGA, 0},
    {"mem=99999999999999999999", 0, NO_VGA, 0},
    {"mem=0xffffffffffffffff", 0xffffffffffffffff, NO_VGA, 0},
    {"mem=99999999G", 99999999ull << 30, NO_VGA, 0},
    {"mem=99999999999G", 0, NO_VGA, 0},
    {"memmap=16M xmem=8M mem =4M mem=16Mx", 0, NO_VGA, 0},
    {"\"dyndbg=file x mem=8M\" mem=16M", 16 << 20, NO_VGA, 0},
    {"a=\"b c\" mem=16M", 16 << 20, NO_VGA, 0},
    {"\"open mem=16M", 0, NO_VGA, 0},
    {"vga=791", 0, 791, 0},
    {"ro vga=0x317 quiet", 0, 0x317, 0},
    {"vga=normal", 0, 0xffff, 0},
    {"vga=ext", 0, 0xffff, 0},
    {"vga=", 0, 0xffff, 0},
    {"vga=0", 0, 0, 0},
    {"vga=0xfffff", 0, 0xffff, 0},
    {"vga=0x317 vga=0x314 mem=8M", 8 << 20, 0x314, 0},
    {"vga=ask", 0, 0, ERROR_LINUX_ASK},
    {"vga=0x317 vga=ask", 0, 0, ERROR_LINUX_ASK},
    {"xvga=ask \"a vga=ask\"", 0, NO_VGA, 0},
};

static void test_lines(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
        struct linux_line line;
        size_t size = strlen(lines[i].line) + 1;
        char *copy = memcpy(malloc(size), lines[i].line, size); /* its end is watched */
        struct error error = linux_line_read(copy, &line);
        u32 vga = line.has_vga ? line.vga : NO_VGA;
        free(copy);
        if (error.code != lines[i].code ||
            (!error.code && (line.memory_end != lines[i].memory_end || vga != lines[i].vga)))
            fail_msg("%s: error %d, %llx, %x", lines[i].line, error.code,
                     (unsigned long long)line.memory_end, vga);
    }
}

/* Linux's own list (fb/vesafb.rst): rows of 256, 32768, 65536 and 16777216 colours. */
static void test_vga_modes(void **state) {
    (void)state;
    static const struct {
        u32 modes[4];
        const char *size;
    } rows[] = {
        {{0, 0x30d, 0x30e, 0x30f}, "320x200"},       {{0x301, 0x310, 0x311, 0x312}, "640x480"},
        {{0x303, 0x313, 0x314, 0x315}, "800x600"},   {{0x305, 0x316, 0x317, 0x318}, "1024x768"},
        {{0x307, 0x319, 0x31a, 0x31b}, "1280x1024"}, {{0, 0x31d, 0x31e, 0x31f}, "1600x1200"}};
    static const u32 depths[] = {8, 15, 16, 24};
    for (u32 vga = 0; vga <= 0x10000; vga++) {
        char expected[64] = "text", list[32];
        struct text text = TEXT_IN(list);
        for (size_t i = 0; i < ARRAY_COUNT(rows); i++)
            for (u32 j = 0; j < 4; j++)
                if (rows[i].modes[j] && rows[i].modes[j] == vga)
                    snprintf(expected, sizeof expected, "%sx%u,%s", rows[i].size, depths[j],
                             rows[i].size);
        linux_line_video(vga, &text);
        assert_string_equal(list, expected);
    }
}

/* What the screen is chosen by. */
static void test_video_of_a_kernel(void **state) {
    (void)state;
    static const struct {
        const char *gfxpayload, *arguments, *list;
        enum error_code note;
    } rows[] = {{"", "", "", 0},
                {"800x600", "quiet", "800x600", 0},
                {"", "vga=791", "1024x768x16,1024x768", ERROR_LINUX_VGA},
                {"800x600", "vga=0x315", "800x600x24,800x600", ERROR_LINUX_VGA},
                {"800x600", "vga=normal", "text", ERROR_LINUX_VGA}};
    static struct scene scene;
    static struct opened opened;
    u8 bytes[FILE_SIZE];
    struct bytes file = {bytes, FILE_SIZE};
    struct source source = source_memory(&file, "k");
    make_file(bytes);
    set_scene(&scene, 0);
    const struct boot boot = {&scene.machine, &scene.request, scene.sizes,
                              &scene.image,   &opened,        NULL};
    scene.request.protocol = PROTOCOL_LINUX;
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        scene.request.gfxpayload = rows[i].gfxpayload;
        scene.request.kernel.arguments = rows[i].arguments;
        assert_int_equal(protocol_open(&boot, &source).code, 0);
        assert_string_equal(protocol_video(&boot), rows[i].list);
        assert_int_equal(opened.note.code, rows[i].note);
        assert_int_equal(protocol_plan(&boot, &scene.plan).code, 0);
        assert_int_equal(scene.plan.note_count, rows[i].note ? 1 : 0);
    }
    scene.request.kernel.arguments = "vga=ask";
    assert_int_equal(protocol_open(&boot, &source).code, ERROR_LINUX_ASK);
    free(scene.ram.bytes);
}

/* ---- PVH ---- */

static const struct part pvh_parts[] = {{0xffffffff81000000, 0x1000000, 0x3000, 0x5000, 5},
                                        {0xffffffff82000000, 0x2000000, 0x100, 0x100, 6},
                                        {0}};

static struct error boot_pvh(struct scene *scene, u64 pvh_entry) {
    struct plan_request wish = wish_of(scene);
    image_of(64, pvh_parts, &scene->image);
    scene->image.pvh_entry = pvh_entry;
    scene->image.relocatable = true;
    TRY(pvh_open(&scene->image));
    assert_false(scene->image.relocatable);
    assert_int_equal(scene->image.bits, 32);
    wish.info_size = pvh_info_size(&scene->machine, &scene->request);
    TRY(plan_make(&wish, &scene->plan));
    return pvh_finish(&scene->machine, &scene->plan, &scene->request, scene->sizes, &scene->ram,
                      &scene->entry);
}

static void check_start_info(const struct scene *scene) {
    const u8 *ram = scene->ram.bytes, *info = ram + scene->entry.bx;
    u32 count = scene->request.module_count;
    assert_int_equal(get(info, 4), 0x336ec578);
    assert_int_equal(get(info + 4, 4), 1);
    assert_int_equal(get(info + 8, 4), 0);
    assert_int_equal(get(info + 12, 4), count);
    assert_string_equal(ram + get(info + 24, 8), "root=/dev/sda1 quiet");
    assert_int_equal(get(info + 32, 8), 0xf5a20);
    assert_int_equal(get(info + 48, 4), 6);
    assert_int_equal(get(info + 52, 4), 0);
    check_firmware_map(&scene->machine, ram + get(info + 40, 8), 24);
    for (u32 i = 0; i < count; i++) {
        const u8 *module = ram + get(info + 16, 8) + 32 * i;
        u64 phys = get(module, 8);
        assert_true(phys % 4096 == 0 && phys >= 0x2001000 && phys + scene->sizes[i] <= 0x3fe0000);
        assert_int_equal(phys, plan_module_phys(&scene->plan, i));
        assert_int_equal(get(module + 8, 8), scene->sizes[i]);
        assert_string_equal(ram + get(module + 16, 8), scene->request.modules[i].arguments);
        assert_int_equal(get(module + 24, 8), 0);
    }
}

static void test_pvh(void **state) {
    (void)state;
    static struct scene scene;
    for (u32 modules = 0; modules <= MODULES_MAX; modules++) {
        set_scene(&scene, modules);
        assert_int_equal(boot_pvh(&scene, 0x1000200).code, ERROR_NONE);
        check_entry(&scene, 8, 0x10);
        assert_true(scene.entry.ip == 0x1000200 && scene.entry.si == 0 &&
                    scene.entry.bx == scene.plan.info_phys);
        check_start_info(&scene);
        assert_int_equal(scene.plan.loads[modules].phys, 0x1000000);
        free(scene.ram.bytes);
    }
    set_scene(&scene, 0);
    assert_int_equal(boot_pvh(&scene, 0).code, ERROR_PVH_NONE);
    assert_int_equal(boot_pvh(&scene, 0x100000000).code, ERROR_PVH_NONE);
    assert_int_equal(boot_pvh(&scene, 0xffffff).code, ERROR_PVH_ENTRY);
    assert_int_equal(boot_pvh(&scene, 0x1000000).code, ERROR_NONE);
    assert_int_equal(boot_pvh(&scene, 0x1004fff).code, ERROR_NONE);
    assert_int_equal(boot_pvh(&scene, 0x1005000).code, ERROR_PVH_ENTRY);
    free(scene.ram.bytes);
}

/* An ELF file with those segments and a note of Xen's with the entry. */
static u32 make_pvh_file(u8 *file) {
    enum { NOTE = 0x4100, NOTE_SIZE = 20, XEN_PHYS32_ENTRY = 18 };
    u64 offset = 0x1000;
    memset(file, 0, NOTE + NOTE_SIZE);
    elf_put_header(file, 64, pvh_parts[0].virt, 64, 3);
    for (u32 i = 0; i < 2; i++) {
        const struct part *from = &pvh_parts[i];
        const struct elf_part part = {ELF_PT_LOAD, from->rights,    offset,           from->virt,
                                      from->phys,  from->file_size, from->memory_size};
        elf_put_part(file + 64 + 56 * i, 64, &part);
        offset += from->file_size;
    }
    const struct elf_part note = {.type = 4, .offset = NOTE, .file_size = NOTE_SIZE};
    elf_put_part(file + 64 + 56 * 2, 64, &note);
    put(file + 64 + 56 * 2 + 48, 8, 4);
    put(file + NOTE, 4, 4);
    put(file + NOTE + 4, 4, 4);
    put(file + NOTE + 8, 4, XEN_PHYS32_ENTRY);
    memcpy(file + NOTE + 12, "Xen", 4);
    put(file + NOTE + 16, 4, 0x1000200);
    return NOTE + NOTE_SIZE;
}

/* Either kind of kernel as a file, by each of its ways in. */
static const struct way {
    enum boot_protocol protocol;
    u32 flags;
    u32 reads; /* that its headers take at least */
} ways[] = {{PROTOCOL_LINUX, 0, 1}, {PROTOCOL_LINUX, REQUEST_64, 1}, {PROTOCOL_PVH, 0, 4}};

static struct bytes file_for(const struct way *way) {
    static u8 file[0x5000];
    if (way->protocol == PROTOCOL_PVH)
        return (struct bytes){file, make_pvh_file(file)};
    make_file(file);
    put(file + 0x236, 2, 0x7f);
    return (struct bytes){file, FILE_SIZE};
}

/* Each read fails in turn, and each time that is what is told. */
static void test_failing_reads(void **state) {
    (void)state;
    static struct scene scene;
    set_scene(&scene, 2);
    for (size_t i = 0; i < ARRAY_COUNT(ways); i++) {
        struct failing failing = {.bytes = file_for(&ways[i]), .fail_at = 1};
        const struct source source = failing_source(&failing, "k");
        for (;; failing.fail_at++) {
            failing.reads = 0;
            struct error error = boot_by(ways[i].protocol, ways[i].flags, &scene, &source);
            if (!has_failed(&failing, error)) {
                assert_int_equal(error.code, 0);
                break;
            }
        }
        assert_true(failing.fail_at > ways[i].reads);
        if (ways[i].protocol == PROTOCOL_PVH)
            check_start_info(&scene);
    }
    free(scene.ram.bytes);
}

/* Memory that ends before the handoff. */
static void test_no_memory(void **state) {
    (void)state;
    static struct scene scene;
    for (size_t i = 0; i < ARRAY_COUNT(ways); i++) {
        struct bytes file = file_for(&ways[i]);
        const struct source source = source_memory(&file, "k");
        set_scene(&scene, 2);
        assert_int_equal(boot_by(ways[i].protocol, ways[i].flags, &scene, &source).code, 0);
        scene.ram.size = scene.plan.info_phys;
        struct error error = boot_by(ways[i].protocol, ways[i].flags, &scene, &source);
        assert_int_equal(error.code, ERROR_PLAN_MEMORY);
        assert_string_equal(error.values.name, "the handoff");
        free(scene.ram.bytes);
    }
}

/* The BIOS's cursor lies in memory that may not be there: then it is where it is when all is 0. */
static void test_no_cursor(void **state) {
    (void)state;
    static struct scene scene;
    struct bytes file = file_for(&ways[0]);
    const struct source source = source_memory(&file, "k");
    for (u32 there = 0; there < 2; there++) {
        set_scene(&scene, 0);
        u8 *bytes = scene.ram.bytes;
        scene.ram = (struct ram){bytes + (there ? 0 : 0x500), there ? 0 : 0x500, RAM_SIZE - 0x500};
        assert_int_equal(boot_by(PROTOCOL_LINUX, 0, &scene, &source).code, 0);
        assert_int_equal(bytes[scene.plan.info_phys], there ? 7 : 0);
        assert_int_equal(bytes[scene.plan.info_phys + 1], there ? 12 : 0);
        free(bytes);
    }
}

/* What the way in refuses before anything is planned, and what planning does. */
static void test_wishes_refused(void **state) {
    (void)state;
    static struct scene scene;
    struct bytes file = file_for(&ways[0]);
    const struct source source = source_memory(&file, "k");
    set_scene(&scene, 0);
    scene.request.options.kaslr = true;
    struct error error = boot_by(PROTOCOL_LINUX, 0, &scene, &source);
    assert_int_equal(error.code, ERROR_PLAN_NOT_PIE);
    free(scene.ram.bytes);
    static char line[3000];
    memset(line, 'a', sizeof line - 1);
    set_scene(&scene, 0);
    scene.request.kernel.arguments = line;
    error = boot_by(PROTOCOL_LINUX, 0, &scene, &source);
    assert_int_equal(error.code, ERROR_LINUX_COMMAND_LINE);
    free(scene.ram.bytes);
    set_scene(&scene, 1);
    scene.sizes[0] = 65 << 20;
    error = boot_by(PROTOCOL_LINUX, 0, &scene, &source);
    assert_int_equal(error.code, ERROR_PLAN_MEMORY);
    assert_string_equal(error.values.name, "a module");
    free(scene.ram.bytes);
}

/* A firmware's map that is full: what the kernel keeps of the tables cuts one of its ranges. */
static void test_full_map(void **state) {
    (void)state;
    static struct scene scene;
    struct bytes file = file_for(&ways[1]);
    const struct source source = source_memory(&file, "k");
    for (u32 count = MEMORY_RANGES_MAX - 1; count <= MEMORY_RANGES_MAX; count++) {
        struct e820_row rows[MEMORY_RANGES_MAX + 1] = {{0, 0x9fc00, 1}, {0x100000, 0x3ee0000, 1}};
        for (u32 i = 2; i < count; i++)
            rows[i] = (struct e820_row){0x80000000 + i * 0x2000, 0x1000, 2};
        set_scene(&scene, 0);
        scene.machine = machine_of(rows, CPU_QEMU64, 40);
        assert_int_equal(scene.machine.memory.count, count);
        struct error error = boot_64(&scene, &source);
        u64 end = scene.plan.tables_phys + scene.plan.table_frames * PAGE_SIZE;
        u32 more = end == 0x3fe0000 ? 1 : 2;
        assert_int_equal(error.code, count + more > MEMORY_RANGES_MAX ? ERROR_MEMORY_MAP_FULL : 0);
        free(scene.ram.bytes);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failing_reads),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_full_map),
        cmocka_unit_test(test_no_cursor),
        cmocka_unit_test(test_wishes_refused),
        cmocka_unit_test(test_opening),
        cmocka_unit_test(test_lesser_alignment),
        cmocka_unit_test(test_linux),
        cmocka_unit_test(test_screens),
        cmocka_unit_test(test_initrd_limit),
        cmocka_unit_test(test_command_line),
        cmocka_unit_test(test_damaged_headers),
        cmocka_unit_test(test_pvh),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_vga_modes),
        cmocka_unit_test(test_video_of_a_kernel),
        cmocka_unit_test(test_opening_64),
        cmocka_unit_test(test_linux_64),
        cmocka_unit_test(test_initrd_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
