; Row 2: CR3 gets the virtual address of the page directory.
%include "common.inc"
section .text
global start
start:
    paging_on directory
hang:
    hlt
    jmp hang

section .data
align 4096
directory:
    page_directory
