/* What a configuration says of the screen: the value of --video, and GRUB's $gfxpayload.
 *
 *   WxH, WxHxD   that size, in pixels; with D bits a pixel, else with as many as there are
 *   auto         what the monitor prefers, else 1024x768
 *   text, keep   the text screen as it is
 *
 * Several stand behind each other, separated by commas or semicolons: the first one that the
 * machine has wins. */
#ifndef CONFIG_VIDEO_LIST_H
#define CONFIG_VIDEO_LIST_H

#include "types.h"

struct video_wish {
    bool text;
    u32 width, height; /* 0 for auto */
    u32 depth;         /* 0 for any */
};

/* The next wish of a list; *list moves behind it. False at the end of the list, and for what is no
 * wish, where *list stays. */
bool video_next_wish(const char **list, struct video_wish *wish);

/* Is it a list from end to end? */
bool video_is_list(const char *list);

#endif
