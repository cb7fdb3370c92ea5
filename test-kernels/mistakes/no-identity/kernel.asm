; Row 1: the tables have the kernel's own address only, and no identity entry for the code that turns paging on.
%include "common.inc"
section .text
global start
start:
    paging_on directory - OFFSET
    lea eax, [high]
    jmp eax
high:
    hlt
    jmp high

section .data
align 4096
directory:
    times 768 dd 0
    dd PRESENT | WRITE | LARGE
    times 255 dd 0
