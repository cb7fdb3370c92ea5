"""Every test kernel, from disk and floppy, on both machines, with little, middling and much memory."""
import pytest

import machine

HOW = {
    "modules32": machine.MODULES,
    "modules64": machine.MODULES,
    "no-paging": {"options": "--paging=off"},
    "state-off": {"options": "--paging=off"},
    "example": {"arguments": "exit"},
    "example32": {"arguments": "exit"},
}
# What cannot be, and why: (kernel, what) -> the error that says so.
TOO_BIG_FOR_FLOPPY = {"big32m"}
REFUSED = {("big32m", "16M"): "E98", ("above4g", "16M"): "E80", ("above4g", "128M"): "E80"}
NAMES = sorted(path.stem for path in machine.KERNELS.glob("*.elf"))


def test_kernels_were_built():
    assert len(NAMES) >= 28, NAMES


@pytest.mark.parametrize("memory", ["16M", "128M", "5G"])
@pytest.mark.parametrize("pc", ["pc", "q35"])
@pytest.mark.parametrize("medium", ["hdd", "floppy"])
@pytest.mark.parametrize("name", NAMES)
def test_kernel(tmp_path, name, medium, pc, memory):
    where = {"medium": medium, "machine": pc, "memory": memory}
    if name in TOO_BIG_FOR_FLOPPY and medium == "floppy":
        machine.make_tree(tmp_path / "tree", {"/boot/kernel.elf": machine.KERNELS / f"{name}.elf"})
        message = machine.aloft("image", "--format=floppy", "-o", tmp_path / "f.img", tmp_path / "tree", status=2)
        assert "a floppy has room for" in message
    elif (name, memory) in REFUSED:
        files = {"/boot/kernel.elf": machine.KERNELS / f"{name}.elf"}
        result = machine.boot(tmp_path, files, until=machine.HALTED, **where)
        assert REFUSED[name, memory] in result.report()
    else:
        machine.boot_kernel(tmp_path, name, **HOW.get(name, {}), **where)


FORMATS = [
    ("state32", "--paging=32 --pages=4k", "486"),
    ("state32", "--paging=32", "pentium"),
    ("state32", "--paging=pae", "pentium3"),
    ("state32", "--paging=pae", "qemu32"),
    ("wx32", "--paging=pae", "qemu64"),
    ("wx32", "", "486"),
    ("usable32", "--paging=pae", "qemu64"),
    ("four", "--paging=pae --pages=4k", "qemu32"),
    ("state64", "", "qemu64"),
    ("state64", "--pages=4k", "Nehalem"),
    ("state64", "--paging=5level", "max"),
    ("wx64", "--paging=5level", "max"),
    ("wx64", "", "Skylake-Client"),
    ("usable64", "", "max,la57=off"),
    ("half64", "--identity=all", "EPYC"),
    ("top2g", "--direct-map=0xffffc00000000000", "qemu64"),
    ("top2g", "--direct-map=none", "qemu64"),
    ("c0100000", "--direct-map=none --identity=all --stack=256K", "pentium3"),
]


@pytest.mark.parametrize("name,options,cpu", FORMATS, ids=[f"{n}-{o}-{c}".replace(" ", "") for n, o, c in FORMATS])
def test_format(tmp_path, name, options, cpu):
    machine.boot_kernel(tmp_path, name, options=options, cpu=cpu)
