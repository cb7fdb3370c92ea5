/* aloft.inc says the same as aloft.h, and serves a kernel that is entered in NASM. */
#include "test.h"

extern const uint32_t nasm_offsets[], nasm_offsets_end[];
void nasm_main(const struct aloft_info *info, uint32_t virt, uint32_t phys);

#define AT(type, field) offsetof(struct aloft_##type, field)

static const uint32_t c_offsets[] = {
    sizeof(struct aloft_table),
    sizeof(struct aloft_memory),
    sizeof(struct aloft_segment),
    sizeof(struct aloft_module),
    sizeof(struct aloft_mapping),
    sizeof(struct aloft_screen),
    sizeof(struct aloft_boot_drive),
    sizeof(struct aloft_info),
    AT(table, count),
    AT(table, entry_size),
    AT(memory, size),
    AT(memory, kind),
    AT(memory, bios_type),
    AT(segment, phys),
    AT(segment, size),
    AT(segment, file_size),
    AT(segment, rights),
    AT(segment, number),
    AT(module, phys),
    AT(module, size),
    AT(module, path_virt),
    AT(module, arguments_virt),
    AT(mapping, phys),
    AT(mapping, size),
    AT(mapping, attributes),
    AT(mapping, purpose),
    AT(screen, width),
    AT(screen, height),
    AT(screen, pitch),
    AT(screen, bits_per_pixel),
    AT(screen, red_position),
    AT(screen, blue_size),
    AT(screen, virt),
    AT(screen, phys),
    AT(boot_drive, partition),
    AT(boot_drive, sector_size),
    AT(boot_drive, partition_start),
    AT(info, loader_name_virt),
    AT(info, kernel_path_virt),
    AT(info, command_line_virt),
    AT(info, memory),
    AT(info, segments),
    AT(info, modules),
    AT(info, mappings),
    AT(info, drive),
    AT(info, screen),
    AT(info, rsdp_virt),
    AT(info, rsdp_phys),
    AT(info, smbios_virt),
    AT(info, smbios_phys),
    AT(info, paging),
    AT(info, serial_port),
    AT(info, root_phys),
    AT(info, tables_phys),
    AT(info, tables_virt),
    AT(info, table_frames),
    AT(info, identity_end),
    AT(info, direct_virt),
    AT(info, direct_end),
    AT(info, stack_virt),
    AT(info, stack_phys),
    AT(info, stack_size),
    AT(info, handoff_virt),
    AT(info, handoff_phys),
    AT(info, handoff_size),
    AT(info, build_id),
    AT(info, timings),
    sizeof(struct aloft_timings),
    AT(timings, probe),
    AT(timings, open),
    AT(timings, plan),
    AT(timings, load),
    AT(timings, tables),
    AT(timings, total),
    ALOFT_MAGIC,
    ALOFT_VERSION,
    ALOFT_MEMORY_USABLE,
    ALOFT_MEMORY_BIOS,
    ALOFT_MEMORY_TRAMPOLINE,
    ALOFT_MAP_UNCACHED,
    ALOFT_FOR_IDENTITY,
    ALOFT_PAGING_5LEVEL,
};

void nasm_main(const struct aloft_info *info, uint32_t virt, uint32_t phys) {
    test_begin(KERNEL_NAME, info);
    CHECK_VALUE(virt == 0xc0100000, virt);
    CHECK_VALUE(phys == 0x100000, phys);
    CHECK(nasm_offsets_end - nasm_offsets == sizeof c_offsets / sizeof *c_offsets);
    for (unsigned i = 0; i < sizeof c_offsets / sizeof *c_offsets; i++)
        CHECK_VALUE(nasm_offsets[i] == c_offsets[i], i);
    test_pass();
}
