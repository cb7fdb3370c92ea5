; The offsets and sizes that aloft.inc gives, in the order of kernel.c's table.
%include "aloft.inc"

bits 32
section .rodata
global nasm_offsets
nasm_offsets:
    dd aloft_table_size, aloft_memory_size, aloft_segment_size, aloft_module_size
    dd aloft_mapping_size, aloft_screen_size, aloft_boot_drive_size, aloft_info_size
    dd aloft_table.count, aloft_table.entry_size
    dd aloft_memory.size, aloft_memory.kind, aloft_memory.bios_type
    dd aloft_segment.phys, aloft_segment.size, aloft_segment.file_size
    dd aloft_segment.rights, aloft_segment.number
    dd aloft_module.phys, aloft_module.size, aloft_module.path_virt, aloft_module.arguments_virt
    dd aloft_mapping.phys, aloft_mapping.size, aloft_mapping.attributes, aloft_mapping.purpose
    dd aloft_screen.width, aloft_screen.height, aloft_screen.pitch, aloft_screen.bits_per_pixel
    dd aloft_screen.red_position, aloft_screen.blue_size, aloft_screen.virt, aloft_screen.phys
    dd aloft_boot_drive.partition, aloft_boot_drive.sector_size, aloft_boot_drive.partition_start
    dd aloft_info.loader_name_virt, aloft_info.kernel_path_virt, aloft_info.command_line_virt
    dd aloft_info.memory, aloft_info.segments, aloft_info.modules, aloft_info.mappings
    dd aloft_info.drive, aloft_info.screen, aloft_info.rsdp_virt, aloft_info.rsdp_phys
    dd aloft_info.smbios_virt, aloft_info.smbios_phys, aloft_info.paging, aloft_info.serial_port
    dd aloft_info.root_phys, aloft_info.tables_phys, aloft_info.tables_virt
    dd aloft_info.table_frames, aloft_info.identity_end, aloft_info.direct_virt
    dd aloft_info.direct_end, aloft_info.stack_virt, aloft_info.stack_phys, aloft_info.stack_size
    dd aloft_info.handoff_virt, aloft_info.handoff_phys, aloft_info.handoff_size
    dd aloft_info.build_id, aloft_info.timings, aloft_timings_size
    dd aloft_timings.probe, aloft_timings.open, aloft_timings.plan, aloft_timings.load
    dd aloft_timings.tables, aloft_timings.total
    dd ALOFT_MAGIC, ALOFT_VERSION, ALOFT_MEMORY_USABLE, ALOFT_MEMORY_BIOS
    dd ALOFT_MEMORY_TRAMPOLINE, ALOFT_MAP_UNCACHED, ALOFT_FOR_IDENTITY, ALOFT_PAGING_5LEVEL
global nasm_offsets_end
nasm_offsets_end:
