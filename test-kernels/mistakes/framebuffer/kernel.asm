; Row 13: the linear framebuffer is used at its physical address, which is not mapped.
%include "common.inc"
section .text
global start
start:
    paging_on directory - OFFSET
    go_high directory
    mov edi, 0xFD000000
    mov dword [edi], 0x00FFFFFF
hang:
    hlt
    jmp hang

section .data
align 4096
directory:
    page_directory
