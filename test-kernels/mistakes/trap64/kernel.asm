; For Aloft, 64-bit: what a compiler puts where execution must not come.
bits 64
section .text
global start
start:
    ud2
    times 6 db 0x90             ; what the message shows behind the instruction
