/* Writing JSON (RFC 8259), two spaces a level. Numbers of 64 bits are strings, "0x...", for many
 * readers have only the 53 bits of a double. `key` is NULL within an array. */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <stdio.h>

#include "types.h"

struct json {
    FILE *to;
    u32 depth;
    bool after_value; /* at this depth there is one already */
};

/* '{' or '[', and the end of either. */
void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);

/* Bytes that are no ASCII text are written as U+FFFD. */
void json_string(struct json *json, const char *key, const char *value);
void json_number(struct json *json, const char *key, u32 value);
void json_hex(struct json *json, const char *key, u64 value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

#endif
