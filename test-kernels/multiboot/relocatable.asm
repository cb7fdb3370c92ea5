; A Multiboot 2 kernel that may lie anywhere: position independent, with load addresses and a relocatable tag. It checks
; that it lies where the tag wants it, as a whole, and that the load base tells so.

        org     0x100000
        bits    32

%define LOWEST  0x400000
%define HIGHEST 0x4000000
%define ALIGN   0x200000

start_of_image:
header: dd      0xe85250d6, 0, header_end - header, -(0xe85250d6 + header_end - header)
        dw      2, 0
        dd      24, header, start_of_image, 0, end_of_image + 0x3000
        dw      3, 0
        dd      12, start, 0
        dw      10, 0
        dd      24, LOWEST, HIGHEST, ALIGN, PREFERENCE
        dw      0, 0
        dd      8
header_end:

start:  call    .here
.here:  pop     ebp
        sub     ebp, .here - start_of_image     ; EBP = where the image lies
        cmp     dword [ebx + 8], 21             ; the first tag
        jne     fail
        cmp     [ebx + 16], ebp
        jne     fail
        test    ebp, ALIGN - 1
        jnz     fail
%if PREFERENCE = 2
        cmp     ebp, HIGHEST - ALIGN
%else
        cmp     ebp, LOWEST
%endif
        jne     fail
        cmp     dword [ebp + last - start_of_image], 0x12345678
        jne     fail
        lea     esi, [ebp + pass - start_of_image]
        mov     bl, 0x10
        jmp     print
fail:   lea     esi, [ebp + failed - start_of_image]
        mov     bl, 0x11
print:  lodsb
        test    al, al
        jz      .quit
        mov     ah, al
        mov     edx, 0x3fd
.wait:  in      al, dx
        test    al, 0x20
        jz      .wait
        mov     al, ah
        mov     edx, 0x3f8
        out     dx, al
        jmp     print
.quit:  mov     al, bl
        out     0xf4, al
.stop:  hlt
        jmp     .stop

pass:   db      "PASS multiboot", 10, 0
failed: db      "FAIL multiboot", 10, 0
        times   0x5000 db 0x90
        align   4
last:   dd      0x12345678
end_of_image:
