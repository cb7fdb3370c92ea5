"""Media, buses and machines beyond the matrix of test_kernels.py."""
import os
import re
import subprocess

import pytest

import machine

KERNEL32 = {"/boot/kernel.elf": machine.KERNELS / "c0100000.elf"}


@pytest.mark.parametrize("medium", ["virtio", "ahci", "nvme", "usb", "scsi"])
def test_bus(tmp_path, medium):
    machine.boot_kernel(tmp_path, "c0100000", medium=medium)


@pytest.mark.parametrize("fat", ["12", "16", "32"])
@pytest.mark.parametrize("form", ["hdd", "volume"])
def test_file_system(tmp_path, form, fat):
    """Partitioned disks and disks that are one FAT volume, in each FAT width."""
    machine.boot_kernel(tmp_path, "modules32", **machine.MODULES,
                        image_options=(f"--format={form}", f"--fat={fat}"))


@pytest.mark.parametrize("path", ["/boot/kernel.elf", "/kernel.elf"])
def test_without_configuration(tmp_path, path):
    result = machine.boot(tmp_path, {path: KERNEL32["/boot/kernel.elf"]})
    assert result.status == machine.PASS
    assert f"info kernel_path {path}" in result.serial


@pytest.mark.parametrize("path", ["/boot/aloft.cfg", "/aloft.cfg", "/boot/grub/grub.cfg", "/grub/grub.cfg"])
def test_configuration_places(tmp_path, path):
    files = {"/A Kernel with a Long Name.elf": KERNEL32["/boot/kernel.elf"],
             path: 'menuentry "x" {\r\n  kernel \\\r\n "/a kernel with a long name.elf" word\r\n}'}
    result = machine.boot(tmp_path, files)
    assert result.status == machine.PASS
    assert "info command_line word" in result.serial


def test_default_entry(tmp_path):
    text = 'set timeout=0\nset default=other\nmenuentry a {\n kernel /none\n}\nmenuentry b --id other {\n kernel /boot/kernel.elf second\n}\n'
    result = machine.boot(tmp_path, {**KERNEL32, "/boot/aloft.cfg": text})
    assert result.status == machine.PASS
    assert "info command_line second" in result.serial


def test_without_serial_port(tmp_path):
    """The boot is the same; the kernel's exit status is all that is left to see."""
    image = machine.image_of(tmp_path, {**KERNEL32, "/boot/aloft.cfg": machine.config()})
    result = machine.boot_image(image, tmp_path, serial=False)
    assert result.status == machine.PASS


def test_without_screen(tmp_path):
    image = machine.image_of(tmp_path, {**KERNEL32, "/boot/aloft.cfg": machine.config()})
    result = machine.boot_image(image, tmp_path, extra=("-vga", "none"))
    assert result.status == machine.PASS


def test_four_mebibytes(tmp_path):
    machine.boot_kernel(tmp_path, "c0100000", memory="4M")

def test_old_pc(tmp_path):
    """An ISA machine: no PCI, a 486, CHS and EDD by the BIOS's old ways."""
    image = machine.image_of(tmp_path, {**KERNEL32})
    result = machine.boot_image(image, tmp_path, machine="isapc", cpu="486", memory="16M",
                                binary="qemu-system-i386")
    assert result.status == machine.PASS


ISO = ("--format=iso",)


@pytest.mark.parametrize("medium", [*machine.CDS, "hdd", "ahci", "usb", "virtio", "scsi"])
def test_image_of_a_cd(tmp_path, medium):
    """One image is a CD, a hard disk and a USB stick."""
    machine.boot_kernel(tmp_path, "modules32", **machine.MODULES, medium=medium, image_options=ISO)


@pytest.mark.parametrize("where", [{"machine": "q35", "memory": "5G"}, {"cpu": "486", "memory": "16M", "binary": "qemu-system-i386"}])
def test_cd_in_other_machines(tmp_path, where):
    machine.boot_kernel(tmp_path, "c0100000", medium="cd", **where)


