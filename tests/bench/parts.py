"""Writes stage2/parts/*.ld: which functions are in which part of stage 2 (stage2/parts.h).

Counted boots tell which functions they execute. The core has those of the native handoff on FAT, on every kind of drive; the plain
part those that Multiboot, a CD and a configuration with a menu entry need in addition; the seldom part those that ext, GPT and a disk without a configuration need. Build first; then run it, and build again.
It says where a boot has unpacked the rare part: after a change of the code that happens once, and the second run has the new lists.
"""
import bisect
import collections
import pathlib
import re
import subprocess
import tempfile

import boots
import images
import kernels
import machine

FLAT = 0x20000
UNLZMA = "unlzma"
NATIVE, MULTIBOOT2 = "kernel {} /boot/kernel.elf\nboot\n", "multiboot2 /boot/kernel.elf a b\n"
ENTRY = 'set timeout=0\nset default=0\nmenuentry "x" {{\n    {}}}\n'
ONE = "multiboot /boot/kernel.elf\n"

# (part, medium, options of `aloft image`, ELF class, configuration or None, the kernel if not the smallest). That of 64 MiB takes so long
# by programmed I/O that progress is shown: to unpack a part for that would take longer than to show it.
CASES = [
    *[("core", medium, form, 32, NATIVE.format("")) for medium, form in [
        ("ahci", "--fat=32 --size=1G"), ("ahci", "--fat=32"), ("ahci", "--fat=16"), ("virtio", "--fat=16"), ("ide", "--fat=12"),
        ("floppy", "--format=floppy")]],
    ("core", "ahci", "--fat=32", 64, NATIVE.format("--paging=4level")),
    ("core", "ide", "--fat=32", 32, NATIVE.format(""), "64M"),
    ("seldom", "ide", "--format=gpt --fat=32", 32, NATIVE.format("")),
    ("seldom", "ahci", "--fat=32", 32, None),
    ("plain", "ahci", "--fat=32", 32, ONE + "boot\n"),
    ("plain", "ahci", "--fat=32", 32, ENTRY.format(ONE)),
    ("plain", "ahci", "--fat=16", 32, ENTRY.format(MULTIBOOT2)),
    *[("seldom", "ahci", f"--filesystem={kind}", 32, ENTRY.format(MULTIBOOT2)) for kind in ("ext2", "ext4")],
    ("plain", "cd-ahci", "--format=iso", 32, ENTRY.format(MULTIBOOT2)),
    ("plain", "cd-ide", "--format=iso", 32, NATIVE.format("")),
    ("plain", "ide", "--format=iso", 32, ENTRY.format(ONE)),
]


def functions():
    """[(address, end, object file, function)] in order, of what the C compiler made."""
    places, section = [], None
    for line in (machine.BUILD / "stage2.map").read_text().splitlines():
        if named := re.match(r" \.text\.(\S+)(.*)", line):
            section, line = named[1], named[2]
        if placed := section and re.match(r"\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S+)$", line):
            start, size = int(placed[1], 16), int(placed[2], 16)
            if start >= FLAT:
                places.append((start, start + size, placed[3].split("/loader/")[1], section.split(".")[0]))
            section = None
    return sorted(places)


def executed(folder, places, medium, options, bits, config, size="64K"):
    kernel, image, profile = (pathlib.Path(folder) / name for name in ("kernel.elf", "image", "profile"))
    kernels.write(kernel, size, bits, 0xFFFFFFFF80100000 if bits == 64 else kernels.PLACE)
    files = {"/boot/kernel.elf": kernel.read_bytes(), **({"/boot/grub/grub.cfg": config} if config else {})}
    tree = images.tree(pathlib.Path(folder), files)
    machine.aloft("image", "-o", image, *options.split(), tree)
    boots.boot(image, medium, counts=True, profile=profile)
    starts, found = [place[0] for place in places], set()
    for line in profile.read_text().splitlines():
        address = int(line.split()[0], 16)
        start, end, file, name = places[max(0, bisect.bisect(starts, address) - 1)]
        if start <= address < end:
            found.add((file, name))
    return found


def write(part, names):
    by_file = collections.defaultdict(list)
    for file, name in sorted(names):
        by_file[file].append(f".text.{name} .text.{name}.*")
    lines = [f"/* The {part} part of stage 2. Written by tests/bench/parts.py (make parts). */"]
    lines += [f"*/{file}({' '.join(sections)})" for file, sections in by_file.items()]
    (machine.ROOT / f"stage2/parts/{part}.ld").write_text("\n".join(lines) + "\n")


def main():
    places, parts = functions(), {"core": set(), "plain": set(), "seldom": set()}
    unpacked, boots.DEADLINE = False, 60
    for part, *case in CASES:
        print(f"{part}: {case[0]}, {case[1]}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            names = executed(folder, places, *case)
        unpacked |= any(name == UNLZMA for _, name in names)
        parts[part] |= {(file, name) for file, name in names if "unlzma" not in file}
    parts["plain"] -= parts["core"]
    parts["seldom"] -= parts["core"] | parts["plain"]
    for part, names in parts.items():
        write(part, names)
        print(f"{part}: {len(names)} functions")
    if unpacked:
        print("a boot has unpacked the rare part: build, and run this again")


if __name__ == "__main__":
    main()
