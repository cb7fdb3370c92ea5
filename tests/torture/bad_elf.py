"""ELF kernels with a wrong number in a field: each is refused by name, or boots where the number means nothing.

The kernel has a segment of code and one of data. It compares the first and the last word of the data, and the zeros behind
it, with what was linked.
"""
import craft
from craft import DYNAMIC, HIGH, LOAD, MAX32, MAX64, NOTE, RELRO, TLS, put, segment

TITLE = "ELF kernels with wrong fields"
FAST = 12

PATH = "/boot/kernel.elf"
TEXT, DATA, MEMORY = 0x200, 0x400, 0x80  # offsets in the file, and the data's size in memory
PHYS = {"text": 0x100000, "data": 0x101000}
CONTENT = craft.words(16, 1)
SIZE = DATA + len(CONTENT)
LARGEST = {32: MAX32, 64: MAX64}
RAM_END = 0x7FE0000  # of QEMU's pc with 128 MiB


def checks(virt):
    """What the kernel compares: its data at this address."""
    last = len(CONTENT) - 4
    return [(virt, int.from_bytes(CONTENT[:4], "little")), (virt + last, int.from_bytes(CONTENT[last:], "little")),
            (virt + last + 4, 0), (virt + MEMORY - 4, 0)]


def kernel(bits, header=None, text=None, data=None, extra=(), contents=None, look=True, kind=2):
    """The kernel, with fields of its header and of its segments' headers replaced."""
    virt = {name: HIGH[bits] + phys for name, phys in PHYS.items()}
    data = dict(segment(offset=DATA, virt=virt["data"], phys=PHYS["data"], file_size=len(CONTENT), memory_size=MEMORY, flags=6),
                **data or {})
    code = craft.program(bits, checks(data["p_vaddr"]) if look else ())
    text = dict(segment(offset=TEXT, virt=virt["text"], phys=PHYS["text"], file_size=len(code), flags=5), **text or {})
    return craft.elf(bits, [text, data, *extra], virt["text"], contents={TEXT: code, DATA: CONTENT, **(contents or {})},
                     header=header or {}, kind=kind)


def run(folder, file, code, words):
    craft.judge(folder, craft.fat_disk({PATH: file}), code, *words)


# ---- the ELF header ----

MACHINES = {0: "unknown", 1: "unknown", 2: "SPARC", 4: "m68k", 8: "MIPS", 20: "PowerPC", 21: "PowerPC64", 22: "S/390",
            40: "ARM", 42: "SuperH", 43: "SPARC64", 50: "IA-64", 183: "AArch64", 243: "RISC-V", 258: "LoongArch", 0xFFFF: "unknown"}
OTHER_CLASS = {32: (62, "x86-64 code in a 32-bit file"), 64: (3, "i386 code in a 64-bit file")}
TYPES = {0: "none", 1: "relocatable object", 4: "core file", 5: "unknown", 0xFE00: "unknown", 0xFF00: "unknown", 0xFFFF: "unknown"}
IGNORED = {"e_ident[EI_VERSION]": (0, 2, 0xFF), "e_ident[EI_OSABI]": (3, 9, 0xFF), "e_ident[EI_ABIVERSION]": (1, 0xFF),
           "e_version": (0, 2, MAX32), "e_shoff": (1, 52, 0x7FFFFFFF, 0x80000000, MAX32, MAX64), "e_flags": (1, MAX32),
           "e_ehsize": (0, 1, 0xFFFF), "e_shentsize": (0, 1, 0xFFFF), "e_shnum": (1, 0xFF00, 0xFFFF), "e_shstrndx": (1, 0xFFFF)}


def header_rows(bits):
    """(field, value, code, words)"""
    high, entry_size, largest = HIGH[bits], craft.PROGRAM_SIZE[bits], LARGEST[bits]
    for i, byte in enumerate(b"\x7fELF"):
        for value in (0, byte ^ 0x20, 0xFF):
            start = b"\x7fELF"[:i] + bytes([value]) + b"\x7fELF"[i + 1:]
            yield f"e_ident[EI_MAG{i}]", value, 60, [f"it starts with the bytes 0x{int.from_bytes(start, 'big'):x}"]
    for value in (0, 3, 4, 0x7F, 0x80, 0xFF):
        yield "e_ident[EI_CLASS]", value, 61, [f"ELF class {value} is neither"]
    other = 3 - bits // 32
    yield "e_ident[EI_CLASS]", other, 63, [OTHER_CLASS[96 - bits][1]]
    for value in (0, 2, 3, 0x81, 0xFF):
        yield "e_ident[EI_DATA]", value, 62, [f"its data encoding is {value}"]
    for value, name in TYPES.items():
        yield "e_type", value, 64, [f"its ELF type is {value} ({name})"]
    for value, name in [*MACHINES.items(), OTHER_CLASS[bits]]:
        yield "e_machine", value, 63, [f"is for ELF machine {value}, not for x86 ({name})"]
    text, data = high + PHYS["text"], high + PHYS["data"]
    for value in sorted({0, 1, text - 1, data, data + 1, 0x7FFFFFFF, 0x80000000, MAX32, largest, 1 << bits - 1}):
        yield "e_entry", value, 74, [f"the entry {value:#x} lies in no executable PT_LOAD"]
    yield "e_entry", PHYS["text"], None, []
    for value in sorted({SIZE - 2 * entry_size + 1, SIZE - 1, SIZE, SIZE + 1, 0x7FFFFFFF, 0x80000000, MAX32, 1 << bits - 1, largest}):
        yield "e_phoff", value, 66, [f"2 program headers of {entry_size} bytes at offset {value:#x} do not fit"]
    yield "e_phoff", 0, 68, ["no PT_LOAD segment"]
    for value in (0, 1, entry_size - 1, entry_size + 1, craft.PROGRAM_SIZE[96 - bits], 0x7FFF, 0xFFFF):
        yield "e_phentsize", value, 67, [f"a program header is {value} bytes, not {entry_size}"]
    yield "e_phnum", 0, 68, ["no PT_LOAD segment"]
    for value in (128, 511, 512):
        yield "e_phnum", value, 66, [f"{value} program headers of {entry_size} bytes"]
    for value in (513, 0x7FFF, 0xFFFE, 0xFFFF):
        yield "e_phnum", value, 69, ["more than 512 program headers"]
    for field, values in IGNORED.items():
        width = craft.place(craft.HEADER, bits, field)[1]
        for value in sorted({value & (1 << 8 * width) - 1 for value in values}):
            yield field, value, None, []


# ---- the headers of segments ----

NO_RAM = {  # p_paddr: what lies there
    0: "the interrupt vectors and the BIOS data area", 0x400: "the interrupt vectors and the BIOS data area",
    0x4FF: "the interrupt vectors and the BIOS data area", 0x9FC00: "the firmware (reserved)", 0x9FFFF: "the firmware (reserved)",
    0xA0000: "video memory and ROMs", 0xB8000: "video memory and ROMs", 0xC0000: "video memory and ROMs",
    0xDFFFF: "video memory and ROMs", 0xF0000: "the firmware (reserved)", 0xFFFFF: "the firmware (reserved)",
    RAM_END: "the firmware (reserved)", 0x7FFFFFF: "the firmware (reserved)", 0xFFFC0000: "the firmware (reserved)"}


