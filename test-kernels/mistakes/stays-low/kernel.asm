; Row 4: the jump to the label is relative, so EIP stays low and dies when the identity entry goes.
%include "common.inc"
section .text
global start
start:
    paging_on directory - OFFSET
    jmp higher_half
higher_half:
    mov dword [directory], 0
    invlpg [0]
    nop
hang:
    hlt
    jmp hang

section .data
align 4096
directory:
    page_directory
