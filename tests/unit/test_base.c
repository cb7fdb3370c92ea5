/* base/: text, ranges, bytes, sources, and the list of errors. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bytes.h"
#include "error.h"
#include "range.h"
#include "source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOP (~(u64)0)

/* ---- text ---- */

struct number_test {
    u64 value;
    u32 digits;
    const char *text;
};

static const struct number_test decimal_tests[] = {
    {0, 0, "0"},
    {9, 0, "9"},
    {10, 0, "10"},
    {65535, 0, "65535"},
    {65536, 0, "65536"},
    {4294967295, 0, "4294967295"},
    {4294967296, 0, "4294967296"},
    {1000000000000000000, 0, "1000000000000000000"},
    {9999999999999999999u, 0, "9999999999999999999"},
    {TOP, 0, "18446744073709551615"},
};

static const struct number_test hex_tests[] = {
    {0, 1, "0x0"},
    {0, 8, "0x00000000"},
    {0xf, 1, "0xf"},
    {0x10, 1, "0x10"},
    {0x10, 2, "0x10"},
    {0x10, 3, "0x010"},
    {0xdeadbeef, 8, "0xdeadbeef"},
    {0xdeadbeef, 4, "0xdeadbeef"},
    {0x100000000, 8, "0x100000000"},
    {TOP, 1, "0xffffffffffffffff"},
    {TOP, 16, "0xffffffffffffffff"},
    {1, 16, "0x0000000000000001"},
    {(u64)1 << 63, 1, "0x8000000000000000"},
};

static const struct number_test size_tests[] = {
    {0, 0, "0 bytes"},
    {1, 0, "1 byte"},
    {2, 0, "2 bytes"},
    {1023, 0, "1023 bytes"},
    {KIB, 0, "1 KiB"},
    {KIB + 102, 0, "1 KiB"},
    {KIB + 103, 0, "1.1 KiB"},
    {1536, 0, "1.5 KiB"},
    {64 * KIB, 0, "64 KiB"},
    {639 * KIB, 0, "639 KiB"},
    {MIB - 1, 0, "1023.9 KiB"},
    {MIB, 0, "1 MiB"},
    {MIB + 1, 0, "1 MiB"},
    {MIB + MIB / 2, 0, "1.5 MiB"},
    {GIB - 1, 0, "1023.9 MiB"},
    {GIB, 0, "1 GiB"},
    {5 * GIB, 0, "5 GiB"},
    {(u64)1 << 40, 0, "1 TiB"},
    {((u64)1 << 40) - 1, 0, "1023.9 GiB"},
    {(u64)3 << 39, 0, "1.5 TiB"},
    {(u64)1 << 50, 0, "1024 TiB"},
    {TOP, 0, "16777215.9 TiB"},
};

static void decimal(struct text *text, const struct number_test *row) {
    text_decimal(text, row->value);
}

static void hex(struct text *text, const struct number_test *row) {
    text_hex(text, row->value, row->digits);
}

static void size(struct text *text, const struct number_test *row) {
    text_size(text, row->value);
}

static void check_numbers(const struct number_test *rows, size_t count,
                          void (*write)(struct text *, const struct number_test *)) {
    for (size_t i = 0; i < count; i++) {
        char buffer[32];
        struct text text = TEXT_IN(buffer);
        write(&text, &rows[i]);
        assert_string_equal(buffer, rows[i].text);
        assert_int_equal(text.used, strlen(buffer));
    }
}

static void test_numbers(void **state) {
    (void)state;
    check_numbers(decimal_tests, ARRAY_COUNT(decimal_tests), decimal);
    check_numbers(hex_tests, ARRAY_COUNT(hex_tests), hex);
    check_numbers(size_tests, ARRAY_COUNT(size_tests), size);
    for (u64 value = 1, i = 0; i < 300; i++, value = value * 3 + i) {
        char buffer[32], expected[32];
        struct text text = TEXT_IN(buffer);
        text_decimal(&text, value);
        snprintf(expected, sizeof expected, "%llu", (unsigned long long)value);
        assert_string_equal(buffer, expected);
    }
}

