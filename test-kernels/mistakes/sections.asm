; What kernels whose mistake is in the file are linked from: a few sections, which each linker script puts together
; wrong in its own way. None of them gets far enough to run.
section .text
global start
start:
    hlt
    jmp start

section .fill progbits alloc exec nowrite align=16
    times 40000 nop

section .rodata
    db "read only"

section .data
    dd 1

section .bss
    resb 100

section .multiboot progbits alloc noexec nowrite align=4
    dd 0x1BADB002, 0, -0x1BADB002

section .multiboot2 progbits alloc noexec nowrite align=8
    dd 0xE85250D6, 0, 24, -(0xE85250D6 + 24)
    dd 0, 8
