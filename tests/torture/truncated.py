"""Kernel, configuration, modules and whole volumes that end too early, at every sector: each boot ends in its message, or in the
kernel where nothing was cut that it needs."""
import functools
import gzip
import os
import re

import faults
import machine

TITLE = "files and volumes that are cut off"
FAST = 79

SECTOR = 512
KERNEL = faults.KERNEL.read_bytes()
PACKED = gzip.compress(KERNEL, mtime=0)
MODULE = gzip.compress(bytes(i * 31 & 0xFF ^ i >> 8 & 0xFF for i in range(200000)), mtime=0)
CONFIG = "".join(f"# {i:58}\n" for i in range(32)) + "kernel /boot/kernel.elf one\nset x='" + "x" * 60 * 16 + "'\n"
VOLUMES = {"fat": ("hdd", ("--size=4M",)), "fat alone": ("hdd", ("--size=4M", "--format=volume")), "ext2": ("hdd", ("--size=8M", "--filesystem=ext2")),
           "ext4": ("hdd", ("--size=8M", "--filesystem=ext4")),
           "gpt": ("hdd", ("--format=gpt",)), "iso": ("cd", ("--format=iso",)), "iso on a disk": ("hdd", ("--format=iso",))}


def end_of(folder, image, medium, *words):
    """How the boot of this image ends: in the kernel, or in a message with one of these words (any message without)."""
    result = machine.boot_image(image, folder, medium=medium, until=faults.ended(folder))
    if result.status is not None:
        assert result.status == machine.PASS and faults.GOOD in result.serial, result.serial[-2000:]
        return "booted"
    if letter := re.search(rf"{faults.STAGE1}(\w)", result.serial):
        assert faults.shown(result, letter[0]), result.screen
        return f"refused by stage 1 with {letter[1]}"
    if faults.CANNOT in result.serial:
        assert faults.shown(result, "a part of it cannot be read"), result.screen
        return "refused by the core"
    report = result.report()
    assert not words or any(word in report for word in words), result.serial
    assert any("could not boot" in line for line in result.screen), result.screen
    return "refused with E" + re.search(r"\bE(\d+) ", report)[1]


def file(folder, path, content, sectors, *words):
    files = {"/boot/kernel.elf": KERNEL, "/boot/aloft.cfg": "kernel /boot/kernel.elf\n"}
    if path == "/boot/module":
        files["/boot/aloft.cfg"] = machine.config(extra="    module /boot/module\n")
    files[path] = content[:sectors * SECTOR]
    ending = end_of(folder, machine.image_of(folder, files, "--size=4M"), "hdd", *words)
    whole = sectors * SECTOR >= len(content)
    assert (ending == "booted") or not whole, ending
    return ending


@functools.cache
def volume(name):
    """The bytes of a disk, and where it is cut."""
    medium, options = VOLUMES[name]
    folder = faults.place(os.getpid()) / name
    image = machine.image_of(folder, {"/boot/kernel.elf": KERNEL, "/boot/aloft.cfg": "kernel /boot/kernel.elf\n"},
                             *options)
    disk = image.read_bytes()
    return disk, cuts(disk, 4 if medium == "cd" else 1, name in ("fat", "iso"))


def cuts(disk, step, all_of_it):
    """Before and behind each sector that is not all zeros: the others change nothing but the size. Stage 2 is cut on one
    disk and on the CD."""
    count = len(disk) // SECTOR
    if step > 1:  # the BIOS reads the catalog and stage 1 of a CD
        return [i for i in cuts(disk, 1, all_of_it) if i % step == 0 and i * SECTOR > disk.index((machine.BUILD / "cd.bin").read_bytes()[64:])]
    stage2 = disk.index((machine.BUILD / "stage2.bin").read_bytes()) // SECTOR
    start = 1 if all_of_it else stage2 + (machine.BUILD / "stage2.bin").stat().st_size // SECTOR
    used = [i for i in range(start, count) if disk[i * SECTOR:(i + 1) * SECTOR].strip(b"\0")]
    return sorted({i for sector in used for i in (sector, sector + 1) if i < count})


def disk(folder, name, sectors):
    content, _ = volume(name)
    image = folder / "cut.img"
    image.write_bytes(content[:sectors * SECTOR])
    return end_of(folder, image, VOLUMES[name][0])


def cases():
    files = {"kernel": ("/boot/kernel.elf", KERNEL, "/boot/kernel.elf"), "packed kernel": ("/boot/kernel.elf", PACKED, "/boot/kernel.elf"),
             "packed module": ("/boot/module", MODULE, "/boot/module"), "configuration": ("/boot/aloft.cfg", CONFIG.encode(),
                                                                                        "/boot/aloft.cfg", "kernel")}
    for name, (path, content, *words) in files.items():
        for sectors in range(-(-len(content) // SECTOR) + 1):
            yield f"{name} of {sectors} sectors", file, (path, content, sectors, *words)
    for name in VOLUMES:
        for sectors in volume(name)[1]:
            yield f"{name} of {sectors} sectors", disk, (name, sectors)
