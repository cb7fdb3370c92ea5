/* Loads and stores touch their own bytes and no others. */
#include "contracts.h"

#include "bytes.h"

/*@ requires \valid_read(at + (0 .. 1));
    assigns \nothing; */
static inline u16 load16(const u8 *at);

/*@ requires \valid_read(at + (0 .. 3));
    assigns \nothing; */
static inline u32 load32(const u8 *at);

/*@ requires \valid_read(at + (0 .. 7));
    assigns \nothing; */
static inline u64 load64(const u8 *at);

/*@ requires \valid(at + (0 .. 1));
    assigns at[0 .. 1]; */
static inline void store16(u8 *at, u16 value);

/*@ requires \valid(at + (0 .. 3));
    assigns at[0 .. 3]; */
static inline void store32(u8 *at, u32 value);

/*@ requires \valid(at + (0 .. 7));
    assigns at[0 .. 7]; */
static inline void store64(u8 *at, u64 value);
