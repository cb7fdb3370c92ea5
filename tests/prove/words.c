/* The functions that walk over a word: for any string, of any length, they read no byte behind its
 * NUL and come to an end. */
#include "contracts.h"

#include "language.h"
#include "trust.h"
#include "video_list.h"

/* --- base/text.h --- */

/*@ requires string(string);
    assigns \nothing;
    ensures \result == length_of(string); */
size_t string_length(const char *string);

/*@ requires string(a) && string(b);
    assigns \nothing; */
bool string_equal(const char *a, const char *b);

/*@ requires string(string) && string(prefix);
    assigns \nothing;
    ensures \result ==> length_of(string) >= length_of(prefix); */
bool string_starts(const char *string, const char *prefix);

/* --- config/language.h --- */

/*@ assigns \nothing;
    ensures \result ==> c != 0; */
bool is_blank(int c);

/*@ requires string(string) && run(part, length);
    assigns \nothing;
    ensures \result ==> length_of(string) == length; */
bool string_is(const char *string, const char *part, size_t length);

/*@ requires string(string);
    assigns \nothing;
    ensures \result == string + length_of(string) + 1; */
const char *string_next(const char *string);

/*@ requires string(word);
    assigns \nothing; */
static bool is_assignment(const char *word);

/*@ requires string(word) && string(meant);
    assigns \nothing; */
static bool is_typo(const char *word, const char *meant);

/*@ assigns \nothing; */
static u32 digit_value(char c);

/*@ requires run(string, length) && \valid(number);
    assigns *number; */
bool config_number(const char *string, size_t length, u64 *number);

/* --- config/device.c --- */

/*@ requires \valid(at) && string(*at);
    assigns *at;
    ensures string(*at); */
static u32 number_at(const char **at);

/*@ requires string(at);
    assigns \nothing; */
static bool ends(const char *at);

/* --- config/options.c --- */

/*@ requires run(value, length) && \valid(size);
    assigns *size; */
bool config_size(const char *value, size_t length, u64 *size);

/*@ requires string(value);
    assigns \nothing;
    ensures 0 <= \result <= length_of(value); */
static size_t part_length(const char *value);

/*@ requires run(word, length) && \valid(map);
    assigns *map; */
static bool set_map_word(const char *word, size_t length, struct map_option *map);

/*@ requires string(value) && \valid(map);
    assigns *map; */
static bool read_map(const char *value, struct map_option *map);

/* --- config/trust.c --- */

/*@ assigns \nothing;
    ensures \result < 16 ==> c != 0;
    ensures \result <= 16; */
static u32 digit_of(char c);

/*@ requires \valid(at) && string(*at) && \valid(bytes + (0 .. size - 1));
    assigns *at, bytes[0 .. size - 1];
    ensures string(*at) && \result <= size; */
static u32 read_hex(const char **at, u8 *bytes, u32 size);

/*@ requires string(at) && length_of(at) >= 19;
    requires \valid(key);
    assigns *key; */
static bool read_key(const char *at, struct key *key);

/*@ assigns \nothing;
    ensures c == 0 ==> \result; */
static bool ends_name(char c);

/*@ requires string(list) && string(user);
    assigns \nothing; */
static bool is_listed(const char *list, const char *user);

/* --- config/video_list.c --- */

/*@ assigns \nothing;
    ensures c == 0 ==> \result; */
static bool is_end(char c);

/*@ requires string(at) && \valid(number);
    assigns *number;
    ensures string(\result); */
static const char *read_number(const char *at, u32 *number);

/*@ requires string(at) && \valid(end) && \valid(wish);
    assigns *end, *wish;
    ensures \result ==> string(*end); */
static bool read_size(const char *at, const char **end, struct video_wish *wish);

/*@ requires string(at) && string(word);
    assigns \nothing;
    ensures string(\result); */
static const char *after_word(const char *at, const char *word);

#include "../../base/text.c"
#include "../../config/language.c"
#include "../../config/device.c"
#include "../../config/options.c"
#include "../../config/trust.c"
#include "../../config/video_list.c"
