"""Boots under Bochs, which refuses what QEMU's emulation lets pass: segment limits in real mode, features that a processor lacks,
reserved bits. Other BIOSes, too: Bochs's own, today's and an old one, and SeaBIOS.

Bochs has no monitor for a test to talk to: what it shows is the serial log.
"""
import re
import subprocess
import time

import pytest

import machine

READY, DEADLINE = "has the machine to itself", 120
BIOS = "/usr/share/bochs/BIOS-bochs-latest"
SETTINGS = """config_interface: textconfig
display_library: rfb, options="timeout=0"
romimage: file={bios}{options}
vgaromimage: file=/usr/share/vgabios/vgabios.bin
memory: guest={memory}, host={memory}
cpu: model={cpu}, count=1, ips=50000000, reset_on_triple_fault=0
ata0: enabled=1
ata0-master: type={drive}, path={image}{mode}
boot: {boot}
com1: enabled=1, mode=file, dev={folder}/serial
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
log: {folder}/log
clock: sync=none, time0=946681200
panic: action=fatal
error: action=report
info: action=report
debug: action=ignore
"""


def boot(folder, image, until, cpu, bios=BIOS, memory=64, cd=False):
    """The serial log, when it has the words `until`. The medium is not changed: `volatile` keeps writes to itself."""
    settings = SETTINGS.format(
        bios=bios, options=", options=fastboot" if "bochs-latest" in bios else "", cpu=cpu, memory=memory, image=image, folder=folder,
        drive="cdrom" if cd else "disk", mode=", status=inserted" if cd else ", mode=volatile", boot="cdrom" if cd else "disk")
    (folder / "bochsrc").write_text(settings)
    (folder / "commands").write_text("c\nq\n")
    process = subprocess.Popen(["bochs", "-q", "-f", folder / "bochsrc", "-rc", folder / "commands"], cwd=folder,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + DEADLINE
        while until not in (serial := machine.read_serial(folder / "serial")):
            log = machine.read_serial(folder / "log")
            assert process.poll() is None and time.monotonic() < end and "PANIC" not in log, serial + log[-2000:]
            time.sleep(0.05)
        return serial
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("cpu, kernel", [
    ("pentium", "example32"), ("p3_katmai", "example32"), ("p4_willamette", "example32"), ("athlon64_clawhammer", "example"),
    ("turion64_tyler", "example"), ("corei7_skylake_x", "example")])
def test_processors(tmp_path, cpu, kernel):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": machine.KERNELS / f"{kernel}.elf"})
    boot(tmp_path, image, READY, cpu)


@pytest.mark.parametrize("bios", ["/usr/share/bochs/BIOS-bochs-legacy", "/usr/share/seabios/bios.bin"], ids=["legacy", "seabios"])
def test_bioses(tmp_path, bios):
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": machine.KERNELS / "example32.elf"})
    boot(tmp_path, image, READY, "pentium", bios)


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
