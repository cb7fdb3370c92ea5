"""Partition tables with wrong numbers: master boot records, chains of logical partitions, GPTs."""
import struct
import zlib

import craft
from craft import MAX32, MAX64, SECTOR, START, entry, put

TITLE = "partition tables with wrong fields"
FAST = 7

VOLUME = bytes(craft.Fat(12, {"/boot/kernel.elf": craft.kernel()}).data)
COUNT = len(VOLUME) // SECTOR
END = START + COUNT  # of the disk
BAD_VOLUME = bytearray(VOLUME)
put(BAD_VOLUME, 11, 2, 513)
NO_VOLUME = 20, ["no partition holds a file system that Aloft reads"]


def run(folder, data, code, words):
    craft.judge(folder, data, code, *words)


def past_end(number, sector, end=END):
    return 21, [f"partition {number} reaches sector {sector}, past the end of the disk at {end}"]


# ---- the master boot record ----

def master():
    """(what, the four entries, code, words)"""
    def one(kind=0x0C, first=START, count=COUNT, status=0x80):
        return [entry(kind, first, count, status)]

    for kind in (1, 4, 6, 7, 0x0B, 0x0E, 0x82, 0x83, 0xEF, 0xFF):
        yield f"type {kind:#x}", one(kind), None, []
    yield "type 0", one(0), *NO_VOLUME
    for status in (1, 0x20, 0x7F, 0x81, 0xFF):
        yield f"status {status:#x}", one(status=status), *NO_VOLUME
    yield "status 0", one(status=0), None, []
    for first in (START - 1, START + 1):
        yield f"first sector {first}", one(first=first, count=COUNT - 1), 22, ["the FAT boot record is damaged: the signature is 0."]
    for first in (END - COUNT + 1, END, END + 1, 0x7FFFFFFF, 0x80000000, MAX32):
        yield f"first sector {first:#x}, {COUNT} sectors", one(first=first), *past_end(1, first + COUNT)
    for count in (COUNT + 1, 0x7FFFFFFF, 0x80000000, MAX32):
        yield f"{count:#x} sectors", one(count=count), *past_end(1, START + count)
    yield "first sector and sectors at their most", one(first=MAX32, count=MAX32), *past_end(1, 2 * MAX32)
    yield "no sectors", one(count=0), *NO_VOLUME
    for count in (1, 2):
        yield f"{count} sectors", one(count=count), 185, ["/boot/aloft.cfg: what the file system says of it leads to byte"]
    for slot in range(4):
        table = [entry(0, 0, 0)] * slot
        yield f"slot {slot}", table + one(), None, []
        yield f"slot {slot} past the end", table + one(count=COUNT + 1), *past_end(slot + 1, END + 1)
    yield "no entries", [], *NO_VOLUME
    yield "four of the same", one() * 4, None, []
    yield "the whole disk", one(first=0, count=END), 22, ["the FAT boot record is damaged"]
    yield "the second past the end", one() + one(count=COUNT + 1), *past_end(2, END + 1)


def two_volumes():
    """(what, which are active, volumes, code, words)"""
    empty = bytes(craft.Fat(12, {"/boot/readme": b"nothing"}).data)
    damaged = 22, ["the FAT boot record is damaged: the sector size is 513."]
    for active in ((0x80, 0), (0, 0x80), (0, 0)):
        yield f"damaged and good, active {active}", active, (BAD_VOLUME, VOLUME), None, []
        yield f"good and damaged, active {active}", active, (VOLUME, BAD_VOLUME), None, []
    yield "active and damaged, empty", (0x80, 0), (BAD_VOLUME, empty), *damaged
    yield "damaged, active and empty", (0, 0x80), (BAD_VOLUME, empty), 56, ["neither a configuration nor a kernel"]
    yield "two damaged, one active", (0x80, 0), (BAD_VOLUME, BAD_VOLUME), *damaged


# ---- logical partitions ----

def logical(kind, tables, first=START):
    """An extended partition. tables: {sector: (entries, signature)}; the volume begins at sector START + 64."""
    volume = START + 64
    disk = bytearray(craft.disk(bytes(64 * SECTOR) + VOLUME, [entry(kind, first, 64 + COUNT)]))
    for sector, (entries, signature) in tables.items():
        at = sector * SECTOR
        disk[at:at + SECTOR] = bytes(446) + b"".join(entries).ljust(64, b"\0") + struct.pack("<H", signature)
    assert len(disk) == (volume + COUNT) * SECTOR
    return disk