/* What does not fit is dropped; the sanitizer watches the end of the buffer. */
static void test_text_is_bounded(void **state) {
    (void)state;
    static const char *const expected[] = {"",     "",      "a",      "ab",     "ab1",
                                           "ab12", "ab120", "ab120x", "ab120xf"};
    for (size_t room = 1; room < ARRAY_COUNT(expected); room++) {
        char *buffer = malloc(room);
        struct text text = text_in(buffer, room);
        assert_string_equal(buffer, "");
        text_string(&text, "ab");
        text_decimal(&text, 12);
        text_hex(&text, 0xf, 1);
        assert_string_equal(buffer, expected[room]);
        text_pad(&text, 100);
        text_size(&text, TOP);
        assert_int_equal(text.used, strlen(buffer));
        assert_true(text.used < room);
        free(buffer);
    }
}

static void test_pad(void **state) {
    (void)state;
    char buffer[12];
    struct text text = TEXT_IN(buffer);
    text_pad(&text, 3);
    assert_string_equal(buffer, "   ");
    text_string(&text, "ab");
    text_pad(&text, 3); /* the column is passed: one space all the same */
    assert_string_equal(buffer, "   ab ");
    text_pad(&text, 6);
    assert_string_equal(buffer, "   ab  ");
    text_pad(&text, 1000);
    assert_string_equal(buffer, "   ab      ");
}

struct fill_test {
    const char *template;
    const char *text;
};

static const struct text_values fill_values = {"kernel", "data", {0x1234, 4096, 'x', TOP}};

static const struct fill_test fill_tests[] = {
    {"", ""},
    {"no braces", "no braces"},
    {"{name}", "kernel"},
    {"<{name}|{other}>", "<kernel|data>"},
    {"{0} {1} {2}", "4660 4096 120"},
    {"{0x} {1x} {3x}", "0x1234 0x1000 0xffffffffffffffff"},
    {"{0b} {1b}", "4.5 KiB 4 KiB"},
    {"'{2c}'", "'x'"},
    {"{4} {9x} {-1}", "{4} {9x} {-1}"},
    {"{0y} {0xx} {x0}", "{0y} {0xx} {x0}"},
    {"{Name} {names} {nam} {othe}", "{Name} {names} {nam} {othe}"},
    {"{}", "{}"},
    {"{{0}}", "{4660}"},
    {"{{name}", "{kernel"},
    {"} {0} {", "} 4660 {"},
    {"{name", "{name"},
    {"{0x", "{0x"},
    {"menuentry \"My kernel\" { kernel }", "menuentry \"My kernel\" { kernel }"},
};

static void test_fill(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(fill_tests); i++) {
        char buffer[80];
        struct text text = TEXT_IN(buffer);
        text_fill(&text, fill_tests[i].template, &fill_values);
        assert_string_equal(buffer, fill_tests[i].text);
    }
    char buffer[80];
    struct text text = TEXT_IN(buffer);
    text_fill(&text, "{name} {other} {3}", &(struct text_values){0});
    assert_string_equal(buffer, "? ? 0");
    text = text_in(buffer, 6);
    text_fill(&text, "{name}{name}", &fill_values);
    assert_string_equal(buffer, "kerne");
}

static void test_strings(void **state) {
    (void)state;
    assert_int_equal(string_length(""), 0);
    assert_int_equal(string_length("kernel"), 6);
    assert_true(string_equal("", "") && string_equal("ab", "ab"));
    assert_false(string_equal("", "a") || string_equal("a", "") || string_equal("ab", "abc") ||
                 string_equal("abc", "ab") || string_equal("ab", "ac"));
    assert_true(string_starts("", "") && string_starts("a", "") && string_starts("ab", "a") &&
                string_starts("ab", "ab"));
    assert_false(string_starts("", "a") || string_starts("ab", "abc") || string_starts("ab", "b"));
}

/* ---- ranges and bytes ---- */

static void test_range_make(void **state) {
    (void)state;
    struct range range;
    assert_true(range_make(0, 0, &range) && range_make(TOP, 0, &range));
    assert_true(range_make(0, TOP, &range) && range_make(1, TOP - 1, &range));
    assert_true(range_make(TOP - 1, 1, &range));
    assert_true(range.start == TOP - 1 && range.size == 1 && range_end(range) == TOP);
    assert_false(range_make(TOP, 1, &range));
    assert_false(range_make(1, TOP, &range));
    assert_false(range_make(TOP, TOP, &range));
    assert_false(range_make((u64)1 << 63, (u64)1 << 63, &range));
}

