"""Linux: Debian's kernel, with initrds made here, to the line that the first program prints; and by its PVH entry."""
import gzip
import lzma
import pathlib
import re
import shutil
import struct
import subprocess

import pytest

import machine

FOUND = sorted(pathlib.Path("/boot").glob("vmlinuz-*-amd64"))
assert FOUND, "make setup installs linux-image-amd64"
VMLINUZ = FOUND[-1]
CC = shutil.which("x86_64-linux-gnu-gcc") or "gcc"
LD = shutil.which("i686-linux-gnu-ld") or "ld"
SOURCES = pathlib.Path(__file__).parent / "linux"
END = "aloft-init: end"
# A machine that is busy is too slow for Linux, which then finds no timer: no_timer_check.
QUIET = "console=ttyS0 loglevel=4 panic=-1 no_timer_check"


def cpio(files):
    """A newc archive of {name: (mode, bytes)} or {name: (mode, device major, minor)}."""
    out = b""
    for number, (name, (mode, *rest)) in enumerate([*files.items(), ("TRAILER!!!", (0, b""))]):
        data = rest[0] if isinstance(rest[0], bytes) else b""
        major, minor = (0, 0) if data or isinstance(rest[0], bytes) else rest
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, major, minor, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return out


@pytest.fixture(scope="module")
def initrd(tmp_path_factory):
    program = tmp_path_factory.mktemp("init") / "init"
    subprocess.run([CC, "-m64", "-Os", "-static", "-nostdlib", "-ffreestanding", "-fno-stack-protector", "-fno-pie",
                    "-no-pie", "-o", program, SOURCES / "init.c"], check=True)
    return cpio({"dev": (0o40755, b""), "proc": (0o40755, b""), "dev/console": (0o20600, 5, 1),
                 "init": (0o100755, program.read_bytes())})


def boot(tmp_path, kernel, initrds, arguments=QUIET, command="linux", until=END, **where):
    files = {"/boot/vmlinuz": kernel}
    files.update({f"/boot/initrd{i}": data for i, data in enumerate(initrds)})
    second = "initrd " + " ".join(f"/boot/initrd{i}" for i in range(len(initrds))) if initrds else ""
    files["/boot/aloft.cfg"] = f"set verbose=1\n{command} /boot/vmlinuz {arguments}\n{second}\n"
    result = machine.boot(tmp_path, files, until=until, **where)
    print(result.serial[-3000:])
    return result


def check(result, arguments=QUIET, second="none"):
    assert f"aloft-init: command line: BOOT_IMAGE=/boot/vmlinuz {arguments}\n" in result.serial
    assert f"aloft-init: second: {second}" in result.serial


@pytest.mark.parametrize("memory,end", [("128M", 0x7fdffff), ("5G", 0x17fffffff)])
def test_boots(tmp_path, initrd, memory, end):
    result = boot(tmp_path, VMLINUZ, [initrd], memory=memory)
    check(result)
    assert "entry     0x01000000" in result.serial
    ram = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) : System RAM", result.serial, re.M)
    assert [int(start, 16) for start, _ in ram][:2] == [0x1000, 0x100000]
    assert int(ram[-1][1], 16) == end


def test_several_initrds_and_a_long_command_line(tmp_path, initrd):
    """A gzip-ed initrd is handed over as it is: Linux unpacks it. Each starts at a multiple of 4."""
    second = cpio({"second": (0o100644, b"from the second initrd\n")})
    line = f'"a=b c" {QUIET} long=' + "x" * 1900
    result = boot(tmp_path, VMLINUZ, [gzip.compress(initrd) + b"\0", second], arguments=line)
    check(result, arguments=line, second="from the second initrd\n")


def test_packed_kernel(tmp_path, initrd):
    check(boot(tmp_path, gzip.compress(VMLINUZ.read_bytes(), 1), [initrd]))


def test_without_initrd(tmp_path):
    boot(tmp_path, VMLINUZ, [], arguments="console=ttyS0 panic=0", until="Unable to mount root fs")


def test_another_machine(tmp_path, initrd):
    check(boot(tmp_path, VMLINUZ, [initrd], machine="q35", medium="ahci"))


