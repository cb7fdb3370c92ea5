; A null pointer, page 0 being unmapped.
%include "common.inc"
section .text
global start
start:
    paging_on directory - OFFSET
    go_high directory
    xor ecx, ecx
    mov eax, [ecx + 8]
hang:
    hlt
    jmp hang

section .data
align 4096
directory:
    page_directory
