/* handoff/: loads carried out, the information, registers and stack, and each thing that the last
 * check can find wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "handoff_check.h"
#include "check.h"
#include "load.h"
#include "wipe_check.h"

enum { RAM_SIZE = 16 << 20, MODULES_MAX = 3 };

/* A plan for QEMU with 16 MiB, its memory, and what it was made of. */
struct scene {
    const char *name;
    struct machine machine;
    struct image image;
    struct boot_request boot;
    u64 module_sizes[MODULES_MAX];
    struct plan_request request;
    struct plan plan;
    struct ram ram;
    struct cpu_entry entry;
};

struct scene_row {
    const char *name;
    u32 features, bits;
    const char *options;
    u32 module_count;
};

static const struct part parts_32[] = {
    {0xc0100000, 0x100000, 0x3000, 0x3000, 5}, {0xc0103000, 0x103000, 0x800, 0x2000, 6}, {0}};
static const struct part parts_64[] = {{0xffffffff80100000, 0x100000, 0x3000, 0x3000, 5},
                                       {0xffffffff80103000, 0x103000, 0x800, 0x2000, 6},
                                       {0}};
static const struct part parts_flat[] = {{0x100000, 0x100000, 0x3000, 0x3000, 7}, {0}};

static void plan_scene(const struct scene_row *row, struct scene *scene) {
    bool off = row->options && strstr(row->options, "off");
    *scene = (struct scene){.name = row->name,
                            .machine = machine_of(qemu_16m, row->features, 36),
                            .module_sizes = {5, 0, 0x2001},
                            .ram = {.bytes = calloc(1, RAM_SIZE), .size = RAM_SIZE}};
    image_of(row->bits, off ? parts_flat : row->bits == 64 ? parts_64 : parts_32, &scene->image);
    scene->machine.rsdp = 0xf5a20;
    scene->machine.drive.partition = 2;
    scene->machine.drive.partition_start = 2048;
    scene->boot = (struct boot_request){
        .options = options_of(row->options),
        .kernel = {.path = "/boot/kernel.elf", .arguments = "root=\"disk 0\" quiet"},
        .module_count = row->module_count,
        .modules = {{.path = "/boot/initrd", .arguments = ""},
                    {.path = "/empty", .arguments = "an empty file"},
                    {.path = "/m", .arguments = "x"}}};
    scene->request = (struct plan_request){
        .machine = &scene->machine,
        .image = &scene->image,
        .options = &scene->boot.options,
        .module_count = row->module_count,
        .module_sizes = scene->module_sizes,
        .info_size = native_info_size(&scene->machine, &scene->image, &scene->boot)};
    struct plan_case plan_case = {row->name, &scene->request, &scene->plan}, *c = &plan_case;
    SUCCEEDS(plan_make(&scene->request, &scene->plan));
}

static struct error finish(struct scene *scene) {
    return native_finish(&scene->machine, &scene->plan, &scene->boot, scene->module_sizes,
                         &scene->ram, &scene->entry);
}

static struct handoff handoff_of(const struct scene *scene) {
    return (struct handoff){scene->name,  &scene->request, &scene->plan,
                            &scene->boot, &scene->ram,     &scene->entry};
}

static void free_scene(struct scene *scene) {
    free(scene->ram.bytes);
}

