/* The machine as the loader found it: all that planning may know about it.
 *
 * In the loader the probe fills this in; on the host `aloft plan` has models of QEMU's machines.
 * One value, so the same plan comes out wherever it is made. */
#ifndef PLAN_MACHINE_H
#define PLAN_MACHINE_H

#include "format.h"
#include "memory.h"

struct cpu {
    u32 features;      /* CPU_* of paging/format.h */
    u32 physical_bits; /* MAXPHYADDR */
    char vendor[13];
};

struct boot_drive {
    u8 bios_number;        /* DL at entry: 0x80 is the first hard disk */
    bool by_sector_number; /* it has the disk extensions */
    u32 sector_size;       /* bytes */
    u64 sector_count;      /* 0 if the BIOS does not say */
    u32 partition;         /* 0 without a partition table */
    u64 partition_start;   /* sectors from the start of the drive */
};

enum screen_kind { SCREEN_NONE, SCREEN_TEXT, SCREEN_PIXELS };

/* Where a colour's bits lie in a pixel; size 0 for pixels that are numbers of colours. */
struct colour_bits {
    u8 position, size;
};

/* The screen as the kernel will find it. */
struct screen {
    enum screen_kind kind;
    u64 phys;          /* of the first cell (0xb8000) or pixel */
    u32 width, height; /* cells or pixels */
    u32 pitch;         /* bytes from one row to the next */
    u32 depth;         /* bits a pixel; 16 for a cell */
    struct colour_bits red, green, blue;
};

/* A mode that the BIOS can set. */
struct video_mode {
    u16 number; /* VBE's */
    u16 width, height, pitch;
    u32 phys; /* of the framebuffer */
    u8 depth;
    struct colour_bits red, green, blue;
};

enum { VIDEO_MODES_MAX = 96 };

struct video_modes {
    u32 count;                             /* 0 also where nobody asked the BIOS */
    u32 preferred_width, preferred_height; /* 0 if the monitor does not say */
    struct video_mode modes[VIDEO_MODES_MAX];
};

/* What only Multiboot kernels are told; the probe asks the BIOS for it when one is to be booted. */

/* The 32-bit interface of Advanced Power Management (APM 1.2, INT 15h AX=5303h). */
struct apm {
    u16 version; /* 0x102 for 1.2; 0 if there is none */
    u16 code_segment;
    u32 entry_offset;
    u16 code_16_segment, data_segment;
    u16 flags; /* as INT 15h AX=5300h gives them in CX */
    u16 code_size, code_16_size, data_size;
};

struct bios_drive {
    u8 number; /* 0x80 is the first hard disk */
    bool by_sector_number;
    u8 heads, sectors;
    u16 cylinders;
};

enum { BIOS_DRIVES_MAX = 8, VBE_CONTROLLER_SIZE = 512, VBE_MODE_SIZE = 256, PALETTE_MAX = 256 };

/* The blocks of VBE 3.0, as the BIOS writes them, and the screen's palette. */
struct vbe {
    bool present; /* is the controller block there? */
    u16 mode;     /* as VBE function 03h gives it: bit 14 for a linear framebuffer; 3 for text */
    u16 interface_segment, interface_offset, interface_size;
    u32 controller_phys; /* of the block when the BIOS filled it in: it may point into itself */
    u8 controller[VBE_CONTROLLER_SIZE];
    u8 mode_info[VBE_MODE_SIZE]; /* of `mode`, zeros in text mode */
    u16 colour_count;            /* of a screen of pixels that are numbers of colours */
    u8 colours[PALETTE_MAX][3];  /* red, green, blue */
};

struct machine {
    struct memory_map memory;
    struct cpu cpu;
    struct boot_drive drive;
    struct screen screen;
    struct video_modes video;
    u16 video_mode;   /* to be set before the kernel is entered; 0: the screen stays as it is */
    u64 rsdp;         /* physical address of ACPI's root pointer, 0 if none */
    u64 acpi_tables;  /* physical address of the RSDT or XSDT it points to, 0 if none */
    u64 smbios;       /* of the SMBIOS entry point, 0 if none */
    u32 random;       /* for --kaslr, else 0; where it comes from: docs/handoff.md */
    u16 serial_port;  /* I/O base of the first serial port, 0 if none */
    u32 config_table; /* of the ROM configuration table (INT 15h AH=C0h), 0 if not known */
    u32 drive_count;
    struct bios_drive drives[BIOS_DRIVES_MAX];
    struct apm apm;
    struct vbe vbe;
};

#endif
