/* The reader of QEMU's logs: what it keeps of an event, which fault it names as the first, and that
 * no log hurts it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor_log.c"

static struct fault_log *read_text(const char *text) {
    struct fault_log *log = calloc(1, sizeof *log);
    char line[512];
    assert_non_null(log);
    while (*text) {
        size_t length = strcspn(text, "\n");
        size_t kept = length < sizeof line ? length : sizeof line - 1;
        memcpy(line, text, kept);
        line[kept] = 0;
        log_line(log, line);
        text += length + (text[length] == '\n');
    }
    return log;
}

#define REGISTERS_32                                                                         \
    "EAX=2badb002 EBX=00009500 ECX=80000011 EDX=00010511\n"                                  \
    "ESI=00000001 EDI=00001000 EBP=00000002 ESP=00006f08\n"                                  \
    "EIP=00100024 EFL=00000086 [--S--P-] CPL=0 II=0 A20=1 SMM=0 HLT=0\n"                     \
    "CS =0008 00000000 ffffffff 00cf9a00 DPL=0 CS32 [-R-]\n"                                 \
    "GDT=     000ca2b8 00000027\n"                                                           \
    "IDT=     00000000 000003ff\n"                                                           \
    "CR0=80000011 CR2=00100024 CR3=00101000 CR4=00000010\n"                                  \
    "DR0=0000000000000000 DR1=0000000000000000 DR2=0000000000000000 DR3=0000000000000000 \n" \
    "CCS=004a8000 CCD=80000011 CCO=LOGICL\n"                                                 \
    "EFER=0000000000000000\n"

#define REGISTERS_64                                                                        \
    "RAX=0000000054464c41 RBX=0000000000000003 RCX=0000000000000001 RDX=0000000000000002\n" \
    "RSI=0000000000000006 RDI=ffffffffffa12020 RBP=0000000000000005 RSP=ffffffffffa01000\n" \
    "R8 =0000000000000008 R9 =0000000000000009 R10=0000000000000010 R11=0000000000000011\n" \
    "R12=0000000000000012 R13=0000000000000013 R14=0000000000000014 R15=0000000000000015\n" \
    "RIP=ffffffff80100004 RFL=00000086 [--S--P-] CPL=0 II=0 A20=1 SMM=0 HLT=0\n"            \
    "CS =0008 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 [-RA]\n"                        \
    "GDT=     ffffffffffa12000 00000017\n"                                                  \
    "IDT=     0000000000000000 00000000\n"                                                  \
    "CR0=80010011 CR2=ffffffffffa00ff8 CR3=0000000000fc0000 CR4=00000020\n"                 \
    "EFER=0000000000000d00\n"

#define PAGE_FAULT                                                                \
    "check_exception old: 0xffffffff new 0xe\n"                                   \
    "     0: v=0e e=0002 i=0 cpl=0 IP=0008:0000000000100024 pc=0000000000100024 " \
    "SP=0010:0000000000006f08 CR2=0000000000100024\n" REGISTERS_32
#define DOUBLE_FAULT                                                              \
    "check_exception old: 0xe new 0xd\n"                                          \
    "     1: v=08 e=0000 i=0 cpl=0 IP=0008:0000000000100024 pc=0000000000100024 " \
    "SP=0010:0000000000006f08 env->regs[R_EAX]=000000002badb002\n" REGISTERS_32
#define END "check_exception old: 0x8 new 0xd\nTriple fault\n"

static const char dead[] = PAGE_FAULT DOUBLE_FAULT END;

static void test_fields_of_32_bits(void **state) {
    (void)state;
    struct fault_log *log = read_text(dead);
    const struct fault *fault = log_story(log).first;
    assert_true(log->triple);
    assert_int_equal(log->event_count, 2);
    assert_non_null(fault);
    assert_int_equal(fault->vector, VECTOR_PAGE);
    assert_int_equal(fault->code, 2);
    assert_int_equal(fault->ip, 0x100024);
    assert_int_equal(fault->sp, 0x6f08);
    static const u64 registers[8] = {0x2badb002, 0x80000011, 0x10511, 0x9500, 0x6f08, 2, 1, 0x1000};
    for (u32 i = 0; i < 8; i++)
        assert_int_equal(fault->registers[i], registers[i]);
    assert_int_equal(fault->cr0, 0x80000011);
    assert_int_equal(fault->cr2, 0x100024);
    assert_int_equal(fault->cr3, 0x101000);
    assert_int_equal(fault->cr4, 0x10);
    assert_int_equal(fault->gdt_base, 0xca2b8);
    assert_int_equal(fault->gdt_limit, 0x27);
    assert_int_equal(fault->idt_limit, 0x3ff);
    assert_false(fault->wide || fault->software || fault->hardware);
    assert_int_equal(log_story(log).then->vector, VECTOR_DOUBLE);
    assert_int_equal(log_story(log).then->during, VECTOR_PROTECTION);
    free(log);
}

static void test_fields_of_64_bits(void **state) {
    (void)state;
    struct fault_log *log =
        read_text("   123: v=0e e=0002 i=0 cpl=3 IP=0008:ffffffff80100004 pc=ffffffff80100004 "
                  "SP=0010:ffffffffffa01000 CR2=ffffffffffa00ff8\n" REGISTERS_64 "Triple fault\n");
    const struct fault *fault = log_story(log).first;
    assert_non_null(fault);
    static const u64 registers[16] = {
        0x54464c41, 1,    2,    3,   0xffffffffffa01000, 5, 6, 0xffffffffffa12020, 8, 9, 0x10, 0x11,
        0x12,       0x13, 0x14, 0x15};
    for (u32 i = 0; i < 16; i++)
        assert_int_equal(fault->registers[i], registers[i]);
    assert_true(fault->wide);
    assert_int_equal(fault->cpl, 3);
    assert_int_equal(fault->cr2, 0xffffffffffa00ff8);
    assert_int_equal(fault->gdt_base, 0xffffffffffa12000);
    assert_int_equal(fault->efer, 0xd00);
    assert_int_equal(fault_gate_size(fault), 16);
    free(log);
}

/* One event of a chain, at the same place as all others. */
#define EVENT(v, e, i, at, cr2)                                                                \
    "     9: v=" v " e=" e " i=" i " cpl=0 IP=0008:" at " pc=" at " SP=0010:00006f08 CR2=" cr2 \
    "\nIDT=     00102000 000000ff\nCR2=" cr2 "\n"
