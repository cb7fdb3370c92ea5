/* The higher half by hand, in pages of 4 KiB: one page directory and one page table, filled at run
 * time from labels of the linker script. The table serves two entries of the directory, the first
 * for as long as EIP is low. Works with paging off or on at entry; EBX is the boot information. */
    .set OFFSET, 0xc0000000
    .set INFO_MOST, 1024
    .set INFO_SIZE, 4               /* offset of info->size */
    .set PRESENT, 1
    .set WRITE, 2
    .set SCREEN, 0xb8000

    .data
    .balign 4096
    .globl page_directory, page_table
page_directory:
    .fill 1024, 4, 0
page_table:
    .fill 1024, 4, 0
gdt:
    .quad 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
gdtr:
    .word gdtr - gdt - 1
    .long gdt

    .bss
    .balign 16
    .globl info_copy
info_copy:
    .skip INFO_MOST
    .balign 16
    .skip 16384
stack_top:

    .text
    .globl kernel_main
kernel_main:
    cld
    mov %ebx, %esi
    mov $info_copy - OFFSET, %edi
    mov INFO_SIZE(%ebx), %ecx
    rep movsb

    /* EDX: physical; EDI: its entry in the table */
    mov $kernel_start - OFFSET, %edx
    mov %edx, %edi
    shr $12, %edi
    lea page_table - OFFSET(, %edi, 4), %edi
1:  mov %edx, %eax
    or $PRESENT, %eax
    cmp $kernel_writable - OFFSET, %edx
    jb 2f
    or $WRITE, %eax
2:  stosl
    add $4096, %edx
    cmp $kernel_end - OFFSET, %edx
    jb 1b

    /* The screen takes the table's last entry: it is seen at 0xc03ff000. */
    movl $SCREEN | PRESENT | WRITE, page_table - OFFSET + 1023 * 4
    movl $page_table - OFFSET + PRESENT + WRITE, page_directory - OFFSET
    movl $page_table - OFFSET + PRESENT + WRITE, page_directory - OFFSET + (OFFSET >> 22) * 4

    mov $page_directory - OFFSET, %ecx
    mov %ecx, %cr3
    mov %cr0, %ecx
    or $0x80010000, %ecx        /* PG, WP */
    mov %ecx, %cr0
    lea 3f, %ecx
    jmp *%ecx

3:  movl $0, page_directory
    mov %cr3, %ecx              /* all of the TLB is forgotten */
    mov %ecx, %cr3
    mov $stack_top, %esp
    lgdt gdtr
    ljmp $0x08, $4f
4:  mov $0x10, %ecx
    mov %ecx, %ds
    mov %ecx, %es
    mov %ecx, %fs
    mov %ecx, %gs
    mov %ecx, %ss
    call higher_half_main
5:  hlt
    jmp 5b

    .section .note.GNU-stack, "", @progbits
