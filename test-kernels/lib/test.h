/* What every test kernel does: begin, check, pass.
 *
 *     void kernel_main(const struct aloft_info *info)
 *     {
 *         test_begin(KERNEL_NAME, info);
 *         CHECK(1 + 1 == 2);
 *         test_pass();
 *     }
 *
 * KERNEL_NAME comes from kernels.mk. The result is one line on the serial line, "PASS name" or
 * "FAIL name: reason", and an exit of QEMU through its isa-debug-exit device at port 0xf4: 0x10
 * (QEMU's status 33) or 0x11 (status 35). */
#ifndef LIB_TEST_H
#define LIB_TEST_H

#include <stddef.h>
#include <stdint.h>

#include "aloft.h"
#include "cpu.h"
#include "print.h"

/* The entry of every kernel. */
void kernel_main(const struct aloft_info *info);

/* Catches exceptions, prints the boot information (dump.h), and checks all of it (check.h). */
void test_begin(const char *name, const struct aloft_info *info);

/* The same for kernels whose output is for people: the information is checked, but printed only if
 * the command line is the word "dump". */
void test_begin_briefly(const char *name, const struct aloft_info *info);

/* The part of test_begin() that catches and names, without dump and checks. */
void test_name(const char *name, const struct aloft_info *info);

_Noreturn void test_pass(void);
_Noreturn void test_fail(const char *reason);

/* Fails with the place and the text of what does not hold, and with a number that tells more. */
#define CHECK_VALUE(condition, value)                                        \
    do {                                                                     \
        if (!(condition))                                                    \
            test_fail_at(__FILE__, __LINE__, #condition, (uint64_t)(value)); \
    } while (0)
#define CHECK(condition) CHECK_VALUE(condition, 0)
_Noreturn void test_fail_at(const char *file, unsigned line, const char *condition, uint64_t value);

/* The first PT_LOAD lies here, and this code runs in it at its virtual address. */
void check_first_segment(const struct aloft_info *info, uint64_t virt, uint64_t phys);

bool string_same(const char *a, const char *b);

#endif
