; No mistake that the doctor knows: a pointer to nowhere.
%include "common.inc"
section .text
global start
start:
    paging_on directory - OFFSET
    go_high directory
    mov edi, 0x40000000
    mov eax, [edi]
hang:
    hlt
    jmp hang

section .data
align 4096
directory:
    page_directory
