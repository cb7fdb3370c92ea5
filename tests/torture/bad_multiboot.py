"""Multiboot headers with wrong numbers: checksums, flags, tags, and every order of the addresses."""
import itertools
import struct

import craft
from craft import MAX32, put

TITLE = "Multiboot 1 and 2 headers with wrong fields"
FAST = 12

PATH = "/boot/kernel"
BASE = 0x100000
AT = 64  # where the header lies in the file, behind an ELF header if there is one
CODE = 0x200
MAGIC = {1: 0x1BADB002, 2: 0xE85250D6}
RAM_END = 0x7FE0000


def header_1(flags=0, checksum=None, addresses=(), magic=MAGIC[1], video=(0, 0, 0, 0)):
    """`addresses`: header, load, load_end, bss_end, entry."""
    checksum = -(magic + flags) if checksum is None else checksum
    return struct.pack("<12I", *(value & MAX32 for value in (magic, flags, checksum, *(addresses or (0,) * 5), *video)))


def tag(kind, *values, flags=0, size=None):
    """A tag, up to the multiple of 8 where the next one begins."""
    data = b"".join(struct.pack("<I", value & MAX32) for value in values)
    content = struct.pack("<HHI", kind, flags, (8 + len(data) if size is None else size) & MAX32) + data
    return content + bytes(-len(content) % 8)


def header_2(*tags, length=None, checksum=None, architecture=0, end=True):
    tags = b"".join(tags) + (tag(0) if end else b"")
    length = 16 + len(tags) if length is None else length
    checksum = -(MAGIC[2] + architecture + length) if checksum is None else checksum
    return struct.pack("<4I", MAGIC[2], architecture, length & MAX32, checksum & MAX32) + tags


def flat(header, at=AT, size=CODE + 64):
    """A file that is no ELF file: code everywhere that leaves with PASS, and the header."""
    code = craft.program(32)
    file = bytearray(b"\x90" * (size - len(code)) + code)
    file[at:at + len(header)] = header
    return bytes(file)


def elf(header, at=0x100, bits=32, entry=None):
    code = craft.program(32)
    segments = [craft.segment(offset=CODE, virt=BASE, phys=BASE, file_size=len(code), flags=5)]
    return craft.elf(bits, segments, BASE if entry is None else entry, contents={CODE: code, at: header})


def run(folder, version, file, code, words, options=""):
    command = "multiboot2" if version == 2 else "multiboot"
    config = f'set timeout=0\nmenuentry "one" {{\n    {command} {options} {PATH}\n}}\n'
    craft.judge(folder, craft.fat_disk({"/boot/aloft.cfg": config.encode(), PATH: file}), code, *words)


