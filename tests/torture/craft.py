"""What the parts of bad input share: small disks made by hand, ELF files with any number in any field, and the judgement.

A disk here is the first sectors of what `aloft image` makes, and behind them one small volume: making it costs nothing, and
it boots in a fifth of a second. Every number that a case puts somewhere is written without a check.
"""
import functools
import pathlib
import resource
import struct
import tempfile

import machine

SECTOR = 512
START = 256  # the sector of the partition; stage 2 lies before it
SECONDS = 10  # of a processor's work, QEMU's own start and the BIOS with it: a report must be there by then
MAX32, MAX64 = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF
WIDTHS = {1: "<B", 2: "<H", 4: "<I", 8: "<Q"}


def put(data, at, width, value):
    """A number of `width` bytes, cut to them."""
    data[at:at + width] = (value % (1 << 8 * width)).to_bytes(width, "little")


def sectors(data, size=SECTOR):
    return bytes(data) + bytes(-len(data) % size)


# ---- disks ----

@functools.cache
def loader():
    """Sector 0, without partitions, and stage 2 behind it."""
    with tempfile.TemporaryDirectory() as folder:
        disk = machine.image_of(folder, {"/readme": "nothing"}).read_bytes()
    lba, count = struct.unpack_from("<IH", disk, 0x1B0)
    assert disk[0x1AC:0x1B0] == b"ALFT" and lba + count <= START
    return disk[:446] + bytes(64) + disk[510:START * SECTOR]


def entry(kind, first, count, status=0):
    """An entry of a master boot record."""
    return struct.pack("<B3xB3xII", status, kind, first, count)


