/* What Frama-C is told beside the modules' own sources: the compiler's builtins, which it does not
 * know, and the one read through which all foreign bytes come, as weakly as the contract of
 * base/source.h allows: any size, any bytes, any failure, at any call. */
#ifndef PROVE_H
#define PROVE_H

#include <string.h>

#include "__fc_builtin.h"
#include "source.h"

/* For the functions that walk over a string: it has a first NUL, below 2 GiB. What stands at a
 * place of it, and how much of it is left there, follows from that; it is taken, not proved. */
/*@ axiomatic strings {
      logic integer length_of{L}(char *s) reads s[0 ..];
      predicate string{L}(char *s) =
          0 <= length_of(s) < 0x7fffffff && \valid_read(s + (0 .. length_of(s)));
      axiom end{L}: \forall char *s, *t; string(s) && \base_addr(s) == \base_addr(t) &&
          0 <= t - s <= length_of(s) ==> (*t == 0 <==> t - s == length_of(s));
      axiom later{L}: \forall char *s, *t; string(s) && \base_addr(s) == \base_addr(t) &&
          0 <= t - s <= length_of(s) ==> length_of(t) == length_of(s) - (t - s);
      predicate run{L}(char *part, integer length) =
          length == 0 || (0 < length && \valid_read(part + (0 .. length - 1)));
    } */

static inline bool prove_add_overflow(u64 a, u64 b, u64 *sum) {
    *sum = a + b;
    return a > ~(u64)0 - b;
}
#define __builtin_add_overflow prove_add_overflow

/* Nothing is known of the result but its range, and that a power of two has its own. */
static inline int prove_ctz(u32 value) {
    int zeros = 0;
    //@ loop unroll 32;
    while (zeros < 31 && !(value >> zeros & 1))
        zeros++;
    return zeros;
}
#define __builtin_ctz prove_ctz

#define __builtin_bswap32(value) \
    ((value) >> 24 | ((value) >> 8 & 0xff00) | ((value)&0xff00) << 8 | (value) << 24)

/* What stands at `to` afterwards is unknown. That there is room is an alarm if it cannot be shown.
 */
static struct error prove_read(void *context, u64 offset, void *to, size_t size) {
    u8 *at = to;
    //@ assert room: \valid(at + (0 .. size - 1));
    Frama_C_make_unknown((char *)to, size);
    if (Frama_C_interval(0, 1))
        return error_make(ERROR_SOURCE_PAST_END, .name = "broken");
    return OK;
}

static struct source prove_source(void) {
    return (struct source){
        .read = prove_read,
        .size = Frama_C_unsigned_long_long_interval(0, 0xffffffffffffffffu),
        .name = "file",
    };
}

#endif
