"""ISO 9660 volumes with a wrong number in a descriptor, in a directory record or in the fields of SUSP and Rock Ridge."""
import functools

import bad_elf
import craft
from craft import BLOCK, MAX32, put, susp

TITLE = "ISO 9660 volumes with wrong fields"
FAST = 14

CONFIG, KERNEL, MODULE = "/boot/aloft.cfg", "/boot/kernel.elf", "/boot/data.bin"
TEXT = b'set timeout=0\nmenuentry "one" {\n    kernel /boot/kernel.elf\n    module /boot/data.bin\n}\n'
FILES = {CONFIG: TEXT, KERNEL: bad_elf.kernel(32), MODULE: craft.words(1500, 7)}
NOTHING = (56, ["neither a configuration nor a kernel"])
BAD_RECORD = "the directory record at byte"


@functools.cache
def pristine(names):
    return craft.Iso(FILES, names)


def run(folder, names, patches, code, words):
    """`patches`: (place, width, value), or (place, bytes)."""
    data = bytearray(pristine(names).data)
    for at, *rest in patches:
        if isinstance(rest[0], bytes):
            data[at:at + len(rest[0])] = rest[0]
        else:
            put(data, at, *rest)
    craft.judge(folder, craft.disk(data), code, *words)


# ---- volume descriptors ----

def descriptors():
    """(what, names, patches, code, words)"""
    no_fat = "the FAT boot record is damaged: the signature is 0."
    for names in ("plain", "ridge", "joliet"):
        at = 16 * BLOCK
        for what, place, values in (("standard identifier", at + 1, (0, ord("c"), 0xFF)), ("last letter", at + 5, (0, ord("2"))),
                                    ("descriptor version", at + 6, (0, 2, 0xFF))):
            for value in values:
                yield f"{what} {value:#x}", names, [(place, 1, value)], 22, [no_fat]
        for value in (0, 2, 3, 0xFE, 0xFF):
            yield f"descriptor type {value}", names, [(at, 1, value)], 180, ["the number of primary descriptors is 0."]
        for value in (0, 1, 512, 1024, 2047, 2049, 4096, 0x7FFF, 0x8000, 0xFFFF):
            yield f"logical block size {value}", names, [(at + 128, 2, value)], 180, [f"the logical block size is {value}."]
        for what, place, width in (("system identifier", 8, 32), ("volume identifier", 40, 32), ("volume size", 80, 8),
                                   ("set size", 120, 4), ("path tables", 132, 24), ("everything behind the root", 190, 623)):
            for value in (0, (1 << 8 * width) - 1):
                yield f"{what} {'ones' if value else 0}", names, [(at + place, width, value)], None, []
        for value in (1, 2):
            yield f"the terminator is {value}", names, [(18 * BLOCK, 1, value)], None, []
    for value in (0, 0x7FFFFFFF, 0x80000000, MAX32):
        yield f"primary descriptor again, root at {value:#x}", "plain", [
            (17 * BLOCK, bytes(pristine("plain").data[16 * BLOCK:17 * BLOCK])), (17 * BLOCK + 158, 4, value)], None, []
    at = 17 * BLOCK
    for value in (0, 1, 3, 0xFE):
        yield f"Joliet type {value}", "joliet", [(at, 1, value)], *NOTHING
    for value in (0, 0xFF, ord("@") + 1):
        yield f"Joliet escape {value:#x}", "joliet", [(at + 90, 1, value)], *NOTHING
    for value in (ord("@"), ord("C")):
        yield f"Joliet escape {value:#x}", "joliet", [(at + 90, 1, value)], None, []
    yield "descriptors without end", "plain", [(i * BLOCK, b"\3CD001\1") for i in (17, 18)], None, []


