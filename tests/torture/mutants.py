"""Random changes to what a boot reads but for stage 1 and 2: boot records, FATs, directories, descriptors, inodes, partition
tables, headers of kernels, packed kernels, configurations.

Each ends in an error with its number, on the screen and on the serial line; or in the kernel, which is content; or in the menu.
Where a mutant's own headers have the processor start at bytes that are not the kernel's code, what comes behind the handover
is the mutant's doing: then the loader must have come to the line that is its last.
"""
import functools
import gzip
import os
import pathlib
import random
import re
import struct
import subprocess
import tempfile
import zlib

import bad_elf
import bad_multiboot
import bad_partition
import craft
import machine
from craft import BLOCK, DYNAMIC, HIGH, NOTE, SECTOR, START, TLS, segment

TITLE = "random mutants"
FAST = 200

CONFIG, KERNEL, MODULE = "/boot/aloft.cfg", "/boot/kernel.elf", "/boot/data.bin"
LAST_LINE = re.compile(r"^time +probe .* million cycles$", re.M)  # of the loader, with verbose=1
NUMBERS = set(map(int, re.findall(r"^X\((\d+),", (machine.ROOT / "base/errors.def").read_text(), re.M)))
PATIENCE = 3  # seconds that a kernel which is none may take


def text(line=f"kernel {KERNEL}", module=True):
    more = f"    module {MODULE} words of it\n" if module else ""
    return f'set timeout=0\nset verbose=1\nmenuentry "one" {{\n    {line}\n{more}}}\n'.encode()


RICH = (b"# a configuration that uses the language\nset timeout=0\nset verbose=1\nset name=kernel\nset default=first\n"
        b"function boots {\n    kernel --stack=32K /boot/$1.elf \"${2}\" quiet\n    shift\n}\n"
        b"if [ -f /boot/none.elf -o ! -e /boot/data.bin ]; then\n    set name=none\nelif test \"$name\" = kernel; then\n    true\nfi\n"
        b"for i in 1 2 3; do\n    set list=\"$list $i\"\ndone\nwhile [ \"$n\" != xxx ]; do set n=x$n; done\n"
        b"menuentry 'The first' --id first --class os --hotkey=f {\n    boots $name 'one two' \\\n        three\n"
        b"    module /boot/data.bin\n}\nsubmenu \"more\" {\n    menuentry \"other\" { multiboot /boot/kernel.elf; }\n}\n"
        b"search --no-floppy --file --set=where /boot/kernel.elf\ninsmod ext2\n")


# ---- what is mutated: the bytes of a disk, and the places that may change ----

class Base:
    """`finish(data, random)` comes behind the changes; `check(data)` says whether the kernel's code must be reached."""

    def __init__(self, data, places, finish=None, check=None):
        self.data, self.places, self.finish, self.check = bytes(data), places, finish, check


def of_volume(data, places, **more):
    return Base(craft.disk(data), [(START * SECTOR + at, START * SECTOR + end) for at, end in places], **more)


def fat(bits):
    volume = craft.Fat(bits, {CONFIG: text(), KERNEL: craft.kernel(), MODULE: craft.words(1500, 5)}, cluster_sectors=1 if bits == 16 else 4,
                       clusters=None if bits == 16 else 40)
    used = (max(volume.chains[MODULE]) + 3) * bits // 8
    boot = volume.place(volume.chains["/boot"][0])
    return of_volume(volume.data, [(3, 64), (0, SECTOR), (volume.fat_start, volume.fat_start + used), (volume.root, volume.root + 64),
                                   (boot, boot + 96)])


def iso(names):
    volume = craft.Iso({CONFIG: text(), KERNEL: craft.kernel(), MODULE: craft.words(1500, 5)}, names)
    places = [(16 * BLOCK, 16 * BLOCK + 190), (18 * BLOCK, 18 * BLOCK + 8), (volume.ROOT * BLOCK, volume.ROOT * BLOCK + 200),
              (volume.BOOT * BLOCK, volume.BOOT * BLOCK + 300)]
    if names == "joliet":
        places.append((17 * BLOCK, 17 * BLOCK + 190))
    if names == "ridge":
        places.append((volume.continuation * BLOCK, volume.continuation * BLOCK + 40))
    return of_volume(volume.data, places)