static const struct scene_row scene_rows[] = {
    {"486", CPU_I486, 32, "", 1},
    {"Pentium", CPU_PENTIUM, 32, "", 0},
    {"Pentium, 4 KiB pages", CPU_PENTIUM, 32, "--pages=4k", 2},
    {"PAE without NX", CPU_PENTIUM_PRO, 32, "--paging=pae", 3},
    {"PAE", CPU_QEMU64, 32, "--paging=pae", 3},
    {"32-bit on a 64-bit CPU", CPU_QEMU64, 32, "", 3},
    {"4-level without NX", CPU_OPTERON, 64, "", 3},
    {"4-level", CPU_QEMU64, 64, "", 3},
    {"5-level", CPU_MAX, 64, "--paging=5level", 3},
    {"no direct map", CPU_QEMU64, 64, "--direct-map=none", 1},
    {"a page of stack", CPU_QEMU64, 64, "--stack=4K", 1},
    {"no identity map", CPU_QEMU64, 64, "--identity=none", 1},
    {"no identity map, PAE", CPU_QEMU64, 32, "--identity=none --paging=pae", 1},
    {"no identity map, 486", CPU_I486, 32, "--identity=none", 1},
    {"no linear map", CPU_QEMU64, 64, "--identity=none --direct-map=none", 3},
    {"the tables alone", CPU_QEMU64, 64, "--identity=tables --direct-map=none", 3},
    {"the tables alone, 32-bit", CPU_PENTIUM, 32, "--identity=tables --direct-map=none", 3},
    {"page 0", CPU_QEMU64, 64, "--null-page=mapped", 1},
    {"recursive, 486", CPU_I486, 32, "--recursive=auto", 1},
    {"recursive, 4 MiB pages", CPU_PENTIUM, 32, "--recursive=1023", 1},
    {"recursive, PAE", CPU_QEMU64, 32, "--recursive=auto --paging=pae", 1},
    {"recursive, 4-level", CPU_QEMU64, 64, "--recursive=auto", 1},
    {"recursive, 5-level", CPU_MAX, 64, "--recursive=auto --paging=5level", 1},
    {"recursive, lower half", CPU_QEMU64, 64, "--recursive=37", 1},
    {"temporary, 486", CPU_I486, 32, "--temporary", 1},
    {"temporary, PAE", CPU_QEMU64, 32, "--temporary --paging=pae", 1},
    {"temporary, 4-level", CPU_QEMU64, 64, "--temporary", 1},
    {"shared, 32-bit", CPU_PENTIUM, 32, "--share-upper", 1},
    {"shared, PAE", CPU_QEMU64, 32, "--share-upper --paging=pae", 1},
    {"shared, 5-level", CPU_MAX, 64, "--share-upper --paging=5level", 1},
    {"global", CPU_PENTIUM_PRO, 32, "--global", 1},
    {"SMEP and UMIP", CPU_MAX, 64, "--smep --umip", 1},
    {"combining", CPU_QEMU64, 64, "--map=0xa0000+64K@0xffffa00000000000,combining", 1},
    {"combining without a PAT", CPU_PENTIUM, 32, "--map=0xa0000+64K@0xe0000000,combining", 1},
    {"a device", CPU_QEMU64, 32, "--paging=pae --map=0xfee00000+1", 1},
    {"all at once", CPU_MAX, 64,
     "--recursive=auto --temporary --share-upper --global --smep --umip --identity=tables "
     "--map=0xfec00000+8K@0x10000,ro --null-page=mapped --direct-map=none --pages=4k --strict",
     3},
    {"all at once, PAE", CPU_MAX, 32,
     "--paging=pae --recursive=auto --temporary --share-upper --global --smep --umip "
     "--identity=none "
     "--map=0xfec00000+8K@0x10000,ro",
     3},
    {"off with bits of CR4", CPU_MAX, 32, "--paging=off --umip", 1},
    {"off", CPU_QEMU64, 32, "--paging=off", 3},
    {"off on a 486", CPU_I486, 32, "--paging=off", 0},
};

static void test_scenes(void **state) {
    (void)state;
    static struct scene scene;
    for (size_t i = 0; i < ARRAY_COUNT(scene_rows); i++) {
        plan_scene(&scene_rows[i], &scene);
        struct handoff handoff = handoff_of(&scene), *c = &handoff;
        memset(&scene.entry, 0xa5, sizeof scene.entry);
        SUCCEEDS(finish(&scene));
        check_handoff(c);
        HOLDS(scene.entry.move_count == WIPES); /* what the loader worked with is zeroed */
        free_scene(&scene);
    }
}

/* A machine that has nothing to tell. */
static void test_bare_machine(void **state) {
    (void)state;
    static struct scene scene;
    plan_scene(&scene_rows[0], &scene);
    struct handoff handoff = handoff_of(&scene), *c = &handoff;
    scene.machine.screen = (struct screen){.kind = SCREEN_NONE};
    scene.machine.rsdp = scene.machine.serial_port = 0;
    SUCCEEDS(finish(&scene));
    check_handoff(c);
    free_scene(&scene);
}

/* The timings stand in the information, which is else as it was; and nowhere without memory. */
static void test_timings(void **state) {
    (void)state;
    static struct scene scene;
    static const struct aloft_timings timings = {1, 2, 3, 4, 5, 6, (u64)7 << 60};
    static const struct aloft_timings none;
    for (size_t i = 0; i < ARRAY_COUNT(scene_rows); i++) {
        plan_scene(&scene_rows[i], &scene);
        struct handoff handoff = handoff_of(&scene), *c = &handoff;
        SUCCEEDS(finish(&scene));
        u64 virt = scene.image.bits == 64 ? scene.entry.di : scene.entry.bx;
        struct aloft_info *info = (void *)seen_at(c, virt, sizeof *info);
        HOLDS(!memcmp(&info->timings, &none, sizeof none));
        u8 *before = malloc(RAM_SIZE);
        memcpy(before, scene.ram.bytes, RAM_SIZE);
        native_timings(&scene.plan, &scene.ram, &timings);
        HOLDS(!memcmp(&info->timings, &timings, sizeof timings));
        memset(&info->timings, 0, sizeof timings);
        HOLDS(!memcmp(before, scene.ram.bytes, RAM_SIZE));
        scene.plan.info_phys = RAM_SIZE - sizeof *info;
        native_timings(&scene.plan, &scene.ram, &timings);
        HOLDS(!memcmp(before, scene.ram.bytes, RAM_SIZE));
        free(before);
        free_scene(&scene);
    }
}

