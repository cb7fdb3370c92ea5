#include "vbe.h"

#include "bios.h"
#include "bytes.h"

enum {
    VBE_SUCCESS = 0x004f, /* AX after a call that was carried out */
    CONTROLLER_VERSION = 4,
    CONTROLLER_MODES = 14, /* offset and segment of the list */
    LIST_END = 0xffff,
    LIST_MAX = 512, /* for lists without an end */
    LINEAR = 1 << 14,
};

static u8 block[VBE_MODE_INFO_SIZE]; /* of a mode, or the EDID */

static bool call_vbe(u32 function, u32 bx, u32 cx, void *buffer) {
    struct bios_registers registers = {.eax = 0x4f00 | function,
                                       .ebx = bx,
                                       .ecx = cx,
                                       .edi = bios_offset(buffer),
                                       .es = bios_segment(buffer)};
    bios_call(0x10, &registers);
    return (u16)registers.eax == VBE_SUCCESS;
}

/* The list lies in the controller's ROM, or in the block that was filled in. */
static void list_modes(const u8 *controller, struct video_modes *modes) {
    u32 version = load16(controller + CONTROLLER_VERSION);
    u32 at = load16(controller + CONTROLLER_MODES) +
             ((u32)load16(controller + CONTROLLER_MODES + 2) << 4);
    for (u32 i = 0; i < LIST_MAX && modes->count < VIDEO_MODES_MAX; i++) {
        u16 number = load16((const u8 *)(uintptr_t)(at + 2 * i));
        if (number == LIST_END)
            return;
        memset(block, 0, sizeof block);
        if (call_vbe(0x01, 0, number, block) &&
            video_mode_of(block, version, number, &modes->modes[modes->count]))
            modes->count++;
    }
}

static void probe_controller(struct vbe *vbe) {
    u8 *controller = vbe->controller;
    store32(controller, 0x32454256); /* "VBE2": the long form */
    vbe->present = call_vbe(0x00, 0, 0, controller) && load32(controller) == 0x41534556;
    vbe->controller_phys = (u32)(uintptr_t)controller;
    vbe->colour_count = 0;
}

/* The 16 colours of text mode, in which bit 3 is for brightness, as GRUB gives them: number 6 is
 * brown, not dark yellow. The adapter has 6 bits a part. */
static void choose_palette(struct vbe *vbe) {
    static const u8 levels[] = {0, 0xa8, 0x54, 0xfe};
    vbe->colour_count = 16;
    for (u32 i = 0; i < 16; i++)
        for (u32 part = 0; part < 3; part++)
            vbe->colours[i][part] = levels[(i >> (2 - part) & 1) | (i >> 2 & 2)];
    vbe->colours[6][1] = levels[2];
}

void probe_video(struct machine *machine) {
    struct video_modes *modes = &machine->video;
    modes->count = modes->preferred_width = modes->preferred_height = 0;
    probe_controller(&machine->vbe);
    if (!machine->vbe.present || load16(machine->vbe.controller + CONTROLLER_VERSION) < 0x0200)
        return;
    list_modes(machine->vbe.controller, modes);
    memset(block, 0, sizeof block);
    if (modes->count && call_vbe(0x15, 1, 0, block))
        video_read_edid(block, modes);
}

void probe_vbe(struct machine *machine) {
    struct vbe *vbe = &machine->vbe;
    struct bios_registers mode = {.eax = 0x4f03}, interface = {.eax = 0x4f0a};
    if (!vbe->present)
        probe_controller(vbe);
    bios_call(0x10, &mode);
    if (!vbe->present || (u16)mode.eax != VBE_SUCCESS) {
        vbe->present = false;
        return;
    }
    vbe->mode = (u16)mode.ebx;
    if (machine->video_mode) {
        vbe->mode = machine->video_mode | LINEAR;
        call_vbe(0x01, 0, machine->video_mode, vbe->mode_info);
        if (!machine->screen.red.size)
            choose_palette(vbe);
    }
    bios_call(0x10, &interface);
    if ((u16)interface.eax != VBE_SUCCESS)
        return;
    vbe->interface_segment = interface.es;
    vbe->interface_offset = (u16)interface.edi;
    vbe->interface_size = (u16)interface.ecx;
}

/* INT 10h, AX=1012h: a VGA BIOS has it where VBE function 09h is missing. */
static void set_palette(const struct vbe *vbe) {
    struct bios_registers registers = {.eax = 0x1012,
                                       .ecx = vbe->colour_count,
                                       .edx = bios_offset(block),
                                       .es = bios_segment(block)};
    for (u32 i = 0; i < 3u * vbe->colour_count; i++)
        block[i] = (&vbe->colours[0][0])[i] >> 2;
    bios_call(0x10, &registers);
}

struct error set_video(const struct machine *machine) {
    if (machine->video_mode && !call_vbe(0x02, machine->video_mode | (u32)LINEAR, 0, block))
        return error_make(ERROR_VIDEO_SET, .number = {machine->video_mode, machine->screen.width,
                                                      machine->screen.height});
    if (machine->vbe.colour_count)
        set_palette(&machine->vbe);
    return OK;
}