def ext(options):
    """A volume that mke2fs makes; what is no file's content may change."""
    files = {CONFIG: text(), KERNEL: craft.kernel(size=900), MODULE: craft.words(5000, 5)}
    with tempfile.TemporaryDirectory() as folder:
        tree, image = pathlib.Path(folder) / "tree", pathlib.Path(folder) / "image"
        machine.make_tree(tree, files)
        environment = {**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
        subprocess.run(["mke2fs", "-q", "-F", *options.split(), "-N", "32", "-d", tree, image, "256k"], check=True, env=environment,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        data = image.read_bytes()
    places = []
    for at in range(1024, len(data), 1024):
        block = data[at:at + 1024]
        if any(block) and not any(content[i:i + 900] in block for content in files.values() for i in range(0, len(content), 1024)
                                  if content[i:i + 900]):
            places.append((at, at + 1024))
    return of_volume(data, places)


def kernel_disk(file, places, **more):
    """The kernel's file is one run of clusters, so that its places are places of the disk."""
    volume = craft.Fat(12, {CONFIG: text(module=False), KERNEL: file}, cluster_sectors=1)
    start = volume.place(volume.chains[KERNEL][0])
    return of_volume(volume.data, [(start + at, start + end) for at, end in places], **more)


def sled(bits, size=0x200):
    """Code that does the same wherever it is entered, but for its last bytes."""
    code = craft.program(bits)
    return b"\x90" * (size - len(code)) + code


def enters_code(bits, data):
    """Does this mutated file, which Aloft has started, have the kernel's code at its entry? By the gABI's words. Position-
    independent files may be changed by their relocations: of those nothing is said."""
    def field(table, name, at=0):
        place, width = craft.place(table, bits, name)
        return int.from_bytes(data[at + place:at + place + width], "little")

    if field(craft.HEADER, "e_type") != 2:
        return False
    entry, table = field(craft.HEADER, "e_entry"), field(craft.HEADER, "e_phoff")
    for address in ("p_vaddr", "p_paddr"):
        for i in range(field(craft.HEADER, "e_phnum")):
            at = table + i * craft.PROGRAM_SIZE[bits]
            into = entry - field(craft.PROGRAM, address, at)
            size = field(craft.PROGRAM, "p_filesz", at)
            if field(craft.PROGRAM, "p_type", at) == 1 and 0 <= into < field(craft.PROGRAM, "p_memsz", at):
                start = field(craft.PROGRAM, "p_offset", at)
                loaded = data[start + into:start + size] if into < size else b""
                return loaded.lstrip(b"\x90").startswith(craft.program(bits))
    return False


def elf(bits, kind):
    """A kernel with a segment of each kind. `kind` 3 is position-independent, with relocations."""
    high = HIGH[bits] if kind == 2 else 0
    note = bad_elf.note("Aloft", 1, b"--stack=128K\0")
    width = bits // 8
    tags = [(7, 0x102100), (8, 48), (9, 24)] if bits == 64 else [(17, 0x102100), (18, 16), (19, 8)]
    dynamic = b"".join(value.to_bytes(width, "little") for pair in [*tags, (0, 0)] for value in pair)
    entries = b"".join(value.to_bytes(width, "little") for at in (0x102200, 0x102300) for value in ((at, 8, 0), (at, 8))[bits == 32])
    code = sled(bits)
    segments = [segment(offset=0x200, virt=high + 0x100000, phys=0x100000, file_size=len(code), flags=5),
                segment(offset=0x400, virt=high + 0x101000, phys=0x101000, file_size=0x200, memory_size=0x1800, flags=6),
                segment(NOTE, 0x600, file_size=len(note)),
                segment(TLS, 0x400, high + 0x101000, file_size=16, memory_size=32, align=16),
                segment(DYNAMIC, 0x700, high + 0x102000, file_size=0x100)]
    segments[1:2] = [segments[1] | {"p_memsz": 0x800},
                     segment(offset=0x700, virt=high + 0x102000, phys=0x102000, file_size=0x400, flags=6)]
    file = craft.elf(bits, segments, high + 0x100000, kind=kind, contents={
        0x200: code, 0x400: sled(bits), 0x600: note, 0x700: dynamic, 0x800: entries, 0xAFF: b"\0"})
    table = craft.HEADER_SIZE[bits] + len(segments) * craft.PROGRAM_SIZE[bits]
    places = [(0, craft.HEADER_SIZE[bits]), (craft.HEADER_SIZE[bits], table), (0x600, 0x600 + len(note))]
    if kind == 3:
        places += [(0x700, 0x700 + len(dynamic)), (0x800, 0x800 + len(entries))]
    base = kernel_disk(file, places)
    start = base.places[0][0]
    base.check = lambda data: enters_code(bits, data[start:start + len(file)])
    return base


def packed(bits):
    """A gzip file: its checksum must find what the rest does not."""
    noise = random.Random(bits).randbytes(3000)
    code = craft.program(bits)
    file = craft.elf(bits, [segment(offset=0x200, virt=HIGH[bits] + 0x100000, phys=0x100000, file_size=0x1800, flags=7)],
                     HIGH[bits] + 0x100000, 0x1A00, {0x200: code, 0x400: noise})
    content = gzip.compress(file, mtime=0)
    return kernel_disk(content, [(0, 20), (0, len(content)), (len(content) - 8, len(content))], check=lambda data: True)


def multiboot(version):
    if version == 1:
        header = bad_multiboot.header_1(0x10007, addresses=(0x100040, 0x100000, 0x100240, 0x100400, 0x100100), video=(1, 80, 25, 0))
        file = bad_multiboot.flat(header)
        return Base(craft.fat_disk({CONFIG: text(f"multiboot {KERNEL}", False), KERNEL: file}), None, sum_header, None), header
    tag = bad_multiboot.tag
    header = bad_multiboot.header_2(tag(1, 4, 6, 8), tag(4, 3), tag(6), tag(10, 0x100000, 0x4000000, 4096, 1, flags=1))
    file = bytearray(bad_multiboot.elf(header) + sled(32))
    return Base(craft.fat_disk({CONFIG: text(f"multiboot2 {KERNEL}", False), KERNEL: bytes(file)}), None, sum_header, None), header


def multiboot_base(version):
    base, header = multiboot(version)
    at = base.data.index(header)
    base.places = [(at, at + len(header))]
    return base


def sum_header(data, chance):
    """Most Multiboot headers get a good checksum again."""
    for version, magic in bad_multiboot.MAGIC.items():
        at = data.find(struct.pack("<I", magic), START * SECTOR)
        if at >= 0 and chance.random() < 0.8:
            count = 2 + version - 1
            total = sum(struct.unpack_from(f"<{count}I", data, at))
            craft.put(data, at + 4 * count, 4, -total)


def config_base():
    volume = craft.Fat(12, {CONFIG: RICH.ljust(4096, b"\n"), KERNEL: craft.kernel(), MODULE: craft.words(100, 5)})
    start = START * SECTOR + volume.place(volume.chains[CONFIG][0])

    def finish(data, chance):
        """Changes that keep it a text: a piece goes, comes twice, or a sign comes in."""
        for _ in range(chance.randint(0, 3)):
            content = bytes(data[start:start + 4096])
            at, size = chance.randrange(len(RICH)), chance.choice((1, 1, 2, 5, 20, 200))
            here = chance.choice((content[at:at + size] * 2, b"", bytes([chance.choice(b"{}\"'$\\;#[]=() \n0a")]) * size,
                                  content[at:at + size][::-1]))
            data[start:start + 4096] = (content[:at] + here + content[at + size:]).ljust(4096, b"\n")[:4096]

    return of_volume(volume.data, [(start - START * SECTOR, start - START * SECTOR + len(RICH))], finish=finish)


def table(kind):
    if kind == "mbr":
        return Base(craft.disk(bad_partition.VOLUME), [(446, 510), (446, 462)])
    if kind == "logical":
        here = craft.entry(0x0C, 64, bad_partition.COUNT)
        tables = {START: ([craft.entry(0x0C, 64, 9), craft.entry(5, 1, 99)], 0xAA55), START + 1: ([here], 0xAA55)}
        tables[START + 1] = [craft.entry(0x0C, 63, bad_partition.COUNT)], 0xAA55
        data = bad_partition.logical(5, tables)
        return Base(data, [(446, 510), (START * SECTOR + 446, START * SECTOR + 512), ((START + 1) * SECTOR + 446, (START + 1) * SECTOR + 512)])
    data = bad_partition.gpt()
    last = len(data) - SECTOR

    def finish(data, chance):
        """Most headers get good checksums again."""
        for own, entries in ((SECTOR, 2 * SECTOR), (last, last - 32 * SECTOR)):
            if chance.random() < 0.8:
                craft.put(data, own + 88, 4, zlib.crc32(data[entries:entries + 128 * 128]))
                craft.put(data, own + 16, 4, 0)
                craft.put(data, own + 16, 4, zlib.crc32(data[own:own + 92]))

    return Base(data, [(446, 510), (SECTOR, SECTOR + 92), (2 * SECTOR, 2 * SECTOR + 128), (last, last + 92),
                       (last - 32 * SECTOR, last - 32 * SECTOR + 128)], finish)


BASES = {  # name: (how many mutants, what makes it, its arguments)
    "FAT12": (800, fat, 12), "FAT16": (400, fat, 16), "FAT32": (800, fat, 32), "ISO": (500, iso, "plain"),
    "Rock Ridge": (900, iso, "ridge"), "Joliet": (500, iso, "joliet"), "ext2": (400, ext, "-t ext2 -b 1024"),
    "ext4": (400, ext, "-t ext4 -b 1024 -O ^has_journal"), "ELF32": (800, elf, 32, 2), "ELF64": (800, elf, 64, 2),
    "PIE32": (300, elf, 32, 3), "PIE64": (300, elf, 64, 3), "gzip": (700, packed, 32), "Multiboot 1": (500, multiboot_base, 1),
    "Multiboot 2": (500, multiboot_base, 2), "configuration": (1200, config_base), "MBR": (200, table, "mbr"),
    "logical partitions": (300, table, "logical"), "GPT": (400, table, "gpt")}


@functools.cache
def base(name):
    _, make, *arguments = BASES[name]
    return make(*arguments)


# ---- the changes ----

EXTREMES = (0, 1, 2, 3, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 1 << 32, 1 << 63,
            (1 << 64) - 1)


def change(data, places, chance):
    start, end = chance.choice(places)
    at = chance.randrange(start, end)
    kind = chance.randrange(6)
    if kind == 0:
        data[at] ^= 1 << chance.randrange(8)
    elif kind == 1:
        data[at] = chance.randrange(256)
    elif kind in (2, 3):  # a field of its own width, where it is aligned
        width = chance.choice((1, 2, 4, 8))
        at = start + (at - start) // width * width
        width = min(width, end - at)
        old = int.from_bytes(data[at:at + width], "little")
        craft.put(data, at, width, chance.choice(EXTREMES) if kind == 2 else old + chance.choice((-1, 1, -8, 8, -512, 512, 4096)))
    elif kind == 4:  # something of the same place, elsewhere in it
        size = min(chance.choice((1, 2, 4, 8, 16, 32)), end - at)
        other = chance.randrange(start, end - size + 1)
        data[at:at + size] = data[other:other + size]
    else:
        size = min(chance.choice((2, 4, 8, 16)), end - at)
        data[at:at + size] = chance.choice((bytes(size), b"\xff" * size, chance.randbytes(size)))


def mutant(name, number):
    chance, made = random.Random(f"{name} {number}"), base(name)
    data = bytearray(made.data)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        change(data, made.places, chance)
    if made.finish:
        made.finish(data, chance)
    return bytes(data)


# ---- the judgement ----

def looking(folder):
    """Until something came of it: a report, the menu, a machine that stopped, or a kernel that does not end."""
    seen = []

    def look(monitor):
        serial = machine.read_serial(f"{folder}/serial")
        if machine.HALTED in serial or "Enter boots" in serial:
            return True
        if LAST_LINE.search(serial):
            seen.append(0)
        return len(seen) > PATIENCE * 40 or monitor.command("query-status")["status"] != "running"
    return look


def run(folder, name, number):
    data = mutant(name, number)
    try:
        result = craft.boot(folder, data, until=looking(folder), inspect=lambda monitor: monitor.command("query-status")["status"],
                            extra=["-no-shutdown"])
    except (BrokenPipeError, ConnectionResetError, ValueError):  # QEMU was left while it was asked
        result = craft.boot(folder, data, until=None)
    if result.status is not None:
        assert result.status == machine.PASS, f"the kernel left with {result.status}"
        return
    screen, report = craft.one_line(" ".join(result.screen)), result.report()
    if machine.HALTED in result.serial:
        for where in (screen, report):
            number = re.search(r"could not boot: .*? E(\d+) ", where)
            assert number and int(number[1]) in NUMBERS and "What to do:" in where, where
        return
    if "Enter boots" in result.serial:
        assert "Enter boots" in screen, screen
        return
    must = base(name).check
    assert LAST_LINE.search(result.serial), f"{result.inspected}, and nothing was said: {craft.one_line(result.serial)[-300:]}"
    if must is None and not name.startswith("Multiboot") or must and must(data):
        raise AssertionError(f"{result.inspected} behind the handover: {craft.one_line(result.serial)[-300:]}")


def cases():
    for name, (count, *_) in BASES.items():
        for number in range(count):
            yield f"{name} {number}", run, (name, number)
