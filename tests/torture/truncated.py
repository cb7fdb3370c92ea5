"""A kernel, a configuration and a volume that end too early, at every sector."""
import subprocess

import machine

TITLE = "files and volumes that are cut off"
FAST = 8


def refused(folder, image, words):
    """The boot ends in an error that says these words."""
    result = machine.boot_image(image, folder, until=machine.HALTED)
    assert words in result.report(), result.serial
    assert any("could not boot" in line for line in result.screen), result.screen


def kernel(folder, sectors):
    """An ELF file of so many sectors, where its program headers say more."""
    content = (machine.KERNELS / "example32.elf").read_bytes()[:sectors * 512]
    image = machine.image_of(folder, {"/boot/kernel.elf": content, "/boot/aloft.cfg": machine.config()})
    refused(folder, image, "kernel.elf")


def cases():
    size = (machine.KERNELS / "example32.elf").stat().st_size
    for sectors in range(0, 8):
        yield f"kernel of {sectors} sectors", kernel, (sectors,)
