"""Kernels that nobody here wrote, each from one folder, booted by Aloft and by GRUB side by side: how far it got is
compared, on the serial line or on the screen.

The kernels come from Debian's packages (tools/foreign.sh), GRUB as a kernel from grub-mkimage. What is not there fails
its test by name; to leave them out: pytest --ignore tests/boot/test_foreign.py
"""
import pathlib
import re
import shutil
import struct
import subprocess
import time

import pytest

import machine

FOREIGN = machine.BUILD / "foreign"


def tool(name):
    """GRUB's command of this name, which some systems call grub2-*."""
    path = shutil.which(name) or shutil.which(name.replace("grub-", "grub2-"))
    assert path, f"{name} is missing: install grub-common and grub-pc-bin (elsewhere: grub2-tools-extra, or grub)"
    return path


@pytest.fixture(scope="session")
def fetched():
    """What tools/foreign.sh says of files that it cannot get."""
    return subprocess.run([machine.ROOT / "tools/foreign.sh", FOREIGN], capture_output=True, text=True).stderr


@pytest.fixture
def kernel(fetched):
    def take(name):
        lines = [line for line in fetched.split("\n") if f"/{name} is missing" in line]
        assert not lines, lines[0]
        return (FOREIGN / name).read_bytes()
    return take


def by_both(folder, files, configuration, until, **how):
    """The results of booting the same files by Aloft and by GRUB, from a CD. `until` is a text on the serial line, or
    makes a function for boot_image."""
    results = []
    for loader in ("aloft", "grub"):
        where = pathlib.Path(folder) / loader
        machine.make_tree(where / "tree", files | {"/boot/grub/grub.cfg": configuration})
        image = where / "os.iso"
        if loader == "aloft":
            machine.aloft("image", "--format=iso", "-o", image, where / "tree")
        else:
            subprocess.run([tool("grub-mkrescue"), "-o", image, where / "tree"], capture_output=True, check=True)
        results.append(machine.boot_image(image, where, medium="cd", until=until() if callable(until) else until, **how))
    return results


def lines_between(serial, first, last):
    """The lines from the one that starts with `first` to the one that has `last`, without empty ones."""
    lines = [line.strip() for line in serial[serial.index(first):].split("\n") if line.strip()]
    return lines[:next(i for i, line in enumerate(lines) if last in line) + 1]


# ---- GRUB Invaders: Multiboot 1, a screen of text, a keyboard ----

INVADERS = """set timeout=0
set default=0
menuentry "GRUB Invaders" {
	multiboot	/boot/invaders.exec
}
"""


def test_invaders(tmp_path, kernel):
    """The game begins with forty invaders, and after some shots there are fewer: it reads the keyboard and runs."""
    def play():
        counts = []  # of invaders, of the frames so far; a frame that is being drawn shows too few

        def won(monitor):
            lines = monitor.screen_text(tmp_path)
            if lines[-1].strip() == "/ \\":  # the player's ship
                counts.append(sum(line.count("*") for line in lines))
            if 40 in counts:
                monitor.command("send-key", keys=[{"type": "qcode", "data": "spc"}])
            time.sleep(0.1)
            return 40 in counts and 0 < max(counts[-20:]) < 36
        return won

    aloft, grub = by_both(tmp_path, {"/boot/invaders.exec": kernel("invaders.exec")}, INVADERS, until=play)
    assert [line.strip() for line in aloft.screen[-2:]] == [line.strip() for line in grub.screen[-2:]] == ["_", "/ \\"]


MEMTEST = """set timeout=0
menuentry "Memory test" {
    linux /boot/memtest.bin console=ttyS0,115200
}
"""


def test_memtest(tmp_path, kernel):
    """Memtest86+ finds the same memory and begins its first test; it is a Linux kernel to its loader."""
    results = by_both(tmp_path, {"/boot/memtest.bin": kernel("memtest.bin")}, MEMTEST, memory="64M", until="Address test")
    found = [re.search(r"Memory +: +(\d+)MB", result.serial) for result in results]
    assert found[0] and found[0][1] == found[1][1] == "63"


# ---- programs that kernels start ----

def program(bits, code):
    """An ELF executable of one segment that runs from its first byte on."""
    wide, base = bits == 64, 0x8000000
    headers = 64 + 56 if wide else 52 + 32
    size = headers + len(code)
    file = b"\x7fELF" + bytes([2 if wide else 1, 1, 1]) + bytes(9)
    file += struct.pack("<HHIQQQIHHHHHH" if wide else "<HHIIIIIHHHHHH", 2, 62 if wide else 3, 1, base + headers,
                        64 if wide else 52, 0, 0, 64 if wide else 52, 56 if wide else 32, 1, 0, 0, 0)
    file += struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 4096) if wide else \
        struct.pack("<IIIIIIII", 1, 0, base, base, size, size, 5, 4096)
    return file + code


STOP = b"\xeb\xfe"  # jmp $