def test_moved_and_on_the_text_screen(tmp_path, initrd):
    """A kernel that prefers memory which is not free is moved. Linux's console takes the screen of 80x25 over, goes
    on below what stands there, and finds ACPI and the initrd where Aloft says they are."""
    data = bytearray(VMLINUZ.read_bytes())
    struct.pack_into("<Q", data, 0x258, 0x9F000)
    line = "console=tty0 console=ttyS0 loglevel=7"
    result = boot(tmp_path, bytes(data), [initrd], arguments=line)
    check(result, arguments=line)
    assert "entry     0x00200000" in result.serial
    assert "Console: colour VGA+ 80x25" in result.serial
    assert re.search(r"ACPI: RSDP 0x00000000000F", result.serial)
    where = int(re.search(r"module 0 .*-> (0x[0-9a-f]+)", result.serial)[1], 16)
    assert f"RAMDISK: [mem {where:#010x}-" in result.serial


@pytest.mark.parametrize("memory,cpu", [("128M", "qemu64,-nx"), ("5G", "qemu64"), ("256M", "max")])
def test_64_bit_entry(tmp_path, initrd, memory, cpu):
    """The same, in long mode from the first instruction on. The last processor has five levels of paging, and Linux's
    first code, below 1 MiB, looks for them in the tables that it finds. Their memory is not Linux's."""
    line = f"{QUIET} nokaslr"
    result = boot(tmp_path, VMLINUZ, [initrd], arguments=line, command="linux --64", memory=memory, cpu=cpu)
    check(result, arguments=line)
    assert re.search(r"entry +0x0*1000200\b", result.serial)
    tables = int(re.search(r"(0x[0-9a-f]+) - .* page tables$", result.serial, re.M)[1], 16)
    ram = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) : System RAM", result.serial, re.M)
    assert ram and not any(int(start, 16) <= tables <= int(end, 16) for start, end in ram)


def test_initrd_above_4_gib(tmp_path, initrd):
    """One that does not fit below: this kernel's header permits none above 16 MiB, and 1 MiB up to there is too little."""
    data = bytearray(VMLINUZ.read_bytes())
    struct.pack_into("<I", data, 0x22C, 0xFFFFFF)
    big = initrd + bytes(15 << 20)
    result = boot(tmp_path, bytes(data), [big], command="linux --64", memory="5G")
    check(result)
    assert re.search(r"module 0 .*-> 0x1[0-9a-f]{8}\b", result.serial)


def test_initrd_below_mem(tmp_path, initrd):
    """mem= is the end of memory for the initrd as for Linux."""
    line = f"{QUIET} mem=128M"
    result = boot(tmp_path, VMLINUZ, [initrd], arguments=line, memory="256M")
    check(result, arguments=line)
    where = int(re.search(r"module 0 .*-> (0x[0-9a-f]+)", result.serial)[1], 16)
    assert where == (128 << 20) - len(initrd) // 4096 * 4096 - 4096
    ram = re.findall(r"^([0-9a-f]+)-([0-9a-f]+) : System RAM", result.serial, re.M)
    assert int(ram[-1][1], 16) == 0x7FFFFFF


# What Linux says of the framebuffer that it finds.
@pytest.mark.parametrize("before,word,mode", [
    ("", "vga=0x317", (1024, 768, 16)),
    ("set gfxpayload=640x480", "vga=789", (800, 600, 24)),
    ("set gfxpayload=640x480x32", "", (640, 480, 32)),
    ("set gfxpayload=640x480", "vga=normal", None),
    ("", "vga=0x1234", None),
])
def test_video_mode(tmp_path, initrd, before, word, mode):
    line = f"console=tty0 console=ttyS0 loglevel=7 {word}".rstrip()
    result = boot(tmp_path, VMLINUZ, [initrd], arguments=line, command=f"{before}\nlinux")
    check(result, arguments=line)
    assert ("counts as gfxpayload=" in result.serial) == bool(word)
    if mode:
        width, height, depth = mode
        assert f"mode is {width}x{height}x{depth}" in result.serial
        assert "Console: colour dummy device" in result.serial
    else:
        assert "Console: colour VGA+ 80x25" in result.serial


def refused(tmp_path, kernel, *words, **how):
    result = boot(tmp_path, kernel, [b"x"], until=machine.HALTED, **how)
    for word in words:
        assert word in result.report(), result.report()


