"""FAT12, FAT16 and FAT32 volumes with a wrong number in the boot record, in a chain of clusters or in a directory."""
import functools

import bad_elf
import craft
from craft import MAX32, SECTOR, put

TITLE = "FAT volumes with wrong fields"
FAST = 14

CONFIG, KERNEL, MODULE, LONG = "/boot/aloft.cfg", "/boot/kernel.elf", "/boot/data.bin", "/boot/a long name.elf"
TEXT = b'set timeout=0\nmenuentry "one" {\n    kernel /boot/kernel.elf\n    module /boot/data.bin\n}\n'.ljust(700)
FILES = {CONFIG: TEXT, KERNEL: bad_elf.kernel(32), MODULE: craft.words(600, 7)}  # of 2, 3 and 5 clusters
DELETED = 0xE5
NOTHING = (56, ["neither a configuration nor a kernel"])


@functools.cache
def pristine(bits):
    return craft.Fat(bits, FILES)


def volume(bits):
    fat = craft.Fat.__new__(craft.Fat)
    fat.__dict__.update(pristine(bits).__dict__)
    fat.data = bytearray(fat.data)
    return fat


def run(folder, bits, change, arguments, code, words):
    fat = volume(bits)
    change(fat, *arguments)
    craft.judge(folder, craft.disk(fat.data), code, *words)


# ---- the boot record ----

def field(fat, at, width, value):
    put(fat.data, at, width, value)


