"""Multiboot kernels under QEMU: what the probe prints, and the habits of real kernels.

The probe (test-kernels/multiboot) prints everything it was given as name=value. Here the values are compared with what
QEMU's machine has and with what went in. Files in unusual shapes are made here, around the probe's own bytes.
"""
import re
import struct
import subprocess

import pytest

import machine

BASE = 0x100000
KERNELS = machine.KERNELS / "multiboot"
MODULES = [(bytes(range(256)) * 20, "one two"), (b"", ""), (b"x" * 4096, 'name "quoted word"')]


def kernel(name):
    return (KERNELS / name).read_bytes()


def boot(folder, file, command="multiboot", options="", arguments="", modules=(), status=machine.PASS, **where):
    """Boots a kernel; the answer is what it printed, as a dictionary, and the list of tags."""
    files = {"/boot/k": file if isinstance(file, bytes) else kernel(file)}
    lines = [" ".join(filter(None, (command, options, "/boot/k", arguments)))]
    for number, (content, words) in enumerate(modules):
        files[f"/boot/m{number}"] = content
        lines.append(f"module /boot/m{number} {words}")
    files["/boot/grub/grub.cfg"] = 'set verbose=1\nmenuentry "test" {\n    ' + "\n    ".join(lines) + "\n}\n"
    result = machine.boot(folder, files, **where)
    assert result.status == status, result.serial[-3000:]
    text = result.serial[result.serial.find("\nprobe\n"):]
    dump = dict(re.findall(r"^([\w\[\].@-]+)=(.*)$", text, re.M))
    values = {name: int(value, 16) if value.startswith("0x") else value[1:-1]
              for name, value in dump.items() if name != "tag"}
    values["tags"] = [(int(a, 16), int(b, 16)) for a, b in re.findall(r"^tag=(\w+) size=(\w+)$", text, re.M)]
    values["serial"] = result.serial
    return values


def fnv(content):
    value = 2166136261
    for byte in content:
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def check_state(got, first):
    """The machine state that docs/multiboot.md promises."""
    assert got["eax"] == (0x2BADB002 if first else 0x36D76289)
    assert [got[name] for name in ("ecx", "edx", "esi", "edi")] == [0] * 4
    assert got["eflags"] == 2 and got["cr0"] & ~0x10 == 1 and got["a20"] == 1
    assert got["cs.selector"] == 8 and got["cs.descriptor"] == 0x00CF9B000000FFFF
    assert [got[name] for name in ("ss.selector", "ds", "es", "fs", "gs")] == [0x10] * 5
    assert got["ss.descriptor"] == 0x00CF93000000FFFF and got["gdt.limit"] == 23
    assert got["bss.dirty"] == 0


def check_memory(got, memory):
    """SeaBIOS's map for -m."""
    rows = []
    while f"memory[{len(rows)}].start" in got:
        rows.append(tuple(got[f"memory[{len(rows)}].{name}"] for name in ("start", "size", "type")))
    assert rows == sorted(rows) and rows[0] == (0, 0x9FC00, 1)
    usable = sum(size for start, size, kind in rows if kind == 1)
    size = {"16M": 16, "128M": 128, "5G": 5 << 10}[memory] << 20
    assert size - (1 << 20) < usable < size
    assert got["memory.lower"] == 639
    assert got["memory.upper"] == next(size >> 10 for start, size, kind in rows if start == BASE)
    return rows


def check_modules(got, rows, modules):
    end = 0
    assert got["modules"] == len(modules)
    for number, (content, words) in enumerate(modules):
        start = got[f"module[{number}].start@"]
        assert got[f"module[{number}].size"] == len(content) and got[f"module[{number}]."] == words
        assert got[f"module[{number}].hash"] == fnv(content) and start & 0xFFF == 0
        assert any(kind == 1 and first <= start < first + size for first, size, kind in rows)
        # Behind the kernel with a gap, in order, and low.
        assert start >= max(end, got["image.end@"] + 0x10000) and start < 0x400000
        end = start + len(content)