static struct table_arena boot_arena_of(const struct scene *scene) {
    return arena_at(&scene->ram, scene->plan.boot_tables_phys, scene->plan.boot_table_frames);
}

/* The tables for the jump, entry by entry: a way to each of two pages, and no more. */
static void test_boot_tables(void **state) {
    (void)state;
    static struct scene scene;
    static const struct {
        const char *options;
        u32 bits, frames, entries;
    } rows[] = {{"--paging=32 --pages=4k", 32, 3, 4},
                {"--paging=pae", 32, 5, 6},
                {"", 64, 7, 8},
                {"--paging=5level --recursive=auto --temporary --share-upper", 64, 9, 10}};
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct scene_row row = {rows[i].options, CPU_MAX, rows[i].bits, rows[i].options, 0};
        plan_scene(&row, &scene);
        struct handoff handoff = handoff_of(&scene), *c = &handoff;
        SUCCEEDS(finish(&scene));
        u32 size = scene.plan.options.format->entry_size, entries = 0;
        HOLDS(scene.plan.boot_table_frames == rows[i].frames);
        const u8 *bytes = boot_arena_of(&scene).bytes;
        for (u32 at = 0; at < rows[i].frames * PAGE_SIZE; at += size)
            entries += (size == 4 ? load32(bytes + at) : load64(bytes + at)) != 0;
        HOLDS(entries == rows[i].entries);
        HOLDS(scene.entry.boot_cr3 != scene.entry.cr3);
        free_scene(&scene);
    }
}

static void test_layout(void **state) {
    (void)state;
    /* What a kernel written for version 1 counts on: no padding differs between compilers. */
    assert_int_equal(sizeof(struct aloft_table), 16);
    assert_int_equal(sizeof(struct aloft_memory), 24);
    assert_int_equal(sizeof(struct aloft_segment), 40);
    assert_int_equal(sizeof(struct aloft_module), 40);
    assert_int_equal(sizeof(struct aloft_mapping), 32);
    assert_int_equal(sizeof(struct aloft_screen), 48);
    assert_int_equal(sizeof(struct aloft_boot_drive), 24);
    assert_int_equal(offsetof(struct aloft_info, memory), 32);
    assert_int_equal(offsetof(struct aloft_info, drive), 96);
    assert_int_equal(sizeof(struct aloft_timings), 56);
    assert_int_equal(offsetof(struct aloft_info, build_id), 392);
    assert_int_equal(offsetof(struct aloft_info, timings), 416);
    assert_int_equal(sizeof(struct aloft_info), 472);
    assert_true(TRAMPOLINE_ENTRY + sizeof(struct cpu_entry) <= PAGE_SIZE);
}

/* What the kernel's file says of itself, and where the firmware's tables are. */
static void test_facts(void **state) {
    (void)state;
    static struct scene scene;
    for (u32 stated = 0; stated < 2; stated++) {
        plan_scene(&scene_rows[7], &scene);
        struct handoff handoff = handoff_of(&scene), *c = &handoff;
        struct image *image = &scene.image;
        image->slide = 0x1234000;
        image->tls = (struct image_tls){0xffffffff80103010, 0x20, 0x30, 16};
        image->relro = (struct image_part){0xffffffff80103000, 0x800};
        image->stack_stated = stated;
        image->stack_rights = RIGHT_READ | RIGHT_WRITE;
        image->build_id_size = 20;
        for (u32 i = 0; i < 20; i++)
            image->build_id[i] = (u8)(i + 1);
        scene.machine.smbios = 0xf5b30;
        SUCCEEDS(finish(&scene));
        const struct aloft_info *info = seen_at(c, check_stack(c), sizeof *info);
        HOLDS(info->slide == 0x1234000);
        HOLDS(info->tls_virt == 0xffffffff80103010 && info->tls_align == 16);
        HOLDS(info->tls_file_size == 0x20 && info->tls_size == 0x30);
        HOLDS(info->relro_virt == 0xffffffff80103000 && info->relro_size == 0x800);
        HOLDS(info->stack_rights == (stated ? 6 : ALOFT_NO_RIGHTS));
        HOLDS(info->build_id_size == 20 && !memcmp(info->build_id, image->build_id, 20));
        HOLDS(info->smbios_phys == 0xf5b30 && info->rsdp_phys == 0xf5a20);
        HOLDS(walk_to(c->plan, c->ram, info->smbios_virt).phys == 0xf5b30);
        HOLDS(walk_to(c->plan, c->ram, info->rsdp_virt).phys == 0xf5a20);
        free_scene(&scene);
    }
}

