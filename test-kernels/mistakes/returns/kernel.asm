; For Aloft, 32-bit: the entry point returns.
bits 32
section .text
global start
start:
    ret
