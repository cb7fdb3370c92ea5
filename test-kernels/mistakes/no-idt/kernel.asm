; A breakpoint before there is an IDT.
%include "common.inc"
section .text
global start
start:
    lidt [no_idt]
    int3
hang:
    hlt
    jmp hang

section .data
no_idt:
    dw 0
    dd 0
