; memcpy, memmove, memset, memcmp: C's, for the compiler and for everybody (base/types.h).
;
; cdecl, 32-bit. Copies go by double words, the rest by bytes; sources at odd addresses cost nothing extra that
; matters beside a disk.

        global  memcpy, memmove, memset, memcmp

        section .text
        bits    32

memcpy: push    esi
        push    edi
        mov     edi, [esp + 12]
        mov     esi, [esp + 16]
        mov     ecx, [esp + 20]
        mov     eax, edi
forward:
        mov     edx, ecx
        shr     ecx, 2
        rep     movsd
        mov     ecx, edx
        and     ecx, 3
        rep     movsb
        pop     edi
        pop     esi
        ret

memmove:
        push    esi
        push    edi
        mov     edi, [esp + 12]
        mov     esi, [esp + 16]
        mov     ecx, [esp + 20]
        mov     eax, edi
        mov     edx, edi
        sub     edx, esi
        cmp     edx, ecx
        jae     forward                 ; the place does not begin within the source
        std
        lea     esi, [esi + ecx - 1]
        lea     edi, [edi + ecx - 1]
        rep     movsb
        cld
        pop     edi
        pop     esi
        ret

memset: push    edi
        mov     edi, [esp + 8]
        movzx   eax, byte [esp + 12]
        imul    eax, eax, 0x01010101
        mov     edx, [esp + 16]
        mov     ecx, edx
        shr     ecx, 2
        rep     stosd
        mov     ecx, edx
        and     ecx, 3
        rep     stosb
        mov     eax, [esp + 8]
        pop     edi
        ret

memcmp: push    esi
        push    edi
        mov     esi, [esp + 12]
        mov     edi, [esp + 16]
        mov     ecx, [esp + 20]
        xor     eax, eax
        xor     edx, edx
        cmp     ecx, ecx                ; equal, if there is nothing to compare
        repe    cmpsb
        je      .equal
        mov     al, [esi - 1]
        mov     dl, [edi - 1]
        sub     eax, edx
.equal: pop     edi
        pop     esi
        ret
