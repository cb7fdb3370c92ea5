/* Constants and structure layouts of C, for assembly: compiled to assembly text, from which the
 * Makefile cuts the lines that begin with "->" into build/offsets.inc. C owns every layout;
 * assembly cannot disagree. */
#include "bios.h"
#include "console.h"
#include "boot.h"
#include "entry.h"
#include "format.h"
#include "plan.h"

#define DEFINE(name, value)         __asm__ volatile("\n.ascii \"->%%define " #name " %c0\"" : : "i"(value))
#define FIELD(prefix, type, member) DEFINE(prefix, __builtin_offsetof(struct type, member))

void offsets(void);

void offsets(void) {
    /* control registers, selectors */
    DEFINE(CR0_PE, CR0_PE);
    DEFINE(LOADER_CODE32, LOADER_CODE32);
    DEFINE(LOADER_DATA32, LOADER_DATA32);
    DEFINE(LOADER_CODE16, LOADER_CODE16);
    DEFINE(LOADER_DATA16, LOADER_DATA16);

    /* stage 1 */
    DEFINE(BOOT_CODE_START, BOOT_CODE_START);
    DEFINE(BOOT_FIELDS_START, BOOT_FIELDS_START);
    DEFINE(BOOT_STACK_TOP, BOOT_STACK_TOP);
    DEFINE(BOOT_MAGIC_VALUE, BOOT_MAGIC);
    DEFINE(CD_SECTOR_SIZE, CD_SECTOR_SIZE);
    DEFINE(STAGE2_ADDRESS, STAGE2_ADDRESS);
    DEFINE(STAGE2_PIECE, STAGE2_PIECE);
    DEFINE(STAGE2_FLAT, STAGE2_FLAT);
    DEFINE(STAGE2_END, STAGE2_END);
    DEFINE(HEAD_SIZE, HEAD_SIZE);
    DEFINE(LOADER_CODE_END, LOADER_CODE_END);
    DEFINE(LOADER_END, LOADER_END);
    DEFINE(HEAD_LOCK, HEAD_LOCK);
    DEFINE(HEAD_START, HEAD_START);
    DEFINE(HEAD_DIRECTORY, HEAD_DIRECTORY);
    DEFINE(HEAD_UNPACK, HEAD_UNPACK);
    DEFINE(HEAD_CALLS, HEAD_CALLS);
    DEFINE(STAGE2_CORE_PARTS, STAGE2_CORE_PARTS);
    DEFINE(PART_SIZE, sizeof(struct part));
    DEFINE(DIRECTORY_SIZE, sizeof(struct stage2_directory));
    FIELD(DIRECTORY_IMAGE_SIZE, stage2_directory, image_size);
    FIELD(DIRECTORY_PARTS, stage2_directory, parts);
    FIELD(PART_START, part, start);
    FIELD(PART_END, part, end);
    FIELD(PART_PACKED, part, packed);
    FIELD(BOOT_SECTOR_STAGE2_LBA, boot_sector_fields, stage2_lba);

    /* bios_call.asm */
    DEFINE(BDA_SERIAL_PORT, BDA_SERIAL_PORT);
    DEFINE(COLOUR_ERROR, COLOUR_ERROR);
    FIELD(BIOS_EAX, bios_registers, eax);
    FIELD(BIOS_EBX, bios_registers, ebx);
    FIELD(BIOS_ECX, bios_registers, ecx);
    FIELD(BIOS_EDX, bios_registers, edx);
    FIELD(BIOS_ESI, bios_registers, esi);
    FIELD(BIOS_EDI, bios_registers, edi);
    FIELD(BIOS_EBP, bios_registers, ebp);
    FIELD(BIOS_DS, bios_registers, ds);
    FIELD(BIOS_ES, bios_registers, es);
    FIELD(BIOS_FLAGS, bios_registers, flags);

    /* trampoline.asm */
    DEFINE(TRAMPOLINE_ENTRY, TRAMPOLINE_ENTRY);
    FIELD(ENTRY_IP, cpu_entry, ip);
    FIELD(ENTRY_SP, cpu_entry, sp);
    FIELD(ENTRY_AX, cpu_entry, ax);
    FIELD(ENTRY_BX, cpu_entry, bx);
    FIELD(ENTRY_SI, cpu_entry, si);
    FIELD(ENTRY_DI, cpu_entry, di);
    FIELD(ENTRY_BITS, cpu_entry, bits);
    FIELD(ENTRY_CODE, cpu_entry, code);
    FIELD(ENTRY_DATA, cpu_entry, data);
    FIELD(ENTRY_CR0, cpu_entry, cr0);
    FIELD(ENTRY_CR3, cpu_entry, cr3);
    FIELD(ENTRY_BOOT_CR3, cpu_entry, boot_cr3);
    FIELD(ENTRY_TRAMPOLINE, cpu_entry, trampoline);
    FIELD(ENTRY_PAT, cpu_entry, pat);
    FIELD(ENTRY_CR4, cpu_entry, cr4);
    FIELD(ENTRY_HAS_CR4, cpu_entry, has_cr4);
    FIELD(ENTRY_EFER, cpu_entry, efer);
    FIELD(ENTRY_GDT_HERE, cpu_entry, gdt_here);
    FIELD(ENTRY_GDT_VIRTUAL, cpu_entry, gdt_virtual);
    FIELD(ENTRY_IDT, cpu_entry, idt);
    FIELD(ENTRY_FAR, cpu_entry, far_target);
    FIELD(ENTRY_MOVE_COUNT, cpu_entry, move_count);
    FIELD(ENTRY_MOVES, cpu_entry, moves);
    FIELD(MOVE_FROM, move, from);
    FIELD(MOVE_TO, move, to);
    FIELD(MOVE_SIZE, move, size);
    FIELD(MOVE_ZERO_SIZE, move, zero_size);
    DEFINE(MOVE_STRIDE, sizeof(struct move));
}
