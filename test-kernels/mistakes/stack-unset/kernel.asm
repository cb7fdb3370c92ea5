; Row 10: ESP is never set, so the stack is the boot loader's, below 1 MiB.
%include "common.inc"
section .text
global start
start:
    paging_on directory - OFFSET
    go_high directory
    push eax
hang:
    hlt
    jmp hang

section .data
align 4096
directory:
    page_directory
