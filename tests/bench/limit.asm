; The limit program: what the BIOS allows, for make bench to compare with. A boot sector that reads the
; kernel, which lies in one run of sectors, by the largest transfers that SeaBIOS takes (64 KiB; a floppy: a
; track), moves each to its place from 1 MiB on, and jumps there in 32-bit protected mode.
;
;   nasm -f bin -DSECTORS=N [-DCD | -DFLOPPY] [-DLARGEST=N] [-DODD=1] [-DSTACK=ADDRESS] [-DBYTES]
;
; N counts sectors of the medium. The kernel begins in the sector that `first` names; on a floppy at its second track. It errs on the side of being
; too fast: nothing is probed, nothing is looked for, a failed read stops the machine. The last four show what else would cost: smaller
; transfers, to an odd address, a stack among the code, moving by bytes.
    bits 16
    org 0x7c00

BUFFER equ 0x10000          ; no transfer crosses 64 KiB, as DMA for floppies demands
PLACE equ 0x100000
%ifndef STACK
%define STACK 0x7000        ; neither it nor the variables share a page with code: TCG would retranslate that
%endif
%ifndef ODD
%define ODD 0
%endif
PACKET equ 0x6000           ; of INT 13h, AH=42h: size, sectors, offset, segment, first sector
LEFT equ 0x6010             ; sectors
TARGET equ 0x6014         ; where the next transfer belongs
DRIVE equ 0x6018
TRACK equ 0x601c

TRACK_SECTORS equ 18
CR0_PE equ 1
FAST_A20 equ 0x92
A20_ON equ 2

%ifdef CD
SECTOR equ 2048
%else
SECTOR equ 512
%endif
%ifndef LARGEST
%define LARGEST 0x10000 / SECTOR
%endif

%ifdef BYTES
UNIT equ 1
%else
UNIT equ 4
%endif

    jmp short start
    times 8 - ($ - $$) db 0
first: dd 1                 ; the kernel's first sector; images.py writes that of a CD here

start:
    cli
    xor ax, ax
    mov ds, ax
    mov es, ax
    mov ss, ax
    mov sp, STACK
    sti
    cld
    mov [DRIVE], dl
    in al, FAST_A20
    or al, A20_ON
    out FAST_A20, al
    mov dword [LEFT], SECTORS
    mov dword [TARGET], PLACE
%ifdef FLOPPY
    mov byte [TRACK], 1
%else
    mov dword [PACKET], 16
    mov dword [PACKET + 4], BUFFER << 12 | ODD
    mov eax, [first]
    mov [PACKET + 8], eax
    mov dword [PACKET + 12], 0
%endif

next:
%ifdef FLOPPY
    mov ax, BUFFER >> 4
    mov es, ax
    xor bx, bx
    mov ax, 0x0200 | TRACK_SECTORS
    mov ch, [TRACK]
    mov dh, ch
    shr ch, 1
    and dh, 1
    mov cl, 1
    inc byte [TRACK]
    mov dl, [DRIVE]
    int 0x13
    jc failed
    mov ecx, TRACK_SECTORS
    cmp ecx, [LEFT]
    jbe .counted
    mov ecx, [LEFT]
.counted:
%else
    mov eax, LARGEST
    cmp eax, [LEFT]
    jbe .counted
    mov eax, [LEFT]
.counted:
    mov [PACKET + 2], ax
    mov si, PACKET
    mov dl, [DRIVE]
    mov ah, 0x42
    int 0x13
    jc failed
    movzx ecx, word [PACKET + 2]
    add [PACKET + 8], ecx
%endif
    sub [LEFT], ecx
    imul ecx, ecx, SECTOR / UNIT
    call move
    cmp dword [LEFT], 0
    jne next

; 32-bit protected mode, as a kernel has it.
    cli
    lgdt [descriptors]
    mov eax, cr0
    or al, CR0_PE
    mov cr0, eax
    mov dx, 8
    mov ds, dx
    mov es, dx
    mov ss, dx
    jmp dword 16:PLACE

failed:
    hlt
    jmp failed

; Moves ECX units of 4 bytes (or 1) from the buffer to [TARGET], and that on. Data segments of 4 GiB, which the BIOS does not
; leave as they are, reach there from real mode. Leaves DS and ES 0; destroys EAX, ECX, DX, ESI, EDI.
move:
    cli
    lgdt [descriptors]
    mov eax, cr0
    or al, CR0_PE
    mov cr0, eax
    mov dx, 8
    mov ds, dx
    mov es, dx
    and al, ~CR0_PE & 0xff
    mov cr0, eax
    mov esi, BUFFER + ODD
    mov edi, [TARGET]
%ifdef BYTES
    a32 rep movsb
%else
    a32 rep movsd
%endif
    mov [TARGET], edi
    xor dx, dx
    mov ds, dx
    mov es, dx
    sti
    ret

    align 8
table:
    dq 0
    dq 0x00cf92000000ffff   ; 8: data, 0 to 4 GiB
    dq 0x00cf9a000000ffff   ; 16: code
descriptors:
    dw $ - table - 1
    dd table

    times 510 - ($ - $$) db 0
    dw 0xaa55
%ifdef CD
    times 2048 - ($ - $$) db 0
%endif
