"""Flipped bits in Aloft's own code: stage 2 is refused as damaged; a damaged stage 1 starts nothing that is not the kernel.

Every bit of stage 2 is flipped in memory before stage 1's own check (flips.asm). Boots of flipped disks show that what is
true of the check is true of a boot: one bit of every byte of stage 1, and as many bits of stage 2 as make 2,000. The kernel is packed, for
that needs the rest of stage 2, which the core checks. Nothing watches over stage 1, so it may be silent; how often it is, is told.
"""
import pathlib
import random
import re
import subprocess
import time

import faults
import machine

TITLE = "flipped bits in Aloft itself"
FAST = 67

STEP = 2048  # bytes of stage 2 a program
STAGE1_SIZE = 512
BOOTS = {"hdd": 1188, "cd": 300}  # with a flipped bit in stage 2
QUIET, SPINNING = 30, 4  # looks at a halted processor; seconds of CPU time: a boot takes a tenth of that


def every_bit(folder, start, end, first, last):
    run = (machine.BUILD / "stage2.bin").read_bytes()[start:end]
    source = pathlib.Path(__file__).with_name("flips.asm")
    sector = folder / "sector"
    subprocess.run(["nasm", "-w+all", "-w-unknown-warning", "-w-reloc-rel", "-Werror", "-f", "bin", f"-I{machine.BUILD}/",
                    f"-I{machine.ROOT}/stage1/", f"-DSTAGE2_RESIDENT_SECTORS={len(run) // 512}", f"-DFIRST={first}", f"-DLAST={last}",
                    "-o", sector, source], check=True)
    image = folder / "flips.img"
    image.write_bytes((sector.read_bytes() + run).ljust(1 << 20, b"\0"))
    result = machine.boot_image(image, folder)
    assert (result.status, result.serial) == (machine.PASS, f"{(last - first) * 8:08X}\n"), (result.status, result.serial)
    return f"times all bits of {STEP} bytes"


def flipped(folder, medium, place, bit):
    content = bytearray(faults.image(medium, True).read_bytes())
    content[place] ^= 1 << bit
    image = folder / "disk.img"
    image.write_bytes(content)
    return image


def in_stage2(folder, medium, place, bit):
    path = faults.boot_path(medium, True)
    image = flipped(folder, medium, path.stage2 * 512 + place, bit)
    result = machine.boot_image(image, folder, medium=medium, until=faults.ended(folder))
    words, by = (faults.STAGE1 + "S", "stage 1") if place < faults.RESIDENT * 512 else (faults.CANNOT, "the core")
    assert result.status is None and faults.shown(result, words), (result.serial, result.screen)
    return f"refused by {by}"


class Watch:
    """Until QEMU ends, Aloft has said its last word, or nothing more is to be expected."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, process):
        monitor = machine.Monitor(f"{self.folder}/qmp", process)
        ended, halted = faults.ended(self.folder), 0
        end = time.monotonic() + machine.DEADLINE
        while time.monotonic() < end:
            if process.poll() is not None:
                return process.returncode
            if ended(monitor):
                return "told"
            ticks = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
            try:
                registers = monitor.command("human-monitor-command", **{"command-line": "info registers"})
            except (OSError, ValueError):
                continue  # QEMU is ending
            halted = halted + 1 if "HLT=1" in registers else 0
            if halted > QUIET or sum(map(int, ticks)) / 100 > SPINNING:
                return "silent"
            time.sleep(0.05)
        return "silent"


def in_stage1(folder, place, bit):
    image = flipped(folder, "hdd", place, bit)
    ending = machine.boot_image(image, folder, watch=Watch(folder))
    serial = machine.read_serial(folder / "serial")
    if ending == machine.PASS and re.search(f"^{faults.GOOD}$", serial, re.M):
        return "stage 1: booted all the same"
    assert "info " not in serial and "FAIL" not in serial and ending != machine.FAIL, serial[-2000:]
    assert ending in ("told", "silent", 0), (ending, serial)
    return {"told": "stage 1: ends with a message", "silent": "stage 1: is silent", 0: "stage 1: the machine resets"}[ending]


def cases():
    size = (machine.BUILD / "stage2.bin").stat().st_size
    for start, end in ((0, faults.RESIDENT * 512), (faults.RESIDENT * 512, size)):
        for first in range(start, end, STEP):
            last = min(first + STEP, end)
            yield f"stage 2 bytes {first} to {last}, every bit", every_bit, (start, end, first - start, last - start)
    for place in range(STAGE1_SIZE):
        yield f"stage 1 byte {place}", in_stage1, (place, random.Random(f"stage 1 byte {place}").randrange(8))
    for medium, count in BOOTS.items():
        for number in range(count):
            chance = random.Random(f"{medium} stage 2 flip {number}")
            yield f"{medium} stage 2 flip {number}", in_stage2, (medium, chance.randrange(size), chance.randrange(8))