#define HERE "00100010"
#define DF   EVENT("08", "0000", "0", HERE, "00000000")

static const struct {
    const char *name;
    const char *log;
    int first; /* the vector; -1 for none */
    int then;
    u32 repeats;
} chains[] = {
    {"an empty log", "", -1, -1, 0},
    {"resets alone", "CPU Reset (CPU 0)\nEAX=00000000\nCR0=60000010\n", -1, -1, 0},
    {"interrupts alone", EVENT("20", "0000", "1", HERE, "0"), -1, -1, 0},
    {"a triple fault of which nothing is known", "Triple fault\n", -1, -1, 0},
    {"a contributory fault", EVENT("0d", "0010", "0", HERE, "0") DF "Triple fault\n", 13, 8, 0},
    {"an opcode, then its entry of the IDT",
     EVENT("06", "0000", "0", HERE, "0") EVENT("0d", "0032", "0", HERE, "0") DF "Triple fault\n", 6,
     13, 0},
    {"the same in QEMU's long mode",
     EVENT("06", "0000", "0", HERE, "0") "EFER=0000000000000500\n" EVENT("0d", "0062", "0", HERE,
                                                                         "0") DF "Triple fault\n",
     6, 13, 0},
    {"no long mode, so entry 12 is another's",
     EVENT("06", "0000", "0", HERE, "0") EVENT("0d", "0062", "0", HERE, "0") DF "Triple fault\n",
     13, 8, 0},
    {"a breakpoint whose gate is not mapped",
     EVENT("03", "0000", "1", HERE, "0") EVENT("0e", "0000", "0", HERE, "00102018") DF
     "Triple fault\n",
     3, 14, 0},
    {"a page fault elsewhere after a breakpoint",
     EVENT("03", "0000", "1", HERE, "0") EVENT("0e", "0000", "0", HERE, "00102020") DF
     "Triple fault\n",
     14, 8, 0},
    {"a breakpoint whose frame does not fit the stack",
     EVENT("03", "0000", "1", HERE, "0") EVENT("0e", "0002", "0", HERE, "00006f04") DF
     "Triple fault\n",
     3, 14, 0},
    {"a device's interrupt without a gate",
     "Servicing hardware INT=0x08\n" EVENT("08", "0000", "0", HERE, "0")
         EVENT("0d", "0042", "0", HERE, "0") DF "Triple fault\n",
     8, 13, 0},
    {"a device's interrupt in real mode, which has no header",
     "Servicing hardware INT=0x08\ncheck_exception old: 0xffffffff new 0x6\n" EVENT(
         "06", "0000", "0", HERE, "0") EVENT("0d", "0032", "0", HERE, "0") DF "Triple fault\n",
     6, 13, 0},
    {"another place: the breakpoint was handled",
     EVENT("03", "0000", "1", "00100000", "0") EVENT("0d", "001a", "0", HERE, "0") DF
     "Triple fault\n",
     13, 8, 0},
    {"a fault that came three times",
     EVENT("0e", "0000", "0", HERE, "5") EVENT("0e", "0000", "0", HERE, "5")
         EVENT("0e", "0000", "0", HERE, "5") DF "Triple fault\n",
     14, 8, 2},
    {"what follows the triple fault is not read",
     EVENT("0d", "0010", "0", HERE, "0") DF "Triple fault\n" EVENT("06", "0000", "0", HERE, "0")
         EVENT("06", "0000", "0", HERE, "0"),
     13, 8, 0},
    {"no triple fault: the last exception",
     EVENT("0e", "0000", "0", HERE, "5") EVENT("20", "0000", "1", HERE, "0") "CPU Reset (CPU 0)\n",
     14, -1, 0},
    {"registers of a reset belong to no fault",
     EVENT("0d", "0010", "0", HERE, "0") DF "Triple fault\nCPU Reset (CPU 0)\nCR2=77777777\n", 13,
     8, 0},
};

