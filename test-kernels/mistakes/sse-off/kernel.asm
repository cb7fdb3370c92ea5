; An SSE instruction while CR4.OSFXSR is 0.
%include "common.inc"
section .text
global start
start:
    movaps xmm0, xmm1
hang:
    hlt
    jmp hang
    times 8 db 0x90             ; what the message shows behind the instruction
