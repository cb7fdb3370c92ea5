"""Disks on which something fails: which sectors a boot reads, and blkdebug, which lets one of them fail.

The boot path is what a good boot reads behind the BIOS's own reads, asked of QEMU's trace once for each medium and kept in
build/torture. Sector 0 (of a CD: the catalog and stage 1) is the BIOS's to read first; only when Aloft reads it again
can it be told of, so all faults begin with Aloft's first read. Sectors have 512 bytes here, and of a CD every fourth counts.
"""
import collections
import functools
import gzip
import json
import os
import pathlib
import re
import tempfile
import time
import zlib

import machine

MEDIA = ("hdd", "ahci", "virtio", "scsi", "nvme", "usb-ehci", "usb", "lsi", "mpt", "cd", "cd-ahci")
KERNEL = machine.KERNELS / "c0100000.elf"
GOOD = "PASS c0100000"
STAGE1 = "Aloft boot error "  # and its letter

# What a medium's boot reads: how many requests come before Aloft's first, then the sectors; where stage 2 begins, where what is read
# of it when it is needed, and where that ends. A packed kernel's boot needs it.
Path = collections.namedtuple("Path", "firmware sectors stage2 rest end")
RESIDENT = machine.resident_sectors()
CANNOT = "Aloft cannot go on"  # the core's last words, where the rest does not come


FOLDERS = []


@functools.cache
def place(process):
    """A folder that lives as long as this process, which is not one that it came from."""
    folder = tempfile.TemporaryDirectory()
    FOLDERS.append(folder)
    return pathlib.Path(folder.name)


@functools.cache
def image_of(process, kind, packed):
    content = gzip.compress(KERNEL.read_bytes(), mtime=0) if packed else KERNEL.read_bytes()
    return machine.image_of(place(process) / f"{kind}{packed}",
                            {"/boot/kernel.elf": content, "/boot/aloft.cfg": "kernel /boot/kernel.elf\n"},
                            f"--format={kind}", *(["--size=4M"] if kind == "hdd" else []))


def image(medium, packed=False):
    """An image that boots the kernel with a configuration, as gzip packs it or as it is. Nobody writes to it."""
    kind = "floppy" if medium == "floppy" else "iso" if medium in machine.CDS else "hdd"
    return image_of(os.getpid(), kind, packed)


def blockdev(image, medium, **rules):
    """The -blockdev of an image under blkdebug with these rules."""
    return machine.blkdebug(image, medium == "floppy" or medium in machine.CDS, **rules)


def failing(image, medium, sector, once, path=None):
    """The same with a sector that cannot be read, from Aloft's first read on."""
    firmware = (path or boot_path(medium)).firmware
    later = [{"event": "read_aio", "state": state, "new_state": state + 1} for state in range(1, firmware + 1)]
    return blockdev(image, medium, **{"set-state": later, "inject-error": [
        {"event": "read_aio", "errno": 5, "sector": sector, "once": once, "state": firmware + 1}]})


def read_path(medium, packed):
    """Boots once under QEMU's trace of all block reads."""
    path = image(medium, packed)
    with tempfile.TemporaryDirectory() as folder:
        trace = pathlib.Path(folder) / "trace"
        result = machine.boot_image(path, folder, medium=medium, extra=("-trace", "blk_co_preadv", "-D", str(trace)))
        assert result.status == machine.PASS and GOOD in result.serial, result.serial[-2000:]
        reads = [(int(offset) // 512, -(-int(size) // 512)) for offset, size in
                 re.findall(r"blk_co_preadv .* offset (\d+) bytes (\d+)", trace.read_text())]
    stage2 = path.read_bytes().index((machine.BUILD / "stage2.bin").read_bytes()) // 512
    first = next(i for i, (start, count) in enumerate(reads) if start <= stage2 < start + count)
    step = 4 if medium in machine.CDS else 1
    sectors = sorted({sector // step * step for start, count in reads[first:] for sector in range(start, start + count)})
    return Path(first, sectors, stage2, stage2 + RESIDENT, stage2 + (machine.BUILD / "stage2.bin").stat().st_size // 512)


@functools.cache
def boot_path(medium, packed=False):
    stamp = zlib.crc32(KERNEL.read_bytes(), machine.loader_crc())
    kept = machine.BUILD / "torture" / f"path-{medium}{'-packed' * packed}-{stamp:08x}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        mine = kept.with_suffix(f".{os.getpid()}")
        mine.write_text(json.dumps(read_path(medium, packed)))
        mine.rename(kept)
    return Path(*json.loads(kept.read_text()))


def is_for_stage1(path, sector):
    return path.stage2 <= sector < path.rest


def is_rest(path, sector):
    return path.rest <= sector < path.end


def paths():
    """(medium, is the kernel packed, sector) of all that boots read: with a packed kernel the rest of stage 2 alone."""
    for medium in MEDIA:
        yield from ((medium, False, sector) for sector in boot_path(medium).sectors)
    for medium in ("hdd", "usb", "cd"):
        path = boot_path(medium, True)
        yield from ((medium, True, sector) for sector in path.sectors if is_rest(path, sector))


def name_of(medium, packed, sector):
    return f"{medium} sector {sector}{' of the rest of stage 2' * packed}"


class NoDisk(Exception):
    """The BIOS did not find the disk."""


def ended(folder):
    """For boot_image's `until`: Aloft has said its last word, or stage 1 has, with its whole line."""
    start = looked = time.monotonic()

    def until(monitor):
        nonlocal looked
        serial = machine.read_serial(pathlib.Path(folder) / "serial")
        if not serial and time.monotonic() > max(start + 10, looked + 1):
            looked = time.monotonic()
            if "No bootable device" in "\n".join(monitor.screen_text(folder)):
                raise NoDisk("the BIOS found no disk")
        return machine.HALTED in serial or re.search(rf"{STAGE1}.*\n", serial)
    return until


def boot(folder, path, medium, device, **options):
    """A boot from a faulty disk. The faults begin behind the BIOS's own reads: where it finds no disk at all, the time that it
    gives a USB stick to answer was too short on a busy computer, and it is started once more."""
    for attempt in range(3):
        try:
            return machine.boot_image(path, folder, medium=medium, blockdev=device, until=ended(folder), **options)
        except NoDisk:
            if attempt == 2 or "usb" not in medium:
                raise


def shown(result, words):
    """On the serial line and on the screen, whatever the line breaks."""
    return words in " ".join(result.serial.split()) and words in " ".join(" ".join(result.screen).split())