/* The kinds and numbers of plan/ are those of aloft.h. */
static void test_numbers(void **state) {
    (void)state;
    assert_true(
        ALOFT_MEMORY_USABLE == (int)MEMORY_USABLE &&
        ALOFT_MEMORY_RESERVED == (int)MEMORY_RESERVED && ALOFT_MEMORY_ACPI == (int)MEMORY_ACPI &&
        ALOFT_MEMORY_NVS == (int)MEMORY_NVS && ALOFT_MEMORY_BAD == (int)MEMORY_BAD &&
        ALOFT_MEMORY_BIOS == (int)MEMORY_BIOS && ALOFT_MEMORY_KERNEL == (int)MEMORY_KERNEL &&
        ALOFT_MEMORY_MODULE == (int)MEMORY_MODULE && ALOFT_MEMORY_TABLES == (int)MEMORY_TABLES &&
        ALOFT_MEMORY_HANDOFF == (int)MEMORY_HANDOFF &&
        ALOFT_MEMORY_TRAMPOLINE == (int)MEMORY_TRAMPOLINE);
    assert_true(ALOFT_EXECUTE == (int)RIGHT_EXECUTE && ALOFT_WRITE == (int)RIGHT_WRITE &&
                ALOFT_READ == (int)RIGHT_READ);
    assert_true(ALOFT_MAP_WRITE == (int)MAP_WRITE && ALOFT_MAP_EXECUTE == (int)MAP_EXECUTE &&
                ALOFT_MAP_USER == (int)MAP_USER && ALOFT_MAP_GLOBAL == (int)MAP_GLOBAL &&
                ALOFT_MAP_UNCACHED == (int)MAP_UNCACHED &&
                ALOFT_MAP_WRITE_COMBINING == (int)MAP_WRITE_COMBINING);
    assert_true(ALOFT_FOR_KERNEL == (int)ROW_KERNEL && ALOFT_FOR_HANDOFF == (int)ROW_HANDOFF &&
                ALOFT_FOR_TRAMPOLINE == (int)ROW_TRAMPOLINE &&
                ALOFT_FOR_DIRECT == (int)ROW_DIRECT && ALOFT_FOR_IDENTITY == (int)ROW_IDENTITY &&
                ALOFT_FOR_OPTION == (int)ROW_OPTION && ALOFT_FOR_TEMPORARY == (int)ROW_TEMPORARY &&
                ALOFT_FOR_SCREEN == (int)ROW_SCREEN);
    assert_true(
        ALOFT_PAGING_32 == (int)PAGING_32 + 1 && ALOFT_PAGING_32_PSE == (int)PAGING_32_PSE + 1 &&
        ALOFT_PAGING_PAE == (int)PAGING_PAE + 1 && ALOFT_PAGING_4LEVEL == (int)PAGING_4LEVEL + 1 &&
        ALOFT_PAGING_5LEVEL == (int)PAGING_5LEVEL + 1);
    assert_true(ALOFT_NO_ADDRESS == PLAN_NO_ADDRESS);
}

/* ---- moves ---- */

static void test_moves(void **state) {
    (void)state;
    static struct scene scene;
    static const struct scene_row row = {"moves", CPU_PENTIUM, 32, "", 0};
    static const struct part parts[] = {
        {0xc0000800, 0x800, 0x90000, 0x92000, 7}, {0xc0093000, 0x93000, 0, 0x1000, 6}, {0}};
    plan_scene(&row, &scene);
    image_of(32, parts, &scene.image);
    struct handoff handoff = handoff_of(&scene), *c = &handoff;
    SUCCEEDS(plan_make(&scene.request, &scene.plan));
    SUCCEEDS(finish(&scene));
    check_handoff(c);
    const struct move *wipe = &scene.entry.moves[0], *move = wipe + WIPES;
    assert_int_equal(scene.entry.move_count, WIPES + 1);
    assert_true(wipe->to == LOADER_START && !wipe->size &&
                wipe->zero_size == LOADER_REAL - LOADER_START);
    assert_int_equal(move->from, scene.plan.loads[1].staged);
    assert_int_equal(move->to, LOADER_START);
    assert_int_equal(move->size, LOADER_END - LOADER_START);
    assert_int_equal(move->zero_size, 0);
    /* A part in the file, zeros behind it. */
    static const struct part other[] = {{0xc0008010, 0x8010, 0x123, 0x1234, 7}, {0}};
    image_of(32, other, &scene.image);
    SUCCEEDS(plan_make(&scene.request, &scene.plan));
    SUCCEEDS(finish(&scene));
    assert_int_equal(scene.entry.move_count, WIPES + 1);
    assert_true(move->to == 0x8010 && move->size == 0x123 && move->zero_size == 0x1111);
    free_scene(&scene);
}

/* ---- too little room ---- */

/* Whatever is set aside for the information: it fits and is right, or PLAN_TOO_MANY; nothing is
 * written behind it. */
