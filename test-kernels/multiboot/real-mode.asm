; A Multiboot kernel at 0x8000 that goes back to real mode and uses the BIOS: interrupt vectors and BIOS data must be
; as they were. Flat, with load addresses.

        org     0x8000
        bits    32

header: dd      0x1badb002, 0x10000, -(0x1badb002 + 0x10000)
        dd      header, header, 0, image_end, start

start:  mov     esp, 0x8000
        lgdt    [gdt_pointer]
        lidt    [real_idt]
        jmp     8:.to_16
        bits    16
.to_16: mov     ax, 16
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     eax, cr0
        and     al, ~1
        mov     cr0, eax
        jmp     0:.real
.real:  xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 0x8000
        sti
        int     0x12                    ; KiB of conventional memory
        cmp     ax, [0x413]
        jne     .fail
        mov     eax, 0xe820
        xor     ebx, ebx
        mov     ecx, 20
        mov     edx, 0x534d4150
        mov     di, buffer
        int     0x15
        jc      .fail
        cmp     eax, 0x534d4150
        jne     .fail
        mov     ah, 0x0f                ; the video mode
        int     0x10
        cmp     al, 3
        jne     .fail
        mov     cx, 2                   ; the timer still ticks
        mov     ebx, [0x46c]
.tick:  hlt
        cmp     ebx, [0x46c]
        je      .tick
        mov     si, pass
        mov     bl, 0x10
        jmp     .print
.fail:  mov     si, fail
        mov     bl, 0x11
.print: lodsb
        test    al, al
        jz      .quit
        mov     ah, al
        mov     dx, 0x3fd
.wait:  in      al, dx
        test    al, 0x20
        jz      .wait
        mov     al, ah
        mov     dx, 0x3f8
        out     dx, al
        jmp     .print
.quit:  mov     al, bl
        out     0xf4, al
        hlt

pass:   db      "PASS multiboot", 10, 0
fail:   db      "FAIL multiboot", 10, 0
        align   8
gdt:    dq      0, 0x00009b000000ffff, 0x000093000000ffff
gdt_pointer:
        dw      23
        dd      gdt
real_idt:
        dw      0x3ff
        dd      0
buffer: times 32 db 0xcc
file_end:
image_end equ   file_end + 0x800
