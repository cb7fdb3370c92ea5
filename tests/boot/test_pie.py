"""Position-independent kernels: where they go, and what their note asks for. That they are relocated rightly, each
checks itself (test-kernels/pie)."""
import re

import pytest

import machine


def slide_of(serial):
    return int(re.search(r"moved by 0x([0-9a-f]+)", serial)[1], 16)


@pytest.mark.parametrize("name,options,slide", [
    ("pie32", "", 0xC0000000),
    ("pie64", "", 0xFFFFFFFF80000000),
    ("pie64", "--base=0xffff900000001000", 0xFFFF900000001000),
    ("pie32", "--paging=off", 0x400000),  # the first 4 MiB page above 1 MiB
])
def test_base(tmp_path, name, options, slide):
    result = machine.boot_kernel(tmp_path, name, options=options)
    assert slide_of(result.serial) == slide


def test_kaslr(tmp_path):
    """Six boots do not all get the same of 128 places (once in 10^10 tries), and all lie where they may."""
    slides = set()
    for i in range(6):
        (tmp_path / str(i)).mkdir()
        slides.add(slide_of(machine.boot_kernel(tmp_path / str(i), "pie32", options="--kaslr").serial))
    assert len(slides) > 1, slides
    assert all(0xC0000000 <= slide < 0xE0000000 and slide % 0x400000 == 0 for slide in slides), slides


def test_note(tmp_path):
    """The kernel's note asks for a stack of 128 KiB, which the kernel checks; the configuration wins."""
    machine.boot_kernel(tmp_path, "pie32", options="--stack=32K", arguments="small")


@pytest.mark.parametrize("name,options,words", [
    ("pie64", "--base=0xffff900000000800", ["E90", "use 0xffff900000000000"]),
    ("pie64", "--base=0x0000f00000000000", ["E90", "it is not canonical", "use 0xfffff00000000000"]),
    ("pie32", "--base=0xfffff000", ["E116", "would leave the address space"]),
    ("top2g", "--base=0xffffffff80000000", ["E134", "--base cannot move it"]),
    ("c0100000", "--kaslr", ["E134", "--kaslr cannot move it"]),
])
def test_refused(tmp_path, name, options, words):
    files = {"/boot/kernel.elf": machine.KERNELS / f"{name}.elf", "/boot/aloft.cfg": machine.config(options)}
    report = machine.boot(tmp_path, files, until=machine.HALTED).report()
    for word in words:
        assert word in report
    plan = machine.aloft("plan", *options.split(), machine.KERNELS / f"{name}.elf", status=1)
    for word in words:
        assert word in " ".join(plan.split())
