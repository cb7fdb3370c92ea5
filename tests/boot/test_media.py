"""Media, buses and machines beyond the matrix of test_kernels.py."""
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
    text = 'set default=other\nmenuentry a {\n kernel /none\n}\nmenuentry b --id other {\n kernel /boot/kernel.elf second\n}\n'
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
