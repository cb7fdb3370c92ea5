/* The kernel's first instructions: every register goes to entry_state before anything is changed.
 * The stack pointer is brought back, so that state_main() is entered as the kernel was. */
    .text
    .globl kernel_main
kernel_main:
#ifdef __x86_64__
    mov %rax, entry_state(%rip)
    mov %rbx, entry_state+8(%rip)
    mov %rcx, entry_state+16(%rip)
    mov %rdx, entry_state+24(%rip)
    mov %rsi, entry_state+32(%rip)
    mov %rdi, entry_state+40(%rip)
    mov %rbp, entry_state+48(%rip)
    mov %rsp, entry_state+56(%rip)
    pushf
    popq entry_state+64(%rip)
    mov %r8, entry_state+72(%rip)
    mov %r9, entry_state+80(%rip)
    mov %r10, entry_state+88(%rip)
    mov %r11, entry_state+96(%rip)
    mov %r12, entry_state+104(%rip)
    mov %r13, entry_state+112(%rip)
    mov %r14, entry_state+120(%rip)
    mov %r15, entry_state+128(%rip)
#else
    mov %eax, entry_state
    mov %ebx, entry_state+4
    mov %ecx, entry_state+8
    mov %edx, entry_state+12
    mov %esi, entry_state+16
    mov %edi, entry_state+20
    mov %ebp, entry_state+24
    mov %esp, entry_state+28
    pushf
    popl entry_state+32
#endif
    jmp state_main

    .section .note.GNU-stack, "", @progbits
