; Row 20: bit 63 in a PAE entry while EFER.NXE is 0.
%include "common.inc"
section .text
global start
start:
    set_cr3 pointers
    set_cr4 CR4_PAE
    set_cr0 CR0_PG
    mov byte [0x200000], 1
hang:
    hlt
    jmp hang

section .data
align 4096
directory:
    dd PRESENT | WRITE | LARGE, 0
    dd 0x200000 | PRESENT | WRITE | LARGE, 1 << 31
    times 510 dq 0
pointers:
    dd directory + PRESENT, 0
    times 3 dq 0
