; Row 14: one 4 MiB page for a kernel whose .bss reaches further.
%include "common.inc"
section .text
global start
start:
    paging_on directory - OFFSET
    go_high directory
    mov edi, heap
    mov byte [edi + 0x400000], 1
hang:
    hlt
    jmp hang

section .data
align 4096
directory:
    page_directory

section .bss
alignb 4096
heap:
    resb 6 << 20
