/* Keys from the PC's keyboard and from the serial line at once (menu/keys.h says what a key is). */
#ifndef STAGE2_INPUT_H
#define STAGE2_INPUT_H

#include "keys.h"

/* A key that was pressed, or KEY_NONE: it never waits. INT 16h, AH=10h and 11h. */
u32 input_key(void);

/* Is a Shift key held? Costs no BIOS call. */
bool input_shift(void);

/* Sleeps until the next interrupt, so that the clock goes on and keys come in. A byte on the serial
 * line does not end the sleep, but the timer does, after at most 55 ms; the port holds 16 bytes. */
void input_idle(void);

/* Keys that were pressed before do not count. */
void input_drain(void);

/* Sleeps until a key is pressed. */
void input_any_key(void);

/* The BIOS keeps the last 16 keys in its data area (0x41e): no longer. */
void input_forget(void);

#endif
