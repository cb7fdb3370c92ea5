; The stack runs into the unmapped page below it. The first 4 MiB of the higher half have 4 KiB pages.
%include "common.inc"
section .text
global start
start:
    set_cr3 directory - OFFSET
    set_cr0 CR0_PG
    lea eax, [high]
    jmp eax
high:
    mov eax, guard - OFFSET
    shr eax, 12
    mov dword [table + eax * 4], 0
    invlpg [guard]
    mov esp, stack_top
recurse:
    call recurse

section .data
align 4096
directory:
    dd table - OFFSET + (PRESENT | WRITE)
    times 767 dd 0
    dd table - OFFSET + (PRESENT | WRITE)
    times 255 dd 0
table:
%assign page 0
%rep 1024
    dd page | PRESENT | WRITE
%assign page page + 4096
%endrep
guard:
    times 4096 db 0
stack:
    times 4096 db 0
stack_top:
