"""The kernels of the bench: noise in one PT_LOAD, whose first instruction is the marker that counter.c looks for.

Each begins in its file at 4 KiB; before that stand the ELF header and headers of both versions of Multiboot, so that every
loader boots the same bytes. Only Aloft's own handoff gets files of its own: they are linked to the upper half.
"""
import random
import struct

KIB, MIB = 1 << 10, 1 << 20
PLACE = 0x100000  # physical
START = 4096      # in the file
READ_EXECUTE, ALLOCATED_CODE = 5, 6  # flags of a segment, of a section
MARKER = b"\x0f\x1f\x80aLof"
HALT = b"\xfa\xf4\xeb\xfd"  # cli; hlt, and again if anything wakes the processor
HEADERS = 128     # where Multiboot's headers begin, multiples of 8 apart

SIZES = {"64K": 64 * KIB, "4M": 4 * MIB, "64M": 64 * MIB, "debug": 4 * MIB}
DEBUG_SECTIONS, DEBUG_SECTION = 8, 25 * MIB  # what a debugger reads and a loader need not


def segment(name):
    """The bytes of the PT_LOAD."""
    code = MARKER + HALT
    return code + random.Random(name).randbytes(SIZES[name] - len(code))


def multiboot_headers():
    one = struct.pack("<III", 0x1BADB002, 0, -0x1BADB002 & 0xFFFFFFFF)
    two = struct.pack("<IIIIHHI", 0xE85250D6, 0, 24, -(0xE85250D6 + 24) & 0xFFFFFFFF, 0, 0, 8)
    return one.ljust(16, b"\0") + two


def names(section_count):
    """A string table for sections, and where in it each of their names is: none, `.text`, the `.debug`s, `.shstrtab`."""
    table, places = b"\0", [0]
    for name in [".text", *(f".debug_{i}" for i in range(section_count)), ".shstrtab"]:
        places.append(len(table))
        table += name.encode() + b"\0"
    return table, places


def section_headers(size, address, after):
    """Headers of .text and of debug sections, which begin at `after`, and the string table in front of them."""
    table, places = names(DEBUG_SECTIONS)
    kinds = [(0, 0, 0, 0, 0), (1, ALLOCATED_CODE, address, START, size)]
    kinds += [(1, 0, 0, after + i * DEBUG_SECTION, DEBUG_SECTION) for i in range(DEBUG_SECTIONS)]
    kinds += [(3, 0, 0, after + DEBUG_SECTIONS * DEBUG_SECTION, len(table))]
    rows = [struct.pack("<10I", place, *kind, 0, 0, 1 if place else 0, 0) for place, kind in zip(places, kinds)]
    return table, rows


def write(path, name, bits=32, virtual=PLACE):
    """Writes the kernel's ELF file: 32 or 64 bits, for the virtual address of its segment."""
    content = segment(name)
    size, ident = len(content), b"\x7fELF" + bytes([bits // 32, 1, 1])
    if bits == 32:
        header = struct.pack("<16sHHIIIIIHHHHHH", ident, 2, 3, 1, virtual, 52, 0, 0, 52, 32, 1, 40, 0, 0)
        header += struct.pack("<8I", 1, START, virtual, PLACE, size, size, READ_EXECUTE, 4096)
    else:
        header = struct.pack("<16sHHIQQQIHHHHHH", ident, 2, 62, 1, virtual, 64, 0, 0, 64, 56, 1, 64, 0, 0)
        header += struct.pack("<IIQQQQQQ", 1, READ_EXECUTE, START, virtual, PLACE, size, size, 4096)
    with open(path, "wb") as file:
        file.write(header.ljust(HEADERS, b"\0") + multiboot_headers())
        file.seek(START)
        file.write(content)
        if name == "debug" and bits == 32:
            write_debug(file, size, virtual)
        elif name == "debug":
            file.truncate(START + size + DEBUG_SECTIONS * DEBUG_SECTION)


def write_debug(file, size, address):
    """The debug sections, all zeros, their names and headers; and their place into the ELF header."""
    after = START + size
    table, rows = section_headers(size, address, after)
    file.seek(after + DEBUG_SECTIONS * DEBUG_SECTION)
    file.write(table.ljust(-(-len(table) // 16) * 16, b"\0"))
    headers = file.tell()
    file.write(b"".join(rows))
    file.seek(32)
    file.write(struct.pack("<I", headers))
    file.seek(48)
    file.write(struct.pack("<HH", len(rows), len(rows) - 1))