static void test_info_size(void **state) {
    (void)state;
    static struct scene scene;
    u64 least = 0;
    plan_scene(&scene_rows[7], &scene);
    struct handoff handoff = handoff_of(&scene), *c = &handoff;
    u64 whole = scene.plan.info_size;
    u8 *bytes = ram_at(&scene.ram, scene.plan.info_phys, whole);
    for (u64 size = GDT_SIZE; size <= scene.request.info_size; size++) {
        memset(bytes, 0x5a, whole);
        scene.plan.info_size = size;
        struct error error = finish(&scene);
        for (u64 i = size; i < whole; i++)
            HOLDS(bytes[i] == 0x5a);
        least = least || error.code ? least : size;
        HOLDS(error.code == (least ? ERROR_NONE : ERROR_PLAN_TOO_MANY));
        if (!error.code && (size == least || size == scene.request.info_size))
            check_handoff(c);
    }
    HOLDS(least > sizeof(struct aloft_info));
    free_scene(&scene);
}

/* Segments that cut the direct map into as many pieces, and as many modules as there can be: what
 * native_info_size() says is enough for all that. */
static void test_info_size_is_enough(void **state) {
    (void)state;
    static struct scene scene;
    static const struct scene_row row = {"many of all", CPU_QEMU64, 64, "", 0};
    enum { segments = 48 }; /* with more, the memory map has too many ranges */
    struct part parts[segments + 1] = {{0}};
    u64 sizes[CONFIG_MODULES_MAX] = {0};
    plan_scene(&row, &scene);
    for (u32 i = 0; i < segments; i++)
        parts[i] = (struct part){0xffff800000100000 + i * 0x2000, 0x100000 + i * 0x2000, 1, 1, 5};
    image_of(64, parts, &scene.image);
    scene.request.module_count = scene.boot.module_count = CONFIG_MODULES_MAX;
    scene.request.module_sizes = sizes;
    for (u32 i = 0; i < CONFIG_MODULES_MAX; i++)
        scene.boot.modules[i] = (struct file_request){.path = "/m", .arguments = ""};
    scene.request.info_size = native_info_size(&scene.machine, &scene.image, &scene.boot);
    struct handoff handoff = handoff_of(&scene), *c = &handoff;
    SUCCEEDS(plan_make(&scene.request, &scene.plan));
    HOLDS(scene.plan.row_count > 2 * segments);
    scene.plan.info_size = scene.request.info_size;
    SUCCEEDS(
        native_finish(&scene.machine, &scene.plan, &scene.boot, sizes, &scene.ram, &scene.entry));
    free_scene(&scene);
}

static void test_no_memory_there(void **state) {
    (void)state;
    static struct scene scene;
    plan_scene(&scene_rows[7], &scene);
    u64 phys[] = {scene.plan.handoff_phys, scene.plan.info_phys, scene.plan.tables_phys,
                  scene.plan.boot_tables_phys};
    u64 ends[] = {scene.plan.handoff_phys + scene.plan.stack_size,
                  scene.plan.info_phys + scene.plan.info_size,
                  scene.plan.tables_phys + scene.plan.table_frames * PAGE_SIZE,
                  scene.plan.boot_tables_phys + scene.plan.boot_table_frames * PAGE_SIZE};
    struct ram all = scene.ram;
    for (u32 i = 0; i < ARRAY_COUNT(phys); i++) {
        scene.ram.size = ends[i] - 1;
        assert_int_equal(finish(&scene).code, ERROR_PLAN_MEMORY);
        scene.ram = (struct ram){all.bytes + phys[i] + 1, phys[i] + 1, all.size - phys[i] - 1};
        assert_int_equal(finish(&scene).code, ERROR_PLAN_MEMORY);
        scene.ram = all;
    }
    scene.plan.table_frames--;
    assert_int_equal(finish(&scene).code, ERROR_PAGING_TABLES_FULL);
    scene.plan.table_frames++;
    scene.plan.boot_table_frames--;
    assert_int_equal(finish(&scene).code, ERROR_PAGING_TABLES_FULL);
    scene.plan.boot_table_frames++;
    assert_int_equal(finish(&scene).code, ERROR_NONE);
    free_scene(&scene);
}

/* ---- loads ---- */

struct load_test {
    const char *name;
    struct load load; /* of a file of 16 bytes, "0123456789abcdef", into 64 bytes from 0x1000 on */
    enum error_code code;
    const char *memory; /* what is in the first bytes then; '.' is untouched, '_' a zero */
};

static const struct load_test load_tests[] = {
    {"all",
     {.file_size = 16, .memory_size = 16, .phys = 0x1000, .staged = 0x1000},
     0,
     "0123456789abcdef...."},
    {"a part",
     {.offset = 4, .file_size = 3, .memory_size = 3, .phys = 0x1002, .staged = 0x1002},
     0,
     "..456..."},
    {"zeros behind",
     {.offset = 15, .file_size = 1, .memory_size = 4, .phys = 0x1001, .staged = 0x1001},
     0,
     ".f___..."},
    {"zeros alone", {.memory_size = 3, .phys = 0x1001, .staged = 0x1001}, 0, ".___...."},
    {"nothing", {.phys = 0x1001, .staged = 0x1001}, 0, "........"},
    {"nothing, nowhere", {.phys = 0x9000, .staged = 0x9000}, 0, "........"},
    {"late: the zeros are for later",
     {.file_size = 2, .memory_size = 8, .phys = 0x8000, .staged = 0x1003, .late = true},
     0,
     "...01..."},
    {"late zeros alone",
     {.memory_size = 8, .phys = 0x8000, .staged = 0x8000, .late = true},
     0,
     "........"},
    {"past the end of the file",
     {.offset = 10, .file_size = 7, .memory_size = 8, .phys = 0x1000, .staged = 0x1000},
     ERROR_SOURCE_PAST_END,
     "........"},
    {"below the memory",
     {.file_size = 2, .memory_size = 2, .phys = 0xfff, .staged = 0xfff},
     ERROR_PLAN_MEMORY,
     "........"},
    {"past the memory",
     {.file_size = 2, .memory_size = 2, .phys = 0x103f, .staged = 0x103f},
     ERROR_PLAN_MEMORY,
     "........"},
    {"zeros past the memory",
     {.file_size = 2, .memory_size = 65, .phys = 0x1000, .staged = 0x1000},
     ERROR_PLAN_MEMORY,
     "........"},
    {"wraps",
     {.file_size = 2, .memory_size = ~(u64)0, .phys = 0x1000, .staged = 0x1000},
     ERROR_PLAN_MEMORY,
     "........"},
};

static void test_loads(void **state) {
    (void)state;
    const struct bytes bytes = {(const u8 *)"0123456789abcdef", 16};
    struct source file = source_memory(&bytes, "file");
    for (size_t i = 0; i < ARRAY_COUNT(load_tests); i++) {
        const struct load_test *row = &load_tests[i];
        u8 *memory = malloc(64);
        struct ram ram = {memory, 0x1000, 64};
        memset(memory, '.', 64);
        struct error error = load_file(&row->load, &file, &ram);
        if (error.code != row->code)
            fail_msg("%s: error %d", row->name, (int)error.code);
        if (error.code == ERROR_PLAN_MEMORY) {
            assert_int_equal(error.values.number[0], row->load.memory_size);
            assert_int_equal(error.values.number[1], 0x1040);
            assert_int_equal(error.values.number[2], 0);
        }
        for (size_t at = 0; at < 64; at++) {
            char expected = at < strlen(row->memory) ? row->memory[at] : '.';
            if (memory[at] != (expected == '_' ? 0 : expected))
                fail_msg("%s: byte %zu is %#x", row->name, at, memory[at]);
        }
        free(memory);
    }
}

/* ---- the last check ---- */

/* The last two are in the tables for the jump. */
enum place {
    AT_ENTRY,
    AT_STACK,
    AT_STACK_BOTTOM,
    AT_GDT,
    AT_TRAMPOLINE,
    AT_BOOT_PHYS,
    AT_BOOT_VIRT,
    PLACE_COUNT
};

struct damage {
    const char *name;
    enum place place;
    u32 level;      /* of the entry to damage */
    u64 set, clear; /* its bits */
    enum error_code code;
    const char *text;
};

#define PRESENT ((u64)1)
#define WRITE   ((u64)2)
#define FRAME   ((u64)0x1000)

