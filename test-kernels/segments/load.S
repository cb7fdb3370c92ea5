/* What C cannot say about segments. */
    .text

/* In: what LGDT takes. Loads CS and the data segments anew, from entries 1 and 2. */
    .globl segments_load
segments_load:
    mov 4(%esp), %eax
    lgdt (%eax)
    ljmp $0x08, $1f
1:  mov $0x10, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    mov %eax, %ss
    ret

/* In: a selector, an offset. Out: the byte there, -1 if it may not be read. The exception comes at
 * segments_access, and goes on at segments_refused. */
    .globl segments_read, segments_access, segments_refused
segments_read:
    mov 4(%esp), %eax
    mov 8(%esp), %edx
    mov %eax, %fs
segments_access:
    movzbl %fs:(%edx), %eax
    ret
segments_refused:
    mov $-1, %eax
    ret

    .globl segments_interrupt
segments_interrupt:
    int3
    ret

    .section .note.GNU-stack, "", @progbits