def check_sections(got, file):
    """The symbols and strings that the kernel finds are those of its file."""
    bits = 64 if file[4] == 2 else 32
    table, = struct.unpack_from("<Q" if bits == 64 else "<I", file, 40 if bits == 64 else 32)
    size, count, names = struct.unpack_from("<HHH", file, 58 if bits == 64 else 46)
    assert (got["sections.count"], got["sections.entry-size"], got["sections.names"]) == (count, size, names)
    loaded = 0
    for i in range(count):
        form = "<IIQQQQ" if bits == 64 else "<IIIIII"
        _, kind, _, address, offset, length = struct.unpack_from(form, file, table + i * size)
        assert got[f"section[{i}].type"] == kind and got[f"section[{i}].size"] == length
        if address or not length:
            assert got[f"section[{i}].address@"] == address
        else:
            assert got[f"section[{i}].hash"] == fnv(file[offset:offset + length])
            loaded += 1
    assert loaded >= 3


@pytest.mark.parametrize("memory,where", [("16M", {}), ("128M", {"medium": "floppy"}), ("5G", {"machine": "q35"}),
                                          ("128M", {"cpu": "486"})])
@pytest.mark.parametrize("name", ["mb1-elf32.elf", "mb1-elf64.elf", "mb1-kludge.elf", "mb1-kludge.bin", "mb1-optional.elf",
                                  "mb1-video.elf", "mb1-on-loader.elf", "mb2-elf32.elf", "mb2-elf64.elf",
                                  "mb2-kludge.elf", "mb2-kludge.bin", "mb2-video.elf"])
def test_probe(tmp_path, name, memory, where):
    first = name.startswith("mb1")
    got = boot(tmp_path, name, "multiboot" if first else "multiboot2", arguments='gdt fill "a b" c=\\"d\\"',
               modules=MODULES, memory=memory, **where)
    check_state(got, first)
    rows = check_memory(got, memory)
    check_modules(got, rows, MODULES)
    assert got["cmdline"] == 'gdt fill "a b" c=\\"d\\"' and re.match(r"Aloft \S+ \(GRUB 2 ", got["loader"])
    assert got["own-gdt.interrupts"] == 1  # its own GDT, without reloading CS
    width, height, depth = (800, 600, 32) if "video" in name else (80, 25, 16)
    assert (got["framebuffer.width"], got["framebuffer.height"], got["framebuffer.bpp"]) == (width, height, depth)
    assert (got["framebuffer.pitch"], got["framebuffer.type"]) == (width * depth // 8, 1 if depth == 32 else 2)
    assert got["framebuffer.address"] == 0xB8000 if depth == 16 else got["framebuffer.address"] >= 0xE0000000
    # Nothing that is handed over lies in a page of the kernel.
    assert not got["image.start@"] & ~0xFFF <= got["ebx@"] <= got["image.end@"] | 0xFFF
    assert got["ebx@"] < 0xA0000 and got["esp@"] < 0xA0000 and got["gdt.base@"] < 0xA0000
    kludge = "kludge" in name
    if not kludge:
        check_sections(got, kernel(name))
    drive = 0 if where.get("medium") == "floppy" else 0x80
    if first:
        assert got["boot_device"] == drive << 24 | (0xFFFFFF if drive == 0 else 0x00FFFF)
        assert got["flags"] == 0x1F4F | (0 if kludge else 0x20) | (0x80 if drive else 0)
        assert got["vbe.signature"] == 0x41534556 and (got["vbe.width"], got["vbe.height"]) == (width, height)
    else:
        assert (got["bootdev.biosdev"], got["bootdev.slice"]) == (drive, 0xFFFFFFFF if drive == 0 else 0)
        assert [tag for tag, _ in got["tags"]] == [
            21, 1, 2, 10, 3, 3, 3, 6, 9, 4, 5, *([7] if depth == 32 else []), 8, 13, 14, 0]
        assert got["load_base@"] == BASE
    assert got["apm.version"] == 0x102 and got["apm.cseg"] == 0xF000


def test_real_mode(tmp_path):
    """Interrupt vectors and BIOS data are as they were, for a kernel at 0x8000 that goes back to real mode."""
    boot(tmp_path, "mb1-real-mode.bin")


@pytest.mark.parametrize("preference", [0, 1, 2])
def test_relocatable(tmp_path, preference):
    """Where the kernel's tag wants it; the kernel judges."""
    boot(tmp_path, f"mb2-relocatable-{preference}.bin", "multiboot2")


# ---- files in unusual shapes ----

def payload():
    """The probe's image as it lies in memory, its BSS with it, and the address of its entry."""
    content = kernel("mb1-elf64.wrap.o.bin")
    symbols = subprocess.run(["nm", KERNELS / "mb1-elf32.elf"], capture_output=True, text=True, check=True).stdout
    return content, int(re.search(r"(\w+) T start", symbols).group(1), 16)


def header_1(flags=3):
    return struct.pack("<III", 0x1BADB002, flags, -(0x1BADB002 + flags) & 0xFFFFFFFF)


def header_2(*words):
    """Tags, as words; the end tag is added."""
    tags = struct.pack(f"<{len(words)}I", *words) + struct.pack("<II", 0, 8)
    return struct.pack("<IIII", 0xE85250D6, 0, 16 + len(tags), -(0xE85250D6 + 16 + len(tags)) & 0xFFFFFFFF) + tags


def elf(parts, entry, bits=32, kind=2, phoff=None, at=None):
    """parts: (type, offset, virt, phys, file size, memory size, align); at: {file offset: bytes}"""
    wide = bits == 64
    phoff = phoff or (64 if wide else 52)
    file = bytearray(b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9))
    file += struct.pack("<HHIQQQIHHHHHH" if wide else "<HHIIIIIHHHHHH", kind, 62 if wide else 3, 1, entry, phoff, 0, 0,
                        64 if wide else 52, 56 if wide else 32, len(parts), 0, 0, 0)
    pieces = dict(at or {})
    table = b""
    for what, offset, virt, phys, size, memory, align in parts:
        if wide:
            table += struct.pack("<IIQQQQQQ", what, 4, offset, virt, phys, size, memory, align)
        else:
            table += struct.pack("<IIIIIIII", what, offset, virt, phys, size, memory, 4, align)
    pieces[phoff] = table
    for offset, content in pieces.items():
        file.extend(bytes(max(0, offset + len(content) - len(file))))
        file[offset:offset + len(content)] = content
    return bytes(file)


