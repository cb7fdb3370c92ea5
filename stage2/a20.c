#include "a20.h"

#include "bios.h"
#include "x86.h"

enum {
    PROBE_LOW = 0x600,     /* a double word nobody uses */
    PROBE_HIGH = 0x100600, /* the same with A20 */
    KEYBOARD_STATUS = 0x64,
    KEYBOARD_DATA = 0x60,
    KEYBOARD_WAITS = 0x10000,
    SYSTEM_CONTROL = 0x92,
};

/* Off means that both addresses are one. The values differ from anything that can lie there twice.
 */
static bool a20_is_on(void) {
    volatile u32 *low = (volatile u32 *)bda(PROBE_LOW), *high = (volatile u32 *)bda(PROBE_HIGH);
    u32 saved_low = *low, saved_high = *high;
    *low = ~saved_high;
    bool on = *high == saved_high && *high != *low;
    *low = saved_low;
    return on;
}

/* The line takes a moment on some machines. */
static bool a20_comes_on(void) {
    for (u32 i = 0; i < 32; i++) {
        if (a20_is_on())
            return true;
        in8(0x80);
    }
    return false;
}

static void by_bios(void) {
    struct bios_registers registers = {.eax = 0x2401};
    bios_call(0x15, &registers);
}

/* Bit 0 of this port resets the machine: never set it. */
static void by_port_92(void) {
    out8(SYSTEM_CONTROL, (u8)((in8(SYSTEM_CONTROL) | 2) & ~1));
}

static void keyboard_send(u16 port, u8 value) {
    for (u32 i = 0; i < KEYBOARD_WAITS && in8(KEYBOARD_STATUS) & 2; i++)
        ;
    out8(port, value);
}

/* Write output port: A20 on, no reset; then a null command, which some controllers need. */
static void by_keyboard_controller(void) {
    keyboard_send(KEYBOARD_STATUS, 0xd1);
    keyboard_send(KEYBOARD_DATA, 0xdf);
    keyboard_send(KEYBOARD_STATUS, 0xff);
}

struct error a20_enable(void) {
    if (a20_is_on())
        return OK;
    by_bios();
    if (a20_comes_on())
        return OK;
    by_port_92();
    if (a20_comes_on())
        return OK;
    by_keyboard_controller();
    if (a20_comes_on())
        return OK;
    return error_make(ERROR_A20, .name = 0);
}
