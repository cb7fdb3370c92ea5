/* Memory, as a kernel grows it: first a pointer behind the kernel's end that only goes up, then a
 * map of all frames, then a heap that takes back what it gave. Nothing that Aloft handed over lies
 * in the way: the modules are the same after a MiB behind the kernel has been written to. */
#include "check.h"
#include "test.h"

enum { FRAME = 4096, SCRIBBLE = 1 << 20, FRAMES_MAX = 1 << 20, HEAP_SIZE = 64 * 1024 };

extern char kernel_end[];

static uint32_t sum_of_modules(const struct aloft_info *info) {
    uint32_t sum = 0;
    for (ALOFT_EACH(const struct aloft_module, m, info->modules))
        for (uint64_t i = 0; i < m->size; i++)
            sum = sum * 31 + *ALOFT_POINTER(const uint8_t, m->virt + i);
    return sum;
}

/* ---- a pointer behind the kernel ---- */

struct placement {
    uint64_t next, end; /* physical */
    uint64_t offset;    /* of the direct map */
};

static struct placement placement_start(const struct aloft_info *info) {
    struct placement placement = {.offset = info->direct_virt};
    placement.next = page_up((uintptr_t)kernel_end - placement.offset);
    for (ALOFT_EACH(const struct aloft_memory, m, info->memory))
        if (m->kind == ALOFT_MEMORY_USABLE && placement.next - m->start < m->size)
            placement.end = m->start + m->size;
    CHECK_VALUE(placement.end != 0, placement.next);
    return placement;
}

static uint8_t *placement_take(struct placement *placement, uint32_t size) {
    uint64_t at = placement->next;
    placement->next = (at + size + 15) & ~(uint64_t)15;
    CHECK_VALUE(placement->next <= placement->end, placement->next);
    return ALOFT_POINTER(uint8_t, at + placement->offset);
}

/* ---- frames: a bit each, set if taken ---- */

struct frame_map {
    uint32_t *bits;
    uint32_t frames; /* that it has bits for */
    uint32_t free;
};

static bool frame_is_taken(const struct frame_map *map, uint32_t frame) {
    return (map->bits[frame / 32] >> frame % 32 & 1) != 0;
}

static void frame_mark(struct frame_map *map, uint32_t frame, bool taken) {
    CHECK_VALUE(frame_is_taken(map, frame) != taken, frame);
    map->bits[frame / 32] ^= (uint32_t)1 << frame % 32;
    map->free += taken ? ~(uint32_t)0 : 1;
}

static struct frame_map frame_map_make(const struct aloft_info *info, struct placement *from) {
    struct frame_map map = {.frames = 0};
    for (ALOFT_EACH(const struct aloft_memory, m, info->memory))
        if (m->kind == ALOFT_MEMORY_USABLE && (m->start + m->size) / FRAME <= FRAMES_MAX)
            map.frames = (uint32_t)((m->start + m->size) / FRAME);
    uint32_t words = (map.frames + 31) / 32;
    map.bits = (uint32_t *)placement_take(from, words * 4);
    for (uint32_t i = 0; i < words; i++)
        map.bits[i] = ~(uint32_t)0;
    for (ALOFT_EACH(const struct aloft_memory, m, info->memory))
        for (uint64_t at = m->start; m->kind == ALOFT_MEMORY_USABLE && at < m->start + m->size;
             at += FRAME)
            if (at / FRAME < map.frames)
                frame_mark(&map, (uint32_t)(at / FRAME), false);
    return map;
}

static uint32_t frame_take(struct frame_map *map) {
    for (uint32_t frame = 0; frame < map->frames; frame++) {
        if (!frame_is_taken(map, frame)) {
            frame_mark(map, frame, true);
            return frame;
        }
    }
    test_fail("no frame is free");
}

/* ---- the heap: blocks side by side, each with a header ---- */

struct block {
    uint32_t size; /* with the header; the next block begins behind it */
    uint32_t taken;
};

