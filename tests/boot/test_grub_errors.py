"""docs/grub-errors.md: each of GRUB's messages, what brings it about, and what Aloft says then.

Each situation of the document is made here. GRUB goes through all of them in one boot and must give the message under
whose heading they stand; Aloft is booted once for each, and its report must be the document's, word for word. After a
change of messages, run this file as a program: it writes the reports into the document anew, to be read.
"""
import pathlib
import re
import struct
import subprocess
import tempfile

import pytest

import machine
from test_foreign import tool
from test_multiboot import BASE, elf, header_1, header_2, payload, without_header

DOCUMENT = machine.ROOT / "docs/grub-errors.md"
BOOTS = "Aloft boots it."
HIGH = 0xFFFFFFFF80000000


def small(header=header_1(), phys=BASE, entry=None, memory=64, bits=32, parts=None, **more):
    """A kernel that is never entered: 64 bytes, its header the first of them."""
    parts = parts or [(1, 0x1000, phys, phys, 64, memory, 1)]
    return elf(parts, phys if entry is None else entry, bits=bits, at={0x1000: header.ljust(64, b"\0")}, **more)


def two_parts(phys):
    return small(parts=[(1, 0x1000, phys, phys, 64, 64, 1), (1, 0x1000, phys + 0x1000, phys + 0x1000, 64, 64, 1)], entry=phys)


def probe(header=header_1(), high=0, entry_high=None, phoff=None, first=(), **more):
    """The test kernel that passes, with this header, in a file whose virtual addresses are `high` above the others."""
    content, entry = payload()
    load = (1, 0x4000, BASE + high, BASE, len(content), len(content), 0x1000)
    return elf([*first, load], entry + (high if entry_high is None else entry_high), phoff=phoff,
               at={0x800: header, 0x4000: without_header(content)}, **more)


def with_relocations():
    """The same with a section of type SHT_REL."""
    file = probe(header_2())
    file += bytes(-len(file) % 4)
    sections = bytes(40) + struct.pack("<10I", 0, 9, 0, 0, len(file), 0, 0, 0, 4, 8)
    return patched(patched(file, 32, "<I", len(file)), 46, "<HHH", 40, 2, 0) + sections


def patched(file, at, form, *values):
    file = bytearray(file)
    struct.pack_into(form, file, at, *values)
    return bytes(file)


def mode_type(number):
    flags = 7
    return struct.pack("<12I", 0x1BADB002, flags, -(0x1BADB002 + flags) & 0xFFFFFFFF, 0, 0, 0, 0, 0, number, 80, 25, 0)