def test_refusals(tmp_path):
    bytes_ = VMLINUZ.read_bytes()
    refused(tmp_path / "memory", VMLINUZ, "E98", "PT_LOAD 0 needs 63", memory="64M")
    refused(tmp_path / "cpu", VMLINUZ, "E86", "64-bit kernel", cpu="qemu32", binary="qemu-system-i386")
    refused(tmp_path / "cpu64", VMLINUZ, "E86", "64-bit kernel", cpu="qemu32", binary="qemu-system-i386",
            command="linux --64")
    refused(tmp_path / "no64", bytes_[:0x236] + b"\x7e" + bytes_[0x237:], "E136", "no 64-bit entry",
            "xloadflags 0x7e", command="linux --64")
    refused(tmp_path / "ask", VMLINUZ, "E137", "no menu of video modes", arguments="vga=ask")
    refused(tmp_path / "short", bytes_[:4000000], "E207", "/boot/vmlinuz: its code is 7.", "but the file holds 3.")
    refused(tmp_path / "elf", machine.KERNELS / "low32.elf", "E205", "no HdrS at offset 0x202")
    refused(tmp_path / "old", bytes_[:0x206] + b"\2\2" + bytes_[0x208:], "E206", "protocol 0x202")
    refused(tmp_path / "low", bytes_[:0x211] + b"\0" + bytes_[0x212:], "E206")
    refused(tmp_path / "line", VMLINUZ, "E208", "2047 characters at most, not", arguments="x" * 2040)
    refused(tmp_path / "pvh", machine.KERNELS / "low32.elf", "E209", "no PVH entry", command="kernel --protocol=pvh")


# ---- the state at the first instruction ----

# What both protocols ask for, but for the selectors and the pointer.
FLAT = {"flags": 2, "cr0": 0x11, "cr4": 0, "ecx": 0, "edx": 0, "edi": 0, "ebp": 0, "code_low": 0xFFFF,
        "code_high": 0xCF9B00, "data_high": 0xCF9300}


def probe(tmp_path, name, config, **files):
    files = {"/boot/probe": tmp_path / name, "/boot/aloft.cfg": config,
             **{f"/boot/{name}": data for name, data in files.items()}}
    result = machine.boot(tmp_path, files, medium="floppy", memory="16M", cpu="486")
    assert result.status == machine.PASS, result.serial
    return {name: int(value, 16) for name, value in re.findall(r"^(\w+)=([0-9a-f]{8})$", result.serial, re.M)}


def expect(values, code, data, **pointer):
    assert values["esp"] > 0x1000
    for name in ("ds", "es", "fs", "gs", "ss"):
        assert values[name] == data, name
    expected = {**FLAT, "cs": code, "gdt_limit": data + 7, **pointer}
    assert {name: values[name] for name in expected} == expected


def test_linux_state(tmp_path):
    """On a 486, from a floppy, in 16 MiB."""
    subprocess.run(["nasm", "-f", "bin", "-DLINUX", "-o", tmp_path / "bz", SOURCES / "probe.asm"], check=True)
    values = probe(tmp_path, "bz", "linux /boot/probe\ninitrd /boot/a\n", a=b"abc")
    assert values["esi"] % 4096 == 0 and values["esi"] > 0x210000
    expect(values, 0x10, 0x18, ebx=0)


def test_pvh_state(tmp_path):
    subprocess.run(["nasm", "-f", "elf32", "-o", tmp_path / "o", SOURCES / "probe.asm"], check=True)
    subprocess.run([LD, "-m", "elf_i386", "-Ttext-segment=0x400000", "-e", "entry", "-o", tmp_path / "elf",
                    tmp_path / "o"], check=True)
    values = probe(tmp_path, "elf", "kernel --protocol=pvh /boot/probe x\nmodule /boot/a\n", a=b"abc")
    assert values["ebx"] > 0x410000
    expect(values, 8, 0x10, esi=0, eax=0)


# ---- PVH ----

def vmlinux():
    """The ELF file in a bzImage (boot.rst: payload_offset, payload_length; Debian packs it with xz)."""
    data = VMLINUZ.read_bytes()
    offset, length = struct.unpack_from("<II", data, 0x248)
    start = (data[0x1F1] + 1) * 512 + offset
    return lzma.LZMADecompressor().decompress(data[start:start + length])


def test_linux_by_its_pvh_entry(tmp_path, initrd):
    elf = vmlinux()
    assert elf[:4] == b"\x7fELF"
    config = f"set verbose=1\nkernel --protocol=pvh /boot/vmlinuz {QUIET}\nmodule /boot/initrd0\n"
    files = {"/boot/vmlinuz": elf, "/boot/initrd0": initrd, "/boot/aloft.cfg": config}
    result = machine.boot(tmp_path, files, until=END, memory="256M")
    assert f"aloft-init: command line: {QUIET}\n" in result.serial
