/* The whole chain: the bytes of a disk in, the registers of the kernel's first instruction out, as
 * stage2/main.c goes it, for each file system, paging format and kind of kernel.
 *
 * Physical memory is poisoned but for what the plan claims, so that the sanitizer reports a write
 * to any other place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* Two headers have a struct image; the file system's goes by another name here. */
#define image fat_image
#include "fat_image.h"
#undef image

#include "handoff_check.h"
#include "wipe_check.h"
#include "elf_image.h"
#include "cache.h"
#include "load.h"
#include "protocol.h"
#include "volume.h"

#include <sanitizer/asan_interface.h>

enum {
    RAM_SIZE = 16 << 20,
    CACHE_LINES = 4,
    KERNEL_MAX = 0x80000,
    MODULE_SIZE = 70001,
    FIRST_SECTOR = 63, /* of the partition, where there is one */
};

/* ---- kernels ---- */

/* The bytes of a PT_LOAD's file part, told by place and segment. */
static u8 pattern(u32 segment, u64 at) {
    return (u8)(at ^ at >> 7 ^ (segment + 1) * 41);
}

struct kernel {
    const char *path, *short_name; /* /boot/LOW32.ELF, "LOW32   ELF" */
    u32 bits;
    bool physical_entry;
    struct part parts[4];
};

static const struct kernel kernels[] = {
    {"/boot/high32.elf",
     "HIGH32  ELF",
     32,
     false,
     {{0xc0100000, 0x100000, 0x3456, 0x3456, 5}, {0xc0104000, 0x104000, 0x777, 0x5000, 6}}},
    {"/boot/low32.elf",
     "LOW32   ELF",
     32,
     false,
     {{0x100000, 0x100000, 0x1800, 0x1800, 5},
      {0x101800, 0x101800, 0x1000, 0x1000, 4},
      {0x103000, 0x103000, 0, 0x9001, 6}}},
    {"/boot/load32.elf",
     "LOAD32  ELF",
     32,
     true,
     {{0xc0000800, 0x800, 0x61000, 0x61000, 7}, {0xc0061800, 0x61800, 0x10, 0x1000, 6}}},
    {"/boot/top32.elf",
     "TOP32   ELF",
     32,
     false,
     {{0xffffc000, 0x200000, 0x3000, 0x3000, 5}, {0xfffff000, 0x300000, 0x1000, 0x1000, 6}}},
    {"/boot/high64.elf",
     "HIGH64  ELF",
     64,
     false,
     {{0xffffffff80100000, 0x100000, 0x3456, 0x3456, 5},
      {0xffffffff80104000, 0x104000, 0x777, 0x5000, 6}}},
    {"/boot/low64.elf",
     "LOW64   ELF",
     64,
     true,
     {{0x400000, 0x100000, 0x2345, 0x2345, 5}, {0x403000, 0x103000, 0x100, 0x100, 6}}},
    {"/boot/load64.elf",
     "LOAD64  ELF",
     64,
     false,
     {{0xffffffff80005000, 0x5000, 0x2000, 0x3000, 7},
      {0xffffffff80200123, 0x200123, 0x1000, 0x1001, 6}}},
    {"/boot/direct64.elf",
     "DIRECT64ELF",
     64,
     false,
     {{0xffff800000100000, 0x400000, 0x1000, 0x1000, 5}}},
};

/* Writes the ELF file; its segments' bytes stand from 4096 on. Returns its size. */
static u32 write_kernel(const struct kernel *kernel, u8 *file) {
    u32 count = 0, size = 0x1000, table = elf_header_size(kernel->bits);
    u64 entry = (kernel->physical_entry ? kernel->parts[0].phys : kernel->parts[0].virt) + 0x120;
    memset(file, 0, 0x1000);
    for (; count < ARRAY_COUNT(kernel->parts) && kernel->parts[count].memory_size; count++) {
        const struct part *part = &kernel->parts[count];
        struct elf_part header = {ELF_PT_LOAD,     part->rights,     size, part->virt, part->phys,
                                  part->file_size, part->memory_size};
        elf_put_part(file + table + count * elf_part_size(kernel->bits), kernel->bits, &header);
        for (u64 at = 0; at < part->file_size; at++)
            file[size++] = pattern(count, at);
    }
    elf_put_header(file, kernel->bits, entry, table, count);
    return size;
}

