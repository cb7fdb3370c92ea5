#include "input.h"

#include "clock.h"
#include "console.h"

/* What has come of a sequence on the serial line, and when. */
static struct key_reader reader;
static u32 reader_ticks;

enum { ESCAPE_TICKS = 3 }; /* at least 110 ms: a sequence's bytes follow each other faster */

static u32 serial_key(void) {
    int byte;
    while ((byte = console_serial_read()) >= 0) {
        u32 key = key_feed(&reader, (u8)byte);
        reader_ticks = clock_ticks();
        if (key)
            return key;
    }
    if (key_pending(&reader) && clock_since(reader_ticks) >= ESCAPE_TICKS)
        return key_timeout(&reader);
    return KEY_NONE;
}

u32 input_key(void) {
    u32 key = serial_key();
    struct bios_registers registers = {.eax = 0x1100};
    if (key)
        return key;
    bios_call(0x16, &registers);
    if (registers.flags & FLAG_ZERO)
        return KEY_NONE;
    registers.eax = 0x1000;
    bios_call(0x16, &registers);
    return key_from_bios(registers.eax);
}

bool input_shift(void) {
    return *bda(BDA_SHIFT) & 3;
}

void input_idle(void) {
    struct bios_registers registers = {.eax = 0};
    bios_call(BIOS_IDLE, &registers);
}

void input_forget(void) {
    enum { BDA_KEYS = 0x41e, BDA_KEYS_SIZE = 32 };
    memset((u8 *)(uintptr_t)bda(BDA_KEYS), 0, BDA_KEYS_SIZE);
    reader = (struct key_reader){0, 0};
}

void input_drain(void) {
    while (input_key())
        ;
}

void input_any_key(void) {
    while (!input_key())
        input_idle();
}