def address_rows(bits):
    """(fields of the data's header, code, words): where it is to be put."""
    high = HIGH[bits]
    for phys, owner in NO_RAM.items():
        yield {"p_paddr": phys}, 82, [f"PT_LOAD 1 asks for physical {phys:#x}, which belongs to {owner}"]
    yield {"p_paddr": 0x9FBC0}, 82, ["PT_LOAD 1 asks for physical 0x9fc00, which belongs to the firmware"]
    for phys in (0x8000000, 0x8000001, 0x7FFFFFFF, 0x80000000, 0xFEBFFFFF, 0xFEC00000, 0xFEE00000):
        yield {"p_paddr": phys}, 80, [f"PT_LOAD 1 asks for physical {phys:#x}, where this machine has no RAM"]
    yield {"p_paddr": RAM_END - 0x7F}, 98, ["PT_LOAD 1 needs", f"but the RAM there ends at {RAM_END:#x}"]
    for phys in (0x500, 0x1000, 0x7C00, 0x8000, 0x20000, 0x8FFC0, 0x9FB80, 0xFFFF80 + 0x100000, RAM_END - MEMORY):
        yield {"p_paddr": phys, "p_vaddr": high + phys}, None, []  # usable, some of it the loader's own
    for phys in (PHYS["text"], PHYS["text"] - 0x7F):
        if phys == PHYS["text"]:
            yield {"p_paddr": phys}, 83, ["PT_LOAD 0 and PT_LOAD 1 overlap at physical 0x100000"]
        else:
            yield {"p_paddr": phys}, 82, [f"PT_LOAD 1 asks for physical {phys:#x}"]
    for virt in (high + PHYS["text"], high + PHYS["text"] - MEMORY + 1):
        yield {"p_vaddr": virt}, 75, ["PT_LOAD 0 and PT_LOAD 1 overlap at virtual"]
    for into in (1, 4, 0x7FF, 0xFFF):
        virt = high + PHYS["data"] + into
        yield {"p_vaddr": virt}, 76, [f"PT_LOAD 1 is at virtual {virt:#x} and physical 0x101000"]
    if bits == 32:
        for virt in (MAX32, MAX32 - MEMORY + 2):
            yield {"p_vaddr": virt}, 72, [f"PT_LOAD 1 at virtual address {virt:#x}", "wraps"]
        yield {"p_vaddr": 0xC0200000, "p_paddr": 0xC0200000}, 81, ["PT_LOAD 1 asks for physical 0xc0200000", "add AT(ADDR(.text) - 0xc0000000)"]
        yield {"p_vaddr": MAX32 - 0xFFF}, None, []
        return
    for virt in (MAX64, MAX64 - MEMORY + 2):
        yield {"p_vaddr": virt}, 72, [f"PT_LOAD 1 at virtual address {virt:#x}", "wraps"]
    for virt in (1 << 57, 1 << 62, 1 << 63, 0xFEFF << 48, 0xFE << 56):
        yield {"p_vaddr": virt}, 73, [f"PT_LOAD 1 at virtual {virt:#x} is not canonical"]
    for virt in (1 << 47, 1 << 48, (1 << 56) - 0x1000, 0xFFFF << 47):
        yield {"p_vaddr": virt}, (87 if virt != 0xFFFF << 47 else 73), []
    for virt in ((1 << 56) - 1, (1 << 56) - MEMORY + 1):
        yield {"p_vaddr": virt}, 72, [f"PT_LOAD 1 at virtual address {virt:#x}", "wraps"]
    for phys in (1 << 32, 1 << 39):
        yield {"p_paddr": phys}, 80, [f"PT_LOAD 1 asks for physical {phys:#x}"]
    for phys in (1 << 40, 1 << 52, 1 << 62, 1 << 63, MAX64 - 0xFFF):
        yield {"p_paddr": phys}, 91, [f"PT_LOAD 1 asks for physical {phys:#x}, beyond the 40 address bits"]
    for phys in (MAX64, MAX64 - MEMORY + 2):
        yield {"p_paddr": phys}, 72, [f"PT_LOAD 1 at physical address {phys:#x}", "wraps"]