def boot_record(bits):
    """(what, at, width, value, code, words)"""
    def bad(what, at, width, *values, says=None):
        for value in values:
            yield what, at, width, value, 22, [f"the FAT boot record is damaged: {says or 'the ' + what} is {value}."]

    def harmless(what, at, width, *values):
        for value in values:
            yield what, at, width, value, None, []

    fat, wide = pristine(bits), bits == 32
    total = len(fat.data) // SECTOR
    yield from bad("signature", 510, 2, 0, 0x55AA, 0xAA54, 0xFFFF)
    yield from bad("sector size", 11, 2, 0, 1, 256, 511, 513, 768, 8192, 0x7FFF, 0x8000, 0xFFFF)
    yield from bad("number of sectors in a cluster", 13, 1, 0, 3, 7, 0x7F, 0x81, 0xFF)
    yield from bad("number of reserved sectors", 14, 2, 0)
    yield from bad("number of FATs", 16, 1, 0)
    yield from harmless("jump", 0, 3, 0, 0xFFFFFF)
    yield from harmless("name of the formatter", 3, 8, 0, MAX32)
    yield from harmless("media", 21, 1, 0, 0xFF)
    yield from harmless("geometry", 24, 4, 0, MAX32)
    yield from harmless("hidden sectors", 28, 4, 0, MAX32)
    for value in (1, 0x7FFFFFFF, 0x80000000, MAX32):
        if wide:
            what = "the number of sectors" if value == 1 else "the number of clusters"
            yield "total sectors", 32, 4, value, 22, [f"damaged: {what} is"]
        else:
            yield "total sectors of FAT32", 32, 4, value, None, []
    for value in (1, fat.RESERVED, total - 8):
        if value < total - 8:
            yield from bad("number of sectors", 32 if wide else 19, 4 if wide else 2, value)
    yield from bad("number of sectors", 32 if wide else 19, 4 if wide else 2, 0, fat.data_start // SECTOR)
    yield "reserved sectors", 14, 2, 0xFFFF, 22, [f"the number of sectors is {total}."]
    yield "FATs", 16, 1, 0xFF, 22 if 0xFF * fat.fat_sectors > total else NOTHING[0], []
    for value in (0x7FFF, 0x8000, 0xFFFF):
        if wide:
            yield "sectors in a FAT, of FAT16", 22, 2, value, 22, []
            yield from bad("number of root entries", 17, 2, value)
        else:
            yield "sectors in a FAT", 22, 2, value, 22, [f"the number of sectors is {total}."]
    if not wide:
        yield from bad("number of root entries", 17, 2, 0)
        yield from harmless("root entries", 17, 2, 1, 2, 15)
        yield "sectors in a FAT", 22, 2, 0, 22, ["the number of sectors in a FAT is 0."]
        yield from harmless("drive, signature, serial number, label", 36, 26, 0, (1 << 208) - 1)
        return
    yield from bad("number of sectors in a FAT", 36, 4, 0)
    for value in (0x7FFFFFFF, 0x80000000, MAX32):
        yield "sectors in a FAT", 36, 4, value, 22, [f"the number of sectors is {total}."]
    yield from harmless("flags", 40, 2, 0x0F, 0x80, 0x81, 0xFF70)
    for value in (0x82, 0x8F, 0xFFFF):
        yield "flags", 40, 2, value, 22, [f"the active FAT is {value & 15}."]
    yield from bad("version", 42, 2, 1, 0x100, 0xFFFF)
    yield from bad("root cluster", 44, 4, 0, 1, fat.count + 2, 0x7FFFFFFF, 0x80000000, 0x0FFFFFFF, MAX32)
    yield "root cluster", 44, 4, fat.chains[MODULE][0], *NOTHING
    yield from harmless("information sector", 48, 4, 0, MAX32)


# ---- chains ----

def link(fat, path, index, value):
    """The entry of the index-th cluster of a file becomes `value`."""
    fat.set(fat.chains[path][index], value)


def long_directory(fat, value=None):
    """/boot goes on in a second cluster, where its files are, and which `value` stands for in the FAT."""
    here, there = fat.place(fat.chains["/boot"][0]), fat.chains[MODULE][-1] + 1
    at = fat.place(there)
    fat.data[at:at + SECTOR] = fat.data[here:here + SECTOR]
    fat.data[here:here + SECTOR] = bytes([DELETED]) * SECTOR
    fat.set(fat.chains["/boot"][0], there if value is None else value)
    fat.set(there, MAX32)


def chains(bits):
    """(what, change, arguments, code, words)"""
    fat = pristine(bits)
    mask = (1 << min(bits, 28)) - 1
    broken = {"free": 0, "1": 1, "past the end": fat.count + 2, "half": mask >> 1, "reserved": mask - 15, "bad": mask - 8}
    for path in (CONFIG, KERNEL, MODULE):
        chain = fat.chains[path]
        for index, cluster in enumerate(chain[:-1]):
            for what, value in broken.items():
                if value == mask >> 1 and value < fat.count + 2:
                    continue
                yield f"{path} {index} {what}", link, (path, index, value), 23, [
                    f"{path}: the cluster chain is broken at cluster {cluster}: the FAT entry in sector "
                    f"{fat.fat_sector(cluster)} is {value:#x}."]
            for what, value in (("itself", cluster), ("the start", chain[0])):
                if what == "itself" or index:
                    yield f"{path} {index} {what}", link, (path, index, value), 24, [
                        f"{path}: the cluster chain comes back to itself after {index + 1} clusters "
                        f"(FAT sector {fat.fat_sector(cluster)})"]
            for value in (mask, mask - 7):
                yield f"{path} {index} ends with {value:#x}", link, (path, index, value), 25, [
                    f"{path}: the directory says", "but its clusters end after", f"FAT sector {fat.fat_sector(cluster)}"]
        for what in ("free", "past the end", "bad"):  # what is behind the last byte is not asked for
            yield f"{path} last {what}", link, (path, -1, broken[what]), None, []
    start = fat.chains[KERNEL][0]  # which is a legal chain, if of other data, unless it is too short
    yield f"{MODULE} goes on in the kernel", link, (MODULE, 1, start), None, []
    yield f"{MODULE} goes on in the kernel at once", link, (MODULE, 0, start), 25, [MODULE, "but its clusters end after 2 KiB"]
    yield "/boot of two clusters", long_directory, (), None, []
    cluster = fat.chains["/boot"][0]
    for what, value in broken.items():
        if value == mask >> 1 and value < fat.count + 2:
            continue
        yield f"/boot {what}", long_directory, (value,), 23, [
            f"{CONFIG}: the cluster chain is broken at cluster {cluster}: the FAT entry in sector"]
    yield "/boot itself", long_directory, (cluster,), 24, [f"{CONFIG}: the cluster chain comes back to itself after 1 clusters"]
    yield "/boot ends", long_directory, (mask,), *NOTHING


# ---- directories ----

CLUSTER_LOW, CLUSTER_HIGH, LENGTH, ATTRIBUTES = (26, 2), (20, 2), (28, 4), (11, 1)


def in_entry(fat, path, place, value):
    at, width = place
    put(fat.data, fat.entries[path] + at, width, value)


def entries(bits):
    """(what, path, place in the entry, value, code, words)"""
    fat = pristine(bits)
    last = fat.count + 1
    for path in (CONFIG, KERNEL, MODULE, "/boot"):
        name = CONFIG if path == "/boot" else path
        for value in (1, last + 1, 0x7FFF, 0x8000, 0xFFFF):
            yield "first cluster", path, CLUSTER_LOW, value, 31, [
                f"{name}: the directory says it starts at cluster {value}, but the volume has clusters 2 to {last}."]
        if path != "/boot":
            yield "first cluster", path, CLUSTER_LOW, 0, 25, [f"{path}: the directory says", "but its clusters end after 0 bytes"]
        for value in (1, 0x7FFF, 0xFFFF):
            if bits == 32:
                yield "first cluster, high", path, CLUSTER_HIGH, value, 31, [
                    f"{name}: the directory says it starts at cluster {value << 16 | fat.chains[path][0]}"]
            else:
                yield "first cluster, high", path, CLUSTER_HIGH, value, None, []
    yield "first cluster", "/boot", CLUSTER_LOW, 0, *NOTHING
    yield "first cluster", "/boot", CLUSTER_LOW, fat.chains[MODULE][0], *NOTHING
    for value in (1025, 32768):
        yield "length", CONFIG, LENGTH, value, 25, [f"{CONFIG}: the directory says", "but its clusters end after 1 KiB"]
    for value in (32769, 0x7FFFFFFF, 0x80000000, MAX32):
        yield "length", CONFIG, LENGTH, value, 30, [f"{CONFIG} is", "at most 32 KiB can be used here"]
    yield "length", CONFIG, LENGTH, 0, 49, ["the configuration has no entry that boots anything"]
    yield "length", KERNEL, LENGTH, 0, 60, [f"{KERNEL} is not an ELF file"]
    yield "length", KERNEL, LENGTH, 600, 70, [f"{KERNEL}: PT_LOAD 1 ends at file offset 0x440, but the file ends at 0x258"]
    for value in (4096, 0x7FFFFFFF, 0x80000000, MAX32):
        yield "length", KERNEL, LENGTH, value, None, []  # nothing is read there
    yield "length", MODULE, LENGTH, 0, None, []
    for value in (2561, 65536):
        yield "length", MODULE, LENGTH, value, 25, [f"{MODULE}: the directory says", "but its clusters end after 2.5 KiB"]
    for value in (0x7FFFFFFF, 0x80000000, MAX32):
        yield "length", MODULE, LENGTH, value, 84, ["no room for a module"]
    for value in (0x10, 0x30, 0xF0):
        for path in (CONFIG, KERNEL, MODULE):
            yield "attributes", path, ATTRIBUTES, value, 27, [f"{path} is a directory"]
    for path in (KERNEL, MODULE):
        for value in (0x08, 0x0F, 0xFF):
            yield "attributes", path, ATTRIBUTES, value, 26, [f"{path}: no such file"]
        for value in (DELETED, 0, 5, 0x20, 0xFF):
            missing = MODULE if path == KERNEL and value == 0 else path
            yield "name", path, (0, 1), value, 26, [f"{path if missing == path else KERNEL}: no such file"]
    for value in (0, 0x20, 0x08, 0x0F):
        yield "attributes", "/boot", ATTRIBUTES, value, *NOTHING
    for value in (DELETED, 0, 5):
        yield "name", "/boot", (0, 1), value, *NOTHING
    for path in (CONFIG, KERNEL, MODULE):  # no one looks at times
        yield "times", path, (13, 7), (1 << 56) - 1, None, []


# ---- a partition that ends too early ----

def cut(folder, bits, path, index, code, words):
    """It ends before a cluster of a file."""
    fat = volume(bits)
    end = fat.place(fat.chains[path][index])
    craft.judge(folder, craft.disk(fat.data[:end]), code, *words)


def cuts(bits):
    fat = pristine(bits)
    for path in ("/boot", CONFIG, KERNEL, MODULE):
        for index in range(len(fat.chains[path])):
            # The first bytes of kernel and module are read before the rest of either.
            name = CONFIG if path == "/boot" else MODULE if path == KERNEL and index else path
            end = fat.place(fat.chains[path][index])
            yield path, index, 185, [f"{name}: what the file system says of it leads to byte", f"of the volume, which ends at {end:#x}"]


# ---- long names ----

def long_name(fat, part=None, at=0, value=0):
    """The kernel has its long name alone, of two parts, and one byte of a part is changed."""
    here, short = fat.entries[CONFIG], b"ALONGN~1ELF"
    files = fat.data[here:here + 96]
    checksum = functools.reduce(lambda sum, byte: ((sum & 1) << 7 | sum >> 1) + byte & 0xFF, short, 0)
    name = LONG.rsplit("/", 1)[1].encode("utf-16-le") + bytes(2)
    name += b"\xff" * (52 - len(name))
    parts = []
    for i in (1, 0):
        units = name[26 * i:26 * i + 26]
        parts.append(bytearray(bytes([i + 1 | 0x40 * (i == 1)]) + units[:10] + bytes([0x0F, 0, checksum]) + units[10:22] + bytes(2) + units[22:]))
    if part is not None:
        parts[part][at] = value
    kernel = files[32:64]
    kernel[:11] = short
    fat.data[here:here + 160] = files[:32] + parts[0] + parts[1] + kernel + files[64:]
    start = fat.place(fat.chains[CONFIG][0])
    fat.data[start:start + len(TEXT)] = TEXT.replace(b"/boot/kernel.elf", b'"/boot/a long name.elf"').ljust(700)[:len(TEXT)]


def long_names():
    """(what, part, byte, value, code, words): part 0 is the first on the disk, the last of the name."""
    yield "whole", None, 0, 0, None, []
    missing = 26, [f"{LONG}: no such file"]
    for part in (0, 1):
        for what, at, values in (("order", 0, (0, 3, 20, 0x3F, 0x43, 0x54, 0x7F, 0xFF, DELETED)), ("checksum", 13, (0, 1, 0xFF)),
                                 ("first unit", 1, (0, ord("x"), 0xFF)), ("high byte of the first unit", 2, (1, 0xFF)),
                                 ("attributes", 11, (0, 8, 0x20))):
            for value in values:
                yield f"{what} {value:#x} in part {part}", part, at, value, *missing
        yield f"first cluster in part {part}", part, 26, 0xFF, None, []


def cases():
    for bits in (12, 16, 32):
        for what, at, width, value, code, words in boot_record(bits):
            yield f"FAT{bits} {what} at {at} = {value:#x}", run, (bits, field, (at, width, value), code, words)
        for path, index, code, words in cuts(bits):
            yield f"FAT{bits} ends before cluster {index} of {path}", cut, (bits, path, index, code, words)
        for what, change, arguments, code, words in chains(bits):
            yield f"FAT{bits} chain of {what}", run, (bits, change, arguments, code, words)
        for what, path, place, value, code, words in entries(bits):
            yield f"FAT{bits} {what} of {path} = {value:#x}", run, (bits, in_entry, (path, place, value), code, words)
    for what, part, at, value, code, words in long_names():
        yield f"long name {what}", run, (12, long_name, (part, at, value), code, words)
