"""Three readers of the same page tables agree: `aloft plan` (which ran Aloft's builder on the host), the memory of a
booted machine, and QEMU's own idea of what is mapped (`info tlb`).

The kernel is the example, which leaves its tables as it found them. The bytes must be equal but for the accessed and
dirty bits, which the processor sets. What QEMU lists must be the leaves that a walk over these bytes finds; the
walk is written from the Intel manual (SDM volume 3A, chapter 4) and shares no code with Aloft.
"""
import json
import pathlib
import re

import pytest

import machine

READY = "has the machine to itself"
ACCESSED_DIRTY = 0x60
PRESENT, LARGE = 1, 0x80

CASES = [
    ("example32", "", "pc", "128M", "486"), ("example32", "--pages=4k", "pc", "16M", "pentium"),
    ("example32", "--paging=pae", "q35", "128M", "pentium3"), ("example32", "--paging=pae", "pc", "5G", "qemu64"),
    ("example32", "--identity=none", "pc", "128M", "qemu32"), ("example32", "--identity=tables", "q35", "128M", "qemu64"),
    ("example32", "--share-upper --temporary", "pc", "128M", "qemu32"),
    ("example", "", "pc", "128M", "qemu64"), ("example", "", "q35", "5G", "qemu64"), ("example", "", "pc", "5G", "max"),
    ("example", "--pages=4k --identity=all", "pc", "16M", "Skylake-Client"),
    ("example", "--paging=5level", "pc", "128M", "max"), ("example", "", "pc", "128M", "max,la57=off"),
    ("example", "--identity=none --temporary --share-upper --global", "q35", "128M", "Nehalem"),
    ("example", "--direct-map=0xA0000000000 --identity=tables", "pc", "128M", "qemu64"),
    ("example", "--map=0xfd000000+16M,combining --map=0xfee00000+4K --null-page=mapped", "pc", "128M", "qemu64"),
]


def leaves(tables, base, wide, levels):
    """{virtual address: leaf entry} of a tree of tables, from its bytes."""
    width, index_bits = (8, 9) if wide else (4, 10)
    found = {}

    def walk(table, level, virt):
        shift = 12 + index_bits * level
        count = 4 if wide and levels == 3 and level == 2 else 1 << index_bits
        for index in range(count):
            at = table - base + index * width
            entry = int.from_bytes(tables[at:at + width], "little")
            if not entry & PRESENT:
                continue
            here = virt | index << shift
            if level == 0 or (entry & LARGE and level < 3 and not (level == 2 and levels == 3)):
                found[here] = entry
            else:
                walk(entry & 0x000FFFFFFFFFF000 & (~0 if wide else 0xFFFFFFFF), level - 1, here)

    walk(base, levels - 1, 0)
    return found


def qemu_leaves(text, wide, levels):
    """The same from `info tlb`: address, physical address and the flags XGPDACTUW."""
    found = {}
    for virt, phys, flags in re.findall(r"^([0-9a-f]{16}): ([0-9a-f]{16}) ([-XGPDACTUW]{9})", text, re.M):
        bits = {"X": 63, "G": 8, "P": 7, "C": 4, "T": 3, "U": 2, "W": 1}
        entry = sum(1 << bits[flag] for flag in flags if flag in bits)
        found[int(virt, 16) & ((1 << (12 + 9 * levels)) - 1 if wide else 0xFFFFFFFF)] = int(phys, 16) | entry | PRESENT
    return found


@pytest.mark.parametrize("name,options,pc,memory,cpu", CASES,
                         ids=["-".join(word for word in case if word).replace(" ", "") for case in CASES])
def test_three_readers(tmp_path, name, options, pc, memory, cpu):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": machine.KERNELS / f"{name}.elf",
                                        "/boot/aloft.cfg": machine.config(options)})
    dump = tmp_path / "planned"
    plan = json.loads(machine.aloft("plan", "--json", f"--dump-tables={dump}", f"--memory={memory}",
                                    f"--cpu={cpu.split(',')[0]}", f"--machine={pc}", tmp_path / "tree"))
    if "la57=off" in cpu:
        assert int(plan["entry"]["cr4"], 16) >> 12 & 1 == 0
    base, planned = int(plan["tables"]["physical"], 16), dump.read_bytes()

    def inspect(monitor):
        path = f"{tmp_path}/tables"
        monitor.command("pmemsave", val=base, size=len(planned), filename=path)
        text = monitor.command("human-monitor-command", **{"command-line": "info tlb"})
        return pathlib.Path(path).read_bytes(), text

    result = machine.boot_image(image, tmp_path, machine=pc, memory=memory, cpu=cpu, until=READY, inspect=inspect)
    booted, tlb = result.inspected
    wide = int(plan["entry"]["cr4"], 16) >> 5 & 1
    mask = int.from_bytes(bytes([255 - ACCESSED_DIRTY] + [255] * (7 if wide else 3)) * (len(planned) // (8 if wide else 4)),
                          "little")
    assert int.from_bytes(planned, "little") & mask == int.from_bytes(booted, "little") & mask

    levels = {"32-bit": 2, "32-bit with 4 MiB pages": 2, "PAE": 3, "4-level": 4, "5-level": 5}[plan["tables"]["format"]]
    ours = {virt: entry & ~ACCESSED_DIRTY & ~0xE00 for virt, entry in leaves(booted, base, wide, levels).items()}
    theirs = qemu_leaves(tlb, wide, levels)
    assert len(theirs) == len(ours) and theirs == ours