def chains(kind):
    """(what, tables, code, words)"""
    here = entry(0x0C, 64, COUNT)  # the volume, from the first table
    end = END + 64

    def breaks(sector, why):
        return 188, [f"the chain of logical partitions breaks at sector {sector}: {why}"]

    def link(sector):
        return entry(kind, (sector - START) & MAX32, 1)

    round_and_round = "it goes round, or has too many links"
    yield "one", {START: ([here], 0xAA55)}, None, []
    for signature in (0, 0x55AA, 0xAA54, 0xFFFF):
        yield f"signature {signature:#x}", {START: ([here], signature)}, *breaks(START, "there is no table")
    yield "to itself", {START: ([here, link(START)], 0xAA55)}, *breaks(START, round_and_round)
    yield "two in a circle", {START: ([here, link(START + 1)], 0xAA55), START + 1: ([link(START)], 0xAA55)}, 188, [round_and_round]
    yield "to no table", {START: ([here, link(START + 9)], 0xAA55)}, *breaks(START + 9, "there is no table")
    for sector in (end, end + 1, START + 0x7FFFFFFF, START + 0x80000000, START + 0xFFFFFFFE):
        yield f"to sector {sector:#x}", {START: ([here, link(sector)], 0xAA55)}, *breaks(sector, "it leads past the end of the disk")
    yield "to 2^32-1", {START: ([here, entry(kind, MAX32, 1)], 0xAA55)}, None, []  # no link is that
    for first in (65, COUNT + 64, 0x7FFFFFFF, 0x80000000, MAX32):
        yield f"a partition at {first:#x}", {START: ([entry(0x0C, first, COUNT)], 0xAA55)}, *past_end(5, START + first + COUNT, end)
    for count in (COUNT + 1, 0x80000000, MAX32):
        yield f"a partition of {count:#x}", {START: ([entry(0x0C, 64, count)], 0xAA55)}, *past_end(5, START + 64 + count, end)
    for count, code in ((40, None), (63, None)):
        tables = {START + i: ([entry(0x0C, 64 - i, COUNT), link(START + i + 1)], 0xAA55) for i in range(count)}
        tables[START + count] = [here], 0xAA55
        yield f"{count} links", tables, 21, []


# ---- GPT ----

HEADER = {"signature": (0, 8), "revision": (8, 4), "header size": (12, 4), "header CRC": (16, 4), "own sector": (24, 8),
          "other sector": (32, 8), "first usable": (40, 8), "last usable": (48, 8), "entries' sector": (72, 8),
          "number of entries": (80, 4), "size of an entry": (84, 4), "entries' CRC": (88, 4)}
ENTRY = {"type": (0, 16), "first": (32, 8), "last": (40, 8), "attributes": (48, 8), "name": (56, 72)}
GPT_END = END + 33
AFTER_CRC = ("header CRC", "signature")


def gpt(header=None, changes=None, copies=(0, 1)):
    """A GPT disk whose header, and whose first entry, have these fields in the given copies; checksums are made after that."""
    front, lba = bytearray(craft.loader()), 34
    stage2, count = struct.unpack_from("<IH", front, 0x1B0)
    code = front[stage2 * SECTOR:(stage2 + count) * SECTOR]
    front[SECTOR:] = bytes(len(front) - SECTOR)
    front[lba * SECTOR:lba * SECTOR + len(code)] = code
    put(front, 0x1B0, 4, lba)
    front[446:462] = entry(0xEE, 1, GPT_END - 1)
    disk = front + VOLUME + bytes(33 * SECTOR)
    for copy in (0, 1):
        own, other, table = ((1, GPT_END - 1, 2), (GPT_END - 1, 1, GPT_END - 33))[copy]
        first = bytearray(128)
        fields = {"type": 1, "first": START, "last": END - 1, "attributes": 4, **(changes or {} if copy in copies else {})}
        for name, value in fields.items():
            put(first, *ENTRY[name], value)
        entries = first + bytes(127 * 128)
        disk[table * SECTOR:(table + 32) * SECTOR] = entries
        fields = {"signature": int.from_bytes(b"EFI PART", "little"), "revision": 0x10000, "header size": 92, "own sector": own,
                  "other sector": other, "first usable": 34, "last usable": END - 1, "entries' sector": table,
                  "number of entries": 128, "size of an entry": 128, "entries' CRC": zlib.crc32(entries)}
        changed = header or {} if copy in copies else {}
        sector = bytearray(SECTOR)
        for name, value in {**fields, **changed}.items():
            put(sector, *HEADER[name], value)
        if "header CRC" not in changed:
            size = min(changed.get("header size", 92), SECTOR)
            put(sector, *HEADER["header CRC"], zlib.crc32(sector[:size]))
        disk[own * SECTOR:(own + 1) * SECTOR] = sector
    return disk


