; For Aloft, 64-bit: recursion without end runs into the guard page below the stack.
bits 64
section .text
global start
start:
    sub rsp, 64
    call start
