/* The arithmetic on numbers that nobody has checked yet, proved for every input. The contracts say
 * in ACSL what base/range.h says in words. */
#include "contracts.h"

#include "range.h"

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

/* What a mask does to a number. prove.py has z3 show these two bit for bit, for all 64 powers
 * of two. */
/*@ axiomatic masks {
      predicate power_of_two(integer a);
      axiom power: \forall integer a; power_of_two(a) ==> 1 <= a <= 0x8000000000000000;
      axiom high: \forall integer v, a; power_of_two(a) && 0 <= v <= 0xffffffffffffffff ==>
          (v & (unsigned long long)~(a - 1)) == v - v % a;
      axiom low: \forall integer v, a; power_of_two(a) && 0 <= v <= 0xffffffffffffffff ==>
          (v & (a - 1)) == v % a;
    } */

/*@ requires power_of_two(alignment);
    assigns \nothing;
    ensures \result == value - value % alignment; */
static inline u64 align_down(u64 value, u64 alignment);

/*@ requires power_of_two(alignment) && value + alignment <= 0xffffffffffffffff;
    assigns \nothing;
    ensures \result == (value + alignment - 1) - (value + alignment - 1) % alignment; */
static inline u64 align_up(u64 value, u64 alignment);

/*@ requires power_of_two(alignment);
    assigns \nothing;
    ensures \result <==> value % alignment == 0; */
static inline bool is_aligned(u64 value, u64 alignment);
