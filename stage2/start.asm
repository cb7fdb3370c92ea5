; Where the core of stage 2 begins, and the loader's GDT.
;
; in    from head.asm: 32-bit protected mode, flat, interrupts off, EBP and ESI = stage 1's DX and ESI, ESP = 0x7000
; out   calls main(DX, ESI): .real in its place, BSS cleared, INT3 in the place of the other parts (parts.h), GDT and IDT loaded. main does not return.

%include "offsets.inc"

        extern  main, parts_start, parts_end, bss_start, bss_end, real_start, real_size, real_loaded, exceptions_install
        global  start, gdt_pointer

        section .text.start exec
        bits    32

start:  push    esi
        push    ebp
        mov     esi, real_loaded
        mov     edi, real_start
        mov     ecx, real_size
        rep     movsb
        mov     edi, parts_start
        mov     ecx, parts_end
        sub     ecx, edi
        shr     ecx, 2
        mov     eax, 0xcccccccc
        rep     stosd
        mov     edi, bss_start
        mov     ecx, bss_end
        sub     ecx, edi
        shr     ecx, 2
        xor     eax, eax
        rep     stosd
        lgdt    [gdt_pointer]
        call    exceptions_install
        call    main

        section .real exec align=8      ; some machines do not boot with an unaligned GDT
gdt:    dq      0
        dq      0x00cf9b000000ffff      ; LOADER_CODE32: flat
        dq      0x00cf93000000ffff      ; LOADER_DATA32: flat
        dq      0x00009b000000ffff      ; LOADER_CODE16: base 0, limit 64 KiB
        dq      0x000093000000ffff      ; LOADER_DATA16: base 0, limit 64 KiB
gdt_pointer:
        dw      $ - gdt - 1
        dd      gdt