/* ---- boots ---- */

/* An entry of the configuration and the machine it is tried on. */
struct boot_row {
    const char *options, *path;
    u32 features;
    bool module;
    enum paging_format_id format;
};

static const struct boot_row boots[] = {
    {"", "/boot/high32.elf", CPU_I486, true, PAGING_32},
    {"--pages=4k", "/boot/low32.elf", CPU_QEMU64, false, PAGING_32},
    {"--paging=32 --pages=4k", "/boot/load32.elf", CPU_PENTIUM, true, PAGING_32},
    {"", "/boot/high32.elf", CPU_PENTIUM, false, PAGING_32_PSE},
    {"", "/boot/low32.elf", CPU_QEMU64, true, PAGING_32_PSE},
    {"", "/boot/load32.elf", CPU_PENTIUM, true, PAGING_32_PSE},
    {"--stack=16K", "/boot/top32.elf", CPU_PENTIUM, true, PAGING_32_PSE},
    {"--paging=pae", "/boot/high32.elf", CPU_QEMU64, true, PAGING_PAE},
    {"--paging=pae", "/boot/load32.elf", CPU_PENTIUM_PRO, true, PAGING_PAE},
    {"--paging=pae --direct-map=none", "/boot/top32.elf", CPU_QEMU64, true, PAGING_PAE},
    {"", "/boot/high64.elf", CPU_QEMU64, true, PAGING_4LEVEL},
    {"--pages=4k", "/boot/high64.elf", CPU_QEMU64, true, PAGING_4LEVEL},
    {"", "/boot/low64.elf", CPU_OPTERON, true, PAGING_4LEVEL},
    {"", "/boot/load64.elf", CPU_QEMU64, true, PAGING_4LEVEL},
    {"--identity=all", "/boot/direct64.elf", CPU_MAX, false, PAGING_4LEVEL},
    {"--paging=5level", "/boot/high64.elf", CPU_MAX, true, PAGING_5LEVEL},
    {"--paging=5level --direct-map=0xffffffffff800000", "/boot/load64.elf", CPU_MAX, true,
     PAGING_5LEVEL},
    {"--paging=5level", "/boot/direct64.elf", CPU_MAX, true, PAGING_5LEVEL},
    {"--identity=none --recursive=auto", "/boot/high32.elf", CPU_I486, true, PAGING_32},
    {"--identity=tables --direct-map=none --temporary", "/boot/high64.elf", CPU_QEMU64, true,
     PAGING_4LEVEL},
    {"--share-upper --recursive=508 --paging=pae", "/boot/load32.elf", CPU_QEMU64, true,
     PAGING_PAE},
    {"--global --smep --umip --map=0xfee00000+4K", "/boot/load64.elf", CPU_MAX, true,
     PAGING_4LEVEL},
    {"--map=0xa0000+64K@0xe0000000,combining", "/boot/high32.elf", CPU_PENTIUM, false,
     PAGING_32_PSE},
    {"--paging=off", "/boot/low32.elf", CPU_I486, true, PAGING_32},
};

static void write_config(char *text) {
    text += sprintf(text, "# made by a test\nset timeout=0\nset default=0\n");
    for (size_t i = 0; i < ARRAY_COUNT(boots); i++) {
        text +=
            sprintf(text, "menuentry \"boot %zu\" {\n    kernel %s %s number=%zu \"two words\"\n",
                    i, boots[i].options, boots[i].path, i);
        if (boots[i].module)
            text += sprintf(text,
                            "    module /boot/initial-ram-disk.img first one\n    module /empty\n");
        text += sprintf(text, "}\n");
    }
}

/* ---- the disk ---- */

