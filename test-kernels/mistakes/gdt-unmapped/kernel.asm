; Row 9: the GDT of the boot loader lies below 1 MiB, where nothing is mapped any more.
%include "common.inc"
section .text
global start
start:
    paging_on directory - OFFSET
    go_high directory
    mov ax, ds
    mov ds, ax
hang:
    hlt
    jmp hang

section .data
align 4096
directory:
    page_directory
