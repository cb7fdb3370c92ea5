; Three page directories made at assembly time, and the same three made at run time.
%include "identity.inc"
bits 32

section .rodata align=4096
global identity_large, identity_mixed, identity_small, higher_half
identity_large:
    large_pages 0, 1024
; The linker sets this address, so it is no number yet: its flags are added, for "|" cannot be.
identity_mixed:
    dd identity_small + SMALL_PAGE
    large_pages 1, 1024
identity_small:
    small_pages
higher_half:
    higher_half_pages 0xc0000000 >> 22

section .text
; In: where the 1024 entries go. Clobbers EAX, ECX, EDX.
global make_identity_large
make_identity_large:
    push edi
    mov edi, [esp + 8]
    mov eax, LARGE_PAGE
    mov edx, 1 << 22
    jmp make

global make_identity_small
make_identity_small:
    push edi
    mov edi, [esp + 8]
    mov eax, SMALL_PAGE
    mov edx, 1 << 12
make:
    mov ecx, 1024
.entry:
    stosd
    add eax, edx
    loop .entry
    pop edi
    ret

global make_higher_half
make_higher_half:
    push edi
    mov edi, [esp + 8]
    xor eax, eax
    mov ecx, 1024
    rep stosd
    mov edi, [esp + 8]
    mov dword [edi], LARGE_PAGE
    mov dword [edi + (0xc0000000 >> 22) * 4], LARGE_PAGE
    pop edi
    ret

; In: the physical address of a directory. PSE comes before PG: with PG on and PSE off, the CPU
; would ignore bit 7, and take the entry's frame for a page table.
global enable_paging_with_large_pages
enable_paging_with_large_pages:
    mov eax, [esp + 4]
    mov cr3, eax
    mov ecx, cr4
    or ecx, 0x00000010
    mov cr4, ecx
    mov ecx, cr0
    or ecx, 0x80000000
    mov cr0, ecx
    ret