struct disk_row {
    const char *name;
    struct image_format format;
    bool has_table; /* the volume is partition 2 of a disk */
};

static const struct disk_row disk_rows[] = {
    {"FAT12 floppy", {.bits = 12, .clusters = 2800}, false},
    {"FAT16 partition", {.bits = 16, .clusters = 5000, .cluster_sectors = 2}, true},
    {"FAT32 partition", {.bits = 32, .clusters = 65600}, true},
};

/* Puts a file into a directory, its clusters `step` apart. */
static void add_file(struct fat_image *volume, struct image_directory *directory,
                     const char *long_name, const char *short_name, const void *bytes, u32 size,
                     u32 step) {
    size_t cluster_size = volume->cluster_size;
    u32 count = (u32)((size + cluster_size - 1) / cluster_size);
    u32 first = image_chain(volume, count, step);
    for (u32 i = 0; i < count; i++)
        memcpy(image_cluster(volume, first + i * step), (const u8 *)bytes + i * cluster_size,
               min_u64(cluster_size, size - i * cluster_size));
    image_add(volume, directory, long_name, short_name, IMAGE_FILE, first, size);
}

static void fill_volume(struct fat_image *volume) {
    static u8 file[KERNEL_MAX + 0x1000];
    struct image_directory root = image_root(volume);
    struct image_directory boot = image_subdirectory(volume, &root, NULL, "BOOT       ");
    for (size_t i = 0; i < ARRAY_COUNT(kernels); i++)
        add_file(volume, &boot, NULL, kernels[i].short_name, file, write_kernel(&kernels[i], file),
                 i == 0 ? 2 : 1);
    write_config((char *)file);
    add_file(volume, &boot, NULL, "ALOFT   CFG", file, (u32)strlen((char *)file), 1);
    for (u32 i = 0; i < MODULE_SIZE; i++)
        file[i] = pattern(100, i);
    add_file(volume, &boot, "initial-ram-disk.img", "INITIA~1IMG", file, MODULE_SIZE, 1);
    add_file(volume, &root, NULL, "EMPTY      ", file, 0, 1);
}

/* The volume, or a disk with another partition before it. The bytes are the caller's to free. */
static struct bytes make_disk(const struct disk_row *row) {
    struct fat_image volume = image_make(row->format);
    fill_volume(&volume);
    if (!row->has_table)
        return volume.view;
    size_t start = FIRST_SECTOR * 512, size = start + volume.size;
    u8 *disk = calloc(1, size);
    elf_put(disk + 446 + 4, 1, 0x83);
    elf_put(disk + 446 + 8, 4, 1);
    elf_put(disk + 446 + 12, 4, FIRST_SECTOR - 1);
    elf_put(disk + 462, 1, 0x80);
    elf_put(disk + 462 + 4, 1, 0x0c);
    elf_put(disk + 462 + 8, 4, FIRST_SECTOR);
    elf_put(disk + 462 + 12, 4, volume.size / 512);
    elf_put(disk + 510, 2, 0xaa55);
    memcpy(disk + start, volume.bytes, volume.size);
    image_free(&volume);
    return (struct bytes){disk, size};
}

/* A disk whose reads fail from the n-th on, or only the n-th. */
struct medium {
    struct bytes bytes;
    u32 reads, fail_at; /* 0: never */
    bool recovers;
};

static struct error read_medium(void *context, u64 offset, void *to, size_t size) {
    struct medium *medium = context;
    medium->reads++;
    if (medium->fail_at &&
        (medium->recovers ? medium->reads == medium->fail_at : medium->reads >= medium->fail_at))
        return error_make(ERROR_DISK_READ, .name = "disk", .number = {offset >> 9, 4});
    memcpy(to, medium->bytes.at + offset, size);
    return OK;
}

/* ---- the chain ---- */

