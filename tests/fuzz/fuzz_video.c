/* Any bytes as what a BIOS says of its screen: VBE's mode blocks and a monitor's EDID, and any list
 * of wishes. The screen that is chosen is one of the modes.
 *
 *   input   | version | count | length of the list | list | EDID | mode blocks, the first 60 bytes
 * | */
#include "fuzz.h"
#include "video.h"

enum { LIST_MAX = 64, BLOCK = 60 };

static void take_modes(struct feed *feed, u32 version, u32 count, struct video_modes *modes) {
    u8 info[VBE_MODE_INFO_SIZE] = {0};
    modes->count = 0;
    for (u32 i = 0; i < count && modes->count < VIDEO_MODES_MAX; i++) {
        struct bytes bytes = feed_bytes(feed, BLOCK);
        struct video_mode *mode = &modes->modes[modes->count];
        memcpy(info, bytes.at, bytes.size);
        if (!video_mode_of(info, version, (u16)(0x100 + i), mode))
            continue;
        MUST(mode->width && mode->height && mode->phys);
        MUST(mode->pitch * 8u >= mode->width * (mode->depth & ~7u));
        modes->count++;
    }
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size) {
    static struct machine machine;
    struct feed feed = {data, size};
    char list[LIST_MAX + 1];
    u8 edid[EDID_SIZE] = {0};
    u32 version = feed_number(&feed, 1) & 1 ? 0x300 : 0x200, count = (u32)feed_number(&feed, 1);
    struct bytes words = feed_bytes(&feed, feed_number(&feed, 1) % LIST_MAX);
    memcpy(list, words.at, words.size);
    list[words.size] = 0;
    struct bytes monitor = feed_bytes(&feed, 72);
    memcpy(edid, monitor.at, monitor.size);
    machine.screen = (struct screen){.kind = SCREEN_TEXT};
    machine.video.preferred_width = machine.video.preferred_height = 0;
    video_read_edid(edid, &machine.video);
    take_modes(&feed, version, count % 16, &machine.video);
    struct error note;
    video_choose(list, &machine, &note);
    show_error(note);
    MUST((machine.screen.kind == SCREEN_PIXELS) == (machine.video_mode != 0));
    if (machine.video_mode)
        MUST(machine.screen.phys && machine.screen.width && machine.screen.height);
    return 0;
}