# The situation in the document's words: the kernel (None for none), and the configuration; 1 and 2 stand for a line with
# the command of that version.
SITUATIONS = {
    "The file has no Multiboot header.": (elf([(1, 0x1000, BASE, BASE, 16, 16, 1)], BASE, at={0x1000: bytes(16)}), 1),
    "It has one, further into the file than its first 8192 bytes.":
        (elf([(1, 0x3000, BASE, BASE, 16, 16, 1)], BASE, at={0x3000: header_1() + bytes(4)}), 1),
    "It has one whose checksum is wrong.": (small(struct.pack("<III", 0x1BADB002, 3, 7)), 1),
    "A bit of the Multiboot 1 header from 3 to 15 is set.": (small(header_1(0xB)), 1),
    "The Multiboot 2 header has a tag of a type that the specification lacks, not marked as optional.":
        (small(header_2(0x63, 8)), 2),
    "It has the tag for an entry point of 32-bit EFI, not marked as optional.": (probe(header_2(8, 12, 0x1234, 0)), 2),
    "It requests information of a type that the specification lacks, not marked as optional.":
        (small(header_2(1, 12, 0x40, 0)), 2),
    "The Multiboot 2 header says where to load the file, but not where to enter it.":
        (small(header_2(2, 24, BASE, BASE, 0, 0)), 2),
    "The relocatable tag has its lowest address above its highest.":
        (small(header_2(10, 24, 0x200000, 0x100000, 0x1000, 1)), 2),
    "The relocatable tag has a range in which this machine has no free memory.":
        (small(header_2(10, 24, 0x10000000, 0x20000000, 0x1000, 1)), 2),
    "The Multiboot 2 header demands a console, and does not say that it can be text.": (probe(header_2(4, 12, 1, 0)), 2),
    "The Multiboot 1 header asks for a screen that is neither pixels (0) nor text (1).": (small(mode_type(2)), 1),
    "A kernel linked at 0xC0100000, of more than one segment, whose linker script has no AT().": (two_parts(0xC0100000), 1),
    "A segment, mostly .bss, is larger than the machine's memory.": (small(memory=256 << 20), 1),
    "Its segments lie in memory that the BIOS keeps for itself.": (two_parts(0x7FF0000), 1),
    "A 64-bit kernel linked at 0xFFFFFFFF80100000, whose linker script has no AT().":
        (small(bits=64, phys=HIGH + BASE), 1),
    "Two segments have the same load address.":
        (small(parts=[(1, 0x1000, BASE + at, BASE, 64, 64, 1) for at in (0, 0x1000)]), 1),
    "A segment ends above 4 GiB.": (small(phys=0xFFFFF000, memory=0x2000), 1),
    "The entry point is in no segment.": (small(entry=0x5000), 1),
    "The entry point is a physical address, and the segments have others for virtual ones.":
        (probe(high=0x80000000, entry_high=0), 1),
    "The entry point of a 64-bit kernel lies in a part that is not loaded, such as a PT_NOTE, without AT().":
        (probe(bits=64, high=HIGH, first=[(4, 0x4000, BASE + HIGH, BASE + HIGH, 4096, 4096, 4)]), 1),
    "A Multiboot 2 kernel has sections of relocations, as ld -q or -pie leave them.": (with_relocations(), 2),
    "The kernel is an object file.": (small(kind=1), 1),
    "Its program headers lie further into the file than its Multiboot header may.": (probe(phoff=0x2100), 1),
    "The kernel is for big-endian machines.": (patched(small(), 5, "<B", 2), 1),
    "The kernel is for another machine.": (patched(small(), 18, "<H", 40), 1),
    "It is a flat binary, with a Multiboot header that has no load addresses.": (header_1() + bytes(100), 1),
    "The file was cut short.": (small()[:0x1020], 1),
    "There is no such file.": (None, 1),
    "A module's file is not there.": (probe(), "multiboot /boot/k\nmodule /boot/none\n"),
    "The path is that of a folder.": (None, "multiboot /boot\n"),
    "A module stands before the kernel.": (b"x", "module /boot/k\n"),
    "Nothing is there to be booted.": (None, "boot\n"),
    "A command is misspelled.": (None, "foobar /boot/k\n"),
    "A menuentry has no block.": (None, 'menuentry "My kernel"\n'),
    "A block is not closed.": (None, 'menuentry "My kernel" {\n    multiboot /boot/k\n'),
    "A } closes nothing.": (None, "true\n}\n"),
    "A quote is not closed.": (None, 'menuentry "My kernel {\n    multiboot /boot/k\n}\n'),
}

# Every message that GRUB's Multiboot loaders, and what they load files with, can give on a PC.
MESSAGES = {
    "no multiboot header found.", "unsupported flag: 0xb.", "unsupported tag: 0x63.", "unsupported tag: 0x8.",
    "segment crosses 4 GiB border.", "overlap detected.", "out of memory.", "entry point isn't in a segment.",
    "ELF files with relocs are not supported yet.", "file `/boot/k' not found.", "file `/boot/none' not found.",
    "you need to load the kernel first.", "can't find command `foobar'.", "no menuentry definition.", "syntax error.",
    "invalid arch-independent ELF magic.", "invalid arch-dependent ELF magic.", "this ELF file is not of the right type.",
    "program header at a too high offset.", "address is out of range.", "couldn't find suitable memory target.",
    "invalid entry point for ELF64.", "load address tag without entry address tag.", "unsupported information tag: 0x40.",
    "invalid min/max address and/or load size.", "premature end of file /boot/k.", "not a regular file.",
    "OS requires a console but none is available.", "unsupported graphical mode type 2.",
}


def configuration(situation):
    text = SITUATIONS[situation][1]
    return {1: "multiboot /boot/k\n", 2: "multiboot2 /boot/k\n"}.get(text, text)


def in_the_document():
    """Of each situation its heading, and the report in the block behind it, or BOOTS."""
    rows = {}
    for part in DOCUMENT.read_text().split("\n## ")[1:]:
        heading = re.match("`(?:` )?(.*?)(?: `)?`\n", part)[1]
        for situation, report in re.findall(r"^(\S.*)\n\n((?:    .*\n|\n)+|Aloft boots it\.\n)", part, re.M):
            assert situation not in rows, situation
            rows[situation] = (heading, " ".join(report.split()))
    return rows


def test_every_situation_is_in_the_document():
    rows = in_the_document()
    assert list(rows) == list(SITUATIONS)
    assert {heading for heading, _ in rows.values()} == MESSAGES
    for situation, (_, report) in rows.items():
        assert report == BOOTS or re.match(r"E\d+ .+ What to do: .+\.$", report), situation


def test_grub_says_so(tmp_path):
    """All situations in one boot of GRUB. Those that want no kernel loaded come first."""
    files, order = {}, sorted(SITUATIONS, key=lambda situation: SITUATIONS[situation][1] not in ("boot\n", "module /boot/k\n"))
    lines = ["set timeout=1", "serial --unit=0", "terminal_output serial"]
    for number, situation in enumerate(order):
        kernel = SITUATIONS[situation][0]
        files[f"/{number}.cfg"] = configuration(situation).replace("/boot/k", f"/boot/k{number}")
        files |= {f"/boot/k{number}": kernel} if kernel is not None else {}
        lines += [f"echo '@{number}@'", f"source /{number}.cfg"]
    files["/boot/grub/grub.cfg"] = "\n".join([*lines, "echo '@end@'", "sleep 1000", ""])
    machine.make_tree(tmp_path / "tree", files)
    subprocess.run([tool("grub-mkrescue"), "-o", tmp_path / "os.iso", tmp_path / "tree"], capture_output=True, check=True)
    result = machine.boot_image(tmp_path / "os.iso", tmp_path, medium="cd", until="@end@\n")
    said = re.split(r"@\w+@", result.serial)[1:-1]
    assert len(said) == len(order)
    headings = in_the_document()
    for number, (situation, text) in enumerate(zip(order, said)):
        errors = re.findall(r"^error: (.*)$", text.replace(f"/boot/k{number}", "/boot/k"), re.M)
        assert headings[situation][0] in errors, (situation, errors)


def report_of(folder, situation):
    """What Aloft prints, from the error's number to its cure; or BOOTS if the kernel passes."""
    kernel = SITUATIONS[situation][0]
    files = {"/boot/grub/grub.cfg": configuration(situation)} | ({"/boot/k": kernel} if kernel is not None else {})
    image = machine.image_of(folder, files)
    result = machine.boot_image(image, folder, until=machine.HALTED)
    if result.status == machine.PASS:
        return BOOTS
    return machine.error_report(result.serial)


@pytest.mark.parametrize("situation", SITUATIONS)
def test_aloft_says_so(tmp_path, situation):
    assert " ".join(report_of(tmp_path, situation).split()) == in_the_document()[situation][1]


def write_reports():
    text = DOCUMENT.read_text()
    for situation in SITUATIONS:
        with tempfile.TemporaryDirectory() as folder:
            report = report_of(folder, situation)
        if report != BOOTS:
            report = "\n".join(f"    {line[2:]}".rstrip() for line in report.rstrip().split("\n"))
        at = text.index(f"\n{situation}\n") + len(situation) + 3
        text = text[:at] + re.sub(r"\A(    .*\n|\n(?=\n|    )|Aloft boots it\.\n)*", lambda _: report + "\n", text[at:], count=1)
    DOCUMENT.write_text(text)


if __name__ == "__main__":
    write_reports()
