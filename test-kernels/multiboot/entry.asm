; The first instructions of the Multiboot probe, and its headers. Assembled once for each kind of file:
;
;   PROTOCOL   1 or 2
;   KLUDGE     with load addresses: a.out kludge, or address and entry tags
;   VIDEO      with a wish for a screen: 800x600x32, or
;   SIZE       WIDTH,HEIGHT,DEPTH in its place
;   SCREEN     Multiboot 1: the kind of screen, 0 for pixels, 1 for text; Multiboot 2: the flags of its console tag
;   RELOCATE   Multiboot 2: with a relocatable tag
;   FLAGS      Multiboot 1: these flags besides
;
; The probe keeps the loader's stack and segment registers: it runs on what it was given.

        extern  probe, image_start, image_data_end, image_end
        global  start

%ifndef FLAGS
%define FLAGS 0
%endif

%ifndef SIZE
%define SIZE 800, 600, 32
%endif

        section .multiboot
        bits    32

%if PROTOCOL = 1
        align   4
header:
%assign flags 3 | FLAGS
%ifdef KLUDGE
%assign flags flags | 0x10000
%endif
%ifdef VIDEO
%assign flags flags | 4
%endif
        dd      0x1badb002, flags, -(0x1badb002 + flags)
%ifdef KLUDGE
        dd      header, image_start, image_data_end, image_end, start
%else
        dd      0, 0, 0, 0, 0
%endif
%ifdef SCREEN
        dd      SCREEN
%else
        dd      0
%endif
        dd      SIZE
%else
        align   8
header:
        dd      0xe85250d6, 0, header_end - header, -(0xe85250d6 + header_end - header)
        dw      1, 0                    ; information request: demanded
        dd      request_end - $ + 4, 1, 2, 3, 4, 5, 6, 8, 9, 10, 14, 15, 17, 21
request_end:
        align   8
%ifdef KLUDGE
        dw      2, 0
        dd      24, header, image_start, image_data_end, image_end
        dw      3, 0
        dd      12, start
        align   8
%endif
%ifdef VIDEO
        dw      5, 1
        dd      20, SIZE
        align   8
%endif
%ifdef SCREEN
        dw      4, 1
        dd      12, SCREEN
        align   8
%endif
        dw      6, 0                    ; modules start a page
        dd      8
        dw      7, 0                    ; EFI boot services: passed over on a BIOS machine
        dd      8
%ifdef RELOCATE
        dw      10, 0
        dd      24, 0x400000, 0x4000000, 0x200000, 2
%endif
        dw      0, 0
        dd      8
header_end:
%endif

        section .text
        bits    32

; The offsets are those of struct registers in probe.c. Position independent, for a relocatable image may lie
; anywhere: EBP finds the variables.
start:  mov     [esp - 8], ebp          ; below the stack: nothing interrupts, and the call takes but 4 bytes
        call    .here
.here:  pop     ebp
        lea     ebp, [ebp + registers - .here]
        push    dword [esp - 8]
        pop     dword [ebp + 24]
        mov     [ebp + 0], eax
        mov     [ebp + 4], ebx
        mov     [ebp + 8], ecx
        mov     [ebp + 12], edx
        mov     [ebp + 16], esi
        mov     [ebp + 20], edi
        mov     [ebp + 28], esp
        pushfd
        pop     dword [ebp + 32]
        mov     [ebp + 36], cs
        mov     [ebp + 40], ds
        mov     [ebp + 44], es
        mov     [ebp + 48], fs
        mov     [ebp + 52], gs
        mov     [ebp + 56], ss
        mov     eax, cr0
        mov     [ebp + 60], eax
        sgdt    [ebp + 64]
        sidt    [ebp + 72]
        mov     eax, cr3
        mov     [ebp + 80], eax
        mov     eax, cr4
        mov     [ebp + 84], eax
        sldt    [ebp + 88]
        str     [ebp + 92]
        push    ebp
        call    probe
.stop:  hlt
        jmp     .stop

        section .bss
        alignb  16
registers:
        resb    128