def roots():
    """The record of the root in a descriptor."""
    for names, at in (("plain", 16), ("ridge", 16), ("joliet", 17)):
        iso, at = pristine(names), at * BLOCK + 156
        end = len(iso.data) // BLOCK
        for value in (end, 0x7FFFFFFF, 0x80000000, MAX32):
            yield f"block of the root {value:#x}", names, [(at + 2, 4, value)], 185, ["what the file system says of it leads to byte", "the volume, which ends at 0xd800"]
        for value in (0, iso.blocks["/boot"] + 1):
            yield f"block of the root {value:#x}", names, [(at + 2, 4, value)], 56, NOTHING[1]
        for value in (0, 33):
            yield f"size of the root {value}", names, [(at + 10, 4, value)], *((NOTHING[0], NOTHING[1]) if not value else (181, [BAD_RECORD]))
        for value in (BLOCK + 1, 0x7FFFFFFF, MAX32):
            # Only plain names differ in case, so that a better one is looked for to the end.
            yield f"size of the root {value:#x}", names, [(at + 10, 4, value)], *((181, [BAD_RECORD]) if names == "plain" else (None, []))
        for value in (1, 34, 0xFF):
            yield f"length of the root's record {value}", names, [(at, 1, value)], None, []
        if names == "joliet":
            yield "length of the root's record 0", names, [(at, 1, 0)], *NOTHING
        for what, place, value in (("flags", 25, 0), ("flags", 25, 0xFF), ("unit", 26, 0xFF), ("name length", 32, 0xFF)):
            yield f"{what} of the root {value}", names, [(at + place, 1, value)], None, []


# ---- directory records ----

def records():
    for names in ("plain", "ridge", "joliet"):
        iso = pristine(names)
        end = len(iso.data) // BLOCK
        for path in (CONFIG, KERNEL, MODULE, "/boot"):
            at, size = iso.records[path], len(FILES.get(path, bytes(BLOCK)))
            block, into = at // BLOCK, at % BLOCK
            name = CONFIG if path == "/boot" else path
            first = CONFIG if names == "plain" else path  # whose search comes by
            bad = 181, [f"{first}: {BAD_RECORD} {into} of ISO 9660 sector {block} is damaged"]
            if path in (MODULE,):
                for value in (1, 2, 33, 34, 0xFF):
                    if value <= 34:  # too short for its name
                        yield f"length of {path} {value}", names, [(at, 1, value)], *bad
            else:
                for value in (1, 2, 33):
                    yield f"length of {path} {value}", names, [(at, 1, value)], 181, [f"{BAD_RECORD} {into} of ISO 9660 sector {block}"]
            for value in (0xDF, 0xFF):
                yield f"name length of {path} {value}", names, [(at + 32, 1, value)], 181, [
                    f"{BAD_RECORD} {into} of ISO 9660 sector {block}"]
            for value in (end, 0x7FFFFFFF, 0x80000000, MAX32):
                yield f"block of {path} {value:#x}", names, [(at + 2, 4, value)], 184, [
                    f"{name}: the directory gives it", f"from block {value} on, past the end of the volume"]
            for value in (0x7FFFFFFF, 0x80000000, MAX32):
                yield f"size of {path} {value:#x}", names, [(at + 10, 4, value)], 184, [
                    f"{name}: the directory gives it", f"from block {iso.blocks[path]} on"]
            for value in (0xFF,):
                yield f"extended attributes of {path} {value}", names, [(at + 1, 1, value)], 184, [
                    f"from block {iso.blocks[path] + value} on"]
            for what, place in (("unit", 26), ("gap", 27)):
                for value in (1, 0xFF):
                    yield f"{what} of {path} {value}", names, [(at + place, 1, value)], 183, [f"{name} is interleaved"]
            for what, place, width in (("date", 18, 7), ("volume number", 28, 4), ("block, big-endian", 6, 4), ("size, big-endian", 14, 4)):
                for value in (0, (1 << 8 * width) - 1):
                    yield f"{what} of {path} {value:#x}", names, [(at + place, width, value)], None, []
            if path == "/boot":
                for value in (0, 0x80, 0x04, 0x06, 0xFF):
                    yield f"flags of {path} {value:#x}", names, [(at + 25, 1, value)], *NOTHING
                yield f"size of {path} 0", names, [(at + 10, 4, 0)], *NOTHING
                yield f"block of {path} is the root's", names, [(at + 2, 4, iso.blocks["/"])], *NOTHING
                yield f"block of {path} is a file's", names, [(at + 2, 4, iso.blocks[MODULE])], 181, [BAD_RECORD]
                continue
            yield f"flags of {path} 2", names, [(at + 25, 1, 2)], 27, [f"{path} is a directory"]
            if path != CONFIG:
                for value in (4, 6, 0xFF):
                    yield f"flags of {path} {value:#x}", names, [(at + 25, 1, value)], 26, [f"{path}: no such file"]
            yield f"size of {path} {size + BLOCK * end:#x}", names, [(at + 10, 4, size + BLOCK * end)], 184, [name]
        at = iso.records[CONFIG]
        yield "size of the configuration 0", names, [(at + 10, 4, 0)], 49, ["no entry that boots anything"]
        yield "size of the kernel 0", names, [(iso.records[KERNEL] + 10, 4, 0)], 60, [f"{KERNEL} is not an ELF file"]
        yield "size of the module 0", names, [(iso.records[MODULE] + 10, 4, 0)], None, []
        yield "block of an empty module", names, [(iso.records[MODULE] + 10, 4, 0), (iso.records[MODULE] + 2, 4, MAX32)], None, []


