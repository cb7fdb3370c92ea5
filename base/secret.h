/* Bytes that nobody else may learn: passwords, and what is made of them. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "types.h"

/* Zeroes them, also where the compiler sees that nobody reads them any more. */
void secret_wipe(void *bytes, size_t size);

/* Are they the same? Takes the same time wherever they differ. */
bool secret_equal(const void *a, const void *b, size_t size);

#endif
