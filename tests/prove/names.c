/* A variable's name lies within the text, wherever its $ stands and whatever the text is. */
#include "contracts.h"

#include "language.h"

/*@ predicate at_text{L}(struct config *c) =
        \valid(c) && c->spot.at <= c->source.size <= CONFIG_BYTES_MAX &&
        (c->source.size == 0 || \valid_read(c->source.at + (0 .. c->source.size - 1))); */

/*@ requires at_text(c) && c->spot.at < c->source.size;
    assigns \nothing;
    ensures \result ==> c->spot.at + 1 < c->source.size; */
static bool at_crlf(const struct config *c);

/*@ requires at_text(c);
    assigns \nothing;
    ensures \result == -1 <==> c->spot.at == c->source.size;
    ensures -1 <= \result <= 255; */
static int current(const struct config *c);

/*@ requires at_text(c) && c->spot.at < c->source.size;
    assigns c->spot, c->line_start;
    ensures at_text(c) && \old(c->spot.at) < c->spot.at; */
static void advance(struct config *c);

/*@ requires -1 <= character <= 255;
    assigns \nothing;
    ensures \result ==> character >= 0; */
static bool is_digit(int character);

/*@ requires at_text(c);
    assigns c->spot, c->line_start;
    ensures at_text(c) && \old(c->spot.at) <= c->spot.at; */
static void pass_name(struct config *c);

/*@ requires \valid(c) && 0 < length && \valid_read(name + (0 .. length - 1));
    assigns *c; */
static bool put_named(struct config *c, const u8 *name, size_t length, bool quoted);

/*@ assigns *c; */
static void put(struct config *c, int character);

/*@ assigns \nothing; */
static struct config_place here(const struct config *c);

/*@ assigns *c; */
bool config_takes(struct config *c, struct config_place place, const char *name, const char *what);

/*@ requires at_text(c) && c->spot.at < c->source.size; */
static bool read_variable(struct config *c, bool quoted);

#include "../../config/lexer.c"