def headers():
    """(field, value, what is wrong; None: nothing)"""
    for value in (0, 1, MAX64):
        yield "signature", value, "its signature is missing"
    for value in (0, MAX32):
        yield "header CRC", value, "its checksum does not match"
    for value in (0, 91, 513, 0x7FFFFFFF, 0x80000000, MAX32):
        yield "header size", value, "its checksum does not match"
    for value in (0, 2, 0x80000000, MAX32, 1 << 63, MAX64):
        yield "own sector", value, "a field is out of range"
    for value in (GPT_END + 1, 1 << 54, 1 << 55, 1 << 63, MAX64):
        yield "entries' sector", value, "a field is out of range"
    for value in (GPT_END, GPT_END - 1):
        yield "entries' sector", value, "its entries cannot be read"
    for value in (0, 1, 3):
        yield "entries' sector", value, "the checksum of its entries does not match"
    for value in (1025, 0x7FFFFFFF, 0x80000000, MAX32):
        yield "number of entries", value, "a field is out of range"
    for value in (0, 1, 127, 129):
        yield "number of entries", value, "the checksum of its entries does not match"
    for value in (0, 1, 64, 127, 129, 192, 8192, 0x7FFFFFFF, 0x80000000, MAX32):
        yield "size of an entry", value, "a field is out of range"
    for value in (256, 512):
        yield "size of an entry", value, "the checksum of its entries does not match"
    for value in (0, 1, MAX32):
        yield "entries' CRC", value, "the checksum of its entries does not match"
    for field in ("revision", "other sector", "first usable", "last usable"):
        for value in (0, MAX32 if field == "revision" else MAX64):
            yield field, value, None
    yield "header size", 512, None


def entries():
    """(fields of the entry, code, words)"""
    yield {"type": 0}, *NO_VOLUME
    yield {"attributes": 0}, None, []
    yield {"attributes": MAX64}, None, []
    yield {"name": (1 << 576) - 1}, None, []
    for last in (GPT_END, 1 << 31, 1 << 32, 1 << 54, 1 << 55, 1 << 63, MAX64 - 1):
        yield {"last": last}, *past_end(1, last + 1, GPT_END)
    yield {"last": MAX64}, *past_end(1, MAX64, GPT_END)
    for last in (0, 1, START - 2, START - 1):
        yield {"last": last}, 186, [f"partition 1 begins at sector {START}, but ends before that, at {last}"]
    for first in (END, GPT_END, 1 << 32, 1 << 63, MAX64):
        yield {"first": first}, 186, [f"partition 1 begins at sector {first}, but ends before that, at {END - 1}"]
    for first in (1 << 32, 1 << 55, 1 << 63, MAX64):
        yield {"first": first, "last": first}, *past_end(1, min(first + 1, MAX64), GPT_END)
    yield {"first": 0}, 22, ["the FAT boot record is damaged"]


def cases():
    for what, table, code, words in master():
        yield f"MBR: {what}", run, (craft.disk(VOLUME, table), code, words)
    for what, active, (first, second), code, words in two_volumes():
        table = [entry(0x0C, START, COUNT, active[0]), entry(0x0C, END, len(second) // SECTOR, active[1])]
        yield f"MBR: {what}", run, (craft.disk(bytes(first) + bytes(second), table), code, words)
    for kind in (0x05, 0x0F, 0x85):
        for what, tables, code, words in chains(kind):
            yield f"logical, type {kind:#x}: {what}", run, (logical(kind, tables), code, words)
        for first in (0x7FFFFFFF, 0x80000000, MAX32 - 1):
            words = [f"the chain of logical partitions breaks at sector {first}: it leads past the end of the disk"]
            yield f"logical, type {kind:#x}: all at {first:#x}", run, (logical(kind, {}, first), 188, words)
    for field, value, problem in headers():
        words = [f"neither the GPT header in sector 1 nor its copy in sector {GPT_END - 1} is whole; the first: {problem}"]
        yield f"GPT: {field} {value:#x}", run, (gpt({field: value}), problem and 187, words if problem else [])
        yield f"GPT: {field} {value:#x} in the first only", run, (gpt({field: value}, copies=(0,)), None, [])
    for fields, code, words in entries():
        name = ", ".join(f"{field} {value:#x}" for field, value in fields.items())
        yield f"GPT: entry's {name[:60]}", run, (gpt(changes=fields), code, words)
