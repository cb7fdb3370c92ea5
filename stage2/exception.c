/* A processor exception in the loader is a bug of ours: say all that helps to find it, and stop. */
#include "console.h"
#include "text.h"
#include "x86.h"

/* What exceptions.asm pushed, from the last to the first. */
struct exception_frame {
    u32 edi, esi, ebp, esp, ebx, edx, ecx, eax; /* PUSHAD */
    u32 vector, error_code;
    u32 eip, cs, eflags; /* the CPU */
};

NO_RETURN void exception(const struct exception_frame *frame);

static void print(const char *template, u64 a, u64 b, u64 c, u64 d) {
    char buffer[120];
    struct text text = TEXT_IN(buffer);
    struct text_values values = {.number = {a, b, c, d}};
    text_fill(&text, template, &values);
    console_line(buffer);
}

void exception(const struct exception_frame *frame) {
    console_colour(COLOUR_ERROR);
    console_line("");
    console_string(" Aloft: a processor exception in the loader; please report these lines");
    console_end_bar();
    console_colour(COLOUR_NORMAL);
    print("  vector {0}, error code {1x}, EIP {2x}, EFLAGS {3x}", frame->vector, frame->error_code,
          frame->eip, frame->eflags);
    print("  EAX {0x}  EBX {1x}  ECX {2x}  EDX {3x}", frame->eax, frame->ebx, frame->ecx,
          frame->edx);
    print("  ESI {0x}  EDI {1x}  EBP {2x}  ESP {3x}", frame->esi, frame->edi, frame->ebp,
          frame->esp);
    for (;;)
        __asm__ volatile("hlt");
}
