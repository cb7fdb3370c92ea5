/* The A20 line: without it, bit 20 of every address reads as 0. */
#ifndef STAGE2_A20_H
#define STAGE2_A20_H

#include "error.h"

/* Tests first, then tries the BIOS, port 92h and the keyboard controller, testing after each; every
 * wait is bounded, for machines without a keyboard controller. ERROR_A20. */
MUST_USE struct error a20_enable(void);

#endif
