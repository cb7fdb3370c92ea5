; Row 15: the jump goes to an address where the kernel is not.
%include "common.inc"
section .text
global start
start:
    paging_on directory - OFFSET
    mov eax, 0xC8100000
    jmp eax

section .data
align 4096
directory:
    page_directory