struct pair_test {
    struct range a, b;
    bool overlaps; /* either way round */
    bool a_contains_b, b_contains_a;
};

static const struct pair_test pair_tests[] = {
    {{0x1000, 0x1000}, {0x2000, 0x1000}, false, false, false},
    {{0x1000, 0x1001}, {0x2000, 0x1000}, true, false, false},
    {{0x1000, 0x1000}, {0x1fff, 1}, true, true, false},
    {{0x1000, 0x1000}, {0x1fff, 2}, true, false, false},
    {{0x1000, 0x1000}, {0x1000, 0x1000}, true, true, true},
    {{0x1000, 0x1000}, {0x1000, 0xfff}, true, true, false},
    {{0x1000, 0x1000}, {0x1800, 0}, false, true, false},
    {{0x1000, 0x1000}, {0x2000, 0}, false, true, false},
    {{0x1000, 0x1000}, {0x2001, 0}, false, false, false},
    {{0, 0}, {0, 0}, false, true, true},
    {{0, TOP}, {0x1000, 1}, true, true, false},
    {{0, TOP}, {TOP - 1, 1}, true, true, false},
    {{0, 1}, {TOP - 1, 1}, false, false, false},
    {{TOP - 0xfff, 0xfff}, {TOP - 1, 1}, true, true, false},
};

static void test_range_pairs(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(pair_tests); i++) {
        const struct pair_test *row = &pair_tests[i];
        if (range_overlaps(row->a, row->b) != row->overlaps ||
            range_overlaps(row->b, row->a) != row->overlaps ||
            range_contains(row->a, row->b) != row->a_contains_b ||
            range_contains(row->b, row->a) != row->b_contains_a)
            fail_msg("row %zu", i);
    }
    /* Ends at 2^64, which range_make() would not make, but rows of a plan have. */
    struct range top = {TOP - 0xfff, 0x1000};
    assert_true(range_overlaps(top, (struct range){TOP, 1}));
    assert_true(range_overlaps((struct range){TOP - 0x1fff, 0x1001}, top));
    assert_false(range_overlaps((struct range){TOP - 0x1fff, 0x1000}, top));
    assert_false(range_overlaps((struct range){0, 0x1000}, top));
    assert_true(range_has(top, TOP) && range_has(top, TOP - 0xfff));
    assert_false(range_has(top, 0) || range_has(top, TOP - 0x1000));
}

static void test_range_has(void **state) {
    (void)state;
    struct range range = {0x1000, 0x1000};
    assert_true(range_has(range, 0x1000) && range_has(range, 0x1fff));
    assert_false(range_has(range, 0xfff) || range_has(range, 0x2000) || range_has(range, TOP));
    assert_false(range_has((struct range){0x1000, 0}, 0x1000));
}

static void test_alignment(void **state) {
    (void)state;
    assert_true(align_down(0, 4096) == 0 && align_down(4095, 4096) == 0);
    assert_true(align_down(4096, 4096) == 4096 && align_down(TOP, 4096) == TOP - 4095);
    assert_true(align_up(0, 4096) == 0 && align_up(1, 4096) == 4096);
    assert_true(align_up(4096, 4096) == 4096 && align_up(4097, 4096) == 8192);
    assert_true(align_up(TOP - 4095, 4096) == TOP - 4095);
    assert_true(align_up(0x100000001, GIB) == 5 * GIB && align_up(7, 1) == 7);
    assert_true(is_aligned(0, GIB) && is_aligned(GIB, GIB) && !is_aligned(GIB + 1, 2));
    assert_true(min_u64(1, TOP) == 1 && min_u64(TOP, 1) == 1 && min_u64(2, 2) == 2);
    assert_true(max_u64(1, TOP) == TOP && max_u64(TOP, 1) == TOP && max_u64(2, 2) == 2);
}

