/* config/video_list and plan/video: wishes, modes, choices. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "bytes.h"
#include "video.h"
#include "video_list.h"

#include <stdlib.h>
#include <string.h>

/* ---- lists ---- */

static void test_lists(void **state) {
    (void)state;
    static const struct {
        const char *list;
        bool is_list, wanted;
    } rows[] = {
        {"1024x768", true, true},
        {"1024x768x32", true, true},
        {"auto", true, true},
        {"text", true, false},
        {"keep", true, false},
        {"800x600;text", true, true},
        {"text,800x600", true, false},
        {"1x1x1", true, true},
        {"9999x9999x9999", true, true},
        {"800x600,auto,", true, true},
        {"", false, false},
        {"1024", false, false},
        {"1024x", false, false},
        {"x768", false, false},
        {"800x600x", false, false},
        {"0x600", false, false},
        {"800x0", false, false},
        {"10000x600", false, false},
        {"800x600,banana", false, true},
        {"automatic", false, false},
        {"texts", false, false},
        {",", false, false},
        {"800x600x32x1", false, false},
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        if (video_is_list(rows[i].list) != rows[i].is_list)
            fail_msg("%s: is it a list?", rows[i].list);
        if (video_wanted(rows[i].list) != rows[i].wanted)
            fail_msg("%s: is it wanted?", rows[i].list);
    }
}

static void test_wishes(void **state) {
    (void)state;
    const char *list = "1024x768x24;auto,640x480,keep";
    struct video_wish wish;
    assert_true(video_next_wish(&list, &wish));
    assert_true(wish.width == 1024 && wish.height == 768 && wish.depth == 24 && !wish.text);
    assert_true(video_next_wish(&list, &wish));
    assert_true(!wish.width && !wish.height && !wish.depth && !wish.text);
    assert_true(video_next_wish(&list, &wish));
    assert_true(wish.width == 640 && wish.height == 480 && !wish.depth);
    assert_true(video_next_wish(&list, &wish));
    assert_true(wish.text && !*list);
    assert_false(video_next_wish(&list, &wish));
}

/* ---- what the BIOS says of a mode ---- */

static void fill_info(u8 *info) {
    memset(info, 0, VBE_MODE_INFO_SIZE);
    store16(info, 0x99);
    store16(info + 16, 4096), store16(info + 18, 1024), store16(info + 20, 768);
    info[25] = 32, info[27] = 6;
    memcpy(info + 31, "\x08\x10\x08\x08\x08\x00", 6);
    store32(info + 40, 0xfd000000);
}

static void test_mode_info(void **state) {
    (void)state;
    u8 info[VBE_MODE_INFO_SIZE];
    struct video_mode mode;
    fill_info(info);
    assert_true(video_mode_of(info, 0x0200, 0x144, &mode));
    assert_true(mode.number == 0x144 && mode.width == 1024 && mode.height == 768 &&
                mode.pitch == 4096 && mode.depth == 32 && mode.phys == 0xfd000000);
    assert_true(mode.red.size == 8 && mode.red.position == 16 && mode.blue.position == 0);

    /* VBE 3 has fields of its own for the linear framebuffer; without them the others count. */
    store16(info + 50, 8192);
    memcpy(info + 54, "\x08\x00\x08\x08\x08\x10", 6);
    assert_true(video_mode_of(info, 0x0300, 1, &mode) && mode.pitch == 8192 &&
                mode.red.position == 0);
    assert_true(video_mode_of(info, 0x0200, 1, &mode) && mode.pitch == 4096);
    store16(info + 50, 0);
    assert_true(video_mode_of(info, 0x0300, 1, &mode) && mode.pitch == 4096);

    /* 5-5-5 calls itself 16 bits at times. */
    fill_info(info);
    info[25] = 16;
    memcpy(info + 31, "\x05\x0a\x05\x05\x05\x00", 6);
    assert_true(video_mode_of(info, 0x0200, 1, &mode) && mode.depth == 15);
    memcpy(info + 31, "\x05\x0b\x06\x05\x05\x00", 6);
    assert_true(video_mode_of(info, 0x0200, 1, &mode) && mode.depth == 16 && mode.green.size == 6);
    fill_info(info);
    info[25] = 8, info[27] = 4;
    assert_true(video_mode_of(info, 0x0200, 1, &mode) && mode.depth == 8 && !mode.red.size);
}

/* Each of these alone makes it no mode for us. */
static void test_bad_mode_info(void **state) {
    (void)state;
    static const struct {
        u8 at, value;
    } rows[] = {
        {0, 0x98},  {0, 0x91}, {0, 0x89}, {0, 0x19}, /* each of the four attributes missing */
        {17, 0x0f},                                  /* the pitch is less than a row */
        {27, 3},    {27, 4},   {25, 64},  {25, 4},   /* memory models and depths */
        {31, 0},    {33, 0},   {35, 0},              /* colours without bits */
        {43, 0},                                     /* no framebuffer */
        {19, 0},    {21, 0},                         /* no size */
    };
    for (size_t i = 0; i < ARRAY_COUNT(rows); i++) {
        u8 info[VBE_MODE_INFO_SIZE];
        struct video_mode mode;
        fill_info(info);
        info[rows[i].at] = rows[i].value;
        if (video_mode_of(info, 0x0200, 1, &mode))
            fail_msg("byte %u = %u", rows[i].at, rows[i].value);
    }
}