def test_format_by_suffix(tmp_path):
    machine.make_tree(tmp_path / "tree", KERNEL32)
    machine.aloft("image", "-o", tmp_path / "os.iso", tmp_path / "tree")
    result = machine.boot_image(tmp_path / "os.iso", tmp_path, medium="cd")
    assert result.status == machine.PASS


@pytest.mark.parametrize("medium", ["cd", "usb"])
def test_names_on_a_cd(tmp_path, medium):
    """Long ones, deep ones, and such as FAT cannot hold, without regard to case; of two that differ in case the
    right one."""
    deep = "/one/two/three/four/five/six/seven/eight/nine/ten"
    name = "A kernel: \"mine\" = good, " + "very " * 30 + "good.elf"
    files = {f"{deep}/{name}": KERNEL32["/boot/kernel.elf"], f"{deep}/{name.upper()}": b"not this one",
             "/boot/grub/grub.cfg": f"menuentry x {{\n kernel '{deep.upper()}/{name}' word\n}}\n"}
    result = machine.boot(tmp_path, files, medium=medium, image_options=ISO)
    assert result.status == machine.PASS
    assert "info command_line word" in result.serial


@pytest.mark.parametrize("medium", ["cd", "usb"])
def test_large_files_on_a_cd(tmp_path, medium):
    """A kernel and a module of 5 MiB: the module is in memory, byte for byte."""
    module = os.urandom(5 << 20)
    files = {"/boot/kernel.elf": (machine.KERNELS / "example32.elf").read_bytes() + os.urandom(5 << 20),
             "/boot/module": module, "/boot/aloft.cfg": machine.config(extra="    module /boot/module\n")}
    found = []

    def inspect(monitor):
        line = next(line for line in machine.read_serial(tmp_path / "serial").split("\n")
                    if re.match("load +module", line))
        start = int(re.search(r"-> (0x[0-9a-f]+)", line)[1], 16)
        monitor.command("pmemsave", val=start, size=len(module), filename=f"{tmp_path}/memory")
        found.append((tmp_path / "memory").read_bytes())

    machine.boot(tmp_path, files, medium=medium, image_options=ISO, until="has the machine to itself", inspect=inspect)
    assert found == [module]


@pytest.mark.parametrize("options,path", [
    (["-r"], "/boot/A Kernel with a Long Name.elf"),
    (["--norock", "-J", "-joliet-long"], "/boot/A Kernel with a Long Name.elf"),
    (["--norock", "-iso-level", "1"], "/boot/plain.elf"),
    (["-r", "-rr_reloc_dir", "moved"], "/1/2/3/4/5/6/7/8/9/kernel.elf"),
])
def test_cds_of_other_makers(tmp_path, options, path):
    """Rock Ridge, Joliet and plain names alone, and directories that were moved: made by xorriso with Aloft's boot code."""
    kernel = KERNEL32["/boot/kernel.elf"].read_bytes()
    machine.make_tree(tmp_path / "tree", {
        "/boot/A Kernel with a Long Name.elf": kernel, "/boot/plain.elf": kernel, "/1/2/3/4/5/6/7/8/9/kernel.elf": kernel,
        "/aloft.cfg": f"kernel '{path}' word\n",
        "/code.bin": b"".join((machine.BUILD / name).read_bytes() for name in ("cd.bin", "stage2.bin"))})
    image = tmp_path / "os.iso"
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", *options, "-b", "code.bin", "-no-emul-boot", "-boot-load-size", "4",
                    "-boot-info-table", "-o", image, tmp_path / "tree"], check=True, stderr=subprocess.DEVNULL)
    result = machine.boot_image(image, tmp_path, medium="cd")
    assert result.status == machine.PASS
    assert "info command_line word" in result.serial


def test_requests_of_a_cd(tmp_path, capsys):
    """A kernel of 17 KiB: at most 20 read requests, the firmware's own included."""
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": machine.KERNELS / "example32.elf"}, *ISO)
    for medium in ("cd-scsi", "virtio"):
        result = machine.boot_image(image, tmp_path, medium=medium, until="has the machine to itself")
        with capsys.disabled():
            print(f"\n  {medium}: {result.reads} read requests", end=" ")
        assert result.reads <= 20