static void test_pages_outward(void **state) {
    (void)state;
    static const struct range rows[][2] = {
        {{0x1000, 0x1000}, {0x1000, 0x1000}},
        {{0x1001, 0x1000}, {0x1000, 0x2000}},
        {{0x1fff, 1}, {0x1000, 0x1000}},
        {{0x1fff, 2}, {0x1000, 0x2000}},
        {{0x1000, 0}, {0x1000, 0}},
        {{0, 1}, {0, 0x1000}},
        {{TOP - 1, 1}, {TOP - 0xfff, 0x1000}},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        struct range pages = range_pages_outward(rows[i][0]);
        if (pages.start != rows[i][1].start || pages.size != rows[i][1].size)
            fail_msg("row %zu", i);
    }
}

static void test_bytes(void **state) {
    (void)state;
    static const u8 bytes[] = {0xff, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x81};
    assert_int_equal(load16(bytes + 1), 0xcdef);
    assert_true(load32(bytes + 1) == 0x89abcdef && load32(bytes + 5) == 0x81234567);
    assert_true(load64(bytes + 1) == 0x8123456789abcdef);
    u8 to[10] = {0};
    store16(to + 1, 0xcdef);
    store32(to + 1, 0x89abcdef);
    assert_int_equal(to[5], 0);
    store64(to + 1, 0x8123456789abcdef);
    assert_memory_equal(to + 1, bytes + 1, 8);
    assert_true(to[0] == 0 && to[9] == 0);
}

/* ---- sources ---- */

/* Notes what it was asked for. */
struct recorder {
    u64 offset;
    size_t size;
    u32 reads;
};

static struct error record(void *context, u64 offset, void *to, size_t bytes) {
    struct recorder *recorder = context;
    recorder->offset = offset;
    recorder->size = bytes;
    recorder->reads++;
    memset(to, 0x55, bytes);
    return OK;
}

struct bound_test {
    u64 start, source_size, offset, size;
    bool fits;
};

static const struct bound_test bound_tests[] = {
    {0, 0, 0, 0, true},           {0, 0, 0, 1, false},          {0, 16, 0, 16, true},
    {0, 16, 0, 17, false},        {0, 16, 15, 1, true},         {0, 16, 15, 2, false},
    {0, 16, 16, 0, true},         {0, 16, 16, 1, false},        {0, 16, 17, 0, false},
    {0, 16, TOP, 1, false},       {0, 16, TOP, 0, false},       {0, 16, 1, TOP, false},
    {0, 16, TOP - 15, 16, false}, {0x1000, 16, 8, 8, true},     {TOP - 16, 16, 15, 1, true},
    {TOP - 16, 16, 0, 16, true},  {TOP - 16, 16, 15, 2, false}, {TOP - 16, 16, TOP, 2, false},
    {0, TOP, TOP - 1, 1, true},   {0, TOP, TOP, 0, true},       {0, TOP, TOP, 1, false},
    {0, TOP, TOP - 1, 2, false},  {0, TOP, 2, TOP - 1, false},
};

static void check_bound(size_t i, struct error error, const struct bound_test *row) {
    if (error.code != (row->fits ? ERROR_NONE : ERROR_SOURCE_PAST_END))
        fail_msg("row %zu: error %d", i, (int)error.code);
    if (row->fits)
        return;
    assert_string_equal(error.values.name, "disk");
    assert_true(error.values.number[0] == row->offset && error.values.number[1] == row->size &&
                error.values.number[2] == row->source_size);
}

static void test_source_bounds(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(bound_tests); i++) {
        const struct bound_test *row = &bound_tests[i];
        struct recorder recorder = {0};
        struct source slice, source = {record, &recorder, row->start, row->source_size, "disk"};
        check_bound(i, source_slice(&source, row->offset, row->size, &slice), row);
        if (row->fits)
            assert_true(slice.start == row->start + row->offset && slice.size == row->size &&
                        slice.context == &recorder && slice.name == source.name);
        if (row->size > 64 && row->fits)
            continue;
        u8 to[64];
        check_bound(i, source_read(&source, row->offset, to, row->size), row);
        assert_int_equal(recorder.reads, row->fits && row->size ? 1 : 0);
        if (recorder.reads)
            assert_true(recorder.offset == row->start + row->offset && recorder.size == row->size);
    }
}

static struct error always_fails(void *context, u64 offset, void *to, size_t bytes) {
    (void)context;
    (void)to;
    return error_make(ERROR_DISK_READ, .name = "disk", .number = {offset, bytes});
}

