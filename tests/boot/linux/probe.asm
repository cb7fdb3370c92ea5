; A kernel that shows the state in which it is entered, on the first serial port, one name=value a line, and leaves
; through isa-debug-exit. Two forms from one source:
;
;   nasm -f bin -DLINUX     a bzImage of protocol 2.15, its code at 0x200000
;   nasm -f elf32           an ELF file with a Xen PVH note
;
; The values are those of the first instruction: nothing but memory is written before all are kept.

%ifdef LINUX
        section setup start=0 vstart=0
        times 0x1f1 - ($ - $$) db 0
        db      1                       ; setup_sects
        dw      0
        dd      (code_end - entry) / 16 ; syssize
        dw      0, 0, 0, 0xaa55
        jmp     short setup_end
        db      "HdrS"
        dw      0x20f
        times 0x211 - ($ - $$) db 0
        db      1                       ; loadflags: LOADED_HIGH
        times 0x22c - ($ - $$) db 0
        dd      0x7fffffff, 0x1000      ; initrd_addr_max, kernel_alignment
        db      0, 0
        dw      0
        dd      2047                    ; cmdline_size
        times 0x258 - ($ - $$) db 0
        dq      0x200000                ; pref_address
        dd      0x10000                 ; init_size
        dd      0, 0
setup_end:
        times 0x400 - ($ - $$) db 0
        section code follows=setup align=512 vstart=0x200000
%else
        global  entry
        section .note.pvh note alloc
        dd      4, 4, 18
        db      "Xen", 0
        dd      entry
        section .text
%endif
        bits    32
entry:  mov     [r_eax], eax
        mov     [r_ebx], ebx
        mov     [r_ecx], ecx
        mov     [r_edx], edx
        mov     [r_esi], esi
        mov     [r_edi], edi
        mov     [r_ebp], ebp
        mov     [r_esp], esp
        pushfd
        pop     dword [r_flags]
        mov     eax, cr0
        mov     [r_cr0], eax
        mov     eax, cr4
        mov     [r_cr4], eax
        mov     [r_cs], cs
        mov     [r_ds], ds
        mov     [r_es], es
        mov     [r_fs], fs
        mov     [r_gs], gs
        mov     [r_ss], ss
        sgdt    [gdt]
        movzx   eax, word [gdt]
        mov     [r_gdt_limit], eax
        mov     edx, [gdt + 2]
        movzx   eax, word [r_cs]        ; the descriptors that the selectors stand for
        mov     ecx, [edx + eax]
        mov     [r_code_low], ecx
        mov     ecx, [edx + eax + 4]
        mov     [r_code_high], ecx
        movzx   eax, word [r_ds]
        mov     ecx, [edx + eax + 4]
        mov     [r_data_high], ecx
        mov     ds, ax                  ; and they can be loaded again
        mov     es, ax
        mov     ss, ax

        mov     esi, table
.next:  mov     ebx, [esi]              ; the value's address, then its name
        test    ebx, ebx
        jz      .done
        add     esi, 4
        call    string
        mov     al, '='
        call    character
        mov     edx, [ebx]
        mov     ecx, 8
.digit: rol     edx, 4
        mov     eax, edx
        and     eax, 15
        mov     al, [digits + eax]
        call    character
        loop    .digit
        mov     al, 10
        call    character
        jmp     .next
.done:  mov     edx, 0xf4
        mov     al, 0x10
        out     dx, al
        jmp     $

; in    ESI = string, out ESI behind its NUL
string: lodsb
        test    al, al
        jz      .end
        call    character
        jmp     string
.end:   ret

character:
        push    edx
        mov     edx, 0x3f8
        out     dx, al
        pop     edx
        ret

digits  db      "0123456789abcdef"

%macro row 1
        dd      r_%1
        db      %str(%1), 0
%endmacro
%macro rows 1-*
  %rep %0
    row %1
    %rotate 1
  %endrep
        dd      0
%endmacro
%macro places 1-*
  %rep %0
r_%1    dd      0
    %rotate 1
  %endrep
%endmacro
%define NAMES eax, ebx, ecx, edx, esi, edi, ebp, esp, flags, cr0, cr4, cs, ds, es, fs, gs, ss, gdt_limit, \
        code_low, code_high, data_high

%ifndef LINUX
        section .data
%endif
table:  rows    NAMES
places  NAMES
gdt     dq      0
        align   16
code_end:
