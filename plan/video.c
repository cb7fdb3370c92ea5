#include "video.h"
#include "bytes.h"
#include "video_list.h"

/* Fields of ModeInfoBlock. */
enum {
    MODE_ATTRIBUTES = 0,
    MODE_PITCH = 16,
    MODE_WIDTH = 18,
    MODE_HEIGHT = 20,
    MODE_DEPTH = 25,
    MODE_MEMORY_MODEL = 27,
    MODE_COLOURS = 31,
    MODE_PHYS = 40,
    MODE_LINEAR_PITCH = 50, /* these two from VBE 3.0 on */
    MODE_LINEAR_COLOURS = 54,
    NEEDED =
        1 << 0 | 1 << 3 | 1 << 4 | 1 << 7, /* supported, colour, graphics, linear framebuffer */
    PACKED_PIXELS = 4,
    DIRECT_COLOUR = 6,
};

/* Size and position, for red, green and blue. */
static struct colour_bits colour_at(const u8 *at) {
    return (struct colour_bits){.position = at[1], .size = at[0]};
}

bool video_mode_of(const u8 info[VBE_MODE_INFO_SIZE], u32 version, u16 number,
                   struct video_mode *mode) {
    bool linear = version >= 0x0300 && load16(info + MODE_LINEAR_PITCH);
    const u8 *colours = info + (linear ? MODE_LINEAR_COLOURS : MODE_COLOURS);
    u8 depth = info[MODE_DEPTH], model = info[MODE_MEMORY_MODEL];
    *mode = (struct video_mode){.number = number,
                                .width = load16(info + MODE_WIDTH),
                                .height = load16(info + MODE_HEIGHT),
                                .pitch = load16(info + (linear ? MODE_LINEAR_PITCH : MODE_PITCH)),
                                .phys = load32(info + MODE_PHYS),
                                .depth = depth};
    if ((load16(info + MODE_ATTRIBUTES) & NEEDED) != NEEDED || !mode->phys || !mode->width ||
        !mode->height || mode->pitch < (mode->width * depth + 7u) >> 3)
        return false;
    if (model == PACKED_PIXELS && depth == 8)
        return true;
    mode->red = colour_at(colours);
    mode->green = colour_at(colours + 2);
    mode->blue = colour_at(colours + 4);
    if (depth == 16 && mode->red.size + mode->green.size + mode->blue.size == 15)
        mode->depth = 15;
    return model == DIRECT_COLOUR && depth >= 15 && depth <= 32 && mode->red.size &&
           mode->green.size && mode->blue.size;
}

/* The first detailed timing is the preferred one. */
void video_read_edid(const u8 edid[EDID_SIZE], struct video_modes *modes) {
    enum { TIMING = 54 };
    const u8 *timing = edid + TIMING;
    if (load32(edid) != 0xffffff00 || load32(edid + 4) != 0x00ffffff || !load16(timing))
        return;
    modes->preferred_width = timing[2] | (timing[4] & 0xf0u) << 4;
    modes->preferred_height = timing[5] | (timing[7] & 0xf0u) << 4;
}

bool video_wanted(const char *list) {
    struct video_wish wish;
    return video_next_wish(&list, &wish) && !wish.text;
}

/* How well a mode answers a wish: the higher the better, 0 for not at all. Above all the size, then
 * the area, then the depth. */
enum { SMALLER = 1, FITS = 2, EXACT = 3, AREA_BITS = 27, SIZE_SHIFT = AREA_BITS + 3 };

static u32 depth_rank(u32 wanted, u32 depth) {
    if (depth == wanted)
        return 7;
    return depth == 32 ? 6 : depth == 24 ? 5 : depth == 16 ? 4 : depth == 15 ? 3 : 0;
}

static u32 rank(const struct video_wish *wish, const struct video_mode *mode) {
    u32 depth = depth_rank(wish->depth, mode->depth);
    u32 area = (u32)min_u64((u32)mode->width * mode->height, (1u << AREA_BITS) - 1);
    if (!depth)
        return 0;
    if (mode->width == wish->width && mode->height == wish->height)
        return (u32)EXACT << SIZE_SHIFT | depth;
    if (mode->width <= wish->width && mode->height <= wish->height)
        return (u32)FITS << SIZE_SHIFT | area << 3 | depth;
    return (u32)SMALLER << SIZE_SHIFT | ((1u << AREA_BITS) - 1 - area) << 3 | depth;
}

static const struct video_mode *best_mode(const struct video_wish *wish,
                                          const struct video_modes *modes, u32 least) {
    const struct video_mode *best = NULL;
    for (u32 i = 0; i < modes->count; i++) {
        u32 r = rank(wish, &modes->modes[i]);
        if (r > least) {
            best = &modes->modes[i];
            least = r;
        }
    }
    return best;
}

/* Exactly this wish: its size, and its depth if it names one. */
static const struct video_mode *exact_mode(const struct video_wish *wish,
                                           const struct video_modes *modes) {
    return best_mode(wish, modes, (u32)EXACT << SIZE_SHIFT | (wish->depth ? 6 : 0));
}

static struct video_wish sized(struct video_wish wish, const struct video_modes *modes) {
    if (!wish.width) {
        wish.width = modes->preferred_width ? modes->preferred_width : 1024;
        wish.height = modes->preferred_height ? modes->preferred_height : 768;
    }
    return wish;
}

/* NULL for the text screen. */
static const struct video_mode *choose(const char *list, const struct video_modes *modes,
                                       struct video_wish *first) {
    struct video_wish wish;
    bool is_first = true;
    for (; *list && video_next_wish(&list, &wish); is_first = false) {
        if (wish.text)
            return NULL;
        wish = sized(wish, modes);
        if (is_first)
            *first = wish;
        const struct video_mode *mode = exact_mode(&wish, modes);
        if (mode) {
            *first = wish;
            return mode;
        }
    }
    return best_mode(first, modes, 0);
}

void video_choose(const char *list, struct machine *machine, struct error *note) {
    struct video_wish first = {.text = true};
    *note = OK;
    machine->video_mode = 0;
    if (!video_wanted(list))
        return;
    const struct video_mode *mode = choose(list, &machine->video, &first);
    if (!mode) {
        if (!machine->video.count)
            *note = error_make(ERROR_VIDEO_NONE, .name = list);
        return;
    }
    if (mode->width != first.width || mode->height != first.height ||
        (first.depth && mode->depth != first.depth))
        *note = error_make(ERROR_VIDEO_OTHER, .name = list,
                           .number = {mode->width, mode->height, mode->depth});
    machine->video_mode = mode->number;
    machine->screen = (struct screen){.kind = SCREEN_PIXELS,
                                      .phys = mode->phys,
                                      .width = mode->width,
                                      .height = mode->height,
                                      .pitch = mode->pitch,
                                      .depth = mode->depth == 15 ? 16 : mode->depth,
                                      .red = mode->red,
                                      .green = mode->green,
                                      .blue = mode->blue};
}
