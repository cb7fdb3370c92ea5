/* The arithmetic on numbers that nobody has checked yet, proved for every input. The contracts say
 * in ACSL what base/range.h says in words. */
#include "prove.h"

#include "range.h"

/* What C says of a negative number made unsigned (C11 6.3.1.3): the prover's library has it for those
 * that fit only. It is the one thing that is taken and not proved. */
/*@ axiomatic conversion {
      axiom below_zero: \forall integer x; -0x10000000000000000 <= x < 0 ==>
          (unsigned long long)x == x + 0x10000000000000000;
    } */

/*@ requires \valid(sum);
    assigns *sum;
    ensures \result <==> a + b > 0xffffffffffffffff;
    ensures !\result ==> *sum == a + b; */
static inline bool prove_add_overflow(u64 a, u64 b, u64 *sum);

/*@ requires \valid(range);
    assigns *range;
    ensures range->start == start && range->size == size;
    ensures \result <==> start + size <= 0xffffffffffffffff; */
static inline bool range_make(u64 start, u64 size, struct range *range);

/*@ requires range.start + range.size <= 0xffffffffffffffff;
    assigns \nothing;
    ensures \result == range.start + range.size; */
static inline u64 range_end(struct range range);

/*@ requires a.start + a.size <= 0x10000000000000000;
    requires b.start + b.size <= 0x10000000000000000;
    assigns \nothing;
    ensures \result <==> a.size > 0 && b.size > 0 && a.start < b.start + b.size &&
                         b.start < a.start + a.size; */
static inline bool range_overlaps(struct range a, struct range b);

/*@ requires outer.start + outer.size <= 0xffffffffffffffff;
    requires inner.start + inner.size <= 0xffffffffffffffff;
    assigns \nothing;
    ensures \result <==> outer.start <= inner.start &&
                         inner.start + inner.size <= outer.start + outer.size; */
static inline bool range_contains(struct range outer, struct range inner);

/*@ assigns \nothing;
    ensures \result <==> range.start <= address < range.start + range.size; */
static inline bool range_has(struct range range, u64 address);

/*@ assigns \nothing;
    ensures \result == \min(a, b); */
static inline u64 min_u64(u64 a, u64 b);

/*@ assigns \nothing;
    ensures \result == \max(a, b); */
static inline u64 max_u64(u64 a, u64 b);
