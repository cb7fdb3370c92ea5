/* The four functions that a freestanding compiler may call. In assembly, so that the compiler does
 * not see a loop that it would turn into a call of the very function. */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *at, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    void *at = to;
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(size) : : "memory");
    return to;
}

void *memmove(void *to, const void *from, size_t size) {
    if ((char *)to <= (const char *)from || size == 0)
        return memcpy(to, from, size);
    void *last = (char *)to + size - 1;
    from = (const char *)from + size - 1;
    __asm__ volatile("std; rep movsb; cld" : "+D"(last), "+S"(from), "+c"(size) : : "memory");
    return to;
}

void *memset(void *at, int byte, size_t size) {
    void *next = at;
    __asm__ volatile("rep stosb" : "+D"(next), "+c"(size) : "a"(byte) : "memory");
    return at;
}

int memcmp(const void *a, const void *b, size_t size) {
    const unsigned char *left = a, *right = b;
    for (size_t i = 0; i < size; i++)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}