def without_header(content):
    """The image with its Multiboot header wiped, so that only the one that a test puts in is there."""
    return bytes(48) + content[48:]


def shape(name):
    content, entry = payload()
    bare, size = without_header(content), len(content)
    load = (1, 0x1000, BASE, BASE, size, size, 0x1000)
    if name == "header-before-program-headers":
        return elf([load], entry, phoff=0x80, at={52: header_1(), 0x1000: bare})
    if name == "header-outside-segments":
        return elf([load], entry, at={0x800: header_1(), 0x1000: bare})
    if name == "header-at-the-end-of-its-reach":
        return elf([(1, 0x3000, BASE, BASE, size, size, 0x1000)], entry, at={8192 - 12: header_1(), 0x3000: bare})
    if name == "dynamic-at-0":
        return elf([(1, 0x1000, 0, BASE, size, size, 0x1000)], entry - BASE, kind=3, at={0x1000: content})
    if name == "dynamic-64":
        return elf([(1, 0x1000, 0, BASE, size, size, 0x1000)], entry - BASE, bits=64, kind=3, at={0x1000: content})
    if name == "unaligned":
        cut = 0x777
        return elf([(1, 0x1003, BASE, BASE, cut, cut, 1),
                    (1, 0x1003 + cut, BASE + cut, BASE + cut, size - cut, size - cut, 1)], entry, at={0x1003: bare, 0x800: header_1()})
    if name == "bss-first-and-empty-ones":
        return elf([(1, 0, 0, 0, 0, 0, 0x1000), (1, 0, 0x300000, 0x300000, 0, 0x5000, 0x1000), load,
                    (1, 0x1000, 0, 0, 0, 0, 1)], entry, at={0x1000: content})
    if name == "virtual-above-4-gib":
        high = 0xFFFFFFFF80000000
        return elf([(1, 0x1000, BASE + high, BASE, size, size, 0x1000)], entry + high, bits=64, at={0x1000: content})
    if name == "physical-entry":
        return elf([(1, 0x1000, BASE + 0x80000000, BASE, size, size, 0x1000)], entry, at={0x1000: content})
    if name == "interpreter-and-thread-data":
        return elf([(6, 52, 0, 0, 96, 96, 4), (3, 0x1000, BASE, BASE, 16, 16, 1), load,
                    (7, 0x1000, BASE, BASE, 16, 0x8000, 16), (0x6474E551, 0, 0, 0, 0, 0, 16)], entry, at={0x1000: content})
    if name == "same-virtual-addresses":
        cut = 0x1000
        return elf([(1, 0x1000, 0x400000, BASE, cut, cut, 0x1000),
                    (1, 0x1000 + cut, 0x400000, BASE + cut, size - cut, size - cut, 0x1000)], 0x400000 + entry - BASE,
                   at={0x1000: content})
    if name == "zeros-over-the-file":
        # The segment ends where the probe's BSS begins, and other bytes follow in the file.
        used = len(kernel("mb1-kludge.bin"))
        return elf([(1, 0x1000, BASE, BASE, used, size, 0x1000)], entry,
                   at={0x1000: content[:used], 0x1000 + used: b"\xff" * (size - used)})
    raise AssertionError(name)