static const struct damage damages[] = {
    {"entry absent", AT_ENTRY, 0, 0, PRESENT, ERROR_CHECK_NOT_MAPPED,
     "the page tables do not map the kernel's entry at virtual 0xffffffff80100000: the PTE entry "
     "is absent"},
    {"root's entry absent", AT_ENTRY, 3, 0, PRESENT, ERROR_CHECK_NOT_MAPPED,
     "the page tables do not map the trampoline at virtual 0xffffffffffa13000: the PML4E entry is "
     "absent"},
    {"entry's page directory absent", AT_ENTRY, 2, 0, PRESENT, ERROR_CHECK_NOT_MAPPED,
     "the page tables do not map the kernel's entry at virtual 0xffffffff80100000: the PDPTE entry "
     "is absent"},
    {"entry not executable", AT_ENTRY, 0, ENTRY_NO_EXECUTE, 0, ERROR_CHECK_RIGHTS,
     "the page tables map the kernel's entry at virtual 0xffffffff80100000 without the right to "
     "execute there"},
    {"a link not executable", AT_ENTRY, 2, ENTRY_NO_EXECUTE, 0, ERROR_CHECK_RIGHTS,
     "the page tables map the kernel's entry at virtual 0xffffffff80100000 without the right to "
     "execute there"},
    {"entry elsewhere", AT_ENTRY, 0, FRAME, 0, ERROR_CHECK_PHYSICAL,
     "the page tables map the kernel's entry at virtual 0xffffffff80100000 to physical 0x101000 "
     "instead of 0x100000"},
    {"entry's PTE reserved", AT_ENTRY, 0, (u64)1 << 40, 0, ERROR_CHECK_RESERVED,
     "the PTE entry for the kernel's entry at virtual 0xffffffff80100000 has reserved bits set "
     "(0x10000100001)"},
    {"a link reserved", AT_ENTRY, 1, (u64)1 << 51, 0, ERROR_CHECK_RESERVED, NULL},
    {"a link out of the tables", AT_ENTRY, 1, (u64)1 << 35, 0, ERROR_CHECK_NOT_MAPPED, NULL},
    {"stack absent", AT_STACK, 0, 0, PRESENT, ERROR_CHECK_NOT_MAPPED, NULL},
    {"stack read-only", AT_STACK, 0, 0, WRITE, ERROR_CHECK_RIGHTS,
     "the page tables map the stack at virtual 0xffffffffffa10fe8 without the right to write "
     "there"},
    {"stack elsewhere", AT_STACK, 0, (u64)1 << 30, 0, ERROR_CHECK_PHYSICAL, NULL},
    {"lowest page of the stack absent", AT_STACK_BOTTOM, 0, 0, PRESENT, ERROR_CHECK_NOT_MAPPED,
     "the page tables do not map the stack's lowest byte at virtual 0xffffffffffa01000: the PTE "
     "entry is absent"},
    {"lowest page of the stack read-only", AT_STACK_BOTTOM, 0, 0, WRITE, ERROR_CHECK_RIGHTS, NULL},
    {"lowest page of the stack elsewhere", AT_STACK_BOTTOM, 0, (u64)1 << 30, 0,
     ERROR_CHECK_PHYSICAL, NULL},
    {"GDT absent", AT_GDT, 0, 0, PRESENT, ERROR_CHECK_NOT_MAPPED,
     "the page tables do not map the GDT at virtual 0xffffffffffa12000: the PTE entry is absent"},
    {"GDT read-only", AT_GDT, 0, 0, WRITE, ERROR_CHECK_RIGHTS, NULL},
    {"GDT elsewhere", AT_GDT, 0, (u64)1 << 30, 0, ERROR_CHECK_PHYSICAL, NULL},
    {"trampoline absent", AT_TRAMPOLINE, 0, 0, PRESENT, ERROR_CHECK_NOT_MAPPED,
     "the page tables do not map the trampoline at virtual 0xffffffffffa13000: the PTE entry is "
     "absent"},
    {"trampoline not executable", AT_TRAMPOLINE, 0, ENTRY_NO_EXECUTE, 0, ERROR_CHECK_RIGHTS, NULL},
    {"trampoline elsewhere", AT_TRAMPOLINE, 0, (u64)1 << 30, 0, ERROR_CHECK_PHYSICAL, NULL},
    {"trampoline at itself absent", AT_BOOT_PHYS, 0, 0, PRESENT, ERROR_CHECK_NOT_MAPPED,
     "the page tables do not map the trampoline at virtual 0xfdf000: the PTE entry is absent"},
    {"trampoline at itself not executable", AT_BOOT_PHYS, 1, ENTRY_NO_EXECUTE, 0,
     ERROR_CHECK_RIGHTS, NULL},
    {"trampoline at itself elsewhere", AT_BOOT_PHYS, 0, (u64)1 << 30, 0, ERROR_CHECK_PHYSICAL,
     NULL},
    {"trampoline's second place absent", AT_BOOT_VIRT, 0, 0, PRESENT, ERROR_CHECK_NOT_MAPPED, NULL},
    {"trampoline's second place not executable", AT_BOOT_VIRT, 0, ENTRY_NO_EXECUTE, 0,
     ERROR_CHECK_RIGHTS, NULL},
    {"trampoline's second place elsewhere", AT_BOOT_VIRT, 0, (u64)1 << 30, 0, ERROR_CHECK_PHYSICAL,
     NULL},
    {"a link for the jump reserved", AT_BOOT_VIRT, 1, (u64)1 << 51, 0, ERROR_CHECK_RESERVED, NULL},
    {"a link for the jump out of its tables", AT_BOOT_VIRT, 1, (u64)1 << 35, 0,
     ERROR_CHECK_NOT_MAPPED, NULL},
    {"nothing", AT_ENTRY, 0, 0, 0, ERROR_NONE, "no error"},
};

