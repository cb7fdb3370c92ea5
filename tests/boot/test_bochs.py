"""Boots under Bochs (bochs.py): some of its processors, today's BIOS of Bochs and an old one, and SeaBIOS."""
import re

import pytest

import bochs
import machine
from bochs import READY, boot


@pytest.mark.parametrize("cpu, kernel", [
    ("pentium", "example32"), ("p3_katmai", "example32"), ("p4_willamette", "example32"), ("athlon64_clawhammer", "example"),
    ("turion64_tyler", "example"), ("corei7_skylake_x", "example")])
def test_processors(tmp_path, cpu, kernel):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": machine.KERNELS / f"{kernel}.elf"})
    boot(tmp_path, image, READY, cpu)


@pytest.mark.parametrize("bios", ["legacy", "seabios"])
def test_bioses(tmp_path, bios):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": machine.KERNELS / "example32.elf"})
    boot(tmp_path, image, READY, "pentium", bochs.BIOSES[bios])


def test_cd(tmp_path):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": machine.KERNELS / "example32.elf"}, "--format=iso")
    boot(tmp_path, image, READY, "p3_katmai", cd=True)


def test_menu_and_verbose(tmp_path):
    """A countdown, then a boot that tells all: both are in a part of stage 2 that is unpacked then (stage2/parts.h)."""
    config = machine.config().replace("timeout=0", "timeout=1")
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": machine.KERNELS / "example32.elf", "/boot/aloft.cfg": config})
    serial = boot(tmp_path, image, READY, "p4_willamette")
    assert re.search(r"kernel +/boot/kernel\.elf", serial)


def test_error(tmp_path):
    files = {"/boot/aloft.cfg": machine.config().replace("kernel.elf", "none.elf")}
    image = machine.image_of(tmp_path, files)
    serial = boot(tmp_path, image, machine.HALTED, "pentium")
    assert "E26" in machine.error_report(serial)
