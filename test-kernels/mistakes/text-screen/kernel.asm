; Row 11 and 13: the text screen at 0xB8000 is gone with the identity map.
%include "common.inc"
section .text
global start
start:
    paging_on directory - OFFSET
    go_high directory
    mov word [0xB8000], 0x0741
hang:
    hlt
    jmp hang

section .data
align 4096
directory:
    page_directory
