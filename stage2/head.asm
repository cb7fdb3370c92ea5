; The head of stage 2, and all of it that is not packed: goes to protected mode, unpacks the core, jumps there. It
; stays where stage 1 read it to, for its unpacker and the parts behind it are used again (parts.h).
;
; in    real mode at STAGE2_ADDRESS >> 4:0000, BX, CX, DX and ESI as stage 1 left them, SS:SP = 0000:7000 (stage1/boot.asm)
; out   32-bit protected mode, flat, paging off, interrupts off, EBP = that DX, ESI, at start (start.asm)
;
; tools/seal.c puts the packed parts behind the head and their directory into it; the format is described in
; tools/pack.h. Stage 1 has checked the sum over all of it, so the data is trusted.

%include "offsets.inc"

        bits    16
        org     0                       ; of its segment

head:   test    cx, cx
        jnz     unread
        cli
        movzx   ebp, dx
        lgdt    [cs:gdt_pointer]
        mov     eax, cr0
        or      al, CR0_PE
        mov     cr0, eax
        jmp     dword LOADER_CODE32:STAGE2_ADDRESS + flat

        times HEAD_DIRECTORY - ($ - $$) nop
directory:
        times DIRECTORY_SIZE db 0

        align   8                       ; some machines do not boot with an unaligned GDT
gdt:    dq      0
        dq      0x00cf9b000000ffff      ; LOADER_CODE32: flat
        dq      0x00cf93000000ffff      ; LOADER_DATA32: flat
gdt_pointer:
        dw      $ - gdt - 1
        dd      STAGE2_ADDRESS + gdt

; Stage 1 could not read all of stage 2. It has room for a letter alone, so this says the rest, from the first sector: the
; drive is DL, the sector ESI, the BIOS's status BH.
unread: push    cs
        pop     ds
        push    esi                     ; a BIOS may change its upper half
        mov     di, .drive
        call    .string
        mov     al, dl
        call    .byte
        mov     di, .sector
        call    .string
        pop     eax
        call    .number
        mov     di, .status
        call    .string
        mov     al, bh
        call    .byte
        mov     di, .end
        call    .string
.stop:  hlt
        jmp     .stop

.drive  db      "Aloft boot error R. Drive 0x", 0
.sector db      ", sector ", 0
.status db      ": BIOS status 0x", 0
.end    db      13, 10, 0

; What DI points to, up to a zero.
.more:  call    .print
.string:mov     al, [di]
        inc     di
        test    al, al
        jnz     .more
        ret

; EAX, decimal.
.number:xor     edx, edx
        mov     ecx, 10
        div     ecx
        push    dx
        test    eax, eax
        jz      .last
        call    .number
.last:  pop     ax
        jmp     .digit

; AL, two hexadecimal digits.
.byte:  aam     16
        push    ax
        mov     al, ah
        call    .digit
        pop     ax
.digit: cmp     al, 10
        sbb     al, 0x69
        das
        or      al, 0x20
.print:
%include "print.inc"
        ret

%if $ - $$ > 512
%error "unread is not within the first sector"
%endif

        bits    32
flat:   mov     ax, LOADER_DATA32
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        mov     ss, ax
        mov     esp, BOOT_STACK_TOP
        cld
        push    esi
        push    ebp
        mov     ebx, STAGE2_ADDRESS + directory + DIRECTORY_PARTS
%rep STAGE2_CORE_PARTS
        push    ebx
        call    unpack
        pop     ebx
        push    ebx
        call    calls
        pop     ebx
        add     ebx, PART_SIZE
%endrep
        pop     ebp
        pop     esi
        jmp     [STAGE2_ADDRESS + directory + DIRECTORY_PARTS + PART_START]

; What parts.c calls, too. In: EBX = struct part, DF = 0. Both change all registers but ESP.
        times HEAD_UNPACK - ($ - $$) nop
        jmp     unpack
        times HEAD_CALLS - ($ - $$) nop

; The operands of calls are places in the whole yet: EDI = search, ECX = bytes left, EDX = place of the CALL, ESI =
; size of the whole.
calls:  mov     edi, [ebx + PART_START]
        mov     ecx, [ebx + PART_END]
        sub     ecx, edi
        sub     ecx, 4
        mov     esi, [STAGE2_ADDRESS + directory + DIRECTORY_IMAGE_SIZE]
.call:  mov     al, 0xe8
        repne   scasb
        jne     .ready
        lea     edx, [edi - STAGE2_FLAT - 1]
        mov     eax, [edi]
        cmp     eax, esi
        jae     .outside
        sub     eax, edx
        jmp     .store
.outside:
        mov     ebx, eax
        add     ebx, edx                ; carries if it was minus the place, or more
        jnc     .next
        add     eax, esi
.store: mov     [edi], eax
.next:  add     edi, 4
        sub     ecx, 4
        ja      .call
.ready: ret

; ESI = packed, EDI = unpacked, [ESP] = where that ends, EBP = minus the last offset, EAX = the upper half of the
; token, ECX = its lower half. A handler for each upper half spares the tests.
unpack: mov     esi, [ebx + PART_PACKED]
        mov     edi, [ebx + PART_START]
        push    dword [ebx + PART_END]

.token: movzx   eax, byte [esi]
        inc     esi
        mov     ecx, eax
        and     ecx, 15
        shr     eax, 4
        jmp     [STAGE2_ADDRESS + .handlers + eax * 4]

; The offset of a kind of match, EBP.
%macro  OFFSET 1
%if %1 = 1                              ; 1 to 128
        movsx   ebp, byte [esi]
        inc     esi
%elif %1 = 2                            ; 129 to 384
        movzx   ebp, byte [esi]
        inc     esi
        sub     ebp, 384
%elif %1 = 3                            ; 1 to 65536
        movzx   ebp, word [esi]
        add     esi, 2
        sub     ebp, 65536
%endif
%endmacro

; Copies a match of ECX + 2 bytes, and goes to the next token.
%macro  COPY 0
        add     ecx, 2
        mov     eax, esi
        lea     esi, [edi + ebp]
        rep     movsb
        mov     esi, eax
        jmp     .token
%endmacro

%macro  MATCH 0
        cmp     cl, 15
        je      .long
        COPY
%endmacro

%assign kind 0
%rep 4
.none_%[kind]:
        OFFSET  kind
        MATCH
.one_%[kind]:
        movsb
        OFFSET  kind
        MATCH
.two_%[kind]:
        movsw
        OFFSET  kind
        MATCH
.more_%[kind]:
        call    .literals
        OFFSET  kind
        MATCH
%assign kind kind + 1
%endrep

.long:  call    .more
        COPY

; Three literals and more; the last ones of all are some.
.literals:
        mov     ebx, ecx
        mov     ecx, 3
        call    .more
        rep     movsb
        mov     ecx, ebx
        cmp     edi, [esp + 4]
        jae     .done
        ret
.done:  add     esp, 8                  ; where this was called from, where it ends
        ret

; Adds the bytes that continue a number to ECX: all of 255, and one that is less.
.more:  movzx   eax, byte [esi]
        inc     esi
        add     ecx, eax
        cmp     al, 255
        je      .more
        ret

        align   4
.handlers:
%assign kind 0
%rep 4
        dd      STAGE2_ADDRESS + .none_%[kind], STAGE2_ADDRESS + .one_%[kind]
        dd      STAGE2_ADDRESS + .two_%[kind], STAGE2_ADDRESS + .more_%[kind]
%assign kind kind + 1
%endrep

        times HEAD_LOCK - ($ - $$) db 0
        times HEAD_SIZE - ($ - $$) db 0 ; written by aloft install --lock (lock.h)
