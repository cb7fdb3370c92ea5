/* Two programs, both for virtual address 0x100, each with its own idea of what is there. They are
 * copied to where they run; nothing of them depends on where they lie here.
 *
 * A program asks the kernel for something with UD2, EAX saying what: 0 end, with EBX as the result;
 * 1 print the text at EBX; 2 print the number in EBX. Where it does what it may not, EDX says where
 * it goes on. EAX then is what happened: vector, or vector and error code << 8. */
    .set ORIGIN, 0x100
    .set END, 0
    .set PRINT, 1
    .set NUMBER, 2
    .set KERNEL, 0xc0100000
    .set SHARED, 0x40000000
    .set NOTHING, 0x50000000

    .macro ask what
    mov $\what, %eax
    ud2
    .endm

    .section .rodata
    .balign 16

    .globl program_a, program_a_end, program_b, program_b_end
program_a:
    mov $ORIGIN + text_a - program_a, %ebx
    ask PRINT

    /* CR3 is not for programs: a general protection fault. */
    mov $ORIGIN + 1f - program_a, %edx
    xor %eax, %eax
    mov %eax, %cr3
1:  mov %eax, %ebx
    ask NUMBER

    /* The kernel is there, but not for ring 3. */
    mov $ORIGIN + 2f - program_a, %edx
    mov KERNEL, %eax
2:  mov %eax, %ebx
    ask NUMBER

    /* Nothing is there. */
    mov $ORIGIN + 3f - program_a, %edx
    mov NOTHING, %eax
3:  mov %eax, %ebx
    ask NUMBER

    /* Its own code cannot be written. */
    mov $ORIGIN + 4f - program_a, %edx
    movl $0, ORIGIN
4:  mov %eax, %ebx
    ask NUMBER

    /* Copy on write: this succeeds, the copy is made on the way. */
    movb $'a', SHARED
    mov $SHARED, %ebx
    ask PRINT
    push $0xa11ce
    pop %ebx
    ask END
text_a:
    .asciz "program A runs at 0x100"
program_a_end:

    .balign 16
program_b:
    mov $ORIGIN + text_b - program_b, %ebx
    ask PRINT
    mov $SHARED, %ebx
    ask PRINT
    push $0xb0b
    pop %ebx
    ask END
text_b:
    .asciz "program B runs at 0x100, too"
program_b_end:

    .section .note.GNU-stack, "", @progbits