struct heap {
    uint8_t *start;
    uint32_t size;
};

static struct block *block_at(const struct heap *heap, uint32_t offset) {
    return (struct block *)(heap->start + offset);
}

static void *heap_take(const struct heap *heap, uint32_t size) {
    uint32_t needed = (size + sizeof(struct block) + 7) & ~(uint32_t)7;
    for (uint32_t at = 0; at < heap->size; at += block_at(heap, at)->size) {
        struct block *block = block_at(heap, at);
        if (block->taken || block->size < needed)
            continue;
        if (block->size - needed >= 2 * sizeof *block) {
            *block_at(heap, at + needed) = (struct block){.size = block->size - needed};
            block->size = needed;
        }
        block->taken = 1;
        return block + 1;
    }
    return NULL;
}

/* Free blocks that have come to stand side by side become one. */
static void heap_give(const struct heap *heap, void *memory) {
    struct block *given = (struct block *)memory - 1;
    CHECK_VALUE(given->taken, (uintptr_t)memory);
    given->taken = 0;
    for (uint32_t at = 0; at < heap->size;) {
        struct block *block = block_at(heap, at);
        uint32_t behind = at + block->size;
        if (!block->taken && behind < heap->size && !block_at(heap, behind)->taken)
            block->size += block_at(heap, behind)->size;
        else
            at = behind;
    }
}

static void use_heap(struct placement *from) {
    struct heap heap = {.start = placement_take(from, HEAP_SIZE), .size = HEAP_SIZE};
    *block_at(&heap, 0) = (struct block){.size = HEAP_SIZE};
    uint8_t *a = heap_take(&heap, 1000), *b = heap_take(&heap, 2000), *c = heap_take(&heap, 3000);
    CHECK(a != NULL && a < b && b < c);
    print_fact("heap: a at", (uintptr_t)a);
    print_fact("heap: b at", (uintptr_t)b);
    print_fact("heap: c at", (uintptr_t)c);
    heap_give(&heap, a);
    heap_give(&heap, b);
    uint8_t *d = heap_take(&heap, 2900);
    print_fact("heap: a and b given back, d, as large as both, at", (uintptr_t)d);
    CHECK(d == a);
    CHECK(heap_take(&heap, HEAP_SIZE) == NULL);
    heap_give(&heap, c);
    heap_give(&heap, d);
    CHECK_VALUE(block_at(&heap, 0)->size == HEAP_SIZE, block_at(&heap, 0)->size);
}

static void scribble(uint8_t *at) {
    for (uint32_t i = 0; i < SCRIBBLE; i++)
        at[i] = 0xcc;
}

void kernel_main(const struct aloft_info *info) {
    test_begin_briefly(KERNEL_NAME, info);
    uint32_t sum = sum_of_modules(info);
    CHECK_VALUE(info->direct_virt != ALOFT_NO_ADDRESS, info->direct_virt);
    struct placement placement = placement_start(info);
    print_fact("the kernel ends at physical", placement.next);
    print_fact("free from there to", placement.end);

    struct frame_map map = frame_map_make(info, &placement);
    print_decimal(map.free);
    print(" frames are free\n");
    use_heap(&placement);
    scribble(placement_take(&placement, SCRIBBLE));
    for (uint64_t at = page_up((uintptr_t)kernel_end - placement.offset); at < placement.next;
         at += FRAME)
        frame_mark(&map, (uint32_t)(at / FRAME), true);

    uint32_t free = map.free, first = frame_take(&map), second = frame_take(&map);
    CHECK(first != second && map.free == free - 2);
    frame_mark(&map, first, false);
    CHECK_VALUE(frame_take(&map) == first, first);
    CHECK_VALUE(sum_of_modules(info) == sum, sum);
    check_info(info);
    print("1 MiB behind the kernel was overwritten; modules and boot information are whole\n");
    test_pass();
}