# ---- fields of SUSP and Rock Ridge ----

def continued(block, offset, size):
    return susp(b"CE", craft.both(block, 4) + craft.both(offset, 4) + craft.both(size, 4))


def fields():
    """All but those of the root's "." stand in place of the kernel's NM, which is the length of a CE less five bytes."""
    iso = pristine("ridge")
    end = len(iso.data) // BLOCK
    use, root = iso.fields[KERNEL], iso.fields["/"]
    room = iso.records[MODULE] - use
    missing = 26, [f"{KERNEL}: no such file"]
    for value in (0, 1, 2, 3, room + 1, 0x7F, 0xFF):  # the field is not one: the plain name is left
        yield f"length of NM {value}", "ridge", [(use + 2, 1, value)], None, []
    for value in (4, 5, 6, room - 2):
        yield f"length of NM {value}", "ridge", [(use + 2, 1, value)], *((None, []) if value == 4 else missing)
    for value in (2, 4, 6, 0xFE):  # "." and "..": no name
        yield f"flags of NM {value:#x}", "ridge", [(use + 4, 1, value)], None, []
    for value in (ord("x"), 0, 0xFF):
        yield f"letter of NM {value:#x}", "ridge", [(use + 5, 1, value)], *missing
    for what, signature in (("SL", b"SL"), ("RE", b"RE"), ("unknown", b"ZZ"), ("ST", b"ST")):
        code = {"SL": (183, [f"{KERNEL} is a symbolic link"]), "RE": missing}.get(what, (None, []))
        yield f"{what} for NM", "ridge", [(use, signature)], *code
    area = iso.continuation * BLOCK + 512  # free
    at = iso.records[KERNEL]
    record = bytes(iso.data[at:use])

    def with_continuation(block, offset, size, *more):
        """The kernel is the last record of the directory, and its fields go on elsewhere."""
        tail = continued(block, offset, size)
        moved = bytes(iso.data[iso.records[MODULE]:iso.records[MODULE] + iso.data[iso.records[MODULE]]])
        last = bytes([len(record) + len(tail)]) + record[1:] + tail
        return [(at, moved + last + bytes(64)), *more]

    here = iso.continuation
    good = susp(b"NM", b"\0kernel.elf")
    yield "CE", "ridge", with_continuation(here, 512, len(good), (area, good)), None, []
    for value in (1, 3):
        yield f"CE of {value} bytes", "ridge", with_continuation(here, 512, value, (area, good)), None, []
    for value in (BLOCK + 1, 0x7FFFFFFF, 0x80000000, MAX32):
        yield f"CE of {value:#x} bytes", "ridge", with_continuation(here, 0, value), 182, [
            f"the Rock Ridge fields do not end", f"the last in block {here}"]
    for value in (end, 0x7FFFFFFF, 0x80000000, MAX32):
        yield f"CE in block {value:#x}", "ridge", with_continuation(value, 0, 28), 185, [f"{KERNEL}: what the file system says of it leads to byte"]
    for value in (end * BLOCK, 0x7FFFFFFF, 0x80000000, MAX32):
        yield f"CE at offset {value:#x}", "ridge", with_continuation(here, value, 28), 185, [f"{KERNEL}: what the file system says of it leads to byte"]
    loop = continued(here, 512, 28)
    endless = 182, ["the Rock Ridge fields do not end: too many or too long continuations", f"the last in block {here}"]
    yield "CE of itself", "ridge", with_continuation(here, 512, 28, (area, loop)), *endless
    yield "two CE of each other", "ridge", with_continuation(here, 512, 28, (area, continued(here, 768, 28)), (area + 256, loop)), *endless
    for count, code in ((6, None), (7, 182), (8, 182), (20, 182)):  # continuations of continuations; then the name
        chain = [(area + 40 * i, continued(here, 512 + 40 * (i + 1), 28)) for i in range(count)] + [(area + 40 * count, good)]
        yield f"{count} CE in a row", "ridge", with_continuation(here, 512, 28, *chain), code, endless[1] if code else []
    yield "CE of zeros", "ridge", with_continuation(here, 1024, 512), None, []
    for value in (0, 4, 27):
        yield f"length of CE {value}", "ridge", with_continuation(here, 512, 28, (at + len(record) + 0, b"")), None, []
    # the root's "."
    for value in (0, 1, 6, 8, 0xFF):  # no SP, so no Rock Ridge; plain names are the same here
        yield f"length of SP {value}", "ridge", [(root + 2, 1, value)], None, []
    for value in (1, 4, 14, 15, 0x7F, 0xFF):  # fields begin later: their NM is not seen, or is damaged
        yield f"SP skips {value}", "ridge", [(root + 6, 1, value)], None, []
    for what, place, value in (("size", 20, BLOCK + 1), ("size", 20, MAX32)):
        yield f"{what} of the root's CE {value:#x}", "ridge", [(root + 7 + place, 4, value)], 182, ["the Rock Ridge fields do not end"]
    for value in (end, 0x7FFFFFFF, 0x80000000, MAX32):
        yield f"block of the root's CE {value:#x}", "ridge", [(root + 7 + 4, 4, value)], 185, ["what the file system says of it leads to byte", "the volume, which ends at 0xd800"]
    start = iso.continuation * BLOCK
    yield "the root's CE goes round", "ridge", [(start, continued(here, 0, 28)), (root + 7 + 20, 4, 28)], 182, ["do not end"]
    for value in (0, 3, 4, 11, 0xFF):
        yield f"length of ER {value}", "ridge", [(start + 2, 1, value)], None, []
    # directories elsewhere
    boot = iso.fields["/boot"]
    for value in (end, 0x7FFFFFFF, 0x80000000, MAX32):
        child = susp(b"CL", craft.both(value, 4))
        at_boot = iso.records["/boot"]
        yield f"CL to block {value:#x}", "ridge", [(boot, child), (at_boot, 1, boot - at_boot + len(child))], 185, ["/boot/aloft.cfg: what"]
        name = susp(b"NM", b"\0boot") + child
        yield f"NM and CL to block {value:#x}", "ridge", [(boot, name), (at_boot, 1, boot - at_boot + len(name))], 185, ["what the file system says of it leads to byte", "the volume, which ends at 0xd800"]
    for value, code in ((iso.blocks["/boot"], None), (iso.blocks["/"], 56), (iso.blocks[MODULE], 184)):
        name = susp(b"NM", b"\0boot") + susp(b"CL", craft.both(value, 4))
        yield f"NM and CL to block {value}", "ridge", [(boot, name), (iso.records["/boot"], 1, boot - iso.records["/boot"] + len(name))], code, []


def cases():
    for group in (descriptors, roots, records, fields):
        for what, names, patches, code, words in group():
            yield f"{names}: {what}", run, (names, patches, code, words)