def finding(version):
    """(what, file, code, words): where the header lies, and its checksum."""
    name, reach, step = (("Multiboot", 8192, 4), ("Multiboot 2", 32768, 8))[version - 1]
    header = header_1() if version == 1 else header_2()
    yield "in its place", elf(header), None, []
    yield "no header", elf(b""), 160, [f"{PATH} has no {name} header in its first {reach} bytes"]
    size = 16 if version == 2 else 12  # what is looked at to find it
    for at, code in ((reach - size, None), (reach - size + step, 161), (reach, 161), (0x100 + 1, 160), (0x100 + step // 2, 161 if version == 2 else 160)):
        if at == 0x102:
            continue
        words = {161: [f"{PATH}: the {name} header is at file offset {at:#x}; it must be in the first {reach} bytes"], 160: ["has no"]}
        yield f"at {at:#x}", elf(header[:size], at), code, words.get(code, [])
    for checksum in (0, 1, 0x7FFFFFFF, 0x80000000, MAX32):
        wrong = header_1(checksum=checksum) if version == 1 else header_2(checksum=checksum)
        right = int.from_bytes(header[8:12] if version == 1 else header[12:16], "little")
        yield f"checksum {checksum:#x}", elf(wrong), 162, [
            f"{PATH}: the {name} header at file offset 0x100 has the wrong checksum {checksum:#x}", f"it must be {right:#x}"]
    for value in (0, MAGIC[version] ^ 1, MAX32):
        broken = bytearray(header)
        put(broken, 0, 4, value)
        yield f"magic {value:#x}", elf(bytes(broken)), 160, [f"has no {name} header"]
    other = header_2() if version == 1 else header_1()
    yield "the other version", elf(other), None, []
    yield "the other version, too late", elf(other, 0x8000), 161, ["header is at file offset 0x8000"]
    for cut in (0x100 + 1, 0x100 + 4, 0x100 + 8, 0x100 + 11):
        yield f"cut at {cut:#x}", flat(header, 0x100)[:cut], 160 if cut < 0x104 else 162, []


def flags():
    """Of Multiboot 1."""
    for bit in range(3, 16):
        yield f"flag {bit}", elf(header_1(1 << bit)), 163, [f"demands flag bit {bit} ({bit:#x}), which Multiboot does not define"]
    for bit in (0, 1, 17, 24, 31):
        yield f"flag {bit}", elf(header_1(1 << bit)), None, []
    yield "all optional flags", elf(header_1(0xFFFE0003)), None, []
    for value in (2, 0x7FFFFFFF, 0x80000000, MAX32):
        yield f"mode type {value:#x}", elf(header_1(4, video=(value, 80, 25, 0))), 163, ["the video mode type"]
    for values in ((0, 0, 0), (MAX32, MAX32, MAX32), (1, 1, 1), (0x80000000, 0x80000000, 24)):
        yield f"text mode {values[0]:#x}", elf(header_1(4, video=(1, *values))), None, []


SIZE = CODE + 64  # of a flat file
BEHIND = AT + 64  # the header: NOPs
GOOD = (BASE + AT, BASE, BASE + SIZE, BASE + SIZE + 0x100, BASE + BEHIND)  # header, load, load_end, bss_end, entry


def kludge(values, version=1):
    """What is to come of these addresses: None for a boot. By the words of the specification, not by the loader's."""
    header, load, load_end, bss_end, entry = values
    start = AT - (header - load)  # in the file
    size = (load_end or load + SIZE - start) - load
    memory = (bss_end or load + size) - load
    if not (0 <= start <= AT and 0 <= size <= SIZE - start and size <= memory and memory and load + memory <= 1 << 32):
        return 166
    if not load <= entry < load + memory:
        return 167
    if load < 0x500 or any(load < hole_end and load + memory > hole for hole, hole_end in ((0x9FC00, BASE), (RAM_END, 1 << 32))):
        return "place"
    return None


def addresses():
    """(what, addresses): every one in every place of the others, and at the extremes."""
    marks = BASE, BASE + AT, BASE + SIZE
    yield from itertools.product(marks[:2], marks[:2], marks, marks, (BASE, BASE + BEHIND, BASE + SIZE))
    for i in range(5):
        for value in (0, 1, BASE - 1, BASE + SIZE + 1, 0x7FFFFFFF, 0x80000000, MAX32):
            yield (*GOOD[:i], value, *GOOD[i + 1:])


def address_rows():
    seen = set()
    for values in addresses():
        code = kludge(values)
        header, load, load_end, bss_end, entry = values
        start = AT - (header - load)
        # Only where the kernel's first instruction is a NOP of the file, it can be let loose; memory has to be where it is asked for.
        runs = BEHIND <= entry - load + start < SIZE - 16
        whole = (load_end or load + SIZE) - load + start >= SIZE
        if values in seen or code == "place" or (code is None and not (runs and whole)):
            continue
        seen.add(values)
        words = {166: ["the addresses in its Multiboot header fit neither each other nor the file",
                       f"load {load:#x} to {load_end:#x}, zeros up to {bss_end:#x}, header {header:#x}"],
                 167: [f"the entry {entry:#x} lies in nothing that is loaded"]}.get(code, [])
        yield "addresses " + " ".join(f"{value:#x}" for value in values), flat(header_1(0x10000, addresses=values)), code, words


def places():
    """Where the load addresses lead."""
    for load, owner in ((0, "the interrupt vectors"), (0x400, "the interrupt vectors"), (0x9FB00, "the firmware (reserved)"),
                        (0xA0000, "video memory and ROMs"), (0xB8000, "video memory and ROMs"), (0xF0000, "the firmware (reserved)"),
                        (0xFFF00, "the firmware (reserved)"), (RAM_END, "the firmware (reserved)")):
        yield f"load at {load:#x}", flat(header_1(0x10000, addresses=(load + AT, load, 0, 0, load + BEHIND))), 82, ["which belongs to", owner]
    for load in (0x500, 0x1000, 0x7C00, 0x20000, 0x8FF00, 0x9F900, RAM_END - 0x1000):
        yield f"load at {load:#x}", flat(header_1(0x10000, addresses=(load + AT, load, 0, 0, load + BEHIND))), None, []
    for load in (0x8000000, 0x7FFFF000):
        yield f"load at {load:#x}", flat(header_1(0x10000, addresses=(load + AT, load, 0, 0, load + BEHIND))), 80, ["where this machine has no RAM"]
    for load in (0x80000000, 0xFEC00000):
        yield f"load at {load:#x}", flat(header_1(0x10000, addresses=(load + AT, load, 0, 0, load + BEHIND))), 81, [f"asks for physical {load:#x}, where this machine has no RAM"]
    for end in (RAM_END + 1, 0x7FFFFFFF):
        yield f"zeros up to {end:#x}", flat(header_1(0x10000, addresses=(*GOOD[:3], end, BASE))), 98, ["the RAM there ends at"]
    yield "no addresses", flat(header_1()), 225, ["is no ELF file", "has no load addresses"]


def tags():
    """Of Multiboot 2."""
    known = {1: 8, 2: 24, 3: 12, 4: 12, 5: 20, 6: 8, 7: 8, 8: 12, 9: 12, 10: 24}
    for kind, least in known.items():
        for size in sorted({0, 1, 7, least - 1, 0x8001, 0x7FFFFFFF, 0x80000000, MAX32}):
            yield f"tag {kind} of {size:#x}", elf(header_2(tag(kind, *(0,) * 4, size=size))), 164, [
                f"tag {kind} of its Multiboot 2 header, at file offset 0x110, cannot be"]
    for kind in (11, 0x7FFF, 0x8000, 0xFFFF):
        yield f"tag {kind} demanded", elf(header_2(tag(kind))), 163, [f"demands tag {kind} ({kind:#x})"]
        yield f"tag {kind} optional", elf(header_2(tag(kind, flags=1))), None, []
        for size in (0, 7, MAX32):
            yield f"tag {kind} optional, of {size:#x}", elf(header_2(tag(kind, flags=1, size=size))), 164, [f"tag {kind} of its"]
    for kind in (22, 0x7FFFFFFF, 0x80000000, MAX32):
        yield f"information {kind:#x} demanded", elf(header_2(tag(1, kind))), 163, [f"demands information tag {kind} ({kind:#x})"]
        yield f"information {kind:#x} optional", elf(header_2(tag(1, kind, flags=1))), None, []
    yield "addresses without an entry", elf(header_2(tag(2, *GOOD[:4]))), 165, ["has an address tag (2) but no entry address tag (3)"]
    for length in (0, 8, 15, 16, 17, 23):
        yield f"header length {length}", elf(header_2(length=length)), None, []
    for length in (0x7FFFFFFF, 0x80000000, MAX32):
        yield f"header length {length:#x}", elf(header_2(length=length)), None, []
    for architecture in (1, 4, MAX32):
        yield f"architecture {architecture:#x}", elf(header_2(architecture=architecture)), 199, [f"the Multiboot 2 header at file offset 0x100 is for architecture {architecture}, not"]
    for entry in (0, BASE - 1, BASE + 0x1000, 0x80000000, MAX32):
        yield f"entry {entry:#x}", elf(header_2(tag(3, entry))), 167, [f"the entry {entry:#x} lies in nothing that is loaded"]
    for lowest, highest, align in ((0x200000, 0x100000, 4096), (0, 0, 4096), (0x8000000, MAX32, 4096), (0, MAX32, 0x80000000),
                                   (0, MAX32, MAX32), (0x100000, 0x100000, 1), (MAX32, MAX32, 0)):
        yield f"relocatable {lowest:#x} {highest:#x} {align:#x}", elf(header_2(tag(10, lowest, highest, align, 1))), 168, [
            f"are free between {lowest:#x} and {highest:#x}"]
    for align, preference in ((0, 0), (1, 1), (3, 2), (4096, 3), (0x100000, MAX32)):
        yield f"relocatable, align {align:#x}, preference {preference:#x}", elf(header_2(tag(10, 0x100000, MAX32, align, preference))), None, []


def cases():
    for version in (1, 2):
        for what, file, code, words in finding(version):
            yield f"Multiboot {version}: {what}", run, (version, file, code, words)
    for group, version in ((flags, 1), (address_rows, 1), (places, 1), (tags, 2)):
        for what, file, code, words in group():
            yield f"Multiboot {version}: {what}", run, (version, file, code, words)
