; A boot sector that flips the bits of stage 2 in memory, one after the other, and asks stage 1's own check after each.
;
;   nasm -DSTAGE2_RESIDENT_SECTORS=... -DFIRST=... -DLAST=...    the sectors that follow this one, stage 2's or the rest of it, which
;                                                               has a sum of the same kind; the bytes whose bits are flipped
;
; in    DL = BIOS drive, which has disk extensions; a 386, and a serial port at 0x3f8
; out   a line on the serial port, then QEMU ends through port 0xf4: 0x10 if the check took stage 2 as it is, before and
;       after, and refused it with each flipped bit; 0x11 if not
;
; The check ends at `fail`, or with its only jump, to stage 2, which is made one to `accepted` here.

%include "offsets.inc"

        bits    16
        org     0x7c00

EXIT    equ     0xf4
SERIAL  equ     0x3f8
WHERE   equ     STAGE2_ADDRESS >> 4

; Below BP = BOOT_STACK_TOP, a page away from the code.
DRIVE   equ     -2                      ; word: for the check, too
PLACE   equ     -8                      ; dword: the byte
BIT     equ     -9                      ; byte: 1 << bit
TOOK    equ     -10                     ; byte: 1 if the check took stage 2
COUNT   equ     -16                     ; dword: flips that were refused
FRAME   equ     16

start:  cli
        xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     bp, BOOT_STACK_TOP
        lea     sp, [bp - FRAME]
        sti
        cld
        mov     [bp + DRIVE], dx
        mov     dword [bp + COUNT], 0

        mov     cx, STAGE2_RESIDENT_SECTORS
        mov     bx, WHERE
        xor     edi, edi
        inc     di
.read:  push    dword 0                 ; the disk address packet from its end, for one sector
        push    edi
        push    bx
        push    word 0
        push    word 1
        push    word 16
        mov     si, sp
        mov     ah, 0x42
        mov     dl, [bp + DRIVE]
        int     0x13
        jc      bad
        add     sp, 16
        add     bx, 512 / 16
        inc     di
        loop    .read

        call    check
        jne     bad
        mov     dword [bp + PLACE], FIRST
.byte:  mov     byte [bp + BIT], 1
.bit:   call    flip
        call    check
        je      bad
        inc     dword [bp + COUNT]
        call    flip
        shl     byte [bp + BIT], 1
        jnz     .bit
        inc     dword [bp + PLACE]
        cmp     dword [bp + PLACE], LAST
        jb      .byte
        call    check
        jne     bad
        mov     al, 0x10
        jmp     report

bad:    mov     al, 0x11

; The number of refused flips as eight digits, a line end, and the exit with AL.
report: push    ax
        mov     ebx, [bp + COUNT]
        mov     cx, 8
.digit: rol     ebx, 4
        mov     al, bl
        and     al, 15
        cmp     al, 10
        sbb     al, 0x69
        das
        call    put
        loop    .digit
        mov     al, 10
        call    put
        pop     ax
        mov     dx, EXIT
        out     dx, al
        jmp     $

put:    mov     dx, SERIAL
        out     dx, al
        ret

; Both ways.
flip:   mov     eax, [bp + PLACE]
        mov     di, ax
        and     di, 15
        shr     eax, 4
        add     ax, WHERE
        mov     es, ax
        mov     al, [bp + BIT]
        xor     [es:di], al
        ret

; Out: ZF if the check took stage 2.
check:  mov     byte [bp + TOOK], 0
%macro  jmp 1
        je      accepted                ; where it stands the sum was right
%endmacro
%include "check.inc"
%unmacro jmp 1

fail:   xor     ax, ax                  ; refused
        mov     ds, ax
        jmp     checked
accepted:
        mov     byte [bp + TOOK], 1
checked:
        cmp     byte [bp + TOOK], 1
        ret

        times 510 - ($ - $$) db 0
        db      0x55, 0xaa
