; Row 2: a directory entry holds the virtual address of its page table.
%include "common.inc"
section .text
global start
start:
    set_cr3 directory - OFFSET
    set_cr0 CR0_PG
hang:
    hlt
    jmp hang

section .data
align 4096
directory:
    dd table + (PRESENT | WRITE)
    times 767 dd 0
    dd table + (PRESENT | WRITE)
    times 255 dd 0
table:
%assign page 0
%rep 1024
    dd page | PRESENT | WRITE
%assign page page + 4096
%endrep
