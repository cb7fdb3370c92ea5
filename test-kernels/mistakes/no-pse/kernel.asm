; Row 3: entries for 4 MiB pages, but CR4.PSE is not set.
%include "common.inc"
section .text
global start
start:
    set_cr3 directory - OFFSET
    set_cr0 CR0_PG
hang:
    hlt
    jmp hang

section .data
align 4096
directory:
    page_directory
