; The higher half, entered by hand: one page of 4 MiB at its own address, the same one at
; 0xc0000000, an absolute jump, and the lower entry goes.
;
; It works the same whether paging is off at entry (then EIP is physical) or on (then EIP is
; virtual): all that it needs is low memory at its own address, for it writes to physical ones.
;   in: EBX = the boot information
%include "aloft.inc"
bits 32

%define OFFSET      0xc0000000
%define PHYSICAL(x) ((x) - OFFSET)

extern higher_half_main

section .data align=4096
global page_directory
page_directory:
    dd 0x83                     ; 4 MiB, write, present: for the instructions around "mov cr0"
    times (OFFSET >> 22) - 1 dd 0
    dd 0x83
    times 1023 - (OFFSET >> 22) dd 0

gdt:
    dq 0, 0x00cf9a000000ffff, 0x00cf92000000ffff
gdtr:
    dw gdtr - gdt - 1
    dd gdt

section .bss align=16
global info_copy
info_copy:
    resb aloft_info_size
    alignb 16
    resb 16384
stack_top:

section .text
global kernel_main
kernel_main:
    ; What the loader made will be out of sight: take along what is needed.
    cld
    mov esi, ebx
    mov edi, PHYSICAL(info_copy)
    mov ecx, aloft_info_size
    rep movsb

    mov ecx, PHYSICAL(page_directory)   ; CR3 takes a physical address
    mov cr3, ecx
    mov ecx, cr4
    or ecx, 0x00000010                  ; PSE
    mov cr4, ecx
    mov ecx, cr0
    or ecx, 0x80010000                  ; PG, WP
    mov cr0, ecx

    ; Paging is on; EIP may still be low. A relative jump would leave it there.
    lea ecx, [higher_half]
    jmp ecx

higher_half:
    mov dword [page_directory], 0
    invlpg [0]

    ; Stack and GDT of the loader were seen through entries that are gone.
    mov esp, stack_top
    lgdt [gdtr]
    jmp 0x08:.flat
.flat:
    mov ecx, 0x10
    mov ds, ecx
    mov es, ecx
    mov fs, ecx
    mov gs, ecx
    mov ss, ecx
    call higher_half_main
.stop:
    hlt
    jmp .stop
