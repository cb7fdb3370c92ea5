; For Aloft, 64-bit: CR4.LA57 is set while long mode is on.
bits 64
section .text
global start
start:
    mov rax, cr4
    or rax, 1 << 12
    mov cr4, rax
.hang:
    hlt
    jmp .hang
