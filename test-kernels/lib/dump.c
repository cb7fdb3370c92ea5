#include "dump.h"

#include "test.h"
#include "walk.h"

enum { NUMBERS_MAX = 6 };

static void dump_numbers(const char *name, unsigned count, const uint64_t numbers[NUMBERS_MAX]) {
    print("info ");
    print(name);
    for (unsigned i = 0; i < count; i++) {
        print_character(' ');
        print_hex(numbers[i]);
    }
    print("\n");
}

static void dump_string(const char *name, uint64_t virt) {
    print("info ");
    print(name);
    print_character(' ');
    print(ALOFT_POINTER(const char, virt));
    print("\n");
}

#define DUMP(field) dump_numbers(#field, 1, (const uint64_t[NUMBERS_MAX]){info->field})

static void dump_scalars(const struct aloft_info *info) {
    DUMP(version);
    DUMP(size);
    DUMP(drive.bios_number);
    DUMP(drive.partition);
    DUMP(drive.sector_size);
    DUMP(drive.partition_start);
    DUMP(screen.kind);
    DUMP(screen.width);
    DUMP(screen.height);
    DUMP(screen.pitch);
    DUMP(screen.bits_per_pixel);
    DUMP(screen.virt);
    DUMP(screen.phys);
    DUMP(rsdp_virt);
    DUMP(rsdp_phys);
    DUMP(smbios_virt);
    DUMP(smbios_phys);
    DUMP(paging);
    DUMP(serial_port);
    DUMP(root_phys);
    DUMP(tables_phys);
    DUMP(tables_virt);
    DUMP(table_frames);
    DUMP(identity_end);
    DUMP(direct_virt);
    DUMP(direct_end);
    DUMP(stack_virt);
    DUMP(stack_phys);
    DUMP(stack_size);
    DUMP(handoff_virt);
    DUMP(handoff_phys);
    DUMP(handoff_size);
    DUMP(timings.start);
    DUMP(timings.probe);
    DUMP(timings.open);
    DUMP(timings.plan);
    DUMP(timings.load);
    DUMP(timings.tables);
    DUMP(timings.total);
}

static void dump_tables(const struct aloft_info *info) {
    for (ALOFT_EACH(const struct aloft_memory, m, info->memory))
        dump_numbers("memory", 4,
                     (const uint64_t[NUMBERS_MAX]){m->start, m->size, m->kind, m->bios_type});
    for (ALOFT_EACH(const struct aloft_segment, s, info->segments))
        dump_numbers("segment", 6,
                     (const uint64_t[NUMBERS_MAX]){s->virt, s->phys, s->size, s->file_size,
                                                   s->rights, s->number});
    for (ALOFT_EACH(const struct aloft_module, m, info->modules)) {
        dump_numbers("module", 3, (const uint64_t[NUMBERS_MAX]){m->virt, m->phys, m->size});
        dump_string("module_path", m->path_virt);
        dump_string("module_arguments", m->arguments_virt);
    }
    for (ALOFT_EACH(const struct aloft_mapping, m, info->mappings))
        dump_numbers(
            "mapping", 5,
            (const uint64_t[NUMBERS_MAX]){m->virt, m->phys, m->size, m->attributes, m->purpose});
}

void dump_info(const struct aloft_info *info) {
    dump_string("loader_name", info->loader_name_virt);
    dump_string("kernel_path", info->kernel_path_virt);
    dump_string("command_line", info->command_line_virt);
    dump_scalars(info);
    dump_tables(info);
    dump_numbers("cpu", 4,
                 (const uint64_t[NUMBERS_MAX]){cpu_cr0(), cpu_cr3(), cpu_cr4(), cpu_efer()});
}

static void dump_run(const struct page *first, uint64_t count) {
    if (count > 0)
        dump_numbers("leaf", 5,
                     (const uint64_t[NUMBERS_MAX]){first->virt, first->phys, first->size,
                                                   first->attributes, count});
}

void dump_leaves(const struct aloft_info *info) {
    struct paging paging = paging_now(info);
    struct page first = {0};
    uint64_t count = 0;
    if (paging.levels == 0 || info->tables_virt == ALOFT_NO_ADDRESS)
        return;
    for (struct page page = {0}; page_next(&paging, &page); count++) {
        uint64_t offset = page.virt - first.virt;
        bool joins = count > 0 && page.size == first.size && page.attributes == first.attributes &&
                     page.phys - first.phys == offset && offset == count * first.size;
        if (!joins) {
            dump_run(&first, count);
            first = page;
            count = 0;
        }
    }
    dump_run(&first, count);
}