static void test_edid(void **state) {
    (void)state;
    struct video_modes modes = {.preferred_width = 7};
    u8 edid[EDID_SIZE] = {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0};
    video_read_edid(edid, &modes);
    assert_int_equal(modes.preferred_width, 7);               /* no detailed timing */
    memcpy(edid + 54, "\x01\x1d\x80\x18\x71\x38\x16\x40", 8); /* 1920 x 1080 */
    edid[58] = 0x71;
    edid[56] = 0x80, edid[59] = 0x38, edid[61] = 0x40;
    video_read_edid(edid, &modes);
    assert_int_equal(modes.preferred_width, 1920);
    assert_int_equal(modes.preferred_height, 1080);
    edid[7] = 1;
    edid[56] = 0;
    video_read_edid(edid, &modes);
    assert_int_equal(modes.preferred_width, 1920); /* its second half is wrong */
    edid[7] = 0;
    edid[0] = 1;
    video_read_edid(edid, &modes);
    assert_int_equal(modes.preferred_width, 1920); /* no EDID */
}

/* ---- choices ---- */

#define MODE(number, width, height, depth)                                     \
    {                                                                          \
        number, width, height, (width)*4, 0xe0000000, depth, {0, 0}, {0, 0}, { \
            0, 0                                                               \
        }                                                                      \
    }
static const struct video_mode some[] = {
    MODE(1, 640, 480, 8),    MODE(2, 640, 480, 16),   MODE(3, 640, 480, 32),
    MODE(4, 800, 600, 24),   MODE(5, 800, 600, 15),   MODE(6, 1024, 768, 16),
    MODE(7, 1024, 768, 24),  MODE(8, 1280, 800, 32),  MODE(9, 1280, 1024, 32),
    MODE(10, 1600, 1200, 8), MODE(11, 1152, 864, 16), MODE(12, 1366, 768, 15),
};

struct choice {
    const char *list;
    u32 preferred_width, preferred_height;
    u16 mode;
    enum error_code note;
};

static const struct choice choices[] = {
    {"640x480", 0, 0, 3, ERROR_NONE},
    {"640x480x16", 0, 0, 2, ERROR_NONE},
    {"640x480x8", 0, 0, 1, ERROR_NONE},
    {"640x480x24", 0, 0, 3, ERROR_VIDEO_OTHER},
    {"800x600", 0, 0, 4, ERROR_NONE},
    {"800x600x15", 0, 0, 5, ERROR_NONE},
    {"800x600x8", 0, 0, 4, ERROR_VIDEO_OTHER},
    {"1600x1200", 0, 0, 9, ERROR_VIDEO_OTHER},
    {"1600x1200x8", 0, 0, 10, ERROR_NONE},
    {"1280x1023", 0, 0, 8, ERROR_VIDEO_OTHER},
    {"1280x1025", 0, 0, 9, ERROR_VIDEO_OTHER},
    {"1152x864", 0, 0, 11, ERROR_NONE},
    {"1366x768", 0, 0, 12, ERROR_NONE},
    {"1300x900", 0, 0, 8, ERROR_VIDEO_OTHER},
    {"1023x768", 0, 0, 4, ERROR_VIDEO_OTHER},
    {"100x100", 0, 0, 3, ERROR_VIDEO_OTHER},
    {"9999x9999", 0, 0, 9, ERROR_VIDEO_OTHER},
    {"auto", 0, 0, 7, ERROR_NONE},
    {"auto", 1280, 1024, 9, ERROR_NONE},
    {"auto", 1920, 1080, 9, ERROR_VIDEO_OTHER},
    {"1920x1080,800x600", 0, 0, 4, ERROR_NONE},
    {"1920x1080,1024x768x32,800x600x15;640x480", 0, 0, 5, ERROR_NONE},
    {"1920x1080,text", 0, 0, 0, ERROR_NONE},
    {"text", 0, 0, 0, ERROR_NONE},
    {"", 0, 0, 0, ERROR_NONE},
};

static void test_choices(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_COUNT(choices); i++) {
        const struct choice *row = &choices[i];
        static struct machine machine;
        struct error note;
        machine.screen = (struct screen){.kind = SCREEN_TEXT, .phys = 0xb8000};
        machine.video.count = ARRAY_COUNT(some);
        memcpy(machine.video.modes, some, sizeof some);
        machine.video.preferred_width = row->preferred_width;
        machine.video.preferred_height = row->preferred_height;
        video_choose(row->list, &machine, &note);
        if (machine.video_mode != row->mode || note.code != row->note)
            fail_msg("%s: mode %u, note %u", row->list, machine.video_mode, note.code);
        assert_int_equal(machine.screen.kind, row->mode ? SCREEN_PIXELS : SCREEN_TEXT);
        if (row->mode)
            assert_int_equal(machine.screen.width, some[row->mode - 1].width);
    }
}

static void test_no_modes(void **state) {
    (void)state;
    static struct machine machine = {.screen = {.kind = SCREEN_TEXT}};
    struct error note;
    video_choose("1024x768", &machine, &note);
    assert_int_equal(note.code, ERROR_VIDEO_NONE);
    assert_int_equal(machine.video_mode, 0);
    assert_int_equal(machine.screen.kind, SCREEN_TEXT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),     cmocka_unit_test(test_wishes),
        cmocka_unit_test(test_mode_info), cmocka_unit_test(test_bad_mode_info),
        cmocka_unit_test(test_edid),      cmocka_unit_test(test_choices),
        cmocka_unit_test(test_no_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
