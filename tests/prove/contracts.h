/* What the proofs of WP have in common. */
#ifndef PROVE_CONTRACTS_H
#define PROVE_CONTRACTS_H

#include "prove.h"

/* What C says of a negative number made unsigned (C11 6.3.1.3): the prover's library has it for
 * those that fit only. */
/*@ axiomatic conversion {
      axiom below_zero: \forall integer x; -0x10000000000000000 <= x < 0 ==>
          (unsigned long long)x == x + 0x10000000000000000;
      axiom below_zero_32: \forall integer x; -0x100000000 <= x < 0 ==>
          (unsigned)x == x + 0x100000000;
    } */

/* Bits of small numbers: prove.py has z3 show these bit for bit. */
/*@ axiomatic bits {
      axiom shifted: \forall integer c; 0 <= c <= 255 ==> (c << 8) == 256 * c;
      axiom lower_case: \forall integer c; -128 <= c <= 255 ==> -128 <= (c | 32) <= 255;
    } */

/*@ requires \valid(sum);
    assigns *sum;
    ensures \result <==> a + b > 0xffffffffffffffff;
    ensures !\result ==> *sum == a + b; */
static inline bool prove_add_overflow(u64 a, u64 b, u64 *sum);

/* Neither the NUL that ends a word nor what the lexer has for the end of a text. */
/*@ requires -128 <= c <= 255;
    assigns \nothing;
    ensures \result ==> c != 0 && c != -1; */
bool is_name_char(int c);

#endif
