; A kernel's first instructions in NASM: what it finds through aloft.inc goes to nasm_main().
;   in: EAX = ALOFT_MAGIC, EBX = the information, which also is the argument on the stack
%include "aloft.inc"

bits 32
extern nasm_main

section .text
global kernel_main
kernel_main:
    cmp eax, ALOFT_MAGIC
    jne .wrong
    mov eax, [esp + 4]
    cmp eax, ebx
    jne .wrong
    cmp dword [ebx + aloft_info.version], ALOFT_VERSION
    jne .wrong
    mov ecx, [ebx + aloft_info.segments + aloft_table.virt]
    mov edx, [ecx + aloft_segment.phys]
    push edx                    ; the first segment's physical address
    push dword [ecx + aloft_segment.virt]
    push ebx
    call nasm_main
.wrong:
    cli
    hlt
    jmp .wrong
