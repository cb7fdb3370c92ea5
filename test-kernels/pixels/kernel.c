/* A framebuffer: it is mapped where the information says, write-combining, or uncached where the CPU cannot, and
 * what is drawn shows on the screen. The test compares the screen with what draw() leaves there. */
#include "test.h"

/* A colour of 8 bits a part in the screen's own bits. */
static uint32_t colour(const struct aloft_screen *screen, uint32_t red, uint32_t green,
                       uint32_t blue) {
    return red >> (8 - screen->red_size) << screen->red_position |
           green >> (8 - screen->green_size) << screen->green_position |
           blue >> (8 - screen->blue_size) << screen->blue_position;
}

static void put(const struct aloft_screen *screen, uint32_t x, uint32_t y, uint32_t value) {
    uint32_t bytes = screen->bits_per_pixel / 8;
    volatile uint8_t *at =
        ALOFT_POINTER(volatile uint8_t, screen->virt + (uint64_t)y * screen->pitch + x * bytes);
    for (uint32_t i = 0; i < bytes; i++, value >>= 8)
        at[i] = (uint8_t)value;
}

/* Four quarters: red, green, blue, white. */
static void draw(const struct aloft_screen *screen) {
    for (uint32_t y = 0; y < screen->height; y++)
        for (uint32_t x = 0; x < screen->width; x++) {
            uint32_t quarter = 2 * (y >= screen->height / 2) + (x >= screen->width / 2);
            put(screen, x, y,
                quarter == 0   ? colour(screen, 255, 0, 0)
                : quarter == 1 ? colour(screen, 0, 255, 0)
                : quarter == 2 ? colour(screen, 0, 0, 255)
                               : colour(screen, 255, 255, 255));
        }
}

static void check_mapping(const struct aloft_info *info) {
    const struct aloft_screen *screen = &info->screen;
    for (ALOFT_EACH(const struct aloft_mapping, m, info->mappings))
        if (m->purpose == ALOFT_FOR_SCREEN) {
            CHECK_VALUE(m->virt <= screen->virt, m->virt);
            CHECK_VALUE(m->virt + m->size >=
                            screen->virt + (uint64_t)screen->pitch * screen->height,
                        m->size);
            CHECK_VALUE(m->phys + (screen->virt - m->virt) == screen->phys, m->phys);
            /* Which of the two, check_info() has compared with the page tables. */
            CHECK_VALUE(m->attributes & (ALOFT_MAP_WRITE_COMBINING | ALOFT_MAP_UNCACHED),
                        m->attributes);
            CHECK_VALUE(m->attributes & ALOFT_MAP_WRITE, m->attributes);
            return;
        }
    bool framebuffer_is_mapped = info->paging == ALOFT_PAGING_OFF;
    CHECK(framebuffer_is_mapped);
}

void kernel_main(const struct aloft_info *info) {
    const struct aloft_screen *screen = &info->screen;
    test_begin(KERNEL_NAME, info);
    CHECK_VALUE(screen->kind == ALOFT_SCREEN_FRAMEBUFFER, screen->kind);
    CHECK_VALUE(screen->virt != ALOFT_NO_ADDRESS, screen->phys);
    CHECK_VALUE(screen->pitch >= screen->width * (screen->bits_per_pixel / 8), screen->pitch);
    check_mapping(info);
    draw(screen);
    print_fact("width", screen->width);
    print_fact("height", screen->height);
    print_fact("depth", screen->bits_per_pixel);
    const char *line = ALOFT_POINTER(const char, info->command_line_virt);
    if (!string_same(line, "stay"))
        test_pass();
    print("drawn\n");
    for (;;)
        __asm__ volatile("hlt");
}
