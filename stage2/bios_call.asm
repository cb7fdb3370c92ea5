; void bios_call(u16 vector, struct bios_registers *registers)
;
; Calls a BIOS interrupt from protected mode: goes to real mode, calls the handler that the interrupt vector
; table names, comes back. All registers go in and out through the structure. A far pointer to a handler of our own
; can stand anywhere below 64 KiB at a multiple of 4, and its vector is a quarter of that.
;
; mode  32-bit protected, paging off. The stack and *registers lie below 64 KiB, so that both modes can use them
; keeps EBX, ESI, EDI, EBP; GDTR, IDTR and segment registers whatever the BIOS does to them
;
; The handler gets a stack of more than 16 KiB, interrupts off (as INT leaves them; it turns them on
; where it needs to), and direction up.

%include "offsets.inc"

        extern  gdt_pointer, idt_pointer
        global  bios_call, bios_idle, bios_chain

BOOT_SECTOR equ 0x7c00

        section .text
        bits    32

bios_call:
        push    ebp
        push    ebx
        push    esi
        push    edi
        movzx   ebx, word [esp + 20]
        mov     esi, [esp + 24]
        lidt    [real_idt]
        jmp     LOADER_CODE16:to_real

from_real:
        mov     ax, LOADER_DATA32
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        mov     ss, ax
        movzx   esp, sp
        lidt    [idt_pointer]
        pop     edi
        pop     esi
        pop     ebx
        pop     ebp
        ret

        section .real exec
        bits    16

; Segment limits must be 64 KiB before protection goes off (SDM volume 3A, section 9.9.2).
to_real:
        mov     ax, LOADER_DATA16
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        mov     ss, ax
        mov     eax, cr0
        and     al, ~CR0_PE
        mov     cr0, eax
        jmp     0:.real
.real:  xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     fs, ax
        mov     gs, ax
        shl     bx, 2                   ; the vector's place in the table
        push    si
        push    word 0x0202             ; what the handler's IRET takes: flags with interrupts on, ...
        push    cs
        push    word .back              ; ... and the way back
        push    dword [bx]              ; what RETF takes: the handler
        mov     es, [si + BIOS_ES]
        mov     eax, [si + BIOS_EAX]
        mov     ebx, [si + BIOS_EBX]
        mov     ecx, [si + BIOS_ECX]
        mov     edx, [si + BIOS_EDX]
        mov     edi, [si + BIOS_EDI]
        mov     ebp, [si + BIOS_EBP]
        push    word [si + BIOS_DS]
        mov     esi, [si + BIOS_ESI]
        pop     ds
        retf

.back:  cli
        push    ds
        push    esi
        pushf
        mov     si, sp
        mov     si, [ss:si + 8]         ; the structure: behind flags, ESI and DS
        push    ax
        xor     ax, ax
        mov     ds, ax
        pop     ax
        mov     [si + BIOS_EAX], eax
        mov     [si + BIOS_EBX], ebx
        mov     [si + BIOS_ECX], ecx
        mov     [si + BIOS_EDX], edx
        mov     [si + BIOS_EDI], edi
        mov     [si + BIOS_EBP], ebp
        mov     [si + BIOS_ES], es
        pop     word [si + BIOS_FLAGS]
        pop     dword [si + BIOS_ESI]
        pop     word [si + BIOS_DS]
        pop     si
        cld
        o32 lgdt [cs:gdt_pointer]
        mov     eax, cr0
        or      al, CR0_PE
        mov     cr0, eax
        jmp     dword LOADER_CODE32:from_real

; Interrupts begin behind the instruction after STI, so none is missed between the two.
idle:   sti
        hlt
        iret

; A boot sector gets the machine as a BIOS would give it.
chain:  sti
        jmp     0:BOOT_SECTOR

        align   4
bios_idle:
        dw      idle, 0
bios_chain:
        dw      chain, 0

        section .rodata
real_idt:                               ; the BIOS's interrupt vector table
        dw      0x3ff
        dd      0
