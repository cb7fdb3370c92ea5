; For Aloft, 64-bit: a constant is written to.
bits 64
section .text
global start
start:
    mov dword [constant], 1
.hang:
    hlt
    jmp .hang

section .rodata
constant:
    dd 0