static u64 address_of(const struct scene *scene, enum place place) {
    const struct plan *plan = &scene->plan;
    switch (place) {
    case AT_ENTRY: return plan->entry;
    case AT_STACK: return scene->entry.sp;
    case AT_STACK_BOTTOM: return plan->handoff_virt;
    case AT_GDT: return plan->info_virt;
    case AT_BOOT_PHYS: return plan->trampoline_phys;
    default: return plan->trampoline_virt;
    }
}

/* The bytes of the entry of a level on the way to a place. */
static u8 *entry_bytes(const struct scene *scene, enum place place, u32 level) {
    const struct plan *plan = &scene->plan;
    u64 virt = address_of(scene, place);
    struct table_arena boot = boot_arena_of(scene);
    struct walk walk = place < AT_BOOT_PHYS
                           ? walk_to(plan, &scene->ram, virt)
                           : paging_walk(&plan->options, &boot, plan->physical_bits, virt);
    for (u32 i = 0; i < walk.step_count; i++)
        if (walk.steps[i].level == level)
            return ram_at(&scene->ram, walk.steps[i].table + walk.steps[i].index * 8, 8);
    fail_msg("no entry of level %u", level);
    return NULL;
}

static struct error check(const struct scene *scene) {
    const struct plan *plan = &scene->plan;
    struct table_arena arena = arena_at(&scene->ram, plan->tables_phys, plan->table_frames);
    struct table_arena boot = boot_arena_of(scene);
    return check_tables(plan, &arena, &boot, &scene->entry);
}

static void test_damages(void **state) {
    (void)state;
    static struct scene scene;
    static const struct scene_row row = {"damaged tables", CPU_QEMU64, 64, "", 0};
    plan_scene(&row, &scene);
    struct handoff handoff = handoff_of(&scene), *c = &handoff;
    SUCCEEDS(finish(&scene));
    for (size_t i = 0; i < ARRAY_COUNT(damages); i++) {
        const struct damage *damage = &damages[i];
        char buffer[200];
        struct text text = TEXT_IN(buffer);
        u8 *at = entry_bytes(&scene, damage->place, damage->level);
        u64 kept = load64(at);
        store64(at, (kept | damage->set) & ~damage->clear);
        struct error error = check(&scene);
        error_text(&error, &text);
        if (error.code != damage->code || (damage->text && strcmp(buffer, damage->text)))
            fail_msg("%s: error %d: %s", damage->name, (int)error.code, buffer);
        store64(at, kept);
    }
    SUCCEEDS(check(&scene));
    free_scene(&scene);
}

/* Every bit of every entry on the way to the seven places, one at a time: an error or none. What
 * matters must be found: present bits, and the address bits within the tables and below. */
static void test_all_damages(void **state) {
    (void)state;
    static struct scene scene;
    static const struct scene_row row = {"damaged tables", CPU_QEMU64, 64, "", 0};
    plan_scene(&row, &scene);
    struct handoff handoff = handoff_of(&scene), *c = &handoff;
    SUCCEEDS(finish(&scene));
    for (u32 place = AT_ENTRY; place < PLACE_COUNT; place++)
        for (u32 level = 0; level < 4; level++)
            for (u32 bit = 0; bit < 64; bit++) {
                u8 *at = entry_bytes(&scene, (enum place)place, level);
                u64 kept = load64(at);
                store64(at, kept ^ (u64)1 << bit);
                struct error error = check(&scene);
                HOLDS(!error.code ||
                      (error.code >= ERROR_CHECK_NOT_MAPPED && error.code <= ERROR_CHECK_RESERVED));
                HOLDS(error.code || !(bit == 0 || (bit >= 12 && bit < 52)));
                store64(at, kept);
            }
    free_scene(&scene);
}

/* An entry that is not canonical is never walked to. */
static void test_not_canonical(void **state) {
    (void)state;
    static struct scene scene;
    static const struct scene_row row = {"not canonical", CPU_QEMU64, 64, "", 0};
    plan_scene(&row, &scene);
    struct handoff handoff = handoff_of(&scene), *c = &handoff;
    SUCCEEDS(finish(&scene));
    scene.plan.entry = 0x0000800000000000;
    struct error error = check(&scene);
    assert_int_equal(error.code, ERROR_CHECK_NOT_MAPPED);
    assert_string_equal(error.values.other, "canonical");
    free_scene(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenes),          cmocka_unit_test(test_bare_machine),
        cmocka_unit_test(test_timings),         cmocka_unit_test(test_boot_tables),
        cmocka_unit_test(test_layout),          cmocka_unit_test(test_facts),
        cmocka_unit_test(test_numbers),         cmocka_unit_test(test_moves),
        cmocka_unit_test(test_info_size),       cmocka_unit_test(test_info_size_is_enough),
        cmocka_unit_test(test_no_memory_there), cmocka_unit_test(test_loads),
        cmocka_unit_test(test_damages),         cmocka_unit_test(test_all_damages),
        cmocka_unit_test(test_not_canonical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
