; Paging is turned on, step by step. All of this runs where virtual and physical addresses are the
; same: the instruction behind "mov cr0" is already fetched through the tables.
bits 32
extern paging_is_on

section .text
; In: the physical address of a page directory, the argument of paging_is_on(). Does not return.
global enable_paging
enable_paging:
    mov eax, [esp + 8]
    mov ecx, [esp + 4]
    mov cr3, ecx                ; where the tables are
    mov ecx, cr0
    or ecx, 0x80000000          ; PG
    mov cr0, ecx
    push eax                    ; from here on the stack is reached through the tables, too
    call paging_is_on
.stop:
    hlt
    jmp .stop

; Two functions of which each says in which page it is.
section .text.pages progbits alloc exec nowrite align=4096
global page_one, page_two
page_one:
    mov eax, 1
    ret
align 4096
page_two:
    mov eax, 2
    ret
align 4096