static void test_slices(void **state) {
    (void)state;
    const struct bytes bytes = {(const u8 *)"0123456789abcdef", 16};
    struct source all = source_memory(&bytes, "text"), part, piece;
    assert_int_equal(source_slice(&all, 4, 8, &part).code, ERROR_NONE);
    assert_int_equal(source_slice(&part, 2, 6, &piece).code, ERROR_NONE);
    assert_int_equal(source_slice(&part, 2, 7, &all).code, ERROR_SOURCE_PAST_END);
    char to[17] = {0};
    assert_int_equal(source_read(&piece, 1, to, 5).code, ERROR_NONE);
    assert_string_equal(to, "789ab");
    assert_int_equal(source_read(&piece, 1, to, 6).code, ERROR_SOURCE_PAST_END);
    assert_string_equal(piece.name, "text");
    /* What the medium says comes through. */
    struct source bad = {always_fails, NULL, 100, 10, "bad"};
    assert_int_equal(source_read_for(&bad, "file", 9, to, 1).code, ERROR_DISK_READ);
    struct error past = source_read_for(&bad, "file", 9, to, 2);
    assert_int_equal(past.code, ERROR_VOLUME_PAST_END);
    assert_string_equal(past.values.name, "file");
    assert_true(past.values.number[0] == 9 && past.values.number[1] == 10);
    struct error error = source_read(&bad, 3, to, 2);
    assert_int_equal(error.code, ERROR_DISK_READ);
    assert_true(error.values.number[0] == 103);
    assert_int_equal(source_read(&bad, 10, to, 0).code, ERROR_NONE);
    const struct bytes nothing = {NULL, 0};
    struct source empty = source_memory(&nothing, "empty");
    assert_int_equal(source_read(&empty, 0, to, 0).code, ERROR_NONE);
    assert_int_equal(source_read(&empty, 0, to, 1).code, ERROR_SOURCE_PAST_END);
}

/* ---- the list of errors ---- */

enum { TEXT_LIMIT = 160 };

/* The length of what stands in braces at `at`, if it is one of the header's keys; 0 if not. */
static size_t key_length(const char *at) {
    static const char *const keys[] = {"{name}", "{other}"};
    for (size_t i = 0; i < ARRAY_COUNT(keys); i++)
        if (!strncmp(at, keys[i], strlen(keys[i])))
            return strlen(keys[i]);
    if (at[0] != '{' || at[1] < '0' || at[1] > '3')
        return 0;
    if (at[2] == '}')
        return 3;
    return strchr("xbc", at[2]) && at[3] == '}' ? 4 : 0;
}

/* Braces are keys, or in the errors of the configuration the braces of its language. */
static void check_template(const char *name, const char *template, bool may_show_braces) {
    for (const char *at = template; *at; at++) {
        size_t length = *at == '{' ? key_length(at) : 0;
        bool alone = *at == '}' || at[1] == ' ' || at[1] == '"' || !at[1];
        if (!length && (*at == '{' || *at == '}') && !(may_show_braces && alone))
            fail_msg("%s: an odd brace at \"%s\"", name, at);
        if ((unsigned char)*at < ' ' || (unsigned char)*at > '~')
            fail_msg("%s: not plain ASCII: \"%s\"", name, at);
        at += length ? length - 1 : 0;
    }
}

static bool ends_like_a_sentence(const char *text) {
    size_t length = strlen(text);
    return text[length - 1] == '.' && strcmp(text + length - 3, "...");
}

static void test_error_list(void **state) {
    (void)state;
    assert_true(error_row_count > 50);
    for (size_t i = 0; i < error_row_count; i++) {
        const struct error_row *row = &error_rows[i];
        bool config = !strncmp(error_names[i], "CONFIG_", 7);
        for (size_t j = 0; j < i; j++) {
            if (error_rows[j].code == row->code || !strcmp(error_names[j], error_names[i]))
                fail_msg("%s: number %d is %s too", error_names[i], (int)row->code, error_names[j]);
            if (!strcmp(error_rows[j].text, row->text) && !strcmp(error_rows[j].fix, row->fix))
                fail_msg("%s: the text and the fix of %s", error_names[i], error_names[j]);
        }
        if (row->code <= 0 || strlen(row->text) < 10 || strlen(row->fix) < 10)
            fail_msg("%s: number, text and fix must not be empty", error_names[i]);
        if (strlen(row->text) >= TEXT_LIMIT || strlen(row->fix) >= TEXT_LIMIT)
            fail_msg("%s: too long", error_names[i]);
        if (ends_like_a_sentence(row->text) || ends_like_a_sentence(row->fix))
            fail_msg("%s: ends with a full stop, unlike the others", error_names[i]);
        check_template(error_names[i], row->text, config);
        check_template(error_names[i], row->fix, config);
    }
}

