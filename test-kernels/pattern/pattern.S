/* PATTERN_FILE is given by kernels.mk. */
    .section .pattern, "aw", @progbits
    .globl pattern_start, pattern_end
    .balign 4096
pattern_start:
    .incbin PATTERN_FILE
pattern_end:

    .section .note.GNU-stack, "", @progbits
