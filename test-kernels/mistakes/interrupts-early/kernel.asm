; Interrupts on before there is an IDT: the timer kills the machine.
%include "common.inc"
section .text
global start
start:
    lidt [no_idt]
    sti
hang:
    hlt
    jmp hang

section .data
no_idt:
    dw 0
    dd 0