def size_rows(bits):
    """(fields of the data's header, code, words): how much there is, and where in the file."""
    largest, top = LARGEST[bits], 1 << bits - 1
    for value in sorted({SIZE - len(CONTENT) + 1, SIZE, SIZE + 1, 0x7FFFFFFF, 0x80000000, MAX32, top, largest}):
        end = min(value + len(CONTENT), MAX64)
        yield {"p_offset": value}, 70, [f"PT_LOAD 1 ends at file offset {end:#x}, but the file ends at {SIZE:#x}"]
    for value in sorted({MEMORY + 1, 0x7FFFFFFF, 0x80000000, MAX32, top, largest}):
        yield {"p_filesz": value}, 71, ["PT_LOAD 1 has", "in the file but only 128 bytes in memory"]
    for value in sorted({len(CONTENT) + 1, 0x7FFFFFFF, 0x80000000, MAX32, top, largest}):
        end = min(DATA + value, MAX64)
        yield {"p_filesz": value, "p_memsz": value}, 70, [f"PT_LOAD 1 ends at file offset {end:#x}"]
    for value in (0, 1, len(CONTENT) - 1):
        yield {"p_memsz": value}, 71, ["PT_LOAD 1 has 64 bytes in the file"]
    for value in sorted({top - 1, top, largest}):
        if bits == 32:
            yield {"p_memsz": value}, 72, ["PT_LOAD 1 at virtual address 0xc0101000"]
        elif value == largest:
            yield {"p_memsz": value}, 72, ["PT_LOAD 1 at physical address 0x101000"]
        else:
            yield {"p_memsz": value}, 72, ["PT_LOAD 1 at virtual address 0xffffffff80101000"]
    for value in (RAM_END - PHYS["data"] + 1, 0x20000000):
        yield {"p_memsz": value}, 98, ["PT_LOAD 1 needs", f"at physical 0x101000, but the RAM there ends at {RAM_END:#x}"]
    for value in sorted({0, 1, 2, 3, 0x7FFFFFFF, top, largest}):
        yield {"p_align": value}, None, []
    for value in (0, 1, 2, 4, 6, 8, 0x80000000, MAX32):
        yield {"p_flags": value}, None, []


def text_rows(bits):
    """(fields of the code's header, code, words)"""
    for value in (0, 2, 4, 6, 0xFFFFFFF8):
        if value & 7 == 0 or value in (2, 4, 6):
            yield {"p_flags": value}, None, []  # as nothing is executable, everything is
    yield {"p_memsz": 0, "p_filesz": 0}, 74, ["lies in no executable PT_LOAD"]
    yield {"p_vaddr": 0}, 74, ["lies in no executable PT_LOAD"]
    for kind in (0, 2, 3, 4, 5, 6, 7, RELRO, 0x70000000, MAX32):
        yield {"p_type": kind}, {2: 111, RELRO: 111, 7: 111, 4: 113}.get(kind, 74), []


# ---- other segments ----

def note(name, kind, descriptor, name_size=None, size=None):
    """A note, whose sizes may be other than they are."""
    name = name.encode() + b"\0"
    head = b"".join(value.to_bytes(4, "little") for value in (len(name) if name_size is None else name_size,
                                                             len(descriptor) if size is None else size, kind))
    return head + name + bytes(-len(name) % 4) + descriptor + bytes(-len(descriptor) % 4)


AT = 0x600  # where other contents lie in the file


