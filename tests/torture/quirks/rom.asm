; A BIOS that lies: an option ROM in front of a good one. It waits for INT 19h, when the BIOS is ready, puts itself in front of
; the interrupts that a quirk is about, and goes on: to the BIOS's own INT 19h, or (ENTRY) to the boot sector itself.
;
; tests/torture/quirks.py assembles it once a quirk, with a few of the names below defined (nasm -DNAME or -DNAME=VALUE), and
; sets the checksum. Where a quirk has acted, MARK_BYTE goes to MARK_PORT: a quirk that never acts proves nothing.
;
; A ROM cannot be written to. Its few variables lie in interrupt vectors that belong to nobody (60h to 66h, F1h to FFh).

        bits    16
        cpu     386
        org     0

MARK_PORT equ   0xe9                    ; Bochs has it, too
MARK_BYTE equ   0xfe
OLD10   equ     0x180                   ; the BIOS's own handlers
OLD13   equ     0x184
OLD15   equ     0x188
OLD16   equ     0x18c
OLD19   equ     0x190
COUNTER equ     0x194                   ; bytes
STUCK   equ     0x195
UNREAL_POINTER equ 0x196                ; 6 bytes
PACKET  equ     0x3c4                   ; ENTRY: 16 bytes
ROM_SIZE equ    4096

        db      0x55, 0xaa, ROM_SIZE / 512
        jmp     near init
        times   0x18 - ($ - $$) db 0
        dw      0, 0                    ; neither PCI nor Plug and Play

; MARK: keeps everything, flags too.
%macro  MARK 0
        push    ax
        mov     al, MARK_BYTE
        out     MARK_PORT, al
        pop     ax
%endmacro

; OLD place: calls the BIOS's handler as INT would. GS is changed and restored.
%macro  OLD 1
        push    gs
        push    word 0
        pop     gs
        pushf
        call    far [gs:%1]
        pop     gs
%endmacro

; CHAIN place: jumps there for good.
%macro  CHAIN 1
        push    eax                     ; room for the far pointer
        push    gs
        push    eax
        push    bp
        mov     bp, sp
        push    word 0
        pop     gs
        mov     eax, [gs:%1]
        mov     [bp + 8], eax
        pop     bp
        pop     eax
        pop     gs
        retf
%endmacro

; HOOK vector, place, handler: DS = 0.
%macro  HOOK 3
        mov     eax, [%1 * 4]
        mov     [%2], eax
        mov     word [%1 * 4], %3
        mov     [%1 * 4 + 2], cs
%endmacro

; Out of a handler, with the carry flag as it is now.
carry_and_return:
        push    bp
        mov     bp, sp
        jc      .set
        and     byte [bp + 6], ~1
        pop     bp
        iret
.set:   or      byte [bp + 6], 1
        pop     bp
        iret

init:   pushad
        push    ds
        xor     ax, ax
        mov     ds, ax
        HOOK    0x19, OLD19, int19
        pop     ds
        popad
        retf

int19:  cli
        xor     ax, ax
        mov     ds, ax
        mov     word [COUNTER], 0
        HOOK    0x10, OLD10, int10
        HOOK    0x13, OLD13, int13
        HOOK    0x15, OLD15, int15
        HOOK    0x16, OLD16, int16
        mov     ax, 0x00e3              ; the first serial port: 9600 baud, 8 bits. Bochs's BIOS leaves it at 5 bits
        xor     dx, dx
        int     0x14
        xor     ax, ax
        mov     ds, ax
%include "data.inc"
%ifdef ENTRY
%include "entry.inc"
%else
        sti
        jmp     far [OLD19]
%endif

%include "int10.inc"
%include "int13.inc"
%include "int15.inc"
%include "int16.inc"

%if $ - $$ > ROM_SIZE
%error "the ROM is too long"
%endif
        times   ROM_SIZE - ($ - $$) db 0
