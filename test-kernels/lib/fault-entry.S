/* The exceptions' entries, and the probes that fault on purpose. One file for both classes. */

    .text

#ifdef __x86_64__
#define PROBE_STACK fault_probe_stack(%rip)
#define FIND_PROBE_STACK
#define ADDRESS %rdi
#define STACK %rsp
#define WORD .quad
#else
/* Position-independent, for the kernels that are. */
#define PROBE_STACK fault_probe_stack-1b(%ecx)
#define FIND_PROBE_STACK call 1f; 1: pop %ecx
#define ADDRESS %edx
#define STACK %esp
#define WORD .long
#endif

/* Every entry leaves an error code (0 if the CPU pushes none) and the vector on the stack. */
    .macro entry vector
fault_entry_\vector:
    .if !((1 << \vector) & 0x60227d00) /* 8, 10-14, 17, 21, 29, 30 push one */
    push $0
    .endif
    push $\vector
    jmp common
    .endm

    .altmacro
    .macro numbered_entry vector
    entry \vector
    .endm
    .set vector, 0
    .rept 32
    numbered_entry %vector
    .set vector, vector + 1
    .endr

common:
    cld
#ifdef __x86_64__
    push %rax; push %rcx; push %rdx; push %rbx; push %rbp; push %rsi; push %rdi
    push %r8; push %r9; push %r10; push %r11; push %r12; push %r13; push %r14; push %r15
    mov %rsp, %rdi
    call fault_handle
    test %eax, %eax
    jz probe_faulted
    pop %r15; pop %r14; pop %r13; pop %r12; pop %r11; pop %r10; pop %r9; pop %r8
    pop %rdi; pop %rsi; pop %rbp; pop %rbx; pop %rdx; pop %rcx; pop %rax
    add $16, %rsp
    iretq
#else
    pusha
    push %esp
    call fault_handle
    test %eax, %eax
    jz probe_faulted
    add $4, %esp
    popa
    add $8, %esp
    iret
#endif

    /* Its caller gets 1. Nothing of the frame is needed: ring and flags are the same, and what a
     * called function may change need not be as it was. The probes change nothing else. */
probe_faulted:
    FIND_PROBE_STACK
    mov PROBE_STACK, STACK
    mov $1, %eax
    jmp forget

    .macro probe name
    .globl \name
\name:
#ifndef __x86_64__
    mov 4(%esp), %edx
#endif
    FIND_PROBE_STACK
    mov STACK, PROBE_STACK
    .endm

    probe probe_read
    movb (ADDRESS), %al
    jmp fine

    probe probe_write
    movb $0xa5, (ADDRESS)
    jmp fine

    probe probe_execute
    call *ADDRESS

fine:
    xor %eax, %eax
forget:
    FIND_PROBE_STACK
#ifdef __x86_64__
    movq $0, PROBE_STACK
#else
    movl $0, PROBE_STACK
#endif
    ret

    .section .data.rel.ro, "aw"
    .balign 8
    .globl fault_entries
fault_entries:
    .macro entry_address vector
    WORD fault_entry_\vector
    .endm
    .set vector, 0
    .rept 32
    entry_address %vector
    .set vector, vector + 1
    .endr

    .section .note.GNU-stack, "", @progbits