def extra_rows(bits):
    """(what, extra segments, contents, code, words)"""
    def with_note(content, **fields):
        return [dict(segment(NOTE, AT, file_size=len(content)), **fields)], {AT: content}
    good, largest = note("GNU", 3, bytes(20)), LARGEST[bits]
    yield "a build-id", *with_note(good), None, []
    for what, value in (("1", 1), ("21", 21), ("2^31-1", 0x7FFFFFFF), ("2^31", 0x80000000), ("2^32-1", MAX32)):
        broken = note("GNU", 3, bytes(20), name_size=value)
        if value == 1:
            yield f"note name size {what}", *with_note(broken), None, []
        else:
            yield f"note name size {what}", *with_note(broken), 113, ["the note at offset 0x0"]
    for value in (21, 24, 0x7FFFFFFF, 0x80000000, MAX32):
        yield f"note size {value:#x}", *with_note(note("GNU", 3, bytes(20), size=value)), 113, [
            "the note at offset 0x0 of its PT_NOTE has a name of 4 bytes"]
    for size in (0, 1, 3, 4, 11, 12, 16, 35):
        content = good[:size]
        yield f"PT_NOTE cut to {size}", *with_note(content), 113 if 3 < size else None, []
    for offset in sorted({AT + 1, 0x7FFFFFFF, 0x80000000, MAX32, largest}):
        yield f"PT_NOTE at {offset:#x}", *with_note(good, p_offset=offset), 1, ["past its end"]
    for size in sorted({0x10000, 0x7FFFFFFF, 0x80000000, MAX32, largest}):
        yield f"PT_NOTE of {size:#x}", *with_note(good, p_filesz=size), 1, ["past its end"]
    for count, code in ((63, None), (64, None), (65, 69), (4000, 69)):
        yield f"{count} notes", *with_note(note("x", 1, b"") * count), code, ["more than 64 notes"]
    yield "an option", *with_note(note("Aloft", 1, b"--stack=128K\0")), None, []
    for text, code, words in ((b"--nonsense", 58, ['"--nonsense" in its ALOFT_OPTIONS']), (b"--stack=1", 58, ['"--stack=1"']),
                              (b"\x01", 115, ["character 0 of its ALOFT_OPTIONS is no text (0x1)"]),
                              (b"--strict\x7f", 115, ["character 8", "0x7f"]),
                              (b"a" * 255, 58, ["is no option"]), (b"a" * 256, 114, ["longer than 255 characters"]),
                              (b" " * 255, None, []), (b" " * 4096, 114, ["longer than 255 characters"]), (b"\0" * 200, None, [])):
        yield f"ALOFT_OPTIONS {text[:12]!r} of {len(text)}", *with_note(note("Aloft", 1, text)), code, words
    virt = HIGH[bits] + PHYS["data"]
    for size in sorted({MEMORY + 1, 0x7FFFFFFF, MAX32, largest}):
        yield f"PT_TLS p_filesz {size:#x}", [segment(TLS, virt=virt, file_size=size, memory_size=MEMORY)], {}, 112, ["PT_TLS has"]
        yield f"PT_DYNAMIC p_memsz {size:#x}", [segment(DYNAMIC, virt=virt, memory_size=size)], {}, 111, ["PT_DYNAMIC at virtual"]
    for align in (3, 0x7FFFFFFF, MAX32):
        yield f"PT_TLS p_align {align:#x}", [segment(TLS, virt=virt, file_size=4, align=align)], {}, 112, [f"an alignment of {align:#x}"]
    for at in sorted({0, 1, virt - 1, virt + MEMORY, largest}):
        for kind, name in ((TLS, "PT_TLS"), (DYNAMIC, "PT_DYNAMIC"), (RELRO, "PT_GNU_RELRO")):
            yield f"{name} at {at:#x}", [segment(kind, virt=at, file_size=8)], {}, 111, [f"{name} at virtual {at:#x}"]
    for count in (510, 511):
        yield f"{count + 2} program headers", [segment(0)] * count, "behind", None if count == 510 else 69, []
    for count in (62, 63):
        more = [segment(LOAD, virt=HIGH[bits] + 0x200000 + i * 4096, phys=0x200000 + i * 4096, memory_size=16) for i in range(count)]
        yield f"{count + 2} PT_LOADs", more, "behind", None if count == 62 else 69, []


# ---- position-independent kernels ----

def relocations(bits, entries, **changes):
    """A kernel of type ET_DYN at 0, whose dynamic section names a table of RELA (or of REL) with these (place, type) pairs."""
    wide, name = bits == 64, "RELA" if bits == 64 else "REL"
    tags = {"table": (7 if wide else 17, 0x2000 + 0x100), "size": (8 if wide else 18, len(entries) * (24 if wide else 8)),
            "entry": (9 if wide else 19, 24 if wide else 8)}
    tags = {what: (tag, changes.get(what, value)) for what, (tag, value) in tags.items()}
    width = bits // 8
    dynamic = b"".join(tag.to_bytes(width, "little") + value.to_bytes(width, "little") for tag, value in tags.values())
    table = b"".join(at.to_bytes(width, "little") + kind.to_bytes(width, "little") + (bytes(8) if wide else b"")
                     for at, kind in entries)
    content = dynamic.ljust(0x100, b"\0") + table
    code = craft.program(bits)
    extra = segment(offset=AT, virt=0x2000, phys=0x2000, file_size=len(content), memory_size=0x400, flags=6)
    text = segment(offset=TEXT, virt=0x1000, phys=0x1000, file_size=len(code), flags=5)
    part = segment(DYNAMIC, offset=AT, virt=changes.get("dynamic", 0x2000), phys=0x2000, file_size=0x100)
    return craft.elf(bits, [text, extra, part], 0x1000, contents={TEXT: code, AT: content}, kind=3), name


