; Stage 1 of a CD: the first sector of the boot image that an El Torito catalog names. Stage 2 lies behind it.
;
;   0x000  jump
;   0x008  the boot information table, which the maker of the ISO image fills in (xorriso's -boot-info-table)
;   0x040  code
;   0x800  stage 2
;
; The BIOS loads this sector (four virtual ones of 512 bytes) without emulating a disk. The rest is read here, for
; BIOSes differ in how much they load. Sectors have 2048 bytes, and there are no cylinders, heads and tracks.
;
; in    DL = BIOS drive, CS:IP = 0000:7c00 or 07c0:0000; nothing else is relied on
; out   as boot.asm: stage 2 at STAGE2_ADDRESS, entered at offset 0 of that segment: DL = BIOS drive, DH = 1,
;       ESI = the sector behind what was read, CX = 0, SS:SP = 0000:7000, DF = 0, IF = 1; or what it tells of
;       sectors that could not be read
;
; Failure prints "Aloft boot error " and a letter on the screen and the first serial port, and stops:
;   R   the CD cannot be read (after retries with ever smaller transfers), as in boot.asm
;   S   what was read is not stage 2, or is damaged (the checksum does not match)
;   T   the boot information table is not filled in
;
; Specification: El Torito 1.0; EDD 3.0 for INT 13h.

%include "offsets.inc"
%include "resident.inc"                 ; STAGE2_RESIDENT_SECTORS: how many of stage 2 are read, made by tools/seal.c

        bits    16
        org     0x7c00

; The stack frame, below BP = BOOT_STACK_TOP: variables lie in another page than code (boot.h says why).
DRIVE   equ     -2              ; byte: DL as given; above it 1, for a CD has disk extensions
TRIES   equ     -3              ; byte: failed reads until we give up
MOST    equ     -4              ; byte: sectors a call at most
FRAME   equ     4
STATUS  equ     -FRAME - 15     ; byte: of the read under way, the BH that pushad saved

cd:     jmp     short start
        times 8 - ($ - $$) db 0
table:
.volume:dd      0                       ; the sector of the primary volume descriptor
.image: dd      0                       ; the sector of the boot image
.size:  dd      0                       ; of the boot image, in bytes
        times 64 - ($ - $$) db 0

; CS may be 0 or 07c0h. Both do: jumps are relative, data is reached through DS.
start:  xor     ax, ax
        mov     bp, BOOT_STACK_TOP
        mov     ss, ax                  ; no interrupt comes behind this instruction (SDM vol. 2, MOV)
        mov     sp, bp
        sti
        cld
        mov     ds, ax
        mov     dh, 1                   ; a CD has disk extensions
        push    dx                      ; EDD, DRIVE
        push    word 16 << 8 | STAGE2_PIECE / 4 ; TRIES, MOST

        mov     al, 'T'
        mov     esi, [table.image]
        test    esi, esi
        jz      fail
        inc     esi
        mov     cx, STAGE2_RESIDENT_SECTORS / 4
        mov     di, STAGE2_ADDRESS >> 4

; Reads what is left, as much at once as goes. ESI = sector, CX = sectors left, DI:0 = buffer. A BIOS may change every
; register, segments included.
.next:  push    ss
        pop     ds
        movzx   ax, byte [bp + MOST]
        cmp     ax, cx
        jbe     .some
        mov     ax, cx
.some:  pushad
        push    dword 0                 ; the disk address packet from its end (EDD 3.0, table 1)
        push    esi
        push    di
        push    word 0
        push    ax
        push    word 16
        mov     si, sp
        mov     ah, 0x42
        mov     dl, [bp + DRIVE]
        int     0x13
        mov     bp, BOOT_STACK_TOP      ; whatever the BIOS did to it
        mov     [bp + STATUS], ah
        lea     sp, [bp - FRAME - 32]
        jc      .failed
        popad
        movzx   edx, ax
        add     esi, edx
        sub     cx, ax
        shl     ax, 7                   ; paragraphs
        add     di, ax
        test    cx, cx
.more:  jnz     .next

%include "check.inc"

%include "fail.inc"

        times CD_SECTOR_SIZE - ($ - $$) db 0
