#include "test.h"

#include "check.h"
#include "dump.h"
#include "fault.h"

static struct {
    const char *name;
    uint16_t *screen; /* NULL without a text screen of 80 columns */
} test = {.name = "?"};

void test_name(const char *name, const struct aloft_info *info) {
    test.name = name;
    fault_install();
    CHECK_VALUE(info->version == ALOFT_VERSION, info->version);
    CHECK_VALUE(info->size >= sizeof *info, info->size);
    print_start(info);
    if (info->screen.kind == ALOFT_SCREEN_TEXT && info->screen.width == PRINT_COLUMNS &&
        info->screen.virt != ALOFT_NO_ADDRESS)
        test.screen = ALOFT_POINTER(uint16_t, info->screen.virt);
}

void test_begin(const char *name, const struct aloft_info *info) {
    test_name(name, info);
    dump_info(info);
    check_info(info);
    dump_leaves(info);
}

_Noreturn static void quit(uint8_t status) {
    port_write(0xf4, status);
    cpu_halt();
}

void test_begin_briefly(const char *name, const struct aloft_info *info) {
    if (string_same(ALOFT_POINTER(const char, info->command_line_virt), "dump")) {
        test_begin(name, info);
        return;
    }
    test_name(name, info);
    check_info(info);
}

/* "PASS name" or "FAIL name" on the screen. It may be the screen that is not mapped as it should
 * be: a fault on the way leads here again, but not to the screen again. */
static void show_result(const char *result, uint8_t colour) {
    uint16_t *screen = test.screen;
    test.screen = NULL;
    if (screen == NULL)
        return;
    print_on_cells(screen, 0, 0, colour);
    print(result);
    print(test.name);
    print_character(' ');
    print_on_serial();
}

static void print_result(const char *result) {
    print_on_serial();
    print(result);
    print(test.name);
}

void test_pass(void) {
    show_result("PASS ", 0x2f);
    print_result("PASS ");
    print("\n");
    quit(0x10);
}

void test_fail(const char *reason) {
    print_result("FAIL ");
    print(": ");
    print(reason);
    print("\n");
    show_result("FAIL ", 0x4f);
    quit(0x11);
}

void test_fail_at(const char *file, unsigned line, const char *condition, uint64_t value) {
    print_result("FAIL ");
    print(": ");
    print(file);
    print_character(':');
    print_decimal(line);
    print(": ");
    print(condition);
    print(" (");
    print_hex(value);
    print(")\n");
    show_result("FAIL ", 0x4f);
    quit(0x11);
}

void check_first_segment(const struct aloft_info *info, uint64_t virt, uint64_t phys) {
    CHECK(info->segments.count > 0);
    const struct aloft_segment *first = ALOFT_POINTER(struct aloft_segment, info->segments.virt);
    CHECK_VALUE(first->virt == virt, first->virt);
    CHECK_VALUE(first->phys == phys, first->phys);
    uint64_t here = (uintptr_t)__builtin_return_address(0);
    CHECK_VALUE(here - first->virt < first->size, here);
}

bool string_same(const char *a, const char *b) {
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}