struct chain {
    char name[128];
    struct medium medium;
    struct machine machine;
    struct cache cache;
    u8 cache_storage[CACHE_LINES * CACHE_LINE_SIZE];
    struct volume volume;
    u8 config_text[CONFIG_BYTES_MAX];
    struct config config;
    struct boot_request boot;
    struct file kernel, modules[CONFIG_MODULES_MAX];
    u64 module_sizes[CONFIG_MODULES_MAX];
    struct image image;
    struct opened opened;
    struct plan_request request; /* what the plan was made of, for the checks */
    struct plan plan;
    struct ram ram;
    struct cpu_entry entry;
};

static struct error open_volume(struct chain *chain, const struct source *disk) {
    struct partition_table table;
    struct error error = error_make(ERROR_CONFIG_NOTHING, .name = disk->name);
    TRY(partition_list(disk, 512, &table));
    for (u32 i = 0; i < table.count; i++) {
        error = volume_open(disk, &table.partitions[i], &chain->volume);
        if (error.code != ERROR_FAT_BAD)
            break;
    }
    chain->machine.drive.partition = chain->volume.partition.number;
    chain->machine.drive.partition_start = chain->volume.partition.start >> 9;
    return error;
}

/* Nothing in these configurations asks for anything but a request. */
static struct error run_script(struct chain *chain, struct boot_request *request) {
    for (;;) {
        struct command command;
        TRY(script_next(&chain->config, &command));
        if (command.kind == COMMAND_END)
            return OK;
        assert_non_null(request);
        TRY(request_command(&chain->config, &command, request));
    }
}

static struct error read_config(struct chain *chain) {
    static const char path[] = "/boot/aloft.cfg";
    struct file file;
    TRY(volume_file(&chain->volume, path, &file));
    assert_true(file.data.size <= sizeof chain->config_text);
    TRY(source_read(&file.data, 0, chain->config_text, (size_t)file.data.size));
    TRY(config_start(path, (struct bytes){chain->config_text, (size_t)file.data.size}, "hd0",
                     &chain->config));
    return run_script(chain, NULL);
}

static struct boot boot_of(struct chain *chain) {
    return (struct boot){&chain->machine, &chain->boot,   chain->module_sizes,
                         &chain->image,   &chain->opened, NULL};
}

static struct error open_files(struct chain *chain, u32 number) {
    const struct boot protocol_boot = boot_of(chain);
    struct boot_request *boot = &chain->boot;
    TRY(request_start(&chain->config, number, NULL, boot));
    TRY(run_script(chain, boot));
    TRY(request_finish(&chain->config, boot));
    TRY(volume_file(&chain->volume, boot->kernel.path, &chain->kernel));
    TRY(protocol_open(&protocol_boot, &chain->kernel.data));
    for (u32 i = 0; i < boot->module_count; i++) {
        TRY(volume_file(&chain->volume, boot->modules[i].path, &chain->modules[i]));
        chain->module_sizes[i] = chain->modules[i].data.size;
    }
    return OK;
}

/* From here on, only what the plan has claimed can be written. */
static void guard_memory(const struct chain *chain) {
    ASAN_POISON_MEMORY_REGION(chain->ram.bytes, RAM_SIZE);
    for (u32 i = 0; i < chain->plan.claims.count; i++) {
        const struct claim *claim = &chain->plan.claims.claims[i];
        if (claim->kind != CLAIM_BIOS && claim->kind != CLAIM_LOADER)
            ASAN_UNPOISON_MEMORY_REGION(chain->ram.bytes + claim->start, claim->size);
    }
    /* The loader's memory stays closed to loads: what lands on it waits elsewhere. */
    ASAN_POISON_MEMORY_REGION(chain->ram.bytes + LOADER_START, LOADER_END - LOADER_START);
}

static struct error load_all(struct chain *chain) {
    for (u32 i = 0; i < chain->plan.load_count; i++) {
        const struct load *load = &chain->plan.loads[i];
        const struct source *file =
            load->file ? &chain->modules[load->file - 1].data : &chain->kernel.data;
        TRY(load_file(load, file, &chain->ram));
    }
    return OK;
}

