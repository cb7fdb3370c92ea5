; Row 10: ESP still holds a physical address when the identity map goes.
%include "common.inc"
section .text
global start
start:
    mov esp, stack_top - OFFSET
    paging_on directory - OFFSET
    go_high directory
    call work
hang:
    hlt
    jmp hang
work:
    ret

section .data
align 4096
directory:
    page_directory

section .bss
alignb 16
stack:
    resb 4096
stack_top:
