"""A BIOS that lies: an option ROM (quirks/rom.asm) stands in front of SeaBIOS in QEMU, and of Bochs's own BIOS in Bochs.

Each quirk boots, or is refused in words that name what is wrong. The ROM tells whether it acted: a quirk that nobody met
proves nothing.
"""
import pathlib
import re
import subprocess

import bochs
import machine

TITLE = "BIOSes that lie"
FAST = 7

SOURCE = pathlib.Path(__file__).resolve().parent / "quirks"
MARK_PORT, MARK = 0xE9, b"\xfe"  # rom.asm
ROM_ADDRESS = 0xD0000
CPU = "p4_willamette"


E820 = "E820"
LAST_ENTRY = r"^info memory 0xfffc0000 0x40000 0x2 "


class Quirk:
    """`defines` make the ROM. It boots `kernel`, whose serial log has all of `finds` (patterns); or it is refused in the
    words `refused`; `bochs`: in those, under Bochs's BIOS, or None where that has nothing to lie about."""

    def __init__(self, *defines, kernel="state32", options="", finds=(), refused=None, memory=64, extra="", form=None,
                 bochs=True, acts=True, silent=False):
        self.defines, self.kernel, self.options, self.finds, self.refused = defines, kernel, options, finds, refused
        if E820 in defines and not refused and not any(each.startswith(("E820_DROPS", "E820_FAILS")) for each in defines):
            self.finds = [*finds, LAST_ENTRY]  # the list was read to its end: no older function took its place
        self.memory, self.extra, self.form, self.bochs, self.acts, self.silent = memory, extra, form, bochs, acts, silent


USABLE, RESERVED, ACPI, NVS, BAD = 1, 2, 3, 4, 5


def memory(start, size, kind):
    return rf"^info memory {start:#x} {size:#x} {kind:#x} "


QUIRKS = {
    # ---- the memory map ----
    "E820 backwards": Quirk(E820, "E820_REVERSED"),
    "E820 entries twice": Quirk(E820, "E820_TWICE"),
    "E820 overlapping": Quirk(E820, "EXTRA", "EXTRA_overlap", finds=[
        memory(0x300000, 0x8000, RESERVED), memory(0x308000, 0x10000, ACPI), memory(0x400000, 0x1000, NVS), memory(0x4FF000, 0x2000, BAD)]),
    "E820 backwards and overlapping": Quirk(E820, "E820_REVERSED", "EXTRA", "EXTRA_overlap", finds=[
        memory(0x300000, 0x8000, RESERVED), memory(0x308000, 0x10000, ACPI)]),
    "E820 usable over the ROM": Quirk(E820, "EXTRA", "EXTRA_under", finds=[rf"^info memory 0x[0-9a-f]+ 0x[0-9a-f]+ {RESERVED:#x} "]),
    "E820 entries without length": Quirk(E820, "EXTRA", "EXTRA_zero"),
    "E820 past 2^64": Quirk(E820, "EXTRA", "EXTRA_wrap"),
    "E820 usable past 2^64": Quirk(E820, "EXTRA", "EXTRA_wrap_usable"),
    "E820 usable past 2^64, 64-bit": Quirk(E820, "EXTRA", "EXTRA_wrap_usable", kernel="state64", bochs=None),
    "E820 beyond the address bits": Quirk(E820, "EXTRA", "EXTRA_high"),
    "E820 beyond the address bits, 64-bit": Quirk(E820, "EXTRA", "EXTRA_high", kernel="state64", bochs=None),
    "E820 unknown types": Quirk(E820, "EXTRA", "EXTRA_types", finds=[
        memory(at, 0x1000, RESERVED) for at in range(0x300000, 0x30A000, 0x2000)]),
    "E820 of 100 holes": Quirk(E820, "EXTRA", "EXTRA_many", refused="E13 the BIOS memory map has more than 128 ranges"),
    "E820 ends by the carry flag": Quirk(E820, "E820_CARRY"),
    "E820 opaque EBX": Quirk(E820, "E820_OPAQUE"),
    "E820 opaque EBX, backwards, by the carry flag": Quirk(E820, "E820_OPAQUE", "E820_REVERSED", "E820_CARRY"),
    "E820 clobbers registers": Quirk(E820, "E820_CLOBBERS"),
    "E820 of 24 bytes, attributes 0": Quirk(E820, "E820_24"),
    "E820 of 64 bytes": Quirk(E820, "E820_64"),
    "E820 relies on its buffer": Quirk(E820, "E820_RELIES"),
    "E820 without end": Quirk(E820, "E820_ENDLESS", refused="E13 the BIOS memory map has more than 128 ranges"),
    "E820 drops SMAP at once": Quirk(E820, "E820_DROPS=0"),
    "E820 drops SMAP after one": Quirk(E820, "E820_DROPS=2"),
    "E820 drops SMAP after two": Quirk(E820, "E820_DROPS=3"),
    "E820 fails after one": Quirk(E820, "E820_FAILS=1"),
    "E801 alone": Quirk("NO_E820"),
    "E801 in AX and BX": Quirk("NO_E820", "E801=ax"),
    "E801 in CX and DX": Quirk("NO_E820", "E801=cx"),
    "E801 with a hole at 15 MiB": Quirk("NO_E820", "E801=hole"),
    "E801 of all 4 GiB": Quirk("NO_E820", "E801=insane"),
    "E801 of zeros": Quirk("NO_E820", "E801=nothing"),
    "88h alone": Quirk("NO_E820", "E801=none"),
    "88h with the carry flag": Quirk("NO_E820", "E801=none", "E88=15360"),
    "no memory at all": Quirk("NO_E820", "E801=none", "E88=0", refused="E11 the BIOS does not tell how much memory there is"),
    "E820 64-bit, many at once": Quirk(E820, "E820_REVERSED", "E820_TWICE", "E820_OPAQUE", "E820_CLOBBERS", "E820_24", "EXTRA", "EXTRA_overlap",
                                       kernel="state64", bochs=None),
    # ---- low memory and the BIOS data area ----
    "512 KiB of low memory": Quirk("LOW_KIB=512", refused="E12 only 512 KiB of conventional memory are free; Aloft needs 576 KiB"),
    "575 KiB of low memory": Quirk("LOW_KIB=575", refused="E12 only 575 KiB of conventional memory are free; Aloft needs 576 KiB"),
    "576 KiB of low memory": Quirk("LOW_KIB=576"),
    "EBDA of 64 KiB": Quirk("EBDA=0x9000", finds=[r"^info memory 0x90000 0x10000 0x2 "]),
    "EBDA of 128 KiB": Quirk("EBDA=0x8000", refused="E12 only 512 KiB of conventional memory are free"),
    "no serial port in the BIOS data area": Quirk("NO_COM", kernel="c0100000", bochs=None, silent=True),
    "a serial port that is not there": Quirk("STRANGE_COM", kernel="c0100000", bochs=None, silent=True),
    "a screen without size": Quirk("NO_TEXT_SIZE"),
    "a cursor outside the screen": Quirk("CURSOR_AWAY"),
    # ---- A20 ----
    "A20 off": Quirk("ENTRY", "A20_OFF"),
    "A20 off, no function 24h": Quirk("ENTRY", "A20_OFF", "NO_A20"),
    "A20 off, function 24h lies": Quirk("ENTRY", "A20_OFF", "LYING_A20"),
    # ---- entry ----
    "CS:IP = 07C0:0000": Quirk("ENTRY", "ENTRY_CS=0x7c0"),
    "direction down": Quirk("ENTRY", "ENTRY_FLAGS=0x602"),
    "interrupts off": Quirk("ENTRY", "ENTRY_FLAGS=0x002"),
    "odd stack": Quirk("ENTRY", "ENTRY_SP=0x7bff"),
    "stack at 0": Quirk("ENTRY", "ENTRY_SP=0"),
    "stack where stage 2 goes": Quirk("ENTRY", "ENTRY_SS=0x7080", "ENTRY_SP=0x1000"),
    "all at once": Quirk("ENTRY", "ENTRY_CS=0x7c0", "ENTRY_FLAGS=0x402", "ENTRY_SP=0x7bff", "SPOIL_BPB", "A20_OFF", "NO_A20"),
    "BPB overwritten": Quirk("ENTRY", "SPOIL_BPB"),
    "BPB overwritten, of a volume": Quirk("ENTRY", "SPOIL_BPB", form="volume"),
    # Bochs: a floppy drive without a floppy keeps its BIOS waiting for two seconds, sixteen times.
    "DL = 00": Quirk("ENTRY", "ENTRY_DL=0", refused="Aloft boot error", bochs=None),
    "DL = 7F": Quirk("ENTRY", "ENTRY_DL=0x7f", refused="Aloft boot error"),
    "DL = 81": Quirk("ENTRY", "ENTRY_DL=0x81", refused="Aloft boot error"),
    "DL = FF": Quirk("ENTRY", "ENTRY_DL=0xff", refused="Aloft boot error"),
    # ---- disks ----
    "every 4th read fails": Quirk("FAIL_EVERY=4"),
    "every 2nd read fails": Quirk("FAIL_EVERY=2"),
    "every 3rd read fails, count 0 in the packet": Quirk("FAIL_EVERY=3", "DAP_COUNT=0"),
    "every 3rd read fails, count 3 in the packet": Quirk("FAIL_EVERY=3", "DAP_COUNT=3"),
    "every 3rd read fails, by CHS": Quirk("FAIL_EVERY=3", "NO_41"),
    "stuck until a reset": Quirk("STUCK_EVERY=3", "STATUS=0x80"),
    "stuck until a reset, by CHS": Quirk("STUCK_EVERY=3", "STATUS=0x80", "NO_41"),
    "all reads fail": Quirk("ENTRY", "FAILS=0x20", refused="Aloft boot error R"),
    "no more than 63 sectors": Quirk("MOST=63"),
    "no more than 32 sectors": Quirk("MOST=32"),
    "no more than 1 sector": Quirk("MOST=1"),
    "no more than 1 sector, by CHS": Quirk("MOST=1", "NO_41"),
    "not across 64 KiB": Quirk("NOT_64K", acts=False),
    "not across 64 KiB, by CHS": Quirk("NOT_64K", "NO_41", acts=None),
    "not beyond sector 2500": Quirk("LBA_MOST=2500", kernel="big32m", refused="E2 ", memory=128),
    "not beyond sector 60": Quirk("ENTRY", "MOST=1", "LBA_MOST=60", "TRASH", refused="Aloft boot error R. Drive 0x80, sector 60: BIOS status 0x04"),
    "not beyond head 0": Quirk("ENTRY", "NO_41", "HEAD_MOST=1", "STATUS=0x20",
                               refused="Aloft boot error R. Drive 0x80, sector 63: BIOS status 0x20"),
    "no extensions": Quirk("NO_41"),
    "extensions that are not there": Quirk("NO_42", refused="Aloft boot error R"),
    "neither extensions nor geometry": Quirk("NO_41", "NO_08", refused="Aloft boot error G"),
    "no extensions, 0 sectors a track": Quirk("NO_41", "SPT_0", refused="Aloft boot error G"),
    "0 sectors a track": Quirk("SPT_0", acts=None),
    "no parameters": Quirk("NO_48"),
    "parameters: heads 0": Quirk("CHS_48=0"),
    "parameters: all ones": Quirk("CHS_48=0xffffffff", "HUGE_48", "BPS_48=0xffff"),
    "parameters: 0 sectors": Quirk("SIZE_48=0"),
    "parameters: 63 sectors": Quirk("SIZE_48=63", refused="E21 "),
    "parameters: 2^32 - 1 sectors": Quirk("SIZE_48=0xffffffff"),
    "parameters: 0 bytes a sector": Quirk("BPS_48=0"),
    "parameters: 513 bytes a sector": Quirk("BPS_48=513"),
    "parameters written too far": Quirk("LONG_48"),
    "no reset": Quirk("NO_RESET", "FAIL_EVERY=4"),
    "reads trash registers": Quirk("ENTRY", "TRASH"),
    "reads trash registers, by CHS": Quirk("ENTRY", "TRASH", "NO_41"),
    "reads trash registers and fail": Quirk("ENTRY", "TRASH", "FAIL_EVERY=3"),
    "reads change DS": Quirk("ENTRY", "SEGMENTS=0xf000"),
    "reads change ES": Quirk("ENTRY", "EXTRA_SEGMENT=0xf000"),
    "interrupts come back on": Quirk("FLAG_IF=1"),
    "interrupts come back off": Quirk("ENTRY", "FLAG_IF=0"),
    "direction comes back down": Quirk("ENTRY", "FLAG_DF"),
    "another GDT": Quirk("UNREAL"),
    "3 KiB of stack": Quirk("DEEP=3072"),
    "all failures without the carry flag": Quirk("ENTRY", "FAILS=4", "NO_CARRY", refused="Aloft boot error S"),
    "a status without the carry flag": Quirk("ENTRY", "ODD_STATUS=0xbb"),
    "corrected data": Quirk("ENTRY", "ECC", refused="Aloft boot error R"),
    # ---- the screen; Bochs without a window has modes of 8 bits only ----
    "INT 10h trashes registers": Quirk("SCREEN_TRASH", kernel="pixels32", options="--video=auto", bochs=None),
    "INT 10h trashes segment registers": Quirk("SCREEN_TRASH", "SCREEN_SEGMENTS", kernel="pixels32", options="--video=auto", bochs=None),
    "INT 10h trashes registers when stage 1 stops": Quirk("ENTRY", "SCREEN_TRASH", "FAILS=1", refused="Aloft boot error R"),
    "VBE: a long row": Quirk("VBE_PITCH=8192", kernel="c0100000", options="--video=1024x768", finds=[r"^info screen.pitch 0x2000"], bochs=None),
    "VBE: a short row": Quirk("VBE_PITCH=100", kernel="c0100000", options="--video=auto", finds=[r"^info screen.kind 0x1$", "no video mode"]),
    "VBE: no modes": Quirk("VBE_EMPTY", kernel="c0100000", options="--video=auto", finds=[r"^info screen.kind 0x1$"]),
    "VBE: modes of nothing": Quirk("VBE_ZEROES", kernel="c0100000", options="--video=auto", finds=[r"^info screen.kind 0x1$"]),
    "VBE: a list without end": Quirk("VBE_ENDLESS", kernel="pixels32", options="--video=auto", bochs=None),
    "VBE: one mode for ever": Quirk("VBE_SAME", kernel="pixels32", options="--video=auto", bochs=None),
    "VBE: no mode can be set": Quirk("VBE_NO_SET", kernel="c0100000", options="--video=auto", refused="E210 the BIOS lists video mode", bochs=None),
    "VBE: the vectors overwritten": Quirk("VBE_SPOIL", kernel="pixels32", options="--video=auto", bochs=None),
    "VBE: no information": Quirk("VBE_NO_INFO", kernel="c0100000", options="--video=auto", finds=[r"^info screen.kind 0x1$"]),
    "VBE: none": Quirk("VBE_NONE", kernel="c0100000", options="--video=auto", finds=[r"^info screen.kind 0x1$", "no video mode"]),
    "VBE: version 1.2": Quirk("VBE_OLD", kernel="c0100000", options="--video=auto", finds=[r"^info screen.kind 0x1$"]),
    "VBE: a monitor of rubbish": Quirk("VBE_EDID", kernel="pixels32", options="--video=auto", bochs=None),
    # ---- the keyboard, at a menu that counts down ----
    "a key 0 for ever": Quirk("KEY_ZERO", extra="timeout"),
    "a keyboard of 83 keys": Quirk("KEY_OLD", extra="timeout"),
    "no key ever": Quirk("KEY_NONE", extra="timeout"),
    "INT 16h trashes registers": Quirk("KEY_TRASH", extra="timeout"),
}


def rom(folder, defines):
    path = folder / "quirk.rom"
    subprocess.run(["nasm", "-w+all", "-w-unknown-warning", "-Werror", "-f", "bin", f"-I{SOURCE}/", *[f"-D{each}" for each in defines],
                    "-o", path, SOURCE / "rom.asm"], check=True)
    content = bytearray(path.read_bytes())
    content[-1] = -sum(content) & 0xFF
    path.write_bytes(content)
    return path


def in_qemu(folder, image, quirk, until, medium):
    where = ["-option-rom", rom(folder, quirk.defines), "-chardev", f"file,id=mark,path={folder}/output",
             "-device", f"isa-debugcon,iobase={MARK_PORT:#x},chardev=mark"]
    result = machine.boot_image(image, folder, until=until, medium=medium, memory=f"{quirk.memory}M", extra=where)
    assert quirk.refused or result.status == machine.PASS, (result.status, result.serial[-2000:])
    return result.serial


def in_bochs(folder, image, quirk, until, medium):
    more = f"optromimage1: file={rom(folder, quirk.defines)}, address={ROM_ADDRESS:#x}\n"
    return bochs.boot(folder, image, until or f"PASS {quirk.kernel}\n", CPU, memory=quirk.memory, cd=medium == "cd", more=more)


def run(folder, start, name, medium):
    quirk = QUIRKS[name]
    config = machine.config(quirk.options)
    if quirk.extra:
        config = config.replace("timeout=0", "timeout=1")
    files = {"/boot/kernel.elf": machine.KERNELS / f"{quirk.kernel}.elf", "/boot/aloft.cfg": config}
    image = machine.image_of(folder, files, f"--format={quirk.form or ('iso' if medium == 'cd' else 'hdd')}")
    refused = quirk.bochs if start is in_bochs and isinstance(quirk.bochs, str) else quirk.refused
    until = machine.HALTED if refused and re.match(r"E\d", refused) else refused
    serial = start(folder, image, quirk, until, medium)
    acted = MARK in (folder / "output").read_bytes()
    assert quirk.acts is None or acted == quirk.acts, "the ROM's quirk " + ("acted" if acted else "never acted")
    if until == machine.HALTED:
        report = " ".join(serial[serial.rindex("could not boot"):].split())
        assert refused in report, report
    for pattern in () if refused or quirk.silent else (rf"^PASS {quirk.kernel}$", *quirk.finds):
        assert re.search(pattern, serial, re.M), (pattern, serial)


def cases():
    for name, quirk in QUIRKS.items():
        yield f"{name}: SeaBIOS", run, (in_qemu, name, "hdd")
        if quirk.bochs:
            yield f"{name}: Bochs BIOS", run, (in_bochs, name, "hdd")