static void test_chains(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(chains); i++) {
        struct fault_log *log = read_text(chains[i].log);
        log_end(log);
        struct story story = log_story(log);
        int first = story.first ? (int)story.first->vector : -1;
        int then = story.then ? (int)story.then->vector : -1;
        if (first != chains[i].first || then != chains[i].then)
            fail_msg("%s: %d, then %d", chains[i].name, first, then);
        if (story.first)
            assert_int_equal(story.first->repeats, chains[i].repeats);
        if (story.first)
            assert_int_equal(story.first->hardware, chains[i].first == VECTOR_DOUBLE);
        free(log);
    }
}

static const struct {
    const char *line;
    u32 count;
    struct log_word last;
} memory_lines[] = {
    {"0000000000101000: 0x00000083 0x12345678", 2, {0x101004, 0x12345678, 4}},
    {"00101000: 0x83", 1, {0x101000, 0x83, 1}},
    {"0000000000101000: 0x0000000000000083 0x8000000000200083",
     2,
     {0x101008, 0x8000000000200083, 8}},
    {"0000000000101000: 0x0083", 1, {0x101000, 0x83, 2}},
    {"0000000000101000: 0x00000083 0x1234567", 1, {0x101000, 0x83, 4}},
    {"0000000000101000: 0x00000000000000083", 0, {0, 0, 0}},
    {"0000000000101000: 0xg", 0, {0, 0, 0}},
    {"0000000000101000: ", 0, {0, 0, 0}},
    {"101000: 0x00000083", 0, {0, 0, 0}},
    {"00000000000101000: 0x00000083", 0, {0, 0, 0}},
    {"", 0, {0, 0, 0}},
};

static void test_memory_lines(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(memory_lines); i++) {
        struct fault_log *log = read_text(memory_lines[i].line);
        if (log->word_count != memory_lines[i].count)
            fail_msg("%s: %u words", memory_lines[i].line, log->word_count);
        if (log->word_count) {
            const struct log_word *word = &log->words[log->word_count - 1];
            assert_int_equal(word->phys, memory_lines[i].last.phys);
            assert_int_equal(word->value, memory_lines[i].last.value);
            assert_int_equal(word->size, memory_lines[i].last.size);
        }
        free(log);
    }
}

static void test_too_much_memory_is_dropped(void **state) {
    (void)state;
    struct fault_log *log = calloc(1, sizeof *log);
    for (u32 i = 0; i < LOG_WORDS_MAX; i++)
        log_line(log, "0000000000101000: 0x00000083 0x00000084");
    assert_int_equal(log->word_count, LOG_WORDS_MAX);
    free(log);
}

static void test_hostile_lines(void **state) {
    (void)state;
    static const char *const lines[] = {
        "=",
        "==",
        " =5",
        "CR0",
        "CR0=",
        "CR0= ",
        "CR0=zz",
        "GDT=",
        "GDT=     ",
        "GDT=     1",
        "IDT=x 5",
        "R8 =",
        "R16=5",
        "E=5",
        "RAX",
        "EFER=00000000000000000",
        ": v=",
        " 0: v=",
        "0: v=zz e= i= cpl= SP=",
        "1: v=ffffffffffffffff e=ffffffffffffffff i=ffffffffffffffff",
        "check_exception",
        "SMM:",
        "Servicing hardware INT",
        "\x80\xff=\x80",
        "EAX=1 EAX EAX= =EAX",
        "Triple fault",
        "CPU Reset",
    };
    for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
        struct fault_log *log = read_text(PAGE_FAULT);
        log_line(log, lines[i]);
        log_line(log, lines[i]);
        log_end(log);
        assert_non_null(log_story(log).first);
        free(log);
    }
}

static void test_every_truncation(void **state) {
    (void)state;
    char text[sizeof dead];
    memcpy(text, dead, sizeof dead);
    for (size_t length = sizeof dead - 1; length-- > 0;) {
        text[length] = 0;
        struct fault_log *log = read_text(text);
        struct story story = log_story(log);
        assert_true(!story.first || story.first->vector < 256);
        free(log);
    }
}

static void test_every_mutation(void **state) {
    (void)state;
    static const char bytes[] = {0x01, ' ', '=', ':', '\n', 'f', '9', 'R', (char)0xff};
    char text[sizeof dead];
    memcpy(text, dead, sizeof dead);
    for (size_t at = 0; at < sizeof dead - 1; at++)
        for (size_t i = 0; i < sizeof bytes; i++) {
            text[at] = bytes[i];
            struct fault_log *read = read_text(text);
            (void)log_story(read);
            free(read);
            text[at] = dead[at];
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_of_32_bits),
        cmocka_unit_test(test_fields_of_64_bits),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_memory_lines),
        cmocka_unit_test(test_too_much_memory_is_dropped),
        cmocka_unit_test(test_hostile_lines),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_every_mutation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