/* With values there, every text comes out whole and without a brace that was meant to be replaced.
 */
static void test_error_texts(void **state) {
    (void)state;
    for (size_t i = 0; i < error_row_count; i++) {
        char buffer[400], fix_buffer[400];
        struct text text = TEXT_IN(buffer), fix = TEXT_IN(fix_buffer);
        struct error error = {.code = error_rows[i].code,
                              .values = {"the-name", "the-other", {101, 102, 'q', 104}}};
        error_text(&error, &text);
        error_fix(&error, &fix);
        const char *templates[] = {error_rows[i].text, error_rows[i].fix};
        const char *texts[] = {buffer, fix_buffer};
        for (u32 j = 0; j < 2; j++) {
            assert_non_null(*texts[j] ? texts[j] : NULL);
            assert_int_equal(!strstr(templates[j], "{name}"), !strstr(texts[j], "the-name"));
            assert_int_equal(!strstr(templates[j], "{other}"), !strstr(texts[j], "the-other"));
            assert_null(strstr(texts[j], "{0"));
            assert_null(strstr(texts[j], "{1"));
            assert_null(strstr(texts[j], "{2"));
        }
    }
    char buffer[80];
    struct text text = TEXT_IN(buffer);
    char name[400] = "/boot/", report[512];
    memset(name + 6, 'n', 390);
    memcpy(name + 390, "/k.elf", 6);
    struct error long_name = error_make(ERROR_FILE_NOT_FOUND, .name = name);
    struct text room = TEXT_IN(report);
    error_text(&long_name, &room);
    assert_memory_equal(report, "/boot/nnn", 9);
    assert_non_null(strstr(report, "nn ... nn"));
    assert_non_null(strstr(report, "n/k.elf: no such file on the boot volume"));
    const char *behind = strstr(report, ": no such file");
    u32 part = (TEXT_VALUE_MAX - 5) / 2; /* on each side of the gap */
    assert_int_equal(behind - report, 2 * part + 5);
    assert_memory_equal(report, name, part);
    assert_memory_equal(report + part, " ... ", 5);
    assert_memory_equal(report + part + 5, name + 396 - part, part);
    name[TEXT_VALUE_MAX] = 0;
    room = TEXT_IN(report);
    error_text(&long_name, &room);
    assert_null(strstr(report, "..."));
    error_text(&OK, &text);
    error_fix(&OK, &text);
    assert_string_equal(buffer, "no errornothing to do");
}

static struct error steps(u32 fail_at, u32 *done) {
    for (*done = 0; *done < 3; ++*done)
        TRY(*done == fail_at ? error_make(ERROR_A20, .number = {fail_at}) : OK);
    return OK;
}

static void test_try(void **state) {
    (void)state;
    u32 done;
    assert_int_equal(steps(9, &done).code, ERROR_NONE);
    assert_int_equal(done, 3);
    struct error error = steps(1, &done);
    assert_int_equal(error.code, ERROR_A20);
    assert_int_equal(error.values.number[0], 1);
    assert_int_equal(done, 1);
    assert_true(error.line == 0 && error.column == 0 && error.values.name == NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),     cmocka_unit_test(test_text_is_bounded),
        cmocka_unit_test(test_pad),         cmocka_unit_test(test_fill),
        cmocka_unit_test(test_strings),     cmocka_unit_test(test_range_make),
        cmocka_unit_test(test_range_pairs), cmocka_unit_test(test_range_has),
        cmocka_unit_test(test_alignment),   cmocka_unit_test(test_pages_outward),
        cmocka_unit_test(test_bytes),       cmocka_unit_test(test_source_bounds),
        cmocka_unit_test(test_slices),      cmocka_unit_test(test_error_list),
        cmocka_unit_test(test_error_texts), cmocka_unit_test(test_try),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