def relocation_rows(bits):
    """(what, changes, entries, code, words)"""
    largest = LARGEST[bits]
    good = [(0x2200, 8)]
    yield "none", {}, [], None, []
    yield "one", {}, good, None, []
    for kind in (1, 2, 6, 7, 37 if bits == 64 else 42, 0xFF):
        yield f"type {kind}", {}, [(0x2200, kind)], 117, ["the relocation at virtual 0x2200 is of type", f"{kind} ("]
    for at in sorted({0, 0x23FD, 0x2400, 0x7FFFFFFF, 0x80000000, largest}):
        yield f"at {at:#x}", {}, [(at, 8)], 118, [f"the relocation at virtual {at:#x} does not lie in a PT_LOAD"]
    for value in sorted({0, 0x23F9, 0x2400, 0x80000000, largest}):
        yield f"table at {value:#x}", {"table": value}, good, 119, ["damaged or does not lie in a PT_LOAD"]
    for value in sorted({1, 7, 0x401, 0x80000000, largest}):
        yield f"table of {value:#x}", {"size": value}, good, 119, ["damaged or does not lie in a PT_LOAD"]
    for value in sorted({1, 12, 0x80000000, largest}):
        yield f"entries of {value:#x}", {"entry": value}, good, 119, [f"entries of {value} bytes"]


def truncations(bits):
    """(size, code, words)"""
    header = craft.HEADER_SIZE[bits]
    table = header + 2 * craft.PROGRAM_SIZE[bits]
    for size in (0, 1, 3):
        yield size, 60, ["is not an ELF file"]
    yield 4, 61, ["ELF class 0"]
    yield 5, 62, ["data encoding is 0"]
    for size in (6, 7, 16, 18, 20, header - 1):
        yield size, 1, ["past its end"]
    for size in (header, header + 1, table - 1):
        yield size, 66, ["2 program headers of", "do not fit the file"]
    for size in (table, TEXT, TEXT + 1):
        yield size, 70, ["PT_LOAD 0 ends at file offset"]
    for size in (TEXT + 0x180, DATA, DATA + 1, SIZE - 1):
        yield size, 70, ["PT_LOAD 1 ends at file offset"]


def rows(bits):
    """(name, file, code, words)"""
    for field, value, code, words in header_rows(bits):
        yield f"{field} {value:#x}", kernel(bits, header={field: value}), code, words
    for group in (address_rows, size_rows):
        for fields, code, words in group(bits):
            name = ", ".join(f"{field} {value:#x}" for field, value in fields.items())
            yield f"data {name}", kernel(bits, data=fields), code, words
    for fields, code, words in text_rows(bits):
        name = ", ".join(f"{field} {value:#x}" for field, value in fields.items())
        yield f"code {name}", kernel(bits, text=fields), code, words
    for what, extra, contents, code, words in extra_rows(bits):
        if contents == "behind":  # the many headers go behind the contents
            file = bytearray(kernel(bits, look=False))
            more = craft.elf(bits, extra, 0)[craft.HEADER_SIZE[bits]:]
            table = bytes(file[craft.HEADER_SIZE[bits]:][:2 * craft.PROGRAM_SIZE[bits]]) + more
            put(file, *craft.place(craft.HEADER, bits, "e_phoff"), len(file))
            put(file, *craft.place(craft.HEADER, bits, "e_phnum"), len(extra) + 2)
            yield what, bytes(file) + table, code, words
        else:
            yield what, kernel(bits, extra=extra, contents=contents), code, words
    for what, changes, entries, code, words in relocation_rows(bits):
        yield f"relocation {what}", relocations(bits, entries, **changes)[0], code, words
    for size, code, words in truncations(bits):
        yield f"cut to {size}", kernel(bits)[:size], code, words


def cases():
    for bits in (32, 64):
        for name, file, code, words in rows(bits):
            yield f"ELF{bits} {name}", run, (file, code, words)
