#include "parts.h"

#include "bios.h"
#include "disk.h"
#include "unlzma.h"

static bool loaded[STAGE2_PARTS];
static struct {
    u32 sector, about;
    u8 drive;
    bool extensions, is_there;
} rest;
static struct lzma_model model __attribute__((section(".end")));

void parts_begin(u8 drive, bool extensions, u32 rest_sector) {
    rest.drive = drive;
    rest.extensions = extensions;
    rest.sector = rest_sector;
}

void parts_about(u32 error_code) {
    rest.about = error_code;
}

/* Calls code in stage2/head.asm, which wants the part in EBX and changes all registers. */
static void call_head(u32 offset, const struct part *part) {
    __asm__ volatile("pushal; call *%%eax; popal"
                     :
                     : "a"(STAGE2_ADDRESS + offset), "b"(part)
                     : "memory", "cc");
}

/* By the BIOS alone: the console is in no part that is there for sure. */
static void say(const char *string) {
    for (; *string; string++) {
        struct bios_registers registers = {.eax = 0x0e00 | (u8)*string, .ebx = 7};
        bios_call(0x10, &registers);
        registers = (struct bios_registers){.eax = 0x0100 | (u8)*string};
        bios_call(0x14, &registers);
    }
}

/* For an error of the disk, or OK for a wrong sum. */
static NO_RETURN void give_up(const struct error *error) {
    bool has_status = error->code == ERROR_DISK_READ;
    char buffer[160];
    struct text text = TEXT_IN(buffer);
    text_string(&text, "\r\nAloft cannot go on");
    if (rest.about) {
        text_string(&text, " after error E");
        text_decimal(&text, rest.about);
    }
    text_string(&text, error->code ? ": a part of it cannot be read."
                                   : ": a part of it is damaged; make the disk anew.");
    text_string(&text, "\r\n  Drive ");
    text_hex(&text, rest.drive, 2);
    text_string(&text, ", sector ");
    text_decimal(&text, has_status ? error->values.number[0] : rest.sector);
    if (has_status) {
        text_string(&text, ": BIOS status ");
        text_hex(&text, error->values.number[1], 2);
    }
    say(buffer);
    say(".\r\nNothing was written to any disk. Ctrl+Alt+Del restarts the machine.\r\n");
    for (;;) {
        struct bios_registers registers = {.eax = 0};
        bios_call(0x16, &registers);
    }
}

/* Reads what stage 1 left on the disk, once. */
static void read_rest(u32 size) {
    u8 *to = (u8 *)STAGE2_REST_ADDRESS;
    if (rest.is_there)
        return;
    struct error error = disk_read_low(rest.drive, rest.extensions, rest.sector, size, to);
    if (error.code || boot_sum(to, size))
        give_up(&error);
    rest.is_there = true;
}

static bool unpack(const struct part *part) {
    if (!part->lzma_size)
        call_head(HEAD_UNPACK, part);
    else if (!unlzma((const u8 *)part->packed, part->lzma_size, (u8 *)part->start,
                     part->end - part->start, &model))
        return false;
    call_head(HEAD_CALLS, part);
    return true;
}

bool part_load(u32 address) {
    const struct stage2_directory *directory =
        (const struct stage2_directory *)(STAGE2_ADDRESS + HEAD_DIRECTORY);
    for (u32 i = STAGE2_CORE_PARTS; i < STAGE2_PARTS; i++) {
        const struct part *part = &directory->parts[i];
        if (address < part->start || address >= part->end || loaded[i])
            continue;
        if (i >= STAGE2_RESIDENT_PARTS)
            read_rest(directory->rest_size);
        if (!unpack(part)) {
            struct error none = OK;
            give_up(&none);
        }
        loaded[i] = true;
        return true;
    }
    return false;
}
