/* Two modules, booted with
 *     kernel /boot/KERNEL hello "big world" x=1
 *     module /boot/one.bin first argument
 *     module /boot/two.bin
 * where byte i of one.bin is i * 7 + 3, and of two.bin i * 13 + 1. */
#include "test.h"

struct expected {
    const char *path;
    const char *arguments;
    uint32_t size;
    uint8_t factor, first;
};

static const struct expected expected[] = {
    {"/boot/one.bin", "first argument", 5000, 7, 3},
    {"/boot/two.bin", "", 1000003, 13, 1},
};

static void check_module(const struct aloft_module *module, const struct expected *e) {
    CHECK(string_same(ALOFT_POINTER(const char, module->path_virt), e->path));
    CHECK(string_same(ALOFT_POINTER(const char, module->arguments_virt), e->arguments));
    CHECK_VALUE(module->size == e->size, module->size);
    CHECK_VALUE(module->virt != ALOFT_NO_ADDRESS, module->phys);

    const uint8_t *bytes = ALOFT_POINTER(const uint8_t, module->virt);
    uint8_t wanted = e->first;
    uint32_t i = 0;
    for (; i < e->size; i++, wanted = (uint8_t)(wanted + e->factor))
        CHECK_VALUE(bytes[i] == wanted, i);
    for (; (i & 0xfff) != 0; i++)
        CHECK_VALUE(bytes[i] == 0, i);
}

void kernel_main(const struct aloft_info *info) {
    test_begin(KERNEL_NAME, info);
    const char *line = ALOFT_POINTER(const char, info->command_line_virt);
    CHECK(string_same(line, "hello \"big world\" x=1"));
    CHECK_VALUE(info->modules.count == 2, info->modules.count);
    const struct expected *e = expected;
    for (ALOFT_EACH(const struct aloft_module, module, info->modules))
        check_module(module, e++);
    test_pass();
}