@pytest.mark.parametrize("name", [
    "header-before-program-headers", "header-outside-segments", "header-at-the-end-of-its-reach", "dynamic-at-0",
    "dynamic-64", "unaligned", "bss-first-and-empty-ones", "virtual-above-4-gib", "physical-entry",
    "interpreter-and-thread-data", "same-virtual-addresses", "zeros-over-the-file"])
def test_shape(tmp_path, name):
    got = boot(tmp_path, shape(name), arguments="fill", modules=MODULES)
    check_state(got, True)
    check_modules(got, check_memory(got, "128M"), MODULES)
    assert got["image.start@"] == BASE and got["flags"] & 0x20 == 0


def patched(name, at, value):
    """A kernel with a word of its header or of its ELF headers changed; `at` counts from the Multiboot header
    if it is negative."""
    file = bytearray(kernel(name))
    header = file.find(struct.pack("<I", 0x1BADB002))
    struct.pack_into("<I", file, at if at >= 0 else header - at, value)
    return bytes(file)


def test_kludge_wins(tmp_path):
    """Load addresses against the ELF headers of the same file: which lack the BSS, and have another entry."""
    file = bytearray(patched("mb1-kludge.elf", 24, 0xDEADBEEF))
    count, = struct.unpack_from("<H", file, 44)
    for i in range(count):
        at = 52 + 32 * i
        struct.pack_into("<I", file, at + 20, struct.unpack_from("<I", file, at + 16)[0])
    got = boot(tmp_path, bytes(file), modules=MODULES)
    check_state(got, True)
    assert got["modules"] == 3


def test_bad_kludge(tmp_path):
    """--quirk-bad-kludge: the ELF headers, though there are load addresses."""
    file = patched("mb1-kludge.elf", -16, 0x10000)  # load_addr
    got = boot(tmp_path, file, options="--quirk-bad-kludge")
    check_state(got, True)
    assert got["flags"] & 0x20


def test_no_bss_end(tmp_path):
    check_state(boot(tmp_path, patched("mb1-kludge.bin", -24, 0)), True)


def test_other_command(tmp_path):
    """A kernel boots by its header, with a note."""
    got = boot(tmp_path, "mb2-elf32.elf", "multiboot")
    check_state(got, False)
    assert "has no Multiboot header, and is booted by the other version" in got["serial"]
    got = boot(tmp_path, "mb1-elf32.elf", "multiboot2")
    check_state(got, True)
    assert "has no Multiboot 2 header" in got["serial"]


def test_cmdline_path(tmp_path):
    assert boot(tmp_path, "mb1-elf32.elf", options="--cmdline-path", arguments="a")["cmdline"] == "/boot/k a"
    assert boot(tmp_path, "mb2-elf32.elf", "multiboot2", "--cmdline-path")["cmdline"] == "/boot/k"


def test_flag_and_force(tmp_path):
    got = boot(tmp_path, "mb1-flag.elf", options="--force")
    check_state(got, True)


def with_tags(*words):
    header = header_2(*words)
    return elf([(1, 0x1000, BASE, BASE, 256, 256, 1)], BASE, at={0x1000: header + bytes(256 - len(header))})


def test_demands_passed_over(tmp_path):
    """Tags marked as required that a BIOS machine cannot serve, and an information request for what only EFI has."""
    content, entry = payload()
    size = len(content)
    header = header_2(7, 8, 8, 12, 0x1234, 0, 9, 12, 0x1234, 0, 1, 20, 11, 12, 17, 0, 4, 12, 3, 0)
    file = elf([(1, 0x1000, BASE, BASE, size, size, 0x1000)], entry, at={0x800: header, 0x1000: without_header(content)})
    check_state(boot(tmp_path, file, "multiboot2"), False)


