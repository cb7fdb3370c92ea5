/* In: what LGDT takes, the selector of the TSS. */
    .text
    .globl guard_load
guard_load:
#ifdef __x86_64__
    lgdt (%rdi)
    ltr %si
#else
    mov 4(%esp), %eax
    mov 8(%esp), %ecx
    lgdt (%eax)
    ltr %cx
#endif
    ret

#ifndef __x86_64__
/* Where the double fault's task begins. */
    .globl guard_task
guard_task:
    call guard_overflowed
#endif

    .section .note.GNU-stack, "", @progbits
