; Shifts of 64 bits, which clang calls at -Oz by the names that its own library has for them. Arguments on the stack:
; the value, the count; result in EDX:EAX. GCC shifts inline, and the linker drops these.

        global  __lshrdi3, __ashldi3

        bits    32
        section .text.lshrdi3 exec

__lshrdi3:
        mov     eax, [esp + 4]
        mov     edx, [esp + 8]
        mov     ecx, [esp + 12]
        shrd    eax, edx, cl
        shr     edx, cl
        test    cl, 32
        jz      .done
        mov     eax, edx
        xor     edx, edx
.done:  ret

        section .text.ashldi3 exec

__ashldi3:
        mov     eax, [esp + 4]
        mov     edx, [esp + 8]
        mov     ecx, [esp + 12]
        shld    edx, eax, cl
        shl     eax, cl
        test    cl, 32
        jz      .done
        mov     edx, eax
        xor     eax, eax
.done:  ret
