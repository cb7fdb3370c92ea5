; Row 9: IDTR holds the physical address of the IDT, which goes away with the identity map.
%include "common.inc"
section .text
global start
start:
    lidt [idt_register - OFFSET]
    paging_on directory - OFFSET
    go_high directory
    int3
hang:
    hlt
    jmp hang

section .data
align 4096
directory:
    page_directory
idt:
    times 32 dq 0
idt_register:
    dw 32 * 8 - 1
    dd idt - OFFSET
