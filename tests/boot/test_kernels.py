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
    "enable": {"options": "--paging=off"},
    "nasm-tables": {"options": "--paging=off"},
    "pse-mix": {"options": "--paging=off"},
    "higher-half-off": {"options": "--paging=off"},
    "half-4k-off": {"options": "--paging=off"},
    "heap": machine.MODULES,
    "tables-offset": {"options": "--direct-map=0xA0000000000"},
    "tables-window": {"options": "--temporary=on"},
    "tables-recursive": {"options": "--recursive=auto"},
    "recursive32": {"options": "--recursive=auto"},
    "pixels32": {"options": "--video=auto"},
    "pixels64": {"options": "--video=1024x768"},
}
# What cannot be, and why: (kernel, what) -> the error that says so.
TOO_BIG_FOR_FLOPPY = {"big32m"}
REFUSED = {("big32m", "16M"): "E98", ("above4g", "16M"): "E80", ("above4g", "128M"): "E80"}
NAMES = sorted(path.stem for path in machine.KERNELS.glob("*.elf"))


def test_kernels_were_built():
    assert len(NAMES) >= 28, NAMES


# Every two of medium, machine and memory meet somewhere.
@pytest.mark.parametrize("medium,pc,memory", [
    ("hdd", "pc", "128M"), ("hdd", "q35", "16M"), ("hdd", "q35", "5G"),
    ("floppy", "q35", "128M"), ("floppy", "pc", "16M"), ("floppy", "pc", "5G")])
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
    ("pse-mix", "--paging=off", "486,pse=off"),
    ("half-4k-off", "--paging=off", "486,pse=off"),
    ("user", "", "486,pse=off"),
    ("lower-empty32", "--identity=none", "pentium"),
    ("lower-empty32", "--paging=pae", "pentium3"),
    ("lower-empty64", "--identity=none", "qemu64"),
    ("faults32", "--paging=pae", "qemu64"),
    ("guard32", "--paging=pae", "qemu64"),
    ("heap", "--paging=pae", "pentium3"),
    ("guard64", "--paging=5level", "max"),
    ("translate", "--paging=5level", "max"),
    ("translate", "", "Skylake-Client"),
    ("new-mapping", "--paging=5level", "max"),
    ("tables-identity", "--identity=tables", "qemu64"),
    ("tables-direct", "--identity=none", "qemu64"),
    ("tables-window", "--temporary=on --paging=5level", "max"),
    ("tables-recursive", "--recursive=300", "qemu64"),
    ("tables-recursive", "--recursive=auto --paging=5level", "max"),
    ("recursive32", "", "pentium"),
]


LAYOUTS = [
    ("state32", "--identity=none", "qemu64"),
    ("state64", "--identity=none", "qemu64"),
    ("c0100000", "--identity=tables", "qemu64"),
    ("top2g", "--identity=tables --direct-map=none", "qemu64"),
    ("top2g", "--identity=none --direct-map=none", "qemu64"),
    ("state32", "--identity=none --paging=pae", "pentium3"),
    ("wx64", "--identity=none --recursive=auto", "qemu64"),
    ("top2g", "--recursive=300", "qemu64"),
    ("c0100000", "--recursive=1023", "pentium"),
    ("c0100000", "--recursive=auto --paging=pae", "qemu32"),
    ("half64", "--recursive=auto --paging=5level", "max"),
    ("state64", "--temporary", "qemu64"),
    ("state32", "--temporary --recursive=auto", "486"),
    ("state32", "--temporary --paging=pae --identity=none", "qemu64"),
    ("top2g", "--share-upper", "qemu64"),
    ("c0100000", "--share-upper", "qemu64"),
    ("c0100000", "--share-upper --paging=pae --recursive=auto --temporary", "qemu64"),
    ("low64", "--null-page=mapped", "qemu64"),
    ("c0100000", "--map=0xfee00000+4K", "qemu64"),
    ("top2g", "--map=0xfd000000+16M,combining --map=0xfee00000+4K", "qemu64"),
    ("c0100000", "--paging=pae --map=0x100000000+16M@0xd0000000,cached --global", "qemu64"),
    ("top2g", "--global --smep --umip", "max"),
    ("low32", "--identity=none", "qemu64"),
    ("top2g", "--direct-map=0xA0000000000", "qemu64"),
    ("low64", "--identity=none --direct-map=none --paging=5level", "max"),
    ("pie32", "--base=0x80400000", "486"),
    ("pie32", "--paging=pae --kaslr", "pentium3"),
    ("pie32-relr", "--paging=off", "qemu64"),
    ("pie32-relr", "--paging=off --base=0x2003000", "qemu64"),
    ("pie64", "--base=0xffff900000001000", "qemu64"),
    ("pie64", "--base=0x40000000 --identity=none", "qemu64"),
    ("pie64", "--kaslr", "max"),
    ("pie64-relr", "--kaslr --base=0xffffa00000000000", "qemu64"),
    ("pie64-relr", "--base=0x80000000000000 --paging=5level", "max"),
]


@pytest.mark.parametrize("name,options,cpu", FORMATS + LAYOUTS,
                         ids=[f"{n}-{o}-{c}".replace(" ", "") for n, o, c in FORMATS + LAYOUTS])
def test_format(tmp_path, name, options, cpu):
    machine.boot_kernel(tmp_path, name, options=options, cpu=cpu)
