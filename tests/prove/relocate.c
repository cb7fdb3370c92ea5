/* The relocations: tables with any bytes at any place of a piece, places that lie anywhere. The
 * steps are taken one by one, since what one of them has checked is no relation that Eva keeps. */
#include "prove.h"

#include "relocate.h"

#include "../../elf/relocate.c"

enum { SIZE = 24 };

u8 table[SIZE], other[SIZE];
struct elf_piece pieces[] = {{0, SIZE, other}, {0, SIZE, table}};
struct image image;
struct relocator relocator;

static u64 any(void) {
    return Frama_C_unsigned_long_long_interval(0, ~(u64)0);
}

/* Each size of what is looked for, and all that are too large. */
static void find_any(void) {
    u64 size = any();
    u8 *found;
    if (size <= SIZE) {
        //@ split size;
        found = find(&relocator, any(), size);
        if (found && size) {
            //@ assert found: \valid(found) && \valid(found + size - 1);
        }
    } else {
        found = find(&relocator, any(), size);
        //@ assert none: found == \null;
    }
}

/* The dynamic section, or a table, is any part of a piece. */
static void read_any(u32 start, u32 size) {
    image.dynamic.virt = 0x1000 + start;
    image.dynamic.size = size;
    struct error error = read_dynamic(&relocator);
    (void)error;
}

static void apply_any(u32 start, u32 size) {
    const struct table_kind *kind = &table_kinds[Frama_C_interval(0, 3)];
    //@ split kind->place;
    for (u32 i = 0; i < DT_COUNT; i++)
        relocator.dynamic[i] = any();
    relocator.dynamic[kind->place] = 0x1000 + start;
    relocator.dynamic[kind->size] = size;
    image.slide = any();
    struct error error = apply_table(&relocator, kind);
    (void)error;
}

void prove(void) {
    u32 start = Frama_C_unsigned_int_interval(0, SIZE),
        size = Frama_C_unsigned_int_interval(0, SIZE);
    u32 step = Frama_C_unsigned_int_interval(0, 2), count = Frama_C_unsigned_int_interval(0, 2);
    Frama_C_make_unknown((char *)table, SIZE);
    Frama_C_make_unknown((char *)other, SIZE);
    image.name = "file";
    image.bits = 32 << Frama_C_interval(0, 1);
    //@ split image.bits;
    //@ split step;
    relocator = (struct relocator){
        .image = &image, .pieces = pieces, .piece_count = 2, .word = image.bits / 8};
    pieces[0].virt = 0x4000;
    pieces[1].virt = 0x1000;
    if (step == 0) {
        pieces[0].virt = any();
        pieces[1].virt = any();
        //@ split count;
        relocator.piece_count = count;
        if (count)
            relocator.recent = Frama_C_unsigned_int_interval(0, count - 1);
        find_any();
        return;
    }
    //@ split start;
    //@ split size;
    if (start + size > SIZE)
        return;
    if (step == 1)
        read_any(start, size);
    else
        apply_any(start, size);
}