def greeting_of_init(text):
    """Linux's first program, which writes a line: write(1, text), in an archive (cpio, newc) as initrd."""
    code = b"\xb8\x01\0\0\0" b"\xbf\x01\0\0\0" b"\x48\x8d\x35" + struct.pack("<I", 9) + \
        b"\xba" + struct.pack("<I", len(text)) + b"\x0f\x05" + STOP + text
    archive = b""
    for name, mode, content in (("init", 0o100755, program(64, code)), ("TRAILER!!!", 0, b"")):
        fields = [0, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
        archive += b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        archive += bytes(-len(archive) % 4) + content
        archive += bytes(-len(archive) % 4)
    return archive


# ---- GNU Mach: Multiboot 1 in an ELF64 file; modules that it starts as programs by their strings ----

MACH = """set timeout=0
set default=0
menuentry 'Debian GNU/Hurd, with GNU Mach 1.8-486' --class gnu --class os {
	insmod gzio
	echo 'Loading GNU Mach ...'
	multiboot /boot/gnumach-1.8-486 root=device:hd0s1 console=com0
	echo 'Loading the Hurd ...'
	module /hurd/ext2fs.static ext2fs --multiboot-command-line='${kernel-command-line}' \\
		--host-priv-port='${host-port}' --device-master-port='${device-port}' \\
		--exec-server-task='${exec-task}' -T typed '${root}' '$(task-create)' '$(task-resume)'
	module /lib/ld.so.1 exec /hurd/exec '$(exec-task=task-create)'
}
"""


def test_gnu_mach(tmp_path, kernel):
    """To the start of the first module."""
    files = {"/boot/gnumach-1.8-486": kernel("gnumach.gz"), "/hurd/ext2fs.static": program(32, STOP),
             "/lib/ld.so.1": program(32, STOP + bytes(50000))}
    aloft, grub = [[re.sub(r"free: .*|RTC time is .*", "...", line)  # how much is free depends on where modules lie
                    for line in lines_between(result.serial, "GNU Mach 1", "start ext2fs")]
                   for result in by_both(tmp_path, files, MACH, memory="512M", until="start ext2fs")]
    assert aloft == grub
    assert aloft[-4:] == [
        "2 multiboot modules",
        "task loaded: ext2fs --multiboot-command-line=root=device:hd0s1 console=com0 --host-priv-port=1 "
        "--device-master-port=2 --exec-server-task=3 -T typed device:hd0s1",
        "task loaded: exec /hurd/exec", "start ext2fs:"]


# ---- Xen, which starts Linux ----

XEN = """set timeout=0
set default=0
menuentry 'Debian GNU/Linux, with Xen hypervisor' --class debian --class gnu-linux --class xen {
	insmod part_gpt
	insmod ext2
	echo	'Loading Xen ...'
	multiboot2	/boot/xen-amd64 OPTIONS
	echo	'Loading Linux ...'
	module2	/boot/vmlinuz-amd64 placeholder root=/dev/ram0 ro console=hvc0
	echo	'Loading initial ramdisk ...'
	module2	--nounzip   /boot/initrd.img-amd64
}
"""

# What differs: who loaded it, how high (Aloft's modules lie lower), and what a clock says.
XEN_DIFFERS = r"(Bootloader: |Xen image load base address: | Init\. ramdisk: |Detected |.*[Cc]lock|.*alibrat).*"


def test_xen(tmp_path, kernel):
    """To the first program of the Linux that Xen starts, out of its initrd."""
    text = b"the first program of the initrd runs\n"
    files = {"/boot/xen-amd64": kernel("xen.gz"), "/boot/vmlinuz-amd64": kernel("vmlinuz"),
             "/boot/initrd.img-amd64": greeting_of_init(text)}
    options = "com1=115200,8n1 console=com1,vga loglvl=all"
    results = by_both(tmp_path, files, XEN.replace("OPTIONS", options), memory="512M", until=text.decode().strip())
    aloft, grub = [[re.sub(r"(?<=^\(XEN\) )" + XEN_DIFFERS, "...", line)
                    for line in lines_between(result.serial, "(XEN) Xen version", "init memory") if line.startswith("(XEN)")]
                   for result in results]
    assert aloft == grub and len(aloft) > 100
    assert f"(XEN) Command line: {options}" in aloft
    for result in results:
        assert "Command line: placeholder root=/dev/ram0 ro console=hvc0" in result.serial


# ---- GRUB as a kernel: load addresses in the header, back in real mode, its drive by the boot device field ----

LOADED = """serial --unit=0 --speed=115200
terminal_output console serial
echo this is GRUB
lsmmap
cat /boot/word.txt
echo that was all
sleep 1000
"""


def grub_kernel(folder):
    """GRUB's image with its start-up commands, for a drive that it takes from its loader."""
    folder = pathlib.Path(folder)
    (folder / "load.cfg").write_text(LOADED)
    subprocess.run([tool("grub-mkimage"), "-O", "i386-pc", "-o", folder / "core.img", "-c", folder / "load.cfg", "-p", "/boot/grub",
                    *"echo cat serial terminal lsmmap sleep iso9660 fat part_msdos biosdisk".split()], check=True)
    return (folder / "core.img").read_bytes()


GRUB_ITSELF = """set timeout=0
menuentry "GRUB" {
	multiboot /boot/grub/core.img
	boot
}
"""


def heard(result):
    return lines_between(result.serial[result.serial.index("this is GRUB"):], "this is GRUB", "that was all")


def test_grub_as_a_kernel(tmp_path):
    files = {"/boot/grub/core.img": grub_kernel(tmp_path), "/boot/word.txt": "read from the drive\n"}
    aloft, grub = map(heard, by_both(tmp_path, files, GRUB_ITSELF, until="that was all"))
    assert aloft == grub and "read from the drive" in aloft
    # From a partition of a disk, where the boot device has a partition's number.
    disk = machine.boot(tmp_path, files | {"/boot/grub/grub.cfg": GRUB_ITSELF}, until="that was all")
    assert heard(disk) == aloft
