/* The way into ring 3, and back. */
    .set USER_CODE, 0x1b
    .set USER_DATA, 0x23

    .text
/* In: what LGDT takes, the selector of the TSS. */
    .globl ring3_load
ring3_load:
    mov 4(%esp), %eax
    mov 8(%esp), %ecx
    lgdt (%eax)
    ltr %cx
    ret

/* In: EIP and ESP for ring 3, and where to keep this stack pointer. Comes back by ring3_leave(),
 * with what that is given. */
    .globl ring3_enter
ring3_enter:
    mov 4(%esp), %eax
    mov 8(%esp), %ecx
    mov 12(%esp), %edx
    push %ebp
    push %ebx
    push %esi
    push %edi
    mov %esp, (%edx)
    mov $USER_DATA, %edx
    mov %edx, %ds
    mov %edx, %es
    mov %edx, %fs
    mov %edx, %gs
    push $USER_DATA
    push %ecx
    push $2                     /* flags: interrupts off, no ports */
    push $USER_CODE
    push %eax
    iret

/* In: a stack pointer that ring3_enter() kept, what it is to return. Does not return. */
    .globl ring3_leave
ring3_leave:
    mov 8(%esp), %eax
    mov 4(%esp), %esp
    mov %ss, %edx
    mov %edx, %ds
    mov %edx, %es
    mov %edx, %fs
    mov %edx, %gs
    pop %edi
    pop %esi
    pop %ebx
    pop %ebp
    ret

    .section .note.GNU-stack, "", @progbits
