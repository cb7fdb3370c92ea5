; Processor exceptions inside the loader: every vector leads to exception(), which prints and stops; but where a
; breakpoint stands for a part of stage 2 that is not there yet (parts.h), that is unpacked and executed. exception()
; itself is in such a part. Where that does not come, or a second exception comes while the first is told of, the
; last words are said from here.
;
; exceptions_install()  builds the IDT and loads it. Interrupts stay off in protected mode, so only vectors 0 to
;                       31 exist.

%include "offsets.inc"

        extern  exception, part_load
        global  exceptions_install, idt_pointer

VECTORS equ     32

        section .text
        bits    32

; A stub a vector, all of the same length. These push an error code of their own (SDM volume 3A, table 6-1):
%define HAS_ERROR_CODE(vector) ((1 << (vector)) & 0x60227d00)

stubs:
%assign vector 0
%rep VECTORS
        align   16
%if !HAS_ERROR_CODE(vector)
        push    dword 0
%endif
        push    dword vector
        jmp     any_exception
%assign vector vector + 1
%endrep

BREAKPOINT      equ     3
FRAME_VECTOR    equ     32              ; struct exception_frame
FRAME_EIP       equ     40
CELLS           equ     0xb8000         ; of the colour text screen (console.c)

any_exception:
        pushad
        cld
        cmp     byte [esp + FRAME_VECTOR], BREAKPOINT
        jne     .stop
        mov     eax, [esp + FRAME_EIP]  ; behind the INT3
        dec     eax
        push    eax
        call    part_load
        pop     ecx
        test    al, al
        jz      .stop
        popad
        add     esp, 8                  ; vector, error code
        dec     dword [esp]
        iretd
.stop:
        mov     ebx, [told]
        test    ebx, ebx
        jnz     last_words
        mov     [told], esp
        push    esp                     ; struct exception_frame: what was just pushed
        call    exception

; The first exception in one line, on the screen and on the first serial port. In: EBX = its frame. Does not return.
last_words:
        mov     esi, last_text
        mov     edi, CELLS
.char:  lodsb
        test    al, al
        jz      .stop
        cmp     al, '#'
        je      .number
        call    .put
        jmp     .char
.number:
        mov     ebp, [ebx + FRAME_EIP]
        mov     ecx, 8
.digit: rol     ebp, 4
        mov     eax, ebp
        and     al, 15
        cmp     al, 10
        sbb     al, 0x69
        das
        push    ecx
        call    .put
        pop     ecx
        loop    .digit
        jmp     .char
.put:   cmp     al, ' '
        jb      .send
        mov     ah, COLOUR_ERROR
        stosw
.send:  movzx   edx, word [BDA_SERIAL_PORT]
        test    edx, edx
        jz      .done
        mov     ah, al
        mov     ecx, 0x40000            ; as long as console.c waits
        add     edx, 5
.wait:  in      al, dx
        test    al, 0x20
        loopz   .wait
        sub     edx, 5
        mov     al, ah
        out     dx, al
.done:  ret
.stop:  hlt
        jmp     .stop

exceptions_install:
        mov     edi, idt
        mov     eax, stubs
        mov     ecx, VECTORS
.gate:  mov     [edi], ax               ; an interrupt gate, ring 0 (SDM volume 3A, figure 6-2)
        mov     word [edi + 2], LOADER_CODE32
        mov     word [edi + 4], 0x8e00
        mov     edx, eax
        shr     edx, 16
        mov     [edi + 6], dx
        add     edi, 8
        add     eax, 16
        loop    .gate
        lidt    [idt_pointer]
        ret

        section .rodata
idt_pointer:
        dw      VECTORS * 8 - 1
        dd      idt

last_text:
        db      10, 13, "Aloft: an exception in the loader, no more can be told of it: EIP 0x#", 10, 13, 0

        section .bss
told:   resd    1                       ; the frame of the first exception
        alignb  8
idt:    resq    VECTORS
