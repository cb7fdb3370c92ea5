"""The configuration on one partition, the kernel on another: search by label, UUID and file, and devices by name."""
import struct
import subprocess

import pytest

import machine

KERNEL = machine.KERNELS / "state32.elf"
START = 2048 * 512  # of the first partition of an image


def two_partitions(folder, config):
    """The boot volume with the configuration, and behind it a FAT volume DATA with the kernel, module and UUID 5678-9ABC."""
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    first = machine.image_of(folder / "a", {"/boot/grub/grub.cfg": config, "/boot/here.txt": "x"}).read_bytes()
    second = machine.image_of(folder / "b", {"/boot/kernel.elf": KERNEL, "/more.cfg": "set found=yes\n"})
    subprocess.run(["mlabel", "-i", f"{second}@@{START}", "-N", "56789abc", "::DATA"], check=True,
                   env={"PATH": "/usr/bin:/bin", "MTOOLS_SKIP_CHECK": "1"})
    data = second.read_bytes()[START:]
    entry = struct.pack("<4B4BII", 0, 0, 0, 0, 0x0C, 0, 0, 0, len(first) // 512, len(data) // 512)
    disk = folder / "disk.img"
    disk.write_bytes(first[:462] + entry + first[478:] + data)
    return disk


def boot(folder, lines, **more):
    config = f"set timeout=0\nset verbose=1\n{lines}\n"
    return machine.boot_image(two_partitions(folder, config), folder, **more)


@pytest.mark.parametrize("lines", [
    "search --set=root --label DATA\nmenuentry x { kernel /boot/kernel.elf }",
    "search --no-floppy --fs-uuid --set=root 5678-9ABC\nmenuentry x { kernel /boot/kernel.elf }",
    "search --file --set=data /more.cfg\nmenuentry x { kernel ($data)/boot/kernel.elf }",
    "menuentry x { kernel (hd0,msdos2)/boot/kernel.elf }",
    "menuentry x { set root=(hd0,2)\n kernel /boot/kernel.elf }",
    "source (hd0,2)/more.cfg\nif [ x$found = xyes ]; then set root=hd0,msdos2; fi\nmenuentry x { kernel /boot/kernel.elf }",
    "if [ -f (hd0,2)/boot/kernel.elf -a ! -f (hd0,1)/boot/kernel.elf ]; then set root=hd0,2; fi\n"
    "menuentry x { kernel /boot/kernel.elf }",
])
def test_found(tmp_path, lines):
    result = boot(tmp_path, lines)
    assert result.status == machine.PASS, result.serial


@pytest.mark.parametrize("lines,words", [
    ("search --set=root --label NONE\nmenuentry x { kernel /boot/kernel.elf }", ["E26", "/boot/kernel.elf"]),
    ("menuentry x { kernel (hd0,3)/boot/kernel.elf }", ["E143", "line 3"]),
    ("menuentry x { kernel (hd1,1)/boot/kernel.elf }", ["E143", "line 3"]),
])
def test_not_found(tmp_path, lines, words):
    report = boot(tmp_path, lines, until=machine.HALTED).report()
    for word in words:
        assert word in report
