#include "probe.h"

#include "bios.h"
#include "vbe.h"

/* INT 15h, AX=53xxh (APM 1.2, sections 4.6.1 to 4.6.5). Connecting gives the segments; a connection
 * that somebody left behind is cut first. The flags are asked for again, for they tell of the
 * connection. */
static void probe_apm(struct apm *apm) {
    enum { CHECK = 0x5300, CONNECT_32 = 0x5303, DISCONNECT = 0x5304 };
    static const u16 calls[] = {CHECK, DISCONNECT, CONNECT_32, CHECK};
    struct bios_registers results[ARRAY_COUNT(calls)];
    for (u32 i = 0; i < ARRAY_COUNT(calls); i++) {
        results[i] = (struct bios_registers){.eax = calls[i]};
        bios_call(0x15, &results[i]);
        if (results[i].flags & FLAG_CARRY && calls[i] != DISCONNECT)
            return;
    }
    const struct bios_registers *connected = &results[2];
    *apm = (struct apm){.version = (u16)results[0].eax,
                        .code_segment = (u16)connected->eax,
                        .entry_offset = connected->ebx,
                        .code_16_segment = (u16)connected->ecx,
                        .data_segment = (u16)connected->edx,
                        .flags = (u16)results[3].ecx,
                        .code_size = (u16)connected->esi,
                        .code_16_size = (u16)(connected->esi >> 16),
                        .data_size = (u16)connected->edi};
}

/* INT 13h, AH=41h. Stage 1 has asked for the boot drive. */
static bool has_extensions(const struct boot_drive *known, u8 number) {
    struct bios_registers registers = {.eax = 0x4100, .ebx = 0x55aa, .edx = number};
    if (number == known->bios_number)
        return known->by_sector_number;
    bios_call(0x13, &registers);
    return !(registers.flags & FLAG_CARRY) && (u16)registers.ebx == 0xaa55 && registers.ecx & 1;
}

/* INT 13h, AH=08h. */
static void probe_geometry(struct bios_drive *drive) {
    struct bios_registers geometry = {.eax = 0x0800, .edx = drive->number};
    bios_call(0x13, &geometry);
    if (geometry.flags & FLAG_CARRY)
        return;
    drive->sectors = geometry.ecx & 0x3f;
    drive->heads = (u8)((geometry.edx >> 8) + 1);
    drive->cylinders = (u16)(((geometry.ecx >> 8 & 0xff) | (geometry.ecx << 2 & 0x300)) + 1);
}

static void probe_drives(struct machine *machine) {
    u32 count = *bda(BDA_DISKS);
    machine->drive_count = count < BIOS_DRIVES_MAX ? count : BIOS_DRIVES_MAX;
    for (u32 i = 0; i < machine->drive_count; i++) {
        struct bios_drive *drive = &machine->drives[i];
        drive->number = (u8)(0x80 + i);
        drive->by_sector_number = has_extensions(&machine->drive, drive->number);
        probe_geometry(drive);
    }
}

/* INT 15h, AH=C0h: the table at ES:BX. */
static u32 config_table(void) {
    struct bios_registers registers = {.eax = 0xc000};
    bios_call(0x15, &registers);
    bool fails = registers.flags & FLAG_CARRY || registers.eax & 0xff00;
    return fails ? 0 : ((u32)registers.es << 4) + (u16)registers.ebx;
}

void probe_for_multiboot(enum boot_protocol protocol, struct machine *machine) {
    probe_apm(&machine->apm);
    bool first = protocol == PROTOCOL_MULTIBOOT1;
    if (first || machine->video_mode)
        probe_vbe(machine);
    if (!first)
        return;
    probe_drives(machine);
    machine->config_table = config_table();
}
