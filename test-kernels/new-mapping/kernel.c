/* New mappings to the text screen's frame. Page 0 needs no new table: the first MiB is mapped in
 * small pages, so the table is there. 0xdeadbeaf000 needs three, of frames that nobody uses. What
 * is written there is seen on the screen: "New!". */
#include "fault.h"
#include "reach.h"
#include "test.h"

enum { SCREEN = 0xb8000, NEW_OFFSET = 400 /* in words of 64 bits: the start of row 20 */ };

static const uint64_t new_text = 0xf021f077f065f04e; /* "New!", black on white */

static void show(uint64_t virt, unsigned tables) {
    print_hex(virt);
    print(" -> ");
    print_hex(SCREEN);
    print(": ");
    print_decimal(tables);
    print(" new tables\n");
}

/* Written at the new address, read at the old one. */
static void write_new(const struct reach *reach, uint64_t virt) {
    volatile uint64_t *old = ALOFT_POINTER(volatile uint64_t, reach->offset + SCREEN) + NEW_OFFSET;
    volatile uint64_t *new = ALOFT_POINTER(volatile uint64_t, virt) + NEW_OFFSET;
    *old = 0;
    *new = new_text;
    CHECK_VALUE(*old == new_text, *old);
    CHECK(reach_translate(reach, virt) == SCREEN);
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    CHECK(info->direct_virt != ALOFT_NO_ADDRESS);
    struct reach reach = {.way = REACH_OFFSET, .offset = info->direct_virt};
    struct frames frames = frames_all(info);

    print(probe_read(0) ? "page 0 is not mapped\n" : "page 0 is mapped, and will be another\n");
    unsigned tables = reach_map(&reach, 0, SCREEN, ENTRY_WRITE, &frames);
    show(0, tables);
    CHECK_VALUE(tables == 0 && frames.taken == 0, tables);
    write_new(&reach, 0);

    CHECK(probe_read(0xdeadbeaf000) && fault_last().address == 0xdeadbeaf000);
    tables = reach_map(&reach, 0xdeadbeaf000, SCREEN, ENTRY_WRITE, &frames);
    show(0xdeadbeaf000, tables);
    CHECK_VALUE(tables == 3 && frames.taken == 3, tables);
    write_new(&reach, 0xdeadbeaf000);
    print("\"New!\" is on the screen, row 20\n");
    test_pass();
}
