/* A processor exception in the loader is a bug of ours: say all that helps to find it, and stop. */
#include "boot.h"
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

enum { CALLS_MAX = 12, CALL_SIZE = 5 };

/* stage2.ld: where code is */
extern const u8 core_start[], parts_end[];

/* Is this where a CALL comes back to? One to a place (E8) or through a register or memory (FF /2).
 */
static bool is_return(u32 address) {
    const u8 *at = (const u8 *)address;
    if (address < (u32)core_start + CALL_SIZE || address > (u32)parts_end)
        return false;
    return at[-CALL_SIZE] == 0xe8 || (at[-2] == 0xff && (at[-1] & 0x38) == 0x10) ||
           (at[-3] == 0xff && (at[-2] & 0xf8) == 0x50);
}

/* Who called whom, from the inside out: without frame pointers, every word of the stack that looks
 * like it. `aloft doctor` says their names. */
static void print_stack(const u32 *at) {
    char buffer[120];
    struct text text = TEXT_IN(buffer);
    text_string(&text, "  calls");
    for (u32 count = 0; (u32)at < BOOT_STACK_TOP && count < CALLS_MAX; at++)
        if (is_return(*at)) {
            text_string(&text, " ");
            text_hex(&text, *at, 5);
            count++;
        }
    console_line(buffer);
}

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
          (u32)(frame + 1));
    print_stack((const u32 *)(frame + 1));
    for (;;)
        __asm__ volatile("hlt");
}
