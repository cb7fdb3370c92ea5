/* The first program of the Linux that the tests boot: shows what the kernel got, then waits for ever. No C library.
 *
 *   aloft-init: command line: ...        /proc/cmdline
 *   aloft-init: second: ...              /second, a file of the second initrd, where there is one
 *   aloft-init: iomem: ...               /proc/iomem
 *   aloft-init: end */

enum { READ = 0, WRITE = 1, OPEN = 2, PAUSE = 34, MOUNT = 165 };

static long call(long number, long a, long b, long c, long d) {
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "+a"(number) : "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return number;
}

static void print(const char *text, long size) {
    call(WRITE, 1, (long)text, size, 0);
}

#define PRINT(text) print(text, sizeof(text) - 1)

static void show(const char *path) {
    char bytes[4000];
    long file = call(OPEN, (long)path, 0, 0, 0);
    long size = file < 0 ? -1 : call(READ, file, (long)bytes, sizeof bytes, 0);
    if (size < 0)
        PRINT("none\n");
    else
        print(bytes, size);
}

void _start(void);

void _start(void) {
    call(MOUNT, (long)"proc", (long)"/proc", (long)"proc", 0);
    PRINT("\naloft-init: command line: ");
    show("/proc/cmdline");
    PRINT("aloft-init: second: ");
    show("/second");
    PRINT("aloft-init: iomem:\n");
    show("/proc/iomem");
    PRINT("aloft-init: end\n");
    for (;;)
        call(PAUSE, 0, 0, 0, 0);
}
