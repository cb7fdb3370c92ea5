; The trampoline: the last code of the loader and the only code that runs with paging on.
;
; It is copied to a page of its own, with struct cpu_entry behind it in the same page (TRAMPOLINE_ENTRY). From here on
; the loader's memory is not used any more: the moves may overwrite all of it, the stack included.
;
;   void trampoline_enter(void *page)      jumps into the copy
;   trampoline, trampoline_end             what is to be copied; position independent
;
; In order: moves, GDT and IDT, PAT, CR4, CR3 with the tables for the jump, EFER, CR0 (paging on), CS, the jump to where
; the kernel's tables have this page, CR3 with those tables, segments and stack, registers, the kernel
; (SDM volume 3A, sections 4.1.2 and 9.8.5).

%include "offsets.inc"

        global  trampoline, trampoline_end, trampoline_enter

MSR_EFER equ    0xc0000080
MSR_PAT  equ    0x277

        section .text
        bits    32

trampoline_enter:
        mov     esi, [esp + 4]
        jmp     esi

; in    ESI = physical address of the page, paging off, interrupts off
trampoline:
        lea     ebx, [esi + TRAMPOLINE_ENTRY]
        mov     edx, [ebx + ENTRY_MOVE_COUNT]
        lea     ebp, [ebx + ENTRY_MOVES]
        xor     eax, eax
.move:  dec     edx
        js      .moved
        mov     esi, [ebp + MOVE_FROM]
        mov     edi, [ebp + MOVE_TO]
        mov     ecx, [ebp + MOVE_SIZE]
        rep     movsb
        mov     ecx, [ebp + MOVE_ZERO_SIZE]
        shr     ecx, 2
        rep     stosd
        mov     ecx, [ebp + MOVE_ZERO_SIZE]
        and     ecx, 3
        rep     stosb
        add     ebp, MOVE_STRIDE
        jmp     .move

; Everything that must be written to this page is written before paging makes it read-only.
.moved: lea     eax, [ebx - TRAMPOLINE_ENTRY + (flat32 - trampoline)]
        cmp     dword [ebx + ENTRY_BITS], 64
        jne     .target
        lea     eax, [ebx - TRAMPOLINE_ENTRY + (flat64 - trampoline)]
.target:
        mov     [ebx + ENTRY_FAR], eax
        mov     eax, [ebx + ENTRY_CODE]
        mov     [ebx + ENTRY_FAR + 4], ax
        lgdt    [ebx + ENTRY_GDT_HERE]
        lidt    [ebx + ENTRY_IDT]

        mov     eax, [ebx + ENTRY_PAT]
        test    eax, eax
        jz      .no_pat
        mov     edx, [ebx + ENTRY_PAT + 4]
        mov     ecx, MSR_PAT
        wrmsr
.no_pat:
        cmp     dword [ebx + ENTRY_HAS_CR4], 0
        je      .no_cr4
        mov     eax, [ebx + ENTRY_CR4]
        mov     cr4, eax
.no_cr4:
        mov     eax, [ebx + ENTRY_BOOT_CR3]
        mov     cr3, eax
        mov     eax, [ebx + ENTRY_EFER]
        test    eax, eax
        jz      .no_efer
        mov     ecx, MSR_EFER
        xor     edx, edx
        wrmsr
.no_efer:
        mov     eax, [ebx + ENTRY_CR0]
        mov     cr0, eax
        jmp     far [ebx + ENTRY_FAR]

flat32: mov     eax, [ebx + ENTRY_DATA]
        mov     ds, eax
        mov     es, eax
        mov     fs, eax
        mov     gs, eax
        mov     ss, eax
        mov     ebx, [ebx + ENTRY_TRAMPOLINE]
        lea     ecx, [ebx + (high32 - trampoline)]
        add     ebx, TRAMPOLINE_ENTRY
        jmp     ecx
high32: mov     eax, [ebx + ENTRY_CR3]
        mov     cr3, eax
        mov     esp, [ebx + ENTRY_SP]
        lgdt    [ebx + ENTRY_GDT_VIRTUAL]
        xor     eax, eax
        lldt    ax
        push    dword 2                 ; the one flag that is always 1
        popfd
        push    dword [ebx + ENTRY_IP]
        mov     eax, [ebx + ENTRY_AX]
        mov     esi, [ebx + ENTRY_SI]
        mov     edi, [ebx + ENTRY_DI]
        mov     ebx, [ebx + ENTRY_BX]
        mov     ecx, 0                  ; not XOR, which would change the flags
        mov     edx, ecx
        mov     ebp, ecx
        ret

        bits    64
flat64: mov     ebx, ebx                ; the upper halves are undefined after the change of mode
        mov     eax, [rbx + ENTRY_DATA]
        mov     ds, eax
        mov     es, eax
        mov     fs, eax
        mov     gs, eax
        mov     ss, eax
        mov     rbx, [rbx + ENTRY_TRAMPOLINE]
        lea     rcx, [rbx + (high64 - trampoline)]
        add     rbx, TRAMPOLINE_ENTRY
        jmp     rcx
high64: mov     eax, [rbx + ENTRY_CR3]
        mov     cr3, rax
        mov     rsp, [rbx + ENTRY_SP]
        lgdt    [rbx + ENTRY_GDT_VIRTUAL]
        lidt    [rbx + ENTRY_IDT]
        xor     eax, eax
        lldt    ax
        push    2
        popfq
        push    qword [rbx + ENTRY_IP]
        mov     rax, [rbx + ENTRY_AX]
        mov     rsi, [rbx + ENTRY_SI]
        mov     rdi, [rbx + ENTRY_DI]
        mov     rbx, [rbx + ENTRY_BX]
        mov     ecx, 0                  ; not XOR, which would change the flags
        mov     edx, ecx
        mov     ebp, ecx
        mov     r8d, ecx
        mov     r9d, ecx
        mov     r10d, ecx
        mov     r11d, ecx
        mov     r12d, ecx
        mov     r13d, ecx
        mov     r14d, ecx
        mov     r15d, ecx
        ret
trampoline_end:

%if trampoline_end - trampoline > TRAMPOLINE_ENTRY
%error "the trampoline reaches into struct cpu_entry"
%endif
