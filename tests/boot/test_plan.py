"""`aloft plan` on the host says what the loader does: the same text, to the byte."""
import pytest

import machine

CASES = [
    ("c0100000", "", "pc", "128M", "qemu64"), ("c0100000", "", "q35", "128M", "qemu64"),
    ("c0100000", "", "pc", "16M", "486"), ("c0100000", "--paging=pae", "pc", "5G", "pentium3"),
    ("c0000000", "", "q35", "5G", "qemu64"), ("four", "", "pc", "128M", "pentium"),
    ("on-loader", "", "pc", "16M", "qemu32"), ("shared-page", "", "pc", "128M", "qemu64"),
    ("low32", "--identity=all", "q35", "16M", "qemu64"), ("no-paging", "--paging=off", "pc", "128M", "qemu64"),
    ("top2g", "", "pc", "128M", "qemu64"), ("top2g", "", "q35", "5G", "max"),
    ("top2g", "--paging=5level", "pc", "5G", "max"), ("half64", "", "pc", "3584M", "Skylake-Client"),
    ("low64", "--pages=4k", "pc", "16M", "qemu64"), ("four64", "--direct-map=none", "q35", "3G", "Nehalem"),
    ("top2g", "--smep --umip --global", "pc", "128M", "max"), ("half64", "--smep", "pc", "128M", "Haswell"),
    ("c0100000", "--identity=tables --recursive=auto --temporary", "pc", "128M", "pentium3"),
    ("above4g", "", "pc", "5G", "qemu64"), ("entry-physical", "--stack=128K", "pc", "1G", "qemu64"),
]


@pytest.mark.parametrize("name,options,pc,memory,cpu", CASES,
                         ids=["-".join(word for word in case if word).replace(" ", "") for case in CASES])
def test_plan_is_what_the_loader_does(tmp_path, name, options, pc, memory, cpu):
    result = machine.boot_kernel(tmp_path, name, options=options, machine=pc, memory=memory, cpu=cpu)
    loader = machine.plan_text(result.serial)
    host = machine.aloft("plan", f"--memory={memory}", f"--cpu={cpu}", f"--machine={pc}",
                         tmp_path / "tree").rstrip("\n").split("\n")
    assert loader == host


def test_plan_of_modules(tmp_path):
    result = machine.boot_kernel(tmp_path, "modules64", **machine.MODULES)
    host = machine.aloft("plan", "--memory=128M", "--cpu=qemu64", tmp_path / "tree").rstrip("\n").split("\n")
    assert machine.plan_text(result.serial) == host


def test_kernel_sees_the_rows_of_the_plan(tmp_path):
    """The rows that the plan prints are those that the kernel finds in its information."""
    result = machine.boot_kernel(tmp_path, "top2g")
    planned = [line[10:].split()[:3:2] for line in machine.plan_text(result.serial) if "->" in line and " r" in line]
    told = [line.split()[2:4] for line in result.serial.split("\n") if line.startswith("info mapping ")]
    assert [[int(a, 16), int(b, 16)] for a, b in planned] == [[int(a, 16), int(b, 16)] for a, b in told]
