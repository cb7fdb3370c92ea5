; The head of stage 2, and all of it that is not packed: goes to protected mode, unpacks the rest, jumps there.
;
; in    real mode at 5000:0000, DL = BIOS drive, SS:SP = 0000:7000 (stage1/boot.asm)
; out   32-bit protected mode, flat, paging off, interrupts off, EBP = BIOS drive, at start (start.asm)
;
; tools/seal.c puts the packed rest behind the head and its unpacked length into unpacked_size; the format is described
; in tools/pack.h. Stage 1 has checked the sum over both, so the data is trusted.

%include "offsets.inc"

        bits    16
        org     0                       ; in segment 5000h

head:   cli
        movzx   ebp, dl
        lgdt    [cs:gdt_pointer]
        mov     eax, cr0
        or      al, CR0_PE
        mov     cr0, eax
        jmp     dword LOADER_CODE32:STAGE2_ADDRESS + flat

        times HEAD_UNPACKED_SIZE - ($ - $$) nop
unpacked_size:
        dd      0

        align   8                       ; some machines do not boot with an unaligned GDT
gdt:    dq      0
        dq      0x00cf9b000000ffff      ; LOADER_CODE32: flat
        dq      0x00cf93000000ffff      ; LOADER_DATA32: flat
gdt_pointer:
        dw      $ - gdt - 1
        dd      STAGE2_ADDRESS + gdt

        bits    32
flat:   mov     ax, LOADER_DATA32
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        mov     ss, ax
        mov     esp, BOOT_STACK_TOP
        cld

; ESI = packed, EDI = unpacked, EDX = where that ends, EBX = token, EBP = last offset.
        push    ebp
        mov     esi, STAGE2_ADDRESS + HEAD_SIZE
        mov     edi, STAGE2_FLAT
        mov     edx, [STAGE2_ADDRESS + unpacked_size]
        add     edx, edi

.sequence:
        movzx   ebx, byte [esi]
        inc     esi
        mov     ecx, ebx
        shr     ecx, 6
        cmp     cl, 3
        jne     .literals
        call    more
.literals:
        rep     movsb
        cmp     edi, edx
        jae     .done
        mov     eax, ebx
        and     al, 0x30                ; the kind of offset
        jz      .length
        movzx   ebp, byte [esi]
        inc     esi
        inc     ebp
        cmp     al, 0x20
        jb      .length
        je      .far
        movzx   eax, byte [esi]
        inc     esi
        shl     eax, 8
        add     ebp, eax
        jmp     .length
.far:   add     ebp, 256
.length:
        mov     ecx, ebx
        and     ecx, 15
        cmp     cl, 15
        jne     .match
        call    more
.match: add     ecx, 2
        mov     eax, esi
        mov     esi, edi
        sub     esi, ebp
        rep     movsb
        mov     esi, eax
        jmp     .sequence
.done:
; The operands of calls are places yet: ESI = size, ECX = bytes left to search, EDX = place of the CALL.
        mov     esi, [STAGE2_ADDRESS + unpacked_size]
        lea     ecx, [esi - 4]
        mov     edi, STAGE2_FLAT
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
.ready: pop     ebp
        jmp     dword LOADER_CODE32:STAGE2_FLAT

; Adds the bytes that continue a number to ECX: all of 255, and one that is less.
more:   movzx   eax, byte [esi]
        inc     esi
        add     ecx, eax
        cmp     al, 255
        je      more
        ret

        times HEAD_SIZE - ($ - $$) db 0
