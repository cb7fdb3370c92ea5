; Row 20: the page table allows writing, the directory entry above it does not.
%include "common.inc"
section .text
global start
start:
    set_cr3 directory
    set_cr0 CR0_PG | CR0_WP
    mov dword [variable], 1
hang:
    hlt
    jmp hang

section .data
variable:
    dd 0
align 4096
directory:
    dd table + PRESENT
    times 1023 dd 0
table:
%assign page 0
%rep 1024
    dd page | PRESENT | WRITE
%assign page page + 4096
%endrep