static struct error run(struct chain *chain, u32 number) {
    struct source disk = {read_medium, &chain->medium, 0, chain->medium.bytes.size, "disk"};
    struct source cached = cache_over(&chain->cache, &disk, chain->cache_storage, CACHE_LINES);
    TRY(open_volume(chain, &cached));
    TRY(read_config(chain));
    TRY(open_files(chain, number));
    chain->request = (struct plan_request){
        .machine = &chain->machine,
        .image = &chain->image,
        .options = &chain->boot.options,
        .module_count = chain->boot.module_count,
        .module_sizes = chain->module_sizes,
        .info_size = native_info_size(&chain->machine, &chain->image, &chain->boot)};
    const struct boot boot = boot_of(chain);
    TRY(protocol_plan(&boot, &chain->plan));
    guard_memory(chain);
    TRY(load_all(chain));
    return protocol_finish(&boot, &chain->plan, &chain->ram, &chain->entry);
}

static void prepare(struct chain *chain, const struct disk_row *disk, u32 number) {
    struct bytes bytes = chain->medium.bytes;
    struct ram ram = chain->ram;
    snprintf(chain->name, sizeof chain->name, "%s, boot %u (%s %s)", disk->name, number,
             boots[number].options, boots[number].path);
    chain->medium = (struct medium){.bytes = bytes};
    chain->machine = machine_of(qemu_16m, boots[number].features, 40);
    chain->machine.rsdp = 0xf5a20;
    chain->ram = ram;
    ASAN_UNPOISON_MEMORY_REGION(ram.bytes, RAM_SIZE);
    memset(ram.bytes, 0xcc, RAM_SIZE); /* what was in memory before */
}

/* What the trampoline does before paging goes on. */
static void move_what_waits(struct chain *chain) {
    ASAN_UNPOISON_MEMORY_REGION(chain->ram.bytes + LOADER_START, LOADER_END - LOADER_START);
    for (u32 i = 0; i < chain->entry.move_count; i++) {
        const struct move *move = &chain->entry.moves[i];
        memcpy(chain->ram.bytes + move->to, chain->ram.bytes + move->from, move->size);
        memset(chain->ram.bytes + move->to + move->size, 0, move->zero_size);
    }
    if (left_of_loader(&chain->plan, chain->ram.bytes) != LOADER_END)
        fail_msg("%s: the loader left something", chain->name);
}

/* ---- what must have come of it ---- */

static void check_segments(const struct handoff *c, const struct kernel *kernel) {
    for (u32 i = 0; i < c->request->image->segment_count; i++) {
        const struct part *part = &kernel->parts[i];
        for (u64 at = 0; at < part->memory_size;) {
            u64 virt = c->plan->paging ? part->virt + at : part->phys + at;
            u64 piece = min_u64(PAGE_SIZE - (virt & 0xfff), part->memory_size - at);
            const u8 *bytes = seen_at(c, virt, piece);
            for (u64 end = at + piece; at < end; at++, bytes++)
                HOLDS(*bytes == (at < part->file_size ? pattern(i, at) : 0));
        }
    }
}

static void check_modules(const struct handoff *c) {
    for (u32 i = 0; i < c->request->module_count; i++) {
        u64 size = c->request->module_sizes[i], phys = plan_module_phys(c->plan, i);
        HOLDS(size == (i == 0 ? MODULE_SIZE : 0));
        const u8 *bytes = ram_at(c->ram, phys, PAGE_SIZE);
        for (u64 at = 0; at < max_u64(PAGE_SIZE, align_up(size, PAGE_SIZE)); at++)
            HOLDS(bytes[at] == (at < size ? pattern(100, at) : 0));
    }
}

static const struct kernel *kernel_of(const char *path) {
    for (size_t i = 0; i < ARRAY_COUNT(kernels); i++)
        if (!strcmp(kernels[i].path, path))
            return &kernels[i];
    return NULL;
}

static void check_result(struct chain *chain, const struct disk_row *disk, u32 number) {
    struct handoff handoff = {chain->name,  &chain->request, &chain->plan,
                              &chain->boot, &chain->ram,     &chain->entry};
    struct handoff *c = &handoff;
    struct plan_case plan_case = plan_case_of(c);
    const struct boot_row *boot = &boots[number];
    char arguments[40];
    sprintf(arguments, "number=%u \"two words\"", number);
    HOLDS(!strcmp(chain->boot.kernel.arguments, arguments));
    HOLDS(chain->plan.paging == !strstr(boot->options, "off"));
    HOLDS(chain->plan.options.format == &paging_formats[boot->format]);
    HOLDS(chain->machine.drive.partition == (disk->has_table ? 2 : 0));
    HOLDS(chain->machine.drive.partition_start == (disk->has_table ? FIRST_SECTOR : 0));
    HOLDS(chain->boot.module_count == (boot->module ? 2 : 0));
    check_plan(&plan_case);
    move_what_waits(chain);
    check_handoff(c);
    check_segments(c, kernel_of(boot->path));
    check_modules(c);
    const u8 *first = seen_at(c, chain->entry.ip, 16);
    for (u32 i = 0; i < 16; i++)
        HOLDS(first[i] == pattern(0, 0x120 + i));
}

static struct chain *new_chain(const struct disk_row *disk) {
    struct chain *chain = calloc(1, sizeof *chain);
    chain->medium.bytes = make_disk(disk);
    chain->ram = (struct ram){.bytes = aligned_alloc(PAGE_SIZE, RAM_SIZE), .size = RAM_SIZE};
    return chain;
}

static void free_chain(struct chain *chain) {
    ASAN_UNPOISON_MEMORY_REGION(chain->ram.bytes, RAM_SIZE);
    free(chain->ram.bytes);
    free((void *)(uintptr_t)chain->medium.bytes.at);
    free(chain);
}

static void test_boots(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(disk_rows); i++) {
        struct chain *c = new_chain(&disk_rows[i]);
        for (u32 number = 0; number < ARRAY_COUNT(boots); number++) {
            prepare(c, &disk_rows[i], number);
            SUCCEEDS(run(c, number));
            check_result(c, &disk_rows[i], number);
        }
        free_chain(c);
    }
}

/* The boots that are tried with failing reads: staging, modules, many clusters. */
static const u32 sweep_boots[] = {0, 2, 13};

/* With all reads from the n-th on failing, the error comes through; once no read is left to fail,
 * the boot is right. */
static void sweep_lasting(struct chain *c, const struct disk_row *disk, u32 number) {
    for (u32 n = 1;; n++) {
        assert_in_range(n, 1, 1000);
        prepare(c, disk, number);
        c->medium.fail_at = n;
        struct error error = run(c, number);
        if (c->medium.reads < n) {
            SUCCEEDS(error);
            check_result(c, disk, number);
            HOLDS(n > 5);
            return;
        }
        HOLDS(error.code == ERROR_DISK_READ);
    }
}

/* With the n-th read alone failing, either that comes through, or the cache has tried again and the
 * boot is right. */
static void sweep_passing(struct chain *c, const struct disk_row *disk, u32 number) {
    for (u32 n = 1;; n++) {
        assert_in_range(n, 1, 1000);
        prepare(c, disk, number);
        c->medium.fail_at = n;
        c->medium.recovers = true;
        struct error error = run(c, number);
        if (error.code)
            HOLDS(error.code == ERROR_DISK_READ);
        else
            check_result(c, disk, number);
        if (c->medium.reads < n)
            return;
    }
}

static void test_failing_reads(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(disk_rows); i++) {
        struct chain *chain = new_chain(&disk_rows[i]);
        for (size_t j = 0; j < ARRAY_COUNT(sweep_boots); j++) {
            sweep_lasting(chain, &disk_rows[i], sweep_boots[j]);
            sweep_passing(chain, &disk_rows[i], sweep_boots[j]);
        }
        free_chain(chain);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_boots),
                                       cmocka_unit_test(test_failing_reads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
