"""Kernels and modules that are gzip files."""
import gzip
import random

import pytest

import machine

KERNEL = (machine.KERNELS / "modules32.elf").read_bytes()
CONFIG = {"arguments": machine.MODULES["arguments"], "extra": machine.MODULES["extra_config"]}
ONE, TWO = machine.MODULES["files"]["/boot/one.bin"], machine.MODULES["files"]["/boot/two.bin"]


def boot(tmp_path, kernel, one=ONE, two=TWO, config=None, **where):
    files = {"/boot/kernel.elf": kernel, "/boot/one.bin": one, "/boot/two.bin": two,
             "/boot/aloft.cfg": config or machine.config(**CONFIG)}
    return machine.boot(tmp_path, files, **where)


def passes(result):
    assert result.status == machine.PASS and "PASS modules32" in result.serial, result.serial[-2000:]


@pytest.mark.parametrize("medium,memory", [("hdd", "128M"), ("floppy", "16M"), ("ahci", "5G")])
def test_all_packed(tmp_path, medium, memory):
    passes(boot(tmp_path, gzip.compress(KERNEL), gzip.compress(ONE), gzip.compress(TWO, 1), medium=medium,
                memory=memory))


def test_kernel_alone(tmp_path):
    passes(boot(tmp_path, gzip.compress(KERNEL)))


def test_one_module_alone(tmp_path):
    passes(boot(tmp_path, KERNEL, two=gzip.compress(TWO)))


def test_large_kernel(tmp_path):
    """32 MiB, with a pattern that the kernel checks, above 4 GiB too."""
    for name, memory in [("big32m", "128M"), ("above4g", "5G"), ("on-loader", "16M")]:
        packed = gzip.compress((machine.KERNELS / f"{name}.elf").read_bytes(), 1)
        machine.boot_kernel(tmp_path / name, name, files={"/boot/kernel.elf": packed}, memory=memory)


def test_nounzip_keeps_it_packed(tmp_path):
    """The module is itself a gzip file: without the option the kernel would get one layer less."""
    packed = machine.config(**CONFIG).replace("module /boot/two.bin", "module --nounzip /boot/two.bin")
    result = boot(tmp_path, KERNEL, two=gzip.compress(TWO), config=packed)
    assert result.status == machine.FAIL, result.serial
    size = len(gzip.compress(TWO))
    assert f"0x000000 + {size:#x}" in result.serial, result.serial
    passes(boot(tmp_path / "plain", KERNEL, config=packed))


@pytest.mark.parametrize("what,change,error", [
    ("kernel", lambda d: d[:len(d) // 2] + d[-4:], "E20"),
    ("kernel", lambda d: d[:-200] + bytes([d[-200] ^ 0xFF]) + d[-199:], "E20"),  # behind all that is loaded
    ("module", lambda d: d[:-8] + bytes([d[-8] ^ 1]) + d[-7:], "E203 /boot/two.bin is damaged: unpacked, its CRC-32"),
    ("module", lambda d: d[:-4] + (len(TWO) + 1).to_bytes(4, "little"), "E204 /boot/two.bin does not unpack to"),
    ("module", lambda d: d + gzip.compress(b"more"), "E204"),
    ("module", lambda d: d[:12], "E201 /boot/two.bin: the compressed data has no end"),
    ("module", lambda d: d[:3] + b"\x40" + d[4:], "E200 /boot/two.bin: its gzip header is damaged"),
])
def test_damaged(tmp_path, what, change, error):
    kernel, two = (change(gzip.compress(KERNEL)), TWO) if what == "kernel" else (KERNEL, change(gzip.compress(TWO)))
    result = boot(tmp_path, kernel, two=two, until=machine.HALTED)
    assert error in result.report(), result.serial
    assert any("What to do:" in line for line in result.screen)


def test_random_bytes_behind_the_magic(tmp_path):
    for seed in range(3):
        noise = b"\x1f\x8b\x08\0" + random.Random(seed).randbytes(3000)
        result = boot(tmp_path / str(seed), noise, until=machine.HALTED)
        assert "E20" in result.report() or "E8" in result.report() or "E6" in result.report(), result.serial


def test_host_command_reads_them(tmp_path):
    (tmp_path / "kernel.gz").write_bytes(gzip.compress(KERNEL))
    (tmp_path / "kernel.elf").write_bytes(KERNEL)
    for command in ("plan", "check"):
        texts = [machine.aloft(command, tmp_path / name).replace(name, "K") for name in ("kernel.gz", "kernel.elf")]
        assert texts[0] == texts[1]
    (tmp_path / "kernel.gz").write_bytes(gzip.compress(KERNEL)[:-9])
    assert "E20" in machine.aloft("check", tmp_path / "kernel.gz", status=1)
