; For Aloft, 64-bit: the entry point returns.
bits 64
section .text
global start
start:
    ret
