; Long mode on a processor that has none: EFER.LME does not stay set, and the tables are taken for PAE's.
%include "common.inc"
EFER     equ 0xC0000080
EFER_LME equ 1 << 8
section .text
global start
start:
    mov ecx, EFER
    rdmsr
    or eax, EFER_LME
    wrmsr
    set_cr3 root
    set_cr4 CR4_PAE
    set_cr0 CR0_PG
hang:
    hlt
    jmp hang

section .data
align 4096
root:
    dd pointers + (PRESENT | WRITE), 0
    times 511 dq 0
pointers:
    dd directory + (PRESENT | WRITE), 0
    times 511 dq 0
directory:
    dd PRESENT | WRITE | LARGE, 0
    times 511 dq 0
