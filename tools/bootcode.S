/* The boot sector, that of a CD, and stage 2, as they are put on a disk, within the host command. The folder of
 * the three files is on the assembler's search path. */
    .section .rodata
    .globl boot_sector_start, boot_sector_end, cd_sector_start, cd_sector_end, stage2_start, stage2_end
    .balign 4
boot_sector_start:
    .incbin "boot.bin"
boot_sector_end:
    .balign 4
cd_sector_start:
    .incbin "cd.bin"
cd_sector_end:
    .balign 4
stage2_start:
    .incbin "stage2.bin"
stage2_end:
    .globl stage2_symbols_start, stage2_symbols_end
stage2_symbols_start:
    .incbin "stage2.symbols"
stage2_symbols_end:
    .section .note.GNU-stack, "", %progbits