MISTAKES = {
    "tag": (lambda: with_tags(0x63, 8), "multiboot2", "E163 /boot/k: its Multiboot header demands tag 99 (0x63)"),
    "request": (lambda: with_tags(1, 12, 0x40, 0), "multiboot2", "demands information tag 64 (0x40), which Multiboot does not"),
    "tag-size": (lambda: with_tags(6, 4), "multiboot2",
                 "E164 /boot/k: tag 6 of its Multiboot 2 header, at file offset 0x1010, cannot be 4 bytes long."),
    "no-entry-tag": (lambda: with_tags(2, 24, BASE, BASE, 0, 0), "multiboot2", "E165 /boot/k: its Multiboot 2 header has an address"),
    "relocate": (lambda: with_tags(10, 24, 0x10000000, 0x20000000, 0x1000, 1), "multiboot2",
                 "E168 /boot/k: no 256 bytes are free between 0x10000000 and 0x20000000 at a multiple of 0x1000."),
    "no-header": (lambda: elf([(1, 0x1000, BASE, BASE, 16, 16, 1)], BASE, at={0x1000: bytes(16)}), "multiboot",
                  "E160 /boot/k has no Multiboot header in its first 8192 bytes."),
    "late": (lambda: elf([(1, 0x1000, BASE, BASE, 16, 16, 1)], BASE, at={0x3000: header_1()}), "multiboot",
             "E161 /boot/k: the Multiboot header is at file offset 0x3000; it must be in the first 8192 bytes"),
    "sum": (lambda: patched("mb1-elf32.elf", -8, 7), "multiboot",
            "E162 /boot/k: the Multiboot header at file offset 0x1000 has the wrong checksum 0x7."),
    "flag": (lambda: kernel("mb1-flag.elf"), "multiboot",
             "E163 /boot/k: its Multiboot header demands flag bit 11 (0xb), which Multiboot does not define."),
    "entry": (lambda: patched("mb1-elf32.elf", 24, 0x5000), "multiboot",
              "E167 /boot/k: the entry 0x5000 lies in nothing that is loaded."),
    "addresses": (lambda: patched("mb1-kludge.bin", -20, 0x50000), "multiboot", "E166 /boot/k: the addresses in its Multiboot"),
    "no-ram": (lambda: elf([(1, 0x1000, 0xC0100000, 0xC0100000, 64, 64, 1)], 0xC0100000, at={0x1000: header_1() + bytes(52)}),
               "multiboot", "add AT(ADDR(.text) - 0xc0000000)"),
    "overlap": (lambda: elf([(1, 0x1000, BASE, BASE, 64, 64, 1), (1, 0x1000, BASE + 32, BASE + 32, 64, 64, 1)], BASE,
                            at={0x1000: header_1() + bytes(52)}), "multiboot", "E83 /boot/k: PT_LOAD 0 and PT_LOAD 1 overlap"),
    "big-bss": (lambda: elf([(1, 0x1000, BASE, BASE, 64, 256 << 20, 1)], BASE, at={0x1000: header_1() + bytes(52)}), "multiboot",
                "E98 /boot/k: PT_LOAD 0 needs 256 MiB at physical 0x100000, but the RAM there ends at 0x7fe0000."),
    "vga": (lambda: elf([(1, 0x1000, 0xA0000, 0xA0000, 64, 64, 1)], 0xA0000, at={0x1000: header_1() + bytes(52)}), "multiboot",
            "E82 /boot/k: PT_LOAD 0 asks for physical 0xa0000, which belongs to video memory and ROMs."),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(tmp_path, name):
    make, command, text = MISTAKES[name]
    files = {"/boot/k": make(), "/boot/grub/grub.cfg": f"{command} /boot/k\n"}
    result = machine.boot(tmp_path, files, until=machine.HALTED)
    assert text in result.report()


def test_check(tmp_path):
    """The host command names the protocols that a file speaks."""
    def check(name, status=0):
        return machine.aloft("check", name if "/" in str(name) else KERNELS / name, status=status)
    assert "protocols: native, Multiboot (header at file offset 0x1000)" in check("mb1-elf32.elf")
    assert "protocols: native, Multiboot 2 (header at file offset 0x1000)" in check("mb2-elf32.elf")
    assert "protocols: Multiboot 2 (header at file offset 0x0)" in check("mb2-kludge.bin")
    assert "protocols: native\n" in check(machine.KERNELS / "c0100000.elf")
