; Row 11: EBX still holds the physical address of the boot information.
%include "common.inc"
section .text
global start
start:
    paging_on directory - OFFSET
    go_high directory
    mov ecx, [ebx + 44]
hang:
    hlt
    jmp hang

section .data
align 4096
directory:
    page_directory
