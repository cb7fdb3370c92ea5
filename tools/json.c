#include "json.h"

static void put_character(struct json *json, char c) {
    unsigned char byte = (unsigned char)c;
    if (c == '"' || c == '\\')
        fprintf(json->to, "\\%c", c);
    else if (byte < ' ')
        fprintf(json->to, "\\u%04x", byte);
    else if (byte > '~')
        fputs("\\ufffd", json->to);
    else
        fputc(c, json->to);
}

static void put_string(struct json *json, const char *value) {
    fputc('"', json->to);
    while (*value)
        put_character(json, *value++);
    fputc('"', json->to);
}

/* The comma, the line end and the key in front of a value. */
static void begin(struct json *json, const char *key) {
    if (json->after_value)
        fputc(',', json->to);
    if (json->depth)
        fprintf(json->to, "\n%*s", (int)json->depth * 2, "");
    if (key) {
        put_string(json, key);
        fputs(": ", json->to);
    }
    json->after_value = true;
}

void json_open(struct json *json, const char *key, char bracket) {
    begin(json, key);
    fputc(bracket, json->to);
    json->depth++;
    json->after_value = false;
}

void json_close(struct json *json, char bracket) {
    json->depth--;
    if (json->after_value)
        fprintf(json->to, "\n%*s", (int)json->depth * 2, "");
    fputc(bracket, json->to);
    if (!json->depth)
        fputc('\n', json->to);
    json->after_value = true;
}

void json_string(struct json *json, const char *key, const char *value) {
    begin(json, key);
    put_string(json, value);
}

void json_number(struct json *json, const char *key, u32 value) {
    begin(json, key);
    fprintf(json->to, "%u", value);
}

void json_hex(struct json *json, const char *key, u64 value) {
    begin(json, key);
    fprintf(json->to, "\"0x%llx\"", (unsigned long long)value);
}

void json_bool(struct json *json, const char *key, bool value) {
    begin(json, key);
    fputs(value ? "true" : "false", json->to);
}

void json_null(struct json *json, const char *key) {
    begin(json, key);
    fputs("null", json->to);
}
