; A segment register gets a selector that the boot loader's GDT does not have.
%include "common.inc"
section .text
global start
start:
    mov ax, 0x50
    mov ds, ax
hang:
    hlt
    jmp hang
