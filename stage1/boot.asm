; Stage 1: the boot sector. Finds stage 2, loads it, checks it, jumps to it.
;
; The same 512 bytes serve as master boot record, as boot record of an unpartitioned disk and as boot
; record of a floppy; boot.h shows the layout and the fields that are filled in at installation.
;
; in    DL = BIOS drive, CS:IP = 0000:7c00 or 07c0:0000; nothing else is relied on
; out   stage 2 at STAGE2_ADDRESS, entered at offset 0 of that segment: DL = BIOS drive, DH = 1 if the drive has disk extensions,
;       ESI = the sector behind what was read, CX = 0, SS:SP = 0000:7000, DF = 0, IF = 1
;       or with CX = how many sectors of it could not be read, ESI = the first of them, BH = the BIOS's status: to tell of it
;
; Failure prints "Aloft boot error " and a letter on the screen and the first serial port, and stops:
;   R   the disk cannot be read (after retries with ever smaller transfers). Only for stage 2's first sector: what
;       comes behind that is told by the code in it, with drive, sector and status
;   G   the BIOS has neither disk extensions nor a usable geometry for this drive
;   S   what was read is not stage 2, or is damaged (the checksum does not match)
;
; No variable lies near code: all of them are on the stack, which is in another page (boot.h says why).

%include "offsets.inc"
%include "resident.inc"                 ; STAGE2_RESIDENT_SECTORS: how many of stage 2 are read, made by tools/seal.c

        bits    16
        org     0x7c00

; The stack frame, below BP = BOOT_STACK_TOP.
EDD     equ     -1              ; byte: 1 if the drive has disk extensions
DRIVE   equ     -2              ; byte: DL as given
TRIES   equ     -3              ; byte: failed reads until we give up
MOST    equ     -4              ; byte: sectors a call at most
SPT     equ     -6              ; word: sectors a track
HEADS   equ     -8              ; word: heads
FRAME   equ     8
COUNT   equ     -FRAME - 4      ; byte: of the read under way, the AX that pushad saved
STATUS  equ     -FRAME - 15     ; byte: likewise BH

boot:   jmp     short start
        nop
        times BOOT_CODE_START - ($ - $$) db 0

; CS may be 0 or 07c0h. Both do: jumps are relative, data is reached through DS.
start:  xor     ax, ax
        mov     bp, BOOT_STACK_TOP
        mov     ss, ax                  ; no interrupt comes behind this instruction (SDM vol. 2, MOV)
        mov     sp, bp
        sti
        cld
        mov     ds, ax
        mov     dh, al
        push    dx                      ; EDD, DRIVE
        push    word 16 << 8 | STAGE2_PIECE     ; TRIES, MOST

; Disk extensions? (EDD 3.0, 8.1)
        mov     ah, 0x41
        mov     bx, 0x55aa
        int     0x13
        jc      .geometry
        cmp     bx, 0xaa55
        jne     .geometry
        and     cl, 1                   ; extended disk access
        mov     [bp + EDD], cl
        jnz     .known

; The geometry, for drives without: from the BIOS, or else from the BPB.
.geometry:
        mov     ah, 8
        mov     dl, [bp + DRIVE]
        xor     di, di                  ; ES:DI = 0, for some BIOSes write there (RBIL, INT 13h/08h)
        mov     es, di
        int     0x13
        jc      .bpb
        shr     dx, 8
        inc     dx                      ; the last head's number, plus one
        and     cx, 0x3f                ; sectors a track
        jnz     .known
.bpb:   mov     si, boot + 0x18
        lodsw
        xchg    cx, ax
        lodsw
        xchg    dx, ax
.known: push    cx                      ; SPT
        push    dx                      ; HEADS

        mov     esi, [ss:FIELDS + BOOT_SECTOR_STAGE2_LBA]
        mov     cx, STAGE2_RESIDENT_SECTORS
        mov     di, STAGE2_ADDRESS >> 4

; Reads what is left, as much at once as goes. ESI = sector, CX = sectors left, DI:0 = buffer. A BIOS may change every
; register, segments included.
.next:  push    ss
        pop     ds
        mov     es, di
        movzx   eax, byte [bp + MOST]
        cmp     al, cl
        jbe     .some
        mov     al, cl
.some:  xor     bx, bx
        pushad                          ; AX = COUNT
        cmp     [bp + EDD], bl
        je      .chs
        push    dword 0                 ; the disk address packet from its end (EDD 3.0, table 1)
        push    esi
        push    es
        push    bx
        push    ax
        push    word 16
        mov     si, sp
        mov     ah, 0x42
        jmp     .read
.none:  mov     al, 'G'
        jmp     fail
.chs:   xchg    ax, si
        xor     dx, dx
        mov     cx, [bp + SPT]
        jcxz    .none
        div     cx                      ; AX = track, DX = sector in it
        sub     cl, dl                  ; sectors up to the track's end
        cmp     cl, [bp + COUNT]
        jae     .fits
        mov     [bp + COUNT], cl
.fits:  mov     cx, dx
        inc     cx                      ; sectors count from 1
        cwd                             ; no drive has 32768 tracks
        div     word [bp + HEADS]       ; AX = cylinder, DX = head
        mov     dh, dl
        mov     ch, al
        shl     ah, 6                   ; cylinder bits 8 and 9
        or      cl, ah
        mov     al, [bp + COUNT]
        mov     ah, 2
.read:  mov     dl, [bp + DRIVE]
        int     0x13
        mov     bp, BOOT_STACK_TOP      ; whatever the BIOS did to it
        mov     [bp + STATUS], ah
        lea     sp, [bp - FRAME - 32]
        jc      .failed
        popad
        add     esi, eax
        imul    bx, ax, 32              ; paragraphs
        add     di, bx
        sub     cx, ax
.more:  jnz     .next

%include "check.inc"

%include "fail.inc"

%if $ - $$ > BOOT_FIELDS_START
%error "stage 1 does not fit below its fields"
%endif
        times BOOT_FIELDS_START - ($ - $$) db 0

FIELDS: dd      BOOT_MAGIC_VALUE
        dd      1                       ; stage2_lba
        dw      0                       ; stage2_sectors
        dw      2                       ; version
        times 510 - ($ - $$) db 0
        db      0x55, 0xaa
