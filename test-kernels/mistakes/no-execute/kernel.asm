; Row 20: the code lies in a page that must not be executed.
%include "common.inc"
EFER     equ 0xC0000080
EFER_NXE equ 1 << 11
section .text
global start
start:
    mov ecx, EFER
    rdmsr
    or eax, EFER_NXE
    wrmsr
    set_cr3 pointers
    set_cr4 CR4_PAE
    set_cr0 CR0_PG
    mov eax, 0x300000
    jmp eax

section .data
align 4096
directory:
    dd PRESENT | WRITE | LARGE, 0
    dd 0x200000 | PRESENT | WRITE | LARGE, 1 << 31
    times 510 dq 0
pointers:
    dd directory + PRESENT, 0
    times 3 dq 0
