"""What a boot may cost. The figures are printed (pytest -s, or the summary of a failure)."""
import pytest

import machine

READY = "has the machine to itself"


@pytest.mark.parametrize("medium", ["ahci", "virtio"])
def test_disk_requests(tmp_path, medium, capsys):
    """A kernel of 17 KiB on FAT32: at most 20 read requests, the firmware's own included."""
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": machine.KERNELS / "example32.elf"}, "--fat=32")
    result = machine.boot_image(image, tmp_path, medium=medium, until=READY)
    with capsys.disabled():
        print(f"\n  {medium}: {result.reads} read requests", end=" ")
    assert result.reads <= 20


def test_debug_sections_cost_nothing(tmp_path, capsys):
    """A file of 200 MiB that is mostly debug data is read no more than its stripped copy."""
    small = machine.image_of(tmp_path, {"/boot/kernel.elf": machine.KERNELS / "example32.elf"}, "--fat=32")
    stripped = machine.boot_image(small, tmp_path, medium="virtio", until=READY).reads
    big = tmp_path / "big"
    big.mkdir()
    kernel = (machine.KERNELS / "example32.elf").read_bytes() + bytes(200 << 20)
    image = machine.image_of(big, {"/boot/kernel.elf": kernel}, "--fat=32")
    reads = machine.boot_image(image, big, medium="virtio", until=READY).reads
    with capsys.disabled():
        print(f"\n  {stripped} requests stripped, {reads} with 200 MiB of debug data", end=" ")
    assert reads <= stripped + 1


def test_example_screen(tmp_path):
    """What `make run` shows."""
    image = machine.image_of(tmp_path, {"/boot/kernel.elf": machine.KERNELS / "example.elf"})
    result = machine.boot_image(image, tmp_path, until=READY, screenshot=machine.BUILD / "screens" / "example.png")
    screen = "\n".join(result.screen)
    for words in ("KERNEL", "MAPPINGS", "MEMORY", "ffffffff80100000", "direct map", "4-level"):
        assert words in screen
    assert len(result.screen) == 25