def disk(volume, table=None, kind=0x0C):
    """A disk whose only partition is the volume. `table`: up to four entries in place of that."""
    volume = sectors(volume)
    table = b"".join(table) if table is not None else entry(kind, START, len(volume) // SECTOR, 0x80)
    front = bytearray(loader())
    front[446:446 + len(table)] = table
    return bytes(front) + volume


# ---- ELF files ----

# name: (offset, width) in ELF32 and in ELF64 (gABI, figures 4-3 and 5-1)
HEADER = {"e_ident[EI_MAG0]": ((0, 1), (0, 1)), "e_ident[EI_MAG1]": ((1, 1), (1, 1)), "e_ident[EI_MAG2]": ((2, 1), (2, 1)),
          "e_ident[EI_MAG3]": ((3, 1), (3, 1)), "e_ident[EI_CLASS]": ((4, 1), (4, 1)), "e_ident[EI_DATA]": ((5, 1), (5, 1)),
          "e_ident[EI_VERSION]": ((6, 1), (6, 1)), "e_ident[EI_OSABI]": ((7, 1), (7, 1)),
          "e_ident[EI_ABIVERSION]": ((8, 1), (8, 1)), "e_type": ((16, 2), (16, 2)), "e_machine": ((18, 2), (18, 2)),
          "e_version": ((20, 4), (20, 4)), "e_entry": ((24, 4), (24, 8)), "e_phoff": ((28, 4), (32, 8)),
          "e_shoff": ((32, 4), (40, 8)), "e_flags": ((36, 4), (48, 4)), "e_ehsize": ((40, 2), (52, 2)),
          "e_phentsize": ((42, 2), (54, 2)), "e_phnum": ((44, 2), (56, 2)), "e_shentsize": ((46, 2), (58, 2)),
          "e_shnum": ((48, 2), (60, 2)), "e_shstrndx": ((50, 2), (62, 2))}
PROGRAM = {"p_type": ((0, 4), (0, 4)), "p_offset": ((4, 4), (8, 8)), "p_vaddr": ((8, 4), (16, 8)), "p_paddr": ((12, 4), (24, 8)),
           "p_filesz": ((16, 4), (32, 8)), "p_memsz": ((20, 4), (40, 8)), "p_flags": ((24, 4), (4, 4)),
           "p_align": ((28, 4), (48, 8))}
HEADER_SIZE, PROGRAM_SIZE = {32: 52, 64: 64}, {32: 32, 64: 56}
HIGH = {32: 0xC0000000, 64: 0xFFFFFFFF80000000}  # what is added to a physical address
LOAD, DYNAMIC, NOTE, TLS, RELRO = 1, 2, 4, 7, 0x6474E552


def place(table, bits, name):
    return table[name][bits == 64]


def program(bits, checks=()):
    """Code: compares the dwords at addresses with values, then leaves QEMU with PASS or FAIL."""
    code, load = b"", b"\x48\xb8" if bits == 64 else b"\xb8"
    for address, value in checks:
        code += load + (address % (1 << bits)).to_bytes(bits // 8, "little") + b"\x81\x38" + struct.pack("<I", value)
        code += b"\x74\x06\xb0\x11\xe6\xf4\xeb\xfe"  # je over: mov al, 0x11; out 0xf4, al; jmp $
    return code + b"\xb0\x10\xe6\xf4\xeb\xfe"


def segment(kind=LOAD, offset=0, virt=0, phys=0, file_size=0, memory_size=None, flags=4, align=4096):
    return {"p_type": kind, "p_offset": offset, "p_vaddr": virt, "p_paddr": phys, "p_filesz": file_size,
            "p_memsz": file_size if memory_size is None else memory_size, "p_flags": flags, "p_align": align}


def elf(bits, segments, entry, size=0, contents=None, header=(), kind=2):
    """An ELF file: program headers behind the header, contents {offset: bytes}, and at last fields of the header."""
    fields = {"e_ident[EI_MAG0]": 0x7F, "e_ident[EI_MAG1]": 0x45, "e_ident[EI_MAG2]": 0x4C, "e_ident[EI_MAG3]": 0x46,
              "e_ident[EI_CLASS]": bits // 32, "e_ident[EI_DATA]": 1, "e_ident[EI_VERSION]": 1, "e_type": kind,
              "e_machine": 62 if bits == 64 else 3, "e_version": 1, "e_entry": entry, "e_phoff": HEADER_SIZE[bits],
              "e_ehsize": HEADER_SIZE[bits], "e_phentsize": PROGRAM_SIZE[bits], "e_phnum": len(segments), **dict(header)}
    end = max([size, HEADER_SIZE[bits] + len(segments) * PROGRAM_SIZE[bits],
               *(at + len(data) for at, data in (contents or {}).items())])
    file = bytearray(end)
    for at, data in (contents or {}).items():
        file[at:at + len(data)] = data
    for name, value in fields.items():
        put(file, *place(HEADER, bits, name), value)
    for i, fields in enumerate(segments):
        for name, value in fields.items():
            at, width = place(PROGRAM, bits, name)
            put(file, HEADER_SIZE[bits] + i * PROGRAM_SIZE[bits] + at, width, value)
    return bytes(file)


def words(count, seed):
    """Dwords to be found again in memory."""
    return b"".join(struct.pack("<I", (i * 0x9E3779B1 + seed) & MAX32) for i in range(count))


def kernel(bits=32, size=0):
    """The smallest kernel that boots: one segment of code."""
    code = program(bits)
    at = 256
    return elf(bits, [segment(offset=at, virt=HIGH[bits] + 0x100000, phys=0x100000, file_size=len(code), flags=5)],
               HIGH[bits] + 0x100000, size, {at: code})


# ---- the judgement ----

def boot(folder, data, until=machine.HALTED, **where):
    """Boots a disk given as bytes. What QEMU's process had of a processor counts: the host may have other work."""
    image = pathlib.Path(folder) / "disk.img"
    image.write_bytes(data)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = machine.boot_image(image, folder, until=until, **where)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds < SECONDS, f"{seconds:.1f} s of work:\n{result.serial}"
    return result


def one_line(text):
    return " ".join(text.split())


def reported(result, code, *words):
    """The report stands on the serial line and on the screen, with the error's number and these words."""
    assert result.screen is not None, f"the kernel was started, and left with {result.status}: E{code} {words} was to come"
    for name, text in (("serial", result.report()), ("screen", one_line(" ".join(result.screen)))):
        for part in ("could not boot", f" E{code} ", "What to do:", *words):
            assert part in text, f"{name}: no {part!r} in: {text}"


def boots(result):
    assert result.status == machine.PASS, f"{result.status}: {one_line(result.serial)}"


def judge(folder, data, code=None, *words, **where):
    """The boot ends in that error, or, without one, in a kernel that is content."""
    result = boot(folder, data, **where)
    if code is None:
        boots(result)
    else:
        reported(result, code, *words)


# ---- FAT ----

class Fat:
    """A FAT volume with files in /boot, names in 8.3 form, each file's clusters in a row.

    data             the bytes
    chains[path]     its clusters; of "/boot" too, and of "/" on FAT32
    entries[path]    where its directory entry is, in data
    """

    RESERVED, ROOT_ENTRIES, FATS = 2, 16, 2

    def __init__(self, bits, files, cluster_sectors=1, clusters=None):
        self.bits, self.cluster_size = bits, cluster_sectors * SECTOR
        files = {"/": bytes(SECTOR), "/boot": bytes(SECTOR), **files} if bits == 32 else {"/boot": bytes(SECTOR), **files}
        used = sum(max(1, -(-len(content) // self.cluster_size)) for content in files.values())
        self.count = max(clusters or {12: 0, 16: 4085, 32: 0}[bits], used + 8)
        self.fat_sectors = -(-((self.count + 2) * bits // 8 + 1) // SECTOR)
        self.fat_start = self.RESERVED * SECTOR
        self.root = self.fat_start + self.FATS * self.fat_sectors * SECTOR
        self.data_start = self.root + (0 if bits == 32 else self.ROOT_ENTRIES * 32)
        self.data = bytearray(self.data_start + self.count * self.cluster_size)
        self.chains, self.entries = {}, {}
        self.set(0, MAX32 & ~7)
        self.set(1, MAX32)
        free = 2
        for path, content in files.items():
            length = -(-len(content) // self.cluster_size)
            self.chains[path] = list(range(free, free + length))
            free += length
            for cluster, behind in zip(self.chains[path], self.chains[path][1:] + [MAX32]):
                self.set(cluster, behind)
            start = self.place(self.chains[path][0]) if length else 0
            self.data[start:start + len(content)] = content if length else b""
        if bits == 32:
            self.root = self.place(2)
        self.boot_record()
        self.enter(self.root, "/boot", 0x10)
        names = [path for path in files if path.startswith("/boot/")]
        for i, path in enumerate(names):
            self.enter(self.place(self.chains["/boot"][0]) + 32 * i, path, 0x20, len(files[path]))

    def boot_record(self):
        wide = self.bits == 32
        total = len(self.data) // SECTOR
        self.data[:36] = struct.pack("<3s8sHBHBHHBHHHII", b"\xeb\x58\x90", b"crafted ", SECTOR, self.cluster_size // SECTOR,
                                     self.RESERVED, self.FATS, 0 if wide else self.ROOT_ENTRIES, 0 if wide else total, 0xF8,
                                     0 if wide else self.fat_sectors, 63, 255, START, total if wide else 0)
        if wide:
            self.data[36:64] = struct.pack("<IHHIHH12x", self.fat_sectors, 0, 0, 2, 1, 0)
        self.data[510:512] = b"\x55\xaa"

    def place(self, cluster):
        return self.data_start + (cluster - 2) * self.cluster_size

    def enter(self, at, path, attributes, size=0):
        name, _, extension = path.rsplit("/", 1)[1].upper().partition(".")
        cluster = (self.chains[path] or [0])[0]
        self.entries[path] = at
        self.data[at:at + 32] = struct.pack("<8s3sB8xH4xHI", name.ljust(8).encode(), extension.ljust(3).encode(), attributes,
                                            cluster >> 16, cluster & 0xFFFF, size)

    def fat_sector(self, cluster):
        """The sector of the volume in which the entry of a cluster begins."""
        return (self.fat_start + cluster * self.bits // 8) // SECTOR

    def set(self, cluster, value):
        """Sets an entry in both copies. It may lie past the last cluster."""
        for copy in range(self.FATS):
            at = self.fat_start + copy * self.fat_sectors * SECTOR + cluster * self.bits // 8
            if self.bits == 12:
                pair, shift = int.from_bytes(self.data[at:at + 2], "little"), 4 * (cluster & 1)
                put(self.data, at, 2, pair & ~(0xFFF << shift) | (value & 0xFFF) << shift)
            else:
                put(self.data, at, self.bits // 8, value)


def fat_disk(files, bits=12):
    return disk(Fat(bits, files).data)


# ---- ISO 9660 ----

BLOCK = 2048


def both(value, width):
    """A number in both byte orders, as ECMA-119 has it (7.3.3)."""
    return value.to_bytes(width, "little") + value.to_bytes(width, "big")


def susp(name, data, version=1):
    return name + bytes([4 + len(data), version]) + data


class Iso:
    """An ISO 9660 volume with files in /boot. `names` is "plain", "ridge" (Rock Ridge) or "joliet".

    data             the bytes
    records[path]    where its directory record is, in data
    fields[path]     where its system use fields are
    blocks[path]     its first block; of "/" and "/boot" too
    continuation     the block where the fields of the root's "." go on
    """

    PRIMARY, JOLIET, ROOT, BOOT, CONTINUATION, FILES = 16, 17, 19, 20, 21, 22

    def __init__(self, files, names="ridge"):
        self.names, self.continuation = names, self.CONTINUATION
        self.records, self.fields, self.blocks = {}, {}, {"/": self.ROOT, "/boot": self.BOOT}
        free = self.FILES
        for path, content in files.items():
            self.blocks[path] = free
            free += -(-len(content) // BLOCK)
        self.data = bytearray(free * BLOCK)
        for path, content in files.items():
            at = self.blocks[path] * BLOCK
            self.data[at:at + len(content)] = content
        extension = susp(b"ER", bytes([10, 3, 3, 1]) + b"RRIP_1991A" + b"xxx" + b"yyy")
        self.data[self.continuation * BLOCK:self.continuation * BLOCK + len(extension)] = extension
        first = susp(b"SP", b"\xbe\xef\0") + susp(b"CE", both(self.continuation, 4) + both(0, 4) + both(len(extension), 4))
        first = first if names == "ridge" else b""
        self.directory("/", [("/", b"\0", BLOCK, first), ("/..", b"\1", BLOCK, b""), ("/boot", *self.name("/boot"))])
        rows = [("/boot/.", b"\0", BLOCK, b""), ("/boot/..", b"\1", BLOCK, b"")]
        self.directory("/boot", rows + [(path, *self.name(path, len(content))) for path, content in files.items()])
        self.descriptor(self.PRIMARY, 1, b"", free)
        self.descriptor(self.JOLIET, 2 if names == "joliet" else 0, b"%/E", free)
        self.data[18 * BLOCK:18 * BLOCK + 7] = b"\xffCD001\1"

    def name(self, path, size=BLOCK):
        """Identifier, size, fields."""
        name = path.rsplit("/", 1)[1]
        if self.names == "joliet":
            return name.encode("utf-16-be"), size, b""
        upper = name.upper().encode() + (b";1" if "." in name else b"")
        return upper, size, susp(b"NM", b"\0" + name.encode()) if self.names == "ridge" else b""

    def record(self, path, identifier, size, fields):
        block = self.blocks.get({"/..": "/", "/boot/.": "/boot", "/boot/..": "/"}.get(path, path))
        is_directory = path.endswith((".", "/", "boot"))
        length = 33 + (len(identifier) | 1)
        fields = fields + bytes(len(fields) & 1)
        return (bytes([length + len(fields), 0]) + both(block, 4) + both(size, 4) + bytes(7) + bytes([2 * is_directory, 0, 0])
                + both(1, 2) + bytes([len(identifier)]) + identifier).ljust(length, b"\0") + fields

    def directory(self, path, rows):
        at = self.blocks[path] * BLOCK
        for name, identifier, size, fields in rows:
            record = self.record(name, identifier, size, fields)
            self.records[name], self.fields[name] = at, at + 33 + (len(identifier) | 1)
            self.data[at:at + len(record)] = record
            at += len(record)

    def descriptor(self, block, kind, escape, blocks):
        at = block * BLOCK
        self.data[at:at + 7] = bytes([kind]) + b"CD001\1"
        self.data[at + 40:at + 72] = b"CRAFTED".ljust(32)
        self.data[at + 80:at + 88] = both(blocks, 4)
        self.data[at + 88:at + 91] = escape.ljust(3, b"\0")
        self.data[at + 128:at + 132] = both(BLOCK, 2)
        self.data[at + 156:at + 190] = self.record("/", b"\0", BLOCK, b"")
