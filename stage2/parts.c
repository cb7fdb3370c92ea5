#include "parts.h"

#include "unlzma.h"

static bool loaded[STAGE2_PARTS];
static struct lzma_model model __attribute__((section(".scratch")));

/* Calls code in stage2/head.asm, which wants the part in EBX and changes all registers. */
static void call_head(u32 offset, const struct part *part) {
    __asm__ volatile("pushal; call *%%eax; popal"
                     :
                     : "a"(STAGE2_ADDRESS + offset), "b"(part)
                     : "memory", "cc");
}

static void unpack(const struct part *part) {
    if (!part->lzma_size)
        call_head(HEAD_UNPACK, part);
    else if (!unlzma((const u8 *)part->packed, part->lzma_size, (u8 *)part->start,
                     part->end - part->start, &model))
        return;
    call_head(HEAD_CALLS, part);
}

bool part_load(u32 address) {
    const struct stage2_directory *directory =
        (const struct stage2_directory *)(STAGE2_ADDRESS + HEAD_DIRECTORY);
    for (u32 i = STAGE2_CORE_PARTS; i < STAGE2_PARTS; i++) {
        const struct part *part = &directory->parts[i];
        if (address < part->start || address >= part->end || loaded[i])
            continue;
        loaded[i] = true;
        unpack(part);
        return true;
    }
    return false;
}
